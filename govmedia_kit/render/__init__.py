"""Executed notebooks to documents: blocks out of the outputs, then one module per format."""

__all__: list[str] = []
