"""What a bulletin says: the cases in which another sentence is right."""

import pytest
from audits import AS_OF, account, post, write_audit

from govmedia_kit.errors import InputError
from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.figures import figures
from govmedia_kit.package_data import resource
from govmedia_kit.proofread.statements import verify_text
from govmedia_kit.read.audit import read_audit
from govmedia_kit.report import annexes, chapters, method
from govmedia_kit.report.blocks import plain


def told(chapter, folder, **given) -> str:
    """The paragraphs of a chapter as lines."""
    assessment = assess(read_audit(folder, **given))
    made = chapter(assessment) if chapter is chapters.opening else chapter(assessment, figures(assessment))
    return "\n".join(b["text"] if b["type"] in ("title", "heading") else plain(b["runs"]) for b in made.blocks)


def test_the_bulletin_of_a_part_has_its_own_title_and_recipients(gansu):
    whole, part = told(chapters.opening, gansu), told(chapters.opening, gansu, region="620300")
    assert "全省" in whole.splitlines()[0]
    assert whole.splitlines()[1].startswith("各市、自治州人民政府")
    assert part.splitlines()[:2] == ["甘肃省人民政府办公厅关于金昌市政务新媒体检查情况的通报", "金昌市人民政府："]
    assert told(chapters.opening, gansu, region="620000") == whole


def test_an_english_title_keeps_the_issuer_apart(tmp_path):
    folder = write_audit(tmp_path / "audit", title=None, issuer="某办公厅", language="en")
    assert told(chapters.opening, folder).startswith("某办公厅: Bulletin on")


@pytest.mark.parametrize(("never", "begins"), [(False, "停更最久的是"), (True, "除从未更新的以外，停更最久的是")])
def test_those_that_never_posted_are_set_aside_only_where_there_are_some(tmp_path, never, begins):
    accounts = [account("甲"), account("乙")] + ([account("丙", opened_on="2019-01-01")] if never else [])
    text = told(chapters.updates_chapter, write_audit(tmp_path / "audit", accounts, [post("甲", 20), post("乙", 1)]))
    assert any(sentence.startswith(begins) for sentence in text.split("。"))


@pytest.mark.parametrize(("silent", "word"), [(1, "为"), (3, "为"), (4, "如")])
def test_all_are_named_where_they_are_few(tmp_path, silent, word):
    names = [f"第{i}号" for i in range(silent)]
    accounts = [account(n, channel_comments="false", channel_messages="false", channel_menu="false") for n in names]
    folder = write_audit(tmp_path / "audit", accounts, [post(n, 1) for n in names])
    assert f"，{word}第0号的主办单位的“第0号”" in told(chapters.interaction_chapter, folder)


@pytest.mark.parametrize(("region", "noted"), [("620102", False), ("620000", True)])
def test_the_note_on_accounts_of_no_region_stands_where_there_are_some(tmp_path, region, noted):
    folder = write_audit(
        tmp_path / "audit", [account("甲"), account("乙", region=region)], [post("甲", 1), post("乙", 1)]
    )
    assessment = assess(read_audit(folder))
    assert bool(annexes.by_region(assessment, figures(assessment))["note"]) == noted


def sampled(tmp_path, **settings):
    """Two of three county accounts and both of a city's were checked; 100 and 2 are registered."""
    accounts = [account(f"县{i}", unit_level="county") for i in range(3)]
    accounts += [account(f"市{i}", unit_level="prefecture") for i in range(2)]
    accounts[2] |= {"observed_from": None, "observed_to": None}
    posts = [post("县0", 1), post("县1", 20), post("市0", 1), post("市1", 2)]
    sampling = {"by": "unit_level", "registered": {"county": 100, "prefecture": 2}}
    return write_audit(tmp_path / "audit", accounts, posts, sampling=sampling, **settings)


def test_a_sample_is_told_as_one(tmp_path):
    text = told(chapters.overall, sampled(tmp_path))
    assert "共登记政务新媒体账号102个" in text
    assert "本次抽查账号4个，占登记账号总数的3.9%" in text
    assert "合格3个，不合格1个，抽查合格率为75.0%（市州政府100.0%、县区政府50.0%）" in text
    # (2 · 1 + 100 · 1/2) / 102
    assert "全部登记账号的合格率为51.0%（95%置信区间" in text
    assert text.count("置信区间") == 1
    assert "全部4个账号" not in text


def test_a_part_of_a_sample_is_not_weighted_as_the_whole(tmp_path):
    folder = sampled(tmp_path)
    part = figures(assess(read_audit(folder, region="620100")))
    whole = figures(assess(read_audit(folder)))
    assert part["pass_rate.stratified"].value is None
    assert whole["pass_rate.stratified"].value == pytest.approx((2 + 100 / 2) / 102)


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 unit of 甘肃省 ran 1 live account."), (2, "2 units of 甘肃省 ran 2 live")]
)
def test_english_has_a_singular(tmp_path, count, said):
    names = [f"第{i}号" for i in range(count)]
    folder = write_audit(tmp_path / "audit", [account(n) for n in names], [post(n, 1) for n in names], language="en")
    assert said in told(chapters.overall, folder)


def test_those_silent_equally_long_are_named_together(tmp_path):
    folder = write_audit(tmp_path / "audit", [account("甲"), account("乙")], [post("甲", 30), post("乙", 30)])
    text = told(chapters.updates_chapter, folder)
    assert "停更最久的是乙的主办单位的“乙”微信公众号、甲的主办单位的“甲”微信公众号，最后更新均在" in text or (
        "停更最久的是甲的主办单位的“甲”微信公众号、乙的主办单位的“乙”微信公众号，最后更新均在" in text
    )


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_what_is_said_of_a_sample_adds_up(tmp_path, language):
    found = verify_text(told(chapters.overall, sampled(tmp_path, language=language)))
    assert found.filter(verdict="impossible").height == 0


def test_the_rule_tables_own_limit_is_the_one_that_is_told(tmp_path):
    accounts = [account(n) for n in ("甲", "乙", "丙")]
    folder = write_audit(tmp_path / "audit", accounts, [post("甲", 12), post("乙", 9), post("丙", 1)], rules="ours.csv")
    table = (resource("rules") / "gansu-2019.csv").read_text(encoding="utf-8")
    (folder / "ours.csv").write_text(table.replace("gap_days,gt,14", "gap_days,gt,10"), encoding="utf-8")
    text = told(chapters.updates_chapter, folder)
    assert "有1个在监测时间点前10天内没有更新" in text
    assert "另有1个账号虽未超过10天，但已超过1周没有更新" in text
    assert "两周" not in text + told(method.analysis, folder)
    found = figures(assess(read_audit(folder)))["updates.silent_in_window"]
    assert found.evidence["where"] == "checked AND (never OR gap_days > 10 OR longest_gap_days > 10)"


def test_rates_of_rounds_with_other_rules_are_not_compared_without_a_word(tmp_path):
    accounts = [account("甲"), account("乙")]
    posts = [post("甲", 100), post("乙", 12), post("乙", 90)]
    write_audit(tmp_path / "before", accounts, posts, as_of=AS_OF.replace(month=4))
    now = write_audit(tmp_path / "now", accounts, posts, previous="../before")
    table = (resource("rules") / "gansu-2019.csv").read_text(encoding="utf-8")
    (now / "ours.csv").write_text(table.replace("gap_days,gt,14", "gap_days,gt,10"), encoding="utf-8")
    sentence = "两轮判定不合格的标准不同，合格率不宜直接比较"

    def said() -> str:
        assessment = assess(read_audit(now))
        return "".join(
            plain(b["runs"]) for b in chapters.overall(assessment, figures(assessment)).blocks if "runs" in b
        )

    assert sentence not in said()
    settings = (now / "audit.toml").read_text(encoding="utf-8").replace("gansu-2019", "ours.csv")
    (now / "audit.toml").write_text(settings, encoding="utf-8")
    assert sentence in said()


def test_where_the_rules_set_no_limit_updates_are_neither_praised_nor_blamed(tmp_path):
    folder = write_audit(tmp_path / "audit", [account("甲")], [post("甲", 100)], rules="ours.csv")
    lines = (resource("rules") / "gansu-2019.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "ours.csv").write_text("".join(line for line in lines if not line.startswith("stale")), encoding="utf-8")
    text = told(chapters.updates_chapter, folder)
    assert text.splitlines()[0] == "（二）内容更新情况"
    assert "所用规则没有规定更新期限" in text


@pytest.mark.parametrize("registered", [{}, {"county": 0}])
def test_a_sample_without_registered_numbers_is_an_error_that_says_so(tmp_path, registered):
    accounts = [account("甲", unit_level="county")]
    sampling = {"by": "unit_level", "registered": registered}
    assessment = assess(read_audit(write_audit(tmp_path / "audit", accounts, [post("甲", 1)], sampling=sampling)))
    with pytest.raises(InputError, match="registered"):
        figures(assessment)


@pytest.mark.parametrize(("never", "begins"), [(5, "，为"), (6, "，如")])
def test_five_that_never_posted_are_all_named_and_six_are_not(tmp_path, never, begins):
    names = [f"第{i}号" for i in range(never)]
    folder = write_audit(
        tmp_path / "audit", [account("甲"), *(account(n, opened_on="2019-01-01") for n in names)], [post("甲", 1)]
    )
    text = told(chapters.updates_chapter, folder)
    assert f"其中{never}个自开通以来从未更新{begins}第0号的主办单位的“第0号”" in text
    assert text.count("”微信公众号") == 5


@pytest.mark.parametrize(("full", "named"), [(5, 5), (6, 0)])
def test_five_accounts_with_every_channel_are_all_named_and_six_only_counted(tmp_path, full, named):
    every = {"channel_comments": "true", "channel_messages": "true", "channel_menu": "true"}
    accounts = [account("甲"), *(account(f"第{i}号", **every) for i in range(full))]
    folder = write_audit(tmp_path / "audit", accounts, [post(a["name"], 1) for a in accounts])
    text = told(chapters.interaction_chapter, folder)
    assert text.count("”微信公众号") == named
    assert f"{full}个" in text


@pytest.mark.parametrize(("count", "others"), [(3, False), (4, True)])
def test_of_units_with_the_most_accounts_three_are_named_and_the_rest_are_and_so_on(tmp_path, count, others):
    accounts = [
        account(f"{u}{i}", unit=f"{u}局", platform=("weibo", "wechat", "douyin", "app")[i])
        for u in "甲乙丙丁"[:count]
        for i in range(4)
    ]
    folder = write_audit(tmp_path / "audit", accounts, [post(a["name"], 1) for a in accounts])
    text = told(chapters.duplication_chapter, folder)
    assert ("（4个）等" in text) == others
    assert text.count("局（4个）") == 3


def test_an_assessment_and_an_audit_show_themselves_in_a_line(tmp_path):
    accounts = [account("甲"), account("乙"), account("丙", observed_from=None, observed_to=None)]
    audit = read_audit(write_audit(tmp_path / "audit", accounts, [post("甲", 1), post("乙", 90)]))
    assert repr(audit) == "<Audit 测试通报, 2019-07-15: 3 accounts, 0 problems>"
    assert repr(assess(audit)) == "<Assessment 测试通报, 2019-07-15: 3 accounts, 2 checked, 1 failed>"
