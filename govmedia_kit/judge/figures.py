"""Every number that a bulletin prints, with the rows that it was counted from.

What a figure is called and where its rows are found is `figures.csv`; here is only how each one is counted.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import schema, statistics
from govmedia_kit.divisions import divisions
from govmedia_kit.judge import followup, rules
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.languages import is_english, spelt
from govmedia_kit.measures import duplication, interaction
from govmedia_kit.measures.filing import DISCREPANCIES
from govmedia_kit.package_data import rows

__all__ = ["Figure", "figures", "load_assessment", "rounded"]

# Breakdowns by region go this many levels beneath the audit's own region.
REGION_LEVELS = 2

# A figure's id, the group that it is of, and its value, low, high, count and of.
Value = tuple[str, str, tuple[Any, ...]]


@dataclass(frozen=True)
class Figure:
    """A number: rates are fractions between 0 and 1; `count` and `of` are what a rate or a share was made from."""

    id: str
    value: float | int | None
    low: float | None
    high: float | None
    count: int | None
    of: int | None
    label: str
    text: str
    evidence: dict[str, str]


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
    values = _account_values(groups, assessment) + _unit_values(groups) + _reply_values(groups, assessment)
    values += _lookalike_values(groups, assessment)
    values += _whole_values(assessment) + _followup_values(assessment)
    by_id: dict[str, dict[str, tuple]] = {}
    for identifier, group, numbers in values:
        by_id.setdefault(identifier, {})[group] = numbers
    made: dict[str, Figure] = {}
    limit = str(rules.stale_after(assessment.rules))
    for identifier, said in _catalogue().items():
        row = {name: text.replace("{stale}", limit) for name, text in said.items()}
        found = by_id.get(identifier, {})
        made[identifier] = _figure(identifier, "", row, found.get("", (None,) * 5), assessment.language)
        for group, numbers in sorted(found.items()):
            if group and numbers[0] is not None:
                made[identifier + group] = _figure(identifier, group, row, numbers, assessment.language)
        if identifier == "duplication.units_same_platform":
            made |= _by_platform(found, row, assessment)
    return made


def _figure(identifier: str, group: str, row: dict[str, str], numbers: tuple, language: str) -> Figure:
    value, low, high, count, of = numbers
    english = is_english(language)
    label = (row["label_en"] if english else spelt(row["label_zh"], language)) + _group_label(group, language)
    where = row["where"] + (f" AND {_group_where(group)}" if group else "")
    if group and where.startswith("unit_accounts "):
        # In a group, a unit's accounts are those that it has there: `unit_accounts` counts all of them.
        beneath = f"SELECT unit FROM measured WHERE {_group_where(group)} GROUP BY unit"
        many = row["where"].replace("unit_accounts", "COUNT(*)")
        where = f"{_group_where(group)} AND unit IN ({beneath} HAVING {many})"
    evidence = {"table": row["table"], "where": where.removeprefix("TRUE AND ")}
    return Figure(identifier + group, value, low, high, count, of, label, _text(value, row["kind"], english), evidence)


def _text(value: float | None, kind: str, english: bool) -> str:
    if value is None:
        return "not known" if english else "未知"
    if kind == "rate":
        return f"{rounded(value * 100, 1)}%"
    if kind == "points":
        return rounded(value, 1)
    return rounded(value, 1).removesuffix(".0") if kind == "days" else str(int(value))


def rounded(value: float, digits: int) -> str:
    """Rounded as offices round, halves up, from the shortest decimal that is the number."""
    return str(Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def _group_label(group: str, language: str) -> str:
    from govmedia_kit.schema import word_label

    if not group:
        return ""
    kind, _, value = group[1:].rpartition(":")
    if kind == "region":
        said = _division_names().get(value, value)
    else:
        said = word_label(kind or "unit_level", value, language)
    return f" ({said})" if is_english(language) else f"（{said}）"


@functools.cache
def _division_names() -> dict[str, str]:
    return dict(zip(divisions()["code"], divisions()["name"], strict=True))


def _group_where(group: str) -> str:
    kind, _, value = group[1:].rpartition(":")
    quoted = value.replace("'", "''")
    return f"region_path LIKE '%{quoted}%'" if kind == "region" else f"{kind or 'unit_level'} = '{quoted}'"


def _groups(assessment: Assessment) -> pl.DataFrame:
    """The measured accounts once for every group that they belong to: column `group` is the suffix of the ids."""
    measured = assessment.measured
    parts = [
        measured.with_columns(group=pl.lit("")),
        measured.filter(pl.col("unit_level").is_not_null()).with_columns(group=pl.format("@{}", "unit_level")),
        measured.filter(pl.col("platform").is_not_null()).with_columns(group=pl.format("@platform:{}", "platform")),
    ]
    root = assessment.audit.settings.region
    depth = pl.col("region_path").str.split("/")
    start = depth.list.eval(pl.element().index_of(root)).list.first() + 1 if root else pl.lit(0)
    regions = (
        measured.filter(pl.col("region_path").is_not_null())
        .with_columns(__code=depth.list.slice(start.fill_null(0), REGION_LEVELS))
        .explode("__code")
        .filter(pl.col("__code").is_not_null())
        .with_columns(group=pl.format("@region:{}", "__code"))
        .drop("__code")
    )
    return pl.concat([*parts, regions])


def _account_values(groups: pl.DataFrame, assessment: Assessment) -> list[Value]:
    counted = {
        "accounts.registered": pl.len(),
        "accounts.checked": pl.col("checked").sum(),
        "accounts.not_checked": (~pl.col("checked")).sum(),
        "accounts.passed": (pl.col("verdict") == "passed").sum(),
        "accounts.failed": (pl.col("verdict") == "failed").sum(),
        **{f"updates.{mark}": pl.col(mark).sum() for mark in ("stale", "never", "borderline", "warned", "dormant")},
        "interaction.no_channel": _known((pl.col("channel") == "none").sum(), pl.col("channel")),
        "interaction.full": _known((pl.col("channel") == "full").sum(), pl.col("channel")),
        **{f"updates.over_{n}": _over("gap_days", n) for n in (7, 14, 30, 90)},
        "updates.over_10_working": _over("working_gap_days", 10),
        "updates.silent_in_window": _known(_silent(rules.stale_after(assessment.rules)), pl.col("longest_gap_days")),
        "updates.burst": _known((pl.col("checked") & pl.col("burst")).sum(), pl.col("burst")),
        "updates.warned_only": (pl.col("warned") & ~pl.col("stale")).sum(),
        "updates.longest_current_gap_days": pl.col("gap_days").filter("checked").max(),
        "interaction.no_channel_units": _known(
            pl.col("unit").filter(pl.col("channel") == "none").n_unique(), pl.col("channel")
        ),
        "updates.longest_gap_days": pl.col("longest_gap_days").max(),
        "updates.median_gap_days": pl.col("gap_days").filter("checked").median(),
        "units": pl.col("unit").n_unique(),
    }
    rows = groups.group_by("group").agg(expr.alias(name) for name, expr in counted.items()).rows(named=True)
    found: list[Value] = []
    for row in rows:
        checked = row["accounts.checked"]
        for name in counted:
            value = row[name]
            share = name.startswith(("updates.", "accounts.p", "accounts.f")) and not name.endswith("days")
            if share and not checked:
                value = None  # nothing was checked: not zero, but not known
            found.append(
                (
                    name,
                    row["group"],
                    (value, None, None, value if share else None, checked if share else None),
                )
            )
        for name, count, of in (
            ("pass_rate", "accounts.passed", checked),
            ("updates.stale_share", "updates.stale", checked),
        ):
            found.append((name, row["group"], _rate(row[count], of)))
        part = _rate(checked, row["accounts.registered"])
        found.append(("accounts.checked_share", row["group"], (part[0], None, None, *part[3:])))
    return found


def _rate(count: int, of: int) -> tuple:
    """A share with its Wilson interval; nothing of nothing is not known."""
    interval = statistics.wilson(count, of) if of else None
    return (count / of, *interval, count, of) if interval else (None, None, None, None, of)


def _over(column: str, days: int) -> pl.Expr:
    """Checked accounts silent for more than `days`, those that never posted among them."""
    return (pl.col("checked") & (pl.col("never") | (pl.col(column) > days))).sum()


def _silent(days: int) -> pl.Expr:
    """Checked accounts silent for more than `days` at some time of the window, now or before."""
    silences = (pl.col("never"), pl.col("gap_days") > days, pl.col("longest_gap_days") > days)
    return (pl.col("checked") & pl.any_horizontal(silence.fill_null(False) for silence in silences)).sum()


def _known(expr: pl.Expr, column: pl.Expr) -> pl.Expr:
    return pl.when(column.is_not_null().any()).then(expr)


def _unit_values(groups: pl.DataFrame) -> list[Value]:
    units = groups.group_by("group", "unit").agg(
        n=pl.len(), same=(pl.col("same_platform_accounts") > 1).any().fill_null(False)
    )
    counted = units.group_by("group").agg(
        (pl.col("n") == 3).sum().alias("duplication.units_with_three"),
        (pl.col("n") > 3).sum().alias("duplication.units_over_three"),
        pl.col("n").max().alias("duplication.most_accounts"),
        pl.col("same").sum().alias("duplication.units_same_platform"),
    )
    whole = groups.filter(pl.col("group") == "")
    same = duplication.same_platform_groups(whole.drop("group")).select("account_id", "group_id")
    redundant = (
        groups.join(same, on="account_id", how="left")
        .group_by("group")
        .agg(
            (pl.col("group_id").count() - pl.col("group_id").drop_nulls().n_unique()).alias(
                "duplication.redundant_accounts"
            )
        )
    )
    rows = counted.join(redundant, on="group").rows(named=True)
    return [
        (name, row["group"], (row[name], None, None, None, None)) for row in rows for name in row if name != "group"
    ]


def _lookalike_values(groups: pl.DataFrame, assessment: Assessment) -> list[Value]:
    """Groups that an account of the breakdown is in; the size of a group is that of its part there."""
    found = groups.select("group", "account_id").join(
        assessment.lookalikes.select("account_id", "group_id"), on="account_id"
    )
    sizes = found.group_by("group", "group_id").agg(n=pl.col("account_id").n_unique())
    counted = (
        sizes.group_by("group")
        .agg(
            (pl.col("n") > 1).sum().alias("duplication.lookalike_groups"),
            pl.col("n").max().alias("duplication.largest_lookalike_group"),
        )
        .join(
            found.group_by("group").agg(pl.col("account_id").n_unique().alias("duplication.lookalike_accounts")),
            on="group",
        )
    )
    rows = {row["group"]: row for row in counted.iter_rows(named=True)}
    names = [name for name in counted.columns if name != "group"]
    every = groups["group"].unique().to_list()
    return [(name, g, (rows.get(g, {}).get(name, 0), None, None, None, None)) for g in every for name in names]


def _by_platform(found: dict[str, tuple], row: dict[str, str], assessment: Assessment) -> dict[str, Figure]:
    made = {}
    for group, numbers in sorted(found.items()):
        if group.startswith("@platform:"):
            figure = _figure("duplication.units_same_platform", group, row, numbers, assessment.language)
            identifier = f"duplication.units_same_platform.{group.removeprefix('@platform:')}"
            made[identifier] = replace(figure, id=identifier)
    return made


def _reply_values(groups: pl.DataFrame, assessment: Assessment) -> list[Value]:
    if assessment.replies is None:
        return []
    deadlines = assessment.audit.settings.deadlines
    found: list[Value] = []
    replies = assessment.replies
    of_accounts = replies.join(groups.select("account_id", "group"), on="account_id", how="inner")
    # A message that names only a unit is in the groups of the unit, and on no platform.
    of_units = replies.filter(pl.col("account_id").is_null()).join(
        groups.filter(~pl.col("group").str.starts_with("@platform:")).select("unit", "group").unique(), on="unit"
    )
    everything = replies.with_columns(group=pl.lit(""))
    received = pl.concat([of_accounts, of_units.select(of_accounts.columns)]).filter(pl.col("group") != "")
    for (group,), messages in pl.concat([everything.select(received.columns), received]).group_by("group"):
        total = messages.height
        found.append(("interaction.messages", group, (total, None, None, None, None)))
        if not total or messages["replied"].null_count() == total:
            continue
        answered = int(messages["replied"].sum())
        found.append(("interaction.replied", group, (answered, None, None, answered, total)))
        found.append(("interaction.reply_rate", group, _rate(answered, total)))
        waits = messages.filter(pl.col("wait_days").is_not_null())
        curve = statistics.waiting_time(waits["wait_days"], ~waits["replied"])
        median = statistics.quantile_of_curve(curve, 0.5)
        found.append(("interaction.median_reply_days", group, (median, None, None, None, None)))
        if deadlines.reply_days is not None:
            limit: dict[str, Any] = {"deadline_days": deadlines.reply_days, "calendar": deadlines.calendar}
            in_time = interaction.answered_in_time(messages, as_of=assessment.as_of, **limit).row(0)
            found.append(("interaction.answered_in_time", group, (*in_time, None, None)))
    return found


def _whole_values(assessment: Assessment) -> list[Value]:
    apart = assessment.set_aside
    found: list[Value] = [
        ("set_aside.accounts", "", (apart["account_id"].n_unique(), None, None, None, None)),
        ("set_aside.rows", "", (int(apart["rows"].sum()), None, None, None, None)),
    ]
    if assessment.searches.height and (worst := assessment.searches.row(0, named=True))["own"] is not None:
        found.append(("duplication.search_shown", "", (worst["shown"], None, None, None, None)))
        found.append(("duplication.search_own", "", (worst["own"], None, None, None, None)))
    if (odd := assessment.discrepancies) is not None:
        certain = odd.filter(~pl.col("doubtful"))
        counts = {"discrepancies": certain.height, "doubtful": odd.filter("doubtful").height}
        counts |= {kind: certain.filter(kind=kind).height for kind in DISCREPANCIES if kind != "doubtful_match"}
        found += [(f"filing.{name}", "", (count, None, None, None, None)) for name, count in counts.items()]
    settings = assessment.audit.settings
    sampling = settings.sampling
    # The numbers registered are those of the whole audit, and no weights for a part of it.
    if sampling is not None and not settings.is_part and assessment.measured["checked"].any():
        # First, because it refuses strata without a number.
        row = statistics.stratified(assessment.measured, by=sampling.by, registered=sampling.registered).row(
            0, named=True
        )
        registered = sum(sampling.registered.values())
        checked = int(assessment.measured["checked"].sum())
        found.append(("sampling.registered", "", (registered, None, None, None, None)))
        found.append(("sampling.checked_share", "", (checked / registered, None, None, checked, registered)))
        found.append(("pass_rate.stratified", "", (row["rate"], row["low"], row["high"], None, None)))
    return found


def _followup_values(assessment: Assessment) -> list[Value]:
    followed = assessment.followed
    if followed is None:
        return []
    numbers: dict[str, Any] = {
        "followup.failed_before": followed["failed_before"].sum(),
        "followup.renamed": followed["renamed"].sum(),
        **{f"followup.{o}": (followed["outcome"] == o).sum() for o in followup.OUTCOMES},
    }
    checked = assessment.measured.filter("checked")
    if assessment.rate_before is not None and checked.height:
        rate = checked.filter(verdict="passed").height / checked.height
        # The change of what is printed: a reader takes one printed rate from the other.
        printed = [Decimal(rounded(100 * r, 1)) for r in (rate, assessment.rate_before)]
        numbers["followup.rate_change"] = float(abs(printed[0] - printed[1]))
    return [(name, "", (value, None, None, None, None)) for name, value in numbers.items()]


def load_assessment(folder: Path | str) -> dict[str, Any]:
    """What `save_assessment` wrote into a folder: `measured` and `findings` as frames, `figures` by id."""
    folder = Path(folder)
    records = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return {
        "measured": pl.read_parquet(folder / "measured.parquet"),
        "findings": pl.read_csv(folder / "findings.csv", schema=schema.dtypes("findings")),
        "figures": {record["id"]: Figure(**record) for record in records},
    }
