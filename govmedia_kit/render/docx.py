"""Blocks to a Word file by GB/T 9704-2012, to be edited and signed: layouts 文件 (document) and 信函 (letter).

The same blocks and settings give the same bytes. Line and page breaks are Word's own: another program with other fonts
breaks elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_never

from govmedia_kit.read.settings import Settings
from govmedia_kit.render import docx_xml as word
from govmedia_kit.render import page_layout as page
from govmedia_kit.render.docx_template import inserted, opened
from govmedia_kit.render.docx_xml import piece, twips
from govmedia_kit.render.fonts import pngs
from govmedia_kit.render.page_layout import Part, measure, points
from govmedia_kit.report.blocks import Block, Chart, Image, Paragraph, Table
from govmedia_kit.text_width import em_width

__all__ = ["deviations", "section", "with_footers", "write"]

# The styles of paragraphs by role; any other is `Body`.
ROLES = {role: role.capitalize() for role in ("recipients", "note", "annexes", "signature")} | {"date": "IssueDate"}
# The thick and the thin line of a letter, and what is between them, in points.
LINES, LINE_GAP = (2.25, 0.75), 2.4


def write(
    blocks: list[Block],
    path: Path | str,
    *,
    settings: Settings,
    language: str,
    layout: str = "document",
    template: Path | str | None = None,
) -> list[str]:
    """Write the blocks as a Word file and return the sentences that say where it departs from the standard.

    `layout` is "document" (red heading above a red line) or "letter" (double lines). `template` is an office's own Word
    file: its page, styles and heading are kept, the text goes where a paragraph says {body}, or to its end.
    Raises InputError where the template is no Word file. Doubtful: how much a page holds, where fonts are replaced.
    """
    document = word.new_document(language) if template is None else opened(Path(template))
    parts = page.parts(blocks, language)
    if parts[-1].landscape:
        parts.append(Part([]))
    charts = [block for part in parts for block in part.blocks if block["type"] == "chart"]
    drawn = dict(zip(map(id, charts), pngs([chart["svg"] for chart in charts]), strict=True))

    def picture(block: Chart | Image) -> str:
        png = base64.b64decode(block["png"]) if block["type"] == "image" else drawn[id(block)]
        return word.picture(document, png, *page.picture_size(block), block["alt"])

    body: list[str] = []
    title_page = layout == "letter" and template is None
    for i, part in enumerate(parts):
        turns = i > 0 and part.landscape != parts[i - 1].landscape
        if turns:
            end = section(landscape=parts[i - 1].landscape, title_page=title_page)
            body.append(piece("tiny", section=end))
            title_page = False
        for j, block in enumerate(part.blocks):
            body += _block(block, part, picture, first=i > 0 and j == 0 and not turns)
    anchor = piece("tiny", section="")
    if template is None:
        body = [_heading(settings, language, layout), *body, *_imprint(settings, language, layout), anchor]
        end = section(landscape=parts[-1].landscape, title_page=title_page)
        document = with_footers(word.filled(document, "".join(body) + end), layout)
    else:
        document = inserted(document, "".join(body) + anchor, settings, language)
    word.save(document, path, title=page.title_of(blocks, settings), settings=settings)
    return deviations(blocks, settings=settings, language=language, layout=layout)


def deviations(blocks: list[Block], *, settings: Settings, language: str, layout: str = "document") -> list[str]:
    """Where a document of these blocks departs from GB/T 9704-2012, one sentence each, for the manifest."""
    sentences = page.document_words(language)["deviations"]
    size = page.mark(settings, language, layout)[1]
    found = {
        "mark_shrunk": settings.issuer and size < measure("mark_size"),
        "no_number": not settings.document_number,
        "no_date": not any(b["type"] == "paragraph" and b["role"] == "date" for b in blocks),
        "imprint_page": settings.issuer and layout == "document",
        "landscape_number": any(part.landscape for part in page.parts(blocks, language)),
    }
    return [sentences[name].format(size=f"{size:g}") for name, true in found.items() if true]


def _heading(settings: Settings, language: str, layout: str) -> str:
    """The red heading: the issuer's mark, the document number, the red line; nothing where no issuer is named."""
    if not settings.issuer:
        return ""
    mark, size = page.mark(settings, language, layout)
    return piece(
        f"heading_{layout}",
        mark=word.runs_xml(mark, piece("size", size=round(size * 2))),
        mark_line=twips(size * 1.05),
        number=word.runs_xml(settings.document_number) if settings.document_number else "",
        space=round(points("red_line_above")),
        # Characters end a little above the foot of their type.
        lines=_double_line(points("letter_mark_top") + 0.95 * size + points("letter_line_above"), LINES),
    )


def _double_line(top: float, sizes: tuple[float, float]) -> str:
    """A letter's two red lines, `top` points below the page's upper edge, each in a frame of its own."""
    tops = (top, top + sizes[0] + LINE_GAP)
    return "".join(
        piece("red_line", top=twips(at), thickness=round(size * 8)) for at, size in zip(tops, sizes, strict=True)
    )


def _paragraph(block: Paragraph, around: list[Block], *, first: bool) -> str:
    place, properties = page.place_of(block, around), ""
    if block["role"] == "annexes":
        properties = piece("annexes", left=twips(place["left"]), hanging=twips(place["hanging"]))
        properties = (piece("annexes_above") if place["first"] else "") + properties
    elif "shift" in place:
        properties = piece("signed", shift=twips(place["shift"]))
    style = ROLES.get(block["role"], "Body")
    return word.paragraph(block["runs"], style, properties, kept=place["last"], page=first)


def _block(block: Block, part: Part, picture: Callable[[Chart | Image], str], *, first: bool) -> list[str]:
    """The XML of a block; `first` begins a page with it."""
    if block["type"] == "title":
        return [_title(block["text"], "Title", part)]
    if block["type"] == "heading":
        return [word.paragraph(block["text"], f"Heading{block['level']}", page=first)]
    if block["type"] == "paragraph":
        return [_paragraph(block, part.blocks, first=first)]
    if block["type"] == "list":
        return [word.paragraph(item, "Body") for item in page.marked_items(block)]
    if block["type"] == "table":
        return _table(block, part, first=first)
    if block["type"] == "chart" or block["type"] == "image":
        return [picture(block)]
    if block["type"] == "verbatim":
        return [word.paragraph(line, "Verbatim") for line in block["text"].split("\n")]
    if block["type"] == "page_break":
        return [piece("paragraph", style="Flush", properties="", runs=piece("page_break"))]
    if block["type"] == "code":
        return []
    assert_never(block)


def _title(text: str, style: str, part: Part) -> str:
    return word.paragraph("\n".join(part.title_lines(text)), style)


def _table(block: Table, part: Part, *, first: bool) -> list[str]:
    """A table of the text under its caption, or an annex under its label and title."""
    widths = part.widths or page.column_widths(block, points("type_width"), part.size)
    heads = [word.paragraph(block["caption"], "TableTitle", page=first)]
    if part.widths:
        heads = [word.paragraph(block["annex"], "AnnexLabel", page=first), _title(block["caption"], "AnnexTitle", part)]
    # Above the table: below it, a note may stand alone on a page.
    note = [word.paragraph(block["note"], "TableNote", kept=True)] if block["note"] else []
    return [*heads, *note, word.table(block, widths, part.size)]


def _imprint(settings: Settings, language: str, layout: str) -> list[str]:
    """版记, in a frame at the foot of the last page: who gets copies, who issued it and when. A letter has only the copies."""
    copies, issuer, issued = page.imprint(settings, language, layout)
    lines = []
    if copies:
        size = measure("imprint_size")
        hanging = em_width(page.document_words(language)["copies"]) * size
        lines.append((copies, piece("imprint_copies", left=twips(size + hanging), hanging=twips(hanging))))
    if issuer or issued:
        lines.append((issuer + (f"\t{issued}" if issued else ""), piece("imprint_issuer")))
    if len(lines) == 2:
        lines.insert(1, ("", piece("imprint_between")))
    ruled = piece("imprint_ruled", outer=round(points("imprint_outer_line") * 8)) if layout == "document" else ""
    return [
        piece(
            "paragraph",
            style="Imprint",
            properties=piece("imprint", ruled=ruled, line=line),
            runs=word.runs_xml(text) if text else piece("underlined_tab"),
        )
        for text, line in lines
    ]


def section(*, landscape: bool = False, title_page: bool = False) -> str:
    """A section's properties: paper, margins, the grid of 22 lines by 28 characters."""
    return piece("section_across" if landscape else "section", title_page="<w:titlePg/>" if title_page else "")


def with_footers(document: Any, layout: str = "document") -> Any:
    """The document with page numbers `— 1 —` as fields; a letter's first page has its lower double line instead."""
    first = document.sections[0]
    dashes = {"before": word.runs_xml("— "), "after": word.runs_xml(" —")}
    footers = {
        first.footer: piece("footer", side="right", **dashes),
        first.even_page_footer: piece("footer", side="left", **dashes),
    }
    if layout == "letter":
        lines = _double_line(points("paper_height") - points("letter_line_bottom"), LINES[::-1])
        footers[first.first_page_footer] = piece("footer_letter", lines=lines)
    for footer, xml in footers.items():
        footer.is_linked_to_previous = False
        footer._element[:] = word.element(xml)[:]
    return document
