"""An earlier round as it was published: the folder of a finished bulletin in place of its audit.

What was printed is what this round is held against, whatever has become of the ledger since.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import polars as pl

from govmedia_kit import observations, schema
from govmedia_kit.divisions import within
from govmedia_kit.errors import InputError
from govmedia_kit.interop import conformed
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.figures import load_assessment
from govmedia_kit.judge.rules import read_rules
from govmedia_kit.read.audit import Audit
from govmedia_kit.read.settings import Settings

__all__ = ["FILES", "is_published", "read_published"]

FILES = ("figures.json", "measured.parquet", "findings.csv", "manifest.json")


def is_published(folder: Path) -> bool:
    """Whether a folder is that of a finished bulletin."""
    return all((folder / name).is_file() for name in FILES)


def read_published(folder: Path, *, region: str | None, language: str) -> Assessment:
    """The round of a finished bulletin, of a region's accounts: what it measured, found and judged by.

    Raises InputError where its files cannot be read, or none tells its monitoring point.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        saved = load_assessment(folder)
    except (ValueError, pl.exceptions.PolarsError, OSError) as error:
        raise InputError("unreadable_file", path=folder, found=str(error).split("\n")[0][:200]) from error
    measured, findings = saved["measured"], saved["findings"]
    measured = conformed(measured, schema.dtypes("accounts") | dict(measured.schema))
    if region is not None:
        measured = measured.filter(pl.col("region").is_in(within(region)))
    findings = findings.join(measured.select("account_id"), on="account_id", how="semi")
    as_of = _as_of(manifest, measured)
    if as_of is None:
        raise InputError("published_without_as_of", path=folder)
    nothing = pl.DataFrame(schema=schema.dtypes("account_days"))
    audit = Audit(
        folder=folder,
        settings=Settings(as_of=as_of, region=region, language=language),
        accounts=measured,
        posts=None,
        messages=None,
        filed=None,
        ledger=measured,
        unknown_in_messages=pl.DataFrame(),
        observations=observations.none(),
        latest=as_of,
    )
    return Assessment(
        audit=audit,
        rules=pl.DataFrame(manifest["rules"], infer_schema_length=None)
        if manifest.get("rules")
        else read_rules(audit.settings.rules),
        days=nothing,
        measured=measured,
        findings=findings,
        replies=None,
        set_aside=pl.DataFrame(),
        lookalikes=pl.DataFrame(),
        searches=pl.DataFrame(),
        late=nothing,
    )


def _as_of(manifest: dict[str, object], measured: pl.DataFrame) -> dt.date | None:
    """The monitoring point: as the manifest says it, else from any account's last post and the days since."""
    if isinstance(said := manifest.get("as_of"), str):
        return dt.date.fromisoformat(said)
    known = measured.filter(pl.col("last_post").is_not_null(), pl.col("gap_days").is_not_null())
    days = known.select(pl.col("last_post") + pl.duration(days="gap_days")).to_series().cast(pl.Date)
    return days[0] if len(days) else None
