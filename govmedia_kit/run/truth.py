"""What must come out of a made-up audit: worked out from how its accounts were made, never by the kit's own measures."""

from __future__ import annotations

import datetime as dt

import polars as pl

from govmedia_kit.run.invent import AS_OF, WINDOW_DAYS

__all__ = ["figures_of_truth", "truth_of"]


def truth_of(ledger: pl.DataFrame, made: pl.DataFrame, messages: pl.DataFrame) -> pl.DataFrame:
    """What must come out for each account, from how it was made: one row per account of the ledger."""
    by_then = pl.col("back") >= 0
    inside = by_then & (pl.col("back") < WINDOW_DAYS)
    sums = {
        c: pl.when(pl.col(c).filter(inside).count() > 0).then(pl.col(c).filter(inside).sum())
        for c in ("reads", "likes")
    }
    posted = made.group_by("account").agg(
        posted=pl.col("back").filter(by_then).min(),
        posts_in_window=inside.sum().cast(pl.Int64),
        **{f"{name}_in_window": total for name, total in sums.items()},
    )
    noted = pl.when(pl.col("note") >= 0).then("note")
    since, live, checked = pl.col("since"), pl.col("live"), pl.col("checked")
    # Days since the last post that anybody knows of; since the day before it was observed, where no later one is known.
    known = pl.min_horizontal("posted", noted)
    unseen = since.is_not_null() & (known.is_null() | (known > since + 1))
    never = (pl.col("post_count") == 0) | ((pl.col("seen") == "opened") & known.is_null())
    nobody = pl.col("seen").is_not_null() & pl.col("posts_in_window").is_null()
    truth = (
        ledger.join(posted, on="account", how="left", maintain_order="left")
        .join(_answered(messages), on="account_id", how="left", maintain_order="left")
        .with_columns(not_checked_reason=pl.when(live).then("reason"))
        .with_columns(checked=pl.when(live).then(pl.col("not_checked_reason").is_null()))
        .with_columns(
            never=pl.when(checked).then(never.fill_null(False)),
            gap_days=pl.when(checked).then(pl.when(unseen).then(since + 1).otherwise(known)),
            last_post=pl.when(~unseen).then(pl.lit(AS_OF) - pl.duration(days=known)),
            posts_in_window=pl.when(nobody).then(0).otherwise("posts_in_window"),
            channel=pl.when(pl.col("kind") != "unknown").then("kind"),
        )
        .with_columns(
            stale=checked & (pl.col("never") | (pl.col("gap_days") > 14).fill_null(False)),
            warned=checked & (pl.col("never") | (pl.col("gap_days") > 7).fill_null(False)),
            borderline=(pl.col("gap_days") == 14).fill_null(False),
            dormant=(pl.col("gap_days") > 90).fill_null(False),
        )
        .with_columns(pl.when(checked).then(mark).alias(mark) for mark in ("stale", "warned", "borderline", "dormant"))
    )
    fails = pl.col("stale") | (pl.col("channel") == "none").fill_null(False)
    judged = pl.when(fails).then(pl.lit("failed")).otherwise(pl.lit("passed"))
    same = ["unit", "platform", "purpose"]
    return truth.with_columns(
        verdict=pl.when(checked).then(judged).when(live).then(pl.lit("not_checked")),
        unit_accounts=pl.when(live).then(live.sum().over("unit").cast(pl.Int64)),
        same_platform_accounts=pl.when(live).then(live.sum().over(same).cast(pl.Int64)),
    )


def _answered(messages: pl.DataFrame) -> pl.DataFrame:
    """How many messages of the window each account got, and how many it had answered by the monitoring point."""
    end = dt.datetime.combine(AS_OF, dt.time()) + dt.timedelta(days=1)
    received = pl.col("received_at")
    once = messages.unique(["account_id", "received_at"], keep="last", maintain_order=True)
    return (
        once.filter(received < end, received >= end - dt.timedelta(days=WINDOW_DAYS))
        .group_by("account_id")
        .agg(messages=pl.len().cast(pl.Int64), replied=(pl.col("replied_at") < end).sum().cast(pl.Int64))
    )


def figures_of_truth(truth: pl.DataFrame) -> pl.DataFrame:
    """The figures that follow from the truth: one row per id of `figures.json`."""
    live, channel, several = truth.filter("live"), pl.col("channel"), pl.col("same_platform_accounts") > 1
    groups = live.filter(several).select("unit", "platform", "purpose").unique().height
    counts = {
        "units": pl.col("unit").n_unique(),
        "accounts.registered": pl.len(),
        "accounts.checked": pl.col("checked").sum(),
        "accounts.not_checked": (~pl.col("checked")).sum(),
        "accounts.passed": (pl.col("verdict") == "passed").sum(),
        "accounts.failed": (pl.col("verdict") == "failed").sum(),
        "pass_rate": (pl.col("verdict") == "passed").sum() / pl.col("checked").sum(),
        **{f"updates.{m}": pl.col(m).sum() for m in ("stale", "never", "borderline", "warned", "dormant")},
        "duplication.units_same_platform": pl.col("unit").filter(several).n_unique(),
        "duplication.redundant_accounts": several.sum() - groups,
        "interaction.no_channel": (channel == "none").sum(),
        "interaction.full": (channel == "full").sum(),
        "interaction.channels_unknown": channel.is_null().sum(),
        "interaction.messages": pl.col("messages").sum(),
        "interaction.reply_rate": pl.col("replied").sum() / pl.col("messages").sum(),
    }
    found = live.select(value.alias(name) for name, value in counts.items()).row(0, named=True)
    return pl.DataFrame({"id": list(found), "value": [str(value) for value in found.values()]})
