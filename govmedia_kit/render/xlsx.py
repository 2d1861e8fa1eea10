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

from govmedia_kit import package_data
from govmedia_kit.catalogue import in_language
from govmedia_kit.judge.figures import Figure
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.page_layout import document_words, title_of
from govmedia_kit.report.annexes import cell
from govmedia_kit.report.blocks import Block, clean
from govmedia_kit.report.phrases import region_name
from govmedia_kit.schema import columns, label
from govmedia_kit.text_width import em_width

__all__ = ["sheet_name", "write"]

# Rows and characters that a sheet of the format can hold.
MOST_ROWS, MOST_CHARACTERS = 1_048_570, 32_767
WIDEST, ISO = 60, re.compile(r"\d{4}-\d{2}-\d{2}")
# Rows whose texts are looked at for a column's width; rows of a table whose empty cells are framed.
LOOKED_AT, FRAMED = 200, 200
# The settings that the cover shows.
ON_COVER = ("issuer", "document_number", "region", "as_of", "window_days", "rules")
KINDS = {pl.Int64: "int", pl.Date: "date", pl.Float64: "number"}


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

    words, blocks = document_words(language)["workbook"], list(blocks)
    sheets = _sheets({"measured": measured, "findings": findings}, figures, blocks, words, language)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    looks = package_data.words("templates/workbook.toml")
    with xlsxwriter.Workbook(str(path), {**options, "default_date_format": looks["date"]["num_format"]}) as book:
        day, title = settings.issued_on or settings.as_of, title_of(blocks, settings)
        created = dt.datetime(day.year, day.month, day.day)
        book.set_properties({"title": clean(title), "author": clean(settings.issuer), "created": created})
        formats = {name: book.add_format(look) for name, look in looks.items()}
        facts = {name: getattr(settings, name) for name in ON_COVER}
        facts["region"] = region_name(settings.region, language)
        _cover(book.add_worksheet(words["cover"]), formats, words, title, facts, sheets)
        _notes(book.add_worksheet(words["notes"]), formats, words, sheets, language)
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), formats, sheet)


def _sheets(
    frames: dict[str, pl.DataFrame], figures: Mapping[str, Figure], blocks: list[Block], words: Any, language: str
) -> list[_Sheet]:
    taken = {words["cover"].lower(), words["notes"].lower()}
    made = []
    for block in blocks:
        if block["type"] == "table" and block["id"] != "figures":
            heads, kinds = [c["label"] for c in block["columns"]], [c["kind"] for c in block["columns"]]
            title = f"{block['annex']} {block['caption']}".strip()
            made.append(_Sheet(sheet_name(title, taken), title, heads, kinds, block["rows"], block["note"]))
    for name, frame in frames.items():
        # Under its label the column's own name: conditions of figures name columns so.
        heads = [f"{label(column, language)}\n{column}" for column in frame.columns]
        kinds = [KINDS.get(dtype.base_type(), "text") for dtype in frame.dtypes]
        rows = [[cell(n, v, language) for n, v in row.items()] for row in frame.iter_rows(named=True)]
        made.append(_Sheet(sheet_name(words[name], taken), words[name], heads, kinds, rows))
    names = ("id", "label", "value", "low", "high", "count", "of", "text")
    rows = [[*(getattr(f, n) for n in names), f.evidence["table"], f.evidence["where"]] for f in figures.values()]
    kinds = ["text", "text", "number", "number", "number", "int", "int", "text", "text", "text"]
    heads = [words["columns"][n] for n in (*names, "table", "where")]
    return [*made, _Sheet(sheet_name(words["figures"], taken), words["figures"], heads, kinds, rows)]


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


def _line(page: Any, row: int, texts: Iterable[Any], look: Any) -> None:
    for column, text in enumerate(texts):
        page.write_string(row, column, clean(text), look)


def _cover(
    page: Any, formats: dict[str, Any], words: dict[str, Any], title: str, facts: dict[str, Any], sheets: list[_Sheet]
) -> None:
    _line(page, 0, [title], formats["title"])
    for row, (name, fact) in enumerate(facts.items(), 2):
        _line(page, row, [words[name], fact], formats["wrapped"])
    top = len(facts) + 3
    _line(page, top, [words[name] for name in ("sheet", "about", "rows")], formats["head"])
    for row, sheet in enumerate(sheets, top + 1):
        page.write_url(row, 0, "internal:'{}'!A1".format(sheet.name.replace("'", "''")), formats["link"], sheet.name)
        page.write_string(row, 1, clean(sheet.title), formats["wrapped"])
        page.write_number(row, 2, len(sheet.rows), formats["int"])
    page.hide_gridlines(2)
    _on_paper(page, (34, 50, 10))


def _notes(page: Any, formats: dict[str, Any], words: dict[str, Any], sheets: list[_Sheet], language: str) -> None:
    """How to read the workbook, and what each column of the measured accounts and of the findings means."""
    notes = [words[name] for name in ("null_note", "date_note", "text_note", "where_note")]
    for sheet in sheets:
        if len(sheet.rows) > MOST_ROWS:
            notes.append(f"{sheet.name}: {words['too_many'].format(rows=len(sheet.rows), kept=MOST_ROWS)}")
    _line(page, 0, [words["notes"]], formats["title"])
    for row, note in enumerate(notes, 2):
        _line(page, row, [note], formats["note"])
    top = len(notes) + 3
    _line(page, top, [words["column_note"]], formats["title"])
    _line(page, top + 1, [words["columns"][n] for n in ("column", "label", "meaning", "unit")], formats["head"])
    fields = columns("accounts") | columns("measured") | columns("findings")
    for row, field in enumerate(fields.values(), top + 2):
        meaning = in_language(field.meanings, language)
        _line(page, row, (field.name, label(field.name, language), meaning, field.unit), formats["wrapped"])
    _on_paper(page, (24, 22, 70, 12))


def _write(page: Any, formats: dict[str, Any], sheet: _Sheet) -> None:
    """One table: title in A1, the note below, a head that stays in sight, a filter, a width that fits Chinese."""
    _line(page, 0, [sheet.title], formats["title"])
    if sheet.note:
        _line(page, 1, [sheet.note], formats["note"])
    top = 2
    _line(page, top, sheet.heads, formats["head"])
    rows = sheet.rows[:MOST_ROWS]
    for at, row in enumerate(rows, top + 1):
        for column, (value, kind) in enumerate(zip(row, sheet.kinds, strict=True)):
            if kind == "date" and isinstance(value, str) and ISO.fullmatch(value):
                page.write_datetime(at, column, dt.date.fromisoformat(value), formats["date"])
            elif isinstance(value, int | float):
                page.write_number(at, column, value, formats[kind if kind != "text" else "number"])
            elif value is not None:
                page.write_string(at, column, clean(value)[:MOST_CHARACTERS], formats["text"])
            # Empty cells of a short table are framed like the others; in long ones they would be half of the file.
            elif len(rows) <= FRAMED:
                page.write_blank(at, column, None, formats["text"])
    page.set_row(top, 15 * (1 + max(head.count("\n") for head in sheet.heads)) + 4)
    # The first columns say which row it is: they stay when one goes to the right.
    page.freeze_panes(top + 1, 1 if len(sheet.heads) > 8 else 0)
    if rows:
        page.autofilter(top, 0, top + len(rows), len(sheet.heads) - 1)
    page.repeat_rows(top)
    _on_paper(page, [_width(sheet, column) for column in range(len(sheet.heads))], wide=len(sheet.heads) > 12)


def _on_paper(page: Any, widths: Iterable[float], *, wide: bool = False) -> None:
    """Columns of widths, printed on A4 (paper size 9) across, made to fit its width unless nobody could read it then."""
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(0 if wide else 1, 0)
    page.set_footer("&C— &P —")


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
