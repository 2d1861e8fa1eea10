"""Grids to typed tables: which column is which, what each cell says, and what should be mended.

The kit's own layout and any ledger whose columns carry names of the dictionary. Whatever cannot be
understood becomes null and a `Problem` with its cell.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.catalogue import traditional
from govmedia_kit.errors import Problem, hint
from govmedia_kit.read.ledger import parse_cells
from govmedia_kit.read.sources.files import ROW, Grid

__all__ = [
    "column_key",
    "conformed",
    "headed",
    "header_row",
    "match_columns",
    "position",
    "positions",
    "typed",
    "with_fields",
]

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


def column_key(name: str) -> str:
    """The form under which column names are compared: no case, spaces, brackets' contents or punctuation."""
    import unicodedata

    plain = unicodedata.normalize("NFKC", str(name)[:200]).lower()
    plain = re.sub(r"[(\[【].*?[)\]】]", "", plain) or plain
    return re.sub(r"[\s_:*#、/\\.·-]", "", plain)


@functools.cache
def _spellings(table: str) -> dict[str, tuple[str, ...]]:
    """Every spelling of a column, to the fields that it can mean: names and labels mean one, some synonyms several."""
    found: dict[str, list[str]] = {}
    for field in schema.columns(table).values():
        for spelling in (*field.labels.values(), *field.synonyms):
            names = found.setdefault(column_key(spelling), [])
            if field.name not in names:
                names.append(field.name)
    for field in schema.columns(table).values():
        found[column_key(field.name)] = found[column_key(field.labels["zh"])] = [field.name]
    variants = {column_key(variant): found[key] for variant, key in traditional(list(found)).items()}
    return {key: tuple(names) for key, names in {**variants, **found}.items()}


def match_columns(header: list[str], table: str) -> dict[int, str]:
    """The field that each column of a header names, by the column's position; unknown ones are left out.

    A heading that can mean several fields (账号 is the name or the id) means one that no other heading names, a
    needed one first. 账号ID is the platform's id before it is the kit's own.
    """
    known = _spellings(table)
    choices = {i: known[key] for i, name in enumerate(header) if name and (key := column_key(name)) in known}
    found = {i: names[0] for i, names in choices.items() if len(names) == 1}
    for i, names in choices.items():
        if len(names) > 1:
            free = sorted((name for name in names if name not in found.values()), key="account_id".__eq__)
            needed = [name for name in free if schema.columns(table)[name].required]
            found[i] = (needed or free or list(names))[0]
    return found


def positions(header: list[str], table: str) -> dict[str, int]:
    """Each field that a header names, with the position of its first column."""
    found: dict[str, int] = {}
    for i, field in match_columns(header, table).items():
        found.setdefault(field, i)
    return found


def position(grid: Grid, table: str, name: str) -> int | None:
    """The position of a field's column in a grid."""
    return positions(grid.header, table).get(name)


def header_row(grid: Grid, table: str) -> tuple[int, list[list[str]]]:
    """Which of the first thirty rows names the most fields (two at least, else the first), and the text of those rows."""
    cells = grid.frame.drop(ROW)
    head = [["" if cell is None else str(cell).strip() for cell in row] for row in cells.head(30).iter_rows()] or [[]]
    matches = [len(set(match_columns(row, table).values())) for row in head]
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
    found = match_columns(grid.header, table)
    problems = _doubled(grid, found) + _unknown(grid, found, table)
    filled = grid.frame.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null())) if grid.frame.width > 1 else grid.frame
    dtypes = schema.dtypes(table)
    columns = {ROW: filled[ROW]}
    for name, i in positions(grid.header, table).items():
        cells = filled[f"c{i}"]
        meant = columns[name] = _meant(cells, name, dtypes[name])
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


def _meant(cells: pl.Series, name: str, dtype: pl.DataType) -> pl.Series:
    """What a column's cells mean; a file that types its own cells (Parquet) is believed."""
    own = cells.dtype
    if own == dtype and own != pl.String:
        return cells
    if isinstance(own, pl.Datetime) and isinstance(dtype, pl.Datetime | pl.Date):
        local = cells.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None) if own.time_zone else cells
        return local.cast(dtype)
    if own.is_numeric() and isinstance(dtype, pl.Int64 | pl.Float64):
        return cells.cast(dtype, strict=False)
    if isinstance(dtype, pl.Datetime | pl.Date):
        return parse_cells.moments(cells.cast(pl.String)).cast(dtype)
    readers: dict[type, Callable[[pl.Expr], pl.Expr]] = {
        pl.Int64: parse_cells.count,
        pl.Boolean: parse_cells.yes_no,
        pl.Float64: lambda cell: parse_cells.clean(cell).cast(pl.Float64, strict=False),
    }
    if type(dtype) in readers:
        return parse_cells.meanings(cells, readers[type(dtype)])
    if schema.vocabulary_of(name) is not None:
        return parse_cells.meanings(cells, lambda cell: parse_cells.word(cell, name))
    return cells.to_frame("text").select(_text(pl.col("text"), name)).to_series()


def _text(cell: pl.Expr, name: str) -> pl.Expr:
    if name == "platform_id":
        # Full-width digits are the same id; brackets with nothing in them are told of as no id.
        wide = cell.cast(pl.String).str.normalize("NFKC")
        return pl.coalesce(parse_cells.identifier(wide), pl.when(wide.str.strip_chars() == "()").then(pl.lit("()")))
    if name in ("region", "account_id", "post_id", "message_id", "push_id"):
        return parse_cells.identifier(cell)
    text = cell.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def conformed(frame: pl.DataFrame, dtypes: Mapping[str, Any]) -> pl.DataFrame:
    """The frame with these columns and no others: cast where they are of another dtype, null where they are absent."""
    return frame.select(
        pl.col(name).cast(dtype, strict=False) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in dtypes.items()
    )


def with_fields(frame: pl.DataFrame, table: str, *names: str) -> pl.DataFrame:
    """The frame with these fields of a table too, null where it lacks them."""
    dtypes = schema.dtypes(table)
    return frame.with_columns(pl.lit(None, dtypes[n]).alias(n) for n in names if n not in frame.columns)


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
