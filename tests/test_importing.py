"""Other tools' files to posts: every row accounted for, the same posts from every tool, nothing invented."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
import sqlite3
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from realdata import REALDATA, SAMPLES
from weibo_ids import bid_from_mid

from govmedia_kit.errors import InputError
from govmedia_kit.judge.assess import assess
from govmedia_kit.read.audit import read_audit, read_posts
from govmedia_kit.read.importers.deduplicate import pinned
from govmedia_kit.read.importers.import_files import import_files, report_lines, write_import
from govmedia_kit.read.importers.layouts import layouts

COUNTS = Path(__file__).parent / "scenarios" / "realdata_counts.csv"
TABLE = list(csv.DictReader(COUNTS.read_text(encoding="utf-8").splitlines()))
SHANGHAI = dt.timezone(dt.timedelta(hours=8))
# The seven invented posts that run through the samples: number, account, second of posting.
SEVEN = {
    "5300219279930202": ("7900000001", dt.datetime(2026, 5, 19, 9, 30, 12)),
    "5299985873850118": ("7900000001", dt.datetime(2026, 5, 18, 18, 2, 44)),
    "5299985938811283": ("7900000001", dt.datetime(2026, 5, 18, 18, 2, 59)),
    "5300077040381503": ("7900000002", dt.datetime(2026, 5, 19, 0, 5, 0)),
    "5271960523720087": ("7900000002", dt.datetime(2026, 3, 2, 10, 0, 0)),
    "5250066248633460": ("7900000003", dt.datetime(2025, 12, 31, 23, 59, 58)),
    "5293666049380068": ("7900000004", dt.datetime(2026, 5, 1, 7, 30, 0)),
}


def balanced(report: pl.DataFrame) -> bool:
    return bool((report["rows_read"] == report["kept"] + report["merged"] + report["set_aside"]).all())


# --- an independent reading of the real files: csv, json, yaml, openpyxl, plain loops -------------------------------


def independent(path: Path) -> dict[str, object]:
    """Rows, distinct posts, first and last time and sums of counts, read without the kit."""
    name = path.name
    posts: dict[str, tuple[dt.datetime, dict[str, int]]] = {}
    rows = unusable = 0

    def number(text: str) -> int:
        return int(float(text))

    if path.suffix == ".csv":
        raw = path.read_bytes().decode("utf-8-sig", "replace")
        table = list(csv.reader(io.StringIO(raw, newline="")))
        header, body = table[0], table[1:]
        rows = len(body)
        for cells in body:
            row = dict(zip(header, cells, strict=False))
            if not any(cells):
                unusable += 1
                continue
            if "weibo-search" in name or "weibo-crawler" in name:
                mid = int(row["id"].strip())
                when = dt.datetime.fromtimestamp((mid >> 22) + 515483463, SHANGHAI).replace(tzinfo=None)
                written = row.get("完整日期") or row["发布时间"]
                assert when.strftime("%Y-%m-%d %H:%M") == written[:16]
                when = dt.datetime.fromisoformat(written) if len(written) > 16 else when
                counts = {
                    "likes": number(row["点赞数"]),
                    "comments": number(row["评论数"]),
                    "shares": number(row["转发数"]),
                }
                posts[str(mid)] = (when, counts)
            elif "weiboSpider" in name:
                counts = {
                    "likes": number(row["点赞数"]),
                    "comments": number(row["评论数"]),
                    "shares": number(row["转发数"]),
                }
                posts[row["微博id"]] = (
                    dt.datetime.fromtimestamp((mid_of(row["微博id"]) >> 22) + 515483463, SHANGHAI).replace(tzinfo=None),
                    counts,
                )
            elif "webscraper" in name:
                bid = row["weibo_url"].split("?")[0].rsplit("/", 1)[1]
                when = dt.datetime.fromtimestamp((mid_of(bid) >> 22) + 515483463, SHANGHAI).replace(tzinfo=None)
                posts[bid] = (
                    when,
                    {
                        "likes": number(row["like"]),
                        "comments": number(row["comment"]),
                        "shares": number(row["forward"]),
                    },
                )
            elif "538" in name:
                tweet = int(row["url"].rsplit("/", 1)[1])
                when = dt.datetime.fromtimestamp(((tweet >> 22) + 1288834974657) // 1000, SHANGHAI).replace(tzinfo=None)
                counts = {
                    "likes": number(row["favorites"]),
                    "comments": number(row["replies"]),
                    "shares": number(row["retweets"]),
                }
                posts[str(tweet)] = (when, counts)
            elif "twitter_gov" in name:
                when = (
                    dt.datetime.fromisoformat(row["created_at_utc"])
                    .astimezone(SHANGHAI)
                    .replace(tzinfo=None, microsecond=0)
                )
                posts[row["tweet_id"]] = (when, {})
    elif "wechat" in name:
        for line in path.read_text(encoding="utf-8").splitlines():
            push = json.loads(line)
            if "aid" in push:
                rows += 1
                posts[push["aid"]] = (dt.datetime.fromtimestamp(push["update_time"], SHANGHAI).replace(tzinfo=None), {})
                continue
            articles = [push["app_msg_ext_info"], *push["app_msg_ext_info"]["multi_app_msg_item_list"]]
            rows += len(articles)
            when = dt.datetime.fromtimestamp(push["comm_msg_info"]["datetime"], SHANGHAI).replace(tzinfo=None)
            posts.update({f"{push['comm_msg_info']['id']}-{i}": (when, {}) for i, _ in enumerate(articles)})
    elif path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path, read_only=True)
        lines = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
        for cells in lines[1:]:
            rows += 1
            when = (
                cells[3]
                if isinstance(cells[3], dt.datetime)
                else dt.datetime.strptime(cells[3].strip(), "%Y/%m/%d %H:%M:%S")
            )
            posts[str(cells[0])] = (when, {})
    elif path.suffix == ".yaml":
        people = yaml.safe_load(path.read_text(encoding="utf-8"))
        named = [
            (platform, str(person["social"].get(f"{key}_id") or person["social"].get(key)))
            for person in people
            for platform, key in (
                ("x", "twitter"),
                ("facebook",) * 2,
                ("instagram",) * 2,
                ("youtube",) * 2,
                ("other", "mastodon"),
            )
            if person["social"].get(f"{key}_id") or person["social"].get(key)
        ]
        return {
            "rows_read": len(named),
            "kept": len(set(named)),
            "merged": len(named) - len(set(named)),
            "set_aside": 0,
        }
    if path.parent.name == "registry":
        return {"rows_read": rows, "kept": rows, "merged": 0, "set_aside": 0}
    times = [when for when, _ in posts.values()]
    sums = {
        c: sum(counts[c] for _, counts in posts.values())
        for c in ("likes", "comments", "shares")
        if any(x[1] for x in posts.values())
    }
    return {
        "rows_read": rows, "kept": len(posts), "merged": rows - unusable - len(posts), "set_aside": unusable,
        "first": min(times), "last": max(times), **sums,
    }  # fmt: skip


def mid_of(bid: str) -> int:
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    groups = []
    while bid:
        value = 0
        for letter in bid[-4:]:
            value = value * 62 + letters.index(letter)
        groups.insert(0, value)
        bid = bid[:-4]
    return int(str(groups[0]) + "".join(f"{g:07d}" for g in groups[1:]))


@pytest.mark.realdata
@pytest.mark.parametrize("row", TABLE, ids=[row["file"].split("/")[-1] for row in TABLE])
def test_real_files_give_what_an_independent_reading_gives(row):
    path = REALDATA / row["file"]
    imported = import_files([path])
    report = imported.report
    assert balanced(report)
    assert report["tool"][0] == row["tool"]
    found = {name: report[name].sum() for name in ("rows_read", "kept", "merged", "set_aside")}
    rows, when = (imported.posts, "published_at") if imported.posts.height else (imported.messages, "received_at")
    found |= {"first": rows[when].min(), "last": rows[when].max()}
    found |= {c: imported.posts[c].sum() for c in ("likes", "comments", "shares")}
    expected = independent(path)
    for name, value in row.items():
        if name in expected and value:
            wanted = dt.datetime.fromisoformat(value) if name in ("first", "last") else int(value)
            near = dt.timedelta(seconds=1) if name in ("first", "last") else 0
            assert abs(found[name] - wanted) <= near, name
            assert abs(expected[name] - wanted) <= near, name


# --- the same posts from every tool -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "numbers"),
    [
        ("MediaCrawler_before_2026-07/data/weibo", list(SEVEN)),
        ("MediaCrawler_current", list(SEVEN)),
        ("weibo-search", list(SEVEN)),
        ("weibo-search_resaved_in_Excel", list(SEVEN)),
        ("nghuyong_WeiboSpider/output/tweet_spider_by_user_id_20260520101530.jsonl", list(SEVEN)),
        ("weibo-crawler", list(SEVEN)[:5]),
        ("weiboSpider", list(SEVEN)[:5]),
        ("RSSHub", list(SEVEN)[:3]),
    ],
)
def test_the_seven_posts_are_equal_from_every_tool(folder, numbers):
    ledger = pl.DataFrame(
        {"account_id": [f"weibo:{n}" for n in range(7900000001, 7900000005)], "platform": "weibo"}
    ).with_columns(platform_id=pl.col("account_id").str.strip_prefix("weibo:"), name=pl.lit(None, pl.String))
    imported = import_files([SAMPLES / folder], ledger=ledger)
    assert balanced(imported.report)
    found = {
        post: (account.removeprefix("weibo:"), when)
        for post, account, when in imported.posts.select("post_id", "account_id", "published_at").iter_rows()
    }
    assert {n: found[n] for n in numbers} == {n: SEVEN[n] for n in numbers}
    extra = {"RSSHub": 1}.get(folder, 0)  # its fourth item is a post of its own
    assert len(found) == len(numbers) + extra


def test_three_orders_of_counts_mean_the_same():
    for folder in ("weibo-crawler", "weibo-search", "nghuyong_WeiboSpider"):
        posts = import_files([SAMPLES / folder]).posts.filter(pl.col("post_id") == "5299985873850118")
        assert posts.select("likes", "comments", "shares").row(0) == (108, 46, 233)


def test_a_rerun_in_one_file_keeps_the_newer_counts_and_sets_the_header_aside():
    imported = import_files([SAMPLES / "weiboSpider/weibo/澜川发布/7900000001.csv"])
    assert imported.report.select("rows_read", "kept", "merged", "set_aside").row(0) == (6, 3, 2, 1)
    assert imported.posts.filter(pl.col("post_id") == "5300219279930202")["likes"].item() == 19


def test_rounded_ids_are_recovered_from_the_letters():
    imported = import_files([SAMPLES / "weibo-search_resaved_in_Excel"])
    assert set(imported.posts["post_id"]) == set(SEVEN)
    assert imported.reasons.filter(pl.col("reason") == "id_recovered")["rows"].item() == 6


def test_hashes_are_joined_to_the_ledgers_own_ids():
    ledger = pl.DataFrame(
        {"account_id": ["A1"], "platform": ["weibo"], "platform_id": ["7900000001"], "name": ["澜川发布"]}
    )
    posts = import_files([SAMPLES / "MediaCrawler_current"], ledger=ledger).posts
    assert posts.filter(pl.col("account_id") == "A1").height == 3
    unknown = posts.filter(pl.col("account_id") != "A1")["account_id"].unique().to_list()
    digest = hashlib.sha256(b"7900000002").hexdigest()[:16]
    assert f"weibo:hash:{digest}" in unknown


def test_an_account_is_named_by_the_user_where_the_file_does_not():
    path = SAMPLES / "douyin_creator_backoffice/作品列表.csv"
    assert import_files([path]).report["set_aside"].item() == 2
    posts = import_files([path], account="澜川发布").posts
    assert posts["account_id"].unique().to_list() == ["douyin:澜川发布"]
    assert posts.sort("published_at")["reads"].to_list() == [81, 20311]
    ledger = pl.DataFrame({"account_id": ["D9"], "platform": ["douyin"], "platform_id": ["91"], "name": ["澜川发布"]})
    assert import_files([path], account="澜川发布", ledger=ledger).posts["account_id"].unique().to_list() == ["D9"]


def test_a_folder_names_the_account_of_a_back_office_and_followers_are_the_newest():
    imported = import_files([SAMPLES / "wechat_mp_backoffice"])
    assert imported.accounts.filter(pl.col("name") == "澜川发布")["followers"].drop_nulls().to_list() == [21112]
    assert imported.posts["published_at"].to_list() == [dt.datetime(2026, 5, 18), dt.datetime(2026, 5, 19)]


def test_unknown_is_null_and_zero_is_zero():
    kuaishou = import_files([SAMPLES / "MediaCrawler_before_2026-07/data/kuaishou"]).posts.sort("published_at")
    assert kuaishou["likes"].to_list() == [1203, None]
    assert kuaishou["reads"].to_list() == [34000, None]
    assert kuaishou["published_at"].to_list() == [dt.datetime(2026, 5, 12, 10), dt.datetime(2026, 5, 19, 6, 30)]
    douk = import_files([SAMPLES / "DouK-Downloader"]).posts.sort("published_at")
    assert douk["reads"].to_list() == [None, None]
    assert douk["comments"].to_list() == [0, 455]
    assert douk["title"].to_list()[0] is None  # the id stood in for a description
    xhs = import_files([SAMPLES / "MediaCrawler_before_2026-07/data/xhs"])
    assert xhs.posts.select("likes", "comments", "shares").row(0) == (12000, None, None)
    assert xhs.reasons.filter(pl.col("reason") == "lower_bound")["rows"].item() == 2


def test_capped_reads_are_a_lower_bound_and_a_push_has_one_headline():
    imported = import_files([SAMPLES / "wechat-article-exporter"])
    posts = imported.posts.filter(pl.col("account_id") == "wechat:澜川发布").sort("post_id")
    assert posts.select("reads", "reads_capped", "likes", "wow").rows() == [
        (100001, True, 233, 45),
        (None, None, None, None),
    ]
    assert posts["push_id"].to_list() == ["2247500001"] * 2
    assert posts["is_headline"].to_list() == [True, False]


@pytest.mark.realdata
def test_each_push_of_a_real_history_has_one_headline():
    history = import_files([REALDATA / "posts/wechat_history_2019_共青团中央.jsonl.json"]).posts
    assert history["push_id"].n_unique() == 30
    assert history["is_headline"].sum() == 30
    assert history["account_id"].unique().to_list() == ["wechat:3075193430"]


def test_feed_times_are_moved_to_shanghai_and_a_feed_shows_only_its_items():
    imported = import_files([SAMPLES / "wewe-rss"])
    assert imported.posts["published_at"].max() == dt.datetime(2026, 5, 19, 9, 30)
    assert dt.datetime(2026, 5, 1, 7, 30) in imported.posts["published_at"].to_list()  # 30 April in UTC
    assert imported.reasons.filter(pl.col("reason") == "feed")["rows"].item() == 5
    local = import_files([SAMPLES / "we-mp-rss/rss_MP_WXS_3900000001.xml"])
    assert local.posts["published_at"].unique().to_list() == [dt.datetime(2026, 5, 19, 9, 30)]
    # The feed was built on the day after its newest post.
    assert observed(local)[0][1:] == (dt.date(2026, 5, 19), dt.date(2026, 5, 20))


def test_a_feed_whose_day_of_building_is_damaged_is_read_all_the_same(tmp_path):
    content = (SAMPLES / "we-mp-rss/rss_MP_WXS_3900000001.xml").read_text(encoding="utf-8")
    built = re.search("<lastBuildDate>(.*?)</lastBuildDate>", content)
    assert built is not None
    path = tmp_path / "rss_MP_WXS_3900000001.xml"
    path.write_text(content.replace(built[1], "昨天"), encoding="utf-8")
    assert import_files([path]).posts.height == import_files([SAMPLES / "we-mp-rss" / path.name]).posts.height


def test_a_search_shows_no_accounts_days_and_adds_nobody_to_a_ledger(tmp_path):
    imported = import_files([SAMPLES / "weibo-search"])
    assert imported.observations["complete"].to_list() == [False] * 4
    (tmp_path / "accounts.csv").write_text("account_id,platform,unit\nA,weibo,某局\n", encoding="utf-8")
    write_import(imported, tmp_path)
    assert (tmp_path / "accounts.csv").read_text(encoding="utf-8") == "account_id,platform,unit\nA,weibo,某局\n"


def test_deleted_articles_are_set_aside_and_said_so():
    imported = import_files([SAMPLES / "we-mp-rss/api_v1_wx_articles.json"])
    assert imported.reasons.select("effect", "reason", "rows").rows() == [("set_aside", "deleted", 1)]


def test_the_accounts_answer_is_found_among_the_comments():
    for folder in ("MediaCrawler_before_2026-07/data/weibo", "nghuyong_WeiboSpider"):
        comments = import_files([SAMPLES / folder]).comments
        assert comments.select("account_id", "received_at", "replied_at").rows() == [
            ("weibo:7900000001", dt.datetime(2026, 5, 18, 18, 30), dt.datetime(2026, 5, 20, 9, 1))
        ]
        assert set(comments.columns) == {"account_id", "comment_id", "post_id", "received_at", "replied_at"}


def test_comments_inside_wechat_articles_have_the_accounts_first_answer(tmp_path):
    def reply(number: int, at: int, **who: str) -> dict:
        return {"reply_id": number, "create_time": at, "content": "x", **who}

    def comment(number: str, at: int, *replies: dict) -> dict:
        thread = {"reply_list": list(replies), "reply_total_cnt": len(replies)}
        return {"content_id": number, "nick_name": "某", "content": "x", "create_time": at, "reply_new": thread}

    article = {
        "aid": "2247484321_1",
        "appmsgid": 2247484321,
        "itemidx": 1,
        "title": "停水公告",
        "link": "http://mp.weixin.qq.com/s?__biz=Mzk5MDAwMDAwMQ==&mid=2247484321&idx=1",
        "create_time": 1779154212,
        "update_time": 1779154212,
        "fakeid": "Mzk5MDAwMDAwMQ==",
        "_accountName": "澜川发布",
        "commentNum": 3,
        "comments": [
            comment(
                "c1", 1779160000, reply(1, 1779163600, openid="o1", nick_name="路人"), reply(2, 1779167200, openid="")
            ),
            comment("c2", 1779170000, reply(1, 1779173600, nick_name="澜川发布")),
            comment("c3", 1779180000),
        ],
    }
    (tmp_path / "微信公众号文章.json").write_text(json.dumps([article]), encoding="utf-8")
    imported = import_files([tmp_path])
    assert imported.posts["post_id"].to_list() == ["2247484321_1"]
    assert imported.comments.select("account_id", "comment_id", "replied_at").rows() == [
        ("wechat:3990000001", "c1", dt.datetime(2026, 5, 19, 13, 6, 40)),
        ("wechat:3990000001", "c1-1", None),
        ("wechat:3990000001", "c2", dt.datetime(2026, 5, 19, 14, 53, 20)),
        ("wechat:3990000001", "c3", None),
    ]
    # Three comments and three replies, of which two are the account's.
    table = imported.report.filter(table="comments")
    assert table.select("rows_read", "kept", "merged", "set_aside").row(0) == (6, 4, 2, 0)


def test_the_account_beside_its_posts_in_json_is_read(tmp_path):
    crawler = {
        "user": {"id": 7900000001, "screen_name": "澜川发布", "followers_count": "12.3万", "verified": True, "verified_reason": "澜川发布官方微博"},
        "weibo": [
            {"user_id": 7900000001, "screen_name": "澜川发布", "id": 5300219279930202, "bid": "R05HFFFiy", "text": "x",
             "created_at": "2026-05-19T09:30:12", "attitudes_count": 1, "comments_count": 2, "reposts_count": 3}
        ],
    }  # fmt: skip
    spider = {
        "user": {"id": "7900000002", "nickname": "澜川公安", "weibo_num": 9, "following": 1, "followers": 345, "verified_reason": "澜川市公安局"},
        "weibo": [
            {"id": "R01ZCpXyv", "user_id": "", "content": "x", "publish_time": "2026-05-19 00:05", "up_num": 1, "retweet_num": 2, "comment_num": 3}
        ],
    }  # fmt: skip
    for name, content in (("a.json", crawler), ("b.json", spider)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    imported = import_files([tmp_path])
    assert imported.accounts.select("account_id", "name", "followers", "certified", "certified_subject").rows() == [
        ("weibo:7900000001", "澜川发布", 123_000, True, "澜川发布官方微博"),
        ("weibo:7900000002", "澜川公安", 345, None, "澜川市公安局"),
    ]
    assert imported.posts.height == 2
    assert balanced(imported.report)


def test_works_that_did_not_pass_review_are_set_aside_and_said_so(tmp_path):
    sample = (SAMPLES / "douyin_creator_backoffice/作品列表.csv").read_text(encoding="utf-8-sig").splitlines()
    refused = sample[1].replace("公开", "审核不通过").replace("澜川这么美", "另一部")
    path = tmp_path / "作品列表.csv"
    path.write_text("\n".join([*sample, refused]) + "\n", encoding="utf-8-sig")
    imported = import_files([path], account="douyin:MS4wLjAB_1")
    assert imported.posts.height == len(sample) - 1
    assert imported.reasons.select("effect", "reason", "rows").rows() == [("set_aside", "withheld", 1)]


def test_a_repeated_header_is_no_count_that_was_not_understood():
    reasons = import_files([SAMPLES / "weiboSpider"]).reasons
    assert "header_again" in reasons["reason"]
    assert "count_unread" not in reasons["reason"]


def test_messages_name_an_account_or_a_unit_and_keep_a_missing_reply_missing():
    messages = import_files([SAMPLES / "messages"]).messages.sort("message_id")
    assert messages["account_id"].to_list() == [None, "wechat:澜川发布", "weibo:澜川发布"]
    assert messages["unit"].to_list() == ["澜川市交通局", "澜川市住建局", None]
    assert messages["replied_at"].null_count() == 1


def messages_file(folder: Path, name: str, header: str, *rows: str) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


SILENT = ("留言编号,承办单位,留言时间", "1,市交通局,2026-05-01 08:00:00", "2,市住建局,2026-05-02 08:00:00")
ANSWERED = (
    "留言编号,承办单位,留言时间,答复时间",
    "3,市交通局,2026-05-03 08:00:00,2026-05-04 08:00:00",
    "4,市住建局,2026-05-05 08:00:00,",
)


def test_messages_without_a_reply_column_are_imported_without_one(tmp_path):
    imported = import_files([messages_file(tmp_path, "留言.csv", *SILENT)])
    assert "replied_at" not in imported.messages.columns
    write_import(imported, tmp_path / "out")
    assert "replied_at" not in pl.read_parquet(tmp_path / "out/messages.parquet").columns


def test_of_two_files_the_one_without_replies_is_kept_apart_and_told(tmp_path):
    files = [messages_file(tmp_path, "甲.csv", *SILENT), messages_file(tmp_path, "乙.csv", *ANSWERED)]
    imported = import_files(files)
    assert sorted(imported.messages["message_id"]) == ["3", "4"]
    assert sorted(imported.unanswerable["message_id"]) == ["1", "2"]
    assert [(p.kind, p.place.file, p.facts["count"]) for p in imported.problems if "reply" in p.kind] == [
        ("import_no_reply_column", "甲.csv", 2)
    ]
    assert balanced(imported.report)


@pytest.mark.parametrize("order", [(SILENT, ANSWERED), (ANSWERED, SILENT)], ids=["silent first", "answered first"])
def test_messages_merged_into_a_folder_never_become_unanswered(tmp_path, order):
    out = tmp_path / "out"
    imports = [import_files([messages_file(tmp_path, f"{i}.csv", *rows)]) for i, rows in enumerate(order)]
    for imported in imports:
        written = write_import(imported, out)
    assert "messages-no-replies.parquet" in written["file"].to_list()
    assert any("messages-no-replies.parquet" in line for line in report_lines(imported, written, "en"))
    assert pl.read_parquet(out / "messages.parquet").select("message_id", "replied_at").sort("message_id").rows() == [
        ("3", dt.datetime(2026, 5, 4, 8)),
        ("4", None),
    ]
    assert pl.read_parquet(out / "messages-no-replies.parquet")["message_id"].sort().to_list() == ["1", "2"]
    before = bytes_of(out)
    for imported in imports:
        write_import(imported, out)
    assert bytes_of(out) == before


def test_lists_of_accounts_that_tools_write_are_accounts(tmp_path):
    opml = import_files([SAMPLES / "wewe-rss/WeWeRSS-All.opml"]).accounts
    assert opml.select("account_id", "name").rows() == [
        ("wechat:3900000001", "澜川发布"),
        ("wechat:3900000002", "澜川公安"),
    ]
    users = import_files([SAMPLES / "weibo-crawler/weibo_data/users.csv"]).accounts
    assert users.select("account_id", "followers", "certified", "certified_subject").row(0) == (
        "weibo:7900000001", 123000, True, "澜川发布官方微博",
    )  # fmt: skip
    listed = tmp_path / "user_id_list.txt"
    listed.write_text("7900000001 澜川发布 2020-01-01 00:00\n7900000002 澜川公安\n", encoding="utf-8")
    assert import_files([listed]).accounts["name"].to_list() == ["澜川发布", "澜川公安"]
    wechat = tmp_path / "公众号.json"
    listed = {
        "fakeid": "Mzk5MDAwMDAwMQ==",
        "nickname": "澜川发布",
        "count": 3,
        "articles": 5,
        "last_update_time": 1779250000,
    }
    wechat.write_text(json.dumps({"version": "1", "usefor": "wechat", "accounts": [listed]}), encoding="utf-8")
    assert import_files([wechat]).accounts["account_id"].to_list() == ["wechat:3990000001"]


# --- made files: SQLite, other versions' rows, retweets ------------------------------------------------------------------


def test_originals_of_others_in_a_database_are_set_aside(tmp_path):
    path = tmp_path / "weibodata.db"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE user (id, nick_name, follower_count INT, follow_count INT)")
    base.execute("INSERT INTO user VALUES ('7900000002', '澜川公安', 120, 3)")
    base.execute(
        "CREATE TABLE weibo (id, bid, user_id, screen_name, text, created_at, "
        "attitudes_count INT, comments_count INT, reposts_count INT, retweet_id)"
    )
    rows = [
        (
            "5271960523720087",
            "Quc1mfBLp",
            "7900000002",
            "澜川公安",
            "转发微博",
            "2026-03-02 10:00:00",
            0,
            0,
            0,
            "5299985873850118",
        ),
        ("5299985873850118", "QFX5xg9AG", "7900000001", "澜川发布", "停水", "2026-05-18 18:02:44", 108, 46, 233, ""),
    ]
    base.executemany(f"INSERT INTO weibo VALUES ({','.join('?' * 10)})", rows)
    base.commit()
    base.close()
    imported = import_files([path])
    assert imported.posts["account_id"].to_list() == ["weibo:7900000002"]
    assert ("set_aside", "retweeted_original", 1) in imported.reasons.select("effect", "reason", "rows").rows()
    assert imported.accounts["followers"].to_list() == [120]


def test_every_form_of_mediacrawler_gives_the_same(tmp_path):
    source = SAMPLES / "MediaCrawler_current/data/weibo/jsonl/creator_contents_2026-08-20.jsonl"
    records = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    (tmp_path / "a.json").write_text(json.dumps(records, ensure_ascii=False, indent=4), encoding="utf-8")
    pl.DataFrame(records).write_csv(tmp_path / "b.csv")
    pl.DataFrame(records).write_excel(tmp_path / "c.xlsx", worksheet="Contents", dtype_formats={pl.Int64: "0"})
    base = sqlite3.connect(tmp_path / "d.db")
    names = list(records[0])
    base.execute(f"CREATE TABLE weibo_note (id INTEGER PRIMARY KEY, add_ts, {', '.join(names)})")
    base.executemany(
        f"INSERT INTO weibo_note ({', '.join(names)}) VALUES ({','.join('?' * len(names))})",
        [tuple(r.values()) for r in records],
    )
    base.commit()
    base.close()
    plain = import_files([source]).posts.drop("source")
    for path in sorted(tmp_path.iterdir()):
        assert import_files([path]).posts.drop("source").equals(plain), path.name


def test_rows_that_a_newer_version_wrote_below_an_old_header(tmp_path):
    old = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户,完整日期,是否原创"
    new = "5299985873850118\t,QFX5xg9AG,停水,,,,,,2026-05-18T18:02:44,微博视频号,108,46,233,,,2026-05-18 18:02:44,True,1,True"
    before = "5300219279930202\t,R05HFFFiy,防汛,,,,,2026-05-19T09:30:12,微博视频号,12,3,5,,,2026-05-19 09:30:12,True"
    path = tmp_path / "7900000001.csv"
    path.write_text("\n".join([old, before, new]) + "\n", encoding="utf-8-sig")
    posts = import_files([path]).posts
    assert posts.select("published_at", "likes", "comments", "shares").rows() == [
        (dt.datetime(2026, 5, 18, 18, 2, 44), 108, 46, 233),
        (dt.datetime(2026, 5, 19, 9, 30, 12), 12, 3, 5),
    ]


def test_a_different_header_in_mid_file_names_the_rows_below_it(tmp_path):
    path = tmp_path / "7900000001.csv"
    path.write_text(
        "微博id,微博正文,发布时间,发布工具,点赞数,转发数,评论数\nR05HFFFiy,防汛,2026-05-19 09:30,x,12,5,3\n"
        "微博id,微博正文,头条文章url,发布时间,发布工具,点赞数,转发数,评论数\nQFX5xg9AG,停水,无,2026-05-18 18:02,x,108,233,46\n",
        encoding="utf-8-sig",
    )
    imported = import_files([path])
    assert imported.posts.select("likes", "shares").rows() == [(108, 233), (12, 5)]
    assert imported.report["set_aside"].item() == 1


def test_a_pinned_post_does_not_lengthen_the_time_observed(tmp_path):
    def row(mid: int, when: str) -> str:
        return f"{bid_from_mid(mid)},正文,{when},x,1,1,1"

    head = "微博id,微博正文,发布时间,发布工具,点赞数,转发数,评论数"
    rows = [
        row(4900000000000000, "2023-05-10 10:29"),
        row(5300219279930202, "2026-05-19 09:30"),
        row(5299985873850118, "2026-05-18 18:02"),
    ]
    path = tmp_path / "7900000001.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8-sig")
    imported = import_files([path])
    assert imported.posts.height == 3
    assert imported.observations["from"].item() == dt.date(2026, 5, 18)


def weibo_csv(path: Path, *days: str) -> Path:
    """A weiboSpider file with a post on each of the days, in this order."""
    lines = ["微博id,微博正文,发布时间,点赞数,转发数,评论数"]
    for i, day in enumerate(days):
        second = int(dt.datetime.fromisoformat(day).replace(tzinfo=SHANGHAI).timestamp()) - 515483463
        lines.append(f"{bid_from_mid((second << 22) + i)},正文,{day},1,2,3")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def test_an_accounts_only_post_is_never_taken_for_pinned(tmp_path):
    weibo_csv(tmp_path / "甲/7900000001.csv", "2026-03-02 10:00:00")
    weibo_csv(tmp_path / "乙/7900000002.csv", "2026-05-19 10:00:00", "2026-05-01 10:00:00")
    # Both were collected as long as the run went on.
    assert observed(import_files([tmp_path])) == [
        ("weibo:7900000001", dt.date(2026, 3, 2), dt.date(2026, 5, 19)),
        ("weibo:7900000002", dt.date(2026, 5, 1), dt.date(2026, 5, 19)),
    ]


def test_posts_of_several_accounts_in_one_file_are_compared_account_by_account():
    frame = pl.DataFrame(
        {
            "__row": [1, 2, 3],
            "account_id": ["a", "b", "b"],
            "published_at": [dt.datetime(2026, 1, 1), dt.datetime(2026, 5, 2), dt.datetime(2026, 5, 1)],
        }
    )
    assert pinned(frame)["__pinned"].to_list() == [False, False, False]
    alone = pinned(frame.with_columns(account_id=pl.lit("b")))
    assert alone["__pinned"].to_list() == [True, False, False]


def test_json_lists_are_in_no_order_that_shows_pinned_posts():
    for tool in ("weibo-crawler", "weiboSpider"):
        orders = {layout.name: layout.order for layout in layouts(tool) if layout.table == "posts"}
        assert orders.pop("posts (JSON, SQLite)") == ""
        assert set(orders.values()) == {"newest_first"}


@pytest.mark.parametrize(
    ("account", "said"),
    [("", "is empty"), ("  ", "is empty"), ("wechat:gh_1", "which is weibo"), ("wiebo:1", "Did you mean weibo")],
)
def test_an_account_that_cannot_be_is_refused(tmp_path, account, said):
    path = weibo_csv(tmp_path / "posts.csv", "2026-03-02 10:00:00")
    with pytest.raises(InputError, match=said):
        import_files([path], account=account)


def test_an_account_that_the_ledger_lacks_is_told_with_the_closest(tmp_path):
    path = weibo_csv(tmp_path / "posts.csv", "2026-03-02 10:00:00")
    ledger = pl.DataFrame({"account_id": ["A1"], "platform": ["weibo"], "platform_id": [None], "name": ["澜川发布"]})
    wrong = import_files([path], account="澜川发步", ledger=ledger)
    assert [p.kind for p in wrong.problems] == ["account_not_in_ledger"]
    assert "澜川发布" in wrong.problems[0].say("zh-Hans")
    right = import_files([path], account="澜川发布", ledger=ledger)
    assert right.problems == []
    assert right.accounts["account_id"].to_list() == ["A1"]


def test_a_name_given_as_the_account_is_its_name(tmp_path):
    path = weibo_csv(tmp_path / "posts.csv", "2026-03-02 10:00:00")
    assert import_files([path], account="澜川发布").accounts.select("account_id", "name").rows() == [
        ("weibo:澜川发布", "澜川发布")
    ]
    assert import_files([path], account="7900000001").accounts.select("account_id", "name").rows() == [
        ("weibo:7900000001", None)
    ]


def test_messages_of_nobody_are_told_with_their_number(tmp_path):
    rows = ("留言编号,留言时间,答复时间", "1,2026-05-01 08:00:00,", "2,2026-05-02 08:00:00,")
    path = messages_file(tmp_path, "留言.csv", *rows)
    imported = import_files([path])
    assert [(p.kind, p.facts["count"]) for p in imported.problems] == [("import_messages_of_nobody", 2)]
    named = import_files([path], account="weibo:7900000001")
    assert named.problems == []
    assert named.messages["account_id"].to_list() == ["weibo:7900000001"] * 2


def test_a_year_that_was_guessed_is_corrected_from_the_id(tmp_path):
    path = tmp_path / "7900000003.csv"
    path.write_text(
        "微博id,微博正文,发布时间,发布工具,点赞数,转发数,评论数\nQl0s0AdXm,新年快乐,2026-12-31 23:59,x,18,1,2\n",
        encoding="utf-8-sig",
    )
    imported = import_files([path])
    assert imported.posts["published_at"].item() == dt.datetime(2025, 12, 31, 23, 59, 58)
    assert imported.reasons["reason"].to_list() == ["year_from_id"]


def observed(imported) -> list[tuple]:
    return imported.observations.select("account_id", "from", "to").rows()


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# --- writing ------------------------------------------------------------------------------------------------------------


def test_importing_twice_changes_no_byte(tmp_path):
    sources = [SAMPLES / "MediaCrawler_before_2026-07", SAMPLES / "weibo-crawler", SAMPLES / "messages"]
    write_import(import_files(sources), tmp_path)
    before = bytes_of(tmp_path)
    tables = {"posts.parquet", "accounts.csv", "messages.parquet", "comments.parquet", "observations.csv"}
    assert {name for name in before if "/" not in name} == tables
    again = write_import(import_files(sources), tmp_path)
    assert bytes_of(tmp_path) == before
    assert again.select(pl.col("added", "changed").sum()).row(0) == (0, 0)


def test_a_newer_capture_replaces_an_older_one_and_not_the_other_way_round(tmp_path):
    def crawl(name: str, captured: str, likes: int) -> Path:
        path = tmp_path / f"tweet_spider_by_user_id_{captured}.jsonl"
        when = int(dt.datetime.strptime(captured, "%Y%m%d%H%M%S").replace(tzinfo=SHANGHAI).timestamp())
        post = {
            "_id": "5300219279930202",
            "mblogid": "R05HFFFiy",
            "created_at": "2026-05-19 09:30:12",
            "reposts_count": 5,
        }
        post |= {
            "comments_count": 3,
            "attitudes_count": likes,
            "url": "https://weibo.com/7900000001/R05HFFFiy",
            "crawl_time": when,
        }
        path.write_text(json.dumps(post) + "\n", encoding="utf-8")
        return path

    old, new, out = crawl("old", "20260520101530", 12), crawl("new", "20260521101530", 40), tmp_path / "out"
    for path, likes in ((old, 12), (new, 40), (old, 40)):
        write_import(import_files([path]), out)
        assert pl.read_parquet(out / "posts.parquet")["likes"].to_list() == [likes]


def test_a_ledger_is_added_to_and_never_rewritten(tmp_path):
    ledger = '账号编号,平台,账号名称,主办单位,备注\r\nweibo:7900000001,微博,澜川发布,市政府办,"手写，勿动"\r\n'.encode(
        "gb18030"
    )
    (tmp_path / "accounts.csv").write_bytes(ledger)
    write_import(import_files([SAMPLES / "weibo-crawler/weibo_data/users.csv"]), tmp_path)
    content = (tmp_path / "accounts.csv").read_bytes()
    assert content.startswith(ledger)
    added = list(csv.reader(io.StringIO(content.decode("gb18030"))))[2:]
    assert [row[0] for row in added] == ["weibo:7900000002", "weibo:7900000003", "weibo:7900000004"]


def test_a_workbook_ledger_is_left_alone_and_new_accounts_go_beside_it(tmp_path):
    (tmp_path / "accounts.xlsx").write_bytes(b"not read here")
    imported = import_files([SAMPLES / "weibo-crawler/weibo_data/users.csv"])
    written = write_import(imported, tmp_path)
    assert written.filter(table="accounts")["file"].to_list() == ["accounts-imported.csv"]
    assert (tmp_path / "accounts.xlsx").read_bytes() == b"not read here"
    assert any("accounts-imported.csv" in line for line in report_lines(imported, written, "en"))
    assert write_import(imported, tmp_path).select("before", "added").row(0) == (4, 0)


def crawled(folder: Path, captured: str, *posted: str) -> Path:
    """A crawl of one account's posts: the days between its first post and the capture are observed."""
    path = folder / f"tweet_spider_by_user_id_{captured.replace('-', '')}101530.jsonl"
    lines = []
    for day in posted:
        when = dt.datetime.fromisoformat(f"{day} 09:30:12")
        bid = bid_from_mid(int(when.replace(tzinfo=SHANGHAI).timestamp()) - 515483463 << 22)
        at = dt.datetime.fromisoformat(f"{captured} 10:15:30").replace(tzinfo=SHANGHAI)
        post = {"mblogid": bid, "created_at": str(when), "reposts_count": 5, "comments_count": 3, "attitudes_count": 1}
        post |= {
            "_id": str(mid_of(bid)),
            "url": f"https://weibo.com/7900000001/{bid}",
            "crawl_time": int(at.timestamp()),
        }
        lines.append(json.dumps(post))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def days_in(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "observations.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(row["run"], row["from"], row["to"]) for row in csv.DictReader(file)]


def test_each_import_adds_the_days_that_it_observed(tmp_path):
    old = crawled(tmp_path, "2026-05-20", "2026-05-01", "2026-05-19")
    new = crawled(tmp_path, "2026-06-20", "2026-06-02")
    out = tmp_path / "out"
    write_import(import_files([old]), out)
    assert days_in(out) == [(old.name, "2026-05-01", "2026-05-20")]
    written = write_import(import_files([new]), out)
    assert written.filter(table="observations").select("before", "added", "after").row(0) == (1, 1, 2)
    for path in (new, old):
        before = bytes_of(out)
        write_import(import_files([path]), out)
        assert days_in(out) == [(old.name, "2026-05-01", "2026-05-20"), (new.name, "2026-06-02", "2026-06-20")]
        assert bytes_of(out) == before


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_days_observed_stand_beside_an_offices_ledger_and_are_joined_where_they_touch(tmp_path, kind):
    out = tmp_path / "out"
    out.mkdir()
    header = ["平台", "账号名称", "主办单位", "平台编号"]
    if kind == "csv":
        text = ",".join(["账号编号", *header]) + "\n,微博,澜川发布,甲局,7900000001\n"
        (out / "accounts.csv").write_text(text, encoding="utf-8")
    else:
        sheet(out / "accounts.xlsx", [header, ["微博", "澜川发布", "甲局", "7900000001"]])
    (out / "audit.toml").write_text('title = "测"\nas_of = 2026-06-20\n', encoding="utf-8")
    ledger = (out / f"accounts.{kind}").read_bytes()
    # The second collection begins on the day after the first one ended.
    for captured, posted in (("2026-05-20", "2026-05-01"), ("2026-06-20", "2026-05-21")):
        imported = import_files([crawled(tmp_path, captured, posted)])
        written = write_import(imported, out)
    assert any("observations.csv" in line for line in report_lines(imported, written, "en"))
    assert (out / f"accounts.{kind}").read_bytes() == ledger
    assert not (out / "accounts-imported.csv").exists()
    audit = read_audit(out)
    assert assess(audit).measured.select("account_id", "observed_from", "observed_to").rows() == [
        ("weibo:7900000001", dt.date(2026, 5, 1), dt.date(2026, 6, 20))
    ]
    assert out / "observations.csv" in audit.inputs


def test_what_an_older_version_noted_of_the_days_observed_is_still_read(tmp_path):
    (tmp_path / "audit.toml").write_text('title = "测"\nas_of = 2026-07-01\n', encoding="utf-8")
    (tmp_path / "accounts.csv").write_text("account_id,platform,name,unit\na,weibo,甲,甲局\n", encoding="utf-8")
    days = "account_id,observed_from,observed_to\na,2026-05-01,2026-07-01\n"
    (tmp_path / "observed.csv").write_text(days, encoding="utf-8")
    row = assess(read_audit(tmp_path)).measured.row(0, named=True)
    assert (row["checked_by"], row["observed_from"], row["gap_days"]) == ("stated", dt.date(2026, 5, 1), 62)


def test_only_accounts_that_a_workbook_lacks_go_beside_it(tmp_path):
    rows = [["平台", "账号名称", "主办单位", "平台编号"], ["微博", "澜川发布", "甲局", "7900000001"]]
    sheet(tmp_path / "accounts.xlsx", rows)
    write_import(import_files([SAMPLES / "weibo-crawler/weibo_data/users.csv"]), tmp_path)
    with (tmp_path / "accounts-imported.csv").open(encoding="utf-8-sig") as file:
        assert [row["account_id"] for row in csv.DictReader(file)] == [f"weibo:790000000{i}" for i in (2, 3, 4)]


def test_everything_printed_has_its_sentence_in_both_languages():
    imported = import_files([SAMPLES])
    for language in ("zh-Hans", "en"):
        lines = report_lines(imported, None, language)
        assert len(lines) >= imported.report.height
        assert not any("{" in line for line in lines)


HEAD = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户"


@pytest.mark.parametrize(
    ("text", "number"),
    [("暂无", None), ("—", None), ("N/A", None), ("-1", None), ("1.2万", 12000), ("２０", 20), ("2284.0", 2284)],
)
def test_a_count_means_the_same_in_own_tables_and_foreign_ones(tmp_path, text, number):
    own, problems = read_posts(
        pl.DataFrame({"account_id": ["weibo:1"], "published_at": ["2026-05-19 09:30"], "likes": [text]})
    )
    path = tmp_path / "7900000001.csv"
    path.write_text(
        f"{HEAD}\n5300219279930202,R05HFFFiy,正文,,,,,2026-05-19T09:30:12,x,{text},1,1,,\n", encoding="utf-8"
    )
    imported = import_files([path])
    assert own["likes"].to_list() == imported.posts["likes"].to_list() == [number]
    assert (problems, imported.reasons.filter(reason="count_unread").height) == ([], 0)


@pytest.mark.parametrize(
    "text",
    [
        "2019-07-05 09:30:00",
        "2019/7/5 9:30",
        "2019年7月5日 9:30",
        "2019-07-05T01:30:00Z",
        "1562290200",
        "43651.395833333",
    ],
)
def test_a_time_means_the_same_in_own_tables_and_foreign_ones(tmp_path, text):
    own, _ = read_posts(pl.DataFrame({"account_id": ["weibo:1"], "published_at": [text]}))
    path = tmp_path / "导出.csv"
    path.write_text(f"内容标题,发表时间,总阅读人数,总分享人数,内容url\n标题,{text},1,1,\n", encoding="utf-8")
    foreign = import_files([path], account="wechat:甲").posts
    for posts in (own, foreign):
        assert posts["published_at"].dt.round("1s").to_list() == [dt.datetime(2019, 7, 5, 9, 30)]


def test_posts_of_an_audit_may_be_a_folder_of_any_tools_files():
    ledger = pl.DataFrame(
        {"account_id": ["A1"], "platform": ["weibo"], "platform_id": ["7900000001"], "name": ["澜川发布"]}
    )
    posts, _ = read_posts(SAMPLES / "weibo-crawler", ledger=ledger)
    assert posts["account_id"].value_counts().sort("count").rows() == [("weibo:7900000002", 2), ("A1", 3)]
    single, _ = read_posts(SAMPLES / "RSSHub/weibo_user_7900000001.rss.xml")
    assert single.height == 4


def sheet(path: Path, rows: list[list]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_the_rows_of_a_wide_ledger_are_counted_as_rows_and_its_accounts_apart(tmp_path):
    rows = [
        ["某市台账"],
        ["主办单位", "微信公众号", "新浪微博", "抖音号"],
        ["甲局", "甲发布", "甲微博", "甲抖音"],
        ["乙局", None, None, "乙抖音"],
        [],
        ["丙局", "未开通", "×", None],
        ["合计", 1, 1, 2],
    ]
    imported = import_files([sheet(tmp_path / "台账.xlsx", rows)])
    # Six rows beside the header: a title, two with accounts (3 + 1), a blank one, one without an account, a sum.
    assert imported.report.select("rows_read", "kept", "merged", "set_aside").row(0) == (6, 2, 0, 4)
    assert imported.accounts.height == 4
    assert dict(imported.reasons.select("reason", "rows").iter_rows()) == {
        "accounts_made": 4,
        "blank": 1,
        "no_ledger_row": 2,
        "no_account": 1,
    }


def test_rows_of_a_ledger_that_are_no_accounts_say_what_they_are(tmp_path):
    rows = [
        ["平台", "账号名称", "主办单位"],
        ["微信", "甲发布", "甲局"],
        ["微信", "甲发布", "甲局"],
        ["政府网站", "甲网", "甲局"],
        ["微薄", "乙发布", "乙局"],
        ["微信、微博", "丙发布", "丙局"],
    ]
    imported = import_files([sheet(tmp_path / "台账.xlsx", rows)])
    assert imported.report.select("rows_read", "kept", "merged", "set_aside").row(0) == (5, 2, 1, 2)
    reasons = {(effect, reason): n for effect, reason, n in imported.reasons[:, 3:].iter_rows()}
    assert reasons == {
        ("merged", "same_row"): 1,
        ("note", "accounts_made"): 4,
        ("note", "ledger_problems"): 2,
        ("set_aside", "no_platform"): 1,
        ("set_aside", "website"): 1,
    }


def test_what_no_tool_wrote_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="None of the files"):
        import_files([path])
    with pytest.raises(InputError, match="no file"):
        import_files([tmp_path / "missing"])
    with pytest.raises(InputError, match="weibo-crawler"):
        import_files([path], tool="weibo-crawlr")


def test_progress_is_told_file_by_file():
    seen: list[tuple[int, int, str]] = []
    import_files([SAMPLES / "weibo-crawler"], progress=lambda *facts: seen.append(facts))
    assert [done for done, _, _ in seen] == [0, 1, 2, 3]


# --- properties -----------------------------------------------------------------------------------------------------------

CELL = st.sampled_from(
    [
        "",
        "无",
        "None",
        "-1",
        "0",
        "12",
        "1.2万",
        "10万+",
        "3,4",
        "x\ny",
        '"',
        "微博id",
        "2026-05-19 09:30",
        "R05HFFFiy",
        "QFX5xg9AG",
    ]
)
ROW = st.lists(CELL, min_size=0, max_size=15)
GOOD = st.builds(
    lambda second, likes: [bid_from_mid((second << 22) + 7), "正文", "", "无", "无", "True", "无", "无",
                           (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=second + 515483463 + 28800)).strftime("%Y-%m-%d %H:%M"),
                           "x", likes, "1", "2"],
    st.integers(1_100_000_000, 1_260_000_000), CELL,
)  # fmt: skip
HEADER = [
    "微博id",
    "微博正文",
    "头条文章url",
    "原始图片url",
    "被转发微博原始图片url",
    "是否为原创微博",
    "微博视频url",
    "发布位置",
    "发布时间",
    "发布工具",
    "点赞数",
    "转发数",
    "评论数",
]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.one_of(ROW, GOOD, st.just(HEADER)), max_size=12))
def test_no_row_is_lost_silently(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("in") / "7900000001.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    with path.open(encoding="utf-8-sig", newline="") as file:
        there = len(list(csv.reader(file))) - 1
    imported = import_files([path])
    assert imported.report["rows_read"].sum() == there
    assert balanced(imported.report)
    assert imported.report["kept"].sum() == imported.posts.height
    aside = imported.reasons.filter(pl.col("effect") == "set_aside")["rows"].sum()
    assert aside == imported.report["set_aside"].sum()
    assert imported.posts.select("account_id", "post_id").is_unique().all()
    assert imported.posts["published_at"].null_count() == 0
