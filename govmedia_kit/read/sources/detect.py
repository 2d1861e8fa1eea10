"""Any tool's file to its parts: a table of text in each, whatever the file is called.

What a file is, is told from its bytes: a spreadsheet that is HTML, a `.json` that is JSON Lines, a CSV in GBK. A `Part` is one
table of it (a sheet, a SQLite table, a list inside a JSON file); it is loaded only once its layout is known, and
only the columns that the layout asks for.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from govmedia_kit.errors import InputError, Problem
from govmedia_kit.read.importers.layouts import Layout, key
from govmedia_kit.read.sources import structured
from govmedia_kit.read.sources.files import ROW, SURPLUS, error_cells, kind_of, wide_rows
from govmedia_kit.read.sources.source_table import Part, input_errors
from govmedia_kit.read.sources.texts import WIDEST, Delimited, delimited
from govmedia_kit.read.sources.web_pages import html_tables
from govmedia_kit.read.sources.workbooks import Sheet, sheets_of, with_odd

__all__ = ["frame_part", "parts_of"]

# Rows above a header that are looked through for it.
TITLE_ROWS = 30
# Files that are read whole, as trees, and not by columns.
LARGEST_TREE = 512 << 20


def parts_of(path: Path) -> list[Part]:
    """The tables of a file; an empty list where it holds none. InputError where it cannot be read."""
    if not path.is_file():
        raise InputError("no_file", path=path)
    with input_errors(path):
        if path.stat().st_size == 0:
            return []
        kind = kind_of(path)
        if kind == "text":
            return [_delimited(path)]
        if kind == "excel":
            return [_cells(path, sheet.name, "sheet", sheet.frame, sheet) for sheet in sheets_of(path)]
        if kind == "parquet":
            return [_typed(path)]
        if kind == "sqlite":
            return structured.sqlite_parts(path)
        if path.stat().st_size > LARGEST_TREE:
            raise InputError("too_large_file", path=path.name, found=f"{path.stat().st_size >> 20} MB")
        if kind == "html":
            return [_cells(path, name, "html", frame) for name, frame in html_tables(path)]
        return structured.parts(path, kind)


def _cells(path: Path, name: str, kind: str, frame: pl.DataFrame, sheet: Sheet | None = None) -> Part:
    """A part of cells that are already read: columns c0, c1, ... of text."""
    heads = [["" if cell is None else str(cell) for cell in row] for row in frame.head(TITLE_ROWS).iter_rows()]
    odd = {**error_cells(frame), **(sheet.odd if sheet else {})}
    cells = with_odd(frame, odd, blank=True)
    found = sheet.doubts if sheet else ()
    # What was left out is told whether or not this sheet is anybody's.
    doubts = [doubt for doubt in found if doubt.kind == "hidden_sheet"]

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        doubts[:] = found
        return _named(cells, heads[head], head, names, layout, lambda: cells)

    return Part(path, name, kind, heads, load, doubts=doubts, odd=odd)


def _typed(path: Path) -> Part:
    return frame_part(pl.read_parquet(path, glob=False), path)


def frame_part(frame: pl.DataFrame, path: Path = Path("DataFrame")) -> Part:
    """A part of columns that have their types; what has neither a type of the dictionary's nor text is text."""

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        wanted = {key(c): c for c in frame.columns if key(c) in set(map(key, names))}
        cells = [
            (pl.col(c) if _has_a_meaning(frame.schema[c]) else pl.col(c).cast(pl.String, strict=False)).alias(k)
            for k, c in wanted.items()
        ]
        return frame.select(cells).with_row_index(ROW, 1)

    return Part(path, "", "parquet", [list(frame.columns)], load)


def _has_a_meaning(dtype: pl.DataType) -> bool:
    return dtype.is_temporal() or dtype.is_numeric() or dtype == pl.Boolean


def _delimited(path: Path) -> Part:
    text = delimited(path)
    heads = text.heads[:TITLE_ROWS]

    doubts: list[Problem] = []
    odd: dict[tuple[int, int], tuple[str, str]] = {}

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        # Rows are read as wide as the widest layout that may stand below this header.
        width = min(max([len(heads[head]), *map(len, layout.rows)]), WIDEST)
        wanted = set(map(key, names))
        columns = sorted(p for name, p in _positions(heads[head]).items() if name in wanted and p < width)
        frame = text.cells(width + SURPLUS, [*(columns or [0]), *range(width, width + SURPLUS)])
        odd.update(error_cells(frame))
        doubts[:] = [*text.doubts, *_wide(frame, width, heads[head], head, text)]
        cells = with_odd(frame.drop(f"c{width + i}" for i in range(SURPLUS)), odd, blank=True)
        return _named(cells, heads[head], head, names, layout, lambda: text.cells(WIDEST))

    return Part(path, "", "text", heads, load, doubts=doubts, odd=odd)


def _wide(frame: pl.DataFrame, width: int, header: list[str], head: int, text: Delimited) -> list[Problem]:
    """The rows that are wider than their header, unless a later header of a newer version is as wide as they are."""
    below = frame.with_row_index(ROW, 1).slice(head + 1)
    found = wide_rows(below, width, text.path.name)
    if found:
        first = text.cells(WIDEST, [0])["c0"]
        again = (first.slice(head + 1).str.strip_chars("\ufeff \t\r") == header[0].strip("\ufeff \t\r")).arg_true()
        found = wide_rows(below.head(again[0]), width, text.path.name) if len(again) else found
    return found


def _positions(header: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for i, name in enumerate(header):
        if name:
            found.setdefault(key(name), i)
    return found


def _named(
    frame: pl.DataFrame,
    header: list[str],
    head: int,
    names: list[str],
    layout: Layout,
    whole: Callable[[], pl.DataFrame],
) -> pl.DataFrame:
    """The rows below a header under its names; other headers in mid-file, and rows of another version's shape, are heeded."""
    wanted = set(map(key, names))
    positions = {name: i for name, i in _positions(header).items() if name in wanted and f"c{i}" in frame.columns}
    # Column by column, without a query: a query copies the texts.
    rows = pl.int_range(head + 2, frame.height + 1, dtype=pl.UInt32, eager=True).alias(ROW)
    cells = [frame[f"c{i}"].slice(head + 1).alias(name) for name, i in positions.items()]
    named = pl.DataFrame([rows if frame.height > head + 1 else rows.clear(), *cells])
    lead = next((key(c) for c in layout.columns if key(c) in positions), None)
    if lead is not None:
        name = header[positions[lead]].strip("\ufeff \t\r")
        again = named[ROW].filter(named[lead].is_in([name, f"\ufeff{name}"]).fill_null(False))
        if len(again):
            named = _under_later_headers(named, again.to_list(), header, wanted, whole())
    checks = [~pl.col(k).str.contains(p) for c, p in layout.checks.items() if (k := key(c)) in named.columns]
    if checks and layout.rows:
        strange = named.select(pl.col(ROW).filter(pl.any_horizontal(checks).fill_null(False)))[ROW]
        if len(strange):
            named = _reshaped(named, strange, wanted, layout, whole())
    return named


def _under_later_headers(
    named: pl.DataFrame, rows: list[int], header: list[str], wanted: set[str], cells: pl.DataFrame
) -> pl.DataFrame:
    """Rows below a header in mid-file that differs from the first one, under that header's own names."""
    full = cells.with_row_index(ROW, 1)
    for at, until in itertools.pairwise([*rows, full.height + 1]):
        own = _positions("" if cell is None else str(cell).strip() for cell in cells.row(at - 1))
        if own != _positions(header):
            named = _replaced(named, full.filter(pl.col(ROW).is_between(at, until, closed="none")), own, wanted)
    return named


def _reshaped(
    named: pl.DataFrame, rows: pl.Series, wanted: set[str], layout: Layout, cells: pl.DataFrame
) -> pl.DataFrame:
    """Rows that a newer version wrote below an older header, under the names of the version whose checks they pass."""
    left = cells.with_row_index(ROW, 1).filter(pl.col(ROW).is_in(rows.implode()))
    for shape in layout.rows:
        positions = {k: i for k, i in _positions(shape).items() if f"c{i}" in left.columns}
        checks = {positions[key(c)]: p for c, p in layout.checks.items() if key(c) in positions}
        passes = [pl.col(f"c{i}").str.contains(p).fill_null(False) for i, p in checks.items()]
        fits = left.filter(pl.all_horizontal(True, *passes))
        left = left.join(fits.select(ROW), on=ROW, how="anti")
        named = _replaced(named, fits, positions, wanted)
    return named


def _replaced(named: pl.DataFrame, cells: pl.DataFrame, positions: dict[str, int], wanted: set[str]) -> pl.DataFrame:
    """The named rows, those whose cells are given anew under the names of other positions."""
    anew = cells.select(ROW, *(pl.col(f"c{i}").alias(name) for name, i in positions.items() if name in wanted))
    kept = named.join(anew.select(ROW), on=ROW, how="anti")
    return pl.concat([kept, anew], how="diagonal").sort(ROW)
