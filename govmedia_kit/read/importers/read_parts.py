"""A file to its parts whose layout is known, each with its rows typed and told whose they are."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from govmedia_kit import parse_cells
from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.headings import match_columns
from govmedia_kit.read.importers.generic_tables import ledger_of, own_layout
from govmedia_kit.read.importers.layouts import Layout, recognise, tools
from govmedia_kit.read.importers.parse_rows import ODD, Interpreted, columns_wanted, interpret, raw_cell
from govmedia_kit.read.importers.resolve_accounts import NAMING, path_facts
from govmedia_kit.read.sources.detect import frame_part, parts_of
from govmedia_kit.read.sources.source_table import Part, input_errors

__all__ = ["Asked", "ReadPart", "is_known", "read_file", "read_frame", "set_originals_aside"]

# What a frame is called where a file has a name.
FRAME = "DataFrame"


@dataclass
class ReadPart:
    """A part that was understood: its rows, what was noted of them, and how it is read again with its cells mended."""

    file: str
    path: Path
    source: Path
    part: Part
    layout: Layout
    rows: pl.DataFrame
    notes: Counter[str]
    shows: str
    odd: pl.DataFrame
    head: int = 0
    read: Callable[[Mapping[tuple[int, str], str | None]], Interpreted] | None = None
    cell: Callable[[int, str], str | None] | None = None


class Asked(NamedTuple):
    """What a user says of the files of an import: the tool, the account, what tables in the dictionary's own words are, and to which
    day they were collected; `mends` where their cells may be corrected, and have to be read again."""

    tool: str | None = None
    account: str | None = None
    table: str | None = None
    until: dt.date | None = None
    mends: bool = False


def read_file(path: Path, source: Path, shown: str, asked: Asked) -> tuple[list[ReadPart], list[Problem]]:
    """The parts of a file that are understood, and what is doubtful of it; a ledger where no tool's layout fits."""
    parts = parts_of(path)
    with input_errors(path):
        known, unknown = _understood(parts, path, source, shown, asked)
    set_originals_aside(known)
    if not known and asked.tool is None and asked.table is None:
        empty = pl.DataFrame(schema=ODD)
        known = [ReadPart(shown, path, source, *some, shows="ledger", odd=empty) for some in ledger_of(path)]
        parts += [one.part for one in known]
    problems: list[Problem] = []
    for part in parts:
        problems += [doubt for doubt in part.doubts if doubt not in problems]
    if not known and not parts:
        return [], [Problem("import_empty", Place(shown), {})]
    if not known:
        kept = [[cell for cell in row if cell][:8] for part in unknown for row in part.heads[:1]]
        unread = {"found": kept[0] if kept else "—", "known": tools()}
        return [], [*problems, Problem("import_unknown", Place(shown), unread)]
    return known, problems


def read_frame(frame: pl.DataFrame, asked: Asked) -> list[ReadPart]:
    """A frame that a user has, as a file of one part."""
    return _understood([frame_part(frame)], Path(FRAME), Path(FRAME), FRAME, asked)[0]


def _understood(
    parts: list[Part], path: Path, source: Path, shown: str, asked: Asked
) -> tuple[list[ReadPart], list[Part]]:
    """The parts of a file whose layout is known, read; and the others."""
    known, unknown = [], []
    for part in parts:
        head, layout = _recognised(part, asked.tool, asked.table)
        if layout is None:
            unknown.append(part)
            continue
        facts = path_facts(path, source, layout, part.name) | ({"until": str(asked.until)} if asked.until else {})
        every = part.heads[head] if layout.table == "messages" else []
        frame = part.load(head, [*columns_wanted(layout), *every], layout)
        for piece, own in _melted(frame, layout):
            by_path = (kind for pattern, kind in own.shows_by_path.items() if re.search(pattern, path.as_posix()))
            read = functools.partial(_rows_of, piece, own, part.told, facts, asked.account)
            rows, notes, odd = read({})
            one = ReadPart(shown, path, source, part, own, rows, notes, next(by_path, own.shows), odd, head)
            if asked.mends:
                # The texts of a file are most of it, and are kept only where they are needed again.
                one.read, one.cell = read, functools.partial(raw_cell, piece, own, part.told)
            known.append(one)
    return known, unknown


def _rows_of(
    piece: pl.DataFrame,
    layout: Layout,
    told: dict[str, str],
    facts: dict[str, str],
    account: str | None,
    mends: Mapping[tuple[int, str], str | None],
) -> Interpreted:
    read = interpret(piece, layout, told, facts, mends)
    return read._replace(rows=_whose(read.rows, layout, facts, account))


def is_known(path: Path) -> bool:
    """Whether a file has a part in a layout of one of the known tools."""
    try:
        return any(_recognised(part, None, None)[1] is not None for part in parts_of(path))
    except InputError:
        return False


def _recognised(part: Part, tool: str | None, table: str | None) -> tuple[int, Layout | None]:
    """The row of a part that is its header, and whose layout it is: a known tool's, else the dictionary's own."""
    for head, names in enumerate(part.heads):
        if layout := recognise(names, part.name, part.told, tool):
            return head, layout
    if tool is None:
        named = [len(set(match_columns(row, table or "posts").values())) for row in part.heads]
        for head in sorted(range(len(named)), key=lambda i: -named[i]):
            if layout := own_layout(part.heads[head], table):
                return head, layout
    return 0, None


def _melted(frame: pl.DataFrame, layout: Layout) -> Iterable[tuple[pl.DataFrame, Layout]]:
    """A row per account where one row names several, a platform each."""
    if not layout.melt:
        yield frame, layout
    for m in layout.melt:
        here = {k: v for k, v in m.items() if k != "platform"}
        cells = [pl.col(c).is_not_null() for v in here.values() for c in v if c in frame.columns]
        some = frame.filter(pl.any_horizontal(False, *cells))
        if some.height:
            name = f"{layout.name}: {m['platform']}"
            yield some, replace(layout, name=name, platform=m["platform"], fields={**layout.fields, **here}, columns=())


def _whose(rows: pl.DataFrame, layout: Layout, facts: dict[str, str], account: str | None) -> pl.DataFrame:
    """The rows with every column that says whose they are: their own cells first, then the path, then what the user said."""
    said = {**facts, "platform": layout.platform or parse_cells.word_for(facts.get("platform"), "platform")}
    # What the user says wins over the name of a folder.
    if account is None and layout.table in ("posts", "accounts"):
        said["name"] = facts.get("name") or facts.get("folder")
    own = {name: pl.col(name) if name in rows.columns else pl.lit(None, pl.String) for name in NAMING}
    if "platform_word" in rows.columns:
        own["platform"] = parse_cells.word(pl.col("platform_word"), "platform")
    if layout.id_prefix:
        own["platform_id"] = layout.id_prefix + own["platform_id"]
    return rows.with_columns(pl.coalesce(own[name], pl.lit(said.get(name), pl.String)).alias(name) for name in NAMING)


def set_originals_aside(read: list[ReadPart]) -> None:
    """Posts that stand in a database only because somebody repeated them: of an account that was not crawled."""
    crawled = {i for one in read if one.layout.table == "accounts" for i in one.rows["platform_id"].drop_nulls()}
    for one in read:
        if one.layout.table != "posts" or "retweet_of" not in one.rows.columns:
            continue
        originals = one.rows["retweet_of"].drop_nulls().unique()
        others = one.rows.filter(~pl.col("post_id").is_in(originals.to_list()))["platform_id"].drop_nulls()
        own = crawled or set(others)
        original = pl.col("post_id").is_in(originals.to_list()) & ~pl.col("platform_id").is_in(list(own))
        why = pl.when(pl.col("__why").is_null() & original).then(pl.lit("retweeted_original")).otherwise("__why")
        one.rows = one.rows.with_columns(__why=why)
