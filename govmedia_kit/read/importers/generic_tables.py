"""Files in nobody's layout but the dictionary's: ledgers, posts and messages whose columns carry its names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from govmedia_kit import headings
from govmedia_kit.errors import InputError
from govmedia_kit.read.importers.layouts import Layout
from govmedia_kit.read.importers.resolve_accounts import NAMING
from govmedia_kit.read.ledger import match_columns, read_ledger
from govmedia_kit.read.sources.files import ROW, Grid, grids
from govmedia_kit.read.sources.source_table import Part, input_errors
from govmedia_kit.read.sources.texts import WIDEST

__all__ = ["read"]

# The columns that make a table one of the dictionary's; the first whose columns are all there.
MARKS = (
    ("messages", ("received_at", "replied_at")),
    ("messages", ("received_at", "message_id")),
    ("posts", ("account_id", "published_at")),
)
OwnTable = tuple[Part, Layout, pl.DataFrame, Counter[str]]


def read(path: Path) -> list[OwnTable]:
    """The tables of a file that the dictionary's column names explain; an empty list where there is none."""
    with input_errors(path):
        try:
            # A file whose line ends were lost is one row of thousands of cells, and no table.
            found = [grid for grid in grids(path) if grid.frame.width <= WIDEST]
        except InputError:
            return []
        tables = [table for grid in found if (table := _posts_or_messages(path, grid))]
        return tables or (_ledger(path) if found else [])


def _posts_or_messages(path: Path, grid: Grid) -> OwnTable | None:
    for table, marks in MARKS:
        headed = match_columns.headed(grid, table)
        names = set(headings.match_columns(headed.header, table).values())
        if set(marks) <= names and headed.frame.height:
            frame, _ = match_columns.typed(headed, table)
            every = headed.frame.select(ROW, __blank=pl.all_horizontal(pl.exclude(ROW).is_null()))
            rows = every.join(frame, on=ROW, how="left", maintain_order="left")
            when = "published_at" if table == "posts" else "received_at"
            why = pl.when("__blank").then(pl.lit("blank")).when(pl.col(when).is_null()).then(pl.lit("no_time"))
            return _table(path, grid.sheet, "kit", table, rows.with_columns(__why=why).drop("__blank"), Counter())
    return None


def _ledger(path: Path) -> list[OwnTable]:
    """A ledger's accounts, each under the number of its row in the file; rows that give none say why.

    A row of one unit with several platforms makes several accounts, and is one row kept.
    """
    try:
        accounts, problems, fates = read_ledger.read_ledger(path)
    except InputError:
        return []
    if not accounts.height or accounts["platform"].null_count() == accounts.height:
        return []
    fates = fates.with_row_index("__at", 1).with_columns(pl.col("__at").cast(pl.UInt32))
    accounts = accounts.join(fates.select("__grid", ROW, "__at"), on=["__grid", ROW], how="left", maintain_order="left")
    accounts = accounts.drop("__grid", "__sheet", ROW).rename({"__at": ROW})
    lacks_platform, lacks_id = pl.col("platform").is_null(), pl.col("account_id").is_null()
    why = pl.when(lacks_platform).then(pl.lit("no_platform")).when(lacks_id).then(pl.lit("no_account"))
    accounts = accounts.with_columns(__why=why)
    good, lost = accounts.filter(pl.col("__why").is_null()), accounts.filter(pl.col("__why").is_not_null())
    useless = lost.join(good, on=ROW, how="anti").unique(ROW, keep="first", maintain_order=True)
    others = fates.select(pl.col("__at").alias(ROW), __why=pl.coalesce("why", pl.lit("no_account")))
    others = others.join(accounts, on=ROW, how="anti")
    notes = Counter(
        accounts_made=good.height,
        accounts_unread=lost.join(good, on=ROW, how="semi").height,
        ledger_problems=sum(problem.severity != "note" for problem in problems),
    )
    return [_table(path, "", "ledger", "accounts", pl.concat([good, useless, others], how="diagonal"), notes)]


def _table(path: Path, sheet: str, tool: str, table: str, rows: pl.DataFrame, notes: Counter[str]) -> OwnTable:
    """Rows under the columns that say whose they are, as a part that needs no loading."""
    absent = [pl.lit(None, pl.String).alias(c) for c in NAMING if c not in rows.columns]
    part = Part(path, sheet, "sheet" if sheet else "text", [], lambda head, names, layout: rows)
    return part, Layout(tool=tool, name=table, table=table, columns=()), rows.with_columns(absent), notes
