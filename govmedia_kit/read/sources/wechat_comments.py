"""Comments that stand inside their article, each with its replies inside it, as rows of one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["inside_articles"]


def inside_articles(articles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """WeChat's comments and replies of a list of articles: one row each, `parent_id` null for a comment.

    A reply is the account's own where WeChat gives it no openid, as its page does to show 作者, or where it bears the
    account's name; `account` is the account's id in those rows only.
    """
    return [row for article in articles for row in _of_article(article)]


def _of_article(article: dict[str, Any]) -> Iterator[dict[str, Any]]:
    of = {"post_id": article.get("aid")}
    for number, comment in enumerate(_objects(article.get("comments"))):
        thread = comment.get("reply_new")
        if not isinstance(thread, dict):
            continue
        comment_id = str(comment.get("content_id") or f"{article.get('aid')}-{number}")
        yield {**of, "comment_id": comment_id, "parent_id": None, "create_time": comment.get("create_time")}
        for answer, reply in enumerate(_objects(thread.get("reply_list"))):
            name = reply.get("nick_name")
            own = reply.get("openid") == "" or (name is not None and name == article.get("_accountName"))
            yield {
                **of,
                "comment_id": f"{comment_id}-{reply.get('reply_id') or f'r{answer}'}",
                "parent_id": comment_id,
                "create_time": reply.get("create_time"),
                "account": article.get("fakeid") if own else None,
            }


def _objects(node: Any) -> list[dict[str, Any]]:
    return [item for item in node if isinstance(item, dict)] if isinstance(node, list) else []
