"""Can this printed rate come from these counts? Exact answers, in whole numbers and fractions.

A bulletin prints `1010 checked, 82 failed, 91.9 %`. A printed rate stands for an interval of true rates, and
only some counts fall inside it (the GRIM test, Brown & Heathers 2017, on counts). Printed numbers are taken
as text, `Decimal`, `Fraction` or the shortest decimal of a float, never as the float itself.

`decimals` is everywhere the number of decimals printed (untold: those that it shows). An office may have rounded
halves up or to even: both are allowed.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil, floor, prod
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit.errors import InputError, sentence
from govmedia_kit.interop import answers_in_kind
from govmedia_kit.schema import dtypes

__all__ = [
    "Range",
    "admissible_changes",
    "admissible_counts",
    "check_case",
    "check_cases",
    "exact",
    "parts_fit",
    "printed",
    "rate_range",
]

Number = int | float | str | Decimal | Fraction
# More combinations of group counts than this are not searched.
MOST_COMBINATIONS = 2_000_000


class Range(NamedTuple):
    """The true values that print as one number, `low` among them, and whether `high` is one too."""

    low: Fraction
    high: Fraction
    high_in: bool


def exact(value: Number) -> Fraction:
    """The number as it is printed: 91.9 is 919/10, "1,010" is 1010, "95.77%" is 9577/100.

    >>> exact(91.9), exact("1,010"), exact("９５.77％")
    (Fraction(919, 10), Fraction(1010, 1), Fraction(9577, 100))
    """
    text = unicodedata.normalize("NFKC", str(value)).replace(",", "").strip().removesuffix("%").strip()
    return Fraction(value) if isinstance(value, int | Fraction) else Fraction(Decimal(text))


def _places(value: Number, decimals: int | None) -> int:
    """Decimals printed: as told, but never fewer than the number needs; untold, as many as its text shows."""
    shown = str(value).strip().rstrip("%％ ").partition(".")[2]
    needed = len(shown.rstrip("0"))
    if decimals is not None:
        return max(decimals, needed) if needed else decimals
    return needed if isinstance(value, float) else len(shown)


def rate_range(rate: Number, *, decimals: int | None = None) -> Range:
    """The interval of true values that print as `rate`.

    Half up keeps the low end, half to even both ends where the last digit is even.

    >>> [str(part) for part in rate_range("91.9", decimals=1)]
    ['1837/20', '1839/20', 'False']
    """
    middle, half = exact(rate), Fraction(10) ** -_places(rate, decimals) / 2
    return Range(middle - half, middle + half, (middle / (2 * half)) % 2 == 0)


def admissible_counts(total: int, rate: Number, *, decimals: int | None = None, bound: str = "") -> range:
    """The counts out of `total` whose share prints as `rate` percent: a range, empty where there is none.

    `bound` reads the rate as a limit instead: `below` (不足), `at_most`, `above` (超过) or `at_least` (以上).
    A rate says little of a large total: with one decimal every total from 1,000 has a count for every rate.

    >>> admissible_counts(283, 80, bound="below"), len(admissible_counts(10, "91.9"))
    (range(0, 227), 0)
    """
    if bound:
        limit = exact(rate) * total / 100
        first = {"above": floor(limit) + 1, "at_least": ceil(limit)}.get(bound, 0)
        last = {"below": ceil(limit) - 1, "at_most": floor(limit)}.get(bound, total)
    else:
        span = rate_range(rate, decimals=decimals)
        low, high = span.low * total / 100, span.high * total / 100
        first, last = ceil(low), floor(high) if span.high_in else ceil(high) - 1
    first, last = max(first, 0), min(last, total)
    return range(first, last + 1) if first <= last and total > 0 else range(0)


def admissible_changes(now: Range | Number, before: Range | Number, *, decimals: int) -> tuple[Fraction, Fraction]:
    """The least and the greatest change in percentage points, as printed, that two printed rates allow.

    Both rates are rounded, so that their difference is known only within the sum of their halves; an end itself
    is allowed where both rates can be at their limit.

    >>> [str(limit) for limit in admissible_changes("91.9", "91.5", decimals=1)]
    ['3/10', '1/2']
    """
    a, b = (r if isinstance(r, Range) else rate_range(r) for r in (now, before))
    low, high, step = a.low - b.high, a.high - b.low, Fraction(10) ** -decimals
    least, most = ceil(low / step - Fraction(1, 2)), floor(high / step + Fraction(1, 2))
    least += not b.high_in and least * step + step / 2 == low
    most -= not a.high_in and most * step - step / 2 == high
    return least * step, most * step


def parts_fit(parts: Iterable[int], total: int, *, complete: bool = True) -> bool:
    """Whether the parts add to the total; a list that need not be complete (其中) may fall short of it.

    >>> parts_fit([235, 1193, 3463], 4891), parts_fit([31, 10, 2], 56)
    (True, False)
    >>> parts_fit([31, 10, 2], 56, complete=False)
    True
    """
    found = sum(parts)
    return found == total or (not complete and found < total)


def printed(count: int, total: int, *, decimals: int) -> str:
    """`count` out of `total` in percent as an office prints it, halves up; empty where the total is 0.

    >>> printed(928, 1010, decimals=1), printed(121, 137, decimals=0)
    ('91.9', '88')
    """
    if total <= 0:
        return ""
    units = floor(Fraction(100 * count, total) * 10**decimals + Fraction(1, 2))
    return str(Decimal(units).scaleb(-decimals)) if decimals else str(units)


def _candidates(group: dict[str, Any], total: int) -> list[tuple[int, int]]:
    """Pairs (checked, failed) that a group's printed numbers allow, within a total."""
    rate, checked, failed = group["printed_rate"], group["checked"], group["failed"]
    if rate is None and checked is None and failed is None and total**2 > MOST_COMBINATIONS:
        return []
    found = []
    for n in range(1, total + 1) if checked is None else [checked]:
        passed = range(n + 1) if rate is None else admissible_counts(n, rate, decimals=group.get("decimals"))
        found += [(n, n - k) for k in passed if failed is None or n - k == failed]
    return found


def _solutions(rows: list[dict[str, Any]], total: int, allowed: set[int]) -> Iterator[tuple[tuple[int, int], ...]]:
    """The counts of the groups that add to the total and to one of the `allowed` failures; none where too many may."""
    found = [_candidates(row, total) for row in rows]
    # The group with the most candidates is not searched but found from what the others leave.
    last = max(range(len(found)), key=lambda i: len(found[i]))
    searched, left = found[:last] + found[last + 1 :], set(found[last])
    if prod(map(len, searched)) > MOST_COMBINATIONS:
        return
    for chosen in itertools.product(*searched):
        rest, failures = total - sum(n for n, _ in chosen), sum(f for _, f in chosen)
        for f in sorted(allowed):
            if (rest, f - failures) in left:
                yield (*chosen[:last], (rest, f - failures), *chosen[last:])


@answers_in_kind
def check_cases(cases: pl.DataFrame) -> pl.DataFrame:
    """Whether each case's printed rate can come from its counts: one row per case, in the order of `cases`.

    `cases` has the columns `case_id`, `checked`, `failed`, `printed_rate` (percent) and, if there,
    `registered`, `decimals`, `kind`, `by`, `group`. A row of kind `stale_share` has the share of failures as its
    rate, any other the pass rate. Groups of a case that print only rates are solved together with its total.

    Columns: `case_id`, `group` (String), `verdict` (consistent, impossible, not_checkable);
    `admissible_failed_low`, `admissible_failed_high` (Int64, accounts): null where no count gives the rate;
    `nearest_checked`, `nearest_failed` (Int64, accounts): the counts nearest to the printed rate;
    `rate_of_counts` (String, percent): what the printed counts give; `message_zh`, `message_en` (String): the
    finding as a sentence. Raises InputError for a missing column or a value that is no number. Doubtful where
    an office cut its rates off instead of rounding them. Definition: passed / checked.

    >>> cases = pl.DataFrame({"case_id": ["a", "b"], "checked": [1010, 1010], "failed": [82, 28],
    ...     "printed_rate": [91.9, 91.9], "decimals": 1})
    >>> check_cases(cases)["verdict"].to_list()
    ['consistent', 'impossible']
    """
    known, found = ["case_id", "checked", "failed", "printed_rate"], cases.columns
    for column in known:
        if column not in found:
            raise InputError("no_column", place="csv", column=column, label=column, found=found, known=known)
    rows = [_parsed(row, line) for line, row in enumerate(cases.iter_rows(named=True), 2)]
    solved = _solved(rows)
    judged = (check_case(row, solved=solved.get(i)) for i, row in enumerate(rows))
    return pl.DataFrame(list(judged), dtypes("checked_cases"))


def _parsed(row: dict[str, Any], line: int) -> dict[str, Any]:
    """The row with whole numbers for counts; what is empty is not known."""
    made = dict(row)
    for column in ("registered", "checked", "failed", "decimals", "printed_rate"):
        value = row.get(column)
        made[column] = value = None if isinstance(value, str) and not value.strip() else value
        try:
            number = Fraction(0) if value is None else exact(value)
        except (InvalidOperation, ValueError, OverflowError):
            number = None
        if number is None or (number.denominator != 1 and column != "printed_rate"):
            raise InputError("case_not_a_number", column=column, row=line, found=value)
        if value is not None and column != "printed_rate":
            made[column] = int(number)
    return made


def _solved(rows: list[dict[str, Any]]) -> dict[int, tuple[int, int]]:
    """Checked and failed of the groups that print only a rate, where the case's total leaves one solution."""
    found: dict[int, tuple[int, int]] = {}
    cases: dict[tuple[Any, Any], list[int]] = {}
    for i, row in enumerate(rows):
        if row.get("group") and row.get("kind") == "group":
            cases.setdefault((row["case_id"], row.get("by")), []).append(i)
    for (case, _), members in cases.items():
        totals = [r for r in rows if r["case_id"] == case and r.get("kind") == "total" and r["checked"]]
        if len(totals) != 1 or all(rows[i]["checked"] is not None for i in members):
            continue
        total = totals[0]["checked"]
        allowed = set(range(total + 1)) if totals[0]["failed"] is None else {totals[0]["failed"]}
        if (rate := totals[0]["printed_rate"]) is not None:
            passed = admissible_counts(total, rate, decimals=totals[0]["decimals"])
            allowed = {f for f in allowed if total - f in passed}
        solutions = list(_solutions([rows[i] for i in members], total, allowed))
        if len(solutions) == 1:
            found |= dict(zip(members, solutions[0], strict=True))
    return found


def check_case(row: dict[str, Any], *, solved: tuple[int, int] | None = None) -> dict[str, Any]:
    """The verdict on one case, as a row of `check_cases`; `row` may have a `bound`, `solved` has counts found otherwise.

    >>> check_case({"checked": 283, "printed_rate": 80, "bound": "below"})["admissible_failed_low"]
    57
    """
    registered, checked, failed, rate = (row.get(c) for c in ("registered", "checked", "failed", "printed_rate"))
    share, decimals = row.get("kind") == "stale_share", 0 if rate is None else _places(rate, row.get("decimals"))
    bound = row.get("bound") or ""
    span = near = None
    reason, gives = "not_checkable", ""
    if min((c for c in (registered, checked, failed) if c is not None), default=0) < 0:
        reason = "negative"
    elif checked is not None and ((failed or 0) > checked or (registered is not None and checked > registered)):
        reason = "more_than_all"
    elif rate is not None and not 0 <= exact(rate) <= 100:
        reason = "no_percentage"
    elif rate is not None and checked:
        counts = admissible_counts(checked, rate, decimals=decimals, bound=bound)
        nearest = floor(exact(rate) * checked / 100 + Fraction(1, 2))
        near = (checked, nearest if share else checked - nearest)
        if counts:
            span = (counts[0], counts[-1]) if share else (checked - counts[-1], checked - counts[0])
            near = (checked, min(max(near[1] if failed is None else failed, span[0]), span[1]))
        fits = span is not None and (failed is None or span[0] <= failed <= span[1])
        reason = ("consistent" if fits else "impossible") + ("_share" if share else "")
        seen = near[1] if failed is None or span is None else failed
        shown = decimals if fits else max(decimals, 2)
        gives = printed(seen if share else checked - seen, checked, decimals=shown)
        reason += "" if fits or failed is None or span is None else "_counts"
    elif solved is not None:
        reason, near, span = "solved", solved, (solved[1], solved[1])
    (low, high), (of, count) = span or (None, None), near or (None, None)
    facts = {"registered": registered, "checked": checked if of is None else of, "failed": failed, "near": count}
    facts |= {"rate": row.get("said") or str(rate).rstrip("%％ "), "gives": gives}
    facts["span"] = low if low == high else f"{low}–{high}"
    facts = {name: "—" if fact is None else fact for name, fact in facts.items()}
    holds = reason == "solved" or reason.startswith("consistent")
    return {
        "case_id": str(row.get("case_id", "")),
        "group": row.get("group"),
        "verdict": reason if reason == "not_checkable" else "consistent" if holds else "impossible",
        "admissible_failed_low": low,
        "admissible_failed_high": high,
        "nearest_checked": of,
        "nearest_failed": count,
        "rate_of_counts": gives or None,
        "message_zh": sentence(f"case_{reason}", "zh-Hans", **facts),
        "message_en": sentence(f"case_{reason}", "en", **facts),
    }
