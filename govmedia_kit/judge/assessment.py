"""An audit with what was measured and judged, one row per account, and the three files that a bulletin keeps of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.catalogue import phrase
from govmedia_kit.judge.evidence import assumptions
from govmedia_kit.read.audit import Audit

__all__ = ["TOLD", "Assessment", "as_written", "harmless", "save_assessment"]

# What a bulletin's manifest says of its assessment; it takes the file away.
TOLD = ".told.json"
# What of a rule decides who fails.
VETO = ("severity", "rule", "column", "compare", "threshold")


@dataclass(frozen=True, repr=False)
class Assessment:
    """An audit with what was measured.

    `measured` has a row per live account, `findings` one per account and rule met, `days` one per account and day with a
    post, `lookalikes` one per account in a group of names that cannot be told apart, `searches` one per unit's name that a
    citizen may search for, the worst first, `set_aside` one per account that posts or messages name and the ledger lacks:
    table, account_id (str), rows (i64). `discrepancies` are those with the filing system's own list, None without one.
    `late` are account-days that cannot be, before 1990 or later than anything was collected, and counted nowhere.
    `previous` is the round that `audit.toml` looks back to, itself with its own, and `followed` what became of what it failed
    (`followup.follow_up`); both None without one.
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
    late: pl.DataFrame
    discrepancies: pl.DataFrame | None = None
    previous: Assessment | None = None
    followed: pl.DataFrame | None = None

    @property
    def as_of(self) -> dt.date:
        """The monitoring point (监测时间点): the end of this day."""
        return self.audit.settings.as_of

    @property
    def language(self) -> str:
        """The language in which the round is told."""
        return self.audit.settings.language

    @property
    def vetoes(self) -> pl.DataFrame:
        """Why accounts failed: one row per failed account (account_id), the sentences of its vetoes as one (sentence)."""
        between = phrase("words.semicolon", self.language)
        return self.findings.filter(severity="veto").group_by("account_id").agg(pl.col("sentence").str.join(between))

    def count(self, verdict: str) -> int:
        """How many accounts have a verdict: passed, failed or not_checked."""
        return self.measured.filter(verdict=verdict).height

    @property
    def checked(self) -> int:
        """How many accounts were checked."""
        return self.measured.height - self.count("not_checked")

    @property
    def rate(self) -> float | None:
        """The pass rate; None where nothing was checked."""
        return self.count("passed") / self.checked if self.checked else None

    @property
    def rate_before(self) -> float | None:
        """The pass rate of the previous round; None without one, or where it checked nothing."""
        return self.previous.rate if self.previous else None

    @property
    def same_rules(self) -> bool:
        """Whether the previous round failed accounts by the same rules; true without one."""
        veto = [
            table.filter(severity="veto").select(VETO).sort(pl.all())
            for table in (self.rules, (self.previous or self).rules)
        ]
        return veto[0].equals(veto[1])

    def __repr__(self) -> str:
        settings = self.audit.settings
        counts = f"{self.measured.height} accounts, {self.checked} checked, {self.count('failed')} failed"
        return f"<Assessment {settings.title or settings.region or self.audit.folder.name}, {self.as_of}: {counts}>"


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before texts that a spreadsheet would take for formulas: what strangers wrote stays text."""
    formula = pl.col(pl.String).str.contains(r"^[=+\-@\t\r]")
    return frame.with_columns(pl.when(formula).then("'" + pl.col(pl.String)).otherwise(pl.col(pl.String)).name.keep())


def as_written(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without the apostrophes that `harmless` put before its texts."""
    return frame.with_columns(pl.col(pl.String).str.replace(r"^'([=+\-@\t\r])", "$1"))


def save_assessment(assessment: Assessment, figures: Mapping[str, Any], folder: Path | str) -> None:
    """Write `figures.json`, `measured.parquet` and `findings.csv` into a folder.

    The CSV has a byte order mark, so that a spreadsheet reads its Chinese.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    records = [asdict(figure) for figure in figures.values()]
    text = "[\n" + ",\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n]\n"
    (folder / "figures.json").write_text(text, encoding="utf-8", newline="\n")
    assessment.measured.write_parquet(folder / "measured.parquet", compression="zstd")
    harmless(assessment.findings).write_csv(folder / "findings.csv", include_bom=True)
    told = {
        "as_of": assessment.as_of.isoformat(),
        "assumptions": [
            problem.say(assessment.language) for problem in assumptions(assessment.audit, assessment.measured)
        ],
        "corrections": assessment.audit.corrected,
        # What a later round needs to know of the rules by which this one failed accounts.
        "rules": assessment.rules.filter(severity="veto").select(VETO).to_dicts(),
    }
    (folder / TOLD).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8", newline="\n")
