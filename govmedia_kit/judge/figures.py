"""Every number that a bulletin prints, with the rows that it was counted from.

What a figure is called and where its rows are found is `figures.csv`; here is only how each one is counted. A new figure is a row
there, a line in one of the functions below, and the phrase that prints it.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import schema, statistics
from govmedia_kit.catalogue import localized, phrase
from govmedia_kit.divisions import names
from govmedia_kit.judge import followup, rules
from govmedia_kit.judge.assessment import Assessment, as_written
from govmedia_kit.measures import duplication, interaction
from govmedia_kit.measures.filing import DISCREPANCIES
from govmedia_kit.package_data import rows

__all__ = ["Figure", "figures", "load_assessment", "rounded"]

# Breakdowns by region go this many levels beneath the audit's own region.
REGION_LEVELS = 2


@dataclass(frozen=True)
class Figure:
    """A number: rates are fractions between 0 and 1; `count` and `of` are what a rate or a share was made from."""

    id: str
    value: float | int | None = None
    low: float | None = None
    high: float | None = None
    count: int | None = None
    of: int | None = None
    label: str = ""
    text: str = ""
    evidence: dict[str, str] = field(default_factory=dict)


@functools.cache
def _catalogue() -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in rows("figures.csv")}


def figures(assessment: Assessment) -> dict[str, Figure]:
    """The figures of a round by id, in the order of `figures.csv`, each followed by its breakdowns.

    Ids without `@` always exist; their value is null where it is not known. Breakdowns have the suffix `@<unit_level>`,
    `@platform:<platform>` or `@region:<code>` (a division and all beneath it) and exist where there is something to say.
    `low` and `high` are the 95 % interval of a rate: Wilson's, but the Kaplan-Meier curve's own for
    `interaction.answered_in_time` and that of `statistics.stratified` for `pass_rate.stratified`. The ids `followup.*` are known once
    the audit has a previous round.
    """
    groups = _groups(assessment)
    found = {identifier: {identifier: Figure(identifier)} for identifier in _catalogue()}
    of_groups = itertools.chain(_of_accounts(groups, assessment), _of_replies(groups, assessment))
    for figure in itertools.chain(of_groups, _of_whole(assessment), _of_followup(assessment)):
        identifier = figure.id.partition("@")[0]
        if identifier not in found:  # duplication.units_same_platform.<platform>
            identifier = identifier.rpartition(".")[0]
        if figure.id == identifier or figure.value is not None:
            found[identifier][figure.id] = figure
    made, limit = {}, str(rules.stale_after(assessment.rules))
    for identifier, row in _catalogue().items():
        row = {name: cell.replace("{stale}", limit) for name, cell in row.items()}
        # Breakdowns with a full stop stand after those with an @.
        for figure in sorted(found[identifier].values(), key=lambda figure: figure.id.replace(".", "~")):
            made[figure.id] = _described(figure, row, assessment.language)
    return made


def _described(figure: Figure, row: dict[str, str], language: str) -> Figure:
    """A figure with its label, its text and the condition that selects its rows."""
    group = figure.id.removeprefix(row["id"]).replace(".", "@platform:")
    label, where = localized(row, "label", language) + _group_label(group, language), row["where"]
    if group and where.startswith("unit_accounts "):
        # In a group, a unit's accounts are those that it has there: `unit_accounts` counts all of them.
        beneath = f"SELECT unit FROM measured WHERE {_group_where(group)} GROUP BY unit"
        where = f"{_group_where(group)} AND unit IN ({beneath} HAVING {where.replace('unit_accounts', 'COUNT(*)')})"
    elif group:
        where = f"{where} AND {_group_where(group)}".removeprefix("TRUE AND ")
    text = _text(figure.value, row["kind"], language)
    return replace(figure, label=label, text=text, evidence={"table": row["table"], "where": where})


def _text(value: float | None, kind: str, language: str) -> str:
    if value is None:
        return phrase("words.unknown", language)
    if kind == "rate":
        return f"{rounded(value * 100, 1)}%"
    if kind == "points":
        return rounded(value, 1)
    return rounded(value, 1).removesuffix(".0") if kind == "days" else str(int(value))


def rounded(value: float, digits: int) -> str:
    """Rounded as offices round, halves up, from the shortest decimal that is the number."""
    return str(Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def _group_label(group: str, language: str) -> str:
    if not group:
        return ""
    kind, _, value = group[1:].rpartition(":")
    word = schema.word_label(kind or "unit_level", value, language)
    name = names().get(value, value) if kind == "region" else word
    return phrase("words.bracketed", language).format(text=name)


def _group_where(group: str) -> str:
    kind, _, value = group[1:].rpartition(":")
    quoted = value.replace("'", "''")
    return f"region_path LIKE '%{quoted}%'" if kind == "region" else f"{kind or 'unit_level'} = '{quoted}'"


def _groups(assessment: Assessment) -> pl.DataFrame:
    """The measured accounts once for every group that they belong to: column `group` is the suffix of the ids."""
    measured, root = assessment.measured, assessment.audit.settings.region
    several = duplication.same_platform_groups(measured).select("account_id", same_group="group_id")
    alike = assessment.lookalikes.group_by("account_id").agg(lookalike_groups="group_id")
    path = pl.col("region_path") if root is None else pl.col("region_path").str.split(root).list.last()
    regions = path.str.extract_all(r"\d+").list.head(REGION_LEVELS).list.eval(pl.format("@region:{}", pl.element()))
    suffixes = [
        pl.lit(""),
        pl.format("@{}", "unit_level"),
        pl.format("@platform:{}", "platform"),
        regions.fill_null(pl.lit([], pl.List(pl.String))),
    ]
    return (
        measured.with_columns(group=pl.concat_list(suffixes))
        .join(several, on="account_id", how="left")
        .join(alike, on="account_id", how="left")
        .explode("group")
        .filter(pl.col("group").is_not_null())
    )


def _of_accounts(groups: pl.DataFrame, assessment: Assessment) -> Iterator[Figure]:
    """What is counted of accounts and their units, in every group of them."""
    unit, channel, gap, longest = pl.col("unit"), pl.col("channel"), pl.col("gap_days"), pl.col("longest_gap_days")
    alike = pl.col("lookalike_groups").explode().drop_nulls().unique_counts()
    several = pl.col("same_group").drop_nulls()
    of_all = {
        "accounts.registered": pl.len(),
        "accounts.checked": pl.col("checked").sum(),
        "accounts.not_checked": (~pl.col("checked")).sum(),
        "units": unit.n_unique(),
        "duplication.units_with_three": (unit.unique_counts() == 3).sum(),
        "duplication.units_over_three": (unit.unique_counts() > 3).sum(),
        "duplication.most_accounts": unit.unique_counts().max(),
        "duplication.units_same_platform": unit.filter(pl.col("same_platform_accounts") > 1).n_unique(),
        "duplication.redundant_accounts": several.len() - several.n_unique(),
        # The size of a group of look-alikes is that of its part in the breakdown.
        "duplication.lookalike_groups": (alike > 1).sum(),
        "duplication.largest_lookalike_group": alike.max().fill_null(0),
        "duplication.lookalike_accounts": pl.col("lookalike_groups").count(),
        "interaction.no_channel": _known((channel == "none").sum(), channel),
        "interaction.no_channel_units": _known(unit.filter(channel == "none").n_unique(), channel),
        "interaction.channels_unknown": channel.is_null().sum(),
        "interaction.full": _known((channel == "full").sum(), channel),
        "updates.longest_current_gap_days": gap.filter("checked").max(),
        "updates.longest_gap_days": longest.filter("checked").max(),
        "updates.median_gap_days": gap.filter("checked").median(),
    }
    # Shares of the accounts checked: where none was, they are not zero, but not known.
    of_checked = {
        "accounts.passed": (pl.col("verdict") == "passed").sum(),
        "accounts.failed": (pl.col("verdict") == "failed").sum(),
        **{f"updates.{mark}": pl.col(mark).sum() for mark in ("stale", "never", "borderline", "warned", "dormant")},
        "updates.warned_only": (pl.col("warned") & ~pl.col("stale")).sum(),
        **{f"updates.over_{n}": _silent(n, gap) for n in (7, 14, 30, 90)},
        "updates.over_10_working": _silent(10, pl.col("working_gap_days")),
        "updates.silent_in_window": _known(_silent(rules.stale_after(assessment.rules), gap, longest), longest),
        "updates.burst": _known((pl.col("checked") & pl.col("burst")).sum(), pl.col("burst")),
    }
    counts = groups.group_by("group").agg(expr.alias(name) for name, expr in (of_all | of_checked).items())
    for row in counts.iter_rows(named=True):
        group, checked = row["group"], row["accounts.checked"]
        for name in of_all:
            yield Figure(name + group, row[name])
        for name in of_checked:
            value = row[name] if checked else None
            yield Figure(name + group, value, count=value, of=checked)
        yield _rate("pass_rate" + group, row["accounts.passed"], checked)
        yield _rate("updates.stale_share" + group, row["updates.stale"], checked)
        yield _share("accounts.checked_share" + group, checked, row["accounts.registered"])
        if group.startswith("@platform:"):
            name = "duplication.units_same_platform"
            yield Figure(f"{name}.{group.removeprefix('@platform:')}", row[name])


def _share(identifier: str, count: int, of: int) -> Figure:
    return Figure(identifier, count / of, count=count, of=of)


def _rate(identifier: str, count: int, of: int) -> Figure:
    """A share with its Wilson interval; nothing of nothing is not known."""
    interval = statistics.wilson(count, of)
    return Figure(identifier, count / of, *interval, count, of) if interval else Figure(identifier, of=of)


def _silent(days: int, *gaps: pl.Expr) -> pl.Expr:
    """Checked accounts of which one of the `gaps` is longer than `days`, those that never posted among them."""
    return (pl.col("checked") & pl.any_horizontal("never", *((gap > days).fill_null(False) for gap in gaps))).sum()


def _known(expr: pl.Expr, column: pl.Expr) -> pl.Expr:
    return pl.when(column.is_not_null().any()).then(expr)


def _of_replies(groups: pl.DataFrame, assessment: Assessment) -> Iterator[Figure]:
    """What became of messages, in every group of accounts."""
    replies, deadlines = assessment.replies, assessment.audit.settings.deadlines
    if replies is None or replies.is_empty():
        return
    breakdowns = groups.filter(pl.col("group") != "")
    # A message that names only a unit is in the groups of the unit, and on no platform.
    of_units = breakdowns.filter(~pl.col("group").str.starts_with("@platform:")).select("unit", "group").unique()
    received = [
        replies.with_columns(group=pl.lit("")),
        replies.join(breakdowns.select("account_id", "group"), on="account_id"),
        replies.filter(pl.col("account_id").is_null()).join(of_units, on="unit"),
    ]
    found = interaction.reply_summary(
        pl.concat(frame.select(*replies.columns, "group") for frame in received),
        assessment.measured,
        by="group",
        as_of=assessment.as_of,
        deadline_days=deadlines.reply_days,
        calendar=deadlines.calendar,
    )
    for row in found.iter_rows(named=True):
        group, total, replied = row["group"], row["messages"], row["replied"]
        yield Figure("interaction.messages" + group, total)
        if replied is not None:
            yield Figure("interaction.replied" + group, replied, count=replied, of=total)
            yield _rate("interaction.reply_rate" + group, replied, total)
            yield Figure("interaction.median_reply_days" + group, row["median_days"])
            ends = row["in_time_curve_low"], row["in_time_curve_high"]
            yield Figure("interaction.answered_in_time" + group, row["in_time_curve"], *ends)


def _of_whole(assessment: Assessment) -> Iterator[Figure]:
    """What is told of the audit as a whole: rows set aside, the worst search, the filing, the sample."""
    measured = assessment.measured
    yield Figure("accounts.assumed", int((measured["checked_by"] == "run").sum()))
    reasons = measured.filter(~pl.col("checked")).group_by("not_checked_reason").len().sort("not_checked_reason")
    for reason, count in reasons.iter_rows():
        yield Figure(f"accounts.not_checked@not_checked_reason:{reason}", count)
    yield Figure("set_aside.accounts", assessment.set_aside["account_id"].n_unique())
    yield Figure("set_aside.rows", int(assessment.set_aside["rows"].sum()))
    if assessment.searches.height and (worst := assessment.searches.row(0, named=True))["own"] is not None:
        yield Figure("duplication.search_shown", worst["shown"])
        yield Figure("duplication.search_own", worst["own"])
    if (odd := assessment.discrepancies) is not None:
        certain = odd.filter(~pl.col("doubtful"))
        yield Figure("filing.discrepancies", certain.height)
        yield Figure("filing.doubtful", odd.filter("doubtful").height)
        for kind in DISCREPANCIES:
            if kind != "doubtful_match":
                yield Figure(f"filing.{kind}", certain.filter(kind=kind).height)
    settings, checked = assessment.audit.settings, int(assessment.measured["checked"].sum())
    sampling = settings.sampling
    # The numbers registered are those of the whole audit, and no weights for a part of it.
    if sampling is not None and not settings.is_part and checked:
        # First, because it refuses strata without a number.
        estimate = statistics.stratified(assessment.measured, by=sampling.by, registered=sampling.registered)
        yield Figure("pass_rate.stratified", *estimate.select("rate", "low", "high").row(0))
        registered = sum(sampling.registered.values())
        yield Figure("sampling.registered", registered)
        yield _share("sampling.checked_share", checked, registered)


def _of_followup(assessment: Assessment) -> Iterator[Figure]:
    """What became of the accounts that failed last round."""
    followed = assessment.followed
    if followed is None:
        return
    yield Figure("followup.failed_before", int(followed["failed_before"].sum()))
    yield Figure("followup.renamed", int(followed["renamed"].sum()))
    for outcome in followup.OUTCOMES:
        yield Figure(f"followup.{outcome}", followed.filter(outcome=outcome).height)
    if assessment.rate_before is not None and assessment.rate is not None:
        # The change of what is printed: a reader takes one printed rate from the other.
        now, before = (Decimal(rounded(100 * rate, 1)) for rate in (assessment.rate, assessment.rate_before))
        yield Figure("followup.rate_change", float(abs(now - before)))


def load_assessment(folder: Path | str) -> dict[str, Any]:
    """What `save_assessment` wrote into a folder: `measured` and `findings` as frames, `figures` by id."""
    folder = Path(folder)
    records = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return {
        "measured": pl.read_parquet(folder / "measured.parquet"),
        "findings": as_written(pl.read_csv(folder / "findings.csv", schema=schema.dtypes("findings"))),
        "figures": {record["id"]: Figure(**record) for record in records},
    }
