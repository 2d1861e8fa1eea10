"""Which field of the dictionary a heading names, in any of the many ways in which offices and tools write it."""

from __future__ import annotations

import functools
import re

from govmedia_kit import schema
from govmedia_kit.catalogue import traditional

__all__ = ["column_key", "match_columns", "positions"]


def column_key(name: str) -> str:
    """The form under which column names are compared: no case, spaces, brackets' contents or punctuation."""
    import unicodedata

    plain = unicodedata.normalize("NFKC", str(name)[:200]).lower()
    plain = re.sub(r"[(\[【].*?[)\]】]", "", plain) or plain
    return re.sub(r"[\s_:*#、/\\.·-]", "", plain)


@functools.cache
def _spellings(table: str) -> dict[str, tuple[str, ...]]:
    """Every spelling of a column, to the fields that it can mean: names and labels mean one, some synonyms several."""
    found: dict[str, list[str]] = {}
    for field in schema.columns(table).values():
        for spelling in (*field.labels.values(), *field.synonyms):
            names = found.setdefault(column_key(spelling), [])
            if field.name not in names:
                names.append(field.name)
    for field in schema.columns(table).values():
        found[column_key(field.name)] = found[column_key(field.labels["zh"])] = [field.name]
    variants = {column_key(variant): found[key] for variant, key in traditional(list(found)).items()}
    return {key: tuple(names) for key, names in {**variants, **found}.items()}


def match_columns(header: list[str], table: str) -> dict[int, str]:
    """The field that each column of a header names, by the column's position; unknown ones are left out.

    A heading that can mean several fields (账号 is the name or the id) means one that no other heading names, a
    needed one first. 账号ID is the platform's id before it is the kit's own.
    """
    known = _spellings(table)
    choices = {i: known[key] for i, name in enumerate(header) if name and (key := column_key(name)) in known}
    found = {i: names[0] for i, names in choices.items() if len(names) == 1}
    for i, names in choices.items():
        if len(names) > 1:
            free = sorted((name for name in names if name not in found.values()), key="account_id".__eq__)
            needed = [name for name in free if schema.columns(table)[name].required]
            found[i] = (needed or free or list(names))[0]
    return found


def positions(header: list[str], table: str) -> dict[str, int]:
    """Each field that a header names, with the position of its first column."""
    found: dict[str, int] = {}
    for i, field in match_columns(header, table).items():
        found.setdefault(field, i)
    return found
