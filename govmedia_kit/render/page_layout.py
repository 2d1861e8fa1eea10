"""What every paged format shares: the standard's measures, the document's own words, and how blocks fall into pages.

GB/T 9704-2012 is in `templates/gbt9704.toml`, a table per measure with its clause and strength; the words that a
document has beside its blocks are in `templates/documents.toml`.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from govmedia_kit import package_data
from govmedia_kit.catalogue import in_language
from govmedia_kit.report.blocks import Block, heading, plain
from govmedia_kit.text_width import em_width

__all__ = [
    "MM",
    "TALLEST",
    "Part",
    "annex_indent",
    "cell_text",
    "clean",
    "column_widths",
    "date_text",
    "document_words",
    "faces_of",
    "leads_to_signature",
    "mark_size",
    "measure",
    "measures",
    "parts",
    "picture_size",
    "points",
    "signature_shift",
    "title_lines",
]

# Points in a millimetre.
MM = 72 / 25.4
# What XML 1.0 cannot hold: control characters, halves of surrogate pairs, the two non-characters.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
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


def date_text(day: dt.date, language: str) -> str:
    """A date as a document of the language writes it.

    >>> date_text(dt.date(2019, 7, 5), "zh-Hans"), date_text(dt.date(2019, 7, 5), "en")
    ('2019年7月5日', '5 July 2019')
    """
    words = document_words(language)
    name = words["months"][day.month - 1] if "months" in words else ""
    return words["date"].format(year=day.year, month=day.month, day=day.day, month_name=name)


def clean(value: Any) -> str:
    """Text that XML can hold: what is forbidden there becomes the replacement character.

    >>> clean("a\\x07b\\nc")
    'a�b\\nc'
    """
    return FORBIDDEN.sub("�", str(value).replace("\r\n", "\n").replace("\r", "\n"))


def cell_text(value: Any, kind: str) -> str:
    """A cell as it is printed: a dash for what is not known, rates as percentages."""
    from govmedia_kit.report.phrases import percent

    if value is None:
        return "—"
    if kind == "rate" and isinstance(value, int | float):
        return percent(value)
    return clean(f"{value:.1f}" if isinstance(value, float) else value)


class Part(NamedTuple):
    """Blocks that begin on a new page, the first part aside; `widths` are of its table's columns in points."""

    blocks: list[Block]
    landscape: bool = False
    widths: tuple[float, ...] = ()
    size: float = 12.0


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
    head = heading(1, document_words(language)["pictures"])
    rest = [Part(group) for group in ([head, *pictures] if pictures else [], after) if group]
    return [Part(text), *annexes, *rest]


def _annex(block: Block) -> Part:
    width, across = points("type_width"), points("type_height")
    large, small = measure("table_size"), measure("table_size_small")
    # A table that would wrap much in the larger type is set in the smaller one.
    if sum(_needs(block, large)[0]) <= 1.25 * width and (found := column_widths(block, width, large)):
        return Part([block], False, tuple(found), large)
    if found := column_widths(block, width, small):
        return Part([block], False, tuple(found), small)
    found = column_widths(block, across, small) or [across / len(block["columns"])] * len(block["columns"])
    return Part([block], True, tuple(found), small)


def column_widths(block: Block, width: float, size: float) -> list[float] | None:
    """Widths of a table's columns in points that add up to `width`, or None where they cannot be read so narrow.

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


def _needs(block: Block, size: float) -> tuple[list[float], list[float]]:
    """The width that each column would like, and the least that it can do with."""
    padding = size * 0.9
    needed, least = [], []
    for i, column in enumerate(block["columns"]):
        texts = [cell_text(row[i], column["kind"]) for row in block["rows"]]
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


def mark_size(text: str, width: float) -> float:
    """Type size of the issuer's mark: the usual one, or what fits the width on one line."""
    return min(measure("mark_size"), int(width / max(em_width(text), 1) * 2) / 2)


def picture_size(svg: str, width: float) -> tuple[float, float]:
    """Width and height of an SVG in points, made smaller where it is wider than `width`."""
    head = svg[svg.index("<svg") : svg.index(">", svg.index("<svg"))]
    found = dict(re.findall(r'\b(width|height)="([\d.]+)(?:px)?"', head))
    wide, high = float(found.get("width", 600)) * 0.75, float(found.get("height", 300)) * 0.75
    scale = min(1.0, width / wide)
    return wide * scale, high * scale


def title_lines(text: str, most: float) -> list[str]:
    """A title cut into lines of about one length, none within a word that titles are made of.

    >>> title_lines("甘肃省政府办公厅关于2019年全省政务新媒体检查情况的通报", 20)
    ['甘肃省政府办公厅关于2019年全省', '政务新媒体检查情况的通报']
    """
    text = clean(text).strip()
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
    lines = [text[a:b].strip() for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return lines if max(map(em_width, lines)) <= most else [text]


def annex_indent(text: str, *, first: bool) -> tuple[float, float]:
    """Left and hanging indent of a line of the list of annexes, in points: names stand under each other, wrapped or not.

    >>> [round(x) for x in annex_indent("附件：1. 不合格名单", first=True)]
    [103, 71]
    """
    found = re.match(r"(?P<label>[^0-9：:]*[：:]\s*)?(?P<number>[0-9]+[.．]\s*)?", text)
    assert found is not None
    number = em_width(found["number"] or "") * measure("character_pitch")
    label = em_width(found["label"] or "") * measure("character_pitch") if first else 0.0
    below = 3 * measure("character_pitch")
    return points("indent", size=measure("character_pitch")) + below + number, (label if first else 0.0) + number


def leads_to_signature(block: Block, around: list[Block]) -> bool:
    """Whether a paragraph is the last of the text: it stays with what follows, so that no seal stands on an empty page."""
    i = next(i for i, other in enumerate(around) if other is block)
    return block["role"] == "body" and i + 1 < len(around) and around[i + 1].get("role") in ("annexes", "signature")


def signature_shift(role: str, around: Iterable[Block]) -> float:
    """How far a signature or a date stands from the right edge, in points: the name centred over the date."""
    said = {
        b["role"]: em_width(plain(b["runs"]))
        for b in around
        if b["type"] == "paragraph" and b["role"] in ("signature", "date")
    }
    right, size = points("date_right"), measure("body_size")
    apart = (said["signature"] - said["date"]) / 2 * size if len(said) == 2 else 0.0
    # A name so long that it would stand over the edge pushes the date inwards instead.
    inwards = max(0.0, apart - right)
    return right + inwards - (apart if role == "signature" else 0.0)
