"""What an assessment takes for granted about its evidence, and what of it is doubtful: told by `check`, the method note and the manifest."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from govmedia_kit.errors import Place, Problem
from govmedia_kit.read.audit import Audit

__all__ = ["assumptions", "evidence_problems"]

# Names in one sentence before the rest is only counted.
SOME = 3
# Reasons for which accounts are not checked, and what is said of them; those that a user can do something about.
REASONS = (
    "collection_ended",
    "end_not_known",
    "run_alone",
    "noted_later",
    "noted_earlier",
    "search_only",
    "no_date",
    "not_observed",
)
# Accounts that miss the monitoring point by the same days are many, where another monitoring point would do.
MANY = 0.5


def assumptions(audit: Audit, measured: pl.DataFrame) -> list[Problem]:
    """What is assumed, because nobody has said it: the monitoring point, and where collections ended."""
    found = []
    if not audit.as_of_given:
        found.append(Problem("as_of_found", Place("audit.toml"), {"as_of": audit.settings.as_of}))
    assumed = measured.filter(pl.col("checked_by") == "run")
    if assumed.height:
        runs = audit.observations.filter(
            pl.col("basis") == "run",
            pl.col("account_id").is_in(assumed["account_id"].implode()),
            pl.col("to") >= audit.settings.as_of,
        )
        ends = runs.group_by("run").agg(pl.col("to").max()).sort("run")
        told = [f"{run} {to}" for run, to in ends.head(SOME).iter_rows()] + (["…"] if ends.height > SOME else [])
        found.append(Problem("ends_assumed", Place("audit.toml"), {"count": assumed.height, "found": told}))
    return found


def evidence_problems(
    audit: Audit, measured: pl.DataFrame, days: pl.DataFrame, late: pl.DataFrame, *, today: dt.date | None = None
) -> list[Problem]:
    """What `check` says of the evidence: what is assumed, whom it leaves unchecked, and which monitoring point would fit.

    `days` are the account-days of an assessment, `late` those that cannot be.
    """
    as_of, place = audit.settings.as_of, Place("audit.toml")
    found = assumptions(audit, measured)
    if today is not None and as_of > today:
        found.append(Problem("as_of_future", place, {"found": as_of, "today": today}))
    for reason in REASONS:
        rows = measured.filter(pl.col("not_checked_reason") == reason)
        if rows.height:
            found.append(
                Problem(f"unchecked_{reason}", place, {"count": rows.height, "found": _names(rows), "as_of": as_of})
            )
    found += _another_as_of(measured, as_of, place)
    found += _later_than_noted(measured, days, as_of)
    if late.height:
        facts = {
            "count": int(late["posts"].sum()),
            "found": late["account_id"].unique().sort().head(SOME).to_list(),
            "latest": audit.latest,
        }
        found.append(Problem("posts_late", Place("posts"), facts))
    return found


def _names(rows: pl.DataFrame) -> list[str]:
    return [*rows["name"].head(SOME), *(["…"] if rows.height > SOME else [])]


def _another_as_of(measured: pl.DataFrame, as_of: dt.date, place: Place) -> list[Problem]:
    """The monitoring point that would fit, where many accounts miss this one by the same days."""
    ended = measured.filter(pl.col("not_checked_reason") == "collection_ended")
    ends = ended.group_by("observed_to").len().sort("len", "observed_to", descending=True)
    if not ends.height or ends["len"][0] < max(2, MANY * ended.height):
        return []
    end, count = ends.row(0)
    facts = {"count": count, "days": (as_of - end).days, "fits": end, "as_of": as_of}
    return [Problem("as_of_would_fit", place, facts)]


def _later_than_noted(measured: pl.DataFrame, days: pl.DataFrame, as_of: dt.date) -> list[Problem]:
    """Real posts later than an inspector's note, which count."""
    day = pl.col("day").cast(pl.Int32).cast(pl.Date)
    newest = days.filter(day <= as_of).group_by("account_id").agg(newest=day.max())
    noted = pl.when(pl.col("post_count") == 0).then(pl.lit(dt.date(1990, 1, 1))).otherwise("last_post_on")
    rows = measured.join(newest, on="account_id").filter(pl.col("newest") > noted, noted.is_not_null())
    facts: dict[str, Any] = {"count": rows.height, "found": _names(rows)}
    return [Problem("posted_after_note", Place("posts"), facts)] if rows.height else []
