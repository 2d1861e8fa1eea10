"""What was collected of each account: observations of runs and of the ledger, and what they prove, against sets of days."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govmedia_kit import observations, schema

AS_OF = date(2026, 1, 31)
ROW = ("account_id", "run", "from", "to", "complete", "basis", "others_to")
PROVED = ("span_from", "span_to", "covered", "basis")


def day(number: int | None) -> date | None:
    """The day `number` days before the monitoring point."""
    return None if number is None else AS_OF - timedelta(days=number)


def spans(*rows: tuple) -> pl.DataFrame:
    """Spans of accounts in runs: account, run, ages of the first and last post and of the newest capture, and if complete."""
    return pl.DataFrame(
        [
            (account, run, "weibo", complete, day(first), day(last), day(captured))
            for account, run, first, last, captured, complete in rows
        ],
        schema=observations.SPANS,
        orient="row",
    )


def observed(*rows: dict) -> pl.DataFrame:
    """Observations of the account a in a run r that are complete and captured, unless a row says otherwise; dates as ages."""
    usual = {"account_id": "a", "run": "r", "from": None, "to": None, "complete": True, "source": "weibo"}
    usual |= {"basis": "captured", "others_to": None}
    full = [usual | row for row in rows]
    for row in full:
        row |= {name: day(row[name]) for name in ("from", "to", "others_to")}
    return pl.DataFrame(full, schema=schema.dtypes("observations"))


def known(**oldest: int) -> pl.DataFrame:
    """The oldest post of each account, as an age."""
    return pl.DataFrame(
        {"account_id": list(oldest), "oldest": [day(age) for age in oldest.values()]},
        schema={"account_id": pl.String, "oldest": pl.Date},
    )


def proved(*rows: dict, **oldest: int) -> dict:
    """What observations of the account a prove."""
    found = observations.evidence(observed(*rows), known(**oldest), as_of=AS_OF)
    assert found["account_id"].to_list() == ["a"]
    return found.row(0, named=True)


def of(found: dict | pl.DataFrame, *columns: str) -> object:
    return tuple(found[c] for c in columns) if isinstance(found, dict) else found.select(columns).rows()


# Spans


def test_a_span_is_from_the_oldest_to_the_newest_post_of_an_account():
    posts = pl.DataFrame(
        {
            "account_id": ["b", "a", "a", None, "c"],
            "published_at": [*(datetime(2026, 1, d, h) for d, h in [(2, 9), (5, 0), (1, 23), (1, 0)]), None],
            "captured_at": [None, datetime(2026, 1, 6), datetime(2026, 1, 7, 8), None, None],
        }
    )
    found = observations.spans_of(posts, run="weibo", source="weiboSpider")
    assert dict(found.schema) == observations.SPANS
    assert found.rows() == [
        ("a", "weibo", "weiboSpider", True, date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 7)),
        ("b", "weibo", "weiboSpider", True, date(2026, 1, 2), date(2026, 1, 2), None),
    ]


def test_account_days_have_the_spans_of_their_posts():
    days = pl.DataFrame({"account_id": ["a", "a"], "day": [20454, 20460]})
    found = observations.spans_of(days, complete=False)
    assert of(found, "complete", "first", "last", "captured") == [(False, date(2026, 1, 1), date(2026, 1, 7), None)]


def test_no_posts_no_observations():
    posts = pl.DataFrame(schema={"account_id": pl.String, "published_at": pl.Datetime("us")})
    found = observations.of_runs(observations.spans_of(posts), AS_OF)
    assert found.height == 0
    assert found.schema == observations.none().schema


# Runs


def test_the_newest_capture_of_a_run_is_the_end_of_each_of_its_accounts():
    found = observations.of_runs(
        spans(("a", "r", 50, 40, 9, True), ("b", "r", 30, 20, None, True), ("c", "other", 30, 20, 2, True)), AS_OF
    )
    assert of(found, *ROW) == [
        ("a", "r", day(50), day(9), True, "captured", None),
        ("b", "r", day(30), day(9), True, "captured", None),
        ("c", "other", day(30), day(2), True, "captured", None),
    ]


def test_a_stated_day_is_the_end_where_nothing_was_captured():
    found = observations.of_runs(spans(("a", "r", 50, 40, None, True), ("b", "other", 50, 40, 9, True)), day(3))
    assert of(found, "account_id", "to", "basis") == [("a", day(3), "stated"), ("b", day(9), "captured")]


@pytest.mark.parametrize("key", ["posts/2026-09", "weibo", "2026-09"])
def test_a_day_may_be_stated_by_run_by_source_or_by_the_name_of_the_folder(key):
    found = observations.of_runs(spans(("a", "posts/2026-09", 50, 40, None, True)), {key: day(3)})
    assert of(found, "to", "basis") == [(day(3), "stated")]


def test_a_day_stated_of_another_run_is_not_taken():
    rows = spans(("a", "posts/2026-09", 50, 40, None, True), ("b", "posts/2026-09", 50, 30, None, True))
    found = observations.of_runs(rows, {"posts": day(3), "2026-08": day(2)})
    assert of(found, "to", "basis") == [(day(30), "run"), (day(30), "run")]


def test_the_day_of_a_run_goes_before_that_of_its_source_and_of_its_folder():
    rows = spans(("a", "x/here", 50, 40, None, True), ("b", "x/there", 50, 40, None, True))
    found = observations.of_runs(rows, {"x/here": day(3), "weibo": day(2), "there": day(1), "here": day(1)})
    assert found["to"].to_list() == [day(3), day(2)]


def test_an_assumed_end_is_the_newest_post_of_the_run_and_names_that_of_the_others():
    found = observations.of_runs(
        spans(("a", "r", 50, 40, None, True), ("b", "r", 30, 5, None, True), ("c", "r", 30, 20, None, True))
    )
    assert of(found, *ROW) == [
        ("a", "r", day(50), day(5), True, "run", day(5)),
        ("b", "r", day(30), day(5), True, "run", day(20)),
        ("c", "r", day(30), day(5), True, "run", day(5)),
    ]


def test_two_accounts_that_end_with_the_same_day_bear_each_other_out():
    found = observations.of_runs(spans(("a", "r", 50, 5, None, True), ("b", "r", 30, 5, None, True)))
    assert of(found, "to", "others_to") == [(day(5), day(5)), (day(5), day(5))]


def test_an_assumed_end_does_not_cross_runs():
    found = observations.of_runs(
        spans(
            ("a", "2026-08", 50, 40, None, True),
            ("b", "2026-08", 50, 30, None, True),
            ("a", "2026-09", 20, 10, None, True),
            ("b", "2026-09", 20, 5, None, True),
        )
    )
    assert of(found, "account_id", "run", "to", "others_to") == [
        ("a", "2026-08", day(30), day(30)),
        ("a", "2026-09", day(5), day(5)),
        ("b", "2026-08", day(30), day(40)),
        ("b", "2026-09", day(5), day(10)),
    ]


def test_a_run_of_one_account_has_no_end_unless_it_is_captured_or_stated():
    alone = spans(("a", "r", 50, 0, None, True))
    assert of(observations.of_runs(alone), *ROW) == [("a", "r", day(50), None, True, "run", None)]
    assert of(observations.of_runs(alone, AS_OF), "to", "basis") == [(AS_OF, "stated")]
    captured = spans(("a", "r", 50, 0, 0, True))
    assert of(observations.of_runs(captured), "to", "basis") == [(AS_OF, "captured")]


def test_search_hits_neither_end_a_run_nor_count_as_an_account_of_it():
    alone = observations.of_runs(spans(("a", "r", 50, 40, None, True), ("b", "r", 30, 0, None, False)))
    assert of(alone, "account_id", "to", "complete", "others_to") == [("a", None, True, None), ("b", None, False, None)]
    two = observations.of_runs(
        spans(("a", "r", 50, 40, None, True), ("b", "r", 30, 0, None, False), ("c", "r", 30, 20, None, True))
    )
    timelines = two.filter("complete")
    assert of(timelines, "account_id", "to", "others_to") == [("a", day(20), day(20)), ("c", day(20), day(40))]


def test_hits_of_an_account_beside_its_timeline_are_no_other_account():
    found = observations.of_runs(spans(("a", "r", 50, 40, None, True), ("a", "r", 30, 0, None, False)))
    assert of(found, "complete", "to") == [(True, None), (False, None)]


def test_the_capture_of_a_search_does_not_end_the_timelines_beside_it():
    found = observations.of_runs(spans(("a", "r", 50, 40, 9, True), ("b", "r", 30, 20, 0, False)))
    assert of(found, "account_id", "to", "complete") == [("a", day(9), True), ("b", AS_OF, False)]
    uncaptured = observations.of_runs(spans(("a", "r", 50, 40, None, True), ("b", "r", 30, 20, 0, False)), day(9))
    assert of(uncaptured, "account_id", "to", "basis") == [("a", day(9), "stated"), ("b", AS_OF, "captured")]


def test_the_order_of_spans_does_not_matter():
    rows = [(name, run, 50 - n, 40 - n, None, n % 3 > 0) for n, name in enumerate("abcde") for run in ("r", "s")]
    found = observations.of_runs(spans(*rows))
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert observations.of_runs(spans(*rows)).equals(found)


# The ledger


def ledger(**columns: object) -> pl.DataFrame:
    """A ledger of the one account a; dates as ages."""
    dates = {name: [value if name == "post_count" else day(value)] for name, value in columns.items()}
    dtypes = {name: pl.Int64 if name == "post_count" else pl.Date for name in columns}
    return pl.DataFrame({"account_id": ["a"], **dates}, schema_overrides=dtypes)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"observed_from": 50, "observed_to": 3}, [(50, 3, "stated")]),
        ({"observed_to": 3}, [(None, 3, "stated")]),
        ({"observed_from": 50}, [(50, None, "stated")]),
        ({"last_post_on": 20}, [(20, 0, "noted")]),
        ({"last_post_on": 0}, [(0, 0, "noted")]),
        ({"last_post_on": 20, "noted_on": 3}, [(20, 3, "noted")]),
        ({"last_post_on": 20, "noted_on": -3}, [(20, -3, "noted")]),
        # A note of a post after the monitoring point says nothing about it.
        ({"last_post_on": -1}, []),
        ({"last_post_on": -1, "post_count": 0}, []),
        ({"post_count": 0, "opened_on": 99}, [(99, 0, "noted")]),
        ({"post_count": 0, "opened_on": 99, "noted_on": 3}, [(99, 3, "noted")]),
        ({"post_count": 0, "opened_on": -1}, []),
        ({"post_count": 5}, []),
        ({"post_count": 5, "opened_on": 99}, []),
        ({"post_count": 5, "last_post_on": 20}, [(20, 0, "noted")]),
        # The date goes before a number that contradicts it.
        ({"post_count": 0, "opened_on": 99, "last_post_on": 20}, [(20, 0, "noted")]),
        (
            {"observed_from": 50, "observed_to": 3, "last_post_on": 20, "noted_on": 1},
            [(20, 1, "noted"), (50, 3, "stated")],
        ),
    ],
)
def test_a_ledger_proves_the_days_that_it_states_and_notes_up_to_the_day_of_the_note(facts, expected):
    found = observations.of_ledger(ledger(**facts), as_of=AS_OF)
    assert of(found, "from", "to", "basis") == [(day(first), day(last), basis) for first, last, basis in expected]
    assert of(found, "account_id", "run", "source", "complete", "others_to") == [
        ("a", "accounts", "accounts", True, None)
    ] * len(expected)


def test_an_account_noted_without_a_post_that_was_opened_nobody_knows_when_never_had_one():
    found = observations.of_ledger(ledger(post_count=0), as_of=AS_OF)
    assert of(found, "from", "to", "basis") == [(date(1990, 1, 1), AS_OF, "noted")]


def test_the_day_of_all_notes_is_taken_where_a_row_has_none():
    rows = pl.DataFrame(
        {"account_id": ["a", "b"], "last_post_on": [day(20)] * 2, "noted_on": [day(3), None]},
    )
    found = observations.of_ledger(rows, as_of=AS_OF, noted_on=day(5))
    assert of(found, "account_id", "to") == [("a", day(3)), ("b", day(5))]


def test_the_day_of_all_collections_is_taken_where_a_ledger_states_only_their_beginning():
    rows = pl.DataFrame(
        {"account_id": ["a", "b", "c"], "observed_from": [day(50), day(50), None], "observed_to": [None, day(9), None]}
    )
    found = observations.of_ledger(rows, as_of=AS_OF, stated=day(5), source="ledger.xlsx")
    assert of(found, "account_id", "run", "to") == [("a", "ledger.xlsx", day(5)), ("b", "ledger.xlsx", day(9))]


# Ends


def test_ends_are_the_days_that_are_captured_or_stated():
    rows = observed(
        {"to": 9}, {"to": 9, "account_id": "b"}, {"to": 5, "basis": "stated"}, {"basis": "stated"},
        {"to": 3, "basis": "noted"}, {"to": 1, "basis": "run", "others_to": 1},
    )  # fmt: skip
    assert sorted(observations.ends(rows)) == [day(9), day(5)]
    assert observations.ends(observations.none()) == []


# Evidence


def test_one_complete_span_that_reaches_the_monitoring_point_covers_it():
    found = proved({"from": 50, "to": 0})
    assert of(found, *PROVED) == (day(50), AS_OF, True, "captured")
    assert of(found, "collected", "partial", "open_ended", "others_to") == (True, False, False, None)
    assert proved({"from": 50, "to": -9})["span_to"] == day(-9)


def test_a_span_that_ends_before_the_monitoring_point_does_not_cover_it():
    found = proved({"from": 50, "to": 1})
    assert of(found, *PROVED, "collected") == (day(50), day(1), False, None, True)


def test_spans_are_one_where_they_touch_or_overlap():
    touching = proved({"from": 50, "to": 21}, {"from": 20, "to": 0})
    overlapping = proved({"from": 50, "to": 10}, {"from": 20, "to": 0})
    assert of(touching, *PROVED) == of(overlapping, *PROVED) == (day(50), AS_OF, True, "captured")
    apart = proved({"from": 50, "to": 22}, {"from": 20, "to": 0})
    assert of(apart, *PROVED) == (day(20), AS_OF, True, "captured")


def test_a_short_span_within_a_long_one_does_not_part_it_from_the_next():
    found = proved({"from": 50, "to": 10}, {"from": 40, "to": 30}, {"from": 9, "to": 0})
    assert of(found, *PROVED) == (day(50), AS_OF, True, "captured")


def test_of_several_spans_that_miss_the_monitoring_point_the_last_before_it_is_told():
    found = proved({"from": 50, "to": 40}, {"from": 30, "to": 20}, {"from": -1, "to": -9})
    assert of(found, *PROVED) == (day(30), day(20), False, None)


def test_what_was_collected_only_later_proves_nothing():
    found = proved({"from": -1, "to": -9})
    assert of(found, *PROVED, "collected") == (None, None, False, None, False)


def test_without_a_beginning_it_is_the_oldest_post_known_else_the_end():
    assert proved({"to": 0}, a=50)["span_from"] == day(50)
    assert proved({"to": 0}, b=50)["span_from"] == AS_OF
    # No day after the end was observed.
    assert of(proved({"to": 9}, a=5), *PROVED) == (day(9), day(9), False, None)


def test_an_end_before_the_beginning_proves_nothing():
    assert of(proved({"from": 3, "to": 5}), *PROVED, "collected") == (None, None, False, None, False)


def test_the_basis_is_the_best_of_those_that_reach_the_monitoring_point():
    captured, stated = {"from": 50, "to": 0}, {"from": 50, "to": 0, "basis": "stated"}
    noted, run = {"from": 9, "to": 0, "basis": "noted"}, {"from": 50, "to": 0, "basis": "run", "others_to": 0}
    assert proved(run, noted, stated, captured)["basis"] == "captured"
    assert proved(run, noted, stated)["basis"] == "stated"
    assert proved(run, noted)["basis"] == "noted"
    assert proved(run)["basis"] == "run"
    # A capture of another day is no capture of this one.
    assert proved(run, captured | {"to": 1})["basis"] == "run"


def test_the_newest_post_of_the_others_is_told_where_all_hangs_on_it():
    run = {"from": 50, "to": 0, "basis": "run", "others_to": 4}
    assert proved(run)["others_to"] == day(4)
    assert proved(run, run | {"run": "other", "others_to": 2})["others_to"] == day(2)
    assert proved(run, run | {"run": "ended", "to": 1, "others_to": 1})["others_to"] == day(4)
    assert proved(run, {"from": 9, "to": 0, "basis": "noted"})["others_to"] is None


def test_an_assumed_end_with_nobody_to_show_for_it_is_none():
    found = proved({"from": 50, "to": 0, "basis": "run"})
    assert of(found, *PROVED, "collected", "open_ended") == (None, None, False, None, False, True)


def test_a_source_of_which_nothing_tells_where_it_ends_is_open_ended():
    found = proved({"from": 50, "basis": "stated"})
    assert of(found, *PROVED, "open_ended") == (None, None, False, None, True)
    beside = proved({"from": 50, "basis": "stated"}, {"from": 9, "to": 0})
    assert of(beside, *PROVED, "open_ended") == (day(9), AS_OF, True, "captured", True)


def test_a_search_covers_nothing_and_is_told():
    found = proved({"from": 50, "to": 0, "complete": False}, a=50)
    assert of(found, *PROVED) == (None, None, False, None)
    assert of(found, "collected", "partial", "open_ended") == (False, True, False)
    bridge = proved({"from": 50, "to": 30}, {"from": 30, "to": 9, "complete": False}, {"from": 9, "to": 0})
    assert of(bridge, *PROVED, "partial") == (day(9), AS_OF, True, "captured", True)


def test_a_note_covers_and_is_no_collection():
    found = proved({"from": 20, "to": 0, "basis": "noted"})
    assert of(found, *PROVED, "collected") == (day(20), AS_OF, True, "noted", False)
    # It begins on the day after a collection ended: together they reach back to the beginning of that.
    joined = proved({"from": 50, "to": 21}, {"from": 20, "to": 0, "basis": "noted"})
    assert of(joined, *PROVED, "collected") == (day(50), AS_OF, True, "noted", True)


def test_accounts_come_sorted_and_only_those_that_were_observed():
    rows = observed({"account_id": "b", "to": 0}, {"account_id": "a", "to": 9}, {"account_id": "b", "to": 5})
    found = observations.evidence(rows, known(b=50, c=50), as_of=AS_OF)
    assert of(found, "account_id", "span_from", "covered") == [("a", day(9), False), ("b", day(50), True)]
    assert observations.evidence(observations.none(), known(a=50), as_of=AS_OF).height == 0


def test_inputs_are_left_alone():
    rows, oldest = observed({"to": 0}, {"to": 9, "basis": "run"}), known(a=50)
    before = rows.clone(), oldest.clone()
    observations.evidence(rows, oldest, as_of=AS_OF)
    observations.of_runs(spans(("a", "r", 50, 40, None, True)))
    assert rows.equals(before[0])
    assert oldest.equals(before[1])


# Against sets of days


BASES = ["captured", "stated", "noted", "run"]


def plain_evidence(rows: list[dict], oldest: int | None) -> dict:
    """What the observations of one account prove, by the set of its days; dates as ages."""
    seen: set[int] = set()
    reaching = []
    collected = open_ended = False
    for row in rows:
        first, last = row["from"], row["to"]
        if row["basis"] == "run" and row["others_to"] is None:
            last = None
        if last is None:
            open_ended |= row["complete"]
            continue
        if first is None:
            first = last if oldest is None else max(oldest, last)
        days = set(range(last, first + 1))
        if row["complete"]:
            seen |= days
            collected |= row["basis"] != "noted" and any(age >= 0 for age in days)
            if 0 in days:
                reaching.append(row)
    # The day of the monitoring point, else the last one before it, and all that hangs together with it.
    begin = end = min((age for age in seen if age >= 0), default=None)
    while begin is not None and begin + 1 in seen:
        begin += 1
    while end is not None and end - 1 in seen:
        end -= 1
    best = min((BASES.index(row["basis"]) for row in reaching), default=None)
    others = [row["others_to"] for row in reaching if row["basis"] == "run"]
    return {
        "account_id": rows[0]["account_id"],
        "span_from": day(begin),
        "span_to": day(end),
        "covered": bool(reaching),
        "basis": None if best is None else BASES[best],
        "others_to": day(min(others)) if best == BASES.index("run") else None,
        "collected": collected,
        "partial": any(not row["complete"] for row in rows),
        "open_ended": open_ended,
    }


ages = st.one_of(st.none(), st.integers(-4, 16))
rows_of_one = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from("abc"),
        "run": st.sampled_from("rs"),
        "from": ages,
        "to": st.one_of(ages, st.just(0)),
        "complete": st.sampled_from([True, True, False]),
        "basis": st.sampled_from(BASES),
        "others_to": ages,
    }
)


@given(st.lists(rows_of_one, max_size=12), st.dictionaries(st.sampled_from("abcd"), st.integers(-4, 20)))
@settings(max_examples=200, deadline=None)
def test_evidence_is_that_of_sets_of_days(rows, oldest):
    found = observations.evidence(observed(*rows), known(**oldest), as_of=AS_OF)
    mine = {name: [row for row in rows if row["account_id"] == name] for name in "abc"}
    assert found.rows(named=True) == [plain_evidence(own, oldest.get(name)) for name, own in mine.items() if own]
