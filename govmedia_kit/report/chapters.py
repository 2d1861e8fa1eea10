"""The sentences of a bulletin, made from figures: every number in them is a figure's and carries its id.

Which phrase is printed of a chapter (none, one, some, all) is decided here; the phrases are in `words/<catalogue>.toml`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.report.blocks import Blocks, Run, paragraph, title
from govmedia_kit.report.phrases import NAMED, Phrases, annex_numbers, date_text, region_name
from govmedia_kit.schema import word_label

__all__ = [
    "annex_list",
    "duplication_chapter",
    "interaction_chapter",
    "opening",
    "overall",
    "requirements",
    "updates_chapter",
]


def opening(assessment: Assessment) -> Blocks:
    """Title, recipients and the lead sentence."""
    s, language = assessment.audit.settings, assessment.language
    p, region = Phrases(assessment, {}), region_name(s.region, language)
    key = "title.default" if s.issuer else "title.nameless"
    blocks = [title(s.title or p.text(key, issuer=s.issuer, region=region))]
    recipients = p.text("lead.recipients", region=region) if s.is_part else s.recipients
    if recipients:
        blocks.append(paragraph(recipients, role="recipients"))
    issuer = s.issuer or phrase("lead.nameless_issuer", language)
    return Blocks([*blocks, p.paragraph("lead.text", issuer=issuer, region=region)])


def overall(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter one: what was registered, what was checked, what passed."""
    p, s = Phrases(assessment, figures), assessment.audit.settings
    first_day = s.as_of - dt.timedelta(days=s.window_days - 1)
    dates = {"as_of": date_text(s.as_of, p.language), "first_day": date_text(first_day, p.language)}
    sampled = p.known("sampling.registered")
    registered = p.runs("overall.window", **dates, window_days=s.window_days)
    live = "overall.registered_sample" if sampled else "overall.registered"
    registered += p.runs(live, region=region_name(s.region, p.language))
    for by, key in (("unit_level", "overall.by_level"), ("platform", "overall.by_platform")):
        if parts := p.breakdown("accounts.registered", by, "words.counted"):
            registered += p.runs(key, parts=parts)
    checked = p.runs("overall.checked_none", reasons=_reasons(p))
    if p.value("accounts.checked"):
        checked = (_checked_sample(p) if sampled else _checked(p)) + _change(p)
    if p.value("accounts.assumed"):
        checked += p.runs("overall.assumed")
    blocks = [p.heading(1, "headings.overall"), paragraph(registered), paragraph(checked)]
    if assessment.followed is not None:
        blocks.append(paragraph(_followed(p) if p.value("followup.failed_before") else p.runs("overall.followed_none")))
    if assessment.set_aside.height:
        blocks.append(p.paragraph("overall.set_aside"))
    if s.note:
        blocks.append(paragraph([p.text("method.note_head"), s.note], role="note"))
    return Blocks(blocks)


def _checked(p: Phrases) -> list[Run]:
    """How many were checked, and how they fared."""
    checked = p.value("accounts.checked")
    if checked == p.value("accounts.registered"):
        runs = p.runs("overall.checked_one" if checked == 1 else "overall.checked_all")
    else:
        runs = p.runs("overall.checked_part", annex=p.annex("not_checked"), reasons=_reasons(p))
    some = "overall.passed" if p.value("accounts.failed") else "overall.passed_all"
    fared = some if p.value("accounts.passed") else "overall.failed_all"
    return runs + p.runs(fared, interval=p.interval("pass_rate"))


def _reasons(p: Phrases) -> list[Run]:
    """Why accounts were not checked, each reason with its number: the annex says the same."""
    return p.breakdown("accounts.not_checked", "not_checked_reason", "words.counted")


def _checked_sample(p: Phrases) -> list[Run]:
    """How a sample fared, its strata apart: what it says of all that are registered is the weighted estimate."""
    runs = p.runs("overall.checked_sample")
    if p.value("accounts.not_checked"):
        runs += p.runs("overall.checked_sample_rest", annex=p.annex("not_checked"))
    sampling = p.assessment.audit.settings.sampling
    strata = p.breakdown("pass_rate", sampling.by, "overall.stratum") if sampling is not None else []
    runs += p.runs("overall.passed_sample", strata=p.runs("words.bracketed", text=strata) if strata else "")
    if p.known("pass_rate.stratified"):
        runs += p.runs("overall.stratified", interval=p.interval("pass_rate.stratified"))
    return runs


def _followed(p: Phrases) -> list[Run]:
    """What became of the accounts that failed last round: the outcomes that there are."""
    outcomes = ("fixed", "persisting", "gone", "missing", "not_checked")
    parts = [p.runs(f"overall.followed_{outcome}") for outcome in outcomes if p.value(f"followup.{outcome}")]
    return p.runs(
        "overall.followed",
        parts=p.join(parts, "comma"),
        renamed=p.runs("overall.followed_renamed") if p.value("followup.renamed") else "",
        new=p.runs("overall.followed_new" if p.value("followup.new") else "overall.followed_no_new"),
        annex=p.annex("followup"),
    )


def _change(p: Phrases) -> list[Run]:
    """How the pass rate has moved since last round; nothing where there was none."""
    if not p.known("followup.rate_change"):
        return []
    doubt = [] if p.assessment.same_rules else p.runs("overall.other_rules")
    if not p.value("followup.rate_change"):
        return p.runs("overall.change_same") + doubt
    up = p.value("pass_rate") > (p.assessment.rate_before or 0)
    return p.runs("overall.change", direction=p.text(f"overall.change_{'up' if up else 'down'}")) + doubt


def duplication_chapter(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head one: units with many accounts, and several on one platform."""
    p = Phrases(assessment, figures)
    none = not p.value("duplication.units_same_platform")
    runs = _many_accounts(p)
    if none:
        runs += p.runs("duplication.same_platform_none")
    else:
        prefix = "duplication.units_same_platform."
        found = [(f.value, f.id) for f in figures.values() if f.id.startswith(prefix) and f.value]
        parts = [
            p.runs(
                "duplication.same_platform_part",
                platform=word_label("platform", identifier.removeprefix(prefix), p.language),
                number=p.number(identifier),
                number_value=value,
            )
            for value, identifier in sorted(found, key=lambda f: -f[0])
        ]
        several = p.text("duplication.same_platform_several") if len(found) > 1 else ""
        runs += p.runs("duplication.same_platform", parts=p.join(parts), several=several)
        runs += p.runs("duplication.listed", annex=p.annex("duplicates"))
    head = p.heading(2, "headings.duplication_none" if none else "headings.duplication")
    blocks = [p.heading(1, "headings.problems"), head, paragraph(runs), paragraph(_lookalikes(p))]
    return Blocks(blocks if assessment.discrepancies is None else [*blocks, paragraph(_filing(p))])


def _many_accounts(p: Phrases) -> list[Run]:
    """Units with three accounts and with more, those with the most named."""
    three, over = p.value("duplication.units_with_three"), p.value("duplication.units_over_three")
    if not three and not over:
        return p.runs("duplication.none_over")
    if not over:
        return p.runs("duplication.units_three_only")
    each = p.assessment.measured.unique("unit", keep="first", maintain_order=True)
    most = each.filter(pl.col("unit_accounts") == pl.col("unit_accounts").max()).sort("unit")
    number = p.number("duplication.most_accounts")
    units = [p.runs("words.counted_accounts", unit=unit, number=number) for unit in most["unit"].head(NAMED)]
    named = p.join(units, of=most.height)
    return p.runs("duplication.units_over" if three else "duplication.units_over_only", most=named)


def _filing(p: Phrases) -> list[Run]:
    """What the ledger and the filing system's own list disagree on."""
    kinds = ("not_filed", "gone", "renamed", "subject_differs", "posting_after_closure", "reopened")
    parts = [p.runs(f"filing.{kind}") for kind in kinds if p.value(f"filing.{kind}")]
    if not parts:
        runs = p.runs("filing.none")
    else:
        runs = p.runs("filing.found", parts=p.join(parts), annex=p.annex("filing"))
    return runs + (p.runs("filing.doubtful") if p.value("filing.doubtful") else [])


def _lookalikes(p: Phrases) -> list[Run]:
    """Names that a citizen cannot tell apart, and the search that shows most accounts of others."""
    if not p.value("duplication.lookalike_groups"):
        runs = p.runs("duplication.lookalikes_none")
    else:
        firsts = p.assessment.lookalikes.unique("group_id", keep="first", maintain_order=True)
        pairs = [_pair(p, row) for row in firsts.head(NAMED).iter_rows(named=True)]
        names = p.join(pairs, of=firsts.height)
        # Pairs are as large as each other; a group of three or more is worth telling.
        large = p.value("duplication.largest_lookalike_group") > 2
        largest = p.runs("duplication.lookalikes_largest") if large else []
        if p.assessment.lookalikes.height > p.value("duplication.lookalike_accounts"):
            largest += p.runs("duplication.lookalikes_shared")
        runs = p.runs("duplication.lookalikes", names=names, largest=largest, annex=p.annex("lookalikes"))
    if p.known("duplication.search_shown") and p.assessment.searches["others"][0] > 0:
        worst = p.assessment.searches.row(0, named=True)
        runs += p.runs("duplication.search", query=worst["query"], unit=worst["unit"])
    return runs


def _pair(p: Phrases, row: dict[str, Any]) -> list[Run]:
    """Two accounts whose names are alike: by their names, and by their units where the names are the same."""
    if row["name"] != row["closest_name"]:
        reason = word_label("reason", row["reason"], p.language).lower()
        return p.runs("duplication.pair", name=row["name"], other=row["closest_name"], reason=reason)
    units = p.assessment.measured.filter(pl.col("account_id") == row["closest_account_id"])["unit"]
    key = "duplication.pair_of_one" if units[0] == row["unit"] else "duplication.pair_same"
    return p.runs(key, name=row["name"], unit=row["unit"] or "—", other=units[0] or "—")


def updates_chapter(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head two: accounts gone silent, the worst named."""
    p, measured = Phrases(assessment, figures), assessment.measured
    if not p.value("accounts.checked"):
        return Blocks([p.heading(2, "headings.updates"), p.paragraph("updates.unknown")])
    stale, checked = p.value("updates.stale"), p.value("accounts.checked")
    if not p.limits["stale_limit"]:
        runs = p.runs("updates.no_rule")
    elif not stale:
        runs = p.runs("updates.stale_none_one" if checked == 1 else "updates.stale_none")
    else:
        all_or_some = "updates.stale_all" if stale == checked else "updates.stale"
        runs = p.runs(all_or_some, interval=p.interval("updates.stale_share"))
        if p.value("updates.never"):
            never = measured.filter("never")
            few = "updates.never" if never.height <= NAMED + 2 else "updates.never_listed"
            runs += p.runs(few, names=p.accounts(never.head(NAMED + 2), most=NAMED + 2))
        runs += _longest_silent(p)
    if p.value("updates.warned_only"):
        # With a limit of its own an office's borderline accounts may be stale, and none of these.
        there = measured.filter("borderline", pl.col("warned") & ~pl.col("stale")).height
        borderline = p.runs("updates.borderline") if there and there == p.value("updates.borderline") else []
        of_whom = "warned" if stale else "warned_of_all" if checked > 1 else "warned_one"
        runs += p.runs(f"updates.{of_whom}", borderline=borderline)
    if stale:
        runs += p.runs("duplication.listed", annex=p.annex("failed"))
    judged = "updates" if stale else "updates_slow" if p.value("updates.warned_only") else "updates_none"
    head = judged if p.limits["stale_limit"] else "updates_unjudged"
    return Blocks([p.heading(2, f"headings.{head}"), paragraph(runs)])


def _longest_silent(p: Phrases) -> list[Run]:
    """The account that has been silent longest; all of them where several are."""
    silent = p.assessment.measured.filter(pl.col("stale"), pl.col("gap_days").is_not_null())
    worst = silent.filter(pl.col("gap_days") == pl.col("gap_days").max())
    if not worst.height:
        return []
    if worst["last_post"][0] is None:
        since = date_text(worst["observed_from"][0], p.language)
        return p.runs("updates.longest_unseen", account=p.accounts(worst.head(1)), since=since)
    key = "updates.longest" + ("" if p.value("updates.never") else "_of_all") + ("_tied" if worst.height > 1 else "")
    return p.runs(key, account=p.accounts(worst), last_post=date_text(worst["last_post"][0], p.language))


def interaction_chapter(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head three: channels, and messages that wait for an answer."""
    p, measured = Phrases(assessment, figures), assessment.measured
    if not p.known("interaction.no_channel"):
        channel_runs = p.runs("interaction.unknown")
    else:
        full, none = measured.filter(channel="full"), measured.filter(channel="none")
        some = "full_none" if not full.height else "full" if full.height <= NAMED + 2 else "full_many"
        every = "full_all" if full.height == measured.height else some
        channel_runs = p.runs(f"interaction.{every}", names=p.accounts(full, most=NAMED + 2))
        if none.height:
            few = "no_channel" if none.height > NAMED else "no_channel_few"
            channel_runs += p.runs(f"interaction.{few}", names=p.accounts(none))
        else:
            channel_runs += p.runs("interaction.no_channel_none")
    blocks = [paragraph(channel_runs)]
    if p.known("interaction.reply_rate"):
        replied, messages = p.value("interaction.replied"), p.value("interaction.messages")
        answered = "messages" if 0 < replied < messages else "messages_all" if replied else "messages_no_reply"
        runs = p.runs(f"interaction.{answered}", interval=p.interval("interaction.reply_rate"))
        if replied:
            known = p.known("interaction.median_reply_days")
            runs += p.runs("interaction.median" if known else "interaction.median_unknown")
        blocks.append(paragraph(runs))
    elif p.value("interaction.messages"):
        blocks.append(p.paragraph("interaction.messages_without_replies"))
    weak = not p.known("interaction.no_channel") or p.value("interaction.no_channel") > 0
    return Blocks([p.heading(2, "headings.interaction" if weak else "headings.interaction_none"), *blocks])


def requirements(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter three: what the units are asked to do, by when."""
    p, deadlines = Phrases(assessment, figures), assessment.audit.settings.deadlines
    calendar = p.text(f"requirements.calendar_{deadlines.calendar}")

    def by(key: str, days: int | None) -> list[Run]:
        return p.runs(key, days=days, calendar=calendar) if days else []

    rectify = "rectify" if p.value("accounts.failed") else "rectify_none"
    merge = "merge" if p.value("duplication.redundant_accounts") else "merge_none"
    blocks = [p.heading(1, "headings.requirements")]
    for key in (rectify, merge, "answer"):
        runs = p.runs(
            f"requirements.{key}",
            deadline=by("requirements.deadline", deadlines.rectify_days),
            reply_deadline=by("requirements.reply_deadline", deadlines.reply_days),
        )
        blocks += [p.heading(2, f"requirements.{key}_head"), paragraph(runs)]
    return Blocks(blocks)


def annex_list(assessment: Assessment) -> Blocks:
    """The list of annexes below the text, then who signs and when."""
    s, language = assessment.audit.settings, assessment.language
    items = [f"{i}. {phrase(f'annexes.{name}', language)}" for name, i in annex_numbers(assessment).items()]
    blocks = [
        paragraph([phrase("annexes.head", language), item] if i == 0 else [item], role="annexes")
        for i, item in enumerate(items)
    ]
    if s.issuer:
        blocks.append(paragraph(s.issuer, role="signature"))
    if s.issued_on:
        blocks.append(paragraph(date_text(s.issued_on, language), role="date"))
    return Blocks(blocks)
