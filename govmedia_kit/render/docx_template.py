"""An office's own Word file as a template: its page, heading and styles stay, the bulletin's text goes into it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from govmedia_kit.errors import InputError
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.docx_xml import NAMESPACES, W, element, new_document
from govmedia_kit.render.page_layout import clean, date_text

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


def inserted(document: Any, body: list[str], settings: Settings, language: str) -> Any:
    """Put the paragraphs where the office's template says {body}, fill its other braces, and lend it our styles."""
    facts = {
        "{issuer}": settings.issuer,
        "{document_number}": settings.document_number,
        "{issued_on}": date_text(settings.issued_on, language) if settings.issued_on else "",
        "{copies}": settings.copies,
        "{contact}": settings.contact,
    }
    from lxml import etree

    place = None
    for p in document.element.body.iter(f"{{{W}}}p"):
        texts = list(p.iter(f"{{{W}}}t"))
        whole = "".join(t.text or "" for t in texts)
        if whole.strip() == "{body}":
            place = p
        elif any(brace in whole for brace in facts):
            for brace, fact in facts.items():
                whole = whole.replace(brace, clean(fact))
            for t in texts:
                t.text = whole if t is texts[0] else ""
    # The XML is put together as text: lxml takes minutes to move thousands of rows from one tree to another.
    anchor = etree.ProcessingInstruction("govmedia", "body")
    if place is None:
        document.element.body.insert_element_before(anchor, "w:sectPr")
    else:
        place.getparent().replace(place, anchor)
    whole = etree.tostring(document.element, encoding="unicode")
    ours = element(f"<w:document {NAMESPACES}><w:body>{''.join(body)}</w:body></w:document>")[0]
    told = "".join(etree.tostring(child, encoding="unicode") for child in ours)
    document.part._element = element(whole.replace("<?govmedia body?>", _lent(document, told, settings, language)))
    return document.part.document


def _lent(document: Any, body: str, settings: Settings, language: str) -> str:
    """The body with the template's names of styles; those that the template lacks are added to it."""
    styles = document.styles.element
    theirs = {
        s.find(f"{{{W}}}name").get(f"{{{W}}}val").lower(): s.get(f"{{{W}}}styleId")
        for s in styles.findall(f"{{{W}}}style")
    }
    called = {}
    for style in new_document(settings, language).styles.element.findall(f"{{{W}}}style"):
        name, ours = style.find(f"{{{W}}}name").get(f"{{{W}}}val").lower(), style.get(f"{{{W}}}styleId")
        if name in theirs:
            called[ours] = theirs[name]
        else:
            for base in [e for tag in ("basedOn", "next") for e in style.findall(f"{{{W}}}{tag}")]:
                base.set(f"{{{W}}}val", called.get(base.get(f"{{{W}}}val"), base.get(f"{{{W}}}val")))
            styles.append(style)
    return re.sub(r'(<w:(?:pStyle|tblStyle) w:val=")(\w+)"', lambda m: f'{m[1]}{called.get(m[2], m[2])}"', body)
