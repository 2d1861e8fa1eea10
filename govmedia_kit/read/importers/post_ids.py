"""What a platform's own ids say: Weibo's two spellings of one id, the second of posting, hashes, WeChat's account ids.

All of it was read off real files: 1,807 of 1,807 Weibo rows agree on both spellings, and every one was posted in the second
that its id names. A spreadsheet keeps fifteen digits of sixteen, so that the id in letters is the one to trust.

>>> mid_from_bid(pl.Series(["R05HFFFiy", "无"])).to_list()
[5300219279930202, None]
>>> weibo_time(pl.Series([5300219279930202]))[0]
datetime.datetime(2026, 5, 19, 9, 30, 12)
>>> wechat_account("MzA3NTE5MzQzMA=="), wechat_account("MP_WXS_3075193430")
('3075193430', '3075193430')
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

import polars as pl

from govmedia_kit.parse_cells import SHANGHAI

__all__ = ["creator_hash", "mid_from_bid", "twitter_time", "wechat_account", "weibo_time"]

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
WEIBO_EPOCH = 515_483_463
TWITTER_EPOCH_MS = 1_288_834_974_657
# Before this second (2011-08-01) Weibo's ids did not yet carry the time.
FIRST_WEIBO_TIME = 1_312_128_000
LAST_TIME = 4_102_444_800  # 2100-01-01


def mid_from_bid(bids: pl.Series) -> pl.Series:
    """Weibo's number for each id in letters (int64); null where the text is no such id.

    The number's decimal digits, in groups of seven from the right, are each four letters of base 62.
    """
    text = bids.cast(pl.String).str.strip_chars()
    padded = text.set(~text.str.contains(r"^[0-9a-zA-Z]{9,10}$").fill_null(False), None).str.pad_start(12, "0")
    digits = [
        padded.str.slice(at, 1).replace_strict(list(LETTERS), range(62), return_dtype=pl.Int64) for at in range(12)
    ]
    high, middle, low = (((a * 62 + b) * 62 + c) * 62 + d for a, b, c, d in (digits[:4], digits[4:8], digits[8:]))
    # A group above seven digits is no group of an id, and two letters in front stand for more than nineteen digits.
    fits = (high > 0) & (high < 1000) & (middle < 10**7) & (low < 10**7)
    return (high * 10**14 + middle * 10**7 + low).set(~fits, None).alias(bids.name)


def weibo_time(mids: pl.Series) -> pl.Series:
    """The second of posting (local time of Asia/Shanghai) that a Weibo number names; null outside 2011-08 to 2100."""
    numbers = mids.cast(pl.Int64, strict=False)
    return _local(numbers // 2**22 + WEIBO_EPOCH, FIRST_WEIBO_TIME)


def twitter_time(ids: pl.Series) -> pl.Series:
    """The moment of posting (local time of Asia/Shanghai, whole seconds) that a Twitter/X number names."""
    numbers = ids.cast(pl.Int64, strict=False)
    snowflake = numbers.set(numbers <= 2**40, None)
    return _local((snowflake // 2**22 + TWITTER_EPOCH_MS) // 1000, FIRST_WEIBO_TIME - 86_400 * 365)


def _local(seconds: pl.Series, first: int) -> pl.Series:
    inside = seconds.set(~seconds.is_between(first, LAST_TIME), None)
    return ((inside + SHANGHAI) * 1_000_000).cast(pl.Datetime("us"))


def creator_hash(uid: object) -> str:
    """MediaCrawler's name for an account since July 2026: plain, unsalted, so that the ledger's own uids can be found again."""
    return hashlib.sha256(str(uid).encode()).hexdigest()[:16]


def wechat_account(text: str) -> str:
    """A WeChat account's number from any of its forms (`__biz`, `MP_WXS_n`, the number); other text as it is."""
    text = text.strip()
    if found := re.fullmatch(r"(?:MP_WXS_)?(\d+)", text):
        return found[1]
    if re.fullmatch(r"[A-Za-z0-9+/]{8,}={0,2}", text) and len(text) % 4 == 0:
        try:
            plain = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return text
        if plain.isdigit():
            return plain.decode()
    return text
