"""How charts are drawn: one theme, Chinese labels, alt text that says type, data and message.

`enable` switches on the renderer that works without a network: an SVG beside the Vega-Lite JSON, so that JupyterLab is
interactive and every exporter has a picture. Frames are aggregated before they are charted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.package_data import resource
from govmedia_kit.schema import vocabulary, word_label

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "WIDTH",
    "chart_of",
    "chart_phrase",
    "enable",
    "labelled",
    "labels_of",
    "limit_line",
    "register_fonts",
    "step_curve",
]

WIDTH = 560
V5 = "https://vega.github.io/schema/vega-lite/v5.json"


def enable() -> None:
    """Show charts offline from here on: our theme, and the SVG renderer. Called by a notebook, never at import."""
    import altair as alt

    register_fonts()
    alt.renderers.register("govmedia", _render)
    alt.renderers.enable("govmedia")
    # Its colours are Okabe and Ito's, told apart by colour-blind readers.
    theme = json.loads((resource("templates") / "charts.json").read_text(encoding="utf-8"))
    alt.theme.register("govmedia", enable=True)(lambda: theme)


def register_fonts() -> None:
    """Tell the converter where the kit's Chinese fonts are: without them it drops every label in silence."""
    from pathlib import Path

    import pylopdf_fonts_zh_cn as fonts
    import vl_convert

    vl_convert.register_font_directory(str(Path(fonts.sans_path()).parent))


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
    import re

    prefix = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    ids = {old: f"p{prefix}-{i}" for i, old in enumerate(dict.fromkeys(re.findall(r'\sid="([^"]+)"', svg)))}
    return re.sub(r'(\sid="|url\(#|href="#)([^")]+)', lambda found: found[1] + ids.get(found[2], found[2]), svg)


def chart_phrase(key: str, assessment: Assessment, **facts: Any) -> str:
    """A phrase of charts in the assessment's language."""
    return phrase(f"charts.{key}", assessment.language).format(**facts)


def labelled(chart: Any, key: str, assessment: Assessment, height: int, **facts: Any) -> Any:
    """A chart with its title, alt text and size."""
    # A label that a reader can trust is left whole: no limit on its length.
    return chart.properties(
        title=chart_phrase(f"{key}_title", assessment, **facts),
        description=chart_phrase(f"{key}_alt", assessment, **facts),
        width=WIDTH,
        height=height,
    )


def labels_of(column: str, language: str) -> pl.Expr:
    """The words of a column's vocabulary by their labels, for a chart's axes and legends."""
    labels = {value: word_label(column, value, language) for value in vocabulary(column)}
    return pl.col(column).replace_strict(labels, default=phrase("words.unknown", language), return_dtype=pl.String)


def chart_of(rows: pl.DataFrame) -> alt.Chart:
    """A chart without marks of a summary frame, whose rows are its data."""
    import altair as alt

    return alt.Chart(alt.Data(values=rows.to_dicts()))


def limit_line(at: float, **mark: Any) -> alt.Chart:
    """A dashed line at a limit, to be laid over a chart."""
    return chart_of(pl.DataFrame({"at": [at]})).mark_rule(strokeDash=[5, 4], color="#333333", **mark).encode(x="at:Q")


def step_curve(
    curve: pl.DataFrame, title: str, *, opacity: float, by: Sequence[str] = (), **encoding: Any
) -> alt.LayerChart:
    """Kaplan-Meier curves as they are, falling in steps from one, over their bands; `curve` is that of `statistics.waiting_time`."""
    import altair as alt

    points = ("time", "survival", "low", "high")
    start = curve.select(by).unique() if by else pl.DataFrame({"time": [0.0]})
    start = start.select(*by, **dict(zip(points, map(pl.lit, (0.0, 1.0, 1.0, 1.0)), strict=True)))
    # What ended at once has its own step below the start.
    rows = pl.concat([start, curve.select(*by, *points)]).sort(*by, "time", maintain_order=True)
    base = chart_of(rows.with_columns(pl.col("low", "high").fill_nan(None))).encode(**encoding)
    y = alt.Y("survival:Q", title=title, axis=alt.Axis(format=".0%"), scale=alt.Scale(domain=[0, 1]))
    band = base.mark_area(interpolate="step-after", opacity=opacity).encode(y="low:Q", y2="high:Q")
    return alt.LayerChart(layer=[band, base.mark_line(interpolate="step-after").encode(y=y)])
