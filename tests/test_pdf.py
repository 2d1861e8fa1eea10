"""The PDF against GB/T 9704-2012: its text by pdftotext, its ink by the pixels of its pages."""

import itertools
import re
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
from documents import NAMES, RARE, SETTINGS, gansu_blocks, named_blocks, small_blocks, wide_table

from govmedia_kit.errors import InputError
from govmedia_kit.render import pdf
from govmedia_kit.render.fonts import _characters, faces, lacking, pngs, subset
from govmedia_kit.report import blocks as b

DOTS = 254  # to the inch: ten to the millimetre


def made(tmp_path, blocks, *, settings=SETTINGS, language="zh-Hans", **options):
    path = tmp_path / "bulletin.pdf"
    pdf.write(blocks, path, settings=settings, language=language, **options)
    return path


def run(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, check=True).stdout


def text_of(path, *options):
    return run("pdftotext", *options, path, "-").decode().replace("\u200b", "")


def joined(text):
    """Text without its line ends and spaces."""
    return re.sub(r"\s", "", text)


def ink(path, page=1, *, red=False):
    """The rows and columns, in millimetres, where a page has ink: pairs (y, x) of every pixel that is dark, or red."""
    data = run("pdftoppm", "-r", DOTS, "-f", page, "-l", page, path)
    _, size, _, pixels = data.split(b"\n", 3)
    width, height = map(int, size.split())
    found = []
    for y in range(height):
        row = pixels[3 * width * y : 3 * width * (y + 1)]
        if row.count(255) == len(row):
            continue
        for x in range(width):
            r, g = row[3 * x], row[3 * x + 1]
            if (r > 180 and g < 100) if red else r < 128:
                found.append((y / 10, x / 10))
    return found


def bands(rows, apart=0.3):
    """Heights of ink as bands (top, bottom) with white between them."""
    made = []
    for y in sorted(set(rows)):
        if made and y - made[-1][1] <= apart:
            made[-1][1] = y
        else:
            made.append([y, y])
    return made


@pytest.mark.poppler
def test_a_page_holds_22_lines_of_28_characters_at_their_places(tmp_path):
    path = made(tmp_path, [b.paragraph("甘" * 2500)], settings=SETTINGS.model_copy(update={"issuer": "", "copies": ""}))
    assert run("pdfinfo", path).decode().count("595.276 x 841.89 pts (A4)") == 1
    lines = [line for line in text_of(path, "-f", 2, "-l", 2).split("\n") if "甘" in line]
    assert [len(line) for line in lines] == [28] * 22
    boxes = re.findall(
        r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="[\d.]+">甘',
        text_of(path, "-bbox", "-f", 2, "-l", 2),
    )
    left, top, right = ([float(box[i]) for box in boxes] for i in range(3))
    mm = 72 / 25.4
    assert min(left) / mm == pytest.approx(28, abs=0.3)
    assert max(right) / mm == pytest.approx(184, abs=0.3)
    pitches = [later - earlier for earlier, later in itertools.pairwise(top)]
    assert pitches == pytest.approx([28.95] * 21, abs=0.02)
    # The ink of the page fills the type area: 37 mm from the top to 35 mm from the bottom, half a line's gap aside.
    rows = [y for y, _ in ink(path, 2) if y < 262]
    assert min(rows) == pytest.approx(37, abs=3.5)
    assert max(rows) == pytest.approx(262, abs=3.5)


@pytest.mark.poppler
def test_the_red_heading_of_a_document_in_millimetres(tmp_path):
    path = made(tmp_path, small_blocks())
    red = ink(path, red=True)
    mark, line = bands([y for y, _ in red], apart=5)[:2]
    assert mark[0] == pytest.approx(37 + 35, abs=1)
    xs = [x for y, x in red if line[0] <= y <= line[1]]
    assert (min(xs), max(xs)) == pytest.approx((28, 184), abs=0.5)
    number = [band for band in bands([y for y, _ in ink(path)]) if band[1] < line[0]][-1]
    assert line[0] - number[1] == pytest.approx(4, abs=1)


@pytest.mark.poppler
def test_the_double_lines_of_a_letter_in_millimetres(tmp_path):
    path = made(tmp_path, small_blocks(), layout="letter")
    red = ink(path, red=True)
    across = {}
    for y, x in red:
        across.setdefault(y, []).append(x)
    lines = bands([y for y, xs in across.items() if len(xs) > 1500], apart=0.11)
    thick, thin, thin_below, thick_below = lines
    assert thick[1] - thick[0] > thin[1] - thin[0]
    assert thick_below[1] - thick_below[0] > thin_below[1] - thin_below[0]
    mark = [y for y in across if y < thick[0] - 0.2]
    assert min(mark) == pytest.approx(30, abs=1)
    assert thick[0] - max(mark) == pytest.approx(4, abs=1.2)
    assert 297 - thick_below[1] == pytest.approx(20, abs=1)
    for band in (thick, thick_below):
        xs = across[band[0]]
        assert (min(xs), max(xs)) == pytest.approx((20, 190), abs=0.5)
    # No number on the first page, and one on the second.
    assert "—1—" not in joined(text_of(path, "-l", 1))
    assert "—2—" in joined(text_of(path, "-f", 2, "-l", 2))


@pytest.mark.poppler
def test_page_numbers_stand_7_mm_below_at_the_outer_edge(tmp_path):
    path = made(tmp_path, small_blocks())
    for page, side in ((1, max), (2, min)):
        below = [(y, x) for y, x in ink(path, page) if y > 263]
        # The columns at the outer edge are the dash's own.
        edge = side(x for _, x in below)
        dash = [y for y, x in below if abs(x - edge) < 1]
        assert sum(dash) / len(dash) == pytest.approx(37 + 225 + 7, abs=1)
        assert edge == pytest.approx(184 - 4.9 if page == 1 else 28 + 4.9, abs=1)


@pytest.mark.poppler
def test_the_imprint_is_at_the_foot_of_an_even_page(tmp_path):
    path = made(tmp_path, small_blocks())
    pages = int(re.search(r"Pages:\s+(\d+)", run("pdfinfo", path).decode())[1])
    assert pages % 2 == 0
    last = text_of(path, "-f", pages)
    assert "抄送：省委办公厅，省人大常委会办公厅，省政协办公厅。" in joined(last)
    assert "2019年7月31日印发" in joined(last)
    rows = [y for y, _ in ink(path, pages) if y < 263]
    assert max(rows) == pytest.approx(262, abs=1)


@pytest.mark.poppler
def test_who_signs_stands_over_the_date(tmp_path):
    boxes = re.findall(
        r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="[\d.]+">(甘肃省人民政府办公厅|2019年7月31日)<',
        text_of(made(tmp_path, small_blocks()), "-bbox"),
    )
    name, date = boxes[0], boxes[1]
    assert (name[3], date[3]) == ("甘肃省人民政府办公厅", "2019年7月31日")
    middle = [(float(box[0]) + float(box[2])) / 2 for box in (name, date)]
    # Digits of this face are a little wider than half a character.
    assert middle[0] == pytest.approx(middle[1], abs=4)
    assert float(date[2]) == pytest.approx(184 * 72 / 25.4 - 64, abs=2)


@pytest.mark.poppler
def test_fonts_are_embedded_and_the_file_is_an_archive_with_outline_and_alt_texts(tmp_path):
    path = made(tmp_path, small_blocks())
    fonts = run("pdffonts", path).decode().splitlines()[2:]
    assert fonts
    for line in fonts:
        assert "Type 3" not in line
        assert re.search(r"\byes\s+(yes|no)\s+yes\b", line), line
    data = path.read_bytes()
    assert b"<pdfaid:part>2</pdfaid:part>" in data
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in data
    assert b"/Outlines" in data
    assert b"/Alt" in data
    assert b"/Lang" in data


def test_the_same_blocks_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        pdf.write(small_blocks(), tmp_path / name, settings=SETTINGS, language="zh-Hans")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.poppler
def test_every_number_of_the_gansu_bulletin_is_in_the_file(tmp_path, gansu_assessment, gansu_figures):
    blocks = gansu_blocks(gansu_assessment, gansu_figures)
    path = made(tmp_path, blocks, settings=gansu_assessment.audit.settings)
    printed = re.sub(r"—\d+—", "", joined(text_of(path)))
    for block in blocks:
        if block["type"] == "paragraph":
            assert joined(b.plain(block["runs"])) in printed
        if block["type"] == "table" and block["annex"]:
            assert joined(block["annex"] + block["caption"]) in printed
    failed = next(t for t in blocks if t.get("id") == "failed")
    for row in failed["rows"]:
        assert row[1] in printed
        assert row[-1] is None or row[-1] in printed


@pytest.mark.poppler
def test_awkward_names_come_out_as_text(tmp_path):
    path = made(tmp_path, named_blocks(NAMES), settings=SETTINGS.model_copy(update={"copies": "#a $b <c>"}))
    printed = joined(text_of(path))
    for name in NAMES:
        assert joined(name) in printed
    assert "抄送：#a$b<c>。" in printed


@pytest.mark.poppler
def test_a_character_that_no_font_holds_is_marked_and_told(tmp_path):
    blocks = named_blocks(["甲𠮷乙", "丙\x07丁", *RARE])
    told, lost = pdf.write(blocks, tmp_path / "m.pdf", settings=SETTINGS, language="zh-Hans")
    assert set("𠮷😀ئབ") <= set(lost)
    assert any("𠮷" in sentence and "〓" in sentence for sentence in told)
    printed = joined(text_of(tmp_path / "m.pdf"))
    assert "甲〓乙" in printed
    assert "丙〓丁" in printed


@pytest.mark.poppler
def test_traditional_chinese_loses_no_glyph(tmp_path):
    said = "關於2019年全省政務新媒體檢查情況的通報，帳號、為、裡、臺灣、號碼、檢查時間範圍、關停註銷、審核、覈實"
    path = made(tmp_path, [b.title("通報"), b.paragraph(said)], language="zh-Hant")
    assert joined(said) in joined(text_of(path))
    assert lacking(said, faces().characters) == []


def test_an_offices_own_fonts_are_used_and_named(tmp_path, monkeypatch):
    import pylopdf_fonts_zh_cn as package

    folder = tmp_path / "fonts"
    folder.mkdir()
    # A font that calls itself SimHei: the kit's own, its family's name replaced by one of the same length.
    data = Path(package.sans_path()).read_bytes()
    renamed = data.replace("Noto Sans SC".encode("utf-16-be"), "SimHei".ljust(12).encode("utf-16-be"))
    (folder / "hei.otf").write_bytes(renamed)
    monkeypatch.setenv("GOVMEDIA_FONT_DIR", str(folder))
    assert "SimHei" in {family.strip() for family in faces().families}
    monkeypatch.setenv("GOVMEDIA_FONT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(InputError) as error:
        faces()
    assert "nowhere" in error.value.say("zh-Hans")


def collection(*fonts: bytes) -> bytes:
    """Fonts as one file (.ttc): each behind the other, the offsets of its tables counted from the file's beginning."""
    starts = [12 + 4 * len(fonts) + sum(map(len, fonts[:i])) for i in range(len(fonts))]
    made = struct.pack(f">4sII{len(fonts)}I", b"ttcf", 0x00010000, len(fonts), *starts)
    for start, font in zip(starts, fonts, strict=True):
        moved = bytearray(font)
        for at in range(20, 12 + 16 * int.from_bytes(font[4:6], "big"), 16):
            moved[at : at + 4] = (int.from_bytes(font[at : at + 4], "big") + start).to_bytes(4, "big")
        made += moved
    return made


def test_a_collection_holds_the_characters_of_each_of_its_faces(tmp_path):
    (tmp_path / "two.ttc").write_bytes(collection(subset("通"), subset("报")))
    assert {chr(point) for point in _characters(tmp_path / "two.ttc")} == {"通", "报"}


def test_which_face_stands_for_which_is_told():
    told = pdf.deviations(small_blocks(), settings=SETTINGS, language="zh-Hans")
    assert any("仿宋_GB2312" in s and "Noto Serif SC" in s for s in told)
    assert any("黑体" in s and "Noto Sans SC" in s for s in told)


@pytest.mark.poppler
def test_a_wide_annex_lies_across_with_its_number_where_others_have_it(tmp_path):
    blocks = [
        b.title("通报"),
        b.paragraph("正文。"),
        wide_table(16, 3, "附件1"),
        b.heading(1, "方法说明"),
        b.paragraph("文。"),
    ]
    path = made(tmp_path, blocks)
    sizes = re.findall(r"size:\s+([\d.]+) x ([\d.]+)", run("pdfinfo", "-l", 3, path).decode())
    assert [float(w) > float(h) for w, h in sizes] == [False, True, False]
    # The foot of the upright page is the left side of this one: the dash is 7 mm from the type area there.
    left = [x for _, x in ink(path, 2) if x < 34]
    assert sum(left) / len(left) == pytest.approx(35 - 7, abs=1.5)


def test_pictures_are_drawn_with_their_chinese_words():
    with_words, without = pngs([small_blocks()[10]["svg"], small_blocks()[10]["svg"].replace("每个单位的账号数", "")])
    assert with_words[:4] == b"\x89PNG"
    assert len(with_words) > len(without) + 1000
    assert int.from_bytes(with_words[16:20], "big") == 1200


@pytest.mark.poppler
def test_word_and_pdf_say_the_same(tmp_path, gansu_assessment, gansu_figures):
    from govmedia_kit.read.sources.document_text import text_of_document
    from govmedia_kit.render import docx

    blocks = gansu_blocks(gansu_assessment, gansu_figures)
    settings = gansu_assessment.audit.settings
    docx.write(blocks, tmp_path / "a.docx", settings=settings, language="zh-Hans")
    assert zipfile.is_zipfile(tmp_path / "a.docx")
    word = text_of_document(tmp_path / "a.docx")
    paper = joined(text_of(made(tmp_path, blocks, settings=settings)))
    sentences = [line for line in word.split("\n") if line.endswith("。") and "\t" not in line]
    assert len(sentences) > 15
    for line in sentences:
        assert joined(line) in re.sub(r"—\d+—", "", paper)


@pytest.mark.poppler
def test_no_seal_stands_on_an_empty_page(tmp_path):
    # Whatever the length of the text: the page of the signature has a sentence of it.
    for lines in range(6, 14):
        body = [b.paragraph(f"第{i}段。") for i in range(lines)]
        blocks = [
            b.title("通报"),
            *body,
            b.paragraph("附件：1. 名单", role="annexes"),
            b.paragraph("2. 清单", role="annexes"),
        ]
        path = made(
            tmp_path, [*blocks, b.paragraph("甲局", role="signature"), b.paragraph("2019年7月31日", role="date")]
        )
        pages = text_of(path).split("\f")
        assert "段。" in next(page for page in pages if "甲局" in page.replace("甘肃省", ""))
