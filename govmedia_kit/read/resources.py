"""The kit's own data: divisions, published bulletins, notebooks; beside the package when built, beside it in the repository else."""

from __future__ import annotations

import functools
from pathlib import Path

import polars as pl

from govmedia_kit import fields

__all__ = ["divisions", "published_bulletins", "resource", "within"]

PACKAGE = Path(__file__).parents[1]


def resource(name: str) -> Path:
    """The path of a file or folder that the kit carries, `data/divisions.csv` or `notebooks`."""
    built = PACKAGE / name
    return built if built.exists() else PACKAGE.parent / name


@functools.cache
def divisions() -> pl.DataFrame:
    """China's provinces, prefectures and counties: one row per division, see `data/README.md`."""
    return pl.read_csv(resource("data/divisions.csv"), schema=fields.schema("divisions"))


def published_bulletins() -> pl.DataFrame:
    """Published results of real checks: one row per printed total or group, with its source."""
    return pl.read_csv(resource("data/bulletins.csv"), schema=fields.schema("bulletins"))


def within(region: str) -> list[str]:
    """Codes of a division and of all beneath it; an empty list where there is no such division."""
    table = divisions()
    found = table.filter(pl.col("code") == region)["code"].to_list()
    layer = found
    while layer:
        layer = table.filter(pl.col("parent").is_in(layer))["code"].to_list()
        found = found + layer
    return found
