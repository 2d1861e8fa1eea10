"""Summary frames to Altair charts: one theme, Chinese labels, alt text that says type, data and message.

`enable` switches on the renderer that works without a network: an SVG beside the Vega-Lite JSON, so that JupyterLab is
interactive and every exporter has a picture. Frames are aggregated before they are charted.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from govmedia_kit import duplication, estimates, prose
from govmedia_kit.fields import vocabulary, word_label
from govmedia_kit.figures import Figure
from govmedia_kit.rounds import Round

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "accounts_per_unit",
    "calendar",
    "channels",
    "enable",
    "gaps_by_platform",
    "register_fonts",
    "reply_times",
    "sensitivity",
    "silence_calendar",
    "survival",
]

FONT = "Noto Sans SC, Microsoft YaHei, PingFang SC, Noto Sans CJK SC, sans-serif"
# Okabe and Ito's colours, told apart by colour-blind readers.
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999"]
CHANNEL_COLOURS = {"none": "#D55E00", "some": "#56B4E9", "full": "#0072B2", "": "#BBBBBB"}
WIDTH = 560
V5 = "https://vega.github.io/schema/vega-lite/v5.json"


def enable() -> None:
    """Show charts offline from here on: our theme, and the SVG renderer. Called by a notebook, never at import."""
    import altair as alt

    register_fonts()
    alt.renderers.register("govmedia", _render)
    alt.renderers.enable("govmedia")
    alt.theme.register("govmedia", enable=True)(_theme)


def register_fonts() -> None:
    """Tell the converter where the kit's Chinese fonts are: without them it drops every label in silence."""
    from pathlib import Path

    import pylopdf_fonts_zh_cn as fonts
    import vl_convert

    vl_convert.register_font_directory(str(Path(fonts.sans_path()).parent))


def _theme() -> Any:
    text = {
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return {
        "config": {
            "font": FONT,
            "background": "#ffffff",
            "axis": {**text, "gridColor": "#e5e5e5", "domainColor": "#666666", "tickColor": "#666666"},
            "legend": text,
            "header": text,
            "title": {"font": FONT, "fontSize": 14, "fontWeight": "normal", "anchor": "start"},
            "text": {"font": FONT, "fontSize": 12},
            "range": {"category": PALETTE},
            "view": {"stroke": None},
        }
    }


def _render(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The chart as an SVG, as Vega-Lite for JupyterLab (which knows it up to version 5) and as its alt text."""
    import vl_convert

    register_fonts()
    return {
        "application/vnd.vegalite.v5+json": {**spec, "$schema": V5},
        "image/svg+xml": _own_ids(vl_convert.vegalite_to_svg(spec), spec),
        "text/plain": spec.get("description", ""),
    }


def _own_ids(svg: str, spec: dict[str, Any]) -> str:
    """The picture with ids of its own: the converter counts on from one picture to the next as long as it runs."""
    import hashlib
    import json
    import re

    prefix = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    ids = {old: f"p{prefix}-{i}" for i, old in enumerate(dict.fromkeys(re.findall(r'\sid="([^"]+)"', svg)))}
    return re.sub(r'(\sid="|url\(#|href="#)([^")]+)', lambda found: found[1] + ids.get(found[2], found[2]), svg)


def _said(key: str, round_: Round, **facts: Any) -> str:
    return prose.said(f"charts.{key}", round_.language).format(**facts)


def _properties(chart: Any, key: str, round_: Round, height: int, **facts: Any) -> Any:
    # A label that a reader can trust is left whole: no limit on its length.
    return chart.properties(
        title=_said(f"{key}_title", round_),
        description=_said(f"{key}_alt", round_, **facts),
        width=WIDTH,
        height=height,
    )


def accounts_per_unit(round_: Round, figures: dict[str, Figure]) -> alt.Chart:
    """How many accounts units have: a bar for each number of accounts, coloured by level."""
    import altair as alt

    language = round_.language
    units = duplication.units_by_accounts(round_.measured)
    levels = [
        word_label("unit_level", v, language) for v in vocabulary("unit_level") if v in units["unit_level"].to_list()
    ]
    rows = (
        units.with_columns(level=_words(pl.col("unit_level"), "unit_level", language))
        .group_by("accounts", "level")
        .agg(units=pl.len())
        .sort("accounts", "level")
    )
    chart = (
        alt.Chart(alt.Data(values=rows.to_dicts()))
        .mark_bar()
        .encode(
            x=alt.X("accounts:O", title=_said("accounts", round_), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("units:Q", title=_said("units", round_), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("level:N", title=_said("level", round_), sort=levels or None),
            tooltip=["accounts:O", "level:N", "units:Q"],
        )
    )
    return _properties(
        chart,
        "per_unit",
        round_,
        240,
        units=figures["units"].text,
        most=figures["duplication.most_accounts"].text,
        over=figures["duplication.units_over_three"].text,
    )


def gaps_by_platform(round_: Round, figures: dict[str, Figure]) -> alt.LayerChart:
    """How long ago each account posted: a tick per account, platforms as rows, a line at the rule's two weeks."""
    import altair as alt

    from govmedia_kit import rules

    language = round_.language
    rows = (
        round_.measured.filter(pl.col("gap_days").is_not_null())
        .with_columns(
            platform_said=_words(pl.col("platform"), "platform", language),
            level=_words(pl.col("unit_level"), "unit_level", language),
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
    limit = rules.threshold(round_.rules, "stale")
    # One day is added so that today's posts have a place on the logarithm; the labels take it away again.
    scale = alt.Scale(type="log", domainMin=1, nice=False)
    axis = alt.Axis(values=[1, 2, 4, 8, 15, 31, 91, 366], labelExpr="format(datum.value - 1, 'd')")
    points = (
        alt.Chart(alt.Data(values=rows.to_dicts()))
        .mark_circle(opacity=0.75)
        .encode(
            x=alt.X("shown:Q", scale=scale, axis=axis, title=_said("gap_days", round_)),
            y=alt.Y("platform_said:N", sort=order, title=None),
            yOffset=alt.YOffset("level:N", sort=levels),
            color=alt.Color("level:N", sort=levels, title=_said("level", round_)),
            size=alt.Size(
                "accounts:Q",
                title=_said("accounts", round_),
                scale=alt.Scale(domainMin=1, rangeMin=20),
                legend=alt.Legend(tickMinStep=1, tickCount=4),
            ),
            tooltip=["platform_said:N", "level:N", "gap_days:Q", "accounts:Q"],
        )
    )
    layers = [points]
    if limit is not None:
        line = alt.Chart(alt.Data(values=[{"at": limit + 1.5}])).mark_rule(strokeDash=[5, 4], color="#333333", size=1.5)
        layers.append(line.encode(x="at:Q"))
    return _properties(
        alt.layer(*layers),
        "gap",
        round_,
        max(120, 44 * len(order)),
        stale=figures["updates.stale"].text,
        median=figures["updates.median_gap_days"].text,
    )


def calendar(round_: Round) -> alt.Chart:
    """How many posts on each day of the window: weeks across, weekdays down."""

    s = round_.audit.settings
    first = s.as_of - dt.timedelta(days=s.window_days - 1)
    posted = round_.days.group_by("day").agg(pl.col("posts").sum())
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
    chart = _calendar(rows.select("date", number="posts"), round_, _said("posts", round_), scheme="blues")
    number = {"days": s.window_days, "posts": int(rows["posts"].sum())}
    averages = {"weekday": work, "weekend": rest}
    return _properties(chart, "calendar", round_, 180, **number, **averages)


def _calendar(rows: pl.DataFrame, round_: Round, title: str, *, scheme: Any) -> alt.Chart:
    """A heat map of days, weeks across and weekdays down; `rows` have date and number."""
    import altair as alt

    weekdays = prose.said("charts.weekdays", round_.language)
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
            x=alt.X("week:O", title=_said("week", round_), axis=alt.Axis(labelAngle=-60, labelOverlap=True)),
            y=alt.Y("weekday:O", sort=weekdays, title=_said("weekday", round_)),
            color=alt.Color("number:Q", title=title, scale=alt.Scale(scheme=scheme)),
            tooltip=["date:O", "number:Q"],
        )
    )


def channels(round_: Round, figures: dict[str, Figure]) -> alt.Chart:
    """What a citizen can do: accounts by platform, stacked by none, some, all channels."""
    import altair as alt

    language = round_.language
    unknown = _said("unknown", round_)
    said = {c: word_label("channel", c, language) for c in ("none", "some", "full")} | {"": unknown}
    rows = (
        round_.measured.with_columns(
            platform_said=_words(pl.col("platform"), "platform", language),
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
            x=alt.X("accounts:Q", title=_said("accounts", round_), axis=alt.Axis(tickMinStep=1, tickCount=8)),
            y=alt.Y("platform_said:N", sort="-x", title=None),
            color=alt.Color("channel_said:N", scale=scale, title=_said("channel", round_)),
            tooltip=["platform_said:N", "channel_said:N", "accounts:Q"],
        )
    )
    platforms = rows["platform_said"].n_unique()
    none, full = figures["interaction.no_channel"].text, figures["interaction.full"].text
    return _properties(chart, "channel", round_, max(80, 28 * platforms), none=none, full=full)


def reply_times(round_: Round, figures: dict[str, Figure]) -> alt.LayerChart | None:
    """How long messages wait: the Kaplan-Meier curve of those not yet answered, with its band.

    None, which a notebook shows as nothing, where there are no messages or nobody noted the replies.
    """
    import altair as alt

    waits = pl.DataFrame() if round_.replies is None else round_.replies.filter(pl.col("wait_days").is_not_null())
    if not waits.height:
        return None
    curve = estimates.waiting_time(waits["wait_days"], ~waits["replied"])
    start = {"time": 0.0, "survival": 1.0, "low": 1.0, "high": 1.0}
    rows = [start, *curve.select(pl.col("time", "survival"), pl.col("low", "high").fill_nan(None)).to_dicts()]
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("time:Q", title=_said("wait_days", round_)))
    percent = alt.Axis(format=".0%")
    line = base.mark_line(interpolate="step-after").encode(
        y=alt.Y("survival:Q", title=_said("waiting", round_), axis=percent, scale=alt.Scale(domain=[0, 1]))
    )
    band = base.mark_area(interpolate="step-after", opacity=0.2).encode(y="low:Q", y2="high:Q")
    median = figures["interaction.median_reply_days"]
    told = (
        _said("reply_median", round_, number=median.text)
        if median.value is not None
        else _said("reply_no_median", round_)
    )
    return _properties(
        alt.layer(band, line),
        "reply",
        round_,
        240,
        messages=figures["interaction.messages"].text,
        median=told,
    )


def _words(column: pl.Expr, name: str, language: str) -> pl.Expr:
    words = {value: word_label(name, value, language) for value in vocabulary(name)}
    return column.replace_strict(words, default=prose.said("charts.unknown", language), return_dtype=pl.String)


def _mean(numbers: pl.Series) -> str:
    return f"{numbers.sum() / numbers.len():.0f}" if numbers.len() else "0"


def sensitivity(round_: Round, figures: dict[str, Figure]) -> alt.LayerChart:
    """How many accounts are silent for each threshold, in calendar and in working days; the rule's own is marked."""
    import altair as alt

    from govmedia_kit import gap_tables, rules

    said = {"calendar": _said("calendar_days", round_), "working": _said("working_days", round_)}
    rows = gap_tables.sensitivity(round_.measured).with_columns(pl.col("counted").replace(said))
    line = (
        alt.Chart(alt.Data(values=rows.select("counted", "threshold", "silent").to_dicts()))
        .mark_line()
        .encode(
            x=alt.X("threshold:Q", title=_said("threshold", round_)),
            y=alt.Y("silent:Q", title=_said("silent", round_), scale=alt.Scale(domainMin=0)),
            color=alt.Color("counted:N", title=_said("counted", round_)),
            strokeDash=alt.StrokeDash("counted:N", title=_said("counted", round_)),
        )
    )
    mark = alt.Chart(alt.Data(values=[{"at": rules.threshold(round_.rules, "stale") or 14}]))
    layers = alt.layer(line, mark.mark_rule(strokeDash=[5, 4], color="#333333").encode(x="at:Q"))
    numbers = {"seven": "updates.over_7", "fourteen": "updates.over_14", "ninety": "updates.over_90"}
    return _properties(layers, "sensitivity", round_, 220, **{k: figures[v].text for k, v in numbers.items()})


def silence_calendar(round_: Round) -> alt.Chart:
    """How many accounts had been silent for longer than the rule allows, on each day of the window."""
    from govmedia_kit import gaps, rules

    s = round_.audit.settings
    limit = int(rules.threshold(round_.rules, "stale") or 14)
    silences = gaps.silences(round_.days, round_.measured, as_of=s.as_of, window_days=s.window_days)
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
    chart = _calendar(rows, round_, _said("accounts", round_), scheme="oranges")
    most, least = rows["number"].max() or 0, rows["number"].min() or 0
    return _properties(chart, "silence", round_, 180, limit=limit, most=most, least=least)


def survival(round_: Round) -> alt.LayerChart:
    """How long accounts keep posting: the share without a long silence since the window began, by platform."""
    import altair as alt

    from govmedia_kit import gap_tables, rules

    s = round_.audit.settings
    first = s.as_of - dt.timedelta(days=s.window_days - 1)
    common = round_.measured["platform"].value_counts(sort=True).filter(pl.col("count") >= 10)["platform"].head(4)
    accounts = round_.measured.filter(pl.col("platform").is_in(common.to_list()), "checked").with_columns(
        # Time runs from the window's first day: what was before it is not seen for all alike.
        opened_on=pl.max_horizontal("opened_on", pl.lit(first)),
        observed_from=pl.max_horizontal("observed_from", pl.lit(first)),
    )
    curve = gap_tables.time_to_silence(
        round_.days,
        accounts,
        as_of=s.as_of,
        silent_after=int(rules.threshold(round_.rules, "stale") or 14),
        by="platform",
    )
    start = curve.select("platform").unique().with_columns(time=0.0, survival=1.0, low=1.0, high=1.0)
    rows = pl.concat([start, curve.select(start.columns)]).with_columns(
        pl.col("low", "high").fill_nan(None), said=_words(pl.col("platform"), "platform", round_.language)
    )
    base = alt.Chart(alt.Data(values=rows.sort("said", "time").to_dicts())).encode(
        x=alt.X("time:Q", title=_said("since_start", round_)),
        color=alt.Color("said:N", title=_said("platform", round_), legend=alt.Legend(symbolOpacity=1)),
    )
    percent = alt.Axis(format=".0%")
    line = base.mark_line(interpolate="step-after").encode(
        y=alt.Y("survival:Q", title=_said("lasting", round_), axis=percent, scale=alt.Scale(domain=[0, 1]))
    )
    band = base.mark_area(interpolate="step-after", opacity=0.12).encode(y="low:Q", y2="high:Q")
    return _properties(alt.layer(band, line), "survival", round_, 240, platforms=common.len())
