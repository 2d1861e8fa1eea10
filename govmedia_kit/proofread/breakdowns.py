"""Parts and totals in a bulletin: lists by platform or level, 其中 lists, brackets, and passed plus failed."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from govmedia_kit.proofread.arithmetic import parts_fit
from govmedia_kit.proofread.clauses import Fact
from govmedia_kit.proofread.quantities import Quantity
from govmedia_kit.proofread.wording import Scope, said, told, words

__all__ = ["Finding", "Listed", "counts", "lend_roles", "lists", "sums", "untold"]

# A total this many sentences before its list is still the list's.
NEAR = 3
# Further back than this no total is looked for.
REACH = 8


class Finding(NamedTuple):
    """A verdict on one quantity: `reason` is a row of messages.csv and `facts` fill it, or `said` has both sentences."""

    kind: str
    verdict: str
    quantity: Quantity
    reason: str
    facts: dict[str, Any]
    failed: tuple[int, int] | None = None
    nearest: str = ""
    said: tuple[str, str] | None = None


class Listed(NamedTuple):
    """Parts under one heading, the totals that they may belong to (the nearest first), and whether all are named."""

    parts: list[Fact]
    heads: list[Fact]
    complete: bool
    exclusive: bool


def counts(known: Iterable[Fact], role: str = "", scope: Scope | None = None, *, rounded: bool = False) -> list[Fact]:
    """Counts that are meant exactly, of one role and in one scope if told; `rounded` adds those printed as 1.2万."""
    return [
        f
        for f in known
        if f.quantity.kind == "count"
        and not f.quantity.bound
        and (rounded or f.quantity.step == 1)
        and (not role or f.counts(role))
        and (scope is None or scope in f.scopes)
    ]


def lists(known: list[Fact], *, rounded: bool = False) -> list[Listed]:
    """The lists of a text: numbers of one role, each with its own name, under one heading."""
    exact, groups = counts(known, rounded=rounded), dict[tuple[int, int, frozenset[str]], list[Fact]]()
    named = dict[tuple[int, int], set[Scope]]()
    for fact in exact:
        # 上季度 is another time, not a part.
        own = {s for s in fact.scopes[0] - fact.outer if not s.startswith("past")}
        if (own or fact.outer - fact.scopes[0]) and fact.marker != "overlapping":
            groups.setdefault((fact.sentence, fact.segment, fact.roles), []).append(fact)
            if fact.item:
                named.setdefault((fact.sentence, fact.segment), set()).add(fact.scopes[0])
    found, places = [], [f.sentence for f in exact]
    for (sentence, segment, _), parts in groups.items():
        first, names = parts[0], {p.scopes[0] for p in parts}
        # Two parts may have one name (服务号 and 订阅号 are both WeChat); more is no list.
        repeated = len(names) < len(parts) - 1 or any(n.startswith("unnamed") for s in names for n in s)
        if (
            repeated
            or len({p.things for p in parts}) > 1
            or (not first.item and names != named.get((sentence, segment)))
        ):
            continue
        whole = any("rest" in name for name in names)
        complete = len(parts) > 1 and (whole or first.marker in ("partition", "bracket", ""))
        around = exact[bisect_left(places, sentence - REACH) : bisect_left(places, sentence + 2)]
        found.append(Listed(parts, _heads(parts, around), complete, _exclusive(parts)))
    return found


def _heads(parts: list[Fact], exact: list[Fact]) -> list[Fact]:
    """The counts that may be the total of a list: of its role and things, in the scope around it, the nearest first."""
    first, last = parts[0], parts[-1]
    around = [f for f in exact if first.outer in f.scopes and f.things == first.things and f not in parts]
    # 账号4891个，同比减少103个，其中…: a change has no such parts.
    around = [f for f in around if not re.search("(?:增[加长多]|减少|下降)了?$", f.before)]
    # 开设 and 备案 say of a part what it is, not what was counted: its total may be of what was checked.
    roles = first.roles | ({"checked"} if first.roles == {"registered"} else set())
    around = [f for f in around if not roles or not f.roles or roles & f.roles]
    before = [f for f in around if f.quantity.end <= first.quantity.start]
    closing = [
        f
        for f in around
        if 0 <= f.sentence - last.sentence <= 1
        and f.quantity.start > last.quantity.end
        and re.search("共|合计|总计|in all|altogether|in total", _between(last, f) + f.after)
    ][:1]
    if not first.marker:
        # Without a heading a list belongs to the number right before it, or to 共… right after.
        near = [f for f in before[-1:] if f.sentence == first.sentence and f.segment == first.segment]
        return (near if first.joint not in ("；", ";") else []) + [f for f in closing if f.sentence == first.sentence]
    if not before:
        return closing
    heads = [f for f in reversed(before) if f.segment != first.segment or not f.item]
    # A number of another sentence that says nothing of what it counts is no total.
    return [f for f in heads if f.roles or f.sentence == first.sentence or re.search("共|总数|总量", f.before)]


def _between(one: Fact, other: Fact) -> str:
    """The words of the later number's sentence after the earlier number."""
    return other.sofar[-(other.quantity.start - one.quantity.end) :] if one.sentence == other.sentence else other.sofar


def _exclusive(parts: list[Fact]) -> bool:
    """Whether an account can be in one part only: platforms, levels and regions shut each other out, problems don't."""
    if parts[0].marker == "partition":
        return True
    kinds = set()
    for part in parts:
        words = [s.removeprefix("text:") for s in part.scopes[0] - part.outer if s.startswith("text:")]
        for word in words:
            kinds.add("host" if said("labels.level", word) or said("labels.region", word) else "other")
        if not words and "rest" not in part.scopes[0]:
            kinds.add("platform")
    return len(kinds) == 1 and "other" not in kinds


def lend_roles(known: list[Fact]) -> None:
    """Give parts that say no role that of their total: 检查471个，其中微信203个."""
    for parts, heads, _, _ in lists(known):
        if heads and not heads[0].roles:
            heads[0].lent = parts[0].roles
        elif not parts[0].roles and heads:
            total = sum(p.number for p in parts)
            lender = next((h for h in heads if total <= h.number), heads[0])
            for part in parts:
                part.lent = lender.roles


def sums(known: list[Fact]) -> Iterator[Finding]:
    """Every list against its total, parts against their whole, and passed plus failed against checked."""
    found = lists(known)
    for parts, heads, complete, exclusive in found:
        if parts[0].marker == "partial" and any(
            _before(f, parts[0]) and f.quantity.kind == "count" and f.things == parts[0].things and not counts([f])
            for f in known
        ):
            continue  # 检查1.2万个，不合格60个，其中…: of which number is not plain
        if not complete and heads and _parted(heads[0], parts[0], known):
            # 不合格13个，合格率96.0%，其中…: of which number is not plain.
            heads += [f for f in counts(known) if abs(f.sentence - heads[0].sentence) < 2 and f not in parts]
        if (
            heads
            and exclusive
            and (len(parts) > 1 or (parts[0].marker and parts[0].number > max(h.number for h in heads)))
        ):
            yield from _list_sum(parts, heads, complete)
    for one in lists(known, rounded=True):
        yield from _rounded_sum(one)
    yield from _single_parts(known, {id(p) for one in found if one.exclusive for p in one.parts})
    yield from _units(known)
    yield from _outcomes(known)
    listed = {id(p) for one in found for p in one.parts if len(one.parts) > 1 and one.heads}
    for rest in counts(known):
        if "rest" in rest.scopes[0] and id(rest) not in listed:
            yield from _remainder(rest, known)
    for passed in counts(known, "passed"):
        same = [f for f in counts(known, "failed") if f.sentence == passed.sentence]
        for failed in [f for f in same if set(f.scopes) & set(passed.scopes)][:1]:
            yield from _passed_and_failed(passed, failed, known)


def _parted(head: Fact, part: Fact, known: list[Fact]) -> bool:
    """Whether another number stands between a total and the list that may be its."""
    edges = head.quantity.end, part.quantity.start
    return any(edges[0] <= f.quantity.start < edges[1] for f in known)


def _list_sum(parts: list[Fact], heads: list[Fact], complete: bool) -> Iterator[Finding]:
    values = [p.number for p in parts]
    certain = [h for h in heads if len(h.scopes) == 1 and abs(parts[0].sentence - h.sentence) <= NEAR]
    total = sum(values)
    nearest = (certain or heads)[0] if parts[0].roles else min(certain or heads, key=lambda h: abs(h.number - total))
    told = {"parts": " + ".join(map(str, values)), "sum": total, "total": nearest.number}
    fitting = [h for h in heads if parts_fit(values, h.number, complete=complete)]
    if fitting and complete and certain and nearest.roles == fitting[0].roles and _misprint(nearest, fitting[0]):
        # The same total was printed otherwise before.
        yield Finding("sum", "impossible", nearest.quantity, "sum_impossible", told, nearest=str(total))
    elif fitting:
        reason = "sum_consistent" if total == fitting[0].number else "sum_incomplete"
        yield Finding("sum", "consistent", fitting[0].quantity, reason, told | {"total": fitting[0].number})
    else:
        verdict = "impossible" if certain else "not_checkable"
        yield Finding("sum", verdict, nearest.quantity, f"sum_{verdict}", told, nearest=str(total))


def _rounded_sum(one: Listed) -> Iterator[Finding]:
    """12.5万条，其中微信8.1万条、微博5.4万条: each number is known to half of its last digit only."""
    if len(one.parts) < 2 or not one.heads or not one.exclusive or not any(f.quantity.step > 1 for f in one.parts):
        return
    values = [p.number for p in one.parts]
    slack = sum(f.quantity.step / 2 for f in [*one.parts, *one.heads] if f.quantity.step > 1)
    excess = [(sum(values) - head.number, head) for head in one.heads]
    fits = [head for more, head in excess if more <= slack and (more >= -slack or not one.complete)]
    head = (fits or one.heads)[0]
    facts = {"parts": " + ".join(map(str, values)), "sum": sum(values), "total": head.number}
    if not fits and not any(said("changes.up", h.before) or said("changes.down", h.before) for h in one.heads):
        yield Finding("sum", "impossible", head.quantity, "sum_impossible", facts, nearest=str(sum(values)))
    elif fits and sum(values) == head.number:
        yield Finding("sum", "consistent", head.quantity, "sum_consistent", facts)


def _words(fact: Fact) -> str:
    return f"{fact.before} {fact.after}"


def _single_parts(known: list[Fact], listed: set[int]) -> Iterator[Finding]:
    """35个没有更新，其中73个从未更新: problems may overlap, but none is larger than its whole."""
    numbers = [f for f in known if f.quantity.kind == "count"]
    led = -1
    for i, part in enumerate(numbers):
        if said("parts.of_these", part.before) or re.match(r"of (?:them|these|which|whom)\b", part.after):
            led = i
        elif led >= 0 and (part.joint not in ("、", "and") or part.segment != numbers[led].segment):
            led = -1
        if not counts([part]) or id(part) in listed or said("parts.other_parts", _words(part)):
            continue
        if not said("parts.direct", part.after) or not said("parts.of_accounts", _words(part)):
            continue
        before = [f for f in numbers[: led if led >= 0 else i] if f.things == part.things]
        whole = _whole(part, before, known, these=led >= 0)
        if whole is not None and part.number > whole.number:
            both = told("part", part=part.number, total=whole.number)
            yield Finding("sum", "impossible", part.quantity, "", {}, nearest=f"≤ {whole.number}", said=both)


def _whole(part: Fact, before: list[Fact], known: list[Fact], *, these: bool) -> Fact | None:
    """The number that 其中 (`these`) or 中 before a part speaks of; None where another may be meant."""
    if not before or not counts(before[-1:]) or said("parts.owned", before[-1].after):
        return None
    last, here = before[-1], [f for f in known if f.sentence == part.sentence and f.quantity.end <= part.quantity.start]
    if re.search("(?<!其)中，[^，]*$", last.sofar) and not any(_before(f, last) for f in before):
        return None  # 合格账号中，12个更新少，其中206个…: the whole has no number
    bare = not last.roles and not said("parts.accounts", _words(last))
    if said("parts.other_parts", _words(last)) or (bare and said("parts.accounts", _words(part))):
        return None
    if not these:
        return last if here and last is here[-1] and re.search("(?<!其)中$", last.after) and not bare else None
    near = [f for f in before if part.sentence - f.sentence <= NEAR]
    apart = part.sentence - last.sentence
    if apart > 1 or (apart and here) or "site" in last.scopes[0] ^ part.scopes[0] or len(counts(near)) < len(near):
        return None
    defect = said("parts.defect", _words(part))
    if part.number > max(f.number for f in near):
        return last if defect or not apart else None
    # With a larger number before, 其中 is of the last one only where both say what is wrong: 不合格12个，其中不更新15个.
    wrong = "failed" in last.roles or said("parts.defect", _words(last))
    sound = part.roles & {"checked", "registered", "passed", "replied"} or said("parts.sound", _words(part))
    changed = said("changes.up", last.before) or said("changes.down", last.before)
    rates = [f for f in known if last.quantity.end <= f.quantity.start < part.quantity.start]
    doubtful = sound or changed or _in_a_row(last, before) or any(said("rates.pass", f.words) for f in rates)
    return last if wrong and defect and not doubtful else None


def _in_a_row(one: Fact, others: list[Fact]) -> bool:
    """Whether a number is one of a list, of all of which the words after it may speak."""
    return any(f is not one and f.item and f.segment == one.segment for f in others)


def _units(known: list[Fact]) -> Iterator[Finding]:
    """28个账号…，涉及25个单位: an account has one unit, so that the units are no more."""
    numbers = [f for f in known if f.quantity.kind == "count"]
    for accounts, units in itertools.pairwise(numbers):
        if (
            len(counts([accounts, units])) == 2
            and accounts.sentence == units.sentence
            and units.number > accounts.number
            and (accounts.things, accounts.joint in ("、", "and")) == ("accounts", False)
            and not _in_a_row(accounts, numbers)
            and all(f.roles & {"checked", "registered"} for f in numbers if _before(f, accounts))
            and said("parts.accounts", _words(accounts))
            and not said("parts.owned", accounts.after)
            and said("parts.linked", units.before)
            and said("parts.unit_words", units.after)
        ):
            both = told("units", part=units.number, total=accounts.number)
            yield Finding("sum", "impossible", units.quantity, "", {}, nearest=f"≤ {accounts.number}", said=both)


def _before(one: Fact, other: Fact) -> bool:
    return one.sentence == other.sentence and one.quantity.end <= other.quantity.start


def _outcome(fact: Fact) -> str:
    """What the words of a number say of accounts that failed before: mended, failing still, closed and so on."""
    text = _words(fact)
    found = next(((name, word) for name, word in words()["outcomes"].items() if word.search(text)), None)
    # 已整改问题45个 counts problems, 全省累计关停40个 the accounts of all.
    if found is None or said("followups.others", text):
        return ""
    return "" if re.search(r"\w", words()["followups"]["beside"].sub("", found[1].sub("", text))) else found[0]


def _outcomes(known: list[Fact]) -> Iterator[Finding]:
    """Of 5 that failed before 3 are mended, 1 fails still, 1 is closed: never more than 5, and 5 where all are named."""
    exact = counts(known)
    for i, head in enumerate(exact):
        following = itertools.takewhile(lambda f: _outcome(f) and "rest" not in f.scopes[0], exact[i + 1 :])
        parts = [f for f in following if (f.sentence, f.things) == (head.sentence, head.things)]
        parts = [f for f in parts if (f.segment, f.bracket) == (parts[0].segment, parts[0].bracket)]
        named = [_outcome(f) for f in parts]
        if (
            not said("followups.before", _words(head))
            or _outcome(head)
            or len(parts) < 2
            or len(set(named)) < len(named)
        ):
            continue
        values = [f.number for f in parts]
        complete = len(named) == len(words()["outcomes"])
        fits = parts_fit(values, head.number, complete=complete)
        reason = "impossible" if not fits else "consistent" if sum(values) == head.number else "incomplete"
        facts = {"parts": " + ".join(map(str, values)), "sum": sum(values), "total": head.number}
        verdict = "consistent" if fits else "impossible"
        yield Finding("sum", verdict, head.quantity, f"sum_{reason}", facts, nearest="" if fits else str(sum(values)))


def _remainder(rest: Fact, known: list[Fact]) -> Iterator[Finding]:
    """23个账号中，16个已整改，其余7个…: what is left is all that was not named."""
    before = [f for f in counts(known) if f.sentence == rest.sentence and f.quantity.end <= rest.quantity.start]
    heads = [i for i, f in enumerate(before) if re.search("(?<!其)中$", f.after) and f.things == rest.things]
    parts = [f for f in before[heads[-1] + 1 :] if f.bracket == rest.bracket] if heads else []
    if parts:
        yield from _list_sum([*parts, rest], [before[heads[-1]]], True)


def _misprint(one: Fact, other: Fact) -> bool:
    """Whether two numbers differ in one digit only."""
    a, b = str(one.number), str(other.number)
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def untold(fact: Fact, near: list[Fact]) -> list[Fact]:
    """Totals in a number's own sentence that say no role: 账号总计283个, 283个账号中, 283个(不合格58个)."""
    here = [f for f in near if f.sentence == fact.sentence and not f.roles and not f.lent]
    outside = [f for f in here if f.quantity.end <= fact.quantity.start and f.bracket != fact.bracket]
    told = [f for f in here if re.search("共|总计|合计|总数", f.before) or re.search("(?<!其)中$", f.after)]
    return told + (outside[-1:] if fact.bracket else [])


def _passed_and_failed(passed: Fact, failed: Fact, known: list[Fact]) -> Iterator[Finding]:
    total = passed.number + failed.number
    checked = [
        f
        for scope in set(passed.scopes) & set(failed.scopes)
        for f in counts(known, "checked", scope) or untold(passed, counts(known, scope=scope))
        if -1 <= passed.sentence - f.sentence <= NEAR
    ]
    if checked:
        nearest = min(checked, key=lambda f: abs(f.quantity.start - passed.quantity.start))
        fits = [f for f in checked if f.number == total]
        # A number checked that is printed twice, once with another digit, is wrong once.
        wrong = nearest.number != total and (not fits or _misprint(nearest, fits[0]))
        verdict = "impossible" if wrong else "consistent"
        told = {"parts": f"{passed.number} + {failed.number}", "sum": total, "total": total}
        told |= {"total": nearest.number} if verdict == "impossible" else {}
        yield Finding("sum", verdict, nearest.quantity, f"sum_{verdict}", told, nearest=str(total))
