"""Which language is asked for, however it is written."""

from __future__ import annotations

import functools
import re

from govmedia_kit.catalogue import LANGUAGES
from govmedia_kit.errors import InputError, hint

__all__ = ["language_of"]

# Where traditional characters are written; Chinese of anywhere else is simplified.
TRADITIONAL = {"hant", "tw", "hk", "mo", "traditional"}
# Windows calls its locales `English_United States.1252`, `Chinese (Traditional)_Taiwan.950`.
WINDOWS = {"chinese": "zh", "english": "en"}


@functools.cache
def language_of(text: str) -> str:
    """The language of the kit that a language tag or a locale names, whatever its case, region and encoding.

    Raises InputError for a language that the kit does not speak.

    >>> [language_of(text) for text in ("en_GB", "zh_CN.UTF-8", "zh-HK")]
    ['en', 'zh-Hans', 'zh-Hant']
    """
    first, *rest = re.split(r"[^a-z0-9]+", text.strip().lower())
    first = WINDOWS.get(first, first)
    if first == "zh":
        return "zh-Hant" if "hans" not in rest and TRADITIONAL & set(rest) else "zh-Hans"
    if first not in LANGUAGES:
        raise InputError("unknown_language", found=text, hint=hint(text, LANGUAGES), known=[*LANGUAGES])
    return first
