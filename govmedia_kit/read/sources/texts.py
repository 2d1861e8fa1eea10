"""Texts to cells: one decoder for every encoding, one reader for text with separators, one for JSON."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit.errors import InputError

__all__ = ["WIDEST", "Delimited", "cell_text", "decoded", "delimited", "head_of", "head_text", "json_root"]

# The bytes of a text that are looked at to find out what it is.
HEAD = 1 << 16
# Rows that may stand above a header, or be it; the widest of them is the width of a delimited text.
HEAD_ROWS = 30
# A table has no more columns than this: a text with more has lost its line ends.
WIDEST = 512
# UTF-8 with fewer damaged characters than this share of those beyond ASCII is damaged UTF-8, not another encoding.
DAMAGED = 0.2
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
    head = head_of(path)
    if not head.startswith(UTF16) and head.count(0) > len(head) / 4:
        # A damaged disk leaves such files.
        raise InputError("unreadable_file", path=path.name, found="it holds zero bytes instead of text")
    content: Path | bytes = path
    text = head_text(head)
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
