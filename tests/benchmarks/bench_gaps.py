"""What an audit of millions of posts costs: `gk.read_audit` and `gk.assess` beside others' ways to the same numbers.

    python tests/benchmarks/bench_gaps.py [--rows 10_000_000] [--accounts 50_000] [--rounds 3] [--folder DIR] [--spark]

The audit is made up (`made_audits`): a ledger and one posts.parquet with ids and captures, as `govmedia import` writes it.
Each formulation runs in a process of its own, once to warm the file and once timed, in interleaved rounds; the least
of the rounds is printed, because other work on the machine only ever adds. Every formulation looks for posts that stand
twice, as the kit does, and must give the same checksum. `status_of_posts` (posting bits) is not used by the product.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from made_audits import AS_OF, DAYS, write_audit
from memory import peak_mb

import govmedia_kit as gk
from govmedia_kit.measures.updates.account_days import SUMS

FIRST = (AS_OF.toordinal() - 719_163) - DAYS + 1
LAST = FIRST + DAYS - 1
COLUMNS = ("account_id", "post_id", "published_at", "captured_at", *SUMS)
WINDOW = {"as_of": AS_OF, "window_days": DAYS}


def checksum(status: pl.DataFrame) -> list[int]:
    """Sums over accounts that any formulation can give."""
    columns = ("gap_days", "longest_gap_days", "days_over", "active_days", "posts", *SUMS)
    names = [name if name in status.columns else f"{name}_in_window" for name in columns]
    return [int(status[name].sum()) for name in names]


def scan(folder: Path) -> None:
    """A pure scan of the columns: numbers summed, ids measured."""
    ids, times = pl.col("account_id", "post_id").str.len_bytes().sum(), pl.col("published_at", "captured_at").max()
    pl.scan_parquet(folder / "posts.parquet").select(ids, times, pl.col(SUMS).sum()).collect(engine="streaming")


def read_and_assess(folder: Path) -> list[int]:
    """The product: what `govmedia bulletin` does before it prints, ledger and look-alikes included."""
    return checksum(gk.assess(gk.read_audit(folder)).measured)


def check(folder: Path) -> None:
    """The product: `govmedia check`."""
    gk.check_audit(folder)


def posts_to_status(folder: Path) -> list[int]:
    """The part of the product that sees posts: opened, doubled ones looked for, account-days, status."""
    audit = gk.read_audit(folder)
    return checksum(gk.update_status(gk.account_days(audit.posts), audit.accounts, **WINDOW))


def open_posts(folder: Path) -> None:
    """Of that, the posts opened and doubled ones looked for, the columns summed."""
    gk.read_audit(folder).posts.select(pl.col(SUMS).sum()).collect(engine="streaming")


def status_of_posts(folder: Path) -> list[int]:
    """Not used by the product: the same posts by posting bits."""
    audit = gk.read_audit(folder)
    return checksum(gk.measures.status_of_posts(audit.posts, audit.accounts, **WINDOW))


def polars(folder: Path) -> list[int]:
    """Polars by hand: the newest capture of each post, account-days, sums; sorted once, as the file is."""
    day = pl.col("published_at").cast(pl.Date).cast(pl.Int32).cast(pl.Int64)
    posts = pl.scan_parquet(folder / "posts.parquet").select(COLUMNS)
    newest = posts.group_by("account_id", "post_id").agg(pl.col("published_at", *SUMS).sort_by("captured_at").last())
    days = newest.group_by("account_id", day=day).agg(pl.len().alias("posts"), pl.col(SUMS).sum())
    days = days.sort("account_id", "day").with_columns(step=pl.col("day").diff().over("account_id"))
    first, last = pl.col("day").min() - FIRST, LAST - pl.col("day").max()
    found = days.group_by("account_id").agg(
        pl.col("posts", *SUMS).sum(),
        gap_days=last,
        longest_gap_days=pl.max_horizontal(pl.col("step").max() - 1, first, last),
        active_days=pl.len(),
        days_over=(pl.col("step") - 15).clip(0).sum() + (first - 14).clip(0) + (last - 14).clip(0),
    )
    return checksum(found.collect(engine="streaming"))


DUCKDB = f"""
with newest as (
  select arg_max(published_at, captured_at) as published_at, account_id,
         {", ".join(f"arg_max({name}, captured_at) as {name}" for name in SUMS)}
  from read_parquet('{{folder}}/posts.parquet') group by account_id, post_id
), days as (
  select account_id, date_diff('day', date '1970-01-01', published_at::date) as day, count(*) as posts,
         {", ".join(f"sum({name}) as {name}" for name in SUMS)}
  from newest group by all
), steps as (
  select *, day - lag(day) over (partition by account_id order by day) as step from days
), sums as (
  select account_id, min(day) as first, max(day) as last, count(*) as active_days, max(step - 1) as longest,
         sum(greatest(0, step - 15)) as over, sum(posts) as posts, {", ".join(f"sum({name}) as {name}" for name in SUMS)}
  from steps group by account_id
)
select {LAST} - last as gap_days, greatest(longest, first - {FIRST}, {LAST} - last) as longest_gap_days,
       coalesce(over, 0) + greatest(0, first - {FIRST + 14}) + greatest(0, {LAST} - last - 14) as days_over,
       active_days, posts, {", ".join(SUMS)}
from sums
"""


def duckdb(folder: Path) -> list[int]:
    """SQL by hand: the newest capture of each post, account-days, lag, sums."""
    import duckdb

    return checksum(duckdb.sql(DUCKDB.format(folder=folder)).pl())


def pandas(folder: Path) -> list[int]:
    """pandas by hand: the newest capture of each post, account-days, diff, sums."""
    import pandas as pd

    posts = pd.read_parquet(folder / "posts.parquet", columns=list(COLUMNS))
    posts = posts.sort_values("captured_at", kind="stable").drop_duplicates(["account_id", "post_id"], keep="last")
    posts["day"] = (posts.pop("published_at").astype("int64") // 86_400_000_000).astype("int32")
    posts["posts"] = 1
    days = posts.groupby(["account_id", "day"], sort=True)[["posts", *SUMS]].sum().reset_index()
    days["step"] = days.groupby("account_id")["day"].diff()
    days["over"] = (days["step"] - 15).clip(lower=0)
    by_account = days.groupby("account_id")
    found = by_account[["posts", *SUMS, "over"]].sum()
    found["active_days"] = by_account.size()
    first, last = by_account["day"].min() - FIRST, LAST - by_account["day"].max()
    found["gap_days"] = last
    longest = by_account["step"].max() - 1
    found["longest_gap_days"] = pd.concat([longest, first, last], axis=1).max(axis=1)
    found["days_over"] = found["over"] + (first - 14).clip(lower=0) + (last - 14).clip(lower=0)
    return checksum(pl.DataFrame({name: found[name].to_numpy() for name in found.columns}))


def spark(folder: Path) -> list[int]:
    """The product with `engine = "spark"`."""
    return checksum(gk.assess(gk.read_audit(folder, engine="spark")).measured)


FORMULATIONS = [scan, read_and_assess, check, posts_to_status, open_posts, status_of_posts, polars, duckdb, pandas]
# What a ratio is taken to, where it is not the bare scan.
AGAINST = {"read_and_assess": "polars", "posts_to_status": "polars", "duckdb": "polars", "pandas": "polars"}


def run_one(name: str, folder: Path) -> None:
    """In a process of its own: once to warm up, once timed; the answer goes out as JSON."""
    formulation = globals()[name]
    formulation(folder)
    started = time.perf_counter()
    found = formulation(folder)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "peak": peak_mb(), "checksum": found}))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--accounts", type=int, default=50_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, help="keep the posts here, and use them again")
    options.add_argument("--only", nargs="+", help="names of formulations")
    options.add_argument("--spark", action="store_true", help="time Spark too (needs pyspark and Java)")
    options.add_argument("--one", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one == "generate":
        write_audit(given.folder, accounts=given.accounts, posts=given.rows)
        return
    if given.one:
        run_one(given.one, given.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary) / "audit"
        if not (folder / "posts.parquet").exists():
            # Not here: on Linux a child inherits the peak memory of the process that starts it.
            size = ["--rows", str(given.rows), "--accounts", str(given.accounts)]
            subprocess.run([sys.executable, __file__, "--one", "generate", "--folder", str(folder), *size], check=True)
        names = given.only or [formulation.__name__ for formulation in FORMULATIONS]
        names += ["spark"] if given.spark else []
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
        base = AGAINST.get(name, "scan")
        ratio = f"{best[name]['seconds'] / best[base]['seconds']:5.2f} x {base}" if base in best else ""
        print(f"{name:26s} {best[name]['seconds']:7.2f}   {ratio:27s} {best[name]['peak']:7.0f}")
    sums = {str(found["checksum"]) for found in best.values() if found["checksum"]}
    print("all formulations agree" if len(sums) < 2 else f"FORMULATIONS DISAGREE: {sums}")


if __name__ == "__main__":
    main()
