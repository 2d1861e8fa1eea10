"""The bulletin in a browser without a network: every chart is there, nothing is asked for."""

import json
import re

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(watched, gansu_bulletin):
    watched.page.goto((gansu_bulletin / "bulletin.html").as_uri())
    watched.page.wait_for_load_state("networkidle")
    return watched


def charts_of(folder) -> int:
    notebook = json.loads((folder / "bulletin.ipynb").read_text(encoding="utf-8"))
    return sum(
        "application/vnd.vegalite.v5+json" in o.get("data", {}) for c in notebook["cells"] for o in c.get("outputs", [])
    )


def test_nothing_is_asked_for_and_nothing_fails(opened, gansu_bulletin):
    assert opened.asked == [(gansu_bulletin / "bulletin.html").as_uri()]
    assert (opened.failed, opened.complaints) == ([], [])


def test_every_chart_is_drawn_with_its_labels(opened, gansu_bulletin):
    pictures = opened.page.locator("figure svg")
    assert pictures.count() == charts_of(gansu_bulletin) >= 4
    for i in range(pictures.count()):
        box = pictures.nth(i).bounding_box()
        assert box is not None
        assert box["width"] > 300
        assert box["height"] > 80
        words = " ".join(pictures.nth(i).locator("text").all_text_contents())
        assert re.search(r"[\u4e00-\u9fff]{2}", words)


def test_every_chart_has_a_name_for_those_who_cannot_see_it(opened, gansu_bulletin):
    named = opened.page.get_by_role("img")
    found = [named.nth(i).get_attribute("aria-label") for i in range(named.count())]
    assert len([name for name in found if name and len(name) > 20]) >= charts_of(gansu_bulletin)


def test_a_number_leads_to_its_row(opened):
    link = opened.page.locator("a.number[href='#figure-updates.stale']").first
    assert link.inner_text() == "35"
    link.click()
    row = opened.page.locator("tr:target")
    assert "updates.stale" in row.inner_text()
    assert row.is_visible()


@pytest.mark.parametrize("width", [390, 800, 1600])
def test_the_page_is_never_wider_than_the_window(opened, width):
    opened.page.set_viewport_size({"width": width, "height": 800})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_chinese_is_drawn_with_glyphs_not_boxes(opened):
    # A face without the character draws every one of them alike.
    drawn = opened.page.evaluate(
        """() => { const seen = new Set(); const c = document.createElement('canvas'); c.width = c.height = 40;
        const x = c.getContext('2d'); x.font = '32px ' + getComputedStyle(document.body).fontFamily;
        for (const s of '通报甘肃账号更新') { x.clearRect(0, 0, 40, 40); x.fillText(s, 0, 32); seen.add(c.toDataURL()); }
        return seen.size; }"""
    )
    assert drawn == 8


def test_it_prints(opened):
    assert len(opened.page.pdf(format="A4")) > 20_000
