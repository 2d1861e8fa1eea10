"""Hostile and damaged files end in rows or in a sentence: never a traceback, never ten seconds, never a gigabyte.

`GOVMEDIA_FUZZ=20000` reads so many damaged files instead of the usual number.
"""

import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import fuzz_reading
import pytest

NUMBER = int(os.environ.get("GOVMEDIA_FUZZ", "300"))
MEGABYTE = 1 << 20
WEIBO = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户\n"

# Reads one file in a process of its own, and says what came of it, in how many seconds and megabytes.
ALONE = """
import json, re, sys, time
sys.path.insert(0, sys.argv[2])
from fuzz_reading import outcome
from pathlib import Path
began = time.perf_counter()
wrong = outcome(Path(sys.argv[1]))
seconds = time.perf_counter() - began
# The peak of this process alone: getrusage would count what its parent had when it was forked.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text(encoding="utf-8")).group(1)) / 1024
print(json.dumps([wrong, seconds, peak]))
"""


@pytest.mark.slow
def test_damaged_samples_end_in_rows_or_in_a_sentence():
    failures, slowest = fuzz_reading.run(NUMBER, seed=1)
    assert failures == []
    assert slowest < fuzz_reading.SECONDS


def book(path: Path, sheet: str) -> None:
    """A workbook with one hand-made sheet."""
    types = (  # what makes a folder of XML a workbook
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    )
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{}" Target="{}"/></Relationships>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", types)
        file.writestr("_rels/.rels", relations.format(f"{office}/officeDocument", "xl/workbook.xml"))
        file.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        file.writestr("xl/_rels/workbook.xml.rels", relations.format(f"{office}/worksheet", "worksheets/sheet1.xml"))
        file.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>'
        )


def a_million_empty_cells(path: Path) -> None:
    row = "".join(f'<c r="{letter}{{0}}"/>' for letter in "ABCDEFGHIJKLMNOPQRST")
    book(path, "".join(f'<row r="{i}">{row.format(i)}</row>' for i in range(1, 50_001)))


def a_cell_in_the_last_corner(path: Path) -> None:
    book(
        path,
        '<row r="1"><c r="A1" t="inlineStr"><is><t>平台</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    )


def a_zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
            with file.open(name, "w", force_zip64=True) as inner:
                for _ in range(600):
                    inner.write(b" " * MEGABYTE)


def a_line_of_100_mb(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(WEIBO + "5300219279930202,R05HFFFiy,")
        for _ in range(100):
            file.write("x" * MEGABYTE)
        file.write(",,,,,2026-05-19 09:30,x,1,2,3,,\n")


def a_json_line_of_100_mb(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '{"_id": "5300219279930202", "mblogid": "R05HFFFiy", "created_at": "2026-05-19 09:30:12", "reposts_count": 1, '
        )
        file.write(
            '"comments_count": 1, "attitudes_count": 1, "url": "https://weibo.com/7900000001/R05HFFFiy", "content": "'
        )
        for _ in range(100):
            file.write("x" * MEGABYTE)
        file.write('"}\n')


def text(content: str):
    return lambda path: path.write_text(content, encoding="utf-8")


LOL = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
HOSTILE = {
    "zip_bomb.xlsx": a_zip_bomb,
    "empty_cells.xlsx": a_million_empty_cells,
    "last_corner.xlsx": a_cell_in_the_last_corner,
    "long_line.csv": a_line_of_100_mb,
    "long_line.jsonl": a_json_line_of_100_mb,
    "nul.csv": lambda path: path.write_bytes(b"\x00" * 5_000_000),
    "nul_in_cells.csv": text(WEIBO + "5300219279930202\x00,R05HFFFiy\x00,a\x00b,,,,,2026-05-19,x,1,2,3,,\n" * 1000),
    "quotes.csv": text(WEIBO + '"' * 2_000_001),
    "commas.csv": text("," * 3_000_000),
    "deep.json": text("[" * 200_000 + "]" * 200_000),
    "deep_objects.json": text('{"a":' * 100_000 + "1" + "}" * 100_000),
    "many_lists.json": text(json.dumps({f"k{i}": [{"a": 1}] for i in range(3000)})),
    "big_number.json": text('[{"note_id": ' + "9" * 50_000 + "}]"),
    "deep.xml": text("<rss>" * 100_000 + "</rss>" * 100_000),
    "entities.xml": text(
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "lol">{LOL}]><rss><channel><title>&l9;</title></channel></rss>'
    ),
    "outside.xml": text(
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>'
    ),
    "entities.html": text(f"<!DOCTYPE html [{LOL}]><html><table><tr><td>&l9;</td></tr></table></html>"),
    "tables.html": text("<html>" + "<table><tr><td>" * 50_000),
    "cells.html": text("<table><tr>" + "<td>1" * 2_500_000),
    "aliases.yaml": text(
        "a: &a [x,x]\n" + "".join(f"{c}: &{c} [*{b},*{b}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True))
    ),
    "deep.yaml": text("[" * 50_000),
    "short.db": lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(random.Random(3).randbytes(20_000))),
    "short.parquet": lambda path: path.write_bytes(b"PAR1" + b"\xff" * 200 + b"PAR1"),
    "short.xls": lambda path: path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(random.Random(4).randbytes(5000))
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_neither_ten_seconds_nor_a_gigabyte(name, tmp_path):
    path = tmp_path / name
    HOSTILE[name](path)
    run = subprocess.run(
        [sys.executable, "-c", ALONE, str(path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr[-500:]
    wrong, seconds, megabytes = json.loads(run.stdout.strip().splitlines()[-1])
    assert wrong is None
    assert seconds < 10
    assert megabytes < 1024


def test_a_long_line_is_still_read(tmp_path):
    from govmedia_kit.read.importers.import_files import import_files

    path = tmp_path / "7900000001.csv"
    a_line_of_100_mb(path)
    posts = import_files([path]).posts
    assert posts.select("likes", "comments", "shares").row(0) == (1, 2, 3)
    assert posts["title"].str.len_chars().item() <= 120
