"""The notes behind a bulletin: what its numbers would be under other definitions, and how they were made."""

from __future__ import annotations

from typing import Any

import polars as pl

from govmedia_kit import rules
from govmedia_kit.blocks import Blocks, Run, heading, paragraph
from govmedia_kit.fields import label, word_label
from govmedia_kit.figures import Figure
from govmedia_kit.languages import is_english
from govmedia_kit.rounds import Round
from govmedia_kit.telling import Teller, date_text, said

__all__ = ["analysis", "method_note"]


def analysis(round_: Round, figures: dict[str, Figure]) -> Blocks:
    """Statistical notes: what another threshold would change, silences that ended, bursts, answers in time."""
    t, deadlines = Teller(round_, figures), round_.audit.settings.deadlines
    runs: list[Run] = []
    if not t.known("updates.silent_in_window"):
        runs += t.runs("analysis.unknown")
    else:
        runs += t.runs("analysis.sensitivity") + t.runs("analysis.silent_in_window")
        burst = round_.measured.filter("checked", "burst")
        runs += t.runs("analysis.burst" if burst.height else "analysis.burst_none", names=t.accounts(burst))
    if t.known("interaction.answered_in_time"):
        runs += t.runs(
            "analysis.in_time",
            days=deadlines.reply_days,
            calendar=said(f"requirements.calendar_{deadlines.calendar}", t.language),
            interval=t.interval("interaction.answered_in_time"),
        )
    return Blocks([heading(1, said("analysis.head", t.language)), paragraph(runs)])


def method_note(round_: Round) -> Blocks:
    """How the numbers were made: the definitions, and the rules as the rule table has them."""
    t = Teller(round_, {})
    as_of = date_text(round_.as_of, t.language)
    blocks = [heading(1, said("headings.method", t.language)), paragraph(t.runs("method.intro"))]
    blocks += [
        paragraph(t.runs(f"method.{key}", as_of=as_of)) for key in ("live", "gap", "not_checked", "duplicates", "reply")
    ]
    s = round_.audit.settings
    used = {
        "in_time": round_.replies is not None and s.deadlines.reply_days is not None,
        "stratified": s.sampling is not None and not s.is_part,
    }
    parts = {name: said(f"method.interval_{name}", t.language) if there else "" for name, there in used.items()}
    blocks.append(paragraph(t.runs("method.interval", **parts)))
    blocks.append(paragraph(t.runs("method.rules_head", rules=_table_said(round_))))
    for row in round_.rules.iter_rows(named=True):
        facts = {
            "rule": said(f"rule_names.{row['rule']}", t.language) or row["rule"],
            "when": _when(row, round_, t.language),
            "severity": word_label("severity", row["severity"], t.language).lower(),
            "basis": rules.basis(row, t.language) or "",
        }
        key = "method.rule_plain" if facts["when"] == facts["rule"] else "method.rule"
        blocks.append(paragraph(t.runs(key, **facts), role="note"))
    return Blocks(blocks)


def _table_said(round_: Round) -> str:
    """What a reader calls the rule table: one of the kit's by its name, an office's own as its own."""
    name = round_.audit.settings.rules
    return name if name in rules.known_rules() else said("method.own_rules", round_.language)


def _when(row: dict[str, Any], round_: Round, language: str) -> str:
    """A rule's condition as a reader says it: a fact that holds by its name, others compared with a word or a number."""
    threshold = word_label(row["column"], row["threshold"], language)
    if round_.measured.schema.get(row["column"]) == pl.Boolean:
        holds = row["threshold"] in ("1", "true")
        if holds and row["compare"] == "eq":
            return label(row["column"], language)
        threshold = said("words.yes" if holds else "words.no", language)
    parts = (label(row["column"], language), said(f"compare.{row['compare']}", language), threshold)
    return (" " if is_english(language) else "").join(parts)
