"""What each number of a bulletin counts: its role, whose accounts it is about, and the list that it stands in.

A sentence is cut into clauses. A clause names a scope (微信公众号, 省级部门, 上季度) or goes on with the one before it; where two
readings are possible a number keeps both, so that nothing is held against a bulletin that one of them allows.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from govmedia_kit.proofread.quantities import Quantity, masked, quantities
from govmedia_kit.proofread.wording import MAIN, Label, Scope, label, mark_quarters, roles, said

__all__ = ["Fact", "facts", "sentences"]

_DELIMITER = re.compile(r"[，；：、;:()]|,(?!\d{3}(?!\d))|\s+(?:and|but|while|whereas)\s+|\s[–—-]\s")
_SENTENCE = re.compile(r"[^。！？\n]*?(?:[。！？\n]|[.!?](?=\s|$)|$)")
_BETWEEN = re.compile(r"中有|中的|中|以及|和|及|与|并|里|有|\bof\b")


@dataclass(eq=False)
class Fact:
    """A quantity in its clause. `scopes` are the readings left open; `outer` is the scope around its own label."""

    quantity: Quantity
    sentence: int
    before: str
    after: str
    joint: str
    bracket: int
    roles: frozenset[str] = frozenset()
    things: str = "accounts"
    scopes: tuple[Scope, ...] = (MAIN,)
    outer: Scope = MAIN
    labelled: bool = False
    item: bool = False
    segment: int = 0
    marker: str = ""
    clause: int = 0
    sofar: str = ""
    run: tuple[int, int] = (0, 1)
    lent: frozenset[str] = frozenset()
    counted: tuple[int, int] | None = None
    names: list[Label] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The count as a whole number."""
        return int(self.quantity.value)

    @property
    def words(self) -> str:
        """The words before the number; before the bracket, where it is the first thing in one."""
        if self.before or self.joint != "(":
            return self.before
        return re.split(r"[，；、。,;\d]", self.sofar.rstrip("( "))[-1].strip()

    def counts(self, role: str) -> bool:
        """Whether it counts what `role` says, by its own words or by those of its total."""
        return role in self.roles or role in self.lent


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a plain text begin and end."""
    return [match.span() for match in _SENTENCE.finditer(text) if match[0].strip()]


def _past(scope: Scope) -> bool:
    return any(part.startswith("past") for part in scope)


def _things(fact: Fact) -> str:
    if fact.things == "units":
        return fact.things
    if fact.quantity.unit in tuple("条封篇件") or said("labels.messages", fact.after):
        return "messages"
    if said("labels.other_things", fact.after) or said("labels.units_before", fact.before):
        return "units"
    return "accounts"


class _Clause(NamedTuple):
    joint: str
    text: str
    facts: list[Fact]
    bracket: int


def _clauses(text: str, span: tuple[int, int], inside: list[Quantity], place: tuple[int, int]) -> list[_Clause]:
    """The clauses of one sentence with their quantities; `place` is its number and that of the last bracket before it."""
    cuts = [
        m for m in _DELIMITER.finditer(text, *span) if not any(q.start < m.end() and m.start() < q.end for q in inside)
    ]
    # 14个市州的账号173个 counts accounts of all; 14个市州的…、86个县区的… are parts.
    owners = [q for q in inside if said("labels.owners", text[q.end : span[1]])]
    clauses: list[_Clause] = []
    joint, start, brackets, last = "", span[0], [0], place[1]
    for cut in [*cuts, None]:
        end = cut.start() if cut else span[1]
        here = [q for q in inside if start <= q.start < end]
        clause = _Clause(joint, text[start:end].strip(" 。.!！？?\n"), [], brackets[-1])
        # 合格：392个 says before the colon what it counts.
        headed = joint in ("：", ":") and bool(clauses) and not clauses[-1].facts
        ahead = clauses[-1].text if headed else ""
        edge, before = start, ahead if here and not text[start : here[0].start].strip() else ""
        for i, quantity in enumerate(here):
            before += text[edge : quantity.start]
            edge = here[i + 1].start if i + 1 < len(here) else end
            after = following = text[quantity.end : edge]
            ahead_of = i + 1 < len(here) or re.match("[^，；。]*，共", text[quantity.end : span[1]])
            owner = said("labels.owners", after) if ahead_of and owners == [quantity] else None
            if i + 1 < len(here) and (split := owner or _BETWEEN.search(after)):
                after, following = after[: split.end()], after[split.end() :]
            fact = Fact(
                quantity,
                place[0],
                before.strip(),
                after.strip(" 。.\n"),
                joint if not i else "",
                brackets[-1],
                things="units" if owner else "accounts",
                clause=start,
                sofar=text[span[0] : quantity.start],
            )
            clause.facts.append(fact)
            before = following
        clauses.append(clause)
        if cut:
            joint = cut[0].strip()
            if joint == "(":
                last += 1
                brackets.append(last)
            elif joint == ")" and len(brackets) > 1:
                brackets.pop()
            start = cut.end()
    for i, clause in enumerate(clauses[:-1]):
        if clause.facts and clauses[i + 1].joint == "(":
            # 3,184 accounts (95.0 %) passed: what a count is may follow its bracket.
            behind = [c.text for c in clauses[i + 1 :] if c.joint == ")" and c.bracket == clause.bracket]
            clause.facts[-1].after += " " + re.split(r"\d", behind[0])[0].strip() if behind else ""
    return clauses


@dataclass
class _List:
    """A run of numbers under one heading: 按平台分, 其中, a bracket, or nothing. `before` is the scope around it."""

    segment: int
    marker: str
    before: tuple[Scope, ...]
    current: tuple[Scope, ...]
    items: int = 0
    separators: set[str] = field(default_factory=set)
    parent: _List | None = None
    roles: frozenset[str] = frozenset()


@dataclass
class _Reader:
    """Where the reader of a sentence is: what the sentence is about, the lists it is in, and what waits for a number."""

    topic: tuple[Scope, ...]
    stack: list[_List]
    count: Iterator[int]
    home: str
    base: tuple[Scope, ...]
    role: str = ""
    chain: str = ""
    last: Fact | None = None
    names: list[Label] = field(default_factory=list)


def facts(text: str) -> list[Fact]:
    """The quantities of a plain text, each with what it counts, in their order."""
    found, made, text = quantities(text), list[Fact](), mark_quarters(text, masked(text))
    starts = [q.start for q in found]
    title = re.match(r"\W*([^\n，。]{2,10}?[省市州县区盟旗])(?:人民)?政府办公", text)
    # The bulletin's own region is everybody: that of its title, else that of the first number registered or checked.
    home = title[1] if title else ""
    first = re.search(
        r"(?:^|[，。；：\n]|\bof)([\u3400-\u9fff]{1,7}[省市州县区盟旗])(?:共有?|现有|开设|在用|(?:ran|runs?|has|have|had)\b)\D{0,20}\d",
        text,
    )
    home = home or (first[1] if first and not re.match("全|我", first[1]) else "")
    topic: tuple[Scope, ...] = (MAIN,)
    heading = topic
    count, bracket, last = itertools.count(1), 0, -1
    for number, span in enumerate(sentences(text)):
        inside = found[bisect_left(starts, span[0]) : bisect_left(starts, span[1])]
        clauses = _clauses(text, span, inside, (number, bracket))
        bracket = max([bracket, *(c.bracket for c in clauses)])
        if text.rfind("\n", 0, span[0] + 1) > last:
            topic, last = heading, span[0]
        # A sentence that names nobody speaks of all accounts or goes on with the topic of the one before it.
        others = tuple(scope for scope in topic if scope != MAIN and not _past(scope))
        start = (MAIN,) if said("scopes.now", clauses[0].text) else (MAIN, *others)
        reader = _Reader(start, [_List(next(count), "", start, start)], count, home, start)
        opening = True
        for clause in clauses:
            _read_clause(clause, reader)
            if opening and not reader.stack[-1].marker:
                reader.topic = reader.stack[-1].current
            opening = opening and not clause.facts and not reader.stack[-1].marker
            if not clause.facts and said("parts.census", clause.text) and not label(clause.text, home).known:
                _census(made, number)
            made += clause.facts
        read = [f for c in clauses for f in c.facts]
        _share_out(read)
        for fact in read if said("lists.shared", text[slice(*span)]) else []:
            # 同一单位可能在几个平台: the parts may add to more than their total.
            fact.marker = "overlapping"
        if inside:
            topic = reader.topic
        elif span[1] - span[0] < 30:
            heading = topic = reader.topic
    return made


def _census(made: list[Fact], sentence: int) -> None:
    """共有4891个，本次全部检查: what was registered is what was checked."""
    registered = [f for f in made if "registered" in f.roles and f.things == "accounts" and not f.labelled]
    if registered and sentence - registered[-1].sentence <= 2:
        registered[-1].roles |= {"checked"}


def _read_clause(clause: _Clause, reader: _Reader) -> None:
    """Settle scope, role and list of the clause's facts, and move the reader on."""
    stack = reader.stack
    if clause.joint == "(":
        stack.append(_List(next(reader.count), "bracket", stack[-1].current, stack[-1].current))
    elif clause.joint == ")":
        reader.role = ""
        if len(stack) > 1:
            stack.pop()
    elif clause.joint in ("；", ";") and stack[-1].parent and stack[-1].before != reader.topic:
        # 微信203个，其中不合格9个；微博… goes on with the platforms.
        stack[-1] = stack[-1].parent
    _mark(clause, reader)
    if not clause.facts:
        _silent(clause, reader)
    for i, fact in enumerate(clause.facts):
        now = stack[-1]
        named = label(fact.before, reader.home)
        if not named.scope and fact.quantity.kind == "count" and fact.things != "units":
            behind = label(fact.after, reader.home)
            named = behind if behind.known or (behind.main and not behind.scope and not named.main) else named
        if named.vague and now.marker not in ("partition", "bracket"):
            # 接受检查的 names none of the accounts; in a list by something any word may be a name.
            named = named._replace(scope=MAIN)
        if fact.quantity.kind == "count":
            named = named._replace(text=f"{fact.before} {fact.after}")
        joint = "、" if i else clause.joint
        if joint not in ("、", "and"):
            reader.chain = ""
        fact.scopes = _scopes(named, joint, reader)
        fact.labelled = bool(named.scope)
        fact.things = _things(fact)
        # 被检查账号(283个) says before the bracket what it counts.
        ahead = fact.words if not fact.after else ""
        fact.roles = roles(reader.chain + (fact.before or ahead), fact.after, messages=fact.things == "messages")
        reader.chain = ""
        if not fact.roles and reader.role and re.fullmatch("(?:共|总|合|计|有|为)*", fact.before):
            fact.roles = frozenset({reader.role})
        if (
            not fact.roles
            and joint == "、"
            and reader.last
            and (reader.last.things, fact.things) == ("units", "accounts")
        ):
            # 监测单位86家、账号218个: both were monitored.
            fact.roles = reader.last.roles
        if named.scope and not fact.roles and now.items and fact.quantity.kind == "count":
            # 核查微信172个、微博58个: both were checked.
            fact.roles = now.roles
        fact.names, reader.names = reader.names + ([named] if named.scope else []), []
        if fact.quantity.kind == "count":
            _move(fact, joint, reader)
            now = stack[-1]
        fact.outer = MAIN if named.main and not named.scope else now.before[0]
        fact.segment, fact.marker = now.segment, now.marker
        now.current = fact.scopes
        reader.last = fact if fact.quantity.kind == "count" else reader.last


def _mark(clause: _Clause, reader: _Reader) -> None:
    """Begin a new list where the clause says that it does."""
    now = reader.stack[-1]
    partition, partial = said("lists.partition", clause.text), said("lists.partial", clause.text)
    if partial and not partition and clause.text[partial.start()] == "等":
        # 微信、微博等 leaves something out, but goes on with its list.
        now.marker = "partial"
        return
    reader.role = "" if partition or partial else reader.role
    if partition:
        kind = "overlapping" if said("lists.overlapping", partition[0]) else "partition"
        reader.stack[-1] = _List(next(reader.count), kind, reader.topic, reader.topic)
    elif partial:
        parent = now.parent or now
        reader.stack[-1] = _List(next(reader.count), "partial", now.current, now.current, parent=parent)


def _scopes(named: Label, joint: str, reader: _Reader) -> tuple[Scope, ...]:
    """The readings of a number's scope."""
    now, topic = reader.stack[-1], reader.topic
    if named.scope:
        around = now.before[0]
        stays = frozenset(s for s in around if s.startswith("past") or (s == "site" and not named.main))
        stays = around if now.marker == "bracket" else stays
        return (named.scope if _past(named.scope) else named.scope | stays,)
    over = now.items > 1 and now.separators <= {"、", "and"} and joint != "、"
    over = over or (now.items > 1 and re.match(r"(?:合计|共计|总计|总共|共)[为有]?(?: |$)", named.text) is not None)
    if named.main and "site" in topic[0] and not re.search("新媒体|账号", named.text):
        # 总体合格率 in a sentence on websites is theirs.
        return topic
    if named.main:
        alone = over or joint in ("；", ";", "：", ":") or now.current == (MAIN,) or "site" in now.current[0]
        return (MAIN,) if alone else tuple(dict.fromkeys((*now.current, MAIN)))
    if _past(now.current[0]) and said("scopes.now", named.text):
        return tuple(frozenset(s for s in scope if not s.startswith("past")) for scope in now.current)
    if over:
        return now.before
    if joint in ("；", ";"):
        return tuple(dict.fromkeys((*topic, *now.current)))
    if joint == "、" or not now.items:
        return now.current
    return tuple(dict.fromkeys((*now.current, *now.before)))


def _silent(clause: _Clause, reader: _Reader) -> None:
    """A clause without a number: it may name the scope or the role of what follows."""
    named, now = label(clause.text, reader.home), reader.stack[-1]
    chained = clause.joint in ("、", "and")
    reader.names = (reader.names if chained else []) + ([named] if named.text else [])
    reader.chain = (reader.chain if chained else "") + clause.text
    if chained:
        # 微信、微博等账号 are several: what follows is about neither of them alone.
        now.current = reader.base
        return
    reader.base = now.current
    if named.known or (named.main and not named.scope):
        now.current = _scopes(named, clause.joint, reader) if named.known else (MAIN,)
    found = [r for r in ("failed", "passed", "checked", "registered") if said(f"roles.{r}", clause.text)]
    if found and re.search(r"[中里内]$|对象|范围", clause.text):
        reader.role = found[0]


def _move(fact: Fact, joint: str, reader: _Reader) -> None:
    """Step into, along or out of a list."""
    now = reader.stack[-1]
    if fact.labelled:
        fact.item = True
        if now.items:
            now.separators.add(joint)
        elif not now.marker:
            now.before = now.current
        now.items += 1
        now.roles = fact.roles
    elif now.items > 1 and fact.scopes == now.before:
        # The list is over: 微信700个、微博310个，不合格82个.
        reader.stack[-1] = _List(next(reader.count), "", now.before, now.before)


def _share_out(sentence: list[Fact]) -> None:
    """A、B、C分别为1、2、3: give each number its name, or leave all of them without one."""
    for i, fact in enumerate(sentence):
        if fact.run[1] > 1 or not said("lists.respective", fact.before):
            continue
        run = [fact]
        for following in sentence[i + 1 :]:
            if following.joint not in ("、", "and", "") or following.before.strip("和及与、 "):
                break
            run.append(following)
        names = fact.names if len(fact.names) == len(run) else []
        # 省直815个、县级197个，合格率分别为…: the list before has the names.
        listed = [f.scopes[0] for f in _listed_before(sentence[:i], len(run))]
        listed = [] if names or re.search("[、和与及].*(?:分别|依次)", fact.before) else listed
        for j, member in enumerate(run):
            member.labelled = member.item = True
            name = names[j].scope if names else listed[j] if listed else None
            member.scopes = (name or frozenset({f"unnamed:{fact.quantity.start}:{j}"}),)
            member.roles, member.outer = fact.roles, fact.outer
            member.segment, member.marker = fact.segment, fact.marker
            member.before, member.run = fact.before, (j, len(run))


def _listed_before(before: list[Fact], size: int) -> list[Fact]:
    """The last numbers before a 分别, where they are one list of just as many names."""
    found, more = before[-size:], before[-size - 1 :][:-size]
    of_one = len({f.segment for f in found}) == 1 and all(f.item and f.bracket == 0 for f in found)
    apart = not more or not more[0].item or more[0].segment != found[0].segment or more[0].run[1] == size
    named = {f.scopes[0] for f in found}
    return found if of_one and apart and len(found) == size == len(named) and all(named) else []
