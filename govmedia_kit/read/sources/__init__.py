"""Bytes to tables of text, whatever the file.

In comes any file; out come its tables as cells of text with the row that each stood in."""

__all__: list[str] = []
