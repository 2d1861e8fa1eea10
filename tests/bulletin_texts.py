"""Bulletins made at random, with the truth about which of their numbers belong together.

A sentence is a pattern with letters for numbers that are drawn once for all: {C} checked, {F} failed, {R} the pass rate, and
so on. Which relations a sentence states follows from the letters it uses. Whether a changed digit breaks one of them is
decided by rounding with `decimal`, not by the code under test.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

Values = dict[int, Decimal]

PLATFORMS = ["微信公众号", "新浪微博", "今日头条", "抖音", "视频号", "快手"]
LEVELS = ["省级部门", "市州政府", "市直部门", "县区政府", "县直部门", "乡镇街道"]
REGIONS = ["兰山市", "天池市", "白河县", "金城区", "玉泉州"]

# {G} registered, {C} checked, {P} passed, {F} failed, {R} pass rate, {X} failure rate, {S} checked of registered,
# {O} the rate before, {D} the change, {I} Wilson's interval of the pass rate, {M} messages, {A} answered, {Q} reply rate,
# {K} stale, {T} stale of checked, {U} stale of failed, {E} registered before, {L} less by, {V} in percent,
# {N} never updated of those stale, {H} without a channel, {W} their units, {B} failed before, {J} mended, {Y} failing still,
# {Z} closed, {platforms:C} a list by platform that adds to C, {some:C} one that need not, {records} checked and failed by platform.
OVERALL = [
    "全省共有政务新媒体账号{G}个。本季度，共抽查政务新媒体账号{C}个，占全省总数的{S}%，发现存在突出问题的账号{F}个，总体合格率{R}%。",
    "截至6月底，全省各级各部门共备案政务新媒体账号{G}个。按平台分，{platforms:G}。按主办层级分，{levels:G}。"
    "本次抽查{C}个，抽查比例{S}%，不合格{F}个，合格率为{R}%，较上季度的{O}%{up}{D}个百分点。",
    "市政府办公室对全市{G}个政务新媒体账号中的{C}个进行抽查，抽查率{S}%，其中合格{P}个，合格率{R}%；不合格{F}个，不合格率{X}%。",
    "本次检查共涉及账号{C}个，经检查，{P}个账号达标，{F}个账号不达标，达标率{R}%，环比{up}{D}个百分点（上季度达标率为{O}%）。",
    "抽查政务新媒体{C}个，不合格{F}个，总体合格率{R}%。分平台看，{records}。",
    "抽查政务新媒体{C}个（{platforms:C}），发现不合格账号{F}个，合格率{R}%。在{F}个不合格账号中，内容更新不及时的{K}个，占{U}%。",
    "此次共核查{platforms:C}，共计{C}个政务新媒体账号，{F}个不合格，合格率{R}%。",
    "检查数：{C}个；合格：{P}个；不合格：{F}个；合格率：{R}%。",
    "全市现有政务新媒体{G}个，此次抽查{C}个，抽查面达{S}%。抽查结果表明，{F}个政务新媒体存在不合格情形，整体合格率为{R}%。",
    "7月中旬，对全市正在运行的{C}个政务新媒体进行了全面检查。按平台划分，{platforms:C}。发现{F}个政务新媒体不合格，总体合格率{R}%。",
    "全省共登記政務新媒體帳號{G}個，本次檢查{C}個，佔總數的{S}%，發現不合格帳號{F}個，合格率為{R}%。",
    "本次检查账号{C}个。检查合格{P}个，不合格{F}个，合格率为{R}%{I}。检查的{C}个账号中，有{K}个两周内没有更新，占{T}%。"
    "括号内的置信区间按 Wilson 法计算。",
    "检查账号总数{C}个，其中不合格账号{F}个（{platforms:F}），合格率{R}%，与上季度{O}%相比{up}{D}个百分点。",
    "本季度共检查政务新媒体{C}个，不合格{F}个，合格率{R}%。不合格账号按平台分，{platforms:F}。",
    "共监测政务新媒体{C}个，监测发现不合格{F}个{some:F}，不合格率为{X}%，主要集中在乡镇街道。",
    "此次检查政务新媒体{C}个{some:C}，不合格{F}个，合格率{R}%。上季度合格率为{O}%，本季度{up}{D}个百分点。",
    "{C} accounts were checked, {S} % of the {G} registered accounts; {P} passed and {F} failed, a pass rate of {R} %.",
    "A total of {C} accounts were inspected this quarter. {P} met the requirements and passed; {F} failed. "
    "The overall pass rate was {R} %, {up} {D} percentage points from {O} % in the previous quarter.",
    "Of {C} accounts checked, {F} ({X} %) failed. By platform: {platforms:C}. {P} passed, a pass rate of {R} %.",
]
MORE = [
    "收到网民留言{M}条，按时回复{A}条，回复率{Q}%。",
    "账号总数由上季度的{E}个压减至{G}个，减少{L}个，降幅{V}%。",
    "抽查的{C}个账号中，内容不更新的{K}个，占{T}%，未发现严重表述错误。",
    "有{K}个账号两周以上没有更新，其中{N}个自开通以来从未更新。",
    "{H}个账号未设置任何互动渠道，涉及{W}个单位。",
    "对上一轮检查不合格的{B}个账号进行“回头看”，已整改{J}个，仍不合格{Y}个，已关停{Z}个；本轮新增不合格账号较少。",
    "上季度通报的{B}个问题账号中，{Y}个仍未整改到位。",
    "回头看情况：上季度通报的{M}个问题账号中，已整改到位{A}个，整改率{Q}%。",
]
# Sentences with numbers that belong to nothing else.
ASIDE = [
    "其中，天水、庆阳、白银等市州合格率达到95%以上。",
    "此外，随机对其中25个账号的互动功能进行了测试，3个账号无法留言。",
    "今年以来，全省政务新媒体共发布信息约92.07万条，较去年同期增加2.27万条。",
    "上半年累计检查3000个，合格率97.2%。",
    "各地要确保合格率不低于98%，抽查比例不低于20%。",
    "全省县区账号合格率为88.8%，低于全省平均水平3.1个百分点。",
    "内容不更新的35个、互动回应差的54个，两类问题有交叉。",
    "《办法》第12条规定，账号应每7天更新1次，超过三个月的要关停。",
    "兰州市、天水市各有5个账号不合格。",
]

# Others that have a rate of their own: checked, failed, pass rate.
APART = [
    ("抽查政府网站{}家，不合格{}家，合格率{}%。", "120", "2", "98.3"),
    ("某公安系统账号共检查{}个，不合格{}个，合格率{}%。", "45", "6", "86.7"),
]


def rounded(part: int, whole: int, decimals: int) -> set[Decimal]:
    """What an office may print for part / whole in percent."""
    true, step = Decimal(100 * part) / Decimal(whole), Decimal(1).scaleb(-decimals)
    return {true.quantize(step, mode) for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN)}


def decimals_of(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def gives(part: Decimal, whole: Decimal, rate: Decimal) -> bool:
    """Whether part of whole is printed as this rate."""
    return 0 <= part <= whole and whole > 0 and rate in rounded(int(part), int(whole), decimals_of(rate))


class Bulletin:
    """A text, where its numbers stand, and the relations that hold between them."""

    def __init__(self, seed: int, *, aside: bool = True) -> None:
        self.r = random.Random(seed)
        self.places: list[tuple[int, int]] = []
        self.relations: list[Callable[[Values], bool]] = []
        self.text = ""
        self.world = self._world()
        pattern = OVERALL[seed % len(OVERALL)]
        self.english = pattern.isascii()
        self.commas = self.english and self.r.random() < 0.5
        if not self.english:
            self.text = self._opening()
        self._sentence(pattern)
        if not self.english:
            for _ in range(2):
                self._sentence(self.r.choice(MORE))
                if aside:
                    self.text += self.r.choice(ASIDE)
            if aside and self.r.random() < 0.3:
                self._apart(*self.r.choice(APART))
            self.text += f"\n二、工作要求\n整改情况于{self.r.randint(1, 12)}月{self.r.randint(1, 28)}日前报送。\n附件：{self.r.randint(1, 5)}. 名单\n"

    def values(self, text: str) -> Values:
        """The numbers of the text, or of a changed copy of it."""
        return {i: Decimal(text[a:b].replace(",", "")) for i, (a, b) in enumerate(self.places)}

    def holds(self, text: str) -> bool:
        """Whether every relation holds in a changed copy of the text."""
        values = self.values(text)
        return all(relation(values) for relation in self.relations)

    def _world(self) -> dict[str, int]:
        r = self.r
        world = {"C": r.randint(60, 1500)}
        world["G"] = world["C"] + r.randint(1, 3000)
        world["F"] = r.randint(8, world["C"] // 3)
        world["P"] = world["C"] - world["F"]
        world["K"] = r.randint(1, world["F"])
        world["M"] = r.randint(20, 900)
        world["A"] = r.randint(0, world["M"])
        world["E"] = world["G"] + r.randint(1, 900)
        world["L"] = world["E"] - world["G"]
        world["N"] = r.randint(1, world["K"])
        world["H"] = r.randint(2, 90)
        world["W"] = r.randint(1, world["H"])
        world |= {letter: r.randint(1, 40) for letter in "JYZ"}
        world["B"] = world["J"] + world["Y"] + world["Z"] + r.choice([0, 0, 1, 3])
        return world

    def _opening(self) -> str:
        r, year = self.r, self.r.randint(2019, 2025)
        office = r.choice(["省人民政府办公厅", "市人民政府办公室", "甘泉省人民政府办公厅"])
        number = f"〔{year}〕{r.randint(1, 99)}号\n" if r.random() < 0.5 else ""
        return (
            f"{office}关于{year}年第{r.choice('一二三四')}季度政务新媒体检查情况的通报\n{number}各市、自治州人民政府：\n"
            f"根据《检查指标》（国办秘函〔2019〕19号）要求，{office}组织开展了检查，现将有关情况通报如下：\n一、总体情况\n"
        )

    def _number(self, text: str) -> int:
        self.places.append((len(self.text), len(self.text) + len(text)))
        self.text += text
        return len(self.places) - 1

    def _count(self, value: int) -> int:
        return self._number(f"{value:,}" if self.commas else str(value))

    def _rate(self, part: int, whole: int, decimals: int | None = None) -> int:
        decimals = self.r.choice([0, 1, 1, 2, 2]) if decimals is None else decimals
        return self._number(str(max(rounded(part, whole, decimals))))

    def _apart(self, pattern: str, *numbers: str) -> None:
        first, second, third, end = pattern.split("{}")
        self.text += first
        c, self.text = self._number(numbers[0]), self.text + second
        f, self.text = self._number(numbers[1]), self.text + third
        r, self.text = self._number(numbers[2]), self.text + end
        self.relations.append(lambda v: gives(v[c] - v[f], v[c], v[r]))

    def _sentence(self, pattern: str) -> None:
        w, used, up = self.world, dict[str, int](), self.r.random() < 0.5
        first = dict[str, int]()
        shares = {"R": "PC", "X": "FC", "S": "CG", "Q": "AM", "T": "KC", "U": "KF", "V": "LE"}
        places = self.r.choice([1, 1, 2]) if "{D}" in pattern else None
        step = Decimal(self.r.randint(1, 40)).scaleb(-(places or 1))
        now = max(rounded(w["P"], w["C"], places or 1))
        before = now - step if up else now + step
        up, before = (True, now - step) if before > 100 else (up, before)
        for i, piece in enumerate(re.split(r"\{([^}]+)\}", pattern)):
            if i % 2 == 0:
                self.text += piece
            elif piece in shares:
                part, whole = shares[piece]
                rate = self._rate(w[part], w[whole], places if piece == "R" else None)
                # Numbers that are said again go with what follows them.
                if piece in "UT":
                    self._share(rate, used[part], used[whole])
                else:
                    first[piece] = used[piece] = rate
            elif piece == "O":
                used["O"] = self._number(str(before))
            elif piece == "D":
                used["D"] = self._number(str(step))
            elif piece == "up":
                words = (
                    ["up"]
                    if self.english and up
                    else ["down"]
                    if self.english
                    else ["提升", "提高"]
                    if up
                    else ["下降", "回落"]
                )
                self.text += self.r.choice(words)
            elif piece == "I":
                self._interval(w["P"], w["C"])
            elif piece == "records":
                self._records(used["C"], used["F"])
            elif ":" in piece:
                self._list(*piece.split(":"), used)
            else:
                used[piece] = self._count(w[piece])
                first.setdefault(piece, used[piece])
                if piece == "C" and (listed := used.get("waiting")):
                    self._adds(used["C"], self.waiting, complete=bool(listed))
        self._relate(first | {name: used[name] for name in "OD" if name in used}, up)

    def _share(self, rate: int, part: int, whole: int) -> None:
        self.relations.append(lambda v: gives(v[part], v[whole], v[rate]))

    def _relate(self, used: dict[str, int], up: bool) -> None:
        """The relations that a sentence states by the numbers it has."""
        for rate, part, whole in ("RPC", "XFC", "SCG", "QAM"):
            if {rate, part, whole} <= used.keys():
                self._share(used[rate], used[part], used[whole])
        if {"R", "F", "C"} <= used.keys():
            r, f, c = used["R"], used["F"], used["C"]
            self.relations.append(lambda v: gives(v[c] - v[f], v[c], v[r]))
        if {"P", "F", "C"} <= used.keys():
            self._adds(used["C"], [used["P"], used["F"]], complete=True)
        for parts, whole in (("N", "K"), ("W", "H"), ("JYZ", "B"), ("Y", "B")):
            if set(parts) <= used.keys():
                self._adds(used[whole], [used[part] for part in parts], complete=False)
        if "L" in used:
            self._adds(used["E"], [used["G"], used["L"]], complete=True)
            e, g, x = used["E"], used["G"], used["V"]
            self.relations.append(lambda v: gives(abs(v[e] - v[g]), v[e], v[x]))
        if "D" in used:
            self.relations.append(self._change(used, up))

    def _change(self, used: dict[str, int], up: bool) -> Callable[[Values], bool]:
        r, o, d, c, f = (used[name] for name in "RODCF")

        def holds(v: Values) -> bool:
            half = [Fraction(10) ** -decimals_of(v[i]) / 2 for i in (r, o, d)]
            now, signed = Fraction(v[r]), Fraction(v[d]) if up else -Fraction(v[d])
            if gives(v[c] - v[f], v[c], v[r]):
                now, half[0] = Fraction(100 * (int(v[c]) - int(v[f])), int(v[c])), Fraction(0)
            return abs(signed - (now - Fraction(v[o]))) <= sum(half) or signed == Fraction(v[r] - v[o])

        return holds

    def _adds(self, total: int, parts: list[int], *, complete: bool) -> None:
        self.relations.append(
            lambda v: sum(v[p] for p in parts) == v[total] if complete else sum(v[p] for p in parts) <= v[total]
        )

    def _list(self, kind: str, of: str, used: dict[str, int]) -> None:
        names = self.r.sample({"levels": LEVELS}.get(kind, PLATFORMS), self.r.randint(2, 5))
        if self.english:
            names = [
                {"微信公众号": "WeChat", "新浪微博": "Weibo", "今日头条": "Toutiao", "抖音": "Douyin"}.get(
                    n, "Kuaishou"
                )
                for n in names
            ]
            names = list(dict.fromkeys(names)) if len(set(names)) > 1 else ["WeChat", "Weibo"]
        whole = kind != "some"
        cuts = sorted(self.r.sample(range(1, self.world[of]), len(names) - whole))
        values = [b - a for a, b in zip([0, *cuts], [*cuts, self.world[of]], strict=True)][: len(names)]
        mark = "，" if kind == "levels" else ", " if self.english else "、"
        self.text += "" if whole else "，其中"
        parts = []
        for i, (name, value) in enumerate(zip(names, values, strict=True)):
            self.text += (mark if i else "") + name + (" " if self.english else "")
            parts.append(self._count(value))
            self.text += "" if self.english else "个"
        if of in used:
            self._adds(used[of], parts, complete=whole)
        else:
            self.waiting, used["waiting"] = parts, int(whole)

    def _records(self, checked: int, failed: int) -> None:
        names = self.r.sample(PLATFORMS, self.r.randint(2, 4))
        world = self.world
        fails = sorted(self.r.sample(range(1, world["F"]), len(names) - 1))
        fails = [b - a for a, b in zip([0, *fails], [*fails, world["F"]], strict=True)]
        spare = sorted(self.r.sample(range(1, world["P"]), len(names) - 1))
        passes = [b - a for a, b in zip([0, *spare], [*spare, world["P"]], strict=True)]
        ns, fs = [], []
        for i, (name, f, p) in enumerate(zip(names, fails, passes, strict=True)):
            self.text += ("；" if i else "") + name + self.r.choice(["抽查", "检查"])
            n_, self.text = self._count(f + p), self.text + "个" + self.r.choice(["、", "，"]) + "不合格"
            f_, self.text = self._count(f), self.text + "个，合格率"
            r_, self.text = self._rate(p, f + p), self.text + "%"
            self.relations.append(lambda v, n=n_, f=f_, r=r_: gives(v[n] - v[f], v[n], v[r]))
            ns, fs = [*ns, n_], [*fs, f_]
        self._adds(checked, ns, complete=True)
        self._adds(failed, fs, complete=True)

    def _interval(self, part: int, whole: int) -> None:
        """Wilson's interval as the two roots p of (p - k/n)^2 = z^2 p (1 - p) / n."""
        z2, share = 1.959963984540054**2, part / whole
        a, b = 1 + z2 / whole, share + z2 / (2 * whole)
        root = (b * b - a * share * share) ** 0.5
        true = [
            Decimal(repr(100 * end)).quantize(Decimal("0.1"), ROUND_HALF_UP) for end in ((b - root) / a, (b + root) / a)
        ]
        self.text += "（95%置信区间"
        low, self.text = self._number(str(true[0])), self.text + "%至"
        high, self.text = self._number(str(true[1])), self.text + "%）"
        self.relations.append(lambda v: [v[low], v[high]] == true)
