"""Summary frames to labelled tables: the annexes of a bulletin and the index of its figures."""

from __future__ import annotations

from typing import Any

import polars as pl

from govmedia_kit.divisions import divisions
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.judge.followup import OUTCOMES
from govmedia_kit.measures import duplication
from govmedia_kit.report import phrases
from govmedia_kit.report.blocks import Blocks, Table, table
from govmedia_kit.schema import columns as dictionary
from govmedia_kit.schema import label, vocabulary_of, word_label

__all__ = [
    "all_annexes",
    "by_level",
    "by_region",
    "duplicates",
    "failed",
    "figure_index",
    "filing",
    "followup",
    "from_frame",
    "lookalikes",
    "measured_columns",
    "merge_or_close",
    "not_checked",
    "shown_value",
]

SUMMARY = {
    "units": "units",
    "registered": "accounts.registered",
    "checked": "accounts.checked",
    "passed": "accounts.passed",
    "failed": "accounts.failed",
    "pass_rate": "pass_rate",
    "stale": "updates.stale",
    "no_channel": "interaction.no_channel",
}


def from_frame(
    frame: pl.DataFrame,
    identifier: str,
    caption: str,
    *,
    language: str,
    annex: str = "",
    note: str = "",
    numbered: bool = True,
) -> Table:
    """A frame as a table block: columns labelled by the dictionary, words of vocabularies said, rows numbered."""
    kinds = {pl.Int64: "int", pl.UInt32: "int", pl.Date: "date", pl.Float64: "rate"}
    heads = [
        {
            "name": name,
            "label": phrases.phrase(f"columns.{name}", language) or label(name, language),
            "kind": kinds.get(dtype.base_type(), "text"),
        }
        for name, dtype in frame.schema.items()
    ]
    rows = [[shown_value(name, value, language) for name, value in row.items()] for row in frame.iter_rows(named=True)]
    if numbered:
        heads.insert(0, {"name": "number", "label": phrases.phrase("columns.number", language), "kind": "int"})
        rows = [[i, *row] for i, row in enumerate(rows, 1)]
    return table(identifier, caption, heads, rows, note=note, annex=annex)


def shown_value(column: str, value: Any, language: str) -> Any:
    """A cell as a reader sees it: words of a vocabulary by their label, yes and no, ISO dates; numbers stay numbers."""
    if isinstance(value, bool):
        return phrases.phrase("words.yes" if value else "words.no", language)
    if isinstance(value, str) and vocabulary_of(column):
        return word_label(column, value, language)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _summary(figures: dict[str, Figure], groups: dict[str, str], head: str, language: str, **kw: Any) -> Table:
    """One row per group, a column per figure of `SUMMARY`; `groups` is suffix -> what a reader calls it."""
    rows = []
    for suffix, said in groups.items():
        found = {name: figures.get(identifier + suffix) for name, identifier in SUMMARY.items()}
        rows.append([said, *(None if f is None else f.value for f in found.values())])
    heads = [{"name": head, "label": phrases.phrase(f"columns.{head}", language), "kind": "text"}] + [
        {
            "name": n,
            "label": phrases.phrase(f"columns.{n}", language),
            "kind": "rate" if n == "pass_rate" else "int",
        }
        for n in SUMMARY
    ]
    return table(kw.pop("identifier"), kw.pop("caption"), heads, rows, **kw)


def by_region(assessment: Assessment, figures: dict[str, Figure]) -> Table:
    """Annex 1: one row per division right beneath the audit's region, and the whole."""
    language = assessment.language
    root = assessment.audit.settings.region
    names = dict(zip(divisions()["code"], divisions()["name"], strict=True))
    beneath = divisions().filter(pl.col("parent") == root if root else pl.col("parent").is_null())["code"].to_list()
    groups = {f"@region:{c}": names[c] for c in beneath if f"accounts.registered@region:{c}" in figures}
    inside = sum(figures[f"accounts.registered{group}"].value or 0 for group in groups)
    groups |= {"": phrases.phrase("words.total", language)}
    caption = phrases.phrase("annexes.by_region", language)
    note = ""
    if inside < (figures["accounts.registered"].value or 0):
        level = dict(zip(divisions()["code"], divisions()["level"], strict=True)).get(root or "", "")
        note = phrases.phrase(f"annexes.by_region_note_{level}", language)
        note = note or phrases.phrase("annexes.by_region_note", language)
    return _summary(figures, groups, "region_name", language, identifier="by_region", caption=caption, note=note)


def by_level(assessment: Assessment, figures: dict[str, Figure]) -> Table:
    """Annex 2: one row per level of unit, and the whole."""
    language = assessment.language
    levels = [level for level in vocabulary_of("unit_level") or {} if f"accounts.registered@{level}" in figures]
    groups = {f"@{level}": word_label("unit_level", level, language) for level in levels}
    groups |= {"": phrases.phrase("words.total", language)}
    return _summary(
        figures,
        groups,
        "unit_level",
        language,
        identifier="by_level",
        caption=phrases.phrase("annexes.by_level", language),
    )


def failed(assessment: Assessment) -> Table:
    """Annex 3: one row per failed account, with everything of severity veto that was found."""
    vetoes = (
        assessment.findings.filter(pl.col("severity") == "veto")
        .group_by("account_id", maintain_order=True)
        .agg(pl.col("sentence").str.join(phrases.phrase("words.semicolon", assessment.language)))
    )
    rows = (
        assessment.measured.filter(pl.col("verdict") == "failed")
        .join(vetoes, on="account_id", how="left", maintain_order="left")
        .select("name", "platform", "unit", "supervisor", "sentence", "last_post")
    )
    rows = rows if rows["supervisor"].null_count() < rows.height else rows.drop("supervisor")
    return from_frame(
        rows, "failed", phrases.phrase("annexes.failed", assessment.language), language=assessment.language
    )


def duplicates(assessment: Assessment) -> Table:
    """Annex 4: one row per account of a unit that runs several on one platform."""
    groups = duplication.same_platform_groups(assessment.measured)
    rows = groups.select("unit", "platform", "name", same_platform_accounts="accounts").with_columns(
        pl.col("same_platform_accounts").cast(pl.Int64)
    )
    return from_frame(
        rows, "duplicates", phrases.phrase("annexes.duplicates", assessment.language), language=assessment.language
    )


def not_checked(assessment: Assessment) -> Table:
    """Annex 6: one row per account that could not be checked, and why."""
    language = assessment.language
    rows = assessment.measured.filter(~pl.col("checked")).select("name", "platform", "unit", "not_checked_reason")
    reasons = {
        r: phrases.phrase(f"not_checked.{r}", language) for r in rows["not_checked_reason"].drop_nulls().unique()
    }
    rows = rows.with_columns(pl.col("not_checked_reason").replace(reasons))
    return from_frame(rows, "not_checked", phrases.phrase("annexes.not_checked", language), language=language)


def followup(assessment: Assessment) -> Table:
    """Annex 5: one row per account that failed last round or this one, and what became of it."""
    assert assessment.followed is not None
    language = assessment.language
    said = {outcome: phrases.phrase(f"outcomes.{outcome}", language) for outcome in OUTCOMES}
    rows = assessment.followed.select(
        "name",
        pl.when("renamed").then("previous_name").alias("previous_name"),
        "platform",
        "unit",
        pl.col("outcome").replace(said),
        "previous_sentence",
        present_sentence="sentence",
    )
    return from_frame(rows, "followup", phrases.phrase("annexes.followup", language), language=language)


def lookalikes(assessment: Assessment) -> Table:
    """The last annex: one row per account in a group of names that cannot be told apart."""
    rows = assessment.lookalikes.select("group_id", "name", "platform", "unit", "reason", "closest_name")
    caption = phrases.phrase("annexes.lookalikes", assessment.language)
    return from_frame(rows, "lookalikes", caption, language=assessment.language, numbered=False)


def merge_or_close(assessment: Assessment) -> Table:
    """Which accounts to merge or close, and why: one row per account beside which its unit has a better one."""
    language = assessment.language
    choose = pl.lit(phrases.phrase("merge.choose", language))
    rows = duplication.merge_or_close(assessment.measured).with_columns(
        keep_name=pl.when("keep_silent").then(choose).otherwise("keep_name")
    )
    rows = rows.select("unit", "platform", "name", "reason", "keep_name")
    said = {r: phrases.phrase(f"merge.{r}", language) for r in rows["reason"].unique()}
    rows = rows.with_columns(merge_reason=pl.col("reason").replace(said)).drop("reason")
    rows = rows.select("unit", "platform", "name", "merge_reason", "keep_name")
    return from_frame(rows, "merge", phrases.phrase("annexes.merge", language), language=language)


def filing(assessment: Assessment) -> Table:
    """Where the ledger and the filing system's list disagree: one row per discrepancy, doubtful ones last."""
    assert assessment.discrepancies is not None
    rows = assessment.discrepancies.sort("doubtful", maintain_order=True).select(
        pl.col("kind").alias("discrepancy"),
        "platform",
        pl.coalesce("name", "filed_name").alias("name"),
        pl.coalesce("unit", "filed_unit").alias("unit"),
        "found",
        "filed_as",
        "doubtful",
    )
    return from_frame(
        rows, "filing", phrases.phrase("annexes.filing", assessment.language), language=assessment.language
    )


def all_annexes(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """The annexes that have rows, numbered in the usual order, which `phrases.annex_numbers` knows."""
    made = {
        "by_region": lambda: by_region(assessment, figures),
        "by_level": lambda: by_level(assessment, figures),
        "failed": lambda: failed(assessment),
        "duplicates": lambda: duplicates(assessment),
        "followup": lambda: followup(assessment),
        "not_checked": lambda: not_checked(assessment),
        "lookalikes": lambda: lookalikes(assessment),
        "merge": lambda: merge_or_close(assessment),
        "filing": lambda: filing(assessment),
    }
    word = phrases.phrase("words.annex", assessment.language)
    numbers = phrases.annex_numbers(assessment)
    return Blocks([{**made[name](), "annex": f"{word}{number}"} for name, number in numbers.items()])


def figure_index(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Where each number comes from: one row per figure without its breakdowns, with the condition that selects its rows."""
    language = assessment.language
    rows = [
        [
            f.id,
            f.label,
            f.text,
            f"{f.count}/{f.of}" if f.of is not None else None,
            f.evidence["table"],
            f.evidence["where"],
        ]
        for f in figures.values()
        if "@" not in f.id and f.value is not None
    ]
    names = ["id", "label", "text", "of", "evidence_table", "evidence_where"]
    heads = [{"name": n, "label": phrases.phrase(f"columns.{n}", language), "kind": "text"} for n in names]
    caption = phrases.phrase("annexes.figure_index", language)
    note = phrases.phrase("annexes.figure_index_note", language)
    return Blocks([table("figures", caption, heads, rows, note=note)])


def measured_columns() -> list[str]:
    """The columns of `measured.parquet` in the order of the dictionary: the ledger's, then what was measured."""
    ledger = list(dictionary("accounts"))
    return ledger + [name for name in dictionary("measured") if name not in ledger]
