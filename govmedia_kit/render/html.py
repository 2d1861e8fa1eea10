"""Blocks to one HTML page: no address of any kind in it, styles and pictures inline, numbers linked to their rows."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import string

from govmedia_kit.package_data import resource
from govmedia_kit.render import fonts
from govmedia_kit.report.blocks import Block, as_html, escaped
from govmedia_kit.report.phrases import phrase

__all__ = ["page"]


def page(blocks: list[Block], *, language: str, interactive: bool = False) -> str:
    """One HTML page of the blocks, `templates/page.html` filled.

    With `interactive` one script, the whole of Vega, makes the charts answer to the mouse; without it the page has none.
    Every text is escaped, whatever it holds.
    """
    title = next((block["text"] for block in blocks if block["type"] == "title"), "")
    code = phrase("page.code", language)
    body = "\n".join(as_html(block, i, code=code) for i, block in enumerate(blocks))
    contents = _contents(blocks, phrase("page.contents", language))
    body = body.replace("</h1>", f"</h1>\n{contents}", 1) if "</h1>" in body else contents + body
    script = _script(blocks) if interactive else ""
    # The policy allows exactly this script.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return string.Template(resource("templates/page.html").read_text(encoding="utf-8")).substitute(
        language=language,
        title=escaped(title),
        skip=phrase("page.skip", language),
        body=body,
        # A computer without a Chinese font draws boxes else.
        font=base64.b64encode(fonts.subset(title + body + script)).decode(),
        script=f"<script>{script}</script>\n" if script else "",
        script_source=f"; script-src 'sha256-{digest}'" if script else "",
    )


def _contents(blocks: list[Block], name: str) -> str:
    """Links to the chapters and annexes."""
    heads = {}
    for i, block in enumerate(blocks):
        if block["type"] == "heading" and block["level"] == 1:
            heads[i] = block["text"]
        elif block["type"] == "table" and block["annex"]:
            heads[i] = f"{block['annex']} {block['caption']}"
    links = "".join(f'<li><a href="#b{i}">{escaped(text)}</a></li>' for i, text in heads.items())
    return f'<nav aria-label="{name}"><ol>{links}</ol></nav>' if links else ""


def _script(blocks: list[Block]) -> str:
    """Vega, and a call for each chart. `ast` keeps Vega from making code out of text, which the policy forbids."""
    specs = {f"chart{i}": block["spec"] for i, block in enumerate(blocks) if block["type"] == "chart" and block["spec"]}
    if not specs:
        return ""
    calls = json.dumps(specs, ensure_ascii=False, sort_keys=True).replace("</", "<\\/")
    options = '{"ast": true, "actions": false, "renderer": "svg"}'
    run = f"Object.entries({calls}).forEach(([id, spec]) => vegaEmbed('#' + id, spec, {options}));"
    return _vega().replace("</script", "<\\/script") + "\n" + run


@functools.cache
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, out of the converter, which takes seconds to make it."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
