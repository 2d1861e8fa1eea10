"""Workbooks that go to an office and come back: the empty ledger to fill in, and a marked copy of one with problems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from govmedia_kit import schema
from govmedia_kit.catalogue import in_language, phrase
from govmedia_kit.errors import Problem

__all__ = ["annotate", "write_template"]

# The columns of the template, in the order in which a clerk thinks; the rest of the dictionary may be added.
TEMPLATE = (
    "platform",
    "name",
    "platform_id",
    "unit",
    "unit_level",
    "region",
    "supervisor",
    "opened_on",
    "closed_on",
    "filing_status",
    "certified_subject",
    "followers",
    "channel_comments",
    "channel_messages",
    "channel_menu",
    "last_post_on",
    "post_count",
    "purpose",
    "url",
    "remark",
)
ROWS = 5000
FIXED_TIME = dt.datetime(2020, 1, 1)
COLOURS = {"error": "FFC7CE", "warning": "FFEB9C", "note": "DDEBF7"}


def write_template(path: Path, *, language: str = "zh-Hans") -> None:
    """An Excel ledger to fill in: drop-downs where words are fixed, dates as dates, and a sheet that says what to write."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": FIXED_TIME})
        head = book.add_format(
            {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "vcenter"}
        )
        needed = book.add_format(
            {"bold": True, "bg_color": "#FCE4D6", "border": 1, "text_wrap": True, "valign": "vcenter"}
        )
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(phrase("ledger.sheet", language))
        sheet.freeze_panes(1, 2)
        for i, name in enumerate(TEMPLATE):
            field = schema.columns("accounts")[name]
            label = schema.label(name, language)
            sheet.write_string(0, i, label, needed if field.required else head)
            # Ids must not become numbers: a spreadsheet rounds the sixteenth digit.
            form = date if field.dtype == "date" else text if name in ("platform_id", "region") else None
            sheet.set_column(i, i, max(12, 2.2 * len(label) + 2, 28 if name in ("unit", "name", "url") else 0), form)
            if choices := _choices(name, language):
                sheet.data_validation(1, i, ROWS, i, {"validate": "list", "source": choices})
            elif field.dtype == "date":
                since = {"validate": "date", "criteria": ">=", "value": dt.date(2009, 1, 1)}
                sheet.data_validation(1, i, ROWS, i, {**since, "error_message": phrase("ledger.date", language)})
        _notes(book, head, language)


def _choices(name: str, language: str) -> list[str]:
    """The words of a drop-down; a spreadsheet takes 255 characters of them."""
    if labels := schema.word_labels(name, language):
        while sum(map(len, labels)) + len(labels) > 250:
            labels.pop(-2)
        return labels
    if schema.columns("accounts")[name].dtype == "bool":
        return [phrase("words.yes", language), phrase("words.no", language)]
    return []


def _notes(book: Any, head: Any, language: str) -> None:
    sheet = book.add_worksheet(phrase("ledger.notes", language))
    for i, (title, width) in enumerate(zip(phrase("ledger.heads", language), (18, 80, 8), strict=True)):
        sheet.write_string(0, i, title, head)
        sheet.set_column(i, i, width)
    for row, name in enumerate(TEMPLATE, 1):
        field = schema.columns("accounts")[name]
        sheet.write_string(row, 0, schema.label(name, language))
        sheet.write_string(row, 1, in_language(field.meanings, language))
        sheet.write_string(row, 2, phrase("words.yes", language) if field.required else "")
    sheet.write_string(len(TEMPLATE) + 2, 1, phrase("ledger.empty", language))


def annotate(source: Path, problems: Iterable[Problem], target: Path, *, language: str = "zh-Hans") -> int:
    """A copy of a workbook with the cells of problems coloured and commented; returns how many cells were marked.

    The original is only read. Problems without a cell are listed on a sheet of their own at the end.
    """
    import warnings

    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what openpyxl cannot carry over (pictures of a template) it warns of
        book = openpyxl.load_workbook(source)
    by_cell: dict[tuple[str, str], list[Problem]] = {}
    rest: list[Problem] = []
    for problem in problems:
        place = problem.place
        if place.sheet in book.sheetnames and place.row is not None:
            by_cell.setdefault((place.sheet, f"{place.letter or 'A'}{place.row}"), []).append(problem)
        else:
            rest.append(problem)
    for (sheet, address), found in by_cell.items():
        cell = _writable(book[sheet], address)
        worst = min(found, key=lambda p: list(COLOURS).index(p.severity))
        cell.fill = PatternFill("solid", start_color=COLOURS[worst.severity])
        cell.comment = Comment("\n".join(p.say(language) for p in found), "govmedia-kit", width=360, height=140)
    listed = book.create_sheet(_free_name(book.sheetnames, phrase("ledger.problems", language)))
    for row, problem in enumerate([*(p for found in by_cell.values() for p in found), *rest], 1):
        for column, value in enumerate((problem.severity, problem.say(language)), 1):
            listed.cell(row, column).value = value
            listed.cell(row, column).data_type = "s"  # a sentence that begins with = is no formula
    listed.column_dimensions["B"].width = 110
    beside = target.with_name(f".{target.name}.part")
    book.save(beside)
    beside.replace(target)
    return len(by_cell)


def _writable(sheet: Any, address: str) -> Any:
    """The cell, or the first one of the merged cells that it is part of: only that one can be written."""
    for merged in sheet.merged_cells.ranges:
        if address in merged:
            return sheet.cell(merged.min_row, merged.min_col)
    return sheet[address]


def _free_name(taken: list[str], wanted: str) -> str:
    name, i = wanted, 2
    while name in taken:
        name, i = f"{wanted}{i}", i + 1
    return name
