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
from govmedia_kit.interop import answers_in_kind
from govmedia_kit.measures.updates.account_days import SUMS, account_days, collected
from govmedia_kit.measures.updates.posting_bits import posting_bits
from govmedia_kit.measures.updates.posting_pattern import BURST_DAYS, posting_pattern

__all__ = [
    "silences",
    "status_of_posts",
    "update_status",
]

RHYTHM = (
    "longest_gap_days",
    "active_days",
    "days_over",
    "posts_per_week",
    "weekend_share",
    "burstiness",
    "burst",
)


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
    spans = _spans(ledger.join(known, on="row", how="left"), (last - window_days + 1, last)).filter(
        pl.col("start").is_not_null()
    )
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
    last = _number(as_of)
    ledger = _ledger(accounts)
    days = _of_ledger(days, ledger, last).collect(engine="streaming").lazy()
    spans = _posting_spans(as_of, window_days, last_check)
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
    rules: dict[str, Any] = {"certain_after": certain_after, "over": over, "working": working}
    return _status(ledger, sums, posting, spans, as_of=as_of, **rules)


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
    window: dict[str, Any] = {"as_of": as_of, "window_days": window_days, "last_check": last_check}
    rules: dict[str, Any] = {"certain_after": certain_after, "over": over, "working": working}
    if isinstance(posts, pl.DataFrame | pl.LazyFrame):
        status = _status_from_bits(posts, accounts, **window, **rules)
        if status is not None:
            return status
    return update_status(account_days(posts), accounts, **window, **rules)


@answers_in_kind
def _status_from_bits(
    posts: Any, accounts: pl.DataFrame, *, as_of: date, window_days: int, last_check: date | None, **rules: Any
) -> pl.DataFrame | None:
    ledger, spans = _ledger(accounts), _posting_spans(as_of, window_days, last_check)
    found = posting_bits(posts.lazy(), ledger["account_id"], as_of=_number(as_of), spans=spans)
    return None if found is None else _status(ledger, *found, spans, as_of=as_of, **rules)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _as_day(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int32).cast(pl.Int64)


def _as_date(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int32).cast(pl.Date)


def _ledger(accounts: pl.DataFrame) -> pl.DataFrame:
    """The columns of the ledger that bear on updates, null where it lacks them; days as numbers."""
    dates = ("opened_on", "observed_from", "observed_to", "last_post_on")
    dtypes = {"account_id": pl.String(), **dict.fromkeys(dates, pl.Date()), "post_count": pl.Int64()}
    return accounts.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        *(
            (pl.col(name) if name in accounts.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in dtypes.items()
        ),
    ).with_columns(_as_day(name).alias(name) for name in dates)


def _of_ledger(days: Any, ledger: pl.DataFrame, as_of: int) -> pl.LazyFrame:
    """The account-days of the ledger's accounts up to `as_of`, with each account's row; absent sums are null."""
    frame = (days if isinstance(days, pl.LazyFrame) else collected(days)).lazy()
    known = frame.collect_schema().names()
    return (
        frame.select(
            pl.col("account_id").cast(pl.String),
            *(
                (pl.col(name) if name in known else pl.lit(None)).cast(pl.Int64).alias(name)
                for name in ("day", "posts", "pushes", *SUMS)
            ),
        )
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


def _observed(as_of: int) -> pl.Expr:
    """Posts were collected for the account, whether or not there were any."""
    from_then = (pl.col("observed_from") <= as_of).fill_null(pl.col("observed_to").is_not_null())
    return pl.col("last_day").is_not_null() | from_then


def _collection_ended(as_of: int) -> pl.Expr:
    """Collection ended before the monitoring point, and no post is known from after its end."""
    later = (pl.col("last_day") > pl.col("observed_to")).fill_null(False)
    return (pl.col("observed_to") < as_of).fill_null(False) & ~later


def _spans(ledger: pl.DataFrame, window: tuple[int, int]) -> pl.DataFrame:
    """The part of the window for which each account was observed: `start` and `end`, null where it was not."""
    first, last = window
    start = pl.max_horizontal(pl.lit(first, pl.Int64), "opened_on", "observed_from")
    end = pl.when(_collection_ended(last)).then("observed_to").otherwise(last)
    some = _observed(last) & (start <= end)
    return ledger.with_columns(start=pl.when(some).then(start), end=pl.when(some).then(end))


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
    last = _number(as_of)
    accounts = _spans(ledger.join(sums, on="row", how="left", maintain_order="left"), spans[0])
    observed, ended = _observed(last), _collection_ended(last)
    noted = pl.when(pl.col("last_post_on") <= last).then("last_post_on")
    accounts = accounts.with_columns(last=pl.max_horizontal("last_day", noted))
    none, counted = pl.col("last").is_null(), pl.col("post_count").is_not_null()
    posted = (pl.col("post_count") > 0).fill_null(False)
    # An account that was seen without a post from a day on is silent at least since the day before.
    seen_from = pl.when(pl.col("observed_from").is_not_null()).then(pl.max_horizontal("opened_on", "observed_from"))
    since = pl.coalesce("last", seen_from - 1)
    silent = pl.when(ended).then("observed_to").otherwise(last) - since
    certain = pl.lit(False) if certain_after is None else (silent > certain_after).fill_null(False)
    # Whatever came after collection ended, an account that posted so late cannot have been silent for too long.
    fresh = pl.lit(False) if certain_after is None else (last - pl.col("last") <= certain_after).fill_null(False)
    unseen = ended & (pl.col("last") <= pl.col("observed_to")).fill_null(False)
    reason = (
        pl.when(none & posted & ~(observed & certain))
        .then(pl.lit("no_date"))
        .when(none & ~observed & ~counted & pl.col("last_post_on").is_not_null())
        .then(pl.lit("noted_later"))
        .when(none & ~observed & ~counted)
        .then(pl.lit("not_observed"))
        .when(ended & ~(none & counted) & (none | unseen) & ~certain & ~fresh)
        .then(pl.lit("collection_ended"))
    )
    return (
        accounts.join(posting_pattern(posting, accounts, over=over, weeks=spans[1:]), on="row", maintain_order="left")
        .with_columns(not_checked_reason=reason, since=since)
        .with_columns(checked=pl.col("not_checked_reason").is_null())
        .select(
            "account_id",
            "checked",
            "not_checked_reason",
            _as_date("last").alias("last_post"),
            gap_days=pl.when(pl.col("checked") & ~(none & ~posted) & ~(unseen & fresh)).then(last - pl.col("since")),
            never=pl.when("checked").then(none & ~posted),
            posts_in_window=pl.when(observed).then(pl.col("posts").fill_null(0)),
            pushes_in_window=pl.when(observed).then(pl.col("pushes").fill_null(0)),
            **{name: pl.col(name) for name in RHYTHM},
            **{f"{name}_in_window": pl.col(name) for name in SUMS},
        )
        .pipe(_with_working_gap, as_of if working else None)
    )


def _with_working_gap(status: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    if as_of is None:
        return status
    days = working_days_between(status["last_post"], pl.repeat(as_of, status.height, dtype=pl.Date, eager=True))
    return status.with_columns(working_gap_days=pl.when(pl.col("gap_days").is_not_null()).then(days))
