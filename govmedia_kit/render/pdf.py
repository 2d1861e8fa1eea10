"""Blocks to a PDF by GB/T 9704-2012, to be published: Typst sets it, fonts embedded, PDF/A-2b, the same bytes in every run.

The page is `templates/bulletin.typ`; it gets words and measures as data, so that nothing of them is read as markup.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, assert_never

from govmedia_kit.errors import InputError
from govmedia_kit.package_data import resource
from govmedia_kit.read.settings import Settings
from govmedia_kit.render import docx
from govmedia_kit.render import page_layout as page
from govmedia_kit.render.fonts import GETA, faces, lacking
from govmedia_kit.render.page_layout import Part, measure, points
from govmedia_kit.report.blocks import Block, cell_text, clean
from govmedia_kit.text_width import em_width

__all__ = ["deviations", "write"]

# Words that may be wider than a column of a table: addresses, ids.
UNBROKEN = re.compile(r"[!-~]{16,}")
# What of the data is no text to be set.
NOT_SET = ("fonts", "measures", "png", "svg", "title")


def write(
    blocks: list[Block], path: Path | str, *, settings: Settings, language: str, layout: str = "document"
) -> tuple[list[str], list[str]]:
    """Write the blocks as a PDF; return the sentences that say where it departs from the standard, and lost characters.

    A character that no font holds is printed as 〓. More fonts are taken from the folder that GOVMEDIA_FONT_DIR names.
    """
    import typst

    text = json.dumps(_data(blocks, settings, language, layout), ensure_ascii=False)
    lost = lacking(text, faces().characters)
    for character in lost:
        text = text.replace(character, GETA)
    day = settings.issued_on or settings.as_of
    made, warnings = typst.compile_with_warnings(
        str(resource("templates/bulletin.typ")),
        font_paths=faces().fonts,
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
    departures = deviations(blocks, settings=settings, language=language, layout=layout)
    if lost:
        departures.append(page.document_words(language)["deviations"]["glyph"].format(characters=" ".join(lost)))
    return departures, lost


def deviations(blocks: list[Block], *, settings: Settings, language: str, layout: str = "document") -> list[str]:
    """Where a PDF of these blocks departs from GB/T 9704-2012, one sentence each: above all, which face stands for which."""
    words, families = page.document_words(language), faces().families
    # The PDF begins the imprint on the back of a sheet and leaves page numbers in their place.
    ours = {words["deviations"]["imprint_page"], words["deviations"]["landscape_number"]}
    found = [s for s in docx.deviations(blocks, settings=settings, language=language, layout=layout) if s not in ours]
    for role, wanted in words["fonts"].items():
        used = next((face for face in page.faces_of(role) if face in families), "")
        if role != "latin" and used.startswith("Noto"):
            found.append(words["deviations"]["font"].format(wanted=wanted, used=used))
    return list(dict.fromkeys(found))


def _settable(value: Any) -> Any:
    """Texts as Typst sets them: no tab, no replacement character, and long words without a space may break anywhere."""
    if isinstance(value, dict):
        return {name: part if name in NOT_SET else _settable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_settable(part) for part in value]
    if not isinstance(value, str):
        return value
    text = clean(value).replace("\t", " ").replace("\ufffd", GETA)
    return UNBROKEN.sub(lambda word: "\u200b".join(re.findall(".{1,6}", word[0])), text)


def _data(blocks: list[Block], settings: Settings, language: str, layout: str) -> dict[str, Any]:
    """All that the template prints."""
    words, families = page.document_words(language), faces().families
    mark, mark_size = page.mark(settings, language, layout)
    copies, issuer, issued = page.imprint(settings, language, layout)
    day = settings.issued_on or settings.as_of
    lang, _, region = words["locale"].partition("-")
    others = sorted(f for f in families if not f.startswith("Noto S"))
    latin: list[Any] = [{"name": f, "covers": "latin-in-cjk"} for f in page.faces_of("latin") if f in families]
    fonts = {
        role: latin * (role != "song") + [f for f in page.faces_of(role) if f in families] + others
        for role in words["fonts"]
        if role != "latin"
    }
    return _settable(
        {
            "layout": layout,
            "lang": lang,
            "region": region.lower(),
            "title": clean(page.title_of(blocks, settings)).replace("\n", ""),
            "author": settings.issuer,
            "day": [day.year, day.month, day.day],
            "fonts": fonts,
            "measures": {n: measure(n) if m["unit"] == "char" else points(n) for n, m in page.measures().items()},
            "mark": mark if settings.issuer else "",
            "mark_size": mark_size,
            "number": settings.document_number,
            "parts": [
                {**part._asdict(), "blocks": [_block(block, part) for block in part.blocks]}
                for part in page.parts(blocks, language)
            ],
            "imprint": {
                "copies": copies,
                "issuer": issuer,
                "issued": issued,
                "lines": layout == "document",
                "hanging": em_width(words["copies"]) * measure("imprint_size"),
            },
        }
    )


def _block(block: Block, part: Part) -> Any:
    """A block as the template takes it: the block itself, and what was reckoned of it."""
    if block["type"] == "table":
        kinds = [column["kind"] for column in block["columns"]]
        return {
            **block,
            "lines": part.title_lines(block["caption"]),
            "heads": [column["label"] for column in block["columns"]],
            "kinds": kinds,
            "rows": [[cell_text(v, kind) for v, kind in zip(row, kinds, strict=True)] for row in block["rows"]],
            "widths": part.widths or page.column_widths(block, points("type_width"), part.size),
            "size": part.size,
        }
    if block["type"] == "title":
        return {**block, "lines": part.title_lines(block["text"])}
    if block["type"] == "paragraph":
        return {**block, **page.place_of(block, part.blocks)}
    if block["type"] == "list":
        return {**block, "items": page.marked_items(block)}
    if block["type"] == "chart":
        return {"type": "chart", "svg": block["svg"], "alt": block["alt"], "width": page.picture_size(block)[0]}
    if block["type"] == "image":
        return {**block, "png": list(base64.b64decode(block["png"])), "width": page.picture_size(block)[0]}
    if block["type"] == "heading" or block["type"] == "verbatim" or block["type"] == "code":
        return block
    if block["type"] == "page_break":
        return block
    assert_never(block)
