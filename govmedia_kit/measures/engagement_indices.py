"""What readers do with the posts: engagement per post and per follower, answers in comments, published indices.

Everything has one row per account. Reads are cut off at 10万+ by the platform: such a count is a lower bound, so
there are medians below the cap, and no means.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from govmedia_kit import statistics
from govmedia_kit.errors import InputError, hint
from govmedia_kit.interop import answers_in_kind
from govmedia_kit.measures.updates.account_days import collected, day_number

__all__ = ["VARIANTS", "engagement", "indices", "replies_in_comments"]

CAPPED = 100_001  # what stands for 10万+

# The inner weights of reads, 在看, likes and shares; 整体 60, 篇均 20, 头条 10 and 峰值 10 in both.
WCI = {
    "wci-14.2-shares": (0.70, 0.09, 0.06, 0.15),
    "wci-14.2-reads": (0.85, 0.09, 0.06, 0.0),
}
VARIANTS = {
    "wci-14.2-shares": "WCI V14.2 (70/9/6/15, with shares), formula as reposted; 清博指数",
    "wci-14.2-reads": "WCI V14.2 (85/9/6, without shares), formula as reposted; 清博指数",
    "bci-4": "BCI of four inputs, as registered with data sets on the data property platform of Zhejiang",
}
UNITS = ("articles", "pushes")


@answers_in_kind(posts=("account_id",), accounts=("account_id",))
def engagement(
    posts: Any, accounts: pl.DataFrame, *, as_of: date | None = None, window_days: int | None = None
) -> pl.DataFrame:
    """What readers do with the posts of each account: one row per account of `accounts`, in their order.

    With `as_of`, posts after it don't exist; with `window_days` too, only the window that ends with it counts. A post
    whose likes are not known is in no figure of likes, and so on: unknown is not zero.

    - `account_id` (str), `posts` (Int64), null where the account has none
    - `p1`, `c1`, `v1` (Float64, fraction): popularity, commitment, virality 1: share of posts with likes, comments,
      shares
    - `p2`, `c2`, `v2` (Float64): likes, comments, shares per post
    - `p3`, `c3`, `v3` (Float64): the same per 1,000 followers; null where `followers` is 0 or not known
    - `e` (Float64): p3 + c3 + v3
    - `median_interactions` (Float64): median over posts of likes + comments + shares
    - `reads_q1`, `reads_median`, `reads_q3` (Float64, reads): null where they fall among the capped posts
    - `capped_share` (Float64, fraction): posts with capped reads, of those with known reads
    - `reads_median_capped` (bool): the median is not known because half of the posts or more are capped

    Doubtful for few posts, for followers counted long after the posts, and for posts so young that they are still
    being read. Source: Bonsón and Ratkai, Online Information Review 37 (2013) 787-803; E: Bonsón, Royo and Ratkai,
    Government Information Quarterly 32 (2015) 52-62.

    >>> posts = pl.DataFrame({"account_id": ["a", "a"], "likes": [3, 0], "comments": [1, 0], "shares": [0, 0]})
    >>> accounts = pl.DataFrame({"account_id": ["a"], "followers": [500]})
    >>> engagement(posts, accounts).select("p1", "p2", "p3", "c3", "v3", "e").rows()
    [(0.5, 1.5, 3.0, 1.0, 0.0, 4.0)]
    """
    names = ("likes", "comments", "shares", "reads", "reads_capped")
    frame = _within(_of_accounts(posts, names), as_of, window_days)
    letters = {"p": "likes", "c": "comments", "v": "shares"}
    capped = pl.col("reads_capped").cast(pl.Boolean).fill_null(pl.col("reads") == CAPPED)
    reads = pl.when(capped).then(float("inf")).otherwise(pl.col("reads").cast(pl.Float64))
    measured = (
        frame.with_columns(reads=pl.when(pl.col("reads").is_not_null()).then(reads))
        .group_by("account_id")
        .agg(
            posts=pl.len().cast(pl.Int64),
            **{f"{letter}1": (pl.col(name) > 0).mean() for letter, name in letters.items()},
            **{f"{letter}2": pl.col(name).mean() for letter, name in letters.items()},
            median_interactions=(pl.col("likes") + pl.col("comments") + pl.col("shares")).median(),
            **{name: _below_cap(pl.col("reads"), q) for name, q in QUARTILES.items()},
            capped_share=pl.col("reads").is_infinite().mean(),
        )
        .collect()
    )
    followers = (pl.col("followers") if "followers" in accounts.columns else pl.lit(None)).cast(pl.Float64)
    thousands = pl.when(followers > 0).then(followers) / 1000
    per_follower = {f"{letter}3": pl.col(f"{letter}2") / pl.col("thousands") for letter in letters}
    return (
        accounts.select(pl.col("account_id").cast(pl.String), thousands=thousands)
        .join(measured, on="account_id", how="left", maintain_order="left")
        .with_columns(**per_follower)
        .select(
            "account_id",
            "posts",
            *(f"{letter}{number}" for letter in letters for number in (1, 2, 3)),
            (pl.col("p3") + pl.col("c3") + pl.col("v3")).alias("e"),
            "median_interactions",
            *QUARTILES,
            "capped_share",
            pl.when(pl.col("capped_share").is_not_null())
            .then(pl.col("reads_median").is_null())
            .alias("reads_median_capped"),
        )
    )


QUARTILES = {"reads_q1": 0.25, "reads_median": 0.5, "reads_q3": 0.75}


def _below_cap(reads: pl.Expr, q: float) -> pl.Expr:
    """A quantile of reads in which a capped post is more than any number; null where it falls among those."""
    return pl.when(reads.quantile(q, "higher").is_finite()).then(reads.quantile(q, "linear"))


def _of_accounts(posts: Any, names: tuple[str, ...]) -> pl.LazyFrame:
    """The posts with their day number and the named columns, absent ones null."""
    frame = posts if isinstance(posts, pl.LazyFrame) else collected(posts).lazy()
    known = frame.collect_schema().names()
    times = {"day": pl.col("day").cast(pl.Int64), "published_at": day_number(pl.col("published_at"))}
    day = next((expr for name, expr in times.items() if name in known), pl.lit(None, pl.Int64))
    absent = [pl.lit(None, pl.Int64).alias(name) for name in names if name not in known]
    return frame.with_columns(pl.col("account_id").cast(pl.String), day.alias("day"), *absent)


def _within(posts: pl.LazyFrame, as_of: date | None, window_days: int | None) -> pl.LazyFrame:
    if as_of is None:
        return posts
    last = (as_of - date(1970, 1, 1)).days
    posts = posts.filter(pl.col("day") <= last)
    return posts if window_days is None else posts.filter(pl.col("day") > last - window_days)


@answers_in_kind(posts=("account_id", "post_id"))
def replies_in_comments(comments: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Does the account answer under its own posts? One row per account with comments, sorted.

    The only trace of answers in a crawler's files: a comment by the account itself. `comments` has `post_id` and
    `author_id`; `posts` has `post_id`, `account_id` and, where the crawler writes another id than the ledger's, the
    `author_id` of the post. Hashed ids will do, as long as both files hash alike.

    - `account_id` (str)
    - `comments` (Int64): by others, under the account's posts
    - `answers` (Int64): by the account itself
    - `commented_posts`, `answered_posts` (Int64): posts with a comment by others; those of them with an answer
    - `answered_share`, `low`, `high` (Float64, fraction): with its 95 % Wilson interval
    - `small` (bool): fewer than 30 commented posts

    Doubtful: crawlers keep the first comments only, and an account may comment without answering anyone.

    >>> posts = pl.DataFrame({"account_id": ["a", "a"], "post_id": ["1", "2"]})
    >>> comments = pl.DataFrame({"post_id": ["1", "1", "2"], "author_id": ["x", "a", "y"]})
    >>> replies_in_comments(comments, posts).select("comments", "answers", "answered_posts", "answered_share").rows()
    [(2, 1, 1, 0.5)]
    """
    author = pl.col("author_id" if "author_id" in posts.columns else "account_id").cast(pl.String)
    own = posts.select(pl.col("post_id").cast(pl.String), "account_id", post_author=author).unique("post_id")
    low, high = statistics.wilson_exprs(pl.col("answered_posts"), pl.col("commented_posts"))
    return (
        comments.select(pl.col("post_id", "author_id").cast(pl.String))
        .join(own, on="post_id")
        .with_columns(answer=(pl.col("author_id") == pl.col("post_author")).fill_null(False))
        .group_by("account_id", "post_id")
        .agg(comments=(~pl.col("answer")).sum(), answers=pl.col("answer").sum())
        .group_by("account_id")
        .agg(
            pl.col("comments", "answers").sum().cast(pl.Int64),
            commented_posts=(pl.col("comments") > 0).sum().cast(pl.Int64),
            answered_posts=((pl.col("comments") > 0) & (pl.col("answers") > 0)).sum().cast(pl.Int64),
        )
        .sort("account_id")
        .with_columns(
            answered_share=pl.col("answered_posts") / pl.when(pl.col("commented_posts") > 0).then("commented_posts"),
            low=low,
            high=high,
            small=statistics.small(pl.col("commented_posts")),
        )
    )


@answers_in_kind(posts=("account_id",))
def indices(posts: Any, *, variant: str, days: int, unit: str = "articles") -> pl.DataFrame:
    """A published index of influence: one row per account with posts, sorted.

    `posts` are those of the `days` days for which the index is told. WCI V14.2 is in circulation in two forms, so
    that a figure without its variant says nothing: `wci-14.2-shares` weighs reads, 在看, likes and shares 70/9/6/15,
    `wci-14.2-reads` leaves shares out (85/9/6). `bci-4` is BCI of posts, shares, comments and likes. `unit` says what
    the per-article part divides by, and what BCI calls a post: `articles`, or `pushes` of several articles.

    - `account_id` (str)
    - `index` (str): WCI or BCI; `variant`, `source` (str); `unit` (str); `days` (Int64, days)
    - `posts` (Int64): articles or pushes, as `unit` says
    - `value` (Float64): null where an input is known for no post, for WCI also where no headline is marked

    Doubtful: reads over 100,000 enter as 100,001, as the publishers do it. The formulas are reposted, not official;
    published values come from other crawls, and will differ a little. Raises InputError for an unknown variant or
    unit.

    >>> posts = pl.DataFrame(
    ...     {"account_id": ["a"], "shares": [9], "comments": [9], "likes": [9]}
    ... )
    >>> indices(posts, variant="bci-4", days=1).select("index", "posts", pl.col("value").round(2)).rows()
    [('BCI', 1, 316.91)]
    """
    for name, found, known in (("variant", variant, VARIANTS), ("unit", unit, UNITS)):
        if found not in known:
            raise InputError("unknown_choice", name=name, found=found, known=list(known), hint=hint(found, known))
    names = ("reads", "wow", "likes", "comments", "shares", "is_headline", "push_id")
    # As in account-days, a push is told apart within its day, and a post without one is a push of its own.
    push = pl.col("push_id").cast(pl.String)
    pushes = pl.struct("day", push).filter(push.is_not_null()).n_unique() + push.is_null().sum()
    count = (pl.len() if unit == "articles" else pushes).cast(pl.Int64)
    value = _bci() if variant == "bci-4" else _wci(*WCI[variant], days)
    return (
        _of_accounts(posts, names)
        .group_by("account_id")
        .agg(posts=count, **_totals())
        .select(
            "account_id",
            index=pl.lit(variant[:3].upper()),
            variant=pl.lit(variant),
            source=pl.lit(VARIANTS[variant]),
            unit=pl.lit(unit),
            days=pl.lit(days, pl.Int64),
            posts="posts",
            value=value,
        )
        .sort("account_id")
        .collect()
    )


def _totals() -> dict[str, pl.Expr]:
    """For each count of readers its sum, the sum of headlines and the best article; null where none is known."""
    headline = pl.col("is_headline").cast(pl.Boolean).fill_null(False)
    found: dict[str, pl.Expr] = {}
    for name in ("reads", "wow", "likes", "comments", "shares"):
        column = pl.col(name).cast(pl.Float64)
        of_headlines = column.filter(headline)
        found[name] = pl.when(column.count() > 0).then(column.sum())
        found[f"{name}_headline"] = pl.when(of_headlines.count() > 0).then(of_headlines.sum())
        found[f"{name}_best"] = column.max()
    return found


def _wci(reads: float, wow: float, likes: float, shares: float, days: int) -> pl.Expr:
    weights = {"reads": (reads, 1), "wow": (wow, 10), "likes": (likes, 10), "shares": (shares, 10)}

    def part(suffix: str, over: pl.Expr) -> pl.Expr:
        terms = [
            weight * (times * pl.col(name + suffix) / over + 1).log()
            for name, (weight, times) in weights.items()
            if weight
        ]
        return pl.sum_horizontal(terms, ignore_nulls=False)

    per_day, best = pl.lit(days), pl.lit(1)
    inner = (
        0.6 * part("", per_day)
        + 0.2 * part("", pl.col("posts"))
        + 0.1 * part("_headline", per_day)
        + 0.1 * part("_best", best)
    )
    return inner**2 * 1.2 * 10


def _bci() -> pl.Expr:
    active = (pl.col("posts") + 1).log()
    shares, comments, likes = ((pl.col(name) + 1).log() for name in ("shares", "comments", "likes"))
    return (0.2 * active + 0.8 * (0.4 * shares + 0.4 * comments + 0.2 * likes)) * 160
