"""Any tool's file to its parts: a table of text in each, whatever the file is called.

What a file is, is told from its bytes: a spreadsheet that is HTML, a `.json` that is JSON Lines, a CSV in GBK. A `Part` is one
table of it (a sheet, a SQLite table, a list inside a JSON file); it is loaded only once its layout is known, and
only the columns that the layout asks for.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from govmedia_kit.errors import InputError
from govmedia_kit.read.importers.layouts import Layout, key
from govmedia_kit.read.sources import structured
from govmedia_kit.read.sources.files import ROW, no_text, sheets_of, text_of
from govmedia_kit.read.sources.source_table import Part, guarded

__all__ = ["WIDEST", "grid", "kind_of", "parts_of"]

HEAD = 1 << 16
# Rows above a header that are looked through for it.
TITLE_ROWS = 12
# Files that are read whole, as trees, and not by columns.
LARGEST_TREE = 512 << 20
WIDEST = 512


def kind_of(path: Path) -> str:
    """What a file is, from its first bytes: sqlite, excel, parquet, html, xml, json, yaml, weibo_text, id_list or text."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    for mark, kind in (
        (b"SQLite format 3\0", "sqlite"),
        (b"PAR1", "parquet"),
        (b"PK\x03\x04", "excel"),
        (b"\xd0\xcf\x11\xe0", "excel"),
    ):
        if head.startswith(mark):
            return kind
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


def _head_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    # A head may be cut inside a character; what is left of it does not make the text another encoding.
    try:
        return text_of(head)
    except UnicodeDecodeError:
        return head.decode("utf-8", "replace")


def parts_of(path: Path) -> list[Part]:
    """The tables of a file; an empty list where it holds none. InputError where it cannot be read."""
    if not path.is_file():
        raise InputError("no_file", path=path)
    with guarded(path):
        if path.stat().st_size == 0:
            return []
        kind = kind_of(path)
        if kind == "text":
            return [_delimited(path)]
        if kind == "excel":
            return [grid(path, name, "sheet", frame) for name, frame in sheets_of(path)]
        if kind == "parquet":
            return [_typed(path)]
        if kind == "sqlite":
            return structured.sqlite_parts(path)
        if path.stat().st_size > LARGEST_TREE:
            raise InputError("too_large_file", path=path.name, found=f"{path.stat().st_size >> 20} MB")
        if kind == "html":
            return [grid(path, name, "html", frame) for name, frame in structured.html_tables(path)]
        return structured.parts(path, kind)


def grid(path: Path, name: str, kind: str, frame: pl.DataFrame) -> Part:
    """A part of cells that are already read: columns c0, c1, ... of text."""
    heads = [["" if cell is None else str(cell) for cell in row] for row in frame.head(TITLE_ROWS).iter_rows()]

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        return _named(frame, heads[head], head, names, layout, lambda: frame)

    return Part(path, name, kind, heads, load)


def _typed(path: Path) -> Part:
    frame = pl.read_parquet(path, glob=False)

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        wanted = {key(c): c for c in frame.columns if key(c) in set(map(key, names))}
        return frame.select(pl.col(c).cast(pl.String, strict=False).alias(k) for k, c in wanted.items()).with_row_index(
            ROW, 1
        )

    return Part(path, "", "parquet", [list(frame.columns)], load)


def _delimited(path: Path) -> Part:
    with path.open("rb") as file:
        head = file.read(HEAD)
    no_text(path, head)
    content: Path | bytes = path
    text = _head_text(head)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\r" in head and b"\n" not in head) or not _is_utf8(head):
        whole = text_of(path.read_bytes())
        content = (whole if "\n" in whole else whole.replace("\r", "\n")).encode()
        text = whole[:HEAD]
    text = text.removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")[:8192]
    separator = max(",\t;|", key=first.count)
    heads = _head_rows(text, separator)

    def read(width: int, columns: list[int] | None) -> pl.DataFrame:
        return _read_csv(content, separator, width, columns)

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        header = heads[head]
        width = min(max([len(header), *map(len, layout.rows)]), WIDEST)
        wanted = sorted(p for name, p in _positions(header).items() if name in set(map(key, names)) and p < width)
        # Rows are read as wide as the widest layout that may stand below this header.
        return _named(read(width, wanted or [0]), header, head, names, layout, lambda: read(WIDEST, None))

    return Part(path, "", "text", heads, load)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and len(head) == HEAD
    return True


def _head_rows(text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(1 << 30)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append([cell[:1000] for cell in row[:WIDEST]])
            if len(rows) == TITLE_ROWS:
                break
    except csv.Error:
        pass
    return rows


def _read_csv(content: Path | bytes, separator: str, width: int, columns: list[int] | None) -> pl.DataFrame:
    try:
        return pl.read_csv(
            content,
            separator=separator,
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
        raw = content if isinstance(content, bytes) else content.read_bytes()
        text = text_of(raw).removeprefix("\ufeff")
        keep = columns if columns is not None else list(range(width))
        cells: list[list[str | None]] = [[] for _ in keep]
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            for cell, column in zip(cells, keep, strict=True):
                cell.append((row[column] or None) if column < len(row) else None)
        return pl.DataFrame({f"c{i}": pl.Series(cell, dtype=pl.String) for i, cell in zip(keep, cells, strict=True)})


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
            named = _under_later_headers(named, again.to_list(), header, wanted, whole)
    checks = [~pl.col(k).str.contains(p) for c, p in layout.checks.items() if (k := key(c)) in named.columns]
    strange = (
        named.select(pl.col(ROW).filter(pl.any_horizontal(checks).fill_null(False)))
        if checks and layout.rows
        else named.clear()
    )
    if strange.height:
        named = _reshaped(named, strange[ROW].to_list(), wanted, layout, whole)
    return named


def _under_later_headers(
    named: pl.DataFrame,
    rows: list[int],
    header: list[str],
    wanted: set[str],
    whole: Callable[[], pl.DataFrame],
) -> pl.DataFrame:
    """Rows below a header in mid-file that differs from the first one, under that header's own names."""
    full: pl.DataFrame | None = None
    first = _positions(header)
    pieces, start = [], None
    bounds = [*rows, None]
    for at, until in zip(rows, bounds[1:], strict=True):
        if full is None:
            full = whole().with_row_index(ROW, 1)
        names = ["" if cell is None else str(cell).strip() for cell in full.row(at - 1)[1:]]
        own = _positions(names)
        if own == first:
            continue
        start = at if start is None else start
        piece = full.filter(pl.col(ROW) > at, pl.col(ROW) < until if until else pl.lit(True))
        own = {name: i for name, i in own.items() if name in wanted}
        pieces.append((at, until, piece.select(ROW, *(pl.col(f"c{i}").alias(n) for n, i in own.items()))))
    for at, until, piece in pieces:
        inside = (pl.col(ROW) > at) & (pl.col(ROW) < until if until else pl.lit(True))
        named = pl.concat([named.filter(~inside), piece], how="diagonal").sort(ROW)
    return named


def _reshaped(
    named: pl.DataFrame, rows: list[int], wanted: set[str], layout: Layout, whole: Callable[[], pl.DataFrame]
) -> pl.DataFrame:
    """Rows that a newer version wrote below an older header, under the names of the version whose checks they pass."""
    left = whole().with_row_index(ROW, 1).filter(pl.col(ROW).is_in(rows))
    found = []
    for shape in layout.rows:
        positions = {k: i for k, i in _positions(shape).items() if f"c{i}" in left.columns}
        passes = [
            pl.col(f"c{positions[key(c)]}").str.contains(p).fill_null(False)
            for c, p in layout.checks.items()
            if key(c) in positions
        ]
        fits = left.filter(pl.all_horizontal(True, *passes))
        left = left.join(fits.select(ROW), on=ROW, how="anti")
        found.append(fits.select(ROW, *(pl.col(f"c{i}").alias(n) for n, i in positions.items() if n in wanted)))
    mended = pl.concat(found, how="diagonal")
    kept = named.join(mended.select(ROW), on=ROW, how="anti")
    return pl.concat([kept, mended], how="diagonal").sort(ROW)
