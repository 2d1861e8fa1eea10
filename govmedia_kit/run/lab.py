"""A copy of the notebooks to work on, with the data that they read beside it: the kit's own stay as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

from govmedia_kit.package_data import resource

__all__ = ["copy_notebooks"]


def copy_notebooks(folder: Path | str) -> Path:
    """Copy notebooks and data into `folder` and return the folder of notebooks; a file that is there is never replaced."""
    folder = Path(folder)
    for name in ("notebooks", "data"):
        source = resource(name)
        for path in sorted(p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            target = folder / name / path.relative_to(source)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    return folder / "notebooks"
