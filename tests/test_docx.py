"""The Word file against GB/T 9704-2012, read back with python-docx and from its XML."""

import datetime as dt
import re
import time
import zipfile

import docx as reader
import pytest
from documents import CHART, NAMES, RARE, SETTINGS, gansu_blocks, named_blocks, small_blocks, wide_table
from docx.oxml.ns import qn

from govmedia_kit.errors import InputError
from govmedia_kit.render import docx
from govmedia_kit.render.page_layout import measures, parts, title_lines
from govmedia_kit.report import blocks as b

MM = 72 / 25.4


def made(tmp_path, blocks, *, settings=SETTINGS, language="zh-Hans", **options):
    path = tmp_path / "bulletin.docx"
    docx.write(blocks, path, settings=settings, language=language, **options)
    return reader.Document(str(path))


def xml_of(document):
    return document.element.xml


def paragraph(document, style):
    return [p for p in document.paragraphs if p.style.style_id == style]


def spacing(p, name):
    """A spacing of a paragraph or of its style, in points."""
    element = p._p.pPr.find(qn("w:spacing"))
    if element is None or element.get(qn(f"w:{name}")) is None:
        element = p.style.element.pPr.find(qn("w:spacing"))
    return int(element.get(qn(f"w:{name}"))) / 20


def test_the_page_is_the_standards(tmp_path):
    section = made(tmp_path, small_blocks()).sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    for side, wanted in (("top", 37), ("left", 28), ("bottom", 35), ("right", 26)):
        assert getattr(section, f"{side}_margin").mm == pytest.approx(wanted, abs=0.1)
    assert (section.page_width - section.left_margin - section.right_margin) / 36000 == pytest.approx(156, abs=0.1)
    assert (section.page_height - section.top_margin - section.bottom_margin) / 36000 == pytest.approx(225, abs=0.1)


def test_a_page_holds_22_lines_of_28_characters(tmp_path):
    document = made(tmp_path, small_blocks())
    body = document.styles["公文正文"].element
    pitch = int(body.pPr.find(qn("w:spacing")).get(qn("w:line"))) / 20
    assert 22 * pitch <= 225 * MM < 23 * pitch
    size = int(body.rPr.find(qn("w:sz")).get(qn("w:val"))) / 2
    closer = int(body.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    assert size == 16
    assert 28 * (size + closer) <= 156 * MM < 29 * (size + closer)
    grid = document.sections[0]._sectPr.find(qn("w:docGrid"))
    assert int(grid.get(qn("w:linePitch"))) / 20 == pitch


def test_every_style_names_its_chinese_typeface_and_none_takes_the_themes(tmp_path):
    document = made(tmp_path, small_blocks())
    wanted = {
        "Title": ("方正小标宋简体", 22),
        "Heading 1": ("黑体", 16),
        "Heading 2": ("楷体_GB2312", 16),
        "Heading 3": ("仿宋_GB2312", 16),
        "Heading 4": ("仿宋_GB2312", 16),
        "公文正文": ("仿宋_GB2312", 16),
        "附件标识": ("黑体", 16),
        "发文机关标志": ("方正小标宋简体", None),
        "版记": (None, 14),
        "Footer": ("宋体", 14),
    }
    for name, (face, size) in wanted.items():
        properties = document.styles[name].element.rPr
        if face:
            assert properties.find(qn("w:rFonts")).get(qn("w:eastAsia")) == face, name
        own = properties.find(qn("w:sz"))
        assert size is None or own is None or int(own.get(qn("w:val"))) == size * 2, name
    with zipfile.ZipFile(tmp_path / "bulletin.docx") as package:
        for part in package.namelist():
            if part.startswith("word/") and part.endswith(".xml") and "theme" not in part:
                assert b"asciiTheme" not in package.read(part)
                assert b"eastAsiaTheme" not in package.read(part)
        assert not [n for n in package.namelist() if "thumbnail" in n]


def test_headings_make_a_navigation_pane(tmp_path):
    document = made(tmp_path, small_blocks())
    heads = [(p.style.name, p.text) for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert heads[:4] == [
        ("Heading 1", "一、总体情况"),
        ("Heading 2", "（一）登记"),
        ("Heading 3", "1. 账号"),
        ("Heading 4", "（1）平台"),
    ]
    levels = {
        s: document.styles[s].element.pPr.find(qn("w:outlineLvl")).get(qn("w:val")) for s in ("附件标识", "附件标题")
    }
    assert levels == {"附件标识": "0", "附件标题": "1"}


def test_the_red_heading_of_a_document(tmp_path):
    document = made(tmp_path, small_blocks())
    mark, number, title = (paragraph(document, s)[0] for s in ("Mark", "Number", "Title"))
    assert mark.text == "甘肃省人民政府办公厅文件"
    assert spacing(mark, "before") / MM == pytest.approx(35, abs=1)
    assert number.text == "甘政办发〔2019〕86号"
    pitch = measures()["line_pitch"]["value"]
    assert spacing(number, "before") == pytest.approx(2 * pitch, abs=1)
    line = number._p.pPr.find(qn("w:pBdr")).find(qn("w:bottom"))
    assert int(line.get(qn("w:space"))) / MM == pytest.approx(4, abs=1)
    assert line.get(qn("w:color")) == "FF0000"
    assert spacing(title, "before") == pytest.approx(2 * pitch, abs=1)
    assert spacing(paragraph(document, "Recipients")[0], "before") == pytest.approx(pitch, abs=1)
    # The mark keeps to one line of the type area.
    size = mark.runs[0].font.size.pt
    assert size * len(mark.text) <= 156 * MM


def red_lines(part) -> list[tuple[float, float]]:
    """The lines of framed paragraphs: points below the page's upper edge, and thickness."""
    found = []
    for properties in part.iter(qn("w:pPr")):
        frame, border = properties.find(qn("w:framePr")), properties.find(qn("w:pBdr"))
        if frame is not None and border is not None:
            top = border.find(qn("w:top"))
            assert (top.get(qn("w:val")), top.get(qn("w:color"))) == ("single", "FF0000")
            found.append((int(frame.get(qn("w:y"))) / 20, int(top.get(qn("w:sz"))) / 8))
    return found


def test_the_double_lines_of_a_letter(tmp_path):
    document = made(tmp_path, small_blocks(), layout="letter")
    mark, number = paragraph(document, "Mark")[0], paragraph(document, "Number")[0]
    assert mark.text == "甘肃省人民政府办公厅"
    frame = mark._p.pPr.find(qn("w:framePr"))
    assert int(frame.get(qn("w:y"))) / 20 / MM == pytest.approx(30, abs=0.2)
    assert int(frame.get(qn("w:w"))) / 20 / MM == pytest.approx(170, abs=0.2)
    assert int(frame.get(qn("w:x"))) / 20 / MM == pytest.approx(20, abs=0.2)
    lines = red_lines(document.element.body)
    assert [thickness for _, thickness in lines] == [2.25, 0.75]
    below_mark = lines[0][0] - 30 * MM - 0.95 * mark.runs[0].font.size.pt
    assert below_mark / MM == pytest.approx(4, abs=0.2)
    assert number._p.pPr.find(qn("w:jc")).get(qn("w:val")) == "right"
    section = document.sections[0]
    assert section.different_first_page_header_footer
    foot = section.first_page_footer._element
    lines = red_lines(foot)
    assert 297 - lines[0][0] / MM == pytest.approx(20, abs=0.2)
    assert [thickness for _, thickness in lines] == [0.75, 2.25]
    assert "PAGE" not in foot.xml


def test_page_numbers_are_fields_at_the_outer_edge(tmp_path):
    document = made(tmp_path, small_blocks())
    assert document.settings.odd_and_even_pages_header_footer
    section = document.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        assert [i.text.strip() for i in footer._element.iter(qn("w:instrText"))] == ["PAGE"]
        assert footer.paragraphs[0].text == "— 1 —"
        properties = footer.paragraphs[0]._p.pPr
        assert properties.find(qn("w:jc")).get(qn("w:val")) == side
        assert int(properties.find(qn("w:ind")).get(qn(f"w:{side}"))) / 20 == 14
    # The middle of the line of 14 pt is 7 mm below the type area.
    middle = 35 - section.footer_distance.mm - 7 / MM
    assert middle == pytest.approx(7, abs=1)


def test_who_signs_stands_over_the_date(tmp_path):
    document = made(tmp_path, small_blocks())
    name, date = paragraph(document, "Signature")[0], paragraph(document, "IssueDate")[0]
    right = {p: int(p._p.pPr.find(qn("w:ind")).get(qn("w:right"))) / 20 for p in (name, date)}
    assert right[date] == 4 * 16
    # Ten characters of 16 pt over six and a half: their middles are the same.
    assert right[name] + 10 * 16 / 2 == pytest.approx(right[date] + 6.5 * 16 / 2)


def test_the_imprint_has_copies_issuer_and_date_between_thick_lines(tmp_path):
    document = made(tmp_path, small_blocks())
    lines = paragraph(document, "Imprint")
    assert [p.text.strip() for p in lines if p.text.strip()] == [
        "抄送：省委办公厅，省人大常委会办公厅，省政协办公厅。",
        "甘肃省人民政府办公厅\t2019年7月31日印发",
    ]
    for p in lines:
        borders = p._p.pPr.find(qn("w:pBdr"))
        assert [int(e.get(qn("w:sz"))) / 8 / MM for e in borders] == pytest.approx([0.35, 0.35], abs=0.03)
        assert p._p.pPr.find(qn("w:framePr")).get(qn("w:yAlign")) == "bottom"
    # A letter has no lines there, and does not say who issued it.
    letter = made(tmp_path, small_blocks(), layout="letter")
    assert [p.text for p in paragraph(letter, "Imprint")] == ["抄送：省委办公厅，省人大常委会办公厅，省政协办公厅。"]


def test_annexes_begin_on_new_pages_and_their_heads_repeat(tmp_path):
    document = made(tmp_path, small_blocks())
    labels = paragraph(document, "AnnexLabel")
    assert [p.text for p in labels] == ["附件1", "附件2"]
    assert all(p._p.pPr.find(qn("w:pageBreakBefore")) is not None for p in labels)
    assert [p.text for p in paragraph(document, "AnnexTitle")] == ["不合格名单", "重复清单"]
    assert len(document.tables) == 2
    for table in document.tables:
        first, *others = table.rows
        assert first._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in others)
        assert [c.text for c in first.cells] == ["序号", "账号名称", "最后更新时间", "合格率"]
        assert [c.text for c in others[0].cells] == ["1", "甘肃发布", "2019-07-01", "78.8%"]
        assert [c.text for c in others[1].cells] == ["2", "玉门发布", "—", "—"]
        widths = [int(w.get(qn("w:w"))) for w in table._tbl.tblGrid]
        assert sum(widths) / 20 == pytest.approx(156 * MM, abs=1)


def test_names_of_annexes_stand_under_each_other(tmp_path):
    first, second = paragraph(made(tmp_path, small_blocks()), "Annexes")
    inds = [p._p.pPr.find(qn("w:ind")) for p in (first, second)]
    left, hanging = ([int(i.get(qn(f"w:{n}"))) / 20 for i in inds] for n in ("left", "hanging"))
    assert left[0] == left[1]
    # The first line begins two characters in, the next ones under its number.
    assert left[0] - hanging[0] == pytest.approx(2 * 15.79, abs=0.1)
    assert left[1] - hanging[1] == pytest.approx(5 * 15.79, abs=0.1)


def test_pictures_have_words_and_go_behind_the_annexes(tmp_path):
    document = made(tmp_path, small_blocks())
    told = [e.get("descr") for e in document.element.iter(qn("wp:docPr"))]
    assert told == [CHART["alt"]]
    order = [p.text for p in document.paragraphs if p.text in ("附件2", "附图", "方法说明")]
    assert order == ["附件2", "附图", "方法说明"]
    extent = next(document.element.iter(qn("wp:extent")))
    assert int(extent.get("cx")) / 12700 <= 156 * MM


def test_code_and_the_index_of_figures_are_not_printed(tmp_path):
    xml = xml_of(made(tmp_path, small_blocks()))
    assert "not on paper" not in xml
    assert "updates.stale" not in xml


def test_every_number_of_the_gansu_bulletin_is_in_the_file(tmp_path, gansu_assessment, gansu_figures):
    blocks = gansu_blocks(gansu_assessment, gansu_figures)
    document = made(tmp_path, blocks, settings=gansu_assessment.audit.settings)
    printed = [p.text for p in document.paragraphs]
    for block in blocks:
        if block["type"] == "paragraph":
            assert b.plain(block["runs"]) in printed
            for run in block["runs"]:
                if isinstance(run, dict) and "figure" in run:
                    assert run["text"] == gansu_figures[run["figure"]].text
    tables = [t for t in blocks if t["type"] == "table" and t["annex"]]
    assert len(document.tables) == len(tables)
    for block, table in zip(tables, document.tables, strict=True):
        assert len(table._tbl.tr_lst) == len(block["rows"]) + 1
        last = ["".join(t.text or "" for t in cell.iter(qn("w:t"))) for cell in table._tbl.tr_lst[-1].tc_lst]
        for value, column, text in zip(block["rows"][-1], block["columns"], last, strict=True):
            assert text == ("—" if value is None else f"{value:.1%}" if column["kind"] == "rate" else str(value))


def test_the_same_blocks_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        docx.write(small_blocks(), tmp_path / name, settings=SETTINGS, language="zh-Hans")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    core = reader.Document(str(tmp_path / "a")).core_properties
    assert core.created.date() == dt.date(2019, 7, 31)
    assert core.author == "甘肃省人民政府办公厅"


def test_awkward_names_come_out_as_text(tmp_path):
    document = made(
        tmp_path, named_blocks([*NAMES, *RARE]), settings=SETTINGS.model_copy(update={"issuer": "甘<省>&厅"})
    )
    cells = [row.cells[1].text for row in document.tables[0].rows][1:]
    assert cells == [*NAMES, *RARE]
    assert paragraph(document, "Mark")[0].text == "甘<省>&厅文件"
    assert paragraph(document, "Title")[0].text == "关于“<b>&”的 $通报$"


def test_what_xml_cannot_hold_is_replaced(tmp_path):
    document = made(tmp_path, named_blocks(["a\x07b\x0bc\ufffe\ud800d", "cr\r\nlf"]))
    assert [row.cells[1].text for row in document.tables[0].rows][1:] == ["a�b�c��d", "cr\nlf"]


def test_a_wide_annex_lies_across_and_the_next_page_stands_again(tmp_path):
    blocks = [b.title("通报"), b.paragraph("正文。"), wide_table(16, 3, "附件1"), b.heading(1, "方法说明")]
    told = docx.write(blocks, tmp_path / "wide.docx", settings=SETTINGS, language="zh-Hans", layout="letter")
    document = reader.Document(str(tmp_path / "wide.docx"))
    assert [round(s.page_width.mm) for s in document.sections] == [210, 297, 210]
    turned = document.sections[1]
    assert [round(getattr(turned, f"{side}_margin").mm) for side in ("top", "right", "bottom", "left")] == [
        28,
        37,
        26,
        35,
    ]
    assert [s.different_first_page_header_footer for s in document.sections] == [True, False, False]
    assert any("横排" in sentence for sentence in told)


def test_three_thousand_rows_are_written_fast(tmp_path):
    columns = [{"name": f"c{i}", "label": f"列{i}", "kind": "text"} for i in range(7)]
    rows = [
        [f"甘肃发布{i}", "微信公众号", "主办单位", "主管单位", "两周内无更新", "2019-07-01", i] for i in range(3000)
    ]
    blocks = [b.title("通报"), b.table("failed", "名单", columns, rows, annex="附件1")]
    start = time.process_time()
    docx.write(blocks, tmp_path / "long.docx", settings=SETTINGS, language="zh-Hans")
    # About 0.8 s alone; the bound leaves room for a slow machine, not for a cell-by-cell writer, which takes 40 s.
    assert time.process_time() - start < 5
    assert len(reader.Document(str(tmp_path / "long.docx")).tables[0]._tbl.tr_lst) == 3001


def test_deviations_name_what_the_standard_would_have(tmp_path):
    plain = SETTINGS.model_copy(update={"document_number": ""})
    told = docx.write([b.title("通报")], tmp_path / "a.docx", settings=plain, language="zh-Hans")
    assert told == docx.deviations([b.title("通报")], settings=plain, language="zh-Hans")
    assert any("没有发文字号" in s for s in told)
    assert any("没有成文日期" in s for s in told)
    assert any("36.5 磅" in s for s in told)
    assert docx.deviations(small_blocks(), settings=SETTINGS, language="en", layout="letter") == []


def test_traditional_chinese_and_english_have_their_own_faces_and_words(tmp_path):
    taiwan = made(tmp_path, small_blocks(), language="zh-Hant")
    assert taiwan.styles["公文正文"].element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia")) == "仿宋"
    english = made(tmp_path, [b.title("Bulletin"), b.paragraph("Text.")], language="en")
    assert paragraph(english, "Mark")[0].text == "甘肃省人民政府办公厅"
    assert paragraph(english, "Imprint")[0].text.startswith("cc: ")


def office_template(path):
    """A template as a Chinese Word makes them: its heading styles have ids that are numbers."""
    document = reader.Document()
    style = document.styles["Heading 1"].element
    style.set(qn("w:styleId"), "1")
    document.add_paragraph("某某局文件")
    document.add_paragraph("某局发 {document_number}")
    document.add_paragraph("{body}")
    document.add_paragraph("抄送：{copies}")
    document.sections[0].left_margin = 914400
    document.save(str(path))


def test_an_offices_template_keeps_its_heading_page_and_styles(tmp_path):
    office_template(tmp_path / "office.docx")
    document = made(tmp_path, small_blocks(), template=tmp_path / "office.docx")
    texts = [p.text for p in document.paragraphs if p.text]
    assert texts[:3] == [
        "某某局文件",
        "某局发 甘政办发〔2019〕86号",
        "甘肃省政府办公厅关于2019年全省\n政务新媒体检查情况的通报",
    ]
    assert texts[-1] == "抄送：省委办公厅，省人大常委会办公厅，省政协办公厅"
    assert document.sections[0].left_margin == 914400
    heads = [p for p in document.paragraphs if p.text == "一、总体情况"]
    assert heads[0].style.style_id == "1"
    assert document.styles["公文正文"].element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia")) == "仿宋_GB2312"
    assert not re.search(r"\{\w+\}", "".join(texts))


def test_a_template_that_is_no_word_file_is_an_error(tmp_path):
    (tmp_path / "x.docx").write_text("no zip", encoding="utf-8")
    for name in ("x.docx", "missing.docx"):
        with pytest.raises(InputError) as error:
            made(tmp_path, small_blocks(), template=tmp_path / name)
        assert name in error.value.say("zh-Hans")


def test_titles_break_between_words():
    assert title_lines("关于2024年第三季度全省政府网站与政务新媒体检查抽查情况的通报", 20) == [
        "关于2024年第三季度全省",
        "政府网站与政务新媒体检查抽查情况的通报",
    ]
    assert title_lines("关于情况的通报", 20) == ["关于情况的通报"]
    for line in title_lines(
        "某某省人民政府办公厅关于2024年第三季度全省政府网站与政务新媒体检查抽查情况的通报的补充通知", 20
    ):
        assert 4 <= len(line) <= 22
        assert line[0] not in "的，。年"


def test_each_measure_says_its_clause_and_strength():
    for name, row in measures().items():
        assert row["strength"] in {"规定", "推荐", "实务", "推算"}, name
        assert row["unit"] in {"mm", "pt", "char", "line"}, name
        assert row["clause"] or row["strength"] == "实务", name


def test_parts_order_text_annexes_pictures_rest():
    made = parts(small_blocks(), "zh-Hans")
    assert [p.blocks[0].get("annex") or p.blocks[0]["text"] for p in made[1:]] == ["附件1", "附件2", "附图", "方法说明"]
    assert all(block["type"] not in ("code", "chart") for block in made[0].blocks)


def test_no_seal_stands_on_an_empty_page(tmp_path):
    blocks = [
        b.title("通报"),
        b.paragraph("首段。"),
        b.paragraph("末段。"),
        b.paragraph("附件：1. 名单", role="annexes"),
    ]
    blocks += [b.paragraph("某局", role="signature"), b.paragraph("2019年7月31日", role="date")]
    kept = {p.text: p._p.pPr.find(qn("w:keepNext")) is not None for p in paragraph(made(tmp_path, blocks), "Body")}
    assert kept == {"首段。": False, "末段。": True}
