"""Frames at the door: public functions take Polars or pandas frames, with or without optional columns, and answer in kind."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import polars as pl

from govmedia_kit import schema

__all__ = ["answers_in_kind", "conformed", "from_pandas", "is_pandas", "to_pandas", "with_dtypes", "with_fields"]

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
        elif column.dtype.kind == "f" and all(value is None or float(value).is_integer() for value in values):
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


def answers_in_kind(function: F) -> F:
    """Let a function from Polars frames to a Polars frame take pandas frames too, and answer in pandas if given any."""

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        pandas = any(map(is_pandas, [*args, *kwargs.values()]))
        if not pandas:
            return function(*args, **kwargs)
        args = tuple(from_pandas(arg) if is_pandas(arg) else arg for arg in args)
        kwargs = {name: from_pandas(arg) if is_pandas(arg) else arg for name, arg in kwargs.items()}
        answer = function(*args, **kwargs)
        return to_pandas(answer) if isinstance(answer, pl.DataFrame) else answer

    return inner  # type: ignore[return-value]
