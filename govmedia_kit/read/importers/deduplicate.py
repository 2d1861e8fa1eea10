"""Several captures to one row each: posts, messages, accounts, and citizens' comments with the account's answers.

The newest capture of a post wins; columns that it leaves out are filled from the one before. Where files do not say
when they were captured, the later row is the newer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.captures import ROUND_ID
from govmedia_kit.errors import Problem
from govmedia_kit.interop import conformed
from govmedia_kit.parse_cells import CAPPED
from govmedia_kit.read.sources.files import ROW

__all__ = [
    "Imported",
    "accounts_of",
    "answered_comments",
    "merged_messages",
    "merged_posts",
    "newest",
    "pinned",
    "with_ids",
]

# At most so many posts are pinned above a list of the newest.
PINNED = 2
TIME = pl.Datetime("us")
# Of each row: the number of its file, and its own in it.
ORIGIN = {"__src": pl.Int32, ROW: pl.Int64}
SPAN: dict[str, Any] = {
    "account_id": pl.String,
    "complete": pl.Boolean,
    "__src": pl.Int32,
    **dict.fromkeys(("first", "last", "seen"), TIME),
}


@dataclass(frozen=True)
class Imported:
    """What an import found.

    `report` has a row per file and part of it with rows_read = kept + merged + set_aside; `reasons` a row per file, part, effect
    (set_aside, merged, or note where a row stays) and reason. `comments` are citizens' comments with the account's first
    answer; who wrote them is not kept. `observations` say which days of which accounts were collected. `messages` has the column `replied_at` only where a source has it; then
    `unanswerable` are the messages of sources that have not, of which nobody knows whether they were answered.
    `searched` are accounts known only from a search through everybody's posts.
    """

    posts: pl.DataFrame
    accounts: pl.DataFrame
    messages: pl.DataFrame
    unanswerable: pl.DataFrame
    comments: pl.DataFrame
    observations: pl.DataFrame
    report: pl.DataFrame
    reasons: pl.DataFrame
    searched: frozenset[str]
    problems: list[Problem] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)


def newest(rows: pl.DataFrame, keys: list[str], order: list[str]) -> pl.DataFrame:
    """One row per key: of each column the newest value that is known, later rows being newer where `order` says nothing."""
    # Ids that all differ are quickly seen, and the usual case.
    if rows[keys[-1]].hash().n_unique() == rows.height:
        return rows
    twice = rows.select(pl.struct(keys).is_duplicated()).to_series()
    if not twice.any():
        return rows
    latest = {c: pl.col(c).last() if c.startswith("__") else pl.col(c).drop_nulls().last() for c in rows.columns}
    if {"reads", "reads_capped"} <= latest.keys():
        known = pl.col("reads").is_not_null()
        latest |= {c: pl.col(c).filter(known).last() for c in ("reads", "reads_capped")}
    if "published_at" in latest:
        # A date alone says less than another file's time of day.
        timed = pl.col("published_at").filter(pl.col("published_at").dt.time() != pl.time(0)).last()
        latest["published_at"] = pl.coalesce(timed, latest["published_at"])
    merged = (
        rows.filter(twice)
        .sort(order, nulls_last=False, maintain_order=True)
        .group_by(keys, maintain_order=True)
        .agg(latest[c] for c in rows.columns if c not in keys)
    )
    return pl.concat([rows.filter(~twice), merged.select(rows.columns)])


def pinned(posts: pl.DataFrame) -> pl.DataFrame:
    """Marks (`__pinned`) the posts on top of an account's list of the newest that are older than its next one."""
    older = (pl.col("published_at") < pl.col("published_at").shift(-1)).fill_null(False)
    starts = (pl.int_range(pl.len()) < PINNED) | (pl.col(ROW) - pl.col(ROW).shift(1).fill_null(0) > 1)
    top = older & (starts | (starts & older).shift(1).fill_null(False))
    return posts.with_columns(__pinned=top.over("account_id"))


def merged_posts(
    frames: list[pl.DataFrame], complete: list[bool], own: list[bool]
) -> tuple[pl.DataFrame, dict[int, int], list[pl.DataFrame]]:
    """All posts, one row each; how many rows each part keeps; and per part the accounts with the span of their posts.

    `complete` says for each part, by its number, whether it shows all posts of its accounts; `own` whether it is a table in the
    dictionary's own words: of its captures the newest stands as it is, what it leaves out being not known.
    """
    dtypes = schema.dtypes("posts")
    parts, spans = [], []
    for posts in frames:
        if not posts.height:
            continue
        spans.append(_span(posts, complete[posts["__src"][0]]).join(_names(posts), on="account_id", how="left"))
        posts = posts.with_columns(__named=pl.col("post_id").is_not_null())
        if "reads" in posts.columns:
            bound = pl.col("reads_capped").fill_null(False) if "reads_capped" in posts.columns else pl.lit(False)
            capped = bound | ((pl.col("platform") == "wechat") & (pl.col("reads") == CAPPED))
            posts = posts.with_columns(reads_capped=pl.when(pl.col("reads").is_not_null()).then(capped))
        keep = [c for c in (*dtypes, "__named", "__short", "__src", ROW) if c in posts.columns]
        parts.append(posts.select(keep).cast({c: dtypes[c] for c in keep if c in dtypes}, strict=False))
    if not parts:
        return pl.DataFrame(schema=dtypes), {}, []
    posts = with_ids(_without_rounded_ids(pl.concat(parts, how="diagonal")))
    posts = _under_one_id(_with_ids_of_others(posts))
    order = [c for c in ("captured_at", "__named", "__src", ROW) if c in posts.columns]
    keys = ["account_id", "post_id"]
    mine = pl.col("__src").is_in([number for number, is_own in enumerate(own) if is_own])
    whole = posts.filter(mine).sort(order, nulls_last=False, maintain_order=True).unique(keys, keep="last")
    merged = newest(pl.concat([posts.filter(~mine), whole]) if whole.height else posts, keys, order)
    return conformed(merged, dtypes).sort("account_id", "published_at", "post_id"), _rows_by_file(merged), spans


def _without_rounded_ids(posts: pl.DataFrame) -> pl.DataFrame:
    """Without the ids that stand at several times of one account, and end in the zeros that a spreadsheet leaves."""
    doubtful = posts.filter(pl.col("post_id").str.contains(ROUND_ID))
    if not doubtful.height:
        return posts
    at = doubtful.group_by("account_id", "post_id").agg(pl.col("published_at").n_unique())
    rounded = at.filter(pl.col("published_at") > 1).select("account_id", "post_id", __rounded=True)
    marked = posts.join(rounded, on=["account_id", "post_id"], how="left", maintain_order="left")
    lost = pl.col("__rounded").fill_null(False)
    return marked.with_columns(
        post_id=pl.when(~lost).then("post_id"), __named=pl.col("__named") & ~lost
    ).drop("__rounded")  # fmt: skip


def _stacked(frames: list[pl.DataFrame], dtypes: Mapping[str, Any]) -> pl.DataFrame:
    """The rows of all frames with these columns and where they are from."""
    every = {**dtypes, **ORIGIN}
    return pl.concat([pl.DataFrame(schema=every), *(conformed(frame, every) for frame in frames)])


def _rows_by_file(rows: pl.DataFrame) -> dict[int, int]:
    """How many of the rows each file gave."""
    return dict(rows["__src"].value_counts().iter_rows())


def _span(posts: pl.DataFrame, complete: bool) -> pl.DataFrame:
    """The oldest and newest post and the newest capture of each account: of all that a part shows, and apart of hits in it.

    A post that is pinned above a list says nothing of where the list begins; and where nothing else of an account is there, the
    list was not seen.
    """
    hit = pl.col("keyword").is_not_null() if "keyword" in posts.columns else pl.lit(False)
    pin = pl.col("__pin") if "__pin" in posts.columns else pl.lit(False)
    listed = posts.with_columns(complete=pl.lit(complete) & ~hit & ~pin.all().over("account_id"))
    if "__pinned" in posts.columns and posts["__pinned"].any():
        is_top = (pl.col("__pinned") & pl.col("post_id").is_not_null()).any().over("account_id", "post_id")
        # An account of which nothing else is there was seen by what is.
        listed = listed.with_columns(__top=is_top).filter(~pl.col("__top") | pl.col("__top").all().over("account_id"))
    seen = [pl.col(c).max() for c in ("captured_at", "feed_built_at") if c in posts.columns]
    spans = listed.group_by("account_id", "complete", maintain_order=True).agg(
        pl.col("__src").first(), first=pl.col("published_at").min(), last=pl.col("published_at").max(),
        seen=pl.max_horizontal(*seen) if seen else pl.lit(None, pl.Datetime("us")).first(),
    )  # fmt: skip
    return spans.cast(SPAN).select(list(SPAN))  # type: ignore[arg-type]


def _names(posts: pl.DataFrame) -> pl.DataFrame:
    """The name and id under which each account's newest post gives it; masked names are none."""
    name = pl.when(pl.col("hash").is_null()).then("name")
    late = posts.select("account_id", "platform", "platform_id", "published_at", name=name)
    late = late.sort("published_at", maintain_order=True)
    return late.group_by("account_id", maintain_order=True).agg(
        pl.col("platform", "platform_id", "name").drop_nulls().last()
    )


def _with_ids_of_others(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts of a file that gives no ids (weiboSpider's text beside its CSV) under the ids that another file gives them.

    They are the same where account, minute and text agree, and there are as many of them in both.
    """
    if posts["__named"].all() or not posts["__named"].any() or "title" not in posts.columns:
        return posts
    key = ["account_id", "__minute", "__text"]
    keyed = posts.with_row_index("__at").with_columns(
        __minute=pl.col("published_at").dt.truncate("1m"),
        __text=pl.col("title").fill_null("").str.replace_all(r"\s", "").str.slice(0, 60),
    )
    named = keyed.filter("__named").unique([*key, "post_id"], keep="first", maintain_order=True)
    named = named.group_by(key).agg(__ids=pl.col("post_id"))
    nameless = keyed.filter(~pl.col("__named")).join(named, on=key, how="inner", maintain_order="left")
    groups = nameless.group_by([*key, "__src"], maintain_order=True).agg("__at", pl.col("__ids").first())
    same = groups.filter(pl.col("__at").list.len() == pl.col("__ids").list.len()).explode("__at", "__ids")
    return posts.with_columns(posts["post_id"].scatter(same["__at"], same["__ids"])) if same.height else posts


def _under_one_id(posts: pl.DataFrame) -> pl.DataFrame:
    """WeChat's two names of an article are one where some file has both: `/s/…` in the address and the message's number."""
    if "__short" not in posts.columns or posts["__short"].null_count() == posts.height:
        return posts
    both = posts.filter(pl.col("__short").is_not_null(), pl.col("post_id") != pl.col("__short"))
    known = both.group_by("account_id", "__short").agg(__known=pl.col("post_id").min())
    if not known.height:
        return posts
    joined = posts.join(known, on=["account_id", "__short"], how="left", maintain_order="left")
    short = pl.col("post_id") == pl.col("__short")
    return joined.with_columns(
        post_id=pl.when(short).then(pl.coalesce("__known", "post_id")).otherwise("post_id")
    ).drop("__known")


def merged_messages(frames: list[pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame, dict[int, int]]:
    """The messages of all files, one row each; apart, those of files without replies where others have them; rows kept.

    A file without a column of replies says nothing about them: beside one that has it, its messages would seem unanswered.
    """
    filled = [frame for frame in frames if frame.height]
    answered = [frame for frame in filled if "replied_at" in frame.columns]
    silent = [frame for frame in filled if "replied_at" not in frame.columns]
    messages, winners = _messages(answered or silent, replies=bool(answered) or not silent)
    apart, others = _messages(silent if answered else [], replies=False)
    return messages, apart, winners | others


def _messages(frames: list[pl.DataFrame], *, replies: bool) -> tuple[pl.DataFrame, dict[int, int]]:
    dtypes = {name: dtype for name, dtype in schema.dtypes("messages").items() if replies or name != "replied_at"}
    extra = {**dtypes, **ORIGIN, "__whole": pl.String}
    rows = _stacked([with_ids(conformed(frame, extra)) for frame in frames], dtypes)
    merged = newest(rows, ["account_id", "unit", "message_id"], ["__src", ROW])
    return merged.select(list(dtypes)).sort(list(dtypes)[:4]), _rows_by_file(merged)


def with_ids(rows: pl.DataFrame) -> pl.DataFrame:
    """Posts or messages without an id get one that is the same at every import: one of rows that are one post has that of all.

    Without ids one post is one address; without that one time and title; with neither, only rows that agree in all are one.
    """
    id_name = "post_id" if "post_id" in rows.columns else "message_id"
    if not rows[id_name].null_count():
        return rows
    when = "published_at" if id_name == "post_id" else "received_at"
    whole = [c for c in rows.columns if not c.startswith("__") and c not in ("captured_at", id_name, "source")]
    if "__whole" in rows.columns:
        whole = ["__whole"]
    text = {c: pl.col(c).cast(pl.String).fill_null("\0") for c in {*whole, when}}
    same = pl.concat_str([text[c] for c in whole], separator="\t")
    timed = pl.col(when).dt.to_string("%Y%m%d%H%M%S-")
    by = [pl.lit("at-") + _digest(pl.col("url"))] if "url" in whole else []
    by += [timed + _digest(pl.col("title"))] if "title" in whole else []
    built = pl.coalesce(*by, timed + _digest(same))
    nameless = rows.filter(pl.col(id_name).is_null()).select(built)
    places = pl.Series(range(rows.height), dtype=pl.UInt32).filter(rows[id_name].is_null())
    return rows.with_columns(rows[id_name].scatter(places, nameless.to_series()))


def _digest(text: pl.Expr) -> pl.Expr:
    return text.map_elements(lambda cell: hashlib.sha256(cell.encode()).hexdigest()[:10], return_dtype=pl.String)


def accounts_of(
    frames: list[pl.DataFrame], spans: list[pl.DataFrame], tools: list[str], ledger: Iterable[str]
) -> tuple[pl.DataFrame, dict[int, int], frozenset[str]]:
    """Accounts that files list or whose posts they hold, one row each; and those that only a search has met."""
    dtypes = schema.dtypes("accounts")
    tool = pl.col("__src").replace_strict(dict(enumerate(tools)), return_dtype=pl.String)
    rows = newest(_stacked(frames, {**dtypes, "captured_at": TIME}), ["account_id"], ["captured_at", "__src", ROW])
    # A ledger's row may hold several accounts, and is one row kept.
    winners = _rows_by_file(rows.select("__src", ROW).unique())
    listed = conformed(rows.with_columns(source=pl.coalesce("source", tool)), dtypes)
    if not spans:
        return listed.sort("account_id"), winners, frozenset()
    posted = pl.concat(spans).with_columns(source=tool).group_by("account_id").agg(
        pl.col("platform", "platform_id", "name").drop_nulls().last(),
        pl.col("source").unique().sort().str.join("; "),
        searched=~pl.col("complete").any(),
    )  # fmt: skip
    searched = set(posted.filter("searched")["account_id"]) - set(listed["account_id"]) - set(ledger)
    known = conformed(posted, dtypes).update(listed, on="account_id", how="full")
    return known.sort("account_id"), winners, frozenset(searched)


def answered_comments(
    frames: list[pl.DataFrame], posts: pl.DataFrame, ledger: Iterable[str]
) -> tuple[pl.DataFrame, dict[int, int]]:
    """Citizens' comments, one row each, with the account's first answer; the account's own comments are merged into them.

    Who wrote a comment is used to know the account's own answers, and not kept. Without a post or an answer, the account that
    was addressed is not known.
    """
    ids = dict.fromkeys(("account_id", "comment_id", "post_id", "parent_id"), pl.String)
    rows = newest(_stacked(frames, {**ids, "received_at": TIME}), ["comment_id"], ["__src", ROW])
    # Comments on another platform's posts could bear the same number; a number of sixteen digits and more does not.
    owner = posts.select("post_id", owner="account_id").unique("post_id", keep="first", maintain_order=True)
    rows = rows.join(owner, on="post_id", how="left", maintain_order="left")
    institutions = {*posts["account_id"].unique(), *ledger}
    mine = pl.when(pl.col("owner").is_not_null()).then(pl.col("account_id") == pl.col("owner")).otherwise(
        pl.col("account_id").is_in(list(institutions))
    )  # fmt: skip
    rows = rows.with_columns(mine=mine.fill_null(False))
    own = rows.filter(pl.col("mine"), pl.col("parent_id").is_not_null())
    reply = own.group_by("parent_id").agg(replied_at=pl.col("received_at").min(), by=pl.col("account_id").first())
    asked = rows.filter(~pl.col("mine")).join(reply, left_on="comment_id", right_on="parent_id", how="left")
    tidy = asked.select(
        pl.coalesce("owner", "by").alias("account_id"), "comment_id", "post_id", "received_at", "replied_at"
    ).sort("received_at", "comment_id")
    return tidy, _rows_by_file(asked)
