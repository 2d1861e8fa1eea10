"""Tables of text to accounts.

In comes a ledger as an office keeps it; out come accounts by the dictionary of columns, and what is to be mended, cell by cell."""

__all__: list[str] = []
