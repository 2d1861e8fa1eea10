"""Grids to typed tables: which column is which, what each cell says, and what should be mended.

The kit's own layout and any ledger whose columns carry names of the dictionary. Whatever cannot be
understood becomes null and a `Problem` with its cell.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.catalogue import traditional
from govmedia_kit.errors import Problem, hint
from govmedia_kit.read.ledger import parse_cells
from govmedia_kit.read.sources.files import ROW, Grid

__all__ = ["column_key", "headed", "header_row", "match_columns", "position", "typed"]

# Headings that every ledger has and that say nothing about an account.
NOT_A_FIELD = {"序号", "no", "编号", "行号"}

# A word that stops the bulletin when it is not known, and those that are only taken as unknown.
STRICT_WORDS = {("accounts", "platform"), ("filed", "platform")}
# Cells of a date column that are none, and what to say of them; 从未更新 is read by `ledger` as zero posts.
NO_DAY = {
    "never": r"从未|从不|未更新过|无更新|沒有更新|從未",
    "not_a_day": r"每[日天周月]|不定期|随时|经常|daily|weekly",
    "day_without_year": r"^\s*\d{1,2}\s*月\s*\d{1,2}\s*[日号]?",
    "day_without_day": r"^\s*\d{4}\s*[年.\-/]\s*\d{1,2}\s*月?\s*$",
}
BAD = {
    "date": "bad_date",
    "datetime": "bad_date",
    "int": "bad_number",
    "float": "bad_number",
    "bool": "bad_yes_no",
}


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


def position(grid: Grid, table: str, name: str) -> int | None:
    """The position of a field's column in a grid."""
    return next((i for i, field in match_columns(grid.header, table).items() if field == name), None)


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
    positions: dict[str, int] = {}
    for position, name in found.items():
        positions.setdefault(name, position)

    filled = grid.frame.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null())) if grid.frame.width > 1 else grid.frame
    dtypes = schema.dtypes(table)
    frame = filled.select(
        ROW, *(_cell(filled, f"c{i}", table, name, dtypes[name]).alias(name) for name, i in positions.items())
    )
    for name, i in positions.items():
        if isinstance(dtypes[name], pl.String) and schema.vocabulary_of(name) is None:
            continue
        raw, ground = filled[f"c{i}"], frame[name]
        lost = filled.filter(~filled.select(parse_cells.said_nothing(pl.col(f"c{i}"))).to_series() & ground.is_null())
        if ground.dtype == pl.Int64 and raw.dtype == pl.String:
            lost = lost.filter(parse_cells.clean(pl.col(f"c{i}")).str.contains(r"^-\d").not_())
        problems += _lost_cells(grid, lost, i, table, name)
    return frame, problems


def _cell(frame: pl.DataFrame, column: str, table: str, name: str, dtype: pl.DataType) -> pl.Expr:
    """The expression that gives a column its meaning; a file that types its own cells (Parquet) is believed."""
    cell, own = pl.col(column), frame.schema[column]
    if own == dtype and own != pl.String:
        return cell
    if isinstance(own, pl.Datetime) and isinstance(dtype, pl.Datetime | pl.Date):
        local = cell.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None) if own.time_zone else cell
        return local.cast(dtype)
    if own.is_numeric() and isinstance(dtype, pl.Int64 | pl.Float64):
        return cell.cast(dtype, strict=False)
    if own in (pl.Date, pl.Boolean) and dtype == pl.Datetime("us"):
        return cell.cast(dtype)
    readers: dict[type, Callable[[pl.Expr], pl.Expr]] = {
        pl.Date: parse_cells.day,
        pl.Datetime: parse_cells.moment,
        pl.Int64: parse_cells.count,
        pl.Boolean: parse_cells.yes_no,
        pl.Float64: lambda c: parse_cells.clean(c).cast(pl.Float64, strict=False),
    }
    if type(dtype) in readers:
        return readers[type(dtype)](cell)
    if schema.vocabulary_of(name) is not None:
        return parse_cells.word(cell, name)
    text = cell.cast(pl.String).str.strip_chars()
    if name in ("platform_id", "region", "account_id", "post_id", "message_id", "push_id"):
        # A spreadsheet makes 2284.0 of an id; and says 无 where there is none.
        text = text.str.replace(r"^(\d+)\.0$", "$1")
        if name == "platform_id":
            # Full-width digits are the same id; brackets with nothing in them are told of as no id.
            wide = text.str.normalize("NFKC")
            return pl.when(~parse_cells.said_nothing(wide) | (wide == "()")).then(wide)
        return pl.when(~parse_cells.said_nothing(text)).then(text)
    return pl.when(text != "").then(text)


def _doubled(grid: Grid, found: dict[int, str]) -> list[Problem]:
    problems = []
    for name in dict.fromkeys(found.values()):
        twins = [grid.header[i] for i, field in found.items() if field == name]
        if len(twins) > 1 and len({column_key(t) for t in twins}) == 1:
            problems.append(
                Problem(
                    "doubled_column",
                    grid.place(),
                    {"label": functools.partial(schema.label, name), "column": name, "found": twins},
                )
            )
    return problems


def _unknown(grid: Grid, found: dict[int, str], table: str) -> list[Problem]:
    known = list(schema.columns(table))
    return [
        Problem("unknown_column", grid.place(), {"found": name, "hint": hint(name, known)})
        for i, name in enumerate(grid.header)
        if name and i not in found and column_key(name) not in NOT_A_FIELD
    ]


def _lost_cells(grid: Grid, lost: pl.DataFrame, column: int, table: str, name: str) -> list[Problem]:
    """A problem for each cell whose text meant nothing."""
    words = schema.vocabulary_of(name)
    problems = []
    # What is closest to a word takes long to find, and the same words recur.
    facts_of: dict[str, dict[str, Any]] = {}
    for row, text in lost.select(ROW, pl.col(f"c{column}").cast(pl.String)).iter_rows():
        place = grid.place(row, column)
        if words is None:
            kind = BAD[schema.columns(table)[name].dtype]
            if kind == "bad_date":
                kind = next((k for k, pattern in NO_DAY.items() if re.search(pattern, text)), kind)
                if kind == "never":
                    continue
            problems.append(Problem(kind, place, {"found": text}))
        else:
            kind = "unknown_word" if (table, name) in STRICT_WORDS else "unknown_word_kept"
            if text not in facts_of:
                spellings = [s for w in words.values() for s in w.spellings]
                facts_of[text] = {
                    "found": text,
                    "label": functools.partial(schema.label, name),
                    "hint": hint(text, spellings),
                    "known": functools.partial(schema.word_labels, name),
                }
            problems.append(Problem(kind, place, facts_of[text]))
    return problems
