"""Files to grids of cells: what a file is, by its first bytes, and every sheet of it, by the reader of its kind.

A `Grid` is one sheet: every cell as text (or as the file typed it, for Parquet), each row with the number
that a spreadsheet shows for it. What the cells mean is decided by `match_columns`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import polars as pl

from govmedia_kit.errors import InputError, Place
from govmedia_kit.read.sources.source_table import input_errors
from govmedia_kit.read.sources.texts import WIDEST, cell_text, decoded, delimited, head_of, head_text, json_root
from govmedia_kit.read.sources.web_pages import html_tables
from govmedia_kit.read.sources.workbooks import letter, sheets_of

__all__ = ["EXCEL", "ROW", "Grid", "first_grid", "grids", "kind_of"]

ROW = "__row"
EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et")
READABLE = (*EXCEL, ".parquet", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
# The first bytes of files that are no text: a database, Parquet, zipped workbooks, old ones.
MARKS = {b"SQLite format 3\0": "sqlite", b"PAR1": "parquet", b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "excel"}


class Grid(NamedTuple):
    """One sheet: `header` names the columns c0, c1, ... of `frame`, once it is known which row holds the names."""

    file: str
    sheet: str
    frame: pl.DataFrame
    header: list[str]
    letters: tuple[str, ...] = ()

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
            return [_numbered(path, name, frame) for name, frame in sheets_of(path)]
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
        return [_numbered(path, "", text.cells(width))]


def first_grid(path: Path) -> Grid:
    """The first sheet that holds a row; InputError where none does."""
    for grid in grids(path):
        if grid.frame.height:
            return grid
    raise InputError("empty_table", place=Place(path.name))


def _numbered(path: Path, sheet: str, frame: pl.DataFrame, header: list[str] | None = None) -> Grid:
    named = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})
    return Grid(path.name, sheet, named.with_row_index(ROW, offset=1), header or [])


def _of_records(path: Path) -> Grid:
    root = json_root(decoded(path.read_bytes()))
    rows = root if isinstance(root, list) else [root]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if "__damaged" in names:
        line = next(i for i, row in enumerate(rows, 1) if "__damaged" in row)
        raise InputError("unreadable_file", path=path.name, found=f"line {line} is no JSON")
    cells = {name: pl.Series(name, [cell_text(row.get(name)) for row in rows], dtype=pl.String) for name in names}
    return _numbered(path, "", pl.DataFrame(cells), names)
