"""Does anybody answer: channels, replies and waiting times, engagement, published indices."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl

from .frames import answers_in_kind

__all__ = ["channels", "replies"]

CHANNELS = ("channel_comments", "channel_messages", "channel_menu")


@answers_in_kind
def channels(accounts: pl.DataFrame) -> pl.DataFrame:
    """What a citizen can do on each account: one row per account.

    `none`: every known channel is false; `full`: all three are known and true; `some`: anything
    between; null where no channel is known.
    """
    known = [pl.col(name).cast(pl.Boolean) for name in CHANNELS if name in accounts.columns]
    open_ = pl.sum_horizontal(pl.lit(0), *(flag.fill_null(False).cast(pl.Int64) for flag in known))
    seen = pl.sum_horizontal(pl.lit(0), *(flag.is_not_null().cast(pl.Int64) for flag in known))
    return accounts.select(
        "account_id",
        channel=pl.when(seen == 0)
        .then(None)
        .when(open_ == 0)
        .then(pl.lit("none"))
        .when(open_ == len(CHANNELS))
        .then(pl.lit("full"))
        .otherwise(pl.lit("some")),
    )


@answers_in_kind
def replies(
    messages: pl.DataFrame, accounts: pl.DataFrame | None = None, *, as_of: date, window_days: int
) -> pl.DataFrame:
    """Messages and what became of them: one row per message received in the window."""
    end = datetime(as_of.year, as_of.month, as_of.day) + timedelta(days=1)
    has_replies = "replied_at" in messages.columns
    for name, dtype in {"account_id": pl.String, "unit": pl.String, "message_id": pl.String}.items():
        if name not in messages.columns:
            messages = messages.with_columns(pl.lit(None, dtype).alias(name))
    if not has_replies:
        messages = messages.with_columns(replied_at=pl.lit(None, pl.Datetime("us")))
    messages = messages.with_columns(
        pl.col("account_id", "unit", "message_id").cast(pl.String),
        pl.col("received_at", "replied_at").cast(pl.Datetime("us")),
    )
    if accounts is not None:
        messages = _of_ledger(messages, accounts)
    answered = pl.col("replied_at").is_not_null()
    wait = pl.when("replied").then(pl.col("replied_at")).otherwise(end) - pl.col("received_at")
    return (
        messages.filter(pl.col("received_at") < end, pl.col("received_at") >= end - timedelta(days=window_days))
        .with_columns(replied_at=pl.when(pl.col("replied_at") < end).then(pl.col("replied_at")))
        .with_columns(
            replied=answered if has_replies else pl.lit(None, pl.Boolean),
            doubtful=(pl.col("replied_at") < pl.col("received_at")).fill_null(False),
        )
        .with_columns(
            wait_days=pl.when(pl.col("replied").is_not_null() & ~pl.col("doubtful")).then(
                wait.dt.total_microseconds() / 86_400_000_000
            )
        )
        .select(
            "account_id",
            "unit",
            "message_id",
            "received_at",
            "replied_at",
            "replied",
            "wait_days",
            "doubtful",
        )
        .sort("received_at", "account_id", "unit", "message_id", maintain_order=True)
    )


def _of_ledger(messages: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The messages to accounts or units of the ledger, each with its account's unit."""
    units = pl.lit(None, pl.String) if "unit" not in accounts.columns else pl.col("unit").cast(pl.String)
    ledger = accounts.select(pl.col("account_id").cast(pl.String), ledger_unit=units)
    known_units = ledger["ledger_unit"].drop_nulls().unique()
    return (
        messages.join(ledger.with_columns(known=True), on="account_id", how="left", maintain_order="left")
        .filter(pl.col("known") | (pl.col("account_id").is_null() & pl.col("unit").is_in(known_units.implode())))
        .with_columns(unit=pl.coalesce("ledger_unit", "unit"))
        .drop("ledger_unit", "known")
    )
