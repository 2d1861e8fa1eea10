"""Charts of accounts and messages: how many a unit runs, what a citizen can do on them, how long replies take, the trend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from govmedia_kit import statistics
from govmedia_kit.judge import followup
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.measures import duplication
from govmedia_kit.report.charts.drawing import chart_of, chart_phrase, labelled, labels_of, step_curve
from govmedia_kit.report.phrases import percent
from govmedia_kit.schema import word_labels

if TYPE_CHECKING:
    import altair as alt

__all__ = ["accounts_per_unit", "channels", "reply_times", "trend"]

CHANNEL_COLOURS = {"none": "#D55E00", "some": "#56B4E9", "full": "#0072B2", None: "#BBBBBB"}


def accounts_per_unit(assessment: Assessment, figures: dict[str, Figure]) -> alt.Chart:
    """How many accounts units have: a bar for each number of accounts, coloured by level."""
    import altair as alt

    rows = (
        duplication.units_by_accounts(assessment.measured)
        .with_columns(level=labels_of("unit_level", assessment.language))
        .group_by("accounts", "level")
        .agg(units=pl.len())
        .sort("accounts", "level")
    )
    levels = [label for label in word_labels("unit_level", assessment.language) if label in rows["level"].to_list()]
    chart = (
        chart_of(rows)
        .mark_bar()
        .encode(
            x=alt.X("accounts:O", title=chart_phrase("accounts", assessment), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("units:Q", title=chart_phrase("units", assessment), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("level:N", title=chart_phrase("level", assessment), sort=levels or None),
            tooltip=["accounts:O", "level:N", "units:Q"],
        )
    )
    facts = {"units": "units", "most": "duplication.most_accounts", "over": "duplication.units_over_three"}
    return labelled(chart, "per_unit", assessment, 240, **{name: figures[f].text for name, f in facts.items()})


def channels(assessment: Assessment, figures: dict[str, Figure]) -> alt.Chart:
    """What a citizen can do: accounts by platform, stacked by none, some, all channels."""
    import altair as alt

    rows = (
        assessment.measured.group_by("platform", "channel")
        .agg(accounts=pl.len())
        .with_columns(
            platform_label=labels_of("platform", assessment.language),
            channel_label=labels_of("channel", assessment.language),
        )
        .sort("platform_label", "channel_label")
    )
    labels = dict(rows.select("channel", "channel_label").iter_rows())
    there = [channel for channel in CHANNEL_COLOURS if channel in labels]
    scale = alt.Scale(domain=[labels[c] for c in there], range=[CHANNEL_COLOURS[c] for c in there])
    chart = (
        chart_of(rows.select("platform_label", "channel_label", "accounts"))
        .mark_bar()
        .encode(
            x=alt.X(
                "accounts:Q", title=chart_phrase("accounts", assessment), axis=alt.Axis(tickMinStep=1, tickCount=8)
            ),
            y=alt.Y("platform_label:N", sort="-x", title=None),
            color=alt.Color("channel_label:N", scale=scale, title=chart_phrase("channel", assessment)),
            tooltip=["platform_label:N", "channel_label:N", "accounts:Q"],
        )
    )
    height = max(80, 28 * rows["platform_label"].n_unique())
    none, full = figures["interaction.no_channel"].text, figures["interaction.full"].text
    return labelled(chart, "channel", assessment, height, none=none, full=full)


def reply_times(assessment: Assessment, figures: dict[str, Figure]) -> alt.LayerChart | None:
    """How long messages wait: the Kaplan-Meier curve of those not yet answered, with its band.

    None, which a notebook shows as nothing, where there are no messages or nobody noted the replies.
    """
    import altair as alt

    replies = assessment.replies
    if replies is None or not (waits := replies.filter(pl.col("wait_days").is_not_null())).height:
        return None
    curve = statistics.waiting_time(waits["wait_days"], ~waits["replied"])
    x = alt.X("time:Q", title=chart_phrase("wait_days", assessment))
    layers = step_curve(curve, chart_phrase("waiting", assessment), opacity=0.2, x=x)
    median = figures["interaction.median_reply_days"]
    key = "reply_no_median" if median.value is None else "reply_median"
    facts = {
        "messages": figures["interaction.messages"].text,
        "median": chart_phrase(key, assessment, number=median.text),
    }
    return labelled(layers, "reply", assessment, 240, **facts)


def trend(assessment: Assessment) -> alt.LayerChart | None:
    """The pass rate of this round and of those before it, with intervals; None where there was no round before."""
    import altair as alt

    rows = followup.trend(assessment)
    if rows.height < 2:
        return None
    base = chart_of(rows.with_columns(pl.col("as_of").cast(pl.String))).encode(
        x=alt.X("as_of:O", title=chart_phrase("day", assessment))
    )
    rate = chart_phrase("pass_rate", assessment)
    y = alt.Y("pass_rate:Q", title=rate, axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=False))
    layers = alt.layer(base.mark_rule().encode(y="low:Q", y2="high:Q"), base.mark_line(point=True).encode(y=y))
    first, last = ("—" if rate is None else percent(rate) for rate in (rows["pass_rate"][0], rows["pass_rate"][-1]))
    return labelled(layers, "trend", assessment, 200, rounds=rows.height, first=first, last=last)
