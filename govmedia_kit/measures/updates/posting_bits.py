"""Millions of posts in one pass: posts -> one row per account and 64 days, each day with a post one bit.

A table of account-days is as long as the accounts post days; what `status.update_status` asks of it is only which
days had a post, and sums over a few spans of days. Both fit in a few words per account, so that Polars streams
over 100 million posts in little memory. Only for Polars: other engines have no OR in `group_by`. A test holds
both ways equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from govmedia_kit.measures.updates.account_days import SUMS

__all__ = ["posting_bits"]

BITS = 64
PART = 2**16  # the low bits of a key hold block of days, holes and span; the rest is the account
OLDEST = PART // 2 - 1  # days before that many days ago count as that many
SPANS = 8  # the lowest three bits: in which span a day lies; the next four: which counts are not known
ROWS = 2**16  # accounts unpacked at a time, so that a day of each is a byte and a chunk stays small


def posting_bits(
    posts: pl.LazyFrame, account_ids: pl.Series, *, as_of: int, spans: Sequence[tuple[int, int]]
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """What `posts` hold of each account up to the day number `as_of`: sums by span, and the days with a post.

    `spans` are pairs of day numbers, first and last day, of which the first is the window. Answers two frames,
    both with the account's place in `account_ids` as `row` (UInt32):

    - sums: `last_day`, `first_day` (Int64, the last and the first day with a post by `as_of`, wherever they lie), `posts`, `pushes`
      (Int64, in the window), `reads`, `likes`, `comments`, `shares` (Int64, in the window; null where no post
      has a known value), `posts_1`, `posts_2`, ... (Int64, in the other spans)
    - days: `day` (Int32), one row per account and day with a post in the window, sorted

    Answers None where 48 bits of a hash cannot tell the accounts apart (one ledger of a million accounts in 500):
    account-days do it then. Doubtful where `posts` hold millions of accounts that are not in `account_ids`: they
    are left out by the same hash, which takes one pair in 280 million million for the same. A day more
    than 89 years before `as_of` counts as one of 89 years before.

    >>> from datetime import datetime
    >>> posts = pl.LazyFrame({"account_id": ["a"], "published_at": [datetime(2026, 1, 3)], "likes": [7]})
    >>> sums, days = posting_bits(posts, pl.Series(["b", "a"]), as_of=20460, spans=[(20454, 20460)])
    >>> sums.select("row", "last_day", "posts", "likes", "reads").rows(), days.rows()
    ([(1, 20456, 1, 7, None)], [(1, 20456)])
    """
    import numpy as np

    schema = posts.collect_schema()
    ledger = _hashed(account_ids, schema["account_id"])
    if ledger["account"].is_duplicated().any():
        return None
    day = pl.col("day").cast(pl.Int32) if "day" in schema else pl.col("published_at").cast(pl.Date).cast(pl.Int32)
    # Days count backwards from as_of, in blocks of 64; block 0 is the days after it, which do not exist.
    posts = posts.with_columns(__age=(as_of + BITS - day).clip(0, OLDEST).cast(pl.UInt64))
    age, sums = pl.col("__age"), [name for name in SUMS if name in schema]
    ages = [(as_of + BITS - last, as_of + BITS - first + 1) for first, last in spans]
    cuts = sorted({end for pair in ages for end in pair} - {BITS})
    part = (age & _u64(PART - BITS)) * 2
    for cut in cuts:
        part = part + (age >= cut).cast(pl.UInt64)
    for number, name in enumerate(sums):
        # A group is all known or all unknown, which costs less than counting the known values of each.
        part = part + pl.col(name).is_null().cast(pl.UInt64) * _u64(SPANS << number)
    account = _hash(pl.col("account_id"), schema["account_id"])
    counted = {"posts": pl.len(), **{name: pl.col(name).sum() for name in sums}}
    groups = (
        posts.group_by((account | part).alias("__key"))
        .agg(bits=_u64(2).pow(age & _u64(BITS - 1)).bitwise_or(), **counted)
        .collect(engine="streaming")
        .lazy()
        .with_columns(
            account=pl.col("__key") & _u64(2**64 - PART), part=(pl.col("__key") & _u64(PART - 1)).cast(pl.Int64)
        )
        .join(ledger.lazy(), on="account")
        .with_columns(pl.col(*counted).cast(pl.Int64), block=pl.col("part") // BITS // 2, span=pl.col("part") % SPANS)
        .filter(pl.col("block") > 0)
        .collect()
    )
    within = [(sum(cut <= start for cut in cuts), cuts.index(end)) for start, end in ages]
    inside = [pl.col("span").is_between(*ranks) for ranks in within]
    # The lowest bit of a word is the youngest day of its block.
    bits = groups["bits"].to_numpy()
    youngest = np.log2((bits & (~bits + np.uint64(1))).astype(np.float64)).astype(np.int64)
    # Without the bit behind it, the highest bit is rounded to no higher one.
    oldest = np.log2((bits & ~(bits >> np.uint64(1))).astype(np.float64)).astype(np.int64)
    groups = groups.with_columns(
        day=as_of + BITS - (pl.col("block") * BITS + pl.Series(youngest)),
        oldest=as_of + BITS - (pl.col("block") * BITS + pl.Series(oldest)),
    )
    known = {name: (pl.col("part") & (SPANS << number)) == 0 for number, name in enumerate(sums)}
    totals = groups.group_by("row").agg(
        last_day=pl.col("day").max(),
        first_day=pl.col("oldest").min(),
        posts=pl.col("posts").filter(inside[0]).sum(),
        **{
            name: pl.when((inside[0] & known[name]).any()).then(pl.col(name).filter(inside[0]).sum())
            if name in known
            else pl.lit(None, pl.Int64)
            for name in SUMS
        },
        **{f"posts_{n}": pl.col("posts").filter(week).sum() for n, week in enumerate(inside[1:], 1)},
    )
    pushes = _pushes(posts.filter(age.is_between(ages[0][0], ages[0][1] - 1)), account, schema.names())
    if pushes is None:
        totals = totals.with_columns(pushes="posts")
    else:
        totals = totals.join(ledger.join(pushes, on="account").drop("account"), on="row", how="left")
    return totals, _days(groups.filter(inside[0]), len(account_ids), as_of)


def _u64(number: int) -> pl.Expr:
    return pl.lit(number, pl.UInt64)


def _hash(account_id: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    text = account_id if dtype.is_integer() or dtype == pl.String else account_id.cast(pl.String)
    return text.hash() & _u64(2**64 - PART)


def _hashed(account_ids: pl.Series, dtype: pl.DataType) -> pl.DataFrame:
    """The upper 48 bits of each account's hash, with its place in the ledger."""
    column = pl.col("id")
    if dtype.is_integer():
        # "007" is not the account 7.
        number = column.cast(dtype, strict=False)
        column = pl.when(number.cast(pl.String) == column).then(number)
    return (
        pl.select(id=account_ids.cast(pl.String), row=pl.int_range(len(account_ids), dtype=pl.UInt32))
        .with_columns(id=column)
        .filter(pl.col("id").is_not_null())
        .select(_hash(pl.col("id"), dtype).alias("account"), "row")
    )


def _pushes(posts: pl.LazyFrame, account: pl.Expr, names: list[str]) -> pl.DataFrame | None:
    """The pushes of each account, told apart within their day; None where no post has a `push_id`."""
    push = pl.col("push_id")
    if "push_id" not in names or not posts.select(push.count()).collect(engine="streaming").item():
        return None
    distinct = pl.when(push.is_not_null()).then(push.hash() + pl.col("__age"))
    found = posts.group_by(account.alias("account")).agg(
        distinct=distinct.n_unique(), alone=push.is_null().sum().cast(pl.Int64)
    )
    # n_unique counts all that have no push_id as one; each is a push of its own.
    shared = (pl.col("alone") > 0).cast(pl.Int64)
    return found.select("account", pushes=pl.col("distinct").cast(pl.Int64) - shared + pl.col("alone")).collect(
        engine="streaming"
    )


def _days(groups: pl.DataFrame, accounts: int, as_of: int) -> pl.DataFrame:
    """The days of the set bits, by account and in order."""
    import numpy as np

    blocks = int(groups["block"].max() or 1)  # type: ignore[arg-type]
    row, block, bits = (groups[name].to_numpy() for name in ("row", "block", "bits"))
    words = np.zeros((accounts, blocks), np.uint64)
    kind = groups["part"] % (2 * BITS)  # a block of an account has one group for each
    for one in kind.unique():
        of = (kind == one).to_numpy()
        words[row[of], blocks - block[of]] |= bits[of]
    found = []
    for start in range(0, accounts, ROWS):
        # The highest bit of the first word is the oldest day.
        days = np.unpackbits(words[start : start + ROWS].astype(">u8").view(np.uint8))
        place = np.flatnonzero(days.view(np.bool_)).astype(np.int32)
        rows = place // np.int32(blocks * BITS)
        day = place - rows * np.int32(blocks * BITS) + np.int32(as_of + 1 - blocks * BITS)
        found.append(pl.DataFrame({"row": (rows + start).astype(np.uint32), "day": day}))
    return pl.concat(found) if found else pl.DataFrame(schema={"row": pl.UInt32, "day": pl.Int32})
