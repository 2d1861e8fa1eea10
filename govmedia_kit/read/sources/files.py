"""Files to cells: the only code that opens a user's table. One decoder and one reader each for texts, JSON, HTML and workbooks.

A `Grid` is one sheet: every cell as text (or as the file typed it, for Parquet), each row with the number
that a spreadsheet shows for it. What the cells mean is decided by `match_columns`.
"""

from __future__ import annotations

import codecs
import csv
import functools
import io
import json
import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit.errors import InputError, Place
from govmedia_kit.read.sources.source_table import input_errors

__all__ = [
    "Delimited",
    "Grid",
    "cell_text",
    "decoded",
    "delimited",
    "first_grid",
    "grids",
    "html_root",
    "html_tables",
    "json_root",
    "kind_of",
    "letter",
    "merged_ranges",
    "sheets_of",
]

ROW = "__row"
EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et")
READABLE = (*EXCEL, ".parquet", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
# The first bytes of files that are no text: a database, Parquet, zipped workbooks, old ones.
MARKS = {b"SQLite format 3\0": "sqlite", b"PAR1": "parquet", b"PK\x03\x04": "excel", b"\xd0\xcf\x11\xe0": "excel"}

# The bytes of a text that are looked at to find out what it is.
HEAD = 1 << 16
# Rows that may stand above a header, or be it; the widest of them is the width of a delimited text.
HEAD_ROWS = 30
# A table has no more columns than this: a text with more has lost its line ends.
WIDEST = 512
# A workbook's parts may not unfold to more than this, nor a sheet to more cells: beyond, it is a bomb or no ledger.
LARGEST_UNZIPPED = 1 << 30
MOST_CELLS = 40_000_000
# The number of a row in Excel's XML, and a row with cells that ODF repeats.
LAST_ROW = (rb'<row r="(\d{1,9})', rb'-rows-repeated="(\d{1,9})"[^>]*><table:table-cell [^>]*[^/]>')
# A page is held as a tree, which is much larger than its text; back offices write a few thousand cells.
MOST_TAGS = 2_000_000
# UTF-8 with fewer damaged characters than this share of those beyond ASCII is damaged UTF-8, not another encoding.
DAMAGED = 0.2

# A range of merged cells: its first and its last cell, as (row, column) from 0.
Merged = tuple[tuple[int, int], tuple[int, int]]
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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


def letter(index: int) -> str:
    """The letters of a spreadsheet's column: 0 is A, 26 is AA."""
    before, last = divmod(index, 26)
    return (letter(before - 1) if before else "") + chr(65 + last)


def decoded(content: bytes) -> str:
    """Text of a file: by its byte order mark, else as UTF-8, else as GB18030, which holds every GBK file too.

    UTF-8 with a few damaged bytes is read with a replacement character for each, as is text that is neither but mostly
    ASCII. Raises UnicodeDecodeError where none of them fits.
    """
    if content.startswith(UTF16):
        return content.decode("utf-16")
    mended = content.decode("utf-8-sig", "replace")
    damaged = mended.count("\ufffd")
    if not damaged or content.startswith(codecs.BOM_UTF8):
        return mended
    if damaged <= DAMAGED * (len(mended) - len(mended.encode("ascii", "ignore"))):
        return mended
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError:
        for text in (mended, content.decode("gb18030", "replace")):
            if text.count("\ufffd") <= DAMAGED / 10 * len(text):
                return text
        raise


def kind_of(path: Path) -> str:
    """What a file is, from its first bytes: sqlite, excel, parquet, html, xml, json, yaml, weibo_text, id_list or text."""
    head = _head(path)
    if known := next((kind for mark, kind in MARKS.items() if head.startswith(mark)), None):
        return known
    if path.suffix.lower() in (".yaml", ".yml"):
        return "yaml"
    text = _head_text(head).lstrip("\ufeff \t\r\n\0")
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


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _head_text(head: bytes) -> str:
    # A head may be cut inside a character; what is left of it does not make the text another encoding.
    try:
        return decoded(head)
    except UnicodeDecodeError:
        return head.decode("utf-16" if head.startswith(UTF16) else "utf-8", "replace")


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


class Delimited(NamedTuple):
    """A text of cells with a separator: its first rows, and its cells, read when they are asked for."""

    content: Path | bytes
    separator: str
    heads: list[list[str]]

    def cells(self, width: int, columns: list[int] | None = None) -> pl.DataFrame:
        """The cells of a text as so many columns c0, c1, ..., or of those at the given positions; what is wider is cut."""
        if not width:
            return pl.DataFrame()
        try:
            return pl.read_csv(
                self.content,
                separator=self.separator,
                has_header=False,
                schema={f"c{i}": pl.String for i in range(width)},
                columns=columns,
                extra_columns="ignore",
                truncate_ragged_lines=True,
                missing_columns="insert",
                raise_if_empty=False,
                glob=False,
            )
        except pl.exceptions.PolarsError:
            # Bytes that are no UTF-8 further down, or quotes that never close.
            raw = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
            keep = range(width) if columns is None else columns
            rows = csv.reader(io.StringIO(decoded(raw), newline=""), delimiter=self.separator)
            cells = [[(row[i] or None) if i < len(row) else None for i in keep] for row in rows]
            return pl.DataFrame(cells, schema={f"c{i}": pl.String for i in keep}, orient="row")


def delimited(path: Path) -> Delimited:
    """A text of cells in any encoding, with any line ends, and commas, tabs, semicolons or bars between its cells."""
    head = _head(path)
    if not head.startswith(UTF16) and head.count(0) > len(head) / 4:
        # A damaged disk leaves such files.
        raise InputError("unreadable_file", path=path.name, found="it holds zero bytes instead of text")
    content: Path | bytes = path
    text = _head_text(head)
    if head.startswith(UTF16) or (b"\r" in head and b"\n" not in head) or not _is_utf8(head):
        text = decoded(path.read_bytes())
        content = (text if "\n" in text else text.replace("\r", "\n")).encode()
        text = text[:HEAD]
    lines = (line[:8192] for line in text.splitlines())
    first = next((line for line in lines if re.search(r"[,\t;|]", line)), "")
    separator = max(",\t;|", key=first.count)
    return Delimited(content, separator, _head_rows(text, separator))


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == HEAD
    return True


def _head_rows(text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(1 << 30)
    rows: list[list[str]] = []
    with suppress(csv.Error):
        for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), HEAD_ROWS):
            rows.append([cell[:1000] for cell in row[:WIDEST]])
    return rows


def json_root(text: str) -> Any:
    """What a JSON text holds; of JSON Lines the list, a damaged line among them as {"__damaged": its beginning}."""
    text = text.strip("\ufeff \t\r\n\0")
    try:
        return json.loads(text)
    except json.JSONDecodeError as whole:
        rows: list[Any] = []
        damaged = 0
        for line in filter(str.strip, text.split("\n")):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                rows.append({"__damaged": line[:200]})
                damaged += 1
        # A list over several lines of which one is damaged isn't JSON Lines.
        if not rows or damaged > len(rows) / 2 or not isinstance(rows[0], dict):
            raise whole from None
        return rows


def _of_records(path: Path) -> Grid:
    root = json_root(decoded(path.read_bytes()))
    rows = root if isinstance(root, list) else [root]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if "__damaged" in names:
        line = next(i for i, row in enumerate(rows, 1) if "__damaged" in row)
        raise InputError("unreadable_file", path=path.name, found=f"line {line} is no JSON")
    cells = {name: pl.Series(name, [cell_text(row.get(name)) for row in rows], dtype=pl.String) for name in names}
    return _numbered(path, "", pl.DataFrame(cells), names)


def cell_text(value: Any) -> str | None:
    """A value as the text of a cell: whole numbers without a point, true and false in small letters."""
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    # JSON may hold halves of a pair of surrogates, which are no text.
    return str(value).encode("utf-8", "replace").decode("utf-8")


def html_root(path: Path) -> Any:
    """The tree of an HTML page, in whatever encoding; damaged pages are mended as browsers do."""
    from lxml import html

    text = decoded(path.read_bytes()).replace("\0", "")
    if (tags := text.count("<")) > MOST_TAGS:
        raise InputError("too_large_file", path=path.name, found=f"{tags:,} tags")
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    return html.document_fromstring(text.encode() if text.strip() else b"<html></html>", parser=parser)


def html_tables(path: Path) -> list[tuple[str, pl.DataFrame]]:
    """The tables of an HTML page (back offices write one and call it .xls), cells as text in columns c0, c1, ...

    A cell over several rows stands in each of them; of one over several columns the others are empty, as in a workbook.
    """
    found = []
    for number, table in enumerate(html_root(path).iter("table"), 1):
        rows = _spread(table)
        width = min(max(map(len, rows), default=0), WIDEST)
        if width:
            columns = {f"c{i}": [row[i] or None if i < len(row) else None for row in rows] for i in range(width)}
            found.append((str(number), pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))))
    return found


def _spread(table: Any) -> list[list[str]]:
    """The rows of a table, cells over several rows or columns spread; a table within a cell is one of its own."""
    rows: list[list[str]] = []
    # For how many rows a cell above still covers a column, and with what text.
    covered: dict[int, tuple[int, str]] = {}
    for tr in table.xpath("./tr|./thead/tr|./tbody/tr|./tfoot/tr"):
        row: list[str] = []
        cells = iter(tr.xpath("./td|./th"))
        while len(row) < WIDEST:
            left, text = covered.get(len(row), (0, ""))
            if left:
                covered[len(row)] = (left - 1, text)
                row.append(text)
            elif (cell := next(cells, None)) is not None:
                text = "" if cell.find(".//table") is not None else cell.text_content().strip()
                for covering in [text, *[""] * (_span(cell, "colspan") - 1)]:
                    covered[len(row)] = (_span(cell, "rowspan") - 1, covering)
                    row.append(covering)
            else:
                break
        rows.append(row)
    return rows


def _span(cell: Any, name: str) -> int:
    said = cell.get(name, "")
    return max(1, min(int(said), WIDEST)) if re.fullmatch("[0-9]{1,5}", said) else 1


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


def _column_number(letters: bytes) -> int:
    return functools.reduce(lambda number, letter_: number * 26 + letter_ - 64, letters, 0)
