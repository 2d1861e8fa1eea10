"""Rule tables and what they find: rows of `rules/*.csv` applied to measured accounts.

A rule is a row: the column that it looks at, how it compares, the threshold, what it costs, the sentence that the
bulletin prints and the basis that it cites. Several rows may bear one name: an account meets the rule if it
meets any of them. Nothing in the code knows a threshold.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit import schema
from govmedia_kit.catalogue import localized, phrase
from govmedia_kit.errors import RuleError, hint
from govmedia_kit.interop import answers_in_kind
from govmedia_kit.languages import language_of
from govmedia_kit.package_data import resource
from govmedia_kit.read.sources.files import ROW, grids

__all__ = ["COMPARE", "as_number", "basis", "flag", "known_rules", "read_rules", "stale_after", "threshold", "verdicts"]

COLUMNS = ("rule", "column", "compare", "threshold", "severity", "points", "sentence_zh", "sentence_en", "basis")
COMPARE = {name: getattr(pl.Expr, name) for name in ("ge", "gt", "le", "lt", "eq", "ne")}
# 国办秘函〔2019〕19号: no update in the two weeks before the monitoring point.
TWO_WEEKS = 14
# Rules of these names are columns of the measured table too, because figures count them.
MARKS = ("stale", "borderline", "warned", "dormant")


def known_rules() -> list[str]:
    """Names of the rule tables that the kit carries.

    >>> known_rules()
    ['gansu-2019', 'state-council-2019']
    """
    return sorted(path.stem for path in resource("rules").glob("*.csv"))


def read_rules(name: str, *, folder: Path | None = None) -> pl.DataFrame:
    """A rule table: one row per rule and condition, with the columns `COLUMNS` (text; points Float64), `line` and `path`.

    A table may say its sentences and bases in more languages, in columns such as `basis_en`; without one, `basis` is printed.

    `name` is one of the kit's, or a .csv or .xlsx file in the audit `folder`. Raises RuleError for a table that is not there or
    holds no rule, a column that is missing or there twice, an unknown comparison or severity, a column or threshold that is
    empty, a threshold or points that are no number, and braces that do not match, each with its line.
    """
    own = folder is not None and name.lower().endswith((".csv", ".xlsx"))
    path = folder / name if folder is not None and own else resource(f"rules/{name}.csv")
    if not path.is_file():
        raise RuleError("unknown_rules", found=name, hint=hint(name, known_rules()), known=known_rules())
    cells = next((grid.frame for grid in grids(path) if grid.frame.height), None)
    if cells is None:
        raise RuleError("rules_empty", path=path.name)
    header = [str(cell or "").strip() for cell in cells.row(0)[1:]]
    if missing := [column for column in COLUMNS if column not in header]:
        raise RuleError("rules_without_columns", path=path.name, missing=missing)
    wanted = [column for column in header if column in COLUMNS or column.startswith(("sentence_", "basis_"))]
    if doubled := sorted({column for column in wanted if wanted.count(column) > 1}):
        raise RuleError("rules_doubled_column", path=path.name, column=doubled)
    text = (pl.col(f"c{header.index(c)}").cast(pl.String).str.strip_chars().alias(c) for c in wanted)
    rows = cells.slice(1).select(*text, line=ROW, path=pl.lit(path.name)).filter(pl.col("rule").is_not_null())
    if rows.is_empty():
        raise RuleError("rules_empty", path=path.name)
    for row in rows.iter_rows(named=True):
        _check(row)
    return rows.with_columns(pl.col("points").cast(pl.Float64))


def _check(row: dict[str, Any]) -> None:
    where = {"path": row["path"], "row": row["line"]}
    for column, known in (("compare", COMPARE), ("severity", schema.vocabulary("severity"))):
        if row[column] not in known:
            raise RuleError("bad_rule_word", **where, column=column, found=row[column] or "", known=known)
    for column in ("column", "threshold"):
        if not row[column]:
            raise RuleError("rule_cell_empty", **where, column=column)
    for column, wrong in (("points", r"(?!-?\d+(\.\d+)?$).+"), ("threshold", r"(?i)[+-]?(nan|inf|infinity)")):
        if re.fullmatch(wrong, row[column] or ""):
            raise RuleError("bad_rule_number", **where, column=column, found=row[column])
    for column in (column for column in row if column.startswith("sentence_")):
        try:
            list(string.Formatter().parse(row[column] or ""))
        except ValueError:
            raise RuleError("bad_rule_braces", **where, column=column) from None


def as_number(threshold: str) -> float:
    """A threshold as the number that a column is compared with; ValueError where it is none.

    >>> as_number("14"), as_number("TRUE")
    (14.0, 1.0)
    """
    return float({"true": "1", "false": "0"}.get(threshold.lower(), threshold))


def threshold(rules: pl.DataFrame, rule: str) -> int | None:
    """The days that an account may be silent before it meets a rule (for `eq`: the day that is meant); None without any.

    >>> threshold(read_rules("gansu-2019"), "warned"), threshold(read_rules("gansu-2019"), "no_channel")
    (7, None)
    """
    gaps = pl.col("column").is_in(["gap_days", "working_gap_days"]) & pl.col("compare").is_in(["gt", "ge", "eq"])
    days = pl.col("threshold").cast(pl.Float64, strict=False)
    found = (
        rules.filter(pl.col("rule") == rule, gaps).select(days - (pl.col("compare") == "ge")).to_series().drop_nulls()
    )
    return int(found[0]) if found.len() else None


def stale_after(rules: pl.DataFrame) -> int:
    """The days that an account may be silent before it is stale; the nation's two weeks where the table has no such rule.

    >>> stale_after(read_rules("gansu-2019"))
    14
    """
    limit = threshold(rules, "stale")
    return TWO_WEEKS if limit is None else limit


def basis(rule: Mapping[str, Any], language: str) -> str | None:
    """What a rule cites, in the bulletin's language: a row of the rule table, its English where there is one.

    >>> basis({"basis": "提示项", "basis_en": "For information"}, "en")
    'For information'
    """
    return localized(rule, "basis", language) or None


@answers_in_kind
def flag(measured: pl.DataFrame, rules: pl.DataFrame, *, language: str = "zh-Hans") -> pl.DataFrame:
    """What was found: one row per account and rule that it meets, in the order of the accounts and the rules.

    Columns: account_id (str), rule (str), severity (str: veto, deduct, warn, note), points (f64), column (str), value (str, what
    was found there), sentence (str), basis (str). A null in the column meets no rule: unknown is not a fault.
    Raises RuleError for a rule about a column that `measured` lacks, or a threshold that its dtype cannot be compared with.

    Doubtful where only days are known: a gap of exactly the threshold may be a day longer (the rule `borderline` notes it).
    Source: the table's own column `basis`; the national list of veto items is 国办秘函〔2019〕19号.

    >>> rules = read_rules("gansu-2019").filter(pl.col("column") == "gap_days")
    >>> measured = pl.DataFrame({"account_id": ["a", "b"], "gap_days": [20, 8], "last_post": [None, None]})
    >>> flag(measured, rules).select("account_id", "rule", "severity").rows()
    [('a', 'stale', 'veto'), ('a', 'warned', 'warn'), ('b', 'warned', 'warn')]
    """
    hits, language = [], language_of(language)
    for order, rule in enumerate(rules.iter_rows(named=True)):
        hits.append(
            measured.with_row_index("__account")
            .filter(_condition(measured, rule))
            .select(
                "__account",
                pl.lit(order).alias("__rule"),
                "account_id",
                rule=pl.lit(rule["rule"]),
                severity=pl.lit(rule["severity"]),
                points=pl.lit(rule["points"], pl.Float64),
                column=pl.lit(rule["column"]),
                value=pl.col(rule["column"]).cast(pl.String),
                sentence=_sentence(measured, localized(rule, "sentence", language), language),
                basis=pl.lit(basis(rule, language)),
            )
        )
    return (
        pl.concat(hits)
        .sort("__account", "__rule")
        .unique(["account_id", "rule"], keep="first", maintain_order=True)
        .drop("__account", "__rule")
    )


def _condition(measured: pl.DataFrame, rule: dict) -> pl.Expr:
    where = {"path": rule["path"], "row": rule["line"]}
    if rule["column"] not in measured.columns:
        known = [name for name in schema.columns("measured") if name in measured.columns]
        facts = {"rule": rule["rule"], "found": rule["column"], "hint": hint(rule["column"], measured.columns)}
        raise RuleError("rule_without_column", **where, **facts, known=known)
    column, compare = pl.col(rule["column"]), COMPARE[rule["compare"]]
    if measured.schema[rule["column"]] == pl.String:
        return compare(column, pl.lit(rule["threshold"]))
    try:
        return compare(column.cast(pl.Float64), as_number(rule["threshold"]))
    except ValueError:
        raise RuleError("bad_rule_number", **where, column="threshold", found=rule["threshold"]) from None


def _sentence(measured: pl.DataFrame, template: str, language: str) -> pl.Expr:
    """The template with the account's own values in its braces; a brace that names no column stays as it is.

    Of an account without a post in all the days that were observed the gap is the least that it can be, and said so.
    """
    bounds = {}
    if {"last_post", "gap_days", "observed_from"} <= set(measured.columns):
        unseen = pl.col("last_post").is_null() & pl.col("gap_days").is_not_null()
        before = pl.format(phrase("words.before", language), pl.col("observed_from").cast(pl.String))
        bounds["last_post"] = pl.when(unseen).then(before)
        for gap in ("gap_days", "working_gap_days"):
            bounds[gap] = pl.when(unseen).then(pl.format(phrase("words.at_least", language), pl.col(gap)))
    parts = []
    for text, name, _, _ in string.Formatter().parse(template):
        parts.append(pl.lit(text))
        if name is not None:
            known = name in measured.columns
            own = [bounds[name]] if name in bounds and name in measured.columns else []
            value = pl.coalesce(*own, pl.col(name).cast(pl.String), pl.lit("?"))
            parts.append(value if known else pl.lit("{" + name + "}"))
    return pl.concat_str(parts) if parts else pl.lit("")


@answers_in_kind
def verdicts(measured: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """The measured accounts with their verdict: one row per account, as given.

    Adds stale, borderline, warned, dormant (bool: meets the rule of that name; null where the account was not checked) and
    verdict (str): `failed` with a finding of severity veto, `passed` without one, `not_checked` where there was nothing to
    judge updates by. An account that was not checked never fails.

    Doubtful as the rules are: an account passes that breaks a rule which the table does not have.
    Source: 国办秘函〔2019〕19号, by which an account fails for any veto item and for nothing else.

    >>> measured = pl.DataFrame({"account_id": ["a", "b", "c"], "checked": [True, True, False]})
    >>> findings = pl.DataFrame({"account_id": ["a"], "rule": ["stale"], "severity": ["veto"]})
    >>> verdicts(measured, findings)["verdict"].to_list()
    ['failed', 'passed', 'not_checked']
    """

    def meets(which: pl.Expr) -> pl.Expr:
        return pl.col("account_id").is_in(findings.filter(which)["account_id"].unique().to_list())

    return measured.with_columns(
        pl.when("checked").then(meets(pl.col("rule") == mark)).alias(mark) for mark in MARKS
    ).with_columns(
        verdict=pl.when(~pl.col("checked"))
        .then(pl.lit("not_checked"))
        .when(meets(pl.col("severity") == "veto"))
        .then(pl.lit("failed"))
        .otherwise(pl.lit("passed"))
    )
