"""The annexes as a workbook to send to the units: cover, notes, one table a sheet, then every measured account and figure.

Texts are written as texts, whatever they begin with; dates and rates are what they are, with a format that shows them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit.catalogue import in_language
from govmedia_kit.judge.figures import Figure
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.page_layout import clean, document_words
from govmedia_kit.report.blocks import Block
from govmedia_kit.report.phrases import region_name
from govmedia_kit.schema import columns as dictionary
from govmedia_kit.schema import label, vocabulary_of, word_label
from govmedia_kit.text_width import em_width

__all__ = ["sheet_name", "write"]

# Rows and characters that a sheet of the format can hold.
MOST_ROWS, MOST_CHARACTERS = 1_048_570, 32_767
WIDEST, ISO = 60, re.compile(r"\d{4}-\d{2}-\d{2}")
# Rows whose texts are looked at for a column's width; rows of a table whose empty cells are framed.
LOOKED_AT, FRAMED = 200, 200


class _Sheet(NamedTuple):
    """A table of its own sheet: `kinds` are text, int, rate, days, date, number; `note` stands under the title."""

    name: str
    title: str
    heads: list[str]
    kinds: list[str]
    rows: list[list[Any]]
    note: str = ""


def write(
    path: Path | str,
    *,
    settings: Settings,
    measured: pl.DataFrame,
    findings: pl.DataFrame,
    figures: Mapping[str, Figure],
    blocks: Iterable[Block],
    language: str,
) -> None:
    """Write the workbook: the annexes in the order of the blocks, then measured accounts, findings and figures.

    Every row that a figure was counted from is in the sheets of measured accounts or findings, which have a filter.
    """
    import xlsxwriter

    words = document_words(language)["workbook"]
    sheets = _sheets(measured, findings, figures, list(blocks), language)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(str(path), {**options, "default_date_format": "yyyy-mm-dd"})
    s = settings
    day = s.issued_on or s.as_of
    title = next((b["text"] for b in blocks if b["type"] == "title"), s.title)
    book.set_properties(
        {"title": clean(title), "author": clean(s.issuer), "created": dt.datetime(day.year, day.month, day.day)}
    )
    formats = _formats(book)
    _cover(book, formats, words, s, title, sheets, language)
    _notes(book, formats, words, sheets, language)
    for sheet in sheets:
        _write(book, formats, sheet)
    book.close()


def _sheets(
    measured: pl.DataFrame, findings: pl.DataFrame, figures: Mapping[str, Figure], blocks: list[Block], language: str
) -> list[_Sheet]:
    words = document_words(language)["workbook"]
    taken = {words["cover"].lower(), words["notes"].lower()}
    made = []
    for block in blocks:
        if block["type"] == "table" and block["id"] != "figures":
            heads, kinds = [c["label"] for c in block["columns"]], [c["kind"] for c in block["columns"]]
            title = f"{block['annex']} {block['caption']}".strip()
            made.append(_Sheet(sheet_name(title, taken), title, heads, kinds, block["rows"], block["note"]))
    for name, frame in (("measured", measured), ("findings", findings)):
        made.append(_frame_sheet(sheet_name(words[name], taken), words[name], frame, name, language))
    said = words["columns"]
    names = ("id", "label", "value", "low", "high", "count", "of", "text")
    rows = [[*(getattr(f, n) for n in names), f.evidence["table"], f.evidence["where"]] for f in figures.values()]
    kinds = ["text", "text", "number", "number", "number", "int", "int", "text", "text", "text"]
    heads = [said[n] for n in (*names, "table", "where")]
    made.append(_Sheet(sheet_name(words["figures"], taken), words["figures"], heads, kinds, rows))
    return made


def _frame_sheet(name: str, title: str, frame: pl.DataFrame, table: str, language: str) -> _Sheet:
    """A frame with the column's own name under its label: conditions of figures name columns so."""
    told = document_words(language)
    kinds = {pl.Int64: "int", pl.Date: "date", pl.Float64: "number"}
    columns: list[list[Any]] = []
    for column in frame.get_columns():
        values = column.to_list()
        if column.dtype == pl.Boolean:
            values = [None if v is None else told["yes"] if v else told["no"] for v in values]
        elif vocabulary_of(column.name):
            values = [None if v is None else word_label(column.name, v, language) for v in values]
        columns.append(values)
    rows = [list(row) for row in zip(*columns, strict=True)]
    heads = [f"{label(c, language)}\n{c}" for c in frame.columns]
    return _Sheet(name, title, heads, [kinds.get(t.base_type(), "text") for t in frame.dtypes], rows)


def sheet_name(title: str, taken: set[str]) -> str:
    """A name that a sheet may have: at most 31 characters, none of []:*?/\\\\, no quote at an end, not there already.

    >>> taken = set()
    >>> sheet_name("附件1 A/B*", taken), sheet_name("附件1 a b", taken)
    ('附件1 A B', '附件1 a b (2)')
    """
    name = " ".join(re.sub(r"[\[\]:*?/\\]", " ", clean(title)).split()).strip("' ")[:31].strip("' ") or "Sheet"
    # `History` is a word of Excel's own.
    name = f"{name}_" if name.lower() == "history" else name
    number, made = 2, name
    while made.lower() in taken:
        made = f"{name[: 31 - len(f' ({number})')]} ({number})"
        number += 1
    taken.add(made.lower())
    return made


def _formats(book: Any) -> dict[str, Any]:
    cell = {"border": 1, "border_color": "#BFBFBF", "valign": "top", "font_name": "宋体", "font_size": 11}
    plain = {"font_name": "宋体", "font_size": 11, "valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14, "font_name": "黑体"}),
        "head": book.add_format(
            {**cell, "bold": True, "bg_color": "#E7EDF5", "text_wrap": True, "align": "center", "valign": "vcenter"}
        ),
        "note": book.add_format({**plain, "font_color": "#595959"}),
        "wrapped": book.add_format({**plain, "text_wrap": True}),
        "link": book.add_format({**plain, "font_color": "#0563C1", "underline": 1}),
        "text": book.add_format({**cell, "text_wrap": True, "num_format": "@"}),
        "int": book.add_format({**cell, "num_format": "0"}),
        "days": book.add_format({**cell, "num_format": "0.0"}),
        "number": book.add_format({**cell, "num_format": "0.####"}),
        "rate": book.add_format({**cell, "num_format": "0.0%"}),
        "date": book.add_format({**cell, "num_format": "yyyy-mm-dd", "align": "center"}),
    }


def _cover(
    book: Any,
    formats: dict[str, Any],
    words: dict[str, Any],
    s: Settings,
    title: str,
    sheets: list[_Sheet],
    language: str,
) -> None:
    page = book.add_worksheet(words["cover"])
    page.write_string(0, 0, clean(title), formats["title"])
    facts = {
        "issuer": s.issuer,
        "document_number": s.document_number,
        "region": region_name(s.region, language),
        "as_of": s.as_of.isoformat(),
        "window_days": str(s.window_days),
        "rules": s.rules,
    }
    row = 2
    for name, fact in facts.items():
        page.write_string(row, 0, words[name], formats["wrapped"])
        page.write_string(row, 1, clean(fact), formats["wrapped"])
        row += 1
    row += 1
    for column, name in enumerate(("sheet", "about", "rows")):
        page.write_string(row, column, words[name], formats["head"])
    for sheet in sheets:
        row += 1
        page.write_url(row, 0, "internal:'{}'!A1".format(sheet.name.replace("'", "''")), formats["link"], sheet.name)
        page.write_string(row, 1, clean(sheet.title), formats["wrapped"])
        page.write_number(row, 2, len(sheet.rows), formats["int"])
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 50)
    page.set_column(2, 2, 10)
    page.hide_gridlines(2)
    _on_paper(page)


def _notes(book: Any, formats: dict[str, Any], words: dict[str, Any], sheets: list[_Sheet], language: str) -> None:
    """How to read the workbook, and what each column of the measured accounts and of the findings means."""
    page = book.add_worksheet(words["notes"])
    page.write_string(0, 0, words["notes"], formats["title"])
    row = 2
    for name in ("null_note", "date_note", "text_note", "where_note"):
        page.write_string(row, 0, words[name], formats["note"])
        row += 1
    for sheet in sheets:
        if len(sheet.rows) > MOST_ROWS:
            told = words["too_many"].format(rows=len(sheet.rows), kept=MOST_ROWS)
            page.write_string(row, 0, f"{sheet.name}: {told}", formats["note"])
            row += 1
    row += 1
    page.write_string(row, 0, words["column_note"], formats["title"])
    for column, name in enumerate(("column", "label", "meaning", "unit")):
        page.write_string(row + 1, column, words["columns"][name], formats["head"])
    row += 2
    ledger = dictionary("accounts") | dictionary("measured") | dictionary("findings")
    for field in ledger.values():
        for column, text in enumerate(
            (field.name, label(field.name, language), in_language(field.meanings, language), field.unit)
        ):
            page.write_string(row, column, clean(text), formats["wrapped"])
        row += 1
    for column, width in enumerate((24, 22, 70, 12)):
        page.set_column(column, column, width)
    _on_paper(page)


def _write(book: Any, formats: dict[str, Any], sheet: _Sheet) -> None:
    """One table: title in A1, the note below, a head that stays in sight, a filter, a width that fits Chinese."""
    page = book.add_worksheet(sheet.name)
    page.write_string(0, 0, clean(sheet.title), formats["title"])
    if sheet.note:
        page.write_string(1, 0, clean(sheet.note), formats["note"])
    top = 2
    for column, head in enumerate(sheet.heads):
        page.write_string(top, column, clean(head), formats["head"])
    rows = sheet.rows[:MOST_ROWS]
    # Empty cells of a short table are framed like the others; in long ones they would be half of the file.
    blank, framed = formats["text"], len(rows) <= FRAMED
    for at, row in enumerate(rows, top + 1):
        for column, (value, kind) in enumerate(zip(row, sheet.kinds, strict=True)):
            if value is None:
                if framed:
                    page.write_blank(at, column, None, blank)
            elif kind == "date" and _is_date(value):
                page.write_number(at, column, _serial(value), formats["date"])
            elif isinstance(value, int | float) and not isinstance(value, bool):
                page.write_number(at, column, value, formats[kind if kind != "text" else "number"])
            else:
                page.write_string(at, column, clean(value)[:MOST_CHARACTERS], formats["text"])
    for column in range(len(sheet.heads)):
        page.set_column(column, column, _width(sheet, column))
    page.set_row(top, 15 * (1 + max(head.count("\n") for head in sheet.heads)) + 4)
    # The first columns say which row it is: they stay when one goes to the right.
    page.freeze_panes(top + 1, 1 if len(sheet.heads) > 8 else 0)
    if rows:
        page.autofilter(top, 0, top + len(rows), len(sheet.heads) - 1)
    page.repeat_rows(top)
    _on_paper(page, wide=len(sheet.heads) > 12)


def _on_paper(page: Any, *, wide: bool = False) -> None:
    """A4 (paper size 9) across, made to fit its width unless nobody could read it then."""
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(0 if wide else 1, 0)
    page.set_footer("&C— &P —")


def _is_date(value: Any) -> bool:
    return isinstance(value, dt.date) or (isinstance(value, str) and ISO.fullmatch(value) is not None)


def _serial(value: Any) -> int:
    """A date as the spreadsheet counts it: days since 1899-12-30."""
    day = dt.date.fromisoformat(value) if isinstance(value, str) else value
    return (day - dt.date(1899, 12, 30)).days


def _width(sheet: _Sheet, column: int) -> float:
    """Characters of the default type: two for a Chinese one, and room for the button of the filter."""
    texts = sheet.heads[column].split("\n")
    widths = [em_width(text) * 2 + 3 for text in texts]
    if sheet.kinds[column] == "date":
        return max(*widths, 12)
    for row in sheet.rows[:LOOKED_AT]:
        value = row[column]
        if value is not None:
            shown = f"{value:.4g}" if isinstance(value, float) else clean(value)
            widths += [em_width(line) * 2 + 2 for line in shown.split("\n")]
    return min(max(widths), WIDEST)
