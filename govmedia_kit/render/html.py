"""Blocks to one HTML page: no address of any kind in it, styles and pictures inline, numbers linked to their rows."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import html
import json
import os
import re
from pathlib import Path
from typing import Any

from govmedia_kit.render import fonts
from govmedia_kit.report import phrases
from govmedia_kit.report.blocks import Block, Run

__all__ = ["page", "vega_bundle"]

STYLE = """
:root { color-scheme: light; --ink: #1a1a1a; --faint: #595959; --line: #c9c9c9; --accent: #0b5394; --band: #f5f7fa; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 17px/1.8 "Noto Serif SC", "Source Han Serif SC", SimSun, "Noto Sans SC", serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.4; text-align: center; margin: 1.5rem 0 2rem; }
h2 { font: 600 1.2rem/1.6 "Microsoft YaHei", SimHei, "Noto Sans SC", sans-serif; margin: 2.2rem 0 .6rem; }
h3 { font: 600 1.05rem/1.6 KaiTi, "Noto Serif SC", "Noto Sans SC", serif; margin: 1.4rem 0 .4rem; }
p { margin: .4rem 0; text-indent: 2em; text-align: justify; }
p.recipients, p.annexes { text-indent: 0; } p.annexes { margin: 0; }
p.signature, p.date { text-align: right; text-indent: 0; }
p.note { color: var(--faint); font-size: .92em; }
figure { margin: 1.2rem 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .2em; } a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a.number { color: inherit; text-decoration-color: var(--accent); }
.table { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; width: 100%; font: 14px/1.6 "Microsoft YaHei", "Noto Sans SC", sans-serif; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; } caption .annex { margin-right: .6em; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: var(--band); white-space: nowrap; border-top: 1px solid var(--ink); }
td.int, td.rate, td.days, th.int, th.rate, th.days { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr:target { background: #fff3c4; }
nav { border: 1px solid var(--line); padding: .8rem 1.2rem; font-size: .92em; } nav ol { margin: 0; padding-left: 1.2rem; list-style: none; }
details { margin: .6rem 0; } pre { background: var(--band); padding: .7rem; overflow-x: auto; font: 13px/1.5 Consolas, monospace; white-space: pre-wrap; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: #fff; }
@media print { nav, .skip { display: none; } main { max-width: none; padding: 0; } figure, tr { break-inside: avoid; } section.annex { break-before: page; } thead { display: table-header-group; } a { color: inherit; text-decoration: none; } }
"""

# What a cell may not hold in XML 1.0 and HTML: control characters other than tab and line breaks.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def page(blocks: list[Block], *, language: str, name: str = "", style: str = STYLE, interactive: bool = False) -> str:
    """One HTML page of the blocks; `name` is the window's title where no block is one.

    With `interactive` one script, the whole of Vega, makes the charts answer to the mouse; without it the page has none.
    Every text is escaped, whatever it holds.
    """
    said = {key: phrases.phrase(f"page.{key}", language) for key in ("contents", "skip", "code")}
    title = next((block["text"] for block in blocks if block["type"] == "title"), name)
    heads = [(i, block) for i, block in enumerate(blocks) if block["type"] == "heading" or block.get("annex")]
    contents = "".join(
        f'<li><a href="#b{i}">{_text(_head(block))}</a></li>' for i, block in heads if _depth(block) == 1
    )
    body = "\n".join(_block(i, block, said["code"], language) for i, block in enumerate(blocks))
    nav = f'<nav aria-label="{said["contents"]}"><ol>{contents}</ol></nav>' if contents else ""
    body = body.replace("</h1>", f"</h1>\n{nav}", 1) if "</h1>" in body else nav + body
    script = _script(blocks) if interactive else ""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:{_allowed(script)}"
    style = _face(title + body + script) + style
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{_text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">{said["skip"]}</a>\n<main id="main">\n{body}\n</main>\n'
        + (f"<script>{script}</script>\n" if script else "")
        + "</body>\n</html>\n"
    )


def _face(text: str) -> str:
    """Noto Sans SC with the characters of `text`, in the page itself: a computer without a Chinese font draws boxes else."""
    font = base64.b64encode(fonts.subset(text)).decode()
    return (
        f'@font-face {{ font-family: "Noto Sans SC"; src: local("Noto Sans SC"), url(data:font/otf;base64,{font}); }}'
    )


def _script(blocks: list[Block]) -> str:
    """Vega, and a call for each chart. `ast` keeps Vega from making code out of text, which the policy forbids."""
    specs = {f"chart{i}": block["spec"] for i, block in enumerate(blocks) if block["type"] == "chart" and block["spec"]}
    if not specs:
        return ""
    calls = json.dumps(specs, ensure_ascii=False, sort_keys=True).replace("</", "<\\/")
    options = '{"ast": true, "actions": false, "renderer": "svg"}'
    run = f"Object.entries({calls}).forEach(([id, spec]) => vegaEmbed('#' + id, spec, {options}));"
    return vega_bundle().replace("</script", "<\\/script") + "\n" + run


def _allowed(script: str) -> str:
    """The policy's word for exactly this script."""
    if not script:
        return ""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"; script-src 'sha256-{digest}'"


@functools.cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, out of the converter; kept on disk, since making it takes seconds."""
    from importlib.metadata import version

    import platformdirs
    import vl_convert

    folder = Path(platformdirs.user_cache_dir("govmedia-kit"))
    kept = folder / f"vega-{version('vl-convert-python')}.js"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    made = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    with contextlib.suppress(OSError):  # a folder that cannot be written costs only time
        folder.mkdir(parents=True, exist_ok=True)
        beside = kept.with_suffix(f".{os.getpid()}.part")
        beside.write_text(made, encoding="utf-8", newline="\n")
        beside.replace(kept)
    return made


def _head(block: Block) -> str:
    return block["text"] if block["type"] == "heading" else f"{block['annex']} {block['caption']}"


def _depth(block: Block) -> int:
    return block["level"] if block["type"] == "heading" else 1


def _text(value: Any) -> str:
    return html.escape(CONTROL.sub("�", str(value)), quote=True)


def _runs(runs: list[Run]) -> str:
    made = []
    for run in runs:
        if isinstance(run, str):
            made.append(_text(run))
        elif "figure" in run:
            made.append(f'<a class="number" href="#figure-{_text(run["figure"])}">{_text(run["text"])}</a>')
        elif "href" in run:
            made.append(f'<a href="{_text(run["href"])}">{_text(run["text"])}</a>')
        else:
            made.append(f"<strong>{_text(run['text'])}</strong>" if run.get("bold") else _text(run["text"]))
    return "".join(made)


def _block(i: int, block: Block, code: str, language: str) -> str:
    kind = block["type"]
    if kind == "title":
        return f"<h1>{_text(block['text'])}</h1>"
    if kind == "heading":
        level = block["level"] + 1
        return f'<h{level} id="b{i}">{_text(block["text"])}</h{level}>'
    if kind == "paragraph":
        return f'<p class="{block["role"]}">{_runs(block["runs"])}</p>'
    if kind == "list":
        tag = "ol" if block["ordered"] else "ul"
        return f"<{tag}>" + "".join(f"<li>{_runs(item)}</li>" for item in block["items"]) + f"</{tag}>"
    if kind == "table":
        return _table(i, block, language)
    if kind == "chart":
        picture = f'<div id="chart{i}" role="img" aria-label="{_text(block["alt"])}">{_svg(block["svg"])}</div>'
        return f"<figure>{picture}</figure>"
    if kind == "image":
        return f'<figure><img alt="{_text(block["alt"])}" src="data:image/png;base64,{_text(block["png"]).strip()}"></figure>'
    if kind == "code":
        return f"<details><summary>{code}</summary><pre><code>{_text(block['text'])}</code></pre></details>"
    if kind == "verbatim":
        return f"<pre>{_text(block['text'])}</pre>"
    return ""


def _svg(svg: str) -> str:
    """The picture without the addresses of its name spaces, which HTML does not need."""
    return re.sub(r'\s(?:xmlns(?::\w+)?|version)="[^"]*"', "", svg[svg.index("<svg") :])


def _table(i: int, block: Block, language: str) -> str:
    columns = block["columns"]
    head = "".join(f'<th scope="col" class="{c["kind"]}">{_text(c["label"])}</th>' for c in columns)
    rows = []
    for row in block["rows"]:
        anchor = f' id="figure-{_text(row[0])}"' if block["id"] == "figures" else ""
        cells = "".join(
            f'<td class="{c["kind"]}">{_text(_cell(v, c["kind"]))}</td>' for v, c in zip(row, columns, strict=True)
        )
        rows.append(f"<tr{anchor}>{cells}</tr>")
    annex = f'<span class="annex">{_text(block["annex"])}</span>' if block["annex"] else ""
    note = f'<p class="note">{_text(block["note"])}</p>' if block["note"] else ""
    section = ' class="annex"' if block["annex"] else ""
    return (
        f'<section{section} id="b{i}"><div class="table" role="region" tabindex="0" aria-label="{_text(block["caption"])}">'
        f"<table><caption>{annex}{_text(block['caption'])}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}</section>"
    )


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return "—"
    return phrases.percent(value) if kind == "rate" else str(value)
