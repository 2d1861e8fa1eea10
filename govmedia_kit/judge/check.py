"""Everything that a bulletin would read, read without making one: what `govmedia check` lists."""

from __future__ import annotations

from pathlib import Path

from govmedia_kit.errors import Problem
from govmedia_kit.judge.assess import set_aside_problems
from govmedia_kit.read.audit import read_audit

__all__ = ["check_audit"]


def check_audit(folder: Path | str) -> list[Problem]:
    """Every problem of an audit folder, those of its tables first.

    Raises InputError for what leaves nothing to look at: a folder or a ledger that is not there, settings that cannot be read.
    """
    audit = read_audit(folder, strict=False)
    return audit.problems + set_aside_problems(audit)
