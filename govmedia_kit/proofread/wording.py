"""The words of `statements.toml`: what a stretch of text says, and whose accounts it speaks of."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from govmedia_kit import package_data
from govmedia_kit.schema import vocabulary

__all__ = [
    "FIRST_QUARTER",
    "MAIN",
    "Label",
    "Scope",
    "label",
    "mark_quarters",
    "roles",
    "said",
    "times",
    "told",
    "words",
]

Scope = frozenset[str]
# The private characters that stand for the first and the following quarters.
FIRST_QUARTER = 0xE001
_OTHER_QUARTER = re.compile("[\ue001-\ue004]")
_QUARTER = re.compile("([比较从与由])?((?<!前)第?([一二三四1-4])季度(?!以来))")
_FOLLOW_UP = re.compile(r"仍|再次|依然|屡次|连续|\bstill\b|\bagain\b")
# All accounts of the bulletin.
MAIN: Scope = frozenset()


class Label(NamedTuple):
    """The scope that a stretch of text names: `known` where it is a platform, level, region or the like, `vague` where it may name nothing."""

    scope: Scope
    main: bool
    known: bool
    vague: bool
    text: str


@functools.cache
def _table() -> dict[str, dict[str, list[str]]]:
    return package_data.words("statements.toml")


@functools.cache
def words() -> dict[str, dict[str, re.Pattern[str]]]:
    """The patterns of `statements.toml`, Chinese and English in one, by part and meaning."""
    return {
        part: {name: re.compile("|".join(both), re.IGNORECASE) for name, both in words.items()}
        for part, words in _table().items()
        if part != "findings"
    }


def told(finding: str, **facts: object) -> tuple[str, str]:
    """A sentence of `statements.toml` on a finding, in Chinese and in English."""
    zh, en = _table()["findings"][finding]
    return zh.format(**facts), en.format(**facts)


def said(meaning: str, text: str) -> re.Match[str] | None:
    """The first place where `text` says a meaning of `statements.toml`, such as `rates.pass`."""
    part, _, name = meaning.partition(".")
    return words()[part][name].search(text)


@functools.cache
def _platforms() -> tuple[re.Pattern[str], dict[str, str]]:
    values: dict[str, str] = {}
    for word in vocabulary("platform").values():
        for spelling in (*word.labels.values(), *word.synonyms):
            if word.value != "other" and (re.search(r"[\u3400-\u9fff]", spelling) or len(spelling) > 3):
                values.setdefault(spelling.lower(), word.value)
    values |= {"app": "app"}
    longest = sorted(values, key=len, reverse=True)
    spellings = (rf"\b{re.escape(s)}\b" if s.isascii() else re.escape(s) for s in longest)
    return re.compile("|".join(spellings), re.IGNORECASE), values


def times(text: str) -> set[str]:
    """The times other than the bulletin's own that a text names: past:last, past:year, past:quarter 1."""
    found = {f"past:{name}" for name in ("last", "year") if words()["scopes"][name].search(text)}
    return found | {f"past:quarter {ord(c) - FIRST_QUARTER + 1}" for c in _OTHER_QUARTER.findall(text)}


@functools.lru_cache(maxsize=4096)
def label(text: str, home: str = "") -> Label:
    """The scope named in a stretch of text, its role words, fillers and numbers aside."""
    known_words, (platforms, values) = words(), _platforms()
    # 比上季度 compares with a scope, it does not speak of it.
    text = re.sub(r"(?:比|较(?!好|高|为))了?(?=.{0,6}?[季期次轮年月\ue001-\ue004])[^，；]*", "", text)
    scope, rest = set(), text.replace(home, " ") if home else text
    scope |= times(rest)
    rest = _OTHER_QUARTER.sub(" ", rest)
    for name in ("last", "year", "site", "period"):
        if known_words["scopes"][name].search(rest):
            scope |= {name} if name in ("site", "period") else set()
            rest = known_words["scopes"][name].sub(" ", rest)
    if known_words["scopes"]["rest"].search(rest):
        scope.add("rest")
        rest = known_words["scopes"]["rest"].sub(" ", rest)
    for spelling in platforms.findall(rest):
        scope.add(f"platform:{values[spelling.lower()]}")
    rest = platforms.sub(" ", rest)
    main = bool(known_words["scopes"]["total"].search(rest))
    rest = known_words["scopes"]["total"].sub(" ", rest)
    rates = [known_words["rates"][name] for name in ("checked_share", "fail", "pass", "reply")]
    for pattern in (*rates, *known_words["lists"].values(), *known_words["roles"].values()):
        rest = pattern.sub(" ", rest)
    known = bool(scope)
    for _ in range(2):
        rest = known_words["labels"]["filler"].sub(" ", rest)
    rest = re.sub(r"[\s\d\W_]+", " ", rest).strip().lower()
    vague = False
    if rest:
        known = known or any(known_words["labels"][name].search(rest) for name in ("level", "region"))
        vague = not known and not known_words["labels"]["subset"].search(rest)
        scope.add(f"text:{rest}")
    return Label(frozenset(scope), main, known, vague, text.strip())


def mark_quarters(text: str, blotted: str) -> str:
    """The blotted text with a private character for every quarter but the bulletin's own.

    Its own is the first that it names and never compares with: 第二季度99.3%，较第一季度….
    """
    named = [(match, "一二三四1234".index(match[3]) % 4) for match in _QUARTER.finditer(text)]
    compared = {quarter for match, quarter in named if match[1]}
    own = next((quarter for _, quarter in named if quarter not in compared), named[0][1] if named else 0)
    for match, quarter in named:
        if quarter != own:
            start, end = match.span(2)
            blotted = blotted[:start] + chr(FIRST_QUARTER + quarter) * (end - start) + blotted[end:]
    return blotted


def roles(before: str, after: str, *, messages: bool) -> frozenset[str]:
    """What a count counts: the role word nearest before it, else the first after it, nothing unknown in between."""
    if _FOLLOW_UP.search(before) or _FOLLOW_UP.search(after):
        return frozenset()

    def clear(between: str) -> bool:
        named = label(between)
        return not named.scope or named.known

    known = {r: p for r, p in words()["roles"].items() if (r in ("received", "replied")) == messages}
    found = [(m.end(), m.start(), role) for role, p in known.items() for m in p.finditer(before)]
    # Of two words that end at one place the longer is meant: 不合格, not 合格.
    nearest = max(found, key=lambda f: (f[0], -f[1]), default=(0, 0, ""))
    between = before[nearest[0] :]
    # 检查发现35个 does not count what was checked.
    led_on = nearest[2] == "checked" and re.search("发现|查出|中", between)
    told = {nearest[2]} if nearest[2] and clear(between) and not led_on else set()
    later = [(m.start(), -m.end(), role) for role, p in known.items() for m in p.finditer(after)]
    first = min(later, default=None)
    ahead = after[: first[0]] if first else ""
    judged = re.search("[判评认列][定为]*$", ahead)  # 因超过14天未更新被判定为不合格
    if first and (not told or (told == {"registered"} and first[2] == "checked")) and (judged or clear(ahead)):
        told.add(first[2])
    return frozenset(told)
