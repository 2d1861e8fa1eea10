"""Many bulletins: one per region of an audit, by one warm kernel, and a summary of what was made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from govmedia_kit import __version__
from govmedia_kit.divisions import divisions
from govmedia_kit.errors import GovmediaError
from govmedia_kit.package_data import resource
from govmedia_kit.read.audit import read_audit
from govmedia_kit.render import html
from govmedia_kit.render.formats import FORMATS
from govmedia_kit.report import phrases
from govmedia_kit.report.blocks import listing, title
from govmedia_kit.run.bulletin import fingerprint, make_bulletin, sha256
from govmedia_kit.run.kernel import started_kernel

__all__ = ["Job", "jobs_by_region", "jobs_of", "make_batch"]

# Options of `make_bulletin` that say how it is made; all others are the notebook's parameters.
NOT_PARAMETERS = ("formats", "kernel", "notebook", "progress", "layout", "template", "charts", "code", "notices")


@dataclass(frozen=True)
class Job:
    """One bulletin to make: its folder's name, what it is called, and the notebook's parameters."""

    audit: Path
    name: str
    title: str
    parameters: dict[str, Any]


def jobs_of(audits: Iterable[Path]) -> list[Job]:
    """The jobs of one audit, or of several, each in a folder of its own; one that cannot be read is a job that fails."""
    audits = [Path(audit) for audit in audits]
    if len(audits) == 1:
        return jobs_by_region(audits[0])
    jobs = []
    for folder, audit in zip(_folders(audits), audits, strict=True):
        try:
            jobs += [replace(job, name=f"{folder}/{job.name}") for job in jobs_by_region(audit)]
        except GovmediaError:
            jobs.append(Job(audit, folder, folder, {}))
    return jobs


def _folders(audits: list[Path]) -> list[str]:
    """A name for each audit's folder: its own, with its parents' as far as it takes to tell them apart."""
    paths = [audit.resolve() for audit in audits]
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        found = ["-".join(path.parts[-depth:]).strip("/\\") for path in paths]
        if len(set(found)) == len(set(paths)):
            break
    # The same audit named twice is one.
    return [f"{name}-{found[:i].count(name) + 1}" if name in found[:i] else name for i, name in enumerate(found)]


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


def make_batch(
    jobs: Iterable[Job],
    out: Path | str,
    *,
    again: bool = False,
    told: Callable[[Job, str, str], None] = lambda job, state, why: None,
    **options: Any,
) -> pl.DataFrame:
    """Make the bulletins of `jobs` into folders of `out`, one after another; one that fails does not stop the rest.

    Returns one row per job: name, title, state (`made`, `kept` where it was there already from the same inputs, `failed`), why,
    and the figures registered, checked, failed, pass_rate of each bulletin. The same table is `OUT/summary.csv`, and `OUT/index.html` leads to the bulletins.
    `told` is called after each job. `again` makes bulletins anew that are there already.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    with started_kernel() as kernel:
        for job in jobs:
            folder, state, why = out / job.name, "made", ""
            try:
                if not again and _up_to_date(folder, job, options):
                    state = "kept"
                else:
                    make_bulletin(job.audit, folder, kernel=kernel, **job.parameters, **options)
            except GovmediaError as error:
                state, why = "failed", error.say(options.get("language") or "zh-Hans")
            except Exception as error:  # a fault of ours in one bulletin must not cost the others
                state, why = "failed", f"{type(error).__name__}: {error}"
            told(job, state, why)
            rows.append({"name": job.name, "title": job.title, "state": state, "why": why, **_figures(folder, state)})
    texts = dict.fromkeys(("name", "title", "state", "why"), pl.String)
    counts = dict.fromkeys(("registered", "checked", "failed"), pl.Int64)
    summary = pl.DataFrame(rows, schema={**texts, **counts, "pass_rate": pl.Float64})
    _beside(out / "summary.csv", summary.write_csv(include_bom=True))
    _beside(out / "index.html", _index(summary, options.get("language") or "zh-Hans"))
    return summary


def _beside(path: Path, text: str) -> None:
    """Write a file beside and put it in its place."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)


def _index(summary: pl.DataFrame, language: str) -> str:
    """The page that leads to the bulletins: one line per job, with its figures or why it failed."""
    items = []
    for row in summary.iter_rows(named=True):
        if row["state"] == "failed":
            items.append([row["title"], f" — {row['why']}"])
            continue
        line = phrases.phrase("index.line", language).format(
            checked=row["checked"],
            failed=row["failed"],
            rate="—" if row["pass_rate"] is None else phrases.percent(row["pass_rate"]),
        )
        items.append([{"text": row["title"], "href": quote(f"{row['name']}/bulletin.html")}, line])
    return html.page([title(phrases.phrase("index.title", language)), listing(items)], language=language)


SHOWN = ("accounts.registered", "accounts.checked", "accounts.failed", "pass_rate")


def _figures(folder: Path, state: str) -> dict[str, Any]:
    names = {identifier: identifier.rpartition(".")[2] for identifier in SHOWN}
    if state == "failed":
        return dict.fromkeys(names.values())
    found = {f["id"]: f["value"] for f in json.loads((folder / "figures.json").read_text(encoding="utf-8"))}
    return {short: found[identifier] for identifier, short in names.items()}


def _up_to_date(folder: Path, job: Job, options: dict[str, Any]) -> bool:
    """Whether the bulletin is there, whole, from the same inputs, parameters and notebook, in every format asked for."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    asked = {n: v for n, v in {**job.parameters, **options}.items() if v is not None and n not in NOT_PARAMETERS}
    source = Path(options.get("notebook") or resource("notebooks") / "bulletin.ipynb")
    return (
        manifest.get("kit") == __version__
        and manifest.get("inputs") == fingerprint(job.audit)
        and manifest.get("parameters") == asked
        and manifest.get("notebook") == {source.name: sha256(source)}
        and set(options.get("formats") or FORMATS) <= set(manifest.get("formats", ()))
        and all(sha256(folder / name) == digest for name, digest in manifest.get("outputs", {}).items())
    )
