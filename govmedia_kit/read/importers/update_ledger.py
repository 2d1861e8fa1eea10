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

from govmedia_kit import schema
from govmedia_kit.errors import InputError, Problem
from govmedia_kit.read.importers.deduplicate import Imported
from govmedia_kit.read.importers.layouts import tools
from govmedia_kit.read.ledger import match_columns, parse_cells, read_ledger
from govmedia_kit.read.sources.files import decoded, grids

__all__ = ["BESIDE", "OBSERVED", "read_observed", "replaced", "with_observed", "write_accounts"]

BESIDE = "accounts-imported.csv"
OBSERVED = "observed.csv"
LEDGERS = (".xlsx", ".xls", ".xlsm", ".ods", ".parquet", ".json", ".jsonl", ".tsv")
DAYS: dict[str, Any] = {"account_id": pl.String, "observed_from": pl.Date, "observed_to": pl.Date}
# A table and its file, rows before, added, changed and after.
Row = tuple[Any, ...]


def write_accounts(folder: Path, imported: Imported) -> list[Row]:
    """The accounts and days of an import into a folder: for each file that they go to, its rows before and after."""
    path = folder / "accounts.csv"
    others = sorted(p for p in folder.glob("accounts.*") if p.suffix.lower() in LEDGERS)
    if not path.exists() and not others:
        return [_new(path, imported.accounts)]
    if not others:
        table = _Table(path)
        if table.is_imports:
            return [table.merged(imported.accounts)]
    known = _ids_of([*others, *([path] if path.exists() else [])])
    new = _addable(imported).filter(~pl.col("account_id").is_in(known))
    found: list[Row] = []
    if not others and {"account_id", "platform"} <= set(table.positions):
        found.append(table.merged(new))
    elif new.height or (folder / BESIDE).exists():
        goal = folder / BESIDE
        beside = _Table(goal) if goal.exists() else None
        if beside and "account_id" in beside.positions:
            found.append(beside.merged(new))
        else:
            found.append(_new(goal, new))
    return found + _observed(folder / OBSERVED, _addable(imported))


def read_observed(folder: Path) -> tuple[pl.DataFrame, list[Problem]]:
    """The days of `observed.csv`, one row per account; none where there is no such file."""
    path = folder / OBSERVED
    if not path.exists():
        return pl.DataFrame(schema=DAYS), []
    frame, problems = match_columns.typed(match_columns.headed(grids(path)[0], "accounts"), "accounts")
    for name in DAYS:
        if name not in frame.columns:
            raise InputError(
                "no_column",
                **read_ledger.column_facts(match_columns.headed(grids(path)[0], "accounts"), "accounts", name),
            )
    return _widest(frame.drop_nulls("account_id").select(list(DAYS))), problems


def with_observed(accounts: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """The accounts with the days of both: collected from the earlier first day to the later last one."""
    if not days.height:
        return accounts
    absent = [pl.lit(None, pl.Date).alias(name) for name in DAYS if name not in accounts.columns]
    both = accounts.with_columns(absent).join(
        days, on="account_id", how="left", suffix="_beside", maintain_order="left"
    )
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
        text = "\ufeff" + after.write_csv(line_terminator="\r\n")
        replaced(path, lambda beside: beside.write_bytes(text.encode()))
    return [("observed", path.name, before.height, added, changed, after.height)]


def _new(goal: Path, accounts: pl.DataFrame) -> Row:
    always = ("account_id", "platform", "platform_id", "name", "unit", "observed_from", "observed_to", "source")
    keep = [c for c in accounts.columns if c in always or accounts[c].null_count() < accounts.height]
    text = "\ufeff" + accounts.select(keep).write_csv(line_terminator="\r\n")
    replaced(goal, lambda beside: beside.write_bytes(text.encode()))
    return "accounts", goal.name, 0, accounts.height, 0, accounts.height


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
        self.positions: dict[str, int] = {}
        for position, name in match_columns.match_columns(self.header, "accounts").items():
            self.positions.setdefault(name, position)

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
        # A spreadsheet that saved the file may have written its days another way.
        cells = [
            row[at]
            for row in there.values()
            for at in (self.positions["observed_from"], self.positions["observed_to"])
            if at < len(row)
        ]
        said = pl.DataFrame({"text": cells}, schema={"text": pl.String}).with_columns(
            day=parse_cells.day(pl.col("text"))
        )
        days: dict[str, Any] = dict(said.iter_rows())
        changed = 0
        for account, first, last in accounts.select(list(DAYS)).iter_rows():
            if (row := there.get(account)) is None:
                continue
            row += [""] * (len(self.header) - len(row))
            before = list(row)
            for name, day, wider in (("observed_from", first, min), ("observed_to", last, max)):
                old = days.get(row[self.positions[name]])
                if day is not None and (old is None or wider(old, day) != old):
                    row[self.positions[name]] = day.isoformat()
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
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator=end)
        if whole:
            writer.writerows(self.rows)
            old = "\ufeff" * old.startswith("\ufeff") + out.getvalue().removeprefix("\ufeff")
            out.seek(0)
            out.truncate()
        for row in new.iter_rows(named=True):
            cells = [""] * len(self.header)
            for name, position in self.positions.items():
                value = row.get(name)
                cells[position] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            writer.writerow(cells)
        text = old + ("" if old.endswith(("\n", "\r")) or not old else end) + out.getvalue()
        replaced(self.path, lambda beside: beside.write_bytes(text.encode(encoding)))


def replaced(path: Path, write: Callable[[Path], Any]) -> None:
    """A file written beside and then put in the place of the old one."""
    beside = path.with_name(f".{path.name}.part")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
