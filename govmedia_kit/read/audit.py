"""An audit folder, read: the ledger, the posts, the messages, and every problem found on the way."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from govmedia_kit import headings, schema
from govmedia_kit.catalogue import phrase
from govmedia_kit.divisions import divisions, within
from govmedia_kit.errors import InputError, Place, Problem, hint
from govmedia_kit.interop import conformed
from govmedia_kit.read.find_table import SUFFIXES, find_table
from govmedia_kit.read.importers import import_files
from govmedia_kit.read.importers.update_ledger import OBSERVED, read_observed, with_observed
from govmedia_kit.read.ledger import match_columns
from govmedia_kit.read.ledger.read_ledger import grids_of, read_accounts, require, source_name
from govmedia_kit.read.settings import Settings, read_settings
from govmedia_kit.read.sources import parquet
from govmedia_kit.read.sources.files import ROW

__all__ = ["Audit", "inputs_of", "read_audit", "read_messages", "read_posts"]

TABLES = ("accounts", "posts", "messages", "filed")


@dataclass(frozen=True)
class Audit:
    """What an audit folder holds; frames have the columns of the dictionary that their files had.

    `accounts` are those of the region, live or not; `posts` is the frame of the audit's engine, not read yet, with posts
    of every account; `posts`, `messages` and `filed` may be None. `ledger` is the whole ledger, and
    `unknown_in_messages` has a row (account_id, rows) per account that messages name and it lacks.
    """

    folder: Path
    settings: Settings
    accounts: pl.DataFrame
    posts: Any
    messages: pl.DataFrame | None
    filed: pl.DataFrame | None
    ledger: pl.DataFrame
    unknown_in_messages: pl.DataFrame
    problems: list[Problem] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)

    def __repr__(self) -> str:
        where = self.settings.title or self.settings.region or self.folder.name
        return f"<Audit {where}, {self.settings.as_of}: {self.accounts.height} accounts, {len(self.problems)} problems>"


def read_audit(folder: Path | str, *, strict: bool = True, **given: Any) -> Audit:
    """An audit folder with all its tables.

    `given` settings (`as_of=`, `region=`, `language=`, `engine=`) win over those of `audit.toml`. With `strict`, problems
    of severity `error` raise InputError that carries them all; without, they are returned in `problems`.
    Raises InputError too for a missing folder, file or setting, and a region that is in no list of divisions.
    """
    folder = Path(folder)
    settings = read_settings(folder, **given)
    problems: list[Problem] = []
    paths = {name: find_table(folder, name, settings) for name in TABLES}
    if paths["accounts"] is None:
        wanted = f"accounts{SUFFIXES[0]} … accounts{SUFFIXES[-1]}"
        raise InputError("no_table", path=folder, table=phrase("tables.accounts", settings.language), wanted=wanted)

    def read(name: str, reader: Any) -> pl.DataFrame | None:
        path = paths[name]
        if path is None:
            return None
        frame, found = reader(path)
        problems.extend(found)
        return frame

    ledger = read("accounts", lambda path: read_accounts(path, region=settings.region))
    assert ledger is not None
    days, found = read_observed(folder)
    problems += found
    ledger = with_observed(ledger, days)
    posts = _posts(paths["posts"], settings, ledger, problems)
    messages = read("messages", lambda path: read_messages(path, ledger=ledger))
    filed = read("filed", read_accounts)
    accounts = _of_region(ledger, settings)
    unknown = _unknown_accounts(messages, ledger)
    if messages is not None:
        messages, found = _messages_of(messages, accounts, ledger, Place(source_name(paths["messages"])))
        problems += found
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
        problems=problems,
        inputs=inputs_of(folder, settings),
    )


def inputs_of(folder: Path, settings: Settings) -> list[Path]:
    """The files that an audit is read from, none of them opened: settings, ledger and other tables, observed days, rules.

    Hidden files and what lies in hidden folders are nobody's input. Raises InputError as `read_audit` does for a table that
    is not there or could be several files.
    """
    tables = [path for name in TABLES if (path := find_table(folder, name, settings)) is not None]
    own = [folder / name for name in (OBSERVED, settings.rules) if (folder / name).is_file()]
    found: list[Path] = [folder / "audit.toml"]
    for path in [*tables, *own]:
        beneath = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        found += [p for p in beneath if not any(n.startswith((".", "~$")) for n in p.relative_to(path).parts)]
    return found


def read_posts(source: Any, *, ledger: pl.DataFrame | None = None) -> tuple[pl.DataFrame, list[Problem]]:
    """Posts: one row per post, the newest capture of each, and the problems found.

    The kit's own layout, any known tool's file, or a folder of them (any mix). With `ledger`, the accounts table, posts are
    given the ledger's ids where their account can be found in it by platform and id, hash of the id, or name.
    """
    if _is_own(source, "posts", ["account_id", "published_at"]):
        posts, problems = _read(source, "posts", ["account_id", "published_at"])
        newest = parquet.newest_captures(nw.from_native(posts.with_row_index(parquet.ROW).lazy()))
        return newest.to_native().sort(parquet.ROW).drop(parquet.ROW).collect(), problems
    found = import_files.import_files([source], ledger=ledger)
    if not found.posts.height:
        raise InputError("empty_table", place=Place(source_name(source)))
    return found.posts, found.problems


def read_messages(source: Any, *, ledger: pl.DataFrame | None = None) -> tuple[pl.DataFrame, list[Problem]]:
    """Messages of citizens: one row per message, and the problems found; without a reply column, none is made up."""
    if isinstance(source, Path) and source.is_dir():
        imported = import_files.import_files([source], ledger=ledger)
        frame, problems = imported.messages, imported.problems
    else:
        frame, problems = _read(source, "messages", ["received_at"])
        if isinstance(source, Path) and "message_id" in frame.columns and "account_id" not in frame.columns:
            # An office's own columns may name the account in another way, which the importer knows.
            whose = import_files.import_files([source], ledger=ledger).messages.select("message_id", "account_id")
            if whose["account_id"].is_not_null().any() and whose["message_id"].is_unique().all():
                frame = frame.join(whose, on="message_id", how="left", maintain_order="left")
                problems = [p for p in problems if p.kind != "unknown_column"]
    if "replied_at" in frame.columns:
        early = frame.filter(pl.col("replied_at") < pl.col("received_at"))
        problems += [
            Problem("reply_before_message", Place(source_name(source)), {"found": replied, "other": received})
            for received, replied in early.select("received_at", "replied_at").iter_rows()
        ]
    return frame, problems


def _is_own(source: Any, table: str, required: list[str]) -> bool:
    """Whether a source has the columns of the kit's own layout; frames are the kit's own."""
    if not isinstance(source, str | Path):
        return True
    if Path(source).is_dir():
        return False
    try:
        found = grids_of(source, table)
    except InputError:
        return not Path(source).is_file()
    names = [set(headings.match_columns(match_columns.headed(grid, table).header, table).values()) for grid in found]
    # A table that is nobody's is judged as the kit's own, whose columns its errors name.
    return any(set(required) <= have for have in names) or not import_files.is_known(Path(source))


def _read(source: Any, table: str, required: list[str]) -> tuple[pl.DataFrame, list[Problem]]:
    parts: list[pl.DataFrame] = []
    problems: list[Problem] = []
    places: list[Place] = []
    for grid in grids_of(source, table):
        grid = match_columns.headed(grid, table)
        frame, found = match_columns.typed(grid, table)
        problems += found
        require(frame, grid, table, required)
        known = {(p.place.row, p.place.column) for p in found}
        for name in required:
            for row in frame.filter(pl.col(name).is_null())[ROW]:
                place = grid.place(row, match_columns.position(grid, table, name))
                if (row, place.column) not in known:
                    problems.append(Problem("missing_value", place, {"label": functools.partial(schema.label, name)}))
        frame = frame.drop_nulls(required).drop(ROW)
        parts.append(frame)
        places.append(grid.place())
    if not parts:
        raise InputError("empty_table", place=Place(source_name(source)))
    answered = [frame for frame in parts if "replied_at" in frame.columns]
    if table == "messages" and answered:
        # Beside sheets with replies, those of a sheet without would seem unanswered.
        for frame, place in zip(parts, places, strict=True):
            if "replied_at" not in frame.columns and frame.height:
                problems.append(Problem("no_reply_column", place, {"count": frame.height}))
        parts = answered
    return pl.concat(parts, how="diagonal"), problems


def _of_region(accounts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    if settings.region is None:
        return accounts
    codes = within(settings.region)
    if not codes:
        raise InputError("unknown_region_asked", found=settings.region, hint=hint(settings.region, divisions()["code"]))
    # A ledger without regions is the region's own: there is nothing to select by.
    return accounts.filter(pl.col("region").is_in(codes)) if "region" in accounts.columns else accounts


def _posts(path: Path | None, settings: Settings, ledger: pl.DataFrame, problems: list[Problem]) -> Any:
    """The posts as the engine's own frame: a lake is only opened; other files are read, by Polars."""
    if path is None:
        return None
    if parquet.is_lake(path):
        return parquet.open_posts(path, engine=settings.engine)
    if settings.engine != "polars":
        raise InputError("engine_needs_parquet", path=path.name, engine=settings.engine)
    posts, found = read_posts(path, ledger=ledger)
    problems += found
    return posts.lazy()


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
