"""How wide a text is on paper and in a cell, Chinese among Latin."""

from __future__ import annotations

import unicodedata

__all__ = ["em_width"]


def em_width(text: str) -> float:
    """How wide a text is in ems: one for a Chinese character or a full-width sign, one half for others.

    >>> em_width("甘肃12"), em_width("")
    (3.0, 0.0)
    """
    if text.isascii():
        return len(text) / 2
    # Signs of ambiguous width (quotes, dashes) are set full-width among Chinese; marks that combine take no room.
    wide = {"W": 1.0, "F": 1.0, "A": 1.0}
    return sum(0.0 if unicodedata.combining(c) else wide.get(unicodedata.east_asian_width(c), 0.5) for c in text)
