"""Blocking keys: numbers that are equal where two names are the same, sound the same, are reordered or one character apart.

Names are never compared pairwise. Each gets keys, and names with an equal key are candidates. Of three names

    玉门公安    same 玉门公安    sound yumengongan    order 公安玉门    without one: ?门公安 玉?公安 玉门?安 玉门公?
    公安玉门    same 公安玉门    sound gonganyumen    order 公安玉门    without one: ?安玉门 公?玉门 公安?门 公安玉?
    玉口公安    same 玉口公安    sound yukougongan    order 公安口玉    without one: ?口公安 玉?公安 玉口?安 玉口公?

the first two meet under their order, the first and the third under 玉?公安, where a character is blotted out. A
character too much meets as well: 玉门小公安 without its third character is 玉门公安.

These texts are not built, as a million names have fourteen million of them. Every character has a random-looking
64-bit number, and the key of a text is the sum of those numbers, each times a power of BASE for its place (the order
key leaves the power out). A text with one character blotted out or left out then differs from the whole by a term or
two, so that its key costs one subtraction. Numbers wrap at 64 bits; two different texts have one key with a chance
of about one in 10**19.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Characters", "characters_of", "one_apart", "order_keys", "respelt", "same_keys", "sound_keys"]

BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse
BLOT = 0x110000  # no character has this number
FIRST_EAST_ASIAN = 0x2E80
# One character of a shorter name is too much of it; longer ones are texts. A Latin letter says a third of a Chinese one.
LONGEST, LATIN = 64, 1 / 3
# A pattern that this many names fit (用户1?) is how they are numbered, not a slip.
PATTERN = 200
# Characters that count or point: 一中心 and 二中心, 东站 and 西站 are told apart on purpose.
SERIES = ("0123456789", "一二三四五六七八九十百零〇两", "东西南北中", "上中下", "前后左右", "甲乙丙丁戊")


class Characters(NamedTuple):
    """The characters of all texts in one array, and where each text begins in it and how long it is."""

    signs: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    lengths: np.ndarray[Any, Any]

    def each(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A value per text, repeated for each of its characters."""
        import numpy as np

        return np.repeat(values, self.lengths)

    def before(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """For each character the sum of a value over the characters before it in its text."""
        totals = _running(values)
        return totals[:-1] - self.each(totals[self.starts])

    def sums(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The sum of a value per character over each text."""
        totals = _running(values)
        return totals[self.starts + self.lengths] - totals[self.starts]

    def places(self) -> np.ndarray[Any, Any]:
        """For each character its place in its text, from 0."""
        import numpy as np

        return np.arange(len(self.signs)) - self.each(self.starts)

    def picked(self, rows: np.ndarray[Any, Any]) -> Characters:
        """The texts at `rows` only."""
        import numpy as np

        lengths = self.lengths[rows]
        starts = np.cumsum(lengths) - lengths
        return Characters(
            self.signs[np.arange(lengths.sum()) + np.repeat(self.starts[rows] - starts, lengths)], starts, lengths
        )


def characters_of(texts: pl.Series) -> Characters:
    """The characters of a column of texts, null being the empty text."""
    import numpy as np

    texts = texts.fill_null("")
    joined = texts.str.join("").item() if len(texts) else ""
    lengths = texts.str.len_chars().to_numpy().astype(np.int64)
    return Characters(np.frombuffer(joined.encode("utf-32-le"), np.uint32), np.cumsum(lengths) - lengths, lengths)


def respelt(texts: Characters, spelling_of: Callable[[str], str]) -> Characters:
    """The same texts with every character replaced by its spelling, which is asked for once per distinct character."""
    import numpy as np

    number, spellings = _distinct(texts.signs, spelling_of)
    lengths = texts.sums(spellings.lengths[number])
    return Characters(spellings.picked(number).signs, np.cumsum(lengths) - lengths, lengths)


def same_keys(texts: Characters) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same text."""
    return texts.sums(_placed(_mixed(texts.signs), texts.places()))


def order_keys(texts: Characters) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same characters, each as often, in whatever order.

    Latin letters and digits are taken with their place in the run, so that a word or a number counts as a whole.
    """
    import numpy as np

    latin, here = texts.signs < FIRST_EAST_ASIAN, np.arange(len(texts.signs))
    # The last character that is not Latin, or lies before the text, is where the run begins.
    breaks = np.maximum(np.where(latin, -1, here), texts.each(texts.starts) - 1)
    run = np.where(latin, here - np.maximum.accumulate(breaks), 0)
    return texts.sums(_mixed(texts.signs + (run.astype(np.uint64) << np.uint64(24))))


def sound_keys(texts: Characters, reading_of: Callable[[str], str]) -> np.ndarray[Any, Any]:
    """One key per text: the same for the same letters once every character is read; a reading is asked for once each."""
    number, readings = _distinct(texts.signs, reading_of)
    # What a character adds is the key of its reading, moved to the place of its first letter.
    return texts.sums(_placed(same_keys(readings)[number], texts.before(readings.lengths[number])))


def one_apart(texts: Characters, slip: np.ndarray[Any, Any], *, shortest: int) -> pl.DataFrame:
    """Pairs of texts that differ in one character inserted, dropped or replaced.

    `t` is a possible `slip` (a flag per text), a name that is not made of known words, `u` any name; `counted` is true
    where the other has a number or direction in the place of that character.
    """
    import numpy as np

    weight = texts.lengths - (1 - LATIN) * texts.sums((texts.signs < 0x250).astype(np.int64))
    fit = np.flatnonzero((weight >= shortest) & (texts.lengths <= LONGEST))
    texts, slip = texts.picked(fit), slip[fit]
    t = np.arange(len(fit), dtype=np.uint32)
    blotted, dropped = _without_one(texts)
    each = {"t": texts.each(t), "at": texts.places().astype(np.uint8), "blotted": blotted, "dropped": dropped}
    changed = pl.DataFrame(each)
    whole = pl.DataFrame({"t": t, "at": np.zeros(len(t), np.uint8), "whole": same_keys(texts)})
    slips_changed, slips_whole = changed.filter(pl.Series(texts.each(slip))), whole.filter(pl.Series(slip))
    met = [
        _meet(slips_changed, "blotted", changed, "blotted", lost=True),
        _meet(slips_changed, "dropped", whole, "whole", lost=False),
        _meet(slips_whole, "whole", changed, "dropped", lost=True),
    ]
    pairs, rows = _told_apart(pl.concat(met), texts), pl.Series(fit)
    return pairs.with_columns(t=rows.gather(pairs["t"]), u=rows.gather(pairs["u"]))


def _without_one(texts: Characters) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Two keys per character: of its text with that character blotted out, and of its text without it.

    The second is comparable with `same_keys` of shorter texts, the first only with others of its kind.
    """
    import numpy as np

    places = texts.places()
    own = _placed(_mixed(texts.signs), places)
    whole, before = texts.each(texts.sums(own)), texts.before(own)
    after = whole - before - own
    blot = _placed(_mixed(np.full(1, BLOT)), places)
    return whole - own + blot, before + after * np.uint64(pow(BASE, -1, 1 << 64))


def _meet(slips: pl.DataFrame, key: str, others: pl.DataFrame, other_key: str, *, lost: bool) -> pl.DataFrame:
    """Slips (`t`) and texts (`u`) with the same key; `lost` where the slip lacks the character or has another."""
    slips = slips.select("t", "at", key=key)
    others = others.select(u="t", at_other="at", key=other_key).join(slips, on="key", how="semi")
    return (
        slips.join(others.filter(pl.len().over("key") <= PATTERN), on="key")
        .filter(pl.col("t") != pl.col("u"))
        .select("t", "at", "u", "at_other", lost=pl.lit(lost))
    )


def _told_apart(pairs: pl.DataFrame, texts: Characters) -> pl.DataFrame:
    """`t`, `u` and `counted`, without the pairs that a number or a direction tells apart on purpose."""
    import numpy as np

    series = np.zeros(BLOT, dtype=np.uint8)
    for number, signs in enumerate(SERIES):
        series[[ord(sign) for sign in signs]] |= 1 << number
    t, u = pairs["t"].to_numpy(), pairs["u"].to_numpy()
    mine = series[texts.signs[texts.starts[t] + pairs["at"].to_numpy()]]
    theirs = series[texts.signs[texts.starts[u] + pairs["at_other"].to_numpy()]]
    replaced = texts.lengths[t] == texts.lengths[u]
    return (
        pairs.with_columns(counted=pl.Series(theirs > 0) & pl.col("lost"))
        .filter(~(replaced & ((mine & theirs) > 0)))
        .group_by("t", "u")
        .agg(pl.col("counted").all())
    )


def _placed(values: np.ndarray[Any, Any], places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Each value times the power of BASE for its place."""
    import numpy as np

    powers = np.full(int(places.max(initial=0)) + 1, BASE, np.uint64)
    powers[0] = 1
    return values * np.cumprod(powers)[places]


def _running(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Running totals, from 0."""
    import numpy as np

    totals = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, out=totals[1:])
    return totals


def _mixed(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A random-looking 64-bit number for each number (the finaliser of splitmix64)."""
    import numpy as np

    mixed = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(32))


def _distinct(signs: np.ndarray[Any, Any], convert: Callable[[str], str]) -> tuple[np.ndarray[Any, Any], Characters]:
    """For each character its number among the distinct ones, and what `convert` makes of these."""
    import numpy as np

    present = np.zeros(BLOT, dtype=bool)
    present[signs] = True
    found = np.flatnonzero(present)
    number = np.zeros(BLOT, dtype=np.int32)
    number[found] = np.arange(len(found), dtype=np.int32)
    return number[signs], characters_of(pl.Series([convert(chr(sign)) for sign in found], dtype=pl.String))
