"""The sentences of a bulletin, made from figures: every number in them is a figure's and carries its id.

Which sentence is said of a chapter (none, one, some, all) is decided here; the words are in `words/<language>.toml`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from govmedia_kit.blocks import Blocks, Run, heading, paragraph, title
from govmedia_kit.fields import label, word_label
from govmedia_kit.figures import Figure
from govmedia_kit.languages import is_english
from govmedia_kit.rounds import Round
from govmedia_kit.telling import NAMED, Teller, annex_numbers, annex_of, date_text, region_name, said

__all__ = [
    "analysis",
    "annex_list",
    "duplication_chapter",
    "interaction_chapter",
    "method_note",
    "opening",
    "overall",
    "requirements",
    "updates_chapter",
]


def opening(round_: Round) -> Blocks:
    """Title, recipients and the lead sentence."""
    s, language = round_.audit.settings, round_.language
    region = region_name(s.region, language)
    teller = Teller(round_, {})
    key = "title.default" if s.issuer else "title.nameless"
    blocks = [title(s.title or teller.say(key, issuer=s.issuer, region=region))]
    recipients = teller.say("lead.recipients", region=region) if s.is_part else s.recipients
    if recipients:
        blocks.append(paragraph(recipients, role="recipients"))
    issuer = s.issuer or said("lead.nameless_issuer", language)
    return Blocks([*blocks, paragraph(teller.runs("lead.text", issuer=issuer, region=region))])


def overall(round_: Round, figures: dict[str, Figure]) -> Blocks:
    """Chapter one: what was registered, what was checked, what passed."""
    t, s = Teller(round_, figures), round_.audit.settings
    first_day = s.as_of - dt.timedelta(days=s.window_days - 1)
    dates = {"as_of": date_text(s.as_of, t.language), "first_day": date_text(first_day, t.language)}
    registered = t.runs("overall.window", **dates, window_days=s.window_days)
    registered += t.runs("overall.registered", region=region_name(s.region, t.language))
    for kind, key in (("unit_level", "overall.by_level"), ("platform", "overall.by_platform")):
        if parts := t.breakdown("accounts.registered", kind):
            registered += t.runs(key, parts=parts)
    checked = _checked(t)
    blocks = [heading(1, said("headings.overall", t.language)), paragraph(registered), paragraph(checked)]
    if round_.followed is not None:
        key = "followed" if t.value("followup.failed_before") else "followed_none"
        blocks.append(paragraph(t.runs(f"overall.{key}", annex=annex_of("followup", t))))
    if round_.set_aside.height:
        blocks.append(paragraph(t.runs("overall.set_aside")))
    if s.note:
        blocks.append(paragraph([said("method.note_head", t.language), s.note], role="note"))
    return Blocks(blocks)


def _checked(t: Teller) -> list[Run]:
    checked, registered = t.value("accounts.checked"), t.value("accounts.registered")
    if not checked:
        return t.runs("overall.checked_none")
    if checked == registered:
        runs = t.runs("overall.checked_all")
    else:
        runs = t.runs("overall.checked_part", annex=annex_of("not_checked", t))
    runs += t.runs("overall.passed", interval=t.interval("pass_rate"))
    if t.value("accounts.failed") == 0:
        runs += t.runs("overall.passed_all")
    elif t.value("accounts.passed") == 0:
        runs += t.runs("overall.failed_all")
    if t.known("followup.rate_change"):
        runs += _change(t)
    if t.known("pass_rate.stratified"):
        runs += t.runs("overall.stratified", interval=t.interval("pass_rate.stratified"))
    return runs


def _change(t: Teller) -> list[Run]:
    """How the pass rate has moved since last round."""
    if not t.value("followup.rate_change"):
        return t.runs("overall.change_same")
    up = t.value("pass_rate") > (t.round.rate_before or 0)
    return t.runs("overall.change", direction=said(f"overall.change_{'up' if up else 'down'}", t.language))


def duplication_chapter(round_: Round, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head one: units with many accounts, and several on one platform."""
    t = Teller(round_, figures)
    none = not t.value("duplication.units_same_platform")
    runs: list[Run] = []
    if t.value("duplication.units_with_three") + t.value("duplication.units_over_three"):
        units = round_.measured.unique("unit", keep="first", maintain_order=True)
        most = units.filter(pl.col("unit_accounts") == pl.col("unit_accounts").max()).sort("unit")
        number = t.number("duplication.most_accounts")
        named = t.join([t.runs("words.counted_accounts", unit=u, number=number) for u in most["unit"].head(NAMED)])
        named += [said("words.and_so_on", t.language)] if most.height > NAMED else []
        runs += t.runs("duplication.units_over", most=named)
    else:
        runs += t.runs("duplication.none_over")
    if none:
        runs += t.runs("duplication.same_platform_none")
    else:
        prefix = "duplication.units_same_platform."
        found = sorted(
            (f for i, f in figures.items() if i.startswith(prefix) and f.value), key=lambda f: -(f.value or 0)
        )
        parts = t.join(
            [
                t.runs(
                    "duplication.same_platform_part",
                    platform=word_label("platform", f.id.removeprefix(prefix), t.language),
                    number=t.number(f.id),
                )
                for f in found
            ]
        )
        runs += t.runs("duplication.same_platform", parts=parts)
        runs += t.runs("duplication.listed", annex=annex_of("duplicates", t))
    key = "headings.duplication_none" if none else "headings.duplication"
    heads = [heading(1, said("headings.problems", t.language)), heading(2, said(key, t.language))]
    blocks = [*heads, paragraph(runs), paragraph(_lookalikes(t))]
    return Blocks(blocks if round_.discrepancies is None else [*blocks, paragraph(_filing(t))])


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
        pairs = [
            t.runs(
                "duplication.pair",
                name=row["name"],
                other=row["closest_name"],
                reason=word_label("reason", row["reason"], t.language),
            )
            for row in firsts.head(NAMED).iter_rows(named=True)
        ]
        names = t.join(pairs) + ([said("words.and_so_on", t.language)] if firsts.height > NAMED else [])
        runs = t.runs("duplication.lookalikes", names=names, annex=annex_of("lookalikes", t))
    if t.known("duplication.search_shown") and t.round.searches["others"][0] > 0:
        worst = t.round.searches.row(0, named=True)
        runs += t.runs("duplication.search", query=worst["query"], unit=worst["unit"])
    return runs


def updates_chapter(round_: Round, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head two: accounts gone silent, the worst named."""
    t, measured = Teller(round_, figures), round_.measured
    if not t.value("accounts.checked"):
        return Blocks([heading(2, said("headings.updates", t.language)), paragraph(t.runs("updates.unknown"))])
    stale = t.value("updates.stale")
    if not stale:
        runs = t.runs("updates.stale_none")
    else:
        runs = t.runs("updates.stale", interval=t.interval("updates.stale_share"))
        if t.value("updates.never"):
            never = measured.filter("never")
            key = "updates.never" if never.height <= NAMED + 2 else "updates.never_listed"
            runs += t.runs(key, names=t.accounts(never.head(NAMED + 2), most=NAMED + 2))
        silent = measured.filter(pl.col("stale"), pl.col("gap_days").is_not_null()).sort("gap_days", descending=True)
        if silent.height:
            worst = silent.row(0, named=True)
            runs += t.runs(
                "updates.longest" if t.value("updates.never") else "updates.longest_of_all",
                account=t.accounts(silent.head(1)),
                last_post=date_text(worst["last_post"], t.language),
            )
    if t.value("updates.warned_only"):
        borderline = t.runs("updates.borderline") if t.value("updates.borderline") else []
        runs += t.runs("updates.warned", borderline=borderline)
    if stale:
        runs += t.runs("duplication.listed", annex=annex_of("failed", t))
    key = "headings.updates" if stale else "headings.updates_none"
    return Blocks([heading(2, said(key, t.language)), paragraph(runs)])


def interaction_chapter(round_: Round, figures: dict[str, Figure]) -> Blocks:
    """Chapter two, head three: channels, and messages that wait for an answer."""
    t, measured = Teller(round_, figures), round_.measured
    if not t.known("interaction.no_channel"):
        channel_runs = t.runs("interaction.unknown")
    else:
        full, none = measured.filter(channel="full"), measured.filter(channel="none")
        key = "full_none" if not full.height else "full" if full.height <= NAMED + 2 else "full_many"
        channel_runs = t.runs(f"interaction.{key}", names=t.accounts(full, most=NAMED + 2))
        if none.height:
            key = "no_channel" if none.height > NAMED else "no_channel_few"
            channel_runs += t.runs(f"interaction.{key}", names=t.accounts(none))
        else:
            channel_runs += t.runs("interaction.no_channel_none")
    blocks = [paragraph(channel_runs)]
    if t.known("interaction.reply_rate"):
        runs = t.runs("interaction.messages", interval=t.interval("interaction.reply_rate"))
        runs += t.runs(
            "interaction.median" if t.known("interaction.median_reply_days") else "interaction.median_unknown"
        )
        blocks.append(paragraph(runs))
    elif t.value("interaction.messages"):
        blocks.append(paragraph(t.runs("interaction.messages_without_replies")))
    weak = not t.known("interaction.no_channel") or t.value("interaction.no_channel") > 0
    key = "headings.interaction" if weak else "headings.interaction_none"
    return Blocks([heading(2, said(key, t.language)), *blocks])


def analysis(round_: Round, figures: dict[str, Figure]) -> Blocks:
    """Statistical notes: what another threshold would change, silences that ended, bursts, answers in time."""
    t, deadlines = Teller(round_, figures), round_.audit.settings.deadlines
    runs: list[Run] = []
    if not t.known("updates.silent_in_window"):
        runs += t.runs("analysis.unknown")
    else:
        runs += t.runs("analysis.sensitivity") + t.runs("analysis.silent_in_window")
        burst = round_.measured.filter("burst")
        runs += t.runs("analysis.burst" if burst.height else "analysis.burst_none", names=t.accounts(burst))
    if t.known("interaction.answered_in_time"):
        runs += t.runs(
            "analysis.in_time",
            days=deadlines.reply_days,
            calendar=said(f"requirements.calendar_{deadlines.calendar}", t.language),
            interval=t.interval("interaction.answered_in_time"),
        )
    return Blocks([heading(1, said("analysis.head", t.language)), paragraph(runs)])


def requirements(round_: Round, figures: dict[str, Figure]) -> Blocks:
    """Chapter three: what the units are asked to do, by when."""
    t, deadlines = Teller(round_, figures), round_.audit.settings.deadlines
    calendar = said(f"requirements.calendar_{deadlines.calendar}", t.language)

    def by(key: str, days: int | None) -> list[Run]:
        return t.runs(key, days=days, calendar=calendar) if days else []

    rectify = "rectify" if t.value("accounts.failed") else "rectify_none"
    merge = "merge" if t.value("duplication.redundant_accounts") else "merge_none"
    blocks = [heading(1, said("headings.requirements", t.language))]
    for key in (rectify, merge, "answer"):
        runs = t.runs(
            f"requirements.{key}",
            deadline=by("requirements.deadline", deadlines.rectify_days),
            reply_deadline=by("requirements.reply_deadline", deadlines.reply_days),
        )
        blocks += [heading(2, said(f"requirements.{key}_head", t.language)), paragraph(runs)]
    return Blocks(blocks)


def annex_list(round_: Round) -> Blocks:
    """The list of annexes below the text, then who signs and when."""
    s, language = round_.audit.settings, round_.language
    items = [f"{i}. {said(f'annexes.{name}', language)}" for name, i in annex_numbers(round_).items()]
    blocks = [
        paragraph([said("annexes.head", language), item] if i == 0 else [item], role="annexes")
        for i, item in enumerate(items)
    ]
    if s.issuer:
        blocks.append(paragraph(s.issuer, role="signature"))
    if s.issued_on:
        blocks.append(paragraph(date_text(s.issued_on, language), role="date"))
    return Blocks(blocks)


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
    blocks.append(paragraph(t.runs("method.rules_head", rules=round_.audit.settings.rules)))
    for row in round_.rules.iter_rows(named=True):
        facts = {
            "rule": said(f"rule_names.{row['rule']}", t.language) or row["rule"],
            "when": _when(row, round_, t.language),
            "severity": word_label("severity", row["severity"], t.language),
            "basis": row["basis"] or "",
        }
        blocks.append(paragraph(t.runs("method.rule", **facts), role="note"))
    return Blocks(blocks)


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
