"""An audit of any size whose truth is known, because every account of it was made up to be what it is: `govmedia generate`.

What it holds and what must come out of it is made in `invent`; here it is written as an audit folder, each run beneath `posts/`
in the layout of its tool (`generated/layouts.toml`), and marked as generated wherever somebody might look.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from govmedia_kit.divisions import names
from govmedia_kit.errors import InputError
from govmedia_kit.package_data import resource, rows, words
from govmedia_kit.run.invent import (
    AS_OF,
    JUNE,
    LATE_MAY,
    MARK,
    REGION,
    RULES,
    SHANGHAI,
    WINDOW_DAYS,
    invented_accounts,
    invented_messages,
    invented_posts,
)
from govmedia_kit.run.truth import figures_of_truth, truth_of

__all__ = ["generate_audit"]

# Fewer accounts would leave no ordinary ones beside the troubles, fewer posts no pattern.
FEWEST_ACCOUNTS, POSTS_PER_ACCOUNT = 100, 5
LEDGER = """
account_id platform platform_id name unit unit_level region opened_on closed_on filing_status purpose followers
channel_comments channel_messages channel_menu last_post_on post_count noted_on observed_from observed_to source
"""
TRUTH = """
account_id platform name unit trouble live checked not_checked_reason last_post gap_days never stale borderline warned dormant
posts_in_window reads_in_window likes_in_window channel unit_accounts same_platform_accounts messages replied verdict
"""
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
BYTE_ORDER_MARK = "\ufeff"


def generate_audit(folder: Path | str, *, accounts: int, posts: int, seed: int) -> Path:
    """An audit folder with `accounts` accounts and `posts` posts, and beside its tables `truth.csv` and `truth_figures.csv`.

    Every kind of `generated/troubles.csv` stands in it at least once among ordinary accounts; which account is which is drawn
    by `seed`, and the same arguments write the same bytes. `posts` counts posts, not the copies that some files hold of them.
    Raises InputError for a folder that holds anything, and for fewer accounts or posts than the troubles need.
    """
    import numpy as np

    folder = Path(folder)
    least = {"accounts": FEWEST_ACCOUNTS, "posts": POSTS_PER_ACCOUNT * max(accounts, FEWEST_ACCOUNTS), "seed": 0}
    given = {"accounts": accounts, "posts": posts, "seed": seed}
    for name, number in given.items():
        if number < least[name]:
            raise InputError("number_too_small", name=name, found=number, least=least[name])
    if folder.is_file():
        raise InputError("out_is_a_file", path=folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError("folder_not_empty", path=folder)
    random = np.random.default_rng(seed)
    ledger = invented_accounts(accounts, random)
    made = invented_posts(ledger, posts, random)
    messages = invented_messages(ledger, random)
    truth = truth_of(ledger, made, messages)
    folder.mkdir(parents=True, exist_ok=True)
    _write_ledger(folder, ledger)
    _write_posts(folder / "posts", ledger, made)
    _write_corrections(folder, ledger, made)
    _write_csv(folder / "messages.csv", messages)
    _write_csv(folder / "truth.csv", truth.select(TRUTH.split()), bom=True)
    _write_csv(folder / "truth_figures.csv", figures_of_truth(truth), bom=True)
    _write_words(folder, truth, given)
    return folder


def _write_csv(path: Path, table: pl.DataFrame, *, bom: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_csv(path, include_bom=bom, datetime_format="%Y-%m-%d %H:%M:%S")


def _write_ledger(folder: Path, ledger: pl.DataFrame) -> None:
    day = pl.col("last_post_on").cast(pl.String)
    two_digits = pl.when((pl.col("fault") == "corrected_note").fill_null(False)).then(day.str.slice(2)).otherwise(day)
    _write_csv(folder / "accounts.csv", ledger.with_columns(last_post_on=two_digits).select(LEDGER.split()))


def _write_corrections(folder: Path, ledger: pl.DataFrame, made: pl.DataFrame) -> None:
    """`corrections.csv`: the ledger's dates of two-digit years, and the newest post of an account that bears a wrong year."""
    day, moment = pl.col("last_post_on").cast(pl.String), pl.col("published_at").dt.strftime("%Y-%m-%d %H:%M:%S")
    notes = ledger.filter(pl.col("fault") == "corrected_note").select(
        pl.lit("accounts").alias("table"),
        key="account_id",
        column=pl.lit("last_post_on"),
        found=day.str.slice(2),
        becomes=day,
    )
    posts = made.filter(pl.col("fault") == "corrected_post", pl.col("newest")).select(
        pl.lit("posts").alias("table"),
        key=pl.format("{}/{}", "account_id", "post_id"),
        column=pl.lit("published_at"),
        found=_wrong_year(moment),
        becomes=moment,
    )
    reason = pl.lit(words("generated/layouts.toml")["words"]["mark"])
    _write_csv(folder / "corrections.csv", pl.concat([notes, posts]).with_columns(reason=reason))


def _wrong_year(moment: pl.Expr) -> pl.Expr:
    return moment.str.replace(r"^2026", "2062")


def _write_posts(folder: Path, ledger: pl.DataFrame, made: pl.DataFrame) -> None:
    """The runs beneath `posts/`, each in the layout of its tool; where a folder is numbered, each a run of its own."""
    layouts = words("generated/layouts.toml")
    headers = {name: [c.replace("␣", " ") for c in header.split()] for name, header in layouts["headers"].items()}
    # What was posted at the end of May stands in the run of June too.
    late = pl.col("back").is_between(JUNE + 1, LATE_MAY) & (pl.col("trouble") == "both_runs")
    again = {"crawler": made.filter(late)}
    for name, run in layouts["runs"].items():
        posts = pl.concat([made.filter(pl.col("run") == name), again.get(name, made.clear())])
        small = posts.with_columns(turn=pl.col("account").rank("dense").over("trouble"))
        parts = small.partition_by("turn", include_key=False) if "{number}" in run["folder"] else [posts]
        for number, part in enumerate(parts, start=1):
            where = folder / run["folder"].format(number=f"{number:03}")
            WRITERS[run["layout"]](where, headers[run["layout"]], part, run.get("captured"))
    june, heading = folder / layouts["runs"]["crawler"]["folder"], ",".join(headers["weibo-crawler"])
    for name, uid in ledger.filter(pl.col("fault") == "header_only").select("name", "platform_id").iter_rows():
        _write_text(june / name / f"{uid}.csv", [heading])


def _crawled_lines(posts: pl.DataFrame) -> pl.DataFrame:
    """Each account's posts as weibo-crawler's rows, the newest first: a tab after the id, 19 cells."""
    moment = pl.col("published_at").dt.strftime("%Y-%m-%dT%H:%M:%S")
    line = pl.format(
        "{}\t,{},{},,,,,,{},{},{},{},{},,,{},False,0,True",
        *("post_id", "bid", "title"),
        *(moment, pl.lit(words("generated/layouts.toml")["words"]["mark"])),
        *("likes", pl.col("likes") // 5, pl.col("likes") // 7),
        moment.str.replace("T", " "),
    )
    return (
        posts.with_columns(bid=_bids(posts["mid"]))
        .sort("account", "second", "number", descending=[False, True, True])
        .group_by("account", "name", "platform_id", maintain_order=True)
        .agg(lines=line.str.join("\r\n"))
    )


def _write_crawled(folder: Path, header: list[str], posts: pl.DataFrame, captured: dt.datetime) -> None:
    """A file for each account, none of which says when it was captured."""
    for name, uid, lines in _crawled_lines(posts).select("name", "platform_id", "lines").iter_rows():
        _write_text(folder / name / f"{uid}.csv", [",".join(header), lines])


def _write_text(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((BYTE_ORDER_MARK + "\r\n".join(lines) + "\r\n").encode())


def _bids(mids: pl.Series) -> pl.Series:
    """Weibo's ids in letters: groups of seven decimal digits from the right, each as four letters of base 62."""
    import numpy as np

    number = mids.to_numpy()
    groups = (number // 10**14, number // 10**7 % 10**7, number % 10**7)
    signs = np.frombuffer(LETTERS.encode(), dtype="S1")
    # The first group of an id of these years is one letter.
    digits = [groups[0], *(group // 62**power % 62 for group in groups[1:] for power in (3, 2, 1, 0))]
    letters = signs[np.stack(digits, axis=1)] if len(number) else np.empty((0, len(digits)), dtype="S1")
    return pl.Series([row.decode() for row in letters.view(f"S{len(digits)}").ravel().tolist()], dtype=pl.String)


def _write_media_crawler(folder: Path, header: list[str], posts: pl.DataFrame, captured: dt.datetime) -> None:
    """`creator_contents` as before July 2026: what was captured again is in an earlier file, with fewer likes."""
    earlier = captured - dt.timedelta(days=30)
    seen = posts.filter(pl.col("fault") == "doubled", pl.col("published_at") < earlier)
    captures = {captured: posts, earlier: seen.with_columns(pl.col("likes") // 2)}
    epoch = pl.col("second") - SHANGHAI
    rounded = (pl.col("fault") == "rounded_times").fill_null(False)
    scientific = pl.format("{}E+09", (epoch / 1e9).round(2).cast(pl.String))
    likes = pl.col("likes").cast(pl.String).fill_null("None")
    for day, rows_ in captures.items():
        if not rows_.height:
            continue
        cells = {
            "note_id": pl.col("post_id"),
            "content": pl.col("title"),
            "create_time": pl.when(rounded).then(scientific).otherwise(epoch.cast(pl.String)),
            "create_date_time": pl.col("published_at").dt.strftime("%Y-%m-%d %H:%M:%S+08:00"),
            "liked_count": likes,
            "comments_count": likes,
            "shared_count": likes,
            "last_modify_ts": pl.lit(_milliseconds(day)),
            "note_url": pl.format("https://m.weibo.cn/detail/{}", "post_id"),
            "user_id": pl.col("platform_id"),
            "nickname": pl.col("name"),
        }
        _write_cells(folder / f"creator_contents_{day:%Y-%m-%d}.csv", header, rows_, cells)


def _milliseconds(local: dt.datetime) -> int:
    return int((local - dt.datetime(1970, 1, 1)).total_seconds() - SHANGHAI) * 1000


def _write_cells(path: Path, header: list[str], posts: pl.DataFrame, cells: dict[str, pl.Expr]) -> None:
    """A foreign table: the header's columns in order, empty where nothing is said."""
    table = posts.select(cells.get(name, pl.lit(None, pl.String)).alias(name) for name in header)
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_csv(path, include_bom=True, line_terminator="\r\n")


def _write_searches(folder: Path, header: list[str], posts: pl.DataFrame, captured: dt.datetime) -> None:
    """One file a keyword, times to the minute; every fifth post was found by two."""
    keywords = words("generated/layouts.toml")["words"]["keywords"]
    moment, turn = pl.col("published_at").dt.strftime("%Y-%m-%d %H:%M"), pl.col("number") % len(keywords)
    posts = posts.with_columns(bid=_bids(posts["mid"]))
    own = {"id": "post_id", "bid": "bid", "user_id": "platform_id", "用户昵称": "name", "微博正文": "title"}
    cells = {name: pl.col(column) for name, column in own.items()}
    cells |= {"转发数": pl.lit(0), "评论数": pl.lit(0), "点赞数": pl.col("likes"), "发布时间": moment}
    for at, keyword in enumerate(keywords):
        other = (turn == (at + 1) % len(keywords)) & (pl.col("number") % 5 == 0)
        found = posts.filter((turn == at) | other)
        _write_cells(folder / keyword / f"{keyword}.csv", header, found, cells)


def _write_kit(folder: Path, header: list[str], posts: pl.DataFrame, captured: dt.datetime) -> None:
    """The kit's own layout; what was captured twice stands again below, as it was an hour after it was posted."""
    fault = pl.col("fault").fill_null("")
    first = posts.filter(fault == "doubled", pl.col("number") % 3 == 0).with_columns(
        pl.col("reads", "likes") // 2, seen_at=pl.col("published_at") + pl.duration(hours=1)
    )
    again = posts.filter(fault.is_in(["rounded_ids", "rounded_digits"]), pl.col("newest"))
    whole = [part.with_columns(seen_at=pl.lit(captured)) for part in (posts, again)]
    odd = fault == "odd_counts"
    moment = pl.col("published_at").dt.strftime("%Y-%m-%d %H:%M:%S")
    reads, likes = (pl.col(name).cast(pl.String) for name in ("reads", "likes"))
    cells = {
        "account_id": pl.col("account_id"),
        "post_id": pl.when(fault == "rounded_ids")
        .then(pl.lit("5.30E+15"))
        .when(fault == "rounded_digits")
        .then(pl.lit("5300000000000000"))
        .otherwise("post_id"),
        "published_at": pl.when((fault == "corrected_post") & pl.col("newest"))
        .then(_wrong_year(moment))
        .otherwise(moment),
        "title": pl.col("title"),
        "reads": pl.when(odd).then(pl.lit("1.2万")).otherwise(reads),
        "likes": pl.when(odd).then(likes.fill_null("-1")).otherwise(likes),
        "captured_at": pl.col("seen_at").dt.strftime("%Y-%m-%d %H:%M:%S"),
        "榜单": pl.lit("示例热榜"),
        "source": pl.lit(MARK),
    }
    table = pl.concat([whole[0], first, whole[1]])
    _write_csv(folder / "posts.csv", table.select(cells[name].alias(name) for name in header))


WRITERS = {
    "weibo-crawler": _write_crawled,
    "MediaCrawler": _write_media_crawler,
    "weibo-search": _write_searches,
    "kit": _write_kit,
    "hot list": _write_kit,
}


def _write_words(folder: Path, truth: pl.DataFrame, given: dict[str, int]) -> None:
    """`audit.toml` and `README.md`, both of which say before all else that nothing here is real."""
    facts = {"place": names()[REGION], "region": REGION, "as_of": AS_OF, "window_days": WINDOW_DAYS, "rules": RULES}
    counts = dict(truth["trouble"].value_counts().iter_rows())
    table = [
        f"| `{row['trouble']}` | {counts[row['trouble']]} | {row['zh']} · {row['en']} |"
        for row in rows("generated/troubles.csv")
    ]
    for name, more in {"audit.toml": [], "README.md": table}.items():
        template = resource(f"generated/{name}").read_text(encoding="utf-8")
        text = template.format(**facts, **given) + "".join(f"{line}\n" for line in more)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
