"""Fonts of the documents: the kit's own and the office's, which characters they hold, pictures drawn with them, and a page's own."""

from __future__ import annotations

import functools
import json
import os
import struct
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
    Raises InputError where that folder does not exist, or where there is no font at all.
    """
    return _faces(os.environ.get("GOVMEDIA_FONT_DIR", ""))


@functools.cache
def _faces(folder: str) -> Faces:
    import typst

    if folder and not Path(folder).is_dir():
        raise InputError("no_font_folder", path=folder)
    folders = [Path(folder)] if folder else []
    try:
        import pylopdf_fonts_zh_cn as package

        folders.append(Path(package.sans_path()).parent)
    except ImportError:
        pass
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(path) for path in folders]
    )
    found = frozenset(fonts.families())
    if not found:
        raise InputError("no_font", path=folder)
    files = [p for path in folders for p in sorted(path.rglob("*")) if p.suffix.lower() in SUFFIXES]
    return Faces(fonts, found, frozenset().union(*map(_characters, files)))


def lacking(text: str, known: frozenset[int]) -> list[str]:
    """Characters of a text that no font holds, sorted; signs that take no room and are never drawn are not among them.

    >>> lacking("甘肃\\u200b 😀😀", frozenset(map(ord, "甘肃")))
    ['😀']
    """
    return sorted(c for c in set(text) if ord(c) not in known and not _undrawn(c))


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
    return bytes(hb.subset(_sans(), wanted).blob.data)


@functools.cache
def _sans() -> Any:
    import pylopdf_fonts_zh_cn as package
    import uharfbuzz as hb

    return hb.Face(hb.Blob.from_file_path(str(package.sans_path())))


def _undrawn(c: str) -> bool:
    return unicodedata.category(c) in ("Cc", "Cf", "Zs", "Zl", "Zp") or 0xFE00 <= ord(c) <= 0xFE0F


def _characters(path: Path) -> set[int]:
    """The code points of a font file's character maps (formats 4 and 12, the two that Unicode fonts use)."""
    data = path.read_bytes()
    starts = [0]
    if data[:4] == b"ttcf":
        starts = list(struct.unpack_from(f">{struct.unpack_from('>I', data, 8)[0]}I", data, 12))
    found: set[int] = set()
    for start in starts:
        for i in range(struct.unpack_from(">H", data, start + 4)[0]):
            tag, _, offset, _ = struct.unpack_from(">4sIII", data, start + 12 + 16 * i)
            if tag == b"cmap":
                found |= _cmap(data, offset)
    return found


def _cmap(data: bytes, start: int) -> set[int]:
    found: set[int] = set()
    for i in range(struct.unpack_from(">H", data, start + 2)[0]):
        at = start + struct.unpack_from(">HHI", data, start + 4 + 8 * i)[2]
        form = struct.unpack_from(">H", data, at)[0]
        if form == 12:
            for k in range(struct.unpack_from(">I", data, at + 12)[0]):
                first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * k)
                found.update(range(first, last + 1))
        elif form == 4:
            count = struct.unpack_from(">H", data, at + 6)[0] // 2
            ends = struct.unpack_from(f">{count}H", data, at + 14)
            firsts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
            for first, last in zip(firsts, ends, strict=True):
                found.update(range(first, last + 1))
    return found - {0xFFFF}
