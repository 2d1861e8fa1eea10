"""The formats of a bulletin: what each file is called and what writes it. A new format is a module and an entry here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from govmedia_kit.read.settings import Settings
    from govmedia_kit.report.blocks import Block

__all__ = ["FORMATS", "NOTICES", "Bulletin", "Format", "Look"]


class Look(NamedTuple):
    """How the documents look, and whether there are notices: see `run.bulletin.make_bulletin`."""

    layout: str = "document"
    template: Path | None = None
    charts: str = "static"
    code: str = "hidden"
    notices: bool = False


class Bulletin(NamedTuple):
    """What is printed: the executed notebook, its blocks, the folder of its figures and tables, and how it is to look."""

    notebook: Any
    blocks: list[Block]
    folder: Path
    settings: Settings
    look: Look

    def paper(self) -> dict[str, Any]:
        """What the paged formats take."""
        return {"settings": self.settings, "language": self.settings.language, "layout": self.look.layout}


class Format(NamedTuple):
    """A format: `write` writes the file and returns what the manifest tells of it."""

    file: str
    write: Callable[[Bulletin, Path], dict[str, Any]]


def _html(bulletin: Bulletin, path: Path) -> dict[str, Any]:
    from govmedia_kit.render.html import page
    from govmedia_kit.render.notebook import blocks_of

    blocks = blocks_of(bulletin.notebook, code=bulletin.look.code == "fold")
    text = page(blocks, language=bulletin.settings.language, interactive=bulletin.look.charts == "interactive")
    path.write_text(text, encoding="utf-8", newline="\n")
    return {}


def _docx(bulletin: Bulletin, path: Path) -> dict[str, Any]:
    from govmedia_kit.render.docx import write

    return {"departures_of_word": write(bulletin.blocks, path, template=bulletin.look.template, **bulletin.paper())}


def _pdf(bulletin: Bulletin, path: Path) -> dict[str, Any]:
    from govmedia_kit.render.pdf import write

    departures, lost = write(bulletin.blocks, path, **bulletin.paper())
    return {"departures_of_pdf": departures, "lost_in_pdf": lost}


def _xlsx(bulletin: Bulletin, path: Path) -> dict[str, Any]:
    from govmedia_kit.judge.figures import load_assessment
    from govmedia_kit.render.xlsx import write

    kept, settings = load_assessment(bulletin.folder), bulletin.settings
    write(path, settings=settings, **kept, blocks=bulletin.blocks, language=settings.language)
    return {}


def _ipynb(bulletin: Bulletin, path: Path) -> dict[str, Any]:
    import nbformat

    nbformat.write(bulletin.notebook, path)
    return {}


def _notices(bulletin: Bulletin, path: Path) -> dict[str, Any]:
    from govmedia_kit.judge.figures import load_assessment
    from govmedia_kit.render.notices import write

    path.parent.mkdir()
    kept = load_assessment(bulletin.folder)
    frames = {name: kept[name] for name in ("measured", "findings")}
    return {"notices": write(path, settings=bulletin.settings, **frames, language=bulletin.settings.language)}


# By the name that `--format` takes.
FORMATS = {
    "html": Format("bulletin.html", _html),
    "docx": Format("bulletin.docx", _docx),
    "pdf": Format("bulletin.pdf", _pdf),
    "xlsx": Format("annexes.xlsx", _xlsx),
    "ipynb": Format("bulletin.ipynb", _ipynb),
}
# Made beside the formats where it is asked for.
NOTICES = Format("notices/notices.docx", _notices)
