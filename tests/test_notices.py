"""Rectification notices, read back with python-docx."""

import dataclasses
import datetime as dt

import docx as reader
import polars as pl
import pytest
from documents import parts
from docx.oxml.ns import qn

from govmedia_kit.render import notices
from govmedia_kit.schema import word_label


def with_settings(assessment, **changed):
    settings = assessment.audit.settings.model_copy(update=changed)
    return dataclasses.replace(assessment, audit=dataclasses.replace(assessment.audit, settings=settings))


@pytest.fixture(scope="module")
def made(tmp_path_factory, gansu_assessment):
    path = tmp_path_factory.mktemp("notices") / "notices.docx"
    count = notices.write(
        path,
        **parts(with_settings(gansu_assessment, issued_on=dt.date(2019, 7, 31), contact="0931-1")),
        language="zh-Hans",
    )
    return count, reader.Document(str(path))


def failed(assessment):
    return assessment.measured.filter(pl.col("verdict") == "failed")


def test_each_failing_unit_has_a_page(made, gansu_assessment):
    count, document = made
    titles = [p for p in document.paragraphs if p.style.style_id == "AnnexTitle"]
    assert count == len(titles) == failed(gansu_assessment)["unit"].n_unique()
    breaks = [p._p.pPr.find(qn("w:pageBreakBefore")) is not None for p in titles]
    assert breaks == [False] + [True] * (count - 1)


def test_a_notice_names_its_units_accounts_with_dates_and_nothing_else(made, gansu_assessment):
    _, document = made
    units = [
        p.text.removesuffix("：") for p in document.paragraphs if p.style.style_id == "Flush" and p.text.endswith("：")
    ]
    rows = failed(gansu_assessment)
    assert units == rows["unit"].unique(maintain_order=True).to_list()
    # Two tables a notice: the accounts, and the slip to send back.
    for unit, table, slip in zip(units, document.tables[::2], document.tables[1::2], strict=True):
        own = rows.filter(pl.col("unit") == unit)
        cells = [[c.text for c in row.cells] for row in table.rows][1:]
        assert [row[1] for row in cells] == own["name"].to_list()
        assert [row[2] for row in cells] == [word_label("platform", p, "zh-Hans") for p in own["platform"]]
        for row, account in zip(cells, own.iter_rows(named=True), strict=True):
            assert row[4] == ("从未更新" if account["never"] else str(account["last_post"]))
            found = gansu_assessment.findings.filter(account_id=account["account_id"], severity="veto")[
                "sentence"
            ].to_list()
            assert row[3] == "；".join(found)
        assert [row.cells[0].text for row in slip.rows][1:] == own["name"].to_list()


def test_the_deadline_counts_working_days_from_the_issue(made):
    _, document = made
    # Wednesday 2019-07-31; fifteen working days later, without holidays, is Wednesday 2019-08-21.
    told = [p.text for p in document.paragraphs if p.text.startswith("请于")]
    assert told
    assert set(told) == {
        "请于2019年8月21日前（本通知印发之日起15个工作日内）完成整改，并将回执报送甘肃省人民政府办公厅（联系方式：0931-1）。"
    }


def test_a_notice_without_a_date_counts_from_its_issue(tmp_path, gansu_assessment):
    given = parts(gansu_assessment)
    given["settings"] = given["settings"].model_copy(update={"issued_on": None})
    notices.write(tmp_path / "n.docx", **given, language="zh-Hans")
    told = [p.text for p in reader.Document(str(tmp_path / "n.docx")).paragraphs if p.text.startswith("请于")]
    assert told[0] == "请于本通知印发之日起15个工作日内完成整改，并将回执报送甘肃省人民政府办公厅。"


@pytest.mark.parametrize(
    ("issued", "days", "working", "wanted"),
    [
        (dt.date(2019, 7, 31), 1, True, dt.date(2019, 8, 1)),
        (dt.date(2019, 8, 2), 1, True, dt.date(2019, 8, 5)),
        # The national holiday of 2019 ran from 1 to 7 October; 29 September and 12 October, a Sunday and a Saturday, were worked.
        (dt.date(2019, 9, 27), 2, True, dt.date(2019, 9, 30)),
        (dt.date(2019, 9, 30), 5, True, dt.date(2019, 10, 12)),
        (dt.date(2019, 9, 30), 5, False, dt.date(2019, 10, 5)),
        (dt.date(2019, 12, 31), 60, True, dt.date(2020, 4, 1)),
    ],
)
def test_deadlines_keep_the_calendar_of_the_state_council(issued, days, working, wanted):
    assert notices.deadline(issued, days, working=working) == wanted


def test_the_rules_basis_is_quoted_once_a_unit(made, gansu_assessment):
    _, document = made
    bases = [p.text for p in document.paragraphs if p.text.startswith("依据：")]
    assert len(bases) == failed(gansu_assessment)["unit"].n_unique()
    assert all("国办秘函〔2019〕19号" in text for text in bases)


def test_a_round_without_failures_says_so(tmp_path, gansu_assessment):
    clean = dataclasses.replace(
        gansu_assessment, measured=gansu_assessment.measured.with_columns(verdict=pl.lit("passed"))
    )
    assert notices.write(tmp_path / "n.docx", **parts(clean), language="zh-Hans") == 0
    texts = [p.text for p in reader.Document(str(tmp_path / "n.docx")).paragraphs]
    assert texts == ["本轮检查没有不合格账号，不需要发整改通知单。"]


def test_the_same_round_gives_the_same_bytes(tmp_path, gansu_assessment):
    for name in ("a", "b"):
        notices.write(tmp_path / name, **parts(gansu_assessment), language="zh-Hans")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_notices_speak_the_other_languages(tmp_path, gansu_assessment, language):
    notices.write(tmp_path / "n.docx", **parts(gansu_assessment), language=language)
    title = reader.Document(str(tmp_path / "n.docx")).paragraphs[0].text
    assert (
        title == {"en": "Notice to rectify government new media accounts", "zh-Hant": "政務新媒體整改通知單"}[language]
    )
