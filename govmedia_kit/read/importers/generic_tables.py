"""Files in nobody's layout but the dictionary's: ledgers, posts and messages whose columns carry its names.

The kit's own posts and messages are a layout like any other tool's, made from the header: which heading is which field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from govmedia_kit import observations, schema
from govmedia_kit.errors import InputError
from govmedia_kit.headings import column_key, positions
from govmedia_kit.read.importers.layouts import Layout
from govmedia_kit.read.importers.resolve_accounts import NAMING
from govmedia_kit.read.ledger import read_ledger
from govmedia_kit.read.sources.files import ROW, SURPLUS, grids
from govmedia_kit.read.sources.source_table import Part, input_errors
from govmedia_kit.read.sources.texts import WIDEST

__all__ = ["KIT", "LEDGER", "ledger_of", "own_layout"]

# The names under which tables in the dictionary's own words stand in a report.
KIT, LEDGER = "kit", "ledger"
# The fields that make a table one of the dictionary's; the first whose fields are all there.
MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("messages", ("received_at", "replied_at")),
    ("messages", ("received_at", "message_id")),
    ("posts", ("account_id", "published_at")),
)
OwnTable = tuple[Part, Layout, pl.DataFrame, Counter[str]]


def own_layout(header: Iterable[str], table: str | None = None) -> Layout | None:
    """The layout of a table in the dictionary's own words, or None; of `table` alone, all of whose needed fields it then has.

    Where one of its headings only a search has, what it lists are hits.
    """
    header = list(header)
    asked: list[tuple[str, tuple[str, ...]]] = list(MARKS)
    if table:
        asked = [(table, tuple(name for name, field in schema.columns(table).items() if field.required))]
    for kind, marks in asked:
        places = positions(header, kind)
        if set(marks) <= places.keys():
            fields: dict[str, tuple[str, ...]] = {name: (header[i],) for name, i in places.items()}
            searched = [name for name in header if column_key(name) in observations.SEARCHED]
            if searched and kind == "posts":
                fields["keyword"] = tuple(searched)
            return Layout(tool=KIT, name=kind, table=kind, columns=(), fields=fields)
    return None


def ledger_of(path: Path) -> list[OwnTable]:
    """A ledger's accounts, each under the number of its row in the file; rows that give none say why. Empty where it is none.

    A row of one unit with several platforms makes several accounts, and is one row kept.
    """
    try:
        with input_errors(path):
            # A file whose line ends were lost is one row of thousands of cells, and no table.
            found = [grid for grid in grids(path) if grid.frame.width <= WIDEST + SURPLUS]
            if not found:
                return []
            accounts, problems, fates, _ = read_ledger.read_ledger(path)
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
    rows = pl.concat([good, useless, others], how="diagonal")
    absent = [pl.lit(None, pl.String).alias(c) for c in NAMING if c not in rows.columns]
    part = Part(path, "", "text", [], lambda head, names, layout: rows)
    for doubt in (doubt for grid in found for doubt in grid.doubts):
        if doubt not in part.doubts:
            part.doubts.append(doubt)
    layout = Layout(tool=LEDGER, name="accounts", table="accounts", columns=())
    return [(part, layout, rows.with_columns(absent), notes)]
