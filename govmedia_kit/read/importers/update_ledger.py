"""Accounts of an import into a folder: below the ledger that is there or beside it, and out of it again.

A ledger that somebody wrote is never rewritten. Accounts that it lacks are added below its rows in a copy that then takes its
place, or go to `accounts-imported.csv` where the ledger is not a table that can be added to.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.errors import InputError
from govmedia_kit.headings import positions
from govmedia_kit.read.find_table import tables_in
from govmedia_kit.read.importers.deduplicate import Imported
from govmedia_kit.read.ledger import read_ledger
from govmedia_kit.read.sources.texts import decoded

__all__ = ["BESIDE", "Row", "addable", "replaced", "without_rows", "write_accounts"]

BESIDE = "accounts-imported.csv"
# A table and its file, rows before, added, changed and after.
Row = tuple[Any, ...]


def write_accounts(folder: Path, imported: Imported) -> tuple[list[Row], dict[str, list[list[str]]]]:
    """The accounts of an import into a folder: for the file that they go to its rows before and after, and the rows added."""
    path = folder / "accounts.csv"
    others = [table for table in tables_in(folder, "accounts") if table != path]
    if not path.exists() and not others:
        return [_new(path, imported.accounts)], _rows_in(path)
    new = addable(imported)
    new = new.filter(~pl.col("account_id").is_in(_ids_of([*others, *([path] if path.exists() else [])])))
    table = None if others else _Table(path)
    if table is None or not {"account_id", "platform"} <= table.positions.keys():
        path = folder / BESIDE
        table = _Table(path) if path.exists() else None
    if table and "account_id" in table.positions:
        row, added = table.merged(new)
        return [row], ({path.name: added} if added else {})
    return ([_new(path, new)], _rows_in(path)) if new.height else ([], {})


def without_rows(path: Path, rows: list[list[str]]) -> tuple[int, list[list[str]]]:
    """Take rows out of a CSV where they stand as they were added: how many went, and those that somebody has changed since.

    A file of which only the header is left is removed.
    """
    if not path.exists():
        return 0, []
    content = path.read_bytes()
    lines = decoded(content).splitlines(keepends=True)
    left = [list(row) for row in rows]
    kept: list[str] = []
    filled, start = 0, 0
    reader = csv.reader(lines)
    for number, row in enumerate(reader):
        if row in left:
            left.remove(row)
        else:
            kept += lines[start : reader.line_num]
            filled += bool(number and any(row))
        start = reader.line_num
    if not filled:
        path.unlink()
    elif len(left) < len(rows):
        encoding = _encoding(content)
        text = ("\ufeff" if content.startswith(b"\xef\xbb\xbf") else "") + "".join(kept)
        replaced(path, lambda beside: beside.write_bytes(text.encode(encoding)))
    return len(rows) - len(left), left


def _new(goal: Path, accounts: pl.DataFrame) -> Row:
    always = ("account_id", "platform", "platform_id", "name", "unit", "source")
    keep = [c for c in accounts.columns if c in always or accounts[c].null_count() < accounts.height]
    _write_csv(goal, accounts.select(keep))
    return "accounts", goal.name, 0, accounts.height, 0, accounts.height


def _rows_in(path: Path) -> dict[str, list[list[str]]]:
    return {path.name: list(csv.reader(io.StringIO(decoded(path.read_bytes()), newline="")))[1:]}


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


def addable(imported: Imported) -> pl.DataFrame:
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

    def merged(self, accounts: pl.DataFrame) -> tuple[Row, list[list[str]]]:
        """Rows below for accounts that it lacks, and those rows; without any the file stays untouched."""
        at = self.positions["account_id"]
        there = {row[at].strip() for row in self.rows[1:] if len(row) > at}
        before = sum(any(row) for row in self.rows[1:])
        new = accounts.filter(~pl.col("account_id").is_in(list(there)))
        added = [self._row(account) for account in new.iter_rows(named=True)]
        if added:
            text = self.content.decode(_encoding(self.content))
            end = "\r\n" if b"\r\n" in self.content else "\n"
            text += ("" if text.endswith(("\n", "\r")) or not text else end) + _csv_text(added, end)
            replaced(self.path, lambda beside: beside.write_bytes(text.encode(_encoding(self.content))))
        return ("accounts", self.path.name, before, new.height, 0, before + new.height), added

    def _row(self, account: dict[str, Any]) -> list[str]:
        row = [""] * len(self.header)
        for name, at in self.positions.items():
            value = account.get(name)
            row[at] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return row


def _encoding(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _csv_text(rows: Iterable[list[str]], end: str) -> str:
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
