"""Somebody's text to statements that cannot be true.

In comes a bulletin that was printed, as a file or as text; out comes one row per statement with its verdict."""

__all__: list[str] = []
