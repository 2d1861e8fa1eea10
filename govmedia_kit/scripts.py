"""Traditional spellings of our own words and of divisions, so that a ledger from anywhere is understood; no name is changed."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

__all__ = ["simplified", "traditional"]


@functools.cache
def _converters() -> tuple:
    import opencc

    return tuple(opencc.OpenCC(way) for way in ("s2t", "s2tw", "s2hk"))


@functools.cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """A text in simplified characters, to look something up by.

    >>> simplified("靜寧縣人民政府")
    '静宁县人民政府'
    """
    return text if text.isascii() else _simplifier().convert(text)


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
