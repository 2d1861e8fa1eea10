"""Files that are trees or databases, to parts: JSON and JSON Lines, XML feeds and OPML, YAML, SQLite, weiboSpider's text.

XML is read without entities, documents without a network, SQLite read-only; nesting and aliases are bounded, so that a
hostile file ends in a sentence.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.read.importers.layouts import Layout, key
from govmedia_kit.read.sources.files import ROW, cell_text, decoded, json_root
from govmedia_kit.read.sources.source_table import Part
from govmedia_kit.read.sources.wechat_comments import inside_articles

__all__ = ["parts", "sqlite_parts"]

# Records that are looked at to find out which keys there are, and how deep keys are followed.
SAMPLE = 50
DEEP = 4
DEEPEST_YAML = 60
SQLITE_STEPS = 200_000_000

Record = dict[str, Any]


def parts(path: Path, kind: str) -> list[Part]:
    """The lists of records in a JSON, XML, YAML or text file, each a part named by its path inside the file."""
    text = decoded(path.read_bytes()) if kind != "xml" else ""
    if kind == "xml":
        return _xml_parts(path)
    if kind == "weibo_text":
        return [_weibo_text(path, text)]
    if kind == "id_list":
        rows = [line.split(maxsplit=2) for line in text.splitlines() if line.strip() and not line.startswith("#")]
        records = [dict(zip(("uid", "昵称", "起始"), row, strict=False)) for row in rows]
        return [_records(path, "", kind, records, {})]
    root = _yaml(text) if kind == "yaml" else json_root(text)
    told = dict(_scalars(root)) if isinstance(root, dict) else {}
    found = [_records(path, name, kind, records, told) for name, records in _lists(root, "", 0) if records]
    comments = [(name, inside_articles(records)) for name, records in _lists(root, "", 0)]
    found += [_records(path, f"{name}.comments".strip("."), kind, rows, {}) for name, rows in comments if rows]
    # The account beside its posts.
    if found and isinstance(root, dict) and isinstance(root.get("user"), dict):
        found.append(_records(path, "user", kind, [root["user"]], {}))
    # An object alone may be a record itself: a profile, a single article.
    return found or ([_records(path, "", kind, [root], {})] if isinstance(root, dict) else [])


def _yaml(text: str) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it refers to itself (YAML aliases are not read)")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_YAML:
            raise RecursionError
    return yaml.load(text, Loader=loader)


def _lists(node: Any, path: str, depth: int) -> Iterator[tuple[str, list[Record]]]:
    """Every list of objects down to three levels, with its path."""
    if isinstance(node, list):
        if any(isinstance(item, dict) for item in node[:SAMPLE]):
            yield path, [item if isinstance(item, dict) else {} for item in node]
    elif isinstance(node, dict) and depth < 3:
        for name, child in node.items():
            yield from _lists(child, f"{path}.{name}" if path else str(name), depth + 1)


def _scalars(node: Record, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for name, child in node.items():
        if isinstance(child, dict) and depth < 2:
            yield from _scalars(child, f"{path}{name}.", depth + 1)
        elif not isinstance(child, dict | list) and child is not None:
            yield key(f"{path}{name}"), cell_text(child) or ""


def _keys(record: Record, path: str = "", depth: int = 0) -> Iterator[str]:
    for name, child in record.items():
        yield f"{path}{name}"
        if isinstance(child, dict) and depth < DEEP:
            yield from _keys(child, f"{path}{name}.", depth + 1)


def _at(record: Any, path: list[str]) -> Any:
    for step in path:
        if not isinstance(record, dict):
            return None
        record = record.get(step)
    return record


def _records(path: Path, name: str, kind: str, records: list[Record], told: dict[str, str]) -> Part:
    heads = list(dict.fromkeys(k for record in records[:SAMPLE] for k in _keys(record)))[:1000]
    spelt = {key(k): k for k in reversed(heads)}

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        pairs = list(_expanded(records, layout.expand))
        columns = {}
        for name in dict.fromkeys(map(key, names)):
            steps = spelt.get(name, name).removeprefix("/").split(".")
            of = 0 if name.startswith("/") else 1
            cells = [cell_text(_at(pair[of], steps)) for pair in pairs]
            if any(cell is not None for cell in cells):
                columns[name] = pl.Series(name, [cell or None for cell in cells], dtype=pl.String)
        frame = pl.DataFrame({ROW: pl.Series(range(1, len(pairs) + 1), dtype=pl.UInt32), **columns})
        return frame

    return Part(path, name, kind, [heads], load, told)


def _expanded(records: Iterable[Record], paths: tuple[str, ...]) -> Iterator[tuple[Record, Record]]:
    """Each record with its root: the root itself, or what stands at the layout's paths (a push's articles)."""
    for root in records:
        if not paths:
            yield root, root
            continue
        found = False
        for path in paths:
            there = _at(root, path.split("."))
            for item in there if isinstance(there, list) else [there]:
                if isinstance(item, dict) and item:
                    found = True
                    yield root, item
        if not found:
            yield root, {}


def _xml_parts(path: Path) -> list[Part]:
    from defusedxml.ElementTree import parse

    root = parse(str(path), forbid_dtd=False, forbid_entities=True, forbid_external=True).getroot()
    told: dict[str, str] = {}
    for parent in [root, *list(root)[:5]]:
        for child in list(parent)[:100]:
            name = _local(child.tag)
            if name not in ("item", "entry", "outline"):
                told.setdefault(key(f"{name}.{child.get('rel')}" if child.get("rel") else name), _said(child))
    found = []
    for tag in ("item", "entry", "outline"):
        records = []
        for element in root.iter():
            if _local(element.tag) == tag:
                records.append(_element(element))
        if records:
            found.append(_records(path, tag, "xml", records, told))
    return found


def _local(tag: Any) -> str:
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def _said(element: Any) -> str:
    return (element.text or "").strip() or element.get("href", "")


def _element(element: Any) -> Record:
    record: Record = dict(element.attrib)
    for child in list(element):
        name = _local(child.tag)
        if name not in ("item", "entry", "outline"):
            grandchildren = {_local(c.tag): _said(c) for c in list(child)}
            record.setdefault(name, _said(child) or grandchildren.get("name") or None)
    return record


def _weibo_text(path: Path, text: str) -> Part:
    """weiboSpider's text file: the user first, then posts of several lines each, closed by their counts."""
    told, records = {}, []
    lines: list[str] = []
    facts: Record = {}
    said = {
        "微博位置": "发布位置",
        "发布时间": "发布时间",
        "点赞数": "点赞数",
        "转发数": "转发数",
        "评论数": "评论数",
        "发布工具": "发布工具",
    }
    body = "微博内容：" not in text
    for line in text.splitlines():
        name, colon, value = line.partition("：")
        if not body:
            if colon and name == "微博内容":
                body = True
                told.update({key(k): v for k, v in facts.items()})
                facts = {}
            elif colon:
                facts[name.strip()] = value.strip()
        elif colon and name in said and (name != "微博位置" or lines):
            facts[said[name]] = value.strip()
        elif line.strip() or not facts:
            if facts:
                records.append({"微博正文": "\n".join(lines).strip(), **facts})
                lines, facts = [], {}
            lines.append(line)
    if facts:
        records.append({"微博正文": "\n".join(lines).strip(), **facts})
    return _records(path, "", "weibo_text", records, told)


def sqlite_parts(path: Path) -> list[Part]:
    """The tables of a SQLite file; it is opened read-only, and its views, triggers and functions are not run."""
    log = path.with_name(path.name + "-wal")
    # Without a write-ahead log nothing else need be touched; with one, what it holds is read too.
    mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"

    def connect() -> sqlite3.Connection:
        base = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
        base.text_factory = lambda raw: raw.decode("utf-8", "replace")
        base.execute("PRAGMA trusted_schema=OFF")
        steps = iter(range(SQLITE_STEPS // 10_000))
        base.set_progress_handler(lambda: next(steps, None) is None, 10_000)
        return base

    base = connect()
    try:
        names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
        heads = {}
        for name in names:
            quoted = name.replace('"', '""')
            heads[name] = [row[1] for row in base.execute(f'PRAGMA table_info("{quoted}")')]
    finally:
        base.close()

    def part(name: str) -> Part:
        def load(head: int, wanted: list[str], layout: Layout) -> pl.DataFrame:
            spelt = {key(c): c for c in heads[name]}
            found = [k for k in dict.fromkeys(map(key, wanted)) if k in spelt] or [next(iter(spelt))]
            chosen = ", ".join('"' + spelt[k].replace('"', '""') + '"' for k in found)
            quoted = name.replace('"', '""')
            base = connect()
            try:
                rows = base.execute(f'SELECT {chosen} FROM "{quoted}"').fetchall()
            finally:
                base.close()
            cells = zip(*rows, strict=True) if rows else [[] for _ in found]
            columns = {
                k: pl.Series(k, [_blob(c) for c in cell], dtype=pl.String) for k, cell in zip(found, cells, strict=True)
            }
            return pl.DataFrame(columns).with_row_index(ROW, 1)

        return Part(path, name, "sqlite", [heads[name]], load)

    return [part(name) for name in names if heads[name] and not re.match(r"sqlite_|alembic", name)]


def _blob(value: Any) -> str | None:
    return None if isinstance(value, bytes) else (cell_text(value) or None)
