"""Random small audits say what a plain count says of them: the definitions once more, by loops and dicts."""

import datetime as dt
from collections import Counter

import pytest
from plain_audits import make, write
from plain_count import Case, Run, count

import govmedia_kit as gk

COLUMNS = """
checked not_checked_reason last_post gap_days never stale borderline warned dormant verdict posts_in_window likes_in_window
"""
# Chosen so that each kind of trouble occurs at least twice; after a change of the writer others may have to be chosen.
SEEDS = [
    *(13, 104, 147, 155, 220, 245, 248, 256, 290, 370, 433, 435, 462, 465, 466),
    *(498, 504, 548, 624, 666, 677, 702, 734, 755, 808, 828, 838, 886, 893, 957),
]
KINDS = """
own; search; crawler; import; none; captured; stated; run; as_of absent; collected_to of all; collected_to by source
accounts csv; accounts json; accounts parquet; accounts xlsx; messages csv; messages json; messages parquet; messages xlsx
posts csv; posts parquet; posts xlsx; typed parquet; typed xlsx; csv gb18030; csv utf-8; csv utf-8-sig; headings labels
headings names; headings synonyms; ids built; ids given; zoned time; bad time 19; bad time 20; bad time of two digits
posts with ; posts with post_id; posts with url; posts with title; posts with post_id title url; row twice; older capture
two posts of one minute; rounded id 5.30E+15; rounded id 5300000000000000; post after as_of; account not in the ledger
one account alone; two runs; file without rows; search in observations.csv; closed_on +0; closed_on +1; closed_on -9
opened_on +1; observed whole; observed ended; observed late; observed touching; observed apart; observed no from
observed no to; note fresh; note fresh beside posts; note early; note later; note 从未更新; note 0; note 57
note two digits; note 2062-09-28; messages with ids; messages without ids; message to a unit; message twice
message twice, then replied; replies; no column of replies; correction of accounts.channel_menu
correction of accounts.closed_on; correction of accounts.last_post_on; correction of accounts.observed_to
correction of accounts.opened_on; correction of accounts.unit; correction of messages.replied_at
correction of posts.published_at; passed; failed; not_checked; not_observed; noted_earlier; noted_later; no_date
collection_ended; search_only; end_not_known; run_alone; never; borderline; warned; dormant; lower bound
"""


def differences(seed, folder) -> list[str]:
    """Where the kit and the plain count disagree over the audit of a seed, both values told."""
    case = make(seed)
    rows, figures = count(case)
    assessment = gk.assess(gk.read_audit(write(case, folder), strict=False))
    measured = {row["account_id"]: row for row in assessment.measured.iter_rows(named=True)}
    found = [f"seed {seed}: accounts {sorted(measured)}, counted {sorted(rows)}"] * (measured.keys() != rows.keys())
    for account, row in rows.items():
        for column in COLUMNS.split() if account in measured else []:
            ours = measured[account][column]
            if ours != row[column]:
                found.append(f"seed {seed}, {account}, {column}: {ours!r}, counted {row[column]!r}")
    made = gk.figures(assessment)
    for identifier, counted in figures.items():
        ours = made[identifier].value if identifier in made else "no such figure"
        if ours != counted and (None in (ours, counted) or ours != pytest.approx(counted)):
            found.append(f"seed {seed}, {identifier}: {ours!r}, counted {counted!r}")
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_kit_agrees_with_a_plain_count(seed, tmp_path):
    found = differences(seed, tmp_path / "audit")
    assert found == [], "\n".join(found)


# Fifty more where CI=true, the rest by hand: half a second each.
MORE = [
    pytest.param(seed, marks=pytest.mark.slow if seed < 1050 else pytest.mark.exhaustive) for seed in range(1000, 1300)
]


@pytest.mark.parametrize("seed", MORE)
def test_the_kit_agrees_with_a_plain_count_of_many_more(seed, tmp_path):
    found = differences(seed, tmp_path / "audit")
    assert found == [], "\n".join(found)


def test_every_kind_of_trouble_occurs_in_these_audits(tmp_path):
    seen = Counter()
    for seed in SEEDS:
        case = make(seed)
        write(case, tmp_path / str(seed))
        rows, _ = count(case)
        of_rows = [{row["verdict"], row["not_checked_reason"]} for row in rows.values()]
        of_rows += [
            {mark for mark in ("never", "borderline", "warned", "dormant") if row[mark]} for row in rows.values()
        ]
        of_rows += [{"lower bound"} for row in rows.values() if row["gap_days"] and not row["last_post"]]
        seen.update(case.kinds.union(*of_rows))
    kinds = [kind for line in KINDS.strip().split("\n") for kind in line.split("; ")]
    assert {kind: seen[kind] for kind in kinds if seen[kind] < 2} == {}


# --- The count itself, on what was counted by hand ---------------------------------------------------------


def judged(posts=(), others=(), captured="", **cells):
    """Why an account is not checked, its gap and whether it never posted, on 2026-09-30."""
    empty = "opened_on closed_on last_post_on noted_on observed_from observed_to post_count purpose"
    row = dict.fromkeys([*empty.split(), "channel_comments", "channel_messages", "channel_menu"], "")
    row |= {"account_id": "甲", "platform": "weibo", "platform_id": "", "name": "甲", "unit": "甲局"} | cells
    rows = [{"account_id": "甲", "published_at": day, "captured_at": captured} for day in posts]
    rows += [{"account_id": "乙", "published_at": day, "captured_at": captured} for day in others]
    case = Case(0, {"as_of": dt.date(2026, 9, 30)}, accounts=[row], runs=[Run(("posts.csv",), rows)] if rows else [])
    found = count(case)[0]["甲"]
    return found["not_checked_reason"], found["gap_days"], found["never"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("not_observed", None, None)),
        ({"posts": ["2026-09-16"], "captured": "2026-09-30 08:00"}, (None, 14, False)),
        ({"posts": ["2026-09-16"], "captured": "2026-09-29 23:00"}, ("collection_ended", None, None)),
        ({"posts": ["2026-09-15"], "others": ["2026-09-30"]}, (None, 15, False)),
        ({"posts": ["2026-09-15", "2026-10-02"], "others": ["2026-09-29"]}, ("run_alone", None, None)),
        ({"posts": ["2026-09-16", "2026-10-02"], "others": ["2026-09-29"]}, (None, 14, False)),
        ({"posts": ["2026-09-30"]}, ("end_not_known", None, None)),
        ({"observed_from": "2026-09-16", "observed_to": "2026-09-30", "opened_on": "2020-01-01"}, (None, 15, False)),
        ({"observed_from": "2026-09-16", "observed_to": "2026-09-30", "opened_on": "2026-09-16"}, (None, None, True)),
        ({"last_post_on": "2026-09-16"}, (None, 14, False)),
        ({"last_post_on": "2026-09-16", "noted_on": "2026-09-29"}, ("noted_earlier", None, None)),
        ({"last_post_on": "2026-10-01"}, ("noted_later", None, None)),
        ({"post_count": "57"}, ("no_date", None, None)),
        ({"post_count": "0"}, (None, None, True)),
    ],
)
def test_the_count_says_what_was_counted_by_hand(given, expected):
    assert judged(**given) == expected


@pytest.mark.parametrize(("captured", "gap"), [("2026-09-19 08:00", 60), ("2026-09-18 08:00", 11)])
def test_the_count_joins_spans_that_touch_and_no_others(captured, gap):
    seen = {"observed_from": "2026-09-20", "observed_to": "2026-09-30"}
    assert judged(posts=["2026-08-01"], captured=captured, **seen) == (None, gap, False)
