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
# Code in a Markdown text.
CODE = ("fence", "code_block")


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
    from markdown_it.tree import SyntaxTreeNode

    return _blocks(SyntaxTreeNode(MarkdownIt("commonmark", {"html": False}).parse(source)))


def _blocks(node: Any) -> list[b.Block]:
    """The blocks of a part of a Markdown text; a list within a list is more items of the outer one."""
    if node.type == "heading":
        level, text = int(node.tag[1]), b.plain(_runs(node.children[0]))
        return [b.title(text) if level == 1 else b.heading(min(level - 1, 4), text)]
    if node.type in ("bullet_list", "ordered_list"):
        parts = [part for part in node.walk() if part.type in ("inline", *CODE)]
        items = [_runs(part) if part.type == "inline" else [part.content.rstrip("\n")] for part in parts]
        return [b.listing(items, ordered=node.type == "ordered_list")]
    if node.type == "paragraph":
        return [b.paragraph(_runs(node.children[0]))]
    if node.type in CODE:
        return [_verbatim(node.content)]
    if node.type == "hr":
        return [b.page_break()]
    return [block for child in node.children for block in _blocks(child)]


def _runs(inline: Any) -> list[b.Run]:
    runs: list[b.Run] = []
    bold = 0
    for token in inline.token.children:
        if token.type in ("strong_open", "strong_close"):
            bold += 1 if token.nesting == 1 else -1
        elif token.type in ("softbreak", "hardbreak"):
            runs.append(" ")
        elif token.content:
            runs.append({"text": token.content, "bold": True} if bold else token.content)
    return runs
