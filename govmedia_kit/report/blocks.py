"""What a bulletin is made of: titles, headings, paragraphs with linked figures, tables, lists, page breaks.

A cell of a notebook shows blocks; the renderers read them back from the cell's outputs, so that a notebook that an
office has edited prints as edited. In the notebook they are one JSON bundle beside the HTML that JupyterLab shows.

A run of a paragraph is a text, or a dict with `text` and `figure` (the id of the number that it prints), `bold`, or `href`
(a file beside the page).
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

__all__ = ["MIME", "Blocks", "heading", "listing", "page_break", "paragraph", "plain", "table", "title"]

MIME = "application/vnd.govmedia.blocks+json"

Run = str | dict[str, Any]
Block = dict[str, Any]


def title(text: str) -> Block:
    """The bulletin's own title."""
    return {"type": "title", "text": text}


def heading(level: int, text: str) -> Block:
    """A heading: level 1 is 一、, 2 is （一）, 3 is 1., 4 is （1）; the number is part of the text."""
    return {"type": "heading", "level": level, "text": text}


def paragraph(runs: list[Run] | str, *, role: str = "body") -> Block:
    """A paragraph; `role` is body, recipients, note, annexes, signature or date."""
    return {"type": "paragraph", "role": role, "runs": [runs] if isinstance(runs, str) else runs}


def listing(items: list[list[Run]], *, ordered: bool = False) -> Block:
    """A list, each item a list of runs."""
    return {"type": "list", "ordered": ordered, "items": items}


def table(
    identifier: str,
    caption: str,
    columns: list[dict[str, str]],
    rows: list[list[Any]],
    *,
    note: str = "",
    annex: str = "",
) -> Block:
    """A table: `columns` have name, label and kind (text, int, rate, days, date); `annex` is its 附件 label if it is one."""
    return {
        "type": "table",
        "id": identifier,
        "caption": caption,
        "columns": columns,
        "rows": rows,
        "note": note,
        "annex": annex,
    }


def page_break() -> Block:
    """A new page, where the format has pages."""
    return {"type": "page_break"}


def plain(runs: list[Run]) -> str:
    """The text of runs."""
    return "".join(run if isinstance(run, str) else run["text"] for run in runs)


@dataclass(frozen=True)
class Blocks:
    """Blocks that a notebook shows: as HTML in JupyterLab, and as JSON for the renderers."""

    blocks: list[Block] = field(default_factory=list)

    def __add__(self, other: Blocks) -> Blocks:
        return Blocks(self.blocks + other.blocks)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            MIME: {"blocks": self.blocks},
            "text/html": "\n".join(map(_preview, self.blocks)),
            "text/plain": "\n".join(map(_text, self.blocks)),
        }


def _text(block: Block) -> str:
    if block["type"] == "paragraph":
        return plain(block["runs"])
    if block["type"] == "list":
        return "\n".join("- " + plain(item) for item in block["items"])
    if block["type"] == "table":
        return f"{block['caption']}: {len(block['rows'])}"
    return block.get("text", "")


def _preview(block: Block) -> str:
    """The block as JupyterLab shows it; the bulletin's own HTML is made by `render.html`."""
    kind = block["type"]
    if kind == "title":
        return f"<h1>{html.escape(block['text'])}</h1>"
    if kind == "heading":
        return f"<h{block['level'] + 1}>{html.escape(block['text'])}</h{block['level'] + 1}>"
    if kind == "paragraph":
        return f"<p>{html.escape(plain(block['runs']))}</p>"
    if kind == "list":
        return "<ul>" + "".join(f"<li>{html.escape(plain(item))}</li>" for item in block["items"]) + "</ul>"
    if kind == "table":
        head = "".join(f"<th scope='col'>{html.escape(c['label'])}</th>" for c in block["columns"])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape('' if v is None else str(v))}</td>" for v in row) + "</tr>"
            for row in block["rows"]
        )
        caption = html.escape(f"{block['annex']} {block['caption']}".strip())
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return ""
