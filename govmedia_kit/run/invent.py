"""What a made-up audit holds: accounts, posts and messages drawn by lot.

What accounts are made to be is `generated/troubles.csv`, one row for each kind: in which runs it stands, how long before the
monitoring point it last posted, what an inspector noted, and why it cannot be checked. What must come out is in `truth`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from govmedia_kit.divisions import divisions, within
from govmedia_kit.package_data import rows, words

__all__ = [
    "AS_OF",
    "DAY",
    "JUNE",
    "LATE_MAY",
    "MARK",
    "REGION",
    "RULES",
    "SHANGHAI",
    "WINDOW_DAYS",
    "invented_accounts",
    "invented_messages",
    "invented_posts",
]

REGION, RULES = "510000", "state-council-2019"
AS_OF, WINDOW_DAYS = dt.date(2026, 6, 30), 90
MARK = "generated"
# No account of Weibo has a number of ten digits that begins with 99.
FIRST_UID = 9_900_000_000
PLATFORMS = {"weibo": 0.5, "wechat": 0.28, "toutiao": 0.09, "douyin": 0.09, "kuaishou": 0.04}
UNIT_SIZES = {1: 0.55, 2: 0.33, 3: 0.12}
SAME_PLATFORM, OTHER_PURPOSE = 0.06, 0.02
CHANNELS = ("channel_comments", "channel_messages", "channel_menu")
CHANNEL_KINDS = {"none": 0.06, "full": 0.08, "unknown": 0.06, "some": 0.8}
OFFERED = {
    "none": ((False, False, False), (False, None, False)),
    "full": ((True, True, True),),
    "unknown": ((None, None, None),),
    "some": ((True, True, False), (True, False, False), (False, True, None), (True, None, False), (False, True, True)),
}
# Days of a timeline before its last post; of the run of June, those that the run of May has too.
TIMELINE, JUNE, LATE_MAY = 100, 29, 40
MOST_READS = 60_000
WEIBO_EPOCH, SHANGHAI, DAY = 515_483_463, 8 * 3600, 86_400


# --- Who runs what -----------------------------------------------------------------------------------------


def invented_accounts(accounts: int, random: Any) -> pl.DataFrame:
    """The ledger's accounts, one row each: who runs them, what kind of trouble they are, and the days drawn for it."""
    return _with_days(_with_troubles(_listed(accounts, random), random), random)


def _listed(accounts: int, random: Any) -> pl.DataFrame:
    """The ledger's accounts by unit: names, platforms, channels, and what is the same for every kind of account."""
    units, said = _units(random), words("generated/layouts.toml")["words"]
    found: list[dict[str, Any]] = []
    while len(found) < accounts:
        unit = next(units)
        count = min(int(random.choice(list(UNIT_SIZES), p=list(UNIT_SIZES.values()))), accounts - len(found))
        platforms = list(random.choice(list(PLATFORMS), size=count, replace=False, p=list(PLATFORMS.values())))
        lot = random.random()
        # The first two units that can are made so, that even a small audit has them.
        planted = len({a["unit"] for a in found if a["twin"]})
        if count > 1 and (planted < 2 or lot < SAME_PLATFORM + OTHER_PURPOSE):
            platforms[1] = platforms[0]
        for number, platform in enumerate(platforms):
            twin = number == 1 and platform == platforms[0]
            other = twin and (planted == 1 or (planted > 1 and lot < OTHER_PURPOSE))
            name = unit["name"] + (said["second_account"] if twin else "")
            own = {"platform": platform, "name": name, "purpose": said["purpose"] if other else None, "twin": twin}
            found.append(unit | own)
    kinds = random.choice(list(CHANNEL_KINDS), size=accounts, p=list(CHANNEL_KINDS.values()))
    kinds[: len(CHANNEL_KINDS)] = list(CHANNEL_KINDS)
    picks = random.integers(0, 60, accounts)
    offered = [OFFERED[kind][pick % len(OFFERED[kind])] for kind, pick in zip(kinds, picks, strict=True)]
    uid = pl.format("{}", FIRST_UID + 1 + pl.col("account"))
    return (
        pl.DataFrame(found, schema_overrides={"purpose": pl.String}, infer_schema_length=None)
        .with_row_index("account")
        .with_columns(
            pl.Series("kind", kinds.tolist()),
            *(pl.Series(name, [one[at] for one in offered], pl.Boolean) for at, name in enumerate(CHANNELS)),
            opened_on=pl.date(2012, 1, 1) + pl.duration(days=pl.lit(pl.Series(random.integers(0, 3600, accounts)))),
            followers=pl.Series(random.lognormal(9, 1.1, accounts).astype("int64")),
            platform_id=pl.when(pl.col("platform") == "weibo").then(uid),
        )
        .with_columns(account_id=pl.format("{}:{}", "platform", pl.coalesce("platform_id", _numbered("account"))))
    )


def _numbered(column: str) -> pl.Expr:
    return pl.format("{}-{}", pl.lit(MARK), pl.col(column).cast(pl.Int64) + 1)


def _units(random: Any) -> Iterator[dict[str, Any]]:
    """Units without end, by lot: a division, 示例 and a body; a number where all bodies of all divisions are taken."""
    bodies = rows("generated/bodies.csv")
    places = divisions().filter(pl.col("code").is_in(within(REGION)), pl.col("name").is_unique()).rows(named=True)
    series = 1
    while True:
        numeral = "" if series == 1 else f"第{series}处"
        for at in random.permutation(len(places) * len(bodies)).tolist():
            place, body = places[at // len(bodies)], bodies[at % len(bodies)]
            province = place["level"] == "province"
            government = body["local"] == bodies[0]["local"]
            level = "provincial_department" if province else place["level"] + ("" if government else "_department")
            yield {
                "unit": f"{place['name']}示例{numeral}{body['province' if province else 'local']}",
                "name": f"{place['name']}示例{numeral}{body['topic']}",
                "topic": body["topic"],
                "unit_level": level,
                "region": place["code"],
            }
        series += 1


# --- What each account is made to be -----------------------------------------------------------------------


def _with_troubles(ledger: pl.DataFrame, random: Any) -> pl.DataFrame:
    """Each account with the row of `troubles.csv` that it is made by: shares are of a thousand accounts, at least one."""
    order = random.permutation(ledger.height).tolist()
    platform = ledger["platform"].to_list()
    pools = {True: [a for a in order if platform[a] == "weibo"], False: [a for a in order if platform[a] != "weibo"]}
    table = rows("generated/troubles.csv")
    mine: dict[int, int] = {}
    for at, row in enumerate(table[1:], start=1):
        for _ in range(max(1, round(int(row["share"]) * ledger.height / 1000))):
            larger = len(pools[True]) >= len(pools[False])
            pool = pools[larger if row["platform"] == "any" else row["platform"] == "weibo"]
            mine[pool.pop()] = at
    kinds = pl.DataFrame(table).drop("share", "platform", "zh", "en").with_row_index("at")
    kinds = kinds.with_columns(pl.when(pl.col(c) != "").then(c).alias(c) for c in kinds.columns if c != "at")
    kind = pl.Series("at", [mine.get(account, 0) for account in range(ledger.height)], pl.UInt32)
    return ledger.with_columns(kind).join(kinds, on="at", how="left", maintain_order="left")


def _with_days(ledger: pl.DataFrame, random: Any) -> pl.DataFrame:
    """The days drawn for each account, counted back from the monitoring point, its run, and the ledger's dates from both."""
    drawn = {}
    for name in ("gap", "hit", "note"):
        ends = ledger[name].str.extract_groups(r"^(-?\d+)(?:-(-?\d+))?$")
        least = ends.struct[0].cast(pl.Int64)
        spread = ends.struct[1].cast(pl.Int64).fill_null(least) - least + 1
        drawn[name] = least + (pl.Series(random.random(ledger.height)) * spread).floor().cast(pl.Int64)
    lot = random.integers(0, 60, ledger.height).tolist()
    choices = ledger["runs"].str.split(" ").to_list()
    weibo = (ledger["platform"] == "weibo").to_list()
    runs = [_run(choice, own, pick) for choice, own, pick in zip(choices, weibo, lot, strict=True)]
    ledger = ledger.with_columns(**drawn, run=pl.Series(runs, dtype=pl.String))
    # Two accounts of the run of June post on the monitoring point's day, so that the silence of others is proved.
    crawled = (pl.col("trouble") == "ordinary") & (pl.col("platform") == "weibo")
    lively = crawled & (crawled.cum_sum() <= 2)
    ledger = ledger.with_columns(
        gap=pl.when(lively).then(0).otherwise("gap"), run=pl.when(lively).then(pl.lit("crawler")).otherwise("run")
    )
    seen, life = pl.col("seen"), pl.col("life")
    since = {"opened": pl.col("opened_on"), "ended": pl.lit(dt.date(2026, 1, 1))}
    last_observed = pl.when(seen == "ended").then(pl.lit(dt.date(2026, 5, 31))).when(seen.is_not_null()).then(AS_OF)
    return ledger.with_columns(
        _days_back("note").alias("last_post_on"),
        _days_back("noted").alias("noted_on"),
        pl.col("post_count").cast(pl.Int64),
        since=seen.cast(pl.Int64, strict=False),
        after=pl.col("after").is_not_null(),
    ).with_columns(
        observed_from=pl.coalesce(
            _days_back("since"), *(pl.when(seen == word).then(day) for word, day in since.items())
        ),
        observed_to=last_observed,
        opened_on=pl.when(life == "not_yet_opened").then(AS_OF + dt.timedelta(days=2)).otherwise("opened_on"),
        closed_on=pl.when(life == "closed")
        .then(_days_back("gap") + pl.duration(days=10))
        .when(life == "closes_later")
        .then(AS_OF + dt.timedelta(days=1)),
        filing_status=pl.when(life == "closed").then(pl.lit("closed")).otherwise(pl.lit("filed")),
        live=~life.is_in(["closed", "not_yet_opened"]).fill_null(False),
        source=pl.lit(MARK),
    )


def _run(choice: list[str] | None, weibo: bool, pick: int) -> str | None:
    """One of the runs that a kind of account may stand in; those of Weibo's tools are for Weibo."""
    known = [run for run in choice or [] if weibo or run in ("backoffice", "backoffice_before", "excel", "hot_list")]
    return known[pick % len(known)] if known else None


def _days_back(column: str) -> pl.Expr:
    return pl.lit(AS_OF) - pl.duration(days=pl.col(column).cast(pl.Int64))


# --- Posts and messages ------------------------------------------------------------------------------------


def _stretches(ledger: pl.DataFrame) -> pl.DataFrame:
    """Where each account posts: a row per account, run and stretch of days, `last` to `first` days back, and its part of all posts.

    A stretch without a part is one post; every other holds two at least.
    """
    both = pl.col("run") == "crawler_before+crawler"
    listed = ledger.filter(pl.col("run").is_not_null())
    found = pl.col("run").is_in(["search", "hot_list"])
    timeline = listed.filter(~both).select(
        "account", "run", last="gap", first=pl.col("gap") + TIMELINE, part=pl.when(found).then(0.05).otherwise(1.0)
    )
    may = listed.filter(both).select("account", run=pl.lit("crawler_before"), last=JUNE + 1, first=TIMELINE, part=1.0)
    june = listed.filter(both).select("account", run=pl.lit("crawler"), last="gap", first=JUNE, part=1.0)
    hits = ledger.filter(pl.col("hit").is_not_null())
    hits = hits.select("account", run=pl.lit("search"), last="hit", first="hit", part=0.0)
    later = listed.filter("after").select("account", "run", last=-1, first=-1, part=0.0)
    stretches = [timeline, may, june, hits, later]
    days = pl.col("last", "first").cast(pl.Int64)
    return pl.concat(some.with_columns(days) for some in stretches).sort("account", "run", "last")


def invented_posts(ledger: pl.DataFrame, posts: int, random: Any) -> pl.DataFrame:
    """All posts, each once: account, run, second of posting and counts; the first of every stretch is on its last day."""
    stretches = _stretches(ledger)
    part = stretches["part"].to_numpy()
    weight, least = random.lognormal(0, 1, stretches.height) * part, 1 + (part > 0).astype("int64")
    counts = least + random.multinomial(posts - int(least.sum()), weight / weight.sum())
    at = pl.Series(range(stretches.height)).to_numpy().repeat(counts)
    number = pl.Series(range(posts)).to_numpy()
    first_of = counts.cumsum() - counts
    last, first = stretches["last"].to_numpy()[at], stretches["first"].to_numpy()[at]
    back = last + (random.random(posts) * (first - last + 1)).astype("int64")
    back[first_of] = stretches["last"].to_numpy()
    second = ((AS_OF - dt.date(1970, 1, 1)).days - back) * DAY + random.integers(7 * 3600, 21 * 3600, posts)
    reads = random.lognormal(6, 1.4, posts).clip(0, MOST_READS).astype("int64")
    made = pl.DataFrame(
        {
            "account": stretches["account"].gather(at),
            "run": stretches["run"].gather(at),
            "number": number,
            "back": back,
            "second": second,
            "newest": number == first_of[at],
            "mid": ((second - SHANGHAI - WEIBO_EPOCH) << 22) + number * 7919 % 2**22,
            "reads": reads,
            "likes": (reads * 0.03).astype("int64"),
        }
    )
    own = ledger.select("account", "account_id", "platform", "platform_id", "name", "topic", "fault", "trouble")
    rated = pl.col("run").is_in(["backoffice", "backoffice_before", "excel"])
    odd = (pl.col("fault") == "odd_counts").fill_null(False)
    made = (
        made.join(own, on="account", how="left", maintain_order="left")
        .with_columns(reads=pl.when(rated).then(pl.when(odd).then(12_000).otherwise("reads")))
        .with_columns(likes=pl.when(~odd | (pl.col("number") % 2 == 0)).then("likes"))
        .with_columns(title=_titles(), published_at=(pl.col("second") * 1_000_000).cast(pl.Datetime("us")))
        .with_columns(
            post_id=pl.when(pl.col("platform") == "weibo")
            .then(pl.col("mid").cast(pl.String))
            .otherwise(_numbered("number"))
        )
    )
    return made.sort("account", "second", "number")


def _titles() -> pl.Expr:
    """The titles by turns; each has its post's number, so that no two are the same."""
    forms = words("generated/layouts.toml")["words"]["titles"]
    turn, number = pl.col("number") % len(forms), pl.col("number") + 1
    parts = [re.split(r"\{\w+\}", form) for form in forms]
    return pl.coalesce(
        pl.when(turn == at).then(pl.concat_str(pl.lit(a), "topic", pl.lit(b), number.cast(pl.String), pl.lit(c)))
        for at, (a, b, c) in enumerate(parts)
    )


def invented_messages(ledger: pl.DataFrame, random: Any) -> pl.DataFrame:
    """Messages to live accounts that take them, some before the window or after its end, unanswered, twice, without an id."""
    asked = ledger.filter("live", "channel_messages")["account_id"]
    count = 3 * asked.len()
    back = random.integers(-1, 110, count)
    start = dt.datetime.combine(AS_OF, dt.time())
    drawn = pl.DataFrame(
        {
            "second": random.integers(6 * 3600, 23 * 3600, count) - back * DAY,
            "waited": (random.lognormal(0.8, 1.0, count) * DAY).astype("int64"),
            "unanswered": random.random(count) < 0.25,
            "lot": random.random(count),
        }
    )
    seconds = pl.duration(seconds=pl.col("second")), pl.duration(seconds=pl.col("waited"))
    # Nobody saw replies later than the day after the monitoring point.
    open_ = pl.col("unanswered") | (pl.col("replied_at") >= start + dt.timedelta(days=2))
    table = (
        drawn.with_columns(account_id=asked.gather(random.integers(0, asked.len(), count)))
        .with_columns(received_at=pl.lit(start) + seconds[0])
        .with_columns(replied_at=pl.col("received_at") + seconds[1])
        .with_columns(replied_at=pl.when(~open_).then("replied_at"))
        .unique(["account_id", "second"], keep="first", maintain_order=True)
        .with_row_index("number")
    )
    nameless, twice = pl.col("lot") < 0.04, pl.col("lot").is_between(0.04, 0.1)
    table = table.with_columns(message_id=pl.when(~nameless).then(pl.format("m{}", pl.col("number") + 1)))
    # A message that stands twice was first read without its reply; one without an id stands twice as it is.
    before = table.filter(twice).with_columns(replied_at=pl.lit(None, pl.Datetime("us")))
    table = pl.concat([before, table, table.filter(nameless)])
    return table.select("account_id", "message_id", "received_at", "replied_at", source=pl.lit(MARK))
