"""An import into a folder: posts.parquet, messages.parquet and accounts beside what is already there.

Importing the same files again changes no byte. What becomes of the accounts is in `update_ledger`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.errors import InputError, sentence
from govmedia_kit.interop import conformed
from govmedia_kit.read.importers.deduplicate import Imported, newest
from govmedia_kit.read.importers.update_ledger import BESIDE, OBSERVED, replaced, write_accounts

__all__ = ["report_lines", "write_import"]

# A table of an import and where it goes: what was there, rows added and changed, rows now.
WRITTEN: dict[str, Any] = {
    **dict.fromkeys(("table", "file"), pl.String),
    **dict.fromkeys(("before", "added", "changed", "after"), pl.Int64),
}
# What makes two rows of a table the same, and how it is sorted.
KEYS = {
    "posts": (["account_id", "post_id"], ["account_id", "published_at", "post_id"]),
    "messages": (["account_id", "unit", "message_id"], ["account_id", "unit", "message_id", "received_at"]),
    "comments": (["comment_id"], ["received_at", "comment_id"]),
}
# Messages of sources without a column of replies, beside messages.parquet that has it; no reply rate counts them.
UNANSWERABLE = "messages-no-replies.parquet"
# What is said of a file that lies beside the one a user would look for.
REMARKS = {
    UNANSWERABLE: "import_messages_beside",
    BESIDE: "import_accounts_beside",
    OBSERVED: "import_observed_beside",
}


def write_import(imported: Imported, folder: Path | str) -> pl.DataFrame:
    """Merges an import into a folder: one row per table and file written (dtypes str, int64), with the rows before and after.

    Files are written beside and then take the old ones' place. Accounts known only from a search, or only by a hash, are added
    to no ledger that is there; the days that were collected go beside an office's own ledger. Raises InputError where the folder is a file or what is in it cannot be read.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError("out_is_a_file", path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = [_merged(folder / "posts.parquet", imported.posts, "posts")] if imported.posts.height else []
    found += _messages(folder, imported)
    if imported.comments.height:
        found.append(_merged(folder / "comments.parquet", imported.comments, "comments"))
    if imported.accounts.height:
        found += write_accounts(folder, imported)
    return pl.DataFrame(found, schema=WRITTEN, orient="row")


def _messages(folder: Path, imported: Imported) -> list[tuple[Any, ...]]:
    """Messages whose replies are known to messages.parquet, others beside it where there are both.

    In one table those of a source without a column of replies would count as unanswered.
    """
    path, beside = folder / "messages.parquet", folder / UNANSWERABLE
    messages, apart = imported.messages, [imported.unanswerable]
    before = _parquet(path) if path.exists() else messages
    moved = False
    if messages.height and ("replied_at" in before.columns) != ("replied_at" in messages.columns):
        moved = "replied_at" in messages.columns
        messages, apart = (messages, [before, *apart]) if moved else (messages.clear(), [messages])
    found = [_merged(beside, rows, "messages") for rows in apart if rows.height]
    if moved:
        path.unlink()
    return found + ([_merged(path, messages, "messages")] if messages.height else [])


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError("unreadable_file", path=path, found=str(error).split("\n")[0][:200]) from error


def _merged(path: Path, rows: pl.DataFrame, table: str) -> tuple[Any, ...]:
    keys, sort = KEYS[table]
    before = conformed(_parquet(path), rows.schema) if path.exists() else rows.clear()
    both = pl.concat([before.with_columns(__age=pl.lit(0)), rows.with_columns(__age=pl.lit(1))])
    order = [*(["captured_at"] if "captured_at" in rows.columns else []), "__age"]
    after = newest(both, keys, order).drop("__age").sort(sort)
    added = after.join(before.select(keys), on=keys, how="anti", nulls_equal=True).height
    same = after.height == before.height and after.equals(before.sort(sort))
    changed = 0
    if not same:
        changed = after.height - added - after.join(before, on=list(after.columns), how="semi", nulls_equal=True).height
        replaced(path, lambda beside: after.write_parquet(beside, compression="zstd", statistics=True))
    return table, path.name, before.height, added, max(changed, 0), after.height


def report_lines(imported: Imported, written: pl.DataFrame | None = None, language: str = "zh-Hans") -> list[str]:
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
        table = phrase(f"imported.{row['table']}", language)
        lines.append(sentence("import_written", language, **{**row, "table": table}))
        if row["file"] in REMARKS:
            lines.append(sentence(REMARKS[row["file"]], language, path=row["file"]))
    return lines
