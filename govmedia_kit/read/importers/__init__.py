"""What tools and back offices wrote, to posts, accounts and messages.

In come files in layouts that `resources/formats` describes; out come tables of the kit, and an account of every row."""

__all__: list[str] = []
