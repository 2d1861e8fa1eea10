"""Who runs too many: live accounts, accounts per unit, several on one platform, what to merge, who keeps one name."""

from collections import Counter
from datetime import date

import pandas as pd
import polars as pl
import pytest
from realdata import REALDATA

from govmedia_kit import measures
from govmedia_kit.read.ledger.read_ledger import read_accounts

AS_OF = date(2019, 7, 15)


def ledger(*rows):
    """Accounts from (account_id, unit, platform, name); further columns by with_columns."""
    schema = dict.fromkeys(("account_id", "unit", "platform", "name"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


FOUR = ledger(
    ("a", "省司法厅", "wechat", "甘肃司法"),
    ("b", "省司法厅", "wechat", "甘肃普法"),
    ("c", "省司法厅", "weibo", "甘肃司法"),
    ("d", "省公安厅", "wechat", "甘肃公安"),
)


@pytest.mark.parametrize(
    ("opened", "closed", "status", "live"),
    [
        (None, None, None, True),
        (AS_OF, None, "filed", True),
        (date(2019, 7, 16), None, "filed", False),
        (None, AS_OF, None, False),
        (None, date(2019, 7, 16), None, True),
        (None, date(2019, 7, 14), "filed", False),
        (None, None, "closed", False),
        (None, date(2019, 7, 16), "closed", True),
        (None, AS_OF, "closed", False),
        (None, None, "unfiled", True),
        (date(2018, 1, 1), date(2018, 6, 1), "filed", False),
    ],
)
def test_an_account_is_live_from_its_opening_to_the_day_before_it_closes(opened, closed, status, live):
    schema = {"account_id": pl.String, "opened_on": pl.Date, "closed_on": pl.Date, "filing_status": pl.String}
    frame = pl.DataFrame([("a", opened, closed, status)], schema=schema, orient="row")
    assert measures.live(frame, as_of=AS_OF).height == live


def test_a_ledger_without_dates_is_all_live_and_keeps_its_columns():
    assert measures.live(FOUR, as_of=AS_OF).equals(FOUR)


def test_units_are_counted_the_most_accounts_first():
    rows = measures.units_by_accounts(FOUR)
    assert rows.columns == ["unit", "unit_level", "accounts", "platforms", "most_on_one_platform"]
    assert rows.dtypes == [pl.String, pl.String, pl.Int64, pl.Int64, pl.Int64]
    assert rows.rows() == [("省司法厅", None, 3, 2, 2), ("省公安厅", None, 1, 1, 1)]


def test_the_level_of_a_unit_is_the_one_most_often_given():
    frame = FOUR.with_columns(unit_level=pl.Series(["county", "other", "county", None]))
    assert measures.units_by_accounts(frame)["unit_level"].to_list() == ["county", None]


def test_an_account_without_a_unit_is_nobodys():
    frame = pl.concat([FOUR, ledger(("e", None, "wechat", "甘肃某某"), ("f", None, "wechat", "甘肃某"))])
    assert measures.units_by_accounts(frame)["accounts"].sum() == 4
    counts = measures.account_counts(frame)
    assert counts.tail(2).rows() == [("e", None, None), ("f", None, None)]
    assert measures.same_platform_groups(frame)["account_id"].sort().to_list() == ["a", "b"]


def test_an_account_without_a_platform_counts_for_its_unit_only():
    frame = pl.concat([FOUR, ledger(("e", "省公安厅", None, "甘肃公安"))])
    assert measures.account_counts(frame).filter(pl.col("account_id") == "e").rows() == [("e", 2, None)]


def test_account_counts_keep_the_order_of_the_ledger():
    counts = measures.account_counts(FOUR.reverse())
    assert counts.rows() == [("d", 1, 1), ("c", 3, 1), ("b", 3, 2), ("a", 3, 2)]


def test_a_group_names_all_but_one_redundant():
    groups = measures.same_platform_groups(FOUR.with_columns(followers=pl.Series([5, 9, 1, None])))
    assert groups.columns == ["group_id", "account_id", "unit", "platform", "name", "purpose", "accounts", "redundant"]
    assert groups.select("group_id", "account_id", "accounts", "redundant").rows() == [
        (1, "b", 2, False),
        (1, "a", 2, True),
    ]


def test_different_purposes_are_kept_apart_and_an_empty_one_is_one_of_its_own():
    purposes = [None, "蒙古语", None, None]
    frame = FOUR.with_columns(purpose=pl.Series(purposes))
    assert measures.same_platform_groups(frame).is_empty()
    assert measures.units_by_accounts(frame)["most_on_one_platform"].to_list() == [1, 1]
    blank = FOUR.with_columns(purpose=pl.Series(["", " ", "", ""]))
    assert measures.same_platform_groups(blank).height == 2


def test_redundant_accounts_are_the_sum_of_all_but_one():
    frame = pl.concat([FOUR, ledger(("e", "省司法厅", "wechat", "甘肃律师"), ("f", "省公安厅", "wechat", "甘肃网警"))])
    groups = measures.same_platform_groups(frame)
    assert groups["redundant"].sum() == (3 - 1) + (2 - 1)
    assert groups.group_by("group_id", maintain_order=True).len()["len"].to_list() == [3, 2]


@pytest.mark.realdata
def test_counts_of_the_canadian_list_agree_with_pandas():
    accounts, _ = read_accounts(REALDATA / "registry" / "canada_gc_socials.csv")
    frame = pd.DataFrame(accounts.to_dict(as_series=False))
    units = measures.units_by_accounts(accounts)
    plain = frame.groupby("unit").agg(accounts=("account_id", "size"), platforms=("platform", "nunique"))
    assert dict(zip(units["unit"], units["accounts"], strict=True)) == plain["accounts"].to_dict()
    assert dict(zip(units["unit"], units["platforms"], strict=True)) == plain["platforms"].to_dict()
    sizes = Counter(zip(frame["unit"], frame["platform"], frame["purpose"].fillna(""), strict=True))
    groups = measures.same_platform_groups(accounts)
    assert groups["redundant"].sum() == sum(size - 1 for size in sizes.values())
    assert groups["group_id"].n_unique() == sum(size > 1 for size in sizes.values()) > 100
    assert groups.height == sum(size for size in sizes.values() if size > 1)
    assert measures.account_counts(accounts)["unit_accounts"].sum() == sum(n * n for n in plain["accounts"])


def test_pandas_in_pandas_out():
    frame = pd.DataFrame(FOUR.to_dict(as_series=False))
    assert isinstance(measures.units_by_accounts(frame), pd.DataFrame)
    assert measures.live(frame, as_of=AS_OF)["account_id"].tolist() == ["a", "b", "c", "d"]


def test_order_of_rows_does_not_matter():
    frame = pl.concat([FOUR, ledger(("e", "省司法厅", "wechat", "甘肃律师"), ("f", "省公安厅", "wechat", "甘肃网警"))])
    for function in (
        measures.units_by_accounts,
        measures.same_platform_groups,
        measures.merge_or_close,
    ):
        assert function(frame.reverse()).equals(function(frame))


@pytest.mark.parametrize(
    ("columns", "keep", "reason"),
    [
        ({"stale": [True, False]}, "b", "silent"),
        ({"never": [True, None]}, "b", "silent"),
        ({"channel": ["none", "some"]}, "b", "no_channel"),
        ({"followers": [1, 2]}, "b", "fewest_followers"),
        ({"followers": [2, 2]}, "a", "second_account"),
        ({"followers": [None, 2]}, "b", "second_account"),
        ({}, "a", "second_account"),
        ({"stale": [True, False], "followers": [9, 1]}, "b", "silent"),
        ({"stale": [True, True], "followers": [9, 1]}, "a", "silent"),
        ({"channel": ["none", "full"], "followers": [9, 1]}, "b", "no_channel"),
    ],
)
def test_the_account_to_close_is_the_silent_the_mute_or_the_small_one(columns, keep, reason):
    measured = FOUR.head(2).with_columns(pl.Series(name, values) for name, values in columns.items())
    [row] = measures.merge_or_close(measured).iter_rows(named=True)
    assert (row["keep_account_id"], row["reason"]) == (keep, reason)
    assert row["account_id"] != keep
    assert row["keep_name"] == {"a": "甘肃司法", "b": "甘肃普法"}[keep]


def test_one_row_for_each_redundant_account():
    frame = pl.concat([FOUR, ledger(("e", "省司法厅", "wechat", "甘肃律师"), ("f", "省公安厅", "wechat", "甘肃网警"))])
    rows = measures.merge_or_close(frame)
    assert rows.height == measures.same_platform_groups(frame)["redundant"].sum() == 3
    assert measures.merge_or_close(FOUR.tail(2)).is_empty()


def test_nothing_comes_of_nothing():
    empty = FOUR.clear()
    for function in (
        measures.units_by_accounts,
        measures.same_platform_groups,
        measures.merge_or_close,
    ):
        assert function(empty).is_empty()
