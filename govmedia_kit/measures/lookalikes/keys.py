"""Texts as one array of characters: keys for what is the same, sounds the same, is reordered or one character apart.

A key is a 64-bit number, the sum of a number per character, so that a million short texts cost a few
array operations and no string is built. Two texts that differ have the same key with a chance of about
one in 10**19. Arrays are gone through in blocks that fit in a processor's cache.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Letters", "keys", "letters", "neighbours", "one_apart", "order_keys", "sound_keys", "spelt_out"]

BASE = 0x9E3779B97F4A7C15  # odd, so that it can be divided by
BLOT = 0x110000  # no character has this number
FIRST_EAST_ASIAN = 0x2E80
BLOCK = 1 << 15
# One character of a shorter name is too much of it; longer ones are texts. A Latin letter says a third of a Chinese one.
SHORTEST, LONGEST, LATIN = 3, 64, 1 / 3
# A pattern that this many names fit (用户1?) is how they are numbered, not a slip.
PATTERN = 200
# Characters that count or point: 一中心 and 二中心, 东站 and 西站 are told apart on purpose.
SERIES = ("0123456789", "一二三四五六七八九十百零〇两", "东西南北中", "上中下", "前后左右", "甲乙丙丁戊")
# Texts whose neighbours are made in one go, to bound memory.
SLICE = 1 << 17


class Letters(NamedTuple):
    """The characters of all texts in a row, and where each text begins and how long it is."""

    signs: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    lengths: np.ndarray[Any, Any]

    def blocks(self, size: int = BLOCK) -> Iterator[Letters]:
        """The same texts, so many at a time."""
        for begin in range(0, max(len(self.lengths), 1), size):
            starts, lengths = self.starts[begin : begin + size], self.lengths[begin : begin + size]
            first, last = (int(starts[0]), int(starts[-1] + lengths[-1])) if len(starts) else (0, 0)
            yield Letters(self.signs[first:last], starts - first, lengths)

    def each(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A value per text, repeated for each of its characters."""
        import numpy as np

        return np.repeat(values, self.lengths)

    def places(self) -> np.ndarray[Any, Any]:
        """For each character its place in its text, from 0."""
        import numpy as np

        return np.arange(len(self.signs), dtype=np.int64) - self.each(self.starts)

    def sums(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The sum of a value per character over each text."""
        upto = _upto(values)
        return upto[self.starts + self.lengths] - upto[self.starts]

    def picked(self, rows: np.ndarray[Any, Any]) -> Letters:
        """The texts at `rows` (places or a mask) only."""
        import numpy as np

        starts, lengths = self.starts[rows], self.lengths[rows]
        new = np.cumsum(lengths) - lengths
        signs = np.empty(int(lengths.sum()), self.signs.dtype)
        for begin in range(0, len(lengths), SLICE):
            some = slice(begin, begin + SLICE)
            first, last = int(new[begin]), int(new[begin] + lengths[some].sum())
            signs[first:last] = self.signs[np.arange(first, last) + np.repeat((starts - new)[some], lengths[some])]
        return Letters(signs, new, lengths)


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

    number, words = _distinct(marked.signs, text_of)
    spelt = letters(pl.Series(words, dtype=pl.String))
    signs, lengths = [], []
    for block in marked.blocks():
        which = number[block.signs]
        signs.append(spelt.picked(which).signs)
        lengths.append(block.sums(spelt.lengths[which]))
    long = np.concatenate(lengths)
    return Letters(np.concatenate(signs), np.cumsum(long) - long, long)


def keys(spelling: Letters) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same text."""
    import numpy as np

    return np.concatenate([_in_place(block, _mixed(block.signs)) for block in spelling.blocks()])


def order_keys(spelling: Letters) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same characters, each as often, in whatever order.

    Latin letters and digits are taken with their place in the run, so that a word or a number counts as a whole.
    """
    import numpy as np

    def of_block(block: Letters) -> np.ndarray[Any, Any]:
        signs, latin = block.signs.astype(np.uint64), block.signs < FIRST_EAST_ASIAN
        if latin.any():
            here = np.arange(len(signs), dtype=np.int64)
            breaks = np.where(latin, -1, here)
            begin = block.starts[block.lengths > 0]
            breaks[begin] = np.maximum(breaks[begin], begin - 1)
            run = np.where(latin, here - np.maximum.accumulate(breaks), 0)
            signs += run.astype(np.uint64) << np.uint64(24)
        return block.sums(_mixed(signs))

    return np.concatenate([of_block(block) for block in spelling.blocks()])


def sound_keys(spelling: Letters, reading: Callable[[str], str]) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same letters once every character is read; `reading` is asked once for each."""
    import numpy as np

    number, readings = _distinct(spelling.signs, reading)
    spoken = letters(pl.Series(readings, dtype=pl.String))
    parts = _in_place(spoken, _mixed(spoken.signs))
    blocks = ((block, number[block.signs]) for block in spelling.blocks())
    return np.concatenate([_in_place(block, parts[which], spoken.lengths[which]) for block, which in blocks])


def neighbours(spelling: Letters) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Two keys per character: of its text with that character blotted out, and of its text without it.

    The second is comparable with `keys` of shorter texts, the first only with others of its kind.
    """
    import numpy as np

    _, inverse = _powers(len(spelling.signs))
    powers = _powers(len(spelling.signs))[0][: len(spelling.signs)]
    weighed = _mixed(spelling.signs) * powers
    upto = _upto(weighed)
    whole = spelling.each(upto[spelling.starts + spelling.lengths] - upto[spelling.starts])
    before = upto[:-1] - spelling.each(upto[spelling.starts])
    moved = spelling.each(inverse[spelling.starts])
    blotted = whole - weighed + _mixed(np.array([BLOT], np.uint64)) * powers
    return blotted * moved, (before + (whole - before - weighed) * inverse[1]) * moved


def one_apart(
    spelling: Letters, rows: np.ndarray[Any, Any], slip: np.ndarray[Any, Any], *, shortest: int = SHORTEST
) -> pl.DataFrame:
    """Pairs of the texts at `rows` that differ in one character inserted, dropped or replaced.

    `t` is a possible `slip` (one for each of `rows`), a name that is not made of known words, `u` any name, both places
    in `rows`; `counted` is true where the other has a number or direction in the place of that character.
    """
    import numpy as np

    weight = spelling.lengths - (1 - LATIN) * spelling.sums((spelling.signs < 0x250).astype(np.int64))
    fit = np.flatnonzero(((weight >= shortest) & (spelling.lengths <= LONGEST))[rows])
    spelling = spelling.picked(rows[fit])
    slips = np.flatnonzero(slip[fit])
    mine = _around(spelling.picked(slips), slips)
    # A slip meets another under the same blotted text, under that without one of its characters, and the reverse.
    ways = [(mine["blotted"], "blotted", True), (mine["dropped"], "whole", False), (mine["whole"], "dropped", True)]
    reached: list[list[pl.DataFrame]] = [[], [], []]
    begin = 0
    for block in spelling.blocks(SLICE):
        theirs = _around(block, np.arange(begin, begin + len(block.lengths)))
        begin += len(block.lengths)
        for found, (slips_keys, way, _) in zip(reached, ways, strict=True):
            found.append(theirs[way].join(slips_keys, on="key", how="semi"))
    met = [_meet(one, pl.concat(found), lost=lost) for found, (one, _, lost) in zip(reached, ways, strict=True)]
    pairs, row = _told_apart(pl.concat(met), spelling), pl.Series(fit)
    return pairs.with_columns(t=row.gather(pairs["t"]), u=row.gather(pairs["u"]))


def _around(spelling: Letters, rows: np.ndarray[Any, Any]) -> dict[str, pl.DataFrame]:
    """Keys under which texts meet others: `whole`, and with each character `blotted` and `dropped` (t, at, key)."""
    import numpy as np

    blotted, dropped = neighbours(spelling)
    each = {"t": spelling.each(rows.astype(np.uint32)), "at": spelling.places().astype(np.uint8)}
    whole = {"t": rows.astype(np.uint32), "at": np.zeros(len(rows), np.uint8)}
    return {
        "blotted": pl.DataFrame({**each, "key": blotted}),
        "dropped": pl.DataFrame({**each, "key": dropped}),
        "whole": pl.DataFrame({**whole, "key": keys(spelling)}),
    }


def _meet(slips: pl.DataFrame, others: pl.DataFrame, *, lost: bool) -> pl.DataFrame:
    """Slips (`t`) and texts (`u`) with the same key; `lost` where the slip lacks the character or has another."""
    others = others.filter(pl.len().over("key") <= PATTERN).select("key", u="t", at_other="at")
    return (
        slips.join(others, on="key")
        .filter(pl.col("t") != pl.col("u"))
        .select("t", "at", "u", "at_other", lost=pl.lit(lost))
    )


def _told_apart(pairs: pl.DataFrame, spelling: Letters) -> pl.DataFrame:
    """`t`, `u` and `counted`, without the pairs that a number or a direction tells apart on purpose."""
    import numpy as np

    series = np.zeros(0x110000, dtype=np.uint8)
    for number, signs in enumerate(SERIES):
        series[[ord(sign) for sign in signs]] |= 1 << number
    t, u = pairs["t"].to_numpy(), pairs["u"].to_numpy()
    mine = series[spelling.signs[spelling.starts[t] + pairs["at"].to_numpy()]]
    theirs = series[spelling.signs[spelling.starts[u] + pairs["at_other"].to_numpy()]]
    replaced = spelling.lengths[t] == spelling.lengths[u]
    return (
        pairs.with_columns(counted=pl.Series(theirs > 0) & pl.col("lost"))
        .filter(~(replaced & ((mine & theirs) > 0)))
        .group_by("t", "u")
        .agg(pl.col("counted").all())
    )


def _in_place(
    block: Letters, values: np.ndarray[Any, Any], sizes: np.ndarray[Any, Any] | None = None
) -> np.ndarray[Any, Any]:
    """The sum over each text of a value per character times a power of BASE that tells where the character stands.

    Characters stand in all texts of the block in a row; each sum is moved back by where its text begins.
    """
    import numpy as np

    stands = np.arange(len(values) + 1) if sizes is None else _upto(sizes)
    powers, inverse = _powers(int(stands[-1]))
    return block.sums(values * powers[stands[:-1]]) * inverse[stands[block.starts]]


def _upto(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Running totals, from 0."""
    import numpy as np

    totals = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, out=totals[1:])
    return totals


def _mixed(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A well mixed 64-bit number for each number."""
    import numpy as np

    mixed = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(32))


def _powers(size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Powers of BASE from 0 to at least `size`, and of its inverse."""
    return _power_tables(1 << max(size.bit_length(), 20))


@functools.cache
def _power_tables(size: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    import numpy as np

    bases = (BASE, pow(BASE, -1, 1 << 64))
    one = np.ones(1, np.uint64)
    up, down = (np.concatenate([one, np.cumprod(np.full(size, base, np.uint64), dtype=np.uint64)]) for base in bases)
    return up, down


def _distinct(signs: np.ndarray[Any, Any], convert: Callable[[str], str]) -> tuple[np.ndarray[Any, Any], list[str]]:
    """A number for each distinct character (by character), and what `convert` says of them, by number."""
    import numpy as np

    present = np.zeros(BLOT, dtype=bool)
    present[signs] = True
    found = np.flatnonzero(present)
    number = np.zeros(BLOT, dtype=np.int32)
    number[found] = np.arange(len(found), dtype=np.int32)
    return number, [convert(chr(sign)) for sign in found]
