"""Rates, shares and changes of a bulletin against the counts and rates that they are made of."""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from math import ceil, floor
from typing import Any

from govmedia_kit.proofread.arithmetic import Range, admissible_changes, check_case, rate_range
from govmedia_kit.proofread.breakdowns import NEAR, Finding, counts, lists, untold
from govmedia_kit.proofread.clauses import Fact
from govmedia_kit.proofread.wording import MAIN, Scope, label, said, times

__all__ = ["changes", "from_to", "percentages"]


def percentages(known: list[Fact]) -> list[Finding]:
    """A finding for every percentage whose words say what it is; `counted` is set where its counts are found."""
    found = [_percent(fact, known) for fact in known if fact.quantity.kind == "percent"]
    return [finding for finding in found if finding is not None]


def changes(known: list[Fact]) -> list[Finding]:
    """A finding for every change in percentage points, once the percentages have been read."""
    return [_points(fact, known) for fact in known if fact.quantity.kind == "points"]


def _percent(fact: Fact, known: list[Fact]) -> Finding | None:
    """A percentage as the rate, the share or the change that its words make it."""
    if not fact.sofar.strip() and not fact.after:
        return None  # a cell of a table
    before, here = fact.words, fact.sofar[-40:] + " " + fact.after[:12]
    if said("rates.estimated", here):
        return None
    earlier = [f for f in known if f.sentence == fact.sentence and f.quantity.end <= fact.quantity.start]
    rose = from_to([*(f for f in earlier if f.quantity.kind == "percent"), fact])
    if rose and rose[1] is fact:
        # 合格率由76.4%上升为77.8%: the second is a pass rate as well, and today's.
        before, now = rose[0].words, (frozenset(s for s in scope if not s.startswith("past")) for scope in fact.scopes)
        fact.scopes = tuple(dict.fromkeys(now))
    pair = from_to(counts(earlier))
    if pair and (said("changes.up", before) or said("changes.down", before)) and not said("rates.pass", before):
        return _relative(fact, pair)
    bracket = [f for f in counts(known) if f.joint == "(" and 0 < f.quantity.start - fact.quantity.end < 4]
    if bracket and (whole := _of(bracket[0], known)):
        # 91.9 % (928 of 1,010)
        kind = "rate" if said("rates.pass", before) else "share"
        return _judged(fact, kind, _case(fact, whole.number, bracket[0].number, True), failures=False)
    if said("rates.checked_share", before):
        return _share(fact, counts(earlier, "checked")[-1:], "registered", known)
    if said("rates.fail", before):
        return _rate(fact, known, ("checked", "failed", "passed"))
    if said("rates.pass", before) or said("rates.pass", fact.after[:10]):
        return _rate(fact, known, ("checked", "passed", "failed"))
    if said("rates.reply", before):
        return _rate(fact, known, ("received", "replied", ""))
    if stem := re.search(r"([\u3400-\u9fff]{2})率(?:为|达到?|是)?$", before):
        parts = [f for f in counts(known) if stem[1] in f.before + f.after[:8] and 0 <= fact.sentence - f.sentence <= 1]
        return _share(fact, parts[-1:], "before", known)
    j, n = fact.run
    # What a bracket said in passing is not what 占 goes on about.
    exact = [f for f in counts(earlier) if f.bracket in (0, fact.bracket)]
    part = exact[len(exact) - n + j :][:1] if n <= len(exact) else []
    if re.search(r"占[^，。；]*\([^()]*\)的$", fact.sofar) and exact:
        # 占被检查账号(283个)的12.4%
        return _share(fact, exact[-1:], "", known, whole=earlier[-1])
    explicit = [f for f in earlier if f.clause == fact.clause and said("rates.share", f.before)]
    if explicit and len(exact) > 1 and re.fullmatch(r"(?:个?账号)?的?", before):
        return _share(fact, exact[-2:-1], "", known, whole=earlier[-1])
    after = [f for f in counts(known) if f.clause == fact.clause and f.quantity.start > fact.quantity.start]
    if after and re.match(r"of\b", fact.after):
        # 34.1 % of the 2,760 registered accounts
        return _share(fact, part, "", known, whole=after[0])
    if times(before):
        return None
    if said("rates.share", before) or (
        exact and not fact.before and (fact.joint == "(" or not exact[-1].quantity.unit)
    ):
        return _share(fact, part, _phrase(before), known)
    return None


def _of(part: Fact, known: list[Fact]) -> Fact | None:
    """The whole of `928 of 1,010` or 928/1010."""
    after = [f for f in counts(known) if f.clause == part.clause and f.quantity.start > part.quantity.end]
    return next((f for f in after[:1] if re.search(r"\d\s*(?:of|/)\s*(?:the )?$", f.sofar)), None)


def _case(fact: Fact, total: int, part: int | None, share: bool) -> dict[str, Any]:
    """What `arithmetic` says of a printed percentage with its counts; `part` is what failed, or the part of a share."""
    q = fact.quantity
    digits = f"{float(q.value):.{q.decimals}f}"
    row = {"checked": total, "failed": part, "printed_rate": digits, "decimals": q.decimals, "bound": q.bound}
    signs = {"below": "<", "above": ">", "at_most": "≤", "at_least": "≥"}
    said_as = signs.get(q.bound, "") + digits
    return check_case(row | {"kind": "stale_share" if share else "total", "said": said_as})


def _judged(fact: Fact, kind: str, case: dict[str, Any], *, failures: bool) -> Finding:
    low, high = case["admissible_failed_low"], case["admissible_failed_high"]
    span = (low, high) if failures and low is not None else None
    near = f"{case['nearest_failed']}/{case['nearest_checked']}" if case["nearest_checked"] else ""
    sentences_ = (case["message_zh"], case["message_en"])
    return Finding(kind, case["verdict"], fact.quantity, "", {}, span, near, sentences_)


def _unsure(fact: Fact, kind: str, reason: str = "rate_not_checkable") -> Finding:
    return Finding(kind, "not_checkable", fact.quantity, reason, {})


def _options(fact: Fact, known: list[Fact], roles: tuple[str, str, str]) -> list[tuple[Fact, Fact | None, bool]]:
    """Pairs of a whole and a part that a rate may be made of, the nearest first, and whether both are surely of its scope.

    A part whose own sentence has a whole belongs to that one; otherwise to a whole at most two sentences away.
    """
    whole_role, good, bad = roles
    own = [
        f
        for f in known
        if f.counts(whole_role) and _stretch(f) == _stretch(fact) and f.quantity.end < fact.quantity.start
    ]
    if own and all(f.things == "units" for f in own):
        return []  # 监测单位86家，合格率88.4%
    known = [f for f in known if f.things == ("messages" if whole_role == "received" else "accounts")]
    pairs: list[tuple[Fact, Fact | None, bool]] = []
    for scope in fact.scopes:
        wholes = counts(known, whole_role, scope) or untold(fact, counts(known, scope=scope))
        parts = counts(known, good, scope) + (counts(known, bad, scope) if bad else [])
        for whole in wholes:
            alone = True
            for part in parts:
                at_home = any(w.sentence == part.sentence for w in wholes)
                if part is whole or abs(part.sentence - whole.sentence) > (0 if at_home else 2):
                    continue
                if _stretch(part) != _stretch(whole) and _stretch(part) in map(_stretch, wholes):
                    continue  # 网站120家…；新媒体218个，不合格12个: of the 218
                alone = False
                sure = all(len(f.scopes) == 1 or f.scopes == fact.scopes for f in (whole, part))
                pairs.append((whole, part, sure))
            if alone:
                pairs.append((whole, None, len(whole.scopes) == 1))
    own = [
        f for f in counts(known, whole_role) if _stretch(f) == _stretch(fact) and f.quantity.end <= fact.quantity.start
    ]
    if own:
        # What comes after the rate, or beyond a semicolon in its own whole's words, has a rate of its own.
        names = {w.scopes for w in own}
        pairs = [p for p in pairs if p[0] in own or not _elsewhere(p[0], fact, names)]
    whole_here = [p for p in pairs if p[0].sentence == fact.sentence]
    here = [p for p in whole_here if p[1] is not None and p[1].sentence == fact.sentence] or whole_here
    here = here or [p for p in pairs if p[1] is not None and p[1].sentence == fact.sentence]
    if here:
        pairs = here

    def distance(pair: tuple[Fact, Fact | None, bool]) -> int:
        return sum(abs(f.quantity.start - fact.quantity.start) for f in pair[:2] if f is not None)

    return sorted(pairs, key=distance)


def _stretch(fact: Fact) -> tuple[int, int]:
    """The sentence and the stretch between its semicolons in which a number stands."""
    return fact.sentence, len(re.findall("[；;]", fact.sofar))


def _elsewhere(whole: Fact, fact: Fact, names: set[tuple[Scope, ...]]) -> bool:
    """Whether a whole of the rate's sentence comes after the rate or is another subject of the same name."""
    if whole.sentence != fact.sentence:
        return False
    return whole.quantity.start > fact.quantity.end or (_stretch(whole) != _stretch(fact) and whole.scopes in names)


def _rate(fact: Fact, known: list[Fact], roles: tuple[str, str, str]) -> Finding:
    """A rate against the pairs of counts that it may be made of."""
    passing, failures = roles[1] == "passed", roles[0] == "checked"
    old = from_to([f for f in known if f.sentence == fact.sentence and f.quantity.kind == "percent"])
    if fact.quantity.bound == "about" or (old and old[0] is fact):
        return _unsure(fact, "rate")
    if _is_past(fact):
        known = [f for f in known if any(s.startswith("past") for s in f.scopes[0])]
    options = _options(fact, known, roles)
    # 共检查约1.2万个 is what the rate is of, though its number be not exact.
    inexact = [f for f in known if f.sentence == fact.sentence and f.counts(roles[0]) and not counts([f])]
    if not any(whole.sentence == fact.sentence for whole, _, _ in options) and (inexact or not options):
        found = _unusual(fact, known, roles)
        return _judged(fact, "rate", found[0], failures=failures and found[1]) if found else _unsure(fact, "rate")
    judged = []
    for whole, part, sure in options:
        value = None if part is None else part.number
        if value is not None and passing:
            value = value if part and part.counts("failed") else whole.number - value
        elif value is not None and roles[2] and part and part.counts(roles[2]):
            value = whole.number - value
        case = _case(fact, whole.number, value, not passing)
        judged.append((case, whole, part, sure, value))
    for case, whole, _, sure, value in judged:
        if case["verdict"] == "consistent":
            if value is not None and sure and not fact.quantity.bound:
                fact.counted = (whole.number - value if passing else value, whole.number)
            return _judged(fact, "rate", case, failures=failures)
    # What holds against the counts of another sentence, another reading may explain, unless that has counts as well.
    read = all(any(scope in whole.scopes for whole, _, _ in options) for scope in fact.scopes)
    single = len({(whole.number, part and part.number) for whole, part, _ in options}) == 1
    near = [
        case
        for case, whole, part, sure, _ in judged
        if sure
        and (read or (part is not None and whole.sentence == part.sentence == fact.sentence))
        and (single or fact.sentence - whole.sentence <= (1 if part is None else 2))
        and (part is not None or whole.quantity.start < fact.quantity.start)
    ]
    if near:
        return _judged(fact, "rate", near[0], failures=failures)
    return _unsure(fact, "rate", "rate_ambiguous" if options else "rate_not_checkable")


def _unusual(fact: Fact, known: list[Fact], roles: tuple[str, str, str]) -> tuple[dict[str, Any], bool] | None:
    """The case of a rate whose whole is printed as 1.2万, or only as its two parts, and whether the whole is exact."""
    here = [f for f in known if f.sentence == fact.sentence and f.things == "accounts" and not f.bracket]
    alike = [f for f in here if f.quantity.kind == "count" and f.scopes == fact.scopes and len(f.scopes) == 1]
    found = {role: counts(alike, role) for role in ("passed", "failed")}
    if roles[0] != "checked" or any(len(facts) > 1 for facts in found.values()):
        return None
    passing = roles[1] == "passed"
    passed, failed = (next(iter(facts), None) for facts in found.values())
    rounded = [f for f in alike if f.quantity.step > 1 and f.counts("checked") and not f.quantity.bound]
    if passed and failed and len(alike) == 2:
        return _case(fact, passed.number + failed.number, failed.number, not passing), True
    if len(rounded) != 1 or not (part := failed or passed):
        return None
    # 1.2万 is anything from 11,500 to 12,500: the total that fits the rate best speaks for all.
    half = rounded[0].quantity.step / 2
    share = fact.quantity.value / 100 if passing == (part is passed) else 1 - fact.quantity.value / 100
    best = int(part.number / share) if share > 0 else rounded[0].number
    ends = ceil(rounded[0].quantity.value - half), floor(rounded[0].quantity.value + half)
    cases = []
    for total in (rounded[0].number, best, best + 1, *ends):
        total = min(max(total, ends[0]), ends[1])
        cases.append(_case(fact, total, part.number if part is failed else total - part.number, not passing))
    return next((case for case in cases if case["verdict"] == "consistent"), cases[0]), False


def _phrase(before: str) -> str:
    """The role that the words after 占 give to the whole of a share."""
    for role in ("failed", "checked", "registered"):
        if said(f"roles.{role}", before):
            return role
    return "registered" if said("scopes.total", before) or re.search("总|全部", before) else ""


def _share(fact: Fact, parts: list[Fact], role: str, known: list[Fact], *, whole: Fact | None = None) -> Finding:
    """A share against its part and the wholes that its words allow."""
    if not parts or fact.quantity.bound == "about" or (whole and whole.quantity.bound):
        return _unsure(fact, "share")
    part = parts[0]
    wholes, sure = ([whole], True) if whole else _wholes(fact, part, role, known)
    cases = [_case(fact, w.number, part.number, True) for w in wholes]
    for case, one in zip(cases, wholes, strict=True):
        if case["verdict"] == "consistent":
            fact.counted = (part.number, one.number) if not fact.quantity.bound else None
            return _judged(fact, "share", case, failures=False)
    if cases and sure:
        return _judged(fact, "share", cases[0], failures=False)
    return _unsure(fact, "share", "rate_ambiguous" if cases else "rate_not_checkable")


def _wholes(fact: Fact, part: Fact, role: str, known: list[Fact]) -> tuple[list[Fact], bool]:
    """The counts that a share may be of, the likeliest first, and whether its whole is surely one of them."""
    exact = [f for f in counts(known) if f is not part and f.things == part.things]
    before = [f for f in reversed(exact) if f.quantity.end <= part.quantity.start]
    if role == "before":
        found = [f for f in before if f.sentence == part.sentence]
        return found, len(found) == 1
    named = label(fact.before)
    scopes = [named.scope] if named.scope and not named.vague else list(dict.fromkeys([*part.scopes, part.outer, MAIN]))
    listed = next((one for one in lists(known) if part in one.parts), None)
    heads = listed.heads if listed else []
    before = [f for f in before if not listed or f not in listed.parts]
    same = [f for f in before if f.sentence == part.sentence]
    if role in ("", "registered") and same and re.search(r"(?<!其)中|\b[Oo]f\b", f"{same[0].after} {same[0].before}"):
        # 检查的283个账号中，有35个…，占12.4%
        return same[:1], True
    if not role and not heads:
        role = "checked" if part.roles & {"failed", "passed"} else "registered" if part.counts("checked") else ""
    if not role:
        around = [f for f in before if set(f.scopes) & {*part.scopes, part.outer, MAIN}]
        same = [f for f in around if f.sentence == part.sentence]
        of_it = part.marker == "partial"
        if not heads and not same and of_it:
            same = [f for f in around if f.sentence == part.sentence - 1]
        same = [f for f in same if f.number >= part.number] or same[:1]
        loose = [f for r in ("checked", "registered", "failed") for f in counts(exact, r, MAIN)]
        # A neighbour that says neither what it counts nor that the part is of it may be another part.
        sure = any(len(h.scopes) == 1 for h in heads) or (not heads and bool(same) and (bool(same[0].roles) or of_it))
        return heads or same or loose, sure
    found = [f for scope in scopes for f in counts([*exact, part], role, scope) if f is not part or len(f.roles) > 1]
    if role == "registered" and not part.counts("checked"):
        found += [f for scope in scopes for f in counts(exact, "checked", scope)]
    found.sort(key=lambda f: abs(f.quantity.start - part.quantity.start))
    return found + heads, bool(found)


def from_to(numbers: list[Fact]) -> tuple[Fact, Fact] | None:
    """The two numbers of 由5189个减少到3942个."""
    for old, new in itertools.pairwise(numbers):
        if re.search(r"[由从]|\bfrom\b", old.words) and re.search(r"[至到为]|\bto\b", f"{new.words} {old.after}"):
            return old, new
    return None


def _relative(fact: Fact, pair: tuple[Fact, Fact]) -> Finding:
    """A change in percent against the two counts."""
    old, new = pair[0].number, pair[1].number
    told = {"before": old, "now": new}
    if not old or fact.quantity.bound:
        return _unsure(fact, "change", "change_not_checkable")
    true = Fraction(100 * abs(new - old), old)
    span = rate_range(fact.quantity.value, decimals=fact.quantity.decimals)
    verdict = "consistent" if span.low <= true <= span.high else "impossible"
    nearest = f"{float(true):.{max(fact.quantity.decimals, 1)}f}%"
    return Finding("change", verdict, fact.quantity, f"change_{verdict}", told, nearest=nearest)


def _points(fact: Fact, known: list[Fact]) -> Finding:
    """A change in percentage points against the rate now and the rate before."""
    q, rates = fact.quantity, [f for f in known if f.quantity.kind == "percent" and not f.quantity.bound]
    past = times(f"{fact.before} {fact.after}") or {"past:last"}
    near = [
        f for f in rates if 0 < abs(f.sentence - fact.sentence) <= NEAR and said("rates.pass", f.words + f.after[:8])
    ]
    here = [f for f in rates if f.sentence == fact.sentence]
    if pair := from_to(here):
        old, new = [pair[0]], [pair[1]]
    else:
        about = {frozenset(s for s in scope if not s.startswith("past")) for scope in fact.scopes}
        old = [*here, *(f for f in near if abs(f.sentence - fact.sentence) == 1)]
        old = [f for f in old if past & (times(f"{f.words} {f.after}") | f.scopes[0])]
        new = [f for f in [*here, *near] if f not in old and f.quantity.start < q.start and not _is_past(f)]
        new = [f for f in new if f.scopes[0] in about]
    up, down = said("changes.up", fact.before), said("changes.down", fact.before)
    up, down = (up, down) if up or down else (said("changes.up", fact.after), said("changes.down", fact.after))
    # 低于全省平均水平 compares with others, not with the time before.
    others = re.search("平均|水平|全省|全市|全国|average", fact.before)
    if not old or not new or bool(up) == bool(down) or q.bound or others:
        return _unsure(fact, "change", "change_not_checkable")
    now = max(new, key=lambda f: (f.sentence == fact.sentence, f.quantity.start))
    if any(now.quantity.start < f.quantity.start < q.start and f not in old for f in here):
        return _unsure(fact, "change", "change_not_checkable")  # the rate right before it is of another time
    before = min(old, key=lambda f: abs(f.quantity.start - q.start))
    a, b = (
        Range(*2 * (Fraction(100 * f.counted[0], f.counted[1]),), True)
        if f.counted is not None
        else rate_range(f.quantity.value, decimals=f.quantity.decimals)
        for f in (now, before)
    )
    low, high = admissible_changes(a, b, decimals=q.decimals)
    value = q.value if up else -q.value
    plain_change = now.quantity.value - before.quantity.value
    verdict = "consistent" if low <= value <= high or value == plain_change else "impossible"
    told = {"before": f"{float(before.quantity.value)}%", "now": f"{float(now.quantity.value)}%"}
    nearest = f"{float(plain_change):+.{q.decimals}f}"
    return Finding("change", verdict, q, f"change_{verdict}", told, nearest=nearest)


def _is_past(fact: Fact) -> bool:
    return any(s.startswith("past") for s in fact.scopes[0])
