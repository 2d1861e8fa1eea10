"""The engines for more than one machine: PySpark and Dask give the account-days that Polars gives.

Spark needs Java.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import polars as pl
import pytest
from audits import account, write_audit
from polars.testing import assert_frame_equal
from pyspark.sql import SparkSession

from govmedia_kit import measures
from govmedia_kit.judge.assess import assess
from govmedia_kit.read.audit import read_audit

AS_OF = date(2024, 12, 31)

# Starting Spark takes longest; Dask has not caught up with what pandas deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


@pytest.fixture(scope="module")
def posts() -> pl.DataFrame:
    """100,000 posts of 300 accounts: ties, midnights, a leap day, holes, posts after the monitoring point, copies."""
    random, n = np.random.default_rng(7), 100_000
    start = int((datetime(2023, 12, 1) - datetime(1970, 1, 1)).total_seconds())
    second = random.integers(0, 420 * 86_400, n)
    second[:2000] = second[:2000] // 86_400 * 86_400  # midnight
    second[2000:3000] = (datetime(2024, 2, 29) - datetime(2023, 12, 1)).total_seconds()
    second[3000:4000] = second[3000]
    account = (300 * random.random(n) ** 2).astype(int)
    frame = pl.DataFrame(
        {
            "account_id": pl.Series(account).cast(pl.String).str.zfill(4),
            "published_at": pl.Series((start + second) * 1_000_000).cast(pl.Datetime("us")),
            "push_id": pl.Series(second // 7200).cast(pl.String),
            "reads": np.minimum(random.lognormal(6, 3, n).astype(np.int64), 100_001),
            "likes": random.integers(0, 50, n),
        }
    )
    hole = pl.Series(random.random(n) < 0.1)
    frame = frame.with_columns(
        push_id=pl.when(~hole).then("push_id"), likes=pl.when(~hole & (pl.col("account_id") > "0100")).then("likes")
    )
    return pl.concat([frame, frame.head(500)])


@pytest.fixture(scope="module")
def files(posts: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The posts in five files."""
    folder = tmp_path_factory.mktemp("posts")
    for number, part in enumerate(posts.iter_slices(25_000)):
        part.write_parquet(folder / f"{number}.parquet")
    return folder


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    # A day is a local day, whatever the clock of the cluster.
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    yield session
    session.stop()


def in_order(days: object) -> pl.DataFrame:
    return measures.collected(days).sort("account_id", "day")


@pytest.fixture(scope="module")
def expected(posts: pl.DataFrame) -> pl.DataFrame:
    return in_order(measures.account_days(posts))


def status(days: object) -> pl.DataFrame:
    accounts = pl.DataFrame({"account_id": [f"{number:04}" for number in range(305)]})
    return measures.update_status(days, accounts, as_of=AS_OF, window_days=366)


def test_polars_is_a_plain_count(posts, expected):
    rows = {}
    for name, moment, push, *_ in posts.iter_rows():
        rows.setdefault((name, (moment.date() - date(1970, 1, 1)).days), []).append(push)
    counted = {key: (len(own), len(set(own) - {None}) + own.count(None)) for key, own in rows.items()}
    assert {(a, d): (n, p) for a, d, n, p in expected.select("account_id", "day", "posts", "pushes").rows()} == counted


@pytest.mark.slow
@pytest.mark.java
def test_spark_gives_the_same(spark, files, expected):
    frame = spark.read.parquet(str(files))
    days = measures.account_days(frame)
    assert type(days) is type(frame)
    assert_frame_equal(in_order(days), expected)
    assert_frame_equal(status(days), status(expected))


def test_dask_gives_the_same(files, expected):
    frame = dd.read_parquet(files)
    assert frame.npartitions > 1
    days = measures.account_days(frame)
    assert isinstance(days, dd.DataFrame)
    assert_frame_equal(in_order(days), expected)
    assert_frame_equal(status(days), status(expected))


@pytest.mark.slow
@pytest.mark.java
def test_posts_straight_from_an_engine_have_the_status_of_polars(spark, files, posts):
    accounts = pl.DataFrame({"account_id": [f"{number:04}" for number in range(305)]})
    window = {"as_of": AS_OF, "window_days": 366}
    expected = measures.status_of_posts(posts, accounts, **window)
    assert_frame_equal(measures.status_of_posts(spark.read.parquet(str(files)), accounts, **window), expected)
    assert_frame_equal(measures.status_of_posts(dd.read_parquet(files), accounts, **window), expected)


# --- An audit's posts in several Parquet files ---------------------------------------------------------------

ENGINES = (
    "polars",
    "duckdb",
    "dask",
    pytest.param("spark", marks=[pytest.mark.java, pytest.mark.slow]),
)
NOON = datetime(2019, 7, 10, 12)


@pytest.fixture
def engine(request) -> str:
    """An engine by name; Spark with the session of this module."""
    if request.param == "spark":
        request.getfixturevalue("spark")
    return request.param


def audit_of(folder: Path, files: dict[str, pl.DataFrame]) -> Path:
    """An audit of the accounts 甲 and 乙 whose posts stand in so many Parquet files."""
    write_audit(folder, [account("甲"), account("乙")], posts=[])
    for name, frame in files.items():
        (folder / "posts" / name).parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(folder / "posts" / name)
    return folder


def measured(folder: Path, engine: str, *columns: str) -> dict[str, tuple]:
    found = assess(read_audit(folder, engine=engine)).measured.select("account_id", *columns)
    return {name: tuple(values) for name, *values in found.iter_rows()}


def posts_of(account_id: str, ids: list[str | None], **columns: object) -> pl.DataFrame:
    """Posts of one account at noon, one a minute."""
    times = [NOON + timedelta(minutes=minute) for minute in range(len(ids))]
    return pl.DataFrame({"account_id": account_id, "published_at": times, "post_id": ids, **columns})


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_files_of_posts_may_have_other_columns_and_types(engine, tmp_path):
    likes = pl.Series([3, None], dtype=pl.Int32)
    files = {
        "1.parquet": posts_of("甲", ["1", "2"]),
        "2.parquet": posts_of("甲", ["3", "4"], likes=likes, 栏目=["a", "b"]),
        "3.parquet": posts_of("乙", ["5"], 点赞数=[40], reads=[7.0], 栏目=[1]).rename({"published_at": "发布时间"}),
        "4.parquet": posts_of("乙", ["6"], likes=[2]).with_columns(
            pl.col("published_at").cast(pl.Datetime("ms")), pl.col("post_id").cast(pl.Int64)
        ),
    }
    found = measured(audit_of(tmp_path, files), engine, "posts_in_window", "likes_in_window", "reads_in_window")
    assert found == {"甲": (4, 3, None), "乙": (2, 42, 7)}


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_post_that_stands_twice_counts_as_its_last_row_says(engine, tmp_path):
    ids = [str(i) for i in range(3000)]
    files = {
        "9.parquet": posts_of("甲", ids, likes=[1] * 3000),
        "10.parquet": posts_of("甲", ids, likes=[100] * 3000),
        # The last file by its path, and in it the last row.
        "年 度/1.parquet": posts_of("甲", ["7", "7", None, None], likes=[5000, 2000, 10, 10]),
    }
    folder = audit_of(tmp_path, files)
    expected = 2999 * 1 + 2000 + 10 + 10
    for _ in range(2):
        assert measured(folder, engine, "posts_in_window", "likes_in_window")["甲"] == (3002, expected)


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_the_newest_capture_wins_before_file_and_row(engine, tmp_path):
    early, late = datetime(2019, 7, 11), datetime(2019, 7, 12)
    files = {
        "1.parquet": posts_of(
            "甲", ["a", "b", "c", "c"], likes=[1, 10, 100, 200], captured_at=[late, None, late, late]
        ),
        "2.parquet": posts_of("甲", ["a", "b", "c"], likes=[2, 20, 300], captured_at=[early, early, None]),
        "3.parquet": posts_of("甲", ["a", "b", "c"], likes=[4, 40, 400]),
    }
    assert measured(audit_of(tmp_path, files), engine, "likes_in_window")["甲"] == (1 + 20 + 200,)


def test_parquet_with_counts_as_text_is_read_as_any_table_is(tmp_path):
    files = {"1.parquet": posts_of("甲", ["1", "2"], likes=["1.2万", "3"])}
    assert measured(audit_of(tmp_path, files), "polars", "likes_in_window")["甲"] == (12_003,)
