"""Ledgers as offices keep them: every quirk read, listed with its cell, and nothing made up."""

import csv
import datetime as dt
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realdata import REALDATA

from govmedia_kit import schema
from govmedia_kit.divisions import divisions
from govmedia_kit.errors import InputError
from govmedia_kit.read.ledger.infer_region import regions_of_units
from govmedia_kit.read.ledger.read_ledger import read_accounts
from govmedia_kit.render.ledger_workbook import TEMPLATE, annotate, write_template

HEADER = ["平台", "账号名称", "主办单位"]


def workbook(path: Path, sheets: dict[str, list[list]], merge: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merge:
            sheet.merge_cells(cells)
    book.save(path)
    return path


def kinds(problems) -> Counter:
    return Counter(problem.kind for problem in problems)


def test_title_rows_blank_rows_totals_and_notes_are_left_out(tmp_path):
    rows = [
        ["某市政务新媒体台账"],
        ["截至2026年5月"],
        HEADER,
        ["微信", "甲发布", "甲局"],
        [],
        ["微博", "乙发布", "乙局"],
        ["合计", "", 2],
        ["注：本表由各单位填报"],
    ]
    frame, problems = read_accounts(workbook(tmp_path / "台账 1.xlsx", {"表": rows}))
    assert frame["name"].to_list() == ["甲发布", "乙发布"]
    assert [(p.kind, p.place.row) for p in problems if p.kind == "row_left_out"] == [
        ("row_left_out", 7),
        ("row_left_out", 8),
    ]


def test_a_header_of_two_rows_is_one_header(tmp_path):
    rows = [
        ["账号", None, "主办单位", "互动", None],
        ["平台", "名称", None, "评论", "留言"],
        ["微信", "甲发布", "甲局", "是", "否"],
    ]
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}, merge=("A1:B1", "D1:E1")))
    assert frame.select("platform", "name", "unit", "channel_comments", "channel_messages").rows() == [
        ("wechat", "甲发布", "甲局", True, False)
    ]


def test_a_unit_merged_over_its_accounts_is_the_unit_of_each(tmp_path):
    rows = [
        ["主办单位", "平台", "账号名称"],
        ["甲局", "微信", "甲发布"],
        [None, "微博", "甲发布"],
        ["乙局", "微信", "乙发布"],
    ]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}, merge=("A2:A3",)))
    assert frame["unit"].to_list() == ["甲局", "甲局", "乙局"]
    assert not problems


def test_a_blank_unit_that_is_not_merged_is_an_error_at_its_cell(tmp_path):
    rows = [["主办单位", "平台", "账号名称"], ["甲局", "微信", "甲发布"], [None, "微博", "乙发布"]]
    _, problems = read_accounts(workbook(tmp_path / "台账.xlsx", {"Sheet1": rows}))
    assert [p.place.say() for p in problems if p.kind == "missing_value"] == ["台账.xlsx › Sheet1 › A3"]


def test_sheets_with_other_headers_are_one_ledger_and_a_cover_is_left_out(tmp_path):
    sheets = {
        "封面": [["某市"], ["2026年"]],
        "市直": [HEADER, ["微信", "甲发布", "甲局"]],
        "县区": [["责任单位", "新媒体名称", "新媒体类型"], ["乙县人民政府", "乙县发布", "抖音号"]],
    }
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", sheets))
    assert frame.select("platform", "name", "unit").rows() == [
        ("wechat", "甲发布", "甲局"),
        ("douyin", "乙县发布", "乙县人民政府"),
    ]
    assert kinds(problems)["sheet_left_out"] == 1


def test_one_row_per_unit_with_a_column_per_platform(tmp_path):
    rows = [
        ["主办单位", "微信公众号", "新浪微博", "抖音号"],
        ["甲局", "甲发布", "甲微博|甲在线", None],
        ["乙局", None, None, "乙抖音"],
    ]
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert sorted(frame.select("unit", "platform", "name").rows()) == [
        ("乙局", "douyin", "乙抖音"),
        ("甲局", "wechat", "甲发布"),
        ("甲局", "weibo", "甲在线"),
        ("甲局", "weibo", "甲微博"),
    ]


def test_the_header_of_a_wide_sheet_is_found_below_its_titles(tmp_path):
    rows = [
        ["某市政务新媒体台账"],
        ["截至2026年5月"],
        ["主办单位", "微信公众号", "新浪微博"],
        ["甲局", "甲发布", "甲微博"],
    ]
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("unit", "platform", "name").rows() == [
        ("甲局", "wechat", "甲发布"),
        ("甲局", "weibo", "甲微博"),
    ]


@pytest.mark.parametrize("cell", ["未开通", "未开设", "没有", "否", "×", "✗", "x", "X", "无", "0", " 未开通 "])
def test_a_platform_that_a_unit_has_not_is_no_account(tmp_path, cell):
    rows = [["主办单位", "微信公众号", "新浪微博"], ["甲局", "甲发布", cell], ["乙局", cell, cell]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("unit", "platform", "name").rows() == [("甲局", "wechat", "甲发布")]
    assert problems == []


@pytest.mark.parametrize("cell", ["√", "✓", "是", "有", "已开通", "1", 2])
def test_an_account_that_nobody_named_is_told_with_its_cell_and_given_no_name(tmp_path, cell):
    rows = [["主办单位", "微信公众号", "新浪微博"], ["甲局", "甲发布", cell]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame["name"].to_list() == ["甲发布"]
    assert [(p.kind, p.place.letter, p.place.row, p.severity) for p in problems] == [
        ("account_without_name", "C", 2, "error")
    ]


def test_an_account_marked_as_there_with_an_id_is_called_by_its_id(tmp_path):
    rows = [["主办单位", "微信公众号", "微博", "微博UID"], ["甲局", "甲发布", "√", "1234567890"]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("account_id", "name").rows()[1] == ("weibo:1234567890", "1234567890")
    assert problems == []


def test_one_id_of_two_platforms_goes_to_none_and_its_cell_is_told(tmp_path):
    rows = [[*HEADER, "平台编号"], ["微信、微博", "甲发布", "甲局", "1234567890"]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("account_id", "platform_id").rows() == [
        ("wechat:甲发布@甲局", None),
        ("weibo:甲发布@甲局", None),
    ]
    assert [(p.kind, p.place.letter, p.place.row) for p in problems] == [("id_for_several", "D", 2)]


@pytest.mark.parametrize(
    ("heading", "cell", "owner"),
    [("主页", "https://weibo.com/u/1234567890", "weibo"), ("平台编号", "gh_0123456789ab", "wechat")],
)
def test_one_id_of_two_platforms_goes_to_the_one_whose_form_it_has(tmp_path, heading, cell, owner):
    rows = [[*HEADER, heading], ["微信、微博", "甲发布", "甲局", cell]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.filter(pl.col("platform_id").is_not_null())["platform"].to_list() == [owner]
    assert kinds(problems) == {"id_for_several": 1}


@pytest.mark.parametrize(
    "row",
    [
        ["合 计", None, 2],
        ["总 计：", None, 2],
        [None, "县区小计", 2],
        ["共4个账号", None, None],
        ["二、县区", None, None],
        ["（三）省直部门", None, None],
        HEADER,
        [None, None, None, 17],
    ],
    ids=str,
)
def test_sums_headings_and_headers_in_mid_sheet_are_no_accounts(tmp_path, row):
    rows = [[*HEADER, "序号"], ["微信", "甲发布", "甲局", 1], row, ["微博", "总在线", "合作局", 2]]
    if row == HEADER:
        rows[2] = rows[0]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame["name"].to_list() == ["甲发布", "总在线"]
    assert [(p.kind, p.place.row, p.severity) for p in problems if p.kind != "region_open"] == [
        ("row_left_out", 3, "note")
    ]


@pytest.mark.parametrize("mark", ["|", "\n", "、", "；"])
def test_several_platforms_in_one_cell_are_several_accounts(tmp_path, mark):
    rows = [[*HEADER, "平台编号"], [f"抖音{mark}快手", "甲公安", "甲公安局", f"dy1{mark}ks1"]]
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("platform", "name", "platform_id").rows() == [
        ("douyin", "甲公安", "dy1"),
        ("kuaishou", "甲公安", "ks1"),
    ]


def test_a_name_with_a_bar_and_one_address_is_one_account(tmp_path):
    rows = [[*HEADER, "主页"], ["微博", "CBSA | ASFC", "甲局", "https://weibo.com/u/1234567890"]]
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("name", "platform_id").rows() == [("CBSA | ASFC", "1234567890")]


DAYS = [
    ("2019.7.5", dt.date(2019, 7, 5), None),
    ("2019/7/5", dt.date(2019, 7, 5), None),
    ("2019年7月5日", dt.date(2019, 7, 5), None),
    ("２０１９-０７-０５", dt.date(2019, 7, 5), None),
    ("20190705", dt.date(2019, 7, 5), None),
    ("43651", dt.date(2019, 7, 5), None),
    (43651, dt.date(2019, 7, 5), None),
    (dt.date(2019, 7, 5), dt.date(2019, 7, 5), None),
    (dt.datetime(2019, 7, 5, 9, 30), dt.date(2019, 7, 5), None),
    ("7月5日", None, "day_without_year"),
    ("2019年7月", None, "day_without_day"),
    ("每日更新", None, "not_a_day"),
    ("2019-13-05", None, "bad_date"),
    ("2019-02-30", None, "bad_date"),
    ("—", None, None),
    ("无", None, None),
    (None, None, None),
]


@pytest.mark.parametrize(("cell", "day", "kind"), DAYS)
def test_a_day_is_read_or_its_cell_is_told(tmp_path, cell, day, kind):
    rows = [[*HEADER, "最后更新时间"], ["微信", "甲发布", "甲局", cell]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame["last_post_on"].to_list() == [day]
    assert [p.kind for p in problems] == ([kind] if kind else [])
    assert all(p.place.letter == "D" and p.place.row == 2 for p in problems)


def test_never_updated_is_zero_posts_and_no_problem(tmp_path):
    rows = [[*HEADER, "最后更新时间"], ["微信", "甲发布", "甲局", "从未更新"]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("last_post_on", "post_count").row(0) == (None, 0)
    assert problems == []


NUMBERS = [
    ("3.2万", 32000),
    ("3.2萬", 32000),
    ("1.5萬", 15000),
    ("2億", 200000000),
    ("10萬+", 100001),
    ("1.2w", 12000),
    ("12,345", 12345),
    ("１２３", 123),
    ("10万+", 100001),
    ("0", 0),
    (0, 0),
    (2284.0, 2284),
    ("-1", None),
    ("None", None),
    ("无", None),
    ("很多", None),
    (None, None),
]


@pytest.mark.parametrize(("cell", "number"), NUMBERS)
def test_unknown_followers_are_null_and_only_zero_is_zero(tmp_path, cell, number):
    rows = [[*HEADER, "粉丝数"], ["微信", "甲发布", "甲局", cell]]
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame["followers"].to_list() == [number]


@pytest.mark.parametrize(
    ("spelling", "platform"),
    [
        ("政务微信", "wechat"),
        ("訂閱號", "wechat"),
        ("Youtube", "youtube"),
        ("Intagram", "instagram"),
        ("X", "x"),
        ("抖 音", "douyin"),
    ],
)
def test_platforms_are_known_by_their_spellings(tmp_path, spelling, platform):
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": [HEADER, [spelling, "甲", "甲局"]]}))
    assert frame["platform"].to_list() == [platform]


def test_a_short_link_brackets_and_a_note_are_no_ids(tmp_path):
    rows = [
        [*HEADER, "平台编号"],
        ["抖音", "甲", "甲局", "https://v.douyin.com/abc/"],
        ["抖音", "乙", "乙局", "()"],
        ["抖音", "丙", "丙局", "已改名，见备注"],
    ]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame["platform_id"].to_list() == [None, None, None]
    assert frame["account_id"].to_list() == ["douyin:甲@甲局", "douyin:乙@乙局", "douyin:丙@丙局"]
    assert {(p.kind, p.place.row) for p in problems} == {("short_link", 2), ("id_is_note", 3), ("id_is_note", 4)}


@pytest.mark.parametrize("cell", ["5.30E+15", "5.3e15"])
def test_an_id_that_a_spreadsheet_rounded_is_told_with_its_cell(tmp_path, cell):
    rows = [[*HEADER, "平台编号"], ["微博", "甲", "甲局", cell]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("account_id", "platform_id").rows() == [("weibo:甲@甲局", None)]
    assert [(p.kind, p.place.letter, p.place.row) for p in problems] == [("id_rounded", "D", 2)]


def test_full_width_digits_are_the_same_id(tmp_path):
    rows = [[*HEADER, "平台编号"], ["微博", "甲", "甲局", "７９００００００01"]]
    frame, _ = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("account_id", "platform_id").rows() == [("weibo:7900000001", "7900000001")]


def test_a_column_headed_账号ID_holds_the_platforms_ids_or_the_kits(tmp_path):
    rows = [
        [*HEADER, "账号ID"],
        ["微博", "甲", "甲局", "1234567890"],
        ["微博", "乙", "乙局", "weibo:2234567890"],
        ["微博", "丙", "丙局", None],
        ["抖音", "丁", "丁局", "https://v.douyin.com/abc/"],
    ]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame.select("account_id", "platform_id").rows() == [
        ("weibo:1234567890", "1234567890"),
        ("weibo:2234567890", None),
        ("weibo:丙@丙局", None),
        ("douyin:丁@丁局", None),
    ]
    assert [(p.kind, p.place.row) for p in problems] == [("short_link", 5)]


def test_a_blank_id_is_built_and_sheets_with_and_without_ids_go_together(tmp_path):
    sheets = {
        "有": [["账号编号", *HEADER], ["A1", "微博", "甲", "甲局"], [None, "微博", "乙", "乙局"]],
        "无": [HEADER, ["微信", "丙", "丙局"]],
    }
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", sheets))
    assert frame["account_id"].to_list() == ["A1", "weibo:乙@乙局", "wechat:丙@丙局"]
    assert problems == []


def test_no_problem_of_a_long_column_is_left_untold(tmp_path):
    rows = [[*HEADER, "粉丝数", "层级"], *(["微信", f"甲{i}", f"甲局{i}", "很多", "镇级市"] for i in range(450))]
    _, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert kinds(problems) == {"bad_number": 450, "unknown_word_kept": 450}


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("靜寧縣人民政府", "620826"),
        ("臨夏州人民政府", "622900"),
        ("蘭州市公安局", "620100"),
        ("甘肅省衛健委", "620000"),
    ],
)
def test_a_division_in_traditional_characters_is_found(unit, code):
    assert regions_of_units([unit]) == {unit: code}


def test_one_id_under_two_units_keeps_both_accounts_apart_and_is_told(tmp_path):
    rows = [[*HEADER, "平台编号"], ["微博", "甲", "甲局", "123456789"], ["微博", "甲", "乙局", "123456789"]]
    frame, problems = read_accounts(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert frame["account_id"].n_unique() == 2
    assert [(p.kind, p.place.row, p.facts["row"]) for p in problems] == [("id_of_two_units", 3, 2)]


# A unit, the audit's region, and the code of its division; None where it is not certain.
UNITS = [
    ("静宁县人民政府", None, "620826"),
    ("宁县人民政府", None, "621026"),
    ("正宁县教育局", None, "621025"),
    ("临夏市公安局", None, "622901"),
    ("临夏县公安局", None, "622921"),
    ("临夏州公安局", None, "622900"),
    ("临夏回族自治州人民政府", None, "622900"),
    ("临夏公安", None, None),
    ("城关区教育局", None, None),
    ("城关区教育局", "620000", "620102"),
    ("兰州市城关区教育局", None, "620102"),
    ("甘肃省公安厅", None, "620000"),
    ("甘肃公安", None, "620000"),
    ("省卫健委", None, None),
    ("省卫健委", "620000", "620000"),
    ("市公安局", "620000", None),
    ("合作交流办公室", None, None),
    ("合作市人民政府", None, "623001"),
    ("张家川县人民政府", None, "620525"),
    ("国家税务总局甘肃省税务局", None, "620000"),
    ("Environment Canada", None, None),
]


@pytest.mark.parametrize(("unit", "root", "code"), UNITS)
def test_a_division_is_certain_or_left_open(unit, root, code):
    assert regions_of_units([unit], root=root).get(unit) == code


def test_every_county_is_found_by_its_whole_name():
    """宁县 is in 静宁县 and 正宁县: for every county of China, prefecture and county together name the county."""
    table = divisions()
    parents = dict(zip(table["code"], table["name"], strict=True))
    counties = table.filter(pl.col("level") == "county", pl.col("parent").str.ends_with("00"))
    units = {
        f"{parents[parent]}{name}人民政府": code
        for code, name, parent in counties.select("code", "name", "parent").iter_rows()
    }
    found = regions_of_units(units)
    wrong = {unit: found[unit] for unit, code in units.items() if unit in found and found[unit] != code}
    assert wrong == {}
    assert len(found) > 0.97 * len(units)


def test_the_two_forms_of_the_chongqing_ledger_give_the_same_accounts(tmp_path):
    """The long form pivoted to one row per outlet, with a column per platform and several values in a cell."""
    source = REALDATA / "registry" / "cq_media_dict_long.xlsx"
    rows = [[c or "" for c in row] for row in openpyxl.load_workbook(source).worksheets[0].iter_rows(values_only=True)]
    head = {name: i for i, name in enumerate(rows[0])}
    names = {"微信公众号": "公众号名", "抖音": "抖音名", "新浪微博": "微博名", "快手": "快手名"}
    spelt = {"公众号": "微信公众号", "微信": "微信公众号", "微博": "新浪微博"} | {k: k for k in names}
    wide: dict[str, dict[str, list[str]]] = {}
    for row in rows[1:]:
        platform = spelt.get(row[head["平台"]])
        if platform and row[head["账号名"]] and "、" not in row[head["账号名"]]:
            wide.setdefault(row[head["媒体名"]], {}).setdefault(platform, []).append(row[head["账号名"]])
    header = ["媒体名", *names.values()]
    table = [header, *([unit, *(" | ".join(found.get(p, [])) for p in names)] for unit, found in wide.items())]
    path = tmp_path / "wide.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    by_wide, _ = read_accounts(path)
    by_long, _ = read_accounts(source)
    wanted = {(u, p, n) for u, found in wide.items() for s, ns in found.items() for n in ns for p in [_platform(s)]}
    assert set(by_wide.select("unit", "platform", "name").rows()) == wanted
    assert wanted <= set(by_long.select("unit", "platform", "name").rows())
    assert len(wanted) > 300


def _platform(label: str) -> str:
    return next(
        word.value for word in schema.vocabulary("platform").values() if label in (word.labels["zh"], *word.synonyms)
    )


def test_the_chongqing_ledger_lists_what_is_doubtful_by_cell():
    """71 short links and 6 missing platforms, by the data's own card; doubtful ids counted with openpyxl."""
    source = REALDATA / "registry" / "cq_media_dict_long.xlsx"
    _, problems = read_accounts(source)
    rows = list(openpyxl.load_workbook(source).worksheets[0].iter_rows(values_only=True))
    head = {name: i for i, name in enumerate(rows[0])}
    units: dict[tuple, list] = {}
    for row in rows[1:]:
        identifier = str(row[head["识别符"]] or "").strip()
        if identifier and identifier != "()" and row[head["平台"]] not in ("网站", None, ""):
            units.setdefault((row[head["平台"]], identifier), []).append(row[head["媒体名"]])
    doubtful = {identifier for (_, identifier), found in units.items() if len(set(found)) > 1}
    missing = [i for i, row in enumerate(rows[1:], 2) if any(row) and not row[head["平台"]]]
    counted = kinds(problems)
    assert counted["short_link"] == 71
    assert [p.place.row for p in problems if p.kind == "missing_value"] == missing
    assert len(missing) == 6
    assert {p.facts["found"] for p in problems if p.kind == "id_of_two_units"} == doubtful
    assert all(p.place.letter and p.place.row for p in problems if p.severity != "note")


def test_the_template_passes_check_when_filled(tmp_path):
    path = tmp_path / "accounts.xlsx"
    write_template(path)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    filled = {
        "platform": "微信公众号",
        "name": "甲发布",
        "unit": "兰州市人民政府",
        "unit_level": "市州政府",
        "opened_on": dt.date(2018, 1, 2),
        "filing_status": "已备案",
        "channel_comments": "是",
        "channel_menu": "否",
        "followers": 1200,
        "last_post_on": dt.date(2019, 7, 1),
    }
    for name, value in filled.items():
        sheet.cell(2, TEMPLATE.index(name) + 1).value = value
    book.save(path)
    frame, problems = read_accounts(path)
    assert [p.kind for p in problems if p.severity != "note"] == []
    assert frame.select("platform", "unit_level", "region", "opened_on", "channel_menu").row(0) == (
        "wechat",
        "prefecture",
        "620100",
        dt.date(2018, 1, 2),
        False,
    )


def test_the_template_offers_the_words_of_the_vocabulary(tmp_path):
    path = tmp_path / "accounts.xlsx"
    write_template(path)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    lists = [v.formula1 for v in sheet.data_validations.dataValidation if v.type == "list"]
    assert any("微信公众号" in words for words in lists)
    assert any("省级部门" in words for words in lists)
    assert any(words == '"是,否"' for words in lists)


def test_annotating_marks_the_cells_of_a_copy_and_leaves_the_original(tmp_path):
    rows = [[*HEADER, "最后更新时间"], ["微信号码", "甲发布", "甲局", "每日更新"]]
    path = workbook(tmp_path / "台账.xlsx", {"Sheet1": rows})
    before = path.read_bytes()
    _, problems = read_accounts(path)
    marked = annotate(path, problems, tmp_path / "copy.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "copy.xlsx")["Sheet1"]
    assert marked == 2
    assert "频率" in sheet["D2"].comment.text
    assert "平台" in sheet["A2"].comment.text
    assert sheet["D2"].fill.start_color.rgb.endswith("FFEB9C")
    assert sheet["B2"].comment is None
    assert path.read_bytes() == before


def test_check_names_file_sheet_and_cell_and_offers_the_closest_word(tmp_path):
    path = workbook(tmp_path / "台账.xlsx", {"Sheet1": [HEADER, ["微信公众账号号", "甲发布", "甲局"]]})
    command = [sys.executable, "-m", "govmedia_kit", "check", str(path), "--language", "zh-Hans"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=None, check=False)
    assert done.returncode == 1
    assert "台账.xlsx › Sheet1 › A2" in done.stdout
    assert "是不是" in done.stdout
    told = json.loads(
        subprocess.run([*command, "--json"], capture_output=True, text=True, encoding="utf-8", check=False).stdout
    )
    assert [(p["kind"], p["severity"], p["letter"], p["row"]) for p in told] == [("unknown_word", "error", "A", 2)]


CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "微信",
            "抖音、快手",
            "合计",
            "无",
            "()",
            "每日更新",
            "从未更新",
            "7月5日",
            "2019.7.5",
            "3.2万",
            "１２",
            "=cmd()",
            "<b>",
        ]
    ),
    st.text(max_size=12),
    st.integers(-5, 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.dates(dt.date(1990, 1, 1), dt.date(2040, 1, 1)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=8))
def test_whatever_the_cells_hold_rows_are_read_or_told(rows):
    """Any grid of cells gives a frame and problems, with every row of the grid an account, told of, or blank."""
    header = ["平台", "账号名称", "主办单位", "最后更新时间", "粉丝数"]
    columns = {
        name: pl.Series([None if r[i] is None else str(r[i]) for r in rows], dtype=pl.String)
        for i, name in enumerate(header)
    }
    try:
        frame, problems = read_accounts(pl.DataFrame(columns))
    except InputError:  # a sheet without a single account is one sentence; anything else fails the test
        return
    assert frame.height <= 4 * len(rows)
    for problem in problems:
        assert problem.say("en")
        assert problem.say("zh-Hans")
