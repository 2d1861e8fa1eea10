"""What can be wrong with a file before any cell is understood: each doubt is told once, with its place, by whatever door the file comes in."""

import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from audits import write_audit

from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.audit import read_audit, read_posts
from govmedia_kit.read.importers.import_files import import_files
from govmedia_kit.read.importers.layouts import layouts
from govmedia_kit.read.ledger.read_ledger import read_accounts
from govmedia_kit.read.sources.detect import parts_of
from govmedia_kit.read.sources.files import grids

HEADER = ["平台", "账号名称", "主办单位", "最后更新日期", "粉丝数"]
ROWS = [
    ["微信公众号", "临河发布", "临河县人民政府办公室", "2026-09-28", "1200"],
    ["新浪微博", "临河微博", "临河县人民政府办公室", "2026-09-01", "300"],
    ["微信公众号", "临河教育", "临河县教育局", "2026-09-29", "45"],
]
# The columns by which an export of articles is known.
ARTICLES = ["公众号", "ID", "链接", "标题", "创建时间", "发布时间", "阅读", "点赞"]
ARTICLE = [
    "临河发布",
    "2247500001_1",
    "https://mp.weixin.qq.com/s/AbCdEfGhIjKlMnOpQrStUv",
    "防汛",
    "2026-09-28 09:28:01",
]
ARTICLE += ["2026-09-28 09:30:00", 100, 3]
WEIBO = "微博id,微博正文,头条文章url,原始图片url,被转发微博原始图片url,是否为原创微博,微博视频url,发布位置,发布时间,发布工具,点赞数,转发数,评论数"
POSTS = "account_id,post_id,published_at,title,reads,likes"
DOUBTS = {
    *("hidden_sheet", "hidden_rows", "formula_without_value", "error_cell", "wide_row", "cr_line_ends"),
    *("quote_swallows_rows", "quote_holds_rows"),
}


def workbook(path: Path, *sheets: list[list], names: tuple[str, ...] = ("台账", "旧台账", "更旧")) -> openpyxl.Workbook:
    """A workbook that the test goes on with and saves under the path that it carries."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in zip(names, sheets, strict=False):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.file = path
    return book


def saved(book: openpyxl.Workbook) -> Path:
    book.save(book.file)
    return book.file


def ledger(folder: Path) -> openpyxl.Workbook:
    return workbook(folder / "台账.xlsx", [HEADER, *ROWS])


def articles(folder: Path, *more: list) -> openpyxl.Workbook:
    return workbook(folder / "文章.xlsx", [ARTICLES, ARTICLE, *more], names=("Sheet1", "旧"))


def ods(path: Path, table: str, more: str = "") -> Path:
    """An ODF spreadsheet of the given rows; `more` stands in front of its tables."""
    names = {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
        "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
    }
    said = " ".join(f'xmlns:{name}="{address}"' for name, address in names.items())
    content = f"<office:document-content {said}>{more}<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest:manifest xmlns:manifest='urn:x'/>")
        book.writestr("content.xml", content)
    return path


def ods_row(cells: list[str], said: str = "") -> str:
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    return f"<table:table-row{said}>{''.join(map(text.format, cells))}</table:table-row>"


def rewritten(path: Path, *pairs: tuple[str, str]) -> Path:
    """The workbook with its first sheet's XML changed."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    for before, after in pairs:
        assert before in xml
        xml = xml.replace(before, after)
    parts["xl/worksheets/sheet1.xml"] = xml.encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def text_file(path: Path, *lines: str, end: str = "\n", encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def doubts(problems: list[Problem]) -> list[tuple[str, str]]:
    """The doubts of this page among problems, with their places as they are said."""
    return [(p.kind, p.place.say()) for p in problems if p.kind in DOUBTS]


def post_rows(count: int, title: str = "标题{}") -> list[str]:
    return [f"wechat:a,a{i},2026-09-{28 - i:02} 09:00,{title.format(i)},{100 + i},{i}" for i in range(count)]


# --- Hidden sheets and rows --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
@pytest.mark.parametrize("ending", ["xlsx", "xlsm", "et", "xls"])
def test_a_hidden_sheet_is_left_out_and_told(tmp_path, state, ending):
    book = workbook(tmp_path / f"台账.{ending}", [HEADER, ROWS[0]], [HEADER, ROWS[1]], [HEADER, ROWS[2]])
    book["旧台账"].sheet_state = state
    frame, problems = read_accounts(saved(book))
    assert frame["name"].to_list() == ["临河发布", "临河教育"]
    assert doubts(problems) == [("hidden_sheet", f"台账.{ending} › 旧台账")]


def test_a_hidden_sheet_of_a_tools_file_is_left_out_and_told(tmp_path):
    book = articles(tmp_path)
    hidden = book.create_sheet("旧")
    hidden.append(ARTICLES)
    hidden.append(["临河旧号", "2247500009_1", *ARTICLE[2:]])
    hidden.sheet_state = "hidden"
    imported = import_files([saved(book)])
    assert imported.posts["post_id"].to_list() == ["2247500001_1"]
    assert doubts(imported.problems) == [("hidden_sheet", "文章.xlsx › 旧")]


def test_a_ledger_with_a_hidden_sheet_is_imported_without_it(tmp_path):
    book = workbook(tmp_path / "台账.xlsx", [HEADER, ROWS[0]], [HEADER, ROWS[1]])
    book["旧台账"].sheet_state = "hidden"
    imported = import_files([saved(book)])
    assert imported.accounts["name"].to_list() == ["临河发布"]
    assert doubts(imported.problems) == [("hidden_sheet", "台账.xlsx › 旧台账")]


def test_where_only_a_hidden_sheet_holds_anything_the_error_names_it(tmp_path):
    book = workbook(tmp_path / "台账.xlsx", [], [HEADER, *ROWS])
    book["旧台账"].sheet_state = "hidden"
    path = saved(book)
    for read in (read_accounts, lambda source: import_files([source])):
        with pytest.raises(InputError) as refused:
            read(path)
        assert refused.value.kind == "only_hidden_sheets"
        assert "旧台账" in refused.value.say("zh-Hans")


def test_an_empty_hidden_sheet_and_the_stores_of_wps_are_nothing_to_tell(tmp_path):
    book = workbook(
        tmp_path / "台账.xlsx", [HEADER, *ROWS], [], [["图"]], names=("台账", "空", "WpsReserved_CellImgList")
    )
    book["空"].sheet_state = "hidden"
    book["WpsReserved_CellImgList"].sheet_state = "veryHidden"
    assert doubts(read_accounts(saved(book))[1]) == []


def test_a_hidden_sheet_of_an_ods_file_is_left_out_and_told(tmp_path):
    style = '<office:automatic-styles><style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    tables = f'<table:table table:name="台账">{ods_row(HEADER)}{ods_row(ROWS[0])}</table:table>'
    tables += f'<table:table table:name="旧" table:style-name="ta2">{ods_row(HEADER)}{ods_row(ROWS[1])}</table:table>'
    frame, problems = read_accounts(ods(tmp_path / "台账.ods", tables, style))
    assert frame["name"].to_list() == ["临河发布"]
    assert doubts(problems) == [("hidden_sheet", "台账.ods › 旧")]


def test_hidden_rows_are_counted_and_told(tmp_path):
    book = ledger(tmp_path)
    # Row 9 is hidden and blank.
    for row in (3, 4, 9):
        book["台账"].row_dimensions[row].hidden = True
    frame, problems = read_accounts(saved(book))
    assert frame.height == 3
    assert doubts(problems) == [("hidden_rows", "台账.xlsx › 台账")]
    assert [p.facts for p in problems if p.kind == "hidden_rows"] == [{"count": 2, "found": [3, 4]}]


def test_of_many_hidden_rows_the_first_few_are_named(tmp_path):
    rows = [["微信公众号", f"临河{i}", "临河县人民政府", "2026-09-28", "1"] for i in range(9)]
    book = workbook(tmp_path / "台账.xlsx", [HEADER, *rows])
    for row in range(2, 11):
        book["台账"].row_dimensions[row].hidden = True
    facts = [p.facts for p in read_accounts(saved(book))[1] if p.kind == "hidden_rows"]
    assert facts == [{"count": 9, "found": [2, 3, 4, 5, 6, "…"]}]


@pytest.mark.parametrize("how", ["collapse", "filter"])
def test_hidden_rows_of_an_ods_file_are_counted_and_told(tmp_path, how):
    hidden = f' table:visibility="{how}"'
    blank = '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
    rows = ods_row(HEADER) + blank + ods_row(ROWS[0]) + ods_row(ROWS[1], hidden) + ods_row(ROWS[2])
    end = f'<table:table-row{hidden} table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    frame, problems = read_accounts(
        ods(tmp_path / "台账.ods", f'<table:table table:name="台账">{rows}{end}</table:table>')
    )
    assert frame.height == 3
    assert [(p.place.say(), p.facts) for p in problems if p.kind == "hidden_rows"] == [
        ("台账.ods › 台账", {"count": 1, "found": [5]})
    ]


def test_hidden_rows_of_a_tools_file_are_counted_and_told(tmp_path):
    book = articles(tmp_path, ["临河发布", "2247500001_2", *ARTICLE[2:]])
    book["Sheet1"].row_dimensions[3].hidden = True
    imported = import_files([saved(book)])
    assert imported.posts.height == 2
    assert doubts(imported.problems) == [("hidden_rows", "文章.xlsx › Sheet1")]


def test_what_a_hostile_file_says_of_its_rows_takes_no_memory(tmp_path):
    merged = f'<table:table-cell table:number-rows-spanned="{"9" * 30}" calcext:value-type="error" office:value-type="string"><text:p>#N/A</text:p></table:table-cell>'
    rows = ods_row(HEADER) + ods_row(ROWS[0]).replace("<table:table-cell", merged + "<table:table-cell", 1)
    path = ods(tmp_path / "台账.ods", f'<table:table table:name="台账">{rows}</table:table>')
    assert doubts(read_accounts(path)[1]) == [("error_cell", "台账.ods › 台账 › A2")]


def test_merged_cells_of_an_ods_file_count_for_each_row(tmp_path):
    merged = '<table:table-cell table:number-rows-spanned="2" table:number-columns-spanned="1" office:value-type="string"><text:p>临河县人民政府</text:p></table:table-cell>'
    rows = ods_row(["主办单位", "平台", "账号名称"])
    rows += f"<table:table-row>{merged}{ods_row(['微信公众号', '甲'])[17:]}"
    rows += f"<table:table-row><table:covered-table-cell/>{ods_row(['新浪微博', '乙'])[17:]}"
    frame, problems = read_accounts(ods(tmp_path / "台账.ods", f'<table:table table:name="台账">{rows}</table:table>'))
    assert frame["unit"].to_list() == ["临河县人民政府", "临河县人民政府"]
    assert [p.kind for p in problems if p.severity == "error"] == []


# --- Formulas and errors -----------------------------------------------------------------------------------


def test_a_formula_without_a_value_is_a_problem_with_its_cell(tmp_path):
    book = ledger(tmp_path)
    book["台账"]["D3"] = "=DATE(2026,5,1)"
    book["台账"]["E4"] = "=A1*B1"
    frame, problems = read_accounts(saved(book))
    assert doubts(problems) == [
        ("formula_without_value", "台账.xlsx › 台账 › D3"),
        ("formula_without_value", "台账.xlsx › 台账 › E4"),
    ]
    assert [p.facts["found"] for p in problems if p.kind in DOUBTS] == ["=DATE(2026,5,1)", "=A1*B1"]
    assert frame["last_post_on"].is_null().to_list() == [False, True, False]
    assert frame["followers"].to_list() == [1200, 300, None]
    # One cell is one problem: that it is no date or number is not said beside it.
    assert [p.kind for p in problems if p.severity != "note"] == ["formula_without_value"] * 2


@pytest.mark.parametrize(
    ("cell", "is_told"),
    [
        ('<c r="D3"><f>DATE(2026,5,1)</f></c>', True),
        ('<c r="D3" s="1"><f>DATE(2026,5,1)</f><v/></c>', True),
        ('<c r="D3"><f t="shared" si="0"/></c>', True),
        ('<c r="D3"><f t="shared" ref="D3:D9" si="0">TODAY()-1</f><v></v></c>', True),
        ('<c r="D3" t="str"><f>IF(1=2,"a","")</f><v></v></c>', False),
        ('<c r="D3"><f>DATE(2026,5,1)</f><v>46143</v></c>', False),
    ],
)
def test_a_formula_has_no_value_however_it_is_written(tmp_path, cell, is_told):
    book = ledger(tmp_path)
    book["台账"]["D3"] = "=X"
    path = rewritten(saved(book), ('<c r="D3"><f>X</f><v></v></c>', cell))
    assert doubts(read_accounts(path)[1]) == [("formula_without_value", "台账.xlsx › 台账 › D3")] * is_told


def test_formulas_where_nothing_is_read_are_nothing_to_tell(tmp_path):
    book = workbook(
        tmp_path / "台账.xlsx", [[*HEADER, "核对"], *([*row, "=1+1"] for row in ROWS), ["合计", "=COUNTA(B2:B4)"]]
    )
    frame, problems = read_accounts(saved(book))
    assert (frame.height, doubts(problems)) == (3, [])


def test_rows_that_are_formulas_all_over_are_told(tmp_path):
    book = workbook(tmp_path / "台账.xlsx", [HEADER, ROWS[0], [f"=旧!{c}9" for c in "ABCDE"]])
    problems = read_accounts(saved(book))[1]
    assert [place for _, place in doubts(problems)] == [f"台账.xlsx › 台账 › {c}3" for c in "ABCDE"]


def test_an_error_in_a_merged_cell_is_one_of_each_row(tmp_path):
    book = ledger(tmp_path)
    sheet = book["台账"]
    sheet["C2"] = "#REF!"
    sheet["C2"].data_type = "e"
    sheet["C3"] = None
    sheet.merge_cells("C2:C3")
    frame, problems = read_accounts(saved(book))
    assert doubts(problems) == [("error_cell", f"台账.xlsx › 台账 › C{row}") for row in (2, 3)]
    assert frame["unit"].to_list() == [None, None, "临河县教育局"]


def test_an_error_in_a_column_of_one_platform_names_its_own_cell(tmp_path):
    rows = [
        ["主办单位", "微信公众号名称", "微博名称"],
        ["临河县教育局", "临河教育", "#N/A"],
        ["临河县公安局", "临河公安", "平安临河"],
    ]
    book = workbook(tmp_path / "台账.xlsx", rows)
    book["台账"]["C2"].data_type = "e"
    frame, problems = read_accounts(saved(book))
    assert doubts(problems) == [("error_cell", "台账.xlsx › 台账 › C2")]
    assert frame["name"].drop_nulls().to_list() == ["临河教育", "临河公安", "平安临河"]


ERRORS = ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?"]


def error_sources(folder: Path, error: str) -> list[tuple[object, str]]:
    """A ledger whose second row holds an error for a date, in each kind of file, and where it stands there."""
    rows = [list(row) for row in ROWS]
    rows[1][3] = error
    book = workbook(folder / "台账.xlsx", [HEADER, *rows])
    book["台账"]["D3"].data_type = "e"
    cell = f'<table:table-cell table:formula="of:=A1" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>{error}</text:p></table:table-cell>'
    table = "".join(map(ods_row, [HEADER, *rows])).replace(ods_row([error])[17:-18], cell)
    return [
        (saved(book), "台账.xlsx › 台账 › D3"),
        (ods(folder / "台账.ods", f'<table:table table:name="台账">{table}</table:table>'), "台账.ods › 台账 › D3"),
        (
            text_file(folder / "台账.csv", *(",".join(row) for row in [HEADER, *rows])),
            "台账.csv › 第3行 › 最后更新日期",
        ),
        (pl.DataFrame(rows, schema=HEADER, orient="row"), "accounts › 第2行 › 最后更新日期"),
    ]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_a_problem_with_its_cell_in_every_kind_of_file(tmp_path, error):
    for source, place in error_sources(tmp_path, error):
        frame, problems = read_accounts(source)
        told = [p for p in problems if p.severity != "note"]
        if isinstance(source, pl.DataFrame):
            place = place.replace("第2行", f"第{told[0].place.row}行")
        assert [(p.kind, p.place.say(), p.facts) for p in told] == [("error_cell", place, {"found": error})]
        assert frame["last_post_on"].is_null().to_list() == [False, True, False]


def test_odd_cells_of_a_tools_file_are_shown_and_loaded_as_null(tmp_path):
    book = articles(tmp_path, ["临河发布", "2247500001_2", *ARTICLE[2:6], "#N/A", "=1+1"])
    book["Sheet1"]["G3"].data_type = "e"
    path = saved(book)
    (part,) = parts_of(path)
    layout = next(one for one in layouts("wechat-article-exporter") if one.table == "posts")
    frame = part.load(0, ["ID", "阅读", "点赞"], layout)
    assert frame.rows() == [(2, "2247500001_1", "100", "3"), (3, "2247500001_2", None, None)]
    assert part.odd == {(3, 6): ("error_cell", "#N/A"), (3, 7): ("formula_without_value", "=1+1")}
    assert import_files([path]).posts["reads"].to_list() == [100, None]


def test_odd_cells_of_a_tools_text_are_shown_and_loaded_as_null(tmp_path):
    row = "R05HFFFiy,防汛,,无,无,True,无,无,2026-09-28 09:30,微博,#REF!,5,3"
    (part,) = parts_of(text_file(tmp_path / "7900000001.csv", WEIBO, row))
    frame = part.load(0, ["微博id", "点赞数"], layouts("weiboSpider")[0])
    assert frame.rows() == [(2, "R05HFFFiy", None)]
    assert part.odd == {(2, 10): ("error_cell", "#REF!")}


def test_an_audit_with_an_odd_cell_is_refused_and_the_cell_is_told(tmp_path):
    write_audit(tmp_path / "审计", messages=[{"unit": "甲的主办单位", "received_at": "#REF!", "title": "问"}])
    with pytest.raises(InputError) as refused:
        read_audit(tmp_path / "审计")
    assert doubts(refused.value.problems) == [("error_cell", "messages.csv › 第2行 › received_at")]


# --- Lines of a text ---------------------------------------------------------------------------------------


def test_rows_wider_than_their_header_are_told_with_their_lines(tmp_path):
    rows = post_rows(4)
    rows[1] = rows[1].replace("标题1", "标题,又一半")
    rows[3] += ",,"
    frame, problems = read_posts(text_file(tmp_path / "帖文.csv", POSTS, *rows))
    assert frame.height == 4
    assert [(p.kind, p.place.say(), p.facts) for p in problems if p.kind in DOUBTS] == [
        ("wide_row", "帖文.csv", {"count": 1, "found": [3]})
    ]


def test_a_wide_row_far_down_a_ledger_is_told(tmp_path):
    rows = [",".join(ROWS[0])] * 50 + [",".join([*ROWS[1], "", "又一格"])]
    problems = read_accounts(text_file(tmp_path / "台账.csv", "某县台账", ",".join(HEADER), *rows))[1]
    assert [(p.kind, p.facts) for p in problems if p.kind in DOUBTS] == [("wide_row", {"count": 1, "found": [53]})]


def test_a_wide_row_of_a_tools_text_is_told_and_one_beneath_a_wider_header_is_not(tmp_path):
    row = "R05HFFFi{},防汛,,无,无,True,无,无,2026-09-28 09:3{},微博,12,5,3"
    rows = [row.format(i, i) for i in range(4)]
    rows[1] += ",多"
    path = text_file(tmp_path / "7900000001.csv", WEIBO, *rows[:3], WEIBO + ",新", rows[3] + ",值")
    imported = import_files([path])
    assert imported.posts.height == 4
    assert [(p.kind, p.facts) for p in imported.problems if p.kind in DOUBTS] == [
        ("wide_row", {"count": 1, "found": [3]})
    ]


def test_rows_of_a_newer_version_below_an_older_header_are_no_wide_rows():
    assert [one.name for one in layouts() if one.rows]
    for folder in ("weibo-crawler", "MediaCrawler_before_2026-07", "MediaCrawler_current"):
        assert doubts(import_files([Path(__file__).parent / "samples" / folder]).problems) == []


@pytest.mark.parametrize("read", [read_posts, lambda path: (import_files([path]).posts, import_files([path]).problems)])
def test_lines_that_end_in_cr_alone_are_read_and_told(tmp_path, read):
    frame, problems = read(text_file(tmp_path / "帖文.csv", POSTS, *post_rows(3), end="\r"))
    assert (frame.height, doubts(problems)) == (3, [("cr_line_ends", "帖文.csv")])
    assert problems[0].severity == "note"


def stray(rows: list[str], *at: int, quote: str = '"{}') -> list[str]:
    return [row.replace(f"标题{i}", quote.format(f"标题{i}")) if i in at else row for i, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("rows", "line", "count"),
    [
        pytest.param(
            stray(stray(post_rows(12), 3), 10, quote='{}"'), 5, 7, id="opens one title and ends another",
        ),
        pytest.param(stray(post_rows(12), 3), 5, 8, id="never closes"),
        pytest.param(stray(post_rows(12), 10), 12, 1, id="never closes before the last line"),
        pytest.param(
            stray(stray(post_rows(12), 3), 8, quote='"{},其二"'), 5, 5, id="runs into a quoted text",
        ),
        pytest.param(
            stray([f'"{row.split(",")[0]}",{row.split(",", 1)[1]}' for row in post_rows(12)], 3), 5, 1,
            id="among cells in quotes",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [read_posts, lambda path: (import_files([path]).posts, import_files([path]).problems)])
def test_a_quote_that_swallows_rows_gives_them_back_and_is_told(tmp_path, rows, line, count, read):
    frame, problems = read(text_file(tmp_path / "帖文.csv", POSTS, *rows))
    assert sorted(frame["post_id"]) == sorted(f"a{i}" for i in range(12))
    assert set(frame["account_id"]) == {"wechat:a"}
    assert [(p.kind, p.place.say(), p.facts) for p in problems if p.kind in DOUBTS] == [
        ("quote_swallows_rows", f"帖文.csv › 第{line}行", {"count": count})
    ]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_a_quote_is_found_in_any_encoding(tmp_path, encoding):
    rows = stray(stray(post_rows(12), 3), 10, quote='{}"')
    frame, problems = read_posts(text_file(tmp_path / "帖文.csv", POSTS, *rows, encoding=encoding))
    assert frame.height == 12
    assert doubts(problems) == [("quote_swallows_rows", "帖文.csv › 第5行")]


def test_a_quote_is_found_where_bytes_further_down_are_damaged(tmp_path):
    rows = stray(stray(post_rows(12), 3), 10, quote='{}"')
    path = text_file(
        tmp_path / "帖文.csv", POSTS, *[row.replace("a0", f"z{i}") for i in range(3000) for row in rows[:1]], *rows
    )
    path.write_bytes(path.read_bytes().replace("标题5".encode(), b"\xe6\xa0"))
    frame, problems = read_posts(path)
    assert frame.height == 3012
    assert doubts(problems) == [("quote_swallows_rows", "帖文.csv › 第3005行")]


def test_a_quote_in_a_text_with_tabs_and_in_a_ledger(tmp_path):
    rows = [*ROWS, *([*row[:1], f"{row[1]}二", *row[2:]] for row in ROWS)]
    rows[1] = ["新浪微博", '"临河微博', *ROWS[1][2:]]
    rows[4] = ["新浪微博", '临河微博二"', *ROWS[1][2:]]
    frame, problems = read_accounts(text_file(tmp_path / "台账.tsv", *("\t".join(row) for row in [HEADER, *rows])))
    assert frame.height == 6
    assert doubts(problems) == [("quote_swallows_rows", "台账.tsv › 第3行")]


def test_a_quote_above_the_header_does_not_swallow_the_table(tmp_path):
    lines = ['"某县台账', ",".join(HEADER), *(",".join(row) for row in ROWS)]
    frame, problems = read_accounts(text_file(tmp_path / "台账.csv", *lines))
    assert frame["name"].to_list() == ["临河发布", "临河微博", "临河教育"]
    assert doubts(problems) == [("quote_swallows_rows", "台账.csv › 第1行")]


def test_a_tools_text_gives_back_what_a_quote_swallows(tmp_path):
    rows = [f"R05HFFFi{i},防汛{i},,无,无,True,无,无,2026-09-28 09:3{i},微博,12,5,3" for i in range(6)]
    rows[1] = rows[1].replace("防汛1", '"防汛1')
    rows[4] = rows[4].replace("防汛4", '防汛4"')
    imported = import_files([text_file(tmp_path / "7900000001.csv", WEIBO, *rows)])
    assert imported.posts.height == 6
    assert doubts(imported.problems) == [("quote_swallows_rows", "7900000001.csv › 第3行")]


@pytest.mark.parametrize(
    "title",
    [
        '"第一行\n第二行，没有逗号\n\n第四行"',
        '"停水通知,请注意\n一、时间,5月20日,8时,至,18时\n二、地点"',
        '"他说""你好""\n又说""再见"""',
        '6" 管道',
        '3"和4"管道',
        '"整句在引号里"',
    ],
)
def test_quotes_that_belong_to_a_text_stay_as_they_are(tmp_path, title):
    rows = [row.replace("标题1", title) for row in post_rows(5)]
    frame, problems = read_posts(text_file(tmp_path / "帖文.csv", POSTS, *rows))
    meant = title[1:-1].replace('""', '"') if title.startswith('"') else title
    assert (frame.height, doubts(problems)) == (5, [])
    # A title is the beginning of a text, in one line.
    assert frame.filter(post_id="a1")["title"].item() == " ".join(meant.split())


def test_a_text_that_holds_rows_among_other_lines_stays_one_cell_and_is_told(tmp_path):
    table = "\n".join(["见下表：", *post_rows(3), "完"])
    rows = [row.replace("标题1", f'"{table}"') for row in post_rows(5)]
    frame, problems = read_posts(text_file(tmp_path / "帖文.csv", POSTS, *rows))
    assert frame.height == 5
    assert [(p.kind, p.place.say(), p.facts) for p in problems if p.kind in DOUBTS] == [
        ("quote_holds_rows", "帖文.csv › 第3行", {"count": 4})
    ]


def test_a_text_that_a_stopped_tool_left_open_is_told(tmp_path):
    rows = [*post_rows(3), 'wechat:a,a9,2026-08-01 09:00,"写到一半', "就停了"]
    frame, problems = read_posts(text_file(tmp_path / "帖文.csv", POSTS, *rows))
    assert frame["post_id"].to_list() == ["a9", "a2", "a1", "a0"]
    assert doubts(problems) == [("quote_holds_rows", "帖文.csv › 第5行")]


# --- Numbers that have lost their last digits --------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.79E+09", "1.79E+09"),
        ("5.300219279930202e15", "5.300219279930202e15"),
        ("12.0", "12"),
        ("12.5", "12.5"),
        ("5300219279930202", "5300219279930202"),
        ("5300219279930202123", "5300219279930202123"),
        ("5300219279930202.0", "5300219279930202"),
        ("9100219279930202.0", "9.10022E+15"),
        ("5300219279930202123.0", "5.30022E+18"),
    ],
)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_number_of_json_keeps_the_form_that_shows_what_was_lost(tmp_path, written, read, ending):
    record = f'{{"id": {written}, "title": "甲"}}'
    path = text_file(tmp_path / f"数.{ending}", f"[{record}]" if ending == "json" else record)
    (grid,) = grids(path)
    assert grid.frame["c0"].to_list() == [read]
    (part,) = parts_of(path)
    assert part.load(0, ["id"], layouts()[0])["id"].to_list() == [read]


def long_numbers(path: Path) -> Path:
    rows = [["ID", "主页"], ["5300219279930202123", 5300219279930202123], ["9007199254740992", 9007199254740994]]
    return saved(workbook(path, [*rows, ["5300219279930202112", 5300219279930200], ["短", 12]]))


def test_a_number_too_long_for_a_cell_is_seen_to_be_one_and_text_of_digits_stays(tmp_path):
    (grid,) = grids(long_numbers(tmp_path / "编号.xlsx"))
    assert grid.frame["c0"].to_list()[1:] == ["5300219279930202123", "9007199254740992", "5300219279930202112", "短"]
    assert grid.frame["c1"].to_list()[1:] == ["5.30022E+18", "9.00720E+15", "5300219279930200", "12"]


def test_a_long_number_is_no_id_of_a_ledger(tmp_path):
    book = workbook(
        tmp_path / "台账.xlsx",
        [["平台", "账号名称", "主办单位", "平台编号"], ["抖音", "甲", "某局", 5300219279930202123], ["抖音", "乙", "某局", "5300219279930202124"]],
    )  # fmt: skip
    frame, problems = read_accounts(saved(book))
    assert frame["platform_id"].to_list() == [None, "5300219279930202124"]
    assert [(p.kind, p.place.say()) for p in problems if p.severity == "warning"] == [
        ("id_rounded", "台账.xlsx › 台账 › D2")
    ]


@pytest.mark.parametrize("kind", sorted({*DOUBTS, "only_hidden_sheets"}))
def test_every_doubt_names_its_file_in_both_languages(kind):
    problem = Problem(kind, Place("台账.xlsx", "台账", 3), {"count": 2, "found": [3, 4], "path": "台账.xlsx"})
    assert all("台账.xlsx" in problem.say(language) for language in ("zh-Hans", "en"))
