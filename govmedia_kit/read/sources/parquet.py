"""Posts in Parquet, one file or a thousand, opened by the engine that an audit asks for and read by nobody yet.

The frame that comes back is the engine's own (a Polars LazyFrame, a DuckDB relation, a Spark or Dask frame), with the
dictionary's column names and types and one row per post: of several captures of a post only the newest is left.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from govmedia_kit import headings, schema
from govmedia_kit.errors import InputError

__all__ = ["UNIQUE", "is_lake", "newest_captures", "open_posts"]

# What the kit notes in the Parquet files that it writes: each post stands in them once.
UNIQUE = {"govmedia_kit": "one row per post"}
NEEDED = ("account_id", "published_at")
USED = (*NEEDED, "post_id", "push_id", "reads", "likes", "comments", "shares", "captured_at")
NARWHALS: dict[Any, Any] = {pl.String: nw.String, pl.Int64: nw.Int64, pl.Datetime: nw.Datetime("us")}
PANDAS: dict[Any, str] = {pl.String: "string", pl.Int64: "Int64", pl.Datetime: "datetime64[us]"}
# Where a row stands, which decides between captures of one moment.
FILE, ROW = "__file", "__row"

# The columns of a file that are used: their names in it, the fields that they are, and their types.
Columns = tuple[tuple[str, str, pl.DataType], ...]


def is_lake(path: Path) -> bool:
    """Whether a file, or every file of a folder, is Parquet with the columns of posts, times as times and counts as numbers."""
    files = _files(path)
    return bool(files) and all(_are_posts(columns) for columns in map(_columns, files))


def open_posts(path: Path, *, engine: str = "polars") -> Any:
    """The posts of a lake as the engine's own frame: the columns of `USED` that any file has, one row per post.

    Files may have other columns, or types as wide: what a file lacks is null. Of a post that stands several times, by account
    and id, the newest capture is kept, one without a time of capture being the oldest; of those that are equally new,
    that in the file whose path comes last, and in it the last row. Posts without an id cannot be told apart, and all stay.
    Times with a zone are moved to Asia/Shanghai by Polars; the other engines take local times only, as the kit writes them.
    Raises InputError where the engine is not installed, or gets times with a zone.
    """
    files = _files(path)
    alike: dict[Columns, list[str]] = {}
    for file in files:
        alike.setdefault(_columns(file), []).append(str(file))
    zoned = sorted({old for columns in alike for old, _, dtype in columns if getattr(dtype, "time_zone", None)})
    if zoned and engine != "polars":
        raise InputError("zoned_times", path=path.name, found=zoned, engine=engine)
    try:
        opened = OPEN[engine]()
    except ImportError as error:
        raise InputError("engine_missing", engine=engine, found=error.name or str(error)) from error
    parts = [_named(opened(group), columns) for columns, group in alike.items()]
    frame = nw.concat(parts, how="diagonal") if len(parts) > 1 else parts[0]
    posts = frame if _is_unique(files) else newest_captures(frame)
    return posts.drop(FILE, ROW).to_native()


def _columns(file: Path) -> Columns:
    columns = pl.read_parquet_schema(file)
    matched = headings.match_columns(list(columns), "posts")
    named = [(list(columns)[i], field) for i, field in matched.items() if field in USED]
    return tuple((old, field, columns[old]) for old, field in named)


def _are_posts(columns: Columns) -> bool:
    return set(NEEDED) <= {field for _, field, _ in columns} and all(_fits(field, dtype) for _, field, dtype in columns)


def _fits(field: str, dtype: pl.DataType) -> bool:
    """Whether a column's type says the same as the dictionary's, so that no cell need be understood."""
    wanted = schema.dtypes("posts")[field]
    if isinstance(wanted, pl.Datetime):
        return isinstance(dtype, pl.Datetime)
    return dtype in (wanted, pl.Null) or (dtype.is_numeric() if wanted == pl.Int64 else dtype.is_integer())


def _named(native: Any, columns: Columns) -> Any:
    """A frame of files that are alike with the dictionary's names and types, and where each row stands."""
    if isinstance(native, pl.LazyFrame):
        native = native.with_columns(
            pl.col(old).dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None)
            for old, _, dtype in columns
            if getattr(dtype, "time_zone", None)
        )
    wanted = {old: type(schema.dtypes("posts")[field]) for old, field, _ in columns}
    other = {old for old, field, dtype in columns if dtype != schema.dtypes("posts")[field]}
    frame = _wrapped(native)
    if frame.implementation.is_dask():
        # The integers that Narwhals means for Dask have no null.
        frame, other = _wrapped(native.astype({old: PANDAS[wanted[old]] for old in other})), set()
    cells = [
        (nw.col(old).cast(NARWHALS[wanted[old]]) if old in other else nw.col(old)).alias(new) for old, new, _ in columns
    ]
    return frame.select(*cells, FILE, ROW)


def _files(path: Path) -> list[Path]:
    """The Parquet files of a lake, in the order of their paths; none where anything else lies among them."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".parquet" else []
    if not path.is_dir():
        return []
    files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith((".", "_")))
    return files if all(p.suffix.lower() == ".parquet" for p in files) else []


def _is_unique(files: list[Path]) -> bool:
    return len(files) == 1 and pl.read_parquet_metadata(files[0]).get("govmedia_kit") == UNIQUE["govmedia_kit"]


def newest_captures(frame: Any) -> Any:
    """The last of the rows of each account and post id, in the order of capture, file and row; rows without an id all stay."""
    names = frame.collect_schema().names()
    if "post_id" not in names:
        return frame
    keys = ["account_id", "post_id"]
    known = frame.filter(~nw.col("account_id").is_null(), ~nw.col("post_id").is_null())
    # Few posts stand twice: only those few are put in order.
    times = known.group_by(*keys).agg(nw.len().alias("__times"))
    twice = times.filter(nw.col("__times") > 1).select(*keys)
    once, several = frame.join(twice, on=keys, how="anti"), frame.join(twice, on=keys, how="inner")
    if several.implementation.is_dask():
        # Dask drops doubled rows by parts, in whatever order they come.
        several = _wrapped(several.to_native().repartition(npartitions=1))
    order = [name for name in ("captured_at", FILE, ROW) if name in names]
    several = several.unique(keys, keep="last", order_by=order)
    return nw.concat([once.select(*names), several.select(*names)], how="vertical")


def _wrapped(native: Any) -> Any:
    with warnings.catch_warnings():
        # Narwhals announces that its Dask part will be a package of its own; nothing that a user could do yet.
        warnings.filterwarnings("ignore", "Dask support is moving", FutureWarning)
        return nw.from_native(native)


def _polars() -> Callable[[list[str]], Any]:
    return lambda files: pl.scan_parquet(
        files,
        missing_columns="insert",
        extra_columns="ignore",
        include_file_paths=FILE,
        row_index_name=ROW,
    )


def _duckdb() -> Callable[[list[str]], Any]:
    import duckdb

    connection = duckdb.connect()
    # What a day is must not depend on where the machine stands.
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    place = f"*, filename AS {FILE}, file_row_number AS {ROW}"

    def opened(files: list[str]) -> Any:
        read = connection.read_parquet(files, union_by_name=True, filename=True, file_row_number=True)
        return read.project(place)

    return opened


def _spark() -> Callable[[list[str]], Any]:
    from pyspark.sql import SparkSession

    # A session that is there, on a cluster or in a notebook, is used; else one of this machine is made.
    session = SparkSession.getActiveSession()
    if session is None:
        master = os.environ.get("GOVMEDIA_SPARK_MASTER", "local[*]")
        builder = SparkSession.builder.appName("govmedia-kit").master(master)
        session = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "8").getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "Asia/Shanghai")
    # Spark writes a path as an address, %20 for a blank, which would come before other letters.
    path = "url_decode(replace(_metadata.file_path, '+', '%2B'))"
    place = [f"{path} AS {FILE}", f"_metadata.row_index AS {ROW}"]
    return lambda files: session.read.parquet(*files).selectExpr("*", *place)


def _dask() -> Callable[[list[str]], Any]:
    import dask.dataframe as dd

    def opened(files: list[str]) -> Any:
        # Whole numbers with holes stay whole numbers.
        read = [dd.read_parquet(file, dtype_backend="numpy_nullable").assign(**{FILE: file, ROW: 1}) for file in files]
        frame = dd.concat(read)
        return frame.assign(**{ROW: frame[ROW].cumsum()})

    return opened


OPEN = {"polars": _polars, "duckdb": _duckdb, "spark": _spark, "dask": _dask}
