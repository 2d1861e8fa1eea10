"""Workbooks to sheets of cells, in every format that spreadsheets write, with a guard before what would fill the memory."""

from __future__ import annotations

import functools
import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from govmedia_kit.errors import InputError
from govmedia_kit.read.sources.source_table import input_errors

__all__ = ["Merged", "letter", "merged_ranges", "sheets_of"]

# A workbook's parts may not unfold to more than this, nor a sheet to more cells: beyond, it is a bomb or no ledger.
LARGEST_UNZIPPED = 1 << 30
MOST_CELLS = 40_000_000
# The number of a row in Excel's XML, and a row with cells that ODF repeats.
LAST_ROW = (rb'<row r="(\d{1,9})', rb'-rows-repeated="(\d{1,9})"[^>]*><table:table-cell [^>]*[^/]>')

# A range of merged cells: its first and its last cell, as (row, column) from 0.
Merged = tuple[tuple[int, int], tuple[int, int]]


def sheets_of(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """The sheets of a workbook that hold anything, by name: cells as text, the first row and column those of the sheet."""
    import fastexcel

    _not_a_bomb(path)
    book = fastexcel.read_excel(path)
    for name in book.sheet_names:
        # skip_rows=0 keeps leading blank rows, so that row numbers are the spreadsheet's own.
        frame = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
        if frame.height:
            yield name, frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})


def merged_ranges(path: Path, sheet: str) -> list[Merged]:
    """Ranges of merged cells of a sheet; none where the file tells none, as old .xls and .ods files do."""
    from lxml import etree

    if not zipfile.is_zipfile(path):
        return []
    with input_errors(path), zipfile.ZipFile(path) as parts:
        if "xl/workbook.xml" not in parts.namelist():
            return []
        book, relations = (etree.fromstring(parts.read(f"xl/{n}")) for n in ("workbook.xml", "_rels/workbook.xml.rels"))
        targets = {relation.get("Id"): relation.get("Target") for relation in relations}
        ids = {s.get("name"): next(v for n, v in s.items() if n.endswith("}id")) for s in book.iter("{*}sheet")}
        # A target is said from xl/, or from the root with a stroke in front.
        content = parts.read(posixpath.join("/xl", targets[ids[sheet]])[1:]) if sheet in ids else b""
    found = re.findall(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"', content)
    return [
        ((int(top) - 1, _column_number(left) - 1), (int(bottom) - 1, _column_number(right) - 1))
        for left, top, right, bottom in found
    ]


def _not_a_bomb(path: Path) -> None:
    """InputError for a workbook that unfolds to more than any ledger holds; readers allocate every cell up to the last."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as book:
        if sum(info.file_size for info in book.infolist()) > LARGEST_UNZIPPED:
            raise InputError("too_large_file", path=path.name, found="> 1 GB unzipped")
        sheets = [name for name in book.namelist() if re.search(r"worksheets/[^/]*\.xml$|^content\.xml$", name)]
        if (cells := max((_cells(book, name) for name in sheets), default=0)) > MOST_CELLS:
            raise InputError("too_large_file", path=path.name, found=f"{cells:,} cells")


def _cells(book: zipfile.ZipFile, name: str) -> int:
    """About how many cells a sheet's rectangle has, from its last row and its widest reference."""
    rows, width, tail = 1, 26, b""
    with book.open(name) as file:
        while chunk := file.read(1 << 20):
            piece, tail = tail + chunk, chunk[-32:]
            rows = max([rows, *(int(found) for pattern in LAST_ROW for found in re.findall(pattern, piece))])
            width = max([width, *map(_column_number, set(re.findall(rb'r="([A-Z]{2,3})\d', piece)))])
    return rows * width


def letter(index: int) -> str:
    """The letters of a spreadsheet's column: 0 is A, 26 is AA."""
    before, last = divmod(index, 26)
    return (letter(before - 1) if before else "") + chr(65 + last)


def _column_number(letters: bytes) -> int:
    return functools.reduce(lambda number, letter_: number * 26 + letter_ - 64, letters, 0)
