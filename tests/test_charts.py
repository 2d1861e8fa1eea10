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


# --- Marks, scales, order and layers -----------------------------------------------------------------------


def layers_of(chart) -> list[tuple[str, dict]]:
    """The layers of a chart from the back to the front: the kind of mark, and its encoding."""
    spec = chart.to_dict()
    layers = spec.get("layer", [spec])
    return [(layer["mark"]["type"], spec.get("encoding", {}) | layer["encoding"]) for layer in layers]


def order_of(chart, channel: str) -> list | str | None:
    return layers_of(chart)[0][1][channel].get("sort")


@pytest.fixture(scope="module")
def stale_by_a_day(tmp_path_factory):
    """Two accounts on weibo and one on wechat, of 14, 15 and 15 days ago, by the rule of 14 days."""
    accounts = [account("甲", platform="weibo"), account("乙", platform="weibo"), account("丙")]
    posts = [post("甲", 14), post("乙", 15), post("丙", 15)]
    return measured(write_audit(tmp_path_factory.mktemp("charts") / "audit", accounts, posts))


def test_the_limit_line_stands_between_the_last_day_allowed_and_the_first_that_is_not(stale_by_a_day):
    chart = charts.gaps_by_platform(*stale_by_a_day)
    assert [mark for mark, _ in layers_of(chart)] == ["circle", "rule"]
    dots = {dot["gap_days"]: dot["shown"] for dot in values_of(chart, 0)}
    line = values_of(chart, 1)[0]["at"]
    assert dots[14] < line < dots[15]
    assert layers_of(chart)[1][1]["x"]["field"] == "at"
    assert "2个账号超过14天" in chart.to_dict()["description"]


def test_days_stand_on_a_logarithm_whose_labels_are_the_days(stale_by_a_day):
    x = layers_of(charts.gaps_by_platform(*stale_by_a_day))[0][1]["x"]
    assert (x["field"], x["scale"]) == ("shown", {"type": "log", "domainMin": 1, "nice": False})
    # A dot of no day stands at 1, and is labelled 0.
    assert x["axis"]["labelExpr"] == "format(datum.value - 1, 'd')"
    assert {dot["shown"] - dot["gap_days"] for dot in values_of(charts.gaps_by_platform(*stale_by_a_day), 0)} == {1}


def test_platforms_with_most_accounts_stand_first(stale_by_a_day):
    assert order_of(charts.gaps_by_platform(*stale_by_a_day), "y") == ["新浪微博", "微信公众号"]


def test_levels_stand_from_the_province_down(gansu_assessment, gansu_figures):
    levels = ["省级部门", "市州政府", "市直部门", "县区政府"]
    chart = charts.gaps_by_platform(gansu_assessment, gansu_figures)
    assert [level for level in order_of(chart, "color") if level in levels] == levels
    assert order_of(chart, "yOffset") == order_of(chart, "color")
    assert order_of(charts.accounts_per_unit(gansu_assessment, gansu_figures), "color") == levels


def test_an_account_that_is_exactly_at_the_limit_is_not_beyond_the_line_of_thresholds(stale_by_a_day):
    chart = charts.sensitivity(*stale_by_a_day)
    assert [mark for mark, _ in layers_of(chart)] == ["line", "rule"]
    assert values_of(chart, 1) == [{"at": 14}]
    by_days = {row["threshold"]: row["silent"] for row in values_of(chart, 0) if row["counted"] == "日历日"}
    assert [by_days[n] for n in (13, 14, 15)] == [3, 2, 0]
    y = layers_of(chart)[0][1]["y"]
    assert (y["field"], y["scale"]) == ("silent", {"domainMin": 0})


def test_bars_of_channels_are_stacked_and_the_longest_stands_first(gansu_assessment, gansu_figures):
    chart = charts.channels(gansu_assessment, gansu_figures)
    mark, encoding = layers_of(chart)[0]
    assert (mark, encoding["y"]["sort"], encoding["x"]["field"]) == ("bar", "-x", "accounts")
    assert "stack" not in encoding["x"]
    assert encoding["color"]["scale"]["domain"] == ["未开通", "部分开通", "功能齐全", "未知"]
    assert len(set(encoding["color"]["scale"]["range"])) == 4
    sums = pd.DataFrame(values_of(chart)).groupby("platform_label")["accounts"].sum()
    assert sums.to_dict() == {"微信公众号": 144, "新浪微博": 79} | {n: sums[n] for n in sums.index if sums[n] < 79}


def test_units_stand_by_whole_numbers_of_accounts(gansu_assessment, gansu_figures):
    mark, encoding = layers_of(charts.accounts_per_unit(gansu_assessment, gansu_figures))[0]
    assert mark == "bar"
    assert (encoding["x"]["field"], encoding["x"]["type"]) == ("accounts", "ordinal")
    assert (encoding["y"]["field"], encoding["y"]["axis"]) == ("units", {"tickMinStep": 1})


@pytest.mark.parametrize("name", ["reply_times", "survival"])
def test_curves_fall_in_steps_from_one_over_their_bands(gansu_assessment, gansu_figures, name):
    given = (gansu_assessment, gansu_figures) if name == "reply_times" else (gansu_assessment,)
    chart = getattr(charts, name)(*given)
    assert [mark for mark, _ in layers_of(chart)] == ["area", "line"]
    assert {layer["mark"]["interpolate"] for layer in chart.to_dict()["layer"]} == {"step-after"}
    (_, band), (_, line) = layers_of(chart)
    assert (band["y"]["field"], band["y2"]["field"]) == ("low", "high")
    assert (line["x"]["field"], line["y"]["field"], line["y"]["scale"]) == ("time", "survival", {"domain": [0, 1]})


def test_the_heat_maps_have_monday_on_top_and_the_weeks_in_order(gansu_assessment):
    for chart in (charts.calendar(gansu_assessment), charts.silence_calendar(gansu_assessment)):
        mark, encoding = layers_of(chart)[0]
        assert mark == "rect"
        assert encoding["y"]["sort"] == ["一", "二", "三", "四", "五", "六", "日"]
        assert encoding["color"]["field"] == "number"
        days = pd.DataFrame(values_of(chart)).assign(date=lambda f: pd.to_datetime(f["date"]))
        assert [encoding["y"]["sort"][i] for i in days["date"].dt.day_of_week] == days["weekday"].to_list()
        monday = days["date"] - pd.to_timedelta(days["date"].dt.day_of_week, unit="D")
        assert monday.dt.strftime("%Y-%m-%d").to_list() == days["week"].to_list()


def test_an_account_is_silent_from_the_day_after_the_limit_until_it_posts(tmp_path):
    folder = write_audit(tmp_path / "audit", [account("甲")], [post("甲", 40), post("甲", 20), post("甲", 0)])
    assessment, _ = measured(folder)
    shown = {row["date"]: row["number"] for row in values_of(charts.silence_calendar(assessment))}
    # Posts of 5 and 25 June and 15 July: 19 days between, of which those after the fourteenth count.
    assert [shown[f"2019-06-{day}"] for day in (19, 20, 24, 25)] == [0, 1, 1, 0]
    # Until the window of 90 days (from 17 April on) has run for 14 days nobody can be seen to be silent for longer.
    assert min(shown) == "2019-05-01"
    assert shown["2019-05-01"] == 1


def test_lives_begin_with_the_window_and_not_with_the_opening_of_the_account(tmp_path):
    names = [f"第{i}号" for i in range(10)]
    opened = {"opened_on": "2012-01-01", "observed_from": "2012-01-01"}
    folder = write_audit(tmp_path / "audit", [account(n, **opened) for n in names], [post(n, 40) for n in names])
    chart = charts.survival(measured(folder)[0])
    assert chart is not None
    rows = values_of(chart)
    # Nobody posted before 5 June 2019: silent from the first of the 90 days on, which is no day of 2012.
    assert [(row["time"], row["survival"]) for row in rows] == [(0.0, 1.0), (0.0, 0.0)]
    folder = write_audit(
        tmp_path / "later", [account(n, **opened) for n in names], [post(n, g) for n in names for g in range(30, 90)]
    )
    rows = values_of(charts.survival(measured(folder)[0]))
    # They posted on every day from 17 April to 15 June, sixty days, and never again.
    assert [(row["time"], row["survival"]) for row in rows] == [(0.0, 1.0), (60.0, 0.0)]


def test_where_nobody_noted_since_when_an_account_is_collected_it_is_since_its_first_post(tmp_path):
    names = [f"第{i}号" for i in range(10)]
    accounts = [account(n, opened_on="2012-01-01", observed_from=None) for n in names]
    posts = [post(n, gap) for n in names for gap in range(30)]
    rows = values_of(charts.survival(measured(write_audit(tmp_path / "audit", accounts, posts))[0]))
    # Of the days before 16 June nothing is known, and they are no silence.
    assert [(row["time"], row["survival"]) for row in rows] == [(0.0, 1.0), (90.0, 1.0)]


def test_a_platform_of_nine_accounts_has_no_curve_and_one_of_ten_has(tmp_path):
    names = [f"第{i}号" for i in range(19)]
    accounts = [account(n, platform="weibo" if i < 9 else "wechat") for i, n in enumerate(names)]
    chart = charts.survival(measured(write_audit(tmp_path / "audit", accounts, [post(n, 1) for n in names]))[0])
    assert {row["platform"] for row in values_of(chart)} == {"wechat"}
    assert "1个账号较多的平台" in chart.to_dict()["description"]
