"""The workbook of annexes, read back with openpyxl."""

import datetime as dt
import zipfile

import openpyxl
import polars as pl
import pytest
from documents import NAMES, RARE, gansu_blocks, named_blocks, parts

from govmedia_kit.render import xlsx
from govmedia_kit.text_width import em_width


@pytest.fixture(scope="module")
def path(tmp_path_factory, gansu_assessment, gansu_figures):
    made = tmp_path_factory.mktemp("xlsx") / "annexes.xlsx"
    blocks = gansu_blocks(gansu_assessment, gansu_figures)
    xlsx.write(made, **parts(gansu_assessment), figures=gansu_figures, blocks=blocks, language="zh-Hans")
    return made


@pytest.fixture(scope="module")
def book(path):
    return openpyxl.load_workbook(path)


def rows_of(sheet):
    """The table of a sheet: its head is the third row."""
    head, *rows = sheet.iter_rows(min_row=3, values_only=True)
    return list(head), [list(row) for row in rows]


def test_cover_notes_annexes_then_everything_measured(book, gansu_assessment, gansu_figures):
    annexes = [t for t in gansu_blocks(gansu_assessment, gansu_figures) if t["type"] == "table" and t["annex"]]
    names = book.sheetnames
    assert names[:2] == ["封面", "说明"]
    assert [name.split()[0] for name in names[2:-3]] == [t["annex"] for t in annexes]
    assert names[-3:] == ["实测表", "问题明细", "数字"]
    for name in names[2:]:
        assert book[name]["A1"].value.startswith(name.split()[0])
        assert not book[name].merged_cells.ranges


def test_annexes_hold_the_rows_of_the_blocks(book, gansu_assessment, gansu_figures):
    for block in gansu_blocks(gansu_assessment, gansu_figures):
        if block["type"] == "table" and block["annex"]:
            sheet = next(s for s in book if s.title.startswith(block["annex"] + " "))
            head, rows = rows_of(sheet)
            assert head == [c["label"] for c in block["columns"]]
            wanted = [
                [
                    dt.datetime.fromisoformat(v) if c["kind"] == "date" and v else v
                    for v, c in zip(row, block["columns"], strict=True)
                ]
                for row in block["rows"]
            ]
            assert rows == wanted


def test_dates_and_rates_are_numbers_with_a_format(book):
    sheet = next(s for s in book if "不合格" in s.title)
    column = next(c for c in sheet[3] if c.value == "最后更新时间").column
    cells = [sheet.cell(row, column) for row in range(4, sheet.max_row + 1)]
    assert {c.number_format for c in cells if c.value} == {"yyyy-mm-dd"}
    assert all(c.is_date for c in cells if c.value)
    sheet = next(s for s in book if "各层级" in s.title)
    rate = sheet.cell(sheet.max_row, next(c for c in sheet[3] if c.value == "合格率").column)
    assert rate.number_format == "0.0%"
    assert 0 < rate.value < 1


def test_every_measured_account_and_finding_is_there_with_its_columns_name(book, gansu_assessment):
    head, rows = rows_of(book["实测表"])
    names = [h.split("\n")[1] for h in head]
    assert names == gansu_assessment.measured.columns
    assert [row[names.index("account_id")] for row in rows] == gansu_assessment.measured["account_id"].to_list()
    gaps = [row[names.index("gap_days")] for row in rows]
    assert gaps == gansu_assessment.measured["gap_days"].to_list()
    posted = [row[names.index("last_post")] for row in rows]
    assert [p and p.date() for p in posted] == gansu_assessment.measured["last_post"].to_list()
    _, findings = rows_of(book["问题明细"])
    assert len(findings) == gansu_assessment.findings.height


def test_each_figure_is_in_the_sheet_with_the_rows_it_was_counted_from(book, gansu_figures, gansu_assessment):
    head, rows = rows_of(book["数字"])
    assert head == ["代号", "名称", "数值", "置信下限", "置信上限", "分子", "分母", "正文写法", "表", "条件"]
    found = {row[0]: row for row in rows}
    assert set(found) == set(gansu_figures)
    for figure in gansu_figures.values():
        assert found[figure.id][2] == pytest.approx(figure.value)
        assert found[figure.id][7] == (figure.text or None)
    # The condition of a figure selects as many rows of the sheet as it counts.
    measured, accounts = rows_of(book["实测表"])
    stale = [row for row in accounts if row[[h.split("\n")[1] for h in measured].index("stale")] == "是"]
    assert len(stale) == found["updates.stale"][2] == gansu_assessment.measured["stale"].sum()


def test_heads_stay_in_sight_and_columns_fit_their_chinese(book):
    for sheet in book.worksheets[2:]:
        assert sheet.freeze_panes.lstrip("AB") == "4"
        assert sheet.auto_filter.ref
        # Neighbours of one width are one entry.
        width = {i: d.width for d in sheet.column_dimensions.values() for i in range(d.min, d.max + 1)}
        for column in sheet.iter_cols(min_row=3, max_row=40):
            wanted = max(
                (em_width(line) * 2 for c in column if isinstance(c.value, str) for line in c.value.split("\n")),
                default=0,
            )
            assert width[column[0].column] >= min(wanted, 60), (sheet.title, column[0].coordinate)


def test_awkward_names_are_text_and_never_formulas(tmp_path, gansu_assessment, gansu_figures):
    blocks = named_blocks([*NAMES, *RARE, "a\x07b", "'quoted", "https://例子.cn", "0012"])
    xlsx.write(tmp_path / "a.xlsx", **parts(gansu_assessment), figures=gansu_figures, blocks=blocks, language="zh-Hans")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    sheet = book.worksheets[2]
    cells = [sheet.cell(row, 2) for row in range(4, sheet.max_row + 1)]
    assert [c.value for c in cells] == [*NAMES, *RARE, "a�b", "'quoted", "https://例子.cn", "0012"]
    assert {c.data_type for c in cells} <= {"s", "inlineStr"}
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in package.read(name)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("附件1 各地区检查情况统计表", "附件1 各地区检查情况统计表"),
        ("a[b]c:d*e?f/g\\h", "a b c d e f g h"),
        ("'quoted'", "quoted"),
        ("", "Sheet"),
        ("History", "History_"),
        ("长" * 40, "长" * 31),
    ],
)
def test_names_of_sheets_are_legal(title, name):
    assert xlsx.sheet_name(title, set()) == name


def test_names_of_sheets_differ_even_when_cut():
    taken: set[str] = set()
    names = [xlsx.sheet_name("长" * 40, taken) for _ in range(12)]
    assert len(set(names)) == 12
    assert max(map(len, names)) <= 31


def test_the_same_round_gives_the_same_bytes(path, tmp_path, gansu_assessment, gansu_figures):
    blocks = gansu_blocks(gansu_assessment, gansu_figures)
    xlsx.write(tmp_path / "b.xlsx", **parts(gansu_assessment), figures=gansu_figures, blocks=blocks, language="zh-Hans")
    assert (tmp_path / "b.xlsx").read_bytes() == path.read_bytes()


def test_what_is_not_known_is_an_empty_cell_and_zero_is_zero(book, gansu_assessment):
    head, rows = rows_of(book["实测表"])
    names = [h.split("\n")[1] for h in head]
    frame = gansu_assessment.measured.select(pl.col("followers"), pl.col("posts_in_window"))
    assert [row[names.index("followers")] for row in rows] == frame["followers"].to_list()
    assert 0 in [row[names.index("posts_in_window")] for row in rows]


def test_the_notes_say_what_the_columns_mean(book):
    told = {row[0]: row[2] for row in book["说明"].iter_rows(min_row=8, values_only=True) if row[0]}
    assert "日历天数" in told["gap_days"]
    assert {"account_id", "verdict", "sentence"} <= set(told)


def test_the_cover_names_the_region_and_links_to_the_sheets(book):
    cover = book["封面"]
    said = {row[0]: row[1] for row in cover.iter_rows(values_only=True)}
    assert said["检查地区"] == "甘肃省"
    assert said["监测时间点"] == "2019-07-15"
    linked = [c.hyperlink.location for row in cover.iter_rows() for c in row if c.hyperlink]
    assert linked == [f"'{name}'!A1" for name in book.sheetnames[2:]]
