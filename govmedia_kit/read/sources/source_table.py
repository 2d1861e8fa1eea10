"""A table of somebody's file, not yet loaded, and the guard under which files are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from govmedia_kit.errors import GovmediaError, InputError, Problem
from govmedia_kit.read.importers.layouts import Layout
from govmedia_kit.read.sources.sheet_marks import Odd

__all__ = ["Part", "few", "input_errors"]

# Rows that a sentence names before it says only that there are more.
SOME = 5


@dataclass(frozen=True)
class Part:
    """One table of a file: the rows that could be its header, what the file says once, and how its columns are loaded.

    `load(head, names, layout)` answers a frame of text with `__row` and the named columns, every row below row
    `head` of the part; absent columns are left out. `doubts` are whole when it is loaded, and so is `odd`: the cells that
    hold an error or a formula without a value, by row and position among the columns of the file; they are loaded as null.
    """

    file: Path
    name: str
    kind: str
    heads: list[list[str]]
    load: Callable[[int, list[str], Layout], pl.DataFrame]
    told: dict[str, str] = field(default_factory=dict)
    doubts: list[Problem] = field(default_factory=list)
    odd: Odd = field(default_factory=dict)


def few(rows: list[int]) -> list[int | str]:
    """The first few of many rows, as a sentence names them."""
    return [*rows[:SOME], *["…"] * (len(rows) > SOME)]


@contextmanager
def input_errors(path: Path) -> Iterator[None]:
    """Whatever a reader raises, panics of compiled readers too, becomes an InputError that names the file."""
    try:
        yield
    except GovmediaError:
        raise
    except UnicodeDecodeError as error:
        found = f"byte {error.start} is neither UTF-8 nor GB18030"
        raise InputError("unreadable_file", path=path.name, found=found) from error
    except RecursionError as error:
        raise InputError("unreadable_file", path=path.name, found="it is nested too deeply") from error
    except OSError as error:
        raise InputError("unreadable_file", path=path.name, found=error.strerror or type(error).__name__) from error
    except Exception as error:
        message = re.sub(r"\s+", " ", str(error).strip().split("\n")[0])[:200]
        raise InputError("unreadable_file", path=path.name, found=message or type(error).__name__) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise InputError("unreadable_file", path=path.name, found="its structure is damaged") from error
