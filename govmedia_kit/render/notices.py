"""Rectification notices (整改通知单): a Word file with a page per unit that has a failing account.

A notice names the unit's failing accounts, what was found of each with its dates, the rule's basis, the deadline, and
ends in a slip with which the unit replies.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.calendars import working_days_between
from govmedia_kit.read.settings import Settings
from govmedia_kit.render.docx import footers, section
from govmedia_kit.render.docx_xml import filled, new_document, paragraph, save, table, twips
from govmedia_kit.render.page_layout import column_widths, date_text, document_words, measure, points, signature_shift
from govmedia_kit.report import blocks as b
from govmedia_kit.schema import word_label

__all__ = ["deadline", "failing", "write"]

# Lines closer than the body's, so that a unit with several accounts keeps to one page.
CLOSER = '<w:snapToGrid w:val="0"/><w:spacing w:before="{before}" w:line="480" w:lineRule="exact"/>'
# Height of the slip's rows, in which the unit writes by hand, in points.
SLIP_ROW = 30.0


def write(
    path: Path | str, *, settings: Settings, measured: pl.DataFrame, findings: pl.DataFrame, language: str
) -> int:
    """Write the notices of a round and return how many units get one.

    A round without failing accounts gives a file that says so. Doubtful: a unit with more than about eight failing
    accounts takes a second page.
    """
    document = new_document(settings, language)
    words = document_words(language)["notice"]
    units = failing(measured, findings).partition_by("unit", maintain_order=True)
    body = [xml for i, rows in enumerate(units) for xml in _notice(rows, settings, language, fresh=i > 0)]
    if not units:
        body = [paragraph([words["none"]], "Body")]
    xml = "".join(body) + section(False, "document", first=True)
    document = filled(document, xml)
    footers(document)
    save(document, path, title=words["title"], settings=settings)
    return len(units)


def failing(measured: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """One row per failing account, units in the ledger's order: unit, name, platform, sentence, basis, last_post, never.

    `sentence` and `basis` hold those of every veto that was found of the account, as lists of texts.
    """
    vetoes = (
        findings.filter(pl.col("severity") == "veto")
        .group_by("account_id", maintain_order=True)
        .agg("sentence", pl.col("basis").drop_nulls().unique(maintain_order=True))
    )
    rows = measured.filter(pl.col("verdict") == "failed")
    order = rows.select(pl.col("unit").unique(maintain_order=True)).with_row_index("_unit")
    return (
        rows.join(vetoes, on="account_id", how="left", maintain_order="left")
        .join(order, on="unit", how="left", nulls_equal=True, maintain_order="left")
        .sort("_unit", maintain_order=True)
        .select("unit", "name", "platform", "sentence", "basis", "last_post", "never")
    )


def deadline(issued_on: dt.date, days: int, *, working: bool) -> dt.date:
    """The last day of a time limit that begins on the day after the issue.

    Ten working days from Monday 2019-09-23, over the national holiday and a Sunday that was worked:

    >>> deadline(dt.date(2019, 9, 23), 10, working=True)
    datetime.date(2019, 10, 11)
    """
    if not working:
        return issued_on + dt.timedelta(days=days)
    later = pl.Series([issued_on + dt.timedelta(days=n) for n in range(1, 3 * days + 20)])
    counted = working_days_between(pl.Series([issued_on]).extend_constant(issued_on, len(later) - 1), later)
    return later.filter(counted >= days)[0]


def _notice(rows: pl.DataFrame, settings: Settings, language: str, *, fresh: bool) -> list[str]:
    words = document_words(language)["notice"]
    issuer = settings.issuer or words["nameless_issuer"]
    lead = words["lead"].format(issuer=issuer, as_of=date_text(settings.as_of, language), count=rows.height)
    bases = list(dict.fromkeys(basis for cell in rows["basis"].to_list() for basis in cell or []))
    said = document_words(language)["semicolon"].join(bases)
    made = [
        paragraph([words["title"]], "AnnexTitle", page=fresh, properties=CLOSER.format(before=0)),
        paragraph([words["to"].format(unit=rows["unit"][0] or "")], "Flush", properties=CLOSER.format(before=120)),
        _line(lead),
        _accounts(rows, language),
        *([_line(words["basis"].format(basis=said), before=80)] if bases else []),
        _line(_by(settings, issuer, language), before=0 if bases else 80),
    ]
    signed = [b.paragraph(settings.issuer, role="signature")] if settings.issuer else []
    if settings.issued_on:
        signed.append(b.paragraph(date_text(settings.issued_on, language), role="date"))
    for block in signed:
        ind = f'<w:ind w:right="{twips(signature_shift(block["role"], signed))}" w:firstLine="0" w:firstLineChars="0"/>'
        before = 480 if block["role"] == "signature" else 0
        made.append(paragraph(block["runs"], "IssueDate", properties=CLOSER.format(before=before) + ind))
    return made + _slip(rows, words, language)


def _line(text: str, *, before: int = 0) -> str:
    return paragraph([text], "Body", properties=CLOSER.format(before=before))


def _by(settings: Settings, issuer: str, language: str) -> str:
    """Until when, and to whom the slip goes back."""
    words, limits = document_words(language)["notice"], settings.deadlines
    facts = {
        "issuer": issuer,
        "contact": words["contact"].format(contact=settings.contact) if settings.contact else "",
        "days": limits.rectify_days,
        "calendar": words[f"calendar_{limits.calendar}"],
    }
    if limits.rectify_days is None:
        return words["deadline_none"].format(**facts)
    if settings.issued_on is None:
        return words["deadline"].format(**facts)
    day = deadline(settings.issued_on, limits.rectify_days, working=limits.calendar == "working")
    return words["deadline_dated"].format(**facts, day=date_text(day, language))


def _accounts(rows: pl.DataFrame, language: str) -> str:
    words = document_words(language)["notice"]
    semicolon = document_words(language)["semicolon"]
    names = {"number": "int", "account": "text", "platform": "text", "problem": "text", "evidence": "date"}
    heads = [{"name": n, "label": words[n], "kind": kind} for n, kind in names.items()]
    cells = [
        [
            i,
            row["name"],
            word_label("platform", row["platform"], language),
            semicolon.join(row["sentence"] or []),
            words["never"] if row["never"] else row["last_post"],
        ]
        for i, row in enumerate(rows.iter_rows(named=True), 1)
    ]
    return _table(b.table("notice", words["title"], heads, cells), language)


def _slip(rows: pl.DataFrame, words: dict[str, Any], language: str) -> list[str]:
    """What the unit fills in and sends back: a row per account under a line to cut along."""
    cut = '<w:pBdr><w:top w:val="dashed" w:sz="6" w:space="6" w:color="000000"/></w:pBdr>'
    spaced = '<w:spacing w:before="300" w:after="80" w:line="400" w:lineRule="exact"/>'
    heads = [
        {"name": n, "label": words[n], "kind": "text"}
        for n in ("slip_account", "slip_measure", "slip_date", "slip_person")
    ]
    cells = [[row["name"], "", "", ""] for row in rows.iter_rows(named=True)]
    block = b.table("slip", words["slip"], heads, cells)
    widths = [points("type_width") * share for share in (0.26, 0.38, 0.16, 0.20)]
    made = table(block, widths, measure("table_size_small"), language)
    high = f'<w:cantSplit/><w:trHeight w:val="{twips(SLIP_ROW)}" w:hRule="atLeast"/>'
    made = made.replace("<w:cantSplit/></w:trPr>", high + "</w:trPr>")
    return [
        paragraph([words["slip"]], "TableTitle", properties=cut + spaced),
        paragraph([words["slip_unit"]], "TableNote", properties="<w:keepNext/>"),
        made,
        paragraph([words["slip_note"]], "TableNote"),
    ]


def _table(block: b.Block, language: str) -> str:
    width, size = points("type_width"), measure("table_size_small")
    widths = column_widths(block, width, size) or [width / len(block["columns"])] * len(block["columns"])
    return table(block, widths, size, language)
