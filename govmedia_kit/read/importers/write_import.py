"""An import into a folder: posts.parquet, messages.parquet, observations.csv and accounts beside what is there; and out again.

Importing the same files again changes no byte. What an import brought is kept under `imports/<run>`, so that it can be
undone as if it had never been; what was there before the first is kept under `imports/before`. What becomes of the accounts is in
`update_ledger`. Who wrote a message or a comment, and what it says, is nowhere stored.
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import observations, schema
from govmedia_kit.catalogue import phrase
from govmedia_kit.errors import InputError, hint, sentence
from govmedia_kit.interop import conformed, own_table
from govmedia_kit.read.importers.deduplicate import Imported, newest, with_ids
from govmedia_kit.read.importers.update_ledger import BESIDE, Row, addable, replaced, without_rows, write_accounts
from govmedia_kit.read.sources.parquet import IMPORTED, is_imported
from govmedia_kit.read.sources.texts import decoded

__all__ = ["IMPORTS", "OBSERVATIONS", "report_lines", "undo_import", "write_import", "written_lines"]

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
OBSERVATIONS = "observations.csv"
# Where each import is kept, and what was there before the first.
IMPORTS, BEFORE, ORIGINALS, ABOUT = "imports", "before", "originals", "about.json"
FILES = {
    "posts.parquet": "posts",
    "messages.parquet": "messages",
    UNANSWERABLE: "messages",
    "comments.parquet": "comments",
}
# What is said of a file that lies beside the one a user would look for.
REMARKS = {
    UNANSWERABLE: "import_messages_beside",
    BESIDE: "import_accounts_beside",
}


def write_import(imported: Imported, folder: Path | str) -> pl.DataFrame:
    """Merges an import into a folder: one row per table and file written (dtypes str, int64), with the rows before and after.

    The row of table `run` names the import, for `undo_import`. Files are written beside and then take the old ones' place. Accounts
    known only from a search, or only by a hash, are added to no ledger that is there. Raises InputError where the
    folder is a file or what is in it cannot be read.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError("out_is_a_file", path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    brought = _brought(imported)
    name, is_new = _named(folder, imported, brought)
    observed = _under(imported.observations, name)
    there = _tables(folder)
    if is_new and not (folder / IMPORTS).exists():
        there = _before(folder, there)
    # The same files again would take the place of what other imports have brought since.
    is_there = not is_new and brought.keys() <= there.keys()
    found = _replaced(folder, there, there if is_there else _together([there, brought]))
    found += _observed(folder, observed)
    rows, added = write_accounts(folder, imported) if imported.accounts.height else ([], {})
    found += rows
    if is_new:
        kept = folder / IMPORTS / name
        _keep(kept, brought if there else {})
        for file in brought if not there else ():
            # The first import is what the folder holds: a copy costs less than to write it again.
            shutil.copyfile(folder / file, kept / file)
        replaced(kept / OBSERVATIONS, lambda beside: observed.write_csv(beside))
        about = {
            "number": max((one["number"] for one in _imports(folder).values()), default=0) + 1,
            "accounts": addable(imported)["account_id"].to_list(),
            "added": added,
        }
        text = json.dumps(about, ensure_ascii=False, indent=1)
        replaced(kept / ABOUT, lambda beside: beside.write_text(text, encoding="utf-8"))
    found.append(("run", name, 0, 0, 0, 0))
    return pl.DataFrame(found, schema=WRITTEN, orient="row")


def undo_import(run: str, folder: Path | str) -> pl.DataFrame:
    """Takes an import out of a folder again: one row per file, as `write_import` answers, with the rows before and after.

    Posts, messages, comments and observations are what the other imports and what was there before them give. Rows of a ledger
    that the import added go, but those that somebody has changed since (a row of table `changed` counts them), and accounts that
    another import holds too. Raises
    InputError where there is no such import, or where a table has been changed since by something else.
    """
    folder = Path(folder)
    others = _imports(folder)
    if run not in others:
        known = list(others)
        raise InputError("no_such_import", found=run, path=folder, hint=hint(run, known), known=known or "—")
    about = others.pop(run)
    chain = [folder / IMPORTS / name for name in (BEFORE, *_imports(folder))]
    rest = [folder / IMPORTS / name for name in (BEFORE, *others)]
    there, wanted = _tables(folder), _together(map(_tables, chain))
    for file in sorted(there.keys() | wanted.keys()):
        now, then = there.get(file), wanted.get(file)
        if now is None or then is None or not now.equals(conformed(then, now.schema)):
            raise InputError("import_changed_since", path=folder / file, found=run)
    found = _replaced(folder, there, _together(map(_tables, rest)))
    found += _undone_observations(folder, rest)
    for file, rows in about["added"].items():
        found += _undone_accounts(folder, file, rows, others)
    shutil.rmtree(folder / IMPORTS / run)
    if not others:
        # As if nothing had ever been imported: what was there, to the byte.
        originals = folder / IMPORTS / BEFORE / ORIGINALS
        for file in (*FILES, OBSERVATIONS):
            if (originals / file).exists():
                shutil.copyfile(originals / file, folder / file)
            else:
                (folder / file).unlink(missing_ok=True)
        shutil.rmtree(folder / IMPORTS)
    return pl.DataFrame(found, schema=WRITTEN, orient="row")


def _undone_observations(folder: Path, rest: list[Path]) -> list[Row]:
    path = folder / OBSERVATIONS
    before = _read_observations(path)
    kept = [_read_observations(at / OBSERVATIONS) for at in rest]
    after = pl.concat(kept).unique(maintain_order=True).sort(before.columns[:3])
    if not before.height:
        return []
    if after.height:
        _write_observations(path, after)
    else:
        path.unlink()
    return [("observations", path.name, before.height, 0, 0, after.height)]


def _undone_accounts(folder: Path, file: str, rows: list[list[str]], others: dict[str, Any]) -> list[Row]:
    """The rows of a ledger that an import added out of it; those of accounts that another import holds are now that one's."""
    path = folder / file
    gone = []
    for row in rows:
        heir = next((name for name, about in others.items() if set(about["accounts"]) & set(row)), None)
        if heir is None:
            gone.append(row)
            continue
        others[heir]["added"].setdefault(file, []).append(row)
        text = json.dumps(others[heir], ensure_ascii=False, indent=1)
        (folder / IMPORTS / heir / ABOUT).write_text(text, encoding="utf-8")
    before = _height(path)
    _, changed = without_rows(path, gone)
    found: list[Row] = [("accounts", file, before, 0, 0, _height(path))]
    return found + ([("changed", file, len(changed), 0, 0, 0)] if changed else [])


def _height(path: Path) -> int:
    import csv

    if not path.exists():
        return 0
    return sum(any(row) for row in csv.reader(decoded(path.read_bytes()).splitlines())) - 1


def _imports(folder: Path) -> dict[str, Any]:
    """The imports of a folder in the order in which they came, with what is noted of each."""
    found = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in (folder / IMPORTS).glob(f"*/{ABOUT}")
    }
    return dict(sorted(found.items(), key=lambda one: one[1]["number"]))


def _before(folder: Path, there: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Keeps what is there before the first import, its rows with an id each and what they prove with them."""
    kept = folder / IMPORTS / BEFORE
    (kept / ORIGINALS).mkdir(parents=True, exist_ok=True)
    for file in (*there, OBSERVATIONS):
        if (folder / file).exists():
            shutil.copyfile(folder / file, kept / ORIGINALS / file)
    there = {file: _as_imported(rows, FILES[file]) for file, rows in there.items()}
    _keep(kept, there)
    if (folder / OBSERVATIONS).exists():
        shutil.copyfile(folder / OBSERVATIONS, kept / OBSERVATIONS)
    elif "posts.parquet" in there and not is_imported(folder / "posts.parquet"):
        spans = observations.spans_of(there["posts.parquet"], run=BEFORE, source="posts.parquet")
        _write_observations(kept / OBSERVATIONS, observations.of_runs(spans))
        shutil.copyfile(kept / OBSERVATIONS, folder / OBSERVATIONS)
    return there


def _as_imported(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """An office's own table as an import writes it: under the dictionary's names, with its types, each row with an id."""
    if table == "comments":
        return rows
    rows = own_table(rows, table, [] if table == "messages" else ["account_id", "published_at"])
    dtypes = schema.dtypes(table)
    if table == "messages" and "replied_at" not in rows.columns:
        dtypes = {name: dtype for name, dtype in dtypes.items() if name != "replied_at"}
    keys, sort = KEYS[table]
    return newest(with_ids(conformed(rows, dtypes)), keys, []).sort(sort)


def _brought(imported: Imported) -> dict[str, pl.DataFrame]:
    """The rows of an import by the file that they go to."""
    tables = {"posts.parquet": imported.posts, "messages.parquet": imported.messages}
    tables |= {UNANSWERABLE: imported.unanswerable, "comments.parquet": imported.comments}
    return {file: rows for file, rows in tables.items() if rows.height}


def _tables(folder: Path) -> dict[str, pl.DataFrame]:
    return {file: _parquet(folder / file) for file in FILES if (folder / file).exists()}


def _together(states: Iterable[dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """What the tables of several imports give together, in their order.

    Messages of a source without a column of replies stand apart as soon as another has one: in one table they would count as
    unanswered.
    """
    found: dict[str, list[pl.DataFrame]] = {file: [] for file in FILES}
    for state in states:
        for file, rows in state.items():
            found[file].append(rows)
    messages = found["messages.parquet"] + found[UNANSWERABLE]
    if any("replied_at" in rows.columns for rows in messages):
        found["messages.parquet"] = [rows for rows in messages if "replied_at" in rows.columns]
        found[UNANSWERABLE] = [rows for rows in messages if "replied_at" not in rows.columns]
    else:
        found |= {"messages.parquet": messages, UNANSWERABLE: []}
    return {file: functools.reduce(_both(FILES[file]), frames) for file, frames in found.items() if frames}


def _both(table: str) -> Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]:
    """How the rows of two imports become one table: of rows that are one the newest capture, else the later import, wins."""
    keys, sort = KEYS[table]

    def both(before: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        ages = [conformed(before, rows.schema).with_columns(__age=pl.lit(0)), rows.with_columns(__age=pl.lit(1))]
        order = [*(["captured_at"] if "captured_at" in rows.columns else []), "__age"]
        return newest(pl.concat(ages), keys, order).drop("__age").sort(sort)

    return both


def _replaced(folder: Path, there: dict[str, pl.DataFrame], after: dict[str, pl.DataFrame]) -> list[Row]:
    """The tables of a folder as they are to be: one row per file, with the rows before, added, changed and after."""
    found: list[Row] = []
    for file in [file for file in FILES if file in there or file in after]:
        table, rows = FILES[file], after.get(file)
        if rows is None:
            found.append((table, file, there[file].height, 0, 0, 0))
            (folder / file).unlink()
            continue
        keys, _ = KEYS[table]
        before = conformed(there[file], rows.schema) if file in there else rows.clear()
        added = rows.join(before.select(keys), on=keys, how="anti", nulls_equal=True).height
        kept = rows.join(before, on=list(rows.columns), how="semi", nulls_equal=True).height
        found.append((table, file, before.height, added, rows.height - added - kept, rows.height))
        if not rows.equals(before) or file not in there:
            mark = IMPORTED if table == "posts" else {}
            write = functools.partial(rows.write_parquet, compression="zstd", statistics=True, metadata=mark)
            replaced(folder / file, write)
    return found


def _named(folder: Path, imported: Imported, brought: dict[str, pl.DataFrame]) -> tuple[str, bool]:
    """What an import is called, after its source, and whether it is new: the same files again are the import that is there."""
    names = imported.observations["run"].str.split("/").list.first().unique(maintain_order=True)
    label = names[0] if len(names) else imported.inputs[0].stem if imported.inputs else "import"
    number, name = 1, label
    while (kept := folder / IMPORTS / name).exists() or name == BEFORE:
        about = (
            json.loads((kept / ABOUT).read_text(encoding="utf-8")) if (kept / ABOUT).exists() else {"accounts": None}
        )
        same = about["accounts"] == addable(imported)["account_id"].to_list() and all(
            (kept / file).exists() and _parquet(kept / file).equals(rows) for file, rows in brought.items()
        )
        of_it = _read_observations(kept / OBSERVATIONS).equals(_under(imported.observations, name))
        if same and of_it and {file for file in FILES if (kept / file).exists()} == set(brought):
            return name, False
        number += 1
        name = f"{label}-{number}"
    return name, True


def _under(observed: pl.DataFrame, name: str) -> pl.DataFrame:
    """The observations of an import with its name before its runs, so that the runs of two imports are never one."""
    first = pl.col("run").str.split("/").list.first()
    rest = pl.col("run").str.slice(first.str.len_chars())
    runs = pl.when(first == first.first()).then(pl.lit(name) + rest).otherwise(pl.lit(f"{name}/") + pl.col("run"))
    return observed.with_columns(run=runs).sort("account_id", "run", "from")


def _keep(folder: Path, tables: dict[str, pl.DataFrame]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file, rows in tables.items():
        replaced(folder / file, functools.partial(rows.write_parquet, compression="zstd"))


def _read_observations(path: Path) -> pl.DataFrame:
    dtypes = schema.dtypes("observations")
    if not path.exists():
        return pl.DataFrame(schema=dtypes)
    return conformed(pl.read_csv(path, infer_schema=False, encoding="utf8"), dict.fromkeys(dtypes, pl.String)).with_columns(
        pl.col("from", "to", "others_to").str.to_date(strict=False), pl.col("complete") == "true"
    ).pipe(conformed, dtypes)  # fmt: skip


def _write_observations(path: Path, rows: pl.DataFrame) -> None:
    replaced(path, lambda beside: rows.write_csv(beside, include_bom=True, line_terminator="\r\n"))


def _observed(folder: Path, observed: pl.DataFrame) -> list[Row]:
    if not observed.height:
        return []
    path = folder / OBSERVATIONS
    before = _read_observations(path)
    after = pl.concat([before, observed]).unique(maintain_order=True).sort("account_id", "run", "from")
    if not after.equals(before):
        _write_observations(path, after)
    return [("observations", path.name, before.height, after.height - before.height, 0, after.height)]


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError("unreadable_file", path=path, found=str(error).split("\n")[0][:200]) from error


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
    if imported.messages.height or imported.unanswerable.height or imported.comments.height:
        lines.append(sentence("import_never_stored", language))
    return lines + (written_lines(written, language) if written is not None else [])


def written_lines(written: pl.DataFrame, language: str = "zh-Hans") -> list[str]:
    """What was written, a line per file, and how it is undone."""
    lines = []
    for row in written.iter_rows(named=True):
        if row["table"] == "run":
            lines.append(sentence("import_run", language, run=row["file"]))
            continue
        if row["table"] == "changed":
            lines.append(sentence("import_undo_left", language, file=row["file"], count=row["before"]))
            continue
        table = phrase(f"imported.{row['table']}", language)
        lines.append(sentence("import_written", language, **{**row, "table": table}))
        if row["file"] in REMARKS:
            lines.append(sentence(REMARKS[row["file"]], language, path=row["file"]))
    return lines
