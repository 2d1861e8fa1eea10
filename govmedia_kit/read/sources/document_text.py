"""A document back to its text: what a reader of the page sees, one paragraph a line, a table's cells apart by tabs.

It serves `govmedia verify`, which reads bulletins that others have made.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from govmedia_kit.errors import InputError
from govmedia_kit.read.sources.source_table import input_errors
from govmedia_kit.read.sources.texts import decoded
from govmedia_kit.read.sources.web_pages import html_root
from govmedia_kit.text_width import em_width

__all__ = ["KINDS", "text_of_document"]

KINDS = (".txt", ".md", ".docx", ".html", ".htm", ".pdf")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Elements of a page whose text is not read, and those that begin a line.
UNREAD = {"script", "style", "head", "svg", "nav", "template", "noscript"}
BREAKING = re.compile("p|div|li|tr|h[1-6]|br|caption|section|table|pre|figure")
# A line of a PDF that is a page's number; one that ends a paragraph; one that begins another.
PAGE_NUMBER = re.compile(r"\s*[—－-]\s*\d+\s*[—－-]\s*")
ENDS = re.compile(r"[。！？：.!?:]$")
BEGINS = re.compile(
    r"\s*([一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d+[.．、]\s*\D|（\d+）|附件|抄送|[A-Z][a-z]+:)"
)
# Four numbers and nothing between them are the cells of a table.
NUMBERS = re.compile(r"(?:\d[\d.,]*[%％]?\s+){3}\d")
BLANKS = re.compile(r"(?<=[^\x00-\x7f]) +(?=\S)|(?<=\S) +(?=[^\x00-\x7f])")
# A word divided at a line's end, and the rest of it. Typst draws every hyphen as a soft one, also those of 2019-06-28.
DIVIDED = re.compile(r"\u00ad$|(?<=[A-Za-z])-$")
SOFT = re.compile(r"\u00ad(?=.)|(?<=\d)\u00ad$")
CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")


def text_of_document(path: Path | str) -> str:
    """The text of a plain-text, Word, HTML or PDF file.

    A PDF's lines are put together into paragraphs again, which is doubtful
    where a page has columns. Raises InputError for a file that is not there, not readable or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("no_file", path=path)
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise InputError("unknown_document_kind", path=path, found=kind or path.name, known=KINDS)
    if kind == ".docx":
        return "\n".join(_word(path))
    if kind == ".pdf":
        return _paragraphs(_pdf(path))
    with input_errors(path):
        return _page(html_root(path)) if kind in (".html", ".htm") else decoded(path.read_bytes())


def _word(path: Path) -> Iterator[str]:
    from lxml import etree

    try:
        with zipfile.ZipFile(path) as package:
            root = etree.fromstring(package.read("word/document.xml"))
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError) as error:
        raise InputError("unreadable_document", path=path, found=error) from error
    body = root.find(f"{W}body")
    yield from _word_lines(body) if body is not None else ()


def _word_lines(parent: Any) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{W}p":
            yield _word_text(child)
        elif child.tag == f"{W}tbl":
            for row in child.iter(f"{W}tr"):
                cells = (" ".join(map(_word_text, cell.iter(f"{W}p"))) for cell in row.iter(f"{W}tc"))
                yield "\t".join(cells)
        elif child.tag in (f"{W}sdt", f"{W}sdtContent"):
            yield from _word_lines(child)


def _word_text(paragraph: Any) -> str:
    """The text of a paragraph as it stands, insertions accepted; a break within it is no end of a sentence."""
    said = {f"{W}tab": "\t", f"{W}br": "", f"{W}cr": "", f"{W}noBreakHyphen": "-"}
    return "".join((part.text or "") if part.tag == f"{W}t" else said.get(part.tag, "") for part in paragraph.iter())


def _page(root: Any) -> str:
    from lxml import etree

    pieces: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end", "comment"))
    for event, element in walk:
        breaks = "\n" if BREAKING.fullmatch(str(element.tag)) else ""
        if event != "start":
            pieces += [breaks, _one_space(element.tail)]
        elif element.tag in UNREAD:
            walk.skip_subtree()
        else:
            pieces += ["\t" if element.tag in ("td", "th") else breaks, _one_space(element.text)]
    lines = (re.sub(r" *\t *", "\t", line).strip() for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _one_space(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _pdf(path: Path) -> list[str]:
    """The lines of a PDF's pages."""
    import pypdf

    try:
        lines = [line for page in pypdf.PdfReader(path).pages for line in page.extract_text().split("\n")]
        lines = [SOFT.sub("-", line.rstrip()) for line in lines]
        # Justified text comes with blanks between its characters, which Chinese does not have.
        return [re.sub(r"\s+", "\t", line.strip()) if NUMBERS.search(line) else BLANKS.sub("", line) for line in lines]
    except Exception as error:  # whatever a broken file makes the reader raise
        raise InputError("unreadable_document", path=path, found=type(error).__name__) from error


def _paragraphs(lines: list[str]) -> str:
    """Lines of a page as paragraphs: a full line goes on in the next one unless it ends a sentence or a head begins."""
    kept = [line.strip() for line in lines if line.strip() and not PAGE_NUMBER.fullmatch(line)]
    widths = sorted(em_width(line) for line in kept if "\t" not in line) or [0.0]
    # A line that is plainly shorter than those of the text is the last of its paragraph, or a cell of a table.
    # Notes in smaller type are wider than it, so that the widest lines are no measure.
    full = 0.8 * widths[len(widths) * 3 // 4]
    made: list[str] = []
    goes_on = False
    for line in kept:
        if made and DIVIDED.search(made[-1]) and line[0].isalpha() and line[0].isascii():
            # The divided word goes on, however short its line is: confi- dence; Kaplan-Meier keeps its hyphen.
            made[-1] = made[-1][:-1] + "-" * line[0].isupper() + line
        elif goes_on and not BEGINS.match(line) and "\t" not in line:
            date = re.search(r"\d-$", made[-1]) and line[0].isdigit()
            apart = "" if date or CHINESE.match(made[-1][-1]) or CHINESE.match(line[0]) else " "
            made[-1] += apart + line
        else:
            made.append(line)
        goes_on = em_width(line) >= full and not ENDS.search(line)
    return "\n".join(made)
