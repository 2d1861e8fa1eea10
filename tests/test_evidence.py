"""From the files to the printed sentence: what each kind of source proves about an account, and what it cannot.

Every test walks the whole way: the files in a folder, `govmedia import` where it takes part, the assessment, the figures, the text
of the chapters, and what `check` says.
"""

import csv
import datetime as dt
import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import tomli_w
from typer.testing import CliRunner
from weibo_ids import bid_from_mid

from govmedia_kit.cli import app
from govmedia_kit.errors import InputError, Problem
from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.check import check_audit
from govmedia_kit.judge.figures import figures
from govmedia_kit.read.audit import read_audit
from govmedia_kit.report import chapters, method
from govmedia_kit.report.blocks import plain

AS_OF = dt.date(2026, 9, 30)
CRAWLED = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户,完整日期"
SEARCHED = "id,bid,user_id,用户昵称,微博正文,头条文章url,发布位置,艾特用户,话题,转发数,评论数,点赞数,发布时间,发布工具,微博图片url,微博视频url,retweet_id"
ASSUMED = "按同批采集的其他账号的最新帖文推定"


# --- What the walks are made of ----------------------------------------------------------------------------


def day(text: str) -> dt.date:
    """A day of 2026, `09-28`; another year is written out."""
    return dt.date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def ledger(*names: str, **more: Any) -> list[dict[str, Any]]:
    """Weibo accounts of a county, 甲 with the number 7900000001 and so on."""
    return [
        {"platform": "微博", "platform_id": f"79{n:08}", "name": name, "unit": f"{name}县人民政府", "region": "620102"}
        | {"channel_comments": "是"}
        | more
        for n, name in enumerate(names, 1)
    ]


def uid(name: str, names: str = "甲乙丙丁") -> str:
    return f"79{names.index(name) + 1:08}"


def audit(folder: Path, accounts: list[dict[str, Any]], **settings: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    table(folder / "accounts.csv", accounts)
    given = {"title": "通报", "region": "620000", "as_of": AS_OF, "rules": "gansu-2019"} | settings
    with (folder / "audit.toml").open("wb") as file:
        tomli_w.dump({name: value for name, value in given.items() if value is not None}, file)
    return folder


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def posts_csv(folder: Path, posts: dict[str, list[str]], **more: Any) -> Path:
    """The kit's own table: a post on each of the days, by account."""
    rows = [
        {"account_id": f"weibo:{uid(name)}", "post_id": f"{name}-{on}", "published_at": f"{day(on)} 09:30:00"} | more
        for name, days in posts.items()
        for on in days
    ]
    return table(folder / "posts.csv", rows)


def mid(at: dt.datetime) -> int:
    """Weibo's number of a post of that second."""
    return (int((at - dt.datetime(1970, 1, 1, 8)).total_seconds()) - 515_483_463) << 22


def noon(on: str) -> dt.datetime:
    return dt.datetime.combine(day(on), dt.time(12, 0, 7))


def crawled(path: Path, days: Iterable[str], pinned: Iterable[str] = ()) -> Path:
    """weibo-crawler's file of an account, the newest first below what is pinned."""
    lines = []
    for on, mark in [*((on, "[置顶] ") for on in pinned), *((on, "") for on in sorted(days, reverse=True))]:
        at = noon(on)
        cells = {
            "id": f"{mid(at)}\t",
            "bid": bid_from_mid(mid(at)),
            "正文": f"{mark}今日天气 {on}",
            "工具": "微博网页版",
        }
        cells |= {"日期": at.isoformat(), "完整日期": str(at), "点赞数": "3", "评论数": "1", "转发数": "2"}
        lines.append({name: cells.get(name, "") for name in CRAWLED.split(",")})
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, CRAWLED.split(","))
        writer.writeheader()
        writer.writerows(lines)
    return path


def searched(path: Path, posts: dict[str, list[str]]) -> Path:
    """weibo-search's file: the hits of one word, whoever wrote them."""
    rows = []
    for name, days in posts.items():
        for on in days:
            at = noon(on)
            cells = {"id": str(mid(at)), "bid": bid_from_mid(mid(at)), "user_id": uid(name), "用户昵称": name}
            cells |= {
                "微博正文": "停水通知",
                "发布时间": f"{at:%Y-%m-%d %H:%M}",
                "转发数": "1",
                "评论数": "2",
                "点赞数": "3",
            }
            rows.append({column: cells.get(column, "") for column in SEARCHED.split(",")})
    return table(path, rows)


def every_day(first: str, last: str, step: int = 1) -> list[str]:
    start, end = day(first), day(last)
    return [str(start + dt.timedelta(days=n)) for n in range(0, (end - start).days + 1, step)]


def govmedia(*arguments: object) -> tuple[int, str]:
    """The command: its exit code, and what it said, in Chinese."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--language", "zh-Hans"])
    return result.exit_code, result.output


class Walk:
    """What comes of an audit, each part made when it is asked for: measured accounts by name, figures by id, text, problems."""

    def __init__(self, folder: Path, **given: Any) -> None:
        self.folder = folder
        self.assessment = assess(read_audit(folder, **given))
        rows = self.assessment.measured.iter_rows(named=True)
        self.measured = {row["name"]: row for row in rows}

    def of(self, *columns: str) -> dict[str, Any]:
        """Some columns of every account; one alone as it is."""
        rows = {name: tuple(row[c] for c in columns) for name, row in self.measured.items()}
        return {name: row[0] if len(columns) == 1 else row for name, row in rows.items()}

    @property
    def stale(self) -> set[str]:
        return {name for name, row in self.measured.items() if row["stale"]}

    @property
    def findings(self) -> set[tuple[str, str]]:
        names = {row["account_id"]: name for name, row in self.measured.items()}
        return {
            (names[account], rule) for account, rule in self.assessment.findings.select("account_id", "rule").rows()
        }

    @functools.cached_property
    def _figures(self) -> dict[str, Any]:
        return figures(self.assessment)

    @functools.cached_property
    def figures(self) -> dict[str, Any]:
        return {name: figure.value for name, figure in self._figures.items()}

    @functools.cached_property
    def text(self) -> str:
        """The chapters on what was checked and on updates, as lines."""
        made = [chapter(self.assessment, self._figures) for chapter in (chapters.overall, chapters.updates_chapter)]
        return "\n".join(said(blocks.blocks) for blocks in made)

    @functools.cached_property
    def method(self) -> str:
        return said(method.method_note(self.assessment).blocks)

    @functools.cached_property
    def problems(self) -> list[Problem]:
        """What check says."""
        return check_audit(self.folder)

    def told(self, kind: str) -> str:
        """The sentence of the one problem of a kind."""
        (problem,) = (p for p in self.problems if p.kind == kind)
        return problem.say("zh-Hans")

    @property
    def errors(self) -> list[str]:
        return [p.kind for p in self.problems if p.severity == "error"]


def said(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(b["text"] if b["type"] in ("title", "heading") else plain(b["runs"]) for b in blocks)


# --- Notes by hand -----------------------------------------------------------------------------------------


def noted(folder: Path, newest: str, **settings: Any) -> Path:
    """Three accounts noted by hand: one that posted, one that was silent for 19 days more, one that never posted."""
    silent = day(newest) - dt.timedelta(days=19)
    accounts = ledger("甲", "乙", "丙")
    accounts[0]["last_post_on"], accounts[1]["last_post_on"] = str(day(newest)), str(silent)
    accounts[2] |= {"last_post_on": "从未更新", "opened_on": "2020-01-01"}
    return audit(folder, accounts, **settings)


def test_fresh_notes_are_judged_and_printed(tmp_path):
    found = Walk(noted(tmp_path / "a", "09-28"))
    assert found.of("verdict", "checked_by", "gap_days", "never") == {
        "甲": ("passed", "noted", 2, False),
        "乙": ("failed", "noted", 21, False),
        "丙": ("failed", "noted", None, True),
    }
    assert (found.figures["accounts.checked"], found.figures["accounts.failed"]) == (3, 2)
    assert (found.figures["updates.stale"], found.figures["updates.never"]) == (2, 1)
    assert "检查合格1个，不合格2个，合格率为33.3%" in found.text
    assert found.errors == []


@pytest.mark.parametrize(("newest", "old"), [("09-23", False), ("09-22", True)])
def test_notes_older_than_a_week_need_the_day_on_which_they_were_made(tmp_path, newest, old):
    folder = noted(tmp_path / "a", newest)
    assert ("notes_old" in [p.kind for p in check_audit(folder)]) == old
    assert govmedia("check", folder)[0] == int(old)


def test_notes_a_month_old_fail_nobody_silently(tmp_path):
    folder = noted(tmp_path / "a", "08-28")
    (problem,) = [p for p in check_audit(folder) if p.severity == "error"]
    assert problem.kind == "notes_old"
    for part in ("2026-08-28", "2026-09-30", "33", "noted_on"):
        assert part in problem.say("zh-Hans")
    with pytest.raises(InputError) as caught:
        read_audit(folder)
    assert [p.kind for p in caught.value.problems if p.severity == "error"] == ["notes_old"]


@pytest.mark.slow
def test_no_bulletin_is_made_of_notes_a_month_old(tmp_path):
    folder = noted(tmp_path / "a", "08-28")
    code, output = govmedia("bulletin", folder, "--out", tmp_path / "out", "--format", "ipynb")
    assert (code, (tmp_path / "out").exists()) == (2, False)
    assert "2026-08-28" in output


def test_notes_a_month_old_with_their_day_check_nobody_later(tmp_path):
    found = Walk(noted(tmp_path / "a", "08-28", noted_on=day("08-31")))
    assert set(found.of("verdict", "not_checked_reason").values()) == {("not_checked", "noted_earlier")}
    assert (found.figures["pass_rate"], found.figures["accounts.checked"]) == (None, 0)
    assert "不计算合格率" in found.text
    assert "合格率为" not in found.text
    assert "甲、乙、丙" in found.told("unchecked_noted_earlier")


def test_notes_are_judged_on_the_day_on_which_they_were_made(tmp_path):
    found = Walk(noted(tmp_path / "a", "08-28", noted_on=day("08-31")), as_of=day("08-31"))
    assert found.of("verdict", "gap_days") == {"甲": ("passed", 3), "乙": ("failed", 22), "丙": ("failed", None)}


def test_a_day_in_the_ledger_is_that_accounts_own(tmp_path):
    accounts = ledger("甲", "乙")
    accounts[0] |= {"last_post_on": "2026-08-10", "noted_on": "2026-08-31"}
    accounts[1] |= {"last_post_on": "2026-09-01", "noted_on": "2026-09-30"}
    found = Walk(audit(tmp_path / "a", accounts))
    assert found.of("verdict", "not_checked_reason") == {"甲": ("not_checked", "noted_earlier"), "乙": ("failed", None)}
    assert found.figures["accounts.checked"] == 1
    assert "不合格1个" in found.text or "全部不合格" in found.text
    assert found.errors == []


def test_a_note_of_a_later_day_proves_nothing_about_the_monitoring_point(tmp_path):
    accounts = ledger("甲", "乙")
    accounts[0]["last_post_on"], accounts[1]["last_post_on"] = "2026-10-05", "2026-09-29"
    found = Walk(audit(tmp_path / "a", accounts))
    assert found.of("verdict", "not_checked_reason") == {"甲": ("not_checked", "noted_later"), "乙": ("passed", None)}
    assert "甲" in found.told("unchecked_noted_later")
    assert found.errors == []


def test_a_number_of_posts_without_a_day_is_no_evidence(tmp_path):
    accounts = ledger("甲", "乙")
    accounts[0]["post_count"], accounts[1]["post_count"] = "57", "0"
    found = Walk(audit(tmp_path / "a", accounts))
    assert found.of("verdict", "not_checked_reason", "never") == {
        "甲": ("not_checked", "no_date", None),
        "乙": ("failed", None, True),
    }


def test_posts_later_than_a_note_count_and_are_told(tmp_path):
    accounts = ledger("甲", "乙")
    accounts[0] |= {"last_post_on": "2026-09-10"}
    accounts[1] |= {"last_post_on": "2026-09-28"}
    folder = audit(tmp_path / "a", accounts)
    posts_csv(folder, {"甲": ["09-10", "09-25"], "乙": ["09-01"]}, captured_at="2026-09-30 18:00")
    found = Walk(folder)
    assert found.of("verdict", "last_post", "gap_days") == {
        "甲": ("passed", day("09-25"), 5),
        "乙": ("passed", day("09-28"), 2),
    }
    assert "有 1 个账号" in found.told("posted_after_note")
    assert "甲" in found.told("posted_after_note")


# --- The kit's own posts -----------------------------------------------------------------------------------

OWN = {"甲": ["07-01", "09-28"], "乙": ["07-01", "09-01"]}


def test_own_posts_that_end_before_the_monitoring_point_fail_and_pass_nobody(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    posts_csv(folder, OWN)
    found = Walk(folder)
    assert set(found.of("verdict", "not_checked_reason").values()) == {("not_checked", "collection_ended")}
    assert found.figures["pass_rate"] is None
    assert "甲、乙" in found.told("unchecked_collection_ended")
    assert "2026-09-28" in found.told("as_of_would_fit")


@pytest.mark.parametrize("how", ["captured", "all", "file", "ledger"])
def test_own_posts_whose_end_is_known_are_judged(tmp_path, how):
    settings = {"all": {"collected_to": AS_OF}, "file": {"collected_to": {"posts.csv": AS_OF}}}.get(how, {})
    observed = {"observed_from": "2026-07-01", "observed_to": "2026-09-30"} if how == "ledger" else {}
    folder = audit(tmp_path / "a", ledger("甲", "乙", **observed), **settings)
    posts_csv(folder, OWN, **({"captured_at": "2026-09-30 23:00:00"} if how == "captured" else {}))
    found = Walk(folder)
    basis = "captured" if how == "captured" else "stated"
    assert found.of("verdict", "checked_by", "gap_days") == {"甲": ("passed", basis, 2), "乙": ("failed", basis, 29)}
    assert found.figures["accounts.assumed"] == 0
    assert ASSUMED not in found.text
    assert "合格率为50.0%" in found.text


def test_one_capture_says_when_the_whole_table_was_made(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    rows = [
        {"account_id": f"weibo:{uid(n)}", "published_at": f"2026-{d} 08:00", "captured_at": ""}
        for n, d in (("甲", "09-28"), ("乙", "09-01"))
    ]
    rows[0]["captured_at"] = "2026-09-30 20:00"
    table(folder / "posts.csv", rows)
    assert Walk(folder).of("verdict", "gap_days") == {"甲": ("passed", 2), "乙": ("failed", 29)}


def test_an_assumed_end_fails_only_where_another_account_posted_on(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    posts_csv(folder, {"甲": ["07-01", "09-30"], "乙": ["07-01", "09-01"]})
    found = Walk(folder)
    assert found.of("verdict", "checked_by", "gap_days") == {"甲": ("passed", "run", 0), "乙": ("failed", "run", 29)}
    assert found.figures["accounts.assumed"] == 2
    assert f"检查的账号中有2个的采集截止日没有写明，{ASSUMED}。" in found.text
    assert found.text.count(ASSUMED) == 1
    assert "2026-09-30" in found.told("ends_assumed")
    assert "posts.csv 2026-09-30" in found.method


def test_only_its_own_later_post_fails_no_account(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    posts_csv(folder, {"甲": ["09-01", "10-02"], "乙": ["07-01", "09-29"]})
    found = Walk(folder)
    assert found.of("verdict", "not_checked_reason") == {"甲": ("not_checked", "run_alone"), "乙": ("passed", None)}
    assert "甲" in found.told("unchecked_run_alone")
    assert found.figures["pass_rate"] == 1.0


def test_one_account_alone_proves_no_end(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲"))
    posts_csv(folder, {"甲": ["07-01", "09-30"]})
    found = Walk(folder)
    assert found.of("verdict", "not_checked_reason") == {"甲": ("not_checked", "end_not_known")}
    assert "collected_to" in found.told("unchecked_end_not_known")


def test_an_account_that_a_table_lacks_is_not_silent(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙", opened_on="2020-01-01"))
    posts_csv(folder, {"甲": ["09-29"]}, captured_at="2026-09-30 20:00")
    assert Walk(folder).of("verdict", "not_checked_reason") == {
        "甲": ("passed", None),
        "乙": ("not_checked", "not_observed"),
    }


@pytest.mark.parametrize("empty", ["posts.csv", "posts.json", "posts/creator_contents_2026-09-30.json"])
def test_a_file_without_rows_proves_nothing(tmp_path, empty):
    folder = audit(tmp_path / "a", ledger("甲", opened_on="2020-01-01"))
    (folder / empty).parent.mkdir(exist_ok=True)
    text = "account_id,published_at,captured_at\n" if empty.endswith("csv") else "[]"
    (folder / empty).write_text(text, encoding="utf-8")
    assert Walk(folder).of("verdict", "not_checked_reason") == {"甲": ("not_checked", "not_observed")}


@pytest.mark.parametrize("heading", ["source_keyword", "榜单"])
def test_own_posts_with_a_word_that_was_searched_are_hits(tmp_path, heading):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    posts_csv(folder, OWN, **{heading: "停水", "captured_at": "2026-09-30 20:00"})
    found = Walk(folder)
    assert set(found.of("verdict", "not_checked_reason").values()) == {("not_checked", "search_only")}
    assert found.of("last_post") == {"甲": day("09-28"), "乙": day("09-01")}


# --- A back office's export --------------------------------------------------------------------------------

WECHAT = "内容标题,发表时间,总阅读人数,总阅读次数,总分享人数,总分享次数,阅读后关注人数,送达人数,公众号消息阅读次数,送达阅读率,首次分享次数,分享产生阅读次数,首次分享率,每次分享带来阅读次数,阅读完成率,内容url"


def exported(path: Path, *days: str) -> Path:
    """WeChat's content analysis: days as numbers in a workbook, as text in a CSV."""
    lines: list[list[Any]] = [WECHAT.split(",")]
    for n, on in enumerate(days, 1):
        url = f"http://mp.weixin.qq.com/s?__biz=MzA3NTE5MzQzMA==&mid=26500000{n:02}&idx=1&sn=ab"
        number = f"{day(on):%Y%m%d}"
        lines.append([f"第{n}篇", int(number) if path.suffix == ".xlsx" else number, 120, 150, 3, 4, *[0] * 9, url])
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        book.save(path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(lines)
    return path


def of_an_office(folder: Path, **settings: Any) -> Path:
    row = {
        "account_id": "LC1",
        "platform": "微信公众号",
        "name": "临河发布",
        "unit": "临河县人民政府",
        "region": "620102",
    }
    return audit(folder, [row | {"channel_comments": "是"}], **settings)


@pytest.mark.parametrize(
    ("suffix", "newest", "told", "expected"),
    [
        (".xlsx", "09-28", "option", ("passed", None, "stated", 2)),
        (".csv", "09-10", "option", ("failed", None, "stated", 20)),
        (".csv", "09-28", "audit.toml", ("passed", None, "stated", 2)),
        (".xlsx", "09-10", "audit.toml", ("failed", None, "stated", 20)),
        (".xlsx", "09-30", "", ("not_checked", "end_not_known", None, None)),
        (".csv", "08-28", "", ("not_checked", "end_not_known", None, None)),
    ],
)
def test_an_export_of_one_account_is_judged_where_its_end_is_told(tmp_path, suffix, newest, told, expected):
    folder = of_an_office(tmp_path / "a", **({"collected_to": AS_OF} if told == "audit.toml" else {}))
    source = exported(tmp_path / f"内容分析{suffix}", "07-02", newest)
    option = ["--collected-on", "2026-09-30"] if told == "option" else []
    code, output = govmedia("import", source, "--to", folder, "--account", "临河发布", *option)
    assert code == 0, output
    found = Walk(folder)
    assert found.of("verdict", "not_checked_reason", "checked_by", "gap_days") == {"临河发布": expected}
    # The window's 90 days begin on 3 July.
    assert found.of("posts_in_window") == {"临河发布": 1}


def test_a_day_told_after_the_import_ends_runs_whose_end_was_assumed(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"), collected_to=AS_OF)
    for name, days in {"甲": ["07-01", "09-01"], "乙": ["07-01", "09-25"]}.items():
        crawled(tmp_path / "src/weibo" / name / f"{uid(name)}.csv", days)
    assert govmedia("import", tmp_path / "src", "--to", folder)[0] == 0
    assert Walk(folder).of("verdict", "checked_by", "gap_days") == {
        "甲": ("failed", "stated", 29),
        "乙": ("passed", "stated", 5),
    }


# --- Searches and timelines --------------------------------------------------------------------------------


def test_search_hits_alone_check_nobody(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    searched(folder / "posts/结果文件/停水/停水.csv", {"甲": ["09-30"], "乙": ["08-01"]})
    found = Walk(folder)
    assert set(found.of("verdict", "not_checked_reason").values()) == {("not_checked", "search_only")}
    assert found.of("last_post") == {"甲": day("09-30"), "乙": day("08-01")}
    assert (found.figures["pass_rate"], found.figures["updates.stale"]) == (None, None)
    assert "甲、乙" in found.told("unchecked_search_only")


@pytest.mark.parametrize("door", ["posts", "import"])
def test_a_search_hit_later_than_the_timeline_is_the_last_post(tmp_path, door):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    source = folder / "posts" if door == "posts" else tmp_path / "src"
    crawled(source / "weibo/甲" / f"{uid('甲')}.csv", ["08-01", "09-01"])
    crawled(source / "weibo/乙" / f"{uid('乙')}.csv", ["08-01", "09-30"])
    searched(source / "结果文件/停水/停水.csv", {"甲": ["09-29"]})
    if door == "import":
        govmedia("import", source, "--to", folder)
    found = Walk(folder)
    assert found.of("verdict", "last_post", "gap_days") == {
        "甲": ("passed", day("09-29"), 1),
        "乙": ("passed", day("09-30"), 0),
    }


@pytest.mark.parametrize("door", ["posts", "import"])
def test_a_search_does_not_lengthen_a_timeline_that_ended(tmp_path, door):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    source = folder / "posts" if door == "posts" else tmp_path / "src"
    for name in "甲乙":
        crawled(source / "weibo" / name / f"{uid(name)}.csv", every_day("08-01", "08-31", 3))
    searched(source / "结果文件/停水/停水.csv", {"甲": ["09-30"], "乙": ["09-02"]})
    if door == "import":
        govmedia("import", source, "--to", folder)
    found = Walk(folder)
    assert set(found.of("verdict", "not_checked_reason").values()) == {("not_checked", "collection_ended")}


def media(path: Path, posts: dict[str, list[str]], captured: str | None, **more: Any) -> Path:
    """MediaCrawler's JSON Lines of Weibo before July 2026, when accounts were named."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, days in posts.items():
        for on in days:
            at = noon(on)
            seconds = int((at - dt.datetime(1970, 1, 1, 8)).total_seconds())
            row = {"note_id": str(mid(at)), "content": "停水", "create_time": seconds, "liked_count": "3"}
            row |= {"create_date_time": f"{at}+08:00", "comments_count": "1", "shared_count": "0", "user_id": uid(name)}
            row |= {"nickname": name, "note_url": f"https://m.weibo.cn/detail/{mid(at)}"} | more
            if captured:
                seen = noon(captured) - dt.datetime(1970, 1, 1, 8)
                row["last_modify_ts"] = int(seen.total_seconds() * 1000)
            lines.append(json.dumps(row, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("door", ["posts", "import"])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("creator", {"甲": ("passed", None, 2), "乙": ("failed", None, 29)}),
        ("search", dict.fromkeys("甲乙", ("not_checked", "search_only", None))),
        ("detail", dict.fromkeys("甲乙", ("not_checked", "search_only", None))),
    ],
)
def test_what_mediacrawler_was_asked_for_decides_what_it_proves(tmp_path, door, kind, expected):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    source = folder / "posts" if door == "posts" else tmp_path / "src"
    word = {"source_keyword": "停水" if kind == "search" else ""}
    media(source / f"data/weibo/jsonl/{kind}_contents_2026-09-30.jsonl", OWN, "09-30", **word)
    if door == "import":
        code, output = govmedia("import", source, "--to", folder)
        assert code == 0, output
    found = Walk(folder)
    assert found.of("verdict", "not_checked_reason", "gap_days") == expected


def test_the_day_in_a_files_name_is_a_capture(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    media(folder / "posts/data/weibo/jsonl/creator_contents_2026-09-30.jsonl", OWN, None)
    assert Walk(folder).of("verdict", "checked_by") == {"甲": ("passed", "captured"), "乙": ("failed", "captured")}


# --- Runs --------------------------------------------------------------------------------------------------

FIFTY = [f"第{n:02}号" for n in range(50)]
SILENT = {"第07号": "09-10", "第23号": "07-05", "第41号": "09-15"}


def fifty(folder: Path, last: str) -> None:
    """Fifty accounts crawled in one run, three of which fell silent 15 and more days before its end."""
    end = day(last)
    for n, name in enumerate(FIFTY, 1):
        silent = SILENT.get(name)
        until = end - (AS_OF - day(silent)) if silent else end - dt.timedelta(days=n % 4)
        crawled(folder / "weibo" / name / f"79{n:08}.csv", [*every_day("06-01", str(until), 4), str(until)])


def test_in_one_run_of_fifty_exactly_the_silent_are_stale(tmp_path):
    folder = audit(tmp_path / "a", ledger(*FIFTY))
    fifty(folder / "posts", "09-30")
    found = Walk(folder)
    assert found.stale == set(SILENT)
    assert found.of("gap_days")["第41号"] == 15
    assert (found.figures["accounts.checked"], found.figures["accounts.failed"]) == (50, 3)
    assert found.figures["accounts.assumed"] == 50
    assert "合格率为94.0%" in found.text
    assert ASSUMED in found.text


def test_of_a_run_that_stopped_a_month_early_nobody_fails(tmp_path):
    folder = audit(tmp_path / "a", ledger(*FIFTY))
    fifty(folder / "posts", "08-31")
    found = Walk(folder)
    assert set(found.of("verdict", "not_checked_reason").values()) == {("not_checked", "collection_ended")}
    assert found.findings == set()
    assert "2026-08-31" in found.told("as_of_would_fit")
    fits = Walk(folder, as_of=day("08-31"))
    assert fits.stale == set(SILENT)


@pytest.mark.parametrize(("told", "nested"), [("", False), ("", True), ("09-30", True)])
def test_a_collection_gives_the_same_row_through_posts_and_import(tmp_path, told, nested):
    """It ended a month before the monitoring point, or at it, as far as anybody says."""
    rows = {}
    for door in ("posts", "import"):
        folder = audit(
            tmp_path / door,
            ledger("甲", "乙", "丙"),
            **({"collected_to": day(told)} if told and door == "posts" else {}),
        )
        source = folder / "posts" if door == "posts" else tmp_path / "src"
        for name, days in {"甲": ["06-01", "08-31"], "乙": ["06-01", "08-30"], "丙": ["06-01", "07-10"]}.items():
            crawled(source / "weibo" / (name if nested else "") / f"{uid(name)}.csv", days)
        if door == "import":
            code, output = govmedia("import", source, "--to", folder, *(["--collected-on", day(told)] if told else []))
            assert code == 0, output
        found = Walk(folder)
        rows[door] = found.measured
        if not told:
            assert set(found.of("not_checked_reason").values()) == {"collection_ended"}
            assert "2026-08-31" in found.told("as_of_would_fit")
        else:
            assert found.of("verdict") == dict.fromkeys("甲乙丙", "failed")
    assert rows["posts"] == rows["import"]


def monthly(folder: Path, first: str, second: str, *, nested: bool) -> None:
    """Two runs: 甲 and 乙 in August, where 甲 fell silent; 乙 and 丙 in September."""
    months = {
        first: {"甲": ["07-01", "08-05"], "乙": ["07-01", "08-31"]},
        second: {"乙": ["08-31", "09-30"], "丙": ["09-01", "09-29"]},
    }
    for run, accounts in months.items():
        for name, days in accounts.items():
            crawled(folder / run / (name if nested else "") / f"{uid(name)}.csv", days)


@pytest.mark.parametrize(
    ("first", "second", "nested", "door"),
    [
        ("2026-08", "2026-09", False, "posts"),
        ("2026-08", "2026-09", True, "posts"),
        ("2026-08", "2026-09", False, "import"),
        ("2026-08", "2026-09", True, "import"),
        ("八月", "九月", False, "posts"),
        ("第一次/weibo", "第二次/weibo", True, "posts"),
        ("第一次/weibo", "第二次/weibo", True, "import"),
    ],
)
def test_one_months_run_does_not_prove_the_silences_of_another(tmp_path, first, second, nested, door):
    folder = audit(tmp_path / "a", ledger("甲", "乙", "丙"))
    source = folder / "posts" if door == "posts" else tmp_path / "src"
    monthly(source, first, second, nested=nested)
    if door == "import":
        code, output = govmedia("import", source, "--to", folder)
        assert code == 0, output
    found = Walk(folder)
    assert found.of("verdict", "not_checked_reason", "gap_days") == {
        "甲": ("not_checked", "collection_ended", None),
        "乙": ("passed", None, 0),
        "丙": ("passed", None, 1),
    }


def test_two_months_imported_one_after_the_other_are_two_runs(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙", "丙"))
    monthly(tmp_path / "src", "2026-08", "2026-09", nested=True)
    for run in ("2026-08", "2026-09"):
        assert govmedia("import", tmp_path / "src" / run, "--to", folder)[0] == 0
    assert Walk(folder).of("verdict", "gap_days") == {
        "甲": ("not_checked", None),
        "乙": ("passed", 0),
        "丙": ("passed", 1),
    }


def test_the_files_of_one_run_imported_one_after_the_other_prove_no_more_than_each(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    for name, days in {"甲": ["07-01", "09-01"], "乙": ["07-01", "09-30"]}.items():
        source = crawled(tmp_path / f"{uid(name)}.csv", days)
        assert govmedia("import", source, "--to", folder)[0] == 0
    found = Walk(folder)
    assert set(found.of("verdict", "not_checked_reason").values()) == {("not_checked", "end_not_known")}


def test_spans_that_touch_are_one_and_those_with_a_hole_are_not(tmp_path):
    spans = {"甲": ("2026-08-31", "2026-09-01"), "乙": ("2026-08-30", "2026-09-01")}
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    rows = [
        {"account_id": f"weibo:{uid(name)}", "run": run, "from": since, "to": to, "complete": "true", "basis": "stated"}
        for name, (end, start) in spans.items()
        for run, since, to in (("一", "2026-07-01", end), ("二", start, "2026-09-30"))
    ]
    table(folder / "observations.csv", rows)
    posts_csv(folder, {"甲": ["08-20"], "乙": ["08-20"]})
    found = Walk(folder)
    # 乙 may have posted on the day of which nobody knows: 30 days is the least that its silence can be.
    assert found.of("last_post", "gap_days") == {"甲": (day("08-20"), 41), "乙": (None, 30)}


# --- No monitoring point given -----------------------------------------------------------------------------


@pytest.mark.parametrize("as_of", [None, ""])
@pytest.mark.parametrize("known", ["captured", "stated", "ledger"])
def test_the_monitoring_point_is_where_the_collection_ended(tmp_path, as_of, known):
    observed = {"observed_from": "2026-07-01", "observed_to": "2026-09-30"} if known == "ledger" else {}
    told = {"collected_to": AS_OF} if known == "stated" else {}
    folder = audit(tmp_path / "a", ledger("甲", "乙", **observed), as_of=as_of, **told)
    posts_csv(folder, OWN, **({"captured_at": "2026-09-30 23:00:00"} if known == "captured" else {}))
    found = Walk(folder)
    assert found.of("verdict", "gap_days") == {"甲": ("passed", 2), "乙": ("failed", 29)}
    assert "监测时间点为2026年9月30日" in found.text
    assert "2026-09-30" in found.told("as_of_found")
    assert "最早的一个，定为2026年9月30日" in found.method
    assert found.errors == []


def test_the_monitoring_point_is_the_earliest_end_of_several_runs(tmp_path):
    folder = audit(
        tmp_path / "a", ledger("甲", "乙"), as_of=None, collected_to={"一": day("09-28"), "二": day("09-30")}
    )
    crawled(folder / "posts/一/甲" / f"{uid('甲')}.csv", ["09-01"])
    crawled(folder / "posts/二/乙" / f"{uid('乙')}.csv", ["09-20"])
    found = Walk(folder)
    assert "监测时间点为2026年9月28日" in found.text
    assert found.of("verdict", "gap_days") == {"甲": ("failed", 27), "乙": ("passed", 8)}


@pytest.mark.parametrize(("posts", "fits"), [(OWN, "2026-09-28"), ({"甲": ["09-27"]}, "2026-09-27")])
@pytest.mark.parametrize("as_of", [None, ""])
def test_where_nothing_tells_the_monitoring_point_it_must_be_given(tmp_path, posts, fits, as_of):
    folder = audit(tmp_path / "a", ledger("甲", "乙"), as_of=as_of)
    posts_csv(folder, posts)
    code, output = govmedia("check", folder)
    assert (code, fits in output) == (2, True), output
    with pytest.raises(InputError, match=fits):
        read_audit(folder)


def test_where_only_notes_are_the_newest_would_fit(tmp_path):
    folder = noted(tmp_path / "a", "09-28", as_of=None)
    code, output = govmedia("check", folder)
    assert (code, "2026-09-28" in output) == (2, True), output


def test_a_given_monitoring_point_is_not_told_as_found(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    posts_csv(folder, OWN, captured_at="2026-09-30 23:00:00")
    assert "as_of_found" not in [p.kind for p in check_audit(folder)]


# --- What is printed ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_bulletin_says_what_it_assumes_in_the_text_the_method_note_and_the_manifest(tmp_path, kernel):
    from govmedia_kit.run.bulletin import make_bulletin

    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    posts_csv(folder, {"甲": ["07-01", "09-30"], "乙": ["07-01", "09-01"]})
    out = make_bulletin(folder, tmp_path / "out", formats=["html"], kernel=kernel)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    found = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    (told,) = manifest["assumptions"]
    assert "2026-09-30" in told
    page = (out / "bulletin.html").read_text(encoding="utf-8")
    assert ASSUMED in page
    # The method note says which run and which day, and not what `check` advises.
    assert "采集截止日：检查的账号中有2个没有写明，按同批采集的最新帖文推定（posts.csv 2026-09-30）" in page
    assert "collected_to" not in page
    assert next(f["value"] for f in found if f["id"] == "accounts.assumed") == 2


def test_no_channel_alone_checks_no_account_and_stands_outside_the_rate(tmp_path):
    accounts = ledger("甲", "乙")
    accounts[0] |= dict.fromkeys(("channel_comments", "channel_messages", "channel_menu"), "否")
    accounts[1]["last_post_on"] = "2026-09-29"
    found = Walk(audit(tmp_path / "a", accounts))
    assert found.of("verdict", "not_checked_reason") == {"甲": ("not_checked", "not_observed"), "乙": ("passed", None)}
    assert ("甲", "no_channel") in found.findings
    assert (found.figures["accounts.checked"], found.figures["accounts.failed"], found.figures["pass_rate"]) == (
        1,
        0,
        1.0,
    )
    assert found.figures["interaction.no_channel"] == 1


def test_the_round_before_may_be_an_audit_whose_monitoring_point_is_found(tmp_path):
    before = audit(tmp_path / "before", ledger("甲", "乙", "丙"), as_of=None)
    posts_csv(before, {"甲": ["04-01"], "乙": ["04-01"], "丙": ["06-29"]}, captured_at="2026-06-30 20:00")
    now = audit(tmp_path / "now", ledger("甲", "乙", "丙"), previous="../before")
    posts_csv(now, {"甲": ["09-29"], "丙": ["09-29"]}, captured_at="2026-09-30 20:00")
    found = Walk(now)
    assert {
        k: found.figures[f"followup.{k}"] for k in ("failed_before", "fixed", "persisting", "not_checked", "new")
    } == {
        "failed_before": 2,
        "fixed": 1,
        "persisting": 0,
        "not_checked": 1,
        "new": 0,
    }
    assert "已整改1个" in found.text
    assert "本轮未核查1个" in found.text


# --- Days and years ----------------------------------------------------------------------------------------

SPIDER = "微博id,微博正文,头条文章url,原始图片url,被转发微博原始图片url,是否为原创微博,微博视频url,发布位置,发布时间,发布工具,点赞数,转发数,评论数"


def spidered(path: Path, *times: str) -> Path:
    """weiboSpider's file, whose ids this test leaves out: what is known of the year is the order and the capture."""
    cells = [
        ["", f"第{n}条", "", "无", "无", "True", "无", "无", time, "微博", 1, 2, 3] for n, time in enumerate(times)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([SPIDER.split(","), *cells])
    return path


NEW_YEAR = {
    "guessed": ["2027-01-03 08:00", "2027-01-01 08:00", "2027-12-30 09:30", "2027-12-12 10:00"],
    "left out": ["01月03日 08:00", "01月01日 08:00", "12月30日 09:30", "12月12日 10:00"],
}


@pytest.mark.parametrize("written", NEW_YEAR)
@pytest.mark.parametrize("door", ["posts", "import"])
def test_days_across_new_year_get_the_year_that_the_capture_and_the_order_allow(tmp_path, written, door):
    told = day("2027-01-05")
    folder = audit(tmp_path / "a", ledger("甲"), as_of=told, **({"collected_to": told} if door == "posts" else {}))
    source = folder / "posts" if door == "posts" else tmp_path / "src"
    spidered(source / "weibo/甲" / f"{uid('甲')}.csv", *NEW_YEAR[written])
    if door == "import":
        assert govmedia("import", source, "--to", folder, "--collected-on", told)[0] == 0
    posts = read_audit(folder).posts.collect()["published_at"].sort().to_list()
    assert posts == [
        dt.datetime(2026, 12, 12, 10),
        dt.datetime(2026, 12, 30, 9, 30),
        dt.datetime(2027, 1, 1, 8),
        dt.datetime(2027, 1, 3, 8),
    ]
    assert Walk(folder).of("verdict", "gap_days") == {"甲": ("passed", 2)}


def test_days_without_a_year_in_the_kits_own_table_get_it_from_the_capture(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲"), as_of=day("2027-01-05"))
    times = ["12月30日 09:30", "01-02 10:00", "12月12日"]
    rows = [
        {"account_id": f"weibo:{uid('甲')}", "post_id": str(n), "published_at": at, "captured_at": "2027-01-05 12:00"}
        for n, at in enumerate(times)
    ]
    table(folder / "posts.csv", rows)
    found = Walk(folder)
    assert found.of("verdict", "last_post", "posts_in_window") == {"甲": ("passed", day("2027-01-02"), 3)}
    assert [p.say("zh-Hans") for p in found.problems if p.place.file == "posts.csv"] == []


def test_a_day_without_a_year_of_which_no_capture_is_known_is_no_day(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲"))
    rows = [
        {"account_id": f"weibo:{uid('甲')}", "post_id": at, "published_at": at}
        for at in ("12月30日 09:30", "2026-09-29")
    ]
    table(folder / "posts.csv", rows)
    (problem,) = [p for p in check_audit(folder) if p.place.file == "posts.csv"]
    assert "12月30日 09:30" in problem.say("zh-Hans")
    assert problem.place.row == 2
    assert read_audit(folder).posts.collect()["published_at"].to_list() == [dt.datetime(2026, 9, 29)]


@pytest.mark.parametrize("door", ["posts", "import"])
def test_a_pinned_post_alone_shows_no_timeline(tmp_path, door):
    folder = audit(tmp_path / "a", ledger("甲", "乙", "丙"))
    source = folder / "posts" if door == "posts" else tmp_path / "src"
    crawled(source / "weibo/甲" / f"{uid('甲')}.csv", [], pinned=["2024-03-01"])
    crawled(source / "weibo/乙" / f"{uid('乙')}.csv", ["07-01", "09-29"], pinned=["2023-01-01"])
    crawled(source / "weibo/丙" / f"{uid('丙')}.csv", ["07-01", "09-30"])
    if door == "import":
        assert govmedia("import", source, "--to", folder)[0] == 0
    found = Walk(folder)
    assert found.of("verdict", "gap_days") == {"甲": ("not_checked", None), "乙": ("passed", 1), "丙": ("passed", 0)}


def test_a_pinned_post_does_not_say_from_when_a_list_was_seen(tmp_path):
    accounts = ledger("甲", "乙")
    folder = audit(tmp_path / "a", accounts, collected_to=AS_OF)
    crawled(folder / "posts/weibo/甲" / f"{uid('甲')}.csv", ["09-01", "09-05"], pinned=["2023-01-01"])
    crawled(folder / "posts/weibo/乙" / f"{uid('乙')}.csv", ["09-01", "09-30"])
    rows = read_audit(folder).observations.filter(pl.col("account_id") == f"weibo:{uid('甲')}")
    assert rows.select("from", "to").rows() == [(day("09-01"), AS_OF)]
    assert Walk(folder).of("verdict", "gap_days") == {"甲": ("failed", 25), "乙": ("passed", 0)}


def test_days_of_the_far_future_are_told_and_are_none(tmp_path):
    """closed_on too: a slip of it must not leave an account live or closed without a word."""
    columns = ["last_post_on", "opened_on", "closed_on", "noted_on", "observed_to"]
    accounts = ledger("甲", "乙", "丙", "丁", "戊", "己", last_post_on="2026-09-29")
    for row, column in zip(accounts, columns, strict=False):
        row[column] = "2062-9-28"
    folder = audit(tmp_path / "a", accounts)
    told = [(p.place.file, p.place.row, p.place.column) for p in check_audit(folder) if p.severity == "error"]
    assert told == [("accounts.csv", n, column) for n, column in enumerate(columns, 2)]


@pytest.mark.parametrize("text", ["26-9-28", "26.9.28", "26年9月28日", "26/09/28"])
def test_a_year_of_two_digits_is_told_with_the_likely_day(tmp_path, text):
    columns = ["last_post_on", "opened_on", "closed_on", "observed_to", "noted_on"]
    accounts = ledger("甲", "乙", "丙", "丁", "戊", "己", last_post_on="2026-09-29")
    for row, column in zip(accounts, columns, strict=False):
        row[column] = text
    told = [p for p in check_audit(audit(tmp_path / "a", accounts)) if p.severity == "error"]
    assert [(p.kind, p.place.row) for p in told] == [("two_digit_year", n) for n in range(2, 7)]
    assert all("2026-09-28" in p.say("zh-Hans") for p in told)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("2062-09-28 08:00", {"date_late"}),
        ("26-9-28 08:00", {"two_digit_year"}),
        ("1970-01-01 08:00", {"bad_date", "date_early"}),
    ],
)
def test_a_posts_day_that_cannot_be_is_told_and_moves_nobodys_last_post(tmp_path, text, kinds):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    rows = [
        {"account_id": f"weibo:{uid(name)}", "post_id": f"{name}{at}", "published_at": at, "captured_at": "2026-09-30"}
        for name, at in (("甲", "2026-09-01 09:00"), ("甲", text), ("乙", "2026-09-29 09:00"))
    ]
    table(folder / "posts.csv", rows)
    (problem,) = [p for p in check_audit(folder) if p.severity == "error"]
    assert problem.kind in kinds
    assert (problem.place.file, problem.place.row) == ("posts.csv", 3)
    measured = assess(read_audit(folder, strict=False)).measured
    assert measured.sort("platform_id").select("last_post", "gap_days", "posts_in_window").rows() == [
        (day("09-01"), 29, 1),
        (day("09-29"), 1, 1),
    ]


@pytest.mark.parametrize(("today", "told"), [("09-29", True), ("09-30", False), ("10-20", False)])
def test_a_monitoring_point_that_has_not_come_is_told(tmp_path, today, told):
    folder = noted(tmp_path / "a", "09-28")
    kinds = [p.kind for p in check_audit(folder, today=day(today))]
    assert ("as_of_future" in kinds) == told
    assert "as_of_future" not in [p.kind for p in check_audit(folder)]


@pytest.mark.parametrize(("on", "posts"), [("10-01", 2), ("10-02", 1)])
def test_the_day_after_the_newest_capture_is_the_last_that_can_be(tmp_path, on, posts):
    folder = audit(tmp_path / "a", ledger("甲"))
    posts_csv(folder, {"甲": ["09-29", on]}, captured_at="2026-09-30 22:00")
    late = [p.kind for p in check_audit(folder) if p.severity == "error"]
    assert late == ([] if posts == 2 else ["date_late"])
    assert read_audit(folder, strict=False).posts.collect().height == posts


def test_imported_posts_without_their_observations_prove_nothing_and_say_so(tmp_path):
    folder = audit(tmp_path / "a", ledger("甲", "乙"))
    source = tmp_path / "posts.csv"
    rows = [f"weibo:{uid(name)},p{name},2026-09-0{n} 09:00,2026-09-30 20:00" for n, name in enumerate("甲乙", 1)]
    source.write_text("\n".join(["account_id,post_id,published_at,captured_at", *rows]) + "\n", encoding="utf-8")
    assert govmedia("import", source, "--to", folder)[0] == 0
    assert Walk(folder).of("verdict") == {"甲": "failed", "乙": "failed"}
    (folder / "observations.csv").unlink()
    found = Walk(folder)
    assert found.of("verdict") == {"甲": "not_checked", "乙": "not_checked"}
    assert "observations.csv" in found.told("observations_missing")
