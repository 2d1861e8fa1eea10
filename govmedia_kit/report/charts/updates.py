"""Charts of update gaps: who posted when, who is silent, what another threshold would change, how long accounts last."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from govmedia_kit.judge import rules
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.measures.updates import status, summaries
from govmedia_kit.report import phrases
from govmedia_kit.report.charts.drawing import chart_words, labelled, word_labels_of
from govmedia_kit.schema import vocabulary, word_label

if TYPE_CHECKING:
    import altair as alt

__all__ = ["calendar", "gaps_by_platform", "sensitivity", "silence_calendar", "survival"]


def gaps_by_platform(assessment: Assessment, figures: dict[str, Figure]) -> alt.LayerChart:
    """How long ago accounts posted: a dot per number of days, as large as the accounts are many, platforms as rows.

    A line stands at the rule's two weeks; accounts that never posted have no place on it.
    """
    import altair as alt

    language = assessment.language
    posted = assessment.measured.filter(pl.col("gap_days").is_not_null())
    rows = (
        posted.with_columns(
            platform_said=word_labels_of(pl.col("platform"), "platform", language),
            level=word_labels_of(pl.col("unit_level"), "unit_level", language),
            shown=pl.col("gap_days").clip(lower_bound=0) + 1,
        )
        .group_by("platform_said", "level", "gap_days", "shown")
        .agg(accounts=pl.len())
        .sort("platform_said", "level", "gap_days")
    )
    order = (
        rows.group_by("platform_said")
        .agg(pl.col("accounts").sum())
        .sort("accounts", descending=True)["platform_said"]
        .to_list()
    )
    levels = [word_label("unit_level", v, language) for v in vocabulary("unit_level")]
    limit = rules.threshold(assessment.rules, "stale")
    # One day is added so that today's posts have a place on the logarithm; the labels take it away again.
    scale = alt.Scale(type="log", domainMin=1, nice=False)
    axis = alt.Axis(values=[1, 2, 4, 8, 15, 31, 91, 366], labelExpr="format(datum.value - 1, 'd')")
    points = (
        alt.Chart(alt.Data(values=rows.to_dicts()))
        .mark_circle(opacity=0.75)
        .encode(
            x=alt.X("shown:Q", scale=scale, axis=axis, title=chart_words("gap_days", assessment)),
            y=alt.Y("platform_said:N", sort=order, title=None),
            yOffset=alt.YOffset("level:N", sort=levels),
            color=alt.Color("level:N", sort=levels, title=chart_words("level", assessment)),
            size=alt.Size(
                "accounts:Q",
                title=chart_words("accounts", assessment),
                scale=alt.Scale(domainMin=1, rangeMin=20),
                legend=alt.Legend(values=_steps(rows["accounts"]), format="d"),
            ),
            tooltip=["platform_said:N", "level:N", "gap_days:Q", "accounts:Q"],
        )
    )
    layers, beyond = [points], 0
    if limit is not None:
        beyond = posted.filter(pl.col("gap_days") > limit).height
        line = alt.Chart(alt.Data(values=[{"at": limit + 1.5}])).mark_rule(strokeDash=[5, 4], color="#333333", size=1.5)
        layers.append(line.encode(x="at:Q"))
    return labelled(
        alt.layer(*layers),
        "gap",
        assessment,
        max(120, 44 * len(order)),
        limit=rules.stale_after(assessment.rules),
        beyond=beyond,
        never=figures["updates.never"].text,
        median=figures["updates.median_gap_days"].text,
    )


def calendar(assessment: Assessment) -> alt.Chart:
    """How many posts on each day of the window: weeks across, weekdays down."""

    s = assessment.audit.settings
    first = s.as_of - dt.timedelta(days=s.window_days - 1)
    live = assessment.days.join(assessment.measured, on="account_id", how="semi")
    posted = live.group_by("day").agg(pl.col("posts").sum())
    every = pl.DataFrame({"date": pl.date_range(first, s.as_of, eager=True)})
    rows = (
        every.with_columns(day=pl.col("date").cast(pl.Int32).cast(pl.Int64))
        .join(posted.with_columns(pl.col("day").cast(pl.Int64)), on="day", how="left")
        .with_columns(
            pl.col("posts").fill_null(0),
            weekday=pl.col("date").dt.weekday(),
            week=pl.col("date").dt.truncate("1w"),
        )
    )
    work, rest = (
        _mean(rows.filter(pl.col("weekday") <= 5)["posts"]),
        _mean(rows.filter(pl.col("weekday") > 5)["posts"]),
    )
    chart = _calendar(rows.select("date", number="posts"), assessment, chart_words("posts", assessment), scheme="blues")
    number = {"days": s.window_days, "posts": int(rows["posts"].sum())}
    averages = {"weekday": work, "weekend": rest}
    return labelled(chart, "calendar", assessment, 180, **number, **averages)


def silence_calendar(assessment: Assessment) -> alt.Chart:
    """How many accounts had been silent for longer than the rule allows, on each day of the window."""
    s = assessment.audit.settings
    limit = rules.stale_after(assessment.rules)
    silences = status.silences(assessment.days, assessment.measured, as_of=s.as_of, window_days=s.window_days)
    over = silences.filter(pl.col("days") > limit).select(
        pl.date_ranges(pl.col("first_day") + pl.duration(days=limit), "last_day").alias("date")
    )
    counted = over.explode("date").group_by("date").agg(number=pl.len())
    first = s.as_of - dt.timedelta(days=s.window_days - 1)
    rows = (
        pl.DataFrame({"date": pl.date_range(first, s.as_of, eager=True)})
        .join(counted, on="date", how="left")
        .with_columns(pl.col("number").fill_null(0))
    )
    # Before the window has run for that long, nobody can be seen to have been silent for it.
    rows = rows.filter(pl.col("date") >= first + dt.timedelta(days=limit))
    chart = _calendar(rows, assessment, chart_words("accounts", assessment), scheme="oranges")
    most, least = rows["number"].max() or 0, rows["number"].min() or 0
    period = phrases.period("stale", assessment)
    return labelled(chart, "silence", assessment, 180, limit=limit, period=period, most=most, least=least)


def _calendar(rows: pl.DataFrame, assessment: Assessment, title: str, *, scheme: Any) -> alt.Chart:
    """A heat map of days, weeks across and weekdays down; `rows` have date and number."""
    import altair as alt

    weekdays = phrases.phrase("charts.weekdays", assessment.language)
    dated = rows.with_columns(weekday=pl.col("date").dt.weekday(), week=pl.col("date").dt.truncate("1w"))
    values = [
        {
            "date": row["date"].isoformat(),
            "week": row["week"].isoformat(),
            "weekday": weekdays[row["weekday"] - 1],
            "number": row["number"],
        }
        for row in dated.iter_rows(named=True)
    ]
    return (
        alt.Chart(alt.Data(values=values))
        .mark_rect(stroke="#ffffff", strokeWidth=1)
        .encode(
            x=alt.X("week:O", title=chart_words("week", assessment), axis=alt.Axis(labelAngle=-60, labelOverlap=True)),
            y=alt.Y("weekday:O", sort=weekdays, title=chart_words("weekday", assessment)),
            color=alt.Color("number:Q", title=title, scale=alt.Scale(scheme=scheme), legend=alt.Legend(format="d")),
            tooltip=["date:O", "number:Q"],
        )
    )


def sensitivity(assessment: Assessment, figures: dict[str, Figure]) -> alt.LayerChart:
    """How many accounts are silent for each threshold, in calendar and in working days; the rule's own is marked."""
    import altair as alt

    said = {"calendar": chart_words("calendar_days", assessment), "working": chart_words("working_days", assessment)}
    rows = summaries.sensitivity(assessment.measured).with_columns(pl.col("counted").replace(said))
    line = (
        alt.Chart(alt.Data(values=rows.select("counted", "threshold", "silent").to_dicts()))
        .mark_line()
        .encode(
            x=alt.X("threshold:Q", title=chart_words("threshold", assessment)),
            y=alt.Y("silent:Q", title=chart_words("silent", assessment), scale=alt.Scale(domainMin=0)),
            color=alt.Color("counted:N", title=chart_words("counted", assessment)),
            strokeDash=alt.StrokeDash("counted:N", title=chart_words("counted", assessment)),
        )
    )
    mark = alt.Chart(alt.Data(values=[{"at": rules.stale_after(assessment.rules)}]))
    layers = alt.layer(line, mark.mark_rule(strokeDash=[5, 4], color="#333333").encode(x="at:Q"))
    numbers = {"seven": "updates.over_7", "fourteen": "updates.over_14", "ninety": "updates.over_90"}
    return labelled(layers, "sensitivity", assessment, 220, **{k: figures[v].text for k, v in numbers.items()})


def survival(assessment: Assessment) -> alt.LayerChart | None:
    """How long accounts keep posting: the share without a long silence since the window began, by platform.

    None where no platform has ten accounts of which posts were collected.
    """
    import altair as alt

    s = assessment.audit.settings
    first = s.as_of - dt.timedelta(days=s.window_days - 1)
    # Of accounts whose last post somebody noted by hand, nobody saw when they were silent.
    seen = assessment.measured.filter(pl.col("checked"), pl.col("posts_in_window").is_not_null())
    common = seen["platform"].value_counts(sort=True).filter(pl.col("count") >= 10)["platform"].head(4)
    if common.is_empty():
        return None
    accounts = seen.filter(pl.col("platform").is_in(common.to_list())).with_columns(
        # Time runs from the window's first day: what was before it is not seen for all alike.
        opened_on=pl.max_horizontal("opened_on", pl.lit(first)),
        observed_from=pl.max_horizontal("observed_from", pl.lit(first)),
    )
    curve = summaries.time_to_silence(
        assessment.days,
        accounts,
        as_of=s.as_of,
        silent_after=rules.stale_after(assessment.rules),
        by="platform",
    )
    start = curve.select("platform").unique().with_columns(time=0.0, survival=1.0, low=1.0, high=1.0)
    rows = pl.concat([start, curve.select(start.columns)]).with_columns(
        pl.col("low", "high").fill_nan(None), said=word_labels_of(pl.col("platform"), "platform", assessment.language)
    )
    base = alt.Chart(alt.Data(values=rows.sort("said", "time").to_dicts())).encode(
        x=alt.X("time:Q", title=chart_words("since_start", assessment)),
        color=alt.Color("said:N", title=chart_words("platform", assessment), legend=alt.Legend(symbolOpacity=1)),
    )
    percent = alt.Axis(format=".0%")
    line = base.mark_line(interpolate="step-after").encode(
        y=alt.Y("survival:Q", title=chart_words("lasting", assessment), axis=percent, scale=alt.Scale(domain=[0, 1]))
    )
    band = base.mark_area(interpolate="step-after", opacity=0.12).encode(y="low:Q", y2="high:Q")
    return labelled(
        alt.layer(band, line),
        "survival",
        assessment,
        240,
        platforms=common.len(),
        period=phrases.period("stale", assessment),
    )


def _steps(counts: pl.Series) -> list[int]:
    """A few whole numbers from the least to the greatest, for a legend."""
    most = int(counts.max() or 1)  # type: ignore[arg-type]
    return sorted({1, *(max(1, round(most * part / 4)) for part in (1, 2, 3, 4))})


def _mean(numbers: pl.Series) -> str:
    mean = numbers.sum() / numbers.len() if numbers.len() else 0.0
    return f"{mean:.0f}" if mean >= 10 else f"{mean:.1f}"
