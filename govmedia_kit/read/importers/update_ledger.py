"""Accounts of an import into a folder: below the ledger that is there or beside it, and the days that were collected.

A ledger that somebody wrote is never rewritten. Accounts that it lacks are added below its rows in a copy that then takes its
place, or go to `accounts-imported.csv` where the ledger is not a table that can be added to; the days for which posts
were collected go to `observed.csv` (account_id, observed_from, observed_to), which `read_audit` joins. An
`accounts.csv` whose rows all come from imports keeps those days itself.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import parse_cells, schema
from govmedia_kit.errors import InputError, Problem
from govmedia_kit.headings import positions
from govmedia_kit.interop import with_fields
from govmedia_kit.read.find_table import tables_in
from govmedia_kit.read.importers.deduplicate import Imported
from govmedia_kit.read.importers.layouts import tools
from govmedia_kit.read.ledger import match_columns, read_ledger
from govmedia_kit.read.sources.files import grids
from govmedia_kit.read.sources.texts import decoded

__all__ = ["BESIDE", "OBSERVED", "read_observed", "replaced", "with_observed", "write_accounts"]

BESIDE = "accounts-imported.csv"
OBSERVED = "observed.csv"
DAYS: dict[str, Any] = {"account_id": pl.String, "observed_from": pl.Date, "observed_to": pl.Date}
# A table and its file, rows before, added, changed and after.
Row = tuple[Any, ...]


def write_accounts(folder: Path, imported: Imported) -> list[Row]:
    """The accounts and days of an import into a folder: for each file that they go to, its rows before and after."""
    path = folder / "accounts.csv"
    others = [table for table in tables_in(folder, "accounts") if table != path]
    if not path.exists() and not others:
        return [_new(path, imported.accounts)]
    table = None if others else _Table(path)
    if table and table.is_imports:
        return [table.merged(imported.accounts)]
    addable = _addable(imported)
    new = addable.filter(~pl.col("account_id").is_in(_ids_of([*others, *([path] if path.exists() else [])])))
    if table is None or not {"account_id", "platform"} <= table.positions.keys():
        path = folder / BESIDE
        table = _Table(path) if path.exists() else None
    found: list[Row] = []
    if table and "account_id" in table.positions:
        found.append(table.merged(new))
    elif new.height:
        found.append(_new(path, new))
    return found + _observed(folder / OBSERVED, addable)


def read_observed(folder: Path) -> tuple[pl.DataFrame, list[Problem]]:
    """The days of `observed.csv`, one row per account; none where there is no such file."""
    path = folder / OBSERVED
    if not path.exists():
        return pl.DataFrame(schema=DAYS), []
    grid = match_columns.headed(grids(path)[0], "accounts")
    frame, problems = match_columns.typed(grid, "accounts")
    read_ledger.require(frame, grid, "accounts", DAYS)
    return _widest(frame.drop_nulls("account_id").select(list(DAYS))), problems


def with_observed(accounts: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """The accounts with the days of both: collected from the earlier first day to the later last one."""
    if not days.height:
        return accounts
    accounts = with_fields(accounts, "accounts", *DAYS)
    both = accounts.join(days, on="account_id", how="left", suffix="_beside", maintain_order="left")
    return both.with_columns(
        observed_from=pl.min_horizontal("observed_from", "observed_from_beside"),
        observed_to=pl.max_horizontal("observed_to", "observed_to_beside"),
    ).drop("observed_from_beside", "observed_to_beside")


def _widest(days: pl.DataFrame) -> pl.DataFrame:
    return (
        days.group_by("account_id").agg(pl.col("observed_from").min(), pl.col("observed_to").max()).sort("account_id")
    )


def _observed(path: Path, accounts: pl.DataFrame) -> list[Row]:
    days = accounts.select(list(DAYS)).filter(pl.any_horizontal(pl.col("observed_from", "observed_to").is_not_null()))
    if not days.height:
        return []
    before = read_observed(path.parent)[0]
    after = _widest(pl.concat([before, days]))
    added = after.join(before, on="account_id", how="anti").height
    changed = after.height - added - after.join(before, on=list(DAYS), how="semi", nulls_equal=True).height
    if added or changed:
        _write_csv(path, after)
    return [("observed", path.name, before.height, added, changed, after.height)]


def _new(goal: Path, accounts: pl.DataFrame) -> Row:
    always = ("account_id", "platform", "platform_id", "name", "unit", "observed_from", "observed_to", "source")
    keep = [c for c in accounts.columns if c in always or accounts[c].null_count() < accounts.height]
    _write_csv(goal, accounts.select(keep))
    return "accounts", goal.name, 0, accounts.height, 0, accounts.height


def _write_csv(path: Path, frame: pl.DataFrame) -> None:
    """A table as spreadsheets of any language open it: with a byte order mark and their line ends."""
    replaced(path, lambda beside: frame.write_csv(beside, include_bom=True, line_terminator="\r\n"))


def _ids_of(paths: list[Path]) -> list[str]:
    """The ids that ledgers give their accounts, those built from other columns too; of one that cannot be read, none."""
    found: list[str] = []
    for path in paths:
        try:
            found += read_ledger.read_accounts(path)[0]["account_id"].drop_nulls().to_list()
        except InputError:
            continue
    return found


def _addable(imported: Imported) -> pl.DataFrame:
    """Accounts that may stand in a ledger: not those met in a search, nor those of whom only a hash is known."""
    unknown = pl.col("account_id").is_in(list(imported.searched)) | pl.col("account_id").str.contains(
        ":hash:", literal=True
    )
    return imported.accounts.filter(~unknown)


class _Table:
    """A CSV of accounts as it lies there: its rows, which column is which, its line ends and encoding."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content = path.read_bytes()
        self.rows = list(csv.reader(io.StringIO(decoded(self.content), newline="")))
        self.header = self.rows[0] if self.rows else []
        self.positions = positions(self.header, "accounts")

    @property
    def is_imports(self) -> bool:
        """Whether an import wrote every row of it: under the fields' own names, each from a tool."""
        known = {*tools(), "ledger", "kit"}
        at, names = self.positions.get("source"), [name.removeprefix("\ufeff") for name in self.header]
        if at is None or not {*DAYS, "platform"} <= set(names) or not set(names) <= set(schema.columns("accounts")):
            return False
        filled = [row for row in self.rows[1:] if any(row)]
        return all(len(row) > at and set(row[at].split("; ")) <= known for row in filled)

    def merged(self, accounts: pl.DataFrame) -> Row:
        """Rows below for accounts that it lacks, and longer days where an import wrote it; else the file stays untouched."""
        at = self.positions["account_id"]
        there = {row[at].strip(): row for row in self.rows[1:] if len(row) > at}
        before = sum(any(row) for row in self.rows[1:])
        new = accounts.filter(~pl.col("account_id").is_in(list(there)))
        changed = self._longer(there, accounts) if self.is_imports or self.path.name == BESIDE else 0
        if new.height or changed:
            self._write(new, whole=bool(changed))
        return "accounts", self.path.name, before, new.height, changed, before + new.height

    def _longer(self, there: dict[str, list[str]], accounts: pl.DataFrame) -> int:
        """How many rows had to be given an earlier first day or a later last one."""
        if not {"observed_from", "observed_to"} <= set(self.positions):
            return 0
        ends = [(self.positions[name], wider) for name, wider in (("observed_from", min), ("observed_to", max))]
        # A spreadsheet that saved the file may have written its days another way.
        cells = pl.Series([row[at] for row in there.values() for at, _ in ends if at < len(row)], dtype=pl.String)
        days = dict(zip(cells, parse_cells.meanings(cells, parse_cells.day), strict=True))
        changed = 0
        for account, first, last in accounts.select(list(DAYS)).iter_rows():
            if (row := there.get(account)) is None:
                continue
            row += [""] * (len(self.header) - len(row))
            before = list(row)
            for day, (at, wider) in zip((first, last), ends, strict=True):
                old = days.get(row[at])
                if day is not None and (old is None or wider(old, day) != old):
                    row[at] = day.isoformat()
            changed += row != before
        return changed

    def _write(self, new: pl.DataFrame, *, whole: bool) -> None:
        encoding = "utf-16" if self.content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
        try:
            old = self.content.decode(encoding)
        except UnicodeDecodeError:
            encoding = "gb18030"
            old = self.content.decode(encoding)
        end = "\r\n" if b"\r\n" in self.content else "\n"
        if whole:
            old = "\ufeff" * old.startswith("\ufeff") + _csv_text(self.rows, end).removeprefix("\ufeff")
        added = []
        for account in new.iter_rows(named=True):
            row = [""] * len(self.header)
            for name, at in self.positions.items():
                value = account.get(name)
                row[at] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            added.append(row)
        text = old + ("" if old.endswith(("\n", "\r")) or not old else end) + _csv_text(added, end)
        replaced(self.path, lambda beside: beside.write_bytes(text.encode(encoding)))


def _csv_text(rows: list[list[str]], end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end).writerows(rows)
    return out.getvalue()


def replaced(path: Path, write: Callable[[Path], Any]) -> None:
    """A file written beside and then put in the place of the old one."""
    beside = path.with_name(f".{path.name}.part")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
