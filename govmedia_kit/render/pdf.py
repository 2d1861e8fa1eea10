"""Blocks to a PDF by GB/T 9704-2012, to be published: Typst sets it, fonts embedded, PDF/A-2b, the same bytes in every run.

The page is `templates/bulletin.typ`; it gets words and measures as data, so that nothing of them is read as markup.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any, Literal

from govmedia_kit.errors import InputError
from govmedia_kit.package_data import resource
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.fonts import GETA, Faces, faces, lacking
from govmedia_kit.render.page_layout import (
    TALLEST,
    Part,
    annex_indent,
    cell_text,
    clean,
    column_widths,
    date_text,
    document_words,
    faces_of,
    leads_to_signature,
    mark_size,
    measure,
    measures,
    parts,
    picture_size,
    points,
    signature_shift,
    title_lines,
)
from govmedia_kit.report.blocks import Block, Run, plain
from govmedia_kit.text_width import em_width

__all__ = ["deviations", "lost_characters", "write"]

# Words that may be wider than a column of a table: addresses, ids.
UNBROKEN = re.compile(r"[!-~]{16,}")


def write(
    blocks: list[Block],
    path: Path | str,
    *,
    settings: Settings,
    language: str,
    layout: str = "document",
    missing: Literal["fail", "mark"] = "fail",
) -> list[str]:
    """Write the blocks as a PDF and return the sentences that say where it departs from the standard.

    A character that no font holds is an InputError that names it; with `missing="mark"` it is printed as 〓 and named
    in the sentences. More fonts are taken from the folder that GOVMEDIA_FONT_DIR names.
    """
    import typst

    at_hand = faces()
    data = _data(blocks, settings, language, layout, at_hand)
    text = json.dumps(data, ensure_ascii=False)
    lost = _lost(data, language, at_hand)
    if lost and missing == "fail":
        raise InputError("no_glyph", found="".join(lost[:20]), codes=[f"U+{ord(c):04X}" for c in lost[:20]])
    for character in lost:
        text = text.replace(character, GETA)
    day = settings.issued_on or settings.as_of
    made, warnings = typst.compile_with_warnings(
        str(resource("templates/bulletin.typ")),
        font_paths=at_hand.fonts,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": text},
        pdf_standards=["a-2b"],
        timestamp=dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC),
    )
    if warnings:
        raise InputError("pdf_warned", found=[w.message for w in warnings])
    assert isinstance(made, bytes)
    Path(path).write_bytes(made)
    told = deviations(blocks, settings=settings, language=language, layout=layout)
    if lost:
        told.append(document_words(language)["deviations"]["glyph"].format(characters=" ".join(lost)))
    return told


def lost_characters(blocks: list[Block], *, settings: Settings, language: str, layout: str = "document") -> list[str]:
    """The characters of the blocks that no font at hand holds, sorted: the PDF prints 〓 for them, or is not made."""
    at_hand = faces()
    return _lost(_data(blocks, settings, language, layout, at_hand), language, at_hand)


def _lost(data: dict[str, Any], language: str, at_hand: Faces) -> list[str]:
    # Charts are markup: only their words need glyphs.
    words = json.dumps([*_texts(data), document_words(language)["pictures"]], ensure_ascii=False)
    return lacking(words, at_hand.characters)


def deviations(blocks: list[Block], *, settings: Settings, language: str, layout: str = "document") -> list[str]:
    """Where a PDF of these blocks departs from GB/T 9704-2012, one sentence each: above all, which face stands for which."""
    from govmedia_kit.render import docx

    words, families = document_words(language), faces().families
    # The PDF begins the imprint on the back of a sheet and leaves page numbers in their place.
    ours = {words["deviations"]["imprint_page"], words["deviations"]["landscape_number"]}
    found = [s for s in docx.deviations(blocks, settings=settings, language=language, layout=layout) if s not in ours]
    for role, wanted in words["fonts"].items():
        there = [f for f in faces_of(role) if f in families]
        if role != "latin" and there and there[0].startswith("Noto"):
            sentence = words["deviations"]["font"].format(wanted=wanted, used=there[0])
            found += [sentence] if sentence not in found else []
    return found


def _said(value: Any) -> str:
    """A text as Typst sets it: no tab, no replacement character, and long words without a space may break anywhere."""
    text = clean(value).replace("\t", " ").replace("\ufffd", GETA)
    return UNBROKEN.sub(lambda word: "\u200b".join(re.findall(".{1,6}", word[0])), text)


def _texts(value: Any) -> Iterable[str]:
    """Every text of the data, those of charts without their markup."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "svg":
                yield from map(unescape, re.findall(r">([^<>]+)<", part))
            elif name not in ("fonts", "measures", "png"):
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def _data(blocks: list[Block], settings: Settings, language: str, layout: str, at_hand: Faces) -> dict[str, Any]:
    """All that the template prints."""
    words = document_words(language)
    mark = _said(settings.issuer) + (words["document"] if layout == "document" else "") if settings.issuer else ""
    width = points("letter_line_width" if layout == "letter" else "type_width")
    day = settings.issued_on or settings.as_of
    lang, _, region = words["locale"].partition("-")
    title = next((b["text"] for b in blocks if b["type"] == "title"), settings.title)
    others = sorted(f for f in at_hand.families if not f.startswith("Noto S"))
    latin: list[Any] = [{"name": f, "covers": "latin-in-cjk"} for f in faces_of("latin") if f in at_hand.families]
    fonts = {
        role: latin * (role != "song") + [f for f in faces_of(role) if f in at_hand.families] + others
        for role in words["fonts"]
        if role != "latin"
    }
    return {
        "layout": layout,
        "lang": lang,
        "region": region.lower(),
        "title": clean(title).replace("\n", ""),
        "author": _said(settings.issuer),
        "day": [day.year, day.month, day.day],
        "fonts": fonts,
        "measures": {n: measure(n) if m["unit"] == "char" else points(n) for n, m in measures().items()},
        "mark": mark,
        "mark_size": mark_size(mark, width),
        "number": _said(settings.document_number),
        "parts": [_part(part) for part in parts(blocks, language)],
        "imprint": _imprint(settings, language, layout),
    }


def _imprint(settings: Settings, language: str, layout: str) -> dict[str, Any]:
    words = document_words(language)
    copies = _said(settings.copies).strip()
    if copies:
        ends = "" if copies.endswith((words["full_stop"], ".")) else words["full_stop"]
        copies = words["copies"] + copies + ends
    document = layout == "document"
    issued = f"{date_text(settings.issued_on, language)}{words['printed']}" if settings.issued_on else ""
    return {
        "copies": copies,
        "issuer": _said(settings.issuer) if document else "",
        "issued": issued,
        "lines": document,
        "hanging": em_width(words["copies"]) * measure("imprint_size"),
    }


def _part(part: Part) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    for block in part.blocks:
        kind = block["type"]
        if kind == "table":
            width = points("type_width")
            blocks.append(
                _table(block, part.size if part.widths else measure("table_size_small"), width, part.landscape)
            )
        elif kind == "title":
            blocks.append({"type": kind, "lines": _lines(block["text"], landscape=False)})
        elif kind == "paragraph":
            blocks.append(_paragraph(block, part.blocks))
        elif kind == "list":
            marks = [f"{i}. " if block["ordered"] else "· " for i in range(1, len(block["items"]) + 1)]
            items = [[m, *_runs(item)] for m, item in zip(marks, block["items"], strict=True)]
            blocks.append({"type": kind, "items": items})
        elif kind in ("chart", "image"):
            blocks.append(_picture(block))
        else:
            blocks.append({**block, "text": _said(block["text"])} if "text" in block else block)
    return {"blocks": blocks, "landscape": part.landscape, "widths": part.widths, "size": part.size}


def _table(block: Block, size: float, width: float, landscape: bool) -> dict[str, Any]:
    kinds = [c["kind"] for c in block["columns"]]
    widths = column_widths(block, width, size) or [width / len(kinds)] * len(kinds)
    return {
        "type": "table",
        "annex": _said(block["annex"]),
        "caption": _said(block["caption"]),
        "lines": _lines(block["caption"], landscape=landscape),
        "heads": [_said(c["label"]) for c in block["columns"]],
        "kinds": kinds,
        "rows": [
            [_said(cell_text(value, kind)) for value, kind in zip(row, kinds, strict=True)] for row in block["rows"]
        ],
        "note": _said(block["note"]),
        "widths": widths,
        "size": size,
    }


def _lines(text: str, *, landscape: bool) -> list[str]:
    return title_lines(_said(text), int(points("type_height" if landscape else "type_width") / measure("title_size")))


def _runs(runs: list[Run]) -> list[Any]:
    return [_said(r) if isinstance(r, str) else {"text": _said(r["text"]), "bold": bool(r.get("bold"))} for r in runs]


def _paragraph(block: Block, around: list[Block]) -> dict[str, Any]:
    made = {
        "type": "paragraph",
        "role": block["role"],
        "runs": _runs(block["runs"]),
        "last": leads_to_signature(block, around),
    }
    if block["role"] == "annexes":
        first = next(b for b in around if b.get("role") == "annexes") is block
        left, hanging = annex_indent(plain(block["runs"]), first=first)
        made |= {"first": first, "left": left - hanging, "hanging": hanging}
    elif block["role"] in ("signature", "date"):
        made["shift"] = signature_shift(block["role"], around)
    return made


def _picture(block: Block) -> dict[str, Any]:
    if block["type"] == "image":
        png = base64.b64decode(block["png"])
        width, height = (int.from_bytes(png[i : i + 4], "big") * 0.75 for i in (16, 20))
        scale = min(1.0, points("type_width") / width, TALLEST / height)
        return {"type": "image", "png": list(png), "alt": clean(block["alt"]), "width": width * scale}
    width, height = picture_size(block["svg"], points("type_width"))
    scale = min(1.0, TALLEST / height)
    alt = clean(block["alt"] or block["title"])
    return {"type": "chart", "svg": block["svg"], "alt": alt, "width": width * scale}
