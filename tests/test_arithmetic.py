"""Counts and printed rates; expected values by hand, from published bulletins, or by trying every count with `decimal`."""

import random
import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from govmedia_kit.errors import InputError
from govmedia_kit.proofread.arithmetic import (
    admissible_changes,
    admissible_counts,
    check_case,
    check_cases,
    exact,
    parts_fit,
    printed,
    rate_range,
)

BULLETINS = Path(__file__).parents[1] / "data" / "bulletins.csv"


def by_trying(total: int, rate: str, modes: list[str]) -> list[int]:
    """Every count out of `total` that prints as `rate`, tried one by one."""
    wanted = Decimal(rate)
    step = Decimal(1).scaleb(wanted.as_tuple().exponent)
    return [
        k
        for k in range(total + 1)
        if any((Decimal(100 * k) / Decimal(total)).quantize(step, mode) == wanted for mode in modes)
    ]


def test_counts_of_a_rate_are_those_found_by_trying_them_all():
    r = random.Random(1)
    for _ in range(300):
        total, decimals = r.choice([8, 16, 40, 80, 200, r.randint(1, 900)]), r.choice([0, 1, 2])
        rate = f"{r.randint(0, 100 * 10**decimals) / 10**decimals:.{decimals}f}"
        found = admissible_counts(total, rate, decimals=decimals)
        assert list(found) == by_trying(total, rate, [ROUND_HALF_UP, ROUND_HALF_EVEN]), (total, rate)


def test_one_in_eight_is_12_or_13_percent_by_the_way_of_rounding():
    # 1/8 = 12.5 %: half up prints 13, half to even 12.
    assert list(admissible_counts(8, "12", decimals=0)) == list(admissible_counts(8, "13", decimals=0)) == [1]


def failures(total: int, rate: str | float, **given) -> tuple[int | None, int | None]:
    """The fewest and the most failures that `check_case` allows."""
    row = check_case({"checked": total, "printed_rate": rate, **given})
    return row["admissible_failed_low"], row["admissible_failed_high"]


def test_a_pass_rate_below_eight_tenths_of_283_means_at_least_57_failures():
    assert failures(283, 80, bound="below") == (57, 283)
    assert failures(283, 80, bound="at_least") == (0, 56)
    assert failures(10, 80, bound="above") == (0, 1)
    assert failures(10, 80, bound="at_most") == (2, 10)


def test_a_rate_that_no_count_gives_has_no_failures():
    assert failures(10, "91.9", decimals=1) == (None, None)
    assert failures(0, "100", decimals=0) == (None, None)


def test_rounding_to_a_hundred_hides_a_few_failures():
    assert failures(2706, "100", decimals=0) == (0, 13)


def test_decimals_are_never_fewer_than_the_number_shows():
    assert failures(1010, 91.9, decimals=0) == failures(1010, "91.9", decimals=1) == (82, 82)
    assert failures(1010, "92.0") != failures(1010, "92")


def test_printed_numbers_are_read_as_printed():
    assert exact("９１.９％") == exact(91.9) == exact(Decimal("91.9")) == Fraction(919, 10)
    assert exact("1,010") == exact(1010) == 1010


def test_a_change_is_known_within_the_halves_of_both_rates():
    assert admissible_changes("91.9", "91.5", decimals=1) == (Fraction(3, 10), Fraction(1, 2))
    assert admissible_changes("91", "88", decimals=0) == (2, 4)
    now = Fraction(100 * 928, 1010)
    known = rate_range("91.9")._replace(low=now, high=now)
    assert admissible_changes(known, "91.5", decimals=2) == (Fraction(33, 100), Fraction(43, 100))
    # 93.70 may be 93.695, which is 0.055 below 93.75 and prints as 0.06; 93.705, 0.045 below, prints as 93.71 or 93.70.
    known = rate_range("93.75")._replace(low=Fraction("93.75"), high=Fraction("93.75"), high_in=True)
    assert admissible_changes(known, "93.70", decimals=2) == (Fraction(4, 100), Fraction(6, 100))


def test_parts_add_to_their_total_or_fall_short_where_they_may():
    assert parts_fit([235, 1193, 3463], 4891)
    assert parts_fit([3076, 647, 525, 43, 600], 4891)
    assert not parts_fit([31, 10, 2], 56)
    assert parts_fit([31, 10, 2], 56, complete=False)
    assert not parts_fit([31, 30], 56, complete=False)


def test_rates_are_printed_halves_up():
    assert [printed(1, 8, decimals=d) for d in (0, 1)] == ["13", "12.5"]
    assert (printed(1, 1000, decimals=2), printed(3, 0, decimals=1)) == ("0.10", "")


def of_groups(total: dict, *groups: dict) -> list[tuple]:
    """The counts that a case's groups are found to have, of groups that print only rates."""
    rows = [{"kind": "total", **total}, *({"kind": "group", "by": "platform", **group} for group in groups)]
    schema = dict.fromkeys(("case_id", "kind", "by", "group", "printed_rate"), pl.String)
    schema |= dict.fromkeys(("checked", "failed", "decimals"), pl.Int64)
    found = check_cases(pl.DataFrame([{"case_id": "a", **row} for row in rows], schema=schema))
    return found[1:].select("nearest_checked", "nearest_failed").rows()


GUIZHOU = [
    {"group": "wechat", "printed_rate": "95.57"},
    {"group": "weibo", "printed_rate": "92.13"},
    {"group": "douyin", "printed_rate": "90.91"},
    {"group": "toutiao", "printed_rate": "69.81", "checked": 53, "failed": 16},
]


def test_guizhou_can_only_have_checked_203_127_88_and_53():
    found = of_groups({"checked": 471, "printed_rate": "90.87"}, *GUIZHOU)
    assert found == [(203, 9), (127, 10), (88, 8), (53, 16)]


def test_groups_that_cannot_be_have_no_solution():
    found = of_groups({"checked": 470, "printed_rate": "90.87"}, *GUIZHOU)
    assert found == [(None, None), (None, None), (None, None), (53, 16)]


@pytest.mark.parametrize(("total", "rate"), [(40, "75.0"), (13, "76.9"), (11, "72.7")])
def test_groups_of_two_agree_with_a_plain_loop(total, rate):
    both = [ROUND_HALF_UP, ROUND_HALF_EVEN]
    wanted = [
        [(n, n - f), (total - n, total - n - g)]
        for n in range(1, total)
        for f in by_trying(n, "80.0", both)
        for g in by_trying(total - n, "66.7", both)
        if f + g in by_trying(total, rate, both)
    ]
    found = of_groups(
        {"checked": total, "printed_rate": rate},
        {"group": "a", "printed_rate": "80.0"},
        {"group": "b", "printed_rate": "66.7"},
    )
    assert wanted
    assert found == (wanted[0] if len(wanted) == 1 else [(None, None)] * 2)


def test_groups_that_say_nothing_are_too_many_to_search():
    assert of_groups({"checked": 4000}, {"group": "a"}, {"group": "b"}) == [(None, None)] * 2


def test_every_row_of_the_published_bulletins_holds():
    cases = pl.read_csv(BULLETINS)
    found = check_cases(cases)
    assert found.height == cases.height
    assert found["verdict"].value_counts().rows_by_key("verdict").keys() == {"consistent", "not_checkable"}
    # What lacks a rate or a number checked, and cannot be had from the total either.
    unknown = found.filter(verdict="not_checkable")["case_id"].to_list()
    assert unknown == ["GS2019", "BJ2019Q4", "BJ2019Q4", "BJ2019Q4", "SZ2023Q1", "QD2023Q4"]
    exact_ones = cases.with_columns(found["admissible_failed_low"], found["admissible_failed_high"])
    printed_ones = exact_ones.filter(pl.col("failed").is_not_null(), pl.col("admissible_failed_low").is_not_null())
    assert printed_ones.height == 20
    assert printed_ones.filter(pl.col("failed") < pl.col("admissible_failed_low")).height == 0
    assert printed_ones.filter(pl.col("failed") > pl.col("admissible_failed_high")).height == 0


def test_the_rates_of_guizhou_alone_give_back_its_counts():
    found = check_cases(pl.read_csv(BULLETINS)).filter(pl.col("case_id") == "GZ2025Q2", pl.col("group").is_not_null())
    assert found.select("group", "nearest_checked", "nearest_failed").rows() == [
        ("wechat", 203, 9),
        ("weibo", 127, 10),
        ("douyin", 88, 8),
        ("toutiao", 53, 16),
    ]


def test_the_one_share_of_the_published_bulletins_that_is_wrong_is_found():
    cases = pl.read_csv(BULLETINS).filter(pl.col("registered").is_not_null(), pl.col("checked").is_not_null())
    shares = {
        row["case_id"]: (row["registered"], row["checked"], match[1])
        for row in cases.iter_rows(named=True)
        if (match := re.search(r"share(?: printed)? (\d+(?:\.\d+)?) %", row["note"] or ""))
    }
    wrong = [name for name, (all_, some, rate) in shares.items() if some not in admissible_counts(all_, rate)]
    assert len(shares) == 6
    assert wrong == ["GS2020Q4"]


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({"checked": 1010, "failed": 82, "printed_rate": "91.9"}, "consistent"),
        ({"checked": 1010, "failed": 28, "printed_rate": "91.9"}, "impossible"),
        ({"checked": 10, "failed": None, "printed_rate": "91.9"}, "impossible"),
        ({"checked": 10, "failed": 1, "printed_rate": "91.9"}, "impossible"),
        ({"checked": 10, "failed": 11, "printed_rate": None}, "impossible"),
        ({"registered": 9, "checked": 10, "failed": 1, "printed_rate": "90"}, "impossible"),
        ({"checked": 10, "failed": 1, "printed_rate": "190"}, "impossible"),
        ({"checked": 10, "failed": -1, "printed_rate": "90"}, "impossible"),
        ({"checked": 75, "failed": 23, "printed_rate": None}, "not_checkable"),
        ({"checked": None, "failed": 23, "printed_rate": "90"}, "not_checkable"),
        ({"checked": 0, "failed": 0, "printed_rate": "100"}, "not_checkable"),
    ],
)
def test_verdicts_on_single_cases(row, verdict):
    assert check_case(row)["verdict"] == verdict


def test_an_impossible_case_names_the_counts_nearest_to_its_rate():
    row = check_case({"checked": 1010, "failed": 28, "printed_rate": "91.9", "decimals": 1})
    assert (row["admissible_failed_low"], row["nearest_failed"], row["rate_of_counts"]) == (82, 82, "97.23")
    assert "1010" in row["message_zh"]
    assert "97.23" in row["message_en"]
    alone = check_case({"checked": 10, "printed_rate": "91.9"})
    assert (alone["nearest_failed"], alone["rate_of_counts"]) == (1, "90.00")


def test_a_share_of_stale_accounts_counts_what_failed():
    row = check_case({"checked": 1716, "printed_rate": "10.8", "kind": "stale_share"})
    assert (row["admissible_failed_low"], row["admissible_failed_high"]) == (185, 186)


def test_cells_may_be_text_and_empty():
    cases = pl.DataFrame(
        {"case_id": ["a"], "checked": ["1,010"], "failed": ["82"], "printed_rate": ["91.9％"], "decimals": [" "]}
    )
    assert check_cases(cases)["verdict"].to_list() == ["consistent"]


def test_a_cell_that_is_no_number_is_an_error():
    cases = pl.DataFrame({"case_id": ["a"], "checked": ["about 80"], "failed": [None], "printed_rate": ["90"]})
    with pytest.raises(InputError, match="about 80"):
        check_cases(cases)


def test_a_missing_column_is_an_error():
    with pytest.raises(InputError, match="printed_rate"):
        check_cases(pl.DataFrame({"case_id": ["a"], "checked": [1], "failed": [0]}))


def test_pandas_comes_back_as_pandas_with_the_same_verdicts():
    cases = pl.read_csv(BULLETINS)
    found = check_cases(pd.read_csv(BULLETINS))
    assert isinstance(found, pd.DataFrame)
    assert found["verdict"].tolist() == check_cases(cases)["verdict"].to_list()


def test_no_cases_no_verdicts():
    empty = pl.read_csv(BULLETINS).clear()
    assert check_cases(empty).height == 0


def test_cases_are_left_alone_and_keep_their_order():
    cases = pl.read_csv(BULLETINS)
    before = cases.clone()
    shuffled = cases.sample(fraction=1.0, shuffle=True, seed=3)
    assert check_cases(shuffled)["case_id"].to_list() == shuffled["case_id"].to_list()
    assert check_cases(cases).height == before.height
    assert cases.equals(before)
