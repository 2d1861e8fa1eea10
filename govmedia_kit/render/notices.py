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
from govmedia_kit.render import page_layout as page
from govmedia_kit.render.docx import section, with_footers
from govmedia_kit.render.docx_xml import filled, new_document, paragraph, piece, save, table, twips
from govmedia_kit.report import blocks as b
from govmedia_kit.report.phrases import date_text, phrase
from govmedia_kit.schema import word_label

__all__ = ["deadline", "failing", "write"]

# The slip's columns with their shares of the width.
SLIP = {"slip_account": 0.26, "slip_measure": 0.38, "slip_date": 0.16, "slip_person": 0.20}


def write(
    path: Path | str, *, settings: Settings, measured: pl.DataFrame, findings: pl.DataFrame, language: str
) -> int:
    """Write the notices of a round and return how many units get one.

    A round without failing accounts gives a file that says so. Doubtful: a unit with more than about eight failing
    accounts takes a second page.
    """
    words = page.document_words(language)["notice"]
    units = failing(measured, findings).partition_by("unit", maintain_order=True)
    body = [xml for i, rows in enumerate(units) for xml in _notice(rows, settings, language, words, fresh=i > 0)]
    body = body or [paragraph(words["none"], "Body")]
    document = with_footers(filled(new_document(language), "".join([*body, section()])))
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
    # Units in the order of their first account, the accounts of each together.
    first = pl.int_range(pl.len()).min().over("unit")
    return (
        measured.filter(pl.col("verdict") == "failed")
        .sort(first, maintain_order=True)
        .join(vetoes, on="account_id", how="left", maintain_order="left")
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


def _notice(rows: pl.DataFrame, settings: Settings, language: str, words: dict[str, Any], *, fresh: bool) -> list[str]:
    issuer = settings.issuer or words["nameless_issuer"]
    lead = words["lead"].format(issuer=issuer, as_of=date_text(settings.as_of, language), count=rows.height)
    semicolon = phrase("words.semicolon", language)
    bases = semicolon.join(dict.fromkeys(basis for cell in rows["basis"].to_list() for basis in cell or []))
    last = [words["basis"].format(basis=bases)] if bases else []
    last.append(_until(settings, issuer, words, language))
    signed = [b.paragraph(settings.issuer, role="signature")] if settings.issuer else []
    signed += [b.paragraph(date_text(settings.issued_on, language), role="date")] if settings.issued_on else []
    return [
        paragraph(words["title"], "AnnexTitle", piece("closer_lines", before=0), page=fresh),
        _line(words["to"].format(unit=rows["unit"][0] or ""), before=120, style="Flush"),
        _line(lead),
        _accounts(rows, words, language),
        *(_line(text, before=0 if i else 80) for i, text in enumerate(last)),
        *(_signed(block, signed) for block in signed if block["type"] == "paragraph"),
        *_slip(rows, words),
    ]


def _line(text: str, *, before: int = 0, style: str = "Body") -> str:
    return paragraph(text, style, piece("closer_lines", before=before))


def _until(settings: Settings, issuer: str, words: dict[str, Any], language: str) -> str:
    """Until when, and to whom the slip goes back."""
    limits = settings.deadlines
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


def _signed(block: b.Paragraph, signed: list[b.Block]) -> str:
    shift = page.place_of(block, signed)["shift"]
    above = piece("closer_lines", before=480 if block["role"] == "signature" else 0)
    return paragraph(block["runs"], "IssueDate", above + piece("signed", shift=twips(shift)))


def _accounts(rows: pl.DataFrame, words: dict[str, Any], language: str) -> str:
    kinds = {"number": "int", "account": "text", "platform": "text", "problem": "text", "evidence": "date"}
    heads = [{"name": name, "label": words[name], "kind": kind} for name, kind in kinds.items()]
    cells = [
        [
            i,
            row["name"],
            word_label("platform", row["platform"], language),
            phrase("words.semicolon", language).join(row["sentence"] or []),
            words["never"] if row["never"] else row["last_post"],
        ]
        for i, row in enumerate(rows.iter_rows(named=True), 1)
    ]
    block, size = b.table("notice", words["title"], heads, cells), page.measure("table_size_small")
    return table(block, page.column_widths(block, page.points("type_width"), size), size)


def _slip(rows: pl.DataFrame, words: dict[str, Any]) -> list[str]:
    """What the unit fills in and sends back: a row per account under a line to cut along."""
    heads = [{"name": name, "label": words[name], "kind": "text"} for name in SLIP]
    block = b.table("slip", words["slip"], heads, [[name, "", "", ""] for name in rows["name"]])
    widths = [page.points("type_width") * share for share in SLIP.values()]
    return [
        paragraph(words["slip"], "TableTitle", piece("cut_here")),
        paragraph(words["slip_unit"], "TableNote", kept=True),
        table(block, widths, page.measure("table_size_small"), height=piece("slip_row")),
        paragraph(words["slip_note"], "TableNote"),
    ]
