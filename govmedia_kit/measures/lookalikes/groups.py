"""Names that a citizen cannot tell apart: groups of accounts, and what a search would show.

How they are found is in `candidates`, what makes two names the same in `normalize`.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from govmedia_kit.interop import answers_in_kind, with_dtypes
from govmedia_kit.measures.lookalikes import normalize
from govmedia_kit.measures.lookalikes.candidates import keyed, members

__all__ = ["REASONS", "lookalike_groups", "search_results"]

REASONS = ("identical", "homophone", "reordered", "one_character")
# The reason (its place in REASONS) that each kind of `candidates.KINDS` gives, and last the one of one_character.
RANKS = (0, 0, 1, 1, 2, 2, 3)


@answers_in_kind(accounts=("name",))
def lookalike_groups(accounts: pl.DataFrame) -> pl.DataFrame:
    """Accounts whose names a citizen could not tell apart: one row per account in a group.

    - `group_id` (Int64): groups are numbered from 1, the largest first
    - `account_id`, `name`, `unit`, `platform`, `region` (str)
    - `reason` (str), why the account looks like its closest: `identical` after NFKC, case, punctuation, traditional
      to simplified, official affixes, types of places and long forms; `homophone`, the same toneless pinyin;
      `reordered`, the same characters; `one_character`, one inserted, dropped or replaced, within one region
    - `closest_account_id`, `closest_name` (str): the account that it is most like, by the reasons in this order

    The accounts of a pair belong to different units, or to one unit on one platform (for one `purpose`): a unit that
    keeps one name on all platforms is a matrix, not a look-alike. Places named in both must agree,
    bodies known in both must be the same (财政, 民政), numbers must be (一中心, 二中心). Groups never chain through
    `one_character`: all accounts of a group are alike, and an account may be in several groups.

    Doubtful without `region`: a slip in the name of a place could be meant for several places and is then left out,
    and places of one name (朝阳) count as one where they are written the same. A name made of known words is never
    taken for a slip of another one, even if it is one (公安 written 公交).

    >>> accounts = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "b", "c", "d"],
    ...         "name": ["玉门发布", "玉門發布（官方）", "玉门法布", "厦门发布"],
    ...         "unit": ["玉门市人民政府", "玉门市某协会", "某公司", "厦门市人民政府"],
    ...         "platform": ["wechat", "wechat", "weibo", "wechat"],
    ...     }
    ... )
    >>> lookalike_groups(accounts).select("group_id", "account_id", "reason", "closest_name").rows()
    [(1, 'a', 'identical', '玉門發布（官方）'), (1, 'b', 'identical', '玉门发布'),
     (2, 'a', 'homophone', '玉门法布'), (2, 'c', 'homophone', '玉门发布')]
    """
    accounts = _in_order(accounts)
    met = members(keyed(accounts)).sort("i")
    # The account that looks most like it is looked for among those of the same plain name, of the same core, of the group.
    alike = [pl.struct("group", "same_plain").hash(), pl.struct("group", "same_core").hash(), pl.col("group")]
    for at, key in enumerate(alike):
        met = met.with_columns(_closest(met.select("i", "owner", "slot", key=key)).alias(f"closest_{at}"))
    same = pl.coalesce("closest_0", "closest_1")
    rank = pl.when(same.is_not_null()).then(0).otherwise(pl.col("kind").replace_strict(dict(enumerate(RANKS))))
    reason = rank.replace_strict(dict(enumerate(REASONS)), return_dtype=pl.String)
    met = met.with_columns(closest=pl.coalesce(same, "closest_2"), reason=reason)
    sizes = met.group_by("group").agg(
        size=pl.len(), first=pl.col("i").min(), last=pl.col("i").max(), by=pl.col("kind").first()
    )
    order = ["size", "first", "last", "by", "group"]
    sizes = sizes.sort(order, descending=[column == "size" for column in order]).with_row_index("group_id", offset=1)
    return (
        met.join(sizes.select("group", pl.col("group_id").cast(pl.Int64)), on="group")
        .sort("group_id", "i")
        .pipe(_described, accounts, "i", ("account_id", "name", "unit", "platform", "region"))
        .pipe(_described, accounts, "closest", ("account_id", "name"), "closest_")
        .select(
            *("group_id", "account_id", "name", "unit", "platform", "region"),
            *("reason", "closest_account_id", "closest_name"),
        )
    )


@answers_in_kind
def search_results(accounts: pl.DataFrame, query: str | Iterable[str] | None = None) -> pl.DataFrame:
    """What a citizen is shown who searches for a name: one row per query, the worst first.

    - `query` (str): what is searched for; with none given, each unit's most used account name
    - `unit` (str): the one unit of that name, else the one that has an account of that name, as written or without
      affixes; null where there is none, or several
    - `shown` (Int64, accounts): accounts whose name holds the query, or is the same, sounds the same or is made of
      the same characters once affixes are dropped
    - `own` (Int64, accounts): those of `unit`; null where no unit is known
    - `others` (Int64, accounts): the rest, by which the rows are sorted, then by query

    Doubtful as a picture of a platform: real searches also rank, personalise and match by words.

    >>> accounts = pl.DataFrame(
    ...     {
    ...         "account_id": ["a", "b", "c"],
    ...         "name": ["甘肃司法", "甘肃司法在线", "甘肃公安"],
    ...         "unit": ["省司法厅", "某协会", "省公安厅"],
    ...     }
    ... )
    >>> search_results(accounts, "甘肃司法").rows()
    [('甘肃司法', '省司法厅', 2, 1, 1)]
    """
    accounts = _in_order(accounts)
    if query is None:
        usual = accounts.drop_nulls(["unit", "name"]).group_by("unit", "name").len()
        usual = usual.sort("unit", "len", "name", descending=[False, True, False])
        asked = usual.group_by("unit", maintain_order=True).agg(query=pl.col("name").first()).select("query", "unit")
    else:
        asked = pl.DataFrame({"query": [query] if isinstance(query, str) else list(query)}, schema={"query": pl.String})
        asked = asked.with_columns(unit=_owner(asked["query"], accounts))
    asked = _forms(asked.with_row_index("q"), "query")
    shelf = _forms(accounts.select("i", "name", on_shelf="unit"), "name")
    hits = [
        _holding(asked.filter(~pl.col("only_place")), shelf, "core"),
        _holding(asked.filter("only_place"), shelf, "plain"),
        *(asked.join(shelf, on=key).select("q", "i") for key in ("core", "sound", "order")),
    ]
    shown = pl.concat(hits).unique().join(shelf.select("i", "on_shelf"), on="i")
    counts = (
        shown.join(asked.select("q", "unit"), on="q")
        .group_by("q")
        .agg(shown=pl.len(), own=(pl.col("on_shelf") == pl.col("unit")).sum())
    )
    return (
        asked.join(counts, on="q", how="left")
        .with_columns(pl.col("shown", "own").fill_null(0).cast(pl.Int64))
        .with_columns(others=pl.col("shown") - pl.col("own"), own=pl.when(pl.col("unit").is_not_null()).then("own"))
        .sort("others", "query", "unit", descending=[True, False, False])
        .select("query", "unit", "shown", "own", "others")
    )


def _owner(queries: pl.Series, accounts: pl.DataFrame) -> pl.Series:
    """The unit that each query means, see `search_results`."""
    asked = queries.to_frame("query")
    # 临夏市公安局 as written is one unit, though 临夏县's and 临夏州's have the same core.
    ways = [(said, key) for said in ("unit", "name") for key in (normalize.plain, normalize.core)]
    for at, (said, key) in enumerate(ways):
        units = accounts.select("unit", key=key(pl.col(said))).drop_nulls().group_by("key").agg(pl.col("unit").unique())
        alone = units.filter(pl.col("unit").list.len() == 1).select(
            "key", pl.col("unit").list.first().alias(f"unit_{at}")
        )
        asked = asked.with_columns(key=key(pl.col("query")))
        asked = asked.join(alone, on="key", how="left", maintain_order="left").drop("key")
    return asked.select(pl.coalesce(f"unit_{at}" for at in range(len(ways)))).to_series()


def _in_order(accounts: pl.DataFrame) -> pl.DataFrame:
    """The columns of `accounts` that are looked at, and `i`, the place of each in the order of account_id.

    The rows stay where they are: sorting a million of them would double the memory.
    """
    wanted = ("account_id", "name", "unit", "platform", "region", "purpose")
    accounts = with_dtypes(accounts.lazy(), dict.fromkeys(wanted, pl.String)).collect()
    order = accounts.select(pl.arg_sort_by(wanted))
    return accounts.with_columns(order.with_row_index("i").sort(wanted[0])["i"])


def _described(
    frame: pl.DataFrame, accounts: pl.DataFrame, i: str, columns: Iterable[str], prefix: str = ""
) -> pl.DataFrame:
    """`frame` with columns of the accounts that its column `i` means."""
    rows = accounts["i"].arg_sort().gather(frame[i])
    return frame.with_columns(accounts[column].gather(rows).alias(prefix + column) for column in columns)


def _closest(met: pl.DataFrame) -> pl.Series:
    """The first other account (`i`) with the same `key` that each can be confused with; rows are in order of `i`."""
    account, strange, second = pl.col("i"), pl.col("owner") != pl.col("first_owner"), pl.col("i") != pl.col("mate")
    return (
        met.with_columns(of_slot=pl.struct("key", "slot").hash())
        .with_columns(
            first_owner=pl.col("owner").first().over("key"),
            first=account.min().over("key"),
            mate=account.min().over("of_slot"),
        )
        .with_columns(stranger=pl.when(strange).then(account), twin=pl.when(second).then(account))
        .with_columns(stranger=pl.col("stranger").min().over("key"), twin=pl.col("twin").min().over("of_slot"))
        .with_columns(twin=pl.when(second).then("mate").otherwise("twin"))
        .select(pl.when(strange).then("first").otherwise(pl.coalesce("stranger", "twin")))
        .to_series()
    )


def _forms(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """`frame` with the plain form, core, sound and characters of a column of names; rows without a name are left out."""
    text = pl.col("plain")
    return (
        frame.with_columns(plain=normalize.plain(pl.col(column)))
        .drop_nulls("plain")
        .with_columns(
            core=normalize.core(text),
            only_place=normalize.bare(normalize.words(text)).str.contains(f"^{normalize.A_PLACE}+$"),
        )
        .with_columns(sound=normalize.sound(pl.col("core")), order=normalize.characters(pl.col("core")))
    )


def _holding(asked: pl.DataFrame, shelf: pl.DataFrame, form: str) -> pl.DataFrame:
    """Queries and the accounts whose name holds them: `q`, `i`."""
    wanted = asked[form].unique().sort().to_list()
    if not wanted:
        return asked.select("q", i="q").clear()
    held = shelf.select("i", pl.col(form).str.extract_many(wanted, overlapping=True).alias(form)).explode(form)
    return held.drop_nulls().unique().join(asked.select("q", form), on=form).select("q", "i")
