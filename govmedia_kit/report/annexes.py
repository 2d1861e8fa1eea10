"""Summary frames to labelled tables: the annexes of a bulletin and the index of its figures."""

from __future__ import annotations

from typing import Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.divisions import divisions
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.measures import duplication
from govmedia_kit.report.blocks import Block, Blocks, Table, table
from govmedia_kit.report.phrases import annex_numbers
from govmedia_kit.schema import label, vocabulary, vocabulary_of, word_label

__all__ = [
    "all_annexes",
    "by_level",
    "by_region",
    "cell",
    "duplicates",
    "failed",
    "figure_index",
    "filing",
    "followup",
    "from_frame",
    "lookalikes",
    "merge_or_close",
    "not_checked",
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
KINDS = {pl.Int64: "int", pl.UInt32: "int", pl.Date: "date", pl.Float64: "rate"}


def from_frame(frame: pl.DataFrame, identifier: str, language: str, *, numbered: bool = True) -> Table:
    """A frame as a table block: columns labelled by the dictionary, words of vocabularies by their labels, rows numbered."""
    heads = [_head(name, language, KINDS.get(dtype.base_type(), "text")) for name, dtype in frame.schema.items()]
    rows = [[cell(name, value, language) for name, value in row.items()] for row in frame.iter_rows(named=True)]
    if numbered:
        heads.insert(0, _head("number", language, "int"))
        rows = [[i, *row] for i, row in enumerate(rows, 1)]
    return table(identifier, phrase(f"annexes.{identifier}", language), heads, rows)


def _head(name: str, language: str, kind: str = "text") -> dict[str, str]:
    return {"name": name, "label": phrase(f"columns.{name}", language, label(name, language)), "kind": kind}


def cell(column: str, value: Any, language: str) -> Any:
    """A cell as a reader sees it: words of a vocabulary by their label, yes and no, ISO dates; numbers stay numbers."""
    if isinstance(value, bool):
        return phrase("words.yes" if value else "words.no", language)
    if isinstance(value, str) and vocabulary_of(column):
        return word_label(column, value, language)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _summary(
    identifier: str, head: str, groups: dict[str, str], figures: dict[str, Figure], language: str, note: str = ""
) -> Table:
    """One row per group and one of the whole, a column per figure of `SUMMARY`; `groups` is suffix -> label."""
    rows = []
    for suffix, name in {**groups, "": phrase("words.total", language)}.items():
        found = [figures.get(figure + suffix) for figure in SUMMARY.values()]
        rows.append([name, *(None if figure is None else figure.value for figure in found)])
    heads = [_head(name, language, "rate" if name == "pass_rate" else "int") for name in SUMMARY]
    return table(
        identifier, phrase(f"annexes.{identifier}", language), [_head(head, language), *heads], rows, note=note
    )


def by_region(assessment: Assessment, figures: dict[str, Figure]) -> Table:
    """Annex 1: one row per division right beneath the audit's region, and the whole."""
    language, root = assessment.language, assessment.audit.settings.region
    beneath = divisions().filter(pl.col("parent") == root if root else pl.col("parent").is_null())
    names = {f"@region:{code}": name for code, name in beneath.select("code", "name").iter_rows()}
    groups = {group: name for group, name in names.items() if f"accounts.registered{group}" in figures}
    inside = sum(figures[f"accounts.registered{group}"].value or 0 for group in groups)
    note = ""
    if inside < (figures["accounts.registered"].value or 0):
        level = divisions().filter(code=root or "")["level"].to_list()
        note = phrase("annexes.by_region_note", language)
        note = phrase(f"annexes.by_region_note_{level[0]}", language, note) if level else note
    return _summary("by_region", "region_name", groups, figures, language, note)


def by_level(assessment: Assessment, figures: dict[str, Figure]) -> Table:
    """Annex 2: one row per level of unit, and the whole."""
    levels = [level for level in vocabulary("unit_level") if f"accounts.registered@{level}" in figures]
    groups = {f"@{level}": word_label("unit_level", level, assessment.language) for level in levels}
    return _summary("by_level", "unit_level", groups, figures, assessment.language)


def failed(assessment: Assessment) -> Table:
    """Annex 3: one row per failed account, with everything of severity veto that was found."""
    rows = (
        assessment.measured.filter(verdict="failed")
        .join(assessment.vetoes, on="account_id", how="left", maintain_order="left")
        .select("name", "platform", "unit", "supervisor", "sentence", "last_post")
    )
    rows = rows if rows["supervisor"].null_count() < rows.height else rows.drop("supervisor")
    return from_frame(rows, "failed", assessment.language)


def duplicates(assessment: Assessment) -> Table:
    """Annex 4: one row per account of a unit that runs several on one platform."""
    groups = duplication.same_platform_groups(assessment.measured)
    rows = groups.select("unit", "platform", "name", same_platform_accounts="accounts")
    return from_frame(rows, "duplicates", assessment.language)


def followup(assessment: Assessment) -> Table:
    """Annex 5: one row per account that failed last round or this one, and what became of it."""
    assert assessment.followed is not None
    rows = assessment.followed.select(
        "name",
        pl.when("renamed").then("previous_name").alias("previous_name"),
        *("platform", "unit", "outcome", "previous_sentence"),
        present_sentence="sentence",
    )
    return from_frame(rows, "followup", assessment.language)


def not_checked(assessment: Assessment) -> Table:
    """Annex 6: one row per account that could not be checked, and why."""
    rows = assessment.measured.filter(~pl.col("checked")).select("name", "platform", "unit", "not_checked_reason")
    return from_frame(rows, "not_checked", assessment.language)


def lookalikes(assessment: Assessment) -> Table:
    """The last annex: one row per account in a group of names that cannot be told apart."""
    rows = assessment.lookalikes.select("group_id", "name", "platform", "unit", "reason", "closest_name")
    return from_frame(rows, "lookalikes", assessment.language, numbered=False)


def merge_or_close(assessment: Assessment) -> Table:
    """Which accounts to merge or close, and why: one row per account beside which its unit has a better one."""
    choose = pl.lit(phrase("annexes.merge_choose", assessment.language))
    rows = duplication.merge_or_close(assessment.measured).select(
        *("unit", "platform", "name"),
        merge_reason="reason",
        keep_name=pl.when("keep_silent").then(choose).otherwise("keep_name"),
    )
    return from_frame(rows, "merge", assessment.language)


def filing(assessment: Assessment) -> Table:
    """Where the ledger and the filing system's list disagree: one row per discrepancy, doubtful ones last."""
    assert assessment.discrepancies is not None
    rows = assessment.discrepancies.sort("doubtful", maintain_order=True).select(
        pl.col("kind").alias("discrepancy"),
        "platform",
        pl.coalesce("name", "filed_name").alias("name"),
        pl.coalesce("unit", "filed_unit").alias("unit"),
        *("found", "filed_as", "doubtful"),
    )
    return from_frame(rows, "filing", assessment.language)


# Every annex by its name in `phrases.annex_numbers`; the first two are of figures.
OF_FIGURES = {"by_region": by_region, "by_level": by_level}
OF_ACCOUNTS = {
    "failed": failed,
    "duplicates": duplicates,
    "followup": followup,
    "not_checked": not_checked,
    "lookalikes": lookalikes,
    "merge": merge_or_close,
    "filing": filing,
}


def all_annexes(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """The annexes that have rows, numbered in the usual order, which `phrases.annex_numbers` knows."""
    tables: list[Block] = []
    for name, number in annex_numbers(assessment).items():
        annex = OF_FIGURES[name](assessment, figures) if name in OF_FIGURES else OF_ACCOUNTS[name](assessment)
        annex["annex"] = f"{phrase('words.annex', assessment.language)}{number}"
        tables.append(annex)
    return Blocks(tables)


def figure_index(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Where each number comes from: one row per figure without its breakdowns, with the condition that selects its rows."""
    language = assessment.language
    rows = [
        [f.id, f.label, f.text, None if f.of is None else f"{f.count}/{f.of}", f.evidence["table"], f.evidence["where"]]
        for f in figures.values()
        if "@" not in f.id and f.value is not None
    ]
    heads = [_head(name, language) for name in ("id", "label", "text", "of", "evidence_table", "evidence_where")]
    caption, note = phrase("annexes.figure_index", language), phrase("annexes.figure_index_note", language)
    return Blocks([table("figures", caption, heads, rows, note=note)])
