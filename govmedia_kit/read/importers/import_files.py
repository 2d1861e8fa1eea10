"""Any tool's files to posts, accounts, messages and comments, and a report in which every row read is accounted for.

The engine behind `govmedia import`. Files are recognised by content and columns (`formats/*.toml`), rows are understood by
`parse_rows`, named by `resolve_accounts` and merged by `deduplicate`: of several captures of one post the newest wins, and what it
leaves out is filled from the one before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import parse_cells
from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.importers import deduplicate
from govmedia_kit.read.importers.deduplicate import Imported
from govmedia_kit.read.importers.layouts import Layout, layouts, recognise, tools
from govmedia_kit.read.importers.parse_rows import columns_wanted, interpret
from govmedia_kit.read.importers.resolve_accounts import ID, NAMING, Identities, Named, path_facts
from govmedia_kit.read.importers.write_import import report_lines, write_import
from govmedia_kit.read.sources.detect import parts_of
from govmedia_kit.read.sources.files import ROW
from govmedia_kit.read.sources.source_table import Part, input_errors

__all__ = ["Imported", "import_files", "is_known", "report_lines", "write_import"]

# Files in a folder that no tool writes rows into.
NOT_DATA = re.compile(
    r"(?i)\.(?:png|jpe?g|gif|webp|mp4|mp3|mov|pdf|docx?|pptx?|zip|rar|7z|py|ipynb|html?\.part|log|toml|md|lock|exe|dll|css|js|svg|bak|tmp)$"
    r"|(?:^|/)(?:~\$|\.)|-(?:wal|shm|journal)$"
)
REPORT: dict[str, Any] = {
    **dict.fromkeys(("file", "part", "tool", "layout", "table"), pl.String),
    **dict.fromkeys(("rows_read", "kept", "merged", "set_aside"), pl.Int64),
    **dict.fromkeys(("first", "last"), pl.Datetime("us")),
}
REASONS: dict[str, Any] = {
    **dict.fromkeys(("file", "part", "layout", "effect", "reason"), pl.String),
    "rows": pl.Int64,
}
# What a user should look at, of all that is counted.
DOUBTFUL = {
    ("set_aside", "no_account"): "import_no_account",
    ("set_aside", "no_time"): "import_no_time",
    ("note", "nobodys"): "import_messages_of_nobody",
    ("note", "no_reply_column"): "import_no_reply_column",
}


@dataclass
class _Read:
    """A part that was understood: its rows, and what was noted of them."""

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
        inside = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
        for path in inside:
            if path == source or not NOT_DATA.search(path.relative_to(source).as_posix()):
                found.setdefault(path, source)
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
    said = {**facts, "platform": layout.platform or parse_cells.word_for(facts.get("platform"), "platform")}
    # What the user says wins over the name of a folder.
    if account is None and layout.table in ("posts", "accounts"):
        said["name"] = facts.get("name") or facts.get("folder")
    own = {name: pl.col(name) if name in rows.columns else pl.lit(None, pl.String) for name in NAMING}
    if "platform_word" in rows.columns:
        own["platform"] = parse_cells.word(pl.col("platform_word"), "platform")
    if layout.id_prefix:
        own["platform_id"] = layout.id_prefix + own["platform_id"]
    return rows.with_columns(pl.coalesce(own[name], pl.lit(said.get(name), pl.String)).alias(name) for name in NAMING)


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
    identities = _identify(read, account, ledger)
    tables: dict[str, list[pl.DataFrame]] = {"posts": [], "accounts": [], "messages": [], "comments": []}
    for number, one in enumerate(read):
        tables.setdefault(one.layout.table, []).append(_usable(one, number))
        # Texts are most of an import, and are in its tables from here on.
        needed = (ROW, "__why", "published_at", "received_at", "replied_at")
        one.rows = one.rows.select(c for c in needed if c in one.rows.columns)
    posts, kept_posts, spans = deduplicate.merged_posts(tables["posts"])
    messages, unanswerable, kept_messages = deduplicate.merged_messages(tables["messages"])
    shows, tools_ = [one.shows for one in read], [one.layout.tool for one in read]
    accounts, kept_accounts, searched = deduplicate.accounts_of(
        tables["accounts"], spans, shows, tools_, identities.ledger
    )
    comments, kept_comments = deduplicate.answered_comments(tables["comments"], posts, identities.ledger)
    kept = kept_posts | kept_messages | kept_accounts | kept_comments
    report, reasons = [], []
    for number, one in enumerate(read):
        if one.layout.table == "messages" and unanswerable.height and "replied_at" not in one.rows.columns:
            one.notes["no_reply_column"] += kept.get(number, 0)
        line, counted = _outcome(one, kept.get(number, 0))
        report.append(line)
        reasons += [{**line, "effect": e, "reason": r, "rows": n} for (e, r), n in sorted(counted.items()) if n]
        place = Place(one.file, one.part.name if one.part.kind in ("sheet", "sqlite") else "")
        problems += [Problem(kind, place, {"count": counted[of]}) for of, kind in DOUBTFUL.items() if counted[of]]
    return Imported(
        posts=posts,
        accounts=accounts,
        messages=messages,
        unanswerable=unanswerable,
        comments=comments,
        report=pl.DataFrame(report, schema=REPORT),
        reasons=pl.DataFrame(reasons, schema=REASONS),
        searched=searched,
        problems=problems + identities.doubts,
        inputs=inputs,
    )


def _identify(read: list[_Read], account: str | None, ledger: pl.DataFrame | None) -> Identities:
    """Gives all rows their account_id; what names the account of any part is learnt from all before."""
    identities = Identities(ledger)
    named = [one.rows.select(NAMING).unique(maintain_order=True) for one in read]
    identities.learn(dict.fromkeys(Named(*row) for frame in named for row in frame.iter_rows()))
    if account is not None:
        account = identities.asked(account, [(one.file, one.layout.platform) for one in read])
    for one, frame in zip(read, named, strict=True):
        one.rows = _identified(one, frame, identities, account)
    return identities


def _usable(one: _Read, number: int) -> pl.DataFrame:
    """The rows of a part that are not set aside, with the part's number; messages that are nobody's are noted."""
    usable = one.rows.filter(pl.col("__why").is_null()).drop("__why").with_columns(__src=pl.lit(number, pl.Int32))
    if one.layout.table == "messages":
        whose = [pl.col(c) for c in ("account_id", "unit") if c in usable.columns]
        one.notes["nobodys"] += usable.filter(pl.all_horizontal(c.is_null() for c in whose)).height
    return deduplicate.pinned(usable) if one.layout.table == "posts" and one.layout.order == "newest_first" else usable


def _outcome(one: _Read, kept: int) -> tuple[dict[str, Any], Counter[tuple[str, str]]]:
    """What became of a part's rows: its line of the report, and how many rows had which effect for which reason."""
    counted = Counter({("set_aside", why): n for why, n in one.rows["__why"].drop_nulls().value_counts().iter_rows()})
    # A ledger's row may hold several accounts, and is one row read.
    rows_read = one.rows[ROW].n_unique() if one.ledger else one.rows.height
    if one.layout.table == "other":
        counted["set_aside", "other_table"] = rows_read - counted.total()
    set_aside = counted.total()
    merged = rows_read - set_aside - kept
    counted["merged", "answer" if one.layout.table == "comments" else "same_row"] = merged
    counted.update({("note", reason): rows for reason, rows in one.notes.items()})
    if one.shows in ("feed", "search"):
        counted["note", one.shows] += rows_read
    time = next((c for c in ("published_at", "received_at") if c in one.rows.columns), None)
    times = one.rows.filter(pl.col("__why").is_null())[time] if time else pl.Series([None])
    line: dict[str, Any] = {"file": one.file, "part": one.part.name, "layout": one.layout.name, "tool": one.layout.tool}
    line |= {"table": one.layout.table, "rows_read": rows_read, "kept": kept, "merged": merged, "set_aside": set_aside}
    return {**line, "first": times.min(), "last": times.max()}, counted


def _identified(one: _Read, named: pl.DataFrame, identities: Identities, account: str | None) -> pl.DataFrame:
    """The part's rows with account_id; posts and accounts that nothing names are set aside."""
    found = [identities.account(Named(*row)) for row in named.iter_rows()]
    rows = one.rows
    own = pl.col("account_id") if "account_id" in rows.columns else pl.lit(None, pl.String)
    # Only the naming columns are joined: a join copies the texts.
    keyed = named.with_columns(__account=pl.Series(found, dtype=pl.String))
    whose = rows.select(NAMING).join(keyed, on=NAMING, how="left", nulls_equal=True, maintain_order="left")
    rows = rows.with_columns(account_id=pl.coalesce(own, whose["__account"]))
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
