"""Everything that a bulletin would read and judge, without making one: what `govmedia check` lists."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from govmedia_kit.errors import GovmediaError, Place, Problem
from govmedia_kit.judge.assess import assess, set_aside_problems
from govmedia_kit.judge.assessment import Assessment
from govmedia_kit.judge.evidence import evidence_problems
from govmedia_kit.judge.figures import figures
from govmedia_kit.judge.rules import read_rules
from govmedia_kit.read.audit import Audit, read_audit
from govmedia_kit.read.ledger.read_ledger import read_accounts

__all__ = ["check_audit"]


def check_audit(path: Path | str, *, today: dt.date | None = None) -> list[Problem]:
    """Every problem of an audit folder, or of a ledger alone: those of its tables first, each with its place.

    What has no problem of severity `error` here can be printed: the audit is assessed as a bulletin assesses it, by its rule
    table, with the rounds that `previous` leads back to and what `[sampling]` says. Where its own tables have errors, nothing is
    measured: the rule table is read, and the rest is looked at once they are mended.
    With `today`, a monitoring point that has not come yet is told. Raises InputError for what leaves nothing to look at: a folder or a ledger that is not there, settings that cannot be read.
    """
    path = Path(path)
    if path.is_file():
        return read_accounts(path)[1]
    audit = read_audit(path, strict=False)
    problems, apart = list(audit.problems), None
    try:
        if any(problem.severity == "error" for problem in problems):
            read_rules(audit.settings.rules, folder=audit.folder)
        else:
            assessment = _assessed(audit)
            apart = assessment.set_aside
            problems += evidence_problems(audit, assessment.measured, assessment.days, assessment.late, today=today)
    except GovmediaError as error:
        problems += _problems_of(error)
    try:
        return problems + set_aside_problems(audit, apart)
    except GovmediaError as error:
        return problems + [problem for problem in _problems_of(error) if problem not in problems]


def _assessed(audit: Audit) -> Assessment:
    """The audit assessed; figures refuse nothing but a sample, and take as long as all the rest."""
    assessment = assess(audit)
    if audit.settings.sampling is not None:
        figures(assessment)
    return assessment


def _problems_of(error: GovmediaError) -> list[Problem]:
    """An error that stops a bulletin as problems: all those that it carries, or itself, in the file that it names."""
    if found := [p for p in getattr(error, "problems", []) if p.severity == "error"]:
        return found
    file = Path(error.facts.get("path", "audit.toml")).name
    facts = {name: fact for name, fact in error.facts.items() if name != "place"}
    return [Problem(error.kind, error.facts.get("place", Place(file, row=error.facts.get("row"))), facts)]
