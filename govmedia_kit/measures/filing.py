"""What the ledger says against what the filing system says: one row per discrepancy, with its evidence.

Accounts are matched by the platform's own id, then by the address of their page, then by platform, name
and unit. What can only be matched by a name that counts as the same (`normalize.core`) is set apart as doubtful.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from govmedia_kit.interop import answers_in_kind, with_dtypes
from govmedia_kit.measures.lookalikes import normalize

__all__ = ["DISCREPANCIES", "discrepancy_flags", "reconcile"]

DISCREPANCIES = (
    "not_filed",
    "gone",
    "posting_after_closure",
    "reopened",
    "renamed",
    "subject_differs",
    "doubtful_match",
)
TEXTS = ("account_id", "platform", "platform_id", "url", "name", "unit", "certified_subject", "filing_status")
DAYS = ("opened_on", "closed_on", "last_post_on")


@answers_in_kind
def reconcile(
    accounts: pl.DataFrame, filed: pl.DataFrame, *, as_of: date, days: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Where the ledger and the filing system's own list disagree at the end of `as_of`: one row per discrepancy.

    - `kind` (str): `not_filed`, runs and is in no filing; `gone`, filed as running, and not in the ledger or closed
      there; `posting_after_closure`, filed as closed and posts after that day; `reopened`, filed as closed and opened
      again later; `renamed`, filed under another name; `subject_differs`, the platform certifies another subject
      than the unit; `doubtful_match`, seems to be the same account, by its name only
    - `account_id`, `platform`, `name`, `unit` (str): of the ledger, null where it lacks the account
    - `filed_account_id`, `filed_name`, `filed_unit` (str): of the filing system, null where it lacks the account
    - `matched_by` (str): `platform_id`, `url`, `name_and_unit`, `name` (only doubtful matches), null where unmatched
    - `found` (str), `filed_as` (str): the two facts that disagree: names, days (ISO), subject and unit
    - `doubtful` (bool): a match by name only, or a closure whose day is not filed

    `accounts` is the whole ledger, `filed` has the same columns. `days` (account_id, day: days since 1970-01-01)
    tells when accounts posted; without it `last_post_on` does. Sorted by kind in this order, then by the ids.
    Doubtful where neither list has platform ids or addresses: a renamed account then shows as `gone` and `not_filed`.
    Basis: 国办发〔2018〕123号 (分级备案: 开设、变更、关停、注销).

    >>> ledger = pl.DataFrame({"account_id": ["a"], "platform": ["weibo"], "platform_id": ["26541"], "name": ["玉门公安"]})
    >>> filed = pl.DataFrame({"account_id": ["f"], "platform": ["weibo"], "platform_id": ["26541"], "name": ["玉门警方"]})
    >>> reconcile(ledger, filed, as_of=date(2019, 7, 15)).select("kind", "matched_by", "found", "filed_as").rows()
    [('renamed', 'platform_id', '玉门公安', '玉门警方')]
    """
    ledger = _prepared(accounts, as_of, "a").join(_last_posts(accounts, days, as_of), on="account_id", how="left")
    ledger = ledger.filter((pl.col("opened_on") <= as_of).fill_null(True))
    filing = _prepared(filed, as_of, "f")
    matches = _matched(ledger, filing)
    named_filed = filing.rename({column: f"filed_{column}" for column in filing.columns if column != "f"})
    both = matches.filter("best").join(ledger, on="a").join(named_filed, on="f")
    doubts = both.filter(pl.col("matched_by") == "name")
    both = both.filter(pl.col("matched_by") != "name")
    runs, filed_runs, closed_on = pl.col("runs"), pl.col("filed_runs"), pl.col("filed_closed_on")
    posts_on = (
        pl.when(closed_on.is_null()).then(pl.col("last_post").is_not_null()).otherwise(pl.col("last_post") > closed_on)
    )
    found = [
        _rows("not_filed", ledger.join(matches, on="a", how="anti").filter(runs), found="name"),
        _rows("gone", named_filed.join(matches, on="f", how="anti").filter(filed_runs), filed_as="filed_name"),
        _rows("gone", both.filter(filed_runs, ~runs), found="closed_on", filed_as="filed_name"),
        _rows(
            "posting_after_closure", both.filter(~filed_runs, posts_on), found="last_post", filed_as="filed_closed_on"
        ),
        _rows(
            "reopened",
            both.filter(~filed_runs, runs, pl.col("opened_on") > closed_on),
            found="opened_on",
            filed_as="filed_closed_on",
        ),
        _rows(
            "renamed",
            both.filter(runs, filed_runs, pl.col("plain") != pl.col("filed_plain")),
            found="name",
            filed_as="filed_name",
        ),
        _rows("subject_differs", ledger.filter(runs, _other_subject()), found="certified_subject", filed_as="unit"),
        _rows("doubtful_match", doubts, found="name", filed_as="filed_name"),
    ]
    return pl.concat(found).sort(
        pl.col("kind").cast(pl.Enum(DISCREPANCIES)), "account_id", "filed_account_id", nulls_last=True
    )


@answers_in_kind
def discrepancy_flags(discrepancies: pl.DataFrame) -> pl.DataFrame:
    """What a rule table can judge: one row per ledger account with a discrepancy that is not doubtful.

    `account_id` (str) and a column (bool) for each kind of `reconcile`, `gone` and `doubtful_match` left out; a rule
    reads `renamed,eq,1`. Accounts without a row have none of them.

    >>> found = pl.DataFrame({"kind": ["renamed", "gone"], "account_id": ["a", None], "doubtful": [False, False]})
    >>> discrepancy_flags(found).select("account_id", "renamed", "not_filed").rows()
    [('a', True, False)]
    """
    kinds = [kind for kind in DISCREPANCIES if kind not in ("gone", "doubtful_match")]
    return (
        discrepancies.filter(~pl.col("doubtful"))
        .drop_nulls("account_id")
        .filter(pl.col("kind").is_in(kinds))
        .group_by("account_id")
        .agg((pl.col("kind") == kind).any().alias(kind) for kind in kinds)
        .sort("account_id")
    )


def _prepared(frame: pl.DataFrame, as_of: date, index: str) -> pl.DataFrame:
    """The columns that are compared, with keys to match by and whether the account runs at the end of `as_of`."""
    dtypes = {**dict.fromkeys(TEXTS, pl.String), **dict.fromkeys(DAYS, pl.Date)}
    text = pl.col(*TEXTS).str.strip_chars().replace("", None)
    closed = (pl.col("closed_on") <= as_of).fill_null(False)
    closed = closed | ((pl.col("filing_status") == "closed") & pl.col("closed_on").is_null()).fill_null(False)
    return (
        with_dtypes(frame.lazy(), dtypes)
        .collect()
        .with_columns(text)
        .sort("account_id", "platform", "name", nulls_last=True)
        .with_row_index(index)
        .with_columns(
            runs=~closed,
            plain=normalize.plain(pl.col("name")),
            core=normalize.core(pl.col("name")),
            same_unit=normalize.plain(pl.col("unit")),
            by_id=_known_id(),
            page=_page(),
        )
    )


# What people write where there is no id.
NO_IDS = ("none", "null", "nan", "na", "n.a.", "no", "tbd")


def _known_id() -> pl.Expr:
    """The platform's id, null where the cell holds a bracket, a remark or nothing that could be one."""
    # A column of numbers with a hole in it comes as 26541.0.
    written = pl.col("platform_id").str.to_lowercase().str.replace(r"^(\d+)\.0$", "$1")
    is_id = written.str.contains(r"^@?[a-z0-9_.=-]{2,}$") & written.str.contains("[a-z0-9]")
    return pl.when(is_id & ~written.is_in(NO_IDS)).then(written.str.strip_prefix("@"))


def _page() -> pl.Expr:
    """The address of the page without what changes freely: scheme, www., last slash, twitter.com for x.com.

    Of the query stays what names an account, in order; an address whose query names none and whose path does not
    either (an article's, a video's) is no page of an account.
    """
    address = pl.col("url").str.to_lowercase().str.replace(r"^[a-z]+://", "").str.replace(r"^(?:www|m|mobile)\.", "")
    address = address.str.replace(r"^twitter\.com/", "x.com/").str.replace("#.*$", "")
    asked = address.str.contains("?", literal=True)
    named = address.str.replace_all("&amp;", "&").str.extract_all(r"[?&](?:id|uid|__biz|app_id|sec_uid|user_id)=[^&]+")
    named = named.list.eval(pl.element().str.slice(1)).list.sort().list.join("&")
    path = address.str.replace(r"\?.*$", "").str.strip_chars_end("/")
    nowhere = asked & (named == "") & path.str.contains(r"/(?:s|u|v|watch|video|index\w*|home|profile(?:\.php)?)$")
    address = pl.when(~nowhere).then(
        pl.when(asked & (named != "")).then(pl.format("{}?{}", path, named)).otherwise(path)
    )
    # A bare host is the platform, not a page.
    return pl.when(address.str.contains("/.")).then(address)


def _last_posts(accounts: pl.DataFrame, days: pl.DataFrame | None, as_of: date) -> pl.DataFrame:
    """`account_id`, `last_post` (date) by `as_of`: the later of `days` and `last_post_on`."""
    noted = with_dtypes(accounts.lazy(), {"account_id": pl.String, "last_post_on": pl.Date})
    posts = noted.collect().rename({"last_post_on": "last_post"})
    if days is not None:
        seen = pl.lit(date(1970, 1, 1)) + pl.duration(days="day")
        of_days = days.select(pl.col("account_id").cast(pl.String), last_post=seen.cast(pl.Date))
        posts = pl.concat([posts, of_days])
    return posts.filter(pl.col("last_post") <= as_of).group_by("account_id").agg(pl.col("last_post").max())


def _matched(ledger: pl.DataFrame, filing: pl.DataFrame) -> pl.DataFrame:
    """Which account of the ledger (`a`) is which of the filing (`f`), `matched_by` what; `best`: the one to compare with."""
    passes = {
        "platform_id": ["platform", "by_id"],
        "url": ["platform", "page"],
        "name_and_unit": ["platform", "plain", "same_unit"],
        "name": ["platform", "core"],
    }
    found = []
    for matched_by, keys in passes.items():
        met = ledger.drop_nulls(keys).join(filing.drop_nulls(keys), on=keys, suffix="_filed", coalesce=False)
        if matched_by == "name":
            # A name alone is a reason to doubt only where it is one account's on each side.
            met = met.filter(pl.len().over("a") == 1, pl.len().over("f") == 1)
        same_name = (pl.col("plain") == pl.col("plain_filed")).fill_null(False)
        found.append(met.select("a", "f", "runs_filed", matched_by=pl.lit(matched_by), same_name=same_name))
        ledger, filing = ledger.join(met, on="a", how="anti"), filing.join(met, on="f", how="anti")
    # Of several filings of one account the one of its name counts, then the running one.
    order = {"a": False, "same_name": True, "runs_filed": True, "f": False}
    matches = pl.concat(found).sort(*order, descending=list(order.values()))
    return matches.select("a", "f", "matched_by", best=pl.col("f") == pl.col("f").first().over("a"))


def _other_subject() -> pl.Expr:
    """The certified subject is not the unit, nor one of them a longer name of the other."""
    both = pl.struct("certified_subject", "unit")
    return both.map_batches(_other_subjects, return_dtype=pl.Boolean)


def _other_subjects(pairs: pl.Series) -> pl.Series:
    """For pairs of subject and unit, whether the subject is another body (null where one is not known)."""
    named = pairs.struct.unnest()
    forms = named.select(
        *(normalize.plain(pl.col(c)).alias(f"plain_{c}") for c in named.columns),
        *(normalize.core(pl.col(c)).str.replace("^[省市县区州]", "").alias(f"core_{c}") for c in named.columns),
        *(
            normalize.words(normalize.plain(pl.col(c))).str.extract(f"({normalize.A_PLACE})").alias(f"place_{c}")
            for c in named.columns
        ),
    )
    within = [
        pl.col(f"{form}_{one}").str.contains(pl.col(f"{form}_{other}"), literal=True)
        for form in ("plain", "core")
        for one, other in (("certified_subject", "unit"), ("unit", "certified_subject"))
    ]
    firm = [pl.col(f"plain_{c}").str.contains("公司|集团") for c in ("certified_subject", "unit")]
    places = forms.select("place_certified_subject", "place_unit").rows()
    apart = pl.Series([_apart(*pair) for pair in places], dtype=pl.Boolean)
    return forms.select((~pl.any_horizontal(within) | (firm[0] != firm[1]) | apart).cast(pl.Boolean)).to_series()


def _apart(one: str | None, other: str | None) -> bool:
    """Whether two marks of places can mean no division that is the other one, or holds it or lies in it."""
    if one is None or other is None or one == other:
        return False
    codes = [[normalize.stem(code) for code in normalize.codes_of(mark)] for mark in (one, other)]
    return not any(a.startswith(b) or b.startswith(a) for a in codes[0] for b in codes[1])


def _rows(kind: str, frame: pl.DataFrame, *, found: str | None = None, filed_as: str | None = None) -> pl.DataFrame:
    """Discrepancies of one kind; a match by name only is doubtful, and so is a closure whose day is not filed."""
    columns = ("account_id", "platform", "name", "unit", "filed_account_id", "filed_name", "filed_unit", "matched_by")
    have = {column: pl.col(column) for column in columns if column in frame.columns}
    if "platform" not in have and "filed_platform" in frame.columns:
        have["platform"] = pl.col("filed_platform")
    nothing = pl.lit(None, pl.String)
    undated = (
        pl.col("filed_closed_on").is_null() if kind == "posting_after_closure" else pl.lit(kind == "doubtful_match")
    )
    return frame.select(
        kind=pl.lit(kind),
        **{column: have.get(column, nothing) for column in columns},
        found=pl.col(found).cast(pl.String) if found else nothing,
        filed_as=pl.col(filed_as).cast(pl.String) if filed_as else nothing,
        doubtful=undated,
    )
