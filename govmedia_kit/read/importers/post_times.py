"""When a post was published, where its cell does not say all of it: the second from its id, the year from the capture and the list."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter

import polars as pl

from govmedia_kit import parse_cells
from govmedia_kit.read.importers import post_ids
from govmedia_kit.read.importers.layouts import Layout
from govmedia_kit.read.sources.files import ROW

__all__ = ["times_from_ids", "years"]

# A post's id and its text may differ by the minute that the text leaves out; a year-less source is wrong by a whole one.
MINUTE = 120
NEARLY_A_YEAR = 300 * 86_400
# A day of which the year was left out, as crawlers take it from a page.
YEARLESS = r"^\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})日?(?:\s+(\d{1,2}):(\d\d)(?::(\d\d))?)?\s*$"
# Rows on top of a list of the newest that may be pinned.
PINNED = 2


def years(
    posts: pl.DataFrame, text: pl.DataFrame, layout: Layout, until: str | None, notes: Counter[str]
) -> pl.DataFrame:
    """Days without a year, or with one that the crawler guessed, in the year that the capture and the rows above allow.

    A list of the newest goes back in time: a day later than the row above it, or than the capture, is of the year before.
    """
    written = (text if "published_at" in text.columns else posts)["published_at"].cast(pl.String)
    yearless = posts["published_at"].is_null() & written.str.contains(YEARLESS).fill_null(False)
    end = parse_cells.moments(pl.Series([until], dtype=pl.String))[0]
    times = posts["published_at"]
    leaps = (times - times.shift(1)).dt.total_seconds() > NEARLY_A_YEAR
    late = times > end + dt.timedelta(days=1) if end is not None else pl.Series([False])
    if not yearless.any() and not (layout.guesses_year and (leaps.any() or late.any())):
        return posts
    newest_first = layout.order == "newest_first"
    captured = (
        posts["captured_at"] if "captured_at" in posts.columns else pl.Series([None]).new_from_index(0, posts.height)
    )
    found: list[dt.datetime | None] = []
    above, at, last = None, 0, 0
    for row, time, cell, no_year, seen in zip(
        posts[ROW], posts["published_at"], written, yearless, captured, strict=True
    ):
        # A header in mid-file is the start of another list.
        at = 0 if row - last > 1 else at + 1
        above, last = (above if at else None), row
        latest = min((day for day in (seen, end) if day is not None), default=None)
        latest = latest.replace(hour=23, minute=59, second=59) if latest is not None else None
        ends = [day for day in (latest, above if newest_first else None) if day is not None]
        if no_year and ends:
            time = _in_year(cell, min(ends))
            notes["year_from_order"] += time is not None
        elif time is not None and layout.guesses_year and ends and (time - min(ends)).total_seconds() > NEARLY_A_YEAR:
            earlier = _years_before(time)
            if earlier is not None and earlier <= min(ends) + dt.timedelta(days=1):
                time = earlier
                notes["year_from_order"] += 1
        found.append(time)
        if time is not None and at >= PINNED:
            above = time
    return posts.with_columns(pl.Series("published_at", found, dtype=pl.Datetime("us")))


def _in_year(cell: str, latest: dt.datetime) -> dt.datetime | None:
    """The last moment by `latest` that a day without a year can be; None for the 30th of February."""
    written = re.match(YEARLESS, cell)
    month, day, *clock = (int(part or 0) for part in written.groups()) if written else (0, 0)
    for year in (latest.year, latest.year - 1):
        try:
            time = dt.datetime(year, month, day, *clock[:3])  # type: ignore[arg-type]
        except ValueError:
            continue
        if time <= latest:
            return time
    return None


def _years_before(time: dt.datetime) -> dt.datetime | None:
    try:
        return time.replace(year=time.year - 1)
    except ValueError:
        return None


def times_from_ids(posts: pl.DataFrame, text: pl.DataFrame, layout: Layout, notes: Counter[str]) -> pl.DataFrame:
    """The second of posting where the file has none, only a minute, or a year that was guessed at another time."""
    if "published_at" not in posts.columns:
        posts = posts.with_columns(published_at=pl.lit(None, pl.Datetime("us")))
    unit = layout.times.get("published_at", "text")
    if layout.platform == "weibo":
        named = post_ids.weibo_time(posts["__number"])
    elif layout.platform == "x":
        named = post_ids.twitter_time(posts["post_id"].cast(pl.Int64, strict=False))
    else:
        return posts
    written = posts["published_at"]
    blunt = written.is_null()
    if unit == "text":
        blunt = blunt | (text["published_at"].str.count_matches(":", literal=True) < 2).fill_null(True)
    if not blunt.any():
        return posts.drop("__number", strict=False)
    apart = (written - named).dt.total_seconds().abs()
    near = (apart <= MINUTE).fill_null(False) | ((apart < 86_400) & (written.dt.time() == dt.time(0)))
    other_year = (apart > NEARLY_A_YEAR).fill_null(False)
    usable = blunt & named.is_not_null() & (written.is_null() | near | other_year)
    notes["time_from_id"] += int((usable & written.is_null()).sum())
    notes["year_from_id"] += int((usable & other_year).sum())
    return posts.with_columns(published_at=named.zip_with(usable, written)).drop("__number", strict=False)
