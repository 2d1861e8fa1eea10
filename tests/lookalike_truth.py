"""Seeded lists of account names in which it is known which pairs are look-alikes.

Two generators, `first` and `second`, written with different words, templates and ways of imitating a
name, so that a rule tuned to one of them fails on the other. Both fill the country: the names of
real provinces, prefectures and counties times bodies times platforms. Most accounts are honest;
their likeness to each other (one character apart because another place or another body is meant) is
what must not be reported. Some are planted imitations of an honest one.

The truth is planted, with one addition that no list can avoid: accounts of different units whose
names are written alike (鼓楼发布 exists four times) are look-alikes of each other.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from typing import NamedTuple

import polars as pl

from govmedia_kit.divisions import divisions
from govmedia_kit.interop import with_dtypes
from govmedia_kit.measures.lookalikes.candidates import confusable, keyed, members
from govmedia_kit.measures.lookalikes.groups import RANKS, REASONS

__all__ = ["Truth", "first", "pairs", "score", "second"]


class Truth(NamedTuple):
    """The accounts, and the pairs that are look-alikes: account_id, other_account_id (the smaller first), kind."""

    accounts: pl.DataFrame
    pairs: pl.DataFrame


class Unit(NamedTuple):
    name: str
    region: str
    place: str  # as a person says it
    full_place: str
    short: str  # the body as a person says it
    long: str


COMMON = (
    "一不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事"
    "只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者"
    "向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市"
    "眉结解界品司利场式报德题南数门石百风何吃任象领党节量强院整展非局马元金星安流红火光清林广石阳江河湖州城县区旗镇乡村园桥路街港湾岛岸"
)
PLATFORMS = ("wechat", "weibo", "toutiao", "douyin", "kuaishou", "wechat_channels", "yidian")


# --- first generator -----------------------------------------------------------------------------------

BODY_NAMES = """
公安=公安局 司法=司法局 教育=教育局 体育=体育局 科技=科学技术局 工信=工业和信息化局 民政=民政局
财政=财政局 人社=人力资源和社会保障局 自然资源=自然资源局 生态环境=生态环境局 住建=住房和城乡建设局
交通=交通运输局 水务=水务局 水利=水利局 农业农村=农业农村局 商务=商务局 文旅=文化和旅游局
卫健=卫生健康委员会 应急=应急管理局 审计=审计局 税务=税务局 统计=统计局 医保=医疗保障局
林草=林业和草原局 信访=信访局 市场监管=市场监督管理局 城管=城市管理局 消防=消防救援大队
交警=公安局交通警察大队 特警=公安局特警大队 法院=人民法院 检察=人民检察院 气象=气象局 共青团=团委
妇联=妇女联合会 工会=总工会 残联=残疾人联合会 网信=网信办 融媒=融媒体中心 疾控=疾病预防控制中心
发改=发展和改革委员会 国资=国资委 粮食=粮食和物资储备局 档案=档案局 邮政=邮政管理局 海关=海关
公积金=住房公积金管理中心 图书馆=图书馆 博物馆=博物馆 中医院=中医院 公交=公交公司 供电=供电公司
"""
BODIES = dict(entry.split("=") for entry in BODY_NAMES.split())
NUMBERED = {
    "中学": "{n}中", "小学": "{n}小", "医院": "{n}院", "幼儿园": "{n}幼", "中心": "{n}中心", "社区": "{n}社区", "敬老院": "{n}敬老院",
}  # fmt: skip
TENS = "一二三四五六七八九十"
SLOGANS = {
    "公安": "平安",
    "卫健": "健康",
    "司法": "法治",
    "文旅": "文旅",
    "网信": "网信",
    "妇联": "巾帼",
    "共青团": "青春",
}
ENDINGS = ("发布", "在线", "官方", "政务", "微博", "官微", "头条号", "微发布", "政务发布", "官方微博")


def first(size: int, *, seed: int = 1, one_each: bool = False) -> Truth:
    """`size` accounts, some of them imitations; up to 1,000 of one province, as in one audit.

    With `one_each`, honest units have one account each, so that nearly all names differ.
    """
    rng = random.Random(seed)
    units = _units(rng, size)
    accounts: list[dict[str, str | None]] = []
    pairs: dict[tuple[str, str], str] = {}
    homophones = _homophones()
    for unit in units:
        if len(accounts) >= size:
            break
        name = _name(unit, rng)
        chosen = rng.sample(PLATFORMS, 1 if one_each else rng.choice((1, 1, 2, 2, 3, 4)))
        base = [_account(accounts, name, unit.name, unit.region, platform) for platform in chosen]
        if not one_each and rng.random() < 0.07 and not name.startswith(unit.place + "发布"):
            # A unit that calls one of its accounts by the long form: no look-alike, another platform.
            left = [platform for platform in PLATFORMS if platform not in chosen]
            base.append(_account(accounts, unit.full_place + unit.long, unit.name, unit.region, left[0]))
        if rng.random() < 0.2:
            kind, copies = _imitations(unit, name, rng, homophones)
            same_unit = rng.random() < 0.3
            planted = []
            for at, copy in enumerate(copies):
                owner = unit.name if same_unit else f"{unit.full_place}第{at + 1}服务社{rng.randrange(10**6)}"
                planted.append(
                    _account(accounts, copy, owner, unit.region, chosen[0] if same_unit else rng.choice(PLATFORMS))
                )
            for one, other in itertools.chain(
                itertools.product(planted, base), itertools.combinations(planted, 2) if kind == "identical" else ()
            ):
                if one["unit"] != other["unit"] or one["platform"] == other["platform"]:
                    pairs[_pair(one, other)] = kind
    return _truth(accounts, pairs, rng)


def _units(rng: random.Random, size: int) -> list[Unit]:
    table = divisions().filter(pl.col("level") != "zone")
    if size <= 1_000:
        table = table.filter(pl.col("code").str.starts_with("62"))
    units = []
    # A small list covers few places closely, as an audit does, and not the country thinly.
    for code, name, _, level, short in rng.sample(table.rows(), min(table.height, size // 20 + 20)):
        for body, long in BODIES.items():
            units.append(Unit(_official(name, long, level), code, short, name, body, long))
        units.append(Unit(f"{name}人民政府", code, short, name, "发布", "人民政府"))
        for body, brief in NUMBERED.items():
            for number in (
                [*TENS, *(tens + one for tens in ("十", "二十") for one in TENS[:9])] if size > 300_000 else TENS
            ):
                units.append(
                    Unit(f"{name}第{number}{body}", code, short, name, brief.format(n=number), f"第{number}{body}")
                )
    rng.shuffle(units)
    return units


def _official(place: str, long: str, level: str) -> str:
    return place + (long.replace("局", "厅", 1) if level == "province" and long.endswith("局") else long)


def _name(unit: Unit, rng: random.Random) -> str:
    draw = rng.random()
    if unit.short == "发布":
        return unit.place + "发布"
    if draw < 0.15 and unit.short in SLOGANS:
        return SLOGANS[unit.short] + unit.place
    if draw < 0.3 or unit.place[-1] in "县区":
        return unit.full_place + unit.long
    if draw < 0.5:
        return unit.place + unit.short + rng.choice(ENDINGS[:4])
    return unit.place + unit.short


def _imitations(unit: Unit, name: str, rng: random.Random, homophones: dict[str, str]) -> tuple[str, list[str]]:
    kind = rng.choice(("identical",) * 4 + ("homophone", "reordered") + ("one_character",) * 2)
    if kind == "identical":
        return kind, [_same(unit, name, rng) for _ in range(rng.choice((1, 1, 1, 2, 3, 7)))]
    if kind == "homophone":
        places = [at for at, character in enumerate(name) if len(homophones.get(character, "")) > 1]
        if places:
            at = rng.choice(places)
            return kind, [name[:at] + rng.choice(homophones[name[at]].replace(name[at], "")) + name[at + 1 :]]
    if kind == "reordered" and unit.place in name and name not in (unit.place, unit.full_place):
        rest = name.replace(unit.full_place, "", 1) if unit.full_place in name else name.replace(unit.place, "", 1)
        here = unit.full_place if unit.full_place in name else unit.place
        moved = rest + here if name.startswith(here) else here + rest
        if moved != name:
            return kind, [moved]
    at = rng.randrange(len(name))
    how = rng.random()
    if how < 0.4:
        while (new := rng.choice(COMMON)) == name[at] or new in "一二三四五六七八九十":
            pass
        return "one_character", [name[:at] + new + name[at + 1 :]]
    if how < 0.7 and len(name) > 3:
        return "one_character", [name[:at] + name[at + 1 :]]
    return "one_character", [name[:at] + rng.choice("小新好我们大微乐美") + name[at:]]


def _same(unit: Unit, name: str, rng: random.Random) -> str:
    def ending() -> str:
        return name + rng.choice(ENDINGS)

    def long_form() -> str:
        if unit.short == "发布":
            return ending()
        if name.startswith(unit.place + unit.short):
            return unit.full_place + unit.long
        return unit.place + unit.short if name == unit.full_place + unit.long else ending()

    return rng.choice(
        (
            lambda: name,
            ending,
            lambda: "官方" + name,
            lambda: _traditional(name),
            lambda: f"{name[:2]}·{name[2:]}",
            lambda: f"【{name}】✔",
            lambda: name + "V",
            long_form,
            lambda: name.replace(unit.place, unit.full_place, 1) if unit.full_place not in name else name,
        )
    )()


TRADITIONAL = str.maketrans(
    "门发务税财县区东龙马广汉乌兰罗宁长临农业医会积团网检应计环态资监馆",
    "門發務稅財縣區東龍馬廣漢烏蘭羅寧長臨農業醫會積團網檢應計環態資監館",
)


SIMPLIFIED = {new: old for old, new in TRADITIONAL.items()}


def _traditional(name: str) -> str:
    return name.translate(TRADITIONAL)


def _homophones() -> dict[str, str]:
    from pypinyin import lazy_pinyin

    used = set(COMMON) | set("".join(BODIES)) | set("".join(divisions()["short_name"]))
    sounds: dict[str, list[str]] = defaultdict(list)
    for character in sorted(used):
        sounds[lazy_pinyin(character)[0]].append(character)
    return {character: "".join(alike) for alike in sounds.values() for character in alike}


# --- second generator: other bodies, other forms of names, other ways to imitate ------------------------

OFFICES = """
监狱管理局=监狱 烟草专卖局=烟草 供销合作社=供销社 畜牧兽医局=畜牧 水文局=水文 不动产登记中心=不动产
文化馆=文化馆 妇幼保健院=妇幼保健院 急救中心=急救 地震局=地震 反诈骗中心=反诈 机关事务管理局=机关事务
老干部局=老干部 渔业局=渔业 港航管理局=港航 投资促进局=招商 药品监督管理局=药监 种业中心=种业
蔬菜办公室=蔬菜 国有林场=林场 侨务办公室=侨务 高速公路管理处=高速 民族宗教事务局=民宗 扶贫开发办公室=扶贫
乡村振兴局=乡村振兴 人民防空办公室=人防 金融工作局=金融 政务服务管理局=政务服务 大数据管理局=大数据
外事办公室=外事 红十字会=红十字会 科学技术协会=科协 工商业联合会=工商联 文学艺术界联合会=文联
退役军人事务局=退役军人 广播电视局=广电 知识产权局=知识产权 出入境管理局=出入境 公安局网络警察支队=网警
纪委监委=纪检监察 人大常委会=人大 政治协商会议=政协 党史研究室=党史 地方志办公室=方志 气象台=气象
社会保险局=社保 就业服务局=就业 教育考试院=招考 体育彩票中心=体彩 环境卫生处=环卫 自来水公司=供水
热力公司=供热 轨道交通公司=地铁 国际机场=机场 植物园=植物园 美术馆=美术馆 档案馆=档案馆
"""
NICKNAMES = ("云上{}", "爱{}", "印象{}", "{}事儿", "最{}", "{}早知道", "大美{}", "{}那些事", "这里是{}", "{}微视界")
TAILS = ("发布", "官网", "之窗", "客户端", "公众号", "服务号", "政务网", "资讯", "视频号", "直通车", "号外", "微窗")
ALIKE_SOUND = """
公工功攻宫 安氨鞍桉谙 门们扪 务物误雾悟 布步部埠 正政证症郑 文闻纹蚊 山删衫杉 江将姜浆 河和合荷核 东冬咚
水睡税 人仁壬 石时实食十 平评苹屏 海孩还 城成程诚承 金今斤津 州周洲舟 林临邻淋 阳洋扬杨 源原元园员 宁凝拧
长常肠偿 清轻青倾 沙杀纱 业叶夜 管馆官 监间坚兼
"""
ALIKE_LOOK = """
己已 未末 日曰 土士 大太 人入 天夭 干千 王玉 贝见 西酉 几儿 刀力 田由 甲申 口囗 木本 目自 白百
科料 治冶 侯候 晴睛 情清 抚扶 汉汊 候侯 宣宜 茶荼 辛幸 享亨 准淮 洒酒 兔免 鸟乌 戌戍 壶壹 今令
折拆 农衣 卫卩 州洲 江汪 市巿
"""


def second(size: int, *, seed: int = 2) -> Truth:
    """`size` accounts of governments, offices and nicknames, with imitations that do not always give the right region."""
    draw = random.Random(seed)
    table = divisions().filter(pl.col("level") != "zone")
    if size <= 1_000:
        table = table.filter(pl.col("code").str.starts_with("51"))
    offices = [entry.split("=") for entry in OFFICES.split()]
    jobs = [
        (row, job) for row in table.iter_rows() for job in [*offices, ["政府", ""], *([nick] for nick in NICKNAMES[:3])]
    ]
    jobs += [(row, [f"第{n}人民法庭", f"第{n}法庭"]) for row in table.iter_rows() for n in "一二三四五六"]
    jobs += [(row, [f"{side}城派出所", f"{side}城派出所"]) for row in table.iter_rows() for side in "东南西北"]
    draw.shuffle(jobs)
    rows: list[dict[str, str | None]] = []
    truth: dict[tuple[str, str], str] = {}
    sounds = _sets(ALIKE_SOUND)
    looks = _sets(ALIKE_LOOK)
    for (code, official, parent, _, short), job in jobs:
        if len(rows) >= size:
            break
        if len(job) == 1:
            unit, title = f"{official}融媒体中心（{job[0].format(short)}）", draw.choice(NICKNAMES).format(short)
        elif not job[1]:
            unit, title = f"{official}人民政府办公室", short + draw.choice(("发布", "发布", "政府网"))
        else:
            unit = official + job[0]
            title = draw.choice((short + job[1], short + job[1], official + job[0], official + job[1]))
        here = [_account(rows, title, unit, code, platform) for platform in draw.sample(PLATFORMS, draw.randint(1, 3))]
        if draw.random() < 0.12:
            kind, copy = _counterfeit(title, draw, sounds, looks)
            if copy == title or len(copy) < 3:
                continue
            region = draw.choices((code, parent or code, None), (8, 1, 1))[0]
            fake = _account(rows, copy, f"{short}某某协会{len(rows)}", region, draw.choice(PLATFORMS))
            for real in here:
                truth[_pair(real, fake)] = kind
    return _truth(rows, truth, draw)


def _counterfeit(title: str, draw: random.Random, sounds: dict[str, str], looks: dict[str, str]) -> tuple[str, str]:
    spots = range(len(title))
    way = draw.randrange(9)
    if way <= 1:
        return "identical", title + draw.choice(TAILS)
    if way == 2:
        return "identical", draw.choice(("{}_", "{} 官方", "★{}★", "@{}", "{}。", "{}\u200b")).format(title)
    if way == 3:
        return "identical", title[:2] + draw.choice((" ", "·", "-", "｜", "🇨🇳")) + title[2:]
    if way <= 5 and (spots_here := [at for at in spots if title[at] in sounds]):
        at = draw.choice(spots_here)
        return "homophone", title[:at] + draw.choice(sounds[title[at]].replace(title[at], "")) + title[at + 1 :]
    if way == 6:
        at = draw.randrange(len(title) - 1)
        swapped = title[:at] + title[at + 1] + title[at] + title[at + 2 :]
        return ("reordered", swapped) if swapped != title else ("identical", title + "发布")
    if way == 7 and (spots_here := [at for at in spots if title[at] in looks]):
        at = draw.choice(spots_here)
        return "one_character", title[:at] + draw.choice(looks[title[at]].replace(title[at], "")) + title[at + 1 :]
    at = draw.choice([at for at in spots if title[at] not in "一二三四五六东南西北"])
    return "one_character", draw.choice(
        (title[:at] + title[at:][:1] + title[at:], title[:at] + title[at + 1 :], title + "の")
    )


def _sets(text: str) -> dict[str, str]:
    return {character: group for group in text.split() for character in group}


# --- both ----------------------------------------------------------------------------------------------


def _account(
    accounts: list[dict[str, str | None]], name: str, unit: str, region: str | None, platform: str
) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "account_id": f"a{len(accounts):07d}", "name": name, "unit": unit, "platform": platform, "region": region,
    }  # fmt: skip
    accounts.append(row)
    return row


def _pair(one: dict[str, str | None], other: dict[str, str | None]) -> tuple[str, str]:
    low, high = sorted((str(one["account_id"]), str(other["account_id"])))
    return low, high


def _truth(accounts: list[dict[str, str | None]], pairs: dict[tuple[str, str], str], rng: random.Random) -> Truth:
    named = defaultdict(list)
    for row in accounts:
        named[_evened(str(row["name"]))].append(row)
    for rows in named.values():
        for one, other in itertools.combinations(rows, 2):
            if one["unit"] != other["unit"] or one["platform"] == other["platform"]:
                pairs.setdefault(_pair(one, other), "identical")
    rng.shuffle(accounts)
    schema = {"account_id": pl.String, "other_account_id": pl.String, "kind": pl.String}
    return Truth(
        pl.DataFrame(accounts), pl.DataFrame([(*ids, kind) for ids, kind in pairs.items()], schema=schema, orient="row")
    )


def _evened(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum()).translate(SIMPLIFIED)


def pairs(accounts: pl.DataFrame) -> pl.DataFrame:
    """The pairs that look-alike groups are made of: account_id, name, reason, and other_account_id (the larger one)."""
    wanted = ("account_id", "name", "unit", "platform", "region", "purpose")
    known = with_dtypes(accounts.lazy(), dict.fromkeys(wanted, pl.String))
    accounts = known.sort("account_id").with_row_index("i").collect()
    met = members(keyed(accounts))
    alike = (pl.col("same_plain") == pl.col("same_plain_other")) | (pl.col("same_core") == pl.col("same_core_other"))
    rank = pl.when(alike).then(0).otherwise(pl.col("kind").replace_strict(dict(enumerate(RANKS))))
    found = met.join(met, on="group", suffix="_other").filter(pl.col("i") < pl.col("i_other"), confusable())
    found = found.group_by("i", "i_other").agg(rank.min().alias("rank")).sort("i", "i_other")
    return found.select(
        account_id=accounts["account_id"].gather(found["i"]),
        name=accounts["name"].gather(found["i"]),
        other_account_id=accounts["account_id"].gather(found["i_other"]),
        other_name=accounts["name"].gather(found["i_other"]),
        reason=pl.col("rank").replace_strict(dict(enumerate(REASONS)), return_dtype=pl.String),
    )


def score(found: pl.DataFrame, truth: pl.DataFrame) -> tuple[float, float, dict[str, float]]:
    """Pair precision, recall, and recall by kind of `found` (account_id, other_account_id)."""
    both = ["account_id", "other_account_id"]
    hit = truth.join(found.select(both).unique(), on=both, how="semi")
    kinds = truth.group_by("kind").len().join(hit.group_by("kind").len("hit"), on="kind", how="left").fill_null(0)
    return (
        len(hit) / max(found.select(both).unique().height, 1),
        len(hit) / max(len(truth), 1),
        {row["kind"]: row["hit"] / row["len"] for row in kinds.sort("kind").iter_rows(named=True)},
    )
