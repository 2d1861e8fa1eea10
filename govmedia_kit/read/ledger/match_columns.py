"""Grids to typed tables: where the header is, what each cell says, and what should be mended.

The kit's own layout and any ledger whose columns carry names of the dictionary. Whatever cannot be
understood becomes null and a `Problem` with its cell.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import polars as pl

from govmedia_kit import headings, parse_cells, schema
from govmedia_kit.errors import Problem, hint
from govmedia_kit.headings import column_key, positions
from govmedia_kit.read.sources.files import ROW, Grid

__all__ = ["headed", "header_row", "position", "typed"]

# Headings that every ledger has and that say nothing about an account.
NOT_A_FIELD = {"序号", "no", "编号", "行号"}

# A word that stops the bulletin when it is not known, and those that are only taken as unknown.
STRICT_WORDS = {("accounts", "platform"), ("filed", "platform")}
# Cells of a date column that are none, and what to say of them.
NO_DAY = {
    "not_a_day": r"每[日天周月]|不定期|随时|经常|daily|weekly",
    "day_without_year": r"^\s*\d{1,2}\s*月\s*\d{1,2}\s*[日号]?",
    "day_without_day": r"^\s*\d{4}\s*[年.\-/]\s*\d{1,2}\s*月?\s*$",
}
BAD = {"date": "bad_date", "datetime": "bad_date", "int": "bad_number", "float": "bad_number", "bool": "bad_yes_no"}


def position(grid: Grid, table: str, name: str) -> int | None:
    """The position of a field's column in a grid."""
    return positions(grid.header, table).get(name)


def header_row(grid: Grid, table: str) -> tuple[int, list[list[str]]]:
    """Which of the first thirty rows names the most fields (two at least, else the first), and the text of those rows."""
    cells = grid.frame.drop(ROW)
    head = [["" if cell is None else str(cell).strip() for cell in row] for row in cells.head(30).iter_rows()] or [[]]
    matches = [len(set(headings.match_columns(row, table).values())) for row in head]
    return (matches.index(max(matches)) if max(matches) >= 2 else 0), head


def headed(grid: Grid, table: str) -> Grid:
    """The grid with its header found; one that has a header stays as it is."""
    if grid.header or not grid.frame.height:
        return grid
    best, head = header_row(grid, table)
    return grid._replace(frame=grid.frame.slice(best + 1), header=head[best])


def typed(grid: Grid, table: str) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows of a grid as a table of the dictionary (only the columns that it has, and `__row`), and its problems."""
    grid = headed(grid, table)
    found = headings.match_columns(grid.header, table)
    problems = _doubled(grid, found) + _unknown(grid, found, table)
    filled = grid.frame.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null())) if grid.frame.width > 1 else grid.frame
    dtypes = schema.dtypes(table)
    columns = {ROW: filled[ROW]}
    for name, i in positions(grid.header, table).items():
        cells = filled[f"c{i}"]
        meant = columns[name] = parse_cells.meant(cells, name, dtypes[name])
        if dtypes[name] != pl.String or schema.vocabulary_of(name) is not None:
            nothing = parse_cells.is_no_count if meant.dtype == pl.Int64 else parse_cells.is_nothing
            lost = filled.filter(meant.is_null() & ~parse_cells.meanings(cells, nothing).fill_null(True))
            if meant.dtype.is_temporal():
                # `read_ledger` reads 从未更新 as zero posts.
                lost = lost.filter(~parse_cells.says_never(pl.col(f"c{i}")))
            for row, text in lost.select(ROW, pl.col(f"c{i}").cast(pl.String)).iter_rows():
                kind, facts = _misread(text, table, name)
                problems.append(Problem(kind, grid.place(row, i), facts))
    return pl.DataFrame(columns), problems


def _doubled(grid: Grid, found: dict[int, str]) -> list[Problem]:
    problems = []
    for field in dict.fromkeys(found.values()):
        same = [grid.header[i] for i, other in found.items() if other == field]
        if len(same) > 1 and len(set(map(column_key, same))) == 1:
            facts = {"label": functools.partial(schema.label, field), "column": field, "found": same}
            problems.append(Problem("doubled_column", grid.place(), facts))
    return problems


def _unknown(grid: Grid, found: dict[int, str], table: str) -> list[Problem]:
    known = list(schema.columns(table))
    return [
        Problem("unknown_column", grid.place(), {"found": name, "hint": hint(name, known)})
        for i, name in enumerate(grid.header)
        if name and i not in found and column_key(name) not in NOT_A_FIELD
    ]


@functools.lru_cache(maxsize=4096)
def _misread(text: str, table: str, name: str) -> tuple[str, dict[str, Any]]:
    """What is wrong with a text that means nothing in a column. What is closest to a word takes long to find, and words recur."""
    words = schema.vocabulary_of(name)
    if words is None:
        kind = BAD[schema.columns(table)[name].dtype]
        if kind == "bad_date":
            kind = next((k for k, pattern in NO_DAY.items() if re.search(pattern, text)), kind)
        return kind, {"found": text}
    spellings = [s for w in words.values() for s in w.spellings]
    return "unknown_word" if (table, name) in STRICT_WORDS else "unknown_word_kept", {
        "found": text,
        "label": functools.partial(schema.label, name),
        "hint": hint(text, spellings),
        "known": functools.partial(schema.word_labels, name),
    }
