"""An audit folder, read: the ledger, the posts, the messages, and every problem found on the way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import fields
from govmedia_kit.errors import InputError, Place, Problem, hint
from govmedia_kit.read import tables
from govmedia_kit.read.files import ROW
from govmedia_kit.read.ledger import column_facts, grids_of, position, read_accounts, source_name
from govmedia_kit.read.resources import divisions, within
from govmedia_kit.read.settings import Settings, read_settings

__all__ = ["Audit", "read_audit", "read_messages", "read_posts"]

SUFFIXES = (".csv", ".xlsx", ".parquet", ".xls", ".ods", ".tsv", ".json", ".jsonl")


@dataclass(frozen=True)
class Audit:
    """What an audit folder holds; frames have the columns of the dictionary that their files had.

    `accounts` are those of the region, live or not; `posts` is lazy; `messages` and `filed` may be None.
    `set_aside` has a row per account that posts or messages name and the ledger lacks: table, account_id, rows.
    """

    folder: Path
    settings: Settings
    accounts: pl.DataFrame
    posts: pl.LazyFrame | None
    messages: pl.DataFrame | None
    filed: pl.DataFrame | None
    set_aside: pl.DataFrame
    problems: list[Problem] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)


def read_audit(folder: Path | str, *, strict: bool = True, **given: Any) -> Audit:
    """An audit folder with all its tables.

    `given` settings (`as_of=`, `region=`, `language=`, `engine=`) win over those of `audit.toml`. With `strict`, problems
    of severity `error` raise InputError that carries them all; without, they are returned in `problems`.
    Raises InputError too for a missing folder, file or setting, a region that is in no list of divisions,
    and a monitoring point before every post.
    """
    folder = Path(folder)
    settings = read_settings(folder, **given)
    problems: list[Problem] = []
    paths = {name: _find(folder, settings, name) for name in ("accounts", "posts", "messages", "filed")}
    if paths["accounts"] is None:
        wanted = f"accounts{SUFFIXES[0]} … accounts{SUFFIXES[-1]}"
        raise InputError("no_table", path=folder, table=_called("accounts", settings.language), wanted=wanted)

    def read(name: str, reader: Any) -> pl.DataFrame | None:
        path = paths[name]
        if path is None:
            return None
        frame, found = reader(path)
        problems.extend(found)
        return frame

    ledger = read("accounts", lambda path: read_accounts(path, region=settings.region))
    assert ledger is not None
    posts = read("posts", read_posts)
    messages = read("messages", read_messages)
    filed = read("filed", read_accounts)
    accounts = _of_region(ledger, settings)
    set_aside, found = _unknown_accounts(ledger, {"posts": posts, "messages": messages}, paths)
    problems += found
    if posts is not None:
        posts = posts.join(accounts.select("account_id"), on="account_id", how="semi")
        _check_as_of(posts, settings.as_of)
    if messages is not None:
        messages = _messages_of(messages, accounts)
    errors = [p for p in problems if p.severity == "error"]
    if strict and errors:
        raise InputError("too_many_problems", count=len(errors), problems=problems)
    return Audit(
        folder=folder,
        settings=settings,
        accounts=accounts,
        posts=None if posts is None else posts.lazy(),
        messages=messages,
        filed=filed,
        set_aside=set_aside,
        problems=problems,
        inputs=[folder / "audit.toml", *(path for path in paths.values() if path is not None)],
    )


def read_posts(source: Any) -> tuple[pl.DataFrame, list[Problem]]:
    """Posts in the kit's own layout: one row per post, the newest capture of each, and the problems found."""
    return _read(source, "posts", ["account_id", "published_at"], newest=["account_id", "post_id"])


def read_messages(source: Any) -> tuple[pl.DataFrame, list[Problem]]:
    """Messages of citizens: one row per message, and the problems found; without a reply column, none is made up."""
    frame, problems = _read(source, "messages", ["received_at"], newest=None)
    if "replied_at" in frame.columns:
        early = frame.filter(pl.col("replied_at") < pl.col("received_at"))
        problems += [
            Problem("reply_before_message", Place(source_name(source)), {"found": replied, "other": received})
            for received, replied in early.select("received_at", "replied_at").iter_rows()
        ]
    return frame, problems


def _read(source: Any, table: str, required: list[str], newest: list[str] | None) -> tuple[pl.DataFrame, list[Problem]]:
    parts, problems = [], []
    for grid in grids_of(source, table):
        grid = tables.headed(grid, table)
        frame, found = tables.typed(grid, table)
        problems += found
        for name in required:
            if name not in frame.columns:
                raise InputError("no_column", **column_facts(grid, table, name))
        missing = frame.filter(pl.any_horizontal(pl.col(required).is_null()))
        told = {(p.place.row, p.place.column) for p in found}
        for row in missing.iter_rows(named=True):
            for name in required:
                place = grid.place(row[ROW], position(grid, table, name))
                if row[name] is None and (place.row, place.column) not in told:
                    problems.append(Problem("missing_value", place, {"label": fields.label(name)}))
        frame = frame.drop_nulls(required).drop(ROW)
        if newest and "captured_at" in frame.columns and newest[-1] in frame.columns:
            frame = _newest_capture(frame, newest)
        parts.append(frame)
    if not parts:
        raise InputError("empty_table", place=Place(source_name(source)))
    return pl.concat(parts, how="diagonal"), problems


def _newest_capture(posts: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """One row per post, of the newest capture; posts without an id cannot be told apart and all stay."""
    known = posts.filter(pl.col(key[-1]).is_not_null()).sort("captured_at", nulls_last=False)
    return pl.concat([known.unique(key, keep="last", maintain_order=True), posts.filter(pl.col(key[-1]).is_null())])


def _find(folder: Path, settings: Settings, name: str) -> Path | None:
    """The file of a table: the one that audit.toml names, or the only one in the folder called so."""
    named = getattr(settings.tables, name)
    if named:
        path = folder / named
        if not path.exists():
            raise InputError("no_file", path=path)
        return path
    found = sorted(p for p in folder.glob(f"{name}.*") if p.suffix.lower() in SUFFIXES)
    if len(found) > 1:
        called = _called(name, settings.language)
        raise InputError("two_tables", path=folder, table=called, found=[p.name for p in found])
    return found[0] if found else None


def _called(table: str, language: str) -> str:
    names = {
        "accounts": ("台账", "accounts"),
        "posts": ("帖文", "posts"),
        "messages": ("留言", "messages"),
        "filed": ("备案名单", "filed"),
    }
    return names[table][language.startswith("en")]


def _of_region(accounts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    if settings.region is None:
        return accounts
    codes = within(settings.region)
    if not codes:
        raise InputError("unknown_region_asked", found=settings.region, hint=hint(settings.region, divisions()["code"]))
    # A ledger without regions is the region's own: there is nothing to select by.
    return accounts.filter(pl.col("region").is_in(codes)) if "region" in accounts.columns else accounts


def _unknown_accounts(
    ledger: pl.DataFrame, found: dict[str, pl.DataFrame | None], paths: dict[str, Path | None]
) -> tuple[pl.DataFrame, list[Problem]]:
    parts, problems = [], []
    for table, frame in found.items():
        path = paths[table]
        if frame is None or path is None or "account_id" not in frame.columns:
            continue
        unknown = (
            frame.filter(pl.col("account_id").is_not_null())
            .join(ledger.select("account_id"), on="account_id", how="anti")
            .group_by("account_id")
            .agg(rows=pl.len().cast(pl.Int64))
            .sort("account_id")
        )
        if unknown.height:
            some = [*unknown["account_id"].head(3), *(["…"] if unknown.height > 3 else [])]
            facts = {"table": path.name, "count": unknown["rows"].sum(), "found": some}
            problems.append(Problem("posts_without_account", Place(path.name), facts))
            parts.append(unknown.select(pl.lit(table).alias("table"), "account_id", "rows"))
    empty = pl.DataFrame(schema={"table": pl.String, "account_id": pl.String, "rows": pl.Int64})
    return pl.concat([empty, *parts]), problems


def _messages_of(messages: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The messages to the region's accounts, or to their units where no account is named."""
    mine = pl.lit(False)
    if "account_id" in messages.columns:
        mine = mine | pl.col("account_id").is_in(accounts["account_id"].to_list())
    if "unit" in messages.columns:
        nameless = pl.col("account_id").is_null() if "account_id" in messages.columns else pl.lit(True)
        mine = mine | (nameless & pl.col("unit").is_in(accounts["unit"].unique().to_list()))
    return messages.filter(mine)


def _check_as_of(posts: pl.DataFrame, as_of: dt.date) -> None:
    first = posts["published_at"].min()
    if isinstance(first, dt.datetime) and first.date() > as_of:
        raise InputError("as_of_before_posts", found=as_of, other=first.date())
