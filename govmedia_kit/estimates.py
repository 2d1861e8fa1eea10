"""Intervals, stratified estimates and waiting-time curves: what a count can and cannot say.

Nothing here knows about accounts: the measures hand over counts, waits or strata.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import polars as pl

from .errors import InputError
from .frames import answers_in_kind

__all__ = ["quantile_of_curve", "stratified", "waiting_time", "wilson", "wilson_exprs"]

Z = 1.959963984540054  # the 97.5 % point of the normal distribution: 95 % intervals

CURVE = {
    "time": pl.Float64(),
    "survival": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "at_risk": pl.Int64(),
    "events": pl.Int64(),
}


def wilson(count: int, of: int) -> tuple[float, float] | None:
    """The 95 % Wilson interval of a share, as fractions; None where nothing was counted.

    >>> [round(end, 3) for end in wilson(221, 283)]
    [0.729, 0.825]
    """
    if not of:
        return None
    share = count / of
    middle = (share + Z**2 / (2 * of)) / (1 + Z**2 / of)
    half = Z / (1 + Z**2 / of) * math.sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def wilson_exprs(count: pl.Expr, of: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Both ends of the 95 % Wilson interval as expressions; null where `of` is 0 or null."""
    of = pl.when(of > 0).then(of)
    share = count / of
    middle = (share + Z**2 / (2 * of)) / (1 + Z**2 / of)
    half = Z / (1 + Z**2 / of) * (share * (1 - share) / of + Z**2 / (4 * of**2)).sqrt()
    return (middle - half).clip(0, 1), (middle + half).clip(0, 1)


def waiting_time(waits: Sequence[float] | pl.Series, censored: Sequence[bool] | pl.Series) -> pl.DataFrame:
    """The Kaplan-Meier curve: one row per distinct waiting time."""
    from scipy import stats

    frame = pl.DataFrame({"time": waits, "censored": censored}, strict=False).drop_nulls()
    if frame.is_empty():
        return pl.DataFrame(schema=CURVE)
    times, open_ = frame["time"].cast(pl.Float64).to_numpy(), frame["censored"].cast(pl.Boolean).to_numpy()
    curve = stats.ecdf(stats.CensoredData.right_censored(times, open_)).sf
    # The default band of scipy leaves [0, 1] for few cases; the log-log one does not.
    with _quiet():
        band = curve.confidence_interval(method="log-log")
    return (
        frame.group_by("time")
        .agg(left=pl.len(), events=(~pl.col("censored")).sum())
        .sort("time")
        .with_columns(
            survival=pl.Series(curve.probabilities),
            low=pl.Series(band.low.probabilities).fill_nan(None),
            high=pl.Series(band.high.probabilities).fill_nan(None),
            at_risk=pl.col("left").cum_sum(reverse=True),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CURVE.items())
    )


def _quiet():
    import numpy as np

    return np.errstate(divide="ignore", invalid="ignore")


def quantile_of_curve(curve: pl.DataFrame, q: float) -> float | None:
    """The first time at which no more than 1 - q are still waiting; None where the curve never falls that far."""
    reached = curve.filter(pl.col("survival") <= 1 - q + 1e-9)
    return None if reached.is_empty() else float(reached["time"].min())  # type: ignore[arg-type]


@answers_in_kind
def stratified(frame: pl.DataFrame, *, by: str, registered: Mapping[str, int]) -> pl.DataFrame:
    """The pass rate of all registered accounts, from a check of some in each stratum: one row."""
    checked = (
        frame.filter(pl.col("verdict").is_in(["passed", "failed"]))
        .group_by(by)
        .agg(n=pl.len(), passed=(pl.col("verdict") == "passed").sum())
    )
    strata = (
        pl.DataFrame({by: list(registered), "N": list(registered.values())}, schema={by: pl.String, "N": pl.Int64})
        .join(checked, on=by, how="left")
        .with_columns(pl.col("n", "passed").fill_null(0).cast(pl.Int64))
    )
    if unknown := sorted(set(checked[by].drop_nulls()) - set(registered)):
        raise InputError("stratum_not_registered", found=unknown, known=sorted(registered), by=by)
    for name, size, n, _ in strata.iter_rows():
        if n > size:
            raise InputError("stratum_too_small", stratum=name, found=size, other=n, by=by)
    total = sum(registered.values())
    share = pl.col("passed") / pl.col("n")
    weight = pl.col("N") / total
    variance = (
        pl.when(pl.col("n") == pl.col("N"))
        .then(0.0)
        .when(pl.col("n") > 1)
        .then(weight**2 * (1 - pl.col("n") / pl.col("N")) * share * (1 - share) / (pl.col("n") - 1))
    )
    strata = strata.filter(pl.col("N") > 0).with_columns(part=weight * share, variance=variance)
    known = bool(total) and strata["n"].min() != 0
    rate = strata["part"].sum() if known else None
    half = Z * math.sqrt(strata["variance"].sum()) if known and not strata["variance"].has_nulls() else None
    return pl.DataFrame(
        {
            "pass_rate": [rate],
            "low": [None if half is None or rate is None else max(0.0, rate - half)],
            "high": [None if half is None or rate is None else min(1.0, rate + half)],
            "passed": [int(strata["passed"].sum())],
            "checked": [int(strata["n"].sum())],
            "registered": [total],
        },
        schema_overrides={"pass_rate": pl.Float64, "low": pl.Float64, "high": pl.Float64},
    )
