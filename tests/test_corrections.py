"""corrections.csv: cells mended without touching their file, each with a reason, and a guard that the cell is still there."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomli_w
from typer.testing import CliRunner

from govmedia_kit.cli import app
from govmedia_kit.errors import InputError, Problem
from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.check import check_audit
from govmedia_kit.read.audit import Audit, read_audit

AS_OF = dt.date(2026, 9, 30)
COLUMNS = ["table", "key", "column", "found", "becomes", "reason"]
JIA = "wechat:甲发布@甲局"


def govmedia(*arguments: object) -> tuple[int, str]:
    """The command: its exit code, and what it said, in Chinese."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--language", "zh-Hans"])
    return result.exit_code, result.output


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def audit(folder: Path, *corrections: tuple[str, ...], heads: list[str] = COLUMNS, **cells: str) -> Path:
    """An audit of two accounts, 甲发布 with other `cells`, and corrections."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "平台": "微信",
            "账号名称": name,
            "主办单位": unit,
            "最后更新日期": "2026-09-29",
            "可留言": "是",
            "开设日期": "2019-05-01",
        }
        for name, unit in (("甲发布", "甲局"), ("乙发布", "乙局"))
    ]
    rows[0] |= cells
    table(folder / "accounts.csv", rows)
    with (folder / "audit.toml").open("wb") as file:
        tomli_w.dump({"title": "通报", "as_of": AS_OF, "rules": "gansu-2019"}, file)
    corrected(folder, *corrections, heads=heads)
    return folder


def corrected(folder: Path, *corrections: tuple[str, ...], heads: list[str] = COLUMNS) -> None:
    if corrections:
        table(folder / "corrections.csv", [dict(zip(heads, row, strict=True)) for row in corrections])


def posts_csv(folder: Path, *rows: tuple[str, str, str]) -> Path:
    names = ("account_id", "post_id", "published_at")
    return table(folder / "posts.csv", [dict(zip(names, row, strict=True)) for row in rows])


def errors(folder: Path) -> list[Problem]:
    return [p for p in check_audit(folder) if p.severity == "error"]


def jia(found: Audit) -> dict[str, Any]:
    return found.ledger.row(by_predicate=pl.col("name") == "甲发布", named=True)


# --- The ledger --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "cell", "column", "becomes", "name", "value"),
    [
        ("最后更新日期", "26-9-28", "last_post_on", "2026-09-28", "last_post_on", dt.date(2026, 9, 28)),
        ("最后更新日期", "2062-9-28", "最后更新日期", "2026-09-28", "last_post_on", dt.date(2026, 9, 28)),
        ("最后更新日期", "", "last_post_on", "2026/9/28", "last_post_on", dt.date(2026, 9, 28)),
        ("最后更新日期", "26-9-28", "最后更新时间", "从未更新", "post_count", 0),
        ("可留言", "看情况", "channel_messages", "否", "channel_messages", False),
        ("可留言", "是", "channel_messages", "", "channel_messages", None),
        ("开设日期", "2091-05-01", "opened_on", "2019-05-01", "opened_on", dt.date(2019, 5, 1)),
        ("粉丝数", "12000人", "followers", "1.2万", "followers", 12_000),
    ],
)
def test_a_cell_of_the_ledger_is_mended_before_it_is_understood(tmp_path, heading, cell, column, becomes, name, value):
    folder = audit(tmp_path / "a", ("accounts", JIA, column, cell, becomes, "电话核实"), **{heading: cell})
    before = (folder / "accounts.csv").read_bytes()
    found = read_audit(folder)
    assert [p.kind for p in found.problems] == []
    assert jia(found)[name] == value
    assert (folder / "accounts.csv").read_bytes() == before


def test_the_text_of_a_cell_is_compared_without_white_space_around_it(tmp_path):
    folder = audit(
        tmp_path / "a", ("accounts", JIA, "last_post_on", "26-9-28", "2026-09-28", "核实"), 最后更新日期="  26-9-28　"
    )
    assert errors(folder) == []
    assert jia(read_audit(folder))["last_post_on"] == dt.date(2026, 9, 28)


@pytest.mark.parametrize(
    ("column", "found", "becomes"), [("unit", "甲局", "甲县卫生健康局"), ("name", "甲发布", "甲县发布")]
)
def test_the_key_is_the_id_that_the_uncorrected_row_gives(tmp_path, column, found, becomes):
    """A second mend of the same row is found by the same key."""
    more = ("accounts", JIA, "last_post_on", "26-9-28", "2026-09-28", "核实")
    folder = audit(tmp_path / "a", ("accounts", JIA, column, found, becomes, "改名"), more, 最后更新日期="26-9-28")
    assert errors(folder) == []
    ledger = read_audit(folder).ledger
    assert ledger[column].to_list() == [becomes, {"unit": "乙局", "name": "乙发布"}[column]]
    assert ledger["last_post_on"][0] == dt.date(2026, 9, 28)
    name, unit = ("甲县发布", "甲局") if column == "name" else ("甲发布", "甲县卫生健康局")
    assert ledger["account_id"][0] == f"wechat:{name}@{unit}"


def test_a_key_made_of_the_mended_row_is_no_key(tmp_path):
    folder = audit(
        tmp_path / "a",
        ("accounts", JIA, "unit", "甲局", "甲县局", "改名"),
        ("accounts", "wechat:甲发布@甲县局", "last_post_on", "26-9-28", "2026-09-28", "核实"),
        最后更新日期="26-9-28",
    )
    missed = [p for p in errors(folder) if p.kind == "correction_missed"]
    assert [(p.place.file, p.place.row) for p in missed] == [("corrections.csv", 3)]


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".json"])
def test_a_ledger_of_any_kind_is_mended(tmp_path, suffix):
    folder = audit(
        tmp_path / "a", ("accounts", JIA, "last_post_on", "26-9-28", "2026-09-28", "核实"), 最后更新日期="26-9-28"
    )
    frame = pl.read_csv(folder / "accounts.csv", infer_schema=False)
    (folder / "accounts.csv").unlink()
    path = folder / f"accounts{suffix}"
    {".xlsx": frame.write_excel, ".parquet": frame.write_parquet, ".json": frame.write_json}[suffix](path)
    assert errors(folder) == []
    assert jia(read_audit(folder))["last_post_on"] == dt.date(2026, 9, 28)


def test_a_verdict_follows_from_the_mended_cell_and_only_there(tmp_path):
    correction = ("accounts", JIA, "last_post_on", "2026-09-29", "2026-09-09", "电话核实")
    folder = audit(tmp_path / "a", correction)
    measured = assess(read_audit(folder)).measured
    assert measured.select("name", "verdict", "gap_days").rows() == [("甲发布", "failed", 21), ("乙发布", "passed", 1)]


# --- Posts -------------------------------------------------------------------------------------------------

OWN = (JIA, "p1", "26-9-28 09:30"), (JIA, "p2", "2026-09-01 08:00"), ("wechat:乙发布@乙局", "p1", "2026-09-29 08:00")
TIME = ("posts", f"{JIA}/p1", "published_at", "26-9-28 09:30", "2026-09-28 09:30", "手误")


def test_a_posts_time_is_mended(tmp_path):
    folder = audit(tmp_path / "a", TIME)
    posts_csv(folder, *OWN)
    assert errors(folder) == []
    posts = read_audit(folder).posts.collect()
    assert posts.filter(account_id=JIA).sort("post_id")["published_at"].to_list() == [
        dt.datetime(2026, 9, 28, 9, 30),
        dt.datetime(2026, 9, 1, 8),
    ]
    assert posts.height == 3


def test_a_mended_time_moves_the_last_post(tmp_path):
    late = ("posts", f"{JIA}/p1", "published_at", "2062-09-28 09:30", "2026-09-28 09:30", "手误")
    folder = audit(tmp_path / "a", late, 最后更新日期="")
    posts_csv(folder, (JIA, "p1", "2062-09-28 09:30"), *OWN[1:])
    with (folder / "audit.toml").open("a", encoding="utf-8") as file:
        file.write("collected_to = 2026-09-30\n")
    assert errors(folder) == []
    measured = assess(read_audit(folder)).measured
    assert measured.select("last_post", "gap_days").row(0) == (dt.date(2026, 9, 28), 2)


def test_a_post_whose_time_becomes_nothing_is_none(tmp_path):
    folder = audit(tmp_path / "a", (*TIME[:3], "2026-09-28 09:30", "", "不是本单位的帖文"))
    posts_csv(folder, (JIA, "p1", "2026-09-28 09:30"), *OWN[1:])
    assert read_audit(folder, strict=False).posts.collect().filter(account_id=JIA)["post_id"].to_list() == ["p2"]
    assert [row["becomes"] for row in read_audit(folder, strict=False).corrected] == [None]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("found", ["2026-09-08 09:30:00", "2026-09-08 09:30"])
def test_a_posts_time_in_parquet_is_mended_on_every_engine(tmp_path, engine, found):
    folder = audit(tmp_path / "a", (*TIME[:3], found, "2026-09-28 09:30", "手误"), 最后更新日期="")
    rows = [
        (JIA, "p1", dt.datetime(2026, 9, 8, 9, 30)),
        (JIA, "p2", dt.datetime(2026, 9, 1, 8)),
        ("wechat:乙发布@乙局", "p1", dt.datetime(2026, 9, 30, 8)),
    ]
    pl.DataFrame(rows, schema=["account_id", "post_id", "published_at"], orient="row").write_parquet(
        folder / "posts.parquet"
    )
    before = (folder / "posts.parquet").read_bytes()
    audited = read_audit(folder, engine=engine)
    assert [row["key"] for row in audited.corrected] == [f"{JIA}/p1"]
    measured = assess(audited).measured
    assert measured.select("last_post", "gap_days", "posts_in_window").rows() == [
        (dt.date(2026, 9, 28), 2, 2),
        (dt.date(2026, 9, 30), 0, 1),
    ]
    assert (folder / "posts.parquet").read_bytes() == before


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_time_in_parquet_that_cannot_be_is_mended(tmp_path, engine):
    """It moves no end of the collection either: what is mended is what the run shows."""
    folder = audit(tmp_path / "a", (*TIME[:3], "2026-11-28 09:30:00", "2026-09-28 09:30", "手误"), 最后更新日期="")
    rows = [(JIA, "p1", dt.datetime(2026, 11, 28, 9, 30)), ("wechat:乙发布@乙局", "p1", dt.datetime(2026, 9, 1, 8))]
    pl.DataFrame(rows, schema=["account_id", "post_id", "published_at"], orient="row").write_parquet(
        folder / "posts.parquet"
    )
    measured = assess(read_audit(folder, engine=engine)).measured
    assert measured.select("not_checked_reason", "last_post").rows() == [
        ("collection_ended", dt.date(2026, 9, 28)),
        # Its note of 29 September is what it is checked by.
        (None, dt.date(2026, 9, 29)),
    ]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_count_in_parquet_is_mended(tmp_path, engine):
    folder = audit(
        tmp_path / "a",
        ("posts", f"{JIA}/p1", "likes", "12000", "12", "单位是个"),
        ("posts", f"{JIA}/p2", "likes", "", "1.2万", "补"),
        ("posts", f"{JIA}/p3", "likes", "7", "", "不可信"),
    )
    rows = [(JIA, f"p{n}", dt.datetime(2026, 9, 30, n), likes) for n, likes in ((1, 12_000), (2, None), (3, 7))]
    pl.DataFrame(rows, schema=["account_id", "post_id", "published_at", "likes"], orient="row").write_parquet(
        folder / "posts.parquet"
    )
    audited = read_audit(folder, engine=engine)
    assert len(audited.corrected) == 3
    assert assess(audited).measured["likes_in_window"].to_list()[0] == 12_012


# --- Messages and the filing system's list -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "becomes", "replied"),
    [
        ("", "2026-09-20 10:00", [dt.datetime(2026, 9, 20, 10), None]),
        ("已答复", "2026-09-20 10:00", [dt.datetime(2026, 9, 20, 10), None]),
        ("2026-09-20 10:00", "", [None, None]),
        ("26-9-20 10:00", "2026-09-20 10:00", [dt.datetime(2026, 9, 20, 10), None]),
    ],
)
def test_a_messages_reply_is_mended(tmp_path, cell, becomes, replied):
    folder = audit(tmp_path / "a", ("messages", "m1", "replied_at", cell, becomes, "查过系统"))
    rows = [
        {"留言编号": number, "单位": "甲局", "留言时间": "2026-09-18 08:00", "答复时间": reply}
        for number, reply in (("m1", cell), ("m2", ""))
    ]
    table(folder / "messages.csv", rows)
    assert errors(folder) == []
    messages = read_audit(folder).messages
    assert messages is not None
    assert messages.sort("message_id")["replied_at"].to_list() == replied


def test_the_filing_systems_list_is_mended(tmp_path):
    folder = audit(tmp_path / "a", ("filed", JIA, "closed_on", "26-3-1", "2026-03-01", "核实"))
    rows = [{"平台": "微信", "账号名称": "甲发布", "主办单位": "甲局", "关停日期": "26-3-1"}]
    table(folder / "filed.csv", rows)
    assert errors(folder) == []
    filed = read_audit(folder).filed
    assert filed is not None
    assert filed["closed_on"].to_list() == [dt.date(2026, 3, 1)]


def test_a_correction_of_one_table_leaves_another_alone(tmp_path):
    """The ledger and the filing system's list have the same account under the same key."""
    folder = audit(tmp_path / "a", ("filed", JIA, "opened_on", "2019-05-01", "2018-01-01", "核实"))
    table(folder / "filed.csv", [{"平台": "微信", "账号名称": "甲发布", "主办单位": "甲局", "开设日期": "2019-05-01"}])
    found = read_audit(folder)
    assert found.filed is not None
    assert found.filed["opened_on"].to_list() == [dt.date(2018, 1, 1)]
    assert jia(found)["opened_on"] == dt.date(2019, 5, 1)


# --- The guard ---------------------------------------------------------------------------------------------

GOOD = ("accounts", JIA, "last_post_on", "2026-09-29", "2026-09-28", "核实")


@pytest.mark.parametrize(
    "correction",
    [
        ("accounts", JIA, "last_post_on", "2026-09-27", "2026-09-28", "核实"),
        ("accounts", JIA, "last_post_on", "", "2026-09-28", "核实"),
        ("accounts", "wechat:丁发布@丁局", "last_post_on", "2026-09-29", "2026-09-28", "核实"),
        ("accounts", JIA, "certified_subject", "甲", "乙", "核实"),
        ("posts", f"{JIA}/p9", "published_at", "2026-09-29 08:00", "2026-09-28", "核实"),
        ("posts", JIA, "published_at", "2026-09-29 08:00", "2026-09-28", "核实"),
        ("posts", f"{JIA}/p1", "title", "甲", "乙", "核实"),
        ("messages", "m9", "replied_at", "", "2026-09-28", "核实"),
        ("filed", "wechat:丁发布@丁局", "unit", "甲局", "乙局", "核实"),
    ],
)  # fmt: skip
def test_a_correction_that_meets_no_cell_is_an_error_with_its_row(tmp_path, correction):
    folder = audit(tmp_path / "a", GOOD, correction)
    posts_csv(folder, (JIA, "p1", "2026-09-29 08:00"))
    table(folder / "messages.csv", [{"留言编号": "m1", "单位": "甲局", "留言时间": "2026-09-18 08:00", "答复时间": ""}])
    table(folder / "filed.csv", [{"平台": "微信", "账号名称": "甲发布", "主办单位": "甲局"}])
    (problem,) = (p for p in read_audit(folder, strict=False).problems if p.severity == "error")
    assert (problem.kind, problem.place.file, problem.place.row) == ("correction_missed", "corrections.csv", 3)
    assert correction[1] in problem.say("zh-Hans")


def test_no_bulletin_is_made_where_a_correction_meets_no_cell(tmp_path):
    folder = audit(tmp_path / "a", (*GOOD[:3], "2026-09-27", *GOOD[4:]))
    assert [p.kind for p in errors(folder)] == ["correction_missed"]
    with pytest.raises(InputError):
        read_audit(folder)
    assert govmedia("check", folder)[0] == 1


@pytest.mark.parametrize("table_", ["posts", "messages", "filed"])
def test_a_correction_of_a_table_that_is_not_there_is_an_error(tmp_path, table_):
    key = {"posts": f"{JIA}/p1", "messages": "m1", "filed": JIA}[table_]
    column = {"posts": "published_at", "messages": "replied_at", "filed": "unit"}[table_]
    (problem,) = errors(audit(tmp_path / "a", (table_, key, column, "甲", "乙", "核实")))
    assert (problem.kind, problem.place.row) == ("correction_missed", 2)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_correction_that_meets_several_cells_is_an_error_with_its_row(tmp_path, kind):
    folder = audit(tmp_path / "a", (*TIME[:3], "2026-09-29 08:00", "2026-09-28", "手误"))
    if kind == "csv":
        posts_csv(folder, *[(JIA, "p1", "2026-09-29 08:00")] * 2)
    else:
        rows = [(JIA, "p1", dt.datetime(2026, 9, 29, 8), likes) for likes in (1, 2)]
        names = ["account_id", "post_id", "published_at", "likes"]
        pl.DataFrame(rows, schema=names, orient="row").write_parquet(folder / "posts.parquet")
    (problem,) = errors(folder)
    assert (problem.kind, problem.place.file, problem.place.row) == ("correction_met_several", "corrections.csv", 2)
    assert problem.facts["count"] == 2


def test_of_rows_with_one_key_the_one_with_the_text_is_meant(tmp_path):
    folder = audit(tmp_path / "a", (*TIME[:3], "26-9-28 09:30", "2026-09-28 09:30", "手误"))
    posts_csv(folder, (JIA, "p1", "26-9-28 09:30"), (JIA, "p1", "2026-09-28 09:30"))
    assert errors(folder) == []
    assert read_audit(folder).posts.collect()["published_at"].to_list() == [dt.datetime(2026, 9, 28, 9, 30)]


def test_two_accounts_of_one_name_and_unit_are_no_key(tmp_path):
    folder = audit(tmp_path / "a", GOOD)
    rows = [{"平台": "微信", "账号名称": "甲发布", "主办单位": "甲局", "最后更新日期": "2026-09-29"}] * 2
    table(folder / "accounts.csv", rows)
    assert "correction_met_several" in [p.kind for p in errors(folder)]


def test_what_is_mended_in_the_source_is_an_error_until_the_row_goes(tmp_path):
    folder = audit(
        tmp_path / "a", ("accounts", JIA, "last_post_on", "26-9-28", "2026-09-28", "核实"), 最后更新日期="2026-09-28"
    )
    (problem,) = errors(folder)
    assert problem.kind == "correction_missed"
    assert "已经改好" in problem.say("zh-Hans")


@pytest.mark.parametrize(
    ("correction", "word"),
    [
        (("acounts", JIA, "unit", "甲局", "乙局", "核实"), "accounts"),
        (("accounts", JIA, "last_post_no", "甲局", "乙局", "核实"), "last_post_on"),
        (("posts", f"{JIA}/p1", "publishd_at", "甲", "乙", "核实"), "published_at"),
        (("found_by_hand", JIA, "rule", "甲", "乙", "核实"), "accounts"),
        (("", JIA, "unit", "甲局", "乙局", "核实"), "accounts"),
    ],
)
def test_an_unknown_table_or_column_is_an_error_with_what_is_known(tmp_path, correction, word):
    folder = audit(tmp_path / "a", GOOD, correction)
    (problem,) = errors(folder)
    assert (problem.place.file, problem.place.row) == ("corrections.csv", 3)
    assert word in problem.say("zh-Hans")


@pytest.mark.parametrize(("at", "label"), [(1, "行"), (5, "理由")])
def test_a_correction_without_key_or_reason_is_an_error(tmp_path, at, label):
    correction = list(GOOD)
    correction[at] = ""
    (problem,) = errors(audit(tmp_path / "a", tuple(correction)))
    assert (problem.kind, problem.place.file, problem.place.row) == ("missing_value", "corrections.csv", 2)
    assert label in problem.say("zh-Hans")


@pytest.mark.parametrize("text", ["table,key,column,found,becomes\n", "甲,乙\n1,2\n"])
def test_a_file_of_corrections_without_its_columns_is_a_sentence(tmp_path, text):
    folder = audit(tmp_path / "a")
    (folder / "corrections.csv").write_text(text, encoding="utf-8")
    code, output = govmedia("check", folder)
    assert code in (1, 2)
    assert "corrections.csv" in output


@pytest.mark.parametrize("heads", [["表", "行", "列", "原文", "改为", "理由"], COLUMNS])
def test_the_headings_may_be_chinese_and_blank_rows_mean_nothing(tmp_path, heads):
    blank = ("",) * 6
    folder = audit(tmp_path / "a", blank, GOOD, blank, heads=heads)
    assert errors(folder) == []
    assert jia(read_audit(folder))["last_post_on"] == dt.date(2026, 9, 28)


def test_a_file_of_corrections_without_rows_corrects_nothing(tmp_path):
    folder = audit(tmp_path / "a")
    (folder / "corrections.csv").write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    found = read_audit(folder)
    assert (found.corrected, jia(found)["last_post_on"]) == ([], dt.date(2026, 9, 29))


# --- Who uses them, and where they are told ----------------------------------------------------------------


def test_what_was_corrected_is_listed_as_the_file_has_it(tmp_path):
    mends = [GOOD, ("accounts", JIA, "channel_messages", "是", "", "未核实"), TIME]
    folder = audit(tmp_path / "a", *mends)
    posts_csv(folder, *OWN)
    found = read_audit(folder)
    assert found.corrected == [
        {name: (cell or None) if name == "becomes" else cell for name, cell in zip(COLUMNS, row, strict=True)}
        for row in mends
    ]
    assert folder / "corrections.csv" in found.inputs
    assert read_audit(audit(tmp_path / "b")).corrected == []


def test_corrections_that_met_nothing_are_not_listed(tmp_path):
    folder = audit(tmp_path / "a", GOOD, ("accounts", JIA, "unit", "丙局", "丁局", "核实"))
    assert [row["column"] for row in read_audit(folder, strict=False).corrected] == ["last_post_on"]


def test_an_import_applies_none(tmp_path):
    """What was imported has the cells of its source; the audit mends them when it is read."""
    folder = audit(tmp_path / "a", (*TIME[:3], "2026-09-08 09:30", "2026-09-28 09:30", "手误"))
    source = posts_csv(tmp_path, (JIA, "p1", "2026-09-08 09:30"), ("wechat:乙发布@乙局", "p1", "2026-09-30 08:00"))
    code, output = govmedia("import", source, "--to", folder)
    assert code == 0, output
    stored = pl.read_parquet(folder / "posts.parquet").filter(account_id=JIA)
    assert stored["published_at"].to_list() == [dt.datetime(2026, 9, 8, 9, 30)]
    found = read_audit(folder)
    assert found.posts.collect().filter(account_id=JIA)["published_at"].to_list() == [dt.datetime(2026, 9, 28, 9, 30)]
    assert len(found.corrected) == 1


def test_another_tools_file_in_posts_is_mended_too(tmp_path):
    """Its key is the id that the ledger gives the account."""
    folder = audit(tmp_path / "a", ("posts", "weibo:7900000001/5300219279930202", "likes", "1200", "12", "手误"))
    head = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户"
    (folder / "posts/weibo/澜川发布").mkdir(parents=True)
    row = "5300219279930202,R05HFFFiy,正文,,,,,2026-05-19T09:30:12,x,1200,1,1,,"
    (folder / "posts/weibo/澜川发布/7900000001.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert errors(folder) == []
    assert read_audit(folder).posts.collect()["likes"].to_list() == [12]
