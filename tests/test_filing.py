"""The ledger against the filing system's list: every kind of discrepancy, and the Canadian list against its log of deletions."""

from datetime import date

import pandas as pd
import polars as pl
import pytest
from realdata import REALDATA

from govmedia_kit import measures, schema
from govmedia_kit.measures import filing
from govmedia_kit.read.ledger.read_ledger import read_accounts

AS_OF = date(2019, 7, 15)
SCHEMA = {
    **dict.fromkeys(
        ("account_id", "platform", "platform_id", "name", "unit", "certified_subject", "filing_status", "url"),
        pl.String,
    ),
    **dict.fromkeys(("opened_on", "closed_on", "last_post_on"), pl.Date),
}
WEIBO = {"account_id": "a", "platform": "weibo", "platform_id": "26541", "name": "玉门公安", "unit": "玉门市公安局"}


def table(*rows):
    return pl.DataFrame(list(rows), schema=SCHEMA)


def found(ledger, filed, **given):
    rows = measures.reconcile(table(*ledger), table(*filed), as_of=AS_OF, **given)
    return rows.select("kind", "found", "filed_as", "matched_by", "doubtful").rows()


def test_the_same_lists_have_no_discrepancy():
    assert found([WEIBO], [WEIBO]) == []


def test_running_but_not_filed():
    assert found([WEIBO], []) == [("not_filed", "玉门公安", None, None, False)]


@pytest.mark.parametrize("nothing", ["none", "NULL", "nan", "N.A.", "—", "tbd", "no"])
def test_two_accounts_are_not_one_because_both_have_no_platform_id(nothing):
    ledger = {**WEIBO, "platform_id": nothing}
    filed = {**WEIBO, "platform_id": nothing, "name": "兰州税务", "unit": "兰州市税务局"}
    assert [row[0] for row in found([ledger], [filed])] == ["not_filed", "gone"]


def test_filed_but_gone():
    assert found([], [WEIBO]) == [("gone", None, "玉门公安", None, False)]


def test_filed_as_running_but_closed_in_the_ledger_is_gone():
    closed = {**WEIBO, "closed_on": date(2019, 5, 1)}
    assert found([closed], [WEIBO]) == [("gone", "2019-05-01", "玉门公安", "platform_id", False)]


def test_closed_on_both_sides_is_no_discrepancy():
    assert found([{**WEIBO, "closed_on": date(2019, 5, 1)}], [{**WEIBO, "filing_status": "closed"}]) == []
    assert found([{**WEIBO, "filing_status": "closed"}], []) == []
    assert found([], [{**WEIBO, "filing_status": "closed"}]) == []


def test_filed_as_closed_but_posting():
    posting = {**WEIBO, "last_post_on": date(2019, 7, 1)}
    filed = {**WEIBO, "filing_status": "closed", "closed_on": date(2019, 6, 1)}
    assert found([posting], [filed]) == [("posting_after_closure", "2019-07-01", "2019-06-01", "platform_id", False)]
    assert found([{**posting, "last_post_on": date(2019, 6, 1)}], [filed]) == []
    undated = {**WEIBO, "filing_status": "closed"}
    assert found([posting], [undated]) == [("posting_after_closure", "2019-07-01", None, "platform_id", True)]


def test_account_days_say_when_an_account_posted_and_days_after_the_point_do_not_count():
    filed = {**WEIBO, "filing_status": "closed", "closed_on": date(2019, 6, 1)}
    epoch = date(1970, 1, 1)
    days = pl.DataFrame(
        {"account_id": ["a", "a"], "day": [(date(2019, 7, 9) - epoch).days, (date(2019, 8, 1) - epoch).days]}
    )
    assert found([WEIBO], [filed], days=days) == [
        ("posting_after_closure", "2019-07-09", "2019-06-01", "platform_id", False)
    ]
    assert found([WEIBO], [filed], days=days.tail(1)) == []


def test_opened_again_after_closing():
    again = {**WEIBO, "platform_id": "99999", "opened_on": date(2019, 6, 20)}
    filed = {**WEIBO, "filing_status": "closed", "closed_on": date(2019, 6, 1)}
    assert found([again], [filed]) == [("reopened", "2019-06-20", "2019-06-01", "name_and_unit", False)]


def test_renamed():
    assert found([WEIBO], [{**WEIBO, "name": "玉门警方"}]) == [
        ("renamed", "玉门公安", "玉门警方", "platform_id", False)
    ]
    assert found([WEIBO], [{**WEIBO, "name": "玉門公安 ✔"}]) == []


def test_a_page_address_is_as_good_as_an_id():
    here = {**WEIBO, "platform_id": None, "url": "https://weibo.com/u/26541?from=x"}
    there = {**here, "url": "http://www.weibo.com/u/26541/", "name": "玉门警方"}
    assert found([here], [there]) == [("renamed", "玉门公安", "玉门警方", "url", False)]
    assert [
        row[0] for row in found([{**here, "url": "https://weibo.com"}], [{**there, "url": "https://weibo.com/"}])
    ] == ["not_filed", "gone"]


@pytest.mark.parametrize("cell", ["()", "无", "", " ", "—"])
def test_what_is_no_id_matches_nothing(cell):
    other = {**WEIBO, "account_id": "b", "name": "玉门教育", "unit": "玉门市教育局", "platform_id": cell}
    assert [row[0] for row in found([{**WEIBO, "platform_id": cell}], [other])] == ["not_filed", "gone"]


def test_the_certified_subject_is_another():
    other = {**WEIBO, "certified_subject": "玉门市融媒体中心"}
    assert found([other], [WEIBO]) == [("subject_differs", "玉门市融媒体中心", "玉门市公安局", None, False)]
    for same in ("玉门市公安局", "甘肃省玉门市公安局", "玉门公安局"):
        assert found([{**WEIBO, "certified_subject": same}], [WEIBO]) == []


def test_a_match_by_name_only_is_set_apart():
    filed = {**WEIBO, "account_id": "f", "platform_id": None, "unit": "玉门市公安局指挥中心", "name": "玉门市公安局"}
    assert found([{**WEIBO, "platform_id": None}], [filed]) == [
        ("doubtful_match", "玉门公安", "玉门市公安局", "name", True)
    ]
    two = [filed, {**filed, "account_id": "g", "unit": "玉门市公安局交警大队"}]
    assert {row[0] for row in found([{**WEIBO, "platform_id": None}], two)} == {"not_filed", "gone"}


def test_of_several_filings_the_one_of_the_same_name_counts():
    filed = [{**WEIBO, "account_id": "f", "name": "玉门警方"}, {**WEIBO, "account_id": "g"}]
    assert found([WEIBO], filed) == []


def test_an_account_opened_after_the_point_is_not_there_yet():
    assert found([{**WEIBO, "opened_on": date(2019, 8, 1)}], []) == []


def test_flags_are_for_rules_and_leave_out_what_is_doubtful():
    ledger = table(
        {**WEIBO, "name": "玉门公安局", "certified_subject": "某公司"},
        {**WEIBO, "account_id": "b", "platform_id": "333"},
        {**WEIBO, "account_id": "c", "platform_id": "444", "last_post_on": date(2019, 7, 1)},
    )
    filed = table(
        {**WEIBO, "name": "玉门警方"}, {**WEIBO, "account_id": "c", "platform_id": "444", "filing_status": "closed"}
    )
    rows = measures.reconcile(ledger, filed, as_of=AS_OF)
    assert sorted(rows["kind"]) == ["not_filed", "posting_after_closure", "renamed", "subject_differs"]
    flags = measures.discrepancy_flags(rows)
    assert flags.columns == [
        "account_id",
        "not_filed",
        "posting_after_closure",
        "reopened",
        "renamed",
        "subject_differs",
    ]
    assert flags.rows() == [("a", False, False, False, True, True), ("b", True, False, False, False, False)]


def test_pandas_in_pandas_out_and_order_does_not_matter():
    ledger = table(WEIBO, {**WEIBO, "account_id": "b", "platform_id": "777", "name": "玉门税务"})
    filed = table({**WEIBO, "name": "玉门警方"}, {**WEIBO, "account_id": "z", "platform_id": "888", "name": "玉门气象"})
    expected = measures.reconcile(ledger, filed, as_of=AS_OF)
    assert expected["kind"].to_list() == ["not_filed", "gone", "renamed"]
    assert measures.reconcile(ledger.reverse(), filed.reverse(), as_of=AS_OF).equals(expected)
    frames = [pd.DataFrame(frame.to_dict(as_series=False)) for frame in (ledger, filed)]
    answer = measures.reconcile(*frames, as_of=AS_OF)
    assert isinstance(answer, pd.DataFrame)
    assert answer["kind"].tolist() == expected["kind"].to_list()


def test_every_kind_has_a_word_in_both_languages():
    words = schema.vocabulary("discrepancy")
    assert list(words) == list(filing.DISCREPANCIES)
    assert all(word.labels["zh"] and word.labels["en"] for word in words.values())


def canadian(name):
    return pd.read_csv(REALDATA / "registry" / name, dtype=str, encoding="utf-8")


def page(urls):
    """The independent witness's own idea of one address: written with pandas, for this list."""
    urls = urls.str.strip().str.lower().str.replace(r"^https?://", "", regex=True)
    urls = urls.str.replace(r"^(www\.|m\.|mobile\.)", "", regex=True).str.replace("twitter.com/", "x.com/", regex=False)
    keep = urls.str.contains(r"profile\.php|[?&](?:id|uid|__biz)=", regex=True, na=False)
    cut = urls.str.replace(r"#.*$", "", regex=True).where(keep, urls.str.replace(r"[?#].*$", "", regex=True))
    cut = cut.str.replace(r"/+$", "", regex=True)
    return cut.where(cut.str.contains("/.", regex=True, na=False))


def even(texts):
    return texts.fillna("").str.normalize("NFKC").str.lower().str.replace(r"[\W_]+", "", regex=True)


@pytest.mark.realdata
def test_every_deletion_and_rename_of_the_canadian_list_is_found():
    """The list of closed accounts stands for what was filed; the list of today is the ledger."""
    now, _ = read_accounts(REALDATA / "registry" / "canada_gc_socials.csv")
    before, _ = read_accounts(REALDATA / "registry" / "canada_gc_socials_deleted.csv")
    # What an office has filed does not know yet that the account was deleted.
    before = before.with_columns(account_id=pl.format("f{}", pl.int_range(pl.len())), closed_on=pl.lit(None, pl.Date))
    now = now.with_columns(platform_id=pl.lit(None, pl.String))
    before = before.with_columns(platform_id=pl.lit(None, pl.String))
    rows = measures.reconcile(now, before, as_of=date(2026, 8, 1))

    today, filed = (pd.DataFrame(frame.to_dict(as_series=False)) for frame in (now, before))
    for frame in (today, filed):
        frame["page"], frame["even"], frame["same_unit"] = page(frame["url"]), even(frame["name"]), even(frame["unit"])
    by_page = today.dropna(subset=["page"]).merge(filed.dropna(subset=["page"]), on="page", suffixes=("", "_filed"))
    left_now = today[~today["account_id"].isin(by_page["account_id"])]
    left_filed = filed[~filed["account_id"].isin(by_page["account_id_filed"])]
    by_name = left_now.merge(left_filed, on=["platform", "even", "same_unit"], suffixes=("", "_filed"))
    matched = set(by_page["account_id_filed"]) | set(by_name["account_id_filed"])

    deleted = set(filed["account_id"]) - matched
    doubtful = set(rows.filter(pl.col("kind") == "doubtful_match")["filed_account_id"])
    gone = set(rows.filter(pl.col("kind") == "gone")["filed_account_id"])
    assert len(deleted) > 100
    assert gone | doubtful >= deleted
    assert gone <= deleted

    same = by_page[by_page["even"] == by_page["even_filed"]]["account_id"]
    renamed = set(by_page[~by_page["account_id"].isin(same)]["account_id"])
    assert set(rows.filter(pl.col("kind") == "renamed")["account_id"]) == renamed
    assert len(renamed) >= 2


@pytest.mark.parametrize(
    ("unit", "subject", "other"),
    [
        ("甘肃省文化和旅游厅", "甘肃文旅传媒有限公司", True),
        ("临夏市公安局", "临夏县公安局", True),
        ("甘肃省公安厅", "兰州市公安局", True),
        ("甘肃省公安厅", "省公安厅", False),
        ("甘肃省公安厅", "甘肃省公安厅办公室", False),
        ("兰州市公安局交警支队", "兰州市公安局", False),
        ("玉门市人民政府", None, False),
    ],
)
def test_a_company_or_another_places_body_is_another_subject(unit, subject, other):
    account = {**WEIBO, "unit": unit, "certified_subject": subject}
    kinds = [row[0] for row in found([account], [{**account, "certified_subject": None}])]
    assert kinds == (["subject_differs"] if other else [])


def test_pages_of_one_address_without_an_account_in_it_are_not_one_page():
    here = {**WEIBO, "platform_id": None, "name": "甘肃公安", "unit": "甘", "url": "https://a.cn/u?app_id=1"}
    there = {**here, "name": "青海公安", "unit": "青", "url": "https://a.cn/u?app_id=2"}
    assert sorted(row[0] for row in found([here], [there])) == ["gone", "not_filed"]
    same = {**there, "url": "http://www.a.cn/u?x=9&app_id=1"}
    assert [row[0] for row in found([here], [same])] == ["renamed"]
    article = {**here, "url": "https://a.cn/s?sign=a"}
    assert sorted(row[0] for row in found([article], [{**there, "url": "https://a.cn/s?sign=b"}])) == [
        "gone",
        "not_filed",
    ]


def test_remarks_and_numbers_with_a_point_are_read_as_what_they_are():
    here, there = {**WEIBO, "platform_id": "26541.0"}, {**WEIBO, "platform_id": "26541", "name": "新名"}
    assert [row[0] for row in found([here], [there])] == ["renamed"]
    none = {**WEIBO, "platform_id": "--", "unit": "甲"}
    other = {**none, "name": "别的", "unit": "乙"}
    assert sorted(row[0] for row in found([none], [other])) == ["gone", "not_filed"]
