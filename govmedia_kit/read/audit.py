"""An audit folder, read: the ledger, the posts, the messages, and every problem found on the way."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.catalogue import phrase
from govmedia_kit.divisions import divisions, within
from govmedia_kit.errors import InputError, Place, Problem, hint
from govmedia_kit.read.importers import import_files
from govmedia_kit.read.importers.update_ledger import OBSERVED, read_observed, with_observed
from govmedia_kit.read.ledger import match_columns
from govmedia_kit.read.ledger.read_ledger import column_facts, grids_of, read_accounts, source_name
from govmedia_kit.read.settings import Settings, read_settings
from govmedia_kit.read.sources import parquet
from govmedia_kit.read.sources.files import ROW

__all__ = ["Audit", "read_audit", "read_messages", "read_posts"]

SUFFIXES = (".csv", ".xlsx", ".parquet", ".xls", ".ods", ".tsv", ".json", ".jsonl")
# What other tools call their files; a folder `posts/` may hold any.
TOOLS_SUFFIXES = (".db", ".sqlite", ".xml", ".txt", ".html")


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
    paths = {name: _find(folder, settings, name) for name in ("accounts", "posts", "messages", "filed")}
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
        problems += _of_nobody(messages, paths["messages"]) + _of_other_units(messages, ledger, paths["messages"])
        messages = _messages_of(messages, accounts)
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
        inputs=[folder / "audit.toml", *(path for path in paths.values() if path is not None), *_observed_of(folder)],
    )


def read_posts(source: Any, *, ledger: pl.DataFrame | None = None) -> tuple[pl.DataFrame, list[Problem]]:
    """Posts: one row per post, the newest capture of each, and the problems found.

    The kit's own layout, any known tool's file, or a folder of them (any mix). With `ledger`, the accounts table, posts are
    given the ledger's ids where their account can be found in it by platform and id, hash of the id, or name.
    """
    if _is_own(source, "posts", ["account_id", "published_at"]):
        return _read(source, "posts", ["account_id", "published_at"], newest=["account_id", "post_id"])
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
        frame, problems = _read(source, "messages", ["received_at"], newest=None)
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
    names = [
        set(match_columns.match_columns(match_columns.headed(grid, table).header, table).values()) for grid in found
    ]
    # A table that is nobody's is judged as the kit's own, whose columns its errors name.
    return any(set(required) <= have for have in names) or not import_files.is_known(Path(source))


def _read(source: Any, table: str, required: list[str], newest: list[str] | None) -> tuple[pl.DataFrame, list[Problem]]:
    parts: list[pl.DataFrame] = []
    problems: list[Problem] = []
    places: list[Place] = []
    for grid in grids_of(source, table):
        grid = match_columns.headed(grid, table)
        frame, found = match_columns.typed(grid, table)
        problems += found
        for name in required:
            if name not in frame.columns:
                raise InputError("no_column", **column_facts(grid, table, name))
        missing = frame.filter(pl.any_horizontal(pl.col(required).is_null()))
        told = {(p.place.row, p.place.column) for p in found}
        for row in missing.iter_rows(named=True):
            for name in required:
                place = grid.place(row[ROW], match_columns.position(grid, table, name))
                if row[name] is None and (place.row, place.column) not in told:
                    problems.append(Problem("missing_value", place, {"label": functools.partial(schema.label, name)}))
        frame = frame.drop_nulls(required).drop(ROW)
        if newest and "captured_at" in frame.columns and newest[-1] in frame.columns:
            frame = _newest_capture(frame, newest)
        parts.append(frame)
        places.append(grid.place())
    if not parts:
        raise InputError("empty_table", place=Place(source_name(source)))
    if table == "messages" and any("replied_at" in frame.columns for frame in parts):
        # Beside sheets with replies, those of a sheet without would seem unanswered.
        silent = [i for i, frame in enumerate(parts) if "replied_at" not in frame.columns]
        problems += [
            Problem("no_reply_column", places[i], {"count": parts[i].height}) for i in silent if parts[i].height
        ]
        parts = [frame for i, frame in enumerate(parts) if i not in silent]
    return pl.concat(parts, how="diagonal"), problems


def _newest_capture(posts: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """One row per post, of the newest capture; posts without an id cannot be told apart and all stay."""
    known = posts.filter(pl.col(key[-1]).is_not_null()).sort("captured_at", nulls_last=False)
    return pl.concat([known.unique(key, keep="last", maintain_order=True), posts.filter(pl.col(key[-1]).is_null())])


def _observed_of(folder: Path) -> list[Path]:
    return [folder / OBSERVED] if (folder / OBSERVED).exists() else []


def _find(folder: Path, settings: Settings, name: str) -> Path | None:
    """The file of a table: the one that audit.toml names, or the only one in the folder called so."""
    named = getattr(settings.tables, name)
    if named:
        path = folder / named
        if not path.exists():
            raise InputError("no_file", path=path)
        return path
    suffixes = (*SUFFIXES, *TOOLS_SUFFIXES) if name in ("posts", "messages") else SUFFIXES
    found = sorted(p for p in folder.glob(f"{name}.*") if p.suffix.lower() in suffixes)
    if name in ("posts", "messages") and (folder / name).is_dir() and any((folder / name).iterdir()):
        found.append(folder / name)
    if len(found) > 1:
        called = phrase(f"tables.{name}", settings.language)
        raise InputError("two_tables", path=folder, table=called, found=[p.name for p in found])
    return found[0] if found else None


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


def _of_nobody(messages: pl.DataFrame, path: Path | None) -> list[Problem]:
    """How many messages name neither an account nor a unit, and are in nobody's figures."""
    whose = [pl.col(c) for c in ("account_id", "unit") if c in messages.columns]
    count = messages.filter(pl.all_horizontal(True, *(c.is_null() for c in whose))).height
    return [Problem("messages_of_nobody", Place(source_name(path)), {"count": count})] if count else []


def _of_other_units(messages: pl.DataFrame, ledger: pl.DataFrame, path: Path | None) -> list[Problem]:
    """How many messages name no account and a unit that the ledger lacks, and are in nobody's figures."""
    if "unit" not in messages.columns:
        return []
    nameless = pl.col("account_id").is_null() if "account_id" in messages.columns else pl.lit(True)
    units = ledger["unit"].drop_nulls().unique().to_list()
    lost = messages.filter(nameless, pl.col("unit").is_not_null(), ~pl.col("unit").is_in(units))
    if not lost.height:
        return []
    found = lost["unit"].unique(maintain_order=True).to_list()
    facts = {
        "count": lost.height,
        "found": found[:3] + (["…"] if len(found) > 3 else []),
        "hint": hint(found[0], units),
    }
    return [Problem("messages_of_other_units", Place(source_name(path)), facts)]


def _messages_of(messages: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The messages to the region's accounts, or to their units where no account is named."""
    mine = pl.lit(False)
    if "account_id" in messages.columns:
        mine = mine | pl.col("account_id").is_in(accounts["account_id"].to_list())
    if "unit" in messages.columns:
        nameless = pl.col("account_id").is_null() if "account_id" in messages.columns else pl.lit(True)
        mine = mine | (nameless & pl.col("unit").is_in(accounts["unit"].unique().to_list()))
    return messages.filter(mine)
