"""Blocks to a Word file by GB/T 9704-2012, to be edited and signed: layouts 文件 (document) and 信函 (letter).

The same blocks and settings give the same bytes. Line and page breaks are Word's own: another program with other fonts
breaks elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from govmedia_kit.read.settings import Settings
from govmedia_kit.render.docx_template import inserted, opened
from govmedia_kit.render.docx_xml import (
    NAMESPACES,
    W,
    drawing,
    element,
    filled,
    new_document,
    paragraph,
    runs_xml,
    save,
    table,
    twips,
)
from govmedia_kit.render.fonts import pngs
from govmedia_kit.render.page_layout import (
    TALLEST,
    Part,
    annex_indent,
    clean,
    column_widths,
    date_text,
    document_words,
    leads_to_signature,
    mark_size,
    measure,
    parts,
    picture_size,
    points,
    signature_shift,
    title_lines,
)
from govmedia_kit.report.blocks import Block, Run, plain
from govmedia_kit.text_width import em_width

__all__ = ["deviations", "footers", "section", "write"]

# The styles of paragraphs by role; roles that need more than a style have a function.
ROLES = {"body": "Body", "recipients": "Recipients", "note": "Note"}
# The thick and the thin line of a letter, and what is between them, in points.
LINES, LINE_GAP = (2.25, 0.75), 2.4
# A paragraph that takes no room: it carries a section's end, or the anchor of the imprint.
TINY = '<w:pPr>{section}<w:snapToGrid w:val="0"/><w:spacing w:line="20" w:lineRule="exact"/></w:pPr>'


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
    document = new_document(settings, language) if template is None else opened(Path(template))

    made = parts(blocks, language)
    if made[-1].landscape:
        made.append(Part([]))
    charts = [b for part in made for b in part.blocks if b["type"] == "chart"]
    drawn = {id(b): png for b, png in zip(charts, pngs([b["svg"] for b in charts]), strict=True)}

    def picture(block: Block) -> str:
        return _picture(document, block, drawn.get(id(block)))

    body = [] if template is not None else _heading(settings, language, layout)
    told = deviations(blocks, settings=settings, language=language, layout=layout)
    for i, part in enumerate(made):
        turns = i > 0 and part.landscape != made[i - 1].landscape
        if turns:
            body.append(f"<w:p>{TINY.format(section=section(made[i - 1].landscape, layout, first=False))}</w:p>")
        body += _part(part, picture, language, fresh=i > 0 and not turns)
    if template is None:
        body += _imprint(settings, language, layout)
    body.append(f"<w:p>{TINY.format(section='')}</w:p>")
    if template is None:
        document = _fill(document, body, made, layout)
    else:
        document = inserted(document, body, settings, language)
    save(document, path, title=_title(blocks, settings), settings=settings)
    return told


def deviations(blocks: list[Block], *, settings: Settings, language: str, layout: str = "document") -> list[str]:
    """Where a document of these blocks departs from GB/T 9704-2012, one sentence each, for the manifest."""
    said, found = document_words(language)["deviations"], []
    size = mark_size(_mark(settings, language, layout), _mark_width(layout))
    if settings.issuer and size < measure("mark_size"):
        found.append(said["mark_shrunk"].format(size=f"{size:g}"))
    if not settings.document_number:
        found.append(said["no_number"])
    if not any(b["type"] == "paragraph" and b["role"] == "date" for b in blocks):
        found.append(said["no_date"])
    if settings.issuer and layout == "document":
        found.append(said["imprint_page"])
    if any(part.landscape for part in parts(blocks, language)):
        found.append(said["landscape_number"])
    return found


def _title(blocks: list[Block], settings: Settings) -> str:
    return next((b["text"] for b in blocks if b["type"] == "title"), settings.title)


def _heading(settings: Settings, language: str, layout: str) -> list[str]:
    """The red heading: the issuer's mark, the document number, the red line; nothing where no issuer is named."""
    if not settings.issuer:
        return []
    mark, width = _mark(settings, language, layout), _mark_width(layout)
    size = mark_size(mark, width)
    sized = f'<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>'
    number = runs_xml([settings.document_number]) if settings.document_number else ""
    red = 'w:color="FF0000"/></w:pBdr>'
    if layout == "letter":
        # A frame stands where the page's edge says, whatever the text does.
        frame = (
            f'<w:framePr w:w="{twips(width)}" w:wrap="notBeside" w:vAnchor="page" w:hAnchor="page" '
            f'w:x="{twips((points("paper_width") - width) / 2)}" w:y="{twips(points("letter_mark_top"))}"/>'
        )
        # Characters end a little above the foot of their type.
        below = points("letter_mark_top") + 0.95 * size + points("letter_line_above")
        exact = f'<w:spacing w:line="{twips(size * 1.05)}" w:lineRule="exact"/>'
        return [
            f'<w:p><w:pPr><w:pStyle w:val="Mark"/>{frame}{exact}</w:pPr>{runs_xml([mark], sized)}</w:p>',
            *_double_line(below, thick_above=True),
            f'<w:p><w:pPr><w:pStyle w:val="Number"/><w:spacing w:before="{twips(points("letter_number_above"))}" '
            f'w:line="400" w:lineRule="exact"/><w:jc w:val="right"/></w:pPr>{number}</w:p>',
        ]
    exact = f'<w:spacing w:before="{twips(points("mark_top"))}" w:line="{twips(size * 1.05)}" w:lineRule="exact"/>'
    line = f'<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="{round(points("red_line_above"))}" {red}'
    return [
        f'<w:p><w:pPr><w:pStyle w:val="Mark"/>{exact}</w:pPr>{runs_xml([mark], sized)}</w:p>',
        f'<w:p><w:pPr><w:pStyle w:val="Number"/>{line}<w:spacing w:before="{twips(points("number_above"))}" '
        f'w:line="360" w:lineRule="exact"/></w:pPr>{number}</w:p>',
    ]


def _double_line(top: float, *, thick_above: bool) -> list[str]:
    """A letter's two red lines, `top` points below the page's upper edge, each in a frame of its own.

    A border that is double by itself is drawn by one program this way round and by another that way.
    """
    width = points("letter_line_width")
    thick, thin = LINES
    made = []
    for size in (thick, thin) if thick_above else (thin, thick):
        frame = (
            f'<w:framePr w:w="{twips(width)}" w:h="20" w:hRule="exact" w:wrap="notBeside" w:vAnchor="page" w:hAnchor="page" '
            f'w:x="{twips((points("paper_width") - width) / 2)}" w:y="{twips(top)}"/>'
        )
        line = f'<w:pBdr><w:top w:val="single" w:sz="{round(size * 8)}" w:space="0" w:color="FF0000"/></w:pBdr>'
        made.append(f'<w:p><w:pPr>{frame}{line}<w:spacing w:line="20" w:lineRule="exact"/></w:pPr></w:p>')
        top += size + LINE_GAP
    return made


def _mark(settings: Settings, language: str, layout: str) -> str:
    return clean(settings.issuer) + (document_words(language)["document"] if layout == "document" else "")


def _mark_width(layout: str) -> float:
    return points("letter_line_width") if layout == "letter" else points("type_width")


def _part(part: Part, picture: Callable[[Block], str], language: str, *, fresh: bool) -> list[str]:
    """The XML of a part; `fresh` begins it on a new page."""
    made: list[str] = []
    if part.widths:
        block = part.blocks[0]
        made.append(paragraph([block["annex"]], "AnnexLabel", page=fresh))
        made.append(_title_xml(block["caption"], "AnnexTitle", part.landscape))
        # Above the table: below it, a note may stand alone on a page.
        if block["note"]:
            made.append(paragraph([block["note"]], "TableNote", properties="<w:keepNext/>"))
        made.append(table(block, list(part.widths), part.size, language))
        return made
    annexes = 0
    for i, block in enumerate(part.blocks):
        page = fresh and i == 0
        role = block.get("role", "")
        if role == "annexes":
            made.append(_annex_line(block["runs"], first=annexes == 0))
            annexes += 1
        elif role in ("signature", "date"):
            made.append(_signed(block, part.blocks))
        elif role and leads_to_signature(block, part.blocks):
            made.append(paragraph(block["runs"], "Body", properties="<w:keepNext/>"))
        else:
            made += _block(block, picture, language, page)
    return made


def _block(block: Block, picture: Callable[[Block], str], language: str, page: bool) -> list[str]:
    kind = block["type"]
    if kind == "title":
        return [_title_xml(block["text"], "Title", False)]
    if kind == "heading":
        return [paragraph([block["text"]], f"Heading{block['level']}", page=page)]
    if kind == "paragraph":
        return [paragraph(block["runs"], ROLES.get(block["role"], "Body"), page=page)]
    if kind == "list":
        marks = [f"{i}." if block["ordered"] else "·" for i in range(1, len(block["items"]) + 1)]
        return [paragraph([f"{m} ", *item], "Body") for m, item in zip(marks, block["items"], strict=True)]
    if kind == "table":
        width, size = points("type_width"), measure("table_size_small")
        widths = column_widths(block, width, size) or [width / len(block["columns"])] * len(block["columns"])
        note = [paragraph([block["note"]], "TableNote", properties="<w:keepNext/>")] if block["note"] else []
        return [paragraph([block["caption"]], "TableTitle", page=page), *note, table(block, widths, size, language)]
    if kind in ("chart", "image"):
        return [picture(block)]
    if kind == "verbatim":
        return [paragraph([line], "Verbatim") for line in block["text"].split("\n")]
    if kind == "page_break":
        return ['<w:p><w:pPr><w:pStyle w:val="Flush"/></w:pPr><w:r><w:br w:type="page"/></w:r></w:p>']
    return []


def _title_xml(text: str, style: str, landscape: bool) -> str:
    width = points("type_height" if landscape else "type_width")
    return paragraph(["\n".join(title_lines(text, int(width / measure("title_size"))))], style)


def _annex_line(runs: list[Run], *, first: bool) -> str:
    left, hanging = annex_indent(plain(runs), first=first)
    space = f'<w:spacing w:before="{twips(points("annexes_above"))}"/>' if first else ""
    ind = f'<w:ind w:left="{twips(left)}" w:hanging="{twips(hanging)}" w:firstLineChars="0"/>'
    return paragraph(runs, "Annexes", properties=space + ind)


def _signed(block: Block, around: list[Block]) -> str:
    """Who signs, centred over the date, which stands four characters from the right edge."""
    style = "Signature" if block["role"] == "signature" else "IssueDate"
    shift = twips(signature_shift(block["role"], around))
    return paragraph(
        block["runs"], style, properties=f'<w:ind w:right="{shift}" w:firstLine="0" w:firstLineChars="0"/>'
    )


def _picture(document: Any, block: Block, png: bytes | None) -> str:
    """A chart, or an image that the notebook shows, as wide as the type area allows."""
    if png is None:
        png = base64.b64decode(block["png"])
        # A PNG says its size in its first chunk; screens have 96 dots an inch.
        width, height = (int.from_bytes(png[i : i + 4], "big") * 0.75 for i in (16, 20))
        scale = min(1.0, points("type_width") / width)
    else:
        width, height = picture_size(block["svg"], points("type_width"))
        scale = 1.0
    scale = min(scale, TALLEST / height)
    shown = drawing(document, png, width * scale, height * scale, block["alt"] or block.get("title", ""))
    return f'<w:p><w:pPr><w:pStyle w:val="Figure"/></w:pPr><w:r>{shown}</w:r></w:p>'


def _imprint(settings: Settings, language: str, layout: str) -> list[str]:
    """版记, in a frame at the foot of the last page: who gets copies, who issued it and when. A letter has only the copies."""
    words = document_words(language)
    copies = clean(settings.copies).strip()
    issued = f"{date_text(settings.issued_on, language)}{words['printed']}" if settings.issued_on else ""
    size, width = measure("imprint_size"), points("type_width")
    lines = []
    if copies:
        hanging = em_width(words["copies"]) * size
        ends = "" if copies.endswith((words["full_stop"], ".")) else words["full_stop"]
        ind = f'<w:ind w:left="{twips(size + hanging)}" w:hanging="{twips(hanging)}" w:right="{twips(size)}" w:firstLineChars="0"/>'
        lines.append((words["copies"] + copies + ends, "", ind))
    if layout == "document" and (settings.issuer or issued):
        tab = f'<w:tabs><w:tab w:val="right" w:pos="{twips(width - size)}"/></w:tabs>'
        ind = f'<w:ind w:left="{twips(size)}" w:firstLine="0" w:firstLineChars="0"/>'
        lines.append((clean(settings.issuer) + (f"\t{issued}" if issued else ""), tab, ind))
    at = 'w:vAnchor="margin" w:hAnchor="margin" w:xAlign="left" w:yAlign="bottom"'
    frame = f'<w:framePr w:w="{twips(width)}" w:wrap="notBeside" {at}/>'
    # LibreOffice keeps a frame together only where all its paragraphs have the same borders, and none between them: the
    # thin line between two is an underlined tab.
    if len(lines) == 2 and layout == "document":
        tab = f'<w:tabs><w:tab w:val="right" w:pos="{twips(width - 1)}"/></w:tabs>'
        lines.insert(
            1, ("", tab, '<w:spacing w:line="60" w:lineRule="exact"/><w:ind w:firstLine="0" w:firstLineChars="0"/>')
        )
    line = f'w:val="single" w:sz="{round(points("imprint_outer_line") * 8)}" w:space="1" w:color="000000"/>'
    ruled = f"<w:pBdr><w:top {line}<w:bottom {line}</w:pBdr>" if layout == "document" else ""
    drawn = '<w:r><w:rPr><w:u w:val="single"/></w:rPr><w:tab/></w:r>'
    made = [
        paragraph([text] if text else [], "Imprint", properties=frame + ruled + tabs + ind) for text, tabs, ind in lines
    ]
    return [
        xml if text else xml.replace("</w:p>", drawn + "</w:p>") for xml, (text, _, _) in zip(made, lines, strict=True)
    ]


def section(landscape: bool, layout: str, *, first: bool) -> str:
    """A section's properties: paper, margins, the grid of 22 lines by 28 characters."""
    names = ("margin_top", "margin_right", "margin_bottom", "margin_left")
    top, right, bottom, left = (twips(points(n)) for n in names)
    wide, high = twips(points("paper_width")), twips(points("paper_height"))
    turned = ""
    if landscape:
        # Turned to the left: the head of the table lies at the edge where the sheets are bound.
        wide, high, turned = high, wide, ' w:orient="landscape"'
        top, right, bottom, left = left, top, right, bottom
    # The dash of the page number stands in the middle of its line.
    footer = points("margin_bottom") - points("page_number_below") - measure("page_number_size") / 2
    return (
        f'<w:sectPr xmlns:w="{W}"><w:type w:val="nextPage"/><w:pgSz w:w="{wide}" w:h="{high}"{turned}/><w:pgMar w:top="{top}" '
        f'w:right="{right}" w:bottom="{bottom}" w:left="{left}" w:header="851" w:footer="{twips(footer)}" w:gutter="0"/>'
        + ("<w:titlePg/>" if first and layout == "letter" else "")
        + f'<w:docGrid w:type="lines" w:linePitch="{twips(points("line_pitch"))}"/></w:sectPr>'
    )


def _fill(document: Any, body: list[str], made: list[Part], layout: str) -> Any:
    """The document with these paragraphs, and page numbers in the footers of its first section."""
    one = all(part.landscape == made[0].landscape for part in made)
    xml = "".join(body) + section(made[-1].landscape, layout, first=one)
    if not one and layout == "letter":
        xml = xml.replace("<w:docGrid", "<w:titlePg/><w:docGrid", 1)
    document = filled(document, xml)
    footers(document, layout)
    return document


def footers(document: Any, layout: str = "document") -> None:
    """Page numbers `— 1 —` as fields, at the outer edge; a letter's first page has its lower double line instead."""
    first = document.sections[0]
    size = measure("page_number_size")
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    number = (
        runs_xml(["— "])
        + field.format("begin")
        + '<w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
        + field.format("separate")
        + "<w:r><w:t>1</w:t></w:r>"
        + field.format("end")
        + runs_xml([" —"])
    )
    for footer, side, jc in ((first.footer, "right", "right"), (first.even_page_footer, "left", "left")):
        ind = f'<w:ind w:{side}="{twips(size)}" w:firstLine="0" w:firstLineChars="0"/><w:jc w:val="{jc}"/>'
        _set(footer, f'<w:p><w:pPr><w:pStyle w:val="Footer"/>{ind}</w:pPr>{number}</w:p>')
    if layout == "letter":
        lines = _double_line(points("paper_height") - points("letter_line_bottom"), thick_above=False)
        end = '<w:p><w:pPr><w:pStyle w:val="Footer"/><w:spacing w:line="20" w:lineRule="exact"/></w:pPr></w:p>'
        _set(first.first_page_footer, "".join(lines) + end)


def _set(footer: Any, xml: str) -> None:
    footer.is_linked_to_previous = False
    footer._element[:] = element(f"<w:ftr {NAMESPACES}>{xml}</w:ftr>")[:]
