"""The notes behind a bulletin: what its numbers would be under other definitions, and how they were made."""

from __future__ import annotations

from typing import Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.judge import rules
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.evidence import assumptions
from govmedia_kit.judge.figures import Figure
from govmedia_kit.report.blocks import Blocks, Run, paragraph
from govmedia_kit.report.phrases import Phrases, date_text
from govmedia_kit.schema import label, word_label

__all__ = ["analysis", "method_note"]

# What is assumed of the evidence, and how the method note says it.
ASSUMED = {"as_of_found": "method.as_of_found", "ends_assumed": "method.ends_assumed"}


def analysis(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Statistical notes: what another threshold would change, silences that ended, bursts, answers in time."""
    p, deadlines = Phrases(assessment, figures), assessment.audit.settings.deadlines
    runs: list[Run] = []
    if not p.known("updates.silent_in_window"):
        runs += p.runs("analysis.unknown")
    else:
        runs += p.runs("analysis.sensitivity") + p.runs("analysis.silent_in_window")
        burst = assessment.measured.filter("checked", "burst")
        runs += p.runs("analysis.burst" if burst.height else "analysis.burst_none", names=p.accounts(burst))
    if p.known("interaction.answered_in_time"):
        runs += p.runs(
            "analysis.in_time",
            days=deadlines.reply_days,
            calendar=p.text(f"requirements.calendar_{deadlines.calendar}"),
            interval=p.interval("interaction.answered_in_time"),
        )
    return Blocks([p.heading(1, "analysis.head"), paragraph(runs)])


def method_note(assessment: Assessment) -> Blocks:
    """How the numbers were made: the definitions, and the rules as the rule table has them."""
    p = Phrases(assessment, {})
    as_of = date_text(assessment.as_of, p.language)
    blocks = [p.heading(1, "headings.method")]
    for definition in ("intro", "live", "gap", "not_checked", "duplicates", "reply"):
        blocks.append(p.paragraph(f"method.{definition}", as_of=as_of))
    for problem in assumptions(assessment.audit, assessment.measured):
        found = phrase("words.enumeration", p.language).join(problem.facts.get("found", []))
        blocks.append(p.paragraph(ASSUMED[problem.kind], **{**problem.facts, "found": found, "as_of": as_of}))
    s = assessment.audit.settings
    used = {
        "in_time": assessment.replies is not None and s.deadlines.reply_days is not None,
        "stratified": s.sampling is not None and not s.is_part,
    }
    parts = {name: p.text(f"method.interval_{name}") if there else "" for name, there in used.items()}
    blocks.append(p.paragraph("method.interval", **parts))
    blocks.append(p.paragraph("method.rules_head", rules=_name_of_rules(assessment)))
    for row in assessment.rules.iter_rows(named=True):
        facts = {
            "rule": phrase(f"rule_names.{row['rule']}", p.language, row["rule"]),
            "when": _when(row, assessment, p.language),
            "severity": word_label("severity", row["severity"], p.language).lower(),
            "basis": rules.basis(row, p.language) or "",
        }
        named = "method.rule_plain" if facts["when"] == facts["rule"] else "method.rule"
        blocks.append(p.paragraph(named, role="note", **facts))
    return Blocks(blocks)


def _name_of_rules(assessment: Assessment) -> str:
    """What a reader calls the rule table: one of the kit's by its name, an office's own as its own."""
    name = assessment.audit.settings.rules
    return name if name in rules.known_rules() else phrase("method.own_rules", assessment.language)


def _when(row: dict[str, Any], assessment: Assessment, language: str) -> str:
    """A rule's condition in words: a fact that holds by its name, others compared with a word or a number."""
    threshold = word_label(row["column"], row["threshold"], language)
    if assessment.measured.schema.get(row["column"]) == pl.Boolean:
        holds = rules.as_number(row["threshold"]) == 1
        if holds and row["compare"] == "eq":
            return label(row["column"], language)
        threshold = phrase("words.yes" if holds else "words.no", language)
    parts = (label(row["column"], language), phrase(f"compare.{row['compare']}", language), threshold)
    return phrase("words.space", language).join(parts)
