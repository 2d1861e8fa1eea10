"""Files to grids of cells: what a file is, by its first bytes, and every sheet of it, by the reader of its kind.

A `Grid` is one sheet: every cell as text (or as the file typed it, for Parquet), each row with the number
that a spreadsheet shows for it. What the cells mean is decided by `match_columns`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import polars as pl

from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.sources.sheet_marks import NOTHING_ODD, Merged, Odd
from govmedia_kit.read.sources.source_table import few, input_errors
from govmedia_kit.read.sources.texts import WIDEST, cell_text, decoded, delimited, head_of, head_text, json_root
from govmedia_kit.read.sources.web_pages import html_tables
from govmedia_kit.read.sources.workbooks import Sheet, letter, sheets_of

__all__ = ["EXCEL", "ROW", "SURPLUS", "Grid", "error_cells", "first_grid", "grids", "kind_of", "wide_rows"]

ROW = "__row"
EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et")
READABLE = (*EXCEL, ".parquet", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
# The first bytes of files that are no text: a database, Parquet, zipped workbooks, old ones.
MARKS = {b"SQLite format 3\0": "sqlite", b"PAR1": "parquet", b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "excel"}
# What spreadsheets write where a formula has no result.
ERRORS = [
    *("#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
    *("#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!"),
]
# Columns beside those of a text's header that are read to see whether anything stands there.
SURPLUS = 2


class Grid(NamedTuple):
    """One sheet: `header` names the columns c0, c1, ... of `frame`, once it is known which row holds the names.

    `doubts` are of the whole sheet or its lines, `odd` are cells that mean nothing: they hold an error, or a formula whose value
    nobody stored, and are null once they are typed.
    """

    file: str
    sheet: str
    frame: pl.DataFrame
    header: list[str]
    letters: tuple[str, ...] = ()
    doubts: tuple[Problem, ...] = ()
    odd: Odd = NOTHING_ODD
    merged: tuple[Merged, ...] = ()

    def under(self, header: list[str], at: int) -> Grid:
        """The rows from `at` on, counted from 0, beneath their header; those of a text that are wider than it are told."""
        below = self._replace(frame=self.frame.slice(at), header=header)
        width = max((i + 1 for i, name in enumerate(header) if name), default=0)
        # Beside a sheet's table there may be anything.
        wide = [] if self.sheet else wide_rows(below.frame, width, self.file)
        return below._replace(doubts=(*self.doubts, *wide))

    def place(self, row: int | None = None, column: int | None = None) -> Place:
        """Where a cell stands, as a spreadsheet names it."""
        name = self.header[column] if column is not None and column < len(self.header) else ""
        if column is None:
            return Place(self.file, self.sheet, row, name)
        return Place(self.file, self.sheet, row, name, self.letters[column] if self.letters else letter(column))


def kind_of(path: Path) -> str:
    """What a file is, from its first bytes: sqlite, excel, parquet, html, xml, json, yaml, weibo_text, id_list or text."""
    head = head_of(path)
    if known := next((kind for mark, kind in MARKS.items() if head.startswith(mark)), None):
        return known
    if path.suffix.lower() in (".yaml", ".yml"):
        return "yaml"
    text = head_text(head).lstrip("\ufeff \t\r\n\0")
    if text.startswith("<"):
        return "html" if re.search(r"<(!doctype html|html|table)\b", text[:4000], re.IGNORECASE) else "xml"
    if text.startswith(("{", "[")) and not re.match(r"\[\s*[^\s\"{\[\]\d]", text):
        return "json"
    if text.startswith("用户信息") or ("发布时间：" in text and "点赞数：" in text and "转发数：" in text):
        return "weibo_text"
    lines = [line for line in text.splitlines()[:20] if line.strip() and not line.startswith("#")]
    if path.suffix.lower() == ".txt" and lines and all(re.match(r"\d{8,11}(\s|$)", line) for line in lines):
        return "id_list"
    return "text"


def grids(path: Path) -> list[Grid]:
    """Every sheet of a file, empty ones left out; InputError with what would do where it cannot be read."""
    if not path.is_file():
        raise InputError("no_file", path=path)
    suffix = path.suffix.lower()
    with input_errors(path):
        kind = kind_of(path)
        if suffix == ".parquet" or kind == "parquet":
            frame = pl.read_parquet(path, glob=False)
            return [_numbered(path, "", frame, list(frame.columns))]
        if kind == "excel" or (suffix in EXCEL and kind != "html"):
            return [_numbered(path, sheet.name, sheet.frame, sheet=sheet) for sheet in sheets_of(path)]
        if suffix not in READABLE or kind in ("sqlite", "xml"):
            raise InputError("unknown_file_kind", path=path.name, found=suffix or kind)
        if kind == "html":
            return [_numbered(path, name, frame) for name, frame in html_tables(path)]
        if kind == "json":
            return [_of_records(path)]
        text = delimited(path)
        width = max(map(len, text.heads), default=0)
        if width >= WIDEST:
            raise InputError("unreadable_file", path=path.name, found=f"a row of it has {WIDEST} cells or more")
        cells = text.cells(width + SURPLUS)
        empty = [c for c in cells.columns[width:] if cells[c].null_count() == cells.height]
        return [_numbered(path, "", cells.drop(empty))._replace(doubts=tuple(text.doubts))]


def first_grid(path: Path) -> Grid:
    """The first sheet that holds a row; InputError where none does."""
    for grid in grids(path):
        if grid.frame.height:
            return grid
    raise InputError("empty_table", place=Place(path.name))


def error_cells(frame: pl.DataFrame) -> Odd:
    """The cells of text, in columns c0, c1, ..., that hold the error of a formula."""
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for column in frame.columns:
        cells = frame[column]
        if cells.dtype == pl.String and (begins := cells.str.starts_with("#")).any():
            rows = (begins & cells.is_in(ERRORS)).arg_true().to_list()
            found |= {(row + 1, int(column[1:])): ("error_cell", cells[row]) for row in rows}
    return found


def wide_rows(frame: pl.DataFrame, width: int, file: str) -> list[Problem]:
    """The rows that hold something beyond the `width` cells of their header, as one doubt."""
    surplus = [c for c in frame.columns if c != ROW and int(c[1:]) >= width and frame[c].dtype == pl.String]
    if not surplus:
        return []
    rows = frame.filter(pl.any_horizontal(pl.col(surplus).str.contains(r"\S")))[ROW].to_list()
    facts = {"count": len(rows), "found": few(rows)}
    return [Problem("wide_row", Place(file), facts)] if rows else []


def _numbered(
    path: Path, name: str, frame: pl.DataFrame, header: list[str] | None = None, *, sheet: Sheet | None = None
) -> Grid:
    named = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})
    grid = Grid(path.name, name, named.with_row_index(ROW, offset=1), header or [], odd=error_cells(named))
    return (
        grid
        if sheet is None
        else grid._replace(doubts=sheet.doubts, odd={**grid.odd, **sheet.odd}, merged=sheet.merged)
    )


def _of_records(path: Path) -> Grid:
    root = json_root(decoded(path.read_bytes()))
    rows = root if isinstance(root, list) else [root]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if "__damaged" in names:
        line = next(i for i, row in enumerate(rows, 1) if "__damaged" in row)
        raise InputError("unreadable_file", path=path.name, found=f"line {line} is no JSON")
    cells = {name: pl.Series(name, [cell_text(row.get(name)) for row in rows], dtype=pl.String) for name in names}
    return _numbered(path, "", pl.DataFrame(cells), names)
