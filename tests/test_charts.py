"""What a chart shows, and what its words say of it, counted apart from it."""

import re

import pandas as pd
import pytest
from audits import account, post, write_audit

from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.figures import figures
from govmedia_kit.read.audit import read_audit
from govmedia_kit.report import charts


def measured(folder):
    assessment = assess(read_audit(folder))
    return assessment, figures(assessment)


def values_of(chart, layer: int | None = None) -> list[dict]:
    spec = chart.to_dict()
    return (spec if layer is None else spec["layer"][layer])["data"]["values"]


def test_the_dots_are_the_accounts_that_have_posted(gansu_assessment, gansu_figures):
    chart = charts.gaps_by_platform(gansu_assessment, gansu_figures)
    dots = values_of(chart, 0)
    known = gansu_assessment.measured.filter(gansu_assessment.measured["gap_days"].is_not_null())
    assert sum(dot["accounts"] for dot in dots) == known.height == 280
    beyond = sum(dot["accounts"] for dot in dots if dot["gap_days"] > 14)
    # 35 are stale, three of them because they never posted: those have no place on the axis.
    assert beyond == 32
    assert "32个账号超过14天" in chart.to_dict()["description"]
    assert "从未更新的3个账号不在图上" in chart.to_dict()["description"]


def test_the_calendar_counts_posts_of_live_accounts_only(tmp_path):
    accounts = [account("甲"), account("乙", closed_on="2019-07-15")]
    posts = [post(name, gap) for name in ("甲", "乙") for gap in range(1, 11)]
    assessment, _ = measured(write_audit(tmp_path / "audit", accounts, posts))
    chart = charts.calendar(assessment)
    assert sum(day["number"] for day in values_of(chart)) == 10
    # Ten posts on ten of the 90 days: 5 to 14 July 2019, six weekdays and four days of weekends.
    assert "共10条，平均每个工作日0.1条、每个周末日0.2条" in chart.to_dict()["description"]


def test_hand_noted_accounts_are_in_no_survival_curve(tmp_path):
    rows = [account(f"第{i}号", last_post_on="2019-07-14", observed_from=None, observed_to=None) for i in range(12)]
    assessment, _ = measured(write_audit(tmp_path / "audit", rows, []))
    assert charts.survival(assessment) is None


def test_the_survival_curve_begins_at_one_and_never_rises(gansu_assessment):
    chart = charts.survival(gansu_assessment)
    assert chart is not None
    rows = pd.DataFrame(values_of(chart, 1) if "data" in chart.to_dict()["layer"][1] else values_of(chart))
    for _, curve in rows.sort_values("time", kind="stable").groupby("platform"):
        assert curve["survival"].iloc[0] == 1
        assert curve["survival"].is_monotonic_decreasing


def test_accounts_per_unit_add_up_to_the_units(gansu_assessment, gansu_figures):
    bars = values_of(charts.accounts_per_unit(gansu_assessment, gansu_figures))
    units = pd.read_csv(gansu_assessment.audit.folder / "accounts.csv").groupby("unit").size()
    number = next(name for name in bars[0] if name != "accounts" and isinstance(bars[0][name], int))
    assert sum(bar[number] for bar in bars) == len(units) == 137


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_every_chart_says_in_words_what_it_shows(gansu, language):
    assessment = assess(read_audit(gansu, language=language))
    numbers = figures(assessment)
    made = [
        charts.accounts_per_unit(assessment, numbers),
        charts.channels(assessment, numbers),
        charts.reply_times(assessment, numbers),
        charts.gaps_by_platform(assessment, numbers),
        charts.calendar(assessment),
        charts.silence_calendar(assessment),
        charts.sensitivity(assessment, numbers),
        charts.survival(assessment),
    ]
    for chart in made:
        said = chart.to_dict()["description"]
        assert len(said) > 20
        assert re.search(r"[{}]", said) is None
        assert bool(re.search(r"[\u4e00-\u9fff]", said)) == (language != "en")
