"""Posts in Parquet, one file or a thousand, opened by the engine that an audit asks for and read by nobody yet.

The frame that comes back is the engine's own (a Polars LazyFrame, a DuckDB relation, a Spark or Dask frame), with the
dictionary's column names and types and one row per post: of several captures of a post only the newest is left.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from govmedia_kit import headings, interop, observations, parse_cells, schema
from govmedia_kit.captures import FILE, ROUND_ID, ROW, SCIENTIFIC, newest_captures
from govmedia_kit.errors import InputError
from govmedia_kit.interop import wrapped

__all__ = [
    "IMPORTED",
    "UNIQUE",
    "is_imported",
    "is_lake",
    "newest_capture",
    "open_posts",
    "spans",
]

# What the kit notes in the Parquet files that it writes: each post stands in them once.
UNIQUE = {"govmedia_kit": "one row per post"}
# And in those that an import wrote: what they prove stands in observations.csv, search hits being among them.
IMPORTED = UNIQUE | {"govmedia_kit_evidence": "observations.csv"}
NEEDED = ("account_id", "published_at")
USED = (*NEEDED, "post_id", "push_id", "reads", "likes", "comments", "shares", "captured_at", "url", "title")
COUNTS = ("reads", "likes", "comments", "shares")
NARWHALS: dict[Any, Any] = {pl.String: nw.String, pl.Int64: nw.Int64, pl.Datetime: nw.Datetime("us")}
PANDAS: dict[Any, str] = {pl.String: "string", pl.Int64: "Int64", pl.Datetime: "datetime64[us]"}

# The columns of a file that are used: their names in it, the fields that they are, and their types.
Columns = tuple[tuple[str, str, pl.DataType], ...]


def is_lake(path: Path) -> bool:
    """Whether a file, or every file of a folder, is Parquet with the columns of posts, times as times and counts as numbers."""
    files = _files(path)
    return bool(files) and all(_are_posts(columns) for columns in map(_columns, files))


def open_posts(path: Path, *, engine: str = "polars", mend: Callable[[Any], Any] | None = None) -> Any:
    """The posts of a lake as the engine's own frame: the columns of `USED` that any file has, one row per post.

    Files may have other columns, or types as wide: what a file lacks is null, and so is a count below zero. Of a post that stands
    several times the newest capture is kept, one without a time of capture being the oldest; of those that are equally new,
    that in the file whose path comes last, and in it the last row. One post has one id; without one, one address; without that
    one time and title; with neither, only rows that agree in all are one.
    `mend` is given all rows before that, and answers them corrected. Times with a zone are moved to Asia/Shanghai by Polars; the other engines take local times only, as the kit writes them.
    Raises InputError where the engine is not installed, or gets times with a zone.
    """
    files = _files(path)
    frame = _every_row(files, path.name, engine, mend)
    names = frame.collect_schema().names()
    below = [nw.when(nw.col(c) >= 0).then(nw.col(c)).alias(c) for c in COUNTS if c in names]
    posts = frame if _is_unique(files) else newest_captures(frame, *_lost_ids(files))
    # Addresses and titles are only looked at to know one post from another.
    posts = posts.with_columns(*below) if below else posts
    return posts.drop(*(c for c in (FILE, ROW, "url", "title") if c in names)).to_native()


def is_imported(path: Path) -> bool:
    """Whether an import wrote a lake: then observations.csv says what it proves, search hits being among its posts."""
    files = _files(path)
    mark = "govmedia_kit_evidence"
    return bool(files) and all(pl.read_parquet_metadata(file).get(mark) == IMPORTED[mark] for file in files)


def spans(path: Path, *, engine: str, latest: dt.date, mend: Callable[[Any], Any] | None = None) -> pl.DataFrame:
    """The span of each account's posts in each run of a lake that nobody imported: columns of `observations.SPANS`.

    A folder that holds files is a run. Posts of days that cannot be are left out.
    """
    files = _files(path)
    frame = _every_row(files, path.name, engine, mend)
    names = frame.collect_schema().names()
    at = nw.col("published_at")
    possible = frame.filter(at >= parse_cells.FIRST, at < dt.datetime.combine(latest, dt.time()) + dt.timedelta(days=1))
    seen = [nw.col("captured_at").max().alias("captured")] if "captured_at" in names else []
    rows = possible.group_by("account_id", FILE).agg(at.min().alias("first"), at.max().alias("last"), *seen)
    found = rows.collect("polars").to_native() if isinstance(rows, nw.LazyFrame) else rows.to_polars()
    runs = {
        str(f): path.name if path.is_file() else "/".join([path.name, *f.parent.relative_to(path).parts]) for f in files
    }
    folder = pl.col(FILE).cast(pl.String)
    where = folder.replace_strict(runs, default=path.name, return_dtype=pl.String)
    told = found.with_columns(
        pl.col("account_id").cast(pl.String), run=where, source=pl.lit(path.name), complete=pl.lit(True)
    )
    captured = pl.col("captured").max() if seen else pl.lit(None, pl.Datetime("us")).first()
    one_a_run = told.group_by("account_id", "run", "source", "complete").agg(
        pl.col("first").min(), pl.col("last").max(), captured=captured
    )
    days = one_a_run.with_columns(pl.col("first", "last", "captured").cast(pl.Date))
    return interop.conformed(days, observations.SPANS).drop_nulls("account_id").sort("run", "account_id")


def newest_capture(path: Path, *, by: dt.date | None = None) -> dt.date | None:
    """The day of the newest capture that stands in a lake, of those by a day; None where none does."""
    seen: list[dt.date] = []
    for file in _files(path):
        for old, field, dtype in _columns(file):
            if field == "captured_at" and isinstance(dtype, pl.Datetime):
                cells = pl.scan_parquet(file, glob=False).select(pl.col(old).unique()).collect().to_series()
                days = parse_cells.meant(cells, field, pl.Datetime("us")).cast(pl.Date)
                seen += days.filter(days <= (by or parse_cells.LAST.date())).drop_nulls().to_list()
    return max(seen, default=None)


def _every_row(files: list[Path], name: str, engine: str, mend: Callable[[Any], Any] | None) -> Any:
    """All rows of the files as one Narwhals frame of an engine, with the dictionary's names and types."""
    alike: dict[Columns, list[str]] = {}
    for file in files:
        alike.setdefault(_columns(file), []).append(str(file))
    zoned = sorted({old for columns in alike for old, _, dtype in columns if getattr(dtype, "time_zone", None)})
    if zoned and engine != "polars":
        raise InputError("zoned_times", path=name, found=zoned, engine=engine)
    try:
        opened = OPEN[engine]()
    except ImportError as error:
        raise InputError("engine_missing", engine=engine, found=error.name or str(error)) from error
    parts = [_named(opened(group), columns) for columns, group in alike.items()]
    frame = nw.concat(parts, how="diagonal") if len(parts) > 1 else parts[0]
    return frame if mend is None else wrapped(mend(frame.to_native()))


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
    frame = wrapped(native)
    if frame.implementation.is_dask():
        # The integers that Narwhals means for Dask have no null.
        frame, other = wrapped(native.astype({old: PANDAS[wanted[old]] for old in other})), set()
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


def _lost_ids(files: list[Path]) -> tuple[bool, list[str]]:
    """Whether some posts have no id; and texts that are none: those that a spreadsheet rounded, as their notation or other posts tell."""
    lost: list[str] = []
    for file in files:
        fields = {field: old for old, field, _ in _columns(file)}
        if "post_id" not in fields:
            return True, lost
        number = pl.col(fields["post_id"]).cast(pl.String)
        posts = pl.scan_parquet(file, glob=False)
        counts = posts.select(none=number.null_count(), odd=number.str.contains(f"{SCIENTIFIC}|{ROUND_ID}").sum())
        none, odd = counts.collect(engine="streaming").row(0)
        if odd:
            at = pl.col(fields["published_at"])
            rows = posts.select(account=fields["account_id"], number=number, at=at)
            rows = rows.filter(pl.col("number").str.contains(f"{SCIENTIFIC}|{ROUND_ID}"))
            times = rows.group_by("account", "number").agg(pl.col("at").n_unique())
            several = times.filter((pl.col("at") > 1) | pl.col("number").str.contains(SCIENTIFIC))
            lost += several.collect()["number"].unique().to_list()
        if none:
            return True, lost
    return bool(lost), lost


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
