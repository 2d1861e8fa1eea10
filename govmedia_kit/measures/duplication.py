"""Who runs too many: accounts per unit, several accounts of one unit on one platform, and which of them to keep.

Everything here takes the live accounts (`live`) and answers with evidence rows or one row per
unit. Names that a citizen cannot tell apart are in `lookalikes`, the comparison with the filing
system in `filing`.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from govmedia_kit.interop import answers_in_kind

__all__ = [
    "account_counts",
    "live",
    "merge_or_close",
    "same_platform_groups",
    "units_by_accounts",
]

# What an account is counted with: the office's own `purpose` keeps a language pair or a campaign apart.
SAME_PLATFORM = ("unit", "platform", "purpose")
# Longer than any silence: of an account that never posted.
NEVER = 1_000_000


@answers_in_kind
def live(accounts: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The accounts that are live at the end of `as_of`: the same columns, one row per live account.

    Live: opened on or before that day (or the day is not known), and not closed by then. An account that the
    filing system calls closed is live only where its `closed_on` is later than `as_of`.

    Doubtful where `closed_on` is empty and the filing status is not `closed`: such an account counts as live.
    Definition: 国办发〔2018〕123号 (filing of 开设、变更、关停、注销).

    >>> accounts = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "b", "c"],
    ...         "opened_on": [None, date(2019, 8, 1), date(2018, 1, 1)],
    ...         "closed_on": [None, None, date(2019, 7, 15)],
    ...     }
    ... )
    >>> live(accounts, as_of=date(2019, 7, 15))["account_id"].to_list()
    ['a']
    """
    known = _with(accounts, opened_on=pl.Date, closed_on=pl.Date, filing_status=pl.String)
    opened = pl.col("opened_on").is_null() | (pl.col("opened_on") <= as_of)
    closed = pl.col("closed_on") <= as_of
    filed_as_closed = (pl.col("filing_status") == "closed") & pl.col("closed_on").is_null()
    gone = closed.fill_null(False) | filed_as_closed.fill_null(False)
    return known.filter(opened & ~gone).select(accounts.columns)


@answers_in_kind(accounts=("unit", "platform"))
def account_counts(accounts: pl.DataFrame) -> pl.DataFrame:
    """How many accounts its unit has: one row per account, in the order of `accounts`.

    - `account_id` (str)
    - `unit_accounts` (Int64, accounts): live accounts of the unit; null where the unit is not known
    - `same_platform_accounts` (Int64, accounts): those of them on this platform and with the same `purpose`;
      null where unit or platform is not known

    An empty `purpose` is a purpose of its own (the unit's general account), so that an office need only mark
    the accounts that it wants to keep apart.

    >>> accounts = pl.DataFrame(
    ...     {"account_id": ["a", "b", "c"], "unit": ["省司法厅"] * 3, "platform": ["wechat", "wechat", "weibo"]}
    ... )
    >>> account_counts(accounts).rows()
    [('a', 3, 2), ('b', 3, 2), ('c', 3, 1)]
    """
    return _counted(accounts).select("account_id", "unit_accounts", "same_platform_accounts")


@answers_in_kind(accounts=("unit",))
def units_by_accounts(accounts: pl.DataFrame) -> pl.DataFrame:
    """How many accounts each unit runs: one row per unit, the most first.

    - `unit` (str), `unit_level` (str; the most frequent one where the ledger gives several, null if none)
    - `accounts` (Int64, accounts): live accounts
    - `platforms` (Int64, platforms): different platforms among them
    - `most_on_one_platform` (Int64, accounts): the most accounts with the same purpose on one platform; 2 or
      more is a same-platform duplicate

    Sorted by `accounts`, then by `unit`. Accounts whose unit is not known are in no row. Units are told apart by
    their names as written: 省卫健委 and 甘肃省卫生健康委员会 count as two, so that the ledger has to be consistent.
    Definition: 国办发〔2018〕123号 “一个单位原则上在同一平台只开设一个政务新媒体账号”.

    >>> accounts = pl.DataFrame(
    ...     {"account_id": ["a", "b", "c"], "unit": ["省司法厅"] * 3, "platform": ["wechat", "wechat", "weibo"]}
    ... )
    >>> units_by_accounts(accounts).select("unit", "accounts", "platforms", "most_on_one_platform").rows()
    [('省司法厅', 3, 2, 2)]
    """
    return (
        _counted(accounts)
        .filter(pl.col("unit").is_not_null())
        .group_by("unit")
        .agg(
            unit_level=pl.col("unit_level").drop_nulls().mode().sort().first(),
            accounts=pl.len().cast(pl.Int64),
            platforms=pl.col("platform").drop_nulls().n_unique().cast(pl.Int64),
            most_on_one_platform=pl.col("same_platform_accounts").max(),
        )
        .sort("accounts", "unit", descending=[True, False])
    )


@answers_in_kind(accounts=("unit", "platform"))
def same_platform_groups(accounts: pl.DataFrame) -> pl.DataFrame:
    """Several accounts of one unit on one platform: one row per account in such a group.

    - `group_id` (Int64): groups are numbered from 1, the largest first
    - `account_id`, `unit`, `platform`, `name`, `purpose` (str)
    - `accounts` (Int64, accounts): size of the group
    - `redundant` (bool): true for all but one account of the group, the one with the most followers (then the
      first by account_id); the sum over a table is the number of redundant accounts, the sum of (n - 1)

    Accounts with different `purpose` are kept apart, an empty one being a purpose of its own.
    Doubtful where the ledger has no `purpose`: language pairs and campaigns are then reported as duplicates.
    Definition: 国办发〔2018〕123号 “一个单位原则上在同一平台只开设一个政务新媒体账号”.

    >>> accounts = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "b", "c"],
    ...         "unit": ["省司法厅"] * 3,
    ...         "platform": ["wechat", "wechat", "weibo"],
    ...         "name": ["甘肃司法", "甘肃普法", "甘肃司法"],
    ...         "followers": [100, 900, 50],
    ...     }
    ... )
    >>> same_platform_groups(accounts).select("group_id", "account_id", "accounts", "redundant").rows()
    [(1, 'b', 2, False), (1, 'a', 2, True)]
    """
    groups = _counted(accounts).filter(pl.col("same_platform_accounts") > 1)
    order = ["accounts", *SAME_PLATFORM, "followers", "account_id"]
    return (
        groups.with_columns(accounts=pl.col("same_platform_accounts"))
        .sort(order, descending=[column in ("accounts", "followers") for column in order], nulls_last=True)
        .with_columns(
            group_id=pl.struct(SAME_PLATFORM).rle_id().cast(pl.Int64) + 1,
            redundant=pl.int_range(pl.len()).over(SAME_PLATFORM) > 0,
        )
        .select("group_id", "account_id", "unit", "platform", "name", "purpose", "accounts", "redundant")
    )


@answers_in_kind
def merge_or_close(measured: pl.DataFrame) -> pl.DataFrame:
    """What to merge or close: one row per account beside which its unit has a better one on the same platform.

    - `group_id` (Int64), `account_id`, `unit`, `platform`, `name`, `purpose` (str): as `same_platform_groups`
    - `reason` (str), the first that holds: `silent` (it is stale, or never posted), `no_channel`, `fewest_followers`
      (fewer than the one that is kept), `second_account`
    - `gap_days` (Int64, days), `channel` (str), `followers` (Int64, accounts): the evidence
    - `keep_account_id`, `keep_name` (str): the one to keep: not silent, with a channel, of silent ones the one that
      posted last, with the most followers, the first by account_id, in this order
    - `keep_silent` (bool): the one to keep is itself silent, so that there is little to choose

    `measured` holds live accounts with the columns `stale`, `never`, `gap_days`, `channel` and `followers` as far as they
    are known; a column that is missing decides nothing. What is stale is for the rule table to say.
    Doubtful where followers are not known: then the order of account_id decides.
    Basis: 国办发〔2018〕123号 “对功能相近、用户关注度和利用率低的政务新媒体要清理整合；确属无力维护的要坚决关停”.

    >>> measured = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "b", "c"],
    ...         "unit": ["省司法厅"] * 3,
    ...         "platform": ["wechat"] * 3,
    ...         "name": ["甘肃司法", "甘肃普法", "甘肃律师"],
    ...         "stale": [False, True, False],
    ...         "followers": [500, 9000, 100],
    ...     }
    ... )
    >>> merge_or_close(measured).select("account_id", "reason", "keep_name").rows()
    [('c', 'fewest_followers', '甘肃司法'), ('b', 'silent', '甘肃司法')]
    """
    evidence = {"stale": pl.Boolean, "never": pl.Boolean, "gap_days": pl.Int64, "channel": pl.String}
    known = _with(measured, **evidence, followers=pl.Int64).select("account_id", *evidence, "followers")
    silent = pl.any_horizontal(pl.col("stale", "never").fill_null(False))
    no_channel = (pl.col("channel") == "none").fill_null(False)
    fewer = (pl.col("followers") < pl.col("followers").first().over("group_id")).fill_null(False)
    reason = (
        pl.when("silent")
        .then(pl.lit("silent"))
        .when("no_channel")
        .then(pl.lit("no_channel"))
        .when(fewer)
        .then(pl.lit("fewest_followers"))
        .otherwise(pl.lit("second_account"))
    )
    return (
        same_platform_groups(measured)
        .join(known, on="account_id", how="left")
        .with_columns(silent=silent, no_channel=no_channel)
        # Of accounts that are all silent the one that posted last is the better one.
        .with_columns(__since=pl.when("silent").then(pl.col("gap_days").fill_null(NEVER)))
        .sort(
            ["group_id", "silent", "no_channel", "__since", "followers", "account_id"],
            descending=[False, False, False, False, True, False],
            nulls_last=True,
        )
        .with_columns(
            reason=reason,
            keep_account_id=pl.col("account_id").first().over("group_id"),
            keep_name=pl.col("name").first().over("group_id"),
            keep_silent=pl.col("silent").first().over("group_id"),
        )
        .filter(pl.col("account_id") != pl.col("keep_account_id"))
        .select(
            *("group_id", "account_id", "unit", "platform", "name", "purpose", "reason"),
            *("gap_days", "channel", "followers", "keep_account_id", "keep_name", "keep_silent"),
        )
    )


def _counted(accounts: pl.DataFrame) -> pl.DataFrame:
    """`accounts` with the optional columns there, and how many the unit has of each kind."""
    texts = dict.fromkeys(("unit", "unit_level", "platform", "name", "purpose"), pl.String)
    size = pl.len().cast(pl.Int64)
    return (
        _with(accounts, **texts, followers=pl.Int64)
        .with_columns(purpose=pl.col("purpose").str.strip_chars().replace("", None))
        .with_columns(
            unit_accounts=pl.when(pl.col("unit").is_not_null()).then(size.over("unit")),
            same_platform_accounts=pl.when(pl.col("unit").is_not_null() & pl.col("platform").is_not_null()).then(
                size.over(SAME_PLATFORM)
            ),
        )
    )


def _with(frame: pl.DataFrame, **dtypes: type[pl.DataType]) -> pl.DataFrame:
    """`frame` with a column of nulls for each of `dtypes` that it lacks."""
    return frame.with_columns(
        pl.lit(None, dtype).alias(name) if name not in frame.columns else pl.col(name).cast(dtype)
        for name, dtype in dtypes.items()
    )
