"""What the kit carries: its tables, words, templates, rules and layouts in `resources/`, its notebooks and data beside them.

In the repository notebooks and data lie beside the package; a built package has them among its resources.
"""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["resource", "rows", "words"]

PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """The path of a file or folder that the kit carries, `rules`, `data/divisions.csv` or `notebooks`."""
    built = PACKAGE / "resources" / name
    return built if built.exists() else PACKAGE.parent / name


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the kit's own CSV files, `messages.csv` or `words/name_bodies.csv`, as text."""
    with resource(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(name: str) -> dict[str, Any]:
    """One of the kit's own TOML files, `words/en.toml` or `templates/documents.toml`."""
    return tomllib.loads(resource(name).read_text(encoding="utf-8"))
