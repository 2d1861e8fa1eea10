"""Which account an address or an id is: the platform that its form fits, and the id that an address holds."""

from __future__ import annotations

import functools
import re

import polars as pl

from govmedia_kit.errors import Problem
from govmedia_kit.headings import positions
from govmedia_kit.package_data import rows
from govmedia_kit.read.sources.files import ROW, Grid

__all__ = ["fits", "platform_ids", "without_addresses"]

# Ids that only one platform gives; numbers could be anybody's.
FORMS = {"wechat": r"gh_\w+|MP_WXS_\d+", "douyin": r"MS4wLjAB[\w-]+", "youtube": r"UC[\w-]{22}"}
# A spreadsheet's 5.30E+15: all but the first digits are lost.
ROUNDED = r"^[\d.]+[eE]\+?\d+$"


@functools.cache
def _patterns() -> list[dict[str, str]]:
    return rows("formats/urls.csv")


def fits(platform: str, text: str) -> bool:
    """Whether an id or address has a form that only this platform gives.

    >>> fits("weibo", "https://weibo.com/u/1234567890"), fits("wechat", "gh_0a1b"), fits("weibo", "1234567890")
    (True, True, False)
    """
    if re.fullmatch(FORMS.get(platform, r"(?!)"), text):
        return True
    own = [row for row in _patterns() if row["platform"] == platform]
    return any(re.search(row[which], text) for row in own for which in ("pattern", "short") if row[which])


def without_addresses(frame: pl.DataFrame) -> pl.DataFrame:
    """An address in the place of a name is the address."""
    address = pl.col("name").str.contains(r"(?i)^https?://")
    return frame.with_columns(
        url=pl.when(pl.col("url").is_null() & address).then("name").otherwise("url"),
        name=pl.when(address).then(None).otherwise("name"),
    )


def platform_ids(frame: pl.DataFrame, sheets: list[Grid]) -> tuple[pl.DataFrame, list[Problem]]:
    """Ids as the platform gave them: out of an address where the ledger holds one; a short link or a note is none."""
    patterns = _patterns()
    held = pl.col("platform_id")
    is_address = held.str.contains(r"://|www\.|\.com/|\.cn/").fill_null(False)
    # An id has no Chinese and no blanks: what has is a note about it.
    is_note = held.str.contains(r"[\p{Han}\s]|^[()（）]*$").fill_null(False) & ~is_address
    is_rounded = held.str.contains(ROUNDED).fill_null(False)
    address = pl.coalesce("url", pl.when(held.str.contains("://|www[.]|[.]com/")).then(held))
    is_short = address.str.contains("|".join(row["short"] for row in patterns if row["short"])).fill_null(False)
    from_address = pl.coalesce(
        pl.when(pl.col("platform") == row["platform"]).then(address.str.extract(row["pattern"], 1)) for row in patterns
    )
    problems = []
    for kind, which, column in (
        ("short_link", is_short & (held.is_null() | is_address), "url"),
        ("id_is_note", is_note, "platform_id"),
        ("id_rounded", is_rounded, "platform_id"),
    ):
        cells = frame.filter(which).select(ROW, "__sheet", pl.coalesce(column, held))
        for row, sheet, cell in cells.iter_rows():
            names = positions(sheets[sheet].header, "accounts")
            at = names.get(column, names.get("platform_id"))
            problems.append(Problem(kind, sheets[sheet].place(row, at), {"found": cell}))
    is_id = ~(is_note | is_rounded | is_address)
    frame = frame.with_columns(
        platform_id=pl.coalesce(pl.when(is_id).then(held), pl.when(~is_short).then(from_address)),
        url=pl.coalesce("url", pl.when(is_address).then(held)),
    )
    return frame, problems
