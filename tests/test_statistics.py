"""Intervals and curves against published examples, SciPy and plain loops."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from govmedia_kit import statistics
from govmedia_kit.errors import InputError

# Weeks in remission of 42 patients, Freireich et al. (1963) as printed in Gehan (1965): treated and placebo.
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
OPEN = [0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


@pytest.mark.parametrize(("count", "of"), [(221, 283), (0, 10), (10, 10), (1, 1), (3, 815)])
def test_wilson_is_that_of_scipy(count, of):
    expected = stats.binomtest(count, of).proportion_ci(method="wilson")
    assert statistics.wilson(count, of) == pytest.approx(tuple(expected), abs=1e-12)
    low, high = statistics.wilson_exprs(pl.lit(count), pl.lit(of))
    assert pl.select(low=low, high=high).row(0) == pytest.approx(tuple(expected), abs=1e-12)


def test_nothing_of_nothing_has_no_interval():
    assert statistics.wilson(0, 0) is None
    low, high = statistics.wilson_exprs(pl.col("a"), pl.col("b"))
    frame = pl.DataFrame({"a": [0, 1], "b": [0, None]}, schema_overrides={"b": pl.Int64})
    assert frame.select(low=low, high=high).rows() == [(None, None), (None, None)]


def test_the_curve_is_the_published_one():
    curve = statistics.waiting_time(TREATED, [bool(x) for x in OPEN])
    ends = curve.filter(pl.col("events") > 0)
    assert ends["time"].to_list() == [6, 7, 10, 13, 16, 22, 23]
    assert ends["survival"].round(3).to_list() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert ends["at_risk"].to_list() == [21, 17, 15, 12, 11, 7, 6]
    assert ends["events"].to_list() == [3, 1, 1, 1, 1, 1, 1]
    # The log-log band at 6 weeks, as SAS prints it for these data.
    assert ends.select(pl.col("low", "high").round(4)).row(0) == (0.6197, 0.9516)


def test_quantiles_are_null_where_the_curve_never_falls_that_far():
    treated = statistics.waiting_time(TREATED, [bool(x) for x in OPEN])
    placebo = statistics.waiting_time(PLACEBO, [False] * 21)
    assert statistics.quantile_of_curve(treated, 0.5) == 23
    assert statistics.quantile_of_curve(treated, 0.75) is None
    assert statistics.quantile_of_curve(placebo, 0.5) == 8
    # Survival is exactly one half at the second of four times, whatever the rounding of the product.
    assert statistics.quantile_of_curve(statistics.waiting_time([3, 4, 5, 6], [False] * 4), 0.5) == 4


def test_survival_beyond_the_last_wait_is_known_only_if_all_have_ended():
    placebo = statistics.waiting_time(PLACEBO, [False] * 21)
    treated = statistics.waiting_time(TREATED, [bool(x) for x in OPEN])
    assert statistics.survival_at(placebo, 0) == 1
    assert statistics.survival_at(placebo, 8.5) == pytest.approx(8 / 21)
    assert statistics.survival_at(placebo, 99) == 0
    assert statistics.survival_at(treated, 35) == pytest.approx(0.448, abs=5e-4)
    assert statistics.survival_at(treated, 36) is None


def test_no_waits_no_curve():
    curve = statistics.waiting_time([], [])
    assert curve.height == 0
    assert curve.schema == statistics.CURVE
    assert statistics.quantile_of_curve(curve, 0.5) is None
    assert statistics.survival_at(curve, 1) is None


def test_unknown_waits_are_left_out_and_order_does_not_matter():
    order = np.random.default_rng(1).permutation(21)
    shuffled = statistics.waiting_time([*(TREATED[i] for i in order), None], [*(bool(OPEN[i]) for i in order), True])
    assert shuffled.equals(statistics.waiting_time(TREATED, [bool(x) for x in OPEN]))


def test_nobody_ended_and_everybody_ended_have_no_band():
    assert statistics.waiting_time([1, 2], [True, True]).select("survival", "low").rows() == [(1, None), (1, None)]
    assert statistics.waiting_time([1], [False]).select("survival", "low").rows() == [(0, None)]


def test_the_log_rank_test_is_the_published_one():
    waits, groups = TREATED + PLACEBO, ["treated"] * 21 + ["placebo"] * 21
    censored = [bool(x) for x in OPEN] + [False] * 21
    found = statistics.log_rank(waits, censored, groups).row(0, named=True)
    assert round(found["statistic"], 2) == 16.79
    assert found["p_value"] == pytest.approx(4.17e-5, abs=5e-8)
    assert (found["groups"], found["degrees"]) == (2, 1)
    scipy = stats.logrank(
        stats.CensoredData.right_censored(TREATED, [bool(x) for x in OPEN]), stats.CensoredData(PLACEBO)
    )
    assert found["statistic"] == pytest.approx(scipy.statistic**2)
    assert found["p_value"] == pytest.approx(scipy.pvalue)


def test_three_groups_are_compared_as_a_plain_loop_does():
    random = np.random.default_rng(2)
    waits, censored = random.integers(1, 12, 60), random.random(60) < 0.3
    groups = random.choice(list("abc"), 60)
    gap, spread = [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]]
    for moment in sorted(set(waits[~censored])):
        at_risk = [sum((waits >= moment) & (groups == g)) for g in "abc"]
        ended = [sum((waits == moment) & (groups == g) & ~censored) for g in "abc"]
        n, d = sum(at_risk), sum(ended)
        for i in range(2):
            gap[i] += ended[i] - d * at_risk[i] / n
            for j in range(2):
                share = at_risk[i] / n * ((i == j) - at_risk[j] / n)
                spread[i][j] += d * share * (n - d) / (n - 1) if n > 1 else 0
    (a, b), (_, c) = spread
    expected = (c * gap[0] ** 2 - 2 * b * gap[0] * gap[1] + a * gap[1] ** 2) / (a * c - b * b)
    found = statistics.log_rank(waits, censored, groups).row(0, named=True)
    assert found["statistic"] == pytest.approx(expected)
    assert (found["degrees"], found["p_value"]) == (2, pytest.approx(math.exp(-expected / 2)))


@pytest.mark.parametrize(
    ("waits", "censored", "groups"), [([], [], []), ([1, 2], [False] * 2, ["a"] * 2), ([1, 2], [True] * 2, ["a", "b"])]
)
def test_nothing_to_compare_is_no_statistic(waits, censored, groups):
    assert statistics.log_rank(waits, censored, groups).select("statistic", "p_value").row(0) == (None, None)


# Stratified estimates


def verdicts(**counts: tuple[int, int]) -> pl.DataFrame:
    """Per stratum so many passed of so many checked."""
    rows = [(name, "passed" if i < passed else "failed") for name, (passed, n) in counts.items() for i in range(n)]
    return pl.DataFrame(rows, schema={"stratum": pl.String, "verdict": pl.String}, orient="row")


def test_a_census_and_a_sample_are_not_pooled():
    # Sichuan 2021Q4: all 815 of one part (99.63 %), 197 of the rest (96.95 %); some 6,600 of those are registered.
    frame = verdicts(census=(812, 815), rest=(191, 197))
    assert (round(812 / 815 * 100, 2), round(191 / 197 * 100, 2)) == (99.63, 96.95)
    row = statistics.stratified(frame, by="stratum", registered={"census": 815, "rest": 6600}).row(0, named=True)
    assert round(100 * row["passed"] / row["checked"], 1) == 99.1
    assert round(100 * row["rate"], 1) == 97.2
    assert round(100 * (row["high"] - row["low"]) / 2, 1) == 2.1
    share = 191 / 197
    half = 1.959964 * 6600 / 7415 * math.sqrt((1 - 197 / 6600) * share * (1 - share) / 196)
    assert (row["low"], row["high"]) == pytest.approx((row["rate"] - half, row["rate"] + half), abs=1e-7)
    assert row["registered"] == 7415


def test_a_census_has_no_uncertainty():
    row = statistics.stratified(verdicts(a=(7, 10)), by="stratum", registered={"a": 10}).row(0, named=True)
    assert (row["rate"], row["low"], row["high"]) == (0.7, 0.7, 0.7)


def test_one_stratum_is_a_simple_random_sample_with_finite_population_correction():
    row = statistics.stratified(verdicts(a=(919, 1000)), by="stratum", registered={"a": 4000}).row(0, named=True)
    half = 1.959964 * math.sqrt((1 - 1000 / 4000) * 0.919 * 0.081 / 999)
    assert row["high"] - row["rate"] == pytest.approx(half, abs=1e-7)


def test_what_was_not_checked_is_left_out_and_an_unseen_stratum_leaves_no_rate():
    frame = verdicts(a=(1, 2)).vstack(pl.DataFrame({"stratum": ["b"], "verdict": ["not_checked"]}))
    row = statistics.stratified(frame, by="stratum", registered={"a": 2, "b": 5}).row(0, named=True)
    assert (row["rate"], row["low"], row["checked"], row["registered"]) == (None, None, 2, 7)
    assert statistics.stratified(frame, by="stratum", registered={"a": 2, "b": 0})["rate"].item() == 0.5


@pytest.mark.parametrize(("passed", "checked", "registered"), [(1, 1, 9), (197, 197, 8000), (0, 30, 60)])
def test_where_all_or_none_passed_the_interval_is_wilsons_for_a_sample_as_good(passed, checked, registered):
    row = statistics.stratified(verdicts(a=(passed, checked)), by="stratum", registered={"a": registered}).row(0)
    n = checked / (1 - checked / registered)
    # Wilson's far end for none of n is z² / (n + z²).
    far = stats.norm.ppf(0.975) ** 2 / (n + stats.norm.ppf(0.975) ** 2)
    assert row[:3] == pytest.approx((1.0, 1 - far, 1.0) if passed else (0.0, 0.0, far))


def test_a_census_beside_a_sample_without_a_failure_has_an_interval():
    frame = verdicts(all=(812, 815), some=(197, 197))
    row = statistics.stratified(frame, by="stratum", registered={"all": 815, "some": 8000}).row(0, named=True)
    assert row["low"] < row["rate"] - 0.01
    assert row["rate"] == pytest.approx((812 + 8000) / 8815)


def test_strata_that_do_not_fit_are_errors():
    with pytest.raises(InputError, match="town"):
        statistics.stratified(verdicts(town=(1, 2)), by="stratum", registered={"city": 9})
    with pytest.raises(InputError, match="has 1 registered"):
        statistics.stratified(verdicts(town=(1, 2)), by="stratum", registered={"town": 1})


def test_passed_may_be_given_instead_of_a_verdict():
    frame = pl.DataFrame({"level": ["a", "a", "a"], "passed": [True, False, None]})
    row = statistics.stratified(frame, by="level", registered={"a": 4}).row(0, named=True)
    assert (row["rate"], row["checked"]) == (0.5, 2)


# Groups


def test_by_group_keeps_the_rows_of_each_group_together():
    frame = pl.DataFrame({"g": ["b", "a", None, "a"], "x": [1, 2, 3, 4]})
    found = statistics.by_group(frame, ["g"], lambda rows: rows.select(pl.col("x").max()))
    assert found.rows() == [("a", 4), ("b", 1), (None, 3)]
    assert statistics.by_group(frame, [], lambda rows: rows.select(pl.col("x").max())).rows() == [(4,)]
    assert statistics.by_group(frame.clear(), ["g"], lambda rows: rows.select("x")).columns == ["g", "x"]


def test_a_group_of_thirty_is_not_small():
    assert pl.DataFrame({"n": [29, 30]}).select(statistics.small(pl.col("n"))).to_series().to_list() == [True, False]
