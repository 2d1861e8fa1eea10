"""Grids to typed tables: where the header is, what each cell says, and what should be mended.

The kit's own layout and any ledger whose columns carry names of the dictionary. Whatever cannot be
understood becomes null and a `Problem` with its cell.
"""

from __future__ import annotations

import functools

import polars as pl

from govmedia_kit import headings, parse_cells, schema
from govmedia_kit.errors import Problem, hint
from govmedia_kit.headings import column_key, positions
from govmedia_kit.read.sources.files import ROW, Grid

__all__ = ["headed", "header_row", "position", "typed"]

# Headings that every ledger has and that say nothing about an account.
NOT_A_FIELD = {"序号", "no", "编号", "行号"}


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
    return grid.under(head[best], best + 1)


def typed(grid: Grid, table: str) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows of a grid as a table of the dictionary (only the columns that it has, and `__row`), and its problems."""
    grid = headed(grid, table)
    found = headings.match_columns(grid.header, table)
    problems = [*grid.doubts, *_doubled(grid, found), *_unknown(grid, found, table)]
    filled = grid.frame.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null())) if grid.frame.width > 1 else grid.frame
    dtypes = schema.dtypes(table)
    columns = {ROW: filled[ROW]}
    odd: dict[int, dict[int, tuple[str, str]]] = {}
    for (row, i), told in grid.odd.items():
        odd.setdefault(i, {})[row] = told
    for name, i in positions(grid.header, table).items():
        cells = filled[f"c{i}"]
        if i in odd:
            means_nothing = filled[ROW].is_in(list(odd[i]))
            cells = cells.set(means_nothing, None)
            for row in filled[ROW].filter(means_nothing).unique(maintain_order=True):
                kind, text = odd[i][row]
                problems.append(Problem(kind, grid.place(row, i), {"found": text}))
        if dtypes[name] == pl.Int64:
            cells = parse_cells.in_units(cells, grid.header[i])
        meant = columns[name] = parse_cells.meant(cells, name, dtypes[name])
        if dtypes[name] != pl.String or schema.vocabulary_of(name) is not None:
            nothing = parse_cells.is_no_count if meant.dtype == pl.Int64 else parse_cells.is_nothing
            lost = filled.filter(meant.is_null() & ~parse_cells.meanings(cells, nothing).fill_null(True))
            if meant.dtype.is_temporal():
                # `read_ledger` reads 从未更新 as zero posts.
                lost = lost.filter(~parse_cells.says_never(pl.col(f"c{i}")))
            for row, text in lost.select(ROW, pl.col(f"c{i}").cast(pl.String)).iter_rows():
                kind, facts = parse_cells.misread(text, table, name)
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
