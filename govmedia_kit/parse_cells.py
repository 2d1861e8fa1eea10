"""What a cell's text means: dates, times, counts, ids, yes and no, words of a vocabulary; in own tables and foreign ones alike.

Definitions are Expr -> Expr; `counts` and `moments` read whole columns, which are nearly always written in one way. A cell that says
nothing (blank, 无, None, -1 for a count) is null; text that cannot be understood is null too, and `match_columns` lists it
with its place. Nothing is guessed. The words are in `words/cell_words.csv`.

>>> pl.select(count(pl.lit("1.2万")), when=moment(pl.lit("2019年7月5日 9:30"))).row(0)
(12000, datetime.datetime(2019, 7, 5, 9, 30))
>>> number, is_bound, unread = counts(pl.Series(["3.4万", "10+", "-1", "12", "很多"]))
>>> number.to_list(), is_bound.to_list(), unread
([34000, 10, None, 12, None], [False, True, False, False, False], 1)
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.catalogue import traditional
from govmedia_kit.errors import hint
from govmedia_kit.package_data import rows

__all__ = [
    "clean",
    "count",
    "counts",
    "day",
    "day_of",
    "identifier",
    "in_units",
    "is_no_count",
    "is_nothing",
    "is_rounded",
    "meanings",
    "meant",
    "misread",
    "moment",
    "moments",
    "says_never",
    "word",
    "word_for",
    "words_for",
    "yes_no",
]

# Seconds from the spreadsheet's day 0 (1899-12-30) to 1970-01-01.
EXCEL_EPOCH_DAYS = 25569
# Seconds by which Asia/Shanghai is ahead of UTC.
SHANGHAI = 8 * 3600
# 10万+, the most that WeChat shows of an article's reads.
CAPPED = 100_001
# No date is from before or after: what says so is a slip, 0026 or 2062 among them once it is known when all was collected.
FIRST, LAST = dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)
# What a spreadsheet makes of a long number: all but its first digits are lost.
SCIENTIFIC = r"^\s*[-+]?\d+(?:\.\d+)?[eE][+-]?\d+\s*$"
# A heading that says in what its numbers are counted: 阅读量(万), 粉丝数/万人.
SCALED = r"[(（/／_:：\s]\s*(?:单位\s*[:：]?)?\s*([千万萬亿億])\s*[人次条條个個]?\s*[)）]?\s*$"
# Forms of times that are read in one pass over a column, as their first cell has them.
USUAL_TIMES = {
    "0000-00-00 00:00:00": "%Y-%m-%d %H:%M:%S",
    "0000-00-00T00:00:00": "%Y-%m-%dT%H:%M:%S",
    "0000-00-00 00:00": "%Y-%m-%d %H:%M",
}

# A word that stops the bulletin when it is not known, and those that are only taken as unknown.
STRICT_WORDS = {("accounts", "platform"), ("filed", "platform")}
TWO_DIGIT_YEAR = r"^\s*'?(\d{2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*[日号]?(?:\s|$)"
# Cells of a date column that are none, and what to say of them.
NO_DAY = {
    "two_digit_year": TWO_DIGIT_YEAR,
    "not_a_day": r"每[日天周月]|不定期|随时|经常|daily|weekly",
    "day_without_year": r"^\s*\d{1,2}\s*月\s*\d{1,2}\s*[日号]?",
    "day_without_day": r"^\s*\d{4}\s*[年.\-/]\s*\d{1,2}\s*月?\s*$",
}
BAD = {"date": "bad_date", "datetime": "bad_date", "int": "bad_number", "float": "bad_number", "bool": "bad_yes_no"}


@functools.cache
def words_for(meaning: str) -> list[str]:
    """The words that mean `nothing`, `yes`, `no`, `never`, that a unit has `no_account`, or that a name is `no_place`."""
    return [row["word"] for row in rows("words/cell_words.csv") if row["meaning"] == meaning]


def meanings(cells: pl.Series, meaning: Callable[[pl.Expr], pl.Expr], known: pl.Series | None = None) -> pl.Series:
    """What the cells mean, worked out once for each distinct text; where `known` has it already, that stays."""
    cells = cells.cast(pl.String)
    texts = (cells if known is None else cells.filter(known.is_null())).drop_nulls().unique()
    if known is not None and texts.is_empty():
        return known
    table = pl.DataFrame({"text": texts}).with_columns(meant=meaning(pl.col("text")))
    found = cells.replace_strict(table["text"], table["meant"], default=None, return_dtype=table.schema["meant"])
    return found if known is None else known.zip_with(known.is_not_null(), found)


def clean(cell: pl.Expr) -> pl.Expr:
    """Text without full-width forms, control and zero-width characters, and white space around it."""
    return (
        cell.cast(pl.String)
        .str.normalize("NFKC")
        .str.replace_all(r"[\p{Cc}\x{200b}-\x{200f}\x{feff}\x{2060}]", " ")
        .str.strip_chars()
    )


def is_nothing(cell: pl.Expr) -> pl.Expr:
    """True where a cell holds nothing or one of the words for it."""
    return cell.is_null() | clean(cell).str.to_lowercase().is_in(words_for("nothing"))


def is_no_count(cell: pl.Expr) -> pl.Expr:
    """True where a cell says that there is no count: nothing, or a number below zero."""
    return is_nothing(cell) | clean(cell).str.contains(r"^-\d")


def says_never(cell: pl.Expr) -> pl.Expr:
    """True where a cell says in place of a day that there never was one: 从未更新."""
    return clean(cell).str.contains_any(words_for("never"))


def identifier(cell: pl.Expr) -> pl.Expr:
    """An id: text without white space around it; a spreadsheet makes 2284.0 of 2284, and says 无 where there is none."""
    text = cell.cast(pl.String).str.strip_chars().str.replace(r"^(\d+)\.0$", "$1")
    return pl.when(~is_nothing(text)).then(text)


def is_rounded(cell: pl.Expr) -> pl.Expr:
    """True where a number is in scientific notation: as an id or a time it is lost."""
    return cell.str.contains(SCIENTIFIC).fill_null(False)


def in_units(cells: pl.Series, heading: str) -> pl.Series:
    """The cells of counts with the unit of their heading behind each bare number: 12.5 under 阅读量(万) is 12.5万."""
    unit = re.search(SCALED, heading)
    if unit is None:
        return cells
    text = cells.cast(pl.String)
    bare = text.str.contains(r"^\s*\d[\d,]*(?:\.\d+)?\s*$").fill_null(False)
    return (text.str.strip_chars() + unit[1]).zip_with(bare, text).alias(cells.name)


def count(cell: pl.Expr) -> pl.Expr:
    """A whole number: 12,000, 1.2万, 3亿, 2284.0; 10万+ is 100001, the lower bound that platforms store; -1 is null."""
    text = clean(cell).str.replace_all(r"[,\s]", "").str.to_lowercase()
    parts = text.str.extract_groups(r"^(\d+(?:\.\d+)?)([万亿千萬億wk]?)(\+?)(?:个|人|条|次)?$")
    scale = parts.struct.field("2").replace_strict(
        {"": 1.0, "千": 1e3, "k": 1e3, "万": 1e4, "萬": 1e4, "w": 1e4, "亿": 1e8, "億": 1e8},
        default=None,
        return_dtype=pl.Float64,
    )
    number = (parts.struct.field("1").cast(pl.Float64, strict=False) * scale).round(0).cast(pl.Int64, strict=False)
    plain = text.cast(pl.Int64, strict=False)
    whole = pl.coalesce(plain, number)
    return pl.when(text.is_in(["10万+", "10萬+", "100000+"])).then(CAPPED).when(whole >= 0).then(whole)


def counts(cells: pl.Series) -> tuple[pl.Series, pl.Series, int]:
    """The counts of a column, which of them are lower bounds (`10万+`), and how many cells cannot be understood."""
    known = cells.cast(pl.Int64, strict=False)
    number = meanings(cells, count, known)
    number = number.set((number < 0).fill_null(False), None)
    odd = cells.filter(known.is_null()).drop_nulls().alias("text").value_counts(name="rows")
    text = pl.col("text")
    is_bound = clean(text).str.ends_with("+")
    unread = int(odd.filter(count(text).is_null(), ~is_bound, ~is_no_count(text))["rows"].sum())
    return number, cells.is_in(odd.filter(is_bound)["text"].implode()).fill_null(False), unread


def moment(cell: pl.Expr) -> pl.Expr:
    """A local time of Asia/Shanghai, naive: the usual ways to write one, spreadsheet serials, epoch seconds and ms.

    Text that names a zone (Z, +08:00) is moved to Shanghai; text without one is local already.
    """
    text = clean(cell)
    zoned = text.str.replace(r"(\d)Z$", "${1}+0000")
    zone = zoned.str.extract_groups(r"\d:\d\d.*?([+-])(\d\d):?(\d\d)$").struct
    minutes = zone[1].cast(pl.Int64) * 60 + zone[2].cast(pl.Int64)
    ahead = pl.when(zone[0] == "-").then(-minutes).otherwise(minutes).fill_null(SHANGHAI // 60)
    plain = (
        zoned.str.replace(r"(\d:\d\d.*?)[+-]\d\d:?\d\d$", "$1")
        .str.replace_all(r"\s*[年月/.]\s*(\d)", "-$1")
        .str.replace_all(r"[日号T]\s*", " ")
        .str.replace(r"(:\d\d)-\d+$", "$1")  # fractions of a second, whose point became a dash
        .str.replace(r"^(\d{4})(\d{2})(\d{2})(\d{0})$", "$1-$2-$3")
        .str.strip_chars()
    )
    # The year of 26-9-28 is not known: 2026 is likely, 1926 and 0026 are what it says.
    full = pl.when(plain.str.contains(r"^\d{4}-")).then(plain)
    written = pl.coalesce(
        full.str.to_datetime(form, strict=False, time_unit="us")
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    )
    local = written + pl.duration(minutes=SHANGHAI // 60 - ahead)
    digits = text.str.extract(r"^(\d{5}(?:\.\d+)?|\d{10}|\d{13})(?:\.0)?$", 1)
    number = digits.cast(pl.Float64, strict=False)
    seconds = (
        pl.when(digits.str.len_chars() == 13)
        .then(number / 1000 + SHANGHAI)
        .when(digits.str.len_chars() == 10)
        .then(number + SHANGHAI)
        .when(number.is_between(20_000, 80_000))
        .then((number - EXCEL_EPOCH_DAYS) * 86_400)
    )
    time = pl.coalesce(local, pl.from_epoch((seconds * 1_000_000).round(0).cast(pl.Int64), time_unit="us"))
    return pl.when(time.is_between(FIRST, LAST)).then(time)


def _stamp(cell: pl.Expr) -> pl.Expr:
    """A local time of Asia/Shanghai from the stamps of feeds and of Weibo.

    `Tue, 19 May 2026 01:30:12 GMT` and `Mon May 18 18:30:00 +0800 2026` are such. A stamp without a zone is local already.
    """
    text = clean(cell).str.replace(r"(?:GMT|UTC|Z)$", "+0000").str.replace(r"^[A-Za-z]{3},?\s*", "")
    zoned = pl.coalesce(
        text.str.to_datetime(form, strict=False, time_unit="us")
        .dt.convert_time_zone("Asia/Shanghai")
        .dt.replace_time_zone(None)
        for form in ("%d %b %Y %H:%M:%S %z", "%b %d %H:%M:%S %z %Y")
    )
    return pl.coalesce(zoned, text.str.to_datetime("%d %b %Y %H:%M:%S", strict=False, time_unit="us"))


def moments(cells: pl.Series, unit: str = "text") -> pl.Series:
    """The local times of a column in a unit: seconds, milliseconds, utc, rss, weibo, or text as `moment` reads it.

    `without_year` and `us_without_zone` are no moments of Shanghai, and null.
    """
    none = pl.Series(cells.name, [None], dtype=pl.Datetime("us")).new_from_index(0, len(cells)).alias(cells.name)
    if unit in ("without_year", "us_without_zone"):
        return none
    first = next(iter(cells.drop_nulls().head(1)), "")
    form = USUAL_TIMES.get("".join("0" if sign.isdigit() else sign for sign in first))
    if unit in ("seconds", "milliseconds"):
        known = _since_1970(cells, 1 if unit == "seconds" else 1000)
    elif form and unit in ("text", "weibo"):
        known = cells.str.to_datetime(form, strict=False, time_unit="us")
    else:
        known = none
    readers: dict[str, Callable[[pl.Expr], pl.Expr]] = {
        "rss": lambda cell: pl.coalesce(_stamp(cell), moment(cell)),
        "weibo": lambda cell: pl.coalesce(_stamp(cell), moment(cell)),
        "utc": lambda cell: pl.coalesce(moment(cell + "Z"), moment(cell)),
    }
    known = known.set(~known.is_between(FIRST, LAST).fill_null(True), None)
    return meanings(cells, readers.get(unit, moment), known)


def _since_1970(cells: pl.Series, per_second: int) -> pl.Series:
    number = cells.cast(pl.Int64, strict=False)
    if number.null_count() > cells.null_count():
        text = cells.cast(pl.String)
        whole = text.set(text.str.contains(SCIENTIFIC).fill_null(False), None)
        number = number.zip_with(
            number.is_not_null(), whole.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
        )
    # Beyond this, the number is no time in this unit, and would not fit.
    number = number.set((number.abs() > 10**11 * per_second).fill_null(False), None)
    return ((number + SHANGHAI * per_second) * (1_000_000 // per_second)).cast(pl.Datetime("us"))


def day(cell: pl.Expr) -> pl.Expr:
    """A calendar day, from anything that `moment` understands."""
    return moment(cell).dt.date()


def day_of(text: str) -> dt.date | None:
    """The calendar day of one text, or None."""
    return pl.select(day(pl.lit(text))).item()


def yes_no(cell: pl.Expr) -> pl.Expr:
    """True or false from 是/否, 有/无, yes/no, 1/0 and their like."""
    text = clean(cell).str.to_lowercase()
    return pl.when(text.is_in(words_for("yes"))).then(True).when(text.is_in(words_for("no"))).then(False)


def word(cell: pl.Expr, vocabulary: str) -> pl.Expr:
    """The vocabulary's word for a spelling: its value, its labels and synonyms, without regard to case and spaces."""
    return _key(cell).replace_strict(_spellings(vocabulary), default=None, return_dtype=pl.String)


@functools.lru_cache(maxsize=4096)
def word_for(text: str | None, vocabulary: str) -> str | None:
    """The vocabulary's word for one text, or None."""
    return pl.select(word(pl.lit(text, pl.String), vocabulary)).item()


def _key(cell: pl.Expr) -> pl.Expr:
    return clean(cell).str.to_lowercase().str.replace_all(r"\s", "")


@functools.cache
def _spellings(vocabulary: str) -> dict[str, str]:
    words = schema.vocabulary(vocabulary).values()
    pairs = [(s, w.value) for w in words for s in w.spellings]
    meant = dict(reversed(pairs))
    pairs += [(variant, meant[word]) for variant, word in traditional(meant).items()]
    spellings = pl.DataFrame(pairs, schema=["s", "v"], orient="row")
    return dict(spellings.select(_key(pl.col("s")), "v").unique("s", keep="first", maintain_order=True).iter_rows())


def meant(cells: pl.Series, name: str, dtype: pl.DataType) -> pl.Series:
    """What a column's cells mean; a file that types its own cells (Parquet), or a frame, is believed but for what cannot be."""
    own = cells.dtype
    if own == dtype and own not in (pl.String, pl.Int64) and not own.is_temporal():
        return cells
    if isinstance(own, pl.Datetime) and isinstance(dtype, pl.Datetime | pl.Date):
        local = cells.dt.convert_time_zone("Asia/Shanghai").dt.replace_time_zone(None) if own.time_zone else cells
        return local.set(~local.is_between(FIRST, LAST).fill_null(True), None).cast(dtype)
    if isinstance(own, pl.Date) and isinstance(dtype, pl.Datetime | pl.Date):
        return cells.set(~cells.is_between(FIRST.date(), LAST.date()).fill_null(True), None).cast(dtype)
    if own.is_numeric() and isinstance(dtype, pl.Int64 | pl.Float64):
        number = cells.cast(dtype, strict=False)
        # Below zero a count is not known, as platforms' exports say it.
        return number.set((number < 0).fill_null(False), None) if isinstance(dtype, pl.Int64) else number
    if isinstance(dtype, pl.Datetime | pl.Date):
        return moments(cells.cast(pl.String)).cast(dtype)
    readers: dict[type, Callable[[pl.Expr], pl.Expr]] = {
        pl.Int64: count,
        pl.Boolean: yes_no,
        pl.Float64: lambda cell: clean(cell).cast(pl.Float64, strict=False),
    }
    if type(dtype) in readers:
        return meanings(cells, readers[type(dtype)])
    if schema.vocabulary_of(name) is not None:
        return meanings(cells, lambda cell: word(cell, name))
    return cells.to_frame("text").select(_text(pl.col("text"), name)).to_series()


def _text(cell: pl.Expr, name: str) -> pl.Expr:
    if name == "platform_id":
        # Full-width digits are the same id; brackets with nothing in them are told of as no id.
        wide = cell.cast(pl.String).str.normalize("NFKC")
        return pl.coalesce(identifier(wide), pl.when(wide.str.strip_chars() == "()").then(pl.lit("()")))
    if name in ("region", "account_id", "post_id", "message_id", "push_id"):
        return identifier(cell)
    text = cell.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


@functools.lru_cache(maxsize=4096)
def misread(text: str, table: str, name: str) -> tuple[str, dict[str, Any]]:
    """What is wrong with a text that means nothing in a column. What is closest to a word takes long to find, and words recur."""
    words = schema.vocabulary_of(name)
    if words is None:
        kind = BAD[schema.columns(table)[name].dtype]
        if kind == "bad_date":
            kind = next((k for k, pattern in NO_DAY.items() if re.search(pattern, text)), kind)
        if kind == "two_digit_year" and (parts := re.match(TWO_DIGIT_YEAR, text)):
            year, month, day = map(int, parts.groups())
            return kind, {"found": text, "likely": f"{2000 + year}-{month:02}-{day:02}"}
        return kind, {"found": text}
    spellings = [s for w in words.values() for s in w.spellings]
    return "unknown_word" if (table, name) in STRICT_WORDS else "unknown_word_kept", {
        "found": text,
        "label": functools.partial(schema.label, name),
        "hint": hint(text, spellings),
        "known": functools.partial(schema.word_labels, name),
    }
