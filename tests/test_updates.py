"""Silences and update status, against plain loops over the days."""

from __future__ import annotations

import itertools
import math
from datetime import date, datetime, timedelta

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from realdata import REALDATA

from govmedia_kit import measures
from govmedia_kit.calendars import working_days_between
from govmedia_kit.errors import InputError
from govmedia_kit.interop import to_pandas

AS_OF = date(2026, 1, 31)
LEDGER = {
    "account_id": pl.String,
    "opened_on": pl.Date,
    "observed_from": pl.Date,
    "observed_to": pl.Date,
    "last_post_on": pl.Date,
    "noted_on": pl.Date,
    "post_count": pl.Int64,
}
# More days before the monitoring point than any account posts here.
LONG_AGO = 600


def day(number: int) -> date:
    """The day `number` days before the monitoring point."""
    return AS_OF - timedelta(days=number)


def ledger(**columns: object) -> pl.DataFrame:
    return pl.DataFrame(columns, schema_overrides={k: v for k, v in LEDGER.items() if k in columns})


def watched(*names: str, **columns: object) -> pl.DataFrame:
    """Accounts of which, says the ledger, everything up to the monitoring point was collected."""
    n = len(names)
    return ledger(account_id=names, observed_from=[day(LONG_AGO)] * n, observed_to=[AS_OF] * n, **columns)


def posts_of(**ages: list[int]) -> pl.DataFrame:
    """Posts at noon, so many days before the monitoring point."""
    rows = [
        (name, datetime.combine(day(age), datetime.min.time()) + timedelta(hours=12))
        for name in ages
        for age in ages[name]
    ]
    schema = {"account_id": pl.String, "published_at": pl.Datetime("us")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def status(posts: pl.DataFrame, accounts: pl.DataFrame, window_days: int = 90, **rules: object) -> pl.DataFrame:
    """The status by account-days, which has to be that straight from the posts."""
    by_days = measures.update_status(
        measures.account_days(posts), accounts, as_of=AS_OF, window_days=window_days, **rules
    )
    at_once = measures.status_of_posts(posts, accounts, as_of=AS_OF, window_days=window_days, **rules)
    assert_frame_equal(by_days, at_once)
    return by_days


def of(frame: pl.DataFrame, *columns: str) -> list[tuple]:
    return frame.select(columns).rows()


# Account-days


POSTS = pl.DataFrame(
    {
        "account_id": ["a", "a", "a", "a", "b", "b", None, "c"],
        "published_at": [
            datetime(2024, 2, 29, 0, 0),
            datetime(2024, 2, 29, 23, 59, 59, 999999),
            datetime(2024, 3, 1, 0, 0),
            datetime(2024, 2, 29, 12),
            datetime(1969, 12, 31, 23, 0),
            datetime(1969, 12, 31, 23, 0),
            datetime(2024, 3, 1, 0, 0),
            None,
        ],
        "push_id": ["p", "p", None, "q", None, None, "p", "p"],
        "reads": [1, None, None, 5, 100001, 100001, 1, 1],
        "likes": [1, 2, 3, 4, 0, 0, 0, 0],
    },
    schema_overrides={"published_at": pl.Datetime("us")},
)
ACCOUNT_DAYS = [
    ("a", 19782, 3, 2, 6, 7, None, None),
    ("a", 19783, 1, 1, None, 3, None, None),
    ("b", -1, 2, 2, 200002, 0, None, None),
]


def sorted_rows(days: pl.DataFrame) -> list[tuple]:
    return days.sort("account_id", "day").rows()


@pytest.mark.parametrize(
    "library",
    [
        pytest.param(lambda posts: posts, id="polars"),
        pytest.param(lambda posts: posts.lazy(), id="polars lazy"),
        pytest.param(to_pandas, id="pandas, nullable"),
        pytest.param(lambda posts: pd.DataFrame(posts.to_dict(as_series=False)), id="pandas, numpy"),
        pytest.param(lambda posts: duckdb.from_arrow(posts.to_arrow()), id="duckdb"),
    ],
)
def test_every_library_gives_the_same_account_days(library):
    days = measures.account_days(library(POSTS))
    assert sorted_rows(measures.collected(days)) == ACCOUNT_DAYS


rows_of_posts = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.datetimes(datetime(2024, 2, 28), datetime(2024, 3, 2)),
        st.sampled_from([None, "1", "2"]),
        st.one_of(st.none(), st.integers(0, 5)),
    ),
    min_size=1,
    max_size=30,
)
SCHEMA = {"account_id": pl.String, "published_at": pl.Datetime("us"), "push_id": pl.String, "likes": pl.Int64}


@given(rows_of_posts)
@settings(max_examples=30, deadline=None)
def test_account_days_are_those_of_a_plain_loop(rows):
    expected = {}
    for account, moment, push, likes in rows:
        number = (moment.date() - date(1970, 1, 1)).days
        expected.setdefault((account, number), []).append((push, likes))
    expected = {
        key: (
            len(own),
            len({push for push, _ in own if push}) + sum(push is None for push, _ in own),
            sum(known) if (known := [likes for _, likes in own if likes is not None]) else None,
        )
        for key, own in expected.items()
    }
    posts = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    for library in (posts, posts.lazy(), to_pandas(posts), duckdb.from_arrow(posts.to_arrow())):
        found = measures.collected(measures.account_days(library)).select(
            "account_id", "day", "posts", "pushes", "likes"
        )
        assert {(account, number): rest for account, number, *rest in found.rows()} == {
            key: list(value) for key, value in expected.items()
        }


@given(rows_of_posts, st.sampled_from([1, 2, 30, 70]))
@settings(max_examples=40, deadline=None)
def test_both_ways_to_the_status_see_the_same_holes(rows, window_days):
    posts = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(
        published_at=pl.col("published_at").dt.offset_by("23mo")
    )
    assert status(posts, ledger(account_id=["a", "b", "c"]), window_days).height == 3


def test_account_days_come_back_in_the_library_that_came_in():
    assert isinstance(measures.account_days(POSTS), pl.DataFrame)
    assert isinstance(measures.account_days(POSTS.lazy()), pl.LazyFrame)
    frame = measures.account_days(to_pandas(POSTS))
    assert isinstance(frame, pd.DataFrame)
    assert set(frame.dtypes[1:].astype(str)) == {"Int64"}
    assert isinstance(measures.account_days(duckdb.from_arrow(POSTS.to_arrow())), duckdb.DuckDBPyRelation)


def test_a_stored_day_is_used_as_it_is():
    posts = pl.DataFrame({"account_id": ["a", "a"], "day": [7, 7]})
    assert sorted_rows(measures.account_days(posts)) == [("a", 7, 2, 2, None, None, None, None)]


def test_no_posts_no_account_days():
    assert measures.account_days(POSTS.clear()).height == 0


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
@settings(max_examples=200, deadline=None)
def test_the_day_number_is_that_of_the_calendar(moment):
    import narwhals as nw

    frame = pl.DataFrame({"t": [moment]}, schema={"t": pl.Datetime("us")})
    expected = (moment.date() - date(1970, 1, 1)).days
    assert frame.select(measures.day_number(pl.col("t"))).item() == expected
    assert nw.from_native(frame).select(measures.day_number(nw.col("t"))).to_native().item() == expected


# Silences


def test_a_silent_account_keeps_its_last_gap():
    found = measures.silences(measures.account_days(posts_of(a=[40, 30])), watched("a"), as_of=AS_OF, window_days=41)
    assert found.rows() == [
        ("a", day(39), day(31), 9, False),
        ("a", day(29), AS_OF, 30, True),
    ]


def test_a_silence_begins_with_the_later_of_window_opening_and_observation():
    accounts = ledger(
        account_id=["window", "opened", "observed"],
        opened_on=[None, day(9), day(9)],
        observed_from=[day(99), None, day(5)],
        observed_to=[AS_OF] * 3,
    )
    posts = posts_of(window=[200], opened=[200], observed=[200])
    found = measures.silences(measures.account_days(posts), accounts, as_of=AS_OF, window_days=30)
    assert found.rows() == [
        ("window", day(29), AS_OF, 30, True),
        ("opened", day(9), AS_OF, 10, True),
        ("observed", day(5), AS_OF, 6, True),
    ]


def test_what_was_not_observed_is_no_silence():
    accounts = ledger(
        account_id=["nothing", "noted", "later", "no end"],
        last_post_on=[None, day(50), None, None],
        observed_from=[None, None, day(-3), day(50)],
        observed_to=[None, None, day(-5), None],
    )
    assert measures.silences(measures.account_days(posts_of()), accounts, as_of=AS_OF, window_days=90).height == 0


def test_a_file_that_ends_is_not_an_account_that_stopped():
    accounts = ledger(account_id=["a", "b"], observed_to=[day(10), day(10)])
    found = measures.silences(measures.account_days(posts_of(a=[12], b=[12, 3])), accounts, as_of=AS_OF, window_days=13)
    assert found.rows() == [
        ("a", day(11), day(10), 2, True),
        # It posted later, but nobody looked at the days between.
        ("b", day(11), day(10), 2, True),
    ]
    columns = ("posts_in_window", "active_days", "longest_gap_days")
    assert of(status(posts_of(a=[12], b=[12, 3]), accounts, 13), *columns) == [(1, 1, 2), (2, 1, 2)]


def test_posts_after_the_monitoring_point_do_not_exist():
    accounts = ledger(account_id=["a", "b"])
    posts = posts_of(a=[20, -1], b=[-2])
    found = measures.silences(measures.account_days(posts), accounts, as_of=AS_OF, window_days=21)
    assert found.rows() == [("a", day(19), AS_OF, 20, True)]
    assert of(status(posts, accounts), "gap_days", "not_checked_reason") == [(20, None), (None, "not_observed")]


def test_an_account_observed_from_the_monitoring_point_on_was_silent_that_day():
    accounts = ledger(account_id=["a"], observed_from=[AS_OF], observed_to=[AS_OF])
    found = measures.silences(measures.account_days(posts_of()), accounts, as_of=AS_OF, window_days=90)
    assert found.rows() == [("a", AS_OF, AS_OF, 1, True)]
    columns = ("checked", "never", "gap_days", "posts_in_window", "longest_gap_days", "days_over")
    assert of(status(posts_of(), accounts), *columns) == [(True, False, 1, 0, 1, 0)]
    assert measures.lifetimes(measures.account_days(posts_of()), accounts, as_of=AS_OF).rows() == [
        ("a", AS_OF, 1, False)
    ]


# Status


def test_fourteen_days_are_the_border():
    found = status(posts_of(a=[13], b=[14], c=[15], d=[0]), ledger(account_id=["a", "b", "c", "d"]))
    assert found["gap_days"].to_list() == [13, 14, 15, 0]


def test_the_last_post_may_lie_before_the_window():
    found = status(posts_of(a=[500, 400]), watched("a"))
    assert of(found, "last_post", "gap_days", "posts_in_window", "longest_gap_days", "active_days") == [
        (day(400), 400, 0, 90, 0)
    ]


def test_the_status_is_in_the_order_of_the_ledger():
    accounts = ledger(account_id=["z", "b", "a"], observed_to=[None, AS_OF, AS_OF])
    found = status(posts_of(b=[1], a=[2], stranger=[3]), accounts)
    assert of(found, "account_id", "gap_days") == [("z", None), ("b", 1), ("a", 2)]


def test_a_date_noted_by_hand_counts_where_it_is_later():
    accounts = ledger(
        account_id=["a", "b", "c", "d"],
        last_post_on=[day(3), day(9), day(20), day(-1)],
        observed_to=[None, None, None, AS_OF],
    )
    found = status(posts_of(a=[5], b=[5], d=[5]), accounts)
    assert of(found, "gap_days", "posts_in_window") == [(3, 1), (5, 1), (20, None), (5, 1)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (False, "not_observed", None, None)),
        ({"post_count": [0]}, (True, None, True, None)),
        ({"post_count": [7]}, (False, "no_date", None, None)),
        ({"last_post_on": [day(-4)]}, (False, "noted_later", None, None)),
        ({"observed_from": [day(60)]}, (False, "end_not_known", None, None)),
        ({"observed_from": [day(60)], "post_count": [0]}, (True, None, True, None)),
        ({"observed_from": [day(-4)], "observed_to": [day(-9)]}, (False, "not_observed", None, None)),
        ({"observed_to": [day(1)]}, (False, "collection_ended", None, None)),
        ({"observed_to": [day(1)], "post_count": [0]}, (True, None, True, None)),
        # Seen without a post for 61 days; whether it posted before, only the day of its opening can tell.
        ({"observed_from": [day(60)], "observed_to": [AS_OF]}, (True, None, False, 61)),
        ({"observed_from": [day(60)], "observed_to": [AS_OF], "opened_on": [day(61)]}, (True, None, False, 61)),
        ({"observed_from": [day(60)], "observed_to": [AS_OF], "opened_on": [day(60)]}, (True, None, True, None)),
        ({"observed_from": [day(60)], "observed_to": [AS_OF], "post_count": [0]}, (True, None, True, None)),
        # It has posted: before.
        ({"observed_from": [day(60)], "observed_to": [AS_OF], "post_count": [7]}, (True, None, False, 61)),
        (
            {"observed_from": [day(60)], "observed_to": [AS_OF], "opened_on": [day(9)], "post_count": [7]},
            (True, None, False, 61),
        ),
        # Seen for a short time only, it passes.
        ({"observed_to": [AS_OF]}, (True, None, False, 1)),
        ({"observed_from": [day(13)], "observed_to": [AS_OF]}, (True, None, False, 14)),
        # Notes reach the day on which they were made.
        ({"post_count": [0], "noted_on": [day(1)]}, (False, "noted_earlier", None, None)),
        ({"last_post_on": [day(20)], "noted_on": [day(1)]}, (False, "noted_earlier", None, None)),
        ({"last_post_on": [day(20)], "noted_on": [AS_OF]}, (True, None, False, 20)),
        # Noted without a post, and seen without one from later on.
        (
            {
                "opened_on": [day(99)],
                "post_count": [0],
                "noted_on": [day(40)],
                "observed_from": [day(30)],
                "observed_to": [AS_OF],
            },
            (True, None, True, None),
        ),
    ],
)
def test_an_account_without_a_post_is_never_only_where_it_was_observed(facts, expected):
    found = status(posts_of(), ledger(account_id=["a"], **facts))
    assert of(found, "checked", "not_checked_reason", "never", "gap_days") == [expected]


def test_where_collection_ended_the_gap_is_not_known():
    accounts = ledger(
        account_id=["ended", "silent", "later", "noted"],
        observed_to=[day(5)] * 4,
        last_post_on=[None, None, None, day(4)],
    )
    posts = posts_of(ended=[18], silent=[20], later=[18, 3], noted=[18])
    columns = ("checked", "not_checked_reason", "last_post", "gap_days", "never")
    assert of(status(posts, accounts), *columns) == [
        (False, "collection_ended", day(18), None, None),
        (False, "collection_ended", day(20), None, None),
        # A post that is known from elsewhere does not prolong the collection; a note that begins where it ended does.
        (False, "collection_ended", day(3), None, None),
        (True, None, day(4), 4, False),
    ]


def test_a_collection_that_ended_neither_fails_nor_passes_an_account():
    # Of the first it is sure that it is silent, of the second that it is not, whatever came after.
    accounts = ledger(account_id=["silent", "fresh"], observed_to=[day(1)] * 2)
    columns = ("checked", "not_checked_reason", "checked_by", "gap_days", "never")
    assert of(status(posts_of(silent=[99], fresh=[1]), accounts), *columns) == [
        (False, "collection_ended", None, None, None),
        (False, "collection_ended", None, None, None),
    ]


def test_posts_alone_are_one_run_that_ends_with_its_newest_post():
    columns = ("checked", "not_checked_reason", "checked_by", "gap_days")
    accounts = ledger(account_id=["a", "b"])
    assert of(status(posts_of(a=[0], b=[20]), accounts), *columns) == [(True, None, "run", 0), (True, None, "run", 20)]
    ended = (False, "collection_ended", None, None)
    assert of(status(posts_of(a=[1], b=[20]), accounts), *columns) == [ended, ended]


def test_one_account_does_not_show_how_long_its_own_run_went_on():
    columns = ("checked", "not_checked_reason", "gap_days", "posts_in_window")
    assert of(status(posts_of(a=[0, 1]), ledger(account_id=["a"])), *columns) == [(False, "end_not_known", None, 2)]


def test_an_assumed_end_fails_nobody_by_its_own_posts():
    # The run ends after the monitoring point by the word of a alone; a fails by no other, b by that of a.
    accounts, columns = ledger(account_id=["a", "b", "c"]), ("checked", "not_checked_reason", "last_post", "gap_days")
    assert of(status(posts_of(a=[20, -1], b=[15], c=[14]), accounts), *columns) == [
        (False, "run_alone", day(20), None),
        (True, None, day(15), 15),
        (True, None, day(14), 14),
    ]
    # With the post of the day itself nothing has to be taken on trust.
    assert of(status(posts_of(a=[0], b=[15], c=[14]), accounts), *columns)[0] == (True, None, AS_OF, 0)


def test_accounts_with_stated_days_show_how_long_the_run_went_on():
    accounts = ledger(account_id=["stated", "other"], observed_to=[AS_OF, None])
    found = status(posts_of(stated=[0], other=[20]), accounts)
    assert of(found, "checked", "checked_by", "gap_days") == [(True, "stated", 0), (True, "run", 20)]


def test_a_ledger_that_states_no_end_leaves_it_to_the_run():
    accounts = ledger(account_id=["a", "b"], observed_from=[day(60), None])
    found = status(posts_of(a=[20], b=[0]), accounts)
    assert of(found, "checked", "checked_by", "gap_days") == [(True, "run", 20), (True, "run", 0)]


def test_a_run_ends_with_its_newest_capture_for_each_of_its_accounts():
    moments = [datetime(2026, 1, 20, 8), datetime(2026, 1, 31, 8)]
    posts = posts_of(a=[40], b=[20]).with_columns(captured_at=pl.Series(moments))
    for one in (posts, posts.lazy(), to_pandas(posts)):
        found = measures.status_of_posts(one, ledger(account_id=["a", "b"]), as_of=AS_OF, window_days=90)
        table = pl.from_pandas(found) if isinstance(found, pd.DataFrame) else found
        assert of(table, "checked_by", "gap_days") == [("captured", 40), ("captured", 20)]
    early = posts.with_columns(captured_at=pl.lit(moments[0]))
    found = measures.status_of_posts(early, ledger(account_id=["a", "b"]), as_of=AS_OF, window_days=90)
    assert found["not_checked_reason"].to_list() == ["collection_ended"] * 2


def test_search_hits_are_posts_and_prove_no_silence():
    posts = posts_of(a=[0], b=[20]).with_columns(source_keyword=pl.lit("政务"))
    found = measures.status_of_posts(posts, ledger(account_id=["a", "b"]), as_of=AS_OF, window_days=90)
    columns = ("checked", "not_checked_reason", "last_post", "posts_in_window", "active_days")
    assert of(found, *columns) == [(False, "search_only", AS_OF, 1, None), (False, "search_only", day(20), 1, None)]


def test_given_observations_are_all_that_is_proved():
    rows = [
        ("timeline", day(50), AS_OF, True, "captured"),
        ("search", day(50), AS_OF, False, "captured"),
        ("later", day(10), AS_OF, True, "captured"),
    ]
    seen = pl.DataFrame(rows, schema=["account_id", "from", "to", "complete", "basis"], orient="row").with_columns(
        run=pl.lit("weibo"), source=pl.lit("weibo"), others_to=pl.lit(None, pl.Date)
    )
    posts = posts_of(timeline=[30], search=[30], later=[12], none=[0])
    accounts = watched("timeline", "search", "later", "none")
    found = status(posts, accounts, observations=seen)
    assert of(found, "checked", "not_checked_reason", "last_post", "gap_days") == [
        (True, None, day(30), 30),
        (False, "search_only", day(30), None),
        # There may have been another post on the day that nobody saw.
        (True, None, None, 11),
        (False, "not_observed", AS_OF, None),
    ]
    shown = {"as_of": AS_OF, "window_days": 40, "observations": seen}
    assert measures.silences(measures.account_days(posts), accounts, **shown).rows() == [
        ("timeline", day(39), day(31), 9, False),
        ("timeline", day(29), AS_OF, 30, True),
        ("later", day(10), AS_OF, 11, True),
    ]


def test_the_day_of_a_note_is_a_known_post_from_which_an_account_was_observed():
    accounts = ledger(account_id=["a"], observed_to=[AS_OF], last_post_on=[day(50)], noted_on=[day(40)])
    assert of(status(posts_of(), accounts), "checked_by", "last_post", "gap_days") == [("stated", day(50), 50)]


def test_where_only_a_note_tells_of_an_account_no_posts_were_counted():
    accounts = ledger(account_id=["a", "b"], observed_from=[day(60), None], last_post_on=[day(3)] * 2)
    columns = ("checked_by", "gap_days", "posts_in_window", "longest_gap_days")
    assert of(status(posts_of(), accounts), *columns) == [("noted", 3, None, None)] * 2
    earlier = accounts.with_columns(noted_on=pl.lit(day(2)))
    assert status(posts_of(), earlier)["not_checked_reason"].to_list() == ["noted_earlier"] * 2


def test_posts_may_stand_for_their_account_days():
    # Two posts of one moment are two where their ids differ.
    posts = posts_of(a=[9, 9, 3], b=[0]).with_columns(post_id=pl.Series(["1", "2", "3", "4"]))
    accounts = ledger(account_id=["a", "b"])
    days, window = measures.account_days(posts), {"as_of": AS_OF, "window_days": 30}
    for one in (posts, posts.lazy(), duckdb.from_arrow(posts.to_arrow())):
        found = measures.update_status(one, accounts, **window)
        assert_frame_equal(found, measures.update_status(days, accounts, **window))
        assert_frame_equal(measures.silences(one, accounts, **window), measures.silences(days, accounts, **window))
    assert of(found, "gap_days", "posts_in_window") == [(3, 3), (0, 1)]


def test_days_over_are_the_silent_days_beyond_the_standard():
    # In a window of 90 days: silent for 89 - 60 = 29 days, then 39, then 20.
    found = status(posts_of(a=[60, 20]), watched("a"))
    assert of(found, "longest_gap_days", "days_over") == [(39, 15 + 25 + 6)]


def test_posts_per_week_are_those_of_the_weeks_observed():
    accounts = watched("a", "b", opened_on=[None, day(13)])
    found = status(posts_of(a=[0, 1, 2, 9], b=[0, 1]), accounts, window_days=28)
    assert found["posts_per_week"].to_list() == [1.0, 1.0]


def test_weekends_are_saturdays_and_sundays():
    # 2026-01-31 is a Saturday.
    found = status(posts_of(a=[0, 0, 6, 7], b=[1, 2]), watched("a", "b"))
    assert found["weekend_share"].to_list() == [1.0, 0.0]
    assert status(posts_of(a=[0, 1, 2, 3]), watched("a"))["weekend_share"].item() == 0.25


def test_a_clock_has_burstiness_minus_one_and_two_posts_have_none():
    found = status(
        posts_of(clock=[0, 5, 10, 15], two=[0, 9], uneven=[0, 1, 10]), ledger(account_id=["clock", "two", "uneven"])
    )
    mean, deviation = 5, 4  # gaps of 1 and 9 days
    assert found["burstiness"].to_list() == [-1.0, None, pytest.approx((deviation - mean) / (deviation + mean))]


def test_a_burst_is_a_silence_ended_by_many_posts_in_the_last_week():
    burst = [60, 50, 40, 2, 1, 1]
    names = {
        "burst": burst,
        "two posts": [60, 50, 40, 2, 1],
        "no silence": [60, 50, 40, 30, 20, 10, 2, 1, 1],
        "usually as many": [80] * 30 + [2, 1, 1],
        "ended before": [60, 50, 40, 8, 2, 1, 1],
    }
    found = status(posts_of(**names), ledger(account_id=list(names)))
    assert dict(of(found, "account_id", "burst")) == {name: name == "burst" for name in names}


def test_a_burst_may_follow_the_last_check():
    names = {"after": [80, 60, 38, 37, 36, 10, 3], "quiet": [80, 60, 38, 10, 3]}
    accounts = ledger(account_id=list(names))
    assert status(posts_of(**names), accounts)["burst"].to_list() == [False, False]
    assert status(posts_of(**names), accounts, last_check=day(40))["burst"].to_list() == [True, False]


def test_an_account_just_opened_has_no_burst():
    posts = posts_of(a=[2, 1, 1], b=[2, 1, 1])
    found = status(posts, watched("a", "b", opened_on=[day(30), None]))
    assert found["burst"].to_list() == [False, True]


def test_sums_are_of_the_window_and_null_where_nothing_is_known():
    posts = posts_of(a=[1, 2, 200], b=[1, 300], c=[400]).with_columns(
        likes=pl.Series([1, None, 50, None, 9, 9]), reads=pl.Series([1, 2, 3, 4, 5, 6])
    )
    found = status(posts, ledger(account_id=["a", "b", "c"]))
    columns = ("posts_in_window", "reads_in_window", "likes_in_window", "shares_in_window")
    assert of(found, *columns) == [(2, 3, 1, None), (1, 4, None, None), (0, None, None, None)]


def test_pushes_are_told_apart_within_their_day():
    posts = posts_of(a=[1, 1, 1, 2, 2, 2], b=[1]).with_columns(
        push_id=pl.Series(["1", "1", "2", "1", None, None, None])
    )
    found = status(posts, ledger(account_id=["a", "b"]))
    assert of(found, "posts_in_window", "pushes_in_window") == [(6, 5), (1, 1)]


def test_a_push_of_which_one_article_has_no_count_is_one_push():
    posts = posts_of(a=[1, 1, 1, -1]).with_columns(push_id=pl.lit("1"), likes=pl.Series([None, 3, None, 3]))
    found = status(posts, ledger(account_id=["a"]))
    assert of(found, "posts_in_window", "pushes_in_window", "likes_in_window") == [(3, 1, 3)]


def test_working_days_leave_out_the_holiday():
    # National Day 2018: the 29th and 30th of September were worked, the week from the 1st was not.
    accounts = ledger(account_id=["a", "b"], last_post_on=[date(2018, 9, 28), None], post_count=[None, 0])
    found = measures.update_status(
        measures.account_days(posts_of()), accounts, as_of=date(2018, 10, 8), window_days=30, working=True
    )
    assert of(found, "gap_days", "working_gap_days") == [(10, 3), (None, None)]


def test_working_days_are_those_of_a_loop():
    import holidays

    calendar = holidays.country_holidays("CN", years=[2023, 2024])
    start = [date(2023, 12, 20) + timedelta(days=i) for i in range(80)]
    end = [first + timedelta(days=(i * 7) % 40) for i, first in enumerate(start)]
    expected = [
        sum(calendar.is_working_day(a + timedelta(days=i)) for i in range(1, (b - a).days + 1))
        for a, b in zip(start, end, strict=True)
    ]
    assert working_days_between(pl.Series(start), pl.Series(end)).to_list() == expected


def test_pandas_in_pandas_out():
    posts = posts_of(a=[20, 3])
    accounts = to_pandas(watched("a"))
    for found in (
        measures.update_status(measures.account_days(to_pandas(posts)), accounts, as_of=AS_OF, window_days=90),
        measures.status_of_posts(to_pandas(posts), accounts, as_of=AS_OF, window_days=90),
        measures.status_of_posts(posts, accounts, as_of=AS_OF, window_days=90),
    ):
        assert isinstance(found, pd.DataFrame)
        assert found["gap_days"].tolist() == [3]


def test_integer_account_ids_meet_the_ledger_as_text():
    posts = posts_of(a=[5]).select(pl.lit(7).cast(pl.Int32).alias("account_id"), "published_at")
    found = status(posts, ledger(account_id=["7", "007", "x"], observed_to=[AS_OF, None, None]))
    assert found["gap_days"].to_list() == [5, None, None]


def test_accounts_that_share_a_hash_go_by_account_days(monkeypatch):
    from govmedia_kit.measures.updates import posting_bits

    monkeypatch.setattr(posting_bits, "_hash", lambda column, dtype: pl.lit(0, pl.UInt64))
    found = measures.status_of_posts(posts_of(a=[5], b=[7]), watched("a", "b"), as_of=AS_OF, window_days=90)
    assert found["gap_days"].to_list() == [5, 7]


def test_inputs_are_left_alone():
    posts, accounts = posts_of(a=[5, 3]), watched("a")
    before = posts.clone(), accounts.clone()
    status(posts, accounts)
    assert posts.equals(before[0])
    assert accounts.equals(before[1])


# Against plain loops


NINETEEN_NINETY = (AS_OF - date(1990, 1, 1)).days


def plain_proofs(posts: list[tuple[str, int]], account: dict) -> list[tuple[int, int, str, int | None]]:
    """What is proved of one account: first and last age, by what, and the newest post of another account of the run."""
    own = [age for name, age in posts if name == account["account_id"]]
    others = [age for name, age in posts if name != account["account_id"]]
    first, last, noted, noted_on = (account[age] for age in ("from_age", "to_age", "noted_age", "noted_on_age"))
    known = [age for age in [*own, noted] if age is not None and age >= 0]
    found = []
    if last is not None:
        found.append((max([*known, last]) if first is None else first, last, "stated", None))
    elif own and others:
        found.append((max(own), min(own + others), "run", min(others)))
    begins = noted
    if noted is None and account["post_count"] == 0:
        begins = NINETEEN_NINETY if account["opened_age"] is None else account["opened_age"]
    if begins is not None and begins >= 0:
        found.append((begins, 0 if noted_on is None else noted_on, "noted", None))
    return [proof for proof in found if proof[0] >= proof[1]]


def plain_status(posts: list[tuple[str, int]], account: dict, window_days: int) -> dict:
    """The status of one account, by looking at each day."""
    every = [age for name, age in posts if name == account["account_id"]]
    own, noted = [age for age in every if age >= 0], account["noted_age"]
    opened, count = account["opened_age"], account["post_count"]
    known = own + ([noted] if noted is not None and noted >= 0 else [])
    proofs = plain_proofs(posts, account)
    seen = {age for first, last, *_ in proofs for age in range(last, first + 1)}
    # The days that were observed, as far as they hang together: with the monitoring point, else the last before it.
    end = begin = min((age for age in seen if age >= 0), default=None)
    while begin is not None and begin + 1 in seen:
        begin += 1
    reaching = [proof for proof in proofs if proof[1] <= 0 <= proof[0]]
    collected = any(first >= 0 and basis != "noted" for first, _, basis, _ in proofs)
    last_post = min(known, default=None)
    if last_post is not None and begin is not None and last_post > begin + 1:
        last_post = None
    gap, never, reason = None, None, None
    if reaching:
        since = NINETEEN_NINETY if opened is None else opened
        never = not known and (count == 0 or (not count and begin >= since))
        gap = None if never else begin + 1 if last_post is None else last_post
        assumed = all(basis == "run" and newest > 0 for *_, basis, newest in reaching)
        if assumed and (never or gap > 14):
            reason = "run_alone"
    elif not known and not collected and noted is not None:
        reason = "noted_later"
    elif not known and not collected and count:
        reason = "no_date"
    elif end is not None:
        reason = "collection_ended" if collected else "noted_earlier"
    else:
        alone = every and all(name == account["account_id"] for name, _ in posts)
        no_end = account["to_age"] is None and (account["from_age"] is not None or alone)
        reason = "end_not_known" if no_end else "not_observed"
    days, runs, run = {}, [], 0
    if collected:
        start = min(age for age in (window_days - 1, opened, begin) if age is not None)
        for age in range(start, end - 1, -1):
            days[age] = own.count(age)
            if days[age]:
                runs.append(run)
                run = 0
            else:
                run += 1
        runs.append(run)
    runs = [length for length in runs if length]
    posted = sorted(age for age in days if days[age])
    steps = [later - earlier for earlier, later in itertools.pairwise(posted)]
    mean = sum(steps) / len(steps) if steps else None
    deviation = math.sqrt(sum((step - mean) ** 2 for step in steps) / len(steps)) if steps else None
    bases = [basis for basis in ("stated", "noted", "run") if basis in {proof[2] for proof in reaching}]
    return {
        "checked": reason is None,
        "not_checked_reason": reason,
        "checked_by": bases[0] if reason is None else None,
        "last_post": None if last_post is None else day(last_post),
        "gap_days": gap if reason is None else None,
        "never": never if reason is None else None,
        "posts_in_window": sum(age < window_days for age in own) if own or collected else None,
        "longest_gap_days": max(runs, default=0) if days else None,
        "days_over": sum(max(0, length - 14) for length in runs) if days else None,
        "active_days": sum(map(bool, days.values())) if days else None,
        "burstiness": (deviation - mean) / (deviation + mean) if len(steps) > 1 and days else None,
        "runs": runs,
    }


def later_than(first: int | None, last: int | None) -> int | None:
    """The age of the end, none where it would lie before the beginning."""
    return None if first is not None and last is not None and last > first else last


ages = st.one_of(st.none(), st.integers(0, 60))
ends = st.one_of(st.none(), st.just(0), st.integers(-3, 60))
facts_of_one = st.tuples(ages, ages, ends, ends, ends, st.sampled_from([None, 0, 7]))
AGES = {
    "opened_on": "opened_age",
    "observed_from": "from_age",
    "observed_to": "to_age",
    "last_post_on": "noted_age",
    "noted_on": "noted_on_age",
}


@given(
    posts=st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 120)), max_size=60),
    facts=st.lists(facts_of_one, min_size=4, max_size=4),
    window_days=st.sampled_from([1, 5, 30, 64, 65, 90]),
)
@settings(max_examples=120, deadline=None)
def test_agrees_with_a_plain_loop(posts, facts, window_days):
    accounts = [
        # Collection ends after it begins.
        {"account_id": name, "opened_age": opened, "from_age": first, "to_age": later_than(first, last)}
        | {"noted_age": noted, "noted_on_age": noted_on, "post_count": count}
        for name, (opened, first, last, noted, noted_on, count) in zip("abcd", facts, strict=True)
    ]
    dates = {name: [None if row[age] is None else day(row[age]) for row in accounts] for name, age in AGES.items()}
    frame = posts_of(**{name: [age for who, age in posts if who == name] for name in "abc"})
    table = ledger(account_id=list("abcd"), **dates, post_count=[row["post_count"] for row in accounts])
    found = status(frame, table, window_days)
    runs = measures.silences(measures.account_days(frame), table, as_of=AS_OF, window_days=window_days)
    for account, row in zip(accounts, found.rows(named=True), strict=True):
        expected = plain_status(posts, account, window_days)
        lengths = runs.filter(pl.col("account_id") == account["account_id"])["days"].to_list()
        assert lengths == expected.pop("runs")
        burstiness = expected.pop("burstiness")
        assert row["burstiness"] == (None if burstiness is None else pytest.approx(burstiness))
        assert {name: row[name] for name in expected} == expected


@pytest.mark.realdata
def test_real_accounts_fall_silent_when_a_pandas_loop_says_so():
    file = REALDATA / "posts" / "twitter_gov_post_times_2019-12_2021-02.csv"
    real = pd.read_csv(file, parse_dates=["created_at_utc"])
    real["published_at"] = real.pop("created_at_utc").dt.tz_localize(None)
    real = real.rename(columns={"account": "account_id"})
    as_of, window_days = date(2021, 2, 28), 365
    expected = []
    window = pd.date_range(end=as_of, periods=window_days)
    for name, own in real.groupby("account_id"):
        posted = window.isin(own["published_at"].dt.normalize())
        first = None
        for today, active in zip([*window.date, None], [*posted, True], strict=True):
            if active and first is not None:
                last = as_of if today is None else today - timedelta(days=1)
                expected.append((name, first, last, (last - first).days + 1, today is None))
                first = None
            elif not active and first is None:
                first = today
    names = sorted(set(real["account_id"]))
    seen = {"observed_from": [date(2019, 12, 1)] * len(names), "observed_to": [as_of] * len(names)}
    accounts = pl.DataFrame({"account_id": names, **seen})
    posts = pl.from_dict(real[["account_id", "published_at"]].to_dict("list"))
    found = measures.silences(measures.account_days(posts), accounts, as_of=as_of, window_days=window_days)
    assert found.rows() == expected
    by_days = measures.update_status(
        measures.collected(measures.account_days(real)), accounts, as_of=as_of, window_days=window_days
    )
    assert_frame_equal(by_days, measures.status_of_posts(posts, accounts, as_of=as_of, window_days=window_days))
    silent = by_days.filter(pl.col("gap_days") > 14)
    assert dict(of(silent, "account_id", "last_post")) == {
        "MinSoliSante": date(2021, 1, 6),
        "foreignoffice": date(2020, 8, 26),
    }


# Summaries


STATUS = pl.DataFrame(
    {
        "account_id": list("abcdef"),
        "checked": [True, True, True, True, True, False],
        "gap_days": [0, 14, 15, 40, None, None],
        "never": [False, False, False, False, True, None],
        "working_gap_days": [0, 10, 11, 25, None, None],
    }
)
GROUPS = pl.DataFrame(
    {
        "account_id": list("abcdef"),
        "platform": ["weibo", "weibo", "weibo", "douyin", "douyin", None],
        "region": ["620102", "620000", "110101", "110000", "11", None],
    }
)


def test_a_summary_has_a_row_per_group_and_marks_small_ones():
    found = measures.gap_summary(STATUS, GROUPS, by="platform")
    columns = ("platform", "accounts", "checked", "silent", "never", "median_gap_days", "small")
    assert of(found, *columns) == [
        ("douyin", 2, 2, 2, 1, 40.0, True),
        ("weibo", 3, 3, 1, 0, 14.0, True),
        (None, 1, 0, 0, 0, None, True),
    ]
    share, low, high = of(found, "silent_share", "low", "high")[1]
    # 1 of 3 by Wilson, from a table of the method.
    assert (share, low, high) == (1 / 3, pytest.approx(0.0615, abs=5e-5), pytest.approx(0.7923, abs=5e-5))
    assert of(found, "silent_share", "low", "high")[2] == (None, None, None)


def test_a_summary_of_all_is_one_row_and_large_groups_are_not_small():
    found = measures.gap_summary(STATUS, GROUPS)
    assert of(found, "accounts", "checked", "silent", "q1_gap_days", "q3_gap_days") == [(6, 5, 3, 10.5, 21.25)]
    many = pl.concat([STATUS.head(5)] * 6).with_columns(account_id=pl.int_range(30).cast(pl.String))
    assert measures.gap_summary(many, many.select("account_id"))["small"].item() is False


def test_a_province_is_made_of_the_division_code():
    found = measures.gap_summary(STATUS, GROUPS, by=["province"])
    assert of(found, "province", "accounts") == [("110000", 3), ("620000", 2), (None, 1)]


def test_an_unknown_group_is_an_error_that_names_what_there_is():
    with pytest.raises(InputError, match="platform"):
        measures.gap_summary(STATUS, GROUPS, by="platfrom")


def test_sensitivity_counts_again_for_each_threshold():
    found = measures.sensitivity(STATUS)
    assert found.height == 2 * 84
    counts = {(row["counted"], row["threshold"]): row["silent"] for row in found.rows(named=True)}
    for threshold in range(7, 91):
        assert counts["calendar", threshold] == sum(g > threshold for g in [0, 14, 15, 40]) + 1
        assert counts["working", threshold] == sum(g > threshold for g in [0, 10, 11, 25]) + 1
    assert set(found["checked"]) == {5}


# Time to silence


def test_an_account_lasts_until_its_first_long_silence():
    posts = posts_of(a=[60, 50, 40, 20], b=[60, 50, 40, 30, 20, 10, 0], c=[60, 50], d=[])
    accounts = ledger(
        account_id=["a", "b", "c", "d", "e"],
        opened_on=[None, day(80), None, None, None],
        observed_from=[None, None, None, day(30), None],
        observed_to=[None, None, day(45), None, None],
    )
    found = measures.lifetimes(measures.account_days(posts), accounts, as_of=AS_OF)
    assert found.rows() == [
        ("a", day(60), 21, True),  # silent from the day after the post of day 40
        ("b", day(80), 81, False),
        ("c", day(60), 16, False),  # collection ended five days after the last post
        ("d", day(30), 0, True),  # never posted while it was seen
    ]


def test_what_was_before_observation_is_no_silence():
    posts = posts_of(a=[90, 20, 10])
    accounts = ledger(account_id=["a"], opened_on=[day(100)], observed_from=[day(21)])
    found = measures.lifetimes(measures.account_days(posts), accounts, as_of=AS_OF)
    assert found.rows() == [("a", day(100), 101, False)]


def test_the_curve_of_silence_is_that_of_the_lifetimes():
    posts = posts_of(a=[60, 50, 40], b=[60, 50], c=[60, 46, 32, 18, 4], d=[30, 20, 10])
    accounts = ledger(account_id=list("abcd")).with_columns(platform=pl.Series(["x", "x", "x", "y"]))
    days = measures.account_days(posts)
    curve = measures.time_to_silence(days, accounts, as_of=AS_OF, by="platform")
    assert of(curve, "platform", "time", "survival", "at_risk", "events") == [
        ("x", 11.0, pytest.approx(2 / 3), 3, 1),
        ("x", 21.0, pytest.approx(1 / 3), 2, 1),
        ("x", 61.0, pytest.approx(1 / 3), 1, 0),
        ("y", 31.0, 1.0, 1, 0),
    ]
    whole = measures.time_to_silence(days, accounts, as_of=AS_OF)
    assert whole["at_risk"].to_list() == [4, 3, 2, 1]


def test_groups_are_compared_by_their_log_rank():
    posts = posts_of(a=[60, 50, 40], b=[60, 50], c=[60, 46, 32, 18, 4], d=[30, 20, 10])
    accounts = ledger(account_id=list("abcd")).with_columns(platform=pl.Series(["x", "x", "y", "y"]))
    found = measures.compare_silence(measures.account_days(posts), accounts, as_of=AS_OF, by="platform")
    # At 11 days 1 of 2 x and 0 of 2 y, at 21 days 1 of 1 x and 0 of 2 y: O - E = 2 - 1/2 - 1/3.
    expected = (2 - 1 / 2 - 1 / 3) ** 2 / (1 / 4 + 2 / 9)
    assert found.row(0, named=True) == {
        "groups": 2,
        "statistic": pytest.approx(expected),
        "degrees": 1,
        "p_value": pytest.approx(math.erfc(math.sqrt(expected / 2))),
    }


def test_every_summary_answers_pandas_in_pandas():
    assert isinstance(measures.gap_summary(to_pandas(STATUS), to_pandas(GROUPS), by="platform"), pd.DataFrame)
    assert isinstance(measures.sensitivity(to_pandas(STATUS)), pd.DataFrame)


def test_posts_before_the_day_of_opening_lengthen_the_weeks_that_they_are_counted_over():
    accounts = ledger(account_id=["a"], opened_on=[AS_OF], observed_from=[date(2026, 1, 1)], observed_to=[AS_OF])
    first = (date(2026, 1, 4) - date(1970, 1, 1)).days
    days = pl.DataFrame(
        {"account_id": ["a"] * 8, "day": [first + n for n in range(8)], "posts": [1] * 8, "pushes": [1] * 8}
    )
    status = measures.update_status(days, accounts, as_of=date(2026, 1, 31), window_days=31)
    # Eight posts in the 28 days from the first of them.
    assert status["posts_per_week"].item() == 2
