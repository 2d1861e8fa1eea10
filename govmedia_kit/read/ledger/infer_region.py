"""Which division a unit belongs to, from its name: certain, or left open.

Only whole names of divisions count (静宁县, 临夏州, 甘肃), at the start of the unit's name; the longest that fits is
taken, so that 宁县 is never found inside 静宁县. A name that several divisions bear (城关区, 临夏 alone) is certain only
where the audit's own region or a division named before it leaves one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from govmedia_kit.catalogue import simplified
from govmedia_kit.divisions import divisions, within

__all__ = ["regions_of_units"]

# Stems that are words of their own: 合作 is a town and cooperation, 朝阳 a district and a direction.
COMMON = {
    "合作",
    "东方",
    "长安",
    "和平",
    "新华",
    "解放",
    "文山",
    "中山",
    "资源",
    "城区",
    "郊区",
    "矿区",
    "南山",
    "宝山",
}
BEFORE = re.compile(r"^(?:中国共产党|中共|共青团|国家税务总局|国家统计局|国网|中华人民共和国)")


def regions_of_units(units: Iterable[str], *, root: str | None = None) -> dict[str, str]:
    """The code of each unit whose division is certain; units that are left open are not in the answer.

    `root` is the audit's region: 省 and 市 alone then mean its own, and only divisions within it are looked for.
    """
    names = _names(root)
    # How long the names are that begin so: most texts begin like none, and need not be cut in every length.
    reach: dict[str, int] = {}
    for name in names:
        reach[name[:2]] = max(reach.get(name[:2], 0), len(name))
    levels = dict(zip(divisions()["code"], divisions()["level"], strict=True))
    parents = dict(zip(divisions()["code"], divisions()["parent"], strict=True))
    found = {}
    for unit in units:
        code = _region(unit, names, reach, root, levels, parents)
        if code is None and (plain := simplified(unit)) != unit:
            code = _region(plain, names, reach, root, levels, parents)
        if code is not None:
            found[unit] = code
    return found


def _names(root: str | None) -> dict[str, list[str]]:
    """What divisions are called, to the codes of those called so."""
    table = divisions()
    if root is not None and (inside := within(root)):
        table = table.filter(pl.col("code").is_in(inside))
    # A prefecture's stem that a county bears too (白银市, 白银区) says nothing alone.
    stems = set(table.filter(pl.col("level") == "county")["short_name"]) | COMMON
    names: dict[str, set[str]] = {}
    for code, name, short, level in table.select("code", "name", "short_name", "level").iter_rows():
        called = {name}
        if "自治" in name:
            # 临夏州, 张家川县, 内蒙古自治区: as officials say it.
            called |= {short + name[-1]} if not name.endswith("自治区") else {short + "自治区"}
        if level in ("province", "prefecture") and len(short) >= 2 and short not in stems:
            called.add(short)
        for word in called:
            names.setdefault(word, set()).add(code)
    return {name: sorted(codes) for name, codes in names.items()}


def _region(
    unit: str,
    names: dict[str, list[str]],
    reach: dict[str, int],
    root: str | None,
    levels: dict[str, str],
    parents: dict[str, str | None],
) -> str | None:
    rest = BEFORE.sub("", re.sub(r"\s", "", unit))
    if (
        root is not None
        and rest[:1] in ("省", "市", "县", "区")
        and levels.get(root) in ("province", "prefecture", "county")
    ):
        # 省公安厅 is the province's own where the province is audited; 市公安局 is the city's where the city is.
        own = {"省": "province", "市": "prefecture", "县": "county", "区": "county"}[rest[0]]
        return root if own == levels[root] else None
    current: str | None = None
    while True:
        step = _longest(rest, names, reach, current, parents)
        if step is None:
            return current
        codes, length = step
        if len(codes) > 1:
            return None
        current, rest = codes[0], rest[length:]


def _longest(
    text: str, names: dict[str, list[str]], reach: dict[str, int], above: str | None, parents: dict[str, str | None]
) -> tuple[list[str], int] | None:
    """The divisions that the longest fitting name at the start of `text` can mean, beneath `above` if there is one."""
    for length in range(min(reach.get(text[:2], 0), len(text)), 1, -1):
        codes = names.get(text[:length], [])
        if above is not None:
            codes = [code for code in codes if code != above and _is_beneath(code, above, parents)]
        if codes:
            return codes, length
    return None


def _is_beneath(code: str, above: str, parents: dict[str, str | None]) -> bool:
    at: str | None = code
    while at is not None:
        if at == above:
            return True
        at = parents.get(at)
    return False
