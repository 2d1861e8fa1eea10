"""The XML of a Word file: its paragraphs, tables and pictures, its styles, and a package that is the same in every run.

Body and tables are written as the XML that Word reads, which is both exact and fast; python-docx keeps the package
around them. Styles are `templates/styles.xml`, filled from the standard's measures.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import string
import zipfile
from html import escape
from pathlib import Path
from typing import Any

from govmedia_kit.package_data import resource
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.page_layout import cell_text, clean, document_words, measure, points
from govmedia_kit.report.blocks import Block, Run

__all__ = [
    "NAMESPACES",
    "W",
    "drawing",
    "element",
    "filled",
    "new_document",
    "paragraph",
    "runs_xml",
    "save",
    "table",
    "twips",
]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def new_document(settings: Settings, language: str) -> Any:
    """An empty Word document with the standard's styles and page-number fields for odd and even pages."""
    import docx
    from docx.opc.constants import RELATIONSHIP_TYPE as RT

    document = docx.Document()
    words = document_words(language)
    twice = {
        n: f"{measure(n) * 2:g}" for n in ("body_size", "title_size", "table_size", "imprint_size", "page_number_size")
    }
    above = {n: twips(points(n)) for n in ("title_above", "recipients_above", "signature_above", "annex_title_above")}
    facts = {
        **words["fonts"],
        **twice,
        **above,
        "locale": words["locale"],
        # Type of 16 pt, 28 to a line: a little closer than its width. Rounded down, so that the last one finds room.
        "closer": str(math.floor((measure("character_pitch") - measure("body_size")) * 20)),
        "pitch": twips(points("line_pitch")),
        "title_pitch": twips(points("title_pitch")),
        "indent": twips(2 * measure("character_pitch")),
        "small_indent": twips(2 * measure("imprint_size")),
        "cell_line": twips(measure("table_size") * 1.25),
        "imprint_line": twips(measure("imprint_size") * 1.6),
        "page_number_line": twips(measure("page_number_size")),
    }
    styles = string.Template(resource("templates/styles.xml").read_text(encoding="utf-8")).substitute(facts)
    part: Any = document.part.part_related_by(RT.STYLES)
    part._element = element(styles)
    document.settings._element[:] = element(
        f'<w:settings xmlns:w="{W}"><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/>'
        '<w:drawingGridVerticalSpacing w:val="156"/><w:characterSpacingControl w:val="compressPunctuation"/><w:compat>'
        "<w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/><w:ulTrailSpace/>"
        "<w:doNotExpandShiftReturn/><w:adjustLineHeightInTable/><w:useFELayout/><w:compatSetting "
        'w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        f'<w:themeFontLang w:val="en-US" w:eastAsia="{words["locale"]}"/></w:settings>'
    )[:]
    # The library's own document has a thumbnail of an empty page, and styles of another kind that nothing reads.
    for rels in (document.part.package.rels, document.part.rels):
        for name, relation in list(rels.items()):
            if relation.reltype.endswith(("/thumbnail", "/stylesWithEffects")):
                del rels[name]
    return document


def element(xml: str) -> Any:
    """XML parsed into the element classes of python-docx."""
    from docx.oxml import parse_xml

    return parse_xml(xml)


def filled(document: Any, xml: str) -> Any:
    """The document with this XML as its body. The whole tree is replaced: moving rows into the old one takes minutes."""
    document.part._element = element(f"<w:document {NAMESPACES}><w:body>{xml}</w:body></w:document>")
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


def paragraph(runs: list[Run], style: str, *, page: bool = False, properties: str = "") -> str:
    """A paragraph of a style as XML; `page` begins a page with it, `properties` stand behind the style's name."""
    broken = "<w:pageBreakBefore/>" if page else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{broken}{properties}</w:pPr>{runs_xml(runs)}</w:p>'


def runs_xml(runs: list[Run], properties: str = "") -> str:
    """Runs as XML; `properties` are put into each, such as a size."""
    made = []
    for run in runs:
        text = run if isinstance(run, str) else run["text"]
        bold = "<w:b/>" if not isinstance(run, str) and run.get("bold") else ""
        # The hint gives quotes and dashes, which are Latin signs too, to the Chinese typeface.
        hint = "" if text.isascii() else '<w:rFonts w:hint="eastAsia"/>'
        made.append(f"<w:r><w:rPr>{hint}{bold}{properties}</w:rPr>{_text(text)}</w:r>")
    return "".join(made)


def _text(text: str) -> str:
    said = escape(clean(text), quote=False)
    if "\n" not in said and "\t" not in said:
        return f'<w:t xml:space="preserve">{said}</w:t>'
    said = said.replace("\n", "</w:t><w:br/><w:t>").replace("\t", "</w:t><w:tab/><w:t>")
    return f"<w:t>{said}</w:t>".replace("<w:t>", '<w:t xml:space="preserve">')


def table(block: Block, widths: list[float], size: float, language: str) -> str:
    """A table as XML: fixed widths, a head that repeats on every page, rows that stay whole."""
    columns = block["columns"]
    sized = (
        "" if size == measure("table_size") else f'<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>'
    )
    dxa = [twips(w) for w in widths]
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in dxa)
    middle = '<w:vAlign w:val="center"/>'
    opened = [
        f'<w:tc><w:tcPr><w:tcW w:w="{w}" w:type="dxa"/>{middle}</w:tcPr><w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
        for w, style in zip(dxa, ["Cell" if c["kind"] == "text" else "CellMiddle" for c in columns], strict=True)
    ]
    heads = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{w}" w:type="dxa"/>{middle}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="CellHead"/></w:pPr>{runs_xml([c["label"]], sized)}</w:p></w:tc>'
        for w, c in zip(dxa, columns, strict=True)
    )
    kinds = [c["kind"] for c in columns]
    rows = [
        "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
        + "".join(
            f"{start}{runs_xml([cell_text(value, kind)], sized)}</w:p></w:tc>"
            for start, value, kind in zip(opened, row, kinds, strict=True)
        )
        + "</w:tr>"
        for row in block["rows"]
    ]
    caption = escape(clean(f"{block['annex']} {block['caption']}".strip()))
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="{twips(sum(widths))}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1"/><w:tblCaption w:val="{caption}"/></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid><w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{heads}</w:tr>{''.join(rows)}</w:tbl>"
    )


def drawing(document: Any, png: bytes, width: float, height: float, alt: str) -> str:
    """A PNG picture of a size in points as XML, with the words for those who cannot see it."""
    relation, _ = document.part.get_or_add_image(io.BytesIO(png))
    number = sum(1 for _ in document.part.rels)
    cx, cy, told = round(width * 12700), round(height * 12700), escape(clean(alt))
    return (
        f'<w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{cx}" cy="{cy}"/>'
        f'<wp:docPr id="{number}" name="图{number}" descr="{told}"/><wp:cNvGraphicFramePr/><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="{number}" name="图{number}" descr="{told}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'<a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
        f'<a:off x="0" y="0"/><a:ext cx="{cx}" cy="{cy}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )


def twips(pt: float) -> str:
    """Points as Word counts lengths: twentieths."""
    return str(round(pt * 20))
