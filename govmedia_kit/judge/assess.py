"""One round of checking: the measures joined to one row per account, judged by the rules, held against the round before."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.divisions import divisions, within
from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.interop import with_dtypes
from govmedia_kit.judge import rules
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.followup import follow_up
from govmedia_kit.judge.published import is_published, read_published
from govmedia_kit.measures import duplication, interaction
from govmedia_kit.measures.filing import DISCREPANCIES, discrepancy_flags, reconcile
from govmedia_kit.measures.lookalikes import normalize
from govmedia_kit.measures.lookalikes.groups import lookalike_groups, search_results
from govmedia_kit.measures.updates import status
from govmedia_kit.measures.updates.account_days import account_days, collected
from govmedia_kit.observations import EVER, evidence
from govmedia_kit.read.audit import Audit, read_audit

__all__ = ["assess", "set_aside_problems"]

# Rounds that a trend goes back: two years of quarters.
ROUNDS = 8


def assess(audit: Audit) -> Assessment:
    """Measure and judge an audit: account-days, update status, duplicates, channels, replies, findings and verdicts, and what
    became of what the previous round failed.

    Only live accounts are measured. Raises InputError where none is live at the monitoring point, and as `read_audit` does for
    the rounds that `previous` leads back to, each earlier than the one that names it; RuleError for a rule table.
    """
    return _with_rounds_before(audit, ROUNDS)


def _with_rounds_before(audit: Audit, rounds: int) -> Assessment:
    """The audit assessed, with the round before it and so on, `rounds` in all, each measured once."""
    assessment = _alone(audit)
    if audit.settings.previous is None or rounds == 1:
        return assessment
    folder = audit.folder / audit.settings.previous
    if is_published(folder):
        before = read_published(folder, region=audit.settings.region, language=audit.settings.language)
        if before.as_of >= assessment.as_of:
            raise InputError("previous_is_later", path=folder, found=before.as_of, other=assessment.as_of)
        if not before.measured.height:
            return assessment
        return replace(assessment, previous=before, followed=follow_up(assessment, before))
    try:
        earlier = read_audit(folder, region=audit.settings.region, language=audit.settings.language)
        if earlier.settings.as_of >= assessment.as_of:
            raise InputError("previous_is_later", path=folder, found=earlier.settings.as_of, other=assessment.as_of)
        before = _with_rounds_before(earlier, rounds - 1)
    except InputError as error:
        if error.kind != "no_live_account":
            error.problems = [problem.beneath(audit.settings.previous) for problem in error.problems]
            raise
        return assessment  # the region had none then: there is nothing to look back to
    return replace(assessment, previous=before, followed=follow_up(assessment, before))


def _alone(audit: Audit) -> Assessment:
    settings = audit.settings
    # What a ledger lacks is not known.
    ledger = with_dtypes(audit.accounts.lazy(), schema.dtypes("accounts")).collect()
    days, late, set_aside = _account_days(audit)
    accounts = _with_evidence(duplication.live(ledger, as_of=settings.as_of), audit, days)
    if not accounts.height:
        raise InputError("no_live_account", found=settings.as_of, region=settings.region or "")
    table = rules.read_rules(settings.rules, folder=audit.folder)
    window: dict[str, Any] = {"as_of": settings.as_of, "window_days": settings.window_days}
    update_status = status.update_status(
        days,
        accounts,
        **window,
        observations=audit.observations,
        over=rules.stale_after(table),
        working=True,
    )
    replies = None if audit.messages is None else interaction.replies(audit.messages, accounts, **window)
    lookalikes = lookalike_groups(accounts)
    measured = accounts
    for measures in (
        update_status,
        duplication.account_counts(accounts),
        interaction.channels(accounts),
        _region_paths(accounts),
        _message_counts(replies),
        lookalikes.group_by("account_id").agg(lookalike_group=pl.col("group_id").min()),
    ):
        measured = measured.join(measures, on="account_id", how="left", maintain_order="left")
    discrepancies = _discrepancies(audit, days)
    measured = _with_flags(measured, discrepancies)
    findings = rules.flag(measured, table, language=settings.language)
    return Assessment(
        audit=audit,
        rules=table,
        days=days,
        measured=rules.verdicts(measured, findings),
        findings=findings,
        replies=replies,
        set_aside=set_aside,
        lookalikes=lookalikes,
        searches=search_results(accounts),
        late=late,
        discrepancies=discrepancies,
    )


def _account_days(audit: Audit) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The account-days of the audit's accounts, those that cannot be, and how many rows belong to accounts that the ledger lacks.

    Raises InputError for a monitoring point before every post.
    """
    days = pl.DataFrame(schema=schema.dtypes("account_days"))
    if audit.posts is not None:
        days = collected(account_days(audit.posts)).cast(dict(schema.dtypes("account_days")))  # type: ignore[arg-type]
    as_of = audit.settings.as_of
    day = pl.col("day").cast(pl.Int32).cast(pl.Date)
    possible = day.is_between(EVER, audit.latest)
    late, days = days.filter(~possible), days.filter(possible)
    first = days["day"].cast(pl.Int32).cast(pl.Date).min()
    if isinstance(first, dt.date) and first > as_of:
        raise InputError("as_of_before_posts", found=as_of, other=first)
    unknown = days.filter(~pl.col("account_id").is_in(audit.ledger["account_id"].to_list()))
    rows = unknown.group_by("account_id").agg(rows=pl.col("posts").sum()).sort("account_id")
    apart = [rows.select(table=pl.lit("posts"), account_id="account_id", rows="rows")]
    apart.append(audit.unknown_in_messages.select(table=pl.lit("messages"), account_id="account_id", rows="rows"))
    mine = days.filter(pl.col("account_id").is_in(audit.accounts["account_id"].to_list()))
    return mine.sort("account_id", "day"), late, pl.concat(apart)


def _with_evidence(accounts: pl.DataFrame, audit: Audit, days: pl.DataFrame) -> pl.DataFrame:
    """The accounts with the days for which they were observed, whoever says so, in `observed_from` and `observed_to`."""
    posted = days.group_by("account_id").agg(oldest=pl.col("day").min().cast(pl.Int32).cast(pl.Date))
    noted = accounts.filter(pl.col("last_post_on") <= audit.settings.as_of).select("account_id", oldest="last_post_on")
    oldest = pl.concat([posted, noted]).group_by("account_id").agg(pl.col("oldest").min())
    proved = evidence(audit.observations, oldest, as_of=audit.settings.as_of)
    spans = proved.select("account_id", __from="span_from", __to="span_to")
    joined = accounts.join(spans, on="account_id", how="left", maintain_order="left")
    return joined.with_columns(observed_from="__from", observed_to="__to").drop("__from", "__to")


def _discrepancies(audit: Audit, days: pl.DataFrame) -> pl.DataFrame | None:
    """Where the ledger of the region and the filing system's list of it disagree; None without such a list."""
    filed, region = audit.filed, audit.settings.region
    if filed is None:
        return None
    found = reconcile(audit.ledger, filed, as_of=audit.settings.as_of, days=days.select("account_id", "day"))
    if region is None:
        return found
    # All are compared, since one list may hold an account under another region; then each region has its own.
    mine = pl.col("account_id").is_in(audit.accounts["account_id"].to_list())
    here = filed
    if "region" in filed.columns:
        here = filed.filter(pl.col("region").is_null() | pl.col("region").is_in(within(region)))
    gone = pl.col("account_id").is_null() & pl.col("filed_account_id").is_in(here["account_id"].to_list())
    return found.filter(mine | gone)


def _with_flags(measured: pl.DataFrame, discrepancies: pl.DataFrame | None) -> pl.DataFrame:
    """The measured accounts with a column per kind of discrepancy, null where nothing is filed to compare with."""
    kinds = [kind for kind in DISCREPANCIES if kind not in ("gone", "doubtful_match")]
    if discrepancies is None:
        return measured.with_columns(pl.lit(None, pl.Boolean).alias(kind) for kind in kinds)
    flags = discrepancy_flags(discrepancies)
    return measured.join(flags, on="account_id", how="left", maintain_order="left").with_columns(
        pl.col(kinds).fill_null(False)
    )


def _message_counts(replies: pl.DataFrame | None) -> pl.DataFrame:
    """How many messages an account got and answered: no row without a table of messages."""
    if replies is None:
        return pl.DataFrame(schema={"account_id": pl.String, "messages": pl.Int64, "replied": pl.Int64})
    answered = pl.col("replied").sum().cast(pl.Int64)
    return (
        replies.filter(pl.col("account_id").is_not_null())
        .group_by("account_id")
        .agg(messages=pl.len().cast(pl.Int64), replied=pl.when(pl.col("replied").is_not_null().any()).then(answered))
    )


def _region_paths(accounts: pl.DataFrame) -> pl.DataFrame:
    """Codes from the province down to the account's own division, `620000/620100/620102`."""
    parent = dict(divisions().select("code", "parent").iter_rows())

    def path(code: str) -> str:
        codes = [code]
        while above := parent.get(codes[0]):
            codes.insert(0, above)
        return "/".join(codes)

    paths = {code: path(code) for code in accounts["region"].drop_nulls().unique()}
    found = pl.col("region").replace_strict(paths, default=None, return_dtype=pl.String)
    return accounts.select("account_id", region_path=found)


def set_aside_problems(audit: Audit, apart: pl.DataFrame | None = None) -> list[Problem]:
    """What `check` says beyond its cells: rows of accounts that the ledger lacks, units that are spelt in several ways.

    `apart` is the `set_aside` of an assessment, where there is one: then the posts are not looked through again.
    """
    apart = _account_days(audit)[2] if apart is None else apart
    problems = _spelled_twice(audit)
    for (table,), rows in apart.group_by("table", maintain_order=True):
        found = [*rows["account_id"].head(3), *(["…"] if rows.height > 3 else [])]
        facts = {"table": table, "count": rows["rows"].sum(), "found": found}
        problems.append(Problem("posts_without_account", Place(str(table)), facts))
    return problems


def _spelled_twice(audit: Audit) -> list[Problem]:
    """Units of one division whose names have one core, 酒泉市卫健委 and 酒泉市卫生健康委员会: they would count as two."""
    if "region" not in audit.accounts.columns:
        return []
    units = audit.accounts.select("unit", "region").drop_nulls().unique(maintain_order=True)
    cores = units.with_columns(core=normalize.core(pl.col("unit")))
    alike = cores.group_by("core", "region", maintain_order=True).agg("unit").filter(pl.col("unit").list.len() > 1)
    ledger = next((path for path in audit.inputs if path.stem == "accounts"), audit.folder)
    return [Problem("unit_spelled_twice", Place(ledger.name), {"found": found}) for found in alike["unit"].to_list()]
