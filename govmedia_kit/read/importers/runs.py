"""What the files of an import prove: which run each of them is of, from when to when it saw its accounts, and which days cannot be."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from govmedia_kit import observations
from govmedia_kit.interop import conformed
from govmedia_kit.read.importers.parse_rows import ODD
from govmedia_kit.read.importers.read_parts import ReadPart
from govmedia_kit.read.sources.files import ROW

__all__ = ["Bounds", "observations_of", "runs_of", "set_late_aside"]


class Bounds(NamedTuple):
    """What is known of the days to which anything was collected."""

    as_of: dt.date | None
    collected_to: Mapping[str, dt.date] | dt.date | None
    ends: tuple[dt.date, ...]


def observations_of(
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


def runs_of(read: list[ReadPart], inputs: list[Path]) -> dict[Path, str]:
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


def set_late_aside(read: list[ReadPart], bounds: Bounds) -> dt.date | None:
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
