"""What can go wrong, as one small tree, and the sentences that say so.

    GovmediaError
    ├── InputError       a file, a cell or a setting that cannot be used
    ├── RuleError        a rule table that cannot be applied
    └── NotebookError    a parameter that the notebook does not take, or a cell that failed

Sentences are rows of `messages.csv`, in Chinese and English: what was asked, what was
found, what would do. A `Problem` is one of them with its place in a file.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

from govmedia_kit.catalogue import in_language, phrase, system_language
from govmedia_kit.package_data import rows

__all__ = [
    "GovmediaError",
    "InputError",
    "NotebookError",
    "Place",
    "Problem",
    "RuleError",
    "hint",
    "sentence",
]


@functools.cache
def _messages() -> dict[str, dict[str, str]]:
    return {row["kind"]: row for row in rows("messages.csv")}


def sentence(kind: str, language: str = "zh-Hans", **facts: Any) -> str:
    """The sentence of `kind` in `language`, its braces filled with `facts`.

    A fact that can be called, such as a `hint`, is what it answers to the language.
    """
    template = in_language(_messages()[kind], language)
    return template.format_map({name: _text(fact, language) for name, fact in facts.items()})


def _text(fact: Any, language: str) -> str:
    if callable(fact):
        return _text(fact(language), language)
    if isinstance(fact, Place):
        return fact.say(language)
    if isinstance(fact, list | tuple | set | dict):
        return phrase("words.enumeration", language).join(map(str, fact))
    return str(fact)


class hint:
    """The words closest to a misspelt one, said as a question when the sentence is made."""

    def __init__(self, word: str, known: Iterable[str]) -> None:
        self.near = difflib.get_close_matches(word, list(known), n=2, cutoff=0.5)

    def __call__(self, language: str) -> str:
        if not self.near:
            return ""
        return phrase("hint.question", language).format(words=phrase("hint.or", language).join(self.near))


class Place(NamedTuple):
    """Where something stands: a file, a sheet, a row as the spreadsheet numbers it, a column."""

    file: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    letter: str = ""

    def say(self, language: str = "zh-Hans") -> str:
        """`台账.xlsx › Sheet1 › C17`, or `accounts.csv › 第17行 › platform` where there are no letters."""
        parts = [self.file, self.sheet]
        if self.letter and self.row is not None and self.sheet:
            parts.append(f"{self.letter}{self.row}")
        else:
            if self.row is not None:
                parts.append(phrase("words.row", language).format(number=self.row))
            parts.append(self.column)
        return " › ".join(part for part in parts if part)


class Problem(NamedTuple):
    """One thing to mend in a file: its kind (a row of `messages.csv`), its place and the facts of the sentence."""

    kind: str
    place: Place
    facts: dict[str, Any]

    @property
    def severity(self) -> str:
        """`error` (the bulletin is not made), `warning` (something is taken as not known) or `note`."""
        return _messages()[self.kind]["severity"]

    def beneath(self, folder: str) -> Problem:
        """The same problem, of a file in another folder."""
        return self._replace(place=self.place._replace(file=f"{folder}/{self.place.file}"))

    def say(self, language: str = "zh-Hans") -> str:
        """The problem as a sentence."""
        return sentence(self.kind, language, place=self.place, **self.facts)


class GovmediaError(Exception):
    """Something that the user can mend: `kind` is a row of `messages.csv`, `facts` fill its braces."""

    def __init__(self, kind: str, **facts: Any) -> None:
        self.kind, self.facts = kind, facts
        # Its one argument, so that an error can be sent from a kernel to the process that asked.
        super().__init__(kind)

    def say(self, language: str = "zh-Hans") -> str:
        """The error as a sentence in `language`."""
        return sentence(self.kind, language, **self.facts)

    def __str__(self) -> str:
        """The sentence in the language of the system, for whoever meets the error in Python."""
        return self.say(system_language())


class InputError(GovmediaError):
    """A file, a cell or a setting that cannot be used; `problems` lists all that were found."""

    def __init__(self, kind: str, *, problems: Iterable[Problem] = (), **facts: Any) -> None:
        super().__init__(kind, **facts)
        self.problems = list(problems)


class RuleError(GovmediaError):
    """A rule table that cannot be applied."""


class NotebookError(GovmediaError):
    """A parameter that the notebook does not take, or a cell that failed."""
