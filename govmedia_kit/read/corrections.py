"""`corrections.csv`: mends of an audit's cells that leave its files as they are, each with its reason and its guard.

A row names a table, the row of it (`key`), a column, the text that is there (`found`) and what it becomes. What it finds no
longer, or more than once, is an error: the source has healed, or the key is wrong.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import narwhals as nw
import polars as pl

from govmedia_kit import parse_cells, schema
from govmedia_kit.errors import Place, Problem, hint
from govmedia_kit.headings import match_columns, positions
from govmedia_kit.interop import with_fields
from govmedia_kit.read.ledger import match_columns as tables
from govmedia_kit.read.ledger.read_ledger import require
from govmedia_kit.read.sources.files import ROW, Grid, grids

__all__ = ["CORRECTIONS", "Correction", "Corrections", "read_corrections"]

CORRECTIONS = "corrections.csv"
TABLES = ("accounts", "posts", "messages", "filed")


class Correction(NamedTuple):
    """A row of `corrections.csv`, and where it stands."""

    row: int
    table: str
    key: str
    column: str
    found: str
    becomes: str | None
    reason: str


class Corrections:
    """The corrections of an audit, and how many cells each of them has met."""

    def __init__(self, asked: list[Correction]) -> None:
        self.asked = asked
        self.met = dict.fromkeys(asked, 0)

    def meeting(
        self, table: str, keyed: pl.DataFrame, cell: Callable[[int, str], str | None] | None
    ) -> dict[tuple[int, str], str | None]:
        """The cells of a table that corrections name and whose text is the one that they found: (row, field), to its new text.

        `keyed` has `__row` and `key`; `cell` answers the trimmed text of a field in a row, None where there is no such field.
        """
        asked = [one for one in self.asked if one.table == table]
        mends: dict[tuple[int, str], str | None] = {}
        if not asked or cell is None:
            return mends
        rows = keyed.filter(pl.col("key").is_in([one.key for one in asked])).group_by("key").agg(ROW)
        places = dict(rows.iter_rows())
        for one in asked:
            for row in places.get(one.key, []):
                if cell(row, one.column) == one.found:
                    mends[row, one.column] = one.becomes
                    self.met[one] += 1
        return mends

    def of_sheet(self, table: str) -> Callable[[pl.DataFrame, list[Grid]], list[Grid] | None] | None:
        """How a ledger's sheets are mended, given the accounts that they make as they stand; None where nothing asks for it."""
        if not any(one.table == table for one in self.asked):
            return None

        def mended(accounts: pl.DataFrame, sheets: list[Grid]) -> list[Grid] | None:
            found = list(sheets)
            for number, sheet in enumerate(sheets):
                places = positions(sheet.header, table)
                cells = {row: at for at, row in enumerate(sheet.frame[ROW])}

                def cell(
                    row: int, name: str, sheet: Grid = sheet, places: Any = places, cells: Any = cells
                ) -> str | None:
                    if name not in places:
                        return None
                    return str(sheet.frame[f"c{places[name]}"][cells[row]] or "").strip()

                mine = accounts.filter(pl.col("__sheet") == number).select(ROW, key="account_id")
                frame = sheet.frame
                for (row, name), becomes in self.meeting(table, mine, cell).items():
                    column = f"c{places[name]}"
                    text = (
                        pl.when(pl.col(ROW) == row)
                        .then(pl.lit(becomes, pl.String))
                        .otherwise(pl.col(column).cast(pl.String))
                    )
                    frame = frame.with_columns(text.alias(column))
                found[number] = sheet._replace(frame=frame)
            return found

        return mended

    def of_lake(self, posts: Any) -> Any:
        """Posts in Parquet with the corrections of them, on whatever engine: what becomes is understood as a cell's text is."""
        asked = [one for one in self.asked if one.table == "posts"]
        if not asked:
            return posts
        frame = nw.from_native(posts)
        names, dtypes = frame.collect_schema().names(), schema.dtypes("posts")
        key = nw.concat_str(nw.col("account_id").cast(nw.String), nw.lit("/"), nw.col("post_id").cast(nw.String))
        keyed = frame.with_columns(__key=key) if "post_id" in names else frame.with_columns(__key=nw.lit(""))
        rows = keyed.filter(nw.col("__key").is_in([one.key for one in asked]))
        there = rows.collect("polars").to_native() if isinstance(rows, nw.LazyFrame) else rows.to_polars()
        for one in asked:
            if one.column not in names:
                continue
            dtype = dtypes[one.column]
            text = (
                pl.col(one.column).dt.to_string("%Y-%m-%d %H:%M:%S")
                if dtype.is_temporal()
                else pl.col(one.column).cast(pl.String)
            )
            said = parse_cells.meant(pl.Series([one.found]), one.column, dtype)
            same = there.filter(
                pl.col("__key") == one.key,
                (text.fill_null("") == one.found) | (pl.col(one.column) == pl.lit(said[0], dtype)).fill_null(False),
            )
            self.met[one] = same.height
            value = parse_cells.meant(pl.Series([one.becomes], dtype=pl.String), one.column, dtype)[0]
            if same.height == 1:
                here = nw.col("__key") == one.key
                keyed = keyed.with_columns(
                    nw.when(here).then(nw.lit(value)).otherwise(nw.col(one.column)).alias(one.column)
                )
        return keyed.drop("__key").to_native()

    @property
    def used(self) -> list[dict[str, str | None]]:
        """The corrections that met their one cell, as `corrections.csv` has them."""
        return [
            {name: getattr(one, name) for name in Correction._fields[1:]} for one in self.asked if self.met[one] == 1
        ]

    def problems(self) -> list[Problem]:
        """Corrections that met no cell, or several."""
        return [
            Problem(
                "correction_missed" if not count else "correction_met_several",
                Place(CORRECTIONS, row=one.row),
                {"key": one.key, "column": one.column, "found": one.found, "count": count},
            )
            for one, count in self.met.items()
            if count != 1
        ]


def read_corrections(folder: Path) -> tuple[Corrections, list[Problem]]:
    """The corrections of an audit folder, none where it has no such file, and what is wrong in the file itself."""
    path = folder / CORRECTIONS
    if not path.exists():
        return Corrections([]), []
    grid = tables.headed(grids(path)[0], "corrections")
    # Texts as they stand: a reason is no word of a vocabulary, and what is found need not mean anything.
    places = positions(grid.header, "corrections")
    texts = {name: pl.col(f"c{i}").cast(pl.String).str.strip_chars() for name, i in places.items()}
    frame = grid.frame.select(ROW, **texts)
    require(frame, grid, "corrections", ["table", "key", "column", "reason"])
    frame = with_fields(frame, "corrections", *Correction._fields[1:])
    filled = frame.filter(pl.any_horizontal(pl.exclude(ROW).fill_null("") != ""))
    asked, problems = [], []
    for row in filled.select(ROW, *Correction._fields[1:]).iter_rows():
        one = Correction(row[0], *(text or "" for text in row[1:]))
        found = _problems_of(one)
        problems += found
        if not found:
            column = match_columns([one.column], one.table).get(0, one.column)
            asked.append(one._replace(column=column, becomes=one.becomes or None))
    return Corrections(asked), problems


def _problems_of(one: Correction) -> list[Problem]:
    """What is wrong in a row of the file itself."""
    place = Place(CORRECTIONS, row=one.row)
    missing = [name for name in ("key", "reason") if not getattr(one, name)]
    if missing:
        labels = [functools.partial(schema.label, name) for name in missing]
        return [Problem("missing_value", place, {"label": label}) for label in labels]
    known = list(TABLES) if one.table not in TABLES else list(schema.columns(one.table))
    name = "table" if one.table not in TABLES else "column"
    if name == "column" and (one.column in known or match_columns([one.column], one.table)):
        return []
    found = getattr(one, name)
    return [
        Problem("bad_correction", place, {"name": name, "found": found, "hint": hint(found, known), "known": known})
    ]
