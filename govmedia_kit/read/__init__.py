"""The only code that opens data files.

In come ledgers, posts and messages as offices and crawlers keep them; out come tidy frames and a list of problems, each with its place."""

__all__: list[str] = []
