"""Several captures to one row each: posts, messages, accounts, and citizens' comments with the account's answers.

The newest capture of a post wins; columns that it leaves out are filled from the one before. Where files do not say
when they were captured, the later row is the newer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.errors import Problem
from govmedia_kit.read.sources.files import ROW

__all__ = ["Imported", "accounts_of", "answers", "merged_messages", "merged_posts", "newest", "pinned"]

CAPPED = 100_001
# At most so many posts are pinned above a list of the newest.
PINNED = 2
COMMENTS: dict[str, Any] = {
    "account_id": pl.String,
    "comment_id": pl.String,
    "post_id": pl.String,
    "received_at": pl.Datetime("us"),
    "replied_at": pl.Datetime("us"),
}
SPAN: dict[str, Any] = {
    "account_id": pl.String,
    "__src": pl.Int32,
    "first": pl.Datetime("us"),
    "last": pl.Datetime("us"),
    "seen": pl.Datetime("us"),
}


@dataclass(frozen=True)
class Imported:
    """What an import found.

    `report` has a row per file and part of it with rows_read = kept + merged + set_aside; `reasons` a row per file, part, effect
    (set_aside, merged, or note where a row stays) and reason. `comments` are citizens' comments with the account's first
    answer; who wrote them is not kept. `messages` has the column `replied_at` only where a source has it; then
    `unanswerable` are the messages of sources that have not, of which nobody knows whether they were answered.
    `searched` are accounts known only from a search through everybody's posts.
    """

    posts: pl.DataFrame
    accounts: pl.DataFrame
    messages: pl.DataFrame
    unanswerable: pl.DataFrame
    comments: pl.DataFrame
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
    values = [c for c in rows.columns if c not in keys]
    sort = rows.filter(twice).sort(order, nulls_last=False, maintain_order=True)
    aggregates = [
        pl.col(c).last() if c.startswith("__") else pl.col(c).drop_nulls().last()
        for c in values
        if c not in ("reads", "reads_capped")
    ]
    if "reads" in values and "reads_capped" in values:
        known = pl.col("reads").is_not_null()
        aggregates += [pl.col(c).filter(known).last() for c in ("reads", "reads_capped")]
    if "published_at" in values:
        # A date alone says less than another file's time of day.
        timed = pl.col("published_at").filter(pl.col("published_at").dt.time() != pl.time(0)).last()
        aggregates = [a for a in aggregates if a.meta.output_name() != "published_at"]
        aggregates.append(pl.coalesce(timed, pl.col("published_at").drop_nulls().last()).alias("published_at"))
    merged = sort.group_by(keys, maintain_order=True).agg(aggregates)
    return pl.concat([rows.filter(~twice), merged.select(rows.columns)])


def pinned(posts: pl.DataFrame) -> pl.DataFrame:
    """Marks (`__pinned`) the posts on top of an account's list of the newest that are older than its next one."""
    older = (pl.col("published_at") < pl.col("published_at").shift(-1)).fill_null(False)
    starts = (pl.int_range(pl.len()) < PINNED) | (pl.col(ROW) - pl.col(ROW).shift(1).fill_null(0) > 1)
    top = older & (starts | (starts & older).shift(1).fill_null(False))
    several = posts.height and (posts["account_id"] != posts["account_id"][0]).any()
    return posts.with_columns(__pinned=top.over("account_id") if several else top)


def merged_posts(frames: list[pl.DataFrame]) -> tuple[pl.DataFrame, dict[int, int], list[pl.DataFrame]]:
    """All posts, one row each; how many rows each part keeps; and per part the accounts with the span of their posts."""
    dtypes = schema.dtypes("posts")
    pieces, parts = [], []
    for posts in frames:
        if not posts.height:
            continue
        pieces.append(_span(posts))
        pieces[-1] = pieces[-1].join(_names(posts), on="account_id", how="left")
        posts = _built_ids(posts.with_columns(__named=pl.col("post_id").is_not_null()))
        if "reads" in posts.columns:
            bound = pl.col("reads_capped").fill_null(False) if "reads_capped" in posts.columns else pl.lit(False)
            capped = bound | ((pl.col("platform") == "wechat") & (pl.col("reads") == CAPPED))
            posts = posts.with_columns(reads_capped=pl.when(pl.col("reads").is_not_null()).then(capped))
        keep = [c for c in (*dtypes, "__named", "__short", "__src", ROW) if c in posts.columns]
        parts.append(posts.select(keep).cast({c: dtypes[c] for c in keep if c in dtypes}, strict=False))
    if not parts:
        return pl.DataFrame(schema=dtypes), {}, []
    posts = pl.concat(parts, how="diagonal") if len(parts) > 1 else parts[0]
    posts = _under_one_id(_with_ids_of_others(posts))
    order = [c for c in ("captured_at", "__named", "__src", ROW) if c in posts.columns]
    merged = newest(posts, ["account_id", "post_id"], order)
    winners = dict(merged["__src"].value_counts().iter_rows())
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in dtypes.items() if name not in merged.columns]
    tidy = merged.drop("__src", ROW, "__short", "__named", strict=False).with_columns(missing).select(list(dtypes))
    return tidy.sort("account_id", "published_at", "post_id"), winners, pieces


def _span(posts: pl.DataFrame) -> pl.DataFrame:
    listed = posts
    if "__pinned" in posts.columns:
        top = posts.filter("__pinned").select("account_id", "post_id").unique()
        listed = posts.join(top, on=["account_id", "post_id"], how="anti") if top.height else posts
        if top.height:
            # An account of which nothing else is there was seen by what is.
            listed = pl.concat([listed, posts.join(listed, on="account_id", how="anti")])
    seen = [pl.col(c).max() for c in ("captured_at", "feed_built_at") if c in posts.columns]
    spans = listed.group_by("account_id", maintain_order=True).agg(
        pl.col("__src").first(), first=pl.col("published_at").min(), last=pl.col("published_at").max(),
        seen=pl.max_horizontal(*seen) if seen else pl.lit(None, pl.Datetime("us")).first(),
    )  # fmt: skip
    return spans.cast(SPAN)  # type: ignore[arg-type]


def _names(posts: pl.DataFrame) -> pl.DataFrame:
    """The name and id under which each account's newest post gives it; masked names are none."""
    name = pl.when(pl.col("hash").is_null()).then("name")
    late = posts.select("account_id", "platform", "platform_id", "published_at", name=name)
    if late.select(pl.struct("account_id", "platform", "platform_id", "name").n_unique()).item() > 1:
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
    parts = []
    for frame in frames:
        missing = [pl.lit(None, dtype).alias(n) for n, dtype in dtypes.items() if n not in frame.columns]
        frame = _built_ids(frame.with_columns(missing).select(*dtypes, "__src", ROW).cast(dtypes, strict=False))  # type: ignore[arg-type]
        parts.append(frame)
    if not parts:
        return pl.DataFrame(schema=dtypes), {}
    merged = newest(pl.concat(parts), ["account_id", "unit", "message_id"], ["__src", ROW])
    return merged.select(list(dtypes)).sort(list(dtypes)[:4]), dict(merged["__src"].value_counts().iter_rows())


def _built_ids(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts or messages without an id get one from their time and text, the same at every import.

    Rows of one file that agree in both but not in their counts are different posts, and are numbered.
    """
    id_name = "post_id" if "post_id" in posts.columns else "message_id"
    nameless = posts.filter(pl.col(id_name).is_null())
    if not nameless.height:
        return posts
    facts = [c for c in nameless.columns if not c.startswith("__") and c not in ("captured_at", id_name)]
    seen: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    made = []
    for row in nameless.select(facts).iter_rows(named=True):
        when = row.get("published_at") or row.get("received_at")
        said = str(row.get("title") or row.get("unit") or "")
        base = (row.get("account_id"), when, said)
        others = seen.setdefault(base, [])
        all_facts = tuple(row.values())
        if all_facts not in others:
            others.append(all_facts)
        digest = hashlib.sha256(repr((said, others.index(all_facts))).encode()).hexdigest()[:10]
        made.append(f"{when:%Y%m%d%H%M%S}-{digest}" if when else None)
    places = pl.Series(range(posts.height), dtype=pl.UInt32).filter(posts[id_name].is_null())
    return posts.with_columns(posts[id_name].scatter(places, pl.Series(made, dtype=pl.String)))


def accounts_of(
    frames: list[pl.DataFrame], spans: list[pl.DataFrame], shows: list[str], tools: list[str], ledger: Iterable[str]
) -> tuple[pl.DataFrame, dict[int, int], frozenset[str]]:
    """Accounts that files list or whose posts they hold: one row each, with the days for which posts were collected.

    A search through everybody's posts collects nobody's: no days follow from it. Collection ends on the day of the newest
    capture, or of the last post where the file does not say when it was made.
    """
    dtypes = schema.dtypes("accounts")
    listed = [
        f.select(*(c for c in (*dtypes, "captured_at", "__src", ROW) if c in f.columns)) for f in frames if f.height
    ]
    listed = [f.cast({c: dtypes[c] for c in f.columns if c in dtypes}, strict=False) for f in listed]
    winners: dict[int, int] = {}
    tidy = pl.DataFrame(schema=dtypes)
    if listed:
        rows = pl.concat(listed, how="diagonal")
        order = [c for c in ("captured_at", "__src", ROW) if c in rows.columns]
        rows = newest(rows, ["account_id"], order)
        # A ledger's row may hold several accounts, and is one row kept.
        winners = dict(rows.select("__src", ROW).unique()["__src"].value_counts().iter_rows())
        source = pl.col("__src").replace_strict(dict(enumerate(tools)), return_dtype=pl.String)
        missing = [pl.lit(None, dtype).alias(n) for n, dtype in dtypes.items() if n not in rows.columns]
        tidy = rows.with_columns(missing).with_columns(source=pl.coalesce("source", source)).select(list(dtypes))
    if not spans:
        return tidy.sort("account_id"), winners, frozenset()
    span = pl.concat(spans)
    kind = pl.col("__src").replace_strict(dict(enumerate(shows)), return_dtype=pl.String)
    tool = pl.col("__src").replace_strict(dict(enumerate(tools)), return_dtype=pl.String)
    span = span.with_columns(kind=kind, source=tool)
    shown = pl.col("kind") != "search"
    posted = span.group_by("account_id").agg(
        pl.col("platform", "platform_id", "name").drop_nulls().last(),
        pl.col("source").unique().sort().str.join("; "),
        observed_from=pl.col("first").filter(shown).min().dt.date(),
        observed_to=pl.coalesce(pl.max_horizontal("seen", "last"), "last").filter(shown).max().dt.date(),
        searched=(~shown).all(),
    )
    searched = set(posted.filter("searched")["account_id"]) - set(tidy["account_id"]) - set(ledger)
    joined = tidy.join(posted.drop("searched"), on="account_id", how="full", suffix="_posted", coalesce=True)
    both = [c for c in posted.columns if c not in ("account_id", "searched")]
    joined = joined.with_columns(pl.coalesce(c, f"{c}_posted").alias(c) for c in both).select(list(dtypes))
    return joined.sort("account_id"), winners, frozenset(searched)


def answers(
    frames: list[pl.DataFrame], posts: pl.DataFrame, ledger: Iterable[str]
) -> tuple[pl.DataFrame, dict[int, int]]:
    """Citizens' comments, one row each, with the account's first answer; the account's own comments are merged into them.

    Who wrote a comment is used to know the account's own answers, and not kept. Without a post or an answer, the account that
    was addressed is not known.
    """
    if not frames:
        return pl.DataFrame(schema=COMMENTS), {}
    wanted = ("account_id", "comment_id", "post_id", "parent_id", "received_at", "__src", ROW)
    parts = [
        f.select(*(pl.col(c) if c in f.columns else pl.lit(None, pl.String).alias(c) for c in wanted))
        for f in frames
        if f.height
    ]
    if not parts:
        return pl.DataFrame(schema=COMMENTS), {}
    rows = newest(pl.concat(parts), ["comment_id"], ["__src", ROW])
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
    return tidy, dict(asked["__src"].value_counts().iter_rows())
