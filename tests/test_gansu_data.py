"""The rebuilt Gansu audit meets every figure that the bulletin of 2019 published.

An independent witness: counts by the csv module and plain Python, without the kit. Posts are read with
polars, because nothing else in a plain installation opens parquet.
"""

import csv
import re
import subprocess
import sys
import tomllib
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

DATA = Path(__file__).resolve().parent.parent / "data"
GANSU = DATA / "gansu-2019"
AS_OF = date(2019, 7, 15)
CHANNELS = ["channel_comments", "channel_messages", "channel_menu"]
OUTPUTS = ["audit.toml", "accounts.csv", "posts.parquet", "messages.csv"]


def rows_of(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def accounts() -> list[dict]:
    return rows_of(GANSU / "accounts.csv")


@pytest.fixture(scope="module")
def posts() -> list[dict]:
    return pl.read_parquet(GANSU / "posts.parquet").to_dicts()


@pytest.fixture(scope="module")
def messages() -> list[dict]:
    return rows_of(GANSU / "messages.csv")


@pytest.fixture(scope="module")
def divisions() -> dict[str, dict]:
    return {row["code"]: row for row in rows_of(DATA / "divisions.csv")}


@pytest.fixture(scope="module")
def gaps(accounts, posts) -> dict[str, int | None]:
    """Days from the last post to the monitoring point; None for an account without any."""
    last = {}
    for post in posts:
        account, day = post["account_id"], post["published_at"].date()
        last[account] = max(last.get(account, day), day)
    ids = [a["account_id"] for a in accounts]
    return {i: (AS_OF - last[i]).days if i in last else None for i in ids}


def is_stale(gap: int | None) -> bool:
    return gap is None or gap > 14


def has_no_channel(account: dict) -> bool:
    known = {account[c] for c in CHANNELS} - {""}
    return known == {"false"}


def label(account: dict) -> tuple:
    return account["unit"], account["platform"], account["name"]


# --- The figures of the bulletin ---------------------------------------------------------------------------


def test_137_units_of_four_levels(accounts):
    level = {a["unit"]: a["unit_level"] for a in accounts}
    assert Counter(level.values()) == {
        "provincial_department": 36,
        "prefecture": 11,
        "prefecture_department": 20,
        "county": 70,
    }


def test_283_accounts_are_128_and_155(accounts):
    level = Counter(a["unit_level"] for a in accounts)
    assert level["provincial_department"] + level["prefecture"] == 128
    assert level["prefecture_department"] + level["county"] == 155
    assert level.total() == 283


def test_five_departments_run_three_accounts_and_ten_run_more(accounts):
    sizes = Counter(a["unit"] for a in accounts if a["unit_level"] == "provincial_department")
    assert sum(n == 3 for n in sizes.values()) == 5
    assert sum(n > 3 for n in sizes.values()) == 10
    assert {unit for unit, n in sizes.items() if n >= 10} == {"甘肃省司法厅", "甘肃省卫生健康委员会"}
    assert max(sizes.values()) == 10


def test_no_other_unit_runs_as_many(accounts):
    assert sorted(Counter(a["unit"] for a in accounts).values())[-2:] == [10, 10]


def test_eight_units_run_two_wechat_accounts_and_none_three(accounts):
    wechat = Counter(a["unit"] for a in accounts if a["platform"] == "wechat")
    assert sum(n == 2 for n in wechat.values()) == 8
    assert max(wechat.values()) == 2


def test_some_department_repeats_another_platform(accounts):
    level = {a["unit"]: a["unit_level"] for a in accounts}
    pairs = Counter((a["unit"], a["platform"]) for a in accounts if a["platform"] != "wechat")
    assert {level[unit] for (unit, _), n in pairs.items() if n > 1} == {"provincial_department"}


def test_35_accounts_are_stale(gaps):
    assert sum(is_stale(gap) for gap in gaps.values()) == 35


def test_stale_accounts_are_found_at_every_level(accounts, gaps):
    assert {a["unit_level"] for a in accounts if is_stale(gaps[a["account_id"]])} == {
        "provincial_department",
        "prefecture",
        "prefecture_department",
        "county",
    }


def test_three_named_accounts_never_posted(accounts, gaps):
    assert {label(a)[:2] for a in accounts if gaps[a["account_id"]] is None} == {
        ("玉门市人民政府", "wechat"),
        ("静宁县人民政府", "yidian"),
        ("西和县人民政府", "weibo"),
    }
    assert [a["name"] for a in accounts if a["unit"] == "玉门市人民政府" and a["platform"] == "wechat"] == ["爱玉门"]


def test_three_named_accounts_and_no_other_are_fully_interactive(accounts):
    assert {label(a) for a in accounts if all(a[c] == "true" for c in CHANNELS)} == {
        ("甘肃省公安厅", "wechat", "甘肃公安"),
        ("甘肃省公安厅", "weibo", "甘肃公安"),
        ("甘肃省公安厅", "toutiao", "平安甘肃"),
    }


def test_several_units_offer_no_channel(accounts):
    assert len({a["unit"] for a in accounts if has_no_channel(a)}) > 10


def test_pass_rate_is_below_four_fifths(accounts, gaps):
    failed = [a for a in accounts if is_stale(gaps[a["account_id"]]) or has_no_channel(a)]
    assert 57 <= len(failed) <= 62
    assert (283 - len(failed)) / 283 < 0.8


# --- What the card says ------------------------------------------------------------------------------------


def test_the_card_gives_the_rebuilt_counts(accounts, posts, messages, gaps):
    card = (GANSU / "README.md").read_text(encoding="utf-8")
    known = [gap for gap in gaps.values() if gap is not None]
    failed = sum(is_stale(gaps[a["account_id"]]) or has_no_channel(a) for a in accounts)
    close = [
        sum(gap == 14 for gap in known),
        sum(7 < gap <= 14 for gap in known),
        sum(gap > 90 for gap in known),
    ]
    assert f"| {len(posts):,} |" in card
    assert f"| {len(messages)} |" in card
    assert f"| {close[0]}；{close[1]}；{close[2]} | 重建 |" in card
    assert f"| {sum(map(has_no_channel, accounts))}个账号 |" in card
    assert f"（{283 - failed}/283）" in card


def test_published_rows_are_the_six_named_and_leave_the_rest_unknown(accounts):
    published = [a for a in accounts if a["source"] == "published"]
    assert len(published) == 6
    assert {a["source"] for a in accounts} == {"published", "rebuilt"}
    for account in published:
        assert not account["followers"] + account["opened_on"] + account["certified"] + account["filing_status"]


def test_no_platform_id_is_invented(accounts):
    assert {a["platform_id"] for a in accounts} == {""}


# --- The tables hold together ------------------------------------------------------------------------------


def test_account_ids_are_unique_and_say_what_they_are(accounts):
    assert len({a["account_id"] for a in accounts}) == 283
    assert all(a["account_id"] == f"{a['platform']}:{a['name']}@{a['unit']}" for a in accounts)


def test_every_account_is_live_and_was_observed(accounts):
    assert all(not a["closed_on"] and a["opened_on"] <= "2019-07-15" for a in accounts)
    first = str(AS_OF - timedelta(days=89))
    assert {(a["observed_from"], a["observed_to"]) for a in accounts} == {(first, "2019-07-15")}


def test_every_region_is_a_division_of_gansu(accounts, divisions):
    level = {"provincial_department": "province", "county": "county"}
    for account in accounts:
        region = divisions[account["region"]]
        assert region["code"].startswith("62")
        assert region["level"] == level.get(account["unit_level"], "prefecture")


def test_posts_belong_to_the_ledger_and_end_at_the_monitoring_point(accounts, posts):
    opened = {a["account_id"]: a["opened_on"] for a in accounts}
    assert all(opened[p["account_id"]] <= str(p["published_at"].date()) for p in posts)
    assert max(p["published_at"].date() for p in posts) == AS_OF
    assert len({p["post_id"] for p in posts}) == len(posts)


def test_posts_are_sorted(posts):
    keys = [(p["account_id"], p["published_at"], p["post_id"]) for p in posts]
    assert keys == sorted(keys)


def test_a_push_has_one_moment_one_headline_and_at_most_eight_articles(posts):
    pushes = {}
    for post in posts:
        if post["push_id"]:
            pushes.setdefault(post["push_id"], []).append(post)
    for push in pushes.values():
        assert len(push) <= 8
        assert sum(p["is_headline"] for p in push) == 1
        assert len({(p["account_id"], p["published_at"]) for p in push}) == 1
    assert {p["account_id"].split(":")[0] for push in pushes.values() for p in push} == {"wechat"}


def test_reads_stop_at_100001_and_weibo_shows_none(posts):
    assert all(p["reads_capped"] == (p["reads"] == 100_001) for p in posts if p["reads"] is not None)
    assert max(p["reads"] or 0 for p in posts) == 100_001
    assert all(p["reads"] is None for p in posts if p["account_id"].startswith("weibo:"))


def test_posts_keep_office_hours(posts):
    days = Counter(p["published_at"].weekday() for p in posts)
    hours = Counter(p["published_at"].hour for p in posts)
    assert days[5] + days[6] < 0.15 * len(posts)
    assert sum(hours[h] for h in (9, 10, 11, 15, 16, 17)) > 0.6 * len(posts)


def test_replies_follow_their_messages_and_some_never_come(accounts, messages):
    can_write = {a["account_id"] for a in accounts if a["channel_messages"] == "true"}
    waits = []
    for message in messages:
        assert message["account_id"] in can_write
        received = datetime.strptime(message["received_at"], "%Y-%m-%d %H:%M:%S")
        assert AS_OF - timedelta(days=89) <= received.date() <= AS_OF
        if message["replied_at"]:
            replied = datetime.strptime(message["replied_at"], "%Y-%m-%d %H:%M:%S")
            assert received <= replied < datetime(2019, 7, 16)
            waits.append((replied - received) / timedelta(days=1))
    assert 600 <= len(messages) <= 900
    assert 0.25 < 1 - len(waits) / len(messages) < 0.4
    assert 3 < sorted(waits)[len(waits) // 2] < 5


def test_the_audit_file_says_what_it_is():
    audit = tomllib.loads((GANSU / "audit.toml").read_text(encoding="utf-8"))
    assert audit["as_of"] == AS_OF
    assert audit["region"] == "620000"
    assert audit["rules"] == "gansu-2019"
    assert "重建" in audit["note"]
    assert audit["deadlines"] == {"reply_days": 5, "rectify_days": 15, "calendar": "working"}


def test_the_builder_writes_the_same_bytes_again(tmp_path):
    subprocess.run([sys.executable, str(GANSU / "build.py"), "--to", str(tmp_path)], check=True)
    for name in OUTPUTS:
        assert (tmp_path / name).read_bytes() == (GANSU / name).read_bytes(), f"{name}: run build.py again"


# --- Divisions and published results -----------------------------------------------------------------------


def test_china_has_34_provinces(divisions):
    provinces = [d for d in divisions.values() if d["level"] == "province"]
    assert len(provinces) == 34
    assert all(d["parent"] == "" for d in provinces)
    assert {"710000", "810000", "820000"} <= {d["code"] for d in provinces}


def test_parents_exist_and_stand_one_level_up(divisions):
    assert list(divisions) == sorted(divisions)
    for division in divisions.values():
        if division["level"] == "prefecture":
            assert divisions[division["parent"]]["level"] == "province"
        elif division["level"] in ("county", "zone"):
            assert divisions[division["parent"]]["level"] in ("prefecture", "province")


def test_gansu_has_14_prefectures_and_86_counties(divisions):
    gansu = Counter(d["level"] for code, d in divisions.items() if code.startswith("62"))
    assert gansu == {"province": 1, "prefecture": 14, "county": 86, "zone": 1}
    assert divisions["620171"]["parent"] == "620100"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("620000", "甘肃"),
        ("620102", "城关"),
        ("620525", "张家川"),
        ("621022", "环县"),
        ("622900", "临夏"),
        ("622926", "东乡"),
        ("622927", "积石山"),
        ("150000", "内蒙古"),
        ("222400", "延边"),
        ("522600", "黔东南"),
        ("652801", "库尔勒"),
        ("652800", "巴音郭楞"),
        ("310115", "浦东"),
        ("620171", "兰州新区"),
    ],
)
def test_short_names_are_what_a_person_says(divisions, code, said):
    assert divisions[code]["short_name"] == said


def test_districts_of_a_municipality_hang_from_it(divisions):
    assert divisions["110101"]["parent"] == "110000"
    assert divisions["429004"]["parent"] == "420000"
    assert not {"110100", "429000", "620201"} & divisions.keys()


def test_every_published_result_has_its_source():
    bulletins = rows_of(DATA / "bulletins.csv")
    assert len(bulletins) == 37
    assert all(row["case_id"] and row["issuer"] and row["source"] for row in bulletins)
    assert "GS2019" in {row["case_id"] for row in bulletins}


def test_data_files_name_no_machine_and_no_registry():
    ours = [GANSU / name for name in OUTPUTS if name != "posts.parquet"]
    ours += [GANSU / "README.md", GANSU / "build.py", DATA / "build_divisions.py"]
    ours += [DATA / "divisions.csv", DATA / "bulletins.csv"]
    traces = re.compile(r"/(?:work|home|root|Users|tmp)/|[A-Z]:\\|py[p]i|index[-]url|localhost|\d+\.\d+\.\d+\.\d+")
    for path in ours:
        text = path.read_text(encoding="utf-8")
        assert not traces.search(text), path.name
        assert "\r" not in text
        assert not text.startswith("\ufeff")
