"""Posts in Parquet, one file or a thousand, opened by the engine that an audit asks for and read by nobody yet.

The frame that comes back is the engine's own (a Polars LazyFrame, a DuckDB relation, a Spark or Dask frame), with the
dictionary's column names and one row per post: of several captures of a post only the newest is left.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from govmedia_kit.errors import InputError
from govmedia_kit.read.ledger import match_columns

__all__ = ["UNIQUE", "is_lake", "open_posts"]

# What the kit notes in the Parquet files that it writes: each post stands in them once.
UNIQUE = {"govmedia_kit": "one row per post"}
NEEDED = ("account_id", "published_at")
USED = (
    "account_id",
    "published_at",
    "day",
    "post_id",
    "push_id",
    "reads",
    "likes",
    "comments",
    "shares",
    "captured_at",
)


def is_lake(path: Path) -> bool:
    """Whether a file, or every file of a folder, is Parquet with the columns of posts, times as times."""
    files = _files(path)
    if not files:
        return False
    schema = pl.read_parquet_schema(files[0])
    named = {field: schema[list(schema)[i]] for i, field in match_columns.match_columns(list(schema), "posts").items()}
    return set(NEEDED) <= named.keys() and isinstance(named["published_at"], pl.Datetime)


def open_posts(path: Path, *, engine: str = "polars") -> Any:
    """The posts of a lake as the engine's own frame: the columns of `USED` that the files have, one row per post.

    Times with a zone are moved to Asia/Shanghai by Polars; the other engines take local times only, as the kit writes them.
    Raises InputError where the engine is not installed, or gets times with a zone.
    """
    files = _files(path)
    schema = pl.read_parquet_schema(files[0])
    wanted = {
        list(schema)[i]: field
        for i, field in match_columns.match_columns(list(schema), "posts").items()
        if field in USED
    }
    zoned = [old for old, field in wanted.items() if getattr(schema[old], "time_zone", None)]
    if zoned and engine != "polars":
        raise InputError("zoned_times", path=path.name, found=zoned, engine=engine)
    try:
        native = OPEN[engine]([str(file) for file in files])
    except ImportError as error:
        raise InputError("engine_missing", engine=engine, found=error.name or str(error)) from error
    if isinstance(native, pl.LazyFrame):
        native = native.with_columns(
            pl.col(old).dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None) for old in zoned
        )
    frame = nw.from_native(native).select(*(nw.col(old).alias(field) for old, field in wanted.items()))
    return (frame if _is_unique(files) else _newest(frame)).to_native()


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


def _newest(frame: Any) -> Any:
    """One row per account and post id, of the newest capture; posts without an id cannot be told apart and all stay."""
    names = frame.collect_schema().names()
    if "post_id" not in names:
        return frame
    known, unknown = frame.filter(~nw.col("post_id").is_null()), frame.filter(nw.col("post_id").is_null())
    keys = ["account_id", "post_id"]
    if "captured_at" in names:
        newest = known.group_by(*keys).agg(nw.col("captured_at").max().alias("__newest"))
        known = known.join(newest, on=keys, how="inner")
        known = known.filter((nw.col("captured_at") == nw.col("__newest")) | nw.col("__newest").is_null())
    return nw.concat([known.unique(subset=keys, keep="any").select(*names), unknown], how="vertical")


def _polars(files: list[str]) -> Any:
    return pl.scan_parquet(files)


def _duckdb(files: list[str]) -> Any:
    import duckdb

    connection = duckdb.connect()
    # What a day is must not depend on where the machine stands.
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    return connection.read_parquet(files, union_by_name=True)


def _spark(files: list[str]) -> Any:
    from pyspark.sql import SparkSession

    # A session that is there, on a cluster or in a notebook, is used; else one of this machine is made.
    session = SparkSession.getActiveSession()
    if session is None:
        master = os.environ.get("GOVMEDIA_SPARK_MASTER", "local[*]")
        builder = SparkSession.builder.appName("govmedia-kit").master(master)
        session = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "8").getOrCreate()
    session.conf.set("spark.sql.session.timeZone", "Asia/Shanghai")
    return session.read.parquet(*files)


def _dask(files: list[str]) -> Any:
    import dask.dataframe

    return dask.dataframe.read_parquet(files)


OPEN = {"polars": _polars, "duckdb": _duckdb, "spark": _spark, "dask": _dask}
