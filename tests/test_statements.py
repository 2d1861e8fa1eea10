"""Statements of bulletins: our own short texts in the manner of real ones, single facts, and a thousand made at random."""

import csv
import random
from pathlib import Path

import polars as pl
import pytest
from bulletin_texts import Bulletin

from govmedia_kit.proofread.quantities import plain, quantities
from govmedia_kit.proofread.statements import statements, verify_text

TEXTS = sorted((Path(__file__).parent / "scenarios" / "bulletin_texts").glob("*.txt"))


def verdicts(text: str) -> list[tuple[str, str, str]]:
    return [(s.kind, s.verdict, s.text) for s in statements(text)]


def wrong(text: str) -> list[str]:
    """The numbers of a text that are said to be impossible."""
    return [s.text for s in statements(text) if s.verdict == "impossible"]


def read(text: str) -> list[tuple[str, float, str]]:
    return [(q.kind, float(q.value), q.bound) for q in quantities(plain(text).text)]


# --- Whole texts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_text_has_the_statements_written_beside_it(path):
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        expected = [tuple(row.values()) for row in csv.DictReader(file)]
    found = [
        (s.kind, s.verdict, s.text, *("" if end is None else str(end) for end in s[6:8]))
        for s in statements(path.read_text(encoding="utf-8"))
    ]
    assert found == expected


def test_sentences_that_another_reading_explains_are_not_accused():
    with (TEXTS[0].parent / "sentences_that_hold.csv").open(encoding="utf-8", newline="") as file:
        for (text,) in list(csv.reader(file))[1:]:
            assert wrong(text) == [], text


@pytest.mark.slow
def test_one_changed_digit_in_a_thousand_bulletins():
    broken = found = 0
    accused = []
    for seed in range(1000):
        bulletin = Bulletin(seed)
        r = random.Random(seed)
        assert bulletin.holds(bulletin.text)
        if wrong(bulletin.text):
            accused.append(bulletin.text)
        at = r.choice([i for i, c in enumerate(bulletin.text) if c.isdigit() and c.isascii()])
        digit = r.choice([d for d in "0123456789" if d != bulletin.text[at]])
        changed = f"{bulletin.text[:at]}{digit}{bulletin.text[at + 1 :]}"
        seen = bool(wrong(changed))
        if bulletin.holds(changed):
            accused += [changed] if seen else []
        else:
            broken += 1
            found += seen
    assert accused == []
    assert broken > 400
    assert found / broken >= 0.97


# --- Places and messages -------------------------------------------------------------------------------------


def test_a_statement_points_at_its_number_in_the_text_as_given():
    text = "前言。\n　　檢查 ２８３ 個，不合格６３個，合格率７９.５％。"
    row = verify_text(text).filter(kind="rate").row(0, named=True)
    assert text[row["start"] : row["end"]] == row["text"] == "７９.５％"
    assert row["sentence"] == "檢查 ２８３ 個，不合格６３個，合格率７９.５％。"
    assert row["verdict"] == "impossible"
    assert (row["admissible_failed_low"], row["nearest"]) == (58, "58/283")
    assert "58" in row["message_zh"]
    assert "58" in row["message_en"]


def test_no_text_no_statements():
    found = verify_text("")
    assert found.height == 0
    assert found.schema["start"] == pl.Int64
    assert verify_text("加强账号管理，一个单位原则上在同一平台只开设一个账号。").height == 0


def test_any_characters_are_read_without_an_error():
    pieces = [
        "检查",
        "合格",
        "不合格",
        "合格率",
        "占",
        "其中",
        "分别为",
        "按平台分",
        "（",
        "）",
        "，",
        "、",
        "。",
        "：",
        "\n",
        "283",
        "12.4%",
        "个",
        "八成",
        "百分之",
        "十百",
        "0.4个百分点",
        "上季度",
        "由",
        "到",
    ]
    pieces += [
        "微信",
        "政府网站",
        "共",
        "％",
        "1.2万条",
        "〔2019〕19号",
        "第二季度",
        " of ",
        "passed",
        "\0",
        "\ue001",
        "😀",
        "𠮷",
        "3/4",
    ]
    r = random.Random(5)
    for _ in range(400):
        text = "".join(r.choices(pieces, k=r.randint(1, 40)))
        assert all(text[s.start : s.end] == s.text for s in statements(text))


# --- Rates ---------------------------------------------------------------------------------------------------


def test_a_rate_may_stand_before_after_or_apart_from_its_counts():
    for text in (
        "共检查1010个账号，不合格82个，合格率{}%。",
        "合格率为{}%，共检查账号1010个，不合格82个。",
        "共检查1010个账号。不合格82个，合格率{}%。",
        "共检查1010个账号，合格率{}%。发现不合格账号82个。",
        "1010个账号中928个合格，合格率{}%。",
        "账号总计1010个，合格928个，合格率{}%。",
    ):
        assert wrong(text.format("91.9")) == [], text
        assert wrong(text.format("81.9")) == ["81.9%"], text


def test_a_rate_alone_is_held_against_its_total():
    assert verdicts("检查53个账号，合格率69.81%。") == [("rate", "consistent", "69.81%")]
    assert verdicts("检查10个账号，合格率91.9%。") == [("rate", "impossible", "91.9%")]


def test_a_rate_of_others_is_not_held_against_the_total():
    assert wrong("检查1010个账号，不合格82个。天水、庆阳等市州合格率达到95%以上，兰山市合格率97.1%。") == []
    assert wrong("微信公众号共检查203个。不合格9个，合格率95.57%。共检查471个，不合格43个，合格率90.87%。") == []


def test_rates_of_a_list_go_with_their_names():
    text = "其中，微信公众号抽查203个、不合格9个，合格率{}%；新浪微博抽查127个，不合格10个，合格率92.13%。"
    assert wrong("抽查471个，不合格43个，合格率90.87%。" + text.format("95.57")) == []
    assert wrong("抽查471个，不合格43个，合格率90.87%。" + text.format("93.57")) == ["93.57%"]


def test_rates_in_a_row_go_with_names_in_a_row():
    text = (
        "微信、微博检查账号分别为203个、127个，微信、微博不合格账号分别为9个、10个，微信、微博合格率分别为{}%、92.13%。"
    )
    assert wrong(text.format("95.57")) == []
    assert wrong(text.format("92.13")) == ["92.13%"]


def test_a_round_word_is_no_exact_rate():
    assert verdicts("检查283个账号，不合格60个，合格率近八成。") == [("rate", "not_checkable", "八成")]
    assert wrong("检查283个账号，不合格30个，合格率不足八成。") == ["八成"]
    assert wrong("检查283个账号，不合格30个，合格率超过八成。") == []


def test_an_estimate_is_not_made_from_the_counts():
    assert wrong("检查1010个，不合格82个，合格率91.9%。按各层登记数加权估计，全部账号的合格率为89.2%。") == []


def test_last_rounds_rate_is_not_held_against_this_rounds_counts():
    assert wrong("本季度检查1010个，不合格82个，合格率91.9%，上季度合格率为88.1%。") == []
    assert wrong("第二季度检查1010个，不合格82个，合格率由第一季度的88.1%上升为91.9%。") == []


def test_an_interval_holds_its_rate():
    text = "检查合格223个，不合格60个，合格率为78.8%（95%置信区间{}%至83.2%）。"
    checked = "本次对全部283个账号进行了检查。"
    assert wrong(checked + text.format("73.7")) == []
    assert wrong(checked + text.format("79.7")) == ["79.7%至83.2%"]
    # 73.0 holds the rate, but is not Wilson's, which is what the bulletin says it is.
    assert wrong(checked + text.format("73.0")) == []
    assert wrong(checked + text.format("73.0") + "置信区间按 Wilson 法计算。") == ["73.0%至83.2%"]


def test_a_rate_is_of_no_whole_that_comes_after_it():
    text = "抽查政府网站120家，合格率{}%；抽查政务新媒体218个，合格率94.5%，其中12个不合格。"
    assert wrong(text.format("98.3")) == []
    assert verdicts(text.format("98.6"))[0] == ("rate", "not_checkable", "98.6%")
    assert wrong("抽查公安系统120个，合格率98.3%；抽查税务系统218个，不合格12个，合格率94.5%。") == []


def test_units_that_were_checked_are_no_accounts():
    for text in (
        "本次监测单位86家、账号218个，合格率{}%。",
        "抽查单位86个，检查账号218个，合格率{}%。",
        "共涉及单位86家，检查账号218个，不合格12个，合格率{}%。",
    ):
        assert wrong(text.format("94.5")) == [], text
        assert wrong(text.format("94.3")) == ["94.3%"], text


def test_whose_accounts_they_are_does_not_narrow_all_that_were_checked():
    text = "抽查14个市州的政务新媒体账号173个，不合格13个，合格率{}%。"
    assert verdicts(text.format("92.5")) == [("rate", "consistent", "92.5%")]
    assert wrong(text.format("99.5")) == ["99.5%"]
    # Two such phrases are parts.
    assert wrong("抽查14个市州的账号173个、86个县区的账号110个，不合格13个，合格率95.4%。") == []


def test_a_rounded_whole_stands_for_an_interval():
    text = "共检查账号1.2万个，不合格240个，合格率{}%。"
    # 240 of 11,500 to 12,500 fail.
    for rate in ("97.9", "98.0", "98.1"):
        assert verdicts(text.format(rate)) == [("rate", "consistent", f"{rate}%")]
    for rate in ("97.0", "97.8", "98.2"):
        assert wrong(text.format(rate)) == [f"{rate}%"]
    before = "甘泉省检查4891个，不合格20个，合格率99.6%。"
    assert wrong(before + text.format("98.0")) == []
    assert wrong(before + "全国共检查账号近1.2万个，不合格240个，合格率98.0%。") == []


def test_rates_in_a_row_go_with_the_list_before_them():
    text = "抽查省直815个、县级197个，合格率分别为{}%和{}%。"
    assert verdicts(text.format("99.63", "96.95")) == [
        ("rate", "consistent", "99.63%"),
        ("rate", "consistent", "96.95%"),
    ]
    assert wrong(text.format("96.95", "99.63")) == ["96.95%", "99.63%"]
    # Two rates of one thing each are not of the two names.
    assert wrong("抽查省直815个、县级197个，合格率和满意率分别为98.53%和96.95%。") == []


def test_where_all_were_checked_the_registered_are_the_whole():
    text = "全省共有4891个政务新媒体账号，本次全部检查，不合格20个，合格率{}%。"
    assert verdicts(text.format("99.6")) == [("rate", "consistent", "99.6%")]
    assert wrong(text.format("96.6")) == ["96.6%"]
    assert wrong("全省共有4891个账号，其中微信公众号全部检查，不合格20个，合格率96.6%。") == []


def test_passed_and_failed_make_the_whole_that_is_not_printed():
    assert verdicts("检查合格2个，不合格3个，合格率40.0%。") == [("rate", "consistent", "40.0%")]
    assert wrong("检查合格2个，不合格3个，合格率60.0%。") == ["60.0%"]
    assert wrong("优秀5个，合格2个，不合格3个，合格率70.0%。") == []


# --- Shares --------------------------------------------------------------------------------------------------


def test_a_share_is_of_what_its_words_say():
    before = "共登记5038个账号，抽查1010个，不合格82个。"
    assert wrong(before + "内容不更新的35个，占不合格总数的42.7%。") == []
    assert wrong(before + "内容不更新的35个，占不合格总数的3.5%。") == ["3.5%"]
    assert wrong("检查的283个账号中，有35个两周没有更新，占12.4%。") == []
    assert wrong("检查的283个账号中，有35个两周没有更新，占14.2%。") == ["14.2%"]


def test_shares_of_overlapping_problems_may_exceed_the_whole():
    text = "发现不合格账号63个，其中无互动渠道的54个，占85.7%；内容有错误的26个，占41.3%。"
    assert wrong(text) == []
    assert wrong(text.replace("41.3", "31.3")) == ["31.3%"]


def test_a_share_of_something_not_named_is_not_judged():
    assert wrong("广东省检查1010个账号。此外，转发类内容35条，占12.4%。") == []


# --- Sums ----------------------------------------------------------------------------------------------------


def test_a_list_by_platform_adds_to_its_total():
    text = "共开设账号{}个。按平台分，微信公众号3076个、新浪微博647个、其他600个。"
    assert wrong(text.format(4323)) == []
    assert wrong(text.format(4332)) == ["4332个"]


def test_a_list_under_qizhong_need_not_be_complete_but_cannot_exceed():
    text = "检查56个账号，其中微信公众号{}个、新浪微博10个。"
    assert wrong(text.format(31)) == []
    assert wrong(text.format(51)) == ["56个"]
    assert wrong("检查56个账号，其中微信公众号31个、其他账号15个。") == ["56个"]


def test_problems_are_no_parts():
    assert wrong("不合格63个，其中内容不更新的54个、互动差的26个。按问题类型分，不更新54个、互动差26个。") == []


def test_passed_and_failed_are_all_that_was_checked():
    assert wrong("共检查283个账号，合格225个，不合格58个。") == []
    assert wrong("共检查283个账号，合格225个，不合格68个。") == ["283个"]


def test_a_list_that_says_that_it_overlaps_is_not_added():
    text = "在137个主办单位中，有11个单位重复开设账号，多余账号15个。分平台看，重复开设微信公众号的单位8个、新浪微博的单位9个；同一单位可能在几个平台重复开设。"
    assert wrong(text) == []
    assert (
        wrong("Of 137 units, 11 run several. By platform: 8 on WeChat, 9 on Weibo; a unit may do so on several.") == []
    )


def test_what_is_left_is_all_that_was_not_named():
    assert wrong("23个问题账号中，16个已整改，其余7个仍未整改。") == []
    assert wrong("23个问题账号中，16个已整改，其余9个仍未整改。") == ["23个"]


def test_a_single_part_is_no_larger_than_its_whole():
    for text in (
        "检查的283个账号中，有35个两周内没有更新，占12.4%。其中{}个自开通以来从未更新。",
        "另有35个账号虽未达到两周，但已超过1周没有更新，其中{}个恰为14天，处于临界。",
        "检查账号283个，发现不合格账号35个，其中内容不更新{}个。",
        "Of the 283 accounts checked, 35 had no update in two weeks. Of these {} never posted.",
        "35 more accounts have gone for more than a week without an update, {} of them for exactly 14 days.",
        "35个账号中，有{}个没有更新。",
    ):
        assert wrong(text.format(35)) == [], text
        assert [number.strip("个") for number in wrong(text.format(37))] == ["37"], text


def test_a_part_may_be_of_a_larger_whole_before():
    for text in (
        "检查283个账号，3个功能齐全，其中35个未更新。",
        "检查283个账号，不合格12个，其中微信公众号144个、新浪微博79个。",
        "检查283个账号，不合格12个，其中150个更新及时。",
        "检查283个账号，不合格12个，合格率95.8%，其中35个未更新。",
        "检查微信公众号203个、新浪微博12个，其中35个未更新。",
        "检查283个账号，比上季度多12个，其中35个未更新。",
        "近300个账号，其中310个未更新。",
    ):
        assert wrong(text) == [], text


def test_a_part_may_count_other_things_than_its_whole():
    for text in (
        "发现不合格账号12个，其中错误链接15个、错别字30个。",
        "通报了12个单位的账号，其中15个账号未更新。",
        "12个账号未回复留言，其中超过三个月未回复的留言30条。",
        "发现问题12个，其中15个账号未更新。",
    ):
        assert wrong(text) == [], text


def test_units_are_no_more_than_their_accounts():
    text = "28个账号未设置任何互动渠道，涉及{}个单位。"
    assert wrong(text.format(28)) == []
    assert wrong(text.format(55)) == ["55个"]
    assert wrong("Accounts that offer no channel at all: 28, of 55 units.") == ["55"]
    assert wrong("检查账号283个，发现错误28个，涉及55个单位。") == []
    assert wrong("28个账号、40个网站存在问题，涉及55个单位。") == []


def test_outcomes_of_those_that_failed_before_are_a_partition():
    for text in (
        "对上一轮检查不合格的5个账号进行“回头看”，已整改{}个，仍不合格1个，已关停2个；本轮新增不合格9个。",
        "上季度通报的5个问题账号，{}个已整改，3个仍不合格。",
        "Of the 5 accounts that failed last round, {} were mended, 1 fails still and 2 are closed; 9 fail that did not.",
    ):
        assert wrong(text.format(2)) == [], text
        # Some may be closed, or not checked this time, where not all outcomes are named.
        assert wrong(text.format(1)) == [], text
        assert [number.strip("个") for number in wrong(text.format(4))] == ["5"], text
    text = "上一轮不合格的9个账号，已整改{}个，仍不合格1个，已关停2个，台账已无1个，本轮未核查1个。"
    assert wrong(text.format(4)) == []
    assert wrong(text.format(3)) == ["9个"]


def test_outcomes_of_others_are_not_added():
    for text in (
        "对上季度通报的23个问题账号进行复查，已整改问题45个、仍未整改问题3个。",
        "上季度不合格5个，已整改4个，全省累计关停40个。",
        "上季度通报的23个问题账号，20个已整改，其中12个已关停。",
        "上季度通报的23个问题账号中，16个已整改，7个仍不合格，7个仍未整改到位。",
    ):
        assert wrong(text) == [], text


def test_rounded_parts_add_within_their_last_digit():
    text = "共发布信息12.5万条，其中微信8.1万条、微博{}万条。"
    for fitting in ("4.4", "4.5", "3.0"):
        assert wrong(text.format(fitting)) == []
    # 8.05 + 4.55 is above 12.55.
    for above in ("4.6", "5.4"):
        assert wrong(text.format(above)) == ["12.5万条"]
    assert wrong("发布信息12.5万条，收到留言3千条，其中微信8.1万条、微博4.4万条。") == []


def test_both_ends_of_a_period_are_days_of_it():
    for text in (
        "检查时间范围为2019年4月17日至7月15日，共{}天。",
        "检查时间范围为2019年4月17日至2019年7月15日，共{}天。",
        "The period checked runs from 17 April 2019 to 15 July 2019, {} days.",
    ):
        assert verdicts(text.format(90)) == [("sum", "consistent", "90")]
        assert wrong(text.format(80)) == ["80"]
    assert wrong("检查时间为2019年4月17日至7月15日，共60个工作日，历时89天。") == []
    assert wrong("检查时间为2019年2月30日至7月15日，共80天；2019年12月1日至1月15日，共80天。") == []


def test_units_are_not_added_to_accounts():
    assert wrong("全省137个主办单位开设账号283个。按层级分，省级部门128个、市县155个。") == []


# --- Changes -------------------------------------------------------------------------------------------------


def test_a_change_follows_from_both_rates():
    text = "合格率91.9%，较上季度的91.5%{}{}个百分点。"
    assert wrong(text.format("提升", "0.4")) == []
    # Both rates are rounded: 91.94 - 91.46 is 0.5 as well.
    assert wrong(text.format("提升", "0.5")) == []
    assert wrong(text.format("提升", "0.6")) == ["0.6个百分点"]
    assert wrong(text.format("下降", "0.4")) == ["0.4个百分点"]


def test_counts_make_a_change_exact():
    text = "检查1010个，不合格82个，合格率91.9%，比上季度（91.5%）提升{}个百分点。"
    assert wrong(text.format("0.4")) == []
    # 928 / 1010 is 91.88 %, and at most 0.43 above 91.45.
    assert wrong(text.format("0.5")) == ["0.5个百分点"]


def test_the_quarter_compared_with_is_the_one_before():
    text = "第一季度合格率98.5%。第二季度合格率99.3%，较第一季度提升{}个百分点。"
    assert verdicts(text.format("0.8"))[-1] == ("change", "consistent", "0.8个百分点")
    assert wrong(text.format("0.5")) == ["0.5个百分点"]


def test_a_number_less_the_change_is_the_number_now():
    for text in ("账号总数比上季度的5038个减少{}个，现有4935个。", "现有账号4935个，比上季度的5038个减少{}个。"):
        assert wrong(text.format(103)) == [], text
        assert wrong(text.format(203)) == ["203个"], text
    assert wrong("现有账号5038个，比上季度的4935个增加203个。") == ["203个"]
    # Of several numbers it is not plain which one changed.
    assert wrong("检查1010个，不合格82个，检查数比上季度的1200个减少190个。") == []
    assert wrong("不合格82个，账号总数比上季度的5038个减少103个。") == []
    assert wrong("比上季度的5038个减少103个，现有微信公众号3076个。") == []


def test_a_change_against_others_or_without_its_past_is_not_judged():
    assert wrong("县区合格率88.8%，低于全省平均水平3.1个百分点。上季度合格率91.5%。") == []
    assert verdicts("合格率91.9%，较去年同期提高0.3个百分点。")[-1][1] == "not_checkable"


def test_numbers_fall_from_one_to_the_other():
    text = "账号由5189个减少到3942个，减少{}个，降幅{}%。"
    assert wrong(text.format(1247, "24.0")) == []
    assert wrong(text.format(1274, "24.0")) == ["1274个"]
    assert wrong(text.format(1247, "31.6")) == ["31.6%"]


# --- English -------------------------------------------------------------------------------------------------


def test_english_bulletins_are_read():
    text = "283 accounts were checked; 225 passed and {} failed, a pass rate of 79.5 %."
    assert wrong(text.format(58)) == []
    assert wrong(text.format(85)) == ["283"]
    text = "Of the 283 accounts checked, 35 ({} %) had no update. The pass rate is up 0.4 percentage points on last quarter's 79.1 %."
    assert wrong(text.format("12.4")) == []
    assert wrong(text.format("12.9")) == ["12.9 %"]


# --- Numbers -------------------------------------------------------------------------------------------------


def test_chinese_numerals_and_full_width_digits_are_numbers():
    assert read("一百二十八个、两千零三家、１０１０个、1.2万条、4,891户") == [
        ("count", 128, ""),
        ("count", 2003, ""),
        ("count", 1010, ""),
        ("count", 12000, ""),
        ("count", 4891, ""),
    ]


def test_percentages_in_words():
    assert read("百分之九十、百分之九十一点五、三成、不足八成、九成以上、过半、９１.９％、0.4个百分点") == [
        ("percent", 90, ""),
        ("percent", 91.5, ""),
        ("percent", 30, "about"),
        ("percent", 80, "below"),
        ("percent", 90, "at_least"),
        ("percent", 50, "above"),
        ("percent", 91.9, ""),
        ("points", 0.4, ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2019年7月15日、二〇一九年七月、2019-07-15、2019.7.5、10:30",
        "国办秘函〔2019〕19号、第3号、第二季度、第十二条、附件1、图2",
        "超过两周、14天、三个月、5个工作日、24小时、12次",
        "一、总体情况\n1.网站\n（一）问题",
        "《2019年12项规定》",
        "95%置信区间74.5%至83.7%",
        "On 15 July 2019, July 2019, No. 3, Annex 4, 2 weeks, in 2019, the 3rd quarter",
    ],
)
def test_dates_ordinals_and_document_numbers_are_no_quantities(text):
    assert read(text) == []
