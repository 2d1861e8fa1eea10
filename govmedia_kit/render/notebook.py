"""An executed notebook to blocks: what its cells show, in their order, and nothing else.

A cell tagged `remove-cell`, or an output tagged `remove-output`, is left out; code is a block of its own kind that only
the folded view shows. Markdown cells become headings, paragraphs and lists; the kit's own bundles are taken as they
are; charts are their SVG with the specification beside; any other output is shown as its text.
"""

from __future__ import annotations

from typing import Any

from govmedia_kit.report import blocks as b

__all__ = ["blocks_of"]

VEGALITE = "application/vnd.vegalite.v5+json"


def blocks_of(notebook: Any, *, code: bool = False) -> list[b.Block]:
    """The blocks of an executed notebook (an nbformat node); with `code`, the source of each cell before what it shows."""
    found: list[b.Block] = []
    for cell in notebook.cells:
        tags = {tag.replace("_", "-") for tag in cell.get("metadata", {}).get("tags", [])}
        if "remove-cell" in tags:
            continue
        if cell.cell_type == "markdown":
            found += _markdown(cell.source)
        elif cell.cell_type == "code":
            if code and not tags & {"remove-input", "hide-input"} and cell.source.strip():
                found.append(b.Code(type="code", text=cell.source))
            if "remove-output" not in tags:
                for output in cell.outputs:
                    found += _shown(output)
    return found


def _shown(output: Any) -> list[b.Block]:
    if output.output_type == "stream":
        return [_verbatim(output.text)] if output.name == "stdout" and output.text.strip() else []
    data = output.get("data", {})
    if b.MIME in data:
        return list(data[b.MIME]["blocks"])
    if "image/svg+xml" in data:
        spec = data.get(VEGALITE)
        alt = data.get("text/plain") or (spec or {}).get("title", "")
        return [b.Chart(type="chart", alt=alt, svg=data["image/svg+xml"], spec=spec)]
    if "image/png" in data:
        return [b.Image(type="image", png=data["image/png"], alt=data.get("text/plain", ""))]
    if "text/markdown" in data:
        return _markdown(data["text/markdown"])
    text = data.get("text/plain", "")
    return [_verbatim(text)] if text.strip() else []


def _verbatim(text: str) -> b.Verbatim:
    return b.Verbatim(type="verbatim", text=text.rstrip("\n"))


def _markdown(source: str) -> list[b.Block]:
    """Headings, paragraphs and lists of a Markdown text; raw HTML in it is text like any other."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": False}).parse(source)
    found: list[b.Block] = []
    items: list[list[b.Run]] | None = None
    ordered = False
    for i, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open") and items is None:
            items, ordered = [], token.type == "ordered_list_open"
        elif token.type in ("bullet_list_close", "ordered_list_close") and items is not None and token.level == 0:
            found.append(b.listing(items, ordered=ordered))
            items = None
        elif token.type == "inline":
            runs = _runs(token.children or [])
            opener = tokens[i - 1]
            if opener.type == "heading_open":
                level = int(opener.tag[1])
                text = b.plain(runs)
                found.append(b.title(text) if level == 1 else b.heading(min(level - 1, 4), text))
            elif items is not None:
                items.append(runs)
            else:
                found.append(b.paragraph(runs))
        elif token.type in ("fence", "code_block"):
            found.append(_verbatim(token.content))
        elif token.type == "hr":
            found.append(b.page_break())
    return found


def _runs(tokens: list[Any]) -> list[b.Run]:
    runs: list[b.Run] = []
    bold = 0
    for token in tokens:
        if token.type in ("strong_open", "strong_close"):
            bold += 1 if token.nesting == 1 else -1
        elif token.type in ("softbreak", "hardbreak"):
            runs.append(" ")
        elif token.content:
            runs.append({"text": token.content, "bold": True} if bold else token.content)
    return runs
