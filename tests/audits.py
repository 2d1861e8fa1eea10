"""Small audit folders for tests: a few accounts, a few posts, an audit.toml."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import tomli_w

AS_OF = dt.date(2019, 7, 15)


def account(said: str, /, **more: Any) -> dict[str, Any]:
    """A row of a ledger; what the account is called is its id too."""
    row = {"account_id": said, "platform": "wechat", "name": said, "unit": f"{said}的主办单位", "region": "620102"}
    return row | {"channel_comments": "true", "observed_from": "2019-01-01", "observed_to": "2019-07-15"} | more


def post(account_id: str, gap: int, **more: Any) -> dict[str, Any]:
    """A row of posts, `gap` days before the monitoring point."""
    at = dt.datetime.combine(AS_OF - dt.timedelta(days=gap), dt.time(9, 30))
    return {"account_id": account_id, "post_id": f"{account_id}-{gap}", "published_at": str(at)} | more


def write_audit(
    folder: Path,
    accounts: list[dict[str, Any]] | None = None,
    posts: list[dict[str, Any]] | None = None,
    messages: list[dict[str, Any]] | None = None,
    **settings: Any,
) -> Path:
    """An audit folder of the given rows as CSV; without rows one live account with a post of yesterday."""
    folder.mkdir(parents=True, exist_ok=True)
    accounts = [account("甲")] if accounts is None else accounts
    posts = [post("甲", 1)] if posts is None else posts
    tables = {"accounts": accounts, "posts": posts, "messages": messages or []}
    for name, rows in tables.items():
        if rows:
            pl.DataFrame(rows, infer_schema_length=None).write_csv(folder / f"{name}.csv")
    given = {"title": "测试通报", "as_of": AS_OF, "region": "620000", "rules": "gansu-2019"} | settings
    with (folder / "audit.toml").open("wb") as file:
        tomli_w.dump({name: value for name, value in given.items() if value is not None}, file)
    return folder


def short_notebook(folder: Path, *more: str) -> Path:
    """The bulletin's notebook without its chapters and charts: its parameters, what it measures and saves, and `more` code."""
    notebook = json.loads((Path(__file__).parents[1] / "notebooks" / "bulletin.ipynb").read_text(encoding="utf-8"))
    kept = [cell for cell in notebook["cells"] if "remove-cell" in cell["metadata"].get("tags", [])]
    title = next(cell for cell in notebook["cells"] if "report.opening" in "".join(cell["source"]))
    added = [title | {"id": f"more{i}", "source": [code]} for i, code in enumerate(more)]
    notebook["cells"] = [*kept[:-1], title, *added, kept[-1]]
    path = folder / "short.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def figures_of(folder: Path) -> dict[str, dict[str, Any]]:
    """`figures.json` of a bulletin's folder by id."""
    return {f["id"]: f for f in json.loads((folder / "figures.json").read_text(encoding="utf-8"))}
