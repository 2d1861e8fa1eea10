"""This round against the last one (回头看): what was mended, what persists, what is new, what is gone, what was renamed."""

from __future__ import annotations

import polars as pl

from govmedia_kit import statistics
from govmedia_kit.interop import with_dtypes
from govmedia_kit.judge.assessment import Assessment

__all__ = ["OUTCOMES", "follow_up", "matched", "trend"]

OUTCOMES = ("fixed", "persisting", "gone", "missing", "not_checked", "new")
IDENTITY = ("account_id", "platform", "platform_id", "name", "unit")
# The ways in which an account of one round is found in the other, the surest first.
WAYS = {
    "account_id": ["account_id"],
    "platform_id": ["platform", "platform_id"],
    "name_and_unit": ["platform", "name", "unit"],
}


def matched(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Which account of this round is which of the last: one row per account found in both.

    Accounts are matched by account_id, then by platform and platform id, then by platform, name and unit; each account at
    most once. What is left is matched where a unit has one account left on a platform in both rounds: an account that
    was renamed, or another one. Columns: account_id, previous_account_id (str), matched_by (str: account_id, platform_id,
    name_and_unit, or unit_and_platform, which is doubtful), name, previous_name (str), renamed (bool).

    >>> names = ["account_id", "platform", "platform_id", "name", "unit"]
    >>> before = pl.DataFrame([("a", "weibo", "17", "旧名", "甲局")], schema=names, orient="row")
    >>> now = pl.DataFrame([("b", "weibo", "17", "新名", "甲局")], schema=names, orient="row")
    >>> matched(now, before).rows()
    [('b', 'a', 'platform_id', '新名', '旧名', True)]
    """
    left, right = now.select(IDENTITY), before.select(IDENTITY)
    parts = []
    for way, keys in WAYS.items():
        found = _once(left, right, keys, way)
        parts.append(found)
        left = left.join(found, on="account_id", how="anti")
        right = right.join(found.select(account_id="previous_account_id"), on="account_id", how="anti")
    alone = pl.len().over("platform", "unit") == 1
    parts.append(_once(left.filter(alone), right.filter(alone), ["platform", "unit"], "unit_and_platform"))
    return pl.concat(parts).with_columns(renamed=pl.col("name") != pl.col("previous_name"))


def _once(left: pl.DataFrame, right: pl.DataFrame, keys: list[str], way: str) -> pl.DataFrame:
    """The pairs that agree on `keys`, where the keys are known and name one account on either side."""
    only = pl.len().over(keys) == 1
    known = pl.all_horizontal(pl.col(keys).is_not_null())
    there = right.filter(known).filter(only).select(*keys, previous_account_id="account_id", previous_name="name")
    return (
        left.filter(known)
        .filter(only)
        .join(there, on=keys, how="inner", maintain_order="left")
        .select("account_id", "previous_account_id", pl.lit(way).alias("matched_by"), "name", "previous_name")
    )


def follow_up(now: Assessment, before: Assessment) -> pl.DataFrame:
    """What became of the accounts that failed: one row per account that failed in the last round or in this one.

    Columns: account_id (str, null where the account is gone), previous_account_id (str, null where it is new to the ledger),
    name, unit, platform (str, as now, else as before), previous_name (str), renamed, failed_before, failed_now (bool), outcome (str):
    `fixed` (failed, passes now), `persisting` (failed in both), `gone` (failed, and is closed by now), `missing` (failed, and
    the ledger lacks it now), `not_checked` (failed, and could not be checked now), `new` (fails now only); sentence (str, what
    was found now, null where nothing was), previous_sentence (str, what was found last round, its days counted to that
    round's monitoring point), matched_by (str).
    Doubtful where matched_by is `unit_and_platform`: the unit may have closed one account and opened another.
    """
    pairs = matched(now.measured, before.measured).drop("name")
    verdicts = now.measured.select("account_id", "name", "unit", "platform", "verdict")
    old = before.measured.select(
        pl.col("name", "unit", "platform").name.prefix("old_"),
        previous_account_id="account_id",
        failed_before=pl.col("verdict") == "failed",
    )
    rows = (
        verdicts.join(pairs, on="account_id", how="left")
        .join(old, on="previous_account_id", how="full", coalesce=True)
        .join(_closed(now, before), on="previous_account_id", how="left")
        .with_columns(
            pl.col("closed", "failed_before", "renamed").fill_null(False),
            *(pl.coalesce(name, f"old_{name}").alias(name) for name in ("name", "unit", "platform")),
            failed_now=(pl.col("verdict") == "failed").fill_null(False),
            previous_name="old_name",
        )
        .filter(pl.col("failed_before") | pl.col("failed_now"))
    )
    outcome = (
        pl.when(~pl.col("failed_before"))
        .then(pl.lit("new"))
        .when(pl.col("verdict").is_null())
        .then(pl.when("closed").then(pl.lit("gone")).otherwise(pl.lit("missing")))
        .when(pl.col("failed_now"))
        .then(pl.lit("persisting"))
        .when(pl.col("verdict") == "not_checked")
        .then(pl.lit("not_checked"))
        .otherwise(pl.lit("fixed"))
    )
    order = pl.col("outcome").replace_strict({o: i for i, o in enumerate(OUTCOMES)}, return_dtype=pl.Int64)
    return (
        rows.with_columns(outcome=outcome)
        .join(now.vetoes, on="account_id", how="left")
        .join(before.vetoes.rename(lambda name: f"previous_{name}"), on="previous_account_id", how="left")
        .sort(order, "unit", "platform", "name")
        .select(
            *("account_id", "previous_account_id", "name", "unit", "platform", "previous_name", "renamed"),
            *("failed_before", "failed_now", "outcome", "sentence", "previous_sentence", "matched_by"),
        )
    )


def _closed(now: Assessment, before: Assessment) -> pl.DataFrame:
    """The accounts of the last round that this round's ledger holds as closed."""
    ledger = now.audit.accounts.join(now.measured, on="account_id", how="anti")
    ledger = with_dtypes(ledger.lazy(), dict.fromkeys(IDENTITY, pl.String)).collect()
    return matched(ledger, before.measured).select("previous_account_id", closed=pl.lit(True))


def trend(assessment: Assessment) -> pl.DataFrame:
    """The pass rate over the rounds that `previous` leads back to: one row per round, the earliest first.

    Columns: as_of (date), registered, checked, failed (i64, accounts), pass_rate, low, high (f64, fraction with its Wilson
    interval; null where nothing was checked), stale (i64, accounts).
    Doubtful where the rounds were judged by other rules, or checked other accounts.
    """
    rounds = [assessment]
    while rounds[0].previous is not None:
        rounds.insert(0, rounds[0].previous)
    rows = [
        {
            "as_of": at.as_of,
            "registered": at.measured.height,
            "checked": at.checked,
            "failed": at.count("failed"),
            "pass_rate": at.rate,
            "stale": int(at.measured["stale"].sum()),
        }
        for at in rounds
    ]
    low, high = statistics.wilson_exprs(pl.col("checked") - pl.col("failed"), pl.col("checked"))
    trend = pl.DataFrame(rows, schema_overrides={"pass_rate": pl.Float64}).with_columns(low=low, high=high)
    return trend.select("as_of", "registered", "checked", "failed", "pass_rate", "low", "high", "stale")
