"""What every paged format shares: the standard's measures, the document's own words, and how blocks fall into pages.

GB/T 9704-2012 is in `templates/gbt9704.toml`, a table per measure with its clause and strength; the words that a
document has beside its blocks are in `templates/documents.toml`.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from govmedia_kit import package_data
from govmedia_kit.catalogue import in_language, phrase
from govmedia_kit.read.settings import Settings
from govmedia_kit.report import blocks as b
from govmedia_kit.report.blocks import Block
from govmedia_kit.report.phrases import date_text
from govmedia_kit.text_width import em_width

__all__ = [
    "Part",
    "column_widths",
    "document_words",
    "faces_of",
    "imprint",
    "mark",
    "marked_items",
    "measure",
    "measures",
    "parts",
    "picture_size",
    "place_of",
    "points",
    "title_lines",
    "title_of",
]

# Points in a millimetre.
MM = 72 / 25.4
# The greatest height of a picture in points: two or three go on a page.
TALLEST = 85 * MM
# A table of the index of figures is for the screen and the workbook: a document that is signed carries no ids.
NOT_ON_PAPER = {"figures"}
# Words of titles that no line ends within.
WHOLE = re.compile(
    r"[0-9A-Za-z.%]+[年月日]?|政务新媒体|新媒体|政府网站|政务公开|人民政府|办公[厅室廳]|关于|關於|检查|檢查|抽查|普查|监测|監測|"
    r"情况|情況|通报|通報|通知|整改|[^\W\d]{2,4}?[省市县县區区州盟旗](?=政务|政務|政府|人民)|全[国省市区县國區縣]|第.{1,2}季度|[上下]半年"
)
# Characters that no line of a title begins or ends with.
NOT_FIRST, NOT_LAST = set("的了和与與及、，。；：！？）》”’〕"), set("（《“‘〔第年和与與及")
# A column that may not wrap, and the narrowest that one of text may become, in ems.
SHORT, NARROWEST = 5.0, 4.5


def measures() -> dict[str, dict[str, Any]]:
    """The standard's measures by name: value, unit (mm, pt, char, line), clause, strength, tolerance."""
    return _toml("gbt9704.toml")


@functools.cache
def _toml(name: str) -> dict[str, Any]:
    return package_data.words(f"templates/{name}")


def measure(name: str) -> float:
    """A measure in its own unit.

    >>> measure("margin_top"), measure("body_size")
    (37.0, 16.0)
    """
    return float(measures()[name]["value"])


def points(name: str, *, size: float | None = None) -> float:
    """A measure in points; a width in characters is of type of `size` points, or of the body's pitch.

    >>> points("number_above"), round(points("margin_top"), 1)
    (57.9, 104.9)
    """
    unit = measures()[name]["unit"]
    of = {"mm": MM, "pt": 1.0, "line": measure("line_pitch"), "char": size or measure("body_size")}
    return measure(name) * of[unit]


@functools.cache
def document_words(language: str) -> dict[str, Any]:
    """The words of a document in a language; traditional Chinese is made from the simplified words."""
    words = _toml("documents.toml")
    return in_language(words, language) | words.get(language, {})


def faces_of(role: str) -> list[str]:
    """Families that a PDF may use for a role, the office's own first."""
    return list(_toml("documents.toml")["faces"][role])


class Part(NamedTuple):
    """Blocks that begin on a new page, the first part aside; an annex has widths of its table's columns in points.

    `size` is that of the type in its tables.
    """

    blocks: list[Block]
    landscape: bool = False
    widths: tuple[float, ...] = ()
    size: float = 10.5

    def title_lines(self, text: str) -> list[str]:
        """A title cut into lines that fit the page's width."""
        return title_lines(text, int(points("type_height" if self.landscape else "type_width") / measure("title_size")))


def parts(blocks: Iterable[Block], language: str) -> list[Part]:
    """The text, then each annex, then the pictures, then what follows the annexes: each begins on a new page.

    Pictures leave the text, which would otherwise have half-empty pages where an office signs. Code and the index of
    figures are left out; an annex whose table does not fit the type area's width lies across.
    """
    text: list[Block] = []
    annexes: list[Part] = []
    pictures: list[Block] = []
    after: list[Block] = []
    for block in blocks:
        if block["type"] == "code" or (block["type"] == "table" and block["id"] in NOT_ON_PAPER):
            continue
        if block["type"] in ("chart", "image"):
            pictures.append(block)
        elif block["type"] == "table" and block["annex"]:
            annexes.append(_annex(block))
        else:
            (after if annexes else text).append(block)
    head = b.heading(1, document_words(language)["pictures"])
    rest = [Part(group) for group in ([head, *pictures] if pictures else [], after) if group]
    return [Part(text), *annexes, *rest]


def _annex(block: b.Table) -> Part:
    upright, across = points("type_width"), points("type_height")
    large, small = measure("table_size"), measure("table_size_small")
    # A table that would wrap much in the larger type is set in the smaller one.
    for size in (large, small) if sum(_needs(block, large)[0]) <= 1.25 * upright else (small,):
        if widths := _readable_widths(block, upright, size):
            return Part([block], False, tuple(widths), size)
    return Part([block], True, tuple(column_widths(block, across, small)), small)


def column_widths(block: b.Table, width: float, size: float) -> list[float]:
    """Widths of a table's columns in points that add up to `width`, all the same where it is too narrow to be read."""
    return _readable_widths(block, width, size) or [width / len(block["columns"])] * len(block["columns"])


def _readable_widths(block: b.Table, width: float, size: float) -> list[float] | None:
    """The widths, or None where columns cannot be read so narrow.

    Numbers, dates and short columns keep to one line; texts share what is left so that none wraps much more than others.
    """
    needed, least = _needs(block, size)
    if not needed or sum(least) > width:
        return None
    made, spare = list(least), width - sum(least)
    if sum(needed) <= width:
        # What is over goes to the texts, or to all alike where none can use it.
        wrap = [n - m for n, m in zip(needed, least, strict=True)]
        share = [n if w or not any(wrap) else n * 0.25 for n, w in zip(needed, wrap, strict=True)]
        return [n + (width - sum(needed)) * s / sum(share) for n, s in zip(needed, share, strict=True)]
    step = size / 2
    while spare > step:
        made[max(range(len(made)), key=lambda i: needed[i] / made[i])] += step
        spare -= step
    made[made.index(max(made))] += spare
    return made


def _needs(block: b.Table, size: float) -> tuple[list[float], list[float]]:
    """The width that each column would like, and the least that it can do with."""
    padding = size * 0.9
    needed, least = [], []
    for i, column in enumerate(block["columns"]):
        texts = [b.cell_text(row[i], column["kind"]) for row in block["rows"]]
        widths = sorted(max(map(em_width, text.split("\n"))) for text in texts) or [0.0]
        # A rare long cell may wrap; the width is that of the others.
        usual = max(widths[int(0.98 * (len(widths) - 1))], SHORT)
        fixed = column["kind"] in ("int", "rate", "days", "date") or widths[-1] <= SHORT
        whole, folded = _head_widths(column["label"])
        wanted = widths[-1] if fixed else min(widths[-1], 1.5 * usual)
        if column["kind"] in ("int", "rate", "days", "date"):
            # Not every face's digits are as narrow as Times'; a percent sign is as wide as a Chinese character.
            # A date with wide digits would break at its hyphens.
            wanted = wanted * (1.25 if column["kind"] == "date" else 1.12) + (0.5 if column["kind"] == "rate" else 0)
        # A head that is hardly wider than its column would leave one character on its second line.
        head = whole if whole - 1.5 <= wanted else folded
        needed.append(max(wanted, whole) * size + padding)
        least.append(max(wanted if fixed else min(wanted, NARROWEST), head) * size + padding)
    return needed, least


def _head_widths(label: str) -> tuple[float, float]:
    """Ems that a column's head takes on one line, and folded into two; short heads and Latin words stay whole."""
    whole = em_width(label)
    if label.isascii():
        # Latin letters of the heads' face are a little wider than half a character.
        return whole * 1.2, max(map(em_width, label.split() or [""])) * 1.2
    return whole, whole if whole <= 3 else (whole + 1) // 2


def mark(settings: Settings, language: str, layout: str) -> tuple[str, float]:
    """The issuer's mark, and its type size: the usual one, or what fits the width on one line."""
    document = layout == "document"
    text = b.clean(settings.issuer) + (document_words(language)["document"] if document else "")
    width = points("type_width" if document else "letter_line_width")
    return text, min(measure("mark_size"), int(width / max(em_width(text), 1) * 2) / 2)


def title_of(blocks: Iterable[Block], settings: Settings) -> str:
    """The title that the blocks have, else that of the settings."""
    return next((block["text"] for block in blocks if block["type"] == "title"), settings.title)


def imprint(settings: Settings, language: str, layout: str) -> tuple[str, str, str]:
    """What the foot of the last page says (版记): who gets copies, who issued it, and when. A letter has only the copies."""
    words, copies = document_words(language), b.clean(settings.copies).strip()
    if copies:
        stop = phrase("words.full_stop", language)
        copies = words["copies"] + copies + ("" if copies.endswith((stop, ".")) else stop)
    if layout == "letter":
        return copies, "", ""
    issued = f"{date_text(settings.issued_on, language)}{words['printed']}" if settings.issued_on else ""
    return copies, b.clean(settings.issuer), issued


def marked_items(block: b.Listing) -> list[list[b.Run]]:
    """The items of a list, each behind its number or dot."""
    return [[f"{i}. " if block["ordered"] else "· ", *item] for i, item in enumerate(block["items"], 1)]


def picture_size(block: b.Chart | b.Image) -> tuple[float, float]:
    """Width and height of a picture in points, made smaller where it is wider or higher than a page has room for."""
    if block["type"] == "image":
        # A PNG says its size in its first chunk.
        png = base64.b64decode(block["png"])
        wide, high = (float(int.from_bytes(png[i : i + 4], "big")) for i in (16, 20))
    else:
        found = dict(re.findall(r'\b(width|height)="([\d.]+)(?:px)?"', re.findall("<svg[^>]*>", block["svg"])[0]))
        wide, high = float(found.get("width", 600)), float(found.get("height", 300))
    # Screens have 96 dots an inch.
    scale = min(0.75, points("type_width") / wide, TALLEST / high)
    return wide * scale, high * scale


def title_lines(text: str, most: float) -> list[str]:
    """A title cut into lines of about one length, none within a word that titles are made of.

    >>> title_lines("甘肃省政府办公厅关于2019年全省政务新媒体检查情况的通报", 20)
    ['甘肃省政府办公厅关于2019年全省', '政务新媒体检查情况的通报']
    """
    text = b.clean(text).strip()
    if "\n" in text:
        return [line for part in text.split("\n") for line in title_lines(part, most)]
    whole = em_width(text)
    if whole <= most or text.isascii():
        return [text]
    count = int(-(-whole // (most * 0.95)))
    inside = {i for word in WHOLE.finditer(text) for i in range(word.start() + 1, word.end())}
    allowed = [
        i
        for i in range(2, len(text) - 1)
        if i not in inside and text[i] not in NOT_FIRST and text[i - 1] not in NOT_LAST
    ]
    cuts: list[int] = []
    for k in range(1, count):
        wanted = whole * k / count
        free = [i for i in allowed if i > (cuts[-1] if cuts else 0)]
        if not free:
            return [text]
        cuts.append(min(free, key=lambda i: (abs(em_width(text[:i]) - wanted), i)))
    lines = [text[start:end].strip() for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return lines if max(map(em_width, lines)) <= most else [text]


def place_of(block: b.Paragraph, around: list[Block]) -> dict[str, Any]:
    """Where a paragraph stands among its blocks, lengths in points.

    `last`: whether it ends the text and stays with what follows, so that no seal stands on an empty page. In the list of
    annexes `first`, and `left` and `hanging` indent: names stand under each other, wrapped or not. Of a signature or
    date `shift`, its distance from the right edge: the name is centred over the date.

    >>> line = b.paragraph("附件：1. 不合格名单", role="annexes")
    >>> {name: round(length) for name, length in place_of(line, [line]).items()}
    {'last': 0, 'first': 1, 'left': 103, 'hanging': 71}
    """
    after = next(i for i, other in enumerate(around) if other is block) + 1
    follower = around[after].get("role") if after < len(around) else None
    place: dict[str, Any] = {"last": block["role"] == "body" and follower in ("annexes", "signature")}
    if block["role"] == "annexes":
        first = next(other for other in around if other.get("role") == "annexes") is block
        found = re.match(r"([^0-9：:]*[：:]\s*)?([0-9]+[.．]\s*)?", b.plain(block["runs"]))
        assert found is not None
        pitch = measure("character_pitch")
        label, number = (em_width(text or "") * pitch for text in found.groups())
        hanging = (label if first else 0.0) + number
        place |= {"first": first, "left": points("indent", size=pitch) + 3 * pitch + number, "hanging": hanging}
    elif block["role"] in ("signature", "date"):
        signed = [o for o in around if o["type"] == "paragraph" and o["role"] in ("signature", "date")]
        widths = {other["role"]: em_width(b.plain(other["runs"])) for other in signed}
        apart = (widths["signature"] - widths["date"]) / 2 * measure("body_size") if len(widths) == 2 else 0.0
        # A name so long that it would stand over the edge pushes the date inwards instead.
        right = max(points("date_right"), apart)
        place["shift"] = right - (apart if block["role"] == "signature" else 0.0)
    return place
