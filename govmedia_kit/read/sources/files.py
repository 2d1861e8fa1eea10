"""Files to grids: rows of text with their place in the file. The only code that opens a user's table.

A `Grid` is one sheet: every cell as text (or as the file typed it, for Parquet), each row with the number
that a spreadsheet shows for it. What the cells mean is decided by `tables`.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from govmedia_kit.errors import InputError, Place

__all__ = ["Grid", "grids", "letter", "no_text", "sheets_of", "text_of"]

ROW = "__row"
EXCEL = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et")

# A workbook's parts may not unfold to more than this, nor a sheet to more cells: beyond, it is a bomb or no ledger.
LARGEST_UNZIPPED = 1 << 30
MOST_CELLS = 40_000_000
# UTF-8 with fewer damaged characters than this share of those beyond ASCII is damaged UTF-8, not another encoding.
DAMAGED = 0.2
# A spreadsheet has no more columns than this.
WIDEST = 16_384


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
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def text_of(content: bytes) -> str:
    """Text of a file: by its byte order mark, else as UTF-8, else as GB18030, which holds every GBK file too.

    UTF-8 with a few damaged bytes is read with a replacement character for each, as is text that is neither but mostly
    ASCII. Raises UnicodeDecodeError where none of them fits.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "strict" if encoding == "utf-16" else "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    mended = content.decode("utf-8", "replace")
    damaged = mended.count("\ufffd")
    beyond = len(mended) - len(mended.encode("ascii", "ignore"))
    if damaged <= DAMAGED * beyond:
        return mended
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError:
        if damaged <= DAMAGED / 10 * len(mended):
            return mended
        gbk = content.decode("gb18030", "replace")
        if gbk.count("\ufffd") <= DAMAGED / 10 * len(gbk):
            return gbk
        raise


def grids(path: Path) -> list[Grid]:
    """Every sheet of a file, empty ones left out; InputError with what would do where it cannot be read."""
    if not path.is_file():
        raise InputError("no_file", path=path)
    kind = path.suffix.lower()
    try:
        if kind == ".parquet":
            frame = pl.read_parquet(path, glob=False)
            return [_numbered(path.name, "", frame, list(frame.columns), first=1)]
        if kind in EXCEL or zipfile.is_zipfile(path):
            return _sheets(path)
        if kind in (".csv", ".tsv", ".txt"):
            return [_delimited(path)]
        if kind in (".json", ".jsonl", ".ndjson"):
            return [_json(path)]
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            "unreadable_file", path=path.name, found=f"byte {error.start} is neither UTF-8 nor GB18030"
        ) from error
    except Exception as error:  # every reader has errors of its own; to the user they are all one
        raise InputError("unreadable_file", path=path.name, found=_first_line(error)) from error
    raise InputError("unknown_file_kind", path=path.name, found=kind or "?")


def _numbered(file: str, sheet: str, frame: pl.DataFrame, header: list[str], *, first: int) -> Grid:
    named = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})
    return Grid(file, sheet, named.with_row_index(ROW, offset=first), header)


def _sheets(path: Path) -> list[Grid]:
    return [_numbered(path.name, name, frame, [], first=1) for name, frame in sheets_of(path)]


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


def _not_a_bomb(path: Path) -> None:
    """InputError for a workbook that unfolds to more than any ledger holds; readers allocate every cell up to the last."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as book:
        if sum(info.file_size for info in book.infolist()) > LARGEST_UNZIPPED:
            raise InputError("too_large_file", path=path.name, found="> 1 GB unzipped")
        for info in book.infolist():
            if not re.search(r"worksheets/[^/]*\.xml$|^content\.xml$", info.filename):
                continue
            if (cells := _cells(book, info)) > MOST_CELLS:
                raise InputError("too_large_file", path=path.name, found=f"{cells:,} cells")


def _cells(book: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """About how many cells a sheet's rectangle has, from its last row and its widest reference."""
    rows = read = 1
    width = 26
    tail = b""
    with book.open(info) as file:
        while chunk := file.read(1 << 20):
            read += len(chunk)
            if read > LARGEST_UNZIPPED:  # the directory may lie about sizes
                return MOST_CELLS + 1
            piece, tail = tail + chunk, chunk[-32:]
            last = piece.rfind(b'<row r="')
            if last >= 0 and (found := re.match(rb"\d{1,9}", piece[last + 8 : last + 18])):
                rows = max(rows, int(found[0]))
            for wide in (rb'r="([A-Z]{3})\d', rb'r="([A-Z]{2})\d'):
                if re.search(wide, piece):
                    width = max(width, *map(_column_number, set(re.findall(wide, piece))))
            for count in re.findall(rb'-rows-repeated="(\d+)"[^>]*><table:table-cell [^>]*[^/]>', piece):
                rows = max(rows, int(count[:9]))
    return rows * width


def _column_number(letters: bytes) -> int:
    number = 0
    for letter_ in letters:
        number = number * 26 + letter_ - 64
    return number


def _delimited(path: Path) -> Grid:
    content = path.read_bytes()
    no_text(path, content[:65536])
    try:
        head = content[: 1 << 22].decode("utf-8")
    except UnicodeDecodeError:
        # The head may end inside a character; whether it does, or is another encoding, `text_of` tells from the whole.
        content = text_of(content).encode()
        head = content[: 1 << 22].decode("utf-8", "ignore")
    head = head.split("\n", 1)[0]
    separator = max(",\t;|", key=head[:4096].count)
    if head.count(separator) > WIDEST:
        raise InputError(
            "unreadable_file", path=path.name, found=f"its first line has {head.count(separator) + 1:,} cells"
        )
    frame = pl.read_csv(
        content,
        separator=separator,
        has_header=False,
        infer_schema=False,
        truncate_ragged_lines=True,
        raise_if_empty=False,
    )
    return _numbered(path.name, "", frame, [], first=1)


def no_text(path: Path, head: bytes) -> None:
    """InputError for a file that is mostly zero bytes and not UTF-16: a damaged disk leaves such files."""
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and head.count(0) > len(head) / 4:
        raise InputError("unreadable_file", path=path.name, found="it holds zero bytes instead of text")


def _json(path: Path) -> Grid:
    import json

    text = text_of(path.read_bytes())
    rows = (
        json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line]
    )
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = {
        name: pl.Series(name, [None if (v := row.get(name)) is None else _as_text(v) for row in rows], dtype=pl.String)
        for name in names
    }
    return _numbered(path.name, "", pl.DataFrame(cells), names, first=1)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error).strip().split("\n")[0])[:200]
