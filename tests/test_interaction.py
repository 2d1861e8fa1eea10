"""Channels, replies, engagement and indices, against hand counts and independent computations."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from realdata import REALDATA

from govmedia_kit import measures
from govmedia_kit.errors import InputError
from govmedia_kit.interop import to_pandas
from govmedia_kit.measures import interaction

AS_OF = date(2019, 7, 15)
END = datetime(2019, 7, 16)


def messages_of(*rows: tuple, columns: str = "account_id received_at replied_at") -> pl.DataFrame:
    dtypes = {"received_at": pl.Datetime("us"), "replied_at": pl.Datetime("us")}
    names = columns.split()
    return pl.DataFrame(list(rows), schema={name: dtypes.get(name, pl.String()) for name in names}, orient="row")


# Channels


def test_unknown_channels_are_not_missing_channels():
    flags = [True, False, None]
    rows = [(a, b, c) for a in flags for b in flags for c in flags]
    accounts = pl.DataFrame(rows, schema=dict.fromkeys(interaction.CHANNELS, pl.Boolean), orient="row")
    accounts = accounts.with_columns(account_id=pl.int_range(pl.len()).cast(pl.String))
    for flags, (_, found) in zip(rows, measures.channels(accounts).rows(), strict=True):
        known = [flag for flag in flags if flag is not None]
        if not known:
            assert found is None
        elif not any(known):
            assert found == "none"
        else:
            assert found == ("full" if flags == (True, True, True) else "some")


def test_a_ledger_without_channel_columns_knows_of_none():
    assert measures.channels(pl.DataFrame({"account_id": ["a"]}))["channel"].to_list() == [None]


def test_the_channel_summary_counts_known_accounts():
    accounts = pl.DataFrame(
        {
            "account_id": list("abcde"),
            "platform": ["x", "x", "x", "y", None],
            "channel_comments": [False, True, None, True, False],
            "channel_messages": [False, False, None, True, None],
            "channel_menu": [None, None, None, True, None],
        }
    )
    found = measures.channel_summary(accounts, by="platform")
    assert found.select("platform", "accounts", "known", "none", "some", "full", "none_share", "small").rows() == [
        ("x", 3, 2, 1, 1, 0, 0.5, True),
        ("y", 1, 1, 0, 0, 1, 0.0, True),
        (None, 1, 1, 1, 0, 0, 1.0, True),
    ]
    assert found.select(pl.col("low", "high").round(4)).row(0) == (0.0945, 0.9055)
    assert measures.channel_summary(accounts).select("accounts", "known", "none").rows() == [(5, 4, 2)]


# Replies


def test_a_message_is_of_the_window_by_its_day_of_receipt():
    first, last = datetime(2019, 7, 6), datetime(2019, 7, 15, 23, 59, 59)
    messages = messages_of(
        ("a", first, None), ("b", last, None), ("c", first - timedelta(seconds=1), None), ("d", END, None)
    )
    found = measures.replies(messages, as_of=AS_OF, window_days=10)
    assert found["account_id"].to_list() == ["a", "b"]
    assert found["wait_days"].to_list() == [10.0, pytest.approx(1 / 86_400)]


def test_replies_after_the_monitoring_point_do_not_exist():
    received = datetime(2019, 7, 15)
    messages = messages_of(("a", received, END), ("b", received, END - timedelta(seconds=1)))
    found = measures.replies(messages, as_of=AS_OF, window_days=10)
    assert found.select("replied", "replied_at").rows() == [(False, None), (True, END - timedelta(seconds=1))]


def test_a_reply_before_its_message_is_a_reply_without_a_waiting_time():
    messages = messages_of(("a", datetime(2019, 7, 10), datetime(2019, 7, 9)))
    found = measures.replies(messages, as_of=AS_OF, window_days=10)
    assert found.select("replied", "wait_days", "doubtful").rows() == [(True, None, True)]


def test_a_reply_in_the_very_second_of_its_message_is_no_doubtful_one():
    messages = messages_of(("a", datetime(2019, 7, 10, 8), datetime(2019, 7, 10, 8)))
    found = measures.replies(messages, as_of=AS_OF, window_days=10)
    assert found.select("replied", "wait_days", "doubtful").rows() == [(True, 0.0, False)]


def test_a_table_without_reply_column_gives_no_reply_rate():
    messages = messages_of(("a", datetime(2019, 7, 10), None)).drop("replied_at")
    found = measures.replies(messages, as_of=AS_OF, window_days=10)
    assert found.select("replied", "replied_at", "wait_days", "doubtful").rows() == [(None, None, None, False)]
    summary = measures.reply_summary(found, pl.DataFrame({"account_id": ["a"]}), as_of=AS_OF, deadline_days=3)
    row = summary.row(0, named=True)
    assert row.pop("messages") == 1
    assert row.pop("small") is True
    assert set(row.values()) == {None}


def test_only_messages_to_the_ledger_count():
    messages = messages_of(
        ("a", None, datetime(2019, 7, 10)),
        ("stranger", None, datetime(2019, 7, 11)),
        (None, "省司法厅", datetime(2019, 7, 12)),
        (None, "别的单位", datetime(2019, 7, 13)),
        (None, None, datetime(2019, 7, 14)),
        columns="account_id unit received_at",
    )
    accounts = pl.DataFrame({"account_id": ["a", "b"], "unit": ["省公安厅", "省司法厅"]})
    found = measures.replies(messages, accounts, as_of=AS_OF, window_days=10)
    assert found.select("account_id", "unit").rows() == [("a", "省公安厅"), (None, "省司法厅")]


def test_no_messages_no_rows():
    found = measures.replies(messages_of(), as_of=AS_OF, window_days=10)
    assert found.height == 0
    summary = measures.reply_summary(found, pl.DataFrame({"account_id": ["a"]}), as_of=AS_OF)
    assert summary.select("messages", "reply_rate", "median_days").rows() == [(0, None, None)]


def plain_curve(waits: list[float], ended: list[bool]) -> list[tuple[float, float]]:
    """Kaplan-Meier by looking at each time."""
    survival, steps = 1.0, []
    for time in sorted(set(waits)):
        at_risk = sum(wait >= time for wait in waits)
        survival *= 1 - sum(wait == time and end for wait, end in zip(waits, ended, strict=True)) / at_risk
        steps.append((time, survival))
    return steps


def plain_quantile(steps: list[tuple[float, float]], q: float) -> float | None:
    return next((time for time, survival in steps if survival <= 1 - q + 1e-9), None)


def test_the_summary_never_means_over_the_answered_alone():
    day = datetime(2019, 7, 1)
    messages = messages_of(
        ("a", day, day + timedelta(days=1)),
        ("a", day, day + timedelta(days=2)),
        ("a", day, None),
        ("a", day, None),
        ("b", day, day + timedelta(days=4)),
    )
    accounts = pl.DataFrame({"account_id": ["a", "b"], "platform": ["weibo", "wechat"]})
    found = measures.reply_summary(
        measures.replies(messages, as_of=AS_OF, window_days=30), accounts, as_of=AS_OF, by="platform"
    )
    columns = ("platform", "messages", "replied", "reply_rate", "q1_days", "median_days", "q3_days")
    assert found.select(columns).rows() == [
        ("wechat", 1, 1, 1.0, 4.0, 4.0, 4.0),
        ("weibo", 4, 2, 0.5, 1.0, 2.0, None),
    ]


def test_the_deadline_counts_the_messages_whose_time_has_come():
    def at(day: int, hour: int = 12) -> datetime:
        return datetime(2019, 7, day, hour)

    messages = messages_of(
        ("a", at(1), at(4, 23)),  # on the third day after: in time
        ("a", at(1), at(5)),  # late
        ("a", at(12), None),  # its third day is the monitoring point: due, and not answered
        ("a", at(13), at(14)),  # not due yet, answered or not
        ("a", at(13), None),
        ("a", at(8), at(7)),  # doubtful
    )
    summary = measures.reply_summary(
        measures.replies(messages, as_of=AS_OF, window_days=30),
        pl.DataFrame({"account_id": ["a"]}),
        as_of=AS_OF,
        deadline_days=3,
    )
    row = summary.row(0, named=True)
    assert (row["due"], row["in_time"], row["in_time_share"], row["doubtful"]) == (3, 1, 1 / 3, 1)
    # Whole days: 3, 4, 3+, 1, 2+. At 1 day 1 of 5, at 3 days 1 of 3 (one open wait of 2 days has left).
    assert row["in_time_curve"] == pytest.approx(1 - 4 / 5 * 2 / 3)
    assert (row["reply_rate"], row["messages"]) == (pytest.approx(4 / 6), 6)


def test_a_deadline_in_working_days_waits_for_the_holiday():
    # 2018-09-29 and 30 were worked, the week from 10-01 was not.
    received, replied = datetime(2018, 9, 28, 9), datetime(2018, 10, 8, 9)
    found = measures.replies(
        messages_of(("a", received, replied), ("a", received, None)), as_of=date(2018, 10, 8), window_days=30
    )
    accounts = pl.DataFrame({"account_id": ["a"]})
    by_calendar = {
        calendar: measures.reply_summary(found, accounts, as_of=AS_OF, deadline_days=3, calendar=calendar)
        .select("due", "in_time")
        .row(0)
        for calendar in ("calendar", "working")
    }
    assert by_calendar == {"calendar": (2, 0), "working": (2, 1)}


def test_an_unknown_calendar_is_an_error():
    found = measures.replies(messages_of(), as_of=AS_OF, window_days=10)
    with pytest.raises(InputError, match="working"):
        measures.reply_summary(found, pl.DataFrame({"account_id": ["a"]}), as_of=AS_OF, calendar="workdays")


def test_a_message_to_a_unit_is_in_the_groups_of_the_unit_and_of_no_platform():
    messages = messages_of((None, "省司法厅", datetime(2019, 7, 10)), columns="account_id unit received_at")
    accounts = pl.DataFrame(
        {"account_id": ["a"], "unit": ["省司法厅"], "unit_level": ["provincial_department"], "platform": ["weibo"]}
    )
    found = measures.replies(messages, accounts, as_of=AS_OF, window_days=10)
    assert measures.reply_summary(found, accounts, as_of=AS_OF, by="unit_level")["unit_level"].to_list() == [
        "provincial_department"
    ]
    assert measures.reply_summary(found, accounts, as_of=AS_OF, by="unit")["unit"].to_list() == ["省司法厅"]
    assert measures.reply_summary(found, accounts, as_of=AS_OF, by="platform")["platform"].to_list() == [None]


def real_messages() -> pd.DataFrame:
    real = pd.read_excel(REALDATA / "messages" / "cn_wenzheng_replies.xlsx", engine="openpyxl")
    times = {"received_at": real["留言时间"], "replied_at": real["答复时间"]}
    return pd.DataFrame(
        {"message_id": real["留言编号"].astype(str), **{k: pd.to_datetime(v, format="mixed") for k, v in times.items()}}
    )


@pytest.mark.realdata
def test_real_waiting_times_have_the_median_and_quartiles_of_numpy():
    real = real_messages()
    as_of = (real["replied_at"].max() + timedelta(days=1)).date()
    found = measures.replies(real, as_of=as_of, window_days=10_000)
    summary = measures.reply_summary(found, pd.DataFrame({"account_id": ["a"]}), as_of=AS_OF)
    waits = ((real["replied_at"] - real["received_at"]).dt.total_seconds() / 86_400).to_numpy()
    expected = np.quantile(waits, [0.25, 0.5, 0.75], method="inverted_cdf")
    assert summary[["q1_days", "median_days", "q3_days"]].to_numpy()[0].tolist() == pytest.approx(expected.tolist())
    assert summary["messages"].tolist() == [1408]
    assert summary["reply_rate"].tolist() == [1.0]


@pytest.mark.realdata
def test_real_waiting_times_in_the_midst_are_those_of_a_plain_loop():
    real = real_messages()
    as_of = date(2019, 3, 31)
    end = pd.Timestamp(2019, 4, 1)
    rows = real[(real["received_at"] < end) & (real["received_at"] >= end - timedelta(days=365))]
    ended = (rows["replied_at"] < end).tolist()
    waits = (
        (rows["replied_at"].where(rows["replied_at"] < end, end) - rows["received_at"]).dt.total_seconds() / 86_400
    ).tolist()
    steps = plain_curve(waits, ended)
    found = measures.replies(real, as_of=as_of, window_days=365)
    row = measures.reply_summary(found, pd.DataFrame({"account_id": ["a"]}), as_of=AS_OF).iloc[0]
    assert (row["messages"], row["replied"]) == (len(rows), sum(ended))
    assert 0 < sum(ended) < len(rows)
    for column, q in {"q1_days": 0.25, "median_days": 0.5, "q3_days": 0.75}.items():
        assert row[column] == pytest.approx(plain_quantile(steps, q))


# Engagement


POSTS = pl.DataFrame(
    {
        "account_id": ["a", "a", "a", "a", "b"],
        "published_at": [datetime(2019, 7, d) for d in (1, 2, 3, 20, 1)],
        "post_id": ["1", "2", "3", "4", "5"],
        "likes": [4, 0, None, 100, 7],
        "comments": [1, 1, 1, 100, None],
        "shares": [0, 0, 3, 100, 1],
        "reads": [10, 100_001, 30, 100, 100_001],
    }
)
ACCOUNTS = pl.DataFrame({"account_id": ["b", "a", "c"], "followers": [0, 2000, 5]})


def test_engagement_is_per_post_and_per_thousand_followers():
    found = measures.engagement(POSTS, ACCOUNTS, as_of=AS_OF)
    a = found.row(1, named=True)
    assert (a["account_id"], a["posts"]) == ("a", 3)
    assert (a["p1"], a["p2"], a["p3"]) == (0.5, 2.0, 1.0)  # of two posts with known likes
    assert (a["c1"], a["c2"], a["c3"]) == (1.0, 1.0, 0.5)
    assert (a["v1"], a["v2"], a["v3"]) == (1 / 3, 1.0, 0.5)
    assert (a["e"], a["median_interactions"]) == (2.0, 3.0)
    b, c = found.row(0, named=True), found.row(2, named=True)
    assert (b["p2"], b["p3"], b["c2"], b["e"]) == (7.0, None, None, None)
    assert {value for name, value in c.items() if name != "account_id"} == {None}


def test_a_capped_read_is_a_lower_bound():
    found = measures.engagement(POSTS, ACCOUNTS, as_of=AS_OF)
    columns = ("reads_q1", "reads_median", "reads_q3", "capped_share", "reads_median_capped")
    assert found.select(columns).rows() == [
        (None, None, None, 1.0, True),
        (20.0, 30.0, None, 1 / 3, False),
        (None, None, None, None, None),
    ]
    told = POSTS.with_columns(reads_capped=pl.lit(False))
    assert measures.engagement(told, ACCOUNTS, as_of=AS_OF)["reads_median"].to_list() == [100_001, 30, None]


def test_engagement_of_the_window_leaves_out_what_was_before():
    assert measures.engagement(POSTS, ACCOUNTS, as_of=AS_OF, window_days=13)["posts"].to_list() == [None, 1, None]
    assert measures.engagement(POSTS, ACCOUNTS)["posts"].to_list() == [1, 4, None]


def test_every_library_gives_the_same_engagement():
    expected = measures.engagement(POSTS, ACCOUNTS, as_of=AS_OF)
    assert_frame_equal(measures.engagement(POSTS.lazy(), ACCOUNTS, as_of=AS_OF), expected)
    assert_frame_equal(measures.engagement(duckdb.from_arrow(POSTS.to_arrow()), ACCOUNTS, as_of=AS_OF), expected)
    by_pandas = measures.engagement(to_pandas(POSTS), to_pandas(ACCOUNTS), as_of=AS_OF)
    pd.testing.assert_frame_equal(by_pandas, to_pandas(expected))


def test_an_account_answers_under_its_own_posts():
    posts = pl.DataFrame({"account_id": ["a", "a", "b"], "post_id": ["1", "2", "3"], "author_id": ["h1", "h1", "h2"]})
    comments = pl.DataFrame(
        {
            "post_id": ["1", "1", "1", "2", "3", "3", "9", "2"],
            "author_id": ["x", "h1", "h2", "y", "h2", "h2", "x", None],
        }
    )
    found = measures.replies_in_comments(comments, posts)
    columns = ("account_id", "comments", "answers", "commented_posts", "answered_posts", "answered_share")
    assert found.select(columns).rows() == [("a", 4, 1, 2, 1, 0.5), ("b", 0, 2, 0, 0, None)]


# Published indices


ARTICLES = pl.DataFrame(
    {
        "account_id": ["a"] * 4,
        "published_at": [datetime(2019, 7, 1)] * 2 + [datetime(2019, 7, 2)] * 2,
        "push_id": ["1", "1", "1", None],
        "is_headline": [True, False, True, False],
        "reads": [5000, 300, 100_001, 40],
        "wow": [20, 1, 300, 0],
        "likes": [50, 3, 800, 1],
        "shares": [100, 2, 900, 0],
        "comments": [5, 0, 9, 1],
    }
)


def plain_wci(days: int, n: int, with_shares: bool) -> float:
    """The formula as it is printed, for ARTICLES."""

    def inner(reads: float, wow: float, likes: float, shares: float) -> float:
        if with_shares:
            return (
                0.70 * math.log(reads + 1)
                + 0.09 * math.log(10 * wow + 1)
                + 0.06 * math.log(10 * likes + 1)
                + 0.15 * math.log(10 * shares + 1)
            )
        return 0.85 * math.log(reads + 1) + 0.09 * math.log(10 * wow + 1) + 0.06 * math.log(10 * likes + 1)

    total, headlines, best = (105_341, 321, 854, 1002), (105_001, 320, 850, 1000), (100_001, 300, 800, 900)
    whole = inner(*(x / days for x in total))
    average = inner(*(x / n for x in total))
    headline = inner(*(x / days for x in headlines))
    return (0.6 * whole + 0.2 * average + 0.1 * headline + 0.1 * inner(*best)) ** 2 * 1.2 * 10


@pytest.mark.parametrize(("variant", "shares"), [("wci-14.2-shares", True), ("wci-14.2-reads", False)])
@pytest.mark.parametrize(("unit", "n"), [("articles", 4), ("pushes", 3)])
def test_wci_is_the_printed_formula(variant, shares, unit, n):
    found = measures.indices(ARTICLES, variant=variant, days=7, unit=unit).row(0, named=True)
    assert found["value"] == pytest.approx(plain_wci(7, n, shares))
    assert (found["index"], found["variant"], found["unit"], found["posts"], found["days"]) == (
        "WCI",
        variant,
        unit,
        n,
        7,
    )
    assert "V14.2" in found["source"]


def test_bci_is_the_printed_formula():
    found = measures.indices(ARTICLES, variant="bci-4", days=7).row(0, named=True)
    w1 = math.log(4 + 1)
    w2 = 0.40 * math.log(1002 + 1) + 0.40 * math.log(15 + 1) + 0.20 * math.log(854 + 1)
    assert found["value"] == pytest.approx((0.2 * w1 + 0.8 * w2) * 160)
    assert found["index"] == "BCI"


def test_an_index_of_unknown_inputs_is_not_known():
    assert measures.indices(ARTICLES.drop("wow"), variant="wci-14.2-shares", days=7)["value"].to_list() == [None]
    assert measures.indices(ARTICLES.drop("is_headline"), variant="wci-14.2-reads", days=7)["value"].to_list() == [None]
    without_shares = measures.indices(ARTICLES.drop("shares"), variant="wci-14.2-reads", days=7)
    assert without_shares["value"].item() == pytest.approx(plain_wci(7, 4, False))
    assert measures.indices(ARTICLES.drop("comments"), variant="bci-4", days=7)["value"].to_list() == [None]


def test_an_unknown_variant_is_an_error_that_names_the_known():
    with pytest.raises(InputError, match=r"wci-14\.2-shares"):
        measures.indices(ARTICLES, variant="wci-14.2", days=7)
    with pytest.raises(InputError, match="pushes"):
        measures.indices(ARTICLES, variant="bci-4", days=7, unit="push")


def test_pandas_in_pandas_out():
    accounts = to_pandas(ACCOUNTS)
    assert isinstance(measures.channels(accounts), pd.DataFrame)
    assert isinstance(measures.channel_summary(accounts), pd.DataFrame)
    assert isinstance(measures.indices(to_pandas(ARTICLES), variant="bci-4", days=7), pd.DataFrame)
