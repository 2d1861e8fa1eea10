"""Many bulletins: one per region of an audit, by one warm kernel, and a summary of what was made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from govmedia_kit.divisions import divisions, within
from govmedia_kit.errors import GovmediaError
from govmedia_kit.read.audit import read_audit
from govmedia_kit.render import html
from govmedia_kit.render.formats import FORMATS
from govmedia_kit.report import phrases
from govmedia_kit.report.blocks import listing, title
from govmedia_kit.run.bulletin import make_bulletin, recipe, sha256
from govmedia_kit.run.kernel import started_kernel

__all__ = ["Job", "jobs_by_region", "jobs_of", "make_batch"]

# The figures of accounts that the summary shows of each bulletin, beside the pass rate.
COUNTS = ("registered", "checked", "failed")


@dataclass(frozen=True)
class Job:
    """One bulletin to make: its folder's name, what it is called, and the notebook's parameters."""

    audit: Path
    name: str
    title: str
    parameters: dict[str, Any]


def jobs_of(audits: Iterable[Path | str]) -> list[Job]:
    """The jobs of one audit, or of several, each in a folder of its own; one that cannot be read is a job that fails."""
    paths = [Path(audit) for audit in audits]
    if len(paths) == 1:
        return jobs_by_region(paths[0])
    jobs: list[Job] = []
    for folder, audit in zip(_folders(paths), paths, strict=True):
        try:
            jobs += [replace(job, name=f"{folder}/{job.name}") for job in jobs_by_region(audit)]
        except GovmediaError:
            jobs.append(Job(audit, folder, folder, {}))
    return jobs


def _folders(audits: list[Path]) -> list[str]:
    """A name for each audit's folder: its own, with its parents' as far as it takes to tell them apart."""
    paths = [audit.resolve() for audit in audits]
    found: list[str] = []
    for depth in range(1, max((len(path.parts) for path in paths), default=0) + 1):
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
    there = set(read.accounts["region"].drop_nulls()) if "region" in read.accounts.columns else set()
    right_beneath = divisions().filter(pl.col("parent").eq_missing(pl.lit(read.settings.region))).sort("code")
    found = [row for row in right_beneath.select("code", "name").iter_rows() if not there.isdisjoint(within(row[0]))]
    return [Job(audit, f"{code}-{name}", name, {"region": code}) for code, name in found]


def make_batch(
    jobs: Iterable[Job | Path | str],
    out: Path | str,
    *,
    again: bool = False,
    after_each: Callable[[dict[str, Any]], None] = lambda row: None,
    **options: Any,
) -> pl.DataFrame:
    """Make many bulletins into folders of `out`, one after another on one kernel; one that fails stops no other.

    `jobs` are audit folders, of each of which every division right beneath its region gets a bulletin, or jobs
    (`run.batch.Job`): what to make of which audit.

    Returns one row per job, in their order: name (str, the folder in `out`), title (str), state (str: `made`; `kept` where it
    was there already, whole and made from the same; `failed`), why (str: why it failed, else empty), and of the bulletin's
    figures registered, checked, failed (i64, accounts) and pass_rate (f64, fraction), null where it failed. The same
    table is `OUT/summary.csv`, and `OUT/index.html` leads to the bulletins.

    `options` are those of `make_bulletin`. `again` makes anew what could be kept; `after_each` is called with each row.
    An error of one bulletin is its row's `why`. Raises InputError where the only audit cannot be read, OSError where `out`
    cannot be written.
    """
    given, out = list(jobs), Path(out)
    made_of = [job for job in given if isinstance(job, Job)] + jobs_of(job for job in given if not isinstance(job, Job))
    out.mkdir(parents=True, exist_ok=True)
    language = options.get("language") or "zh-Hans"
    rows = []
    with started_kernel() as kernel:
        for job in made_of:
            folder, state, why = out / job.name, "made", ""
            try:
                if not again and _is_up_to_date(folder, job, options):
                    state = "kept"
                else:
                    make_bulletin(job.audit, folder, kernel=kernel, **job.parameters, **options)
            except GovmediaError as error:
                state, why = "failed", error.say(language)
            except Exception as error:  # a fault of ours in one bulletin must not cost the others
                state, why = "failed", f"{type(error).__name__}: {error}"
            row = {"name": job.name, "title": job.title, "state": state, "why": why, **_figures(folder, state)}
            after_each(row)
            rows.append(row)
    texts = dict.fromkeys(("name", "title", "state", "why"), pl.String)
    summary = pl.DataFrame(rows, schema={**texts, **dict.fromkeys(COUNTS, pl.Int64), "pass_rate": pl.Float64})
    _beside(out / "summary.csv", summary.write_csv(include_bom=True))
    _beside(out / "index.html", _index(summary, language))
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


def _figures(folder: Path, state: str) -> dict[str, Any]:
    if state == "failed":
        return dict.fromkeys((*COUNTS, "pass_rate"))
    found = {f["id"]: f["value"] for f in json.loads((folder / "figures.json").read_text(encoding="utf-8"))}
    return {**{name: found[f"accounts.{name}"] for name in COUNTS}, "pass_rate": found["pass_rate"]}


def _is_up_to_date(folder: Path, job: Job, options: dict[str, Any]) -> bool:
    """Whether the bulletin is there, whole, in every format asked for, made from what it would be made from now."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        recipe(job.audit, **job.parameters, **options).items() <= manifest.items()
        and set(options.get("formats") or FORMATS) <= set(manifest["formats"])
        and all(sha256(folder / name) == digest for name, digest in manifest["outputs"].items())
    )
