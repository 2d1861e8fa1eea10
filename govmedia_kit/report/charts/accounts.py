"""Charts of accounts and messages: how many a unit runs, what a citizen can do on them, how long replies take, the trend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from govmedia_kit import statistics
from govmedia_kit.judge import followup
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.measures import duplication
from govmedia_kit.report import phrases
from govmedia_kit.report.charts.drawing import chart_words, labelled, word_labels_of
from govmedia_kit.schema import vocabulary, word_label

if TYPE_CHECKING:
    import altair as alt

__all__ = ["accounts_per_unit", "channels", "reply_times", "trend"]

CHANNEL_COLOURS = {"none": "#D55E00", "some": "#56B4E9", "full": "#0072B2", "": "#BBBBBB"}


def accounts_per_unit(assessment: Assessment, figures: dict[str, Figure]) -> alt.Chart:
    """How many accounts units have: a bar for each number of accounts, coloured by level."""
    import altair as alt

    language = assessment.language
    units = duplication.units_by_accounts(assessment.measured)
    levels = [
        word_label("unit_level", v, language) for v in vocabulary("unit_level") if v in units["unit_level"].to_list()
    ]
    rows = (
        units.with_columns(level=word_labels_of(pl.col("unit_level"), "unit_level", language))
        .group_by("accounts", "level")
        .agg(units=pl.len())
        .sort("accounts", "level")
    )
    chart = (
        alt.Chart(alt.Data(values=rows.to_dicts()))
        .mark_bar()
        .encode(
            x=alt.X("accounts:O", title=chart_words("accounts", assessment), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("units:Q", title=chart_words("units", assessment), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("level:N", title=chart_words("level", assessment), sort=levels or None),
            tooltip=["accounts:O", "level:N", "units:Q"],
        )
    )
    return labelled(
        chart,
        "per_unit",
        assessment,
        240,
        units=figures["units"].text,
        most=figures["duplication.most_accounts"].text,
        over=figures["duplication.units_over_three"].text,
    )


def channels(assessment: Assessment, figures: dict[str, Figure]) -> alt.Chart:
    """What a citizen can do: accounts by platform, stacked by none, some, all channels."""
    import altair as alt

    language = assessment.language
    unknown = chart_words("unknown", assessment)
    said = {c: word_label("channel", c, language) for c in ("none", "some", "full")} | {"": unknown}
    rows = (
        assessment.measured.with_columns(
            platform_said=word_labels_of(pl.col("platform"), "platform", language),
            channel_said=pl.col("channel").fill_null("").replace_strict(said),
        )
        .group_by("platform_said", "channel_said")
        .agg(accounts=pl.len())
        .sort("platform_said", "channel_said")
    )
    there = [c for c in said if said[c] in rows["channel_said"].to_list()]
    scale = alt.Scale(domain=[said[c] for c in there], range=[CHANNEL_COLOURS[c] for c in there])
    chart = (
        alt.Chart(alt.Data(values=rows.to_dicts()))
        .mark_bar()
        .encode(
            x=alt.X("accounts:Q", title=chart_words("accounts", assessment), axis=alt.Axis(tickMinStep=1, tickCount=8)),
            y=alt.Y("platform_said:N", sort="-x", title=None),
            color=alt.Color("channel_said:N", scale=scale, title=chart_words("channel", assessment)),
            tooltip=["platform_said:N", "channel_said:N", "accounts:Q"],
        )
    )
    platforms = rows["platform_said"].n_unique()
    none, full = figures["interaction.no_channel"].text, figures["interaction.full"].text
    return labelled(chart, "channel", assessment, max(80, 28 * platforms), none=none, full=full)


def reply_times(assessment: Assessment, figures: dict[str, Figure]) -> alt.LayerChart | None:
    """How long messages wait: the Kaplan-Meier curve of those not yet answered, with its band.

    None, which a notebook shows as nothing, where there are no messages or nobody noted the replies.
    """
    import altair as alt

    waits = (
        pl.DataFrame() if assessment.replies is None else assessment.replies.filter(pl.col("wait_days").is_not_null())
    )
    if not waits.height:
        return None
    curve = statistics.waiting_time(waits["wait_days"], ~waits["replied"])
    start = {"time": 0.0, "survival": 1.0, "low": 1.0, "high": 1.0}
    rows = [start, *curve.select(pl.col("time", "survival"), pl.col("low", "high").fill_nan(None)).to_dicts()]
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("time:Q", title=chart_words("wait_days", assessment)))
    percent = alt.Axis(format=".0%")
    line = base.mark_line(interpolate="step-after").encode(
        y=alt.Y("survival:Q", title=chart_words("waiting", assessment), axis=percent, scale=alt.Scale(domain=[0, 1]))
    )
    band = base.mark_area(interpolate="step-after", opacity=0.2).encode(y="low:Q", y2="high:Q")
    median = figures["interaction.median_reply_days"]
    told = (
        chart_words("reply_median", assessment, number=median.text)
        if median.value is not None
        else chart_words("reply_no_median", assessment)
    )
    return labelled(
        alt.layer(band, line),
        "reply",
        assessment,
        240,
        messages=figures["interaction.messages"].text,
        median=told,
    )


def trend(assessment: Assessment) -> alt.LayerChart | None:
    """The pass rate of this round and of those before it, with intervals; None where there was no round before."""
    import altair as alt

    rows = followup.trend(assessment)
    if rows.height < 2:
        return None
    shown = rows.with_columns(pl.col("as_of").cast(pl.String))
    base = alt.Chart(alt.Data(values=shown.to_dicts())).encode(x=alt.X("as_of:O", title=chart_words("day", assessment)))
    axis = alt.Axis(format=".0%")
    line = base.mark_line(point=True).encode(
        y=alt.Y("pass_rate:Q", title=chart_words("pass_rate", assessment), axis=axis, scale=alt.Scale(zero=False))
    )
    bars = base.mark_rule().encode(y="low:Q", y2="high:Q")
    first, last = (
        phrases.percent(rate) if rate is not None else "—" for rate in (rows["pass_rate"][0], rows["pass_rate"][-1])
    )
    return labelled(alt.layer(bars, line), "trend", assessment, 200, rounds=rows.height, first=first, last=last)
