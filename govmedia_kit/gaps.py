"""Who has gone silent: posts -> account-days -> silences -> the status of each account.

Only `account_days` sees every post. It is written in Narwhals, so that the same expressions run on Polars,
pandas, DuckDB, PySpark and Dask; everything after it has a row per account and day, or per account, and is Polars.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw
import polars as pl

from .frames import answers_in_kind, is_pandas

__all__ = ["account_days", "day_number", "silences", "update_status"]

SUMS = ("reads", "likes", "comments", "shares")
ACCOUNT_DAYS = ("account_id", "day", "posts", "pushes", *SUMS)


def day_number(published_at: Any) -> Any:
    """Days since 1970-01-01 of a naive local datetime, as an expression of the same library (Polars or Narwhals).

    >>> from datetime import datetime
    >>> pl.select(day_number(pl.lit(datetime(2020, 2, 29, 23, 59)))).item()
    18321
    """
    if isinstance(published_at, pl.Expr):
        return published_at.cast(pl.Date).cast(pl.Int32).cast(pl.Int64)
    # Duration arithmetic and casts of times differ between engines; the calendar does not.
    before = published_at.dt.year().cast(nw.Int64) - 1
    day_of_year = published_at.dt.ordinal_day().cast(nw.Int64)
    return 365 * before + before // 4 - before // 100 + before // 400 + day_of_year - 719_163


def account_days(posts: Any) -> Any:
    """The days on which each account posted: one row per account and day, in the library that came in."""
    frame = nw.from_native(posts)
    names = frame.collect_schema().names()
    if "day" not in names:
        frame = frame.with_columns(day=day_number(nw.col("published_at")))
    sums = [name for name in SUMS if name in names]
    helpers = [nw.lit(1).alias("__posts")]
    aggregates = [nw.col("__posts").sum().alias("posts")]
    if "push_id" in names:
        helpers += [nw.col("push_id").is_null().cast(nw.Int64).alias("__alone")]
        aggregates += [
            nw.col("push_id").n_unique().alias("__pushes"),
            nw.col("__alone").sum().alias("__alone"),
        ]
    for name in sums:
        aggregates += [nw.col(name).sum().alias(name), nw.col(name).count().alias(f"__{name}")]
    days = frame.with_columns(*helpers).group_by("account_id", "day").agg(*aggregates)
    days = days.filter(~nw.col("account_id").is_null(), ~nw.col("day").is_null())
    if "push_id" in names:
        # n_unique counts the missing push_id as one value; each post without one is a push of its own.
        some = nw.when(nw.col("__alone") > 0).then(nw.lit(1)).otherwise(nw.lit(0))
        days = days.with_columns(pushes=nw.col("__pushes") - some + nw.col("__alone"))
    else:
        days = days.with_columns(pushes=nw.col("posts"))
    for name in SUMS:
        # Null where no post of the day has a value; a null literal has no integer dtype in pandas.
        known, value = (f"__{name}", name) if name in sums else ("posts", "posts")
        some = nw.col(known) > 0 if name in sums else nw.col(known) < 0
        days = days.with_columns(nw.when(some).then(nw.col(value)).alias(name))
    days = days.select(*ACCOUNT_DAYS)
    if is_pandas(posts):
        return days.to_native().astype(dict.fromkeys(ACCOUNT_DAYS[1:], "Int64"))
    return days.with_columns(nw.col(*ACCOUNT_DAYS[1:]).cast(nw.Int64)).to_native()


def _collected(days: Any) -> pl.DataFrame:
    """Account-days of any library as a Polars frame."""
    if isinstance(days, pl.LazyFrame):
        return days.collect(engine="streaming")
    if isinstance(days, pl.DataFrame):
        return days
    frame = nw.from_native(days)
    return frame.collect("polars").to_native() if isinstance(frame, nw.LazyFrame) else frame.to_polars()


def _ledger(accounts: pl.DataFrame) -> pl.DataFrame:
    """The columns of the ledger that bear on updates; null where the ledger lacks them."""
    dtypes = {
        "account_id": pl.String(),
        "opened_on": pl.Date(),
        "observed_from": pl.Date(),
        "observed_to": pl.Date(),
        "last_post_on": pl.Date(),
        "post_count": pl.Int64(),
    }
    return accounts.select(
        (pl.col(name).cast(dtype) if name in accounts.columns else pl.lit(None, dtype).alias(name))
        for name, dtype in dtypes.items()
    )


def _as_day(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int32).cast(pl.Int64)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _observed(as_of: date) -> pl.Expr:
    """Posts were collected for the account, whether or not there were any."""
    return (
        pl.col("last_day").is_not_null()
        | (pl.col("observed_from") <= as_of).fill_null(False)
        | (pl.col("observed_to").is_not_null() & pl.col("observed_from").is_null())
    )


def _ended(as_of: date) -> pl.Expr:
    """Collection ended before the monitoring point, and no post is known after its end."""
    return (
        (pl.col("observed_to") < as_of)
        & (pl.col("last_day").is_null() | (pl.col("last_day") <= _as_day("observed_to")))
    ).fill_null(False)


@answers_in_kind
def silences(days: pl.DataFrame, accounts: pl.DataFrame, *, as_of: date, window_days: int) -> pl.DataFrame:
    """Runs of days without a post inside the window: one row per account and silence."""
    last, first = _number(as_of), _number(as_of) - window_days + 1
    days = _collected(days).select(pl.col("account_id").cast(pl.String), pl.col("day").cast(pl.Int64))
    days = days.filter(pl.col("day") <= last)
    span = (
        _ledger(accounts)
        .join(days.group_by("account_id").agg(last_day=pl.col("day").max()), on="account_id", how="left")
        .filter(_observed(as_of))
        .select(
            "account_id",
            start=pl.max_horizontal(pl.lit(first), _as_day("opened_on"), _as_day("observed_from")),
            # A file that ends is not an account that stopped.
            end=pl.when(_ended(as_of)).then(_as_day("observed_to")).otherwise(last),
        )
        .filter(pl.col("start") <= pl.col("end"))
    )
    inside = days.join(span, on="account_id").filter(pl.col("day") >= pl.col("start"), pl.col("day") <= pl.col("end"))
    before = span.select("account_id", "start", "end", day=pl.col("start") - 1)
    return (
        pl.concat([before, inside.select(before.columns)])
        .sort("account_id", "day")
        .with_columns(next=pl.col("day").shift(-1).over("account_id"))
        .with_columns(censored=pl.col("next").is_null(), next=pl.col("next").fill_null(pl.col("end") + 1))
        .with_columns(days=pl.col("next") - pl.col("day") - 1)
        .filter(pl.col("days") > 0)
        .select(
            "account_id",
            first_day=(pl.col("day") + 1).cast(pl.Int32).cast(pl.Date),
            last_day=(pl.col("next") - 1).cast(pl.Int32).cast(pl.Date),
            days="days",
            censored="censored",
        )
    )


@answers_in_kind
def update_status(
    days: pl.DataFrame,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    window_days: int,
    certain_after: int | None = None,
) -> pl.DataFrame:
    """How each account kept up: one row per account of the ledger, in its order."""
    last = _number(as_of)
    days = _collected(days).with_columns(pl.col("account_id").cast(pl.String), pl.col("day").cast(pl.Int64))
    days = days.filter(pl.col("day") <= last)
    in_window = pl.col("day") > last - window_days
    per_account = days.group_by("account_id").agg(
        last_day=pl.col("day").max(),
        posts_in_window=pl.col("posts").filter(in_window).sum(),
        pushes_in_window=pl.col("pushes").filter(in_window).sum(),
    )
    longest = (
        silences(days, accounts, as_of=as_of, window_days=window_days)
        .group_by("account_id")
        .agg(longest_gap_days=pl.col("days").max())
    )
    observed, ended = _observed(as_of), _ended(as_of)
    noted = pl.when(pl.col("last_post_on") <= as_of).then(_as_day("last_post_on"))
    silent_by_end = _as_day("observed_to") - pl.coalesce(
        "last", pl.max_horizontal(_as_day("opened_on"), _as_day("observed_from")) - 1
    )
    certain = pl.lit(False) if certain_after is None else (silent_by_end > certain_after).fill_null(False)
    return (
        _ledger(accounts)
        .join(per_account, on="account_id", how="left", maintain_order="left")
        .join(longest, on="account_id", how="left", maintain_order="left")
        .with_columns(last=pl.max_horizontal("last_day", noted))
        .with_columns(
            not_checked_reason=pl.when(pl.col("last").is_null() & (pl.col("last_post_on").is_not_null()))
            .then(pl.lit("no_date"))
            .when(pl.col("last").is_null() & (pl.col("post_count") > 0))
            .then(pl.lit("no_date"))
            .when(pl.col("last").is_null() & pl.col("post_count").is_null() & ~observed)
            .then(pl.lit("not_observed"))
            .when(
                ended
                & (pl.col("last").is_not_null() | pl.col("post_count").is_null())
                & (pl.col("last").is_null() | (pl.col("last") <= _as_day("observed_to")))
                & ~certain
            )
            .then(pl.lit("collection_ended"))
        )
        .with_columns(checked=pl.col("not_checked_reason").is_null())
        .select(
            "account_id",
            "checked",
            pl.col("not_checked_reason").cast(pl.String),
            last_post=pl.col("last").cast(pl.Int32).cast(pl.Date),
            gap_days=pl.when("checked").then(last - pl.col("last")).cast(pl.Int64),
            never=pl.when("checked").then(pl.col("last").is_null()),
            posts_in_window=pl.when(observed).then(pl.col("posts_in_window").fill_null(0)).cast(pl.Int64),
            pushes_in_window=pl.when(observed).then(pl.col("pushes_in_window").fill_null(0)).cast(pl.Int64),
            longest_gap_days=pl.when(observed).then(pl.col("longest_gap_days").fill_null(0)).cast(pl.Int64),
        )
    )
