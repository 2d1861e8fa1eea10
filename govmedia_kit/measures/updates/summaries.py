"""Update gaps by group: shares that are silent, what another threshold would change, how long accounts last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from govmedia_kit import statistics
from govmedia_kit.interop import answers_in_kind, with_dtypes
from govmedia_kit.measures.updates.account_days import collected
from govmedia_kit.measures.updates.status import silences

__all__ = [
    "compare_silence",
    "gap_summary",
    "lifetimes",
    "posts_by_day",
    "sensitivity",
    "silent_by_day",
    "time_to_silence",
]


@answers_in_kind
def gap_summary(
    status: pl.DataFrame, accounts: pl.DataFrame, *, by: str | Sequence[str] = (), silent_after: int = 14
) -> pl.DataFrame:
    """How well groups of accounts keep up: one row per group, sorted; one row for all without `by`.

    `status` is that of `status.update_status`; `by` names columns of `accounts` (`unit_level`, `platform`, `unit`,
    `region`, ...) or `province`, the first two digits of the division code. Shares are of the checked accounts.

    - the columns of `by`; null is the group of accounts for which it is not known
    - `accounts`, `checked` (Int64, accounts)
    - `silent` (Int64, accounts): checked, and `gap_days` over `silent_after`, or never a post
    - `silent_share`, `low`, `high` (Float64, fraction): with its 95 % Wilson interval
    - `never` (Int64, accounts)
    - `q1_gap_days`, `median_gap_days`, `q3_gap_days` (Float64, days): over checked accounts that have posted
    - `small` (bool): fewer than 30 checked accounts; a share of so few says little, and the interval shows it

    Doubtful where not all are checked: the interval is for accounts picked by chance, not for those that were
    easiest to find.

    >>> status = pl.DataFrame({"account_id": ["a", "b"], "checked": True, "never": False, "gap_days": [3, 20]})
    >>> accounts = pl.DataFrame({"account_id": ["a", "b"], "platform": ["weibo", "weibo"]})
    >>> gap_summary(status, accounts, by="platform").select("platform", "silent", "median_gap_days").rows()
    [('weibo', 1, 11.5)]
    """
    frame, by = statistics.with_groups(status, accounts, by)
    checked, gap = pl.col("checked"), pl.col("gap_days").filter("checked")
    low, high = statistics.wilson_exprs(pl.col("silent"), pl.col("checked"))
    return (
        frame.with_columns(silent=checked & ((pl.col("gap_days") > silent_after).fill_null(False) | pl.col("never")))
        .group_by(by or pl.lit("").alias("__all"))
        .agg(
            accounts=pl.len().cast(pl.Int64),
            checked=checked.sum().cast(pl.Int64),
            silent=pl.col("silent").sum().cast(pl.Int64),
            never=(checked & pl.col("never")).sum().cast(pl.Int64),
            q1_gap_days=gap.quantile(0.25, "linear"),
            median_gap_days=gap.median(),
            q3_gap_days=gap.quantile(0.75, "linear"),
        )
        .sort(by, nulls_last=True)
        .select(
            *by,
            "accounts",
            "checked",
            "silent",
            (pl.col("silent") / pl.when(pl.col("checked") > 0).then("checked")).alias("silent_share"),
            low.alias("low"),
            high.alias("high"),
            "never",
            "q1_gap_days",
            "median_gap_days",
            "q3_gap_days",
            statistics.small(pl.col("checked")).alias("small"),
        )
    )


@answers_in_kind
def posts_by_day(days: Any, *, as_of: date, window_days: int) -> pl.DataFrame:
    """How much was posted when: one row per day of the window, which are the `window_days` days that end with `as_of`.

    - `date` (Date)
    - `posts` (Int64, posts): 0 where nobody posted

    >>> days = pl.DataFrame({"account_id": ["a", "b", "a"], "day": [20454, 20454, 20455], "posts": [1, 2, 3]})
    >>> posts_by_day(days, as_of=date(2026, 1, 2), window_days=3)["posts"].to_list()
    [0, 3, 3]
    """
    posted = collected(days).group_by(date=pl.col("day").cast(pl.Int32).cast(pl.Date)).agg(pl.col("posts").sum())
    return _every_day(posted, as_of - timedelta(days=window_days - 1), as_of)


@answers_in_kind
def silent_by_day(
    days: Any,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    window_days: int,
    observations: pl.DataFrame | None = None,
    silent_after: int = 14,
) -> pl.DataFrame:
    """How many accounts were silent when: one row per day on which a silence of more than `silent_after` days can be seen.

    Before the window has run for that long, nobody can be seen to have been silent for it.

    - `date` (Date)
    - `silent` (Int64, accounts): that had posted nothing for more than `silent_after` days

    Doubtful as `silences` are, to which `observations` go.

    >>> days = pl.DataFrame({"account_id": ["a"], "day": [20454]})
    >>> accounts = pl.DataFrame({"account_id": ["a"], "observed_from": [date(2026, 1, 1)], "observed_to": [date(2026, 1, 6)]})
    >>> silent_by_day(days, accounts, as_of=date(2026, 1, 6), window_days=6, silent_after=2).rows()
    [(datetime.date(2026, 1, 3), 0), (datetime.date(2026, 1, 4), 1), (datetime.date(2026, 1, 5), 1), (datetime.date(2026, 1, 6), 1)]
    """
    after = timedelta(days=silent_after)
    silent = (
        silences(days, accounts, as_of=as_of, window_days=window_days, observations=observations)
        .filter(pl.col("days") > silent_after)
        .select(date=pl.date_ranges(pl.col("first_day") + after, "last_day"))
        .explode("date")
        .group_by("date")
        .agg(silent=pl.len().cast(pl.Int64))
    )
    return _every_day(silent, as_of - timedelta(days=window_days - 1) + after, as_of)


def _every_day(counts: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Counts by date with a row for each day from the first to the last, 0 where there is none."""
    every = pl.DataFrame({"date": pl.date_range(first, last, eager=True)})
    return every.join(counts, on="date", how="left", maintain_order="left").with_columns(
        pl.exclude("date").fill_null(0)
    )


@answers_in_kind
def sensitivity(status: pl.DataFrame, *, thresholds: Iterable[int] = range(7, 91)) -> pl.DataFrame:
    """What another definition of silent would change: one row per threshold, and per way of counting days.

    With `working_gap_days` in `status` (`status.update_status(..., working=True)`) the thresholds are tried in
    working days too: after a holiday of a week, ten working days are longer than two weeks.

    - `counted` (str): `calendar` or `working` days
    - `threshold` (Int64, days): silent is more than this
    - `silent` (Int64, accounts), `checked` (Int64, accounts): never a post counts as silent
    - `silent_share`, `low`, `high` (Float64, fraction): with its 95 % Wilson interval

    Doubtful where a year's holidays are not yet published: its working days are then those of ordinary weeks.

    >>> status = pl.DataFrame({"checked": [True, True], "never": [False, True], "gap_days": [14, None]})
    >>> sensitivity(status, thresholds=[13, 14])["silent"].to_list()
    [2, 1]
    """
    checked = status.filter("checked")
    columns = {"calendar": "gap_days", "working": "working_gap_days"}
    rows = [
        (counted, threshold, int((checked[column] > threshold).sum()) + int(checked["never"].sum()), checked.height)
        for counted, column in columns.items()
        if column in status.columns
        for threshold in thresholds
    ]
    schema = {"counted": pl.String, "threshold": pl.Int64, "silent": pl.Int64, "checked": pl.Int64}
    low, high = statistics.wilson_exprs(pl.col("silent"), pl.col("checked"))
    share = pl.col("silent") / pl.when(pl.col("checked") > 0).then("checked")
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(silent_share=share, low=low, high=high)


@answers_in_kind
def lifetimes(
    days: Any, accounts: pl.DataFrame, *, as_of: date, silent_after: int = 14, since: date | None = None
) -> pl.DataFrame:
    """How long each account lasted before it first fell silent: one row per account that was observed.

    Time runs from `opened_on`, or where that is not known from the first post, or `observed_from`, to the first day of the first
    silence of more than `silent_after` days; from `since` at the earliest, where it is given, from when on all posts are then seen. What lies before `observed_from` (or, where that is not known, before
    the first post) is not seen, and is no silence. An account that has not fallen silent by the end of `as_of`,
    or of `observed_to`, is censored.

    - `account_id` (str)
    - `since` (Date): the day from which time runs
    - `days` (Int64, days): from `since` to the first silent day, or through the last day observed
    - `silent` (bool): fell silent; false is censored

    Doubtful where accounts were opened long before they were observed: earlier silences are unseen, and the
    account seems to have lasted. An account without a post of which only `observed_to` is known has no row. A silence that began less than `silent_after` days ago is not yet one.

    >>> days = pl.DataFrame({"account_id": ["a", "a"], "day": [20454, 20460]})
    >>> accounts = pl.DataFrame({"account_id": ["a"], "opened_on": [date(2026, 1, 1)]})
    >>> lifetimes(days, accounts, as_of=date(2026, 1, 31)).rows()
    [('a', datetime.date(2026, 1, 1), 7, True)]
    """
    last, dates = (as_of - date(1970, 1, 1)).days, ("opened_on", "observed_from", "observed_to")
    ledger = with_dtypes(accounts.lazy(), {"account_id": pl.String, **dict.fromkeys(dates, pl.Date)}).collect()
    ledger = ledger.with_columns(pl.col(dates).cast(pl.Int32))
    if since is not None:
        first = pl.lit((since - date(1970, 1, 1)).days)
        ledger = ledger.with_columns(pl.max_horizontal(name, first).alias(name) for name in dates[:2])
    days = collected(days).select(pl.col("account_id").cast(pl.String), pl.col("day").cast(pl.Int64))
    days = days.filter(pl.col("day") <= last).sort("account_id", "day")
    known = days.group_by("account_id").agg(first=pl.col("day").min(), youngest=pl.col("day").max())
    ended = (pl.col("observed_to") < last) & (pl.col("youngest") <= pl.col("observed_to")).fill_null(True)
    spans = (
        ledger.join(known, on="account_id", how="left", maintain_order="left")
        .with_columns(
            since=pl.coalesce("opened_on", "first", "observed_from").cast(pl.Int64),
            end=pl.when(ended.fill_null(False)).then("observed_to").otherwise(last).cast(pl.Int64),
        )
        .with_columns(seen=pl.max_horizontal("since", pl.coalesce("observed_from", "first")))
        .filter(pl.coalesce("first", "observed_from", "observed_to").is_not_null(), pl.col("seen") <= pl.col("end"))
    )
    stops = pl.concat(
        [
            spans.select("account_id", "end", day=pl.col("seen") - 1),
            days.join(spans, on="account_id")
            .filter(pl.col("day") >= pl.col("seen"))
            .select("account_id", "end", "day"),
        ]
    ).sort("account_id", "day")
    next_post = pl.col("day").shift(-1).over("account_id").fill_null(pl.col("end") + 1)
    fell = (
        stops.filter(next_post - pl.col("day") - 1 > silent_after)
        .group_by("account_id")
        .agg(stopped=pl.col("day").min() + 1)
    )
    return spans.join(fell, on="account_id", how="left", maintain_order="left").select(
        "account_id",
        pl.col("since").cast(pl.Int32).cast(pl.Date),
        days=pl.coalesce("stopped", pl.col("end") + 1) - pl.col("since"),
        silent=pl.col("stopped").is_not_null(),
    )


@answers_in_kind
def time_to_silence(
    days: Any,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    silent_after: int = 14,
    since: date | None = None,
    by: str | Sequence[str] = (),
) -> pl.DataFrame:
    """The share of accounts not yet fallen silent, by age: one row per group and age at which something happens.

    Kaplan-Meier over `lifetimes`, which explains `since`, because accounts opened recently have had no time to fall silent;
    `by` as in `gap_summary`.

    - the columns of `by`
    - `time` (Float64, days), `survival`, `low`, `high` (Float64, fraction), `at_risk`, `events` (Int64, accounts):
      see `statistics.waiting_time`

    Doubtful as `lifetimes` is, and where few are left at risk: the curve's end hangs on them.
    Raises InputError for a column of `by` that the ledger lacks.

    >>> days = pl.DataFrame({"account_id": ["a", "a"], "day": [20454, 20460]})
    >>> accounts = pl.DataFrame({"account_id": ["a"], "platform": ["weibo"]})
    >>> time_to_silence(days, accounts, as_of=date(2026, 1, 31), by="platform").select("platform", "time", "survival").rows()
    [('weibo', 7.0, 0.0)]
    """
    lives = lifetimes(days, accounts, as_of=as_of, silent_after=silent_after, since=since)
    frame, by = statistics.with_groups(lives, accounts, by)
    return statistics.by_group(frame, by, lambda rows: statistics.waiting_time(rows["days"], ~rows["silent"]))


@answers_in_kind
def compare_silence(
    days: Any, accounts: pl.DataFrame, *, as_of: date, silent_after: int = 14, by: str | Sequence[str]
) -> pl.DataFrame:
    """Do groups of accounts fall silent at the same pace? The log-rank test over `lifetimes`: one row.

    - `groups` (Int64), `statistic` (Float64), `degrees` (Int64), `p_value` (Float64): see `statistics.log_rank`

    Doubtful where the curves cross: the test then sees little. Raises InputError for a column of `by` that the ledger lacks.

    >>> days = pl.DataFrame({"account_id": ["a", "b", "b"], "day": [20454, 20454, 20465]})
    >>> accounts = pl.DataFrame({"account_id": ["a", "b"], "platform": ["weibo", "douyin"]})
    >>> compare_silence(days, accounts, as_of=date(2026, 1, 31), by="platform").select("groups", "statistic").rows()
    [(2, 1.0)]
    """
    frame, by = statistics.with_groups(lifetimes(days, accounts, as_of=as_of, silent_after=silent_after), accounts, by)
    groups = frame.select(pl.struct(by).rank("dense")).to_series()
    return statistics.log_rank(frame["days"], ~frame["silent"], groups)
