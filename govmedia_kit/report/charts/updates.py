"""Charts of update gaps: who posted when, who is silent, what another threshold would change, how long accounts last."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.judge import rules
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.measures.updates import summaries
from govmedia_kit.report.charts.drawing import chart_of, chart_phrase, labelled, labels_of, limit_line, step_curve
from govmedia_kit.report.phrases import period
from govmedia_kit.schema import word_labels

if TYPE_CHECKING:
    import altair as alt

__all__ = ["calendar", "gaps_by_platform", "sensitivity", "silence_calendar", "survival"]

# A platform has a curve of its own from ten accounts on, and so many have: more cannot be told apart.
ACCOUNTS, CURVES = 10, 4


def gaps_by_platform(assessment: Assessment, figures: dict[str, Figure]) -> alt.LayerChart:
    """How long ago accounts posted: a dot per number of days, as large as the accounts are many, platforms as rows.

    A line stands at the rule's two weeks; accounts that never posted have no place on it.
    """
    import altair as alt

    language = assessment.language
    posted = assessment.measured.filter(pl.col("gap_days").is_not_null()).with_columns(
        platform_label=labels_of("platform", language),
        level=labels_of("unit_level", language),
        # One day is added so that today's posts have a place on the logarithm; the axis takes it away again.
        shown=pl.col("gap_days").clip(lower_bound=0) + 1,
    )
    dot = ["platform_label", "level", "gap_days"]
    rows = posted.group_by(*dot, "shown").agg(accounts=pl.len()).sort(dot)
    # Of as many accounts the platform that stands first in `rows`, so that the order is always the same.
    sizes = rows.group_by("platform_label", maintain_order=True).agg(pl.col("accounts").sum())
    order = sizes.sort("accounts", descending=True, maintain_order=True)["platform_label"].to_list()
    levels = word_labels("unit_level", language)
    points = (
        chart_of(rows)
        .mark_circle(opacity=0.75)
        .encode(
            x=alt.X(
                "shown:Q",
                title=chart_phrase("gap_days", assessment),
                scale=alt.Scale(type="log", domainMin=1, nice=False),
                axis=alt.Axis(values=[1, 2, 4, 8, 15, 31, 91, 366], labelExpr="format(datum.value - 1, 'd')"),
            ),
            y=alt.Y("platform_label:N", sort=order, title=None),
            yOffset=alt.YOffset("level:N", sort=levels),
            color=alt.Color("level:N", sort=levels, title=chart_phrase("level", assessment)),
            size=alt.Size(
                "accounts:Q",
                title=chart_phrase("accounts", assessment),
                scale=alt.Scale(domainMin=1, rangeMin=20),
                legend=alt.Legend(values=_steps(rows["accounts"]), format="d"),
            ),
            tooltip=["platform_label:N", "level:N", "gap_days:Q", "accounts:Q"],
        )
    )
    layers, beyond = [points], 0
    limit = rules.threshold(assessment.rules, "stale")
    if limit is not None:
        beyond = posted.filter(pl.col("gap_days") > limit).height
        # Between the last day that is allowed and the first that is not.
        layers.append(limit_line(limit + 1.5, size=1.5))
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
    live = assessment.days.join(assessment.measured, on="account_id", how="semi")
    rows = summaries.posts_by_day(live, **_window(assessment))
    work = rows["date"].dt.weekday() <= 5
    means = {"weekday": _mean(rows.filter(work)["posts"]), "weekend": _mean(rows.filter(~work)["posts"])}
    chart = _calendar(rows.rename({"posts": "number"}), assessment, "posts", scheme="blues")
    return labelled(chart, "calendar", assessment, 180, days=rows.height, posts=rows["posts"].sum(), **means)


def silence_calendar(assessment: Assessment) -> alt.Chart:
    """How many accounts had been silent for longer than the rule allows, on each day of the window."""
    limit = rules.stale_after(assessment.rules)
    how = {**_window(assessment), "observations": assessment.audit.observations}
    rows = summaries.silent_by_day(assessment.days, assessment.measured, **how, silent_after=limit)
    chart = _calendar(rows.rename({"silent": "number"}), assessment, "accounts", scheme="oranges")
    most, least = rows["silent"].max() or 0, rows["silent"].min() or 0
    allowed = period("stale", assessment)
    return labelled(chart, "silence", assessment, 180, limit=limit, period=allowed, most=most, least=least)


def _window(assessment: Assessment) -> dict[str, Any]:
    return {"as_of": assessment.as_of, "window_days": assessment.audit.settings.window_days}


def _calendar(rows: pl.DataFrame, assessment: Assessment, title: str, *, scheme: Any) -> alt.Chart:
    """A heat map of days, weeks across and weekdays down; `rows` have date and number."""
    import altair as alt

    weekdays = phrase("charts.weekdays", assessment.language)
    days = rows.select(
        pl.col("date").cast(pl.String),
        week=pl.col("date").dt.truncate("1w").cast(pl.String),
        weekday=pl.col("date").dt.weekday().replace_strict(range(1, 8), weekdays),
        number="number",
    )
    scale, legend = alt.Scale(scheme=scheme), alt.Legend(format="d")
    return (
        chart_of(days)
        .mark_rect(stroke="#ffffff", strokeWidth=1)
        .encode(
            x=alt.X("week:O", title=chart_phrase("week", assessment), axis=alt.Axis(labelAngle=-60, labelOverlap=True)),
            y=alt.Y("weekday:O", sort=weekdays, title=chart_phrase("weekday", assessment)),
            color=alt.Color("number:Q", title=chart_phrase(title, assessment), scale=scale, legend=legend),
            tooltip=["date:O", "number:Q"],
        )
    )


def sensitivity(assessment: Assessment, figures: dict[str, Figure]) -> alt.LayerChart:
    """How many accounts are silent for each threshold, in calendar and in working days; the rule's own is marked."""
    import altair as alt

    names = {counted: chart_phrase(f"{counted}_days", assessment) for counted in ("calendar", "working")}
    rows = summaries.sensitivity(assessment.measured).select(pl.col("counted").replace(names), "threshold", "silent")
    counted = chart_phrase("counted", assessment)
    line = (
        chart_of(rows)
        .mark_line()
        .encode(
            x=alt.X("threshold:Q", title=chart_phrase("threshold", assessment)),
            y=alt.Y("silent:Q", title=chart_phrase("silent", assessment), scale=alt.Scale(domainMin=0)),
            color=alt.Color("counted:N", title=counted),
            strokeDash=alt.StrokeDash("counted:N", title=counted),
        )
    )
    layers = alt.layer(line, limit_line(rules.stale_after(assessment.rules)))
    facts = {"seven": "updates.over_7", "fourteen": "updates.over_14", "ninety": "updates.over_90"}
    return labelled(layers, "sensitivity", assessment, 220, **{name: figures[f].text for name, f in facts.items()})


def survival(assessment: Assessment) -> alt.LayerChart | None:
    """How long accounts keep posting: the share without a long silence since the window began, by platform.

    None where no platform has ten accounts of which posts were collected.
    """
    import altair as alt

    # Of accounts whose last post somebody noted by hand, nobody saw when they were silent.
    seen = assessment.measured.filter(pl.col("checked"), pl.col("posts_in_window").is_not_null())
    common = seen["platform"].value_counts(sort=True).filter(pl.col("count") >= ACCOUNTS)["platform"].head(CURVES)
    if common.is_empty():
        return None
    curves = summaries.time_to_silence(
        assessment.days,
        seen.filter(pl.col("platform").is_in(common.to_list())),
        as_of=assessment.as_of,
        # What was before the window is not seen for all alike.
        since=assessment.as_of - dt.timedelta(days=assessment.audit.settings.window_days - 1),
        silent_after=rules.stale_after(assessment.rules),
        by="platform",
    )
    labels = curves.with_columns(platform_label=labels_of("platform", assessment.language))
    layers = step_curve(
        labels,
        chart_phrase("lasting", assessment),
        by=["platform_label", "platform"],
        opacity=0.12,
        x=alt.X("time:Q", title=chart_phrase("since_start", assessment)),
        color=alt.Color(
            "platform_label:N", title=chart_phrase("platform", assessment), legend=alt.Legend(symbolOpacity=1)
        ),
    )
    facts = {"platforms": common.len(), "period": period("stale", assessment)}
    return labelled(layers, "survival", assessment, 240, **facts)


def _steps(counts: pl.Series) -> list[int]:
    """A few whole numbers from the least to the greatest, for a legend."""
    most = int(counts.max() or 1)  # type: ignore[arg-type]
    return sorted({1, *(max(1, round(most * part / 4)) for part in (1, 2, 3, 4))})


def _mean(numbers: pl.Series) -> str:
    mean = numbers.sum() / numbers.len() if numbers.len() else 0.0
    return f"{mean:.0f}" if mean >= 10 else f"{mean:.1f}"
