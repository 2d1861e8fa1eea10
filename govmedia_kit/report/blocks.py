"""What a bulletin is made of: titles, headings, paragraphs with linked figures, tables, lists, pictures, page breaks.

A cell of a notebook shows blocks; the renderers read them back from the cell's outputs, so that a notebook that an
office has edited prints as edited. In the notebook they are one JSON bundle beside the HTML that JupyterLab shows.

A run of a paragraph is a text, or a dict with `text` and `figure` (the id of the number that it prints), `bold`, or `href`
(a file beside the page). A kind of block is a class here and a member of `Block`; mypy then finds each renderer that does
not know it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, assert_never

from govmedia_kit.judge.figures import rounded

__all__ = [
    "MIME",
    "Block",
    "Blocks",
    "Chart",
    "Code",
    "Heading",
    "Image",
    "Listing",
    "PageBreak",
    "Paragraph",
    "Table",
    "Title",
    "Verbatim",
    "as_html",
    "cell_text",
    "clean",
    "escaped",
    "heading",
    "listing",
    "page_break",
    "paragraph",
    "plain",
    "table",
    "title",
]

MIME = "application/vnd.govmedia.blocks+json"
# What XML 1.0 cannot hold: control characters, halves of surrogate pairs, the two non-characters.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Run = str | dict[str, Any]


class Title(TypedDict):
    """The bulletin's own title."""

    type: Literal["title"]
    text: str


class Heading(TypedDict):
    """A heading: level 1 is 一、, 2 is （一）, 3 is 1., 4 is （1）; the number is part of the text."""

    type: Literal["heading"]
    level: int
    text: str


class Paragraph(TypedDict):
    """A paragraph; `role` is body, recipients, note, annexes, signature or date."""

    type: Literal["paragraph"]
    role: str
    runs: list[Run]


class Listing(TypedDict):
    """A list, each item a list of runs."""

    type: Literal["list"]
    ordered: bool
    items: list[list[Run]]


class Table(TypedDict):
    """A table: `columns` have name, label and kind (text, int, rate, days, date); `annex` is its 附件 label if it is one."""

    type: Literal["table"]
    id: str
    caption: str
    columns: list[dict[str, str]]
    rows: list[list[Any]]
    note: str
    annex: str


class Chart(TypedDict):
    """A chart as its picture, the words for those who cannot see it, and its Vega-Lite specification if it has one."""

    type: Literal["chart"]
    alt: str
    svg: str
    spec: dict[str, Any] | None


class Image(TypedDict):
    """A PNG picture in base64."""

    type: Literal["image"]
    png: str
    alt: str


class Code(TypedDict):
    """The source of a cell, for the folded view of the page."""

    type: Literal["code"]
    text: str


class Verbatim(TypedDict):
    """Any other output of a cell, letter by letter."""

    type: Literal["verbatim"]
    text: str


class PageBreak(TypedDict):
    """A new page, where the format has pages."""

    type: Literal["page_break"]


Block = Title | Heading | Paragraph | Listing | Table | Chart | Image | Code | Verbatim | PageBreak


def title(text: str) -> Block:
    """The bulletin's own title."""
    return Title(type="title", text=text)


def heading(level: int, text: str) -> Block:
    """A heading with its number in the text."""
    return Heading(type="heading", level=level, text=text)


def paragraph(runs: list[Run] | str, *, role: str = "body") -> Block:
    """A paragraph of runs, or of one text."""
    return Paragraph(type="paragraph", role=role, runs=[runs] if isinstance(runs, str) else runs)


def listing(items: list[list[Run]], *, ordered: bool = False) -> Block:
    """A list, each item a list of runs."""
    return Listing(type="list", ordered=ordered, items=items)


def table(
    name: str, caption: str, columns: list[dict[str, str]], rows: list[list[Any]], *, note: str = "", annex: str = ""
) -> Table:
    """A table; `name` is its id, the same in every language, `annex` its 附件 label if it is one."""
    return Table(type="table", id=name, caption=caption, columns=columns, rows=rows, note=note, annex=annex)


def page_break() -> Block:
    """A new page, where the format has pages."""
    return PageBreak(type="page_break")


def plain(runs: list[Run]) -> str:
    """The text of runs."""
    return "".join(run if isinstance(run, str) else run["text"] for run in runs)


def clean(value: Any) -> str:
    """Text that XML can hold: what is forbidden there becomes the replacement character.

    >>> clean("a\\x07b\\nc")
    'a�b\\nc'
    """
    return FORBIDDEN.sub("�", str(value).replace("\r\n", "\n").replace("\r", "\n"))


def cell_text(value: Any, kind: str) -> str:
    """A cell as it is printed: a dash for what is not known, rates as percentages.

    >>> cell_text(None, "int"), cell_text(0.788, "rate"), cell_text(3.0, "days")
    ('—', '78.8%', '3.0')
    """
    if value is None:
        return "—"
    if kind == "rate" and isinstance(value, int | float):
        return f"{rounded(value * 100, 1)}%"
    return clean(f"{value:.1f}" if isinstance(value, float) else value)


def escaped(value: Any) -> str:
    """A text as HTML."""
    return html.escape(clean(value), quote=True)


@dataclass(frozen=True)
class Blocks:
    """Blocks that a notebook shows: as HTML in JupyterLab, and as JSON for the renderers."""

    blocks: list[Block] = field(default_factory=list)

    def __add__(self, other: Blocks) -> Blocks:
        return Blocks(self.blocks + other.blocks)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            MIME: {"blocks": self.blocks},
            "text/html": "\n".join(as_html(block, i) for i, block in enumerate(self.blocks)),
            "text/plain": "\n".join(map(_text, self.blocks)),
        }


def _text(block: Block) -> str:
    if block["type"] == "paragraph":
        return plain(block["runs"])
    if block["type"] == "list":
        return "\n".join("- " + plain(item) for item in block["items"])
    if block["type"] == "table":
        return f"{block['caption']}: {len(block['rows'])}"
    return str(block.get("text", ""))


def as_html(block: Block, number: int, *, code: str = "") -> str:
    """A block as HTML, every text escaped: `number` makes its anchor in the page, `code` is what folded code is called."""
    if block["type"] == "title":
        return f"<h1>{escaped(block['text'])}</h1>"
    if block["type"] == "heading":
        level = block["level"] + 1
        return f'<h{level} id="b{number}">{escaped(block["text"])}</h{level}>'
    if block["type"] == "paragraph":
        return f'<p class="{block["role"]}">{_runs_html(block["runs"])}</p>'
    if block["type"] == "list":
        tag = "ol" if block["ordered"] else "ul"
        return f"<{tag}>" + "".join(f"<li>{_runs_html(item)}</li>" for item in block["items"]) + f"</{tag}>"
    if block["type"] == "table":
        return _table_html(block, number)
    if block["type"] == "chart":
        # HTML needs no addresses of name spaces.
        svg = re.sub(r'\s(?:xmlns(?::\w+)?|version)="[^"]*"', "", block["svg"][block["svg"].index("<svg") :])
        picture = f'<div id="chart{number}" role="img" aria-label="{escaped(block["alt"])}">{svg}</div>'
        return f"<figure>{picture}</figure>"
    if block["type"] == "image":
        source = f"data:image/png;base64,{escaped(block['png']).strip()}"
        return f'<figure><img alt="{escaped(block["alt"])}" src="{source}"></figure>'
    if block["type"] == "code":
        return f"<details><summary>{code}</summary><pre><code>{escaped(block['text'])}</code></pre></details>"
    if block["type"] == "verbatim":
        return f"<pre>{escaped(block['text'])}</pre>"
    if block["type"] == "page_break":
        return ""
    assert_never(block)


def _runs_html(runs: list[Run]) -> str:
    made = []
    for run in runs:
        text = escaped(run if isinstance(run, str) else run["text"])
        if isinstance(run, str):
            made.append(text)
        elif "figure" in run:
            made.append(f'<a class="number" href="#figure-{escaped(run["figure"])}">{text}</a>')
        elif "href" in run:
            made.append(f'<a href="{escaped(run["href"])}">{text}</a>')
        else:
            made.append(f"<strong>{text}</strong>" if run.get("bold") else text)
    return "".join(made)


def _table_html(block: Table, number: int) -> str:
    """A table with its caption; each row of the index of figures is the anchor that linked numbers lead to."""
    kinds = [column["kind"] for column in block["columns"]]
    head = "".join(f'<th scope="col" class="{c["kind"]}">{escaped(c["label"])}</th>' for c in block["columns"])
    rows = []
    for row in block["rows"]:
        anchor = f' id="figure-{escaped(row[0])}"' if block["id"] == "figures" else ""
        cells = [f'<td class="{k}">{escaped(cell_text(v, k))}</td>' for v, k in zip(row, kinds, strict=True)]
        rows.append(f"<tr{anchor}>{''.join(cells)}</tr>")
    annex = f'<span class="annex">{escaped(block["annex"])}</span>' if block["annex"] else ""
    note = f'<p class="note">{escaped(block["note"])}</p>' if block["note"] else ""
    section, caption = ' class="annex"' if block["annex"] else "", escaped(block["caption"])
    return (
        f'<section{section} id="b{number}"><div class="table" role="region" tabindex="0" aria-label="{caption}">'
        f"<table><caption>{annex}{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}</section>"
    )
