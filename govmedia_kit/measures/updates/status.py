"""Who has gone silent: posts -> account-days -> silences -> the status of each account.

`account_days` is the one step that sees every post and runs on any engine; everything here has a row per account and day,
or per account, and is Polars. Summaries by group, the sensitivity to the threshold and the survival curves are in `summaries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from govmedia_kit import observations, schema
from govmedia_kit.calendars import working_days_between
from govmedia_kit.interop import answers_in_kind, conformed, with_dtypes
from govmedia_kit.measures.updates.account_days import (
    SUMS,
    account_days,
    collected,
    days_of,
    spans_of_posts,
)
from govmedia_kit.measures.updates.posting_bits import posting_bits
from govmedia_kit.measures.updates.posting_pattern import BURST_DAYS, posting_pattern

__all__ = [
    "observations_of",
    "silences",
    "status_of_posts",
    "update_status",
]


@answers_in_kind(accounts=("account_id",))
def silences(
    days: Any,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    window_days: int,
    observations: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Runs of days without a post inside the window: one row per account and silence.

    The window is the `window_days` days that end with `as_of`; an account's part of it are the days for which it was
    observed, once it was opened: those of `observations`, and without them as for `update_status`. The silence that is
    still open at `as_of` is kept, so that an account that stopped stays visible instead of dropping out. Where collection
    ended before `as_of` the last silence runs to that day only, even if a later post is known: a file that ends is not an
    account that stopped. Accounts of which nothing was collected have no rows; days after `as_of` don't exist.

    - `account_id` (str)
    - `first_day`, `last_day` (Date): first and last day without a post
    - `days` (Int64, days): both ends included
    - `censored` (bool): no post ended it by `as_of`, or by the end of collection

    Doubtful where posts were deleted, or lie before the day from which the platform shows them: with an `observed_from`
    before that day their absence looks like silence.

    >>> days = pl.DataFrame({"account_id": ["a", "a"], "day": [20456, 20464], "posts": [1, 1], "pushes": [1, 1]})
    >>> accounts = pl.DataFrame({"account_id": ["a"], "observed_from": [date(2026, 1, 3)], "observed_to": [date(2026, 1, 31)]})
    >>> silences(days, accounts, as_of=date(2026, 1, 31), window_days=90).select("first_day", "days", "censored").rows()
    [(datetime.date(2026, 1, 4), 7, False), (datetime.date(2026, 1, 12), 20, True)]
    """
    last = _number(as_of)
    ledger = _ledger(accounts)
    observed = _observed(days, accounts, as_of, observations)
    days = _in_order(_of_ledger(days, ledger, last).select("row", "day")).collect(engine="streaming")
    known = days.group_by("row").agg(first_day=pl.col("day").min())
    ledger = _with_evidence(ledger.join(known, on="row", how="left"), observed, (last - window_days + 1, last))
    spans = ledger.drop_nulls("start")
    before = pl.col("day").shift(1).over("row").fill_null(pl.col("start") - 1)
    inside = days.join(spans, on="row", maintain_order="left").filter(pl.col("day").is_between("start", "end"))
    runs = inside.select("row", first=before + 1, last=pl.col("day") - 1, censored=False)
    youngest = inside.group_by("row").agg(youngest=pl.col("day").max())
    next_day = pl.coalesce(pl.col("youngest") + 1, "start")
    open_ = spans.join(youngest, on="row", how="left").select("row", first=next_day, last="end", censored=True)
    return (
        pl.concat([runs, open_])
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


@answers_in_kind(accounts=("account_id",))
def update_status(
    days: Any,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    window_days: int,
    observations: pl.DataFrame | None = None,
    over: int = 14,
    last_check: date | None = None,
    working: bool = False,
) -> pl.DataFrame:
    """How each account keeps up: one row per account of `accounts`, in their order.

    `days` are account-days, in any library, or posts, of which account-days are made. `observations` are those of an audit (see
    `govmedia_kit.observations`); without them, what the ledger states and notes (`observed_from`, `observed_to`, `last_post_on`,
    `post_count`, `noted_on`) is taken, and for accounts of which it states nothing `days` count as one timeline that ends with
    the newest capture, or else with the newest post of any of its accounts.

    An account is *checked* where complete observations reach `as_of`, by day, and by nothing else. Else it is not checked because
    there is only a note of a later day (`noted_later`) or a number of posts without a day (`no_date`), collection ended
    (`collection_ended`) or it was noted (`noted_earlier`) before `as_of`, there are only hits of searches, lists and single posts
    (`search_only`), nothing tells where collection ended (`end_not_known`), there is nothing (`not_observed`), or it would fail and only its own posts
    tell that the collection went on (`run_alone`).

    - `account_id` (str)
    - `checked` (bool), `not_checked_reason` (str)
    - `checked_by` (str): how it is known that collection reached `as_of`: captured, stated, noted, or run, an assumption
    - `last_post` (Date): day of the last post by `as_of`, in the posts or noted by hand, whichever is later; null where it lies
      before the days that were observed, since there may have been another
    - `gap_days` (Int64, days): whole calendar days from `last_post` to `as_of`; where that is null, the days that were
      observed without a post, the least that it can be; null where never or not checked
    - `never` (bool): no post ever, and observed since `opened_on`, or noted so; null where not checked
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

    Doubtful where `checked_by` is run: the collection may have ended earlier for some of its accounts. `gap_days` of 14 may be 13 or 15
    where dates were noted by hand. The columns of the window know posts only: an account noted by hand as active
    yesterday may show a long silence there. Definitions: 国办秘函〔2019〕19号 (two weeks before the monitoring point);
    burstiness after Goh and Barabási, EPL 81 (2008) 48002.

    >>> days = pl.DataFrame({"account_id": ["a", "c"], "day": [20464, 20484], "posts": [2, 1], "pushes": [1, 1]})
    >>> accounts = pl.DataFrame({"account_id": ["a", "b"], "last_post_on": [None, date(2026, 1, 17)]})
    >>> status = update_status(days, accounts, as_of=date(2026, 1, 31), window_days=30)
    >>> status.select("account_id", "checked_by", "gap_days", "posts_in_window").rows()
    [('a', 'run', 20, 2), ('b', 'noted', 14, None)]
    """
    ledger, spans = _ledger(accounts), _posting_spans(as_of, window_days, last_check)
    observed = _observed(days, accounts, as_of, observations)
    known = _sums_and_days(days_of(days), ledger, spans)
    return _status(ledger, *known, spans, observed, as_of=as_of, over=over, working=working)


@answers_in_kind(accounts=("account_id",))
def status_of_posts(
    posts: Any,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    window_days: int,
    observations: pl.DataFrame | None = None,
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
    >>> accounts = pl.DataFrame({"account_id": ["a"], "observed_to": [date(2026, 1, 31)]})
    >>> status = status_of_posts(posts, accounts, as_of=date(2026, 1, 31), window_days=30)
    >>> status.select("gap_days", "posts_in_window", "likes_in_window").rows()
    [(20, 1, 5)]
    """
    ledger, spans = _ledger(accounts), _posting_spans(as_of, window_days, last_check)
    found = None
    if isinstance(posts, pl.DataFrame | pl.LazyFrame):
        found = posting_bits(posts.lazy(), ledger["account_id"], as_of=_number(as_of), spans=spans)
    sums, posting = found or _sums_and_days(account_days(posts), ledger, spans)
    observed = _observed(posts, accounts, as_of, observations)
    return _status(ledger, sums, posting, spans, observed, as_of=as_of, over=over, working=working)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _as_date(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int32).cast(pl.Date)


def _ledger(accounts: pl.DataFrame) -> pl.DataFrame:
    """The columns of the ledger that bear on updates, null where it lacks them; days as numbers."""
    dates = ("opened_on", "last_post_on")
    dtypes = {"account_id": pl.String(), **dict.fromkeys(dates, pl.Date()), "post_count": pl.Int64()}
    known = with_dtypes(accounts.lazy(), dtypes).with_columns(pl.col(dates).cast(pl.Int32).cast(pl.Int64))
    return known.with_row_index("row").collect()


def _of_ledger(days: Any, ledger: pl.DataFrame, as_of: int) -> pl.LazyFrame:
    """The account-days of the ledger's accounts up to `as_of`, with each account's row; absent sums are null."""
    days = days_of(days)
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
            pl.col("day").min().alias("first_day"),
            pl.col("posts", "pushes", *weeks, *SUMS).sum(),
            pl.col(SUMS).count().name.prefix("known_"),
        )
        .with_columns(pl.when(pl.col(f"known_{name}") > 0).then(name).alias(name) for name in SUMS)
        .collect(engine="streaming")
    )
    posting = _in_order(days.filter(inside[0])).select("row", pl.col("day").cast(pl.Int32)).collect(engine="streaming")
    return sums, posting


def _observed(posts: Any, accounts: pl.DataFrame, as_of: date, given: pl.DataFrame | None) -> pl.DataFrame:
    """The observations that are given, or those that ledger and posts prove."""
    if given is None:
        return observations_of(posts, accounts, as_of=as_of)
    return conformed(given, schema.dtypes("observations"))


def observations_of(posts: Any, accounts: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """What a ledger and posts, or account-days, prove where there is no audit to say it: the posts are one timeline, of the
    accounts of which the ledger does not state to which day they were observed."""
    stated = observations.of_ledger(accounts, as_of=as_of)
    told = stated.filter(pl.col("basis") == "stated", pl.col("to").is_not_null())["account_id"]
    # Those accounts are of the run all the same: their posts show for how long it went on.
    run = observations.of_runs(spans_of_posts(posts, as_of=as_of)).filter(~pl.col("account_id").is_in(told.implode()))
    return pl.concat([stated, run])


def _with_evidence(ledger: pl.DataFrame, observed: pl.DataFrame, window: tuple[int, int]) -> pl.DataFrame:
    """`ledger`, with the `first_day` of posting, by what was collected of each account.

    - `oldest` (day number): the first day of posting, as found or as noted
    - the columns of `observations.evidence`, days as numbers
    - `start`, `end` (day numbers): the part of the window for which they were, null where they were not
    """
    first, last = window
    noted = pl.when(pl.col("last_post_on") <= last).then("last_post_on")
    ledger = ledger.with_columns(oldest=pl.min_horizontal("first_day", noted))
    oldest = ledger.select("account_id", _as_date("oldest").alias("oldest"))
    proved = observations.evidence(observed, oldest, as_of=date(1970, 1, 1) + timedelta(days=last))
    dates = ("span_from", "span_to", "others_to")
    proved = proved.with_columns(pl.col(dates).cast(pl.Int32).cast(pl.Int64))
    some = pl.col("collected") & (pl.col("start") <= pl.col("end"))
    return (
        ledger.join(proved, on="account_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("covered", "collected", "partial", "open_ended").fill_null(False),
            start=pl.max_horizontal(pl.lit(first, pl.Int64), "opened_on", "span_from"),
            end=pl.min_horizontal(pl.lit(last, pl.Int64), "span_to"),
        )
        .with_columns(pl.when(some).then(pl.col("start", "end")))
    )


def _status(
    ledger: pl.DataFrame,
    sums: pl.DataFrame,
    posting: pl.DataFrame,
    spans: Sequence[tuple[int, int]],
    observed: pl.DataFrame,
    *,
    as_of: date,
    over: int,
    working: bool,
) -> pl.DataFrame:
    """The status of each account from its sums by span and the days of the window on which it posted."""
    last = _number(as_of)
    accounts = ledger.join(sums, on="row", how="left", maintain_order="left")
    accounts = _with_evidence(accounts, observed, spans[0])
    pattern = posting_pattern(posting, accounts, over=over, weeks=spans[1:])
    noted = pl.when(pl.col("last_post_on") <= last).then("last_post_on")
    counted = (pl.col("post_count") > 0).fill_null(False)
    status = (
        accounts.join(pattern, on="row", maintain_order="left")
        .with_columns(known=pl.max_horizontal("last_day", noted))
        # A post from before the days that were observed need not be the last.
        .with_columns(last=pl.when((pl.col("known") >= pl.col("span_from") - 1).fill_null(True)).then("known"))
        .with_columns(
            never=pl.col("known").is_null()
            & ~counted
            & (
                (pl.col("span_from") <= pl.col("opened_on").fill_null(_number(observations.EVER)))
                | (pl.col("post_count") == 0).fill_null(False)
            ),
            gap=last - pl.coalesce("last", pl.col("span_from") - 1),
        )
    )
    silent = pl.col("never") | (pl.col("gap") > over)
    alone = (pl.col("basis") == "run") & (pl.col("others_to") < last).fill_null(True)
    reasons = {
        "run_alone": pl.col("covered") & alone & silent,
        "noted_later": (pl.col("last_post_on") > last) & ~pl.col("collected") & pl.col("known").is_null(),
        "no_date": counted & pl.col("known").is_null() & ~pl.col("collected"),
        "collection_ended": pl.col("collected"),
        "noted_earlier": pl.col("span_to").is_not_null(),
        "end_not_known": pl.col("open_ended"),
        "search_only": pl.col("partial"),
        "not_observed": pl.lit(True),
    }
    unproved = pl.coalesce(pl.when(holds.fill_null(False)).then(pl.lit(name)) for name, holds in reasons.items())
    some = pl.col("collected") | pl.col("last_day").is_not_null()
    fails_alone = (pl.col("covered") & alone & silent).fill_null(False)
    return (
        status.with_columns(checked=pl.col("covered") & ~fails_alone)
        .with_columns(not_checked_reason=pl.when(~pl.col("checked")).then(unproved))
        .select(
            "account_id",
            "checked",
            "not_checked_reason",
            pl.when("checked").then("basis").alias("checked_by"),
            _as_date("last").alias("last_post"),
            gap_days=pl.when(pl.col("checked") & ~pl.col("never")).then("gap"),
            never=pl.when("checked").then("never"),
            posts_in_window=pl.when(some).then(pl.col("posts").fill_null(0)),
            pushes_in_window=pl.when(some).then(pl.col("pushes").fill_null(0)),
            **{name: pl.col(name) for name in pattern.columns if name != "row"},
            **{f"{name}_in_window": pl.col(name) for name in SUMS},
        )
        .pipe(_with_working_gap, as_of if working else None)
    )


def _with_working_gap(status: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    if as_of is None:
        return status
    since = status.select(pl.coalesce("last_post", as_of - pl.duration(days="gap_days")).cast(pl.Date)).to_series()
    days = working_days_between(since, pl.repeat(as_of, status.height, dtype=pl.Date, eager=True))
    return status.with_columns(working_gap_days=pl.when(pl.col("gap_days").is_not_null()).then(days))
