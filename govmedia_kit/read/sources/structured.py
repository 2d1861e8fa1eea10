"""Files that are trees or databases, to parts: JSON and JSON Lines, XML feeds and OPML, YAML, SQLite, weiboSpider's text.

XML is read without entities, documents without a network, SQLite read-only; nesting and aliases are bounded, so that a
hostile file ends in a sentence.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from govmedia_kit.read.importers.layouts import Layout, key
from govmedia_kit.read.sources.files import ROW
from govmedia_kit.read.sources.source_table import Part
from govmedia_kit.read.sources.texts import cell_text, decoded, json_root
from govmedia_kit.read.sources.wechat_comments import inside_articles

__all__ = ["parts", "sqlite_parts"]

# Records that are looked at to find out which keys there are, and how deep keys are followed.
SAMPLE = 50
DEEP = 4
DEEPEST_YAML = 60
SQLITE_STEPS = 200_000_000
# What a feed or an OPML file lists.
ITEMS = ("item", "entry", "outline")
# The lines beneath a post in weiboSpider's text, under the names that its other files give them.
WEIBO_FACTS = {name: name for name in ("发布时间", "点赞数", "转发数", "评论数", "发布工具")} | {"微博位置": "发布位置"}

Record = dict[str, Any]


def parts(path: Path, kind: str) -> list[Part]:
    """The lists of records in a JSON, XML, YAML or text file, each a part named by its path inside the file."""
    if kind == "xml":
        return _xml_parts(path)
    text = decoded(path.read_bytes())
    if kind == "weibo_text":
        return [_weibo_text(path, text)]
    if kind == "id_list":
        rows = [line.split(maxsplit=2) for line in text.splitlines() if line.strip() and not line.startswith("#")]
        records = [dict(zip(("uid", "昵称", "起始"), row, strict=False)) for row in rows]
        return [_records(path, "", kind, records, {})]
    root = _yaml(text) if kind == "yaml" else json_root(text)
    told = dict(_scalars(root)) if isinstance(root, dict) else {}
    lists = list(_lists(root, "", 0))
    found = [_records(path, name, kind, records, told) for name, records in lists]
    comments = [(name, inside_articles(records)) for name, records in lists]
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
        record = record.get(step) if isinstance(record, dict) else None
    return record


def _records(path: Path, name: str, kind: str, records: list[Record], told: dict[str, str]) -> Part:
    heads = list(dict.fromkeys(k for record in records[:SAMPLE] for k in _keys(record)))[:1000]
    spelt = {key(k): k for k in reversed(heads)}

    def load(head: int, names: list[str], layout: Layout) -> pl.DataFrame:
        pairs = list(_expanded(records, layout.expand))
        columns = {ROW: pl.Series(range(1, len(pairs) + 1), dtype=pl.UInt32)}
        for name in dict.fromkeys(map(key, names)):
            steps = spelt.get(name, name).removeprefix("/").split(".")
            of = 0 if name.startswith("/") else 1
            cells = [cell_text(_at(pair[of], steps)) for pair in pairs]
            if any(cell is not None for cell in cells):
                columns[name] = pl.Series(name, [cell or None for cell in cells], dtype=pl.String)
        return pl.DataFrame(columns)

    return Part(path, name, kind, [heads], load, told)


def _expanded(records: Iterable[Record], paths: tuple[str, ...]) -> Iterator[tuple[Record, Record]]:
    """Each record with its root: the root itself, or what stands at the layout's paths (a push's articles)."""
    for root in records:
        there = [_at(root, path.split(".")) for path in paths] if paths else [root]
        items = [item for some in there for item in (some if isinstance(some, list) else [some])]
        for item in [item for item in items if isinstance(item, dict) and item] or [{}]:
            yield root, item


def _xml_parts(path: Path) -> list[Part]:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(path.read_bytes(), parser)
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():
        raise ValueError("it declares entities (they are not read)")
    told: dict[str, str] = {}
    for parent in [root, *root[:5]]:
        for child in parent[:100]:
            if (name := _local(child)) not in ITEMS:
                told.setdefault(key(f"{name}.{child.get('rel')}" if child.get("rel") else name), _text_or_link(child))
    found = {tag: [_element(item) for item in root.iter(f"{{*}}{tag}")] for tag in ITEMS}
    return [_records(path, tag, "xml", records, told) for tag, records in found.items() if records]


def _local(element: Any) -> str:
    # An entity that no table declares is a node without a name.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text_or_link(element: Any) -> str:
    return (element.text or "").strip() or element.get("href", "")


def _element(element: Any) -> Record:
    record: Record = dict(element.attrib)
    for child in element:
        if (name := _local(child)) not in ITEMS:
            grandchildren = {_local(c): _text_or_link(c) for c in child}
            record.setdefault(name, _text_or_link(child) or grandchildren.get("name") or None)
    return record


def _weibo_text(path: Path, text: str) -> Part:
    """weiboSpider's text file: the user first, then posts of several lines each, closed by their counts."""
    *user, posts = re.split(r"(?m)^微博内容：.*$", text, maxsplit=1)
    pairs = (line.partition("：") for line in "".join(user).splitlines())
    told = {key(name): value.strip() for name, colon, value in pairs if colon}
    records: list[Record] = []
    lines: list[str] = []
    facts: Record = {}
    # A line of text at the end closes the last post too.
    for line in [*posts.splitlines(), "."]:
        name, colon, value = line.partition("：")
        if colon and name in WEIBO_FACTS and (name != "微博位置" or lines):
            facts[WEIBO_FACTS[name]] = value.strip()
        elif line.strip() or not facts:
            if facts:
                records.append({"微博正文": "\n".join(lines).strip(), **facts})
                lines, facts = [], {}
            lines.append(line)
    return _records(path, "", "weibo_text", records, told)


def sqlite_parts(path: Path) -> list[Part]:
    """The tables of a SQLite file; it is opened read-only, and its views, triggers and functions are not run."""
    log = path.with_name(path.name + "-wal")
    # Without a write-ahead log nothing else need be touched; with one, what it holds is read too.
    mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"

    def queried(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)) as base:
            base.text_factory = lambda raw: raw.decode("utf-8", "replace")
            base.execute("PRAGMA trusted_schema=OFF")
            steps = iter(range(SQLITE_STEPS // 10_000))
            base.set_progress_handler(lambda: next(steps, None) is None, 10_000)
            return base.execute(query).fetchall()

    def part(name: str, columns: list[str]) -> Part:
        def load(head: int, wanted: list[str], layout: Layout) -> pl.DataFrame:
            own = {key(c): c for c in columns}
            found = [k for k in dict.fromkeys(map(key, wanted)) if k in own] or [key(columns[0])]
            rows = queried(f"SELECT {', '.join(_quoted(own[k]) for k in found)} FROM {_quoted(name)}")
            cells = [[_blob(cell) for cell in row] for row in rows]
            frame = pl.DataFrame(cells, schema=dict.fromkeys(found, pl.String), orient="row")
            return frame.with_row_index(ROW, 1)

        return Part(path, name, "sqlite", [columns], load)

    names = [name for (name,) in queried("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
    tables = {name: [row[1] for row in queried(f"PRAGMA table_info({_quoted(name)})")] for name in names}
    return [part(*table) for table in tables.items() if table[1] and not re.match(r"sqlite_|alembic", table[0])]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _blob(value: Any) -> str | None:
    return None if isinstance(value, bytes) else (cell_text(value) or None)
