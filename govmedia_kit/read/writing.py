"""An import into a folder: posts.parquet, messages.parquet and accounts beside what is already there.

Importing the same files again changes no byte. A ledger that somebody wrote is never rewritten: accounts that it lacks are
added below its rows in a copy that then takes its place, or go to `accounts-imported.csv` where the ledger is not a
table that can be added to.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.errors import InputError, sentence
from govmedia_kit.read import tables
from govmedia_kit.read.files import text_of
from govmedia_kit.read.merging import Imported, newest

__all__ = ["Written", "told", "write_import"]

# A table of an import and where it goes: what was there, rows added and changed, rows now.
Written = pl.DataFrame
WRITTEN: dict[str, Any] = {
    "table": pl.String,
    "file": pl.String,
    "before": pl.Int64,
    "added": pl.Int64,
    "changed": pl.Int64,
    "after": pl.Int64,
}
# Messages of sources without a column of replies, beside messages.parquet that has it; no reply rate counts them.
UNANSWERABLE = "messages-no-replies.parquet"
LEDGERS = (".xlsx", ".xls", ".xlsm", ".ods", ".parquet", ".json", ".jsonl", ".tsv")


def write_import(imported: Imported, folder: Path | str) -> Written:
    """Merges an import into a folder: one row per table and file written (dtypes str, int64), with the rows before and after.

    Files are written beside and then take the old ones' place. Accounts known only from a search, or only by a hash, are added
    to no ledger that is there. Raises InputError where the folder is a file or what is in it cannot be read.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError("out_is_a_file", path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    if imported.posts.height:
        found.append(
            _merged(
                folder / "posts.parquet",
                imported.posts,
                "posts",
                ["account_id", "post_id"],
                ["account_id", "published_at", "post_id"],
            )
        )
    found += _messages(folder, imported)
    if imported.comments.height:
        found.append(
            _merged(
                folder / "comments.parquet",
                imported.comments,
                "comments",
                ["comment_id"],
                ["received_at", "comment_id"],
            )
        )
    if imported.accounts.height:
        found.append(_accounts(folder, imported))
    return pl.DataFrame(found, schema=WRITTEN, orient="row")


def _messages(folder: Path, imported: Imported) -> list[tuple[Any, ...]]:
    """Messages whose replies are known to messages.parquet, others beside it where there are both.

    In one table those of a source without a column of replies would count as unanswered.
    """
    path, beside = folder / "messages.parquet", folder / UNANSWERABLE
    messages, apart = imported.messages, [imported.unanswerable]
    before = _parquet(path) if path.exists() else None
    if (
        before is not None
        and messages.height
        and ("replied_at" in before.columns) != ("replied_at" in messages.columns)
    ):
        if "replied_at" in before.columns:
            messages, apart = messages.clear(), [messages]
        else:
            apart.insert(0, before)
    found = []

    def merge(goal: Path, rows: pl.DataFrame) -> None:
        if rows.height:
            keys = ["account_id", "unit", "message_id"]
            found.append(_merged(goal, rows, "messages", keys, [*keys, "received_at"]))

    for rows in apart:
        merge(beside, rows)
    if any(before is rows for rows in apart):
        path.unlink()
    merge(path, messages)
    return found


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError("unreadable_file", path=path, found=str(error).split("\n")[0][:200]) from error


def _merged(path: Path, rows: pl.DataFrame, table: str, keys: list[str], sort: list[str]) -> tuple[Any, ...]:
    before = rows.clear()
    if path.exists():
        before = _parquet(path)
        absent = [pl.lit(None, dtype).alias(n) for n, dtype in rows.schema.items() if n not in before.columns]
        before = before.with_columns(absent).select(rows.columns).cast(rows.schema, strict=False)
    both = pl.concat([before.with_columns(__age=pl.lit(0)), rows.with_columns(__age=pl.lit(1))])
    order = [*(["captured_at"] if "captured_at" in rows.columns else []), "__age"]
    after = newest(both, keys, order).drop("__age").sort(sort)
    added = after.join(before.select(keys), on=keys, how="anti", nulls_equal=True).height
    same = after.height == before.height and after.equals(before.sort(sort))
    changed = 0
    if not same:
        changed = after.height - added - after.join(before, on=list(after.columns), how="semi", nulls_equal=True).height
        _replace(path, lambda beside: after.write_parquet(beside, compression="zstd", statistics=True))
    return table, path.name, before.height, added, max(changed, 0), after.height


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    beside = path.with_name(f".{path.name}.part")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _accounts(folder: Path, imported: Imported) -> tuple[Any, ...]:
    path = folder / "accounts.csv"
    others = [p for p in folder.glob("accounts.*") if p.suffix.lower() in LEDGERS]
    if path.exists() and not others:
        content = path.read_bytes()
        rows, header, positions = _as_csv(content)
        if "account_id" in positions and "platform" in positions:
            return _appended(path, content, rows, header, positions, _addable(imported))
    ledger = path.exists() or bool(others)
    goal = folder / "accounts-imported.csv" if ledger else path
    new = _addable(imported) if ledger else imported.accounts
    keep = [
        c
        for c in new.columns
        if c in ("account_id", "platform", "platform_id", "name", "unit") or new[c].null_count() < new.height
    ]
    new = new.select(keep)
    if goal.exists():
        content = goal.read_bytes()
        rows, header, positions = _as_csv(content)
        if "account_id" in positions:
            return _appended(goal, content, rows, header, positions, new)
    text = "\ufeff" + new.write_csv(line_terminator="\r\n")
    _replace(goal, lambda beside: beside.write_bytes(text.encode()))
    return "accounts", goal.name, 0, new.height, 0, new.height


def _addable(imported: Imported) -> pl.DataFrame:
    """Accounts that may stand in a ledger: not those met in a search, nor those of whom only a hash is known."""
    unknown = pl.col("account_id").is_in(list(imported.searched)) | pl.col("account_id").str.contains(
        ":hash:", literal=True
    )
    return imported.accounts.filter(~unknown)


def _as_csv(content: bytes) -> tuple[list[list[str]], list[str], dict[str, int]]:
    rows = list(csv.reader(io.StringIO(text_of(content), newline="")))
    header = rows[0] if rows else []
    positions: dict[str, int] = {}
    for position, name in tables.match_columns(header, "accounts").items():
        positions.setdefault(name, position)
    return rows, header, positions


def _appended(
    path: Path,
    content: bytes,
    rows: list[list[str]],
    header: list[str],
    positions: dict[str, int],
    accounts: pl.DataFrame,
) -> tuple[Any, ...]:
    """The file with rows below for accounts that it lacks, in its own columns, line ends and encoding; else untouched."""
    at = positions["account_id"]
    there = {row[at].strip() for row in rows[1:] if len(row) > at}
    new = accounts.filter(~pl.col("account_id").is_in(list(there)))
    before = sum(any(row) for row in rows[1:])
    if new.height:
        encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            encoding = "gb18030"
        end = "\r\n" if b"\r\n" in content else "\n"
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator=end)
        for row in new.iter_rows(named=True):
            cells = [""] * len(header)
            for name, position in positions.items():
                value = row.get(name)
                cells[position] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            writer.writerow(cells)
        added = out.getvalue()
        old = content.decode(encoding)
        whole = old + ("" if old.endswith(("\n", "\r")) or not old else end) + added
        _replace(path, lambda beside: beside.write_bytes(whole.encode(encoding)))
    return "accounts", path.name, before, new.height, 0, before + new.height


def told(imported: Imported, written: Written | None = None, language: str = "zh-Hans") -> list[str]:
    """Everything that `govmedia import` prints: a line per file with its counts and reasons, doubts, and what was written."""
    lines = []
    for row in imported.report.iter_rows(named=True):
        name = f"{row['file']} › {row['part']}" if row["part"] else row["file"]
        facts = {k: row[k] for k in ("tool", "layout", "rows_read", "kept", "merged", "set_aside")}
        lines.append(sentence("import_file", language, name=name, **facts))
        why = imported.reasons.filter(pl.all_horizontal(pl.col(c) == row[c] for c in ("file", "part", "layout")))
        for effect, reason, rows in why.select("effect", "reason", "rows").iter_rows():
            lines.append("  " + sentence(f"import_why_{reason}", language, count=rows, effect=effect))
    lines += [problem.say(language) for problem in imported.problems]
    for row in written.iter_rows(named=True) if written is not None else ():
        called = {
            "posts": ("帖文", "posts"),
            "messages": ("留言", "messages"),
            "accounts": ("账号", "accounts"),
            "comments": ("评论", "comments"),
        }
        table = called[row["table"]][language.startswith("en")]
        lines.append(sentence("import_written", language, **{**row, "table": table}))
        if row["file"] == UNANSWERABLE:
            lines.append(sentence("import_messages_beside", language, path=row["file"]))
        if row["file"] == "accounts-imported.csv":
            lines.append(sentence("import_accounts_beside", language, path=row["file"]))
    return lines
