"""The ledger (台账): one row per account out of whatever sheets an office keeps, with every doubtful cell listed."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit import interop, schema
from govmedia_kit.divisions import divisions
from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.read.ledger import infer_region, match_columns, parse_cells, tidy_sheet
from govmedia_kit.read.ledger.match_columns import position
from govmedia_kit.read.ledger.platform_ids import platform_ids, without_addresses
from govmedia_kit.read.sources.files import EXCEL, ROW, Grid, grids, merged_ranges

__all__ = ["Ledger", "column_facts", "grids_of", "position", "read_accounts", "read_ledger", "source_name"]

# Units named in one sentence before the rest is only counted.
SOME = 5


class Ledger(NamedTuple):
    """Accounts (with `__row`, and `__grid`: which sheet it is a row of), problems, and the rows of all sheets but headers.

    `rows` has `__grid`, `__row` and `why`: null where a row was read for accounts (one, several or none), else
    blank, no_ledger_row (a title, sum, heading or note) or website.
    """

    accounts: pl.DataFrame
    problems: list[Problem]
    rows: pl.DataFrame


def read_accounts(source: Any, *, region: str | None = None) -> tuple[pl.DataFrame, list[Problem]]:
    """A ledger: one row per account, from a file (CSV, XLSX, Parquet, ...) or a pandas or Polars frame, and its problems.

    Columns are those of the dictionary's table `accounts` that the source has, with `account_id`, `platform`, `name`
    and `unit` always there; `account_id` is built where the ledger has none. Division codes are found from unit names
    where the ledger gives none and the name is certain; `region` is the audit's own, which makes more names certain.
    Raises InputError where no sheet is a ledger, or a needed column is nowhere.
    """
    found = read_ledger(source, region=region)
    return found.accounts.drop(ROW, "__sheet", "__grid"), found.problems


def read_ledger(source: Any, *, region: str | None = None) -> Ledger:
    """A ledger as `read_accounts` reads it, with what became of each row of its sheets."""
    parts: list[pl.DataFrame] = []
    fates: list[pl.DataFrame] = []
    of_grid: list[int] = []
    sheets: list[Grid] = []
    problems: list[Problem] = []
    headed = False
    raw = grids_of(source, "accounts")
    for number, grid in enumerate(raw):
        merged = merged_ranges(Path(source), grid.sheet) if _is_workbook(source) else []
        tidied, found, fate = tidy_sheet.tidied(grid, merged=merged)
        problems += found
        fates.append(fate.with_columns(__grid=pl.lit(number, pl.UInt32)))
        headed = headed or bool(tidied)
        for sheet in tidied:
            frame, found = match_columns.typed(sheet, "accounts")
            problems += found
            if frame.height:
                for name in ("platform", "unit"):
                    if name not in frame.columns:
                        raise InputError("no_column", **column_facts(sheet, "accounts", name))
                frame = _said_in_dates(frame, sheet)
                frame, found, sites = _without_websites(frame, sheet)
                fates[-1] = fates[-1].with_columns(
                    why=pl.when(pl.col(ROW).is_in(sites)).then(pl.lit("website")).otherwise("why")
                )
                problems = [p for p in problems if not _told_of(found, p)] + found
                parts.append(frame.with_columns(__sheet=pl.lit(len(sheets), pl.UInt32)))
                sheets.append(sheet)
                of_grid.append(number)
    if not parts:
        if not headed and any(grid.frame.height for grid in raw):
            raise InputError("no_column", **column_facts(match_columns.headed(raw[0], "accounts"), "accounts", "unit"))
        raise InputError("empty_table", place=Place(source_name(source)))
    frame = pl.concat(parts, how="diagonal")
    frame, found = _identified(frame, sheets)
    problems += found
    frame, found = _regions(frame, sheets, region)
    problems += found
    problems += _dates(frame, sheets)
    at = pl.DataFrame(
        {"__sheet": range(len(of_grid)), "__grid": of_grid}, schema=dict.fromkeys(("__sheet", "__grid"), pl.UInt32)
    )
    frame = frame.join(at, on="__sheet", how="left", maintain_order="left")
    return Ledger(frame, _each_once(problems), pl.concat(fates))


def grids_of(source: Any, table: str) -> list[Grid]:
    """The grids of a file, or of a pandas or Polars frame."""
    if isinstance(source, str | Path):
        return grids(Path(source))
    frame = interop.from_pandas(source) if interop.is_pandas(source) else source
    named = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)}).with_row_index(ROW, offset=1)
    return [Grid(table, "", named, list(frame.columns))]


def source_name(source: Any) -> str:
    """What a place calls a source: the file's name, or that it was a frame."""
    return Path(source).name if isinstance(source, str | Path) else "DataFrame"


def column_facts(grid: Grid, table: str, name: str) -> dict[str, Any]:
    """The facts of the sentence that a needed column is not there."""
    known = schema.columns(table)[name]
    found = [h for h in grid.header if h]
    near = [name, known.label_zh, *known.synonyms[:6]]
    return {
        "place": grid.place(),
        "label": functools.partial(schema.label, name),
        "column": name,
        "found": found,
        "known": near,
    }


def _each_once(problems: list[Problem]) -> list[Problem]:
    """A cell that holds several accounts is read several times, and told of once."""
    return list({(p.kind, p.place, str(p.facts.get("found"))): p for p in problems}.values())


def _is_workbook(source: Any) -> bool:
    return isinstance(source, str | Path) and Path(source).suffix.lower() in EXCEL


def _place(sheets: list[Grid], sheet: int, row: int, name: str) -> Place:
    grid = sheets[sheet]
    return grid.place(row, position(grid, "accounts", name))


def _with(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    dtypes = schema.dtypes("accounts")
    return frame.with_columns(pl.lit(None, dtypes[n]).alias(n) for n in names if n not in frame.columns)


def _said_in_dates(frame: pl.DataFrame, sheet: Grid) -> pl.DataFrame:
    """从未更新 where a date should be is zero posts; 每日更新 says how often, not when."""
    at = position(sheet, "accounts", "last_post_on")
    if at is None:
        return frame
    text = sheet.frame.select(ROW, __text=parse_cells.clean(pl.col(f"c{at}").cast(pl.String)))
    never = text.filter(pl.col("__text").str.contains(r"从未|从不|未更新过|无更新|沒有更新|從未"))
    frame = _with(frame, "post_count")
    said = pl.col(ROW).is_in(never[ROW].to_list()) & pl.col("last_post_on").is_null()
    return frame.with_columns(post_count=pl.when(said & pl.col("post_count").is_null()).then(0).otherwise("post_count"))


def _without_websites(frame: pl.DataFrame, sheet: Grid) -> tuple[pl.DataFrame, list[Problem], list[int]]:
    """Websites stand in many a ledger of new media: they are no accounts, and are left out with a note."""
    at = position(sheet, "accounts", "platform")
    if at is None:
        return frame, [], []
    site = parse_cells.clean(pl.col(f"c{at}").cast(pl.String)).str.contains(r"(?i)^(门户|政府)?网站$|^website$|^网页$")
    rows = sheet.frame.filter(site)[ROW].to_list()
    problems = [Problem("not_an_account", sheet.place(row, at), {}) for row in rows]
    return frame.filter(~pl.col(ROW).is_in(rows)), problems, rows


def _told_of(found: list[Problem], problem: Problem) -> bool:
    """Whether a problem is about a cell that turned out to be no account's."""
    return any(problem.place == other.place for other in found)


def _identified(frame: pl.DataFrame, sheets: list[Grid]) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows with an account_id each: given, else platform:platform_id, else platform:name@unit."""
    frame = _given_ids(_with(frame, "account_id", "name", "platform_id", "url"))
    frame, problems = platform_ids(without_addresses(frame), sheets)
    # An account without a name is called by its id.
    frame = frame.with_columns(name=pl.coalesce("name", "platform_id", "account_id"))
    by_name = pl.format("{}:{}@{}", "platform", "name", "unit")
    # One id under two units names neither: such accounts are told apart by their unit.
    shared = pl.col("platform_id").is_not_null() & (pl.col("unit").n_unique().over("platform", "platform_id") > 1)
    by_id = pl.format("{}:{}", "platform", "platform_id")
    of_unit = pl.when("__shared").then(pl.format("{}:{}@{}", "platform", "platform_id", "unit"))
    frame = frame.with_columns(__shared=shared, __given=pl.col("account_id").is_not_null())
    frame = frame.with_columns(account_id=pl.coalesce("account_id", of_unit, by_id, by_name))
    doubtful = frame.filter(pl.col("__shared") & pl.col("platform").is_not_null())
    first: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in doubtful.select(ROW, "__sheet", "platform", "platform_id", "unit", "__given").iter_rows():
        other = first.setdefault((row[2], row[3]), row)
        if other[4] != row[4] and not (row[5] and other[5]):
            facts = {"found": row[3], "unit": row[4], "other": other[4], "row": other[0]}
            problems.append(Problem("id_of_two_units", _place(sheets, row[1], row[0], "platform_id"), facts))
    for name in ("platform", "unit"):
        for row, sheet in frame.filter(pl.col(name).is_null()).select(ROW, "__sheet").iter_rows():
            if not _said(sheets[sheet], row, name):
                facts = {"label": functools.partial(schema.label, name)}
                problems.append(Problem("missing_value", _place(sheets, sheet, row, name), facts))
    nameless = pl.col("account_id").is_null() & pl.col("platform").is_not_null()
    for row, sheet in frame.filter(nameless).select(ROW, "__sheet").iter_rows():
        problems.append(Problem("missing_account_id", _place(sheets, sheet, row, "account_id"), {}))
    first_row = pl.col(ROW).first().over("account_id")
    twin = pl.col("account_id").is_not_null() & (pl.int_range(pl.len()).over("account_id") > 0)
    twins = frame.with_columns(other=first_row).filter(twin)
    for row, sheet, other, found_id, given in twins.select(
        ROW, "__sheet", "other", "account_id", "__given"
    ).iter_rows():
        place = _place(sheets, sheet, row, "account_id" if given else "name")
        problems.append(Problem("doubled_account_id", place, {"found": found_id, "other": other}))
    return frame.drop("__shared", "__given"), problems


def _given_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """The kit's own ids in a column of the platform's (账号ID is either) as account_id: `weibo:1234567890` is one."""
    own = pl.col("platform_id").str.contains(rf"^(?:{'|'.join(schema.vocabulary('platform'))}):[^/]")
    return frame.with_columns(
        account_id=pl.coalesce("account_id", pl.when(own).then("platform_id")),
        platform_id=pl.when(~own.fill_null(False)).then("platform_id"),
    )


def _said(grid: Grid, row: int, name: str) -> bool:
    """Whether the cell held something, that was already told as not understood."""
    at = position(grid, "accounts", name)
    if at is None:
        return False
    cells = grid.frame.filter(pl.col(ROW) == row).select(parse_cells.said_nothing(pl.col(f"c{at}"))).to_series()
    return bool(cells.len()) and not cells.all()


def _regions(frame: pl.DataFrame, sheets: list[Grid], root: str | None) -> tuple[pl.DataFrame, list[Problem]]:
    """Division codes in six digits: as given, from a name that one division bears, or from the unit's name."""
    problems: list[Problem] = []
    given = "region" in frame.columns
    frame = _with(frame, "region")
    table = divisions()
    names = table.filter(pl.col("name").is_unique())
    to_code = dict(zip(names["name"], names["code"], strict=True)) | {code: code for code in table["code"]}
    to_code |= infer_region.regions_of_units(frame["region"].drop_nulls().unique().to_list(), root=root)
    padded = pl.col("region").str.replace(r"^(\d{2}|\d{4})$", "${1}0000").str.slice(0, 6)
    code = pl.coalesce(
        pl.col("region").replace_strict(to_code, default=None, return_dtype=pl.String),
        padded.replace_strict(to_code, default=None, return_dtype=pl.String),
    )
    lost = frame.filter(code.is_null() & pl.col("region").is_not_null())
    for row, sheet, found in lost.select(ROW, "__sheet", "region").iter_rows():
        problems.append(Problem("unknown_region", _place(sheets, sheet, row, "region"), {"found": found}))
    units = frame.filter(pl.col("region").is_null())["unit"].drop_nulls().unique(maintain_order=True).to_list()
    certain = infer_region.regions_of_units(units, root=root)
    from_unit = pl.when(pl.col("region").is_null()).then(
        pl.col("unit").replace_strict(certain, default=None, return_dtype=pl.String)
    )
    frame = frame.with_columns(region=pl.coalesce(code, from_unit))
    open_ = [unit for unit in units if unit not in certain]
    # A ledger of another country has no unit that names a Chinese division; there is nothing to say then.
    if open_ and (certain or given):
        facts = {"count": len(open_), "found": open_[:SOME] + (["…"] if len(open_) > SOME else [])}
        problems.append(Problem("region_open", sheets[0].place(), facts))
    return (frame if given or certain else frame.drop("region")), problems


def _dates(frame: pl.DataFrame, sheets: list[Grid]) -> list[Problem]:
    """Dates that cannot both be right."""
    problems = []
    for kind, later in (("closed_before_opened", "closed_on"), ("posted_before_opened", "last_post_on")):
        if {"opened_on", later} <= set(frame.columns):
            early = frame.filter(pl.col(later) < pl.col("opened_on"))
            for row, sheet, found, opened in early.select(ROW, "__sheet", later, "opened_on").iter_rows():
                facts = {"found": found, "other": opened}
                problems.append(Problem(kind, _place(sheets, sheet, row, later), facts))
    return problems
