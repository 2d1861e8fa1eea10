"""Who has gone silent: posts -> account-days -> silences -> the status of each account.

`account_days` is the one step that sees every post and runs on any engine; everything here has a row per account and day,
or per account, and is Polars. Summaries by group, the sensitivity to the threshold and the survival curves are in `summaries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from govmedia_kit.calendars import working_days_between
from govmedia_kit.interop import answers_in_kind, with_dtypes
from govmedia_kit.measures.updates.account_days import SUMS, account_days, collected
from govmedia_kit.measures.updates.posting_bits import posting_bits
from govmedia_kit.measures.updates.posting_pattern import BURST_DAYS, posting_pattern

__all__ = [
    "silences",
    "status_of_posts",
    "update_status",
]


@answers_in_kind
def silences(days: Any, accounts: pl.DataFrame, *, as_of: date, window_days: int) -> pl.DataFrame:
    """Runs of days without a post inside the window: one row per account and silence.

    The window is the `window_days` days that end with `as_of`; an account's part of it begins with the later of
    the window's first day, `opened_on` and `observed_from`. The silence that is still open at `as_of` is kept, so
    that an account that stopped stays visible instead of dropping out. Where collection ended before `as_of`
    (`observed_to`) the last silence runs to that day only: a file that ends is not an account that stopped.
    Accounts of which nothing was collected have no rows; days after `as_of` don't exist.

    - `account_id` (str)
    - `first_day`, `last_day` (Date): first and last day without a post
    - `days` (Int64, days): both ends included
    - `censored` (bool): no post ended it by `as_of`, or by the end of collection

    Doubtful where posts were deleted, or lie before the day from which the platform shows them: without an
    `observed_from` their absence looks like silence.

    >>> days = pl.DataFrame({"account_id": ["a", "a"], "day": [20456, 20464], "posts": [1, 1], "pushes": [1, 1]})
    >>> accounts = pl.DataFrame({"account_id": ["a"], "observed_from": [date(2026, 1, 3)]})
    >>> silences(days, accounts, as_of=date(2026, 1, 31), window_days=90).select("first_day", "days", "censored").rows()
    [(datetime.date(2026, 1, 4), 7, False), (datetime.date(2026, 1, 12), 20, True)]
    """
    last = _number(as_of)
    ledger = _ledger(accounts)
    days = _in_order(_of_ledger(days, ledger, last).select("row", "day")).collect(engine="streaming")
    known = days.group_by("row").agg(last_day=pl.col("day").max())
    spans = _with_observation(ledger.join(known, on="row", how="left"), (last - window_days + 1, last))
    spans = spans.drop_nulls("start")
    before = pl.col("day").shift(1).over("row").fill_null(pl.col("start") - 1)
    runs = (
        days.join(spans, on="row", maintain_order="left")
        .filter(pl.col("day") >= pl.col("start"))
        .select("row", first=before + 1, last=pl.col("day") - 1, censored=False)
    )
    youngest = pl.max_horizontal(pl.col("last_day"), pl.col("start") - 1)
    open_ = spans.select("row", first=youngest + 1, last="end", censored=True)
    return (
        pl.concat([runs, open_.with_columns(pl.col("censored").cast(pl.Boolean))])
        .filter(pl.col("last") >= pl.col("first"))
        .join(ledger.select("row", "account_id"), on="row")
        .sort("row", "first")
        .select(
            "account_id",
            _as_date("first").alias("first_day"),
            _as_date("last").alias("last_day"),
            days=(pl.col("last") - pl.col("first") + 1).cast(pl.Int64),
            censored="censored",
        )
    )


@answers_in_kind
def update_status(
    days: Any,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    window_days: int,
    certain_after: int | None = None,
    over: int = 14,
    last_check: date | None = None,
    working: bool = False,
) -> pl.DataFrame:
    """How each account keeps up: one row per account of `accounts`, in their order.

    `days` are account-days, in any library. An account is *not checked* where nothing tells when it last posted:
    `not_observed` (no posts, no date or count noted by hand, no `observed_from` or `observed_to`), `no_date` (it has
    posted, nobody knows when), `noted_later` (the day noted by hand is after `as_of`) or `collection_ended` (`observed_to` is
    before `as_of` and nothing later is known, so that it may have posted since). With `certain_after`, the days after
    which the office calls an account silent, one that was silent longer than that when collection ended is checked all
    the same, and so is one that posted too late to be silent for so long by `as_of`, whose `gap_days` are then not known.

    - `account_id` (str)
    - `checked` (bool), `not_checked_reason` (str)
    - `last_post` (Date): day of the last post by `as_of`, in the posts or noted by hand, whichever is later
    - `gap_days` (Int64, days): whole calendar days from `last_post` to `as_of`; where only a day is known
      by which it had fallen silent, the least that it can be; null where never or not checked
    - `never` (bool): observed, and no post ever; null where not checked
    - `posts_in_window`, `pushes_in_window` (Int64); null where no posts were collected, as in all columns below
    - `longest_gap_days` (Int64, days): longest silence of the window, open ones included
    - `active_days` (Int64, days): days of the window with a post
    - `days_over` (Int64, days): days below the standard, the sum of max(0, silence - `over`)
    - `posts_per_week` (Float64): posts of the window over the weeks of it for which the account was observed; where it
      posted before `opened_on` or `observed_from`, from its first post in the window
    - `weekend_share` (Float64): share of the active days that are a Saturday or Sunday
    - `burstiness` (Float64): (σ - μ) / (σ + μ) of the days between consecutive active days; -1 a clock, 0 chance,
      towards 1 bursts; null with fewer than three active days, and not worth much with fewer than twenty
    - `burst` (bool): 突击更新. In the 7 days up to `as_of`, or the 7 after `last_check`, a silence of more than `over`
      days ended, and these days hold at least 3 posts and 3 times what the account posts in a week otherwise
    - `reads_in_window`, `likes_in_window`, `comments_in_window`, `shares_in_window` (Int64): sums of the known values
    - `working_gap_days` (Int64, days): only with `working`; as `gap_days`, in working days of China

    Doubtful: `never` is what the posts and notes show; an account older than `observed_from` may have posted
    before. `gap_days` of 14 may be 13 or 15 where dates were noted by hand. The columns of the window know posts only: an
    account noted by hand as active yesterday may show a long silence there. Definitions: 国办秘函〔2019〕19号
    (two weeks before the monitoring point); burstiness after Goh and Barabási, EPL 81 (2008) 48002.

    >>> days = pl.DataFrame({"account_id": ["a"], "day": [20464], "posts": [2], "pushes": [1]})
    >>> accounts = pl.DataFrame({"account_id": ["a", "b"], "last_post_on": [None, date(2026, 1, 17)]})
    >>> status = update_status(days, accounts, as_of=date(2026, 1, 31), window_days=30)
    >>> status.select("account_id", "last_post", "gap_days", "posts_in_window").rows()
    [('a', datetime.date(2026, 1, 11), 20, 2), ('b', datetime.date(2026, 1, 17), 14, None)]
    """
    ledger, spans = _ledger(accounts), _posting_spans(as_of, window_days, last_check)
    rules: dict[str, Any] = {"certain_after": certain_after, "over": over, "working": working}
    return _status(ledger, *_sums_and_days(days, ledger, spans), spans, as_of=as_of, **rules)


@answers_in_kind
def status_of_posts(
    posts: Any,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    window_days: int,
    certain_after: int | None = None,
    over: int = 14,
    last_check: date | None = None,
    working: bool = False,
) -> pl.DataFrame:
    """`update_status` straight from the posts: one row per account of `accounts`, in their order.

    The same columns and keywords. Posts in Polars, above all a LazyFrame of `scan_parquet`, are read in one pass
    that keeps a few words per account, so that 100 million posts fit in the memory of an office PC; posts of any
    other library go by way of `account_days`.

    >>> from datetime import datetime
    >>> posts = pl.LazyFrame({"account_id": ["a"], "published_at": [datetime(2026, 1, 11, 9)], "likes": [5]})
    >>> accounts = pl.DataFrame({"account_id": ["a"]})
    >>> status = status_of_posts(posts, accounts, as_of=date(2026, 1, 31), window_days=30)
    >>> status.select("gap_days", "posts_in_window", "likes_in_window").rows()
    [(20, 1, 5)]
    """
    ledger, spans = _ledger(accounts), _posting_spans(as_of, window_days, last_check)
    found = None
    if isinstance(posts, pl.DataFrame | pl.LazyFrame):
        found = posting_bits(posts.lazy(), ledger["account_id"], as_of=_number(as_of), spans=spans)
    sums, posting = found or _sums_and_days(account_days(posts), ledger, spans)
    rules: dict[str, Any] = {"certain_after": certain_after, "over": over, "working": working}
    return _status(ledger, sums, posting, spans, as_of=as_of, **rules)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _as_date(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int32).cast(pl.Date)


def _ledger(accounts: pl.DataFrame) -> pl.DataFrame:
    """The columns of the ledger that bear on updates, null where it lacks them; days as numbers."""
    dates = ("opened_on", "observed_from", "observed_to", "last_post_on")
    dtypes = {"account_id": pl.String(), **dict.fromkeys(dates, pl.Date()), "post_count": pl.Int64()}
    known = with_dtypes(accounts.lazy(), dtypes).with_columns(pl.col(dates).cast(pl.Int32).cast(pl.Int64))
    return known.with_row_index("row").collect()


def _of_ledger(days: Any, ledger: pl.DataFrame, as_of: int) -> pl.LazyFrame:
    """The account-days of the ledger's accounts up to `as_of`, with each account's row; absent sums are null."""
    frame = (days if isinstance(days, pl.LazyFrame) else collected(days)).lazy()
    return (
        with_dtypes(frame, {"account_id": pl.String, **dict.fromkeys(("day", "posts", "pushes", *SUMS), pl.Int64)})
        .filter(pl.col("day") <= as_of)
        .join(ledger.lazy().select("account_id", "row"), on="account_id")
        .drop("account_id")
    )


def _in_order(days: pl.LazyFrame) -> pl.LazyFrame:
    """Account-days by account and day; one integer key sorts several times faster than two columns."""
    return days.sort(pl.col("row").cast(pl.Int64) * 2**32 + pl.col("day"))


def _posting_spans(as_of: date, window_days: int, last_check: date | None) -> list[tuple[int, int]]:
    """The window, then the weeks of it in which a burst would be seen: first and last day numbers."""
    last = _number(as_of)
    first = last - window_days + 1
    weeks = [last - BURST_DAYS + 1] if last_check is None else [last - BURST_DAYS + 1, _number(last_check) + 1]
    ends = [(max(day, first), min(day + BURST_DAYS - 1, last)) for day in weeks]
    return [(first, last), *((start, end) for start, end in ends if start <= end)]


def _sums_and_days(
    days: Any, ledger: pl.DataFrame, spans: Sequence[tuple[int, int]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What account-days hold of each account: sums by span, and the days with a post, as `posting_bits` has them."""
    days = _of_ledger(days, ledger, spans[0][1]).collect(engine="streaming").lazy()
    inside = [pl.col("day").is_between(*span) for span in spans]
    # Masked columns first, so that every aggregate is an elementary one.
    masked = [pl.when(inside[0]).then(name).alias(name) for name in ("posts", "pushes", *SUMS)]
    weeks = {f"posts_{n}": pl.when(part).then("posts") for n, part in enumerate(inside[1:], 1)}
    sums = (
        days.with_columns(*masked, **weeks)
        .group_by("row")
        .agg(
            pl.col("day").max().alias("last_day"),
            pl.col("posts", "pushes", *weeks, *SUMS).sum(),
            pl.col(SUMS).count().name.prefix("known_"),
        )
        .with_columns(pl.when(pl.col(f"known_{name}") > 0).then(name).alias(name) for name in SUMS)
        .collect(engine="streaming")
    )
    posting = _in_order(days.filter(inside[0])).select("row", pl.col("day").cast(pl.Int32)).collect(engine="streaming")
    return sums, posting


def _with_observation(ledger: pl.DataFrame, window: tuple[int, int]) -> pl.DataFrame:
    """`ledger`, with `last_day` of posting, by what was collected of each account.

    - `observed` (bool): posts were collected, whether or not there were any
    - `ended` (bool): collection ended before the monitoring point, and no post is known from after its end
    - `start`, `end` (day numbers): the part of the window for which it was observed, null where it was not
    """
    first, last = window
    later = (pl.col("last_day") > pl.col("observed_to")).fill_null(False)
    from_then = (pl.col("observed_from") <= last).fill_null(pl.col("observed_to").is_not_null())
    some = pl.col("observed") & (pl.col("start") <= pl.col("end"))
    return (
        ledger.with_columns(
            observed=pl.col("last_day").is_not_null() | from_then,
            ended=(pl.col("observed_to") < last).fill_null(False) & ~later,
            start=pl.max_horizontal(pl.lit(first, pl.Int64), "opened_on", "observed_from"),
        )
        .with_columns(end=pl.when("ended").then("observed_to").otherwise(last))
        .with_columns(pl.when(some).then(pl.col("start", "end")))
    )


def _status(
    ledger: pl.DataFrame,
    sums: pl.DataFrame,
    posting: pl.DataFrame,
    spans: Sequence[tuple[int, int]],
    *,
    as_of: date,
    certain_after: int | None,
    over: int,
    working: bool,
) -> pl.DataFrame:
    """The status of each account from its sums by span and the days of the window on which it posted."""
    last, limit = _number(as_of), pl.lit(certain_after, pl.Int64)
    accounts = _with_observation(ledger.join(sums, on="row", how="left", maintain_order="left"), spans[0])
    pattern = posting_pattern(posting, accounts, over=over, weeks=spans[1:])
    noted = pl.when(pl.col("last_post_on") <= last).then("last_post_on")
    # An account that was seen without a post from a day on is silent at least since the day before.
    seen_from = pl.when(pl.col("observed_from").is_not_null()).then(pl.max_horizontal("opened_on", "observed_from"))
    seen_until = pl.when("ended").then("observed_to").otherwise(last)
    status = (
        accounts.join(pattern, on="row", maintain_order="left")
        .with_columns(last=pl.max_horizontal("last_day", noted), counted=pl.col("post_count").is_not_null())
        .with_columns(
            undated=pl.col("last").is_null(),
            posted=pl.col("last").is_not_null() | (pl.col("post_count") > 0).fill_null(False),
            since=pl.coalesce("last", seen_from - 1),
            # The days after collection ended are dark, unless a day noted by hand lies in them.
            dark=pl.col("ended") & (pl.col("last") <= pl.col("observed_to")).fill_null(True),
        )
        .with_columns(
            # Whatever came after collection ended, it was silent for too long by then,
            surely_silent=(seen_until - pl.col("since") > limit).fill_null(False),
            # or it posted so late that it cannot have been.
            surely_fresh=(last - pl.col("last") <= limit).fill_null(False),
        )
    )
    unheard_of = pl.col("undated") & ~pl.col("observed") & ~pl.col("counted")
    without_a_day = pl.col("undated") & pl.col("posted") & ~(pl.col("observed") & pl.col("surely_silent"))
    known_to_be_empty = pl.col("undated") & pl.col("counted")
    reason = (
        pl.when(without_a_day)
        .then(pl.lit("no_date"))
        .when(unheard_of)
        .then(
            pl.when(pl.col("last_post_on").is_not_null()).then(pl.lit("noted_later")).otherwise(pl.lit("not_observed"))
        )
        .when(pl.col("dark") & ~known_to_be_empty & ~pl.col("surely_silent") & ~pl.col("surely_fresh"))
        .then(pl.lit("collection_ended"))
    )
    gap_is_known = pl.col("checked") & pl.col("posted") & ~(pl.col("dark") & pl.col("surely_fresh"))
    return (
        status.with_columns(not_checked_reason=reason)
        .with_columns(checked=pl.col("not_checked_reason").is_null())
        .select(
            "account_id",
            "checked",
            "not_checked_reason",
            _as_date("last").alias("last_post"),
            gap_days=pl.when(gap_is_known).then(last - pl.col("since")),
            never=pl.when("checked").then(~pl.col("posted")),
            posts_in_window=pl.when("observed").then(pl.col("posts").fill_null(0)),
            pushes_in_window=pl.when("observed").then(pl.col("pushes").fill_null(0)),
            **{name: pl.col(name) for name in pattern.columns if name != "row"},
            **{f"{name}_in_window": pl.col(name) for name in SUMS},
        )
        .pipe(_with_working_gap, as_of if working else None)
    )


def _with_working_gap(status: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    if as_of is None:
        return status
    days = working_days_between(status["last_post"], pl.repeat(as_of, status.height, dtype=pl.Date, eager=True))
    return status.with_columns(working_gap_days=pl.when(pl.col("gap_days").is_not_null()).then(days))
