"""The languages that the kit speaks: simplified Chinese, traditional Chinese made from it, and English.

Only the kit's own words are converted, never the names of accounts, units and places.
"""

from __future__ import annotations

import functools

__all__ = ["LANGUAGES", "is_english", "spelt"]

LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def is_english(language: str) -> bool:
    """Whether a language is English; everything else that the kit speaks is Chinese."""
    return language.startswith("en")


@functools.cache
def spelt(text: str, language: str) -> str:
    """A Chinese text of our own as the language spells it.

    >>> spelt("政务新媒体", "zh-Hant")
    '政務新媒體'
    """
    return _converter().convert(text) if language == "zh-Hant" else text


@functools.cache
def _converter():
    import opencc

    # Characters, not vocabulary: the terms of official documents stay what they are.
    return opencc.OpenCC("s2tw")
