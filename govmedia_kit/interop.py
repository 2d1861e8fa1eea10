"""Frames at the door: public functions take Polars or pandas frames, with or without optional columns, and answer in kind."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import narwhals as nw
import polars as pl

from govmedia_kit import parse_cells, schema
from govmedia_kit.catalogue import system_language
from govmedia_kit.errors import InputError, Place, Problem, sentence
from govmedia_kit.headings import positions

__all__ = [
    "answers_in_kind",
    "conformed",
    "from_pandas",
    "is_pandas",
    "own_day",
    "own_table",
    "to_pandas",
    "with_dtypes",
    "with_fields",
    "wrapped",
]

F = TypeVar("F", bound=Callable[..., Any])


def is_pandas(value: object) -> bool:
    """True for a pandas frame; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def from_pandas(frame: Any) -> pl.DataFrame:
    """A Polars frame of the same rows; NaN, NaT and NA become null, and whole floats with holes become integers.

    pandas has no null for integers in its oldest dtypes, so that a column of counts with one hole is float there.
    """
    columns = {}
    for name in frame.columns:
        column = frame[name]
        values = column.astype(object).where(column.notna(), None).tolist()
        if column.dtype.kind == "M":
            values = [None if value is None else value.to_pydatetime() for value in values]
        elif column.dtype.kind == "f" and all(
            value is None or (float(value).is_integer() and abs(value) <= 2**53) for value in values
        ):
            values = [None if value is None else int(value) for value in values]
        columns[str(name)] = pl.Series(str(name), values, strict=False)
    return pl.DataFrame(columns)


def to_pandas(frame: pl.DataFrame) -> Any:
    """A pandas frame of the same rows, made without pyarrow; nullable dtypes, so that null stays null."""
    import pandas as pd

    dtypes = {
        pl.Int64: "Int64",
        pl.Int32: "Int64",
        pl.UInt32: "Int64",
        pl.Boolean: "boolean",
        pl.Float64: "Float64",
    }
    columns = {}
    for name, column in zip(frame.columns, frame.get_columns(), strict=True):
        values = column.to_list()
        if column.dtype in (pl.Date, pl.Datetime):
            columns[name] = pd.Series(pd.to_datetime(pd.Series(values, dtype=object)), name=name)
        else:
            columns[name] = pd.Series(values, dtype=dtypes.get(column.dtype.base_type(), object), name=name)
    return pd.DataFrame(columns)


def with_dtypes(frame: pl.LazyFrame, dtypes: Mapping[str, Any]) -> pl.LazyFrame:
    """The columns that `dtypes` names, cast to them; null where `frame` lacks one.

    >>> with_dtypes(pl.LazyFrame({"name": ["a"]}), {"name": pl.String, "followers": pl.Int64}).collect().rows()
    [('a', None)]
    """
    known = frame.collect_schema().names()
    columns = {name: pl.col(name) if name in known else pl.lit(None) for name in dtypes}
    return frame.select(column.cast(dtypes[name]).alias(name) for name, column in columns.items())


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


def wrapped(frame: Any) -> Any:
    """A frame of any library as Narwhals has it."""
    with warnings.catch_warnings():
        # Narwhals announces that its Dask part will be a package of its own; nothing that a user could do yet.
        warnings.filterwarnings("ignore", "Dask support is moving", FutureWarning)
        return nw.from_native(frame)


# The parameters that take a table of the dictionary, and the columns without which nothing can be said of it.
TABLES = {"accounts": "accounts", "filed": "filed", "messages": "messages", "posts": "posts", "days": "account_days"}
NEEDED = {"posts": ("account_id", "published_at"), "days": ("account_id", "day"), "messages": ("received_at",)}
DATES = ("as_of", "last_check", "since")
# Texts that a spreadsheet may have made numbers of.
IDS = ("post_id", "message_id")


def own_table(frame: Any, name: str, needed: Sequence[str] = ()) -> Any:
    """A frame that a public function was given as `name`, under the dictionary's names and with its types.

    Chinese headings are understood as in a file, and so are dates, times, counts and words that are text; times with a zone become
    Shanghai's. A date that is none is null, and a UserWarning says where it stands. Frames of engines are taken as they are. Raises
    InputError for a column that is needed and not there, and for times with a zone on an engine.
    """
    table, engine = TABLES[name], not isinstance(frame, pl.DataFrame | pl.LazyFrame)
    names = wrapped(frame).collect_schema().names()
    if name == "days" and "day" not in names and "published_at" in positions(names, "posts"):
        # Posts where account-days belong: those are made of them.
        table, needed = "posts", NEEDED["posts"]
    dtypes = schema.dtypes(table)
    if not engine:
        frame = _under_own_names(_in_units(frame, names, table), names, table, needed)
    for column in needed:
        if column not in wrapped(frame).collect_schema().names():
            known = schema.columns(table)[column]
            raise InputError(
                "no_column",
                place=Place(name),
                label=functools.partial(schema.label, column),
                column=column,
                found=list(names),
                known=[column, known.labels["zh"], *known.synonyms[:6]],
            )
    if engine:
        zoned = [c for c, dtype in wrapped(frame).collect_schema().items() if getattr(dtype, "time_zone", None)]
        if zoned:
            raise InputError("zoned_times", path=name, found=zoned, engine=type(frame).__module__.partition(".")[0])
        return frame
    other = {
        c: dtypes[c] for c, dtype in frame.collect_schema().items() if c in dtypes and _is_other(dtype, dtypes[c], c)
    }
    if not other or (isinstance(frame, pl.LazyFrame) and set(other) <= set(IDS)):
        return frame
    eager = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    return eager.with_columns(_understood(eager[c], c, dtype, Place(name), table) for c, dtype in other.items())


def _in_units(frame: Any, names: list[str], table: str) -> Any:
    """The frame with its counts multiplied where a heading says in what they are counted: 阅读量(万)."""
    counts = [name for name, dtype in schema.dtypes(table).items() if dtype == pl.Int64]
    scaled = {names[i] for field, i in positions(names, table).items() if field in counts}
    scaled = {name for name in scaled if re.search(parse_cells.SCALED, name)}
    if not scaled:
        return frame
    eager = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    return eager.with_columns(parse_cells.in_units(eager[name], name) for name in scaled)


def _under_own_names(frame: Any, names: list[str], table: str, needed: Sequence[str]) -> Any:
    """The frame with its Chinese headings, and those of needed columns, under the dictionary's names."""
    places = positions(names, table)
    renamed = {
        names[i]: field
        for field, i in places.items()
        if field not in names and (not names[i].isascii() or field in needed)
    }
    return frame.rename(renamed) if renamed else frame


def _is_other(dtype: pl.DataType, wanted: pl.DataType, column: str) -> bool:
    if dtype == pl.Null or (dtype.is_integer() and wanted == pl.Int64):
        return False
    if wanted == pl.String:
        is_word = dtype == pl.String and schema.vocabulary_of(column) is not None
        return is_word or (column in IDS and (dtype == pl.String or dtype.is_float()))
    return dtype != wanted


def _understood(cells: pl.Series, column: str, dtype: pl.DataType, place: Place, table: str) -> pl.Series:
    if column in IDS:
        return parse_cells.meant(cells, column, dtype).alias(column)
    if dtype == pl.String:
        known = schema.vocabulary_of(column) or {}
        if cells.is_in(list(known)).fill_null(True).all():
            return cells
        words = parse_cells.meanings(cells, lambda cell: parse_cells.word(cell, column))
        return words.zip_with(words.is_not_null(), cells).alias(column)
    meant = parse_cells.meant(cells, column, dtype)
    if dtype.is_temporal():
        text = cells.cast(pl.String)
        lost = meant.is_null() & ~parse_cells.meanings(text, parse_cells.is_nothing).fill_null(True)
        if lost.any():
            row = int(lost.arg_max() or 0)
            kind, facts = parse_cells.misread(text[row], table, column)
            told = Problem(kind, place._replace(row=row + 1, column=column), facts).say(system_language())
            count = sentence("frame_cells_lost", system_language(), count=int(lost.sum()))
            warnings.warn(told + count, UserWarning, stacklevel=6)
    return meant.alias(column)


def own_day(value: Any, name: str) -> Any:
    """A day as a date, from a text, a time or a pandas Timestamp too; InputError where it is none."""
    if isinstance(value, str):
        if (day := parse_cells.day_of(value)) is None:
            raise InputError("bad_day_given", name=name, found=value)
        return day
    return value.date() if isinstance(value, dt.datetime) else value


def answers_in_kind(function: F | None = None, /, **needs: Sequence[str]) -> Any:
    """Let a function of frames take what a user has, and answer in kind.

    Parameters called as tables of the dictionary are given as `own_table` makes them, `needs` naming columns that a function cannot do
    without; days may be texts or times. pandas frames are answered in pandas.
    """
    if function is None:
        return functools.partial(answers_in_kind, **needs)
    parameters = inspect.signature(function)

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        given = parameters.bind(*args, **kwargs).arguments
        pandas = any(map(is_pandas, given.values()))
        for name, value in given.items():
            if is_pandas(value):
                value = from_pandas(value)
            if name in TABLES and not isinstance(value, int | type(None)):
                value = own_table(value, name, needs.get(name, NEEDED.get(name, ())))
            if isinstance(value, pl.LazyFrame) and name not in ("posts", "days"):
                value = value.collect()
            given[name] = own_day(value, name) if name in DATES else value
        answer = function(**given)
        return to_pandas(answer) if pandas and isinstance(answer, pl.DataFrame) else answer

    return inner
