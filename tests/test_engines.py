"""The engines for more than one machine: PySpark and Dask give the account-days that Polars gives.

They need Java and the extras `spark` and `dask`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pyspark.sql import SparkSession

from govmedia_kit import measures

AS_OF = date(2024, 12, 31)

# Starting Spark takes longest; Dask has not caught up with what pandas deprecates.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")]


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
    for account, moment, push, *_ in posts.iter_rows():
        rows.setdefault((account, (moment.date() - date(1970, 1, 1)).days), []).append(push)
    counted = {key: (len(own), len(set(own) - {None}) + own.count(None)) for key, own in rows.items()}
    assert {(a, d): (n, p) for a, d, n, p in expected.select("account_id", "day", "posts", "pushes").rows()} == counted


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


def test_posts_straight_from_an_engine_have_the_status_of_polars(spark, files, posts):
    accounts = pl.DataFrame({"account_id": [f"{number:04}" for number in range(305)]})
    window = {"as_of": AS_OF, "window_days": 366}
    expected = measures.status_of_posts(posts, accounts, **window)
    assert_frame_equal(measures.status_of_posts(spark.read.parquet(str(files)), accounts, **window), expected)
    assert_frame_equal(measures.status_of_posts(dd.read_parquet(files), accounts, **window), expected)
