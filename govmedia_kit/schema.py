"""What every column is: the one dictionary behind reading, checking, labels and the data cards.

The dictionary is two tables beside this module, `fields.csv` (a row per table and column)
and `vocabularies.csv` (a row per word that a column may hold). Everything that needs to know a
dtype, a label or the many spellings of a platform asks here.

>>> dtypes("account_days")["posts"]
Int64
>>> label("gap_days", "zh-Hans"), vocabulary("platform")["wechat"].labels["en"]
('距今天数', 'WeChat')
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from govmedia_kit.catalogue import in_language
from govmedia_kit.package_data import rows

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Field",
    "Word",
    "columns",
    "dtypes",
    "label",
    "tables",
    "vocabulary",
    "vocabulary_of",
    "word_label",
    "word_labels",
]


class Field(NamedTuple):
    """A column: its table, name, dtype, unit, whether a table must have it, labels and meanings by catalogue, other spellings."""

    table: str
    name: str
    dtype: str
    unit: str
    required: bool
    labels: dict[str, str]
    meanings: dict[str, str]
    synonyms: tuple[str, ...]


class Word(NamedTuple):
    """A word that a column may hold, with its labels by catalogue and the other spellings that mean it."""

    value: str
    labels: dict[str, str]
    synonyms: tuple[str, ...]

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything that means the word: the word itself, its labels, other spellings."""
        return (self.value, *self.labels.values(), *self.synonyms)


def _by_catalogue(row: dict[str, str], name: str) -> dict[str, str]:
    """The cells of the columns `name_<catalogue>`."""
    return {column.removeprefix(f"{name}_"): cell for column, cell in row.items() if column.startswith(f"{name}_")}


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


@functools.cache
def _fields() -> dict[str, dict[str, Field]]:
    found: dict[str, dict[str, Field]] = {}
    for row in rows("fields.csv"):
        found.setdefault(row["table"], {})[row["name"]] = Field(
            **{name: row[name] for name in ("table", "name", "dtype", "unit")},
            required=row["required"] == "yes",
            labels=_by_catalogue(row, "label"),
            meanings=_by_catalogue(row, "meaning"),
            synonyms=_split(row["synonyms"]),
        )
    # The filing system's own list has the ledger's columns.
    found["filed"] = {name: field._replace(table="filed") for name, field in found["accounts"].items()}
    return found


@functools.cache
def _vocabularies() -> dict[str, dict[str, Word]]:
    found: dict[str, dict[str, Word]] = {}
    for row in rows("vocabularies.csv"):
        word = Word(row["value"], _by_catalogue(row, "label"), _split(row["synonyms"]))
        found.setdefault(row["vocabulary"], {})[word.value] = word
    return found


def tables() -> list[str]:
    """Names of all tables, those read first."""
    return list(_fields())


def columns(table: str) -> dict[str, Field]:
    """The columns of a table, by name, in the order in which they are written."""
    return _fields()[table]


def dtypes(table: str) -> dict[str, pl.DataType]:
    """The columns of a table with their Polars dtypes."""
    import polars as pl

    dtypes: dict[str, pl.DataType] = {
        "str": pl.String(),
        "bool": pl.Boolean(),
        "int": pl.Int64(),
        "float": pl.Float64(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us"),
    }
    return {name: dtypes[field.dtype] for name, field in columns(table).items()}


def vocabulary(name: str) -> dict[str, Word]:
    """The words of a vocabulary (`platform`, `unit_level`, `filing_status`, ...), by value."""
    return _vocabularies()[name]


def vocabulary_of(column: str) -> dict[str, Word] | None:
    """The vocabulary that has the column's name, or None where any text will do."""
    return _vocabularies().get(column)


def label(column: str, language: str = "zh-Hans") -> str:
    """What a reader calls a column; the column's own name where the dictionary does not know it."""
    for table in _fields().values():
        if column in table:
            return in_language(table[column].labels, language)
    return column


def word_labels(column: str, language: str = "zh-Hans") -> list[str]:
    """What a reader calls the words of a column's vocabulary, in its order."""
    return [word_label(column, value, language) for value in vocabulary_of(column) or {}]


def word_label(column: str, value: str | None, language: str = "zh-Hans") -> str:
    """What a reader calls a word of a vocabulary; the word itself where it is in none."""
    word = (vocabulary_of(column) or {}).get(value or "")
    return in_language(word.labels, language) if word else value or ""
