"""Summary frames to Altair charts: one theme, Chinese labels, alt text that says type, data and message.

`enable` switches on the renderer that works without a network: an SVG beside the Vega-Lite JSON, so that JupyterLab is
interactive and every exporter has a picture. Frames are aggregated before they are charted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from govmedia_kit import duplication, estimates, followup, telling
from govmedia_kit.fields import vocabulary, word_label
from govmedia_kit.figures import Figure
from govmedia_kit.rounds import Round

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "WIDTH",
    "accounts_per_unit",
    "channels",
    "chart_said",
    "enable",
    "labelled",
    "register_fonts",
    "reply_times",
    "trend",
    "words_said",
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


def chart_said(key: str, round_: Round, **facts: Any) -> str:
    """A chart's words in the round's language."""
    return telling.said(f"charts.{key}", round_.language).format(**facts)


def labelled(chart: Any, key: str, round_: Round, height: int, **facts: Any) -> Any:
    """A chart with its title, alt text and size."""
    # A label that a reader can trust is left whole: no limit on its length.
    return chart.properties(
        title=chart_said(f"{key}_title", round_, **facts),
        description=chart_said(f"{key}_alt", round_, **facts),
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
        units.with_columns(level=words_said(pl.col("unit_level"), "unit_level", language))
        .group_by("accounts", "level")
        .agg(units=pl.len())
        .sort("accounts", "level")
    )
    chart = (
        alt.Chart(alt.Data(values=rows.to_dicts()))
        .mark_bar()
        .encode(
            x=alt.X("accounts:O", title=chart_said("accounts", round_), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("units:Q", title=chart_said("units", round_), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("level:N", title=chart_said("level", round_), sort=levels or None),
            tooltip=["accounts:O", "level:N", "units:Q"],
        )
    )
    return labelled(
        chart,
        "per_unit",
        round_,
        240,
        units=figures["units"].text,
        most=figures["duplication.most_accounts"].text,
        over=figures["duplication.units_over_three"].text,
    )


def channels(round_: Round, figures: dict[str, Figure]) -> alt.Chart:
    """What a citizen can do: accounts by platform, stacked by none, some, all channels."""
    import altair as alt

    language = round_.language
    unknown = chart_said("unknown", round_)
    said = {c: word_label("channel", c, language) for c in ("none", "some", "full")} | {"": unknown}
    rows = (
        round_.measured.with_columns(
            platform_said=words_said(pl.col("platform"), "platform", language),
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
            x=alt.X("accounts:Q", title=chart_said("accounts", round_), axis=alt.Axis(tickMinStep=1, tickCount=8)),
            y=alt.Y("platform_said:N", sort="-x", title=None),
            color=alt.Color("channel_said:N", scale=scale, title=chart_said("channel", round_)),
            tooltip=["platform_said:N", "channel_said:N", "accounts:Q"],
        )
    )
    platforms = rows["platform_said"].n_unique()
    none, full = figures["interaction.no_channel"].text, figures["interaction.full"].text
    return labelled(chart, "channel", round_, max(80, 28 * platforms), none=none, full=full)


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
    base = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("time:Q", title=chart_said("wait_days", round_)))
    percent = alt.Axis(format=".0%")
    line = base.mark_line(interpolate="step-after").encode(
        y=alt.Y("survival:Q", title=chart_said("waiting", round_), axis=percent, scale=alt.Scale(domain=[0, 1]))
    )
    band = base.mark_area(interpolate="step-after", opacity=0.2).encode(y="low:Q", y2="high:Q")
    median = figures["interaction.median_reply_days"]
    told = (
        chart_said("reply_median", round_, number=median.text)
        if median.value is not None
        else chart_said("reply_no_median", round_)
    )
    return labelled(
        alt.layer(band, line),
        "reply",
        round_,
        240,
        messages=figures["interaction.messages"].text,
        median=told,
    )


def trend(round_: Round) -> alt.LayerChart | None:
    """The pass rate of this round and of those before it, with intervals; None where there was no round before."""
    import altair as alt

    rows = followup.trend(round_)
    if rows.height < 2:
        return None
    shown = rows.with_columns(pl.col("as_of").cast(pl.String))
    base = alt.Chart(alt.Data(values=shown.to_dicts())).encode(x=alt.X("as_of:O", title=chart_said("day", round_)))
    axis = alt.Axis(format=".0%")
    line = base.mark_line(point=True).encode(
        y=alt.Y("pass_rate:Q", title=chart_said("pass_rate", round_), axis=axis, scale=alt.Scale(zero=False))
    )
    bars = base.mark_rule().encode(y="low:Q", y2="high:Q")
    first, last = (
        telling.percent(rate) if rate is not None else "—" for rate in (rows["pass_rate"][0], rows["pass_rate"][-1])
    )
    return labelled(alt.layer(bars, line), "trend", round_, 200, rounds=rows.height, first=first, last=last)


def words_said(column: pl.Expr, name: str, language: str) -> pl.Expr:
    """Words of a vocabulary as a reader says them, for a chart's labels."""
    words = {value: word_label(name, value, language) for value in vocabulary(name)}
    return column.replace_strict(words, default=telling.said("charts.unknown", language), return_dtype=pl.String)
