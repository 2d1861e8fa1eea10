"""Where in an audit folder a table is: the same answer for every command that reads, imports or checks."""

from __future__ import annotations

import functools
from pathlib import Path

from govmedia_kit.catalogue import phrase
from govmedia_kit.errors import InputError
from govmedia_kit.read.settings import Settings, read_settings

__all__ = ["SUFFIXES", "find_table", "tables_in"]

SUFFIXES = (".csv", ".xlsx", ".parquet", ".xls", ".xlsm", ".ods", ".tsv", ".json", ".jsonl")
# What other tools call their files of posts and messages; a folder `posts/` may hold any.
TOOLS_SUFFIXES = (".db", ".sqlite", ".xml", ".txt", ".html")


def tables_in(folder: Path, name: str, settings: Settings | None = None) -> list[Path]:
    """The file that audit.toml names for a table, or every file that could be it, and the folder called so.

    The settings of the folder are read where none are given. Raises InputError where a named file is missing.
    """
    if settings is None and (folder / "audit.toml").is_file():
        settings = read_settings(folder)
    if settings is not None and (named := getattr(settings.tables, name)):
        if not (folder / named).exists():
            raise InputError("no_file", path=folder / named)
        return [folder / named]
    suffixes = (*SUFFIXES, *TOOLS_SUFFIXES) if name in ("posts", "messages") else SUFFIXES
    found = sorted(p for p in folder.glob(f"{name}.*") if p.suffix.lower() in suffixes)
    if name in ("posts", "messages") and (folder / name).is_dir() and any((folder / name).iterdir()):
        found.append(folder / name)
    return found


def find_table(folder: Path, name: str, settings: Settings | None = None) -> Path | None:
    """The file of a table (accounts, posts, messages, filed), or None; InputError where several could be meant."""
    found = tables_in(folder, name, settings)
    if len(found) > 1:
        called = functools.partial(_label, name)
        raise InputError("two_tables", path=folder, table=called, found=[p.name for p in found])
    return found[0] if found else None


def _label(table: str, language: str) -> str:
    return phrase(f"tables.{table}", language)
