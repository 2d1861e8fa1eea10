"""Any tool's files to posts, accounts, messages and comments, and a report in which every row read is accounted for.

The engine behind `govmedia import`. Files are recognised by content and columns (`formats/*.toml`), rows are understood by
`interpret`, named by `identity`, and merged here: of several captures of one post the newest wins, and what it
leaves out is filled from the one before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.importers.deduplicate import (
    Imported,
    accounts_of,
    answers,
    merged_messages,
    merged_posts,
    pinned,
)
from govmedia_kit.read.importers.layouts import Layout, layouts, recognise, tools
from govmedia_kit.read.importers.parse_rows import columns_wanted, interpret
from govmedia_kit.read.importers.resolve_accounts import HOW, ID, Identities, Named, path_facts
from govmedia_kit.read.importers.write_import import Written, told, write_import
from govmedia_kit.read.ledger import parse_cells
from govmedia_kit.read.sources.detect import parts_of
from govmedia_kit.read.sources.files import ROW
from govmedia_kit.read.sources.source_table import Part, input_errors

__all__ = ["Imported", "Written", "import_files", "is_known", "told", "write_import"]

# Files in a folder that no tool writes rows into.
NOT_DATA = re.compile(
    r"(?i)\.(?:png|jpe?g|gif|webp|mp4|mp3|mov|pdf|docx?|pptx?|zip|rar|7z|py|ipynb|html?\.part|log|toml|md|lock|exe|dll|css|js|svg|bak|tmp)$"
    r"|(?:^|/)(?:~\$|\.)|-(?:wal|shm|journal)$"
)
REPORT: dict[str, Any] = {
    "file": pl.String,
    "part": pl.String,
    "tool": pl.String,
    "layout": pl.String,
    "table": pl.String,
    "rows_read": pl.Int64,
    "kept": pl.Int64,
    "merged": pl.Int64,
    "set_aside": pl.Int64,
    "first": pl.Datetime("us"),
    "last": pl.Datetime("us"),
}
REASONS: dict[str, Any] = {
    "file": pl.String,
    "part": pl.String,
    "layout": pl.String,
    "effect": pl.String,
    "reason": pl.String,
    "rows": pl.Int64,
}


@dataclass
class _Read:
    """A part that was understood: its rows, and the counts of the report."""

    file: str
    part: Part
    layout: Layout
    rows: pl.DataFrame
    notes: Counter[str]
    shows: str
    ledger: bool = False


def import_files(
    sources: Iterable[Path | str],
    *,
    tool: str | None = None,
    account: str | None = None,
    ledger: pl.DataFrame | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Imported:
    """Posts, accounts, messages and comments of files and folders (walked) that any of the known tools wrote.

    `tool` restricts recognition to one tool; `account` names the account (account_id, name or platform's id) of files that do
    not; `ledger` is the accounts table whose ids are used where a file's account can be found in it. `progress` is called with
    the number of files done, their total and the name of the next. Doubtful where a file shows only a search or
    the newest items: the report says so, and no silence follows from it. Raises InputError for a missing file, an unknown tool,
    an `account` that can be none of the files', and where none of the files can be read.
    """
    if tool is not None:
        tool = layouts(tool)[0].tool
    found, problems, read = _walked(sources), [], []
    refused: list[InputError] = []
    for done, (path, source) in enumerate(found):
        shown = path.name if path == source else path.relative_to(source).as_posix()
        if progress:
            progress(done, len(found), shown)
        try:
            some, doubts = _file(path, source, shown, tool, account)
        except InputError as error:
            refused.append(error)
            problems.append(Problem("import_unreadable", Place(shown), {"found": error.say("en"), "why": error}))
            continue
        read += some
        problems += doubts
    if progress:
        progress(len(found), len(found), "")
    if not read:
        if len(found) == 1 and refused:
            raise refused[0]
        names = [path.name for path, _ in found[:5]]
        raise InputError("import_nothing", found=names or "—", known=tools(), problems=problems)
    return _together(read, account, ledger, problems, [path for path, _ in found])


def _walked(sources: Iterable[Path | str]) -> list[tuple[Path, Path]]:
    found: dict[Path, Path] = {}
    for source in map(Path, sources):
        if not source.exists():
            raise InputError("no_file", path=source)
        if source.is_dir():
            inside = (
                p for p in source.rglob("*") if p.is_file() and not NOT_DATA.search(p.relative_to(source).as_posix())
            )
            for path in sorted(inside):
                if not any(part.startswith(".") for part in path.relative_to(source).parts):
                    found.setdefault(path, source)
        else:
            found.setdefault(source, source)
    return list(found.items())


def _file(
    path: Path, source: Path, shown: str, tool: str | None, account: str | None
) -> tuple[list[_Read], list[Problem]]:
    known, unknown = [], []
    for part in parts_of(path):
        head, layout = _recognised(part, tool)
        if layout is None:
            unknown.append(part)
            continue
        with input_errors(path):
            facts = path_facts(path, source, layout, part.name)
            frame = part.load(head, columns_wanted(layout), layout)
            for piece, own in _melted(frame, layout):
                rows, notes = interpret(piece, own, part.told, facts)
                by_path = own.shows_by_path and re.search(own.shows_by_path, path.as_posix())
                shows = "search" if by_path else own.shows
                known.append(_Read(shown, part, own, _whose(rows, own, facts, account), notes, shows))
    _set_originals_aside(known)
    if not known and tool is None:
        from govmedia_kit.read.importers import generic_tables

        known = [_Read(shown, *some, shows="newest", ledger=True) for some in generic_tables.read(path)]
    if not known:
        kept = [[cell for cell in row if cell][:8] for part in unknown for row in part.heads[:1]]
        return [], [Problem("import_unknown", Place(shown), {"found": kept[0] if kept else "—", "known": tools()})]
    return known, []


def is_known(path: Path) -> bool:
    """Whether a file has a part in a layout of one of the known tools."""
    try:
        return any(_recognised(part, None)[1] is not None for part in parts_of(path))
    except InputError:
        return False


def _recognised(part: Part, tool: str | None) -> tuple[int, Layout | None]:
    for head, names in enumerate(part.heads):
        if layout := recognise(names, part.name, part.told, tool):
            return head, layout
    return 0, None


def _melted(frame: pl.DataFrame, layout: Layout) -> Iterable[tuple[pl.DataFrame, Layout]]:
    """A row per account where one row names several, a platform each."""
    from dataclasses import replace

    if not layout.melt:
        yield frame, layout
    for m in layout.melt:
        here = {k: v for k, v in m.items() if k != "platform"}
        cells = [pl.col(c).is_not_null() for v in here.values() for c in v if c in frame.columns]
        some = frame.filter(pl.any_horizontal(False, *cells))
        if some.height:
            name = f"{layout.name}: {m['platform']}"
            yield some, replace(layout, name=name, platform=m["platform"], fields={**layout.fields, **here}, columns=())


def _whose(rows: pl.DataFrame, layout: Layout, facts: dict[str, str], account: str | None) -> pl.DataFrame:
    """The rows with every column that says whose they are: their own cells first, then the path, then what the user said."""
    named = []
    for name in HOW:
        own = pl.col(name) if name in rows.columns else pl.lit(None, pl.String)
        said = facts.get(name)
        if name == "platform":
            if "platform_word" in rows.columns:
                own = parse_cells.word(pl.col("platform_word"), "platform")
            said = layout.platform or _platform(facts.get("platform"))
        if name == "platform_id" and layout.id_prefix:
            own = layout.id_prefix + own
        named.append(pl.coalesce(own, pl.lit(said, pl.String)).alias(name))
    rows = rows.with_columns(named)
    if layout.table not in ("posts", "accounts"):
        return rows
    # What the user says wins over the name of a folder.
    if account is None and "folder" in facts:
        return rows.with_columns(name=pl.coalesce("name", pl.lit(facts["folder"])))
    return rows


def _platform(said: str | None) -> str | None:
    return pl.select(parse_cells.word(pl.lit(said), "platform")).item() if said else None


def _set_originals_aside(read: list[_Read]) -> None:
    """Posts that stand in a database only because somebody repeated them: of an account that was not crawled."""
    crawled = {i for one in read if one.layout.table == "accounts" for i in one.rows["platform_id"].drop_nulls()}
    for one in read:
        if one.layout.table != "posts" or "retweet_of" not in one.rows.columns:
            continue
        originals = one.rows["retweet_of"].drop_nulls().unique()
        others = one.rows.filter(~pl.col("post_id").is_in(originals.to_list()))["platform_id"].drop_nulls()
        own = crawled or set(others)
        original = pl.col("post_id").is_in(originals.to_list()) & ~pl.col("platform_id").is_in(list(own))
        why = pl.when(pl.col("__why").is_null() & original).then(pl.lit("retweeted_original")).otherwise("__why")
        one.rows = one.rows.with_columns(__why=why)


def _together(
    read: list[_Read], account: str | None, ledger: pl.DataFrame | None, problems: list[Problem], inputs: list[Path]
) -> Imported:
    identities = Identities(ledger)
    named = [one.rows.select(HOW).unique(maintain_order=True) for one in read]
    distinct = [Named(*row) for frame in named for row in frame.iter_rows()]
    identities.learn(dict.fromkeys(distinct))
    if account is not None:
        account = identities.asked(account, [(one.file, one.layout.platform) for one in read])
    for one, frame in zip(read, named, strict=True):
        one.rows = _identified(one, frame, identities, account)
    by_table: dict[str, list[pl.DataFrame]] = {"posts": [], "accounts": [], "messages": [], "comments": []}
    outcome: list[Counter[tuple[str, str]]] = []
    heights: list[int] = []
    for number, one in enumerate(read):
        why = one.rows["__why"]
        aside = (
            Counter({("set_aside", w): n for w, n in why.drop_nulls().value_counts().iter_rows()})
            if why.null_count() < len(why)
            else Counter()
        )
        outcome.append(aside)
        heights.append(one.rows[ROW].n_unique() if one.ledger else one.rows.height)
        usable = one.rows.filter(pl.col("__why").is_null()).drop("__why").with_columns(__src=pl.lit(number, pl.Int32))
        if one.layout.table == "messages":
            whose = [pl.col(c) for c in ("account_id", "unit") if c in usable.columns]
            one.notes["nobodys"] += usable.filter(pl.all_horizontal(c.is_null() for c in whose)).height
        if one.layout.table == "posts" and one.layout.order == "newest_first":
            usable = pinned(usable)
        by_table.get(one.layout.table, []).append(usable)
        one.rows = one.rows.select(c for c in ("published_at", "received_at", "__why") if c in one.rows.columns)
    shows = [one.shows for one in read]
    posts, winners, pieces = merged_posts(by_table["posts"])
    messages, unanswerable, message_winners = merged_messages(by_table["messages"])
    silent = {f["__src"][0] for f in by_table["messages"] if f.height and "replied_at" not in f.columns}
    accounts, account_winners, searched = accounts_of(
        by_table["accounts"], pieces, shows, [o.layout.tool for o in read], identities.ledger
    )
    comments, comment_winners = answers(by_table["comments"], posts, identities.ledger)
    kept = Counter(winners) + Counter(message_winners) + Counter(account_winners) + Counter(comment_winners)
    report, reasons = [], []
    for number, one in enumerate(read):
        aside = outcome[number]
        rows_read = heights[number]
        set_aside = sum(aside.values())
        if one.layout.table == "other":
            aside["set_aside", "other_table"] += rows_read - set_aside
            set_aside = rows_read
        merged = rows_read - set_aside - kept[number]
        if merged:
            aside["merged", "answer" if one.layout.table == "comments" else "same_row"] += merged
        for reason, rows in one.notes.items():
            aside["note", reason] += rows
        if unanswerable.height and number in silent:
            aside["note", "no_reply_column"] += kept[number]
        if one.shows in ("feed", "search"):
            aside["note", one.shows] += rows_read
        when = next(
            (
                one.rows.filter(pl.col("__why").is_null())[c]
                for c in ("published_at", "received_at")
                if c in one.rows.columns
            ),
            None,
        )
        label = {"file": one.file, "part": one.part.name, "layout": one.layout.name}
        first, last = (when.min(), when.max()) if when is not None else (None, None)
        report.append(
            {**label, "tool": one.layout.tool, "table": one.layout.table, "rows_read": rows_read,
             "kept": kept[number], "merged": merged, "set_aside": set_aside, "first": first, "last": last}
        )  # fmt: skip
        reasons += [{**label, "effect": e, "reason": r, "rows": n} for (e, r), n in sorted(aside.items()) if n]
        problems += _doubts(one, aside)
    problems += identities.doubts
    return Imported(
        posts=posts,
        accounts=accounts,
        messages=messages,
        unanswerable=unanswerable,
        comments=comments,
        report=pl.DataFrame(report, schema=REPORT),
        reasons=pl.DataFrame(reasons, schema=REASONS),
        searched=searched,
        problems=problems,
        inputs=inputs,
    )


def _identified(one: _Read, named: pl.DataFrame, identities: Identities, account: str | None) -> pl.DataFrame:
    """The part's rows with account_id; posts and accounts that nothing names are set aside."""
    found = [identities.account(Named(*row)) for row in named.iter_rows()]
    rows = one.rows
    own = pl.col("account_id") if "account_id" in rows.columns else pl.lit(None, pl.String)
    if len(found) == 1:
        rows = rows.with_columns(account_id=pl.coalesce(own, pl.lit(found[0], pl.String)))
    elif named.height:
        keyed = named.with_columns(__account=pl.Series(found, dtype=pl.String))
        rows = rows.join(keyed, on=list(HOW), how="left", nulls_equal=True, maintain_order="left")
        rows = rows.with_columns(account_id=pl.coalesce(own, "__account")).drop("__account")
    else:
        rows = rows.with_columns(account_id=own)
    nameless = rows["account_id"].is_null()
    if account is not None and one.layout.tool == "backoffice":
        # An article's address holds a number of the account that ledgers seldom have; whose export it is the user knows.
        nameless = nameless | ~rows["account_id"].is_in(list(identities.ledger))
    if account is not None and nameless.any():
        given = identities.given(account, one.layout.platform, Place(one.file))
        rows = rows.with_columns(account_id=pl.when(nameless).then(pl.lit(given)).otherwise("account_id"))
        if ":" not in account and not ID.fullmatch(account) and given != account:
            rows = rows.with_columns(name=pl.when(nameless).then(pl.lit(account)).otherwise("name"))
    if one.layout.table in ("posts", "accounts"):
        lost = pl.col("__why").is_null() & pl.col("account_id").is_null()
        rows = rows.with_columns(__why=pl.when(lost).then(pl.lit("no_account")).otherwise("__why"))
    return rows


def _doubts(one: _Read, counted: dict[tuple[str, str], int]) -> list[Problem]:
    place = Place(one.file, one.part.name if one.part.kind in ("sheet", "sqlite") else "")
    found: list[Problem] = []

    def tell(kind: str, rows: int, **facts: Any) -> None:
        if rows:
            found.append(Problem(kind, place, {"count": rows, **facts}))

    tell("import_no_account", counted.get(("set_aside", "no_account"), 0))
    tell("import_no_time", counted.get(("set_aside", "no_time"), 0))
    tell("import_messages_of_nobody", counted.get(("note", "nobodys"), 0))
    tell("import_no_reply_column", counted.get(("note", "no_reply_column"), 0))
    return found
