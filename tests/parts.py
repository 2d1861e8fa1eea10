"""What some tests need beyond Python: a browser, LibreOffice, poppler, Java, a pseudo-terminal, the real files, time.

A test that needs a part carries its marker. Where the part is missing the test is left out, counted, and named at the end
with what would bring it; with `CI=true` a missing part is an error, and the slow tests run too.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections import Counter

import pytest
from realdata import REALDATA

# Marker: the program, what it is called, the package of Debian that brings it.
PROGRAMS = {
    "browser": ("chromium", "a browser", "chromium"),
    "office": ("soffice", "LibreOffice", "libreoffice-writer-nogui and libreoffice-calc-nogui"),
    "poppler": ("pdftotext", "poppler", "poppler-utils"),
    "java": ("java", "Java", "openjdk-17-jre-headless"),
}
IN_CI = os.environ.get("CI") == "true"


def missing() -> dict[str, str]:
    """Markers whose tests are left out here, each with the reason and the remedy."""
    found = {
        marker: f"{name} is missing: the package {package} brings it"
        for marker, (program, name, package) in PROGRAMS.items()
        if shutil.which(program) is None
    }
    if importlib.util.find_spec("termios") is None:
        found["terminal"] = "a pseudo-terminal is missing: Windows has none"
    if not REALDATA.is_dir():
        found["realdata"] = "the real files are not here: GOVMEDIA_REALDATA names their folder"
    if not IN_CI:
        found["slow"] = "slow: CI=true runs them"
    found["exhaustive"] = "exhaustive: -m exhaustive runs them"
    return found


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> Counter[str]:
    """Take the tests out of `items` whose parts are missing; how many, by marker."""
    absent = {marker: why for marker, why in missing().items() if marker not in config.option.markexpr}
    if IN_CI and (lost := set(absent) - {"slow", "exhaustive"}):
        raise pytest.UsageError("CI=true leaves nothing out: " + "; ".join(absent[m] for m in sorted(lost)))
    counts: Counter[str] = Counter()
    kept, out = [], []
    for item in items:
        why = next((marker for marker in absent if item.get_closest_marker(marker)), None)
        (kept if why is None else out).append(item)
        if why is not None:
            counts[why] += 1
    items[:] = kept
    config.hook.pytest_deselected(items=out)
    return counts
