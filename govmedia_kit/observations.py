"""What was collected of each account, from when to when, and by what that is known: the evidence behind every verdict.

A row of `observations` says that one source could show an account's posts from a day to a day. Only a `complete` source (a
timeline, a back office's export, an inspector's note, what the user states) proves a silence; a keyword search, a hot list
or a single post holds real posts, and what it lacks means nothing. A *run* is what one tool wrote under one folder.

`basis` is how the last day is known: `captured` (the newest capture of the run), `stated` (by the user), `noted` (an
inspector's note), or `run`, an assumption: the newest post of any account of the run. An assumed end never crosses runs, and
proves nothing in a run of one account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.interop import conformed

__all__ = ["EVER", "SEARCHED", "SPANS", "ends", "evidence", "none", "of_ledger", "of_runs", "spans_of", "with_stated"]

# What is known of one account in one run: its oldest and newest post, the newest capture; complete, or one of several hits.
SPANS: dict[str, Any] = {
    **dict.fromkeys(("account_id", "run", "source"), pl.String),
    "complete": pl.Boolean,
    **dict.fromkeys(("first", "last", "captured"), pl.Date),
}
# Headings, as `headings.column_key` makes them, that only the hits of a search or a list of the most read have.
SEARCHED = {
    *("sourcekeyword", "keyword", "searchkeyword", "关键词", "关键字", "搜索词", "检索词"),
    *("热搜", "热榜", "话题榜", "榜单", "排名", "rank"),
}
# The day before which nobody posted anything.
EVER = dt.date(1990, 1, 1)


def none() -> pl.DataFrame:
    """A table of observations without a row."""
    return pl.DataFrame(schema=schema.dtypes("observations"))


def spans_of(posts: pl.DataFrame, *, run: str = "", source: str = "", complete: bool = True) -> pl.DataFrame:
    """The span of each account's posts in one run: one row per account, columns of `SPANS`.

    `posts` has `account_id`, and `published_at` (datetime) or `day` (days since 1970-01-01); `captured_at` is optional.
    """
    names = posts.columns
    day = (
        pl.col("published_at").cast(pl.Date) if "published_at" in names else pl.col("day").cast(pl.Int32).cast(pl.Date)
    )
    captured = pl.col("captured_at").cast(pl.Date).max() if "captured_at" in names else pl.lit(None, pl.Date)
    found = posts.group_by("account_id").agg(first=day.min(), last=day.max(), captured=captured)
    told = {"run": pl.lit(run), "source": pl.lit(source), "complete": pl.lit(complete)}
    return conformed(found.with_columns(**told), SPANS).drop_nulls(["account_id", "first"]).sort("account_id")


def of_runs(spans: pl.DataFrame, stated: Mapping[str, dt.date] | dt.date | None = None) -> pl.DataFrame:
    """The observations of runs: one row per account and run, of whatever it holds.

    `stated` is the day to which all sources without a capture of their own were collected, or such days by run or source.
    The last day is the newest capture of the whole run, else the stated one, else the newest post of any of its accounts; then
    `others_to` is that of any other account, without which an assumed end fails nobody. A search beside timelines, whenever it
    was made, says nothing of where they end.
    """
    if not spans.height:
        return none()
    # A search beside the timelines of a run proves no end of theirs, nor is it an account of the run.
    timeline, looked = pl.when("complete").then("last"), pl.when("complete").then("captured")
    ranked = timeline.rank("ordinal", descending=True).over("run")
    found = spans.with_columns(
        captured=pl.when("complete").then(looked.max().over("run")).otherwise(pl.col("captured").max().over("run")),
        newest=timeline.max().over("run"),
        second=timeline.filter(ranked == 2).max().over("run"),
        accounts=pl.col("account_id").filter("complete").n_unique().over("run"),
        leads=(ranked == 1).fill_null(False),
    ).with_columns(basis=pl.when(pl.col("captured").is_not_null()).then(pl.lit("captured")).otherwise(pl.lit("run")))
    is_run = pl.col("basis") == "run"
    assumed = pl.when(pl.col("accounts") > 1).then("newest")
    rows = found.with_columns(
        pl.col("first").alias("from"),
        pl.coalesce("captured", pl.when(is_run).then(assumed)).alias("to"),
        others_to=pl.when(is_run, pl.col("accounts") > 1).then(pl.when("leads").then("second").otherwise("newest")),
    )
    return with_stated(conformed(rows, schema.dtypes("observations")), stated).sort("account_id", "run", "from")


def with_stated(observations: pl.DataFrame, stated: Mapping[str, dt.date] | dt.date | None) -> pl.DataFrame:
    """The observations with the stated day in place of every end that was assumed or is not known."""
    if not stated:
        return observations
    asked: pl.Expr = pl.lit(stated if isinstance(stated, dt.date) else None, pl.Date)
    if isinstance(stated, Mapping):
        names = [pl.col("run"), pl.col("source"), pl.col("run").str.split("/").list.last()]
        asked = pl.coalesce(n.replace_strict(dict(stated), default=None, return_dtype=pl.Date) for n in names)
    told = (pl.col("basis") == "run") & asked.is_not_null()
    return observations.with_columns(
        pl.when(told).then(asked).otherwise("to").alias("to"),
        basis=pl.when(told).then(pl.lit("stated")).otherwise("basis"),
        others_to=pl.when(~told).then("others_to"),
    )


def of_ledger(
    accounts: pl.DataFrame,
    *,
    as_of: dt.date,
    noted_on: dt.date | None = None,
    stated: dt.date | None = None,
    source: str = "accounts",
) -> pl.DataFrame:
    """What a ledger proves: days that it states (`observed_from`, `observed_to`), and an inspector's notes.

    A note of the last post proves that there was none after it up to the day on which it was made (`noted_on`, of the row or
    of all), or the monitoring point; a number of posts of 0, that there never was one. A note of a later day than `as_of`, or a
    number of posts without a day, proves nothing about `as_of`.
    """
    dates = ("observed_from", "observed_to", "opened_on", "last_post_on", "noted_on")
    wanted = {"account_id": pl.String, **dict.fromkeys(dates, pl.Date), "post_count": pl.Int64}
    ledger = conformed(accounts, wanted).drop_nulls("account_id")
    days = ledger.filter(pl.any_horizontal(pl.col("observed_from", "observed_to").is_not_null())).select(
        "account_id",
        pl.col("observed_from").alias("from"),
        pl.coalesce("observed_to", pl.lit(stated, pl.Date)).alias("to"),
        basis=pl.lit("stated"),
    )
    noted = pl.coalesce("noted_on", pl.lit(noted_on, pl.Date), pl.lit(as_of))
    never = pl.col("last_post_on").is_null() & (pl.col("post_count") == 0)
    begins = pl.when(never).then(pl.coalesce("opened_on", pl.lit(EVER))).otherwise("last_post_on")
    notes = (
        ledger.select("account_id", begins.alias("from"), noted.alias("to"), basis=pl.lit("noted"))
        .filter(pl.col("from").is_not_null(), pl.col("from") <= as_of)
    )  # fmt: skip
    rows = pl.concat([days, notes], how="diagonal").with_columns(
        run=pl.lit(source), source=pl.lit(source), complete=pl.lit(True)
    )
    return conformed(rows, schema.dtypes("observations")).sort("account_id", "basis", "from")


def ends(observations: pl.DataFrame) -> list[dt.date]:
    """The days by which something is known to have been collected: captured or stated."""
    known = observations.filter(pl.col("basis").is_in(["captured", "stated"]))
    return known["to"].drop_nulls().unique().to_list()


def evidence(observations: pl.DataFrame, oldest: pl.DataFrame, *, as_of: dt.date) -> pl.DataFrame:
    """What the observations prove about the monitoring point: one row per account that has any, sorted by account_id.

    `oldest` has the day of each account's oldest known post (`account_id`, `oldest`), from which it is taken as observed where
    nothing says from when. Complete spans are one where they touch or overlap.

    - `account_id` (str)
    - `span_from`, `span_to` (Date): the joined span that holds `as_of`, else the last that begins before it; null without any
    - `covered` (bool): that span holds `as_of`
    - `basis` (str): the best of those by which it reaches `as_of`: captured, stated, noted, run; null where it does not
    - `others_to` (Date): with basis `run`, the newest post of any other account of the run
    - `collected` (bool): posts of some days up to `as_of` were collected, rather than noted
    - `partial` (bool): some source is a search, a list or a single post
    - `open_ended` (bool): a complete source of which nothing tells where it ends
    """
    bases = ["captured", "stated", "noted", "run"]
    rank = pl.col("basis").replace_strict(
        {name: i for i, name in enumerate(bases)}, default=None, return_dtype=pl.Int64
    )
    # An assumed end with no other account to show for it is none.
    alone = (pl.col("basis") == "run") & pl.col("others_to").is_null()
    rows = observations.with_columns(to=pl.when(~alone.fill_null(False)).then("to"))
    rows = rows.join(oldest, on="account_id", how="left").with_columns(
        pl.coalesce("from", pl.min_horizontal("oldest", "to"), "to").alias("from"), rank=rank
    )
    proves = pl.col("complete") & (pl.col("from") <= pl.col("to"))
    known = rows.group_by("account_id").agg(
        collected=(proves & (pl.col("from") <= as_of) & pl.col("basis").ne_missing("noted")).any(),
        partial=(~pl.col("complete")).any(),
        open_ended=(pl.col("complete") & pl.col("to").is_null()).any(),
    )
    spans = rows.filter(proves).sort("account_id", "from", "to")
    reached = pl.col("to").cum_max().shift(1).over("account_id")
    begins = (reached.is_null() | (pl.col("from") > reached.dt.offset_by("1d"))).cast(pl.Int64)
    reaches = pl.lit(as_of).is_between("from", "to")
    by_run = reaches & (pl.col("basis") == "run")
    joined = (
        spans.with_columns(part=begins.cum_sum().over("account_id"))
        .group_by("account_id", "part")
        .agg(
            pl.col("from").min().alias("span_from"),
            pl.col("to").max().alias("span_to"),
            rank=pl.col("rank").filter(reaches).min(),
            others_to=pl.col("others_to").filter(by_run).max(),
        )
        .filter(pl.col("span_from") <= as_of)
        .sort("account_id", "span_from")
        .unique("account_id", keep="last", maintain_order=True)
    )
    covered = (pl.col("span_to") >= as_of).fill_null(False)
    best = pl.col("rank").replace_strict(dict(enumerate(bases)), default=None, return_dtype=pl.String)
    return (
        known.join(joined, on="account_id", how="left")
        .select(
            "account_id",
            "span_from",
            "span_to",
            covered=covered,
            basis=pl.when(covered).then(best),
            others_to=pl.when(covered & (best == "run")).then("others_to"),
            collected="collected",
            partial="partial",
            open_ended="open_ended",
        )
        .sort("account_id")
    )
