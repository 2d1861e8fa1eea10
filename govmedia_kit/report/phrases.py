"""The phrases of a bulletin, filled: braces become linked figures, lists, dates, percentages.

Phrases are in `words/<catalogue>.toml`, a table per chapter, where the grammar of their braces stands too; `chapters` and `method`
decide which of them are printed.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.divisions import names
from govmedia_kit.judge import rules
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure, rounded
from govmedia_kit.report.blocks import Block, Run, heading, paragraph, plain
from govmedia_kit.schema import vocabulary_of, word_label

__all__ = ["NAMED", "Phrases", "annex_numbers", "date_text", "percent", "period", "region_name"]

# How many accounts or units a sentence names before it says 等 and points at the annex.
NAMED = 3


class Phrases:
    """Fills the phrases of one assessment: braces that name a figure become linked numbers, others are facts.

    `{accounts.failed|account|accounts}` is the word for one where the figure (or fact) is one, else the word for many.
    """

    def __init__(self, assessment: Assessment, figures: dict[str, Figure]) -> None:
        self.assessment, self.figures, self.language = assessment, figures, assessment.language
        self.limits = {f"{rule}_limit": period(rule, assessment) for rule in ("stale", "warned", "borderline")}

    def runs(self, key: str, **facts: Any) -> list[Run]:
        """The runs of a phrase. `{stale_limit}` and the like are the rule table's own."""
        made: list[Run] = []
        facts = {**self.limits, **facts}
        for i, part in enumerate(re.split(r"\{([^{}]+)\}", phrase(key, self.language))):
            if i % 2 == 0:
                made += [part] if part else []
            elif "|" in part:
                name, one, other = part.split("|")
                made.append(one if (facts[name] if name in facts else self.value(name)) == 1 else other)
            elif part in facts:
                fact = facts[part]
                made += fact if isinstance(fact, list) else [fact if isinstance(fact, dict) else str(fact)]
            else:
                made.append(self.number(part))
        return [run for run in made if run != ""]

    def number(self, identifier: str) -> Run:
        """A figure as a linked number."""
        figure = self.figures[identifier]
        return {"text": figure.text, "figure": identifier}

    def text(self, key: str, **facts: Any) -> str:
        """A phrase as plain text."""
        return plain(self.runs(key, **facts))

    def value(self, identifier: str) -> float:
        """A figure's value, 0 where it is not there or not known: only to choose a phrase, never to print."""
        figure = self.figures.get(identifier)
        return figure.value if figure is not None and figure.value is not None else 0

    def known(self, identifier: str) -> bool:
        """Whether a figure is known."""
        return self.figures[identifier].value is not None

    def interval(self, identifier: str) -> list[Run]:
        """A rate's interval in brackets; nothing where there is none."""
        figure = self.figures[identifier]
        if figure.low is None or figure.high is None:
            return []
        return [self.text("words.interval", low=percent(figure.low), high=percent(figure.high))]

    def join(self, parts: list[list[Run]], mark: str = "enumeration", *, of: int = 0) -> list[Run]:
        """Parts with the language's enumeration mark between them, or another one of its marks; 等 where they are some `of` more."""
        joined: list[Run] = []
        for i, part in enumerate(parts):
            joined += ([self.text(f"words.{mark}")] if i else []) + part
        return joined + ([self.text("words.and_so_on")] if of > len(parts) else [])

    def accounts(self, rows: pl.DataFrame, *, most: int = NAMED) -> list[Run]:
        """Accounts by unit, name and platform; 等 where there are more than `most`."""
        parts: list[list[Run]] = []
        before = None
        for row in rows.head(most).iter_rows(named=True):
            platform = word_label("platform", row["platform"], self.language)
            account = self.text("words.quoted", name=row["name"], platform=platform)
            # A unit is named once for those of its accounts that follow one another.
            same = row["unit"] == before
            parts.append([account if same else self.text("words.of_unit", unit=row["unit"], accounts=account)])
            before = row["unit"]
        return self.join(parts, of=rows.height)

    def breakdown(self, identifier: str, by: str, key: str) -> list[Run]:
        """A figure by platform, those with most accounts first, or by level, each number linked: 微信公众号144个、新浪微博79个."""
        group = "@" if by == "unit_level" else f"@{by}:"
        there = [word for word in vocabulary_of(by) or {} if f"{identifier}{group}{word}" in self.figures]

        def part(word: str) -> list[Run]:
            number = self.number(f"{identifier}{group}{word}")
            return self.runs(key, name=word_label(by, word, self.language), number=number)

        if by == "platform":
            there.sort(key=lambda word: -self.value(f"accounts.registered{group}{word}"))
        return self.join(list(map(part, there)))

    def annex(self, name: str) -> str:
        """How a phrase points at an annex: 附件3."""
        return self.text("words.annex") + str(annex_numbers(self.assessment).get(name, ""))

    def heading(self, level: int, key: str) -> Block:
        """A phrase as a heading."""
        return heading(level, self.text(key))

    def paragraph(self, key: str, *, role: str = "body", **facts: Any) -> Block:
        """A phrase as a paragraph."""
        return paragraph(self.runs(key, **facts), role=role)


def period(rule: str, assessment: Assessment) -> str:
    """The silence that a rule allows as a reader says it: 两周, 1周, 10天; empty where the table has no such rule."""
    days = rules.threshold(assessment.rules, rule)
    if days is None:
        return ""
    words = {7: "words.one_week", 14: "words.two_weeks"} if rule != "borderline" else {}
    return phrase(words.get(days, "words.days"), assessment.language).format(number=days)


def percent(share: float) -> str:
    """A share as a percentage of one decimal, halves up."""
    return f"{rounded(share * 100, 1)}%"


def date_text(day: dt.date, language: str) -> str:
    """A date as the language writes it."""
    name = phrase("words.months", language)[day.month - 1]
    return phrase("words.date", language).format(year=day.year, month_name=name, day=day.day)


def region_name(code: str | None, language: str) -> str:
    """The name of a division, or the whole country's."""
    return names().get(code or "") or phrase("words.whole_country", language)


def annex_numbers(assessment: Assessment) -> dict[str, int]:
    """The annexes that have rows, with their numbers in the usual order."""
    measured, several = assessment.measured, bool((assessment.measured["same_platform_accounts"] > 1).any())
    there = {
        "by_region": measured.filter(pl.col("region") != (assessment.audit.settings.region or "")).height > 0,
        "by_level": measured["unit_level"].null_count() < measured.height,
        "failed": assessment.count("failed") > 0,
        "duplicates": several,
        "followup": assessment.followed is not None and assessment.followed.height > 0,
        "not_checked": assessment.count("not_checked") > 0,
        "lookalikes": assessment.lookalikes.height > 0,
        "merge": several,
        "filing": assessment.discrepancies is not None and assessment.discrepancies.height > 0,
    }
    return {name: i for i, name in enumerate((n for n, has in there.items() if has), 1)}
