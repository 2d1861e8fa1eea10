"""The documents opened by another program than those that made them: LibreOffice prints all that stands in them."""

import os
import re
import subprocess
from pathlib import Path

import docx
import openpyxl
import pylopdf_fonts_zh_cn
import pytest
from pypdf import PdfReader

# LibreOffice takes its time: ten seconds to open a document.
pytestmark = [pytest.mark.office, pytest.mark.slow]


def converted(source, folder, kind):
    """A document as LibreOffice writes it in another format, with a profile of its own and the kit's Chinese fonts."""
    fonts = folder / "fonts.conf"
    places = f"<dir>{Path(pylopdf_fonts_zh_cn.sans_path()).parent}</dir><cachedir>{folder / 'cache'}</cachedir>"
    fonts.write_text(f"<fontconfig>{places}</fontconfig>", encoding="utf-8")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", kind, "--outdir", str(folder), str(source)]
    subprocess.run(
        command, check=True, capture_output=True, timeout=300, env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
    )
    return folder / f"{source.stem}.{kind}"


def bare(text):
    return re.sub(r"\s", "", text)


def values(sheet):
    """The cells of a sheet; an empty text is an empty cell, and LibreOffice keeps fifteen digits of a number."""
    cells = ([cell.value for cell in row] for row in sheet.iter_rows())
    return [[round(v, 10) if isinstance(v, float) else None if v == "" else v for v in row] for row in cells]


def test_every_paragraph_of_the_word_file_is_printed(gansu_bulletin, tmp_path):
    source = gansu_bulletin / "bulletin.docx"
    pages = [bare(page.extract_text()) for page in PdfReader(converted(source, tmp_path, "pdf")).pages]
    printed = "".join(pages)
    wanted = [bare(paragraph.text) for paragraph in docx.Document(str(source)).paragraphs]
    # A paragraph that runs on to the next page has the number of the page between its lines.
    lost = [text for text in wanted if text and text not in printed and text[:12] not in printed]
    assert lost == []
    assert len([text for text in wanted if text]) > 60
    assert all(pages)


def test_the_workbook_holds_the_same_cells_when_it_is_saved_again(gansu_bulletin, tmp_path):
    source = gansu_bulletin / "annexes.xlsx"
    again = openpyxl.load_workbook(converted(source, tmp_path, "xlsx"))
    before = openpyxl.load_workbook(source)
    assert again.sheetnames == before.sheetnames
    for name in before.sheetnames:
        assert values(again[name]) == values(before[name])
        assert all(cell.data_type != "f" for row in again[name].iter_rows() for cell in row)
