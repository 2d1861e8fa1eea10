"""An audit folder, read: the ledger, the posts, the messages, and every problem found on the way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import interop, parse_cells, schema
from govmedia_kit import observations as evidence
from govmedia_kit.catalogue import phrase
from govmedia_kit.divisions import divisions, within
from govmedia_kit.errors import InputError, Place, Problem, hint
from govmedia_kit.interop import conformed
from govmedia_kit.read.corrections import CORRECTIONS, read_corrections
from govmedia_kit.read.find_table import SUFFIXES, find_table
from govmedia_kit.read.importers import import_files
from govmedia_kit.read.importers.import_files import Imported
from govmedia_kit.read.importers.write_import import OBSERVATIONS
from govmedia_kit.read.ledger import match_columns
from govmedia_kit.read.ledger.read_ledger import (
    grids_of,
    read_accounts,
    read_ledger,
    require,
    source_name,
    without_late,
)
from govmedia_kit.read.settings import NOT_GIVEN, Settings, read_settings
from govmedia_kit.read.sources import parquet
from govmedia_kit.read.sources.files import ROW, grids

__all__ = ["Audit", "inputs_of", "read_audit", "read_messages", "read_posts"]

TABLES = ("accounts", "posts", "messages", "filed")
# What 0.1.0's imports wrote of the days that they collected.
OBSERVED = "observed.csv"
# Days by which the newest note may be older than the monitoring point, where nobody says when the notes were made.
OLD_NOTES = 7


@dataclass(frozen=True)
class Audit:
    """What an audit folder holds; frames have the columns of the dictionary that their files had.

    `accounts` are those of the region, live or not; `posts` is the frame of the audit's engine, not read yet, with posts
    of every account; `posts`, `messages` and `filed` may be None. `ledger` is the whole ledger, and
    `unknown_in_messages` has a row (account_id, rows) per account that messages name and it lacks. `observations` say what was
    collected of each account and how that is known (`govmedia_kit.observations`), `latest` is the last day on which anything can
    have been posted; `corrected` are the corrections that were used, and `as_of_given` says whether the monitoring point was given.
    """

    folder: Path
    settings: Settings
    accounts: pl.DataFrame
    posts: Any
    messages: pl.DataFrame | None
    filed: pl.DataFrame | None
    ledger: pl.DataFrame
    unknown_in_messages: pl.DataFrame
    observations: pl.DataFrame
    latest: dt.date
    corrected: list[dict[str, Any]] = field(default_factory=list)
    as_of_given: bool = True
    problems: list[Problem] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)

    def __repr__(self) -> str:
        where = self.settings.title or self.settings.region or self.folder.name
        return f"<Audit {where}, {self.settings.as_of}: {self.accounts.height} accounts, {len(self.problems)} problems>"


def _limit(as_of: dt.date | None, ends: list[dt.date]) -> dt.date:
    """The last day on which anything can have been posted: that after the newest end that is captured or stated, or after the
    monitoring point; a year after this where no end is known."""
    if ends:
        return max([*ends, *([as_of] if as_of else [])]) + dt.timedelta(days=1)
    return as_of + dt.timedelta(days=366) if as_of else parse_cells.LAST.date()


def _days_in(stated: Any) -> list[dt.date]:
    return list(stated.values()) if isinstance(stated, dict) else [stated] if stated else []


def read_audit(folder: Path | str, *, strict: bool = True, **given: Any) -> Audit:
    """An audit folder with all its tables.

    `given` settings (`as_of=`, `region=`, `language=`, `engine=`) win over those of `audit.toml`. A monitoring point that is not
    given is the earliest end of collection that is captured or stated. With `strict`, problems
    of severity `error` raise InputError that carries them all; without, they are returned in `problems`.
    Raises InputError too for a missing folder, file or setting, a region that is in no list of divisions, and a monitoring point
    that neither is given nor follows.
    """
    folder = Path(folder)
    settings = read_settings(folder, **given)
    paths = {name: find_table(folder, name, settings) for name in TABLES}
    if paths["accounts"] is None:
        wanted = f"accounts{SUFFIXES[0]} … accounts{SUFFIXES[-1]}"
        raise InputError("no_table", path=folder, table=phrase("tables.accounts", settings.language), wanted=wanted)
    asked = settings.as_of if settings.as_of != NOT_GIVEN else None
    corrections, problems = read_corrections(folder)
    book = read_ledger(paths["accounts"], region=settings.region, mend=corrections.of_sheet("accounts"))
    problems += book.problems
    ledger = book.accounts.drop(ROW, "__sheet", "__grid")
    ends = ledger["observed_to"].drop_nulls().to_list() if "observed_to" in ledger.columns else []
    how: dict[str, Any] = {"ledger": ledger, "as_of": asked, "ends": ends, "corrections": corrections}
    stated, found = _stated(folder)
    problems += found
    posts, shown = _posts(paths["posts"], settings, how, problems)
    # What stands in observations.csv is all that the posts beside it prove.
    observed = evidence.with_stated(stated, settings.collected_to) if stated.height else shown
    first = shown["from"].min()
    if asked is not None and isinstance(first, dt.date) and first > asked:
        raise InputError("as_of_before_posts", found=asked, other=first)
    if asked is None:
        settings = settings.model_copy(update={"as_of": _as_of(observed, ledger, posts, settings, folder)})
    known = evidence.of_ledger(
        ledger,
        as_of=settings.as_of,
        noted_on=settings.noted_on,
        stated=settings.collected_to if isinstance(settings.collected_to, dt.date) else None,
        source=source_name(paths["accounts"]),
    )
    observed = pl.concat([known, observed])
    far = settings.as_of + dt.timedelta(days=366)
    how["ends"] = [day for day in evidence.ends(observed) if day <= far]
    latest = _limit(settings.as_of, how["ends"])
    ledger, late = without_late(book, ledger, latest, far)
    problems += late + _old_notes(ledger, settings, paths["accounts"])
    messages = filed = None
    if paths["messages"] is not None:
        messages, found = _read_messages(paths["messages"], how | {"as_of": settings.as_of})
        problems += found
    if paths["filed"] is not None:
        filed, found = read_accounts(paths["filed"], mend=corrections.of_sheet("filed"))
        problems += found
    accounts = _of_region(ledger, settings)
    unknown = _unknown_accounts(messages, ledger)
    if messages is not None:
        messages, found = _messages_of(messages, accounts, ledger, Place(source_name(paths["messages"])))
        problems += found
    problems += corrections.problems()
    errors = [p for p in problems if p.severity == "error"]
    if strict and errors:
        raise InputError("too_many_problems", count=len(errors), problems=problems)
    return Audit(
        folder=folder,
        settings=settings,
        accounts=accounts,
        posts=posts,
        messages=messages,
        filed=filed,
        ledger=ledger,
        unknown_in_messages=unknown,
        observations=observed,
        latest=latest,
        corrected=corrections.used,
        as_of_given=asked is not None,
        problems=problems,
        inputs=inputs_of(folder, settings),
    )


def _stated(folder: Path) -> tuple[pl.DataFrame, list[Problem]]:
    """What `observations.csv` says, and 0.1.0's `observed.csv`."""
    found, problems = [evidence.none()], []
    for name, extra in ((OBSERVATIONS, {}), (OBSERVED, {"complete": pl.lit(True), "basis": pl.lit("stated")})):
        path = folder / name
        if not path.exists():
            continue
        grid = match_columns.headed(grids(path)[0], "observations")
        frame, doubts = match_columns.typed(grid, "observations")
        require(frame, grid, "observations", ["account_id"])
        frame = frame.with_columns(**{c: e for c, e in extra.items() if c not in frame.columns})
        rows = conformed(frame, schema.dtypes("observations")).drop_nulls("account_id")
        told = {"run": pl.lit(name), "source": pl.lit(name), "complete": pl.lit(True), "basis": pl.lit("stated")}
        found.append(rows.with_columns(pl.coalesce(c, e).alias(c) for c, e in told.items()))
        problems += doubts
    return pl.concat(found), problems


def _as_of(observed: pl.DataFrame, ledger: pl.DataFrame, posts: Any, settings: Settings, folder: Path) -> dt.date:
    """The monitoring point of an audit that gives none: the earliest end of a run that is captured or stated."""
    known = observed.filter("complete", pl.col("basis").is_in(["captured", "stated"]))
    ends = known.group_by("run").agg(pl.col("to").max())["to"].drop_nulls().to_list()
    ends += ledger["observed_to"].drop_nulls().unique().to_list() if "observed_to" in ledger.columns else []
    if ends:
        return min(ends)
    newest: list[Any] = [observed["to"].max(), settings.noted_on]
    newest += [ledger["last_post_on"].max()] if "last_post_on" in ledger.columns else []
    if isinstance(posts, pl.LazyFrame):
        newest.append(posts.select(pl.col("published_at").max().dt.date()).collect().item())
    fits = [day for day in newest if isinstance(day, dt.date)]
    raise InputError("no_as_of", path=folder / "audit.toml", fits=max(fits, default=dt.date(2019, 7, 15)))


def _old_notes(ledger: pl.DataFrame, settings: Settings, path: Path | None) -> list[Problem]:
    """Notes that are all older than a week, without a word on when they were made: nobody is failed by them silently."""
    if settings.noted_on is not None or "last_post_on" not in ledger.columns:
        return []
    noted = ledger.filter(pl.col("noted_on").is_null()) if "noted_on" in ledger.columns else ledger
    newest = noted["last_post_on"].max()
    if not isinstance(newest, dt.date) or (settings.as_of - newest).days <= OLD_NOTES:
        return []
    facts = {"found": newest, "as_of": settings.as_of, "days": (settings.as_of - newest).days}
    return [Problem("notes_old", Place(source_name(path)), facts)]


def inputs_of(folder: Path, settings: Settings) -> list[Path]:
    """The files that an audit is read from, none of them opened: settings, ledger and other tables, observed days, rules.

    Hidden files and what lies in hidden folders are nobody's input. Raises InputError as `read_audit` does for a table that
    is not there or could be several files.
    """
    tables = [path for name in TABLES if (path := find_table(folder, name, settings)) is not None]
    own = [folder / name for name in (OBSERVED, OBSERVATIONS, CORRECTIONS, settings.rules) if (folder / name).is_file()]
    found: list[Path] = [folder / "audit.toml"]
    for path in [*tables, *own]:
        beneath = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        found += [p for p in beneath if not any(n.startswith((".", "~$")) for n in p.relative_to(path).parts)]
    return found


def read_posts(source: Any, *, ledger: pl.DataFrame | None = None) -> tuple[pl.DataFrame, list[Problem]]:
    """Posts: one row per post, the newest capture of each, and the problems found.

    The kit's own layout, any known tool's file, a folder of them (any mix), or a frame. With `ledger`, the accounts table, posts are
    given the ledger's ids where their account can be found in it by platform and id, hash of the id, or name.
    """
    found = _imported(source, "posts", {"ledger": ledger})
    if not found.posts.height:
        raise InputError("empty_table", place=Place(source_name(source)))
    return found.posts, found.problems


def read_messages(source: Any, *, ledger: pl.DataFrame | None = None) -> tuple[pl.DataFrame, list[Problem]]:
    """Messages of citizens: one row per message, and the problems found; without a reply column, none is made up."""
    return _read_messages(source, {"ledger": ledger})


def _read_messages(source: Any, how: dict[str, Any]) -> tuple[pl.DataFrame, list[Problem]]:
    imported = _imported(source, "messages", how)
    frame, problems = imported.messages, imported.problems
    # Beside sheets with replies, those of a sheet without would seem unanswered.
    problems = [p._replace(kind="no_reply_column") if p.kind == "import_no_reply_column" else p for p in problems]
    if "replied_at" in frame.columns:
        early = frame.filter(pl.col("replied_at") < pl.col("received_at"))
        problems += [
            Problem("reply_before_message", Place(source_name(source)), {"found": replied, "other": received})
            for received, replied in early.select("received_at", "replied_at").iter_rows()
        ]
    return frame, [p for p in problems if p.kind != "import_messages_of_nobody"]


def _imported(source: Any, table: str, how: dict[str, Any]) -> Imported:
    """A source as an import reads it; a table that is nobody's is judged as the kit's own, whose columns its errors name."""
    source = Path(source) if isinstance(source, str) else source
    if interop.is_pandas(source):
        source = interop.from_pandas(source)
    if isinstance(source, pl.LazyFrame):
        source = source.collect()
    try:
        return import_files.import_files([source], table=table, **how)
    except InputError as error:
        if error.kind != "import_nothing" or (isinstance(source, Path) and source.is_dir()):
            raise
    needed = [name for name, known in schema.columns(table).items() if known.required]
    for grid in grids_of(source, table):
        grid = match_columns.headed(grid, table)
        if grid.frame.height:
            require(match_columns.typed(grid, table)[0], grid, table, needed)
    raise InputError("empty_table", place=Place(source_name(source)))


def _of_region(accounts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    if settings.region is None:
        return accounts
    codes = within(settings.region)
    if not codes:
        raise InputError("unknown_region_asked", found=settings.region, hint=hint(settings.region, divisions()["code"]))
    # A ledger without regions is the region's own: there is nothing to select by.
    return accounts.filter(pl.col("region").is_in(codes)) if "region" in accounts.columns else accounts


def _posts(
    path: Path | None, settings: Settings, how: dict[str, Any], problems: list[Problem]
) -> tuple[Any, pl.DataFrame]:
    """The posts as the engine's own frame, and what they prove: a lake is only opened; other files are read, by Polars."""
    if path is None:
        return None, evidence.none()
    stated = settings.collected_to
    if parquet.is_lake(path):
        mend = how["corrections"].of_lake
        posts = parquet.open_posts(path, engine=settings.engine, mend=mend)
        # What an import wrote is told beside it: search hits are among the posts.
        if parquet.is_imported(path):
            if not (path.parent / OBSERVATIONS).exists():
                problems.append(Problem("observations_missing", Place(path.name), {"path": OBSERVATIONS}))
            return posts, evidence.none()
        latest = _limit(how["as_of"], [*how["ends"], *_days_in(stated)])
        captured = parquet.newest_capture(path, by=how["as_of"] and how["as_of"] + dt.timedelta(days=366))
        latest = _limit(how["as_of"], [captured]) if captured else latest
        return posts, evidence.of_runs(parquet.spans(path, engine=settings.engine, latest=latest, mend=mend), stated)
    if settings.engine != "polars":
        raise InputError("engine_needs_parquet", path=path.name, engine=settings.engine)
    found = _imported(path, "posts", how | {"collected_to": stated})
    problems += found.problems
    return found.posts.lazy(), found.observations


def _unknown_accounts(frame: pl.DataFrame | None, ledger: pl.DataFrame) -> pl.DataFrame:
    """How many rows of a table belong to accounts that the ledger lacks: one row per such account."""
    if frame is None or "account_id" not in frame.columns:
        return pl.DataFrame(schema={"account_id": pl.String, "rows": pl.Int64})
    return (
        frame.filter(pl.col("account_id").is_not_null())
        .join(ledger.select("account_id"), on="account_id", how="anti")
        .group_by("account_id")
        .agg(rows=pl.len().cast(pl.Int64))
        .sort("account_id")
    )


def _messages_of(
    messages: pl.DataFrame, accounts: pl.DataFrame, ledger: pl.DataFrame, place: Place
) -> tuple[pl.DataFrame, list[Problem]]:
    """The messages to the region's accounts, or to their units where no account is named; and those that are in nobody's figures."""
    whose = conformed(messages, {"account_id": pl.String, "unit": pl.String})
    nameless, unit = whose["account_id"].is_null(), whose["unit"]
    problems = []
    if count := (nameless & unit.is_null()).sum():
        problems.append(Problem("messages_of_nobody", place, {"count": count}))
    units = ledger["unit"].drop_nulls().unique()
    lost = unit.filter(nameless & unit.is_not_null() & ~unit.is_in(units.implode()))
    if len(lost):
        found = lost.unique(maintain_order=True).to_list()
        facts = {
            "count": len(lost),
            "found": found[:3] + (["…"] if len(found) > 3 else []),
            "hint": hint(found[0], units.to_list()),
        }
        problems.append(Problem("messages_of_other_units", place, facts))
    to_account = whose["account_id"].is_in(accounts["account_id"].implode())
    to_unit = nameless & unit.is_in(accounts["unit"].unique().implode())
    return messages.filter(to_account.fill_null(False) | to_unit.fill_null(False)), problems
