"""The one step that sees every post: posts -> one row per account and day.

Written in Narwhals, so that the same expressions run on Polars, pandas, DuckDB, PySpark and Dask. Narrow on
purpose: an integer day made at the door, only elementary aggregates inside `agg`, helper columns before them
and casts after them, because each engine fails differently on anything else.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import narwhals as nw
import polars as pl

from govmedia_kit import headings, observations
from govmedia_kit.captures import one_row_per_post
from govmedia_kit.interop import from_pandas, is_pandas, own_table, to_pandas, wrapped

__all__ = ["SUMS", "account_days", "collected", "day_number", "days_of", "spans_of_posts"]

SUMS = ("reads", "likes", "comments", "shares")
COUNTS = ("posts", "pushes", *SUMS)


def day_number(published_at: Any) -> Any:
    """Days since 1970-01-01 of a naive local datetime, as an expression of the same library (Polars or Narwhals).

    A post of 23:59 and one of 00:00 lie on different days; times must be local (Asia/Shanghai) before they
    come here, because a day of the week in UTC is another one for a third of all posts.

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
    """The days on which each account posted: one row per account and day, in the library that came in.

    `posts` has `account_id` and `published_at` or an integer `day`; `push_id` and the counts are optional. Times are local
    (Asia/Shanghai); those with a zone are moved there, and texts understood, but for those of engines. A Polars frame comes back as a Polars frame, a LazyFrame as a LazyFrame, a DuckDB
    relation, a Spark or a Dask frame as the same; rows in no particular order.

    - `account_id` (as in `posts`)
    - `day` (Int64, days since 1970-01-01): local calendar day
    - `posts` (Int64, posts)
    - `pushes` (Int64, pushes): WeChat pushes; a post without `push_id` counts as one
    - `reads`, `likes`, `comments`, `shares` (Int64): sums over the day's posts with a known value; null where
      none has one. `reads` is a lower bound where some are capped at 10万+

    A post without a time or an account lies on no account's day, and is left out.

    >>> from datetime import datetime
    >>> posts = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "a", "a"],
    ...         "published_at": [datetime(2026, 1, 1, 0, 0), datetime(2026, 1, 1, 23, 59), datetime(2026, 1, 2)],
    ...         "push_id": ["p1", "p1", None],
    ...         "likes": [3, 4, None],
    ...     }
    ... )
    >>> account_days(posts).sort("day").select("account_id", "day", "posts", "pushes", "likes").rows()
    [('a', 20454, 2, 1, 7), ('a', 20455, 1, 1, None)]
    """
    if is_pandas(posts) and not _is_plain(posts):
        return to_pandas(account_days(from_pandas(posts)))
    if not is_pandas(posts):
        posts = own_table(posts, "days")
    return _counted(posts.lazy()).collect() if isinstance(posts, pl.DataFrame) else _counted(posts)


def _counted(posts: Any) -> Any:
    """The days of posts whose columns are the dictionary's, in the library that came in."""
    frame = wrapped(posts)
    names = frame.collect_schema().names()
    if not isinstance(posts, pl.LazyFrame):
        # Numpy integers have no null: what cannot be counted has to go before the arithmetic.
        time = "day" if "day" in names else "published_at"
        frame = frame.filter(~nw.col("account_id").is_null(), ~nw.col(time).is_null())
    if "day" not in names:
        # The calendar arithmetic costs Polars as much as the scan; its own cast costs nothing.
        frame = (
            wrapped(posts.with_columns(day=day_number(pl.col("published_at"))))
            if isinstance(posts, pl.LazyFrame)
            else frame.with_columns(day=day_number(nw.col("published_at")))
        )
    sums = [name for name in SUMS if name in names]
    if sums:
        # Below zero a count is not known, as platforms' exports say it.
        frame = frame.with_columns(nw.when(nw.col(name) >= 0).then(nw.col(name)).alias(name) for name in sums)
    aggregates = [nw.len().alias("posts")]
    for name in sums:
        aggregates += [nw.col(name).sum().alias(name), nw.col(name).count().alias(f"__{name}")]
    if "push_id" in names:
        # Not n_unique, which Dask counts once for each part: first a row per push, then a row per day.
        push = nw.col("push_id")
        frame = frame.with_columns(__push=push.cast(nw.String).fill_null(""), __alone=push.is_null().cast(nw.Int64))
        frame = frame.group_by("account_id", "day", "__push").agg(*aggregates, nw.col("__alone").sum())
        shared = nw.when(nw.col("posts") > nw.col("__alone")).then(nw.lit(1)).otherwise(nw.lit(0))
        frame = frame.with_columns(pushes=nw.col("__alone") + shared)
        aggregates = [nw.col(name).sum() for name in ("posts", "pushes", *sums, *(f"__{name}" for name in sums))]
    days = frame.group_by("account_id", "day").agg(*aggregates)
    if isinstance(posts, pl.LazyFrame):
        days = days.filter(~nw.col("account_id").is_null(), ~nw.col("day").is_null())
    if "push_id" not in names:
        days = days.with_columns(pushes=nw.col("posts"))
    for name in SUMS:
        # A null literal has no integer dtype in pandas: an absent column is the null of an impossible condition.
        value, some = (name, nw.col(f"__{name}") > 0) if name in sums else ("posts", nw.col("posts") < 0)
        days = days.with_columns(nw.when(some).then(nw.col(value)).alias(name))
    days = days.select("account_id", "day", *COUNTS)
    if days.implementation.is_pandas_like() or days.implementation.is_dask():
        return days.to_native().astype(dict.fromkeys(("day", *COUNTS), "Int64"))
    return days.with_columns(nw.col("day", *COUNTS).cast(nw.Int64)).to_native()


def collected(frame: Any) -> pl.DataFrame:
    """A frame of any of the libraries as a Polars frame; rows in no particular order.

    >>> collected(pl.LazyFrame({"account_id": ["a"]})).height
    1
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect(engine="streaming")
    if is_pandas(frame):
        return from_pandas(frame)
    narwhal = wrapped(frame)
    return narwhal.collect("polars").to_native() if isinstance(narwhal, nw.LazyFrame) else narwhal.to_polars()


def _is_plain(posts: Any) -> bool:
    """Whether a pandas frame has times as local times: texts and zones are understood by Polars."""
    if "day" in posts.columns or "published_at" not in posts.columns:
        return True
    dtype = posts["published_at"].dtype
    return bool(dtype.kind == "M" and getattr(dtype, "tz", None) is None)


def days_of(days: Any) -> Any:
    """Account-days as they are; posts, which have `published_at` and no `day`, as account-days of one row per post."""
    names = wrapped(days).collect_schema().names()
    return days if "day" in names or "published_at" not in names else account_days(one_row_per_post(days))


def spans_of_posts(posts: Any, *, as_of: date) -> pl.DataFrame:
    """The span of each account's posts, or account-days, of any library as one run: columns of `observations.SPANS`.

    Days later than anything can have been collected prove nothing.
    """
    frame = wrapped(posts)
    names = frame.collect_schema().names()
    seen = None
    if "captured_at" in names:
        # One moment for the whole run: an elementary aggregate on every engine.
        seen = collected(frame.select(nw.col("captured_at").max()).to_native())["captured_at"][0]
    days = collected(days_of(posts))
    far = as_of + timedelta(days=366)
    captured = seen.date() if seen is not None and seen.date() <= far else None
    latest = max(as_of, captured) + timedelta(days=1) if captured else far
    days = days.filter(pl.col("day") <= (latest - date(1970, 1, 1)).days)
    days = days.with_columns(captured_at=pl.lit(captured, pl.Date))
    searched = bool(observations.SEARCHED & {headings.column_key(name) for name in names})
    return observations.spans_of(days, complete=not searched)
