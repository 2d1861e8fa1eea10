"""A part's text to typed rows: what each cell of a foreign table means, and why a row cannot be used.

Nothing is guessed: a count that says `None`, `-1` or 无 is null, a number that a spreadsheet rounded is no id and no time, a date
without a year gets the one that the post's id, the capture or the rows above allow, or is null.
Each row keeps its number, and `__why` is null or the reason for which it is set aside.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import polars as pl

from govmedia_kit import parse_cells
from govmedia_kit.read.importers import post_ids
from govmedia_kit.read.importers.layouts import Layout, key, source_column
from govmedia_kit.read.importers.post_times import times_from_ids, years
from govmedia_kit.read.sources.files import ROW

__all__ = ["IDS", "ODD", "Interpreted", "columns_wanted", "interpret", "raw_cell"]

COUNTS = ("reads", "likes", "wow", "comments", "shares")
TIMES = ("published_at", "captured_at", "feed_built_at", "received_at", "replied_at")
BOOLEANS = ("certified", "reads_capped", "is_headline", "original")
IDS = ("post_id", "bid", "push_id", "account_id", "platform_id", "message_id", "comment_id", "parent_id")
TITLE = 120
HTML_TAGS = r"(?i)</?(?:br|a|img|span|p|div|video|blockquote|i|b|strong|em)\b[^>]*>"
BREAKS = ["\n", "\r", "\t", "\x00"]
# White space and the zero-width characters that Weibo puts behind a text.
INVISIBLE = " \u200b\u200d\ufeff\xa0\u3000\u2028"
# What a crawler leaves of the sign on a pinned post.
PIN = r"^\s*[\[【]?\s*置顶"


class Interpreted(NamedTuple):
    """Typed rows with `__row` and `__why`; what was noted, counted; and cells that mean nothing: `__row`, field, text."""

    rows: pl.DataFrame
    notes: Counter[str]
    odd: pl.DataFrame


def columns_wanted(layout: Layout) -> list[str]:
    """The columns of a file that a layout looks at."""
    named = [source_column(s) for sources in layout.fields.values() for s in sources]
    melted = [source_column(s) for m in layout.melt for k, v in m.items() if k != "platform" for s in v]
    # Columns that only make a layout known need not be read, but for those by which a repeated header is.
    wanted = [*layout.columns[:3], *named, *melted, *layout.deleted, *layout.withheld, *layout.checks]
    return list(dict.fromkeys(c for c in wanted if not c.startswith("@")))


def interpret(
    frame: pl.DataFrame,
    layout: Layout,
    told: dict[str, str],
    path: dict[str, str],
    mends: Mapping[tuple[int, str], str | None] | None = None,
) -> Interpreted:
    """The rows of a part under the fields' names, typed.

    `told` is what the file says once, `path` what its name and folders say; both give way to a row's own cells. `mends` are the
    texts that corrections put in the place of cells, by row and field.
    """
    notes: Counter[str] = Counter()
    text = _texts(frame, layout, told)
    for (row, name), becomes in (mends or {}).items():
        cell = pl.when(frame[ROW] == row).then(pl.lit(becomes, pl.String)).otherwise(pl.col(name).cast(pl.String))
        text = text.with_columns(cell.alias(name))
    odd: list[pl.DataFrame] = []
    # Texts are half of the work; they are tidied beside everything else.
    with ThreadPoolExecutor(1) as beside:
        titles = beside.submit(_titles, text["title"], layout) if "title" in text.columns else None
        why = _unusable(frame, layout)
        again = why == "header_again"
        if again.any():
            # The words of a header are no counts that could not be understood.
            header = pl.lit(again.fill_null(False))
            text = text.with_columns(pl.when(~header).then(pl.col(c)).alias(c) for c in COUNTS if c in text.columns)
        cells = text.drop("title", strict=False)
        typed = pl.DataFrame({ROW: frame[ROW], **_typed(cells, frame[ROW], layout, notes, odd)})
        if "captured" in path:
            captured = pl.lit(parse_cells.moments(pl.Series([path["captured"]]))[0], pl.Datetime("us"))
            own = [pl.col("captured_at")] if "captured_at" in typed.columns else []
            typed = typed.with_columns(captured_at=pl.coalesce(*own, captured))
        if layout.table == "posts":
            typed = _post_ids(typed, layout, notes)
            typed = times_from_ids(typed, text, layout, notes)
            typed = years(typed, text, layout, path.get("until") or path.get("captured"), notes)
        if titles is not None:
            typed = typed.with_columns(title=titles.result())
            if layout.table == "posts":
                begins = text["title"].cast(pl.String).str.slice(0, 8)
                if begins.str.contains("置顶", literal=True).any():
                    typed = typed.with_columns(__pin=begins.str.contains(PIN).fill_null(False))
    for name in ("published_at", "received_at"):
        if layout.table in ("posts", "messages", "comments") and name in typed.columns:
            why = why.set(typed[name].is_null() & why.is_null(), "no_time")
    typed = typed.with_columns(__why=why)
    if layout.table == "messages":
        # Messages without an id are one only where they agree in all that the file says of them.
        every = [pl.col(c).cast(pl.String).fill_null("\0") for c in frame.columns if c != ROW]
        typed = typed.with_columns(frame.select(__whole=pl.concat_str(every, separator="\t")).to_series())
    if odd:
        known = pl.concat(odd).join(typed.filter(pl.col("__why") == "header_again").select(ROW), on=ROW, how="anti")
        if "published_at" in typed.columns:
            # A day without a year may have got one.
            timed = typed.filter(pl.col("published_at").is_not_null()).select(ROW, field=pl.lit("published_at"))
            known = known.join(timed, on=[ROW, "field"], how="anti")
        return Interpreted(typed, notes, known)
    return Interpreted(typed, notes, pl.DataFrame(schema=ODD))


def raw_cell(frame: pl.DataFrame, layout: Layout, told: dict[str, str], row: int, name: str) -> str | None:
    """The trimmed text of a field's cell as the file has it; None where the table has no such field."""
    text = _texts(frame.filter(pl.col(ROW) == row), layout, told)
    if name not in text.columns or not text.height:
        return None
    return (text[name].cast(pl.String)[0] or "").strip()


def _typed(
    text: pl.DataFrame, rows: pl.Series, layout: Layout, notes: Counter[str], odd: list[pl.DataFrame]
) -> dict[str, pl.Series]:
    columns: dict[str, pl.Series] = {}
    for name in text.columns:
        cells = text[name]
        if name in IDS:
            rounded = cells.str.contains(parse_cells.SCIENTIFIC).fill_null(False)
            if rounded.any():
                odd.append(_odd(rows, name, cells, rounded))
                notes["id_rounded"] += int(rounded.sum())
                cells = cells.set(rounded, None)
            if name in ("post_id", "message_id") and cells.str.ends_with(".0").any():
                cells = cells.str.replace(r"^(\d+)\.0$", "$1")
            columns[name] = cells
        elif name in TIMES:
            read = parse_cells.moments(cells, layout.times.get(name, "text")) if cells.dtype == pl.String else None
            columns[name] = parse_cells.meant(cells, name, pl.Datetime("us")) if read is None else read
            lost = columns[name].is_null() & cells.is_not_null()
            if lost.any():
                said = lost & ~parse_cells.meanings(cells, parse_cells.is_nothing).fill_null(True)
                if name == "replied_at":
                    said = said & ~cells.cast(pl.String).str.strip_chars().is_in(parse_cells.words_for("no_reply"))
                odd.append(_odd(rows, name, cells, said))
        elif name in BOOLEANS:
            columns[name] = parse_cells.meant(cells, name, pl.Boolean())
        elif name in COUNTS and cells.dtype != pl.String:
            columns[name] = parse_cells.meant(cells, name, pl.Int64())
        elif name in COUNTS:
            columns[name], is_bound, unread = parse_cells.counts(cells)
            if is_bound.any() and name == "reads":
                columns["reads_capped"] = is_bound
            elif is_bound.any():
                columns[name] = columns[name].set(is_bound, None)
                notes["lower_bound"] += int(is_bound.sum())
            notes["count_unread"] += unread
            if unread:
                said = (
                    columns[name].is_null()
                    & ~is_bound
                    & ~parse_cells.meanings(cells, parse_cells.is_no_count).fill_null(True)
                )
                odd.append(_odd(rows, name, cells, said))
        elif name == "followers":
            columns[name] = parse_cells.counts(cells)[0]
        else:
            columns[name] = cells
    return columns


def _odd(rows: pl.Series, name: str, cells: pl.Series, which: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({ROW: rows, "field": name, "text": cells.cast(pl.String)}, schema=ODD).filter(which)


ODD = {ROW: pl.UInt32, "field": pl.String, "text": pl.String}


@functools.cache
def _no_text() -> list[str]:
    """Words for nothing as crawlers write them, to be compared as they stand: a million cells are."""
    words = parse_cells.words_for("nothing")
    return list(dict.fromkeys([*words, *map(str.upper, words), *map(str.title, words), "NaN", "-1"]))


def _texts(frame: pl.DataFrame, layout: Layout, told: dict[str, str]) -> pl.DataFrame:
    found = {}
    # Only the beginning of a text is kept, before anything else copies the whole.
    texts = {key(s) for s in layout.fields.get("title", ()) if frame.schema.get(key(s)) == pl.String}
    frame = pl.DataFrame([frame[c].str.slice(0, 3 * TITLE) if c in texts else frame[c] for c in frame.columns])
    for name, sources in layout.fields.items():
        cells = []
        for source in sources:
            column, _, pattern = source.partition(" ~ ")
            if column.startswith("@"):
                cell = pl.lit(told.get(key(column[1:])), dtype=pl.String)
            elif key(column) in frame.columns:
                cell = pl.col(key(column))
            else:
                continue
            own = frame.schema.get(key(column), pl.String())
            if pattern:
                cell = cell.str.extract(pattern, 1)
            elif name in COUNTS and re.search(parse_cells.SCALED, column):
                cell = pl.lit(parse_cells.in_units(frame[key(column)], column))
            elif own != pl.String and not (name in TIMES and own.is_temporal()) and name not in (*COUNTS, *BOOLEANS):
                cell = cell.cast(pl.String)
            if name in TIMES and len(sources) > 1:
                # A rounded number is no time: what stands beside it is.
                cell = pl.when(~parse_cells.is_rounded(cell.cast(pl.String))).then(cell)
            if name not in ("title", *COUNTS, *TIMES, *BOOLEANS):
                cell = cell.str.strip_chars()
                cell = pl.when(~cell.is_in(_no_text())).then(cell)
            cells.append(cell)
        if cells and name == "other_ids":
            found[name] = pl.concat_str(*cells, separator="\t", ignore_nulls=True)
        elif cells:
            found[name] = pl.coalesce(cells)
    return frame.select(ROW, **found).drop(ROW)


def _unusable(frame: pl.DataFrame, layout: Layout) -> pl.Series:
    """Why a row is no row of data: blank, the header again, said to be deleted, or damaged; null where it is one."""
    cells = [c for c in frame.columns if c != ROW]
    if not cells:
        return pl.Series("why", ["blank"]).new_from_index(0, frame.height)

    def says(words: Mapping[str, tuple[str, ...]]) -> pl.Expr:
        return pl.any_horizontal(False, *(pl.col(key(c)).is_in(list(w)) for c, w in words.items() if key(c) in cells))

    # Exactly the header's words: a million rows are compared, and nearly none is a header.
    lead = [(key(c), c) for c in layout.columns if key(c) in cells][:3]
    same = pl.all_horizontal(bool(lead), *(pl.col(c).is_in([name, f"\ufeff{name}"]) for c, name in lead))
    blank = pl.all_horizontal(pl.col(cells).is_null())
    reasons = {"blank": blank, "header_again": same, "deleted": says(layout.deleted), "withheld": says(layout.withheld)}
    first = pl.coalesce(pl.when(holds).then(pl.lit(reason)) for reason, holds in reasons.items())
    return frame.select(why=first).to_series()


def _titles(cell: pl.Series, layout: Layout) -> pl.Series:
    """The first words of a text in one line, without markup and invisible characters."""
    text = cell.str.slice(0, TITLE * 3 if layout.shows == "feed" else TITLE)
    if layout.shows == "feed":
        text = text.str.replace_all(HTML_TAGS, " ")
    if text.str.contains("&", literal=True).any():
        import html

        escaped = text.filter(text.str.contains(r"&(?:#\d+|[a-z]+);").fill_null(False)).unique()
        text = text.replace(escaped, pl.Series([html.unescape(t) for t in escaped], dtype=pl.String))
    for sign in BREAKS:
        if text.str.contains(sign, literal=True).any():
            text = text.str.replace_all(sign, " ", literal=True)
    if text.str.contains("  ", literal=True).any():
        text = text.str.replace_all(" {2,}", " ")
    text = text.str.strip_chars(INVISIBLE)
    if layout.title_is_id:
        text = text.set(text.str.contains(r"^\d{15,}$").fill_null(False), None)
    text = text.str.slice(0, TITLE) if layout.shows == "feed" else text
    return text.set(text == "", None)


def _post_ids(posts: pl.DataFrame, layout: Layout, notes: Counter[str]) -> pl.DataFrame:
    """The posts under one spelling of their ids: Weibo's number, WeChat's `message_index`, else as the file has it."""
    if "post_id" not in posts.columns:
        posts = posts.with_columns(post_id=pl.lit(None, pl.String))
    if layout.platform == "weibo":
        posts = _weibo_ids(posts, notes)
    elif layout.platform == "wechat":
        posts = _wechat_ids(posts)
    elif layout.platform == "x":
        rounded = posts["post_id"].str.contains(r"[eE.]").fill_null(False)
        posts = posts.with_columns(pl.when(~rounded).then("post_id").alias("post_id"))
    return posts


def _weibo_ids(posts: pl.DataFrame, notes: Counter[str]) -> pl.DataFrame:
    text = posts["post_id"]
    letters = posts["bid"] if "bid" in posts.columns else text
    number = text.cast(pl.Int64, strict=False)
    if number.null_count() == len(number) and letters.null_count() != len(letters):
        number = letters.cast(pl.Int64, strict=False)
    # A spreadsheet leaves fifteen digits: only ids that end in 0 or are no number at all can be damaged.
    doubtful = ((number % 10 == 0) | number.is_null() | (number < 10**13)).fill_null(True)
    if doubtful.any():
        places = pl.Series(range(len(number)), dtype=pl.UInt32).filter(doubtful)
        spelt = post_ids.mid_from_bid(letters.filter(doubtful))
        before = number.filter(doubtful)
        mended = before.zip_with(spelt.is_null(), spelt)
        rounded = text.filter(doubtful).str.contains(r"^\s*[\d.]+([eE]\+?\d+)?\s*$").fill_null(False)
        notes["id_recovered"] += int((rounded & mended.is_not_null() & before.ne_missing(mended)).sum())
        number = number.scatter(places, mended)
    number = number.set((number < 10**13).fill_null(False), None)
    return posts.with_columns(post_id=number.cast(pl.String), __number=number)


def _wechat_ids(posts: pl.DataFrame) -> pl.DataFrame:
    absent = [c for c in ("url", "push", "platform_id") if c not in posts.columns]
    posts = posts.with_columns(pl.lit(None, pl.String).alias(c) for c in absent)
    url = pl.col("url").str.replace_all("&amp;", "&", literal=True)
    known = pl.col("post_id").str.extract_groups(r"(?:^|-)(\d{5,})_(\d+)$")
    push = pl.coalesce(known.struct[0], url.str.extract(r"[?&]mid=(\d+)"))
    index = pl.coalesce(known.struct[1], url.str.extract(r"[?&]idx=(\d+)"))
    built = pl.when(push.is_not_null() & index.is_not_null()).then(pl.format("{}_{}", push, index))
    short = url.str.extract(r"/s/([\w-]{16,})")
    push_known = pl.format("push-{}", "push")
    return posts.with_columns(
        post_id=pl.coalesce(built, pl.col("post_id"), short, push_known),
        push_id=pl.coalesce(push, push_known),
        is_headline=index.cast(pl.Int64, strict=False) == 1,
        platform_id=pl.coalesce("platform_id", url.str.extract(r"[?&]__biz=([^&#]+)")),
        url=url.str.replace_all("\\/", "/", literal=True),
        __short=short,
    )
