"""What a bulletin says: the cases in which another sentence is right."""

import pytest
from audits import account, post, write_audit

from govmedia_kit import prose, tables
from govmedia_kit.blocks import plain
from govmedia_kit.figures import figures
from govmedia_kit.read import read_audit
from govmedia_kit.rounds import measure_round


def told(chapter, folder, **given) -> str:
    """The paragraphs of a chapter as lines."""
    round_ = measure_round(read_audit(folder, **given))
    made = chapter(round_) if chapter is prose.opening else chapter(round_, figures(round_))
    return "\n".join(b["text"] if b["type"] in ("title", "heading") else plain(b["runs"]) for b in made.blocks)


def test_the_bulletin_of_a_part_has_its_own_title_and_recipients(gansu):
    whole, part = told(prose.opening, gansu), told(prose.opening, gansu, region="620300")
    assert "全省" in whole.splitlines()[0]
    assert whole.splitlines()[1].startswith("各市、自治州人民政府")
    assert part.splitlines()[:2] == ["甘肃省人民政府办公厅关于金昌市政务新媒体检查情况的通报", "金昌市人民政府："]
    assert told(prose.opening, gansu, region="620000") == whole


def test_an_english_title_keeps_the_issuer_apart(tmp_path):
    folder = write_audit(tmp_path / "audit", title=None, issuer="某办公厅", language="en")
    assert told(prose.opening, folder).startswith("某办公厅: Bulletin on")


@pytest.mark.parametrize(("never", "begins"), [(False, "停更最久的是"), (True, "除从未更新的以外，停更最久的是")])
def test_those_that_never_posted_are_set_aside_only_where_there_are_some(tmp_path, never, begins):
    accounts = [account("甲"), account("乙")] + ([account("丙")] if never else [])
    text = told(prose.updates_chapter, write_audit(tmp_path / "audit", accounts, [post("甲", 20), post("乙", 1)]))
    assert any(sentence.startswith(begins) for sentence in text.split("。"))


@pytest.mark.parametrize(("silent", "word"), [(1, "为"), (3, "为"), (4, "如")])
def test_all_are_named_where_they_are_few(tmp_path, silent, word):
    names = [f"第{i}号" for i in range(silent)]
    accounts = [account(n, channel_comments="false", channel_messages="false", channel_menu="false") for n in names]
    folder = write_audit(tmp_path / "audit", accounts, [post(n, 1) for n in names])
    assert f"，{word}第0号的主办单位的“第0号”" in told(prose.interaction_chapter, folder)


@pytest.mark.parametrize(("region", "noted"), [("620102", False), ("620000", True)])
def test_the_note_on_accounts_of_no_region_stands_where_there_are_some(tmp_path, region, noted):
    folder = write_audit(
        tmp_path / "audit", [account("甲"), account("乙", region=region)], [post("甲", 1), post("乙", 1)]
    )
    round_ = measure_round(read_audit(folder))
    assert bool(tables.by_region(round_, figures(round_))["note"]) == noted
