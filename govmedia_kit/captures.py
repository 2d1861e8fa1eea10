"""One post out of several captures of it, on whatever engine: what makes two rows one post, and which of them is the newest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import polars as pl

from govmedia_kit.interop import wrapped

__all__ = ["FILE", "ROUND_ID", "ROW", "SCIENTIFIC", "lost_ids", "newest_captures", "one_row_per_post"]

# A number in scientific notation is no id, nor one that ends in the zeros of a spreadsheet and stands at several times.
SCIENTIFIC = r"^[0-9.]+[eE][+-]?[0-9]+$"
ROUND_ID = r"^[0-9]{14,}00$"
# Where a row stands, which decides between captures of one moment.
FILE, ROW = "__file", "__row"


def one_row_per_post(posts: Any) -> Any:
    """A frame of posts with one row per post: the newest capture, and of those that are equally new the last row.

    Rows of Polars have an order; those of other libraries are as they come.
    """
    if isinstance(posts, pl.LazyFrame):
        posts = posts.collect()
    if not isinstance(posts, pl.DataFrame):
        return newest_captures(wrapped(posts)).to_native()
    numbered = posts.with_row_index(ROW).lazy()
    found = newest_captures(wrapped(numbered), True, lost_ids(posts)).to_native().collect()
    return found.sort(ROW).drop(ROW)


def lost_ids(posts: pl.DataFrame) -> list[str]:
    """Texts among the ids of posts that are none: a spreadsheet rounded them, as their notation or other posts tell."""
    if "post_id" not in posts.columns:
        return []
    number = pl.col("post_id").cast(pl.String)
    odd = posts.select("account_id", number=number, at="published_at").filter(
        pl.col("number").str.contains(f"{SCIENTIFIC}|{ROUND_ID}")
    )
    several = (pl.col("at").n_unique() > 1) | pl.col("number").first().str.contains(SCIENTIFIC)
    return odd.group_by("account_id", "number").agg(lost=several).filter("lost")["number"].unique().to_list()


def newest_captures(frame: Any, some_nameless: bool = True, lost: Sequence[str] = ()) -> Any:
    """The last of the rows of each post, in the order of capture, file and row; ids that are lost are none."""
    names = frame.collect_schema().names()
    whole = [c for c in names if c not in (FILE, ROW, "captured_at")]
    rest = nw.concat_str(*(nw.col(c).cast(nw.String).fill_null("~") for c in whole), separator="|")
    made: list[Any] = []
    if "post_id" in names:
        number = nw.col("post_id").cast(nw.String)
        named = nw.concat_str(nw.lit("id "), number)
        made.append(nw.when(~number.is_in(list(lost))).then(named) if lost else named)
    if not some_nameless:
        rest = nw.lit("")
    if "url" in names and some_nameless:
        made.append(nw.concat_str(nw.lit("at "), nw.col("url").cast(nw.String)))
    if "title" in names and some_nameless:
        made.append(nw.concat_str(nw.col("published_at").cast(nw.String), nw.lit(" "), nw.col("title").cast(nw.String)))
    post = made[0] if made else rest
    for other in [*made[1:], rest] if made else []:
        post = nw.when(~post.is_null()).then(post).otherwise(other)
    keys = ["account_id", "__post"]
    known = frame.with_columns(__post=post).filter(~nw.col("account_id").is_null())
    # Few posts stand twice: only those few are put in order.
    times = known.group_by(*keys).agg(nw.len().alias("__times"))
    twice = times.filter(nw.col("__times") > 1).select(*keys)
    once, several = known.join(twice, on=keys, how="anti"), known.join(twice, on=keys, how="inner")
    if several.implementation.is_dask():
        # Dask drops doubled rows by parts, in whatever order they come.
        several = wrapped(several.to_native().repartition(npartitions=1))
    order = [name for name in ("captured_at", FILE, ROW) if name in names]
    if ROW not in names:
        # Rows that stand nowhere are put in order by what they hold.
        order += [name for name in names if name not in ("account_id", *order)]
    several = several.unique(keys, keep="last", order_by=order)
    return nw.concat([once.select(*names), several.select(*names)], how="vertical")
