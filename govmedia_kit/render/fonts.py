"""Fonts of the documents: the kit's own and the office's, which characters they hold, pictures drawn with them, and a page's own."""

from __future__ import annotations

import functools
import json
import os
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple

from govmedia_kit.errors import InputError

__all__ = ["GETA", "Faces", "faces", "lacking", "pngs", "subset"]

SUFFIXES = {".otf", ".ttf", ".ttc", ".otc"}
# The mark that printers set for a character that their cases lack.
GETA = "〓"

# Tables of a font that only typesetters of vertical or shaped text use.
UNUSED = ("BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx")

# Every picture a page of its own size.
PICTURES = b"""#let svgs = json(bytes(sys.inputs.svgs))
#set page(width: auto, height: auto, margin: 0pt)
#for (i, svg) in svgs.enumerate() { if i > 0 { pagebreak() }; image(bytes(svg), format: "svg") }"""


class Faces(NamedTuple):
    """The fonts at hand: Typst's own handle on them, names of families, and every character that one of them holds."""

    fonts: Any
    families: frozenset[str]
    characters: frozenset[int]


def faces() -> Faces:
    """The fonts of `pylopdf_fonts_zh_cn`, and those in the folder that GOVMEDIA_FONT_DIR names.

    Fonts of the system are left out, so that a PDF is the same on every machine.
    Raises InputError where that folder does not exist.
    """
    return _faces(os.environ.get("GOVMEDIA_FONT_DIR", ""))


@functools.cache
def _faces(folder: str) -> Faces:
    import typst

    if folder and not Path(folder).is_dir():
        raise InputError("no_font_folder", path=folder)
    folders = [*([Path(folder)] if folder else []), _sans().parent]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(p) for p in folders])
    files = [p for path in folders for p in path.rglob("*") if p.suffix.lower() in SUFFIXES]
    return Faces(fonts, frozenset(fonts.families()), frozenset().union(*map(_characters, files)))


def _sans() -> Path:
    import pylopdf_fonts_zh_cn

    return Path(pylopdf_fonts_zh_cn.sans_path())


def _characters(path: Path) -> set[int]:
    """The code points that the faces of a font file hold; a collection has several."""
    import uharfbuzz as hb

    blob = hb.Blob.from_file_path(str(path))
    return {point for i in range(hb.Face(blob).count) for point in hb.Face(blob, i).unicodes}


def lacking(text: str, known: frozenset[int]) -> list[str]:
    """Characters of a text that no font holds, sorted; signs that take no room and are never drawn are not among them.

    >>> lacking("甘肃\\u200b 😀😀", frozenset(map(ord, "甘肃")))
    ['😀']
    """
    return sorted(c for c in set(text) if ord(c) not in known and not _undrawn(c))


def _undrawn(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cf", "Zs", "Zl", "Zp") or 0xFE00 <= ord(c) <= 0xFE0F


def pngs(svgs: list[str]) -> list[bytes]:
    """SVG pictures as PNG, two dots for each of a screen's: all in one go, which costs little more than one."""
    import typst

    if not svgs:
        return []
    made = typst.compile(
        PICTURES,
        font_paths=faces().fonts,
        ignore_system_fonts=True,
        format="png",
        ppi=192,
        sys_inputs={"svgs": json.dumps(svgs, ensure_ascii=False)},
    )
    return [made] if isinstance(made, bytes) else list(made or [])


def subset(text: str) -> bytes:
    """The kit's Chinese sans face (Noto Sans SC, OpenType) with no more than the characters of `text`.

    For a page that is read where no Chinese font may be; the same text gives the same bytes.

    >>> subset("通报")[:4]
    b'OTTO'
    """
    import uharfbuzz as hb

    wanted = hb.SubsetInput()
    wanted.unicode_set.update(map(ord, text))
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in UNUSED)
    wanted.flags = hb.SubsetFlags.NO_HINTING
    return bytes(hb.subset(hb.Face(hb.Blob.from_file_path(str(_sans()))), wanted).blob.data)
