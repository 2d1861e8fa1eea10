"""Texts to cells: one decoder for every encoding, one reader for text with separators, one for JSON."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.sources.quotes import FEWEST_CELLS, may_swallow, mended

__all__ = [
    "LARGEST_NUMBER",
    "WIDEST",
    "Delimited",
    "cell_text",
    "decoded",
    "delimited",
    "head_of",
    "head_text",
    "json_root",
]

# The bytes of a text that are looked at to find out what it is.
HEAD = 1 << 16
# Rows that may stand above a header, or be it; the widest of them is the width of a delimited text.
HEAD_ROWS = 30
# A table has no more columns than this: a text with more has lost its line ends.
WIDEST = 512
# UTF-8 with fewer damaged characters than this share of those beyond ASCII is damaged UTF-8, not another encoding.
DAMAGED = 0.2
# A number with a point, and a number of a spreadsheet, is exact to its last digit only up to this.
LARGEST_NUMBER = 2**53
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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


def head_of(path: Path) -> bytes:
    """The first bytes of a file, enough to tell what it is."""
    with path.open("rb") as file:
        return file.read(HEAD)


def head_text(head: bytes) -> str:
    """The text of a head, which may be cut inside a character: what is left of that makes it no other encoding."""
    try:
        return decoded(head)
    except UnicodeDecodeError:
        return head.decode("utf-16" if head.startswith(UTF16) else "utf-8", "replace")


@dataclass
class Delimited:
    """A text of cells with a separator: its first rows, its cells, read when they are asked for, and what is doubtful in its lines."""

    path: Path
    content: Path | bytes
    separator: str
    heads: list[list[str]]
    doubts: list[Problem] = field(default_factory=list)
    # Whether all was done that can be about bytes and quotes.
    is_mended: bool = False

    def cells(self, width: int, columns: list[int] | None = None) -> pl.DataFrame:
        """The cells of a text as so many columns c0, c1, ..., or of those at the given positions; what is wider is cut."""
        if not width:
            return pl.DataFrame()
        try:
            frame = self._read(width, columns)
        except pl.exceptions.PolarsError:
            # Bytes that are no UTF-8 further down, or quotes that never close.
            frame = None
        widths = set(map(len, self.heads))
        if not self.is_mended and (frame is None or may_swallow(frame, self.separator, widths)):
            self.mend(widths)
            return self.cells(width, columns)
        return self._read_slowly(width, columns) if frame is None else frame

    def mend(self, widths: set[int]) -> None:
        """Makes quotes that hold nothing but rows of so many cells ordinary characters, and the bytes UTF-8."""
        text, found = mended(decoded(self._bytes()), self.separator, widths)
        self.content, self.is_mended = text.encode("utf-8", "replace"), True
        self.heads = _head_rows(text[:HEAD], self.separator)
        for line, count, is_mended in found:
            kind = "quote_swallows_rows" if is_mended else "quote_holds_rows"
            self.doubts.append(Problem(kind, Place(self.path.name, "", line), {"count": count}))

    def _bytes(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()

    def _read(self, width: int, columns: list[int] | None) -> pl.DataFrame:
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

    def _read_slowly(self, width: int, columns: list[int] | None) -> pl.DataFrame:
        keep = range(width) if columns is None else columns
        rows = csv.reader(io.StringIO(decoded(self._bytes()), newline=""), delimiter=self.separator)
        cells = [[(row[i] or None) if i < len(row) else None for i in keep] for row in rows]
        return pl.DataFrame(cells, schema={f"c{i}": pl.String for i in keep}, orient="row")


def delimited(path: Path) -> Delimited:
    """A text of cells in any encoding, with any line ends, and commas, tabs, semicolons or bars between its cells."""
    head = head_of(path)
    if not head.startswith(UTF16) and head.count(0) > len(head) / 4:
        # A damaged disk leaves such files.
        raise InputError("unreadable_file", path=path.name, found="it holds zero bytes instead of text")
    content: Path | bytes = path
    doubts: list[Problem] = []
    text = head_text(head)
    if head.startswith(UTF16) or (b"\r" in head and b"\n" not in head) or not _is_utf8(head):
        text = decoded(path.read_bytes())
        if "\r" in text and "\n" not in text:
            text = text.replace("\r", "\n")
            doubts = [Problem("cr_line_ends", Place(path.name), {})]
        content = text.encode()
        text = text[:HEAD]
    lines = (line[:8192] for line in text.splitlines())
    first = next((line for line in lines if re.search(r"[,\t;|]", line)), "")
    separator = max(",\t;|", key=first.count)
    made = Delimited(path, content, separator, _head_rows(text, separator), doubts)
    if '"' in text and max(map(len, made.heads), default=0) < FEWEST_CELLS:
        # A quote before the header swallows it too: what rows are like is seen only without it.
        made.mend({line.count(separator) + 1 for line in text.split("\n")[:HEAD_ROWS]})
    return made


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
        return json.loads(text, parse_float=_number)
    except json.JSONDecodeError as whole:
        rows: list[Any] = []
        damaged = 0
        for line in filter(str.strip, text.split("\n")):
            try:
                rows.append(json.loads(line, parse_float=_number))
            except json.JSONDecodeError:
                rows.append({"__damaged": line[:200]})
                damaged += 1
        # A list over several lines of which one is damaged isn't JSON Lines.
        if not rows or damaged > len(rows) / 2 or not isinstance(rows[0], dict):
            raise whole from None
        return rows


def _number(text: str) -> float | str:
    """A number of JSON: where it is in scientific notation its text, since its last digits may be lost."""
    return text if "e" in text.lower() else float(text)


def cell_text(value: Any) -> str | None:
    """A value as the text of a cell: whole numbers without a point, true and false in small letters.

    A whole number that cannot be exact is in scientific notation.
    """
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) <= LARGEST_NUMBER else f"{value:.5E}"
    # JSON may hold halves of a pair of surrogates, which are no text.
    return str(value).encode("utf-8", "replace").decode("utf-8")
