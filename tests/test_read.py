"""Reading: the same table from any file, and each problem with the place where it stands and what would do."""

import datetime as dt
import json
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pytest
from audits import AS_OF, account, post, write_audit
from polars.testing import assert_frame_equal

from govmedia_kit import schema
from govmedia_kit.divisions import divisions, within
from govmedia_kit.errors import GovmediaError, InputError
from govmedia_kit.judge.assess import assess, set_aside_problems
from govmedia_kit.judge.rules import read_rules
from govmedia_kit.proofread.verifying import verify_file
from govmedia_kit.read.audit import read_audit, read_messages, read_posts
from govmedia_kit.read.ledger.read_ledger import read_accounts
from govmedia_kit.read.settings import read_settings

LEDGER = [
    ("wechat", "爱玉门", "玉门市人民政府", "620981", 1200, True, "2015-03-01"),
    ("weibo", "西和发布㐂", "西和县人民政府", "621225", None, False, None),
    ("toutiao", "平安甘肃", "甘肃省公安厅", "620000", 35_000, None, "2016-07-06"),
]
NAMES = ["platform", "name", "unit", "region", "followers", "channel_comments", "opened_on"]
CHINESE = ["平台", "账号名称", "主办单位", "区划代码", "粉丝数", "可评论", "开设日期"]
ENGLISH = ["Platform", "Name", "Unit", "Region", "Followers", "Comments", "Opened"]
EXPECTED = pl.DataFrame(LEDGER, schema=NAMES, orient="row").with_columns(pl.col("opened_on").str.to_date())


def text(header: list[str] = NAMES, separator: str = ",") -> str:
    """The ledger as a delimited text."""
    lines = [header] + [
        ["" if c is None else str(c).lower() if isinstance(c, bool) else str(c) for c in r] for r in LEDGER
    ]
    return "".join(separator.join(line) + "\n" for line in lines)


def assert_is_the_ledger(source: object) -> None:
    frame, problems = read_accounts(source)
    assert [p for p in problems if p.severity != "note"] == []
    assert_frame_equal(frame.select(NAMES), EXPECTED)
    assert frame["account_id"].to_list() == [f"{p}:{n}@{u}" for p, n, u, *_ in LEDGER]


def problems_of(source: object, reader=read_accounts) -> list[tuple[str, int | None, str]]:
    return [(p.kind, p.place.row, p.place.column) for p in reader(source)[1] if p.severity != "note"]


def csv_of(folder: Path, rows: list[dict], name: str = "accounts.csv") -> Path:
    pl.DataFrame(rows, infer_schema_length=None).write_csv(folder / name)
    return folder / name


# --- The same table from any file --------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_csv_may_have_any_encoding(tmp_path, encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (tmp_path / "accounts.csv").write_bytes(mark + text().encode(encoding))
    assert_is_the_ledger(tmp_path / "accounts.csv")


@pytest.mark.parametrize("header", [NAMES, CHINESE, ENGLISH, [n.upper() for n in NAMES], [f" {n} * " for n in CHINESE]])
def test_columns_may_be_named_in_chinese_or_english(tmp_path, header):
    (tmp_path / "a.csv").write_text(text(header), encoding="utf-8")
    assert_is_the_ledger(tmp_path / "a.csv")


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_delimited_text_may_use_any_separator(tmp_path, separator):
    (tmp_path / "a.csv").write_text(text(separator=separator), encoding="utf-8")
    assert_is_the_ledger(tmp_path / "a.csv")


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_lines_may_end_either_way(tmp_path, ending):
    (tmp_path / "a.csv").write_bytes(text().replace("\n", ending).encode())
    assert_is_the_ledger(tmp_path / "a.csv")


def test_a_workbook_of_texts_or_of_typed_cells_is_the_same(tmp_path):
    typed = EXPECTED.to_dicts()
    pd.DataFrame(typed).to_excel(tmp_path / "typed.xlsx", index=False)
    pd.DataFrame(typed).rename(columns=dict(zip(NAMES, CHINESE, strict=True))).to_excel(
        tmp_path / "zh.xlsx", index=False
    )
    pd.DataFrame([line.split(",") for line in text().splitlines()]).to_excel(
        tmp_path / "texts.xlsx", index=False, header=False
    )
    for name in ("typed", "zh", "texts"):
        assert_is_the_ledger(tmp_path / f"{name}.xlsx")


def test_a_title_row_above_the_header_is_passed_over(tmp_path):
    rows = [
        ["玉门等地政务新媒体台账（2019年7月）"] + [""] * 6,
        CHINESE,
        *[line.split(",") for line in text().splitlines()[1:]],
    ]
    pd.DataFrame(rows).to_excel(tmp_path / "a.xlsx", index=False, header=False)
    assert_is_the_ledger(tmp_path / "a.xlsx")


def test_a_title_row_above_the_header_of_a_text_is_passed_over(tmp_path):
    (tmp_path / "a.csv").write_text("玉门等地政务新媒体台账\n" + text(CHINESE, ";"), encoding="utf-8")
    assert_is_the_ledger(tmp_path / "a.csv")


def test_a_page_that_is_called_a_workbook_is_read_cells_over_several_rows_in_each(tmp_path):
    page = """<html><body><table>
        <tr><th>主办单位</th><th>平台</th><th>账号名称</th><th colspan="2">开设日期</th><th>粉丝数</th></tr>
        <tr><td rowspan="2">甲局</td><td>微信</td><td>甲一</td><td>2019-07-01</td><td>9:30</td><td>12</td></tr>
        <tr><td>微博</td><td>甲二</td><td colspan="2">2019-07-02</td><td>13</td></tr>
        <tr><td>乙局</td><td>微信</td><td>乙</td><td>2019-07-03</td><td></td><td>14</td></tr></table></body></html>"""
    (tmp_path / "台账.xls").write_text(page, encoding="gb18030")
    frame, _ = read_accounts(tmp_path / "台账.xls")
    assert frame.select("unit", "name", "followers").rows() == [
        ("甲局", "甲一", 12),
        ("甲局", "甲二", 13),
        ("乙局", "乙", 14),
    ]
    assert frame["opened_on"].to_list() == [dt.date(2019, 7, day) for day in (1, 2, 3)]


def test_lines_of_json_that_are_damaged_are_refused_by_their_number(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"平台": "微信"}\n{"平台": "微\n{"平台": "微信"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        read_accounts(tmp_path / "a.jsonl")


@pytest.mark.parametrize("read", [read_accounts, verify_file, lambda path: read_rules(path.name, folder=path.parent)])
def test_an_empty_workbook_is_a_sentence_wherever_it_is_given(tmp_path, read):
    openpyxl.Workbook().save(tmp_path / "空.xlsx")
    with pytest.raises(GovmediaError) as caught:
        read(tmp_path / "空.xlsx")
    assert caught.value.kind in ("empty_table", "rules_empty")
    assert "空.xlsx" in caught.value.say("zh-Hans")


def test_parquet_json_polars_and_pandas_are_the_same(tmp_path):
    EXPECTED.write_parquet(tmp_path / "a.parquet")
    records = [{k: str(v) if isinstance(v, dt.date) else v for k, v in row.items()} for row in EXPECTED.to_dicts()]
    (tmp_path / "a.json").write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records), encoding="utf-8")
    for name in ("a.parquet", "a.json", "a.jsonl"):
        assert_is_the_ledger(tmp_path / name)
    assert_is_the_ledger(EXPECTED)
    assert_is_the_ledger(pd.DataFrame(EXPECTED.to_dicts()))


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_a_pandas_frame_may_have_any_dtype_of_text(dtype):
    frame = pd.DataFrame({n: pd.Series([r[i] for r in LEDGER], dtype=dtype) for i, n in enumerate(NAMES[:3])})
    assert read_accounts(frame)[0].select(NAMES[:3]).rows() == [row[:3] for row in LEDGER]


def test_the_rebuilt_audit_is_the_same_from_csv_xlsx_and_parquet(gansu, tmp_path):
    frame, problems = read_accounts(gansu / "accounts.csv")
    assert problems == []
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_excel(tmp_path / "a.xlsx")
    pd.read_csv(gansu / "accounts.csv", dtype=str).to_excel(tmp_path / "b.xlsx", index=False)
    for name in ("a.parquet", "a.xlsx", "b.xlsx"):
        assert_frame_equal(read_accounts(tmp_path / name)[0], frame, check_column_order=False)


def test_dates_are_read_as_they_are_written(tmp_path):
    written = ["2019-07-05", "2019/7/5", "2019年7月5日", "2019.7.5", "20190705", "43651", "2019-07-05 09:30"]
    path = csv_of(tmp_path, [account(f"a{i}", opened_on=w) for i, w in enumerate(written)])
    frame, problems = read_accounts(path)
    assert problems == []
    assert set(frame["opened_on"]) == {dt.date(2019, 7, 5)}


@pytest.mark.parametrize("platform", list(schema.vocabulary("platform")))
def test_every_spelling_of_a_platform_is_known(platform):
    word = schema.vocabulary("platform")[platform]
    spellings = [*word.spellings]
    spellings += [s.upper() for s in spellings] + [f" {s}　" for s in spellings]
    rows = [account(f"a{i}", platform=s) for i, s in enumerate(spellings)]
    frame, problems = read_accounts(pl.DataFrame(rows))
    assert problems == []
    assert set(frame["platform"]) == {platform}


def test_levels_and_filing_states_have_their_spellings():
    rows = [
        account("a", unit_level="县（市、区）政府", filing_status="已注销"),
        account("b", unit_level="省直", filing_status="正常"),
    ]
    frame, problems = read_accounts(pl.DataFrame(rows))
    assert problems == []
    assert frame.select("unit_level", "filing_status").rows() == [
        ("county", "closed"),
        ("provincial_department", "filed"),
    ]


def test_an_id_is_built_from_what_identifies_an_account():
    rows = [
        {"platform": "微博", "platform_id": "1937187173.0", "name": "甘肃发布", "unit": "省政府办公厅"},
        {"platform": "微信", "platform_id": "无", "name": "甘肃发布", "unit": "省政府办公厅"},
    ]
    frame, problems = read_accounts(pl.DataFrame(rows))
    assert problems == []
    assert frame["account_id"].to_list() == ["weibo:1937187173", "wechat:甘肃发布@省政府办公厅"]


@pytest.mark.parametrize("name", ["甲|乙", "甲、乙", "甲；乙", "第一行\n第二行"])
def test_an_account_with_its_own_id_is_one_account_whatever_its_name(name):
    frame, problems = read_accounts(pl.DataFrame([account("a", name=name), account("b")]))
    assert problems == []
    assert frame["account_id"].to_list() == ["a", "b"]
    assert frame["name"].to_list() == [name, "b"]


def test_a_region_may_be_a_name_or_a_short_code():
    rows = [account(f"a{i}", region=r) for i, r in enumerate(["620981", "玉门市", "62", "6209", "620981000000"])]
    frame, problems = read_accounts(pl.DataFrame(rows))
    assert problems == []
    assert frame["region"].to_list() == ["620981", "620981", "620000", "620900", "620981"]


def test_posts_keep_their_newest_capture(tmp_path):
    rows = [
        post("甲", 1, reads=10, captured_at="2019-07-15 10:00"),
        post("甲", 1, reads=30, captured_at="2019-07-16 10:00"),
        post("甲", 1, reads=20, captured_at="2019-07-15 20:00"),
        post("甲", 2, reads=5, captured_at=None),
    ]
    frame, problems = read_posts(csv_of(tmp_path, rows, "posts.csv"))
    assert problems == []
    assert frame.sort("post_id").select("post_id", "reads").rows() == [("甲-1", 30), ("甲-2", 5)]


def test_a_post_that_stands_twice_without_a_capture_time_is_its_last_row(tmp_path):
    rows = [post("甲", 1, reads=10), post("甲", 2, reads=5), post("甲", 1, reads=30)]
    frame, problems = read_posts(csv_of(tmp_path, rows, "posts.csv"))
    assert problems == []
    assert frame.select("post_id", "reads").rows() == [("甲-2", 5), ("甲-1", 30)]


def test_a_post_on_two_sheets_is_kept_in_its_newest_capture_wherever_it_stands(tmp_path):
    book = openpyxl.Workbook()
    for sheet, reads, captured in ((book.active, 30, "2019-07-16"), (book.create_sheet("旧"), 10, "2019-07-15")):
        sheet.append(["account_id", "post_id", "published_at", "reads", "captured_at"])
        sheet.append(["甲", "甲-1", "2019-07-01 08:00", reads, captured])
    book.save(tmp_path / "posts.xlsx")
    frame, problems = read_posts(tmp_path / "posts.xlsx")
    assert problems == []
    assert frame["reads"].to_list() == [30]


def test_ten_thousands_are_numbers():
    rows = [post("甲", i, reads=r) for i, r in enumerate(["10万+", "1.2万", "12,000", "", "-1", "3"])]
    frame, problems = read_posts(pl.DataFrame(rows))
    assert problems == []
    # The oldest first.
    assert frame["reads"].to_list() == [3, None, None, 12_000, 12_000, 100_001]


def test_messages_without_a_reply_column_get_none(tmp_path):
    frame, problems = read_messages(pl.DataFrame({"account_id": ["甲"], "received_at": ["2019-07-01 08:00"]}))
    assert problems == []
    assert "replied_at" not in frame.columns


def test_a_sheet_without_replies_beside_one_that_has_them_is_told_and_left_out(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["账号编号", "留言时间", "答复时间"])
    book.active.append(["甲", "2019-07-01 08:00", None])
    other = book.create_sheet("旧")
    other.append(["账号编号", "留言时间"])
    other.append(["甲", "2019-06-01 08:00"])
    book.save(tmp_path / "messages.xlsx")
    frame, problems = read_messages(tmp_path / "messages.xlsx")
    assert frame.height == 1
    assert [(p.kind, p.place.sheet, p.facts["count"]) for p in problems] == [("no_reply_column", "旧", 1)]


def test_reading_leaves_its_input_alone():
    frame = pd.DataFrame(LEDGER, columns=CHINESE)
    before = frame.copy()
    read_accounts(frame)
    pd.testing.assert_frame_equal(frame, before)


# --- Problems, each with its place -------------------------------------------------------------------------


def test_each_problem_of_a_ledger_stands_with_its_row_and_column(tmp_path):
    rows = [
        account("a"),
        account("b", account_id=None, name=None),
        account("c", account_id="a"),
        account("d", platform="微薄"),
        account("e", platform=None),
        account("f", unit=None),
        account("g", opened_on="去年"),
        account("h", followers="很多"),
        account("i", channel_menu="看情况"),
        account("j", region="629999"),
        account("k", opened_on="2019-05-01", closed_on="2019-04-01"),
        account("l", unit_level="镇级市"),
    ]
    assert sorted(problems_of(csv_of(tmp_path, rows))) == [
        ("bad_date", 8, "opened_on"),
        ("bad_number", 9, "followers"),
        ("bad_yes_no", 10, "channel_menu"),
        ("closed_before_opened", 12, "closed_on"),
        ("doubled_account_id", 4, "account_id"),
        ("missing_account_id", 3, "account_id"),
        ("missing_value", 6, "platform"),
        ("missing_value", 7, "unit"),
        ("unknown_region", 11, "region"),
        ("unknown_word", 5, "platform"),
        ("unknown_word_kept", 13, "unit_level"),
    ]


def test_a_workbooks_problem_names_file_sheet_and_cell(tmp_path):
    rows = pd.DataFrame([account("a"), account("b", platform="微薄")])
    with pd.ExcelWriter(tmp_path / "台账.xlsx") as book:
        rows.to_excel(book, sheet_name="附表1", index=False)
    (problem,) = read_accounts(tmp_path / "台账.xlsx")[1]
    assert problem.say("zh-Hans").startswith("台账.xlsx › 附表1 › B3 的“微薄”")
    assert "是不是“" in problem.say("zh-Hans")
    assert "微博”？" in problem.say("zh-Hans")
    assert "Did you mean" in problem.say("en")


def test_rows_are_counted_as_the_spreadsheet_counts_them_below_a_title_and_blank_rows(tmp_path):
    blank = [None] * 3
    rows = [["台账", None, None], blank, CHINESE[:3], ["微信", "甲", "甲局"], blank, ["微薄", "乙", "乙局"]]
    pd.DataFrame(rows).to_excel(tmp_path / "a.xlsx", index=False, header=False)
    frame, problems = read_accounts(tmp_path / "a.xlsx")
    assert [(p.kind, p.place.letter, p.place.row) for p in problems] == [("unknown_word", "A", 6)]
    assert frame["name"].to_list() == ["甲", "乙"]


def test_an_unknown_column_is_a_note_with_the_nearest(tmp_path):
    path = csv_of(tmp_path, [account("a", follower="1")])
    (problem,) = read_accounts(path)[1]
    assert (problem.kind, problem.severity) == ("unknown_column", "note")
    assert "followers" in problem.say("en")


def test_two_columns_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("platform,name,unit,unit\n微信,甲,甲局,乙局\n", encoding="utf-8")
    assert problems_of(tmp_path / "a.csv") == [("doubled_column", None, "")]


def test_rows_without_an_account_or_time_are_named(tmp_path):
    rows = [
        post("甲", 1),
        post("甲", 2) | {"account_id": None},
        post("甲", 3) | {"published_at": "周五"},
        post("甲", 4) | {"published_at": None},
    ]
    assert sorted(problems_of(csv_of(tmp_path, rows, "posts.csv"), read_posts)) == [
        ("bad_date", 4, "published_at"),
        ("missing_value", 3, "account_id"),
        ("missing_value", 5, "published_at"),
    ]


def test_a_reply_before_its_message_is_named():
    rows = [{"account_id": "甲", "received_at": "2019-07-05", "replied_at": "2019-07-01"}]
    ((kind, *_),) = problems_of(pl.DataFrame(rows), read_messages)
    assert kind == "reply_before_message"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", b"", "empty_table"),
        ("a.csv", "平台,账号名称,主办单位\n".encode(), "empty_table"),
        ("a.csv", "平台,账号名称\n微信,甲\n".encode(), "no_column"),
        ("a.xlsx", b"this is no workbook", "unreadable_file"),
        ("a.parquet", b"this is no parquet", "unreadable_file"),
        ("a.json", b"[{]", "unreadable_file"),
        ("a.pdf", b"%PDF", "unknown_file_kind"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, name, content, kind):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_accounts(tmp_path / name)
    assert caught.value.kind == kind
    for language in ("zh-Hans", "en"):
        assert name in caught.value.say(language)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        read_accounts(tmp_path / "nowhere.csv")


def test_posts_without_a_column_of_times_name_what_is_there():
    with pytest.raises(InputError) as caught:
        read_posts(pl.DataFrame({"account_id": ["甲"], "when": ["2019-07-01"]}))
    assert caught.value.kind == "no_column"
    assert "when" in caught.value.say("zh-Hans")
    assert "发布时间" in caught.value.say("zh-Hans")


# --- The audit folder --------------------------------------------------------------------------------------


def test_the_founding_case_has_no_problem(gansu):
    audit = read_audit(gansu)
    assert audit.problems == []
    assert (audit.accounts.height, audit.posts.collect().height, audit.messages.height) == (283, 22_023, 760)
    assert assess(audit).set_aside.height == 0
    assert [p.name for p in audit.inputs] == ["audit.toml", "accounts.csv", "posts.parquet", "messages.csv"]


def test_posts_of_unknown_accounts_are_set_aside_counted_and_listed(tmp_path):
    posts = [post("甲", 1), post("外一", 1), post("外一", 2), post("外二", 3)]
    messages = [
        {"account_id": "外一", "received_at": "2019-07-01 08:00"},
        {"account_id": "甲", "received_at": "2019-07-02 08:00"},
    ]
    audit = read_audit(write_audit(tmp_path, posts=posts, messages=messages))
    measured = assess(audit)
    assert measured.set_aside.rows() == [("posts", "外一", 2), ("posts", "外二", 1), ("messages", "外一", 1)]
    assert (measured.days["posts"].sum(), audit.messages.height) == (1, 1)
    said = [p.say("zh-Hans") for p in set_aside_problems(audit)]
    assert len(said) == 2
    assert "posts 里有 3 行" in said[0]
    assert "外一、外二" in said[0]


def test_messages_of_nobody_are_counted_in_a_problem(tmp_path):
    rows = [{"account_id": None, "received_at": f"2019-07-01 0{hour}:00", "replied_at": None} for hour in (8, 9)]
    folder = write_audit(tmp_path, [account("a")], [post("a", 1)], messages=rows)
    problems = read_audit(folder, strict=False).problems
    assert [(p.kind, p.place.file, p.facts["count"]) for p in problems] == [("messages_of_nobody", "messages.csv", 2)]


def test_posts_of_another_region_are_not_set_aside(tmp_path):
    rows = [account("甲", region="620102"), account("乙", region="620902")]
    audit = read_audit(write_audit(tmp_path, rows, [post("甲", 1), post("乙", 1)]), region="620900")
    assert audit.accounts["account_id"].to_list() == ["乙"]
    measured = assess(audit)
    assert measured.days["account_id"].to_list() == ["乙"]
    assert measured.set_aside.height == 0


def test_a_region_is_all_beneath_it():
    assert within("620000")[0] == "620000"
    assert {"620900", "620981", "621225"} <= set(within("620000"))
    assert len(within("620000")) == 1 + 14 + 86 + 1
    assert within("620981") == ["620981"]
    assert within("999999") == []
    assert divisions()["code"].is_unique().all()


def test_given_settings_win_over_the_files(tmp_path):
    folder = write_audit(tmp_path, region="620000", language="zh-Hans")
    settings = read_settings(folder, region="620900", as_of="2019-07-01", language="en")
    assert (settings.region, settings.as_of, settings.language) == ("620900", dt.date(2019, 7, 1), "en")
    assert read_settings(folder, region=None).region == "620000"


def test_a_table_may_be_named_in_the_settings(tmp_path):
    folder = write_audit(tmp_path, tables={"accounts": "三季度/台账.csv"})
    (folder / "三季度").mkdir()
    shutil.move(folder / "accounts.csv", folder / "三季度" / "台账.csv")
    assert read_audit(folder).accounts.height == 1


def test_an_audit_file_may_have_a_byte_order_mark(tmp_path):
    folder = write_audit(tmp_path)
    content = (folder / "audit.toml").read_bytes()
    (folder / "audit.toml").write_bytes(b"\xef\xbb\xbf" + content)
    assert read_settings(folder).as_of == AS_OF


def refused(folder: Path, **given) -> InputError:
    with pytest.raises(InputError) as caught:
        read_audit(folder, **given)
    return caught.value


def test_two_files_for_one_table_are_refused(tmp_path):
    folder = write_audit(tmp_path)
    EXPECTED.write_parquet(folder / "accounts.parquet")
    error = refused(folder)
    assert error.kind == "two_tables"
    assert "accounts.parquet" in error.say("zh-Hans")


def test_a_folder_without_a_ledger_says_what_is_wanted(tmp_path):
    folder = write_audit(tmp_path)
    (folder / "accounts.csv").unlink()
    assert "accounts.csv" in refused(folder).say("zh-Hans")


def test_a_table_that_the_settings_name_must_be_there(tmp_path):
    assert refused(write_audit(tmp_path, tables={"posts": "posts2.csv"})).kind == "no_file"


@pytest.mark.parametrize(
    ("settings", "kind", "said"),
    [
        ({"regoin": "620000"}, "unknown_setting", "region"),
        ({"window_days": 0}, "bad_setting", "window_days"),
        ({"window_days": "三个月"}, "bad_setting", "三个月"),
        ({"language": "fr"}, "unknown_language", "language"),
        ({"as_of": "7月中旬"}, "bad_as_of", "7月中旬"),
        ({"tables": {"acounts": "a.csv"}}, "unknown_setting", "accounts"),
        ({"deadlines": {"reply_days": -1}}, "bad_setting", "reply_days"),
        ({"region": "629999"}, "unknown_region_asked", "629999"),
        ({"region": 620000}, "bad_setting", "region"),
    ],
)
def test_a_setting_that_cannot_be_is_named(tmp_path, settings, kind, said):
    error = refused(write_audit(tmp_path, **settings))
    assert error.kind == kind
    assert said in error.say("zh-Hans") + error.say("en")


def test_a_file_that_is_no_toml_names_the_line(tmp_path):
    folder = write_audit(tmp_path)
    (folder / "audit.toml").write_text('title = "没有收尾\nas_of = 2019-07-15\n', encoding="utf-8")
    error = refused(folder)
    assert error.kind == "bad_toml"
    assert "line 1" in error.say("zh-Hans")


def test_all_errors_are_told_at_once(tmp_path):
    error = refused(write_audit(tmp_path, [account("甲", platform="微薄"), account("甲", opened_on="哪天")]))
    assert error.kind == "too_many_problems"
    assert sorted(p.kind for p in error.problems) == ["bad_date", "doubled_account_id", "unknown_word"]
    audit = read_audit(tmp_path, strict=False)
    assert len(audit.problems) == 3
