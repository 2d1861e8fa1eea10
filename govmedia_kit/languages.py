"""The languages that the kit speaks: simplified Chinese, traditional Chinese made from it, and English.

Only the kit's own words are converted, never the names of accounts, units and places.
"""

from __future__ import annotations

import functools

__all__ = ["LANGUAGES", "is_english", "spelt"]

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
# Words of ours that the converter leaves as they are, because their characters are traditional ones too.
AMBIGUOUS = {"1周": "1週", "2周": "2週", "兩周": "兩週", "每周": "每週", "采集": "採集", "格里": "格裡"}


def is_english(language: str) -> bool:
    """Whether a language is English; everything else that the kit speaks is Chinese."""
    return language.startswith("en")


@functools.cache
def spelt(text: str, language: str) -> str:
    """A Chinese text of our own as the language spells it.

    >>> spelt("政务新媒体", "zh-Hant")
    '政務新媒體'
    """
    if language != "zh-Hant":
        return text
    text = _converter().convert(text)
    for wrong, right in AMBIGUOUS.items():
        text = text.replace(wrong, right)
    return text


@functools.cache
def _converter():
    import opencc

    # Characters, not vocabulary: the terms of official documents stay what they are.
    return opencc.OpenCC("s2tw")
