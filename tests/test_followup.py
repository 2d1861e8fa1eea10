"""This round against the last one."""

import datetime as dt
import shutil
from pathlib import Path

import polars as pl
import pytest

from govmedia_kit.errors import InputError
from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import figures
from govmedia_kit.judge.followup import OUTCOMES, follow_up, matched, trend
from govmedia_kit.read.audit import read_audit
from govmedia_kit.report import annexes, chapters, charts
from govmedia_kit.report.blocks import plain
from govmedia_kit.run.bulletin import make_bulletin


def ledger(rows: list[tuple]) -> pl.DataFrame:
    names = ["account_id", "platform", "platform_id", "name", "unit"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def test_an_account_is_matched_by_its_platforms_id_when_it_was_renamed():
    before = ledger([("a", "weibo", "17", "旧名", "甲局")])
    now = ledger([("b", "weibo", "17", "新名", "甲局")])
    assert matched(now, before).rows() == [("b", "a", "platform_id", "新名", "旧名", True)]


def test_name_and_unit_match_where_there_is_no_id():
    before = ledger([("a", "weibo", None, "甲局发布", "甲局"), ("c", "weibo", None, "甲局发布", "乙局")])
    now = ledger([("b", "weibo", None, "甲局发布", "甲局")])
    assert matched(now, before)["previous_account_id"].to_list() == ["a"]


def test_a_lone_account_of_unit_and_platform_is_a_doubtful_match():
    before = ledger([("a", "weibo", None, "旧名", "甲局")])
    now = ledger([("b", "weibo", None, "新名", "甲局")])
    assert matched(now, before).select("matched_by", "renamed").row(0) == ("unit_and_platform", True)


def test_two_candidates_are_no_match():
    before = ledger([("a", "weibo", None, "旧一", "甲局"), ("c", "weibo", None, "旧二", "甲局")])
    now = ledger([("b", "weibo", None, "新名", "甲局")])
    assert matched(now, before).height == 0


ROWS_BEFORE = """account_id,platform,name,unit,last_post_on,closed_on
a,weibo,甲,甲局,2020-01-01,
b,weibo,乙,乙局,2020-01-01,
c,weibo,丙,丙局,2020-03-30,
d,weibo,丁,丁局,2020-01-01,
"""
# a is mended, b persists, c is new, d was closed.
ROWS_NOW = """account_id,platform,name,unit,last_post_on,closed_on
a,weibo,甲,甲局,2020-06-29,
b,weibo,乙,乙局,2020-01-01,
c,weibo,丙,丙局,2020-05-01,
d,weibo,丁,丁局,2020-01-01,2020-05-01
"""


def audit_folder(folder: Path, rows: str, as_of: str, previous: str = "") -> Path:
    folder.mkdir()
    (folder / "accounts.csv").write_text(rows, encoding="utf-8")
    (folder / "audit.toml").write_text(
        f'as_of = {as_of}\nnoted_on = {as_of}\nprevious = "{previous}"\n', encoding="utf-8"
    )
    return folder


@pytest.fixture
def two_rounds(tmp_path: Path) -> tuple[Assessment, Assessment]:
    audit_folder(tmp_path / "第一轮", ROWS_BEFORE, "2020-03-31")
    now = assess(read_audit(audit_folder(tmp_path / "second", ROWS_NOW, "2020-06-30", "../第一轮")))
    assert now.previous is not None
    return now, now.previous


def test_each_account_that_failed_has_its_outcome(two_rounds):
    rows = follow_up(*two_rounds)
    assert dict(rows.select("name", "outcome").iter_rows()) == {
        "甲": "fixed",
        "乙": "persisting",
        "丙": "new",
        "丁": "gone",
    }


MORE_BEFORE = """account_id,platform,platform_id,name,unit,last_post_on
e,weibo,5,戊,戊局,2020-01-01
f,weibo,6,己,己局,2020-01-01
g,weibo,7,庚旧名,庚局,2020-01-01
"""
# e is in the ledger no more, nothing is known of f, g has another name and posts again.
MORE_NOW = """account_id,platform,platform_id,name,unit,last_post_on
f,weibo,6,己,己局,
g,weibo,7,庚新名,庚局,2020-06-29
"""


@pytest.fixture
def further(tmp_path: Path) -> Assessment:
    audit_folder(tmp_path / "before", MORE_BEFORE, "2020-03-31")
    return assess(read_audit(audit_folder(tmp_path / "now", MORE_NOW, "2020-06-30", "../before")))


def test_what_the_ledger_lacks_is_missing_and_not_closed(further):
    assert further.followed is not None
    outcomes = dict(further.followed.select("name", "outcome").iter_rows())
    assert outcomes == {"戊": "missing", "己": "not_checked", "庚新名": "fixed"}
    numbers = figures(further)
    parts = [numbers[f"followup.{outcome}"].value for outcome in OUTCOMES if outcome != "new"]
    assert sum(parts) == numbers["followup.failed_before"].value == 3


def test_the_annex_shows_the_former_name_and_both_rounds_findings(further):
    table = annexes.followup(further)
    names = [column["name"] for column in table["columns"]]
    row = next(dict(zip(names, row, strict=True)) for row in table["rows"] if "庚新名" in row)
    assert row["previous_name"] == "庚旧名"
    assert "2020-01-01" in row["previous_sentence"]
    assert row["present_sentence"] is None


def test_the_bulletin_says_every_outcome_that_there_is_and_no_other(further):
    blocks = chapters.overall(further, figures(further)).blocks
    text = next(plain(b["runs"]) for b in blocks if "回头看" in plain(b.get("runs", [])))
    assert "已整改1个，台账已无1个，本轮未核查1个（所涉账号中有1个已更名）；本轮没有新增不合格账号" in text
    assert "关停" not in text


def test_the_figures_count_the_outcomes(two_rounds):
    numbers = figures(two_rounds[0])
    found = {
        name: numbers[f"followup.{name}"].value for name in ("failed_before", "fixed", "persisting", "gone", "new")
    }
    assert found == {"failed_before": 3, "fixed": 1, "persisting": 1, "gone": 1, "new": 1}


def test_the_trend_has_a_row_a_round_the_earliest_first(two_rounds):
    rows = trend(two_rounds[0])
    assert rows["as_of"].to_list() == [dt.date(2020, 3, 31), dt.date(2020, 6, 30)]
    assert rows.select("checked", "failed").rows() == [(4, 3), (3, 2)]


def test_without_a_previous_round_there_is_none(gansu):
    assert assess(read_audit(gansu)).previous is None


def test_a_previous_round_that_is_not_earlier_is_an_error(tmp_path):
    audit_folder(tmp_path / "a", ROWS_BEFORE, "2020-07-31")
    now = read_audit(audit_folder(tmp_path / "b", ROWS_NOW, "2020-06-30", "../a"))
    with pytest.raises(InputError, match="not before"):
        assess(now)


def test_a_round_against_its_own_copy_finds_every_failure_persisting(gansu, tmp_path):
    copy = tmp_path / "again"
    shutil.copytree(gansu, copy)
    text = (copy / "audit.toml").read_text(encoding="utf-8").replace("as_of = 2019-07-15", "as_of = 2019-07-14")
    (copy / "audit.toml").write_text(text, encoding="utf-8")
    now, before = assess(read_audit(gansu)), assess(read_audit(copy))
    rows = follow_up(now, before)
    both = set(before.measured.filter(verdict="failed")["account_id"]) & set(
        now.measured.filter(verdict="failed")["account_id"]
    )
    assert set(rows.filter(outcome="persisting")["account_id"]) == both
    assert len(both) > 50


def test_the_trend_is_charted_from_two_rounds_on(two_rounds, gansu_assessment):
    chart = charts.trend(two_rounds[0])
    assert chart is not None
    assert [row["pass_rate"] for row in chart.to_dict()["data"]["values"]] == [1 / 4, 1 / 3]
    assert charts.trend(gansu_assessment) is None


def test_the_trend_is_a_line_through_points_over_bars_of_the_intervals(two_rounds):
    spec = charts.trend(two_rounds[0]).to_dict()
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["rule", "line"]
    bars, line = (layer["encoding"] for layer in spec["layer"])
    assert (bars["y"]["field"], bars["y2"]["field"], line["y"]["field"]) == ("low", "high", "pass_rate")
    assert spec["layer"][1]["mark"]["point"] is True
    assert line["x"] == {"field": "as_of", "type": "ordinal", "title": "日期"}
    assert [row["as_of"] for row in spec["data"]["values"]] == ["2020-03-31", "2020-06-30"]
    assert all(row["low"] < row["pass_rate"] < row["high"] for row in spec["data"]["values"])


def test_the_interval_of_the_trend_is_not_known_where_nothing_was_checked(tmp_path):
    rows = "account_id,platform,name,unit\na,weibo,甲,甲局\n"
    now = assess(read_audit(audit_folder(tmp_path / "a", rows, "2020-03-31")))
    assert trend(now).select("checked", "pass_rate", "low", "high").row(0) == (0, None, None, None)


@pytest.mark.parametrize("twice", ["now", "before"])
def test_a_key_that_stands_twice_in_either_round_matches_nobody(twice):
    one = ledger([("a", "weibo", "17", "旧名", "甲局")])
    two = ledger([("b", "weibo", "17", "甲一", "甲局"), ("c", "weibo", "17", "甲二", "甲局")])
    assert matched(*((two, one) if twice == "now" else (one, two))).height == 0


def test_an_account_is_matched_once_and_by_the_surest_way():
    before = ledger([("a", "weibo", "17", "甲", "甲局"), ("b", "weibo", "18", "乙", "甲局")])
    now = ledger([("b", "weibo", "17", "甲", "甲局")])
    # The id of the ledger says b, the platform's id a.
    assert matched(now, before).select("previous_account_id", "matched_by").rows() == [("b", "account_id")]


def test_a_finished_bulletin_may_be_the_round_before_and_is_what_counts(tmp_path, kernel):
    """Whatever has become of its ledger since: what was published is what this round is held against."""
    before = audit_folder(tmp_path / "第一轮", ROWS_BEFORE, "2020-03-31")
    make_bulletin(before, tmp_path / "印发", formats=["ipynb"], kernel=kernel)
    (before / "accounts.csv").write_text(ROWS_BEFORE.replace("2020-01-01", "2020-03-30"), encoding="utf-8")
    now = assess(read_audit(audit_folder(tmp_path / "second", ROWS_NOW, "2020-06-30", "../印发")))
    assert now.previous is not None
    # As by the audit from which it was made: three of four had failed.
    assert (now.previous.as_of, now.previous.checked, now.previous.count("failed")) == (dt.date(2020, 3, 31), 4, 3)
    outcomes = dict(now.followed.select("name", "outcome").iter_rows())
    assert outcomes == {"甲": "fixed", "乙": "persisting", "丙": "new", "丁": "gone"}
    assert now.same_rules
    said = plain(chapters.overall(now, figures(now)).blocks[2]["runs"])
    assert "上一轮" in said
    assert "比上一轮提高" in said or "比上一轮下降" in said or "持平" in said
