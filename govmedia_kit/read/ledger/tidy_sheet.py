"""A ledger as people keep it to grids with one account a row: headers found, merged cells filled, totals left out.

What a sheet may hold: title rows above the header, a header of two rows, cells merged over several accounts, rows of
totals, notes beneath, one row per unit with columns for each platform, several accounts in one cell. Every row that is
left out is counted with its reason.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import polars as pl

from govmedia_kit import headings, parse_cells
from govmedia_kit.catalogue import LANGUAGES, phrase
from govmedia_kit.errors import Problem
from govmedia_kit.headings import column_key
from govmedia_kit.read.ledger import match_columns, platform_ids
from govmedia_kit.read.sources.files import ROW, Grid
from govmedia_kit.read.sources.workbooks import letter

__all__ = ["tidied"]

TOTAL = r"^(?:[合总小共]\s*计|汇\s*总|(?:total|sum)\b)|^.{1,10}[合总小]\s*计\s*:?$|^共\s*\d+\s*[个家条户]"
# A heading over some rows: 二、县区, (三)省直部门.
SECTION = r"^(?:[一二三四五六七八九十]+\s*[、.．]|[(（][一二三四五六七八九十]+[)）]|第[一二三四五六七八九十]+[部类章])"
NOTE = r"^(注|备注|说明|填表|制表|审核|联系人|联系电话|单位负责人|截至|数据来源|note|source)[:：\s（(]?"
SPLIT = r"[|｜\n\r]+|、|；|;"
# A column of one platform: the platform's name, then what the cell holds.
WIDE_TAIL = (
    r"(?i)(主页)?(url|链接|网址|地址)|(账号|公众号)?(ghid|uid|id|识别符|编号|原始id)|(账号)?(名称|名|昵称|账号)?"
)
# A cell of a platform's column that says only that there is an account, which nobody named.
ONLY_A_MARK = r"^(?:[√✓✔☑]|是|有|已开通|已开设|开通|已注册|y|yes|true|\d{1,2})$"
# What such a column holds, by its heading; else names.
WIDE_FIELDS = {"url": r"url|链接|网址|主页", "platform_id": r"id$|识别符"}
KNOWN_BEFORE = r"^(已知|现有|官方|政务)"


def tidied(grid: Grid) -> tuple[list[Grid], list[Problem], pl.DataFrame]:
    """The grids of a sheet that hold one account per row, what is doubtful or left out, and what every row is.

    The rows of the sheet but its header are (`__row`, `why`): null for a row of data, blank, or no_ledger_row.
    A sheet whose header names fewer than two fields of a ledger gives no grid. A wide sheet gives one grid per platform.
    """
    whole, heads, above = grid.frame, [grid.header], grid.frame.clear()
    if not grid.header:
        grid, heads, above = _headed(_fill_merged(grid))
    # Several grids may be made of this one, whose doubts are told once.
    doubts, grid = list(grid.doubts), grid._replace(doubts=())
    if _is_notes(whole):
        return [], doubts, _no_ledger_rows(whole)
    matched = headings.match_columns(grid.header, "accounts")
    wide = _wide_columns(grid, matched)
    if len(set(matched.values())) + len(wide) < 2:
        told = Problem("sheet_left_out", grid.place(), {"found": [h for h in grid.header if h][:6]})
        return [], [*doubts, told], _no_ledger_rows(whole)
    grid, problems, rows = _without_totals(grid, heads, {*matched, *wide})
    rows = pl.concat([_no_ledger_rows(above), rows])
    if wide and "platform" not in matched.values():
        grids, found = _per_platform(grid, matched, wide)
    else:
        one, found = _one_a_row(grid, matched)
        grids = [one]
    return grids, doubts + problems + found, rows


def _is_notes(frame: pl.DataFrame) -> bool:
    """Whether a sheet is the template's own sheet of notes."""
    first = frame.drop(ROW).row(0) if frame.height else ()
    heads = [str(cell).strip() for cell in first if cell is not None]
    return heads in [phrase("ledger.heads", language) for language in LANGUAGES]


def _no_ledger_rows(frame: pl.DataFrame) -> pl.DataFrame:
    blank = pl.all_horizontal(True, pl.exclude(ROW).is_null())
    why = pl.when(blank).then(pl.lit("blank")).otherwise(pl.lit("no_ledger_row"))
    return frame.select(pl.col(ROW).cast(pl.UInt32), why=why)


def _fill_merged(grid: Grid) -> Grid:
    """Merged cells with the value of their first cell in each row; across columns only one keeps it."""
    frame, odd = grid.frame, dict(grid.odd)
    for (top, left), (bottom, _) in grid.merged:
        column = f"c{left}"
        if bottom > top and column in frame.columns:
            inside = pl.col(ROW).is_between(top + 1, bottom + 1)
            first = pl.col(column).filter(pl.col(ROW) == top + 1).first()
            frame = frame.with_columns(pl.when(inside).then(first).otherwise(column).alias(column))
            if (top + 1, left) in odd:
                last = min(bottom + 1, frame.height)
                odd |= dict.fromkeys(((row, left) for row in range(top + 1, last + 1)), odd[top + 1, left])
    return grid._replace(frame=frame, odd=odd)


def _headed(grid: Grid) -> tuple[Grid, list[list[str]], pl.DataFrame]:
    """The header found, in one row or in two: the row with most names, and what the row above or below adds to it.

    With it its rows as they are written, and the rows above them.
    """
    best, head = match_columns.header_row(grid, "accounts")
    named = [len(set(headings.match_columns(row, "accounts").values())) for row in head]
    if named[best] < 2:
        # A wide sheet's header may name the unit and nothing else but platforms.
        both = [
            n and n + len({_platform_of(name) for name in row if name} - {None})
            for n, row in zip(named, head, strict=True)
        ]
        best = both.index(max(both))
    names, first, rows_below = head[best], best, best + 1
    if best and sum(map(bool, head[best - 1])) >= 2:
        names, first = _two_rows(head[best - 1], names), best - 1
    elif best + 1 < len(head) and _is_header(head[best + 1], names):
        names, rows_below = _two_rows(names, head[best + 1]), best + 2
    return grid.under(names, rows_below), head[first:rows_below], grid.frame.head(first)


def _is_header(row: list[str], above: list[str]) -> bool:
    """Whether a row beneath a header goes on with it: it names columns, and some that the header leaves without a name."""
    named = headings.match_columns(row, "accounts")
    filled = [i for i, name in enumerate(row) if name]
    names = [i for i in filled if i in named or _platform_of(row[i])]
    return len(names) >= 2 and len(names) == len(filled) and any(not above[i] for i in filled)


def _two_rows(groups: list[str], names: list[str]) -> list[str]:
    """Two rows of a header as one: 微信 over 名称 is 微信名称; a group that is no platform adds nothing to a name."""
    joined, group = [], ""
    for above, name in zip(groups, names, strict=True):
        group = above or group
        is_of_platform = name and name != above and _platform_of(group) and not _platform_of(name)
        joined.append(f"{group}{name}" if is_of_platform else name or above)
    return joined


def _without_totals(grid: Grid, heads: list[list[str]], known: set[int]) -> tuple[Grid, list[Problem], pl.DataFrame]:
    """The rows of accounts, the others as problems, and what each row is."""
    cells = [c for c in grid.frame.columns if c != ROW]
    text = [pl.when(pl.col(c).cast(pl.String).str.strip_chars() != "").then(pl.col(c).cast(pl.String)) for c in cells]
    first = parse_cells.clean(pl.coalesce(text)).str.to_lowercase()
    marked = grid.frame.with_columns(__filled=pl.sum_horizontal(t.is_not_null() for t in text), __first=first)
    # A row with nothing under any known heading is a number in front, or a heading over some rows.
    says_something = pl.any_horizontal(False, *(text[i].is_not_null() for i in known if i < len(text)))
    lone = (pl.col("__filled") == 1) & (len(cells) > 2)
    head = pl.col("__first")
    no_account = (
        head.str.contains(TOTAL)
        | ((pl.col("__filled") <= 2) & head.str.contains(NOTE))
        | (lone & ((head.str.len_chars() > 20) | head.str.contains(SECTION) | ~says_something))
        | pl.col(ROW).is_in(_headers_again(grid, heads))
    )
    blank = pl.col("__filled") == 0
    marked = marked.with_columns(
        why=pl.when(blank).then(pl.lit("blank")).when(no_account).then(pl.lit("no_ledger_row"))
    )
    problems = [
        Problem("row_left_out", grid.place(row), {"found": (first or "")[:40]})
        for row, first in marked.filter(why="no_ledger_row").select(ROW, "__first").iter_rows()
    ]
    kept = marked.filter(pl.col("why").is_null()).drop("__filled", "__first", "why")
    return grid._replace(frame=kept), problems, marked.select(pl.col(ROW).cast(pl.UInt32), "why")


def _headers_again(grid: Grid, heads: list[list[str]]) -> list[int]:
    """Rows of a sheet that are its header again, as where pages were pasted together."""
    found: list[int] = []
    for head in heads:
        names = {i: name for i, name in enumerate(head) if name and f"c{i}" in grid.frame.columns}
        if len(names) >= 2:
            same = (pl.col(f"c{i}").cast(pl.String).str.strip_chars() == name for i, name in names.items())
            found += grid.frame.filter(*same)[ROW].to_list()
    return found


@functools.lru_cache(maxsize=4096)
def _platform_of(name: str) -> str | None:
    """The platform that a column's name begins with, if any."""
    bare = re.sub(KNOWN_BEFORE, "", re.sub(r"\s", "", name[:40]))
    for end in range(len(bare), 0, -1):
        if re.fullmatch(WIDE_TAIL, bare[end:]) and (found := parse_cells.word_for(bare[:end], "platform")):
            return found
    return None


def _wide_columns(grid: Grid, matched: dict[int, str]) -> dict[int, tuple[str, str]]:
    """Columns that belong to one platform, by position: the platform and the field (name, platform_id or url)."""
    found: dict[int, tuple[str, str]] = {}
    plain = {"platform", "name", "unit", "platform_id", "url"}
    for i, name in enumerate(grid.header):
        platform = _platform_of(name) if name else None
        if platform is None or (matched.get(i) in plain and name in ("公众号", "平台")):
            continue
        key = column_key(name)
        field = next((field for field, pattern in WIDE_FIELDS.items() if re.search(pattern, key)), "name")
        found[i] = (platform, field)
    platforms = {platform for platform, _ in found.values()}
    return found if len(platforms) >= 2 else {}


def _per_platform(
    grid: Grid, matched: dict[int, str], wide: dict[int, tuple[str, str]]
) -> tuple[list[Grid], list[Problem]]:
    """One grid per platform of a wide sheet: the unit's own columns, and that platform's name, id and address.

    A cell that says 未开通 is no account; one that says only 是 or √ is an account whose name nobody wrote.
    """
    common = [i for i in matched if i not in wide]
    grids: list[Grid] = []
    problems: list[Problem] = []
    for platform in dict.fromkeys(platform for platform, _ in wide.values()):
        own = {i: field for i, (p, field) in wide.items() if p == platform}
        positions = [*common, *own]
        header = [*(grid.header[i] for i in common), *own.values(), "platform"]
        letters = tuple(map(letter, (*positions, next(iter(own)))))
        marked, named = {}, {}
        for i in own:
            text = parse_cells.clean(pl.col(f"c{i}")).str.to_lowercase()
            nothing = parse_cells.is_nothing(pl.col(f"c{i}")) | text.is_in(parse_cells.words_for("no_account"))
            is_mark = text.str.contains(ONLY_A_MARK).fill_null(False)
            marked[i], named[i] = ~nothing & is_mark, ~nothing & ~is_mark
        for i in own:
            unnamed = grid.frame.filter(marked[i] & ~pl.any_horizontal(named.values()))
            problems += [
                Problem("account_without_name", grid.place(row, i), {"found": cell, "platform": grid.header[i]})
                for row, cell in unnamed.select(ROW, f"c{i}").iter_rows()
            ]
        frame = grid.frame.filter(pl.any_horizontal(named.values())).select(
            ROW,
            *(
                (pl.when(named[old]).then(f"c{old}") if old in own else pl.col(f"c{old}")).alias(f"c{new}")
                for new, old in enumerate(positions)
            ),
            pl.lit(platform).alias(f"c{len(positions)}"),
        )
        if frame.height:
            at = {old: new for new, old in enumerate(positions)}
            odd = {(row, at[column]): told for (row, column), told in grid.odd.items() if column in at}
            part = Grid(grid.file, grid.sheet, frame, header, letters, odd=odd)
            one, found = _one_a_row(part, headings.match_columns(header, "accounts"))
            grids.append(one)
            problems += found
    return grids, problems


def _one_a_row(grid: Grid, matched: dict[int, str]) -> tuple[Grid, list[Problem]]:
    """Cells with several accounts in them as several rows.

    Platforms, names, ids and addresses that come in the same number go together; a cell with one goes with each, but
    for an id or address: it is one platform's, and goes to the one whose form it has.
    """
    many = {f"c{i}": field for i, field in matched.items() if field in ("platform", "name", "platform_id", "url")}
    if not many:
        return grid, []
    frame = grid.frame.with_columns(pl.col(c).cast(pl.String) for c in many)
    # A row with an id of its own is one account, whatever its cells hold.
    own = next((f"c{i}" for i, field in matched.items() if field == "account_id"), None)
    nameless = pl.lit(True) if own is None else parse_cells.is_nothing(pl.col(own))
    several = frame.filter(nameless).filter(pl.any_horizontal(pl.col(c).str.contains(SPLIT) for c in many))
    if not several.height:
        return grid, []
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for row in several.iter_rows(named=True):
        parts = {c: _accounts_in(row[c], field) for c, field in many.items()}
        platforms = next((p for c, p in parts.items() if many[c] == "platform"), [None])
        # One id or address is one account, however many names its cell holds.
        addresses = {c: p for c, p in parts.items() if many[c] in ("platform_id", "url") and p != [None]}
        is_one = len(platforms) == 1 and max(map(len, addresses.values()), default=0) == 1
        number = 1 if is_one else max(1, *map(len, parts.values()))
        made = [
            {c: p[k] if len(p) == number else p[0] if len(p) == 1 else row[c] for c, p in parts.items()}
            for k in range(number)
        ]
        for c, p in addresses.items():
            if len(platforms) == number > len(p):
                words = [parse_cells.word_for(platform, "platform") for platform in platforms]
                for cells, word in zip(made, words, strict=True):
                    cells[c] = next((text for text in p if text and word and platform_ids.fits(word, text)), None)
                facts = {"found": row[c], "platforms": platforms}
                problems.append(Problem("id_for_several", grid.place(row[ROW], int(c[1:])), facts))
        rows += [{**row, **cells} for cells in made]
    split = pl.DataFrame(rows, schema=frame.schema)
    plain = frame.join(several.select(ROW), on=ROW, how="anti")
    return grid._replace(frame=pl.concat([plain, split]).sort(ROW, maintain_order=True)), problems


def _accounts_in(cell: str | None, field: str) -> list[str | None]:
    """What a cell holds for each account; a name in quotation marks or brackets, or a sentence, is one name whatever it holds."""
    if cell is None or (field == "name" and re.search(r"[“”《》。，]", cell)):
        return [cell]
    return [part.strip() for part in re.split(SPLIT, cell) if part.strip()]
