"""Audits made up by a seed, laid out as `govmedia import` leaves them: a ledger and posts.parquet in all its columns."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
import lookalike_truth

from govmedia_kit import schema

__all__ = ["AS_OF", "DAYS", "write_audit"]

AS_OF, DAYS = date(2025, 12, 31), 365
DAY = 86_400


def write_audit(folder: Path, *, accounts: int, posts: int) -> None:
    """An audit folder: heavy-tailed accounts with real-looking names, a year of posts sorted by account and time."""
    folder.mkdir(parents=True)
    listed = lookalike_truth.first(accounts, one_each=True).accounts
    listed = listed.with_columns(account_id=pl.format("{}:gh_{}", "platform", "account_id"))
    listed.write_csv(folder / "accounts.csv")
    (folder / "audit.toml").write_text(
        f'title = "检查情况的通报"\nas_of = {AS_OF}\nwindow_days = {DAYS}\nrules = "state-council-2019"\nissuer = "某省政府"\n',
        encoding="utf-8",
    )
    made = _posts(listed["account_id"].sort(), posts)
    dtypes = schema.dtypes("posts")
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in dtypes.items() if name not in made.columns]
    made = made.with_columns(absent).select(dtypes.keys())
    made.write_parquet(folder / "posts.parquet", compression="zstd", statistics=True)


def _posts(account_ids: pl.Series, rows: int) -> pl.DataFrame:
    random = np.random.default_rng(1)
    weight = random.pareto(1.2, len(account_ids)) + 0.3
    weight = np.minimum(weight, np.quantile(weight, 0.999))
    account = np.repeat(np.arange(len(account_ids)), random.multinomial(rows, weight / weight.sum()))
    # One sort of one number puts each account's posts in order of time.
    order = np.sort(account * (DAYS * DAY) + random.integers(0, DAYS * DAY, rows))
    second = order % (DAYS * DAY)
    begin = datetime.combine(AS_OF, datetime.min.time()) - timedelta(days=DAYS - 1)
    reads = np.minimum(random.lognormal(5, 2, rows).astype(np.int64), 100_001)
    return pl.DataFrame(
        {
            "account_id": account_ids.gather(account),
            "post_id": pl.Series(np.arange(5_000_000_000_000_000, 5_000_000_000_000_000 + rows)).cast(pl.String),
            "published_at": pl.Series(second * 1_000_000).cast(pl.Duration("us")) + begin,
            "reads": reads,
            "reads_capped": reads > 100_000,
            **{name: (reads * random.random(rows) * 0.02).astype(np.int64) for name in ("likes", "comments", "shares")},
            "push_id": pl.Series(second // (DAY // 2)).cast(pl.String),
            "captured_at": pl.Series(account % 5 * DAY * 1_000_000).cast(pl.Duration("us"))
            + begin
            + timedelta(days=DAYS),
            "source": pl.repeat("gzh.csv", rows, eager=True),
        }
    )
