"""An office's own Word file as a template: its page, heading and styles stay, the bulletin's text goes into it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from govmedia_kit.errors import InputError
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.docx_xml import element, new_document, piece
from govmedia_kit.report.blocks import clean
from govmedia_kit.report.phrases import date_text

__all__ = ["inserted", "opened"]


def opened(path: Path) -> Any:
    """An office's Word file. Raises InputError where there is none, or where it is something else."""
    import docx

    if not path.is_file():
        raise InputError("no_file", path=path)
    try:
        return docx.Document(str(path))
    except Exception as error:  # the library raises whatever its zip and XML readers do
        raise InputError("bad_template", path=path, found=type(error).__name__) from error


def inserted(document: Any, body: str, settings: Settings, language: str) -> Any:
    """Put the paragraphs where the office's template says {body}, fill its other braces, and lend it our styles."""
    from docx.oxml.ns import qn
    from lxml import etree

    facts = {
        "{issuer}": settings.issuer,
        "{document_number}": settings.document_number,
        "{issued_on}": date_text(settings.issued_on, language) if settings.issued_on else "",
        "{copies}": settings.copies,
        "{contact}": settings.contact,
    }
    # The XML is put together as text: lxml takes minutes to move thousands of rows from one tree to another.
    anchor = etree.ProcessingInstruction("govmedia", "body")
    for p in list(document.element.body.iter(qn("w:p"))):
        texts = list(p.iter(qn("w:t")))
        whole = "".join(t.text or "" for t in texts)
        if whole.strip() == "{body}":
            p.getparent().replace(p, anchor)
        elif any(brace in whole for brace in facts):
            # Word cuts braces into runs as it likes: the whole paragraph is said by the first.
            for brace, fact in facts.items():
                whole = whole.replace(brace, clean(fact))
            texts[0].text = whole
            for t in texts[1:]:
                t.text = ""
    if anchor.getparent() is None:
        document.element.body.insert_element_before(anchor, "w:sectPr")
    ours = element(piece("document", body=body))[0]
    xml = _with_their_styles(document, "".join(etree.tostring(e, encoding="unicode") for e in ours), language)
    whole = etree.tostring(document.element, encoding="unicode")
    document.part._element = element(whole.replace("<?govmedia body?>", xml))
    return document.part.document


def _with_their_styles(document: Any, body: str, language: str) -> str:
    """The body with the template's names of styles; those that the template lacks are added to it."""
    from docx.oxml.ns import qn

    def named(style: Any) -> str:
        return style.find(qn("w:name")).get(qn("w:val")).lower()

    theirs = {named(style): style.get(qn("w:styleId")) for style in document.styles.element.findall(qn("w:style"))}
    called: dict[str, str] = {}
    for style in new_document(language).styles.element.findall(qn("w:style")):
        if named(style) in theirs:
            called[style.get(qn("w:styleId"))] = theirs[named(style)]
            continue
        for base in [*style.findall(qn("w:basedOn")), *style.findall(qn("w:next"))]:
            base.set(qn("w:val"), called.get(base.get(qn("w:val")), base.get(qn("w:val"))))
        document.styles.element.append(style)
    return re.sub(r'(<w:(?:pStyle|tblStyle) w:val=")(\w+)"', lambda m: f'{m[1]}{called.get(m[2], m[2])}"', body)
