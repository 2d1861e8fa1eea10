"""Quotes that are nobody's: what begins a title with one, and does not end it, makes one cell of the rows that follow.

A text of several lines in quotes is genuine, unless its lines are rows of the table. Only a cell that holds line breaks and separators
in plenty makes a file worth going through.
"""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

import polars as pl

__all__ = ["FEWEST_CELLS", "Swallowed", "may_swallow", "mended"]

# Tables of fewer columns are not told from text.
FEWEST_CELLS = 3


class Swallowed(NamedTuple):
    """A quote that holds rows: the line of the text, how many more lines it holds, and whether they were taken out of it."""

    line: int
    held: int
    is_mended: bool


def may_swallow(frame: pl.DataFrame, separator: str, widths: set[int]) -> bool:
    """Whether a cell of the columns c0, c1, ... holds what may be rows of so many cells."""
    widths = _widths(widths)
    if not widths or not frame.width:
        return False
    broken = frame.select(pl.all().str.contains("\n", literal=True).any()).row(0)
    for column in (frame[name] for name, some in zip(frame.columns, broken, strict=True) if some):
        # Most texts of several lines have no separator, or few.
        some = column.filter(column.str.contains(separator, literal=True))
        breaks, separators = (some.str.count_matches(sign, literal=True) for sign in ("\n", separator))
        many = some.filter((breaks > 0) & (2 * separators >= breaks * (min(widths) - 1)))
        if any(_looks_swallowed(text, int(column.name[1:]), separator, widths) for text in many):
            return True
    return False


def _looks_swallowed(text: str, position: int, separator: str, widths: set[int]) -> bool:
    """Whether the first line of a cell ends a row that begins as many cells before it, or half of its other whole lines are rows."""
    first, *lines, _ = text.split("\n")
    like = sum(line.count(separator) + 1 in widths for line in lines)
    return position + first.count(separator) + 1 in widths or (like > 0 and 2 * like >= len(lines))


def _widths(widths: set[int]) -> set[int]:
    return {width for width in widths if width >= FEWEST_CELLS}


def mended(text: str, separator: str, widths: set[int]) -> tuple[str, list[Swallowed]]:
    """The text with quotes that hold nothing but rows of the table made ordinary characters, and all quotes that hold rows.

    `widths` are the numbers of cells that rows have. A text of several lines stays as it is unless every line of it is such a row;
    a quote that never closes is ordinary where half of the lines behind it are.
    """
    lines = list(io.StringIO(text, newline="\n"))
    widths = _widths(widths)
    found: list[Swallowed] = []
    written: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        row, end = _record(lines, at, separator) if '"' in line else ([], at + 1)
        inside = lines[at + 1 : end]
        like = sum(_is_row(other, separator, widths) for other in inside)
        never_closes = end > len(lines)
        all_rows = like == len(inside) and _is_row(line, separator, widths)
        if inside and 2 * like >= len(inside) and (all_rows or never_closes):
            found.append(Swallowed(at + 1, len(inside), is_mended=True))
            cells = [
                re.sub(r'^"(.*)"$', r"\1", cell).replace('""', '"') for cell in line.rstrip("\r\n").split(separator)
            ]
            written.append(_line(cells, separator))
            at += 1
            continue
        if never_closes or (inside and 2 * like >= len(inside)):
            found.append(Swallowed(at + 1, len(inside), is_mended=False))
        # Of a quote in the middle of a cell, such as an inch, readers make different things.
        is_inch = row and not inside and line.count('"') % 2
        written += [_line(row, separator)] if is_inch else lines[at:end]
        at = end
    return "".join(written), found


def _record(lines: list[str], at: int, separator: str) -> tuple[list[str], int]:
    """The record that begins in a line, and the line behind it; it is beyond the last where its quotes never close."""
    following = (lines[k] if k < len(lines) else "\n" for k in range(at, len(lines) + 1))
    reader = csv.reader(following, delimiter=separator)
    try:
        return next(reader), at + reader.line_num
    except csv.Error:
        return [], at + 1


def _is_row(line: str, separator: str, widths: set[int]) -> bool:
    """Whether a line is a row by itself, its quotes being ordinary characters or complete."""
    if line.count(separator) + 1 in widths:
        return True
    row, end = _record([line], 0, separator) if '"' in line else ([], 1)
    return end == 1 and len(row) in widths


def _line(cells: list[str], separator: str) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=separator, lineterminator="\n").writerow(cells)
    return line.getvalue()
