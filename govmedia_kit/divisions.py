"""China's divisions by code: provinces, prefectures and counties."""

from __future__ import annotations

import functools

import polars as pl

from govmedia_kit import schema
from govmedia_kit.package_data import resource

__all__ = ["divisions", "names", "within"]


@functools.cache
def divisions() -> pl.DataFrame:
    """China's provinces, prefectures and counties: one row per division, see `data/README.md`."""
    return pl.read_csv(resource("data/divisions.csv"), schema=schema.dtypes("divisions"))


@functools.cache
def names() -> dict[str, str]:
    """The names of divisions by their codes."""
    return dict(divisions().select("code", "name").iter_rows())


def within(region: str) -> list[str]:
    """Codes of a division and of all beneath it; an empty list where there is no such division."""
    table = divisions()
    found = table.filter(pl.col("code") == region)["code"].to_list()
    layer = found
    while layer:
        layer = table.filter(pl.col("parent").is_in(layer))["code"].to_list()
        found = found + layer
    return found
