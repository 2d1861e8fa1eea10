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
from govmedia_kit.parse_cells import words_for

__all__ = ["regions_of_units"]

BEFORE = re.compile(r"^(?:中国共产党|中共|共青团|国家税务总局|国家统计局|国网|中华人民共和国)")
# What a unit calls the audit's own region, by the region's level.
OWN = {"省": "province", "市": "prefecture", "县": "county", "区": "county"}
# No division's name has more characters.
LONGEST = 20


def regions_of_units(units: Iterable[str], *, root: str | None = None) -> dict[str, str]:
    """The code of each unit whose division is certain; units that are left open are not in the answer.

    `root` is the audit's region: 省 and 市 alone then mean its own, and only divisions within it are looked for.
    """
    names = _names(root)
    levels = dict(divisions().select("code", "level").iter_rows())
    found = {}
    for unit in units:
        written = dict.fromkeys((unit, simplified(unit)))
        if code := next(filter(None, (_region(text, names, root, levels.get(root or "")) for text in written)), None):
            found[unit] = code
    return found


def _names(root: str | None) -> dict[str, list[str]]:
    """What divisions are called, to the codes of those called so."""
    table = divisions()
    if root is not None and (inside := within(root)):
        table = table.filter(pl.col("code").is_in(inside))
    # A prefecture's stem that a county bears too (白银市, 白银区) says nothing alone, nor does one that is a word (合作).
    stems = {*table.filter(pl.col("level") == "county")["short_name"], *words_for("no_place")}
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


def _region(unit: str, names: dict[str, list[str]], root: str | None, level: str | None) -> str | None:
    """The division that a unit's name begins with, or goes on with beneath the one before; `level` is the root's."""
    rest = BEFORE.sub("", re.sub(r"\s", "", unit))
    if rest[:1] in OWN and level in OWN.values():
        # 省公安厅 is the province's own where the province is audited; 市公安局 is the city's where the city is.
        return root if level == OWN[rest[0]] else None
    current = ""
    while step := _longest(rest, names, current):
        codes, length = step
        if len(codes) > 1:
            return None
        current, rest = codes[0], rest[length:]
    return current or None


def _longest(text: str, names: dict[str, list[str]], above: str) -> tuple[list[str], int] | None:
    """The divisions that the longest fitting name at the start of `text` can mean, beneath `above` if there is one."""
    # Codes beneath a division begin with its own, but for the zeros at its end.
    prefix = re.sub(r"(00)+$", "", above)
    for length in range(min(LONGEST, len(text)), 1, -1):
        codes = [code for code in names.get(text[:length], []) if code != above and code.startswith(prefix)]
        if codes:
            return codes, length
    return None
