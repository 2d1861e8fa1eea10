"""Blocks to documents, one module a format.

In come the blocks of a bulletin that was run; out come HTML, Word, PDF and Excel files."""

__all__: list[str] = []
