"""Layouts as data: every file of formats/ is whole, and every version of a tool's table is known for what it is."""

import re
import tomllib

import pytest
from weibo_ids import bid_from_mid

from govmedia_kit import schema
from govmedia_kit.errors import InputError
from govmedia_kit.package_data import resource
from govmedia_kit.read.importers import post_ids
from govmedia_kit.read.importers.layouts import TABLES, layouts, recognise, tools

FOLDER = resource("formats")
KNOWN = {
    *(name for table in ("posts", "accounts", "messages") for name in schema.columns(table)),
    *(
        "bid",
        "hash",
        "other_ids",
        "retweet_of",
        "push",
        "feed_built_at",
        "platform_word",
        "keyword",
        "comment_id",
        "parent_id",
    ),
}
WEIBO_CRAWLER = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户"
WEIBO_SEARCH = "id,bid,user_id,用户昵称,微博正文,头条文章url,发布位置,艾特用户,话题,转发数,评论数,点赞数,发布时间,发布工具,微博图片url,微博视频url,retweet_id"
WEIBO_SPIDER = "微博id,微博正文,原始图片url,微博视频url,发布位置,发布时间,发布工具,点赞数,转发数,评论数"
MEDIA = {
    "douyin contents": "aweme_id,aweme_type,title,desc,create_time,creator_hash,nickname,liked_count,collected_count,comment_count,share_count,last_modify_ts,aweme_url",
    "kuaishou contents": "video_id,video_type,title,desc,create_time,creator_hash,nickname,liked_count,viewd_count,last_modify_ts,video_url",
    "xhs contents": "note_id,type,title,desc,video_url,time,last_update_time,creator_hash,nickname,liked_count,collected_count,comment_count,share_count,last_modify_ts,note_url",
    "bilibili contents": "video_id,video_type,title,desc,create_time,creator_hash,nickname,liked_count,disliked_count,video_play_count,video_favorite_count,video_share_count,video_coin_count,video_danmaku,video_comment",
    "tieba contents": "note_id,title,desc,note_url,publish_time,creator_hash,user_nickname,tieba_name,tieba_link,total_replay_num,total_replay_page",
    "zhihu contents": "content_id,content_type,content_text,content_url,question_id,title,desc,created_time,updated_time,voteup_count,comment_count,creator_hash,user_nickname",
    "weibo contents": "note_id,content,create_time,create_date_time,liked_count,comments_count,shared_count,last_modify_ts,note_url,ip_location,user_id,nickname,gender",
    "comments": "comment_id,create_time,aweme_id,content,creator_hash,nickname,sub_comment_count,like_count,last_modify_ts,parent_comment_id,pictures",
    "comments of tieba and zhihu": "comment_id,parent_comment_id,content,publish_time,sub_comment_count,like_count,dislike_count,content_id,content_type,creator_hash",
    "weibo creators": "user_id,nickname,gender,avatar,desc,ip_location,follows,fans,tag_list,last_modify_ts",
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_every_layout_file_says_what_it_is_about_and_uses_known_words(path):
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    assert told["about"]
    mine = layouts(told["tool"])
    assert len(mine) >= len(told["layout"])
    for layout in mine:
        assert layout.table in TABLES
        assert set(layout.fields) <= KNOWN, set(layout.fields) - KNOWN
        assert layout.platform is None or layout.platform in schema.vocabulary("platform")
        assert {layout.shows, *layout.shows_by_path.values()} <= {"timeline", "feed", "search", "single"}
        assert layout.columns or layout.melt
        sources = [s for found in layout.fields.values() for s in found]
        for pattern in [
            *layout.path,
            *layout.checks.values(),
            *layout.where.values(),
            *(s.partition(" ~ ")[2] for s in sources),
        ]:
            re.compile(pattern)


def test_layouts_of_a_tool_have_different_names():
    for tool in tools():
        names = [layout.name for layout in layouts(tool)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("header", "tool", "name"),
    [
        (WEIBO_CRAWLER, "weibo-crawler", "posts"),
        (WEIBO_CRAWLER + ",完整日期,是否原创,源用户id,源用户昵称,源微博id", "weibo-crawler", "posts"),
        (WEIBO_SEARCH, "weibo-search", "posts"),
        (WEIBO_SEARCH + ",ip,user_authentication,会员类型,会员等级", "weibo-search", "posts"),
        (WEIBO_SPIDER, "weiboSpider", "posts"),
        (WEIBO_SPIDER + ",头条文章url", "weiboSpider", "posts"),
        (WEIBO_SPIDER + ",头条文章url,被转发微博原始图片url,是否为原创微博", "weiboSpider", "posts"),
        (
            "aid,appmsgid,itemidx,title,digest,link,create_time,update_time,fakeid,readNum",
            "wechat-article-exporter",
            "articles (JSON)",
        ),
        (
            "aid,appmsgid,itemidx,title,digest,link,create_time,update_time",
            "wechat_articles_spider",
            "back-office list",
        ),
        (
            "id,mp_id,title,pic_url,url,content,description,status,publish_time,created_at,updated_at,is_export",
            "we-mp-rss",
            "articles",
        ),
        ("id,mp_id,title,pic_url,publish_time,created_at,updated_at", "wewe-rss", "articles (SQLite)"),
        (
            "id,mp_name,mp_cover,mp_intro,status,sync_time,update_time,created_at,updated_at,has_history",
            "wewe-rss",
            "feeds (SQLite)",
        ),
        *((header, "MediaCrawler", name) for name, header in MEDIA.items()),
    ],
)
def test_a_header_is_known_for_its_tool(header, tool, name):
    found = recognise(header.split(","))
    assert found is not None
    assert (found.tool, found.name) == (tool, name)
    shuffled = recognise(reversed(header.split(",")))
    assert shuffled is found


def test_a_header_of_nobody_is_nobodys():
    assert recognise(["a", "b", "标题", "发布时间"]) is None


def test_a_resaved_header_is_known_by_its_words_not_its_case_or_width():
    assert recognise([f" {c.upper()} " for c in WEIBO_SEARCH.split(",")]).tool == "weibo-search"


def test_an_unknown_tool_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="weibo-search"):
        layouts("weibo-serch")


def test_bids_and_mids_are_two_spellings_of_one_number():
    import polars as pl

    for mid in (3342818919841793, 4900000000000000, 5300219279930202, 5106121943814622):
        assert post_ids.mid_from_bid(pl.Series([bid_from_mid(mid)])).item() == mid
    assert bid_from_mid(5106121943814622) == "P2zg6g0ma"  # as found in a real file
    assert post_ids.mid_from_bid(pl.Series(["R05HFFFiy", None, "转发", "R05HFFFi!", "ZZZZZZZZZ"])).to_list() == [
        5300219279930202,
        None,
        None,
        None,
        None,
    ]


def test_hashes_are_mediacrawlers():
    assert post_ids.creator_hash(7900000001) == "a28087ec2cef8473"  # as found in the sample


def test_the_four_forms_of_a_wechat_account_are_one():
    forms = ("MzA3NTE5MzQzMA==", "MP_WXS_3075193430", "3075193430")
    assert {post_ids.wechat_account(f) for f in forms} == {"3075193430"}
    assert post_ids.wechat_account("gh_3707d9541c3f") == "gh_3707d9541c3f"
