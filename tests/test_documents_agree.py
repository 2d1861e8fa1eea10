"""One bulletin in every format and language: the same sentences, and every number a figure's."""

import json
import re
import tomllib
from pathlib import Path

import nbformat
import openpyxl
import pytest

from govmedia_kit.read.sources.document_text import text_of_document
from govmedia_kit.render.notebook import blocks_of
from govmedia_kit.report.blocks import plain
from govmedia_kit.run.bulletin import make_bulletin

WORDS = Path(__file__).parents[1] / "govmedia_kit" / "resources" / "words"
# What a sentence may hold that is no figure: dates, the period, the confidence level, names of documents, days of a rule
# or a deadline, the numbers of annexes and heads.
FACTS = re.compile(
    r"\d{4}年\d{1,2}月\d{1,2}日|\d{1,2} [A-Z][a-z]+ \d{4}|〔\d{4}〕\d+号?|95%|\d+\.\d%至\d+\.\d%|\d+\.\d% to \d+\.\d%"
    r"|共90天|90 days|期限[为為]\d+[天个個]|\d+[个個]?工作日|\d+ working days|more than \d+( working)?|[前內内]\d天|in the \d days|Annex \d|附件\d+"
    r"|（\d）|\(\d\)|[连連][续續]\d+|超[过過]\d[周週个個]|恰[为為]14天|exactly 14 days|开设3个|開設3個|3个以上|3個以上|^\d+\. "
)


@pytest.fixture(
    scope="module", params=["zh-Hans", *(pytest.param(name, marks=pytest.mark.slow) for name in ("zh-Hant", "en"))]
)
def folder(request, gansu, kernel, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("三种语言") / request.param
    layout = "letter" if request.param == "zh-Hant" else "document"
    return make_bulletin(gansu, out, kernel=kernel, language=request.param, layout=layout)


@pytest.fixture(scope="module")
def blocks(folder):
    return blocks_of(nbformat.read(folder / "bulletin.ipynb", as_version=4))


@pytest.fixture(scope="module")
def figures(folder) -> dict:
    return {f["id"]: f for f in json.loads((folder / "figures.json").read_text(encoding="utf-8"))}


def paragraphs(blocks) -> list:
    return [b for b in blocks if b["type"] == "paragraph" and b["role"] == "body"]


def test_every_linked_number_is_the_text_of_its_figure(blocks, figures):
    linked = [r for p in paragraphs(blocks) for r in p["runs"] if isinstance(r, dict) and "figure" in r]
    assert len(linked) > 40
    assert {(r["figure"], r["text"]) for r in linked} == {(r["figure"], figures[r["figure"]]["text"]) for r in linked}


def test_no_sentence_holds_a_number_that_is_no_figure(blocks):
    """What is left of the text once figures and the facts listed above are taken out has no digit in it."""
    # The method note defines the numbers; it prints none.
    heads = [
        i for i, b in enumerate(blocks) if b["type"] == "heading" and b["text"] in ("方法说明", "方法說明", "Method")
    ]
    left = []
    for block in paragraphs(blocks[: heads[0]]):
        text = "".join(run if isinstance(run, str) else "" for run in block["runs"])
        left += re.findall(r"[^。.；;]*\d[^。.；;]*", FACTS.sub("", text))
    assert left == []


def test_every_sentence_stands_in_every_format(folder, blocks):
    texts = {kind: text_of_document(folder / f"bulletin.{kind}") for kind in ("docx", "pdf", "html")}
    # A page breaks words at a hyphen.
    bare = {kind: re.sub(r"[\s\u00ad\u2010-]", "", text) for kind, text in texts.items()}
    for block in paragraphs(blocks):
        said = re.sub(r"[\s-]", "", plain(block["runs"]))
        assert [kind for kind, text in bare.items() if said not in text] == [], said


def test_the_annexes_stand_in_the_workbook_row_by_row(folder, blocks):
    book = openpyxl.load_workbook(folder / "annexes.xlsx")
    for table in (b for b in blocks if b["type"] == "table" and b["annex"]):
        sheet = next(s for s in book.worksheets if s.title.startswith(table["annex"].strip() + " "))
        held = [[str(c) for c in row if c is not None] for row in sheet.iter_rows(values_only=True)]
        for row in table["rows"]:
            texts = [str(v) for v in row if isinstance(v, str) and not re.match(r"\d{4}-", v)]
            assert any(all(text in cells for text in texts) for cells in held), row


def test_every_evidence_table_is_in_the_folder(folder, figures):
    book = openpyxl.load_workbook(folder / "annexes.xlsx", read_only=True)
    assert (folder / "measured.parquet").is_file()
    assert len(book.sheetnames) >= 8
    assert {f["evidence"]["table"] for f in figures.values() if f["value"] is not None} <= {
        "measured",
        "findings",
        "search",
        "set_aside",
    }


def test_the_bulletins_own_arithmetic_holds(folder):
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["arithmetic"]
    assert told["impossible"] == []
    assert told["checked"] >= 3


def test_names_of_units_and_accounts_are_never_converted(folder, blocks):
    failed = next(b for b in blocks if b["type"] == "table" and b["id"] == "failed")
    unit = [c["name"] for c in failed["columns"]].index("unit")
    assert {"甘肃省司法厅", "玉门市人民政府"} <= {row[unit] for row in failed["rows"]}


def test_the_two_catalogues_have_the_same_keys_and_braces():
    chinese, english = (tomllib.loads((WORDS / f"{n}.toml").read_text(encoding="utf-8")) for n in ("zh", "en"))

    def shape(words: dict) -> dict:
        return {
            f"{chapter}.{key}": sorted(set(re.findall(r"\{([^}|]+)\}", str(value)))) if chapter != "words" else []
            for chapter, said in words.items()
            for key, value in said.items()
        }

    assert shape(chinese) == shape(english)
