"""Numbers as bulletins write them: 一百二十八个, 4,891家, 1.2万条, 91.9％, 不足八成, 0.4个百分点, 283 accounts.

Dates, document numbers, ordinals, headings and the numbers inside titles are no quantities and are never read as such.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

from govmedia_kit.catalogue import converter

__all__ = ["Plain", "Quantity", "masked", "plain", "quantities"]

# Any of these, and the text is in traditional characters.
_TRADITIONAL = re.compile("[個檢總數號與發現問題條為過對開]")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}


class Plain(NamedTuple):
    """A text with half-width digits and simplified keywords, and where each character stood in the original."""

    text: str
    positions: list[int]


class Quantity(NamedTuple):
    """A number with its kind (`count`, `percent`, `points`), value, decimals, limit word and place in the plain text.

    `bound` is `below`, `at_most`, `above`, `at_least`, `about`, or empty where the number is meant exactly. `unit` is the
    measure word, empty where there is none. `step` is what the last digit printed is worth (1000 for 1.2万).
    """

    kind: str
    value: Fraction
    decimals: int
    step: Fraction
    bound: str
    unit: str
    start: int
    end: int


_HAN = r"[\u3400-\u9fff]"
# Spaces beside Han characters, quotation marks, and the pinyin that some pages print after a character.
_DROPPED = re.compile(
    rf"(?<={_HAN})[ \t\u3000]+|[ \t\u3000]+(?={_HAN})|[“”\"‘’「」『』\u200b\ufeff\r]"
    rf"|(?<={_HAN})\([a-z\u00e0-\u01dd]+\)"
)
_PLACES = re.compile(r"\([市县区州旗盟、]+\)")
_MEASURE = "个家条户款封篇项件名"
_NUMERAL = "[零〇一二两三四五六七八九十百千万亿]"
_ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
# What holds digits and is no quantity.
_MASK = re.compile(
    "|".join(
        [
            r"《[^》]*》|\([^()\d%]*(?<![一二三四五六七八九十百][个家])\)",
            r"[〔\[﹝(]\d{4}[〕\]﹞)]\s*第?\d+号?",
            rf"第\s*(?:\d+|{_NUMERAL}+)",
            rf"(?:\d+|{_NUMERAL}+)(?:-|—|至)?(?:\d+|{_NUMERAL}+)?个?(?:多|余)?(?:月份?|周|星期|季度|工作日|自然日|小时|半年|年|百分点以)",
            r"\d+(?:年(?:底|末|度)?|月(?:底|末|份)?|日|号|天|时|分钟?|秒|次|期|届|倍|级|岁|层)",
            r"(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])(?!\d)(?:[-/.]\d{1,2})?|\d{1,2}:\d{2}(?::\d{2})?",
            r"(?:附件|附表|图|表|Annex|Table|Figure|Chapter|Article|No\.|Q|H|annex|table|figure|chapter)\s*\d+",
            r"(?m:^[ \t]*(?:\d+[.、．)]|\(\d+\))(?!\d))",
            r"[(（]?\d+(?:\.\d+)?\s*%\s*(?:的)?(?:置信|confidence|Wilson|CI\b|interval)[^)）；;。\n]*",
            rf"{_ARABIC}\s*%?\s*[—~～–-]+\s*{_ARABIC}\s*%",
            r"(?i:\b\d{1,2}(?:st|nd|rd|th)\b|\b\d{4}(?=\s*(?:round|Q\d|annual)))",
            r"(?i:\b(?:\d{1,2}\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:\d{1,2},?\s+)?\d{4}\b)",
            r"(?i:\b\d{1,2}\s+(?:january|february|march|april|may|june|july|august|september|october|november|december)\b)",
            r"(?i:\b\d+(?:\.\d+)?[\s-]*(?:days?|weeks?|months?|years?|hours?|minutes?|working|points? out)\b)",
            r"(?i:\b(?:in|of|since|during|quarter|half)\s+(?:19|20)\d{2}\b(?!\s*(?:accounts|registered|checked)))",
            r"[A-Za-z_]+\d[\w.]*|\d+[A-Za-z_]\w*",
        ]
    )
)
_BEFORE = [
    ("at_least", r"不低于|不少于|不小于|至少|达到?或超过|\bat least|no fewer than"),
    ("at_most", r"不超过|不高于|不多于|至多|\bat most|no more than"),
    ("below", r"不足|不到|低于|少于|小于|\bbelow|\bunder|less than|fewer than"),
    ("above", r"超过|超|逾|高于|多于|大于|突破|\babove|\bover|more than"),
    ("about", r"将近|接近|大约|约|近|左右|\babout|\baround|nearly|almost|some"),
]
_AFTER = [
    ("at_least", r"及?以上|or more|and above"),
    ("at_most", r"及?以下|or less|or fewer"),
    ("about", r"左右|上下|or so"),
]
# 三个月, 两个方面 and 一个单位原则上 count nothing.
_NO_COUNT = "(?!月|工作|自然|百分|季度|小时|星期|方面|单位原则)"
_PERCENT = rf"(?P<percent>{_ARABIC})\s*(?:%|per ?cent\b)(?!\s*(?:points?|的?百分点))"
_SAID = rf"百分之(?P<said>{_NUMERAL}+)(?:点(?P<point>[零〇一二三四五六七八九]+))?"
_TENTHS = r"(?P<tenths>[一二两三四五六七八九\d])成(?P<half>[一二三四五六七八九半])?(?![立功为员果本交])"
_MOST = "(?P<most>过半|超半数|半数以上|超过半数)"
_POINTS = rf"(?P<points>{_ARABIC})\s*(?:个?百分点|%?\s*percentage points?)"
_COUNT = rf"(?P<count>{_ARABIC})(?P<big>[万亿千]?)(?P<odd>[余多]?)(?:(?P<unit>[{_MEASURE}]){_NO_COUNT})?"
_WORDS = rf"(?P<words>{_NUMERAL}+)(?P<more>[余多]?)(?P<measure>[{_MEASURE}]){_NO_COUNT}"
_NUMBER = re.compile("|".join([_POINTS, _PERCENT, _SAID, _TENTHS, _MOST, _COUNT, _WORDS]))


def _simple(characters: frozenset[str]) -> dict[int, str]:
    """Simplified for traditional, one character for one."""
    pairs = ((c, converter("t2s").convert(c)) for c in characters if "\u3400" <= c <= "\u9fff")
    return {ord(c): simple for c, simple in pairs if len(simple) == 1 and simple != c}


def plain(text: str) -> Plain:
    """Half-width digits, letters, brackets and percent signs, simplified keywords, no spaces beside Han characters.

    >>> plain("檢查 ２８３ 個（县（市）区）").text
    '检查283个(县市区)'
    """
    kept = []
    simple = _simple(frozenset(text)) if _TRADITIONAL.search(text) else {}
    for at, character in enumerate(text.translate(simple)):
        half = unicodedata.normalize("NFKC", character) if character not in "，：；！？" else character
        kept.append((half if len(half) == 1 else character, at))
    joined = "".join(character for character, _ in kept)
    gone = {i for match in _DROPPED.finditer(joined) for i in range(*match.span())}
    gone |= {i for match in _PLACES.finditer(joined) for i in range(*match.span()) if joined[i] in "(、)"}
    kept = [pair for i, pair in enumerate(kept) if i not in gone]
    return Plain("".join(character for character, _ in kept), [at for _, at in kept])


def masked(text: str) -> str:
    """The plain text with all that holds digits and is no quantity blotted out, of the same length."""
    return _MASK.sub(lambda match: "\0" * len(match[0]), text)


def _numeral(text: str) -> int:
    """一百二十八 -> 128."""
    total = section = digit = 0
    for character in text:
        if character in _DIGITS:
            digit = digit * 10 + _DIGITS[character] if digit and not section else _DIGITS[character]
        elif character in _TENS:
            section, digit = section + (digit or 1) * _TENS[character], 0
        else:
            total, section, digit = (total + section + digit) * {"万": 10**4, "亿": 10**8}[character], 0, 0
    return total + section + digit


def quantities(text: str) -> list[Quantity]:
    """The quantities of a plain text in their order.

    >>> [(q.kind, str(q.value), q.bound) for q in quantities("2019年第二季度检查一百二十八个，合格率不足八成")]
    [('count', '128', ''), ('percent', '80', 'below')]
    """
    text = masked(text)
    return [quantity for match in _NUMBER.finditer(text) if (quantity := _read(match, text)) is not None]


def _read(match: re.Match[str], text: str) -> Quantity | None:
    found = match.groupdict()
    bound = _bound(text, match)
    if digits := found["points"] or found["percent"]:
        kind, decimals = "points" if found["points"] else "percent", len(digits.partition(".")[2])
        value = Fraction(digits.replace(",", ""))
        return Quantity(kind, value, decimals, Fraction(10) ** -decimals, bound, "%", *match.span())
    if found["said"]:
        point = found["point"] or ""
        value = Fraction(_numeral(found["said"])) + Fraction(
            sum(_DIGITS[c] * 10 ** (len(point) - i) for i, c in enumerate(point, 1)), 10 ** len(point)
        )
        return Quantity("percent", value, len(point), Fraction(10) ** -len(point), bound, "%", *match.span())
    if found["most"]:
        return Quantity("percent", Fraction(50), 0, Fraction(1), "above", "%", *match.span())
    if tenths := found["tenths"]:
        half = found["half"] or ""
        value = Fraction(
            10 * (_DIGITS[tenths] if tenths in _DIGITS else int(tenths)) + (5 if half == "半" else _DIGITS.get(half, 0))
        )
        # 八成 alone is a round word for anything near it.
        return Quantity("percent", value, 0, Fraction(1), bound or "about", "%", *match.span())
    if found["words"]:
        unit, odd, big = found["measure"], found["more"], ""
        value, decimals = Fraction(_numeral(found["words"])), 0
    else:
        digits, unit, odd, big = found["count"], found["unit"] or "", found["odd"], found["big"]
        decimals = len(digits.partition(".")[2])
        value = Fraction(digits.replace(",", "")) * {"": 1, "千": 1000, "万": 10**4, "亿": 10**8}[big]
        if (decimals and not big) or (not unit and not _stands_alone(text, match)):
            return None
    step = Fraction({"": 1, "千": 1000, "万": 10**4, "亿": 10**8}[big], 10**decimals)
    return Quantity("count", value, 0, step, "about" if odd else bound, unit, *match.span())


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """Whether a number without a measure word can be a count: in English, or as a link of 203、127和53个."""
    before, after = text[: match.start()][-1:], text[match.end() : match.end() + 2]
    if re.match(r"[、，；。)和及与:：\0]|/\d|\n|$", after) and not re.match(r"[A-Za-z\d.\0:#-]", before):
        return True
    return bool(re.match(r"[ ,.;:)\n]|/\d|$", after)) and (not before or before in " (\n/")


def _bound(text: str, match: re.Match[str]) -> str:
    before, after = text[max(match.start() - 12, 0) : match.start()], text[match.end() : match.end() + 10]
    for bound, words in _AFTER:
        if re.match(rf"\s*(?:{words})", after):
            return bound
    return next((bound for bound, words in _BEFORE if re.search(rf"(?:{words})(?:了|为|达|the)?\s*$", before)), "")
