"""The sentences of a bulletin, made from figures: every number in them is a figure's and carries its id.

Which sentence is said of a chapter (none, one, some, all) is decided here; the words are in `words/<language>.toml`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import Figure
from govmedia_kit.report.blocks import Blocks, Run, heading, paragraph, title
from govmedia_kit.report.phrases import NAMED, Teller, annex_numbers, annex_of, date_text, phrase, region_name
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
    region = region_name(s.region, language)
    teller = Teller(assessment, {})
    key = "title.default" if s.issuer else "title.nameless"
    blocks = [title(s.title or teller.say(key, issuer=s.issuer, region=region))]
    recipients = teller.say("lead.recipients", region=region) if s.is_part else s.recipients
    if recipients:
        blocks.append(paragraph(recipients, role="recipients"))
    issuer = s.issuer or phrase("lead.nameless_issuer", language)
    return Blocks([*blocks, paragraph(teller.runs("lead.text", issuer=issuer, region=region))])


def overall(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter one: what was registered, what was checked, what passed."""
    t, s = Teller(assessment, figures), assessment.audit.settings
    first_day = s.as_of - dt.timedelta(days=s.window_days - 1)
    dates = {"as_of": date_text(s.as_of, t.language), "first_day": date_text(first_day, t.language)}
    sampled = t.known("sampling.registered")
    registered = t.runs("overall.window", **dates, window_days=s.window_days)
    key = "registered_sample" if sampled else "registered"
    registered += t.runs(f"overall.{key}", region=region_name(s.region, t.language))
    for kind, key in (("unit_level", "overall.by_level"), ("platform", "overall.by_platform")):
        if parts := t.breakdown("accounts.registered", kind):
            registered += t.runs(key, parts=parts)
    checked = _checked_sample(t) if sampled else _checked(t)
    blocks = [heading(1, phrase("headings.overall", t.language)), paragraph(registered), paragraph(checked)]
    if assessment.followed is not None:
        blocks.append(paragraph(_followed(t) if t.value("followup.failed_before") else t.runs("overall.followed_none")))
    if assessment.set_aside.height:
        blocks.append(paragraph(t.runs("overall.set_aside")))
    if s.note:
        blocks.append(paragraph([phrase("method.note_head", t.language), s.note], role="note"))
    return Blocks(blocks)


def _checked(t: Teller) -> list[Run]:
    """How many were checked, and how they fared."""
    checked, registered = t.value("accounts.checked"), t.value("accounts.registered")
    if not checked:
        return t.runs("overall.checked_none")
    if checked == registered:
        runs = t.runs("overall.checked_one" if checked == 1 else "overall.checked_all")
    else:
        runs = t.runs("overall.checked_part", annex=annex_of("not_checked", t))
    key = "passed" if t.value("accounts.failed") else "passed_all"
    key = key if t.value("accounts.passed") else "failed_all"
    runs += t.runs(f"overall.{key}", interval=t.interval("pass_rate"))
    return runs + (_change(t) if t.known("followup.rate_change") else [])


def _checked_sample(t: Teller) -> list[Run]:
    """How a sample fared, its strata apart: what it says of all that are registered is the weighted estimate."""
    if not t.value("accounts.checked"):
        return t.runs("overall.checked_none")
    runs = t.runs("overall.checked_sample")
    if t.value("accounts.not_checked"):
        runs += t.runs("overall.checked_sample_rest", annex=annex_of("not_checked", t))
    sampling = t.round.audit.settings.sampling
    strata = t.by_stratum("pass_rate", sampling.by) if sampling is not None else []
    runs += t.runs("overall.passed_sample", strata=t.runs("overall.strata", parts=strata) if strata else "")
    if t.known("pass_rate.stratified"):
        runs += t.runs("overall.stratified", interval=t.interval("pass_rate.stratified"))
    return runs + (_change(t) if t.known("followup.rate_change") else [])


def _followed(t: Teller) -> list[Run]:
    """What became of the accounts that failed last round: the outcomes that there are."""
    outcomes = ("fixed", "persisting", "gone", "missing", "not_checked")
    parts = [t.runs(f"overall.followed_{outcome}") for outcome in outcomes if t.value(f"followup.{outcome}")]
    return t.runs(
        "overall.followed",
        parts=t.join(parts, "comma"),
        renamed=t.runs("overall.followed_renamed") if t.value("followup.renamed") else "",
        new=t.runs("overall.followed_new" if t.value("followup.new") else "overall.followed_no_new"),
        annex=annex_of("followup", t),
    )


def _change(t: Teller) -> list[Run]:
    """How the pass rate has moved since last round."""
    doubt = [] if t.round.same_rules else t.runs("overall.other_rules")
    if not t.value("followup.rate_change"):
        return t.runs("overall.change_same") + doubt
    up = t.value("pass_rate") > (t.round.rate_before or 0)
    return t.runs("overall.change", direction=phrase(f"overall.change_{'up' if up else 'down'}", t.language)) + doubt


def duplication_chapter(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head one: units with many accounts, and several on one platform."""
    t = Teller(assessment, figures)
    none = not t.value("duplication.units_same_platform")
    runs = _many_accounts(t)
    if none:
        runs += t.runs("duplication.same_platform_none")
    else:
        prefix = "duplication.units_same_platform."
        found = sorted(
            (f for i, f in figures.items() if i.startswith(prefix) and f.value), key=lambda f: -(f.value or 0)
        )
        parts = [
            t.runs(
                "duplication.same_platform_part",
                platform=word_label("platform", f.id.removeprefix(prefix), t.language),
                number=t.number(f.id),
                number_value=f.value,
            )
            for f in found
        ]
        several = phrase("duplication.same_platform_several", t.language) if len(found) > 1 else ""
        runs += t.runs("duplication.same_platform", parts=t.join(parts), several=several)
        runs += t.runs("duplication.listed", annex=annex_of("duplicates", t))
    key = "headings.duplication_none" if none else "headings.duplication"
    heads = [heading(1, phrase("headings.problems", t.language)), heading(2, phrase(key, t.language))]
    blocks = [*heads, paragraph(runs), paragraph(_lookalikes(t))]
    return Blocks(blocks if assessment.discrepancies is None else [*blocks, paragraph(_filing(t))])


def _many_accounts(t: Teller) -> list[Run]:
    """Units with three accounts and with more, those with the most named."""
    three, over = t.value("duplication.units_with_three"), t.value("duplication.units_over_three")
    if not three and not over:
        return t.runs("duplication.none_over")
    if not over:
        return t.runs("duplication.units_three_only")
    units = t.round.measured.unique("unit", keep="first", maintain_order=True)
    most = units.filter(pl.col("unit_accounts") == pl.col("unit_accounts").max()).sort("unit")
    number = t.number("duplication.most_accounts")
    named = t.join([t.runs("words.counted_accounts", unit=u, number=number) for u in most["unit"].head(NAMED)])
    named += [phrase("words.and_so_on", t.language)] if most.height > NAMED else []
    return t.runs("duplication.units_over" if three else "duplication.units_over_only", most=named)


def _filing(t: Teller) -> list[Run]:
    """What the ledger and the filing system's own list disagree on."""
    kinds = ("not_filed", "gone", "renamed", "subject_differs", "posting_after_closure", "reopened")
    parts = [t.runs(f"filing.{kind}") for kind in kinds if t.value(f"filing.{kind}")]
    if not parts:
        runs = t.runs("filing.none")
    else:
        runs = t.runs("filing.found", parts=t.join(parts), annex=annex_of("filing", t))
    return runs + (t.runs("filing.doubtful") if t.value("filing.doubtful") else [])


def _lookalikes(t: Teller) -> list[Run]:
    """Names that a citizen cannot tell apart, and the search that shows most accounts of others."""
    if not t.value("duplication.lookalike_groups"):
        runs = t.runs("duplication.lookalikes_none")
    else:
        firsts = t.round.lookalikes.unique("group_id", keep="first", maintain_order=True)
        pairs = [_pair(t, row) for row in firsts.head(NAMED).iter_rows(named=True)]
        names = t.join(pairs) + ([phrase("words.and_so_on", t.language)] if firsts.height > NAMED else [])
        # Pairs are as large as each other; a group of three or more is worth telling.
        large = t.value("duplication.largest_lookalike_group") > 2
        largest = t.runs("duplication.lookalikes_largest") if large else []
        if t.round.lookalikes.height > t.value("duplication.lookalike_accounts"):
            largest += t.runs("duplication.lookalikes_shared")
        runs = t.runs("duplication.lookalikes", names=names, largest=largest, annex=annex_of("lookalikes", t))
    if t.known("duplication.search_shown") and t.round.searches["others"][0] > 0:
        worst = t.round.searches.row(0, named=True)
        runs += t.runs("duplication.search", query=worst["query"], unit=worst["unit"])
    return runs


def _pair(t: Teller, row: dict[str, Any]) -> list[Run]:
    """Two accounts whose names are alike: by their names, and by their units where the names are the same."""
    if row["name"] != row["closest_name"]:
        reason = word_label("reason", row["reason"], t.language).lower()
        return t.runs("duplication.pair", name=row["name"], other=row["closest_name"], reason=reason)
    units = t.round.measured.filter(pl.col("account_id") == row["closest_account_id"])["unit"]
    key = "pair_of_one" if units[0] == row["unit"] else "pair_same"
    return t.runs(f"duplication.{key}", name=row["name"], unit=row["unit"] or "—", other=units[0] or "—")


def updates_chapter(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head two: accounts gone silent, the worst named."""
    t, measured = Teller(assessment, figures), assessment.measured
    if not t.value("accounts.checked"):
        return Blocks([heading(2, phrase("headings.updates", t.language)), paragraph(t.runs("updates.unknown"))])
    stale, checked = t.value("updates.stale"), t.value("accounts.checked")
    if not t.limits["stale_limit"]:
        runs = t.runs("updates.no_rule")
    elif not stale:
        runs = t.runs("updates.stale_none_one" if checked == 1 else "updates.stale_none")
    else:
        key = "updates.stale_all" if stale == checked else "updates.stale"
        runs = t.runs(key, interval=t.interval("updates.stale_share"))
        if t.value("updates.never"):
            never = measured.filter("never")
            key = "updates.never" if never.height <= NAMED + 2 else "updates.never_listed"
            runs += t.runs(key, names=t.accounts(never.head(NAMED + 2), most=NAMED + 2))
        runs += _longest_silent(t)
    if t.value("updates.warned_only"):
        # With a limit of its own an office's borderline accounts may be stale, and none of these.
        there = measured.filter("borderline", pl.col("warned") & ~pl.col("stale")).height
        borderline = t.runs("updates.borderline") if there and there == t.value("updates.borderline") else []
        key = "warned" if stale else "warned_of_all" if checked > 1 else "warned_one"
        runs += t.runs(f"updates.{key}", borderline=borderline)
    if stale:
        runs += t.runs("duplication.listed", annex=annex_of("failed", t))
    key = "updates" if stale else "updates_slow" if t.value("updates.warned_only") else "updates_none"
    key = key if t.limits["stale_limit"] else "updates_unjudged"
    return Blocks([heading(2, phrase(f"headings.{key}", t.language)), paragraph(runs)])


def _longest_silent(t: Teller) -> list[Run]:
    """The account that has been silent longest; all of them where several are."""
    silent = t.round.measured.filter(pl.col("stale"), pl.col("gap_days").is_not_null())
    worst = silent.filter(pl.col("gap_days") == pl.col("gap_days").max())
    if not worst.height:
        return []
    key = "updates.longest" + ("" if t.value("updates.never") else "_of_all") + ("_tied" if worst.height > 1 else "")
    return t.runs(key, account=t.accounts(worst), last_post=date_text(worst["last_post"][0], t.language))


def interaction_chapter(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head three: channels, and messages that wait for an answer."""
    t, measured = Teller(assessment, figures), assessment.measured
    if not t.known("interaction.no_channel"):
        channel_runs = t.runs("interaction.unknown")
    else:
        full, none = measured.filter(channel="full"), measured.filter(channel="none")
        key = "full_none" if not full.height else "full" if full.height <= NAMED + 2 else "full_many"
        key = "full_all" if full.height == measured.height else key
        channel_runs = t.runs(f"interaction.{key}", names=t.accounts(full, most=NAMED + 2))
        if none.height:
            key = "no_channel" if none.height > NAMED else "no_channel_few"
            channel_runs += t.runs(f"interaction.{key}", names=t.accounts(none))
        else:
            channel_runs += t.runs("interaction.no_channel_none")
    blocks = [paragraph(channel_runs)]
    if t.known("interaction.reply_rate"):
        replied, messages = t.value("interaction.replied"), t.value("interaction.messages")
        key = "messages" if 0 < replied < messages else "messages_all" if replied else "messages_no_reply"
        runs = t.runs(f"interaction.{key}", interval=t.interval("interaction.reply_rate"))
        if replied:
            known = t.known("interaction.median_reply_days")
            runs += t.runs("interaction.median" if known else "interaction.median_unknown")
        blocks.append(paragraph(runs))
    elif t.value("interaction.messages"):
        blocks.append(paragraph(t.runs("interaction.messages_without_replies")))
    weak = not t.known("interaction.no_channel") or t.value("interaction.no_channel") > 0
    key = "headings.interaction" if weak else "headings.interaction_none"
    return Blocks([heading(2, phrase(key, t.language)), *blocks])


def requirements(assessment: Assessment, figures: dict[str, Figure]) -> Blocks:
    """Chapter three: what the units are asked to do, by when."""
    t, deadlines = Teller(assessment, figures), assessment.audit.settings.deadlines
    calendar = phrase(f"requirements.calendar_{deadlines.calendar}", t.language)

    def by(key: str, days: int | None) -> list[Run]:
        return t.runs(key, days=days, calendar=calendar) if days else []

    rectify = "rectify" if t.value("accounts.failed") else "rectify_none"
    merge = "merge" if t.value("duplication.redundant_accounts") else "merge_none"
    blocks = [heading(1, phrase("headings.requirements", t.language))]
    for key in (rectify, merge, "answer"):
        runs = t.runs(
            f"requirements.{key}",
            deadline=by("requirements.deadline", deadlines.rectify_days),
            reply_deadline=by("requirements.reply_deadline", deadlines.reply_days),
        )
        blocks += [heading(2, phrase(f"requirements.{key}_head", t.language)), paragraph(runs)]
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
