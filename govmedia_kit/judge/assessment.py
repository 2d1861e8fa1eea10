"""An audit with what was measured and judged, one row per account, and the three files that a bulletin keeps of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.read.audit import Audit

__all__ = ["Assessment", "save_assessment"]


@dataclass(frozen=True)
class Assessment:
    """An audit with what was measured.

    `measured` has a row per live account, `findings` one per account and rule met, `days` one per account and day with a
    post, `lookalikes` one per account in a group of names that cannot be told apart, `searches` one per unit's name that a
    citizen may search for, the worst first, `set_aside` one per account that posts or messages name and the ledger lacks:
    table, account_id (str), rows (i64). `discrepancies` are those with the filing system's own list, None without one.
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
    def rate_before(self) -> float | None:
        """The pass rate of the previous round; None without one, or where it checked nothing."""
        checked = None if self.previous is None else self.previous.measured.filter("checked")
        return (
            checked.filter(verdict="passed").height / checked.height if checked is not None and checked.height else None
        )

    @property
    def same_rules(self) -> bool:
        """Whether the previous round failed accounts by the same rules; true without one."""
        veto = [
            table.filter(severity="veto").select("rule", "column", "compare", "threshold").sort(pl.all())
            for table in (self.rules, (self.previous or self).rules)
        ]
        return veto[0].equals(veto[1])


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
    assessment.findings.write_csv(folder / "findings.csv", include_bom=True)
