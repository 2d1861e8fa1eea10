"""Names that cannot be told apart: what is reported and what is not, against planted truth, brute force and real lists."""

import csv
import itertools
import random
from pathlib import Path

import lookalike_truth
import numpy as np
import pandas as pd
import polars as pl
import pytest
from lookalike_truth import score
from realdata import REALDATA

from govmedia_kit import measures
from govmedia_kit.measures.lookalikes.keys import characters_of, one_apart
from govmedia_kit.read.ledger.read_ledger import read_accounts

SCENARIOS = Path(__file__).parent / "scenarios"


def accounts(*rows):
    """Accounts from (name, unit, platform, region[, purpose]); account ids a, b, c, ..."""
    columns = ["name", "unit", "platform", "region", "purpose"]
    schema = dict.fromkeys(columns, pl.String)
    table = [dict(zip(columns, [*row, *[None] * 5], strict=False)) for row in rows]
    frame = pl.DataFrame(table, schema=schema)
    return frame.with_columns(account_id=pl.Series([chr(97 + at) for at in range(len(rows))]))


def named(*names, region="620981"):
    """Accounts of as many units, all in one region."""
    return accounts(*((name, f"单位{at}", "wechat", region) for at, name in enumerate(names)))


def pairs(frame):
    """What is reported, as {"ab": reason}."""
    rows = lookalike_truth.pairs(frame).iter_rows(named=True)
    return {row["account_id"] + row["other_account_id"]: row["reason"] for row in rows}


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("玉门发布", "玉門發布", "identical"),
        ("玉门发布", "玉门·发布✔", "identical"),
        ("玉门公安", "玉门公安官方", "identical"),
        ("玉门市卫生健康局", "玉门卫健", "identical"),
        ("玉门公安", "甘肃玉门公安", "identical"),
        ("玉门公安", "育门公安", "homophone"),
        ("玉门公安", "玉门攻安在线", "homophone"),
        ("玉门公安", "yumengongan", "homophone"),
        ("平安甘肃", "甘肃平安", "reordered"),
        ("玉门公安", "公安玉门", "reordered"),
        ("玉门发布", "玉门布发", "reordered"),
        ("玉门公安", "玉们公按", "homophone"),
        ("玉门公安", "玉口公女", None),
        ("玉门公安", "玉门公交局", None),
        ("玉门公安", "玉口公安", "one_character"),
        ("玉门公安", "玉门小公安", "one_character"),
        ("玉门公安", "门公安", "one_character"),
        ("玉门市公安局", "玉门县公安局", "one_character"),
        ("临夏市公安局", "临夏县公安局", None),
        ("玉门发布", "厦门发布", None),
        ("玉门财政", "玉门民政", None),
        ("玉门水务", "玉门税务", None),
        ("玉门一中", "玉门二中", None),
        ("玉门疾控一中心", "玉门疾控二中心", None),
        ("玉门东站派出所", "玉门西站派出所", None),
        ("甘", "甘", "identical"),
        ("甘", "肃", None),
        ("玉门", "玉口", None),
        ("🌟🌟", "🌟🌟", "identical"),
        ("🌟🌟", "🎉🎉", None),
        ("玉门", "玉门市", "identical"),
        ("我" * 200, "我" * 199 + "们", None),
        ("我" * 200, "我" * 200, "identical"),
        ("\ue000\ue001", "\ue000\ue001", "identical"),
        ("\ue000\ue001", "\ue000\ue002", None),
        ("Health Canada", "HealthCanada", "identical"),
        ("TBS Canada", "TSB Canada", None),
    ],
)
def test_two_names_of_two_units_in_one_place(one, other, reason):
    assert pairs(named(one, other)).get("ab") == reason
    assert pairs(named(other, one)).get("ab") == reason


def test_blank_names_are_in_no_group():
    assert pairs(named("", "", " ", None, None)) == {}


def test_a_reordered_name_is_found_where_other_places_are_called_the_same():
    frame = accounts(
        ("新华城管", "新华区城市管理局", "toutiao", "130105"),
        ("新华城管发布", "新华区城市管理局", "douyin", "130902"),
        ("新华区城市管理局", "新华区城市管理局", "douyin", "410402"),
        ("城管新华", "某服务社", "toutiao", "130105"),
    )
    found = pairs(frame)
    assert found["ad"] == "reordered"
    # 城管新华 is in one of the three places: the bodies of the other two are not it.
    assert {"bd", "cd"}.isdisjoint(found)


def test_one_name_on_several_platforms_of_a_unit_is_a_matrix():
    frame = accounts(("甘肃公安", "省公安厅", "wechat", "620000"), ("甘肃公安", "省公安厅", "weibo", "620000"))
    assert pairs(frame) == {}
    assert measures.lookalike_groups(frame).is_empty()


def test_several_accounts_of_a_unit_on_one_platform_are_compared():
    frame = accounts(("甘肃司法", "省司法厅", "wechat", None), ("甘肃司法厅", "省司法厅", "wechat", None))
    assert pairs(frame) == {"ab": "identical"}


def test_a_purpose_keeps_accounts_of_one_unit_apart():
    frame = accounts(
        ("甘肃司法", "省司法厅", "wechat", None, None), ("甘肃司法厅", "省司法厅", "wechat", None, "普法宣传")
    )
    assert pairs(frame) == {}


def test_language_pairs_are_not_reported_even_where_the_unit_has_a_name_in_each_language():
    frame = accounts(
        ("Parks Canada", "Parks Canada", "x", None, "English"),
        ("Parcs Canada", "Parcs Canada", "x", None, "French"),
        ("Parks Canada", "Friends of Parks", "x", None, "english"),
    )
    assert pairs(frame) == {"ac": "identical"}


def test_a_unit_written_with_other_signs_is_the_same_unit():
    frame = accounts(("甘肃公安", "甘肃省公安厅", "wechat", None), ("甘肃公安", "甘肃省 公安厅", "weibo", None))
    assert pairs(frame) == {}


def test_accounts_without_a_unit_are_not_known_to_be_one_unit():
    assert pairs(accounts(("甘肃公安", None, "wechat", None), ("甘肃公安", None, "weibo", None))) == {"ab": "identical"}


def test_names_written_alike_are_reported_wherever_they_are():
    frame = accounts(("鼓楼发布", "南京市鼓楼区", "weibo", "320106"), ("鼓楼发布", "福州市鼓楼区", "weibo", "350102"))
    assert pairs(frame) == {"ab": "identical"}


def test_the_region_says_which_of_the_places_of_one_name_is_meant():
    frame = accounts(("鼓楼公安", "甲", "weibo", "320106"), ("鼓楼公安局", "乙", "weibo", "350102"))
    assert pairs(frame) == {}
    assert pairs(frame.with_columns(region=pl.lit("320106"))) == {"ab": "identical"}
    lin_xia = accounts(("临夏公安", "州", "weibo", "622900"), ("临夏公安局", "市", "weibo", "622901"))
    assert pairs(lin_xia) == {}


def test_one_character_holds_within_a_region_and_what_lies_in_it():
    here, there = ("玉门公安", "甲", "weibo", "620981"), "玉口公安"
    assert pairs(accounts(here, (there, "乙", "weibo", "620981"))) == {"ab": "one_character"}
    assert pairs(accounts(here, (there, "乙", "weibo", "620900"))) == {"ab": "one_character"}
    assert pairs(accounts(here, (there, "乙", "weibo", "350200"))) == {}


def test_one_character_never_chains():
    frame = named("玉门公安", "玉门公安小", "玉门公按小")
    assert pairs(frame) == {"ab": "one_character", "bc": "homophone"}
    groups = measures.lookalike_groups(frame).group_by("group_id").agg(pl.col("account_id").sort().str.join(""))
    assert sorted(groups["account_id"]) == ["ab", "bc"]


def test_a_slip_of_a_number_where_every_number_exists_is_a_slip_of_none():
    frame = named("玉门一中", "玉门二中", "玉门三中", "玉门大中")
    assert pairs(frame) == {}


def test_without_a_region_a_slip_in_the_place_is_a_slip_only_if_one_place_is_near():
    assert pairs(named("玉门公安", "玉口公安", region=None)) == {"ab": "one_character"}
    assert pairs(named("玉门公安", "玉口公安", "玉树公安", region=None)) == {}


def test_a_group_says_for_each_account_what_it_looks_like():
    frame = named("玉门公安", "玉门公安局", "育门公安", "玉门民政")
    rows = measures.lookalike_groups(frame)
    assert rows.columns == [
        *("group_id", "account_id", "name", "unit", "platform", "region"),
        *("reason", "closest_account_id", "closest_name"),
    ]
    assert rows.select("group_id", "account_id", "reason", "closest_account_id").rows() == [
        (1, "a", "identical", "b"),
        (1, "b", "identical", "a"),
        (1, "c", "homophone", "a"),
    ]


def test_the_closest_account_is_one_that_counts():
    # b is of the same unit on another platform, so that a looks like c.
    frame = accounts(
        ("甘肃公安", "甲", "wechat", None), ("甘肃公安", "甲", "weibo", None), ("甘肃公安", "乙", "weibo", None)
    )
    rows = measures.lookalike_groups(frame)
    assert rows.select("account_id", "closest_account_id").rows() == [("a", "c"), ("b", "c"), ("c", "a")]


def test_the_largest_group_comes_first():
    frame = named("兰州公安", "兰州公安局", "玉门税务", "玉门税务局", "玉门税务在线")
    sizes = measures.lookalike_groups(frame).group_by("group_id", maintain_order=True).len().rows()
    assert sizes == [(1, 3), (2, 2)]


def test_eight_accounts_of_one_name_are_one_group():
    frame = accounts(*(("甘肃交警", f"单位{at}", "wechat", "620000") for at in range(8)))
    rows = measures.lookalike_groups(frame)
    assert (rows.height, rows["group_id"].n_unique()) == (8, 1)
    assert len(pairs(frame)) == 28


def test_an_ending_that_no_list_knows_is_learnt_from_three_bodies():
    bodies = ("公安", "税务", "教育", "交通", "民政", "审计")
    few = [f"玉门{body}{end}" for body in bodies[:2] for end in ("", "小喇叭")]
    many = [f"玉门{body}{end}" for body in bodies for end in ("", "小喇叭")]
    assert pairs(named(*few)) == {}
    assert set(pairs(named(*many)).values()) == {"identical"}
    assert len(pairs(named(*many))) == 6


def test_a_body_that_no_list_knows_is_learnt_from_its_places():
    places = ("玉门", "敦煌", "瓜州", "金塔", "肃北")
    known = [f"{place}{body}" for place in places for body in ("蔬果", "菌果")]
    assert pairs(named(*known, region="620900")) == {}
    assert len(pairs(named(*known[:4], region="620900"))) == 2


def test_order_of_rows_does_not_matter():
    truth = lookalike_truth.first(400)
    expected = measures.lookalike_groups(truth.accounts)
    assert expected.height > 50
    for seed in (1, 2):
        assert measures.lookalike_groups(truth.accounts.sample(fraction=1, shuffle=True, seed=seed)).equals(expected)


def test_pandas_in_pandas_out_and_the_input_left_alone():
    frame = named("玉门公安", "玉门公安局").to_pandas()
    before = frame.copy()
    groups = measures.lookalike_groups(frame)
    assert isinstance(groups, pd.DataFrame)
    assert groups["account_id"].tolist() == ["a", "b"]
    pd.testing.assert_frame_equal(frame, before)


def test_groups_hold_the_pairs_and_nothing_else():
    truth = lookalike_truth.second(3_000)
    groups = measures.lookalike_groups(truth.accounts)
    from_groups = set()
    whose = {row["account_id"]: row for row in truth.accounts.iter_rows(named=True)}
    for _, group in groups.group_by("group_id"):
        for one, other in itertools.combinations(sorted(group["account_id"]), 2):
            if whose[one]["unit"] != whose[other]["unit"] or whose[one]["platform"] == whose[other]["platform"]:
                from_groups.add((one, other))
    found = lookalike_truth.pairs(truth.accounts)
    assert from_groups == set(found.select("account_id", "other_account_id").iter_rows())
    assert len(found) > 200
    reasons = {
        frozenset(pair): reason
        for *pair, reason in found.select("account_id", "other_account_id", "reason").iter_rows()
    }
    for row in groups.iter_rows(named=True):
        assert reasons[frozenset((row["account_id"], row["closest_account_id"]))] == row["reason"]


def apart(one, other):
    """True if the texts differ in exactly one character, by trying every change."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def test_one_character_neighbours_agree_with_comparing_every_pair():
    rng = random.Random(11)
    texts = sorted({"".join(rng.choices("甘肃公安门玉", k=rng.randint(3, 5))) for _ in range(400)})
    slips = {text: rng.random() < 0.5 for text in texts}
    found = one_apart(characters_of(pl.Series(texts)), np.array([slips[text] for text in texts]), shortest=3)
    expected = {(a, b) for a, b in itertools.permutations(texts, 2) if slips[a] and apart(a, b)}
    assert {(texts[t], texts[u]) for t, u in found.select("t", "u").iter_rows()} == expected
    assert len(expected) > 500


@pytest.mark.parametrize("generator", ["first", "second"])
@pytest.mark.parametrize("size", [283, 10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_planted_lookalikes_are_found_and_true_twins_left_alone(generator, size):
    truth = getattr(lookalike_truth, generator)(size)
    assert len(truth.accounts) >= size
    precision, recall, by_kind = score(lookalike_truth.pairs(truth.accounts), truth.pairs)
    assert precision >= 0.95, by_kind
    assert recall >= 0.95, by_kind
    no_region = lookalike_truth.pairs(truth.accounts.drop("region"))
    precision, recall, by_kind = score(no_region, truth.pairs)
    assert precision >= 0.90, by_kind
    assert recall >= 0.90, by_kind


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_other_seeds_and_few_accounts_do_as_well(seed):
    for generator in (lookalike_truth.first, lookalike_truth.second):
        truth = generator(2_000, seed=seed)
        precision, recall, _ = score(lookalike_truth.pairs(truth.accounts), truth.pairs)
        assert precision >= 0.95
        assert recall >= 0.95


def reviewed(name):
    with (SCENARIOS / "lookalikes_real.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["list"] == name]


def real(name):
    if name == "canada":
        return read_accounts(REALDATA / "registry" / "canada_gc_socials.csv")[0]
    ledger = read_accounts(REALDATA / "registry" / "cq_media_dict_long.xlsx")[0]
    return ledger.filter(pl.col("platform") != "other")  # web sites


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["canada", "chongqing"])
def test_groups_of_real_lists_are_those_reviewed(name):
    groups = measures.lookalike_groups(real(name)).group_by("group_id").agg(
        names=pl.col("name").unique().sort().str.join(" | "), reasons=pl.col("reason").unique().sort().str.join(" ")
    )  # fmt: skip
    rows = reviewed(name)
    reported = [row for row in rows if row["reasons"]]
    assert sorted(groups.select("names", "reasons").iter_rows()) == sorted((r["names"], r["reasons"]) for r in reported)
    wrong = [row for row in reported if row["verdict"] != "alike"]
    assert len(wrong) <= 0.1 * len(reported)
    together = {frozenset(pair) for pair in lookalike_truth.pairs(real(name)).select("name", "other_name").iter_rows()}
    apart_names = [row["names"].split(" | ") for row in rows if row["verdict"] == "not_reported"]
    assert len(apart_names) >= 6
    assert not {frozenset(pair) for pair in apart_names} & together


@pytest.mark.realdata
def test_official_weibo_names_of_the_provinces_are_all_different():
    folder = REALDATA / "registry"
    provincial = pl.read_csv(folder / "cn_weibo_gov_provincial.csv").select(
        name="账号名称", account_id=pl.format("{}", "微博uid")
    )
    seen = pl.read_csv(folder / "weibo_gov_accounts_seen_in_posts.csv").select(
        name="用户昵称", account_id=pl.format("{}", "user_id")
    )
    both = (
        pl.concat([provincial, seen])
        .unique("account_id")
        .with_columns(unit=pl.col("account_id"), platform=pl.lit("weibo"))
    )
    assert both.height > 70
    assert measures.lookalike_groups(both).is_empty()


def test_a_search_shows_how_many_and_whose():
    frame = accounts(
        ("甘肃司法", "甘肃省司法厅", "wechat", None),
        ("甘肃司法厅", "甘肃省司法厅", "weibo", None),
        ("甘肃司法在线", "某协会", "weibo", None),
        ("甘肃司私", "某公司", "weibo", None),
        ("兰州司法", "兰州市司法局", "weibo", None),
    )
    assert measures.search_results(frame, "甘肃司法").rows() == [("甘肃司法", "甘肃省司法厅", 3, 2, 1)]
    assert measures.search_results(frame, "甘肃省司法厅").rows() == [("甘肃省司法厅", "甘肃省司法厅", 3, 2, 1)]
    assert measures.search_results(frame, ["司法", "没有的名字"]).rows() == [
        ("司法", None, 4, None, 4),
        ("没有的名字", None, 0, None, 0),
    ]
    worst = measures.search_results(frame)
    assert worst.select("query", "shown", "own", "others").row(0) == ("甘肃司法在线", 3, 1, 2)
    assert worst.height == 4


def test_a_search_for_a_bare_place_needs_its_ending():
    frame = accounts(
        ("玉门发布", "市政府", "wechat", None),
        ("玉门公安", "公安局", "wechat", None),
        ("玉门發布厅", "某公司", "weibo", None),
    )
    assert measures.search_results(frame, "玉门发布").rows() == [("玉门发布", "市政府", 2, 1, 1)]


def test_an_empty_list_has_no_groups_and_all_columns():
    empty = named().clear()
    assert measures.lookalike_groups(empty).columns[0] == "group_id"
    assert measures.lookalike_groups(empty).is_empty()
    assert lookalike_truth.pairs(empty).is_empty()
    assert measures.search_results(empty).is_empty()
