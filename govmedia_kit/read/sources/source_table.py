"""A table of somebody's file, not yet loaded, and the guard under which files are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from govmedia_kit.errors import GovmediaError, InputError
from govmedia_kit.read.importers.layouts import Layout

__all__ = ["Part", "input_errors"]


@dataclass(frozen=True)
class Part:
    """One table of a file: the rows that could be its header, what the file says once, and how its columns are loaded.

    `load(head, names, layout)` answers a frame of text with `__row` and the named columns, every row below row
    `head` of the part; absent columns are left out.
    """

    file: Path
    name: str
    kind: str
    heads: list[list[str]]
    load: Callable[[int, list[str], Layout], pl.DataFrame]
    told: dict[str, str] = field(default_factory=dict)


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
