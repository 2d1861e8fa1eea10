"""Cells of imported tables that a user should mend, each with its file, sheet, row and column."""

from __future__ import annotations

import datetime as dt
import functools

import polars as pl

from govmedia_kit import parse_cells, schema
from govmedia_kit.errors import Place, Problem
from govmedia_kit.read.importers.layouts import key
from govmedia_kit.read.importers.parse_rows import IDS, columns_wanted
from govmedia_kit.read.importers.read_parts import ReadPart
from govmedia_kit.read.sources.files import ROW
from govmedia_kit.read.sources.workbooks import letter

__all__ = ["cells_to_mend", "errors_in"]


def _place(one: ReadPart, row: int, at: int | None) -> Place:
    """Where a cell of a part stands."""
    header = one.part.heads[one.head] if one.part.heads else []
    heading = header[at] if at is not None and at < len(header) else ""
    sheet = one.part.name if one.part.kind == "sheet" else ""
    return Place(one.file, sheet, row, heading, letter(at) if at is not None else "")


def errors_in(one: ReadPart) -> list[Problem]:
    """Cells of columns that are read in which a formula has no value, or an error."""
    header = one.part.heads[one.head] if one.part.heads else []
    used = set(map(key, columns_wanted(one.layout)))
    return [
        Problem(kind, _place(one, row, at), {"found": text})
        for (row, at), (kind, text) in sorted(one.part.odd.items())
        if at < len(header) and key(header[at]) in used
    ]


def cells_to_mend(one: ReadPart, limit: dt.date | None) -> list[Problem]:
    """Cells of a table in the dictionary's own words that mean nothing, and needed ones that are empty, each with its place."""
    table, header = one.layout.table, one.part.heads[one.head] if one.part.heads else []
    if table not in ("posts", "messages"):
        return []
    needed = [name for name, field in schema.columns(table).items() if field.required and name in one.layout.fields]

    def place(row: int, name: str) -> Place:
        at = next((i for i, other in enumerate(header) if key(other) == key(one.layout.fields[name][0])), None)
        return _place(one, row, at)

    problems = []
    # What only foreign layouts have, such as when a feed was built, is no field that a user could mend.
    own = pl.col("field").is_in([*schema.columns(table), *IDS])
    for row, name, text in one.odd.filter(own).iter_rows():
        kind, facts = ("cell_id_rounded", {"found": text}) if name in IDS else parse_cells.misread(text, table, name)
        if kind == "bad_date" and parse_cells.day_of(text) is not None:
            kind, facts = "date_late", {"found": text, "latest": limit}
        problems.append(Problem(kind, place(row, name), facts))
    said = set(one.odd.select(ROW, "field").iter_rows())
    errors = {(row, header[at]) for row, at in one.part.odd if at < len(header)}
    said |= {(row, name) for row, heading in errors for name, own in one.layout.fields.items() if heading in own}
    for name in needed:
        rows = one.rows.filter(
            pl.col(name).is_null(), ~pl.col("__why").is_in(["blank", "header_again"]).fill_null(False)
        )[ROW]
        facts = {"label": functools.partial(schema.label, name)}
        problems += [Problem("missing_value", place(row, name), facts) for row in rows if (row, name) not in said]
    return problems
