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
from govmedia_kit.errors import RuleError, hint
from govmedia_kit.interop import answers_in_kind
from govmedia_kit.languages import is_english, spelt
from govmedia_kit.package_data import resource
from govmedia_kit.read.sources.files import first_grid

__all__ = ["COMPARE", "basis", "flag", "known_rules", "read_rules", "stale_after", "threshold", "verdicts"]

COLUMNS = [
    "rule",
    "column",
    "compare",
    "threshold",
    "severity",
    "points",
    "sentence_zh",
    "sentence_en",
    "basis",
]
COMPARE = {
    "ge": pl.Expr.ge,
    "gt": pl.Expr.gt,
    "le": pl.Expr.le,
    "lt": pl.Expr.lt,
    "eq": pl.Expr.eq,
    "ne": pl.Expr.ne,
}
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
    """A rule table: one row per rule and condition, with the columns `COLUMNS` (text; points Float64) and `line`.

    `basis_en`, the basis in English, may be missing; then an English bulletin prints `basis` as it is.

    `name` is one of the kit's, or a .csv file in the audit `folder`. Raises RuleError for a table that is not there, a
    missing column, an unknown comparison or severity, or a threshold that is empty, each with its line.
    """
    path = (
        (folder / name)
        if folder is not None and name.lower().endswith((".csv", ".xlsx"))
        else resource(f"rules/{name}.csv")
    )
    if not path.is_file():
        raise RuleError("unknown_rules", found=name, hint=hint(name, known_rules()), known=known_rules())
    grid = first_grid(path)
    header = [str(cell or "").strip() for cell in grid.frame.row(0)[1:]]
    if missing := [column for column in COLUMNS if column not in header]:
        raise RuleError(
            "bad_rules", path=path.name, row=1, why=f"缺少列 {'、'.join(missing)} / missing column {missing}"
        )
    rows = grid.frame.slice(1).rename({f"c{i}": h for i, h in enumerate(header) if h})
    rows = rows.rename({"__row": "line"}).select(
        pl.col(COLUMNS).cast(pl.String).str.strip_chars(),
        "line",
        (pl.col("basis_en") if "basis_en" in header else pl.lit(None)).cast(pl.String).alias("basis_en"),
    )
    rows = rows.filter(pl.col("rule").is_not_null())
    for row in rows.iter_rows(named=True):
        why = _wrong_with(row)
        if why:
            raise RuleError("bad_rules", path=path.name, row=row["line"], why=why)
    if not rows.height:
        raise RuleError("bad_rules", path=path.name, row=1, why="没有规则 / no rule")
    return rows.with_columns(pl.col("points").cast(pl.Float64, strict=False), path=pl.lit(path.name))


def _wrong_with(row: dict[str, str | None]) -> str:
    if row["compare"] not in COMPARE:
        return f"compare 不能是 {row['compare']}，可用 {'、'.join(COMPARE)} / compare takes {', '.join(COMPARE)}"
    if row["severity"] not in schema.vocabulary("severity"):
        words = list(schema.vocabulary("severity"))
        return f"severity 不能是 {row['severity']}，可用 {'、'.join(words)} / severity takes {', '.join(words)}"
    if not row["threshold"] or not row["column"]:
        return "column 和 threshold 不能空 / column and threshold are needed"
    if row["points"] and not re.fullmatch(r"-?\d+(\.\d+)?", row["points"]):
        return f"points 不是数：{row['points']} / points is no number"
    for name in ("sentence_zh", "sentence_en"):
        try:
            list(string.Formatter().parse(row[name] or ""))
        except ValueError:
            return f"{name} 的大括号不成对 / the braces of {name} do not match"
    return ""


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
    if is_english(language):
        return rule.get("basis_en") or rule["basis"]
    return spelt(rule["basis"], language) if rule["basis"] else rule["basis"]


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
    hits = []
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
                sentence=_sentence(measured, _template(rule, language)),
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
    if rule["column"] not in measured.columns:
        known = [c for c in schema.columns("measured") if c in measured.columns]
        raise RuleError(
            "rule_without_column",
            path=rule["path"],
            row=rule["line"],
            rule=rule["rule"],
            found=rule["column"],
            hint=hint(rule["column"], measured.columns),
            known=known,
        )
    column, dtype = pl.col(rule["column"]), measured.schema[rule["column"]]
    compare = COMPARE[rule["compare"]]
    if dtype == pl.String:
        return compare(column, pl.lit(rule["threshold"]))
    try:
        limit = float({"true": "1", "false": "0"}.get(rule["threshold"].lower(), rule["threshold"]))
    except ValueError:
        why = f"阈值 {rule['threshold']} 不是数 / threshold {rule['threshold']} is no number"
        raise RuleError("bad_rules", path=rule["path"], row=rule["line"], why=why) from None
    return compare(column.cast(pl.Float64), limit)


def _template(rule: dict, language: str) -> str:
    """The rule's sentence in a language; its braces hold names of columns, which are no words of ours."""
    if is_english(language):
        return rule["sentence_en"] or rule["sentence_zh"] or ""
    return spelt(rule["sentence_zh"] or "", language)


def _sentence(measured: pl.DataFrame, template: str) -> pl.Expr:
    """The template with the account's own values in its braces; a brace that names no column stays as it is."""
    parts = []
    for text, name, _, _ in string.Formatter().parse(template):
        parts.append(pl.lit(text))
        if name is not None:
            known = name in measured.columns
            parts.append(pl.col(name).cast(pl.String).fill_null("?") if known else pl.lit("{" + name + "}"))
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
