"""Any tool's files to posts, accounts, messages and comments, and a report in which every row read is accounted for.

The engine behind `govmedia import`. Files are recognised by content and columns (`formats/*.toml`), rows are understood by
`parse_rows`, named by `resolve_accounts` and merged by `deduplicate`: of several captures of one post the newest wins, and what it
leaves out is filled from the one before.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit import observations, parse_cells, schema
from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.headings import match_columns
from govmedia_kit.interop import conformed
from govmedia_kit.read.corrections import Corrections
from govmedia_kit.read.importers import deduplicate
from govmedia_kit.read.importers.deduplicate import Imported
from govmedia_kit.read.importers.generic_tables import KIT, LEDGER, ledger_of, own_layout
from govmedia_kit.read.importers.layouts import Layout, key, layouts, recognise, tools
from govmedia_kit.read.importers.parse_rows import IDS, ODD, Interpreted, columns_wanted, interpret, raw_cell
from govmedia_kit.read.importers.resolve_accounts import ID, NAMING, Identities, Named, path_facts
from govmedia_kit.read.importers.write_import import report_lines, write_import
from govmedia_kit.read.sources.detect import frame_part, parts_of
from govmedia_kit.read.sources.files import ROW
from govmedia_kit.read.sources.source_table import Part, input_errors
from govmedia_kit.read.sources.workbooks import letter

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
# What a frame is called where a file has a name.
FRAME = "DataFrame"
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


@dataclass
class _Read:
    """A part that was understood: its rows, what was noted of them, and how it is read again with its cells mended."""

    file: str
    path: Path
    source: Path
    part: Part
    layout: Layout
    rows: pl.DataFrame
    notes: Counter[str]
    shows: str
    odd: pl.DataFrame
    head: int = 0
    read: Callable[[Mapping[tuple[int, str], str | None]], Interpreted] | None = None
    cell: Callable[[int, str], str | None] | None = None


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
    if tool is not None:
        tool = layouts(tool)[0].tool
    found, problems, read = _walked(sources), [], []
    refused: list[InputError] = []
    until = collected_to if isinstance(collected_to, dt.date) else None
    for done, (path, source) in enumerate(found):
        shown = path.name if path == source else path.relative_to(source).as_posix()
        if progress:
            progress(done, len(found), shown)
        try:
            some, doubts = _file(path, source, shown, tool, account, table, until)
        except InputError as error:
            refused.append(error)
            problems.append(Problem("import_unreadable", Place(shown), {"found": error.say("en"), "why": error}))
            continue
        read += some
        problems += doubts
    if progress:
        progress(len(found), len(found), "")
    for frame in filter(_is_frame, sources):
        read += _understood([frame_part(frame)], Path(FRAME), Path(FRAME), FRAME, tool, account, table, until)[0]
    nothing = bool(found) and sum(problem.kind == "import_empty" for problem in problems) == len(found)
    if not read and not nothing:
        if len(found) == 1 and refused:
            raise refused[0]
        names = [path.name for path, _ in found[:5]]
        raise InputError("import_nothing", found=names or "—", known=tools(), problems=problems)
    bounds = _Bounds(as_of, collected_to, tuple(ends))
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


def _file(
    path: Path,
    source: Path,
    shown: str,
    tool: str | None,
    account: str | None,
    table: str | None,
    until: dt.date | None,
) -> tuple[list[_Read], list[Problem]]:
    parts = parts_of(path)
    with input_errors(path):
        known, unknown = _understood(parts, path, source, shown, tool, account, table, until)
    _set_originals_aside(known)
    if not known and tool is None and table is None:
        empty = pl.DataFrame(schema=ODD)
        known = [_Read(shown, path, source, *some, shows="ledger", odd=empty) for some in ledger_of(path)]
        parts += [one.part for one in known]
    problems: list[Problem] = []
    for part in parts:
        problems += [doubt for doubt in part.doubts if doubt not in problems]
    problems += [problem for one in known for problem in _errors_in(one)]
    if not known and not parts:
        return [], [Problem("import_empty", Place(shown), {})]
    if not known:
        kept = [[cell for cell in row if cell][:8] for part in unknown for row in part.heads[:1]]
        unread = {"found": kept[0] if kept else "—", "known": tools()}
        return [], [*problems, Problem("import_unknown", Place(shown), unread)]
    return known, problems


def _understood(
    parts: list[Part],
    path: Path,
    source: Path,
    shown: str,
    tool: str | None,
    account: str | None,
    table: str | None,
    until: dt.date | None,
) -> tuple[list[_Read], list[Part]]:
    """The parts of a file whose layout is known, read; and the others."""
    known, unknown = [], []
    for part in parts:
        head, layout = _recognised(part, tool, table)
        if layout is None:
            unknown.append(part)
            continue
        facts = path_facts(path, source, layout, part.name) | ({"until": str(until)} if until else {})
        every = part.heads[head] if layout.table == "messages" else []
        frame = part.load(head, [*columns_wanted(layout), *every], layout)
        for piece, own in _melted(frame, layout):
            by_path = (kind for pattern, kind in own.shows_by_path.items() if re.search(pattern, path.as_posix()))
            shows = next(by_path, own.shows)
            one = _Read(shown, path, source, part, own, pl.DataFrame(), Counter(), shows, pl.DataFrame(), head)
            one.read = functools.partial(_rows_of, piece, own, part.told, facts, account)
            one.cell = functools.partial(raw_cell, piece, own, part.told)
            one.rows, one.notes, one.odd = one.read({})
            known.append(one)
    return known, unknown


def _rows_of(
    piece: pl.DataFrame,
    layout: Layout,
    told: dict[str, str],
    facts: dict[str, str],
    account: str | None,
    mends: Mapping[tuple[int, str], str | None],
) -> Interpreted:
    read = interpret(piece, layout, told, facts, mends)
    return read._replace(rows=_whose(read.rows, layout, facts, account))


def is_known(path: Path) -> bool:
    """Whether a file has a part in a layout of one of the known tools."""
    try:
        return any(_recognised(part, None, None)[1] is not None for part in parts_of(path))
    except InputError:
        return False


def _recognised(part: Part, tool: str | None, table: str | None) -> tuple[int, Layout | None]:
    """The row of a part that is its header, and whose layout it is: a known tool's, else the dictionary's own."""
    for head, names in enumerate(part.heads):
        if layout := recognise(names, part.name, part.told, tool):
            return head, layout
    if tool is None:
        named = [len(set(match_columns(row, table or "posts").values())) for row in part.heads]
        for head in sorted(range(len(named)), key=lambda i: -named[i]):
            if layout := own_layout(part.heads[head], table):
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


class _Bounds(NamedTuple):
    """What is known of the days to which anything was collected."""

    as_of: dt.date | None
    collected_to: Mapping[str, dt.date] | dt.date | None
    ends: tuple[dt.date, ...]


def _together(
    read: list[_Read],
    account: str | None,
    ledger: pl.DataFrame | None,
    problems: list[Problem],
    inputs: list[Path],
    bounds: _Bounds,
    corrections: Corrections | None,
) -> Imported:
    identities = _identify(read, account, ledger)
    if corrections is not None:
        _mended(read, corrections, identities, account)
    limit = _set_late_aside(read, bounds)
    runs = _runs(read, inputs)
    for one in read:
        cells = _cells_to_mend(one, limit)
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
        observations=_observations(spans, names, bounds.collected_to),
        report=pl.DataFrame(report, schema=REPORT),
        reasons=pl.DataFrame(reasons, schema=REASONS),
        searched=searched,
        problems=problems + identities.doubts,
        inputs=inputs,
    )


def _observations(
    spans: list[pl.DataFrame], names: dict[int, tuple[str, str]], collected_to: Mapping[str, dt.date] | dt.date | None
) -> pl.DataFrame:
    """What the parts prove of their accounts, those of one run together."""
    if not spans:
        return observations.none()
    origin = pl.DataFrame([(n, *name) for n, name in names.items()], schema=["__src", "run", "source"], orient="row")
    every = pl.concat(spans).join(origin.cast({"__src": pl.Int32}), on="__src", how="left")
    one_a_run = every.group_by("account_id", "run", "complete").agg(
        pl.col("source").unique().sort().str.join("; "),
        pl.col("first").min(),
        pl.col("last").max(),
        captured=pl.col("seen").max(),
    )
    days = one_a_run.with_columns(pl.col("first", "last", "captured").dt.date())
    return observations.of_runs(conformed(days, observations.SPANS).sort("run", "account_id", "complete"), collected_to)


def _runs(read: list[_Read], inputs: list[Path]) -> dict[Path, str]:
    """The run that each file is of: what one tool wrote under one folder, called as that folder is seen from the source.

    Above the files lie the folders that the tool makes itself, the last of them, where it is one account's, among them.
    """
    stems: dict[Path, set[str]] = {}
    for path in inputs:
        stems.setdefault(path.parent, set()).add(re.sub(r"\D.*$", "", path.stem) or path.stem)
    roots: dict[Path, tuple[Path, Path]] = {}
    for one in read:
        root = one.path.parent
        while root not in (one.source, root.parent) and any(
            re.search(p, root.name.lower()) for p in one.layout.folders
        ):
            root = root.parent
        is_accounts = len(stems.get(root, ())) == 1 and not re.fullmatch(r"[\d\s._年月日-]+", root.name)
        if one.layout.account_folders and is_accounts and root not in (one.source, root.parent):
            root = root.parent
        roots.setdefault(one.path, (root, one.source))
    alone = {
        path
        for path, (root, source) in roots.items()
        if path == source and [r for r, _ in roots.values()].count(root) == 1
    }
    labels: dict[Path, str] = {}
    taken: dict[str, Path] = {}
    for path, (root, source) in roots.items():
        if path in alone:
            root, label = path, path.name
        elif path == source:
            label = root.resolve().name
        else:
            label = "/".join([source.resolve().name, *root.relative_to(source).parts])
        number = itertools.count(2)
        name = label
        while taken.setdefault(name, root) != root:
            name = f"{label}-{next(number)}"
        labels[path] = name
    return labels


def _set_late_aside(read: list[_Read], bounds: _Bounds) -> dt.date | None:
    """Times later than anything can have been collected are none: those after the newest end, or the year after `as_of`.

    The last day that can be, where one is known.
    """
    far = bounds.as_of + dt.timedelta(days=366) if bounds.as_of else None
    stated = bounds.collected_to
    ends = [*bounds.ends, *(stated.values() if isinstance(stated, Mapping) else [stated] if stated else [])]
    for one in read:
        for name in ("captured_at", "feed_built_at"):
            if name in one.rows.columns:
                if far is not None:
                    one.rows = one.rows.with_columns(pl.when(pl.col(name).dt.date() <= far).then(name).alias(name))
                if isinstance(seen := one.rows[name].max(), dt.datetime) and one.layout.table == "posts":
                    ends.append(seen.date())
    limit = max([*ends, *([bounds.as_of] if bounds.as_of else [])]) + dt.timedelta(days=1) if ends else far
    for one in read if limit is not None else ():
        for name in ("published_at", "received_at", "replied_at"):
            if name not in one.rows.columns:
                continue
            late = (pl.col(name).dt.date() > limit).fill_null(False)
            lost = one.rows.filter(late).select(
                ROW, field=pl.lit(name), text=pl.col(name).dt.to_string("%Y-%m-%d %H:%M:%S")
            )
            if lost.height:
                one.odd = pl.concat([one.odd, lost.cast(ODD)])  # type: ignore[arg-type]
                one.notes["late"] += lost.height
                why = (
                    pl.when(late & pl.col("__why").is_null() & (name != "replied_at"))
                    .then(pl.lit("no_time"))
                    .otherwise("__why")
                )
                one.rows = one.rows.with_columns(__why=why).with_columns(pl.when(~late).then(name).alias(name))
    return limit


def _mended(read: list[_Read], corrections: Corrections, identities: Identities, account: str | None) -> None:
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


def _place(one: _Read, row: int, at: int | None) -> Place:
    """Where a cell of a part stands."""
    header = one.part.heads[one.head] if one.part.heads else []
    heading = header[at] if at is not None and at < len(header) else ""
    sheet = one.part.name if one.part.kind == "sheet" else ""
    return Place(one.file, sheet, row, heading, letter(at) if at is not None else "")


def _errors_in(one: _Read) -> list[Problem]:
    """Cells of columns that are read in which a formula has no value, or an error."""
    header = one.part.heads[one.head] if one.part.heads else []
    used = set(map(key, columns_wanted(one.layout)))
    return [
        Problem(kind, _place(one, row, at), {"found": text})
        for (row, at), (kind, text) in sorted(one.part.odd.items())
        if at < len(header) and key(header[at]) in used
    ]


def _cells_to_mend(one: _Read, limit: dt.date | None) -> list[Problem]:
    """Cells of a table in the dictionary's own words that mean nothing, and needed ones that are empty, each with its place."""
    table, header = one.layout.table, one.part.heads[one.head] if one.part.heads else []
    if table not in KEYS:
        return []
    needed = [name for name, field in schema.columns(table).items() if field.required and name in one.layout.fields]

    def place(row: int, name: str) -> Place:
        at = next((i for i, other in enumerate(header) if key(other) == key(one.layout.fields[name][0])), None)
        return _place(one, row, at)

    problems = []
    # What only foreign layouts have, such as when a feed was built, is no field that a user could mend.
    own = pl.col("field").is_in([*schema.columns(table), *IDS])
    for row, name, text in one.odd.filter(own).iter_rows():
        kind, facts = ("cell_id_rounded", {"found": text}) if name in IDS else parse_cells.misread(text, table, name)
        if kind == "bad_date" and parse_cells.day_of(text) is not None:
            kind, facts = "date_late", {"found": text, "latest": limit}
        problems.append(Problem(kind, place(row, name), facts))
    said = set(one.odd.select(ROW, "field").iter_rows())
    errors = {(row, header[at]) for row, at in one.part.odd if at < len(header)}
    said |= {(row, name) for row, heading in errors for name, own in one.layout.fields.items() if heading in own}
    for name in needed:
        rows = one.rows.filter(
            pl.col(name).is_null(), ~pl.col("__why").is_in(["blank", "header_again"]).fill_null(False)
        )[ROW]
        facts = {"label": functools.partial(schema.label, name)}
        problems += [Problem("missing_value", place(row, name), facts) for row in rows if (row, name) not in said]
    return problems


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
