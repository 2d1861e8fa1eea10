"""Small random audits: `make` draws one as rows of text, `write` puts it into a folder; `plain_count` counts what it says.

Written from the definitions alone; of the kit only `fields.csv` takes part, which lends the headings. Combinations whose
meaning the definitions leave open are not made.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import tomli_w
from plain_count import CHANNELS, DATES, DAY, PLATFORMS, TIMES, Case, Row, Run, identity, live, when
from weibo_ids import bid_from_mid

FIELDS = Path(__file__).parents[1] / "govmedia_kit" / "resources" / "fields.csv"
NAMES = "青松气象 白塔地震 红谷医保 黄羊铁路 蓝湖烟草 紫云海关 银滩税务 铜城戏剧 石窟图书 沙漠林草 麦田供销 雪峰邮政"
# Days since the last post, many of them beside a threshold.
GAPS = [0, 0, 1, 3, 7, 8, 13, 14, 15, 16, 30, 90, 91, 150]
CRAWLED = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户,完整日期"
# weibo-crawler's header is longer than the rows of original posts.
CRAWLED_NEW = CRAWLED.replace("位置", "Live Photo视频url,位置") + ",是否编辑过,编辑次数,是否原创"
REPOSTED = "源用户id,源用户昵称,源微博id,源微博bid,源微博正文"


@dataclass
class Draw:
    """What is being drawn: the audit, its dice, and what the rest must keep to."""

    case: Case
    rng: random.Random
    as_of: dt.date
    basis: str = ""
    absent: bool = False
    days: dict[str, list[dt.date]] = field(default_factory=dict)

    def some(self, *choices: Any) -> Any:
        return self.rng.choice(choices)

    def often(self, share: float) -> bool:
        return self.rng.random() < share

    def plant(self, *kinds: str) -> None:
        self.case.kinds.update(kinds)


def make(seed: int) -> Case:
    """A random audit of a few accounts."""
    rng = random.Random(seed)
    as_of = dt.date(2026, 1, 20) + rng.randrange(300) * DAY
    rules = rng.choice(["state-council-2019", "gansu-2019"])
    case = Case(seed, {"title": "通报", "region": "620000", "as_of": as_of, "rules": rules})
    if window := rng.choice([None, 30, 90, 365]):
        case.settings["window_days"] = window
    draw = Draw(case, rng, as_of)
    source = draw.some(*["own"] * 4, "search", "crawler", "crawler", "import", "import", "none")
    bases = {"none": ["none"], "search": ["captured", "run"], "crawler": ["stated", "run"]}
    draw.basis = draw.some(*bases.get(source, ["captured", "stated", "run"]))
    draw.absent = source not in ("none", "search") and draw.basis != "run" and draw.often(0.3)
    end = as_of if draw.absent else as_of + draw.some(0, 0, 0, 0, 2, -5, -20) * DAY
    _draw_accounts(draw, all_weibo=source == "crawler")
    # What observations.csv says must not go beyond the dates that can be.
    room = (end - as_of).days if draw.basis != "run" else 1 if source == "import" else 5
    _draw_days(draw, min(end, as_of) if draw.basis != "run" else as_of, room)
    if source in ("own", "search"):
        _draw_own(draw, end, search=source == "search")
    elif source != "none":
        {"crawler": _draw_crawled, "import": _draw_imported}[source](draw, end)
    if told := case.settings.get("collected_to"):
        draw.plant("collected_to by source" if isinstance(told, dict) else "collected_to of all")
    draw.plant(source, draw.basis)
    _draw_evidence(draw, draw.days if source != "none" else {})
    if draw.absent:
        del case.settings["as_of"]
        draw.plant("as_of absent")
    if draw.often(0.6):
        _draw_messages(draw)
    if draw.often(0.6):
        _draw_corrections(draw)
    return case


def _draw_accounts(draw: Draw, *, all_weibo: bool) -> None:
    built = draw.often(0.5)
    draw.plant("ids built" if built else "ids given")
    for number, name in enumerate(draw.rng.sample(NAMES.split(), draw.rng.randint(2, 8))):
        platform = "weibo" if all_weibo else draw.some(*PLATFORMS, "wechat")
        row = {} if built else {"account_id": f"a{number:02}"}
        row |= {"platform": draw.some(*PLATFORMS[platform]), "platform_id": "", "name": name}
        if all_weibo or draw.often(0.5):
            ids = {"weibo": f"50123456{number:02}", "wechat": f"gh_0123456789{number:02}"}
            row["platform_id"] = ids.get(platform, "")
        row |= {"unit": f"{draw.some(*'甲甲乙丙')}县人民政府", "region": "620102", "purpose": draw.some("", "", "普法")}
        yes, no = draw.some(("是", "否"), ("true", "false"))
        row |= {channel: draw.some(yes, yes, no, no, "") for channel in CHANNELS}
        if draw.often(0.2):
            row |= dict.fromkeys(CHANNELS, draw.some(yes, no, ""))
        draw.case.accounts.append(row | dict.fromkeys([*DATES, "post_count"], ""))


def _draw_days(draw: Draw, newest: dt.date, room: int) -> None:
    """Days with a post by account: one by the monitoring point at least, some of the `room` days after it."""
    as_of = draw.as_of
    posting = [identity(row) for row in draw.case.accounts if draw.often(0.75)] or [identity(draw.case.accounts[0])]
    if draw.basis == "run" and draw.often(0.25):
        posting = posting[:1]
        draw.plant("one account alone")
    elif draw.often(0.3):
        posting.append("weibo:1999999999")
        draw.plant("account not in the ledger")
    for account in posting:
        days = [newest - draw.some(*GAPS) * DAY]
        for _ in range(draw.rng.randint(0, 5)):
            days.append(days[-1] - draw.some(0, 1, 2, 5, 9, 14, 40) * DAY)
        if room > 0 and draw.often(0.25):
            days.append(as_of + draw.rng.randint(1, room) * DAY)
            draw.plant("post after as_of")
        draw.days[account] = days
    if draw.basis == "run" and draw.often(0.4):
        # That the run went on is told by one account alone, which was silent before.
        alone, *others = draw.days.values()
        alone[:] = [as_of - 20 * DAY, as_of + DAY]
        for days in others:
            days[:] = [day - 7 * DAY for day in days if day <= as_of]


def _at(draw: Draw, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(draw.rng.randrange(24), draw.rng.randrange(60)))


def _time(draw: Draw, at: dt.datetime) -> str:
    """A local time in one of the ways in which files have it."""
    if draw.often(0.3):
        draw.plant("zoned time")
        zone, ahead = draw.some(("Z", -8), ("+09:00", 1), ("+08:00", 0))
        return f"{at + dt.timedelta(hours=ahead):%Y-%m-%dT%H:%M:%S}{zone}"
    return draw.some(str(at), f"{at:%Y/%m/%d %H:%M}", f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}")


def _two_digits(text: str) -> str:
    at = when(text)
    assert at is not None
    return f"{at.year % 100}-{at.month}-{at.day}"


def _draw_own(draw: Draw, end: dt.date, *, search: bool) -> None:
    """Posts in the kit's own columns, some twice, with ids that a spreadsheet rounded and dates that cannot be."""
    case, rows = draw.case, list[Row]()
    case.posts_as = draw.some("csv", "csv", "xlsx", "parquet")
    has = {name for name in ("post_id", "url", "title") if draw.often(0.6)}
    draw.plant("posts with " + " ".join(sorted(has)))
    for account, days in draw.days.items():
        rounded = draw.some("5.30E+15", "5300000000000000") if "post_id" in has and draw.often(0.25) else ""
        if rounded and len(days) > 1:
            draw.plant(f"rounded id {rounded}")
        for day in days:
            n = len(rows)
            said = {"post_id": f"530021927993{n:03}7", "url": f"https://example.org/{n}", "title": f"标题{n}"}
            row = {"account_id": account, "published_at": _time(draw, _at(draw, day))}
            row |= {name: cell for name, cell in said.items() if name in has}
            row |= {"post_id": rounded} if rounded else {}
            row["likes"] = draw.some("12", "3", "0", "-1", "None", "1.2万", "")
            if draw.basis == "captured":
                captured = max(day, end - draw.some(0, 1, 3) * DAY) if rows else end
                row["captured_at"] = f"{captured} 23:59:00"
            rows.append(row)
            if draw.often(0.15):
                _draw_again(draw, rows, row, has)
        if draw.often(0.2):
            bad = draw.some("2062-03-01 09:00:00", "1970-01-01 08:00:00", f"{_two_digits(str(days[0]))} 09:00")
            draw.plant(f"bad time {bad[:2]}" if bad[:4].isdecimal() else "bad time of two digits")
            bad_id = {name: f"bad{len(rows)}" for name in has}
            rows.append(row | bad_id | {"published_at": bad})
    if search:
        rows = [row | {"source_keyword": "停水"} for row in rows]
    name = f"posts.{case.posts_as}"
    case.runs.append(Run((name,), rows, search))
    if draw.basis == "stated":
        case.settings["collected_to"] = draw.some(end, {name: end})


def _draw_again(draw: Draw, rows: list[Row], row: Row, has: set[str]) -> None:
    """The post once more: an older capture, before or after it, another post of the same minute, or the same row."""
    rounded = row.get("post_id", "").startswith(("5.3", "5300000"))
    if "captured_at" in row and has and not rounded and draw.often(0.7):
        older = row | {"captured_at": row["captured_at"].replace("23:59", "23:58"), "likes": "1"}
        at = when(row["published_at"])
        if at and has & {"post_id", "url"}:
            older["published_at"] = str(at - draw.some(1, 30) * DAY)
        rows.insert(draw.some(0, len(rows)), older)
        draw.plant("older capture")
    elif not has and draw.often(0.6):
        rows.append(row | {"likes": "77"})
        draw.plant("two posts of one minute")
    else:
        rows.append(dict(row))
        draw.plant("row twice")


def _draw_crawled(draw: Draw, end: dt.date) -> None:
    """Files of weibo-crawler in posts/, of one run or of two that share some posts."""
    case, as_of, two = draw.case, draw.as_of, not draw.absent and draw.often(0.5)
    case.posts_as = "folder"
    first_end, second_start = as_of - 30 * DAY, as_of - draw.some(29, 40) * DAY
    runs = [Run(("2026-08",), []), Run(("2026-09",), [])] if two else [Run((draw.some("posts", "weibo-crawler"),), [])]
    for account, days in draw.days.items():
        in_second = any(second_start <= day <= as_of for day in days)
        for n, day in enumerate(days):
            at = _at(draw, day)
            seconds = int((at - dt.datetime(1970, 1, 1, 8)).total_seconds())
            mid = ((seconds - 515_483_463) << 22) + 17 * n + 3
            row = {"account_id": account, "post_id": str(mid), "published_at": str(at), "title": f"正文{mid}"}
            row["likes"] = draw.some("0", "7")
            for run in runs:
                if not two or (day <= first_end if run is runs[0] else day >= second_start and in_second):
                    run.rows.append(row)
    case.runs = [run for run in runs if run.rows]
    if len(case.runs) == 2:
        draw.plant("two runs")
    if draw.basis == "stated":
        by_source = {"2026-08": first_end, "2026-09": end} if two else {runs[0].keys[0]: end}
        case.settings["collected_to"] = by_source if two else draw.some(end, by_source)


def _draw_imported(draw: Draw, end: dt.date) -> None:
    """Posts beside the observations.csv that an import wrote: two runs, some accounts of a search only."""
    case, rows = draw.case, list[Row]()
    case.posts_as = draw.some("csv", "parquet")
    shares: dict[str, list[str]] = {"甲": [], "乙": []}
    for account in draw.days:
        shares[draw.some(*"甲甲乙")].append(account)
    for run, share in shares.items():
        to = end + draw.some(0, 1) * DAY if run == "乙" and shares["甲"] else end
        newest = {account: max(draw.days[account]) for account in share}
        for account in share:
            for n, day in enumerate(draw.days[account]):
                row = {"account_id": account, "post_id": f"{account}-{n}", "published_at": str(_at(draw, day))}
                rows.append(row | {"title": f"{account}第{n}篇"})
            others = max((day for other, day in newest.items() if other != account), default=None)
            assumed = draw.basis == "run"
            row = {"account_id": account, "run": run, "from": str(min(draw.days[account]))}
            row |= {"to": str(max(newest.values()) if assumed else to), "complete": "true", "source": "weibo-crawler"}
            if assumed and draw.often(0.2):
                row["complete"] = "false"
                draw.plant("search in observations.csv")
            case.observations.append(row | {"basis": draw.basis, "others_to": str(others or "") if assumed else ""})
    case.runs.append(Run((f"posts.{case.posts_as}",), rows))


def _draw_evidence(draw: Draw, posts: dict[str, list[dt.date]]) -> None:
    """Observed days, notes by hand, days of opening and closing, each where it cannot contradict the rest."""
    case, as_of = draw.case, draw.as_of
    if not draw.absent and draw.often(0.2):
        case.settings["noted_on"] = as_of - draw.some(0, 0, 3) * DAY
    early = case.settings.get("noted_on", as_of) < as_of
    for row in case.accounts:
        days = posts.get(identity(row), [])
        if draw.often(0.4):
            _draw_observed(draw, row, days)
        notes = [] if early or (row["observed_to"] and not row["observed_from"]) else ["fresh"]
        if not days and not row["observed_from"]:
            notes = (
                ["early"]
                if early
                else ["fresh", "fresh", "later", "early", "从未更新", "0", "57", "two digits", "2062-09-28"]
            )
        if notes and not draw.absent and draw.often(0.2 if days else 0.6):
            _draw_note(draw, row, draw.some(*notes), beside=bool(days))
        noted = when(row["last_post_on"])
        first = min([*days, *([noted.date()] if noted else [])], default=None)
        if first is None and (since := when(row["observed_from"])):
            row["opened_on"] = str(since.date() + draw.some(0, 0, -100, 1) * DAY)
        elif draw.often(0.5):
            row["opened_on"] = str((first or as_of - 50 * DAY) - draw.some(0, 1, 300) * DAY)
        if draw.often(0.12):
            name, later = draw.some(("opened_on", 1), ("closed_on", -9), ("closed_on", 0), ("closed_on", 1))
            row[name] = str(as_of + later * DAY)
            draw.plant(f"{name} {later:+}")
    undated = [row for row in case.accounts if (row["last_post_on"] or row["post_count"]) and not row["noted_on"]]
    if undated and "noted_on" not in case.settings:
        # Where the newest note lies long before the monitoring point, its day has to be told.
        row = case.accounts[-1] | dict.fromkeys([*DATES, "platform_id", "post_count"], "") | {"name": "竹溪档案"}
        row |= {"account_id": "a99"} if "account_id" in row else {}
        case.accounts.append(row | {"last_post_on": str(as_of - draw.rng.randrange(4) * DAY)})
    if not any(live(row, as_of, as_of + 366 * DAY) for row in case.accounts):
        case.accounts[0] |= {"opened_on": "", "closed_on": ""}


def _draw_observed(draw: Draw, row: Row, days: list[dt.date]) -> None:
    as_of, kinds = draw.as_of, ["whole", "whole", "ended", "late", "late"]
    kinds += ["touching", "touching", "apart", "no from"] if days else []
    kinds += ["no to"] * 2 if isinstance(draw.case.settings.get("collected_to"), dt.date) else []
    kind = "whole" if draw.absent else draw.some(*kinds)
    first, last = as_of - draw.some(30, 100, 400) * DAY, as_of + draw.some(0, 0, 1) * DAY
    if kind == "ended":
        last = as_of - draw.some(1, 5, 20) * DAY
    elif kind == "late":
        first = as_of - draw.some(1, 5, 13, 14, 15, 40, 95) * DAY
    elif kind in ("touching", "apart"):
        last = min(days) - (1 if kind == "touching" else 2) * DAY
        first = last - 60 * DAY
    row["observed_from"] = "" if kind == "no from" else f"{first:%Y/%m/%d}"
    row["observed_to"] = "" if kind == "no to" else str(last)
    draw.plant(f"observed {kind}")


def _draw_note(draw: Draw, row: Row, kind: str, *, beside: bool) -> None:
    noted_on = draw.case.settings.get("noted_on", draw.as_of)
    day = noted_on - draw.some(*GAPS) * DAY
    draw.plant(f"note {kind}" + " beside posts" * beside)
    if kind == "fresh":
        row |= {"last_post_on": f"{day.year}年{day.month}月{day.day}日", "post_count": draw.some("", "57")}
        row["noted_on"] = draw.some("", "", str(noted_on))
    elif kind == "early":
        noted = min(noted_on, draw.as_of - draw.some(1, 4) * DAY)
        row |= {"last_post_on": str(noted - draw.some(*GAPS) * DAY), "noted_on": str(noted)}
    elif kind == "later":
        row["last_post_on"] = row["noted_on"] = str(draw.as_of + draw.some(1, 12) * DAY)
    elif kind.isdecimal():
        row["post_count"] = kind
    else:
        row["last_post_on"] = _two_digits(str(day)) if kind == "two digits" else kind


def _draw_messages(draw: Draw) -> None:
    """Messages to accounts and units, with ids or without, some twice, the later row with the reply."""
    ids, replies, messages = draw.often(0.6), draw.often(0.85), draw.case.messages
    draw.plant("messages with ids" if ids else "messages without ids", "replies" if replies else "no column of replies")
    for n in range(draw.rng.randint(3, 9)):
        received = _at(draw, draw.as_of - draw.some(0, 1, 5, 20, 29, 30, 60, 89, 90, 120) * DAY)
        to = draw.some(*draw.case.accounts)
        row = {"message_id": f"m{n}"} if ids else {}
        row |= {"account_id": identity(to), "unit": "", "received_at": _time(draw, received)}
        if draw.often(0.25):
            row |= {"account_id": "", "unit": to["unit"]}
            draw.plant("message to a unit")
        if replies:
            replied = str(received + draw.some(2, 50, 200, 900) * dt.timedelta(hours=1))
            row["replied_at"] = draw.some("", "未回复", replied, replied)
        messages.append(row)
        if draw.often(0.25):
            messages.append(dict(row))
            draw.plant("message twice")
            if ids and row.get("replied_at") in ("", "未回复"):
                messages[-1]["replied_at"] = str(received + DAY)
                draw.plant("message twice, then replied")


def _draw_corrections(draw: Draw) -> None:
    """Cells made wrong, each with the line of corrections.csv that mends it."""
    case = draw.case

    def spoil(table: str, key: str, row: Row, column: str, wrong: str) -> None:
        line = {"table": table, "key": key, "column": column, "found": wrong, "becomes": row[column], "reason": "核实"}
        case.corrections.append(line)
        row[column] = wrong
        draw.plant(f"correction of {table}.{column}")

    for row in draw.rng.sample(case.accounts, 2):
        menu = "否" if row["channel_menu"] != "否" else ""
        wrong = {"closed_on": "2020-01-01", "channel_menu": menu, "unit": "丁县人民政府"}
        wrong |= {
            name: _two_digits(row[name]) for name in ("opened_on", "observed_to", "last_post_on") if when(row[name])
        }
        if not (row.get("account_id") or row["platform_id"]):
            del wrong["unit"]  # the id would be another
        column = draw.some(*wrong)
        spoil("accounts", identity(row), row, column, wrong[column])
    for run in case.runs if case.posts_as != "folder" else []:
        rows = [row for row in run.rows if not row.get("post_id", "bad").startswith(("bad", "5.3"))]
        often = Counter((row["account_id"], row["post_id"]) for row in rows)
        if single := [row for row in rows if often[row["account_id"], row["post_id"]] == 1]:
            row = draw.some(*single)
            wrong_time = draw.some("2062-09-28 09:30:00", f"{_two_digits(row['published_at'])} 09:30")
            spoil("posts", f"{row['account_id']}/{row['post_id']}", row, "published_at", wrong_time)
    often_said = Counter(row.get("message_id") for row in case.messages)
    answered = [row for row in case.messages if "message_id" in row and when(row.get("replied_at", ""))]
    for row in [row for row in answered if often_said[row["message_id"]] == 1][:1]:
        spoil("messages", row["message_id"], row, "replied_at", "")


# --- The files ---------------------------------------------------------------------------------------------


def write(case: Case, folder: Path) -> Path:
    """The audit as a folder; the format and the headings of each table are drawn by the seed."""
    rng = random.Random(f"files {case.seed}")
    folder.mkdir(parents=True)
    with (folder / "audit.toml").open("wb") as file:
        tomli_w.dump(case.settings, file)
    _write_table(folder / "accounts", rng.choice(["csv", "csv", "xlsx", "parquet", "json"]), case.accounts, case, rng)
    if case.messages:
        _write_table(folder / "messages", rng.choice(["csv", "xlsx", "parquet", "json"]), case.messages, case, rng)
    for run in case.runs:
        if case.posts_as == "folder":
            name = run.keys[0] if run.keys[0].startswith("2026") else ""
            _write_crawled(folder / "posts" / name, run, case, rng)
        else:
            _write_table(folder / "posts", case.posts_as, run.rows, case, rng)
    for name, rows in (("corrections", case.corrections), ("observations", case.observations)):
        if rows:
            _write_csv(folder / f"{name}.csv", [list(rows[0]), *(list(row.values()) for row in rows)], "utf-8")
    return folder


@functools.cache
def _headings(table: str) -> dict[str, list[str]]:
    """Every column's name, label and those of its Chinese synonyms that can mean no other column of the table."""
    with FIELDS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["table"] == table]
    chinese = {row["name"]: [word for word in row["synonyms"].split("|") if not word.isascii()] for row in rows}
    often = Counter([word for words in chinese.values() for word in words] + [row["label_zh"] for row in rows])
    alone = {name: [word for word in words if often[word] == 1] for name, words in chinese.items()}
    return {row["name"]: [row["name"], row["label_zh"], *alone[row["name"]]] for row in rows}


def _write_table(path: Path, kind: str, rows: list[Row], case: Case, rng: random.Random) -> None:
    """A table as CSV, XLSX, Parquet or JSON, with text or typed cells; those that are corrected stay text."""
    table, known, way = path.name, _headings(path.name), rng.choice(["names", "labels", "synonyms"])
    choose: dict[str, Callable[[list[str]], str]] = {"names": lambda c: c[0], "labels": lambda c: c[1]}
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if table == "accounts":
        needed = {line["column"] for line in case.corrections}
        columns = [n for n in columns if n in needed or any(row.get(n) for row in rows) or rng.random() < 0.5]
    heads = [choose.get(way, lambda c: rng.choice(c[1:]))(known.get(name, [name, name])) for name in columns]
    case.kinds |= {f"{table} {kind}", f"headings {way}"}
    texts = [[row.get(name, "") for name in columns] for row in rows]
    if kind == "csv":
        encoding = rng.choice(["utf-8", "utf-8-sig", "gb18030"])
        case.kinds.add(f"csv {encoding}")
        return _write_csv(path.with_suffix(".csv"), [heads, *texts], encoding)
    cells: list[list[Any]] = [[cell or None for cell in line] for line in texts]
    if kind == "json":
        lines = [dict(zip(heads, line, strict=True)) for line in cells]
        path.with_suffix(".json").write_text(json.dumps(lines, ensure_ascii=False), encoding="utf-8")
        return None
    if table not in {line["table"] for line in case.corrections} and rng.random() < 0.7:
        zoned = kind == "parquet" and rng.random() < 0.3
        typed = [
            _typed(name, list(column), zoned) for name, column in zip(columns, zip(*texts, strict=True), strict=True)
        ]
        cells = [list(line) for line in zip(*typed, strict=True)]
        case.kinds.add(f"typed {kind}")
    if kind == "parquet":
        frame = {head: list(column) for head, column in zip(heads, zip(*cells, strict=True), strict=True)}
        empty = {head: pl.String for head, column in frame.items() if column.count(None) == len(column)}
        pl.DataFrame(frame, schema_overrides=empty).write_parquet(path.with_suffix(".parquet"))
    else:
        book = openpyxl.Workbook()
        for line in [heads, *cells]:
            book.worksheets[0].append(line)
        book.save(path.with_suffix(".xlsx"))
    return None


def _typed(name: str, cells: list[str], zoned: bool) -> list[Any]:
    """A column's cells as dates, times or whole numbers where all of them can be, else as text."""
    if name in ("likes", "post_count"):
        numbers = all(cell.isdecimal() or not cell for cell in cells)
        return [int(cell) if cell and numbers else cell or None for cell in cells]
    if name not in (*DATES, *TIMES) or any(cell and when(cell) is None for cell in cells):
        return [cell or None for cell in cells]
    times = [when(cell) for cell in cells]
    if name in DATES:
        return [at and at.date() for at in times]
    return [at and (at - dt.timedelta(hours=8)).replace(tzinfo=dt.UTC) if zoned else at for at in times]


def _write_csv(path: Path, lines: list[list[str]], encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(lines)


def _write_crawled(folder: Path, run: Run, case: Case, rng: random.Random) -> None:
    """weibo-crawler's files of a run: ids end with a tab, rows are shorter than the header; some files have no rows."""
    ledger = {identity(row): row for row in case.accounts if row["platform_id"]}
    new = rng.random() < 0.5
    columns = (CRAWLED_NEW if new else CRAWLED).split(",")
    posting = {row["account_id"] for row in run.rows}
    silent = {account for account in ledger if account not in posting and rng.random() < 0.2}
    case.kinds |= {"file without rows"} if silent else set()
    for account in sorted(posting | silent):
        known = ledger.get(account, {"name": "外来账号", "platform_id": account.partition(":")[2]})
        lines = [[*columns, *REPOSTED.split(",")] if new else columns]
        # The newest first, as the tool writes them: an older row on top would be a pinned one.
        mine = [row for row in run.rows if row["account_id"] == account]
        for row in sorted(mine, key=lambda row: row["published_at"], reverse=True):
            cells = {"id": row["post_id"] + "\t", "bid": bid_from_mid(int(row["post_id"])), "正文": row["title"]}
            cells |= {"日期": row["published_at"].replace(" ", "T"), "完整日期": row["published_at"], "工具": "微博"}
            cells |= {"点赞数": row["likes"], "评论数": "1", "转发数": "2", "是否编辑过": "False", "是否原创": "True"}
            lines.append([cells.get(name, "") for name in columns])
        path = folder / known["name"] / f"{known['platform_id']}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_csv(path, lines, "utf-8-sig")
