"""Workbooks to sheets of cells, in every format that spreadsheets write: what is seen in them, and what is doubtful in it."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.sources.sheet_marks import NOTHING_ODD, Marks, Merged, Odd, marks_of
from govmedia_kit.read.sources.source_table import few
from govmedia_kit.read.sources.texts import LARGEST_NUMBER

__all__ = ["Sheet", "letter", "sheets_of", "with_odd"]

# Sheets in which WPS keeps pictures, and which nobody hid.
STORES = "WpsReserved_"
LONG_DIGITS = r"^\d{16,300}$"


class Sheet(NamedTuple):
    """A sheet that can be seen: its cells as text in columns c0, c1, ..., the first row and column those of the sheet.

    `odd` cells hold the error or the formula that stands there.
    """

    name: str
    frame: pl.DataFrame
    doubts: tuple[Problem, ...] = ()
    odd: Odd = NOTHING_ODD
    merged: tuple[Merged, ...] = ()


def sheets_of(path: Path) -> list[Sheet]:
    """The sheets of a workbook that hold anything; hidden ones are left out, and told of by the first.

    InputError where only hidden sheets hold something.
    """
    import fastexcel

    marks = marks_of(path)
    # What is .xls by name only is told from its bytes.
    is_named_old = path.suffix.lower() == ".xls" and zipfile.is_zipfile(path)
    book = fastexcel.read_excel(path.read_bytes() if is_named_old else path)
    found: list[Sheet] = []
    hidden: list[str] = []
    for name in book.sheet_names:
        # skip_rows=0 keeps leading blank rows, so that row numbers are the spreadsheet's own.
        load = functools.partial(book.load_sheet, name, header_row=None, skip_rows=0)
        sheet = load(dtypes="string")
        if sheet.height and sheet.visible == "visible":
            found.append(_sheet(path, name, sheet.to_polars(), marks.get(name, Marks.none()), load))
        elif sheet.height and not name.startswith(STORES):
            hidden.append(name)
    if hidden and not found:
        raise InputError("only_hidden_sheets", path=path.name, found=hidden)
    told = tuple(Problem("hidden_sheet", Place(path.name, name), {}) for name in hidden)
    return [sheet._replace(doubts=told * (i == 0) + sheet.doubts) for i, sheet in enumerate(found)]


def _sheet(path: Path, name: str, frame: pl.DataFrame, marks: Marks, load: Callable[..., Any]) -> Sheet:
    frame = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})
    frame = with_odd(_rounded(frame, load), marks.odd)
    hidden = [row for rows in marks.hidden for row in rows[: max(0, frame.height + 1 - rows.start)]]
    hidden = [row for row in hidden if any(cell is not None for cell in frame.row(row - 1))]
    facts = {"count": len(hidden), "found": few(hidden)}
    doubts = (Problem("hidden_rows", Place(path.name, name), facts),) if hidden else ()
    return Sheet(name, frame, doubts, marks.odd, tuple(marks.merged))


def _rounded(frame: pl.DataFrame, load: Callable[..., Any]) -> pl.DataFrame:
    """Numbers that no cell can hold exactly, in scientific notation, since they are no ids; digits that are text stay."""
    for column in frame.columns:
        text = frame[column]
        if (text.str.len_bytes() >= 16).any():
            number = text.set(~text.str.contains(LONG_DIGITS).fill_null(False), None).cast(pl.Float64)
            # Digits that no number would be written with are text: most are told apart by that alone.
            is_long = (number > LARGEST_NUMBER) & (number.cast(pl.Int128, strict=False).cast(pl.String) == text)
            if is_long.any():
                # Read as true or false, a number is true, and text is neither.
                is_number = load(dtypes="boolean", use_columns=[int(column[1:])]).to_polars().to_series().is_not_null()
                rows = (is_long & is_number).fill_null(False).arg_true()
                frame = frame.with_columns(text.scatter(rows, [f"{n:.5E}" for n in number.gather(rows)]))
    return frame


def with_odd(frame: pl.DataFrame, odd: Odd, *, blank: bool = False) -> pl.DataFrame:
    """The cells with what stands in odd ones, which readers leave out: also below the last row that they read; or `blank`."""
    height = max((row for row, _ in odd), default=0)
    if height > frame.height and not blank:
        frame = pl.concat([frame, frame.clear(height - frame.height)])
    for column in {f"c{at}" for _, at in odd} & set(frame.columns):
        cells = {row - 1: None if blank else text for (row, at), (_, text) in odd.items() if f"c{at}" == column}
        frame = frame.with_columns(frame[column].scatter(list(cells), list(cells.values())))
    return frame


def letter(index: int) -> str:
    """The letters of a spreadsheet's column: 0 is A, 26 is AA."""
    before, last = divmod(index, 26)
    return (letter(before - 1) if before else "") + chr(65 + last)
