"""Whose post it is: an account for each way in which files name one, joined to the ledger where it can be.

In this order: the ledger's account of the platform with this id (or another form of it); with an id whose hash this is; with
this name, if only one has it. Else the id itself, the hash, the name. A name alone is also joined to an account that
another file of the same import gives an id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import polars as pl

from govmedia_kit import schema
from govmedia_kit.errors import InputError, Place, Problem, hint
from govmedia_kit.interop import conformed
from govmedia_kit.read.importers import post_ids
from govmedia_kit.read.importers.layouts import Layout

__all__ = ["ID", "NAMING", "Identities", "Named", "form", "path_facts", "plain"]

# Columns that say whose a row is.
NAMING = ("platform", "platform_id", "other_ids", "name", "hash")
# Folders that tools and people keep files in; none of them is an account's name.
NO_NAMES = re.compile(
    r"(?i)^(?:\.+|/|posts?|data|csv|json|jsonl|xlsx|excel|output|out|weibo|weibo_data|wechat|douyin|feeds?|db|jsons|test|files?|tmp\w*"
    r"|download(s|ed)?|export(s|ed)?|inputs?|数据|导出|下载|结果文件|帖文|微博|微信|公众号|抖音|视频号|后台|[\w-]*(?:backoffice|spider|crawler)[\w-]*)$"
)

# What the user gives as an account and is a platform's id, not a name.
ID = re.compile(r"\d{5,}|MP_WXS_\d+|\w{8,}==?")


class Named(NamedTuple):
    """One way in which rows name their account."""

    platform: str | None
    platform_id: str | None
    other_ids: str | None
    name: str | None
    hash: str | None


def path_facts(path: Path, source: Path, layout: Layout, part: str = "") -> dict[str, str]:
    """What a file's name, its part's and its folders say: `platform_id`, `name`, `captured`, `platform`.

    Only folders inside the source are believed. For a file given alone, the folder that it lies in is.
    """
    full = path.as_posix()
    facts: dict[str, str] = {}
    for pattern in layout.path:
        for found in (*re.finditer(pattern, full), *re.finditer(pattern, f"/{part}")):
            facts = {k: v for k, v in found.groupdict().items() if v} | facts
    if layout.folder_names_account:
        inside = path.relative_to(source).parts[:-1] if path != source else path.parts[-2:-1]
        folders = [part for part in inside if not NO_NAMES.match(part)]
        if folders:
            facts["folder"] = folders[-1]
    if (name := facts.get("name")) and (NO_NAMES.match(name) or name == facts.get("platform_id") or name.isdigit()):
        del facts["name"]
    if "captured" in facts:
        digits = re.sub(r"\D", "", facts["captured"])
        day = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
        facts["captured"] = f"{day} {digits[8:10]}:{digits[10:12]}:{digits[12:14]}" if len(digits) == 14 else day
    return facts


class Identities:
    """The accounts that a ledger and the files of one import know, and the answer to whose a row is."""

    def __init__(self, ledger: pl.DataFrame | None) -> None:
        self.by_id: dict[tuple[str, str], str] = {}
        self.by_hash: dict[tuple[str, str], str] = {}
        self.by_name: dict[tuple[str, str], set[str]] = {}
        self.names_of_files: dict[tuple[str, str], set[str]] = {}
        self.hashes_of_files: dict[tuple[str, str], str] = {}
        # The accounts of the ledger with their platforms, and what they are called.
        self.ledger: dict[str, str] = {}
        self.called: list[str] = []
        self.doubts: list[Problem] = []
        if ledger is None:
            return
        ids = conformed(ledger, dict.fromkeys(("account_id", "platform", "platform_id", "name"), pl.String))
        for account, platform, number, name in ids.iter_rows():
            if account is None or platform is None:
                continue
            self.ledger[account] = platform
            self.called += [account, *([name] if name else [])]
            if number:
                self.by_id.setdefault((platform, form(platform, number)), account)
                self.by_hash.setdefault((platform, post_ids.creator_hash(number)), account)
            if name:
                self.by_name.setdefault((platform, plain(name)), set()).add(account)

    def learn(self, named: Iterable[Named]) -> None:
        """Names and hashes that the files of this import give to accounts with an id."""
        for one in named:
            if one.platform and one.platform_id:
                account = self.account(one)
                assert account is not None
                self.hashes_of_files.setdefault((one.platform, post_ids.creator_hash(one.platform_id)), account)
                if one.name:
                    self.names_of_files.setdefault((one.platform, plain(one.name)), set()).add(account)

    def account(self, one: Named) -> str | None:
        """The account_id of rows named so, or None where nothing names an account."""
        if not one.platform:
            return None
        platform = one.platform
        for number in (one.platform_id, *(one.other_ids or "").split("\t")):
            if number and number != "0" and (found := self.by_id.get((platform, form(platform, number)))):
                return found
        for by_hash in (self.by_hash, self.hashes_of_files):
            if one.hash and (found := by_hash.get((platform, one.hash))):
                return found
        # A masked name is no name: 兰州发布 and 兰考发布 are both 兰***布.
        name = plain(one.name) if one.name and not one.hash else ""
        if len(known := self.by_name.get((platform, name), set())) == 1:
            return next(iter(known))
        if one.platform_id:
            return f"{platform}:{form(platform, one.platform_id)}"
        if one.hash:
            return f"{platform}:hash:{one.hash}"
        if len(known := self.names_of_files.get((platform, name), set())) == 1:
            return next(iter(known))
        return f"{platform}:{(one.name or '').strip().lstrip('@')}" if name else None

    def asked(self, account: str, files: list[tuple[str, str | None]]) -> str:
        """The account that the user names for files which do not; InputError where it can be none of theirs."""
        account = account.strip()
        if not account:
            raise InputError("empty_account")
        word, colon, _ = account.partition(":")
        known = schema.vocabulary("platform")
        if colon and account not in self.ledger and word not in known:
            raise InputError(
                "unknown_choice", name="--account", found=account, hint=hint(word, known), known=list(known)
            )
        own = self.ledger.get(account) or (word if colon else None)
        if own and files and all(platform not in (None, own) for _, platform in files):
            name, platform = files[0]
            raise InputError("account_of_other_platform", found=account, other=platform, place=name)
        return account

    def given(self, account: str, platform: str | None, place: Place) -> str:
        """The account_id that the user means by an account_id, a platform's id or a name, for a file of the platform."""
        found = self._given(account, platform)
        own = self.ledger.get(found) or (found.partition(":")[0] if ":" in found else None)
        if platform is not None and own is not None and own != platform:
            raise InputError("account_of_other_platform", found=account, other=platform, place=place)
        if self.ledger and found not in self.ledger and not self.doubts:
            facts = {"found": account, "hint": hint(account, self.called)}
            self.doubts.append(Problem("account_not_in_ledger", place, facts))
        return found

    def _given(self, account: str, platform: str | None) -> str:
        if account in self.ledger or account.partition(":")[0] in schema.vocabulary("platform"):
            return account
        meant = set()
        for one in [platform] if platform else dict.fromkeys(self.ledger.values()):
            for named in (Named(one, account, None, None, None), Named(one, None, None, account, None)):
                meant |= {self.account(named)} & set(self.ledger)
        if len(meant) == 1:
            return str(next(iter(meant)))
        as_id = bool(ID.fullmatch(account))
        named = Named(platform or "other", account if as_id else None, None, None if as_id else account, None)
        return self.account(named) or account


def form(platform: str, number: str) -> str:
    """One spelling of a platform's id: WeChat's several forms of one number, spreadsheets' `7900000001.0`, full-width digits."""
    number = re.sub(r"^(\d+)\.0$", r"\1", unicodedata.normalize("NFKC", number).strip())
    return post_ids.wechat_account(number) if platform == "wechat" else number.lstrip("@")


def plain(name: str) -> str:
    """The form under which names are compared: case, spaces and the @ before it don't tell accounts apart."""
    return re.sub(r"\s+", "", name).lstrip("@").casefold()
