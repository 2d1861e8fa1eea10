"""Texts as one array of characters: keys for what is the same, sounds the same, is reordered or one character apart.

A key is a 64-bit number, the sum of a number per character, so that a million short texts cost a few
array operations and no string is built. Two texts that differ have the same key with a chance of about
one in 10**19.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Letters", "keys", "letters", "neighbours", "order_keys", "sound_keys", "spelt_out"]

BASE = 0x9E3779B97F4A7C15  # odd, so that it can be divided by
BASE_INVERSE = pow(BASE, -1, 1 << 64)
BLOT = 0x110000  # no character has this number
FIRST_EAST_ASIAN = 0x2E80


class Letters(NamedTuple):
    """The characters of all texts in a row, and where each text begins and how long it is."""

    signs: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    lengths: np.ndarray[Any, Any]

    def texts(self) -> np.ndarray[Any, Any]:
        """For each character the text that it is in."""
        import numpy as np

        return np.repeat(np.arange(len(self.lengths), dtype=np.int64), self.lengths)

    def places(self) -> np.ndarray[Any, Any]:
        """For each character its place in its text, from 0."""
        import numpy as np

        return np.arange(len(self.signs), dtype=np.int64) - np.repeat(self.starts, self.lengths)

    def sums(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The sum of a value per character over each text."""
        import numpy as np

        total = np.concatenate([np.zeros(1, values.dtype), np.cumsum(values, dtype=values.dtype)])
        return total[self.starts + self.lengths] - total[self.starts]

    def picked(self, rows: np.ndarray[Any, Any]) -> Letters:
        """The texts at `rows` (places or a mask) only."""
        import numpy as np

        starts, lengths = self.starts[rows], self.lengths[rows]
        new = np.cumsum(lengths) - lengths
        return Letters(self.signs[np.repeat(starts - new, lengths) + np.arange(int(lengths.sum()))], new, lengths)


def letters(texts: pl.Series) -> Letters:
    """The characters of a column of texts, null being the empty text."""
    import numpy as np

    texts = texts.fill_null("")
    joined = texts.str.join("").item() if len(texts) else ""
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    return Letters(np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32), np.cumsum(lengths) - lengths, lengths)


def spelt_out(marked: Letters, text_of: Callable[[str], str]) -> Letters:
    """The same texts with every character replaced by `text_of` it, which is asked once per distinct character."""
    import numpy as np

    which, words = _distinct(marked.signs, text_of)
    spelt = letters(pl.Series(words, dtype=pl.String))
    lengths = marked.sums(spelt.lengths[which])
    one_by_one = spelt.picked(which)
    return Letters(one_by_one.signs, np.cumsum(lengths) - lengths, lengths)


def keys(spelling: Letters) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same text."""
    return spelling.sums(_mixed(spelling.signs) * _powers(spelling)[spelling.places()])


def order_keys(spelling: Letters) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same characters, each as often, in whatever order.

    Latin letters and digits are taken with their place in the run, so that a word or a number counts as a whole.
    """
    import numpy as np

    latin = spelling.signs < FIRST_EAST_ASIAN
    here = np.arange(len(spelling.signs), dtype=np.int64)
    breaks = np.where(latin, -1, here)
    begin = spelling.starts[spelling.lengths > 0]
    breaks[begin] = np.maximum(breaks[begin], begin - 1)
    run = np.where(latin, here - np.maximum.accumulate(breaks), 0) if len(here) else here
    return spelling.sums(_mixed(spelling.signs.astype(np.uint64) + (run.astype(np.uint64) << np.uint64(24))))


def sound_keys(spelling: Letters, reading: Callable[[str], str]) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same letters once every character is read; `reading` is asked once for each."""
    import numpy as np

    which, readings = _distinct(spelling.signs, reading)
    spoken = letters(pl.Series(readings, dtype=pl.String))
    # A text's key counts its letters from the right; so does that of each reading, moved by the letters after it.
    from_right = np.repeat(spoken.lengths, spoken.lengths) - 1 - spoken.places()
    sizes = spoken.lengths[which]
    upto = np.cumsum(sizes)
    after = np.repeat(spelling.sums(sizes), spelling.lengths)
    begin = np.concatenate([np.zeros(1, np.int64), upto])[spelling.starts]
    after = after - (upto - np.repeat(begin, spelling.lengths))
    longest = int(max(after.max(initial=0), from_right.max(initial=0)))
    powers = _power_table(longest + 1)
    parts = spoken.sums(_mixed(spoken.signs) * powers[from_right])
    return spelling.sums(parts[which] * powers[after])


def neighbours(spelling: Letters) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Two keys per character: of its text with that character blotted out, and of its text without it.

    The second is comparable with `keys` of shorter texts, the first only with others of its kind.
    """
    import numpy as np

    places = spelling.places()
    powers = _powers(spelling)
    weighed = _mixed(spelling.signs) * powers[places]
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(weighed, dtype=np.uint64)])
    whole = np.repeat(total[spelling.starts + spelling.lengths] - total[spelling.starts], spelling.lengths)
    before = total[:-1] - np.repeat(total[spelling.starts], spelling.lengths)
    blotted = whole - weighed + _mixed(np.array([BLOT], np.uint64)) * powers[places]
    return blotted, before + (whole - before - weighed) * np.uint64(BASE_INVERSE)


def _mixed(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A well mixed 64-bit number for each number."""
    import numpy as np

    mixed = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(32))


def _power_table(size: int) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.concatenate([np.ones(1, np.uint64), np.cumprod(np.full(size, BASE, np.uint64), dtype=np.uint64)])


def _powers(spelling: Letters) -> np.ndarray[Any, Any]:
    return _power_table(int(spelling.lengths.max(initial=0)) + 1)


def _distinct(signs: np.ndarray[Any, Any], convert: Callable[[str], str]) -> tuple[np.ndarray[Any, Any], list[str]]:
    """For each character which of the distinct ones it is, and what `convert` says of those."""
    import numpy as np

    present = np.zeros(BLOT, dtype=bool)
    present[signs] = True
    found = np.flatnonzero(present)
    number = np.zeros(BLOT, dtype=np.int64)
    number[found] = np.arange(len(found))
    return number[signs], [convert(chr(sign)) for sign in found]
