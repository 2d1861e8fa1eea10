"""One door: the same content gives the same account, whatever file, import or frame it comes in, with the same safeguards."""

import csv
import datetime as dt
import json
import random
import warnings
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pandas as pd
import polars as pl
import pytest
import tomli_w
from plain_count import CHANNELS, DATES, Case, Run, count
from typer.testing import CliRunner

import govmedia_kit as gk
from govmedia_kit.cli import app
from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.check import check_audit
from govmedia_kit.read.audit import read_audit
from govmedia_kit.read.importers.import_files import report_lines

AS_OF = dt.date(2026, 9, 30)
DAY = dt.timedelta(days=1)
COLUMNS = ["checked", "not_checked_reason", "last_post", "gap_days", "never", "posts_in_window", "likes_in_window"]


def govmedia(*arguments: object) -> tuple[int, str]:
    """The command: its exit code, and what it said, in Chinese."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--language", "zh-Hans"])
    return result.exit_code, result.output


def columns_of(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    """A table of texts in the format of its suffix; an empty text is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = columns_of(rows)
    lines = [[row.get(name) or None for name in names] for row in rows]
    records = [dict(zip(names, line, strict=True)) for line in lines]
    if path.suffix in (".csv", ".tsv"):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="," if path.suffix == ".csv" else "\t").writerows([names, *lines])
    elif path.suffix in (".xlsx", ".xls"):
        book = openpyxl.Workbook()
        for line in [names, *lines]:
            book.active.append(line)
        book.save(path)
    elif path.suffix == ".parquet":
        frame(rows).write_parquet(path)
    elif path.suffix == ".ods":
        ods(path, [names, *lines])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in records), encoding="utf-8")
    else:
        path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    return path


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as a frame of texts."""
    return pl.DataFrame(
        {name: pl.Series([row.get(name) or None for row in rows], dtype=pl.String) for name in columns_of(rows)}
    )


def ods(path: Path, lines: list[list[Any]]) -> None:
    """An ODF spreadsheet of texts."""
    names = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text")}
    said = " ".join(f'xmlns:{name}="{address}"' for name, address in names.items())
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = ["".join(cell.format(text) if text else "<table:table-cell/>" for text in line) for line in lines]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    content = f'<office:document-content {said}><office:body><office:spreadsheet><table:table table:name="台账">{body}</table:table></office:spreadsheet></office:body></office:document-content>'
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest:manifest xmlns:manifest='urn:x'/>")
        book.writestr("content.xml", content)


def settings(folder: Path, **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "audit.toml").open("wb") as file:
        tomli_w.dump({"title": "通报", "region": "620000", "as_of": AS_OF, "rules": "gansu-2019"} | more, file)
    return folder


def account(name: str, **more: str) -> dict[str, str]:
    row = {
        "account_id": name,
        "platform": "weibo",
        "platform_id": "",
        "name": f"{name}发布",
        "unit": f"{name}县人民政府",
    }
    channels = dict.fromkeys(CHANNELS, "是")
    return row | {"region": "620102", "purpose": ""} | channels | dict.fromkeys([*DATES, "post_count"], "") | more


# --- The same content by every door ------------------------------------------------------------------------


def content(seed: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """A ledger and posts of each kind that a spreadsheet or a crawler makes hard to read."""
    rng = random.Random(seed)
    captured = seed % 2 == 0
    accounts, rows = [], list[dict[str, str]]()
    kinds = ["ids", "none", "url", "title", "nothing", "scientific", "zeros", "ids", "url"]
    for n, kind in enumerate(kinds):
        name = f"w{n}"
        accounts.append(account(name, **rng.choice([{}, {"opened_on": "2020-01-01"}])))
        day = AS_OF - rng.choice([0, 1, 6, 13, 14, 15, 30, 100]) * DAY
        for _ in range(rng.randint(1, 5)):
            at = dt.datetime.combine(day, dt.time(rng.randrange(24), rng.randrange(60)))
            rows.append(post(rng, name, kind, len(rows), at, captured))
            rows += again(rng, rows[-1], captured)
            day -= rng.choice([0, 1, 3, 20]) * DAY
        if rng.random() < 0.5:
            impossible = rng.choice(
                ["2062-03-01 09:00", "1970-01-01 08:00", f"{day:%y}-9-28 09:00", "1.79E+09", "昨天"]
            )
            rows.append(rows[-1] | {"published_at": impossible, "title": f"不可能{n}", "url": "", "post_id": f"bad{n}"})
    # One account that posts at the monitoring point, so that an assumed end reaches it for all.
    for at in (AS_OF - 40 * DAY, AS_OF):
        rows.append(post(rng, "w9", "ids", len(rows), dt.datetime.combine(at, dt.time(23, 59)), captured))
    accounts.append(account("w9"))
    return accounts, rows


def post(rng: random.Random, name: str, kind: str, n: int, at: dt.datetime, captured: bool) -> dict[str, str]:
    row = {"account_id": name, "post_id": "", "url": "", "title": f"第{n}条", "published_at": time_text(rng, at)}
    row["likes"] = rng.choice(["12", "3", "0", "-1", "None", "1.2万", ""])
    ids = {"ids": f"530021927993{n:03}7", "scientific": "5.30E+15", "zeros": "5300000000000000"}
    row["post_id"] = ids.get(kind, "")
    if kind in ("url", "none", "zeros"):
        row["url"] = f"https://example.org/{n}" if kind == "url" else ""
    if kind == "nothing":
        row["title"] = ""
    if captured:
        row["captured_at"] = f"{AS_OF} {18 + n % 5}:00:00"
    return row


def time_text(rng: random.Random, at: dt.datetime) -> str:
    """A local time in one of the ways in which files have it."""
    zone, ahead = rng.choice([("", 0), ("", 0), ("Z", -8), ("+09:00", 1), ("+08:00", 0)])
    moved = at + ahead * dt.timedelta(hours=1)
    if zone:
        return f"{moved:%Y-%m-%dT%H:%M:%S}{zone}"
    return rng.choice([str(at), f"{at:%Y/%m/%d %H:%M}", f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"])


def again(rng: random.Random, row: dict[str, str], captured: bool) -> list[dict[str, str]]:
    """The same row once more, or what an earlier capture had of it."""
    if rng.random() < 0.6:
        return []
    if captured and row["post_id"] and "E" not in row["post_id"] and not row["post_id"].endswith("00"):
        return [row | {"captured_at": f"{AS_OF} 08:00:00", "likes": "1"}]
    return [dict(row)]


def truth(accounts: list[dict[str, str]], rows: list[dict[str, str]]) -> dict[str, tuple[Any, ...]]:
    """What the definitions say of each account, counted in plain loops."""
    case = Case(0, {"as_of": AS_OF, "rules": "gansu-2019"}, accounts=accounts, runs=[Run(("posts",), rows)])
    found, _ = count(case)
    return {name: tuple(row[c] for c in (*COLUMNS, "verdict")) for name, row in found.items()}


SEEDS = range(4)
# One seed in every run, another where CI=true, two by hand.
MARKS = ([], [pytest.mark.slow], [pytest.mark.exhaustive], [pytest.mark.exhaustive])
TRIED = [pytest.param(seed, marks=marks) for seed, marks in zip(SEEDS, MARKS, strict=True)]
TRUTHS = {seed: truth(*content(seed)) for seed in SEEDS}
FILES = [".csv", ".xlsx", ".parquet", ".json"]


def test_the_contents_hold_what_they_are_made_for():
    rows = [row for seed in SEEDS for row in content(seed)[1]]
    ids, times = {row["post_id"] for row in rows}, {row["published_at"] for row in rows}
    assert {"", "5.30E+15", "5300000000000000"} <= ids
    assert {"2062-03-01 09:00", "1970-01-01 08:00", "1.79E+09"} <= times
    assert len({verdict for found in TRUTHS.values() for *_, verdict in found.values()}) == 2
    assert any(time.endswith("Z") for time in times)
    assert len(rows) > len({tuple(row.items()) for row in rows})


@pytest.mark.parametrize("seed", TRIED)
@pytest.mark.parametrize("door", [*FILES, *(f"import {suffix}" for suffix in FILES)])
def test_an_account_is_the_same_by_every_file_and_import(tmp_path, door, seed):
    accounts, rows = content(seed)
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", accounts)
    if door.startswith("import"):
        source = written(tmp_path / f"posts{door.split()[1]}", rows)
        code, output = govmedia("import", source, "--to", folder)
        assert code in (0, 1), output
    else:
        written(folder / f"posts{door}", rows)
    measured = assess(read_audit(folder, strict=False)).measured
    found = {row["account_id"]: tuple(row[c] for c in (*COLUMNS, "verdict")) for row in measured.iter_rows(named=True)}
    assert found == TRUTHS[seed]


@pytest.mark.parametrize("seed", TRIED)
@pytest.mark.parametrize("door", ["texts", "pandas", "read_posts", "status_of_posts"])
def test_an_account_is_the_same_from_a_frame(door, seed):
    accounts, rows = content(seed)
    ledger, _ = gk.read_accounts(frame(accounts))
    posts: Any = frame(rows)
    if door == "pandas":
        posts, ledger = pd.DataFrame(rows).replace("", None), pd.DataFrame(ledger.to_dicts())
    elif door != "texts":
        posts, _ = gk.read_posts(posts)
    status = gk.measures.status_of_posts if door == "status_of_posts" else gk.update_status
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = status(posts, ledger, as_of=AS_OF, window_days=90)
    # Cells that are no times are told with their row; `read_posts` has told of them already.
    assert all("published_at" in str(one.message) for one in told)
    assert bool(told) == (door in ("texts", "pandas"))
    found = (
        pl.DataFrame(found.astype(object).where(found.notna(), None).to_dict("list"), strict=False)
        if door == "pandas"
        else found
    )
    # pandas has no days, but the moments at which they begin.
    found = found.with_columns(pl.col("last_post").cast(pl.Date))
    expected = {name: row[: len(COLUMNS)] for name, row in TRUTHS[seed].items()}
    assert {name: row for name, *row in found.select("account_id", *COLUMNS).iter_rows()} == {
        n: list(r) for n, r in expected.items()
    }


@pytest.mark.parametrize("seed", TRIED)
def test_order_of_rows_does_not_matter_where_captures_say_which_is_newest(tmp_path, seed):
    accounts, rows = content(2 * seed)
    random.Random(seed).shuffle(rows)
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", accounts)
    written(folder / "posts.csv", rows)
    measured = assess(read_audit(folder, strict=False)).measured
    found = {row["account_id"]: tuple(row[c] for c in (*COLUMNS, "verdict")) for row in measured.iter_rows(named=True)}
    assert found == truth(accounts, rows)


@pytest.mark.parametrize("door", ["own", "import", "import typed"])
def test_a_day_of_the_far_future_proves_nothing_where_no_end_is_known(tmp_path, door):
    """The newest post that can be is of 1 September: collection ended then, as far as anybody knows."""
    rows = [
        {"account_id": name, "post_id": f"{name}{time}", "published_at": time}
        for name, times in {"w0": ["2026-07-01 09:00", "2062-09-28 09:00"], "w1": ["2026-09-01 09:00"]}.items()
        for time in times
    ]
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account("w0"), account("w1")])
    source = written((folder if door == "own" else tmp_path) / "posts.csv", rows)
    if door == "import typed":
        source = tmp_path / "typed.parquet"
        frame(rows).with_columns(pl.col("published_at").str.to_datetime()).write_parquet(source)
    if door != "own":
        govmedia("import", source, "--to", folder)
    measured = assess(read_audit(folder, strict=False)).measured
    assert measured.select("verdict", "not_checked_reason").rows() == [("not_checked", "collection_ended")] * 2


# --- Parquet in parts --------------------------------------------------------------------------------------


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-{text}")


def parts(folder: Path) -> None:
    """Three files, each with columns of its own: w0's first post stands in all, its newest capture in the one in the middle."""
    folder.mkdir(parents=True)
    pl.DataFrame(
        {
            "account_id": ["w0", "w0", "w1"],
            "post_id": ["1", "2", "9"],
            "published_at": [at("09-28 09:30"), at("09-01 23:59:59"), at("09-10 00:00")],
            "likes": [5, -1, 7],
            "captured_at": [at("09-29 08:00"), at("09-29 08:00"), at("09-29 08:00")],
        }
    ).write_parquet(folder / "a.parquet")
    pl.DataFrame(
        {
            "账号编号": ["w0", "w1"],
            "帖文编号": ["1", "9"],
            "发布时间": [at("09-28 09:30"), at("09-10 00:00")],
            "点赞数": pl.Series([50, 8], dtype=pl.Int32),
            "采集时间": [at("09-30 21:00"), at("09-28 08:00")],
            "标题": ["防汛", "防火"],
        }
    ).write_parquet(folder / "b.parquet")
    pl.DataFrame(
        {
            "account_id": ["w0", "w1"],
            "post_id": ["1", "10"],
            "published_at": pl.Series([at("09-28 09:30"), at("09-29 07:00")], dtype=pl.Datetime("ms")),
            "captured_at": [at("09-28 10:00"), at("09-30 10:00")],
        }
    ).write_parquet(folder / "c.parquet")


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask"])
@pytest.mark.filterwarnings("ignore")
def test_parts_of_other_columns_and_types_are_one_table_on_every_engine(tmp_path, engine):
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account("w0"), account("w1")])
    parts(folder / "posts")
    measured = assess(read_audit(folder, engine=engine)).measured
    columns = ("account_id", "verdict", "checked_by", "last_post", "gap_days", "posts_in_window", "likes_in_window")
    assert measured.select(columns).rows() == [
        ("w0", "passed", "captured", dt.date(2026, 9, 28), 2, 2, 50),
        ("w1", "passed", "captured", dt.date(2026, 9, 29), 1, 2, 7),
    ]


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask"])
@pytest.mark.filterwarnings("ignore")
def test_typed_posts_without_ids_are_one_by_address_or_by_time_and_title(tmp_path, engine):
    posts = [
        ("w0", at("09-28 09:30"), "https://example.org/1", None, 3, at("09-29 00:00")),
        ("w0", at("09-27 09:30"), "https://example.org/1", None, 4, at("09-30 00:00")),
        ("w1", at("09-20 09:30"), None, "防汛", 5, at("09-30 00:00")),
        ("w1", at("09-20 09:30"), None, "防汛", 6, at("09-29 00:00")),
        ("w1", at("09-20 09:30"), None, "防火", 7, at("09-29 00:00")),
        ("w2", at("09-12 09:30"), None, None, 8, at("09-30 00:00")),
        ("w2", at("09-12 09:30"), None, None, 8, at("09-30 00:00")),
        ("w2", at("09-12 09:30"), None, None, 9, at("09-30 00:00")),
    ]
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account(f"w{n}") for n in range(3)])
    names = ["account_id", "published_at", "url", "title", "likes", "captured_at"]
    pl.DataFrame(posts, schema=names, orient="row").write_parquet(folder / "posts.parquet")
    measured = assess(read_audit(folder, engine=engine)).measured
    assert measured.select("last_post", "gap_days", "posts_in_window", "likes_in_window").rows() == [
        (dt.date(2026, 9, 27), 3, 1, 4),
        (dt.date(2026, 9, 20), 10, 2, 12),
        (dt.date(2026, 9, 12), 18, 2, 17),
    ]


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask"])
@pytest.mark.filterwarnings("ignore")
def test_typed_posts_have_the_same_safeguards_on_every_engine(tmp_path, engine):
    """Days that cannot be, a rounded id at several times, a count below zero."""
    posts = [
        ("w0", "5300000000000000", at("09-28 09:30"), 3),
        ("w0", "5300000000000000", at("09-10 09:30"), 4),
        ("w0", "77", dt.datetime(2062, 9, 28), 5),
        ("w0", "78", dt.datetime(1970, 1, 1, 8), 6),
        ("w1", "79", at("09-30 12:00"), -1),
    ]
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account("w0"), account("w1")])
    pl.DataFrame(posts, schema=["account_id", "post_id", "published_at", "likes"], orient="row").write_parquet(
        folder / "posts.parquet"
    )
    measured = assess(read_audit(folder, engine=engine)).measured
    assert measured.select("verdict", "last_post", "posts_in_window", "likes_in_window").rows() == [
        ("passed", dt.date(2026, 9, 28), 2, 7),
        ("passed", dt.date(2026, 9, 30), 1, None),
    ]
    (late,) = [p for p in check_audit(folder) if p.kind == "posts_late"]
    assert late.facts["count"] == 2


def test_zoned_times_of_parquet_are_moved_to_shanghai(tmp_path):
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account("w0"), account("w1")])
    zoned = pl.Series([dt.datetime(2026, 9, 27, 16, 30), dt.datetime(2026, 9, 30, 1)]).dt.replace_time_zone("UTC")
    pl.DataFrame({"account_id": ["w0", "w1"], "post_id": ["1", "2"], "published_at": zoned}).write_parquet(
        folder / "posts.parquet"
    )
    measured = assess(read_audit(folder)).measured
    assert measured["last_post"].to_list() == [dt.date(2026, 9, 28), dt.date(2026, 9, 30)]


# --- Each safeguard, by its doors --------------------------------------------------------------------------


class Kind(NamedTuple):
    """Rows of one account's posts, the times and likes that are left of them, and what is said of the cells."""

    rows: list[dict[str, str]]
    posts: list[tuple[str, int | None]]
    told: str = ""
    doors: str = "own frame foreign"


def p(published_at: str, likes: str = "3", **more: str) -> dict[str, str]:
    return {"published_at": published_at, "likes": likes} | more


T, U = "2026-09-28 09:30", "2026-09-20 23:59"
KINDS = {
    "one id, the last row where nothing is captured": Kind([p(T, "3", post_id="1"), p(T, "5", post_id="1")], [(T, 5)]),
    "one id, the newest capture": Kind(
        [p(T, "9", post_id="1", captured_at="2026-09-30 08:00"), p(T, "3", post_id="1", captured_at="2026-09-29 08:00")],
        [(T, 9)],
        doors="own frame",
    ),
    "one id, what its newest capture does not know is not known": Kind(
        [p(T, "9", post_id="1", captured_at="2026-09-29 08:00"), p(T, "None", post_id="1", captured_at="2026-09-30 08:00")],
        [(T, None)],
        doors="own frame",
    ),
    "one address": Kind([p(T, url="https://example.org/1"), p(U, "4", url="https://example.org/1")], [(U, 4)], doors="own frame"),
    "one time and title": Kind([p(T, title="防汛"), p(T, "4", title="防汛"), p(T, "5", title="防火")], [(T, 4), (T, 5)]),
    "rows equal in all": Kind([p(T), p(T), p(T, "4")], [(T, 3), (T, 4)]),
    "ids in scientific notation": Kind(
        [p(T, post_id="5.30E+15", title="甲"), p(U, post_id="5.30E+15", title="乙")], [(U, 3), (T, 3)], "cell_id_rounded"
    ),
    "an id in small letters of notation": Kind(
        [p(T, post_id="5.3e+15", title="甲"), p(U, post_id="5.3e+15", title="乙")], [(U, 3), (T, 3)], "cell_id_rounded"
    ),
    "ids in zeros at several times": Kind(
        [p(T, post_id="5300000000000000", title="甲"), p(U, post_id="5300000000000000", title="乙")], [(U, 3), (T, 3)]
    ),
    "an id in zeros at one time": Kind([p(T, post_id="5300000000000000"), p(T, "4", post_id="5300000000000000")], [(T, 4)]),
    "an id of thirty digits": Kind([p(T, post_id="1" * 30), p(U, post_id="1" * 29 + "2")], [(U, 3), (T, 3)]),
    "an id with a point of a spreadsheet": Kind([p(T, post_id="2284.0"), p(T, "4", post_id="2284")], [(T, 4)]),
    "counts below zero": Kind([p(T, "-1", post_id="1")], [(T, None)]),
    "counts that are words for nothing": Kind([p(T, "None", post_id="1"), p(U, "无", post_id="2")], [(U, None), (T, None)]),
    "counts in ten thousands": Kind([p(T, "1.2万", post_id="1"), p(U, "3,400", post_id="2")], [(U, 3400), (T, 12_000)]),
    "a count that is none": Kind([p(T, "很多", post_id="1")], [(T, None)], "bad_number"),
    "a heading in ten thousands": Kind([{"published_at": T, "点赞量(万)": "1.2", "post_id": "1"}], [(T, 12_000)], doors="own frame"),
    "a time of Greenwich": Kind([p("2026-09-28T16:30:00Z", post_id="1")], [("2026-09-29 00:30", 3)]),
    "a time of Tokyo": Kind([p("2026-09-28T00:30:00+09:00", post_id="1")], [("2026-09-27 23:30", 3)]),
    "a time of New York": Kind([p("2026-09-27T21:30:00-04:00", post_id="1")], [(T, 3)]),
    "seconds since 1970": Kind([p("1790559000", post_id="1")], [(T, 3)]),
    "milliseconds since 1970": Kind([p("1790559000000", post_id="1")], [(T, 3)]),
    "a spreadsheet's day": Kind([p("46293.395833333336", post_id="1")], [(T, 3)]),
    "seconds in scientific notation": Kind([p("1.79E+09", post_id="1"), p(T, post_id="2")], [(T, 3)], "bad_date"),
    "a year of two digits": Kind([p("26-9-28 10:00", post_id="1"), p(T, post_id="2")], [(T, 3)], "two_digit_year"),
    "a year of two digits with strokes": Kind([p("26/09/28", post_id="1"), p(T, post_id="2")], [(T, 3)], "two_digit_year"),
    "a day before 1990": Kind([p("1970-01-01 08:00", post_id="1"), p(T, post_id="2")], [(T, 3)], "bad_date"),
    "a year that lost its century": Kind([p("0026-09-28 10:00", post_id="1"), p(T, post_id="2")], [(T, 3)], "bad_date"),
    "a day of the far future": Kind([p("2062-09-28 10:00", post_id="1"), p(T, post_id="2")], [(T, 3)], "date_late"),
    "no time": Kind([p("", post_id="1"), p(T, post_id="2")], [(T, 3)], "missing_value"),
}  # fmt: skip


def left(posts: pl.DataFrame) -> list[tuple[str, int | None]]:
    rows = posts.sort("published_at", "likes").select(pl.col("published_at").dt.round("1s"), "likes")
    return [(f"{time:%Y-%m-%d %H:%M}", likes) for time, likes in rows.iter_rows()]


def of_door(door: str) -> list[str]:
    return [name for name, kind in KINDS.items() if door in kind.doors.split()]


@pytest.mark.parametrize("name", of_door("own"))
def test_a_safeguard_holds_in_the_kits_own_table(tmp_path, name):
    kind = KINDS[name]
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account("w0")])
    written(folder / "posts.csv", [{"account_id": "w0"} | row for row in kind.rows])
    audit = read_audit(folder, strict=False)
    assert left(audit.posts.collect()) == kind.posts
    told = {p.kind for p in audit.problems if p.place.file == "posts.csv" and p.severity != "note"}
    assert told == ({kind.told} if kind.told else set())


FOREIGN = {"post_id": "视频ID", "published_at": "发布时间", "title": "视频描述", "likes": "喜欢"}
SAID = {
    "cell_id_rounded": "科学计数",
    "date_late": "晚于",
    "two_digit_year": "2026-09-28",
    "bad_date": "时间",
    "missing_value": "时间",
    "bad_number": "计数",
}


@pytest.mark.parametrize("name", of_door("foreign"))
def test_a_safeguard_holds_in_another_tools_table(tmp_path, name):
    """A back office's list of videos, which the user says the account of."""
    kind = KINDS[name]
    ledger, _ = gk.read_accounts(frame([account("w0", platform="wechat_channels")]))
    rows = [
        {heading: row.get(field, "") for field, heading in FOREIGN.items()} | {"播放量": "100"} for row in kind.rows
    ]
    source = written(tmp_path / "视频.csv", rows)
    found = gk.import_files([source], account="w0", ledger=ledger, collected_to=AS_OF)
    assert left(found.posts) == kind.posts
    assert found.report.select("rows_read", "kept").row(0) == (len(kind.rows), len(kind.posts))
    if kind.told:
        assert SAID[kind.told] in "\n".join(report_lines(found))


@pytest.mark.parametrize("name", of_door("frame"))
def test_a_safeguard_holds_in_a_frame(name):
    kind = KINDS[name]
    posts = frame([{"account_id": "w0"} | row for row in kind.rows])
    ledger, _ = gk.read_accounts(frame([account("w0", observed_to="2026-09-30")]))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = gk.update_status(posts, ledger, as_of=AS_OF, window_days=90).row(0, named=True)
    # A text that is no time is told with its row.
    assert all("published_at" in str(one.message) for one in told)
    assert bool(told) == (kind.told in ("two_digit_year", "bad_date"))
    likes = [number for _, number in kind.posts if number is not None]
    last = max(dt.date.fromisoformat(time[:10]) for time, _ in kind.posts)
    assert (found["posts_in_window"], found["likes_in_window"]) == (len(kind.posts), sum(likes) if likes else None)
    assert (found["last_post"], found["gap_days"]) == (last, (AS_OF - last).days)


@pytest.mark.parametrize("name", [name for name in of_door("frame") if KINDS[name].told != "date_late"])
def test_a_safeguard_holds_where_a_frame_is_read(name):
    """How late a day can be only an audit says."""
    kind = KINDS[name]
    posts, problems = gk.read_posts(frame([{"account_id": "w0"} | row for row in kind.rows]))
    assert left(posts) == kind.posts
    assert {p.kind for p in problems if p.severity != "note"} == ({kind.told} if kind.told else set())


@pytest.mark.parametrize("door", ["own", "import"])
def test_number_cells_of_a_workbook_that_lost_digits_are_no_ids(tmp_path, door):
    """Beyond 2^53 a cell's number is another one than was written; 5300219279930202 is whole."""
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account("w0"), account("w1")])
    lines = [
        ["account_id", "post_id", "published_at", "title", "likes"],
        ["w0", 7300219279930202112, T, "甲", 1],
        ["w0", 7300219279930202112, U, "乙", 2],
        ["w1", 5300219279930202, T, "甲", 3],
        ["w1", 5300219279930202, U, "甲", 4],
    ]
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    path = (folder if door == "own" else tmp_path) / "posts.xlsx"
    book.save(path)
    if door == "import":
        govmedia("import", path, "--to", folder)
    posts = read_audit(folder, strict=False).posts.collect()
    assert posts["account_id"].value_counts().sort("account_id").rows() == [("w0", 2), ("w1", 1)]
    assert posts.filter(account_id="w1").select("post_id", "likes").row(0) == ("5300219279930202", 4)


@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_numbers_of_a_frame_that_lost_digits_are_no_ids(kind):
    columns = {
        "account_id": ["w0"] * 2,
        "post_id": [7.300219279930202e18] * 2,
        "published_at": [T, U],
        "title": ["甲", "乙"],
    }
    posts, _ = gk.read_posts(pl.DataFrame(columns) if kind == "polars" else pd.DataFrame(columns))
    assert posts.height == 2


def test_whole_numbers_of_a_frame_are_ids_at_any_length():
    ids = [7300219279930202112, 7300219279930202113]
    posts, problems = gk.read_posts(pl.DataFrame({"account_id": ["w0"] * 2, "post_id": ids, "published_at": [T, T]}))
    assert (posts["post_id"].sort().to_list(), problems) == ([str(i) for i in ids], [])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
@pytest.mark.parametrize("library", ["polars", "pandas", "lazy"])
def test_zoned_times_of_a_frame_are_moved_to_shanghai(library, zone):
    """Half past midnight of the 29th in Shanghai."""
    moment = pl.Series([dt.datetime(2026, 9, 28, 16, 30)]).dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    posts: Any = pl.DataFrame({"account_id": ["w0"], "post_id": ["1"], "published_at": moment})
    ledger, _ = gk.read_accounts(frame([account("w0", observed_to="2026-09-30")]))
    if library == "pandas":
        times = pd.Series([pd.Timestamp("2026-09-28 16:30", tz="UTC").tz_convert(zone)])
        posts = pd.DataFrame({"account_id": ["w0"], "post_id": ["1"], "published_at": times})
    elif library == "lazy":
        posts = posts.lazy()
    found = gk.update_status(posts, ledger, as_of=AS_OF, window_days=90)
    last = found["last_post"][0]
    assert (last.date() if library == "pandas" else last) == dt.date(2026, 9, 29)


# --- Ledgers of every suffix -------------------------------------------------------------------------------

SUFFIXES = [".csv", ".xlsx", ".xls", ".ods", ".tsv", ".json", ".jsonl", ".parquet"]
LEDGER = [
    {
        "平台": "微信",
        "账号名称": "临河发布",
        "主办单位": "临河县人民政府",
        "最后更新日期": "2026-09-28",
        "可评论": "是",
    },
    {
        "平台": "视频号",
        "账号名称": "临河视频",
        "主办单位": "临河县人民政府",
        "最后更新日期": "2026-09-01",
        "可评论": "是",
    },
]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_ledger_may_have_any_suffix_for_every_command(tmp_path, suffix):
    folder = settings(tmp_path / "a", region="")
    path = written(folder / f"accounts{suffix}", LEDGER)
    code, output = govmedia("check", path)
    assert code == 0, output
    assert [p for p in check_audit(folder) if p.severity == "error"] == []
    assert read_audit(folder).accounts["name"].to_list() == ["临河发布", "临河视频"]
    code, output = govmedia("import", path, "--to", tmp_path / "new")
    assert code == 0, output
    assert gk.read_accounts(tmp_path / "new/accounts.csv")[0]["name"].to_list() == ["临河发布", "临河视频"]
    # Whose a back office's export is, the ledger of the folder tells, and it stays as it is.
    before = path.read_bytes()
    videos = [{"视频描述": "防汛", "视频ID": "v1", "发布时间": "2026/09/28", "播放量": "9", "喜欢": "1"}]
    code, output = govmedia("import", written(tmp_path / "视频.csv", videos), "--to", folder, "--account", "临河视频")
    assert code == 0, output
    posts = read_audit(folder).posts.collect()
    assert posts["account_id"].to_list() == ["wechat_channels:临河视频@临河县人民政府"]
    assert path.read_bytes() == before
    assert [file.name for file in folder.glob("accounts*")] == [path.name]


@pytest.mark.parametrize("suffix", FILES)
def test_a_posts_table_with_only_what_is_needed_imports(tmp_path, suffix):
    folder = settings(tmp_path / "a")
    written(folder / "accounts.csv", [account("w0")])
    rows = [{"account_id": "w0", "published_at": T}, {"account_id": "w0", "published_at": U}]
    code, output = govmedia("import", written(tmp_path / f"帖文{suffix}", rows), "--to", folder)
    assert code == 0, output
    posts = read_audit(folder).posts.collect()
    assert posts.height == 2
    assert posts["post_id"].n_unique() == 2
    again = govmedia("import", tmp_path / f"帖文{suffix}", "--to", folder)
    assert again[0] == 0
    assert read_audit(folder).posts.collect().height == 2
