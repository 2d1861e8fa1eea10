"""How an account posts inside the window: its longest silence, days below the standard, weekends, bursts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

__all__ = ["BURST_DAYS", "posting_pattern"]

# 突击更新: the posts of one week, at least three of them, and three times what is usual.
BURST_DAYS, BURST_POSTS, BURST_TIMES = 7, 3, 3


def posting_pattern(
    posting: pl.DataFrame, accounts: pl.DataFrame, *, over: int, weeks: Sequence[tuple[int, int]]
) -> pl.DataFrame:
    """The posting pattern of each account in its part of the window: one row per row of `accounts`, in their order.

    `posting` has a row per account (`row`) and day (`day`, a number) with a post, sorted. `accounts` has `row`,
    `start` and `end` (day numbers of its part of the window, null where nothing was collected), `opened_on` (day
    number), `posts` (in the window) and `posts_1`, `posts_2`, ... (in each of `weeks`, where a burst would be seen).
    The columns and what they mean are those of `status.update_status`.

    >>> posting = pl.DataFrame({"row": [0, 0, 0], "day": [10, 20, 30]})
    >>> accounts = pl.DataFrame(
    ...     {"row": [0], "start": [1], "end": [60], "opened_on": [None], "posts": [9], "posts_1": [0]},
    ...     schema_overrides={"opened_on": pl.Int64},
    ... )
    >>> posting_pattern(posting, accounts, over=14, weeks=[(54, 60)]).select("longest_gap_days", "days_over", "burstiness").rows()
    [(30, 16, -1.0)]
    """
    start, end = pl.col("start"), pl.col("end")
    days = _days_of(posting, accounts, over, weeks)
    n, first, youngest = pl.col("active_days"), pl.col("first"), pl.col("youngest")
    head, tail = (first - start).fill_null(0), end - pl.coalesce(youngest, start - 1)
    mean = (youngest - first) / (n - 1)
    deviation = (pl.col("squares") / (n - 1) - mean**2).clip(0).sqrt()
    bursts = [_burst(number, week, over) for number, week in enumerate(weeks, 1)]
    return (
        accounts.join(days, on="row", how="left", maintain_order="left")
        .with_columns(n.fill_null(0))
        .select(
            "row",
            longest_gap_days=pl.max_horizontal("longest", head, tail),
            active_days=n,
            days_over=pl.col("over").fill_null(0) + (head - over).clip(0) + (tail - over).clip(0),
            posts_per_week=pl.col("posts").fill_null(0) / ((end - _begin() + 1) / 7),
            weekend_share=pl.when(n > 0).then(pl.col("weekend") / n),
            burstiness=pl.when(n > 2).then((deviation - mean) / (deviation + mean)),
            burst=pl.any_horizontal(bursts) if bursts else pl.lit(False),
        )
        .with_columns(pl.col("longest_gap_days", "active_days", "days_over").cast(pl.Int64))
        .select("row", pl.when(accounts["start"].is_not_null()).then(pl.exclude("row")))
    )


def _days_of(
    posting: pl.DataFrame, accounts: pl.DataFrame, over: int, weeks: Sequence[tuple[int, int]]
) -> pl.DataFrame:
    """What the active days of each account add up to: one row per account with one."""
    start, first, early = accounts["start"].max(), posting["day"].min(), None
    if start is not None and first is not None and start > first:  # type: ignore[operator]
        # Posts before an account's part of the window (before it was opened, says the ledger) are not in it.
        early = posting.group_by("row").agg(earliest=pl.col("day").min().cast(pl.Int64))
        posting = posting.filter(pl.col("day") >= accounts["start"].gather(posting["row"]))
    end, last = accounts["end"].min(), posting["day"].max()
    if end is not None and last is not None and last > end:  # type: ignore[operator]
        # Nor are posts after it, of an account whose collection ended: what lies between was not seen.
        posting = posting.filter(pl.col("day") <= accounts["end"].gather(posting["row"]))
    row, day = pl.col("row"), pl.col("day")
    step = pl.when(row == row.shift(1)).then(day - day.shift(1))
    ended = [
        ((pl.col("step") > over + 1) & day.is_between(*week)).alias(f"ended_{n}") for n, week in enumerate(weeks, 1)
    ]
    found = (
        posting.lazy()
        .with_columns(row.set_sorted(), step=step)
        .with_columns(
            *ended,
            over=(pl.col("step") - 1 - over).clip(0),
            squares=pl.col("step") * pl.col("step"),
            weekend=(day + 3) % 7 >= 5,  # 1970-01-01 was a Thursday
        )
        .group_by("row")
        .agg(
            pl.col("over", "squares", "weekend").sum(),
            *(pl.col(f"ended_{n}").any() for n in range(1, len(weeks) + 1)),
            active_days=pl.len(),
            first=day.min(),
            youngest=day.max(),
            longest=pl.col("step").max() - 1,
        )
        .with_columns(
            pl.col("over", "squares", "weekend", "active_days", "first", "youngest", "longest").cast(pl.Int64)
        )
        .collect(engine="streaming")
    )
    if early is None:
        return found.with_columns(earliest="first")
    return early.join(found, on="row", how="left")


def _begin() -> pl.Expr:
    """Where the posts that are counted begin: who posted before the ledger says that it was opened had begun by then."""
    return pl.min_horizontal("start", "earliest")


def _burst(number: int, week: tuple[int, int], over: int) -> pl.Expr:
    posts, length = pl.col(f"posts_{number}").fill_null(0), week[1] - week[0] + 1
    start, first = pl.col("start"), pl.col("first")
    # The days before an account's first post are a silence, unless it had only been opened.
    opened_since = (pl.col("opened_on") >= start).fill_null(False)
    waited = (first - start > over) & first.is_between(*week) & ~opened_since
    ended = pl.col(f"ended_{number}").fill_null(False) | waited.fill_null(False)
    days = pl.col("end") - _begin() + 1 - length
    usual = (pl.col("posts").fill_null(0) - posts) / pl.when(days > 0).then(days) * BURST_DAYS
    return (ended & (posts >= BURST_POSTS) & (posts >= BURST_TIMES * usual)).fill_null(False)
