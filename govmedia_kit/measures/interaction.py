"""Does anybody answer: the channels that a citizen finds, the messages that got a reply, and how long it took.

What readers do with the posts (engagement, published indices) is in `engagement_indices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import polars as pl

from govmedia_kit import statistics
from govmedia_kit.calendars import working_days_between
from govmedia_kit.errors import InputError, hint
from govmedia_kit.interop import answers_in_kind, with_dtypes

__all__ = [
    "answered_in_time",
    "channel_summary",
    "channels",
    "replies",
    "reply_summary",
]

CHANNELS = ("channel_comments", "channel_messages", "channel_menu")
OF_UNITS = {"unit", "unit_level", "region", "province", "supervisor"}  # columns that are the same for a unit's accounts
CALENDARS = ("calendar", "working")
DAY = 86_400_000_000  # microseconds


@answers_in_kind(accounts=("account_id",))
def channels(accounts: pl.DataFrame) -> pl.DataFrame:
    """What a citizen can do on each account: one row per account, in the order of `accounts`.

    - `account_id` (str)
    - `channel` (str): `none` where every known channel of `channel_comments`, `channel_messages` and
      `channel_menu` is false, `full` where all three are known and true, `some` between; null where none is known

    Doubtful where only some are known: a `none` of one known channel may be a `some`. Source: 国办秘函〔2019〕19号
    (未提供有效互动功能).

    >>> accounts = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "b", "c", "d"],
    ...         "channel_comments": [True, False, True, None],
    ...         "channel_messages": [True, None, False, None],
    ...         "channel_menu": [True, None, None, None],
    ...     }
    ... )
    >>> channels(accounts)["channel"].to_list()
    ['full', 'none', 'some', None]
    """
    known = [pl.col(name).cast(pl.Boolean) for name in CHANNELS if name in accounts.columns]
    offered = pl.sum_horizontal(pl.lit(0), *(flag.fill_null(False).cast(pl.Int64) for flag in known))
    seen = pl.sum_horizontal(pl.lit(0), *(flag.is_not_null().cast(pl.Int64) for flag in known))
    return accounts.select(
        pl.col("account_id"),
        channel=pl.when(seen == 0)
        .then(pl.lit(None, pl.String))
        .when(offered == 0)
        .then(pl.lit("none"))
        .when(offered == len(CHANNELS))
        .then(pl.lit("full"))
        .otherwise(pl.lit("some")),
    )


@answers_in_kind
def channel_summary(accounts: pl.DataFrame, *, by: str | Sequence[str] = ()) -> pl.DataFrame:
    """Which groups of accounts can be reached: one row per group, sorted; one row for all without `by`.

    `by` names columns of `accounts`, or `province`. Shares are of the accounts of which a channel is known.

    - the columns of `by`
    - `accounts`, `known` (Int64, accounts)
    - `none`, `some`, `full` (Int64, accounts): see `channels`
    - `none_share`, `low`, `high` (Float64, fraction): share of `none` with its 95 % Wilson interval
    - `small` (bool): fewer than 30 known

    >>> accounts = pl.DataFrame({"account_id": ["a", "b"], "platform": ["x", "x"], "channel_menu": [True, False]})
    >>> channel_summary(accounts, by="platform").select("platform", "known", "none", "some", "none_share").rows()
    [('x', 2, 1, 1, 0.5)]
    """
    frame, by = statistics.with_groups(channels(accounts), accounts, by)
    channel, known = pl.col("channel"), pl.col("known")
    low, high = statistics.wilson_exprs(pl.col("none"), known)
    return (
        frame.group_by(by or pl.lit("").alias("__all"))
        .agg(
            accounts=pl.len().cast(pl.Int64),
            known=channel.count().cast(pl.Int64),
            **{name: (channel == name).sum().cast(pl.Int64) for name in ("none", "some", "full")},
        )
        .sort(by, nulls_last=True)
        .with_columns(none_share=pl.col("none") / pl.when(known > 0).then(known), low=low, high=high)
        .with_columns(small=statistics.small(known))
        .drop("__all", strict=False)
    )


@answers_in_kind
def replies(
    messages: pl.DataFrame, accounts: pl.DataFrame | None = None, *, as_of: date, window_days: int
) -> pl.DataFrame:
    """Messages and what became of them: one row per message received in the window, by time of receipt.

    The window is the `window_days` days that end with `as_of`. With `accounts`, only messages to accounts of the ledger
    count, or to units of it where the message names no account. A table without the column `replied_at` has no
    replies to tell of: `replied` and `wait_days` are null in every row.

    - `account_id`, `unit`, `message_id` (str)
    - `received_at` (datetime, local time)
    - `replied_at` (datetime, local time): null where there is none by the end of `as_of`; later ones don't exist
    - `replied` (bool)
    - `wait_days` (Float64, days): to the reply, or to the end of `as_of` where there is none (censored)
    - `doubtful` (bool): the reply is dated before the message; it counts as a reply, and has no `wait_days`

    >>> messages = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "a"],
    ...         "received_at": [datetime(2019, 7, 1, 12), datetime(2019, 7, 10)],
    ...         "replied_at": [datetime(2019, 7, 3), None],
    ...     }
    ... )
    >>> replies(messages, as_of=date(2019, 7, 15), window_days=90).select("replied", "wait_days").rows()
    [(True, 1.5), (False, 6.0)]
    """
    end = datetime(as_of.year, as_of.month, as_of.day) + timedelta(days=1)
    told = pl.lit("replied_at" in messages.columns)
    dtypes = dict.fromkeys(("account_id", "unit", "message_id"), pl.String()) | dict.fromkeys(
        ("received_at", "replied_at"), pl.Datetime("us")
    )
    messages = with_dtypes(messages.lazy(), dtypes).collect()
    if accounts is not None:
        messages = _of_ledger(messages, accounts)
    wait = (pl.coalesce("replied_at", pl.lit(end)) - pl.col("received_at")).dt.total_microseconds() / DAY
    return (
        messages.filter(pl.col("received_at") < end, pl.col("received_at") >= end - timedelta(days=window_days))
        .with_columns(replied_at=pl.when(pl.col("replied_at") < end).then("replied_at"))
        .with_columns(
            replied=pl.when(told).then(pl.col("replied_at").is_not_null()),
            doubtful=(pl.col("replied_at") < pl.col("received_at")).fill_null(False),
        )
        .with_columns(wait_days=pl.when(told & ~pl.col("doubtful")).then(wait))
        .select(*dtypes, "replied", "wait_days", "doubtful")
        .sort("received_at", "account_id", "unit", "message_id", maintain_order=True)
    )


def _of_ledger(messages: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The messages to accounts or units of the ledger, each with its account's unit."""
    unit = (pl.col("unit") if "unit" in accounts.columns else pl.lit(None)).cast(pl.String)
    ledger = accounts.select(pl.col("account_id").cast(pl.String), ledger_unit=unit, known=True)
    named_unit = pl.col("account_id").is_null() & pl.col("unit").is_in(ledger["ledger_unit"].drop_nulls().implode())
    return (
        messages.join(ledger, on="account_id", how="left", maintain_order="left")
        .filter(pl.col("known") | named_unit)
        .with_columns(unit=pl.coalesce("ledger_unit", "unit"))
        .drop("ledger_unit", "known")
    )


@answers_in_kind
def reply_summary(
    replies: pl.DataFrame,
    accounts: pl.DataFrame,
    *,
    as_of: date,
    by: str | Sequence[str] = (),
    deadline_days: int | None = None,
    calendar: str = "calendar",
) -> pl.DataFrame:
    """How groups answer: one row per group, sorted; one row for all without `by`.

    `replies` is that of the function of that name for the same `as_of`; `by` names columns of `accounts` or `replies`, or `province`. Waiting
    times are by Kaplan-Meier, the unanswered censored at the monitoring point: a mean of the answered alone would
    praise an office that answers what is easy. The office's deadline counts whole days after the day of receipt, in
    `calendar` or `working` days of China.

    - the columns of `by`
    - `messages`, `replied` (Int64, messages); `replied` and all below null where the table tells of no replies
    - `reply_rate`, `low`, `high` (Float64, fraction): replied by the monitoring point, with its 95 % Wilson interval
    - `q1_days`, `median_days`, `q3_days` (Float64, days): null where the curve never falls that far
    - `doubtful` (Int64, messages): replies dated before their message, in the rate and in no waiting time
    - `due` (Int64, messages): their deadline had passed by the monitoring point, answered or not
    - `in_time` (Int64, messages), `in_time_share`, `in_time_low`, `in_time_high` (Float64, fraction): of those due
    - `in_time_curve`, `in_time_curve_low`, `in_time_curve_high` (Float64, fraction): the same by Kaplan-Meier over all messages,
      see `answered_in_time`; null where none waited so long
    - `small` (bool): fewer than 30 messages

    Doubtful where few were received long ago: the younger the messages, the more are still open.
    Raises InputError for a `calendar` that is neither.

    >>> messages = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "a", "a"],
    ...         "received_at": [datetime(2019, 7, 1, 12), datetime(2019, 7, 8), datetime(2019, 7, 9)],
    ...         "replied_at": [datetime(2019, 7, 3), datetime(2019, 7, 14), None],
    ...     }
    ... )
    >>> accounts = pl.DataFrame({"account_id": ["a"], "platform": ["weibo"]})
    >>> as_of = date(2019, 7, 15)
    >>> found = reply_summary(replies(messages, as_of=as_of, window_days=90), accounts, as_of=as_of, deadline_days=5)
    >>> found.select("messages", "replied", "median_days", "due", "in_time").rows()
    [(3, 2, 6.0, 3, 1)]
    """
    names = [by] if isinstance(by, str) else list(by)
    if set(names) <= OF_UNITS and "unit" in accounts.columns:
        # A message to a unit is in the groups of the unit, whichever its account.
        any_account = accounts.group_by("unit", maintain_order=True).agg(any_account=pl.col("account_id").first())
        replies = replies.join(any_account, on="unit", how="left", maintain_order="left").with_columns(
            account_id=pl.coalesce("account_id", "any_account")
        )
    frame, names = statistics.with_groups(_with_days(replies, as_of, calendar), accounts, names)
    return statistics.by_group(frame, names, lambda rows: _answers(rows, deadline_days))


@answers_in_kind
def answered_in_time(
    replies: pl.DataFrame, *, as_of: date, deadline_days: int, calendar: str = "calendar"
) -> pl.DataFrame:
    """The share of messages answered within a deadline: one row.

    By Kaplan-Meier over all messages of `replies` (see the function of that name, for the same `as_of`), so that those
    whose deadline has not yet passed count for as long as they have waited. The deadline counts whole days after the
    day of receipt, in `calendar` or `working` days of China.

    - `share` (Float64, fraction): null where no message has waited so long, and where the table tells of no replies
    - `low`, `high` (Float64, fraction): its 95 % log-log interval; null where the curve has none

    Doubtful where few messages are older than the deadline. Raises InputError for a `calendar` that is neither.
    Source: E. L. Kaplan and P. Meier (1958); the deadline is the office's own, there is no national one.

    >>> messages = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "a"],
    ...         "received_at": [datetime(2020, 1, 22, 10), datetime(2020, 1, 22, 10)],
    ...         "replied_at": [datetime(2020, 2, 5, 17), None],
    ...     }
    ... )
    >>> as_of = date(2020, 3, 5)
    >>> found = replies(messages, as_of=as_of, window_days=90)

    Spring Festival lies between; the reply came on the fifth working day.

    >>> answered_in_time(found, as_of=as_of, deadline_days=5, calendar="working")["share"].to_list()
    [0.5]
    """
    timed = _with_days(replies, as_of, calendar).filter(pl.col("wait_days").is_not_null())
    curve = statistics.waiting_time(timed["waited"], ~timed["replied"])
    share, low, high = _in_time(curve, deadline_days)
    return pl.DataFrame({"share": share, "low": low, "high": high}, schema=dict.fromkeys(IN_TIME, pl.Float64()))


IN_TIME = ("share", "low", "high")


def _in_time(curve: pl.DataFrame, days: int) -> tuple[float | None, float | None, float | None]:
    """What a curve of whole days has left answered after `days`, and the ends of its interval."""
    waiting = statistics.survival_at(curve, days)
    if waiting is None:
        return None, None, None
    ends = curve.filter(pl.col("time") <= days).select(low=1 - pl.col("high"), high=1 - pl.col("low")).fill_nan(None)
    low, high = ends.row(-1) if ends.height else (None, None)
    return 1 - waiting, low, high


def _with_days(replies: pl.DataFrame, as_of: date, calendar: str) -> pl.DataFrame:
    """Whole days after the day of receipt: `waited` to the reply or the monitoring point, `age` to the latter."""
    if calendar not in CALENDARS:
        raise InputError(
            "unknown_choice", name="calendar", found=calendar, known=CALENDARS, hint=hint(calendar, CALENDARS)
        )
    end = pl.repeat(as_of, replies.height, dtype=pl.Date, eager=True)
    received, until = replies["received_at"].dt.date(), replies["replied_at"].dt.date().fill_null(as_of)
    if calendar == "working":
        waited, age = working_days_between(received, until), working_days_between(received, end)
    else:
        waited, age = (until - received).dt.total_days(), (end - received).dt.total_days()
    return replies.with_columns(waited=waited, age=age)


def _answers(rows: pl.DataFrame, deadline_days: int | None) -> pl.DataFrame:
    told = rows["replied"].is_not_null().any()
    replied = int(rows["replied"].sum()) if told else None
    low, high = (statistics.wilson(replied, rows.height) if replied is not None else None) or (None, None)
    timed = rows.filter(pl.col("wait_days").is_not_null())
    curve = statistics.waiting_time(timed["wait_days"], ~timed["replied"])
    in_days = statistics.waiting_time(timed["waited"], ~timed["replied"])
    due, in_time = None, None
    by_curve: tuple[float | None, ...] = (None, None, None)
    if told and deadline_days is not None:
        due = timed.filter(pl.col("age") >= deadline_days)
        in_time = due.filter(pl.col("replied") & (pl.col("waited") <= deadline_days)).height
        by_curve = _in_time(in_days, deadline_days)
    share = None if due is None or in_time is None or not due.height else in_time / due.height
    ends = (None if due is None or in_time is None else statistics.wilson(in_time, due.height)) or (None, None)
    return pl.DataFrame(
        {
            "messages": rows.height,
            "replied": replied,
            "reply_rate": None if replied is None or not rows.height else replied / rows.height,
            "low": low,
            "high": high,
            **{
                name: statistics.quantile_of_curve(curve, q)
                for name, q in (("q1_days", 0.25), ("median_days", 0.5), ("q3_days", 0.75))
            },
            "doubtful": int(rows["doubtful"].sum()) if told else None,
            "due": None if due is None else due.height,
            "in_time": in_time,
            "in_time_share": share,
            "in_time_low": ends[0],
            "in_time_high": ends[1],
            **dict(zip(IN_TIME_CURVE, by_curve, strict=True)),
            "small": rows.height < statistics.SMALL,
        },
        schema_overrides=SUMMARY,
    )


IN_TIME_CURVE = ("in_time_curve", "in_time_curve_low", "in_time_curve_high")
COUNTS = ("messages", "replied", "doubtful", "due", "in_time")
SHARES = ("reply_rate", "low", "high", "in_time_share", "in_time_low", "in_time_high", *IN_TIME_CURVE)
SUMMARY = dict.fromkeys(COUNTS, pl.Int64()) | dict.fromkeys(
    (*SHARES, "q1_days", "median_days", "q3_days"), pl.Float64()
)
