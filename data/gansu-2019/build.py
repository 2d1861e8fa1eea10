"""Rebuild the founding audit: Gansu's check of 283 government accounts in the summer of 2019.

The bulletin publishes totals and six accounts, not the ledger. This script fills in a ledger, posts and
messages that meet every published figure at once. Rows about the six accounts say `published` in their column
`source`, all others `rebuilt`; which rebuilt account is silent or without a channel is drawn by lot and says
nothing about the office that it is written under.

    python data/gansu-2019/build.py [--to FOLDER]

The lot has a fixed seed and nothing asks the clock, so that each run writes the same bytes.
"""

import argparse
import csv
import random
from bisect import bisect
from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from math import log
from pathlib import Path

import holidays
import polars as pl

HERE = Path(__file__).resolve().parent
SEED = 20190715

AS_OF = date(2019, 7, 15)
WINDOW_DAYS = 90
OBSERVED_FROM = AS_OF - timedelta(days=WINDOW_DAYS - 1)
# No rebuilt post is older, not even of accounts that fell silent before the window.
FIRST_DAY = date(2018, 10, 1)
READS_CAP = 100_001

AUDIT = """\
# 一次检查就是一个文件夹，这个文件说明它是什么。# 之后的文字是注释，程序不读。

# 通报的标题
title = "甘肃省政府办公厅关于2019年全省政务新媒体检查情况的通报"

# 检查的地区：行政区划代码，见 data/divisions.csv；它下面的市县都包括在内
region = "620000"

# 监测时间点，算到这一天的最后一刻。文件没有公布，这个日期是我们定的
as_of = 2019-07-15

# 监测时间点往前看多少天
window_days = 90

# 用哪一套规则（state-council-2019、gansu-2019，或自己改过的规则表）
rules = "gansu-2019"

# 发文机关、主送机关
issuer = "甘肃省人民政府办公厅"
recipients = "各市、自治州人民政府，兰州新区管委会，省政府各部门："

# 成文日期。原通报的日期没有公布（新闻见于2019年8月初），这个日期是我们定的
issued_on = 2019-07-31

# 通报的语言：zh-Hans、zh-Hant 或 en
language = "zh-Hans"

# 印在方法说明里的一句话
note = "原通报只公布了总数和部分账号名称，其余台账、发文和留言按公布数字重建，不代表有关单位的实际情况。"

# 答复和整改的期限，天数是我们定的。calendar = "working" 按工作日算，"calendar" 按自然日算
[deadlines]
reply_days = 5
rectify_days = 15
calendar = "working"
"""

ACCOUNT_COLUMNS = """
account_id platform platform_id name unit unit_level region supervisor opened_on closed_on filing_status
certified certified_subject followers channel_comments channel_messages channel_menu post_count observed_from
observed_to source
"""
CHANNELS = ["channel_comments", "channel_messages", "channel_menu"]

# --- Who runs what -----------------------------------------------------------------------------------------
# One line is one unit: its accounts as platform and name, `a+b` for several platforms under one name. A line
# that begins with two blanks goes on with the unit above.

DEPARTMENTS = """
甘肃省司法厅: wechat+weibo+toutiao+yidian+penguin+people 甘肃司法
  wechat+weibo+douyin 甘肃普法; app 甘肃法律服务
甘肃省卫生健康委员会: wechat+weibo+toutiao+douyin+kuaishou+yidian+penguin+netease+people 健康甘肃
  wechat 甘肃卫生健康
甘肃省公安厅: wechat+weibo+douyin+kuaishou 甘肃公安; toutiao 平安甘肃; app 甘肃公安; app 甘肃公安便民服务
甘肃省文化和旅游厅: wechat+weibo+toutiao+douyin 微游甘肃; weibo 甘肃文旅; app 一部手机游甘肃
甘肃省教育厅: wechat+weibo+toutiao+douyin 甘肃教育; app 甘肃智慧教育
甘肃省交通运输厅: wechat+weibo+toutiao 甘肃交通运输; wechat 甘肃公路出行; app 甘肃出行
甘肃省人力资源和社会保障厅: wechat+weibo+toutiao+app 甘肃人社; app 甘肃人社认证
甘肃省应急管理厅: wechat+weibo+toutiao+douyin 甘肃应急
甘肃省生态环境厅: wechat+weibo+toutiao+penguin 甘肃生态环境
甘肃省市场监督管理局: wechat+weibo+toutiao+netease 甘肃市场监管
甘肃省民政厅: wechat+weibo+toutiao 甘肃民政
甘肃省自然资源厅: wechat+weibo+toutiao 甘肃自然资源
甘肃省住房和城乡建设厅: wechat+weibo+app 甘肃住建
甘肃省农业农村厅: wechat+weibo+toutiao 甘肃农业农村
甘肃省商务厅: wechat+weibo+toutiao 甘肃商务
甘肃省发展和改革委员会: wechat+weibo 甘肃发改
甘肃省科学技术厅: wechat+weibo 甘肃科技
甘肃省工业和信息化厅: wechat+weibo 甘肃工信
甘肃省水利厅: wechat+weibo 甘肃水利
甘肃省审计厅: wechat+weibo 甘肃审计
甘肃省广播电视局: wechat+weibo 甘肃广电
甘肃省体育局: wechat+weibo 甘肃体育
甘肃省林业和草原局: wechat+toutiao 甘肃林草
甘肃省文物局: wechat+weibo 甘肃文物
甘肃省药品监督管理局: wechat+weibo 甘肃药监
甘肃省民族事务委员会: wechat 甘肃民族
甘肃省财政厅: wechat 甘肃财政
甘肃省退役军人事务厅: wechat 甘肃退役军人
甘肃省人民政府外事办公室: wechat 甘肃外事
甘肃省人民政府国有资产监督管理委员会: wechat 甘肃国资
甘肃省统计局: wechat 甘肃统计
甘肃省粮食和物资储备局: wechat 甘肃粮食和储备
甘肃省医疗保障局: wechat 甘肃医保
甘肃省扶贫开发办公室: wechat 甘肃扶贫
甘肃省机关事务管理局: wechat 甘肃机关事务
甘肃省信访局: weibo 甘肃信访
"""

PREFECTURES = """
兰州市: wechat+weibo+toutiao 兰州发布
平凉市: wechat+weibo+toutiao 平凉发布
陇南市: wechat+weibo 陇南发布; wechat 陇南政务
白银市: wechat+weibo 白银发布
天水市: wechat+weibo 天水发布
张掖市: wechat+weibo 张掖发布
酒泉市: wechat+weibo 酒泉发布
庆阳市: wechat+weibo 庆阳发布
嘉峪关市: wechat 嘉峪关发布
临夏回族自治州: wechat 临夏发布
甘南藏族自治州: wechat 甘南发布
"""

PREFECTURE_DEPARTMENTS = """
兰州市公安局: wechat+weibo+douyin 平安兰州
兰州市教育局: wechat+weibo 兰州教育
兰州市生态环境局: wechat+weibo 兰州生态环境
嘉峪关市公安局: wechat+weibo 平安嘉峪关
金昌市公安局: wechat+weibo 平安金昌
金昌市人力资源和社会保障局: wechat 金昌人社
白银市公安局: wechat+weibo+toutiao 平安白银
白银市教育局: wechat 白银教育
天水市公安局: wechat+weibo 天水公安; wechat 天水公安便民服务
天水市文化和旅游局: wechat+weibo 天水文旅
武威市市场监督管理局: wechat+weibo 武威市场监管
张掖市公安局: wechat+weibo 平安张掖
平凉市公安局: wechat+weibo 平凉公安
平凉市卫生健康委员会: wechat 健康平凉
酒泉市公安局: wechat+weibo+toutiao 酒泉公安
酒泉市交通运输局: wechat+weibo 酒泉交通
庆阳市教育局: wechat 庆阳教育; wechat 庆阳教育服务
定西市农业农村局: wechat+weibo 定西农业农村
陇南市商务局: wechat 陇南商务
临夏回族自治州公安局: wechat+weibo 平安临夏
"""

# The document names these three; what else the counties run is drawn by lot. It gives no name for the
# Yidianzixun account of 静宁 and the Weibo account of 西和: they get that of the county's other account.
NAMED_COUNTIES = """
玉门市: wechat 爱玉门; weibo 玉门发布
静宁县: wechat+yidian 静宁发布
西和县: wechat+weibo 西和发布
"""
COUNTIES = 70
COUNTIES_WITH_TWO_WECHAT = 2
# Accounts per county, for the counties that the document doesn't name: 109 accounts of 67 counties.
COUNTY_SIZES = {1: 30, 2: 32, 3: 5}
SECOND_PLATFORMS = {"weibo": 30, "toutiao": 5, "douyin": 2, "app": 2, "kuaishou": 1, "penguin": 1}

# Of the six named accounts only what the document says is `published`; the rest of their row is left unknown.
FULL = {("wechat", "甘肃公安"), ("weibo", "甘肃公安"), ("toutiao", "平安甘肃")}
NEVER = {("wechat", "爱玉门"), ("yidian", "静宁发布"), ("weibo", "西和发布")}

FORMER_NAMES = {
    "甘肃省卫生健康委员会": "甘肃省卫生和计划生育委员会",
    "甘肃省应急管理厅": "甘肃省安全生产监督管理局",
    "甘肃省生态环境厅": "甘肃省环境保护厅",
    "甘肃省农业农村厅": "甘肃省农牧厅",
    "甘肃省自然资源厅": "甘肃省国土资源厅",
    "甘肃省文化和旅游厅": "甘肃省旅游发展委员会",
}

# --- How they behave ---------------------------------------------------------------------------------------

STALE_BY_LEVEL = {"provincial_department": 7, "prefecture": 3, "prefecture_department": 6, "county": 16}
STALE_GAPS = [15, 17, 17, 18, 18, 19, 20, 20, 21, 24, 25, 26, 27, 28, 31, 32]
STALE_GAPS += [35, 38, 39, 42, 46, 49, 53, 55, 60, 68, 76, 88, 98, 117, 165, 277]
BORDERLINE = 4
WARNED_GAPS = [8, 9, 10, 10, 10, 11, 11, 11, 11, 12, 12, 12, 13, 13, 13]
WARNED = 30

# No channel: 28 accounts, 3 of them stale, so that 35 + 28 - 3 = 60 accounts fail and 223 of 283 pass.
NO_CHANNEL = 28
NO_CHANNEL_AND_STALE = 3
PARTLY_UNKNOWN = 10
MESSAGES = 760
NEVER_ANSWERED = 0.2

# Chance of a post on Monday to Sunday. `weekly` has a day of its own.
RHYTHMS = {
    "daily": [0.96, 0.97, 0.97, 0.97, 0.95, 0.35, 0.3],
    "frequent": [0.6, 0.55, 0.6, 0.55, 0.6, 0.08, 0.06],
    "weekly": [0.08, 0.08, 0.08, 0.08, 0.08, 0.02, 0.01],
    "slow": [0.12, 0.12, 0.12, 0.12, 0.12, 0.02, 0.02],
}
RHYTHM_WEIGHTS = {"prefecture": [6, 3, 1], "wechat": [3, 5, 3], "weibo": [4, 4, 3], "app": [4, 4, 2]}
FRESH_GAPS = {
    "daily": ([0, 1, 2, 3], [80, 8, 4, 8]),
    "frequent": ([0, 1, 3, 4, 5], [45, 4, 30, 14, 7]),
    "weekly": ([0, 3, 4, 5, 6, 7], [14, 26, 18, 14, 14, 14]),
}
ARTICLES = {
    "wechat": [24, 19, 18, 14, 9, 7, 4, 5],
    "weibo": [40, 25, 15, 10, 6, 4],
    "toutiao": [50, 27, 15, 8],
}
ARTICLES |= {"app": [20, 25, 25, 20, 10], "douyin": [85, 15], "kuaishou": [90, 10]}
HOURS = {
    7: 2,
    8: 8,
    9: 17,
    10: 20,
    11: 14,
    12: 5,
    13: 3,
    14: 7,
    15: 15,
    16: 16,
    17: 11,
    18: 5,
    19: 3,
    20: 2,
    21: 1,
}
ASKING_HOURS = {
    0: 1,
    7: 2,
    8: 5,
    9: 9,
    10: 10,
    11: 8,
    12: 6,
    14: 6,
    15: 8,
    16: 8,
    17: 6,
    19: 6,
    20: 9,
    21: 9,
    22: 5,
}

FOLLOWERS = {"wechat": 9.2, "weibo": 9.6, "toutiao": 8.2, "douyin": 8.8, "app": 9.0}
OPENED = {"weibo": (2011, 2017), "wechat": (2013, 2018), "toutiao": (2015, 2018), "app": (2014, 2018)}
HAS_READS = {"wechat", "toutiao", "douyin", "app"}

TITLES = """
{place}召开{topic}工作推进会 | {place}部署{topic}重点工作 | 一图读懂：{topic}政策要点
【政策解读】{topic}有哪些新变化 | {place}：{topic}工作取得新进展 | 关于做好{topic}工作的通知
{place}{topic}工作情况通报 | 【提醒】{topic}，这些事项要注意 | 【便民】{topic}办事指南
{place}开展{topic}专项检查 | {place}{topic}宣传活动走进社区 | 【回应关切】{topic}热点问题解答
数说{place}：{topic}这半年 | {place}{topic}典型经验介绍 | {topic}培训班在{place}举办
【公告】{place}{topic}项目公示
"""
TOPICS = """
脱贫攻坚 放管服改革 优化营商环境 生态环境保护 防汛抗旱 义务教育招生 医疗保障 文化旅游 农村人居环境整治
安全生产 食品安全 扫黑除恶 就业创业 减税降费 乡村振兴 道路交通 森林防火 高考服务 普法宣传 志愿服务
基层减负 政务公开 一网通办 健康扶贫 招商引资 住房保障 养老服务
"""
TITLES = [title.strip() for title in TITLES.replace("\n", "|").split("|") if title.strip()]
TOPICS = TOPICS.split()

HOLIDAYS = set(holidays.country_holidays("CN", years=[2018, 2019]))


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def draw(rng: random.Random, weights: dict):
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def some_time(rng: random.Random, hours: dict) -> time:
    return time(draw(rng, hours), rng.randrange(60), rng.randrange(60))


# --- The ledger --------------------------------------------------------------------------------------------


def read_divisions() -> list[dict]:
    with (HERE.parent / "divisions.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["code"].startswith("62")]


def parse(plan: str) -> dict[str, list[tuple]]:
    """Unit -> [(platform, name), ...] from the lines of a plan."""
    units = {}
    for line in plan.strip().replace("\n  ", "; ").splitlines():
        unit, entries = line.split(": ")
        pairs = [entry.split() for entry in entries.split("; ")]
        units[unit] = [(platform, name) for platforms, name in pairs for platform in platforms.split("+")]
    return units


def county_plan(divisions: list[dict], rng: random.Random) -> dict[str, list[tuple]]:
    """The three counties that the document names, and 67 others with accounts drawn by lot."""
    plan = parse(NAMED_COUNTIES)
    # 临夏发布 is the prefecture's; 临夏市 and 临夏县, or 白银区, go by their whole name.
    times_said = Counter(d["short_name"] for d in divisions)
    others = [d for d in divisions if d["level"] == "county" and d["name"] not in plan]
    others = sorted(rng.sample(others, COUNTIES - len(plan)), key=lambda d: d["code"])
    sizes = [size for size, counties in COUNTY_SIZES.items() for _ in range(counties)]
    rng.shuffle(sizes)
    doubled = rng.sample(
        [d["name"] for d, size in zip(others, sizes, strict=True) if size > 1], COUNTIES_WITH_TWO_WECHAT
    )

    for division, size in zip(others, sizes, strict=True):
        place = division["short_name"] if times_said[division["short_name"]] == 1 else division["name"]
        accounts = [("wechat", f"{place}发布")]
        if division["name"] in doubled:
            accounts.append(("wechat", f"{place}政务"))
        while len(accounts) < size:
            account = (draw(rng, SECOND_PLATFORMS), f"{place}发布")
            if account not in accounts:
                accounts.append(account)
        plan[division["name"]] = accounts
    return plan


def units(divisions: list[dict], rng: random.Random) -> list[dict]:
    """One row per unit: name, level, region, supervisor, accounts, and the place that titles name."""
    by_name = {d["name"]: d for d in divisions}
    by_code = {d["code"]: d for d in divisions}
    prefectures = [d for d in divisions if d["level"] == "prefecture"]
    rows = []

    def add(unit, level, division, supervisor, accounts):
        place = division["short_name"]
        rows.append(
            {
                "unit": unit,
                "unit_level": level,
                "region": division["code"],
                "supervisor": supervisor,
                "place": place,
                "accounts": accounts,
            }
        )

    for unit, accounts in parse(DEPARTMENTS).items():
        add(unit, "provincial_department", by_name["甘肃省"], "甘肃省人民政府办公厅", accounts)
    for name, accounts in parse(PREFECTURES).items():
        add(f"{name}人民政府", "prefecture", by_name[name], "甘肃省人民政府办公厅", accounts)
    for unit, accounts in parse(PREFECTURE_DEPARTMENTS).items():
        division = next(d for d in prefectures if unit.startswith(d["name"]))
        add(unit, "prefecture_department", division, f"{division['name']}人民政府办公室", accounts)
    for name, accounts in county_plan(divisions, rng).items():
        division = by_name[name]
        add(
            f"{name}人民政府",
            "county",
            division,
            f"{by_code[division['parent']]['name']}人民政府办公室",
            accounts,
        )
    return rows


def ledger(rows: list[dict], rng: random.Random) -> list[dict]:
    """One row per account: what an office would have filed."""
    accounts = []
    for unit in rows:
        for platform, name in unit["accounts"]:
            account = dict.fromkeys(ACCOUNT_COLUMNS.split())
            account |= {key: unit[key] for key in ("unit", "unit_level", "region", "supervisor", "place")}
            account |= {"account_id": f"{platform}:{name}@{unit['unit']}", "platform": platform, "name": name}
            account |= {"observed_from": OBSERVED_FROM, "observed_to": AS_OF, "source": "published"}
            if (platform, name) in NEVER:
                account["post_count"] = 0  # 自开通后从未更新, says the document: a note, as an inspector makes it
            if (platform, name) not in FULL | NEVER:
                account |= filed(account, rng)
            accounts.append(account)
    return accounts


def filed(account: dict, rng: random.Random) -> dict:
    """Opening day, filing, certification and followers of a rebuilt account."""
    first, last = OPENED.get(account["platform"], (2018, 2018))
    certified = rng.random() < 0.9
    subject = account["unit"]
    if subject in FORMER_NAMES and rng.random() < 0.4:
        subject = FORMER_NAMES[subject]
    return {
        "opened_on": date(rng.randint(first, last), rng.randint(1, 8), rng.randint(1, 28)),
        "filing_status": draw(rng, {"filed": 90, "unfiled": 6, "changed": 4}),
        "certified": certified if rng.random() < 0.95 else None,
        "certified_subject": subject if certified else None,
        "followers": round(rng.lognormvariate(FOLLOWERS.get(account["platform"], 7.0), 1.1)),
        "source": "rebuilt",
    }


# --- Silence and channels ----------------------------------------------------------------------------------


def give_silences(accounts: list[dict], rng: random.Random) -> None:
    """Add to each account its rhythm and `gap`, the days from its last post to the monitoring point.

    Accounts that their unit opened beside its WeChat account fall silent first.
    """
    drawn = [a for a in accounts if a["source"] == "rebuilt"]
    rng.shuffle(drawn)
    drawn.sort(key=lambda a: rng.random() + (0.35 if a["platform"] == "wechat" else 0))
    stale = []
    for level, count in STALE_BY_LEVEL.items():
        stale += [a for a in drawn if a["unit_level"] == level][:count]
    rng.shuffle(stale)
    for account, gap in zip(stale, STALE_GAPS, strict=True):
        account |= {"gap": gap, "rhythm": "slow"}

    rest = [a for a in drawn if "gap" not in a and a["unit_level"] != "prefecture"]
    warned = [14] * BORDERLINE + rng.choices(WARNED_GAPS, k=WARNED)
    for account, gap in zip(rng.sample(rest, len(warned)), warned, strict=True):
        account |= {"gap": gap, "rhythm": "slow"}

    for account in accounts:
        if (account["platform"], account["name"]) in NEVER:
            account |= {"gap": None, "rhythm": None}
        elif "gap" not in account:
            weights = RHYTHM_WEIGHTS.get(account["unit_level"]) or RHYTHM_WEIGHTS.get(account["platform"], [2, 4, 4])
            rhythm = rng.choices(["daily", "frequent", "weekly"], weights=weights)[0]
            days, chances = FRESH_GAPS[rhythm]
            account |= {"gap": rng.choices(days, weights=chances)[0], "rhythm": rhythm}


def give_channels(accounts: list[dict], rng: random.Random) -> None:
    """Can a citizen comment, write, reach a service? All three for the published three and no other."""
    rebuilt = [a for a in accounts if a["source"] == "rebuilt"]
    for account in rebuilt:
        answers = [True, True, False] if rng.random() < 0.35 else [True, False, False]
        rng.shuffle(answers)
        account |= dict(zip(CHANNELS, answers, strict=True))

    stale = rng.sample([a for a in rebuilt if a["gap"] > 14], NO_CHANNEL_AND_STALE)
    others = rng.sample([a for a in rebuilt if a["gap"] <= 14], NO_CHANNEL - NO_CHANNEL_AND_STALE)
    for account in stale + others:
        account |= dict.fromkeys(CHANNELS, False)

    # One channel not looked at: a true and a false one stay known, so that the verdict doesn't hang on it.
    two_false = [a for a in rebuilt if sum(a[c] for c in CHANNELS) == 1]
    for account in rng.sample(two_false, PARTLY_UNKNOWN):
        account[rng.choice([c for c in CHANNELS if not account[c]])] = None

    for account in accounts:
        if (account["platform"], account["name"]) in FULL:
            account |= dict.fromkeys(CHANNELS, True)


# --- Posts -------------------------------------------------------------------------------------------------


def posting_days(account: dict, rng: random.Random) -> list[date]:
    """The days on which an account posts; the last one is `gap` days before the monitoring point."""
    last = AS_OF - timedelta(days=account["gap"])
    first = OBSERVED_FROM
    if last < OBSERVED_FROM + timedelta(days=15):
        first = max(last - timedelta(days=60), FIRST_DAY)
    chances = list(RHYTHMS[account["rhythm"]])
    if account["rhythm"] == "weekly":
        chances[last.weekday() if last.weekday() < 5 else rng.randrange(5)] = 0.92
    days = []
    for n in range((last - first).days):
        day = first + timedelta(days=n)
        if rng.random() < chances[day.weekday()] * (0.3 if day in HOLIDAYS else 1):
            days.append(day)
    return [*days, last]


def engagement(account: dict, headline: bool, base: float, rng: random.Random) -> dict:
    """Counts of one post. Reads follow a lognormal law about the account's own level and stop at 100,001."""
    platform = account["platform"]
    seen = rng.lognormvariate(base + (0.9 if headline else 0), 1.15)
    liked = seen * rng.lognormvariate(-4.6, 0.6)
    reads = min(round(seen), READS_CAP) if platform in HAS_READS else None
    # No comments where there is no room for them; not known where nobody looked for the room.
    comments = {True: round(liked * rng.lognormvariate(-1.3, 0.8)), False: 0, None: None}
    return {
        "reads": reads,
        "reads_capped": None if reads is None else reads == READS_CAP,
        "likes": round(liked),
        "wow": round(liked * rng.uniform(0.3, 0.9)) if platform == "wechat" else None,
        "comments": comments[account["channel_comments"]],
        # WeChat does not show how often an article was passed on.
        "shares": None if platform == "wechat" else round(liked * rng.lognormvariate(-0.9, 0.8)),
    }


def posts_of(account: dict, number: int, rng: random.Random) -> list[dict]:
    """Every post of one account. A WeChat push holds up to eight articles of one minute."""
    if account["gap"] is None:
        return []
    platform = account["platform"]
    weights = ARTICLES.get(platform, [80, 20])
    if account["rhythm"] in ("weekly", "slow"):
        weights = weights[:3]
    followers = account["followers"] or rng.lognormvariate(FOLLOWERS.get(platform, 7.0), 1.1)
    base = 0.74 * log(followers)
    captured_at = datetime(2019, 7, 16, 8) + timedelta(minutes=rng.randrange(180))
    posts = []
    for day in posting_days(account, rng):
        count = 1 + rng.choices(range(len(weights)), weights=weights)[0]
        pushed = platform == "wechat"
        times = [some_time(rng, HOURS)] * count if pushed else sorted(some_time(rng, HOURS) for _ in range(count))
        for n, clock in enumerate(times):
            headline = n == 0 if pushed else None
            posts.append(
                dict(
                    account_id=account["account_id"],
                    post_id=f"p{number:03d}-{len(posts) + 1:04d}",
                    published_at=datetime.combine(day, clock),
                    title=rng.choice(TITLES).format(place=account["place"], topic=rng.choice(TOPICS)),
                    url=None,
                    **engagement(account, bool(headline), base, rng),
                    push_id=f"p{number:03d}-{day:%Y%m%d}" if pushed else None,
                    is_headline=headline,
                    captured_at=captured_at,
                    source="rebuilt",
                )
            )
    return posts


POST_SCHEMA = {
    "account_id": pl.String,
    "post_id": pl.String,
    "published_at": pl.Datetime("us"),
    "title": pl.String,
    "url": pl.String,
    "reads": pl.Int64,
    "reads_capped": pl.Boolean,
    "likes": pl.Int64,
    "wow": pl.Int64,
    "comments": pl.Int64,
    "shares": pl.Int64,
    "push_id": pl.String,
    "is_headline": pl.Boolean,
    "captured_at": pl.Datetime("us"),
    "source": pl.String,
}


# --- Messages ----------------------------------------------------------------------------------------------


def office_time(moment: datetime, rng: random.Random) -> datetime:
    """The same moment if the office is open, otherwise some time in the next open morning."""
    if is_working_day(moment.date()) and 9 <= moment.hour < 18:
        return moment
    day = moment.date() if moment.hour < 9 else moment.date() + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(rng.randint(9, 11), rng.randrange(60), rng.randrange(60)))


def citizens_messages(accounts: list[dict], rng: random.Random) -> list[dict]:
    """Messages in the window and their replies; the wait is lognormal, moved into office hours.

    Silent accounts answer seldom, and no reply is later than the monitoring point.
    """
    asked = [a for a in accounts if a["channel_messages"]]
    level = list(accumulate(rng.lognormvariate(0, 1) for _ in asked))
    end = datetime.combine(AS_OF, time(23, 59, 59))
    rows = []
    for _ in range(MESSAGES):
        account = asked[bisect(level, rng.random() * level[-1])]
        day = OBSERVED_FROM + timedelta(days=rng.randrange(WINDOW_DAYS))
        received_at = datetime.combine(day, some_time(rng, ASKING_HOURS))
        wait = timedelta(seconds=round(86_400 * rng.lognormvariate(1.15, 1.0)))
        replied_at = office_time(received_at + wait, rng)
        silent = rng.random() < (0.7 if account["gap"] > 14 else NEVER_ANSWERED)
        answered = not silent and replied_at <= end
        rows.append((received_at, account["account_id"], replied_at if answered else None))
    rows.sort(key=lambda row: row[:2])
    return [
        {
            "account_id": account,
            "message_id": f"m{n:04d}",
            "received_at": asked_at,
            "replied_at": replied_at,
            "source": "rebuilt",
        }
        for n, (asked_at, account, replied_at) in enumerate(rows, start=1)
    ]


# --- Writing -----------------------------------------------------------------------------------------------


def cell(value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def write_csv(path: Path, columns: list[str], rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(row[column]) for column in columns] for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=HERE, help="folder to write to (default: this one)")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)

    rng = random.Random(SEED)
    accounts = ledger(units(read_divisions(), rng), rng)
    give_silences(accounts, rng)
    give_channels(accounts, rng)
    posts = [post for number, a in enumerate(accounts, start=1) for post in posts_of(a, number, rng)]
    messages = citizens_messages(accounts, rng)

    (folder / "audit.toml").write_text(AUDIT, encoding="utf-8", newline="\n")
    write_csv(folder / "accounts.csv", ACCOUNT_COLUMNS.split(), accounts)
    write_csv(folder / "messages.csv", list(messages[0]), messages)
    table = pl.DataFrame(posts, schema=POST_SCHEMA).sort("account_id", "published_at", "post_id")
    table.write_parquet(folder / "posts.parquet", compression="zstd")


if __name__ == "__main__":
    main()
