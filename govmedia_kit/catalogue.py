"""The kit's own words by language, and Chinese in both scripts.

A catalogue is a language as it is written down: a file `words/<catalogue>.toml` of phrases, and a column or table of that name
(`label_zh`, `label_en`, `zh`, `en`) in the kit's other tables. Traditional Chinese has none of its own: it is made from the
simplified words. Only the kit's words are converted, never the names of accounts, units and places.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from govmedia_kit import package_data

__all__ = [
    "LANGUAGES",
    "catalogue",
    "converter",
    "in_language",
    "in_script",
    "localized",
    "phrase",
    "simplified",
    "system_language",
    "traditional",
]

# Every language with its catalogue.
LANGUAGES = {"zh-Hans": "zh", "zh-Hant": "zh", "en": "en"}
# Words of ours that the converter leaves as they are, because their characters are traditional ones too.
AMBIGUOUS = {"1周": "1週", "2周": "2週", "兩周": "兩週", "每周": "每週", "采集": "採集", "格里": "格裡"}


def catalogue(language: str) -> str:
    """The catalogue that a language is read from.

    >>> catalogue("zh-Hant")
    'zh'
    """
    return LANGUAGES[language]


def phrase(key: str, language: str, default: str | None = None) -> Any:
    """The phrase of a key `chapter.name`, braces and all; `default` for a key that the catalogue does not have.

    Raises KeyError without a default: a key that is misspelt would print nothing.

    >>> phrase("words.days", "zh-Hans"), phrase("words.days", "en"), phrase("rule_names.ours", "en", "ours")
    ('{number}天', '{number} days', 'ours')
    """
    chapter, _, name = key.partition(".")
    found = _phrases(language).get(chapter, {}).get(name, default)
    if found is None:
        raise KeyError(f"words/{catalogue(language)}.toml has no phrase {key}")
    return found


@functools.cache
def _phrases(language: str) -> dict[str, Any]:
    return in_script(package_data.words(f"words/{catalogue(language)}.toml"), language)


def in_language(words: Mapping[str, Any], language: str) -> Any:
    """The words of a language, out of words by catalogue.

    >>> in_language({"zh": "简称", "en": "short name"}, "zh-Hant")
    '簡稱'
    """
    return in_script(words[catalogue(language)], language)


def localized(row: Mapping[str, Any], name: str, language: str) -> str:
    """The cell of a row in a language, from the column of its catalogue; where that is empty, the cell in Chinese.

    >>> localized({"label_zh": "账号", "label_en": "Account"}, "label", "en")
    'Account'
    """
    return row.get(f"{name}_{catalogue(language)}") or in_script(row.get(f"{name}_zh") or row.get(name) or "", language)


def in_script(words: Any, language: str) -> Any:
    """Chinese words of our own in the script of the language, texts or tables of them; what stands in braces is no word of ours.

    >>> in_script("政务新媒体{account}", "zh-Hant")
    '政務新媒體{account}'
    """
    if language != "zh-Hant":
        return words
    if isinstance(words, dict):
        return {key: in_script(value, language) for key, value in words.items()}
    if isinstance(words, list):
        return [in_script(value, language) for value in words]
    return "".join(part if part.startswith("{") else _traditional(part) for part in re.split(r"(\{[^{}]*\})", words))


@functools.cache
def _traditional(text: str) -> str:
    # Characters, not vocabulary: the terms of official documents stay what they are.
    text = converter("s2tw").convert(text)
    for wrong, right in AMBIGUOUS.items():
        text = text.replace(wrong, right)
    return text


@functools.cache
def converter(way: str) -> Any:
    """OpenCC's converter from one script to another, `t2s` or `s2tw`: made once, because it reads its tables."""
    import opencc

    return opencc.OpenCC(way)


def system_language() -> str:
    """The language of messages where none is asked for: Chinese where the system's is, else English."""
    import locale

    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")] + [locale.getlocale()[0] or ""]
    first = next((name for name in names if name), "").lower()
    if not first.startswith(("zh", "chinese")):
        return "en"
    return "zh-Hant" if any(place in first for place in ("tw", "hk", "hant", "traditional")) else "zh-Hans"


def simplified(text: str) -> str:
    """A text in simplified characters, to look something up by.

    >>> simplified("靜寧縣人民政府")
    '静宁县人民政府'
    """
    return text if text.isascii() else converter("t2s").convert(text)


def traditional(words: Iterable[str]) -> dict[str, str]:
    """The traditional spellings of words that differ from the word, each to the word.

    >>> traditional(["订阅号"])["訂閱號"]
    '订阅号'
    """
    variants: dict[str, str] = {}
    for word in words:
        if not word.isascii():
            for way in ("s2t", "s2tw", "s2hk"):
                variants.setdefault(converter(way).convert(word), word)
    return {variant: word for variant, word in variants.items() if variant != word}
