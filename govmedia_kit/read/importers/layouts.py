"""Other tools' layouts as data: one file of `formats/*.toml` per tool, and which of them a table of a file is.

A layout says which columns make it known, which column is which field, in what unit times are, and where the account is
named. A field's source is a column, `@name` for something said once for the whole file, or `column ~ pattern` for a
part of a cell; the first source that says something wins.

>>> layout, = [l for l in layouts("weiboSpider") if l.name == "posts"]
>>> layout.fields["likes"], layout.order
(('点赞数',), 'newest_first')
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from govmedia_kit.errors import InputError, hint
from govmedia_kit.package_data import resource, words

__all__ = ["TABLES", "Layout", "key", "layouts", "recognise", "source_column", "tools"]

TABLES = ("posts", "accounts", "messages", "comments", "other")


@dataclass(frozen=True)
class Layout:
    """One table of one tool: how it is known and what its columns mean."""

    tool: str
    name: str
    table: str
    columns: tuple[str, ...]
    without: tuple[str, ...] = ()
    part: str | None = None
    platform: str | None = None
    id_prefix: str = ""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[tuple[str, ...], ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    melt: tuple[Mapping[str, Any], ...] = ()
    deleted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Columns whose words say that a post was never public.
    withheld: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # What the rows are: an account's own "timeline", its "feed" of the newest, or what proves no silence: hits of a
    # "search" through everybody's posts, "single" posts.
    shows: str = "timeline"
    shows_by_path: Mapping[str, str] = field(default_factory=dict)
    # Names of the folders that the tool itself makes between its output folder and its files, as patterns; and whether the
    # last of them bears the account's name.
    folders: tuple[str, ...] = ()
    account_folders: bool = False
    order: str = ""
    # Times without a year got that of the day on which they were crawled.
    guesses_year: bool = False
    title_is_id: bool = False
    folder_names_account: bool = False


@functools.cache
def _all() -> tuple[Layout, ...]:
    found = []
    for path in sorted(resource("formats").glob("*.toml")):
        tool = words(f"formats/{path.name}")
        common = {name: value for name, value in tool.items() if name not in ("layout", "about")}
        for layout in tool["layout"]:
            inherited = {name: {**common.get(name, {}), **layout.get(name, {})} for name in ("fields", "times")}
            found.append(_layout({**common, **layout, **inherited}))
    return tuple(found)


def _layout(facts: dict[str, Any]) -> Layout:
    def many(value: Any) -> tuple[str, ...]:
        return (value,) if isinstance(value, str) else tuple(value)

    for name in ("columns", "without", "path", "expand", "folders"):
        facts[name] = many(facts.get(name, ()))
    for name in ("fields", "deleted", "withheld"):
        facts[name] = {k: many(v) for k, v in facts.get(name, {}).items()}
    facts["rows"] = tuple(tuple(row) for row in facts.get("rows", ()))
    facts["melt"] = tuple({k: v if k == "platform" else many(v) for k, v in m.items()} for m in facts.get("melt", ()))
    return Layout(**facts)


def layouts(tool: str | None = None) -> list[Layout]:
    """All layouts, or those of one tool; InputError with the nearest names where there is no such tool."""
    if tool is None:
        return list(_all())
    known = {key(t): t for t in tools()}
    if key(tool) not in known:
        raise InputError("unknown_choice", name="--tool", found=tool, hint=hint(tool, tools()), known=tools())
    return [layout for layout in _all() if layout.tool == known[key(tool)]]


def tools() -> list[str]:
    """Names of the tools whose files are read."""
    return sorted({layout.tool for layout in _all()})


def key(name: object) -> str:
    """The form under which a file's column names are compared: no case, full-width forms or white space around."""
    return unicodedata.normalize("NFKC", str(name)).replace("\ufeff", "").strip().lower()


def source_column(source: str) -> str:
    """The column that a field's source looks at, without its pattern."""
    return source.split(" ~ ", 1)[0]


def recognise(
    header: Iterable[str], part: str = "", told: Mapping[str, str] | None = None, tool: str | None = None
) -> Layout | None:
    """The layout that has these columns: the one that asks for the most of them, or None.

    `part` is the sheet, the SQLite table or the path inside a JSON file; `told` holds what is said once for the whole file,
    which a layout asks for as `@name` and whose value it may ask to match a pattern.
    """
    told = {key(name): value for name, value in (told or {}).items()}
    have = {key(name) for name in header} | {f"@{name}" for name in told}
    fitting = [
        layout
        for layout in layouts(tool)
        if all(key(c) in have for c in layout.columns)
        and not any(key(c) in have for c in layout.without)
        and (layout.part is None or re.search(layout.part, part))
        and all(re.search(pattern, told.get(key(name).lstrip("@"), "")) for name, pattern in layout.where.items())
    ]

    def asked_for(layout: Layout) -> tuple[int, bool, int]:
        known = sum(key(source_column(s)) in have for sources in layout.fields.values() for s in sources)
        return len(layout.columns) + len(layout.where), layout.part is not None, known

    return max(fitting, key=asked_for, default=None)
