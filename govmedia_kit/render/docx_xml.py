"""The XML of a Word file: its paragraphs, tables and pictures, its styles, and a package that is the same in every run.

Body and tables are written as the XML that Word reads, which is both exact and fast; python-docx keeps the package
around them. The XML itself is `templates/word.toml` and `templates/styles.xml`, filled from the standard's measures.
"""

from __future__ import annotations

import datetime as dt
import functools
import io
import math
import string
import zipfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from govmedia_kit import package_data
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.page_layout import document_words, measure, measures, points
from govmedia_kit.report.blocks import Run, Table, cell_text, clean

__all__ = ["element", "filled", "new_document", "paragraph", "picture", "piece", "runs_xml", "save", "table", "twips"]

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
# The document that python-docx begins with has a thumbnail of an empty page, and styles of another kind that nothing reads.
UNREAD = ("/thumbnail", "/stylesWithEffects")


@functools.cache
def _pieces() -> dict[str, string.Template]:
    return {name: string.Template(xml) for name, xml in package_data.words("templates/word.toml").items()}


@functools.cache
def _measures() -> dict[str, str]:
    """The standard's measures as Word counts them, and those that follow from them."""
    pitch, size, width = measure("character_pitch"), measure("imprint_size"), points("type_width")
    derived = {
        "indent": 2 * pitch,
        "small_indent": 2 * size,
        "cell_line": measure("table_size") * 1.25,
        "imprint_line": size * 1.6,
        "imprint_edge": size,
        "imprint_right": width - size,
        "imprint_width": width - 1,
        "page_number_line": measure("page_number_size"),
        # The dash of the page number stands in the middle of its line.
        "footer": points("margin_bottom") - points("page_number_below") - measure("page_number_size") / 2,
        "letter_left": (points("paper_width") - points("letter_line_width")) / 2,
    }
    made = {name: _half_points(measure(name)) if name.endswith("_size") else twips(points(name)) for name in measures()}
    # Type of 16 pt, 28 to a line: a little closer than its width. Rounded down, so that the last one finds room.
    made["closer"] = str(math.floor((pitch - measure("body_size")) * 20))
    return made | {name: twips(length) for name, length in derived.items()}


def piece(name: str, **facts: Any) -> str:
    """A piece of `templates/word.toml` filled with facts and the standard's measures.

    >>> piece("size", size=21)
    '<w:sz w:val="21"/><w:szCs w:val="21"/>'
    """
    return _pieces()[name].substitute(_measures(), namespaces=_pieces()["namespaces"].template, **facts).strip()


def new_document(language: str) -> Any:
    """An empty Word document with the standard's styles and page-number fields for odd and even pages."""
    import docx
    from docx.opc.constants import RELATIONSHIP_TYPE as RT

    document, words = docx.Document(), document_words(language)
    styles = string.Template(package_data.resource("templates/styles.xml").read_text(encoding="utf-8"))
    part: Any = document.part.part_related_by(RT.STYLES)
    part._element = element(styles.substitute(_measures(), **words["fonts"], locale=words["locale"]))
    document.settings._element[:] = element(piece("settings", locale=words["locale"]))[:]
    for rels in (document.part.package.rels, document.part.rels):
        for name in [name for name, relation in rels.items() if relation.reltype.endswith(UNREAD)]:
            del rels[name]
    return document


def element(xml: str) -> Any:
    """XML parsed into the element classes of python-docx."""
    from docx.oxml import parse_xml

    return parse_xml(xml)


def filled(document: Any, xml: str) -> Any:
    """The document with this XML as its body. The whole tree is replaced: moving rows into the old one takes minutes."""
    document.part._element = element(piece("document", body=xml))
    return document.part.document


def save(document: Any, path: Path | str, *, title: str, settings: Settings) -> None:
    """Write a Word document without the time of day: properties and archive say the same in every run."""
    day = settings.issued_on or settings.as_of
    core = document.core_properties
    core.title, core.author, core.last_modified_by = clean(title)[:255], clean(settings.issuer)[:255], ""
    core.created = core.modified = dt.datetime(day.year, day.month, day.day)
    core.comments, core.keywords, core.revision, core.subject = "", "", 1, clean(settings.document_number)[:255]
    raw = io.BytesIO()
    document.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        for item in source.infolist():
            entry = zipfile.ZipInfo(item.filename, FIRST_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, source.read(item.filename))


def paragraph(
    runs: list[Run] | str, style: str, properties: str = "", *, kept: bool = False, page: bool = False
) -> str:
    """A paragraph of a style as XML: `kept` on the page of the next one, `page` begins a page with it."""
    before = ("<w:keepNext/>" if kept else "") + ("<w:pageBreakBefore/>" if page else "")
    return piece("paragraph", style=style, properties=before + properties, runs=runs_xml(runs))


def runs_xml(runs: list[Run] | str, properties: str = "") -> str:
    """Runs, or one text, as XML; `properties` are put into each, such as a size."""
    made = []
    for run in [runs] if isinstance(runs, str) else runs:
        text = run if isinstance(run, str) else run["text"]
        bold = "<w:b/>" if not isinstance(run, str) and run.get("bold") else ""
        # The hint gives quotes and dashes, which are Latin signs too, to the Chinese typeface.
        hint = "" if text.isascii() else '<w:rFonts w:hint="eastAsia"/>'
        made.append(f"<w:r><w:rPr>{hint}{bold}{properties}</w:rPr>{_text(text)}</w:r>")
    return "".join(made)


def _text(text: str) -> str:
    start, end = '<w:t xml:space="preserve">', "</w:t>"
    marked = escape(clean(text), quote=False).replace("\n", f"{end}<w:br/>{start}")
    return start + marked.replace("\t", f"{end}<w:tab/>{start}") + end


def table(block: Table, widths: Sequence[float], size: float, *, height: str = "") -> str:
    """A table as XML, `widths` in points; `height` is a property of rows that are higher than their text."""
    sized = "" if size == measure("table_size") else piece("size", size=_half_points(size))
    kinds = [column["kind"] for column in block["columns"]]
    starts = [
        f'<w:tc><w:tcPr><w:tcW w:w="{twips(width)}" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>'
        '<w:p><w:pPr><w:pStyle w:val="'
        for width in widths
    ]

    def cells(texts: list[str], styles: list[str]) -> str:
        made = zip(starts, styles, texts, strict=True)
        return "".join(f'{start}{style}"/></w:pPr>{runs_xml(text, sized)}</w:p></w:tc>' for start, style, text in made)

    styles = ["Cell" if kind == "text" else "CellMiddle" for kind in kinds]
    rows = [cells([cell_text(v, kind) for v, kind in zip(row, kinds, strict=True)], styles) for row in block["rows"]]
    return piece(
        "table",
        width=twips(sum(widths)),
        caption=escape(clean(f"{block['annex']} {block['caption']}".strip())),
        grid="".join(f'<w:gridCol w:w="{twips(width)}"/>' for width in widths),
        heads=cells([column["label"] for column in block["columns"]], ["CellHead"] * len(kinds)),
        rows="".join(f"<w:tr><w:trPr><w:cantSplit/>{height}</w:trPr>{row}</w:tr>" for row in rows),
    )


def picture(document: Any, png: bytes, width: float, height: float, alt: str) -> str:
    """A paragraph with a PNG picture of a size in points as XML, with the words for those who cannot see it."""
    relation, _ = document.part.get_or_add_image(io.BytesIO(png))
    facts = {"relation": relation, "number": len(document.part.rels), "alt": escape(clean(alt))}
    shown = piece("picture", cx=round(width * 12700), cy=round(height * 12700), **facts)
    return piece("paragraph", style="Figure", properties="", runs=shown)


def twips(pt: float) -> str:
    """Points as Word counts lengths: twentieths."""
    return str(round(pt * 20))


def _half_points(pt: float) -> str:
    return f"{pt * 2:g}"
