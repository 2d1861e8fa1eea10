"""Definitions of what a cell's text means, Expr -> Expr: dates, times, counts, yes and no, words of a vocabulary.

A cell that says nothing (blank, 无, None, -1 for a count) is null; text that cannot be understood is null too,
and `tables` lists it with its place. Nothing is guessed.

>>> pl.select(count(pl.lit("1.2万")), when=moment(pl.lit("2019年7月5日 9:30"))).row(0)
(12000, datetime.datetime(2019, 7, 5, 9, 30))
"""

from __future__ import annotations

import functools

import polars as pl

from govmedia_kit import schema
from govmedia_kit.catalogue import traditional

__all__ = ["clean", "count", "day", "moment", "said_nothing", "stamp", "word", "yes_no"]

NOTHING = [
    "",
    "-",
    "--",
    "---",
    "—",
    "——",
    "/",
    "\\",
    "无",
    "暂无",
    "未知",
    "不详",
    "none",
    "null",
    "nan",
    "n/a",
    "na",
    "()",
]
YES = [
    "true",
    "t",
    "yes",
    "y",
    "1",
    "1.0",
    "是",
    "有",
    "已开通",
    "开通",
    "支持",
    "可以",
    "能",
    "√",
    "✓",
    "已认证",
    "已",
]
NO = [
    "false",
    "f",
    "no",
    "n",
    "0",
    "0.0",
    "否",
    "无",
    "没有",
    "未开通",
    "不支持",
    "不能",
    "不可以",
    "×",
    "✗",
    "x",
    "未认证",
    "未",
]
# Seconds from the spreadsheet's day 0 (1899-12-30) to 1970-01-01.
EXCEL_EPOCH_DAYS = 25569
SHANGHAI_HOURS = 8
CAPPED = 100_001


def clean(cell: pl.Expr) -> pl.Expr:
    """Text without full-width forms, control and zero-width characters, and white space around it."""
    return (
        cell.cast(pl.String)
        .str.normalize("NFKC")
        .str.replace_all(r"[\p{Cc}\x{200b}-\x{200f}\x{feff}\x{2060}]", " ")
        .str.strip_chars()
    )


def said_nothing(cell: pl.Expr) -> pl.Expr:
    """True where a cell holds nothing or one of the words for it."""
    return cell.is_null() | clean(cell).str.to_lowercase().is_in(NOTHING)


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


def moment(cell: pl.Expr) -> pl.Expr:
    """A local time of Asia/Shanghai, naive: the usual ways to write one, spreadsheet serials, epoch seconds and ms.

    Text that names a zone (Z, +08:00) is moved to Shanghai; text without one is local already.
    """
    text = clean(cell)
    zone = text.str.extract(r"\d:\d\d.*?(Z|[+-]\d\d:?\d\d)$", 1)
    minutes = (
        pl.when(zone == "Z")
        .then(0)
        .otherwise(
            pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
            * (zone.str.slice(1, 2).cast(pl.Int64, strict=False) * 60 + zone.str.slice(-2).cast(pl.Int64, strict=False))
        )
    )
    plain = (
        text.str.replace(r"(\d:\d\d.*?)(Z|[+-]\d\d:?\d\d)$", "$1")
        .str.replace_all(r"\s*[年月/.]\s*(\d)", "-$1")
        .str.replace_all(r"[日号T]\s*", " ")
        .str.replace(r"(:\d\d)-\d+$", "$1")  # fractions of a second, whose point became a dash
        .str.replace(r"^(\d{4})(\d{2})(\d{2})(\d{0})$", "$1-$2-$3")
        .str.strip_chars()
    )
    written = pl.coalesce(
        plain.str.to_datetime(form, strict=False, time_unit="us")
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    )
    local = written + pl.duration(minutes=SHANGHAI_HOURS * 60 - minutes.fill_null(SHANGHAI_HOURS * 60))
    digits = text.str.extract(r"^(\d{5}(?:\.\d+)?|\d{10}|\d{13})(?:\.0)?$", 1)
    number = digits.cast(pl.Float64, strict=False)
    seconds = (
        pl.when(digits.str.len_chars() == 13)
        .then(number / 1000 + SHANGHAI_HOURS * 3600)
        .when(digits.str.len_chars() == 10)
        .then(number + SHANGHAI_HOURS * 3600)
        .when(number.is_between(20_000, 80_000))
        .then((number - EXCEL_EPOCH_DAYS) * 86_400)
    )
    return pl.coalesce(local, pl.from_epoch((seconds * 1_000_000).round(0).cast(pl.Int64), time_unit="us"))


def stamp(cell: pl.Expr) -> pl.Expr:
    """A local time of Asia/Shanghai from the stamps of feeds and of Weibo.

    `Tue, 19 May 2026 01:30:12 GMT` and `Mon May 18 18:30:00 +0800 2026` are such. A stamp without a zone is local already.
    """
    text = clean(cell).str.replace(r"(?:GMT|UTC|Z)$", "+0000").str.replace(r"^[A-Za-z]{3},?\s*", "")
    told = pl.coalesce(
        text.str.to_datetime(form, strict=False, time_unit="us")
        .dt.convert_time_zone("Asia/Shanghai")
        .dt.replace_time_zone(None)
        for form in ("%d %b %Y %H:%M:%S %z", "%b %d %H:%M:%S %z %Y")
    )
    return pl.coalesce(told, text.str.to_datetime("%d %b %Y %H:%M:%S", strict=False, time_unit="us"))


def day(cell: pl.Expr) -> pl.Expr:
    """A calendar day, from anything that `moment` understands."""
    return moment(cell).dt.date()


def yes_no(cell: pl.Expr) -> pl.Expr:
    """True or false from 是/否, 有/无, yes/no, 1/0 and their like."""
    text = clean(cell).str.to_lowercase()
    return pl.when(text.is_in(YES)).then(True).when(text.is_in(NO)).then(False)


def word(cell: pl.Expr, vocabulary: str) -> pl.Expr:
    """The vocabulary's word for a spelling: its value, its labels and synonyms, without regard to case and spaces."""
    return _key(cell).replace_strict(_spellings(vocabulary), default=None, return_dtype=pl.String)


def _key(cell: pl.Expr) -> pl.Expr:
    return clean(cell).str.to_lowercase().str.replace_all(r"\s", "")


@functools.cache
def _spellings(vocabulary: str) -> dict[str, str]:
    words = schema.vocabulary(vocabulary).values()
    pairs = [(s, w.value) for w in words for s in w.spellings]
    meant = dict(reversed(pairs))
    pairs += [(variant, meant[word]) for variant, word in traditional(meant).items()]
    spelt = pl.DataFrame(pairs, schema=["s", "v"], orient="row")
    return dict(spelt.select(_key(pl.col("s")), "v").unique("s", keep="first", maintain_order=True).iter_rows())
