"""Any tool's files to posts, accounts, messages and comments, and a report in which every row read is accounted for.

The engine behind `govmedia import`. Files are recognised by content and columns (`formats/*.toml`), rows are understood by
`parse_rows`, named by `resolve_accounts` and merged by `deduplicate`: of several captures of one post the newest wins, and what it
leaves out is filled from the one before.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.corrections import Corrections
from govmedia_kit.read.importers import deduplicate
from govmedia_kit.read.importers.cell_problems import cells_to_mend, errors_in
from govmedia_kit.read.importers.deduplicate import Imported
from govmedia_kit.read.importers.generic_tables import KIT, LEDGER
from govmedia_kit.read.importers.layouts import layouts, tools
from govmedia_kit.read.importers.read_parts import (
    Asked,
    ReadPart,
    is_known,
    read_file,
    read_frame,
    set_originals_aside,
)
from govmedia_kit.read.importers.resolve_accounts import ID, NAMING, Identities, Named
from govmedia_kit.read.importers.runs import Bounds, observations_of, runs_of, set_late_aside
from govmedia_kit.read.importers.write_import import report_lines, write_import
from govmedia_kit.read.sources.files import ROW

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
# What a row is called in corrections.csv.
KEYS = {"posts": ("account_id", "post_id"), "messages": ("message_id",)}
# What a user should look at, of all that is counted.
DOUBTFUL = {
    ("note", "id_rounded"): "import_id_rounded",
    ("note", "late"): "import_late",
    ("set_aside", "no_account"): "import_no_account",
    ("set_aside", "no_time"): "import_no_time",
    ("note", "nobodys"): "import_messages_of_nobody",
    ("note", "no_reply_column"): "import_no_reply_column",
}

# Of these, what a table in the dictionary's own words says cell by cell.
CELLS = {("set_aside", "no_account"), ("set_aside", "no_time"), ("note", "id_rounded"), ("note", "late")}


def import_files(
    sources: Iterable[Any],
    *,
    tool: str | None = None,
    account: str | None = None,
    ledger: pl.DataFrame | None = None,
    table: str | None = None,
    as_of: dt.date | None = None,
    collected_to: Mapping[str, dt.date] | dt.date | None = None,
    ends: Iterable[dt.date] = (),
    corrections: Corrections | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Imported:
    """Posts, accounts, messages and comments of files and folders (walked) that any of the known tools wrote, or of frames.

    `tool` restricts recognition to one tool; `account` names the account (account_id, name or platform's id) of files that do
    not; `ledger` is the accounts table whose ids are used where a file's account can be found in it. `table` (posts, messages) is
    what tables in the dictionary's own words are. `collected_to` is the day to which sources without a time of capture were
    collected, or such days by run or source; with `ends`, other days to which something was collected, and `as_of` it says which
    days are too late to be true. `corrections` mend cells before they are understood. `progress` is called with
    the number of files done, their total and the name of the next. Doubtful where a file shows only a search or single posts: the
    report says so, and its observations are not complete. Raises InputError for a missing file, an unknown tool,
    an `account` that can be none of the files', and where none of the files can be read.
    """
    asked = Asked(
        tool=layouts(tool)[0].tool if tool is not None else None,
        account=account,
        table=table,
        until=collected_to if isinstance(collected_to, dt.date) else None,
        mends=corrections is not None,
    )
    sources = list(sources)
    found, problems, read = _walked(sources), [], []
    refused: list[InputError] = []
    for done, (path, source) in enumerate(found):
        shown = path.name if path == source else path.relative_to(source).as_posix()
        if progress:
            progress(done, len(found), shown)
        try:
            some, doubts = read_file(path, source, shown, asked)
        except InputError as error:
            refused.append(error)
            problems.append(Problem("import_unreadable", Place(shown), {"found": error.say("en"), "why": error}))
            continue
        read += some
        problems += doubts + [problem for one in some for problem in errors_in(one)]
    if progress:
        progress(len(found), len(found), "")
    for frame in filter(_is_frame, sources):
        read += read_frame(frame, asked)
    nothing = bool(found) and sum(problem.kind == "import_empty" for problem in problems) == len(found)
    if not read and not nothing:
        if len(found) == 1 and refused:
            raise refused[0]
        names = [path.name for path, _ in found[:5]]
        raise InputError("import_nothing", found=names or "—", known=tools(), problems=problems)
    bounds = Bounds(as_of, collected_to, tuple(ends))
    return _together(read, account, ledger, problems, [path for path, _ in found], bounds, corrections)


def _is_frame(source: Any) -> bool:
    return not isinstance(source, str | Path)


def _walked(sources: Iterable[Any]) -> list[tuple[Path, Path]]:
    found: dict[Path, Path] = {}
    for source in (Path(source) for source in sources if not _is_frame(source)):
        if not source.exists():
            raise InputError("no_file", path=source)
        inside = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
        for path in inside:
            if path == source or not NOT_DATA.search(path.relative_to(source).as_posix()):
                found.setdefault(path, source)
    return list(found.items())


def _together(
    read: list[ReadPart],
    account: str | None,
    ledger: pl.DataFrame | None,
    problems: list[Problem],
    inputs: list[Path],
    bounds: Bounds,
    corrections: Corrections | None,
) -> Imported:
    identities = _identify(read, account, ledger)
    if corrections is not None:
        _mended(read, corrections, identities, account)
    limit = set_late_aside(read, bounds)
    runs = runs_of(read, inputs)
    for one in read:
        cells = cells_to_mend(one, limit)
        problems += [p for p in cells if one.layout.tool == KIT or p.kind == "two_digit_year"]
    tables: dict[str, list[pl.DataFrame]] = {"posts": [], "accounts": [], "messages": [], "comments": []}
    for number, one in enumerate(read):
        tables.setdefault(one.layout.table, []).append(_usable(one, number))
        # Texts are most of an import, and are in its tables from here on.
        needed = (ROW, "__why", "published_at", "received_at", "replied_at")
        one.rows, one.read, one.cell = one.rows.select(c for c in needed if c in one.rows.columns), None, None
    own = [one.layout.tool == KIT for one in read]
    complete = [one.shows in ("timeline", "feed") for one in read]
    posts, kept_posts, spans = deduplicate.merged_posts(tables["posts"], complete, own)
    messages, unanswerable, kept_messages = deduplicate.merged_messages(tables["messages"])
    tools_ = [one.layout.tool for one in read]
    accounts, kept_accounts, searched = deduplicate.accounts_of(tables["accounts"], spans, tools_, identities.ledger)
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
        told = DOUBTFUL if one.layout.tool != KIT else {of: kind for of, kind in DOUBTFUL.items() if of not in CELLS}
        problems += [Problem(kind, place, {"count": counted[of]}) for of, kind in told.items() if counted[of]]
    names = {number: (runs[one.path], one.layout.tool) for number, one in enumerate(read)}
    return Imported(
        posts=posts,
        accounts=accounts,
        messages=messages,
        unanswerable=unanswerable,
        comments=comments,
        observations=observations_of(spans, names, bounds.collected_to),
        report=pl.DataFrame(report, schema=REPORT),
        reasons=pl.DataFrame(reasons, schema=REASONS),
        searched=searched,
        problems=problems + identities.doubts,
        inputs=inputs,
    )


def _mended(read: list[ReadPart], corrections: Corrections, identities: Identities, account: str | None) -> None:
    """The parts whose cells corrections name, read again with those cells mended."""
    for one in read:
        keys = KEYS.get(one.layout.table)
        if keys is None or one.read is None or not set(keys) <= set(one.rows.columns):
            continue
        keyed = one.rows.select(ROW, key=pl.concat_str(*keys, separator="/"))
        mends = corrections.meeting(one.layout.table, keyed, one.cell)
        if mends:
            one.rows, one.notes, one.odd = one.read(mends)
            named = one.rows.select(NAMING).unique(maintain_order=True)
            one.rows = _identified(one, named, identities, account)
            set_originals_aside([other for other in read if other.path == one.path])


def _identify(read: list[ReadPart], account: str | None, ledger: pl.DataFrame | None) -> Identities:
    """Gives all rows their account_id; what names the account of any part is learnt from all before."""
    identities = Identities(ledger)
    named = [one.rows.select(NAMING).unique(maintain_order=True) for one in read]
    identities.learn(dict.fromkeys(Named(*row) for frame in named for row in frame.iter_rows()))
    if account is not None:
        account = identities.asked(account, [(one.file, one.layout.platform) for one in read])
    for one, frame in zip(read, named, strict=True):
        one.rows = _identified(one, frame, identities, account)
    return identities


def _usable(one: ReadPart, number: int) -> pl.DataFrame:
    """The rows of a part that are not set aside, with the part's number; messages that are nobody's are noted."""
    usable = one.rows.filter(pl.col("__why").is_null()).drop("__why").with_columns(__src=pl.lit(number, pl.Int32))
    if one.layout.table == "messages":
        whose = [pl.col(c) for c in ("account_id", "unit") if c in usable.columns]
        one.notes["nobodys"] += usable.filter(pl.all_horizontal(c.is_null() for c in whose)).height
    return deduplicate.pinned(usable) if one.layout.table == "posts" and one.layout.order == "newest_first" else usable


def _outcome(one: ReadPart, kept: int) -> tuple[dict[str, Any], Counter[tuple[str, str]]]:
    """What became of a part's rows: its line of the report, and how many rows had which effect for which reason."""
    counted = Counter({("set_aside", why): n for why, n in one.rows["__why"].drop_nulls().value_counts().iter_rows()})
    # A ledger's row may hold several accounts, and is one row read.
    rows_read = one.rows[ROW].n_unique() if one.layout.tool == LEDGER else one.rows.height
    if one.layout.table == "other":
        counted["set_aside", "other_table"] = rows_read - counted.total()
    set_aside = counted.total()
    merged = rows_read - set_aside - kept
    counted["merged", "answer" if one.layout.table == "comments" else "same_row"] = merged
    counted.update({("note", reason): rows for reason, rows in one.notes.items()})
    if one.shows in ("feed", "search", "single"):
        counted["note", one.shows] += rows_read
    time = next((c for c in ("published_at", "received_at") if c in one.rows.columns), None)
    times = one.rows.filter(pl.col("__why").is_null())[time] if time else pl.Series([None])
    line: dict[str, Any] = {"file": one.file, "part": one.part.name, "layout": one.layout.name, "tool": one.layout.tool}
    line |= {"table": one.layout.table, "rows_read": rows_read, "kept": kept, "merged": merged, "set_aside": set_aside}
    return {**line, "first": times.min(), "last": times.max()}, counted


def _identified(one: ReadPart, named: pl.DataFrame, identities: Identities, account: str | None) -> pl.DataFrame:
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
