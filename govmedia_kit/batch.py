"""Many bulletins: one per region of an audit, by one warm kernel, and a summary of what was made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.bulletin import fingerprint, make_bulletin
from govmedia_kit.errors import GovmediaError
from govmedia_kit.kernel import started_kernel
from govmedia_kit.read import divisions, read_audit

__all__ = ["Job", "jobs_by_region", "run"]


@dataclass(frozen=True)
class Job:
    """One bulletin to make: its folder's name, what it is called, and the notebook's parameters."""

    audit: Path
    name: str
    title: str
    parameters: dict[str, Any]


def jobs_by_region(audit: Path | str) -> list[Job]:
    """A job for each division right beneath the audit's region that has an account, in the order of their codes.

    Raises InputError as `read_audit` does.
    """
    audit = Path(audit)
    read = read_audit(audit)
    root = read.settings.region
    table = divisions()
    parent = dict(zip(table["code"], table["parent"], strict=True))
    names = dict(zip(table["code"], table["name"], strict=True))

    def beneath(code: str | None) -> str | None:
        """The division right beneath the root that holds `code`."""
        while code is not None and parent.get(code) != root:
            code = parent.get(code)
        return code

    regions = read.accounts["region"].drop_nulls().unique().to_list() if "region" in read.accounts.columns else []
    found = sorted({code for code in map(beneath, regions) if code})
    return [Job(audit, f"{code}-{names[code]}", names[code], {"region": code}) for code in found]


def run(
    jobs: Iterable[Job],
    out: Path | str,
    *,
    again: bool = False,
    told: Callable[[Job, str, str], None] = lambda job, state, why: None,
    **options: Any,
) -> pl.DataFrame:
    """Make the bulletins of `jobs` into folders of `out`, one after another; one that fails does not stop the rest.

    Returns one row per job: name, title, state (`made`, `kept` where it was there already from the same inputs, `failed`), why,
    and the figures registered, checked, failed, pass_rate of each bulletin. The same table is `OUT/summary.csv`.
    `told` is called after each job. `again` makes bulletins anew that are there already.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    with started_kernel() as kernel:
        for job in jobs:
            folder, state, why = out / job.name, "made", ""
            try:
                if not again and _up_to_date(folder, job):
                    state = "kept"
                else:
                    make_bulletin(job.audit, folder, kernel=kernel, **job.parameters, **options)
            except GovmediaError as error:
                state, why = "failed", error.say(options.get("language") or "zh-Hans")
            except Exception as error:  # a fault of ours in one bulletin must not cost the others
                state, why = "failed", f"{type(error).__name__}: {error}"
            told(job, state, why)
            rows.append({"name": job.name, "title": job.title, "state": state, "why": why, **_figures(folder, state)})
    summary = pl.DataFrame(rows, schema_overrides={"pass_rate": pl.Float64})
    beside = out / ".summary.csv.part"
    summary.write_csv(beside, include_bom=True)
    beside.replace(out / "summary.csv")
    return summary


SHOWN = ("accounts.registered", "accounts.checked", "accounts.failed", "pass_rate")


def _figures(folder: Path, state: str) -> dict[str, Any]:
    names = {identifier: identifier.rpartition(".")[2] for identifier in SHOWN}
    if state == "failed":
        return dict.fromkeys(names.values())
    found = {f["id"]: f["value"] for f in json.loads((folder / "figures.json").read_text(encoding="utf-8"))}
    return {short: found[identifier] for identifier, short in names.items()}


def _up_to_date(folder: Path, job: Job) -> bool:
    """Whether a bulletin of the same inputs and parameters is there, as its manifest says."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return manifest.get("inputs") == fingerprint(job.audit) and manifest.get("parameters") == job.parameters
