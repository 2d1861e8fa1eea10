"""The keys under which two account names count as the same: expressions in, expressions out.

A name is read in three steps. `plain` is what the eye sees: width, case, punctuation, emoji and
traditional characters evened out. `words` marks what the name is made of: places (from
`data/divisions.csv`), bodies (公安, 卫健委, ...) and affixes (发布, 官方, 局, ...), each as one private
character. `core` is what is left to tell two accounts apart: affixes dropped from both ends, 市
and 县 dropped from places, 卫生健康委员会 written 卫健. Over `plain` and `core` run two looser keys: how
the name sounds (`sound`) and which characters it has in any order (`characters`).

The word lists are tables with a reason for each word: `words/name_affixes.csv`,
`words/name_bodies.csv`, `words/name_numbered.csv`,
`words/name_common_words.csv`, `words/name_places.csv`, `words/name_languages.csv`. OpenCC and pypinyin are asked once per
distinct character, not once per name.

>>> names = pl.DataFrame({"name": ["玉门市卫生健康局", "玉門卫健委（官方）", "玉们卫健"]})
>>> names.select(core=core(pl.col("name")), sound=sound(core(pl.col("name")))).rows()
[('玉门卫健', 'yumenweijian'), ('玉门卫健', 'yumenweijian'), ('玉们卫健', 'yumenweijian')]
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

import polars as pl

from govmedia_kit.catalogue import converter
from govmedia_kit.measures.lookalikes.keys import characters_of, order_keys
from govmedia_kit.package_data import rows

__all__ = [
    "Lexicon",
    "bare",
    "bodies",
    "characters",
    "codes_of",
    "core",
    "language",
    "lexicon_of_names",
    "plain",
    "reading",
    "sound",
    "spelling_of",
    "spelt",
    "stem",
    "stem_of",
    "words",
]

# Private characters of planes 15 and 16 stand for words; `plain` lets none of them through.
PLACE, BODY, AFFIX = 0xF0000, 0x100000, 0x10F000
A_PLACE = r"[\x{F0000}-\x{FFFFD}]"
# Bodies that are counted: 第三中学 is 三中, and is not 二中.
DIGITS = "一二三四五六七八九"
NUMBERS = [*DIGITS, "十", *(f"十{digit}" for digit in DIGITS), "二十", *(f"二十{digit}" for digit in DIGITS), "三十"]
# OpenCC would write 干; the character is also simplified (乾县, 乾安, 乾坤).
KEPT_CHARACTERS = "乾"
# What may need evening out beyond traditional characters; most Chinese names hold none of it.
NOT_PLAIN = r"[^\x{4E00}-\x{9FFF}]"
# Characters that choose between looks of the one before them (❤ and ❤️); by themselves they are nothing.
SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x180B, 0x180D))
# Words that begin with a place's 市 or 区 and are none of it: 兰州 市场监管, 天水 市政.
NOT_THE_PLACES = "([市区])(场监|容$|容[环管]|民热线|政$|政[工管设园道]|块链)"
LIKE_A_TYPE = "市场监|市容|市民热线|市政|区块链"
# Stands between a place and such a word while words are marked; no plain name holds it.
APART = "\ue000"
# How a division is called when its official name is long: 临夏回族自治州 is 临夏州.
SHORT_TYPES = (("自治区", ""), ("自治州", "州"), ("自治县", "县"), ("自治旗", "旗"), ("特别行政区", ""))


class Lexicon(NamedTuple):
    """Words and their marks: `marks` word to private character, `texts` back to what `core` writes.

    `places` has a row per mark of a place and division that it may be: mark (str), code (str). `prefixes` and
    `suffixes` are the marks that may be dropped at an end, `organs` those (局, 大队) that may also stand inside, `before_place` those (中国) dropped only before a place,
    `doubts` the marks of words that are places only where the account's region says so (城中, 公安, 平安).
    """

    marks: dict[str, str]
    texts: dict[str, str]
    places: pl.DataFrame
    prefixes: str
    suffixes: str
    organs: str
    before_place: str
    doubts: str


def plain(name: pl.Expr) -> pl.Expr:
    """The name as the eye sees it (str): NFKC, lower case, simplified characters, letters and digits only.

    A name without any letter or digit (only emoji, only punctuation) stays as written, so that it is the same only
    as itself; a blank name is null and has no key at all.

    >>> pl.select(plain(pl.lit("【Ｙ門】·發布 ✔"))).item()
    'y门发布'
    """
    return name.map_batches(_plain, return_dtype=pl.String)


def words(plain_name: pl.Expr) -> pl.Expr:
    """A plain name with its known words as private characters (str), what is not known left as it is.

    Places are characters from U+F0000, bodies from U+100000, affixes from U+10F000. A place that lies in the one
    before it stands alone: 甘肃省玉门市 is 玉门.
    """
    return plain_name.map_batches(_words, return_dtype=pl.String)


def core(name: pl.Expr) -> pl.Expr:
    """What tells the account apart (str): `plain` without affixes at its ends, types of places and long forms.

    Where nothing else is left (官方发布), the plain name. Doubtful for names of a body that the word lists lack:
    its affixes are dropped, its long and short form stay two names.

    >>> pl.select(core(pl.lit("甘肃省玉门市公安局官方微博"))).item()
    '玉门公安'
    """
    seen = plain(name)
    return spelt(bare(words(seen)), seen)


def sound(text: pl.Expr) -> pl.Expr:
    """How a plain name or a core sounds (str): toneless pinyin, each character by its most usual reading.

    Doubtful for characters of several readings: 重庆 is `zhongqing` here, the same for every name.

    >>> pl.select(sound(pl.lit("甘肃公安"))).item()
    'gansugongan'
    """
    return text.map_batches(lambda texts: _by_character(texts, reading), return_dtype=pl.String)


def characters(text: pl.Expr) -> pl.Expr:
    """Which characters a text has, each as often as it has it, in whatever order (UInt64, the same for the same ones).

    A run of Latin letters or digits counts as one character: TBS and TSB are no reordering of each other.

    >>> pl.select(characters(pl.lit("平安甘肃")) == characters(pl.lit("甘肃平安"))).item()
    True
    """
    return text.map_batches(_characters, return_dtype=pl.UInt64)


def language(purpose: pl.Expr) -> pl.Expr:
    """The language that an account's purpose names (UInt64), null where it names none: language pairs are no duplicates."""
    word = purpose.str.strip_chars().str.to_lowercase()
    return pl.when(word.is_in([row["word"] for row in rows("words/name_languages.csv")])).then(word.hash())


def bare(marked: pl.Expr) -> pl.Expr:
    """A name in words (see `words`) without the affixes at its ends (str)."""
    lexicon = lexicon_of_names()
    marked = marked.str.replace(f"^[{lexicon.before_place}]({A_PLACE})", "$1")
    return marked.str.strip_chars_start(lexicon.prefixes).str.strip_chars_end(lexicon.suffixes)


def spelt(bare_name: pl.Expr, plain_name: pl.Expr) -> pl.Expr:
    """A name in words written out again (str); the plain name where no word is left."""
    text = bare_name.map_batches(lambda marked: _by_character(marked, spelling_of), return_dtype=pl.String)
    return pl.when(text != "").then(text).otherwise(plain_name)


def bodies(bare_name: pl.Expr) -> pl.Expr:
    """The bodies that a bare name is made of and their numbers (str); null where a part is not known."""
    lexicon = lexicon_of_names()
    rest = bare_name.str.replace_all(f"[{chr(PLACE)}-{chr(BODY - 1)}{lexicon.organs}{lexicon.before_place}]", "")
    return pl.when(rest.str.contains(f"^[{chr(BODY)}-{chr(AFFIX - 1)}{DIGITS}十]*$")).then(rest)


def _plain(names: pl.Series) -> pl.Series:
    text = _where(names.cast(pl.String), NOT_PLAIN, lambda odd: odd.str.normalize("NFKC").str.to_lowercase())
    # What was dropped between a letter and its mark no longer keeps them apart.
    evened = _where(_by_character(text, _even), r"\p{M}", lambda marked: marked.str.normalize("NFC"))
    nameless = (evened == "").fill_null(False)
    if nameless.any():
        # Private characters would be taken for words, so a name made of them is spelt out.
        spelt_out = _by_character(
            text.str.strip_chars(), lambda sign: f"<{ord(sign):x}>" if ord(sign) >= PLACE else sign
        )
        evened = evened.zip_with(~nameless, spelt_out).replace("", None)
    return evened.alias(names.name)


def _where(texts: pl.Series, pattern: str, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`texts` with those changed that hold the pattern; most names hold none and need not be gone through."""
    rows = texts.str.contains(pattern).fill_null(False)
    if not rows.any():
        return texts
    return texts.clone().scatter(rows.arg_true(), change(texts.filter(rows)))


@functools.cache
def _even(character: str) -> str:
    if unicodedata.category(character)[0] not in "LNM" or unicodedata.category(character) == "Me":
        return ""
    if any(first <= ord(character) <= last for first, last in SELECTORS):
        return ""
    if character < "\u2e80" or character in KEPT_CHARACTERS:
        return character
    return converter("t2s").convert(character)


@functools.cache
def reading(character: str) -> str:
    """The toneless pinyin of a Chinese character by its most usual reading; other characters as they are."""
    from pypinyin.constants import PINYIN_DICT

    # The table itself: asking pypinyin for one character at a time takes ten times as long.
    said = PINYIN_DICT.get(ord(character)) if character >= "\u2e80" else None
    if said is None:
        return character
    first = unicodedata.normalize("NFD", said.partition(",")[0]).replace("u\u0308", "v")
    return "".join(letter for letter in first if not unicodedata.combining(letter))


def _characters(texts: pl.Series) -> pl.Series:
    return pl.Series(texts.name, order_keys(characters_of(texts)), dtype=pl.UInt64).set(texts.is_null(), None)


def _by_character(texts: pl.Series, convert: Callable[[str], str]) -> pl.Series:
    """Every character of `texts` replaced by `convert` of it, which is called once per distinct character."""
    present = set(texts.fill_null("").str.join("").item()) if len(texts) else set()
    changed = {character: new for character in sorted(present) if (new := convert(character)) != character}
    return texts.str.replace_many(list(changed), list(changed.values())) if changed else texts


def _words(names: pl.Series) -> pl.Series:
    lexicon = lexicon_of_names()
    text = _where(names, "[a-z]$", lambda latin: latin.str.replace(_latin_suffixes(), "$1"))
    # 市委 is a body, though 市 alone belongs to the place and 委 alone is an affix.
    text = _where(text, "委", _with_committees)
    text = _where(text, LIKE_A_TYPE, lambda word: word.str.replace_all(NOT_THE_PLACES, f"{APART}${{1}}${{2}}"))
    text = _where(text, "第", lambda counted: counted.str.replace_all(f"第([{DIGITS}十])", "$1"))
    marked = text.str.replace_many(list(lexicon.marks), list(lexicon.marks.values()), leftmost=True)
    marked = _where(marked, APART, lambda apart: apart.str.replace_all(APART, "", literal=True))
    for _ in range(2):  # province, prefecture, county: two steps at most
        nested = marked.filter(marked.str.contains(A_PLACE + A_PLACE).fill_null(False))
        pairs = set(nested.str.extract_all(A_PLACE + A_PLACE).explode(empty_as_null=False)) if len(nested) else set()
        inner = {pair: inside for pair in sorted(pairs) if (inside := _inside(pair))}
        if inner:
            marked = marked.str.replace_many(list(inner), list(inner.values()))
    return marked.alias(names.name)


def _with_committees(texts: pl.Series) -> pl.Series:
    """市委 as 市党委; not in 团市委 and 共青团某市委, which are bodies of their own."""
    committee = "(^|[^团])([省市县区州旗盟])委([^员]|$)"
    league = texts.str.contains("共青团", literal=True)
    return texts.zip_with(league, texts.str.replace_all(committee, "${1}${2}党委${3}"))


def spelling_of(character: str) -> str:
    """What a mark stands for in the core of a name; any other character as it is."""
    return lexicon_of_names().texts.get(character, character)


@functools.cache
def _inside(pair: str) -> str | None:
    """The second place of two, as a mark for itself alone, where it lies in the first one and it is sure which it is."""
    outer, inner = (_codes()[mark] for mark in pair)
    beneath = [code for code in inner if any(code != above and code.startswith(stem(above)) for above in outer)]
    return _mark_of_code()[beneath[0]] if len(beneath) == 1 else None


def codes_of(mark: str) -> list[str]:
    """The divisions that a mark of a place may mean."""
    return _codes().get(mark, [])


@functools.cache
def _codes() -> dict[str, list[str]]:
    return dict(lexicon_of_names().places.group_by("mark").agg("code").iter_rows())


@functools.cache
def _mark_of_code() -> dict[str, str]:
    """The mark that means one division only: that of its name where no other has it, else one of its own."""
    alone = lexicon_of_names().places.filter(pl.len().over("mark") == 1)
    return dict(alone.sort("mark", descending=True).select("code", "mark").iter_rows())


def stem(code: str) -> str:
    """The digits that all divisions beneath `code` begin with: 620900 is 6209.

    >>> stem("620000"), stem("620900"), stem("620981")
    ('62', '6209', '620981')
    """
    return code.removesuffix("00").removesuffix("00") if len(code) == 6 else code


def stem_of(code: pl.Expr) -> pl.Expr:
    """`stem` of a column of codes."""
    short = code.str.strip_suffix("00").str.strip_suffix("00")
    return pl.when(code.str.len_chars() == 6).then(short).otherwise(code)


def _latin_suffixes() -> str:
    latin = "|".join(row["word"] for row in rows("words/name_affixes.csv") if row["kind"] == "latin")
    return f"([^a-z0-9])(?:{latin})$"


@functools.cache
def lexicon_of_names() -> Lexicon:
    """The words of the lists and the divisions with their marks, longest first (built once)."""
    common = {row["word"] for row in rows("words/name_common_words.csv")}
    bodies = {row["word"]: row["stands_for"] for row in rows("words/name_bodies.csv")} | {word: word for word in common}
    for row in rows("words/name_numbered.csv"):
        for number in NUMBERS:
            bodies[number + row["word"]] = number + row["short"]
    affixes = {row["word"]: row["kind"] for row in rows("words/name_affixes.csv") if row["kind"] != "latin"}
    called: dict[str, set[str]] = {}
    stems: dict[str, str] = {}
    for code, name, short in _divisions():
        stems[code] = short
        for form in {name, *_forms(name, short)} - bodies.keys():
            called.setdefault(form, set()).add(code)
    marks, texts, places = {}, {}, []
    for row in rows("words/name_places.csv"):
        stems[row["code"]] = row["word"]
        called.setdefault(row["word"], set()).add(row["code"])
    # Every division also has a mark of its own (a form that no name can hold), for places that are sure.
    forms = called | {f"\0{code}": {code} for code in stems}
    for at, (form, codes) in enumerate(sorted(forms.items())):
        mark = chr(PLACE + at)
        texts[mark] = stems[min(codes)]
        places += [(mark, code) for code in sorted(codes)]
        if form in called:
            marks[form] = mark
    numbers = {short: chr(BODY + at) for at, short in enumerate(sorted(set(bodies.values())))}
    for word, short in bodies.items():
        marks[word], texts[numbers[short]] = numbers[short], short
    for code, word in stems.items():
        if word in common:
            places.append((numbers[word], code))
    ends = {"prefix": "", "suffix": "", "both": "", "organ": "", "before_place": ""}
    for at, (word, kind) in enumerate(sorted(affixes.items())):
        if word not in marks:
            marks[word], texts[chr(AFFIX + at)] = chr(AFFIX + at), word
            ends[kind] += chr(AFFIX + at)
    longest_first = dict(sorted(marks.items(), key=lambda item: (-len(item[0]), item[0])))
    return Lexicon(
        longest_first,
        texts,
        pl.DataFrame(places, schema={"mark": pl.String, "code": pl.String}, orient="row"),
        ends["prefix"] + ends["both"],
        ends["suffix"] + ends["both"] + ends["organ"],
        ends["organ"],
        ends["before_place"],
        "".join(sorted({numbers[word] for word in common & set(stems.values())})),
    )


def _divisions() -> Iterable[tuple[str, str, str]]:
    from govmedia_kit.divisions import divisions

    return divisions().select("code", "name", "short_name").iter_rows()


def _forms(name: str, short: str) -> set[str]:
    """What people call a division: its stem, and the stem with the short type where the official name is long."""
    found = {short}
    for long, brief in SHORT_TYPES:
        if name.endswith(long):
            found |= {short + brief, short + long}
    return found
