"""One round of checking: the measures joined to one row per account, judged by the rules."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import duplication, fields, gaps, interaction, names, rules
from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.lookalikes import lookalike_groups, search_results
from govmedia_kit.read import Audit, divisions, within
from govmedia_kit.reconcile import DISCREPANCIES, discrepancy_flags, reconcile

__all__ = ["Round", "measure_round", "save_round", "set_aside_problems"]


@dataclass(frozen=True)
class Round:
    """An audit with what was measured.

    `measured` has a row per live account, `findings` one per account and rule met, `days` one per account and day with a
    post, `lookalikes` one per account in a group of names that cannot be told apart, `searches` one per unit's name that a
    citizen may search for, the worst first, `set_aside` one per account that posts or messages name and the ledger lacks:
    table, account_id (str), rows (i64). `discrepancies` are those with the filing system's own list, None without one.
    `followed` and `rate_before` are there once `followup.followed` has looked back; `same_rules` is false where the last
    round failed accounts by other rules.
    """

    audit: Audit
    rules: pl.DataFrame
    days: pl.DataFrame
    measured: pl.DataFrame
    findings: pl.DataFrame
    replies: pl.DataFrame | None
    set_aside: pl.DataFrame
    lookalikes: pl.DataFrame
    searches: pl.DataFrame
    discrepancies: pl.DataFrame | None = None
    followed: pl.DataFrame | None = None
    rate_before: float | None = None
    same_rules: bool = True

    @property
    def as_of(self) -> dt.date:
        """The monitoring point (监测时间点): the end of this day."""
        return self.audit.settings.as_of

    @property
    def language(self) -> str:
        """The language in which the round is told."""
        return self.audit.settings.language


def measure_round(audit: Audit) -> Round:
    """Measure an audit: account-days, update status, duplicates, channels, replies, findings and verdicts.

    Only live accounts are measured. Raises InputError where none is live at the monitoring point.
    """
    settings = audit.settings
    accounts = duplication.live(_with_all_columns(audit.accounts), as_of=settings.as_of)
    if not accounts.height:
        raise InputError("no_live_account", found=settings.as_of, region=settings.region or "")
    table = rules.read_rules(settings.rules, folder=audit.folder)
    days, set_aside = _account_days(audit)
    window: dict[str, Any] = {"as_of": settings.as_of, "window_days": settings.window_days}
    status = gaps.update_status(
        days,
        accounts,
        **window,
        over=rules.stale_after(table),
        certain_after=rules.threshold(table, "stale"),
        working=True,
    )
    measured = (
        accounts.join(status, on="account_id", how="left", maintain_order="left")
        .join(duplication.account_counts(accounts), on="account_id", how="left", maintain_order="left")
        .join(interaction.channels(accounts), on="account_id", how="left", maintain_order="left")
        .with_columns(_region_path(accounts))
    )
    replies = None
    if audit.messages is not None:
        replies = interaction.replies(audit.messages, accounts, **window)
        measured = measured.join(_message_counts(replies), on="account_id", how="left", maintain_order="left")
    else:
        measured = measured.with_columns(pl.lit(None, pl.Int64).alias(c) for c in ("messages", "replied"))
    lookalikes = lookalike_groups(accounts)
    searches = search_results(accounts)
    first = lookalikes.group_by("account_id").agg(lookalike_group=pl.col("group_id").min())
    measured = measured.join(first, on="account_id", how="left", maintain_order="left")
    discrepancies = _discrepancies(audit, days)
    measured = _with_flags(measured, discrepancies)
    findings = rules.flag(measured, table, language=settings.language)
    return Round(
        audit=audit,
        rules=table,
        days=days,
        measured=rules.verdicts(measured, findings),
        findings=findings,
        replies=replies,
        set_aside=set_aside,
        lookalikes=lookalikes,
        searches=searches,
        discrepancies=discrepancies,
    )


def _with_all_columns(accounts: pl.DataFrame) -> pl.DataFrame:
    """The ledger with every column of the dictionary, absent ones null: what a ledger lacks is not known."""
    schema = fields.schema("accounts")
    return accounts.select(
        (pl.col(name) if name in accounts.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


def _account_days(audit: Audit) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The account-days of the audit's accounts, and how many rows belong to accounts that the ledger lacks.

    Raises InputError for a monitoring point before every post.
    """
    days = pl.DataFrame(schema=fields.schema("account_days"))
    if audit.posts is not None:
        days = gaps.collected(gaps.account_days(audit.posts)).cast(dict(fields.schema("account_days")))  # type: ignore[arg-type]
    as_of = audit.settings.as_of
    first = days["day"].cast(pl.Int32).cast(pl.Date).min()
    if isinstance(first, dt.date) and first > as_of:
        raise InputError("as_of_before_posts", found=as_of, other=first)
    unknown = days.filter(~pl.col("account_id").is_in(audit.ledger["account_id"].to_list()))
    rows = unknown.group_by("account_id").agg(rows=pl.col("posts").sum()).sort("account_id")
    apart = [rows.select(table=pl.lit("posts"), account_id="account_id", rows="rows")]
    apart.append(audit.unknown_in_messages.select(table=pl.lit("messages"), account_id="account_id", rows="rows"))
    mine = days.filter(pl.col("account_id").is_in(audit.accounts["account_id"].to_list()))
    return mine.sort("account_id", "day"), pl.concat(apart)


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


def _message_counts(replies: pl.DataFrame) -> pl.DataFrame:
    return (
        replies.filter(pl.col("account_id").is_not_null())
        .group_by("account_id")
        .agg(
            messages=pl.len().cast(pl.Int64),
            replied=pl.when(pl.col("replied").is_not_null().any()).then(pl.col("replied").sum().cast(pl.Int64)),
        )
    )


def _region_path(accounts: pl.DataFrame) -> pl.Series:
    """Codes from the province down to the account's own division, `620000/620100/620102`."""
    table = divisions()
    parent = dict(zip(table["code"], table["parent"], strict=True))

    def path(code: str) -> str:
        codes = [code]
        while above := parent.get(codes[0]):
            codes.insert(0, above)
        return "/".join(codes)

    codes = accounts["region"].drop_nulls().unique().to_list()
    paths = {code: path(code) for code in codes}
    return accounts["region"].replace_strict(paths, default=None, return_dtype=pl.String).alias("region_path")


def save_round(round_: Round, figures: Mapping[str, Any], folder: Path | str) -> None:
    """Write `figures.json`, `measured.parquet` and `findings.csv` into a folder.

    The CSV has a byte order mark, so that a spreadsheet reads its Chinese.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    records = [asdict(figure) for figure in figures.values()]
    text = "[\n" + ",\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n]\n"
    (folder / "figures.json").write_text(text, encoding="utf-8", newline="\n")
    round_.measured.write_parquet(folder / "measured.parquet", compression="zstd")
    round_.findings.write_csv(folder / "findings.csv", include_bom=True)


def set_aside_problems(audit: Audit) -> list[Problem]:
    """What `check` says beyond its cells: rows of accounts that the ledger lacks, units that are spelt in several ways."""
    _, apart = _account_days(audit)
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
    cores = units.with_columns(core=names.core(pl.col("unit")))
    alike = cores.group_by("core", "region", maintain_order=True).agg("unit").filter(pl.col("unit").list.len() > 1)
    ledger = next((path for path in audit.inputs if path.stem == "accounts"), audit.folder)
    return [Problem("unit_spelled_twice", Place(ledger.name), {"found": found}) for found in alike["unit"].to_list()]
