"""What a workbook's XML says that its cells do not: hidden rows, merged cells, formulas without a value, errors.

Every sheet is looked through once, in pieces, before a reader allocates its cells; old .xls and .xlsb files hold no XML and tell
nothing here.
"""

from __future__ import annotations

import functools
import html
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple

from govmedia_kit.errors import InputError

__all__ = ["NOTHING_ODD", "Marks", "Merged", "Odd", "marks_of"]

# A workbook's parts may not unfold to more than this, nor a sheet to more cells: beyond, it is a bomb or no ledger.
LARGEST_UNZIPPED = 1 << 30
MOST_CELLS = 40_000_000
# The last row that a spreadsheet has.
LAST = 1 << 20
# The number of a row in Excel's XML, and a row with cells that ODF repeats.
LAST_ROW = (rb'row r="(\d{1,9})', rb'-rows-repeated="(\d{1,9})"[^>]*><table:table-cell [^>]*[^/]>')
# Excel's XML, whose names may have a prefix. A formula whose result is text may well have an empty one.
NAME = rb"(?:\w+:)?"
CELL = rb'<%bc (?%s[^>]*\bt="%s")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>'
FORMULA = rb"<%bf(?:[^>]*/>|[^>]*>([^<]*)</%bf>)" % (NAME, NAME)
NO_VALUE = re.compile(CELL % (NAME, b"!", b"str") + FORMULA + rb"(?:<%bv\s*/>|<%bv></%bv>)?</%bc>" % ((NAME,) * 4))
ERROR = re.compile(CELL % (NAME, b"=", b"e") + rb"(?:%b)?<%bv>([^<]*)" % (FORMULA, NAME))
HIDDEN_ROW = re.compile(rb'row (?=[^>]*\bhidden="(?:1|true)")[^>]*\br="(\d{1,9})"')
MERGED = re.compile(rb'mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
# ODF's: its tables, rows and cells in their order, and what makes it worth going through them.
ODF_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>(?:<text:p>([^<]*))?")
ODF_SAID = re.compile(rb'(?:table|calcext):([\w-]+)="([^"]*)"')
ODF_MARKS = (b'visibility="collapse"', b'visibility="filter"', b'calcext:value-type="error"', b"rows-spanned=")

# A range of merged cells: its first and its last cell, as (row, column) from 0.
Merged = tuple[tuple[int, int], tuple[int, int]]
# Cells that mean nothing, by row as the spreadsheet numbers it and column from 0: the kind of problem, and what stands there.
Odd = Mapping[tuple[int, int], tuple[str, str]]
NOTHING_ODD: Odd = MappingProxyType({})


class Marks(NamedTuple):
    """What is told of a sheet: its hidden rows as ranges, its merged cells, and its cells that hold an error or no value."""

    hidden: list[range]
    merged: list[Merged]
    odd: dict[tuple[int, int], tuple[str, str]]

    @classmethod
    def none(cls) -> Marks:
        """The marks of a sheet of which nothing is told."""
        return cls([], [], {})


def marks_of(path: Path) -> dict[str, Marks]:
    """The marks of each sheet of a workbook, by its name.

    InputError for a workbook that unfolds to more than any ledger holds: readers allocate every cell up to the last.
    """
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as book:
        if sum(info.file_size for info in book.infolist()) > LARGEST_UNZIPPED:
            raise InputError("too_large_file", path=path.name, found="> 1 GB unzipped")
        parts = [name for name in book.namelist() if re.search(r"worksheets/[^/]*\.xml$|^content\.xml$", name)]
        marks = {part: Marks.none() for part in parts}
        is_marked = False
        for part in parts:
            rows, width = 1, 26
            with book.open(part) as file:
                for piece in _pieces(file):
                    rows = max([rows, *(int(found) for pattern in LAST_ROW for found in re.findall(pattern, piece))])
                    width = max([width, *map(_column_number, set(re.findall(rb'r="([A-Z]{2,3})\d', piece)))])
                    _look(piece, marks[part])
                    is_marked = is_marked or (part == "content.xml" and any(mark in piece for mark in ODF_MARKS))
            # A cell without a value may stand anywhere; the sheet is made as long as its last one.
            rows = max([rows, *(row for row, _ in marks[part].odd)])
            if rows * width > MOST_CELLS:
                raise InputError("too_large_file", path=path.name, found=f"{rows * width:,} cells")
        return _odf(book.read("content.xml")) if is_marked else _by_name(book, marks)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """XML in pieces, each of which ends before a cell or row that may go on in the next one."""
    tail = b""
    while chunk := file.read(1 << 20):
        piece = tail + chunk
        end = piece.rfind(b"<", 0, max(piece.rfind(b' r="'), 0))
        # Where no cell begins, as in a long list of merged ranges, any tag will do.
        end = end if end > 0 else piece.rfind(b"<")
        end = end if end > 0 else len(piece)
        yield piece[:end]
        tail = piece[end:]
    yield tail


def _look(piece: bytes, marks: Marks) -> None:
    """Adds what a piece of a sheet of Excel's says; what it surely does not say is not looked for."""
    if b'hidden="' in piece:
        marks.hidden.extend(range(int(row), int(row) + 1) for row in HIDDEN_ROW.findall(piece))
    if b"f>" in piece or b' si="' in piece:
        for letters, row, formula in NO_VALUE.findall(piece):
            marks.odd[int(row), _column_number(letters) - 1] = "formula_without_value", f"={_text(formula)}"
    if b't="e"' in piece:
        for letters, row, _, error in ERROR.findall(piece):
            marks.odd[int(row), _column_number(letters) - 1] = "error_cell", _text(error)
    if b"mergeCell " in piece:
        marks.merged.extend(
            ((int(top) - 1, _column_number(left) - 1), (int(bottom) - 1, _column_number(right) - 1))
            for left, top, right, bottom in MERGED.findall(piece)
        )


def _by_name(book: zipfile.ZipFile, marks: dict[str, Marks]) -> dict[str, Marks]:
    """The marks of Excel's sheets, which stand in parts, under the names that the workbook gives them."""
    from lxml import etree

    names = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
    if not set(names) <= set(book.namelist()):
        return {}
    sheets, relations = (etree.fromstring(book.read(name), etree.XMLParser(recover=True)) for name in names)
    # A target is said from xl/, or from the root with a stroke in front.
    parts = {
        r.get("Id"): posixpath.join("/xl", r.get("Target", ""))[1:] for r in ([] if relations is None else relations)
    }
    ids = {
        sheet.get("name"): next((v for n, v in sheet.items() if n.endswith("}id")), "")
        for sheet in ([] if sheets is None else sheets.iter("{*}sheet"))
    }
    return {name: marks[part] for name, id_ in ids.items() if (part := parts.get(id_)) in marks}


def _odf(content: bytes) -> dict[str, Marks]:
    """The marks of ODF's sheets. A formula without a result is not among them: LibreOffice writes an empty text so."""
    found: dict[str, Marks] = {}
    row = column = after = 0
    for tag, attributes, text in ODF_TAG.findall(content):
        said = dict(ODF_SAID.findall(attributes))
        if tag == b"table":
            marks = found.setdefault(_text(said.get(b"name", b"")), Marks.none())
            row = after = 0
        elif tag == b"table-row":
            row, after, column = after, after + int(said.get(b"number-rows-repeated", 1)), 0
            if said.get(b"visibility") in (b"collapse", b"filter"):
                marks.hidden.append(range(row + 1, after + 1))
        else:
            if said.get(b"value-type") == b"error" and row < LAST:
                marks.odd[row + 1, column] = "error_cell", _text(text)
            if (rows := min(int(said.get(b"number-rows-spanned", 1)), LAST)) > 1:
                last = column + int(said.get(b"number-columns-spanned", 1)) - 1
                marks.merged.append(((row, column), (row + rows - 1, last)))
            column += int(said.get(b"number-columns-repeated", 1))
    return found


def _text(raw: bytes) -> str:
    return html.unescape(raw.decode("utf-8", "replace"))


def _column_number(letters: bytes) -> int:
    return functools.reduce(lambda number, letter_: number * 26 + letter_ - 64, letters, 0)
