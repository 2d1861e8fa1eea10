"""What the kit must say of a small audit, by the definitions alone: loops, dicts and datetime over rows of text.

Nothing of the kit takes part. `plain_audits` draws audits and writes them, `count` says what they must come to.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

Row = dict[str, str]
Measured = dict[str, Any]
DAY = dt.timedelta(days=1)
PLATFORMS = {
    "wechat": ["wechat", "微信公众号", "微信"],
    "weibo": ["weibo", "新浪微博"],
    "douyin": ["douyin", "抖音"],
    "toutiao": ["toutiao", "今日头条"],
}
CHANNELS = ("channel_comments", "channel_messages", "channel_menu")
TIMES = ("published_at", "captured_at", "received_at", "replied_at")
DATES = ("opened_on", "closed_on", "last_post_on", "noted_on", "observed_from", "observed_to")


@dataclass
class Run:
    """What one tool wrote: rows of posts by field; under one of `keys` audit.toml may tell where it ended."""

    keys: tuple[str, ...]
    rows: list[Row]
    search: bool = False


@dataclass
class Case:
    """An audit as rows of text by field; `kinds` are the troubles that were planted."""

    seed: int
    settings: dict[str, Any]
    posts_as: str = ""
    accounts: list[Row] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    observations: list[Row] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Proof:
    """Days of which one source shows everything about an account."""

    account: str
    first: dt.date | None  # None: from its oldest known post
    last: dt.date
    basis: str  # known (captured or stated), run or noted
    others_to: dt.date | None = None


@dataclass(frozen=True)
class Post:
    account: str
    at: dt.datetime
    captured: dt.datetime | None
    row: Row


@dataclass(frozen=True)
class Frame:
    """What all accounts share: the monitoring point, the first day of the window, the last day that a date can name."""

    as_of: dt.date
    start: dt.date
    limit: dt.date

    def day(self, text: str) -> dt.date | None:
        """The day that a cell says, unless it is before 1990 or later than the day after the limit."""
        at = when(text)
        return at.date() if at and dt.date(1990, 1, 1) <= at.date() <= self.limit + DAY else None


def when(text: str) -> dt.datetime | None:
    """The local time that a cell says, or None; a year of two digits says nothing."""
    plain = re.sub("[年月/]", "-", text.strip()).replace("日", "")
    form = r"(\d{4})-(\d+)-(\d+)(?:[ T](\d+):(\d+)(?::(\d+))?)?(Z|[+-]\d\d:00)?"
    if not (found := re.fullmatch(form, plain)):
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    at = dt.datetime(year, month, day, hour, minute, second)
    if zone := found[7]:
        at += dt.timedelta(hours=8 - (0 if zone == "Z" else int(zone[:3])))
    return at


def _number(text: str) -> int | None:
    if text.endswith("万"):
        return round(float(text[:-1]) * 10_000)
    return int(text) if text.isdecimal() else None


def platform_of(row: Row) -> str:
    return next(word for word, spellings in PLATFORMS.items() if row["platform"] in spellings)


def identity(row: Row) -> str:
    """The ledger's id, else platform:platform_id, else platform:name@unit."""
    own = row["platform_id"] or f"{row['name']}@{row['unit']}"
    return row.get("account_id") or f"{platform_of(row)}:{own}"


def live(row: Row, as_of: dt.date, limit: dt.date) -> bool:
    frame = Frame(as_of, as_of, limit)
    opened, closed = frame.day(row["opened_on"]), frame.day(row["closed_on"])
    return (opened is None or opened <= as_of) and (closed is None or closed > as_of)


def count(case: Case) -> tuple[dict[str, Measured], dict[str, Any]]:
    """Each live account's row of `measured`, and the figures; a figure that is missing is left open."""
    ids = [identity(row) for row in case.accounts]
    ledger = dict(zip(ids, _mended(case, "accounts", case.accounts, identity), strict=True))
    runs = [replace(run, rows=_mended(case, "posts", run.rows, _post_key)) for run in case.runs]
    # Where an import wrote observations.csv, it tells of the posts beside it.
    ends = [None if case.observations else _end(case, run) for run in runs]
    proofs = [*_observed_in_ledger(case, ledger), *_observations(case)]
    known = [*(end for end in ends if end), *(proof.last for proof in proofs if proof.basis == "known")]
    as_of = case.settings.get("as_of") or min(known)
    start = as_of - (case.settings.get("window_days", 90) - 1) * DAY
    frame = Frame(as_of, start, max([*known, as_of]) if known else as_of + 366 * DAY)
    posts: list[Post] = []
    for run, end in zip(runs, ends, strict=True):
        found = _one_of_each(_usable(run, frame))
        posts += found
        if not run.search and not case.observations:
            proofs += _of_run(found, end)
    days: dict[str, list[dt.date]] = {account: [] for account in ledger}
    likes: dict[str, list[int]] = {account: [] for account in ledger}
    for post in _one_of_each(posts):
        if post.account in ledger and post.at.date() <= as_of:
            days[post.account].append(post.at.date())
            if post.at.date() >= start and (number := _number(post.row.get("likes", ""))) is not None:
                likes[post.account].append(number)
    searched = {post.account for run in runs if run.search for post in _usable(run, frame)}
    searched |= {row["account_id"] for row in case.observations if row["complete"] == "false"}
    ledger = {account: row for account, row in ledger.items() if live(row, as_of, frame.limit)}
    rows = {}
    for account, row in ledger.items():
        mine = [proof for proof in proofs if proof.account == account]
        mine += [proof for proof in [_note(case, account, row, frame)] if proof]
        rows[account] = _measured(row, days[account], mine, frame, searched=account in searched)
        rows[account]["likes_in_window"] = sum(likes[account]) if likes[account] else None
    return rows, _figures(rows, ledger) | _replies(case, ledger, frame)


def _mended(case: Case, table: str, rows: list[Row], key: Callable[[Row], str]) -> list[Row]:
    """The rows with their table's corrections; the key is that of the row as it was found."""
    becomes = {(c["key"], c["column"]): c["becomes"] for c in case.corrections if c["table"] == table}
    return [{name: becomes.get((key(row), name), cell) for name, cell in row.items()} for row in rows]


def _post_key(row: Row) -> str:
    return f"{row['account_id']}/{row.get('post_id')}"


# --- What the sources prove --------------------------------------------------------------------------------


def _stated(case: Case, keys: tuple[str, ...]) -> dt.date | None:
    told = case.settings.get("collected_to")
    return next((told[key] for key in keys if key in told), None) if isinstance(told, dict) else told


def _end(case: Case, run: Run) -> dt.date | None:
    """The newest capture of a run, else the day that audit.toml states; a search has only the first."""
    captured = [at.date() for row in run.rows if (at := when(row.get("captured_at", "")))]
    return max(captured) if captured else None if run.search else _stated(case, run.keys)


def _observed_in_ledger(case: Case, ledger: dict[str, Row]) -> list[Proof]:
    found = []
    for account, row in ledger.items():
        first, last = when(row["observed_from"]), when(row["observed_to"])
        end = last.date() if last else _stated(case, ()) if first else None
        if end:
            found.append(Proof(account, first.date() if first else None, end, "known"))
    return found


def _observations(case: Case) -> list[Proof]:
    """What observations.csv calls complete; an assumed end of a run of one account proves nothing."""
    found = []
    for row in case.observations:
        first, last, others = when(row["from"]), when(row["to"]), when(row["others_to"])
        assumed = row["basis"] == "run"
        if first and last and row["complete"] == "true" and not (assumed and not others):
            basis = "run" if assumed else "known"
            found.append(Proof(row["account_id"], first.date(), last.date(), basis, others.date() if others else None))
    return found


def _note(case: Case, account: str, row: Row, frame: Frame) -> Proof | None:
    """A note proves from the last post, or from the opening of an account that never posted, to the day it was taken."""
    last_post = frame.day(row["last_post_on"])
    noted_on = frame.day(row["noted_on"]) or case.settings.get("noted_on") or frame.as_of
    if last_post is not None:
        return Proof(account, last_post, noted_on, "noted") if last_post <= frame.as_of else None
    return Proof(account, frame.day(row["opened_on"]), noted_on, "noted") if _noted_count(row) == 0 else None


def _noted_count(row: Row) -> int | None:
    if row["last_post_on"] == "从未更新":
        return 0
    return int(row["post_count"]) if row["post_count"] else None


def _usable(run: Run, frame: Frame) -> list[Post]:
    """The rows of a run whose time can be."""
    found = []
    for row in run.rows:
        at = when(row["published_at"])
        if at and frame.day(row["published_at"]):
            found.append(Post(row["account_id"], at, when(row.get("captured_at", "")), row))
    return found


def _one_of_each(posts: list[Post]) -> list[Post]:
    """One row per post: the newest capture, of those captured at once the last row."""
    times: dict[tuple[str, str], set[dt.datetime]] = {}
    for post in posts:
        times.setdefault((post.account, post.row.get("post_id", "")), set()).add(post.at)
    kept: dict[tuple[object, ...], Post] = {}
    for post in sorted(posts, key=lambda post: post.captured or dt.datetime.min):
        post_id, url, title = (post.row.get(name, "") for name in ("post_id", "url", "title"))
        contradicted = len(times[post.account, post_id]) > 1
        if re.fullmatch(r"[\d.]+E\+\d+", post_id) or (re.fullmatch(r"\d{14,}00", post_id) and contradicted):
            post_id = ""
        if post_id:
            kept["id", post.account, post_id] = post
        elif url:
            kept["url", post.account, url] = post
        elif title:
            kept["title", post.account, post.at, title] = post
        else:
            kept["row", *post.row.items()] = post
    return list(kept.values())


def _of_run(posts: list[Post], end: dt.date | None) -> list[Proof]:
    """Each account of a run is complete from its oldest post to the run's end: known, or the newest post of any account."""
    oldest: dict[str, dt.date] = {}
    newest: dict[str, dt.date] = {}
    for post in posts:
        day = post.at.date()
        oldest[post.account] = min(day, oldest.get(post.account, day))
        newest[post.account] = max(day, newest.get(post.account, day))
    if end:
        return [Proof(account, first, end, "known") for account, first in oldest.items()]
    found = []
    for account, first in oldest.items():
        if others := [day for other, day in newest.items() if other != account]:
            found.append(Proof(account, first, max(newest.values()), "run", max(others)))
    return found


# --- One account -------------------------------------------------------------------------------------------


def _joined(spans: list[tuple[dt.date, dt.date]]) -> list[tuple[dt.date, dt.date]]:
    """Spans of days that overlap or touch are one."""
    found: list[tuple[dt.date, dt.date]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + DAY:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def _measured(row: Row, posts: list[dt.date], proofs: list[Proof], frame: Frame, *, searched: bool) -> Measured:
    """The row of one account, from its posts by the monitoring point and what its sources prove."""
    as_of, counted = frame.as_of, _noted_count(row)
    noted, opened = frame.day(row["last_post_on"]), frame.day(row["opened_on"])
    real = sorted([*posts, *([noted] if noted and noted <= as_of else [])])
    spans = [(proof.first or (real[0] if real else proof.last), proof.last) for proof in proofs]
    span = next((span for span in _joined(spans) if span[0] <= as_of <= span[1]), None)
    last_post = real[-1] if real else None
    gap, never = None, False
    reason: str | None = None
    if span is None:
        reason = _why_not(noted is not None and noted > as_of, counted, posts, proofs, searched)
    else:
        if last_post and last_post < span[0] - DAY:
            last_post = None  # too long ago to say that there was none since
        never = not real and (counted == 0 or (not counted and opened is not None and span[0] <= opened))
        if not never:
            gap = (as_of - last_post).days if last_post else (as_of - span[0]).days + 1
        covering = [p for p, (first, last) in zip(proofs, spans, strict=True) if first <= as_of <= last]
        assumed = all(proof.basis == "run" for proof in covering)
        borne_out = any(proof.others_to and proof.others_to >= as_of for proof in covering)
        reason = "run_alone" if assumed and not borne_out and (never or (gap or 0) > 14) else None
    found: Measured = {"checked": reason is None, "not_checked_reason": reason, "last_post": last_post}
    collected = posts or any(p.basis != "noted" and first <= as_of for p, (first, _) in zip(proofs, spans, strict=True))
    found["posts_in_window"] = sum(day >= frame.start for day in posts) if collected else None
    found["channel"] = _channel(row)
    found |= dict.fromkeys(("gap_days", "never", "stale", "warned", "borderline", "dormant"))
    found["verdict"] = "not_checked"
    if reason is None:
        days = gap or 0
        found |= {"gap_days": gap, "never": never, "stale": never or days > 14, "warned": never or days > 7}
        found |= {"borderline": days == 14, "dormant": days > 90}
        found["verdict"] = "failed" if found["stale"] or found["channel"] == "none" else "passed"
    if span and len(_joined(spans)) == 1 and all(proof.basis != "noted" for proof in proofs):
        # Which days of several spans, or of a note, are observed days is left open.
        found["longest"] = _longest_silence(set(posts), max(frame.start, span[0], opened or span[0]), as_of)
    return found


def _why_not(later: bool, counted: int | None, posts: list[dt.date], proofs: list[Proof], searched: bool) -> str:
    """Why an account is not checked, the first that holds."""
    if later and not posts and not proofs:
        return "noted_later"
    if counted and not posts and not proofs:
        return "no_date"
    if proofs:
        return "noted_earlier" if all(proof.basis == "noted" for proof in proofs) else "collection_ended"
    if posts:
        return "search_only" if searched else "end_not_known"
    return "not_observed"


def _channel(row: Row) -> str | None:
    known = [row[name] in ("是", "true") for name in CHANNELS if row[name]]
    if not known:
        return None
    return "none" if not any(known) else "full" if known == [True, True, True] else "some"


def _longest_silence(posts: set[dt.date], day: dt.date, last: dt.date) -> int:
    """The longest run of days without a post, day by day."""
    longest = silent = 0
    while day <= last:
        silent = 0 if day in posts else silent + 1
        longest, day = max(longest, silent), day + DAY
    return longest


# --- The figures -------------------------------------------------------------------------------------------


def _figures(rows: dict[str, Measured], ledger: dict[str, Row]) -> dict[str, Any]:
    """The figures of accounts and units; of accounts checked, where none was, nothing is known."""
    checked = [row for row in rows.values() if row["checked"]]
    of_unit = Counter(row["unit"] for row in ledger.values())
    of_purpose = Counter((row["unit"], platform_of(row), row["purpose"]) for row in ledger.values())
    channels = [row["channel"] for row in rows.values()]
    known = any(channels)
    found: dict[str, Any] = {
        "units": len(of_unit),
        "accounts.registered": len(rows),
        "accounts.checked": len(checked),
        "accounts.not_checked": len(rows) - len(checked),
        "duplication.units_same_platform": len({unit for (unit, *_), n in of_purpose.items() if n > 1}),
        "duplication.redundant_accounts": sum(n - 1 for n in of_purpose.values()),
        "duplication.units_with_three": sum(n == 3 for n in of_unit.values()),
        "duplication.units_over_three": sum(n > 3 for n in of_unit.values()),
        "duplication.most_accounts": max(of_unit.values()),
        "interaction.no_channel": channels.count("none") if known else None,
        "interaction.full": channels.count("full") if known else None,
        "interaction.channels_unknown": channels.count(None),
    }
    for name, verdict in (("accounts.passed", "passed"), ("accounts.failed", "failed")):
        found[name] = sum(row["verdict"] == verdict for row in checked) if checked else None
    found["pass_rate"] = found["accounts.passed"] / len(checked) if checked else None
    for mark in ("stale", "never", "borderline", "warned", "dormant"):
        found[f"updates.{mark}"] = sum(row[mark] for row in checked) if checked else None
    gaps = [row["gap_days"] for row in checked if row["gap_days"] is not None]
    found["updates.median_gap_days"] = statistics.median(gaps) if gaps else None
    if all("longest" in row for row in checked):
        found["updates.longest_gap_days"] = max((row["longest"] for row in checked), default=None)
    return found


def _replies(case: Case, ledger: dict[str, Row], frame: Frame) -> dict[str, Any]:
    """Messages of the window to live accounts, or to their units, and the share replied to by the monitoring point."""
    if not case.messages:
        return {"interaction.messages": None, "interaction.reply_rate": None}
    once: dict[tuple[object, ...], Row] = {}
    for row in _mended(case, "messages", case.messages, lambda row: row.get("message_id", "")):
        to = row["account_id"], row["unit"]
        once[(*to, row["message_id"]) if "message_id" in row else tuple(row.items())] = row
    units = {row["unit"] for row in ledger.values()}
    received, replied = [], []
    for row in once.values():
        mine = row["account_id"] in ledger or (not row["account_id"] and row["unit"] in units)
        day = frame.day(row["received_at"])
        if mine and day and frame.start <= day <= frame.as_of:
            received.append(row)
            reply = frame.day(row.get("replied_at", ""))
            if reply and reply <= frame.as_of:
                replied.append(row)
    if not received:
        return {}  # whether that is none or not known is left open
    rate = len(replied) / len(received) if "replied_at" in received[0] else None
    return {"interaction.messages": len(received), "interaction.reply_rate": rate}
