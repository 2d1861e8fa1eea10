"""Write divisions.csv: the provinces, prefectures and counties of China.

One row is one division: six-digit code, name, code of the division above it, level, and the stem that a
person says (甘肃, 城关, 张家川). Codes and names come from the lists of
modood/Administrative-divisions-of-China (v2.7.0, WTFPL); the provinces are listed here. `zone` is an area
that the lists carry beside the statutory counties: development zones, 兰州新区, 大柴旦.

    python data/build_divisions.py [FOLDER]

FOLDER holds gansu_divisions.csv and registry/cn_cities.csv, registry/cn_counties.csv.
"""

import csv
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

PROVINCES = """
11 北京市 北京 | 12 天津市 天津 | 13 河北省 河北 | 14 山西省 山西 | 15 内蒙古自治区 内蒙古
21 辽宁省 辽宁 | 22 吉林省 吉林 | 23 黑龙江省 黑龙江
31 上海市 上海 | 32 江苏省 江苏 | 33 浙江省 浙江 | 34 安徽省 安徽 | 35 福建省 福建
36 江西省 江西 | 37 山东省 山东
41 河南省 河南 | 42 湖北省 湖北 | 43 湖南省 湖南 | 44 广东省 广东 | 45 广西壮族自治区 广西 | 46 海南省 海南
50 重庆市 重庆 | 51 四川省 四川 | 52 贵州省 贵州 | 53 云南省 云南 | 54 西藏自治区 西藏
61 陕西省 陕西 | 62 甘肃省 甘肃 | 63 青海省 青海 | 64 宁夏回族自治区 宁夏 | 65 新疆维吾尔自治区 新疆
71 台湾省 台湾 | 81 香港特别行政区 香港 | 82 澳门特别行政区 澳门
"""

# "Cities" that only hold a place in the list; what lies under them belongs to the province.
PLACEHOLDER_CITIES = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}

# Cities without counties, repeated in the list of counties so that every city has one.
CITIES_WITHOUT_COUNTIES = {"441900", "442000", "460400", "620201"}

# Areas without a statutory government whose codes don't show it (those of development zones do: xxxx7x).
OTHER_ZONES = {"460321", "460322", "460323", "632857"}

PEOPLES = """
蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 拉祜 水 东乡 纳西 景颇
柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安
裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 各
"""
# 管城回族区 is a plain district, yet the people's name is dropped in speech as it is for 自治 units.
SELF_GOVERNING = re.compile("自治(?:州|县|旗)$|(?<=族)区$")
# Xinjiang's names go without 族 (巴里坤哈萨克自治县); only peoples with longer names do that.
WITH_OR_WITHOUT = "|".join(f"{people}族?" if len(people) > 1 else f"{people}族" for people in PEOPLES.split())
NAMES_OF_PEOPLES = re.compile(f"(?:{WITH_OR_WITHOUT})+$")

SUFFIXES = ["地区", "新区", "矿区", "市", "区", "县", "盟", "旗"]
# Said in full, because the stem alone would be another place or none.
SAID_IN_FULL = re.compile("^井陉矿区$|[左右前中后王黄白蓝]旗$|联合旗$")
SAID_OTHERWISE = {"神农架林区": "神农架", "六枝特区": "六枝"}


def short_name(name: str) -> str:
    """The stem that is said: 张家川 for 张家川回族自治县. One-character stems keep the suffix: 环县."""
    if name in SAID_OTHERWISE:
        return SAID_OTHERWISE[name]
    if SAID_IN_FULL.search(name):
        return name
    if SELF_GOVERNING.search(name):
        stem = SELF_GOVERNING.sub("", name)
        # 东乡族自治县 and 鄂温克族自治旗 are named for the people and nothing else.
        return NAMES_OF_PEOPLES.sub("", stem) or stem.removesuffix("族")
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= 2:
            return name.removesuffix(suffix)
    return name


def rows_of(path: Path) -> list[dict]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def provinces() -> list[tuple]:
    entries = [entry.split() for entry in PROVINCES.replace("\n", "|").split("|") if entry.strip()]
    return [(f"{code}0000", name, "", "province", short) for code, name, short in entries]


def prefectures(cities: list[dict]) -> list[tuple]:
    return [
        (f"{c['code']}00", c["name"], f"{c['provinceCode']}0000", "prefecture", short_name(c["name"]))
        for c in cities
        if c["name"] not in PLACEHOLDER_CITIES
    ]


def counties(listed: list[dict], cities: list[dict]) -> list[tuple]:
    placeholders = {c["code"] for c in cities if c["name"] in PLACEHOLDER_CITIES}
    rows = []
    for county in listed:
        code, name, city = county["code"], county["name"], county["cityCode"]
        if code in CITIES_WITHOUT_COUNTIES:
            continue
        parent = f"{county['provinceCode']}0000" if city in placeholders else f"{city}00"
        if code[4] == "7" or code in OTHER_ZONES:
            rows.append((code, name, parent, "zone", name))
        else:
            rows.append((code, name, parent, "county", short_name(name)))
    return rows


def check_against_gansu(rows: list[tuple], gansu: list[dict]) -> None:
    """Stop if a statutory division of Gansu is missing here or has another name."""
    ours = {code: name for code, name, _, level, _ in rows if code[:2] == "62" and level != "zone"}
    theirs = {g["code"]: g["name"] for g in gansu if g["statutory"] == "Y"}
    if ours != theirs:
        raise SystemExit(f"Gansu differs from gansu_divisions.csv: {sorted(ours.items() ^ theirs.items())}")


def main() -> None:
    default = os.environ.get("GOVMEDIA_REALDATA") or HERE.parent.parent / "shared" / "realdata"
    source = Path(sys.argv[1] if len(sys.argv) > 1 else default)
    cities = rows_of(source / "registry" / "cn_cities.csv")
    listed = rows_of(source / "registry" / "cn_counties.csv")
    rows = sorted(provinces() + prefectures(cities) + counties(listed, cities))
    check_against_gansu(rows, rows_of(source / "gansu_divisions.csv"))

    with (HERE / "divisions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "name", "parent", "level", "short_name"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
