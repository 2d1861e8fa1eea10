"""The notes behind a bulletin: what its numbers would be under other definitions, and how they were made."""

from __future__ import annotations

from typing import Any

import polars as pl

from govmedia_kit.judge import rules
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.languages import is_english
from govmedia_kit.report.blocks import Blocks, Run, heading, paragraph
from govmedia_kit.report.phrases import Teller, date_text, phrase
from govmedia_kit.schema import label, word_label

__all__ = ["analysis", "method_note"]


def analysis(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Statistical notes: what another threshold would change, silences that ended, bursts, answers in time."""
    t, deadlines = Teller(assessment, figures), assessment.audit.settings.deadlines
    runs: list[Run] = []
    if not t.known("updates.silent_in_window"):
        runs += t.runs("analysis.unknown")
    else:
        runs += t.runs("analysis.sensitivity") + t.runs("analysis.silent_in_window")
        burst = assessment.measured.filter("checked", "burst")
        runs += t.runs("analysis.burst" if burst.height else "analysis.burst_none", names=t.accounts(burst))
    if t.known("interaction.answered_in_time"):
        runs += t.runs(
            "analysis.in_time",
            days=deadlines.reply_days,
            calendar=phrase(f"requirements.calendar_{deadlines.calendar}", t.language),
            interval=t.interval("interaction.answered_in_time"),
        )
    return Blocks([heading(1, phrase("analysis.head", t.language)), paragraph(runs)])


def method_note(assessment: Assessment) -> Blocks:
    """How the numbers were made: the definitions, and the rules as the rule table has them."""
    t = Teller(assessment, {})
    as_of = date_text(assessment.as_of, t.language)
    blocks = [heading(1, phrase("headings.method", t.language)), paragraph(t.runs("method.intro"))]
    blocks += [
        paragraph(t.runs(f"method.{key}", as_of=as_of)) for key in ("live", "gap", "not_checked", "duplicates", "reply")
    ]
    s = assessment.audit.settings
    used = {
        "in_time": assessment.replies is not None and s.deadlines.reply_days is not None,
        "stratified": s.sampling is not None and not s.is_part,
    }
    parts = {name: phrase(f"method.interval_{name}", t.language) if there else "" for name, there in used.items()}
    blocks.append(paragraph(t.runs("method.interval", **parts)))
    blocks.append(paragraph(t.runs("method.rules_head", rules=_table_said(assessment))))
    for row in assessment.rules.iter_rows(named=True):
        facts = {
            "rule": phrase(f"rule_names.{row['rule']}", t.language) or row["rule"],
            "when": _when(row, assessment, t.language),
            "severity": word_label("severity", row["severity"], t.language).lower(),
            "basis": rules.basis(row, t.language) or "",
        }
        key = "method.rule_plain" if facts["when"] == facts["rule"] else "method.rule"
        blocks.append(paragraph(t.runs(key, **facts), role="note"))
    return Blocks(blocks)


def _table_said(assessment: Assessment) -> str:
    """What a reader calls the rule table: one of the kit's by its name, an office's own as its own."""
    name = assessment.audit.settings.rules
    return name if name in rules.known_rules() else phrase("method.own_rules", assessment.language)


def _when(row: dict[str, Any], assessment: Assessment, language: str) -> str:
    """A rule's condition as a reader says it: a fact that holds by its name, others compared with a word or a number."""
    threshold = word_label(row["column"], row["threshold"], language)
    if assessment.measured.schema.get(row["column"]) == pl.Boolean:
        holds = row["threshold"] in ("1", "true")
        if holds and row["compare"] == "eq":
            return label(row["column"], language)
        threshold = phrase("words.yes" if holds else "words.no", language)
    parts = (label(row["column"], language), phrase(f"compare.{row['compare']}", language), threshold)
    return (" " if is_english(language) else "").join(parts)
