"""The ledger (台账): one row per account out of whatever sheets an office keeps, with every doubtful cell listed."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govmedia_kit import interop, parse_cells, schema
from govmedia_kit.divisions import divisions
from govmedia_kit.errors import InputError, Place, Problem
from govmedia_kit.interop import with_fields
from govmedia_kit.read.ledger import infer_region, match_columns, tidy_sheet
from govmedia_kit.read.ledger.match_columns import position
from govmedia_kit.read.ledger.platform_ids import platform_ids, without_addresses
from govmedia_kit.read.sources.files import ROW, Grid, error_cells, grids

__all__ = ["Ledger", "grids_of", "position", "read_accounts", "read_ledger", "require", "source_name", "without_late"]

# Units named in one sentence before the rest is only counted.
SOME = 5


# Given the accounts as they stand and their sheets: the sheets with their cells corrected, or None.
Mend = Callable[[pl.DataFrame, list[Grid]], list[Grid] | None]


class Ledger(NamedTuple):
    """Accounts (with `__row`, and `__grid`: which sheet it is a row of), problems, and the rows of all sheets but headers.

    `rows` has `__grid`, `__row` and `why`: null where a row was read for accounts (one, several or none), else
    blank, no_ledger_row (a title, sum, heading or note) or website.
    """

    accounts: pl.DataFrame
    problems: list[Problem]
    rows: pl.DataFrame
    sheets: list[Grid]


def read_accounts(
    source: Any, *, region: str | None = None, mend: Mend | None = None
) -> tuple[pl.DataFrame, list[Problem]]:
    """A ledger: one row per account, from a file (CSV, XLSX, Parquet, ...) or a pandas or Polars frame, and its problems.

    Columns are those of the dictionary's table `accounts` that the source has, with `account_id`, `platform`, `name`
    and `unit` always there; `account_id` is built where the ledger has none. Division codes are found from unit names
    where the ledger gives none and the name is certain; `region` is the audit's own, which makes more names certain.
    Raises InputError where no sheet is a ledger, or a needed column is nowhere.
    """
    found = read_ledger(source, region=region, mend=mend)
    return found.accounts.drop(ROW, "__sheet", "__grid"), found.problems


def read_ledger(source: Any, *, region: str | None = None, mend: Mend | None = None) -> Ledger:
    """A ledger as `read_accounts` reads it, with what became of each row of its sheets.

    `mend` is given the accounts as they stand and the sheets, and answers the sheets with their cells corrected, or None.
    """
    return _read(source, region, grids_of(source, "accounts"), mend)


def _read(
    source: Any, region: str | None, raw: list[Grid], mend: Mend | None, mended: list[Grid] | None = None
) -> Ledger:
    parts: list[pl.DataFrame] = []
    fates: list[pl.DataFrame] = []
    sheets: list[Grid] = []
    problems: list[Problem] = []
    is_ledger = False
    for number, grid in enumerate(raw):
        tidied, found, fate = tidy_sheet.tidied(grid)
        problems += found
        is_ledger = is_ledger or bool(tidied)
        for sheet in tidied:
            if mended is not None:
                sheet = mended[len(sheets)]
            frame, found = match_columns.typed(sheet, "accounts")
            problems += found
            if not frame.height:
                continue
            require(frame, sheet, "accounts", ["platform", "unit"])
            frame, found, sites = _without_websites(_never_is_no_post(frame, sheet), sheet)
            fate = fate.with_columns(why=pl.when(pl.col(ROW).is_in(sites)).then(pl.lit("website")).otherwise("why"))
            places = {problem.place for problem in found}
            problems = [problem for problem in problems if problem.place not in places] + found
            numbers = {"__sheet": len(sheets), "__grid": number}
            parts.append(frame.with_columns(pl.lit(n, pl.UInt32).alias(name) for name, n in numbers.items()))
            sheets.append(sheet)
        fates.append(fate.with_columns(__grid=pl.lit(number, pl.UInt32)))
    if not parts:
        if not is_ledger and any(grid.frame.height for grid in raw):
            require(pl.DataFrame(), match_columns.headed(raw[0], "accounts"), "accounts", ["unit"])
        raise InputError("empty_table", place=Place(source_name(source)))
    frame, found = _identified(pl.concat(parts, how="diagonal"), sheets, {problem.place for problem in problems})
    if mend is not None and (corrected := mend(frame, sheets)) is not None:
        return _read(source, region, raw, None, corrected)
    problems += found
    frame, found = _regions(frame, sheets, region)
    problems += found + _dates(frame, sheets)
    # A cell that holds several accounts is read several times, and told of once.
    once = {(p.kind, p.place, str(p.facts.get("found"))): p for p in problems}
    return Ledger(frame, list(once.values()), pl.concat(fates), sheets)


def without_late(
    book: Ledger, accounts: pl.DataFrame, latest: dt.date, far: dt.date
) -> tuple[pl.DataFrame, list[Problem]]:
    """The accounts without the dates that cannot be, and those cells: notes of posts later than `latest`, others than `far`.

    An account may well be opened or closed after everything was collected.
    """
    limits = {
        name: latest if name == "last_post_on" else max(latest, far)
        for name, dtype in accounts.schema.items()
        if dtype == pl.Date
    }
    problems = []
    for name, limit in limits.items():
        cells = _cells(book.accounts.filter(pl.col(name) > limit), book.sheets, name, name)
        problems += [Problem("date_late", place, {"found": found, "latest": limit}) for place, found in cells]
    problems.sort(key=lambda problem: (problem.place.sheet, problem.place.row or 0))
    possible = [pl.when(pl.col(name) <= limit).then(name).alias(name) for name, limit in limits.items()]
    return accounts.with_columns(possible), problems


def grids_of(source: Any, table: str) -> list[Grid]:
    """The grids of a file, or of a pandas or Polars frame."""
    if isinstance(source, str | Path):
        return grids(Path(source))
    frame = interop.from_pandas(source) if interop.is_pandas(source) else source
    named = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})
    return [Grid(table, "", named.with_row_index(ROW, offset=1), list(frame.columns), odd=error_cells(named))]


def source_name(source: Any) -> str:
    """What a place calls a source: the file's name, or that it was a frame."""
    return Path(source).name if isinstance(source, str | Path) else "DataFrame"


def require(frame: pl.DataFrame, grid: Grid, table: str, names: Iterable[str]) -> None:
    """InputError for the first needed column that the frame of a grid lacks, with those that the grid has."""
    for name in names:
        if name not in frame.columns:
            known = schema.columns(table)[name]
            raise InputError(
                "no_column",
                place=grid.place(),
                label=functools.partial(schema.label, name),
                column=name,
                found=[heading for heading in grid.header if heading],
                known=[name, known.labels["zh"], *known.synonyms[:6]],
            )


def _cells(rows: pl.DataFrame, sheets: list[Grid], name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Where a field's cell stands in each row, with what the columns hold there."""
    for row, sheet, *values in rows.select(ROW, "__sheet", *columns).iter_rows():
        yield sheets[sheet].place(row, position(sheets[sheet], "accounts", name)), *values


def _never_is_no_post(frame: pl.DataFrame, sheet: Grid) -> pl.DataFrame:
    """从未更新 where a date should be is zero posts; 每日更新 says how often, not when."""
    at = position(sheet, "accounts", "last_post_on")
    if at is None:
        return frame
    rows = sheet.frame.filter(parse_cells.says_never(pl.col(f"c{at}")))[ROW].to_list()
    frame = with_fields(frame, "accounts", "post_count")
    silent = pl.col(ROW).is_in(rows) & pl.col("last_post_on").is_null() & pl.col("post_count").is_null()
    return frame.with_columns(post_count=pl.when(silent).then(0).otherwise("post_count"))


def _without_websites(frame: pl.DataFrame, sheet: Grid) -> tuple[pl.DataFrame, list[Problem], list[int]]:
    """Websites stand in many a ledger of new media: they are no accounts, and are left out with a note."""
    at = position(sheet, "accounts", "platform")
    site = parse_cells.clean(pl.col(f"c{at}").cast(pl.String)).str.contains(r"(?i)^(门户|政府)?网站$|^website$|^网页$")
    rows = sheet.frame.filter(site)[ROW].to_list()
    problems = [Problem("not_an_account", sheet.place(row, at), {}) for row in rows]
    return frame.filter(~pl.col(ROW).is_in(rows)), problems, rows


def _identified(frame: pl.DataFrame, sheets: list[Grid], known: set[Place]) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows with an account_id each: given, else platform:platform_id, else platform:name@unit.

    `known` are cells of which a problem is known: what they hold is not missing.
    """
    frame = _given_ids(with_fields(frame, "accounts", "account_id", "name", "platform_id", "url"))
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
    problems += _doubtful_ids(frame, sheets, known)
    return frame.drop("__shared", "__given"), problems


def _doubtful_ids(frame: pl.DataFrame, sheets: list[Grid], known: set[Place]) -> list[Problem]:
    """Ids that two units or two rows share, and accounts that nothing identifies."""
    of_id = {f"__first_{c}": pl.col(c).first().over("platform", "platform_id") for c in (ROW, "unit", "__given")}
    shared = frame.filter("__shared", pl.col("platform").is_not_null()).with_columns(**of_id)
    both_given = pl.col("__given") & pl.col("__first___given")
    of_two = shared.filter(pl.col("unit").ne_missing(pl.col("__first_unit")), ~both_given)
    problems = [
        Problem("id_of_two_units", place, {"found": found, "unit": unit, "other": other, "row": row})
        for place, found, unit, other, row in _cells(
            of_two, sheets, "platform_id", "platform_id", "unit", "__first_unit", f"__first_{ROW}"
        )
    ]
    for name in ("platform", "unit"):
        facts = {"label": functools.partial(schema.label, name)}
        cells = _cells(frame.filter(pl.col(name).is_null()), sheets, name)
        problems += [Problem("missing_value", place, facts) for (place,) in cells if place not in known]
    nameless = frame.filter(pl.col("account_id").is_null() & pl.col("platform").is_not_null())
    problems += [Problem("missing_account_id", place, {}) for (place,) in _cells(nameless, sheets, "account_id")]
    twins = frame.with_columns(__other=pl.col(ROW).first().over("account_id"))
    twins = twins.filter(pl.col("account_id").is_not_null() & ~pl.col("account_id").is_first_distinct())
    for column, is_given in (("account_id", True), ("name", False)):
        cells = _cells(twins.filter(__given=is_given), sheets, column, "account_id", "__other")
        problems += [
            Problem("doubled_account_id", place, {"found": found, "other": other}) for place, found, other in cells
        ]
    return problems


def _given_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """The kit's own ids in a column of the platform's (账号ID is either) as account_id: `weibo:1234567890` is one."""
    own = pl.col("platform_id").str.contains(rf"^(?:{'|'.join(schema.vocabulary('platform'))}):[^/]")
    return frame.with_columns(
        account_id=pl.coalesce("account_id", pl.when(own).then("platform_id")),
        platform_id=pl.when(~own.fill_null(False)).then("platform_id"),
    )


def _regions(frame: pl.DataFrame, sheets: list[Grid], root: str | None) -> tuple[pl.DataFrame, list[Problem]]:
    """Division codes in six digits: as given, from a name that one division bears, or from the unit's name."""
    given = "region" in frame.columns
    frame = with_fields(frame, "accounts", "region")
    table = divisions()
    names = table.filter(pl.col("name").is_unique())
    to_code = dict(zip(names["name"], names["code"], strict=True)) | {code: code for code in table["code"]}
    to_code |= infer_region.regions_of_units(frame["region"].drop_nulls().unique().to_list(), root=root)
    padded = pl.col("region").str.replace(r"^(\d{2}|\d{4})$", "${1}0000").str.slice(0, 6)
    code = pl.coalesce(
        text.replace_strict(to_code, default=None, return_dtype=pl.String) for text in (pl.col("region"), padded)
    )
    lost = frame.filter(code.is_null() & pl.col("region").is_not_null())
    cells = _cells(lost, sheets, "region", "region")
    problems = [Problem("unknown_region", place, {"found": found}) for place, found in cells]
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
            cells = _cells(early, sheets, later, later, "opened_on")
            problems += [Problem(kind, place, {"found": found, "other": other}) for place, found, other in cells]
    return problems
