"""Traditional spellings of our own words, so that a ledger from anywhere is understood: never of names."""

from __future__ import annotations

import functools
from collections.abc import Iterable

__all__ = ["traditional"]


@functools.cache
def _converters() -> tuple:
    import opencc

    return tuple(opencc.OpenCC(way) for way in ("s2t", "s2tw", "s2hk"))


def traditional(words: Iterable[str]) -> dict[str, str]:
    """The traditional spellings of words that differ from the word, each to the word.

    >>> traditional(["订阅号"])["訂閱號"]
    '订阅号'
    """
    spelt: dict[str, str] = {}
    for word in words:
        if not word.isascii():
            for converter in _converters():
                spelt.setdefault(converter.convert(word), word)
    return {variant: word for variant, word in spelt.items() if variant != word}
