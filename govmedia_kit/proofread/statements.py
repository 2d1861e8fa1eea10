"""What a bulletin claims in numbers, and whether the claims can hold together.

Four kinds of statement are read: a rate (合格率) against its counts, a share (占, 比例) against part and whole, a sum of parts
against its total (or of days against their period), and a change (百分点, 减少203个) against what was before and is now. A
statement is called impossible only where every reading of it fails; what could be meant otherwise is not checkable.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import polars as pl

from govmedia_kit.errors import sentence
from govmedia_kit.proofread.breakdowns import Finding, counts, lend_roles, sums
from govmedia_kit.proofread.claims import changes, from_to, percentages
from govmedia_kit.proofread.clauses import Fact, facts, sentences
from govmedia_kit.proofread.quantities import Plain, Quantity, plain
from govmedia_kit.proofread.wording import told
from govmedia_kit.schema import dtypes
from govmedia_kit.statistics import wilson

__all__ = ["Statement", "statements", "verify_text"]

_INTERVAL = re.compile(
    r"\s*[(（]\s*95\s*%\s*(?:的?置信区间|confidence interval|(?:Wilson )?interval|CI)\D{0,6}?"
    r"(\d+(?:\.(\d+))?)\s*%?\s*(?:至|到|to|[-–—~～])\s*(\d+(?:\.\d+)?)\s*%"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# 2019年4月17日至7月15日，共90天; 历时 and 为期 may leave one end out, 工作日 are others.
_PERIOD = re.compile(
    r"(?P<y>(?:19|20)\d\d)年(?P<m>\d{1,2})月(?P<d>\d{1,2})日?\s*(?:至|到|-|[–—~～]+)\s*"
    r"(?:(?P<y2>(?:19|20)\d\d)年)?(?:(?P<m2>\d{1,2})月)?(?P<d2>\d{1,2})日(?:止|期间)?[，,(（]?"
    r"(?:一?共计?|[总合]计)(?P<n>\d{1,4})个?(?:天|日(?!均)|自然日)"
)
_PERIOD_EN = re.compile(
    rf"(?P<d>\d{{1,2}}) (?P<m>{'|'.join(_MONTHS)})[a-z]* (?P<y>\d{{4}})? ?(?:to|until|[-–—]) ?"
    rf"(?P<d2>\d{{1,2}}) (?P<m2>{'|'.join(_MONTHS)})[a-z]* (?P<y2>\d{{4}}), (?P<n>\d{{1,4}}) days",
    re.IGNORECASE,
)


class Statement(NamedTuple):
    """A claim with its verdict: the columns of `verify_text`."""

    sentence: str
    text: str
    start: int
    end: int
    kind: str
    verdict: str
    admissible_failed_low: int | None
    admissible_failed_high: int | None
    nearest: str | None
    message_zh: str
    message_en: str


def verify_text(text: str) -> pl.DataFrame:
    """Whether the numbers of a bulletin's text can hold together: one row per statement understood, in their order.

    Columns: `sentence` (String), `text` (String): the number as printed, `start` and `end` (Int64, characters): its place;
    `kind` (rate, share, sum, change), `verdict` (consistent, impossible, not_checkable); `admissible_failed_low`,
    `admissible_failed_high` (Int64, accounts): the failures that a pass rate allows; `nearest` (String): the counts or the
    number that would fit; `message_zh`, `message_en` (String). A list under 其中 need not be complete, so that only parts
    above their total are held against it. Doubtful where a sentence speaks of accounts that it doesn't name. Definition:
    pass rate = passed / checked.

    >>> verify_text("共检查1010个，占总数5038个的20.1%，不合格82个，合格率91.9%。")["verdict"].to_list()
    ['impossible', 'consistent']
    """
    return pl.DataFrame(statements(text), dtypes("statements"), orient="row")


def statements(text: str) -> list[Statement]:
    """The statements of a text in the order of their numbers, each with its verdict.

    >>> [(s.kind, s.verdict, s.admissible_failed_low) for s in statements("抽查的283个账号合格率不足八成。")]
    [('rate', 'consistent', 57)]
    """
    read = plain(text)
    known = facts(read.text)
    lend_roles(known)
    found = [*sums(known), *percentages(known)]
    found += [*changes(known), *_intervals(known, read.text), *_periods(read.text)]
    found += [finding for fact in known if (finding := _difference(fact, known)) is not None]
    spans = sentences(read.text)
    return sorted((_placed(f, text, read, spans) for f in found), key=lambda s: (s.start, s.kind))


def _placed(found: Finding, text: str, read: Plain, spans: list[tuple[int, int]]) -> Statement:
    """The finding with its sentence and its place in the text as it was given."""
    q = found.quantity
    start, end = next(s for s in spans if s[0] <= q.start < s[1])
    around = text[read.positions[start] : read.positions[end - 1] + 1].strip()
    at, to = read.positions[q.start], read.positions[q.end - 1] + 1
    told = {"number": text[at:to], "nearest": found.nearest, **found.facts}
    zh, en = found.said or (sentence(found.reason, language, **told) for language in ("zh-Hans", "en"))
    low, high = found.failed or (None, None)
    return Statement(around, text[at:to], at, to, found.kind, found.verdict, low, high, found.nearest or None, zh, en)


def _intervals(known: list[Fact], text: str) -> Iterator[Finding]:
    """The 95 % interval behind a rate: it holds the rate, and is Wilson's where the bulletin says that it is."""
    named = re.search("Wilson|威尔逊", text) is not None
    for fact in known:
        match = _INTERVAL.match(text, fact.quantity.end) if fact.quantity.kind == "percent" else None
        if match is None or (not named and fact.counted is None):
            continue
        low, high, digits = Fraction(match[1]), Fraction(match[3]), len(match[2] or "")
        holds = low <= fact.quantity.value <= high
        true = wilson(*fact.counted) if fact.counted else None
        nearest = "–".join(f"{100 * end:.{digits}f}" for end in true) if true else ""
        if named and true:
            half = 0.501 / 10**digits
            holds = all(abs(float(p) - 100 * t) <= half for p, t in zip((low, high), true, strict=True))
        verdict = "consistent" if holds else "impossible"
        q = Quantity("percent", low, digits, Fraction(1), "", "%", match.start(1), match.end())
        told = {"rate": float(fact.quantity.value), "wilson": nearest or "—"}
        yield Finding("rate", verdict, q, f"interval_{verdict}", told, nearest=nearest)


def _periods(text: str) -> Iterator[Finding]:
    """The days of a period whose first and last day are printed, both counted."""
    for match in [*_PERIOD.finditer(text), *_PERIOD_EN.finditer(text)]:
        said = match.groupdict()
        year = int(said["y"] or said["y2"])
        try:
            first = dt.date(year, _month(said["m"]), int(said["d"]))
            last = dt.date(int(said["y2"] or year), _month(said["m2"] or said["m"]), int(said["d2"]))
        except ValueError:
            continue
        days, found = (last - first).days + 1, int(said["n"])
        if days < 1:
            continue
        verdict = "consistent" if days == found else "impossible"
        both = told(f"period_{verdict}", first=first, last=last, days=days, found=found)
        q = Quantity("count", Fraction(found), 0, Fraction(1), "", "", *match.span("n"))
        yield Finding("sum", verdict, q, "", {}, nearest=str(days), said=both)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text.lower()) + 1


def _difference(fact: Fact, known: list[Fact]) -> Finding | None:
    """A change in number against the two counts: 由5189个减少到3942个，减少1247个."""
    if not counts([fact]) or not re.search("(?:增加|增长|新增|净增|减少|下降|净减|压减|多|少)了?$", fact.before):
        return None
    earlier = [f for f in counts(known) if f.sentence == fact.sentence and f.quantity.end <= fact.quantity.start]
    if earlier and earlier[-1].clause == fact.clause and re.search("[比较][^，]*$", earlier[-1].words):
        return _compared(fact, earlier, known)
    if (pair := from_to(earlier)) is None:
        return None
    change = abs(pair[1].number - pair[0].number)
    if change != fact.number and re.search("[比较]", fact.before):
        return None  # 由5038个减少到4935个，比去年减少265个: since another time
    verdict = "consistent" if change == fact.number else "impossible"
    numbers = {"before": pair[0].number, "now": pair[1].number}
    return Finding("change", verdict, fact.quantity, f"change_{verdict}", numbers, nearest=str(change))


def _compared(fact: Fact, earlier: list[Fact], known: list[Fact]) -> Finding | None:
    """比上季度的5038个减少203个，现有4935个: the number before, less the change, is the number now."""
    old, up = earlier[-1], re.search("[增多][加长]?了?$", fact.before)
    if len(earlier) > 1:
        # 现有4935个，比上季度的5038个减少103个: of several numbers before, any may be meant.
        now = [f for f in earlier[:-1] if len(earlier) == 2 and re.match("[比较]", old.words)]
    else:
        now = [f for f in counts(known) if f.sentence == fact.sentence and f.quantity.start > fact.quantity.end][:1]
        of_all = re.match("(?:全.|我.)?(?:政务)?(?:新媒体)?(?:账号)?(?:总[数量]|数量?)?[比较]", old.words)
        goes_on = now and now[0].scopes == old.scopes and re.match("(?:目?前|现|至今|降|减|升|增)", now[0].before)
        if not of_all or not goes_on or now[0].roles & {"failed", "passed"}:
            return None
    if not now or now[0].labelled or now[0].things != old.things or any(s.startswith("past") for s in now[0].scopes[0]):
        return None
    true = now[0].number - old.number if up else old.number - now[0].number
    verdict = "consistent" if true == fact.number else "impossible"
    numbers = {"before": old.number, "now": now[0].number}
    return Finding("change", verdict, fact.quantity, f"change_{verdict}", numbers, nearest=str(true))
