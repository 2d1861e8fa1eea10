"""What the status of 50,000 accounts costs, from millions of posts in parquet: seconds, ratios, peak memory.

    python tests/benchmarks/bench_gaps.py [--rows 10_000_000] [--rounds 3] [--folder DIR] [--spark]

Posts are generated (heavy-tailed accounts, a year, monthly files; and one file sorted by account and time, as the
kit itself writes them). Each formulation runs in a process of its own, once to warm the files and once timed, in
interleaved rounds; the least of the rounds is printed, because other work on the machine only ever adds. Every
formulation must give the same checksum.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from memory import peak_mb

from govmedia_kit import measures
from govmedia_kit.measures.updates.account_days import SUMS

AS_OF, DAYS, ACCOUNTS = date(2025, 12, 31), 365, 50_000
LAST = (AS_OF - date(1970, 1, 1)).days
COLUMNS = ("account_id", "published_at", *SUMS)


def generate(folder: Path, rows: int) -> None:
    """Monthly files of posts, in order of time, and the same sorted by account where they fit in memory."""
    random = np.random.default_rng(1)
    weight = random.pareto(1.2, ACCOUNTS) + 0.3
    weight = np.minimum(weight, np.quantile(weight, 0.999))
    up_to = np.cumsum(weight / weight.sum())
    months = np.linspace(0, DAYS, 13).astype(int)
    start = int((datetime(2025, 1, 1) - datetime(1970, 1, 1)).total_seconds())
    (folder / "months").mkdir(parents=True)
    for month in range(12):
        n = rows // 12
        account = np.minimum(np.searchsorted(up_to, random.random(n)), ACCOUNTS - 1)
        day = random.integers(months[month], months[month + 1], n)
        seconds = np.sort(start + day * 86_400 + random.integers(0, 86_400, n))
        reads = np.minimum(random.lognormal(5, 2, n).astype(np.int64), 100_001)
        pl.DataFrame(
            {
                "account_id": pl.Series(account).cast(pl.String).str.zfill(8),
                "published_at": pl.Series(seconds * 1_000_000).cast(pl.Datetime("us")),
                "reads": reads,
                **{name: (reads * random.random(n) * 0.02).astype(np.int64) for name in SUMS[1:]},
            }
        ).with_columns(pl.format("wechat:gh_{}", "account_id").alias("account_id")).write_parquet(
            folder / "months" / f"{month:02}.parquet"
        )
    accounts = pl.format("wechat:gh_{}", pl.int_range(ACCOUNTS).cast(pl.String).str.zfill(8))
    pl.select(account_id=accounts).write_parquet(folder / "accounts.parquet")
    if rows <= 20_000_000:
        posts = pl.scan_parquet(folder / "months").sort("account_id", "published_at")
        posts.collect(engine="streaming").write_parquet(folder / "sorted.parquet")


def scan(folder: Path, files: str = "months") -> pl.LazyFrame:
    return pl.scan_parquet(folder / files).select(COLUMNS)


def ledger(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "accounts.parquet")


def checksum(status: pl.DataFrame) -> list[int]:
    """Sums over accounts that any formulation can give."""
    columns = ("gap_days", "longest_gap_days", "days_over", "active_days", "posts", *SUMS)
    names = [name if name in status.columns else f"{name}_in_window" for name in columns]
    return [int(status[name].sum()) for name in names]


def floor(folder: Path, files: str = "months") -> None:
    """A pure scan of the same columns: numbers summed, ids measured."""
    ids = pl.col("account_id").str.len_bytes().sum()
    scan(folder, files).select(ids, pl.col("published_at").max(), pl.col(SUMS).sum()).collect(engine="streaming")


def floor_sorted(folder: Path) -> None:
    floor(folder, "sorted.parquet")


def status_of_posts(folder: Path, files: str = "months") -> list[int]:
    """The kit: posts to status in one pass."""
    return checksum(measures.status_of_posts(scan(folder, files), ledger(folder), as_of=AS_OF, window_days=DAYS))


def status_of_posts_sorted(folder: Path) -> list[int]:
    return status_of_posts(folder, "sorted.parquet")


def status_by_account_days(folder: Path) -> list[int]:
    """The kit: posts to a table of account-days, and from there to status."""
    return checksum(
        measures.update_status(measures.account_days(scan(folder)), ledger(folder), as_of=AS_OF, window_days=DAYS)
    )


def account_days(folder: Path) -> None:
    """The kit: the table of account-days, in the Narwhals spelling."""
    measures.account_days(scan(folder)).collect(engine="streaming")


def account_days_polars(folder: Path) -> None:
    """The same table in the fastest Polars spelling found."""
    known = [pl.col(name).count().alias(f"n_{name}") for name in SUMS]
    day = pl.col("published_at").cast(pl.Date).cast(pl.Int32)
    scan(folder).group_by("account_id", day.alias("day")).agg(
        pl.len().alias("posts"), pl.col(SUMS).sum(), *known
    ).select(
        "account_id",
        "posts",
        pl.col("day").cast(pl.Int64),
        *(pl.when(pl.col(f"n_{name}") > 0).then(name).alias(name) for name in SUMS),
    ).collect(engine="streaming")


DUCKDB = f"""
with days as (
  select account_id, date_diff('day', date '1970-01-01', published_at::date) as day, count(*) as posts,
         sum(reads) as reads, sum(likes) as likes, sum(comments) as comments, sum(shares) as shares
  from read_parquet('{{folder}}/months/*.parquet') group by all
), steps as (
  select *, day - lag(day) over (partition by account_id order by day) as step from days where day <= {LAST}
), sums as (
  select account_id, min(day) as first, max(day) as last, count(*) as active_days, max(step - 1) as longest,
         sum(greatest(0, step - 15)) as over, sum(posts) as posts, sum(reads) as reads, sum(likes) as likes,
         sum(comments) as comments, sum(shares) as shares
  from steps where day > {LAST - DAYS} group by account_id
)
select {LAST} - last as gap_days,
       greatest(longest, first - {LAST - DAYS + 1}, {LAST} - last) as longest_gap_days,
       coalesce(over, 0) + greatest(0, first - {LAST - DAYS + 15}) + greatest(0, {LAST} - last - 14) as days_over,
       active_days, posts, reads, likes, comments, shares
from read_parquet('{{folder}}/accounts.parquet') join sums using (account_id)
"""


def duckdb(folder: Path) -> list[int]:
    """SQL by hand: account-days, lag, sums."""
    import duckdb

    return checksum(duckdb.sql(DUCKDB.format(folder=folder)).pl())


def pandas(folder: Path) -> list[int]:
    """pandas by hand: account-days, sort, diff, sums."""
    import pandas as pd

    posts = pd.read_parquet(folder / "months", columns=list(COLUMNS))
    posts["day"] = (posts.pop("published_at").astype("int64") // 86_400_000_000).astype("int32")
    posts["posts"] = 1
    days = posts.groupby(["account_id", "day"], sort=True)[["posts", *SUMS]].sum().reset_index()
    days["step"] = days.groupby("account_id")["day"].diff()
    days["over"] = (days["step"] - 15).clip(lower=0)
    by_account = days.groupby("account_id")
    found = by_account[["posts", *SUMS, "over"]].sum()
    found["active_days"] = by_account.size()
    first, last = by_account["day"].min() - (LAST - DAYS + 1), LAST - by_account["day"].max()
    found["gap_days"] = last
    longest = by_account["step"].max() - 1
    found["longest_gap_days"] = pd.concat([longest, first, last], axis=1).max(axis=1)
    found["days_over"] = found["over"] + (first - 14).clip(lower=0) + (last - 14).clip(lower=0)
    return checksum(pl.DataFrame({name: found[name].to_numpy() for name in found.columns}))


def _spark():
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = session.config("spark.sql.session.timeZone", "Asia/Shanghai").config("spark.driver.memory", "4g")
    session = session.config("spark.sql.parquet.inferTimestampNTZ.enabled", "true").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def spark(folder: Path) -> None:
    """The kit on Spark: account-days, written nowhere."""
    posts = _spark().read.parquet(str(folder / "months")).select(*COLUMNS)
    measures.account_days(posts).write.format("noop").mode("overwrite").save()


def spark_sql(folder: Path) -> None:
    """Spark SQL by hand: account-days, written nowhere."""
    _spark().read.parquet(str(folder / "months")).createOrReplaceTempView("posts")
    sums = ", ".join(f"sum({name}) as {name}" for name in SUMS)
    _spark().sql(
        f"select account_id, unix_date(cast(published_at as date)) as day, count(*) as posts, count(*) as pushes, "
        f"{sums} from posts group by 1, 2"
    ).write.format("noop").mode("overwrite").save()


FORMULATIONS = [
    floor,
    status_of_posts,
    floor_sorted,
    status_of_posts_sorted,
    account_days_polars,
    account_days,
    status_by_account_days,
    duckdb,
    pandas,
]
FLOORS = {"status_of_posts_sorted": "floor_sorted", "account_days": "account_days_polars", "spark": "spark_sql"}


def run_one(name: str, folder: Path) -> None:
    """In a process of its own: once to warm up, once timed; the answer goes out as JSON."""
    formulation = globals()[name]
    formulation(folder)
    started = time.perf_counter()
    found = formulation(folder)
    seconds = time.perf_counter() - started
    peak = peak_mb()
    print(json.dumps({"seconds": seconds, "peak": peak, "checksum": found}))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, help="keep the posts here, and use them again")
    options.add_argument("--only", nargs="+", help="names of formulations")
    options.add_argument("--spark", action="store_true", help="time Spark too (needs pyspark and Java)")
    options.add_argument("--one", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one == "generate":
        generate(given.folder, given.rows)
        return
    if given.one:
        run_one(given.one, given.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary) / "posts"
        if not (folder / "accounts.parquet").exists():
            # Not here: on Linux a child inherits the peak memory of the process that starts it.
            command = [sys.executable, __file__, "--one", "generate", "--folder", str(folder), "--rows"]
            subprocess.run([*command, str(given.rows)], check=True)
        names = given.only or [formulation.__name__ for formulation in FORMULATIONS]
        names = [name for name in names if "sorted" not in name or (folder / "sorted.parquet").exists()]
        names += ["spark_sql", "spark"] if given.spark else []
        best: dict[str, dict] = {}
        for _ in range(given.rounds):
            for name in names:
                command = [sys.executable, __file__, "--one", name, "--folder", str(folder)]
                answer = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
                found = json.loads(answer.stdout.strip().splitlines()[-1])
                if name not in best or found["seconds"] < best[name]["seconds"]:
                    best[name] = found
    print(f"{'formulation':26s} seconds   against              peak MB")
    for name in names:
        base = FLOORS.get(name, "floor")
        ratio = f"{best[name]['seconds'] / best[base]['seconds']:5.2f} x {base}" if base in best else ""
        print(f"{name:26s} {best[name]['seconds']:7.2f}   {ratio:27s} {best[name]['peak']:7.0f}")
    sums = {str(found["checksum"]) for found in best.values() if found["checksum"]}
    print("all formulations agree" if len(sums) < 2 else f"FORMULATIONS DISAGREE: {sums}")


if __name__ == "__main__":
    main()
