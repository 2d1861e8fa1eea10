"""Documents read back as text: our own, and small ones by hand."""

from typing import get_args, get_type_hints

import pytest
from documents import SETTINGS, every_kind, gansu_blocks, named_blocks, small_blocks

from govmedia_kit.errors import InputError
from govmedia_kit.proofread.verifying import verify_file
from govmedia_kit.read.sources.document_text import _paragraphs, text_of_document
from govmedia_kit.render import docx, html, pdf
from govmedia_kit.report.blocks import Block, Blocks


def test_word_text_has_a_line_per_paragraph_and_tabs_between_cells(tmp_path):
    docx.write(small_blocks(), tmp_path / "a.docx", settings=SETTINGS, language="zh-Hans")
    lines = text_of_document(tmp_path / "a.docx").split("\n")
    assert "检查账号283个。要点" in lines
    assert "1\t甘肃发布\t2019-07-01\t78.8%" in lines
    assert "甘肃省政府办公厅关于2019年全省政务新媒体检查情况的通报" in lines


def test_every_sentence_of_the_bulletin_is_whole_in_every_format(tmp_path, gansu_assessment, gansu_figures):
    blocks, settings = gansu_blocks(gansu_assessment, gansu_figures), gansu_assessment.audit.settings
    docx.write(blocks, tmp_path / "a.docx", settings=settings, language="zh-Hans")
    pdf.write(blocks, tmp_path / "a.pdf", settings=settings, language="zh-Hans")
    (tmp_path / "a.html").write_text(html.page(blocks, language="zh-Hans"), encoding="utf-8")
    texts = {kind: text_of_document(tmp_path / f"a.{kind}") for kind in ("docx", "pdf", "html")}
    for block in blocks:
        if block["type"] == "paragraph" and block["role"] == "body":
            said = "".join(run if isinstance(run, str) else run["text"] for run in block["runs"])
            for kind, text in texts.items():
                whole = text.replace(" ", "").replace("\n", "") if kind == "pdf" else text
                assert (said.replace(" ", "") if kind == "pdf" else said) in whole, kind
    # A PDF's lines are paragraphs again: its longest sentence stands in one.
    first = next(line for line in texts["docx"].split("\n") if line.startswith("本次检查的监测时间点"))
    assert first in texts["pdf"].split("\n")


def test_every_kind_of_block_is_printed_in_every_format(tmp_path):
    kinds = {get_args(get_type_hints(kind)["type"])[0] for kind in get_args(Block)}
    assert {block["type"] for block in every_kind()} == kinds
    docx.write(every_kind(), tmp_path / "a.docx", settings=SETTINGS, language="zh-Hans")
    pdf.write(every_kind(), tmp_path / "a.pdf", settings=SETTINGS, language="zh-Hans")
    (tmp_path / "a.html").write_text(html.page(every_kind(), language="zh-Hans"), encoding="utf-8")
    for kind in ("docx", "pdf", "html"):
        text = text_of_document(tmp_path / f"a.{kind}")
        assert [words for words in ("（1）平台", "第二项", "玉门发布", "shape: (2, 3)") if words not in text] == [], (
            kind
        )


def test_the_page_and_the_notebook_show_a_block_alike():
    blocks = [block for block in small_blocks() if block["type"] != "code"]
    shown = Blocks(blocks)._repr_mimebundle_()["text/html"].split("\n")
    page = html.page(blocks, language="zh-Hans").split("\n")
    assert len(shown) == len(blocks)
    assert [line for line in shown if line not in page] == []


def test_a_page_holds_no_half_of_a_character():
    page = html.page(named_blocks(["a\ud800b", "c\ufffed"]), language="zh-Hans")
    assert "a�b" in page
    assert "c�d" in page
    assert page.encode("utf-8")


def test_a_word_divided_at_a_lines_end_is_one_word():
    lines = [
        "Of the accounts that were checked, 12.4% (95% confi\u00ad",
        "dence interval 9.0% to 16.7%) have an inter-",
        "val.",
    ]
    assert _paragraphs(lines) == (
        "Of the accounts that were checked, 12.4% (95% confidence interval 9.0% to 16.7%) have an interval."
    )
    assert _paragraphs(["answered in time by the estimate of Kaplan-", "Meier"]).endswith("Kaplan-Meier")


def test_an_english_pdf_divides_no_word_and_no_date(tmp_path):
    said = "Of the 283 accounts checked, 35 had no update, 12.4% (95% confidence interval 9.0% to 16.7%). " * 9
    blocks = [{"type": "paragraph", "role": "body", "runs": [said + "The last post is of 2019-06-28."]}]
    pdf.write([small_blocks()[0], *blocks], tmp_path / "a.pdf", settings=SETTINGS, language="en")
    text = text_of_document(tmp_path / "a.pdf")
    assert "\u00ad" not in text
    assert text.count("confidence interval") == 9
    assert "2019-06-28" in text


def test_html_gives_what_a_reader_sees(tmp_path):
    page = (
        "<html><head><title>no</title><style>p {}</style></head><body><nav>no</nav><h1>通报</h1>\n<p>检查<b>283</b>个，"
        "合格率 &lt; 80%。</p><script>no()</script><table><tr><th>平台</th><td>微信</td></tr></table><svg><text>no</text></svg>"
    )
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert text_of_document(tmp_path / "a.html") == "通报\n检查283个，合格率 < 80%。\n平台\t微信"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_is_read_in_the_encodings_of_offices(tmp_path, encoding):
    (tmp_path / "a.txt").write_text("合格率为78.8%，含㐂。", encoding=encoding)
    assert text_of_document(tmp_path / "a.txt") == "合格率为78.8%，含㐂。"


@pytest.mark.parametrize(("name", "content"), [("a.docx", b"no zip"), ("a.doc", b"x"), ("a.pdf", b"no pdf")])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        text_of_document(tmp_path / name)
    assert name in error.value.say("zh-Hans")
    with pytest.raises(InputError) as error:
        text_of_document(tmp_path / "missing.txt")
    assert "missing.txt" in error.value.say("en")


def test_a_text_of_notepad_in_utf_16_is_verified_as_the_same_in_utf_8(tmp_path):
    for encoding in ("utf-8", "utf-16"):
        (tmp_path / f"{encoding}.txt").write_text("共检查1010个，不合格28个，合格率91.9%。", encoding=encoding)
        (tmp_path / f"{encoding}.html").write_text("<p>共检查1010个，不合格28个，合格率91.9%。", encoding=encoding)
    found = [
        verify_file(tmp_path / f"{e}.{kind}")["verdict"].to_list()
        for e in ("utf-8", "utf-16")
        for kind in ("txt", "html")
    ]
    assert found == [["impossible"]] * 4


def test_what_is_left_open_or_commented_out_in_a_page_hides_no_text(tmp_path):
    page = "<div><p>一<span>二<!-- 三 -->四</p><ul><li>五<li>六</ul>七<script>八</script>九"
    (tmp_path / "a.htm").write_text(page, encoding="gb18030")
    assert text_of_document(tmp_path / "a.htm") == "一二四\n五\n六\n七九"
