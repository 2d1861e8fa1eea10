"""Check a published bulletin: a document's statements, or a table of counts and printed rates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.errors import InputError
from govmedia_kit.proofread import arithmetic, statements
from govmedia_kit.read.ledger.match_columns import headed
from govmedia_kit.read.sources.document_text import text_of_document
from govmedia_kit.read.sources.files import first_grid

__all__ = ["as_records", "verify_file"]

TABLES = (".csv", ".xlsx", ".parquet", ".tsv")
NEEDED = ("case_id", "printed_rate")


def verify_file(path: Path | str) -> pl.DataFrame:
    """Verdicts on a bulletin or on a table of counts: one row per statement, or per row of the table.

    A table has the columns case_id, region, period, registered, checked, failed, printed_rate (percent) and decimals; the
    result is that of `arithmetic.check_cases`. Any other file is read as a bulletin: `statements.verify_text`.
    Raises InputError for a file that cannot be read, and for a table without case_id and printed_rate.
    """
    path = Path(path)
    if path.suffix.lower() in TABLES:
        return arithmetic.check_cases(_cases(path))
    return statements.verify_text(text_of_document(path))


def _cases(path: Path) -> pl.DataFrame:
    grid = headed(first_grid(path), "bulletins")
    names = [name.strip() for name in grid.header]
    for needed in NEEDED:
        if needed not in names:
            raise InputError(
                "no_column",
                place=grid.place(),
                label=needed,
                column=needed,
                found=[n for n in names if n],
                known=[needed],
            )
    return grid.frame.select(pl.col(f"c{i}").alias(name) for i, name in enumerate(names) if name)


def as_records(found: pl.DataFrame) -> list[dict[str, Any]]:
    """The verdicts as `verify --json` prints them: each with `admissible_failed`, [low, high] or null."""
    records = []
    for row in found.iter_rows(named=True):
        low, high = row.pop("admissible_failed_low"), row.pop("admissible_failed_high")
        records.append({**row, "admissible_failed": None if low is None else [low, high]})
    return records
