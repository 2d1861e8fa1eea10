"""Blocks that the tests of the printed formats share: the Gansu bulletin without its kernel, and names that break things."""

import base64
import datetime as dt

from govmedia_kit.read.settings import Settings
from govmedia_kit.render.fonts import pngs
from govmedia_kit.report import annexes, chapters, method
from govmedia_kit.report import blocks as b

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300"><rect width="600" height="300" fill="#fff"/>'
    '<text x="20" y="40" font-family="Noto Sans SC" font-size="20">每个单位的账号数</text></svg>'
)
CHART = {"type": "chart", "alt": "柱状图：“137”个单位 & 更多", "svg": SVG, "spec": None}
SETTINGS = Settings(
    as_of=dt.date(2019, 7, 15),
    title="关于检查情况的通报",
    issuer="甘肃省人民政府办公厅",
    document_number="甘政办发〔2019〕86号",
    issued_on=dt.date(2019, 7, 31),
    copies="省委办公厅，省人大常委会办公厅，省政协办公厅",
)
# Names as ledgers really have them, and as nobody should: markup of every format, formulas, line ends, rare scripts.
NAMES = [
    "<script>alert(1)</script>",
    "a & b &amp; \"quoted\" 'single'",
    "*md* _x_ `c` # h [l](u) $x^2$ \\alpha{}",
    "#set page() @ref <lab> ~ // c /* d */ = h",
    "line one\nline two",
    "=cmd()|A1",
    "+1-2",
    "@SUM(A1)",
    "甘" * 200,
    "㐂",
    "龘靐齉",
]
# In no font of the kit: a rare Han character of another plane, emoji, Uyghur, Tibetan.
RARE = ["𠮷", "😀", "ئۇيغۇر", "བོད་ཡིག"]


def gansu_blocks(assessment, figures) -> list[b.Block]:
    """The bulletin's blocks in the notebook's order, with one small chart."""
    made = chapters.opening(assessment) + chapters.overall(assessment, figures) + b.Blocks([CHART])
    for chapter in (
        chapters.duplication_chapter,
        chapters.updates_chapter,
        chapters.interaction_chapter,
        chapters.requirements,
    ):
        made += chapter(assessment, figures)
    made += chapters.annex_list(assessment) + annexes.all_annexes(assessment, figures) + method.method_note(assessment)
    return (made + annexes.figure_index(assessment, figures)).blocks


def small_blocks() -> list[b.Block]:
    """A small bulletin; `every_kind` has what it lacks."""
    columns = [
        {"name": "number", "label": "序号", "kind": "int"},
        {"name": "name", "label": "账号名称", "kind": "text"},
        {"name": "last_post", "label": "最后更新时间", "kind": "date"},
        {"name": "pass_rate", "label": "合格率", "kind": "rate"},
    ]
    rows = [[1, "甘肃发布", "2019-07-01", 0.788], [2, "玉门发布", None, None]]
    return [
        b.title("甘肃省政府办公厅关于2019年全省政务新媒体检查情况的通报"),
        b.paragraph("各市、自治州人民政府：", role="recipients"),
        b.heading(1, "一、总体情况"),
        b.heading(2, "（一）登记"),
        b.heading(3, "1. 账号"),
        b.heading(4, "（1）平台"),
        b.paragraph(
            ["检查账号", {"text": "283", "figure": "accounts.checked"}, "个。", {"text": "要点", "bold": True}]
        ),
        b.paragraph("数据说明。", role="note"),
        b.listing([["第一项"], ["第二项"]], ordered=True),
        {"type": "code", "text": "print('not on paper')"},
        CHART,
        b.paragraph(["附件：", "1. 名单"], role="annexes"),
        b.paragraph("2. 另一份", role="annexes"),
        b.paragraph("甘肃省人民政府办公厅", role="signature"),
        b.paragraph("2019年7月31日", role="date"),
        b.table("failed", "不合格名单", columns, rows, annex="附件1", note="注。"),
        b.table("duplicates", "重复清单", columns, rows, annex="附件2"),
        b.heading(1, "方法说明"),
        b.paragraph("定义。"),
        b.table("figures", "数字索引", columns[:2], [[1, "updates.stale"]]),
    ]


def every_kind() -> list[b.Block]:
    """At least one block of each kind."""
    png = base64.b64encode(pngs([SVG])[0]).decode()
    shown = [{"type": "verbatim", "text": "shape: (2, 3)"}, {"type": "image", "png": png, "alt": "一张图"}]
    return [*small_blocks(), b.page_break(), *shown]


def named_blocks(names: list[str]) -> list[b.Block]:
    """A title, a paragraph and an annex that hold each of the names."""
    columns = [
        {"name": "number", "label": "序号", "kind": "int"},
        {"name": "name", "label": "名称 <b>&", "kind": "text"},
    ]
    rows = [[i, name] for i, name in enumerate(names, 1)]
    return [
        b.title("关于“<b>&”的 $通报$"),
        b.paragraph([*names]),
        b.table("t", "名单 #1", columns, rows, annex="附件1"),
    ]


def wide_table(columns: int, rows: int, annex: str) -> b.Block:
    """A table of numbers that only fits a page lying across."""
    heads = [{"name": f"c{i}", "label": f"指标{i}", "kind": "int"} for i in range(columns)]
    return b.table("wide", "宽表", heads, [[1234567] * columns for _ in range(rows)], annex=annex)


def parts(assessment) -> dict:
    """What a bulletin's folder keeps of a round, as the workbook and the notices are made from it."""
    return {"settings": assessment.audit.settings, "measured": assessment.measured, "findings": assessment.findings}
