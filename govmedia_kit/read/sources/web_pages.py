"""Web pages to trees and tables: back offices write a page and call it .xls."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.errors import InputError
from govmedia_kit.read.sources.texts import WIDEST, decoded

__all__ = ["html_root", "html_tables"]

# A page is held as a tree, which is much larger than its text; back offices write a few thousand cells.
MOST_TAGS = 2_000_000


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
