"""How accounts with confusable names are found: keys that are grouped, never names compared pairwise.

Two facts of government account names decide how. Very many differ in one character because they are different places
(玉门发布, 厦门发布) or bodies (玉门财政, 玉门民政): where the words of both names are known, they must agree, and only a name
that is not made of known words can be a slip of another. And chains of one-character steps run through a whole
country: `one_character` is a relation of two names and is never followed further.

Sameness, sound and order are hash keys; names one character apart meet under the same text with that character blotted
out or left out. `keyed` makes the keys, `members` says who meets whom, `lookalikes` turns that into groups and pairs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import polars as pl

from govmedia_kit.measures.lookalikes import normalize
from govmedia_kit.measures.lookalikes.keys import (
    Characters,
    characters_of,
    one_apart,
    order_keys,
    respelt,
    same_keys,
    sound_keys,
)

__all__ = ["KINDS", "ONE_CHARACTER", "Keyed", "confusable", "keyed", "members"]

# Keys under which names meet, the strictest first: name, the column that it is, a stricter one that it must go beyond.
KINDS = (
    ("plain", "same_plain", None),
    ("core", "same_core", "same_plain"),
    ("sound", "sound_core", "same_core"),
    ("sound", "sound_plain", "sound_core"),
    ("order", "order_core", "same_core"),
    ("order", "order_plain", "order_core"),
)
ONE_CHARACTER = len(KINDS)
# A core has lost 委, 办, 局: one character more is needed before two of them can be told for a slip.
SHORTEST = {"plain": 3, "core": 4}
# A rest of names that this many places share, and this share of what the most usual rest has, is a body's name.
USUAL_PLACES, USUAL_SHARE = 5, 0.05
# An ending of names of this many bodies that also go without it says nothing of who it is.
USUAL_BODIES = 3
# What must agree, or be unknown, in two names that are alike.
GUARDS = ("where", "meaning", "tongue")


class Keyed(NamedTuple):
    """Accounts and their distinct names, held apart so that a million of them fit in memory.

    `accounts` has a row per account with a name, sorted by `i`, its place in the order of account_id; `n`, the row of
    its name; `owner`, the unit (each account its own where the unit is not known) and `slot`, unit, platform and
    purpose (hashes); `region`; `where`, the division that the name means (a hash; of the word where several divisions
    are called so), null where it names none; `meaning`, the bodies that it is made of (a number), null where a part is
    not known; `tongue`, the language that its purpose names (a hash), null where it names none.

    `names` has a row per distinct plain name: the keys of its plain form and its core (numbers, see `spelling`), and
    `forms` has their characters.
    """

    accounts: pl.DataFrame
    names: pl.DataFrame
    forms: dict[str, Characters]

    def with_names(self, *columns: str) -> pl.DataFrame:
        """The accounts with columns of their names."""
        return self.accounts.with_columns(self.names[column].gather(self.accounts["n"]) for column in columns)


def keyed(accounts: pl.DataFrame) -> Keyed:
    """What the likeness of `accounts` (with `i`, their order) is judged by; accounts without a name are left out."""
    frame = accounts.select("i", "name", "unit", "platform", "region", "purpose")
    # Units differ by more than case and punctuation; without one an account is its own.
    odd = frame.select("unit").filter(pl.col("unit").str.contains(normalize.NOT_PLAIN)).unique()
    odd = odd.with_columns(same=normalize.plain(pl.col("unit")))
    frame = frame.join(odd, on="unit", how="left", maintain_order="left").with_columns(
        pl.coalesce("same", "unit").alias("same")
    )
    seats = _seats(frame.filter(pl.col("region").is_null())["same"])
    frame = (
        frame.join(seats, on="same", how="left", maintain_order="left")
        if len(seats)
        else frame.with_columns(seat="region")
    )
    same, platform, alone = pl.col("same"), pl.col("platform"), pl.col("i")
    owner = pl.when(same.is_not_null()).then(same.hash()).otherwise(alone.hash(1))
    stage = pl.when(platform.is_not_null()).then(platform.hash()).otherwise(alone.hash(2))
    slot = pl.struct(owner.alias("owner"), stage.alias("stage"), pl.col("purpose").fill_null("").hash()).hash()
    written = frame.select("name").drop_nulls().unique()
    written = written.select(said=pl.col("name").hash(), plain=normalize.plain(pl.col("name"))).drop_nulls()
    frame = frame.drop_nulls("name").select(
        *("i", "region"),
        near=pl.coalesce("region", "seat"),
        said=pl.col("name").hash(),
        owner=owner,
        slot=slot,
        tongue=normalize.language(pl.col("purpose")),
    )
    distinct = written["plain"].unique()
    n_of = pl.DataFrame({"key": distinct.hash(), "n": pl.int_range(len(distinct), dtype=pl.UInt32, eager=True)})
    written = written.select("said", key=pl.col("plain").hash()).join(n_of, on="key")
    frame = frame.join(written.select("said", "n"), on="said").sort("i")
    known, forms = _names(distinct)
    return Keyed(
        _placed(frame, known).select("i", "n", "owner", "slot", "region", "where", "meaning", "tongue"),
        known.drop("place", "doubt", "meaning", "meaning_placed"),
        forms,
    )


def _placed(frame: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`frame` with `where` its name says that it is and what its name means, see `Keyed`."""
    at = frame["n"]
    frame = frame.with_columns(known[column].gather(at) for column in ("place", "doubt"))
    frame = frame.with_columns(spot=pl.struct("place", "doubt", "near").hash())
    found = _located(frame.select("spot", "place", "doubt", "near").unique("spot"))
    frame = frame.drop("place", "doubt", "near").join(found, on="spot", how="left", maintain_order="left")
    meaning = (
        pl.when(pl.col("in_doubt")).then(known["meaning_placed"].gather(at)).otherwise(known["meaning"].gather(at))
    )
    # A place that the region does not know, in a name with unknown parts, is no place but part of a slip (双和政协).
    sure = ~pl.col("astray") | pl.col("meaning").is_not_null()
    return frame.with_columns(meaning=meaning).with_columns(where=pl.when(sure).then("where"))


def _names(distinct: pl.Series) -> tuple[pl.DataFrame, dict[str, Characters]]:
    """Plain names, a row for each: keys, `place` and `doubt` (marks, see `normalize.words`), meanings; and both forms."""
    doubts = f"[{normalize.lexicon_of_names().doubts}]"
    words = pl.col("words")
    makers = {"same": same_keys, "sound": lambda form: sound_keys(form, normalize.reading), "order": order_keys}
    # The keys are made beside what Polars does on one core alone.
    with ThreadPoolExecutor() as at_work:
        forms = {"plain": characters_of(distinct)}
        works = {f"{what}_plain": at_work.submit(make, forms["plain"]) for what, make in makers.items()}
        frame = (
            distinct.to_frame("plain")
            .with_columns(words=normalize.words(pl.col("plain")))
            .with_columns(bare=normalize.bare(words), place=words.str.extract(f"({normalize.A_PLACE})"))
            .with_columns(doubt=pl.when(pl.col("place").is_null()).then(words.str.extract(f"({doubts})")))
            .drop("words")
            .pipe(_without_learnt_endings, doubts)
            .with_columns(rest=pl.col("bare").str.replace_all(normalize.A_PLACE, ""))
        )
        marked = pl.when(pl.col("bare") != "").then("bare").otherwise("plain")
        forms["core"] = respelt(characters_of(frame.select(marked).to_series()), normalize.spelling_of)
        frame = frame.select("place", "doubt", "rest")
        works |= {f"{what}_core": at_work.submit(make, forms["core"]) for what, make in makers.items()}
        known = _with_meaning(frame, doubts)
        spelt = {name: pl.Series(work.result(), dtype=pl.UInt64) for name, work in works.items()}
    return known.with_columns(**spelt), forms


def _with_meaning(frame: pl.DataFrame, doubts: str) -> pl.DataFrame:
    """`place`, `doubt`, and what the `rest` of the name means, with and without a word in doubt (numbers, null: unknown)."""
    spread = frame.drop_nulls("place").group_by("rest").agg(places=pl.col("place").n_unique())
    usual = spread.filter(pl.col("places") >= USUAL_PLACES, pl.col("places") >= USUAL_SHARE * pl.col("places").max())
    rest, placed = pl.col("rest"), pl.col("placed")
    is_usual = pl.when(placed.is_in(usual["rest"].implode()))
    rests = (
        frame.select(rest.unique())
        .with_columns(placed=rest.str.replace(doubts, ""), bodies=normalize.bodies(rest))
        .select(
            "rest",
            meaning=normalize.characters(pl.coalesce("bodies", is_usual.then(rest))),
            meaning_placed=normalize.characters(
                pl.coalesce(pl.col("bodies").str.replace(doubts, ""), is_usual.then(placed))
            ),
        )
    )
    return frame.join(rests, on="rest", how="left", maintain_order="left").drop("rest")


def _without_learnt_endings(frame: pl.DataFrame, doubts: str) -> pl.DataFrame:
    """`bare` without an ending that no list knows but that names of many bodies carry, beside the name without it."""
    known = f"{chr(normalize.PLACE)}-{chr(normalize.AFFIX - 1)}"
    ending, shorter = pl.col("ending"), pl.col("shorter")
    ended = (
        frame.select("bare", ending=pl.col("bare").str.extract(f"[{known}]([^{known}]{{2,4}})$"))
        .with_row_index("row")
        .drop_nulls("ending")
        .with_columns(shorter=normalize.bare(pl.col("bare").str.strip_suffix(ending)))
    )
    learnt = (
        ended.join(frame.select(shorter="bare"), on="shorter", how="semi")
        .with_columns(body=shorter.str.replace_all(normalize.A_PLACE, "").str.replace_all(doubts, ""))
        .filter(pl.col("body") != "")
        .group_by("ending")
        .agg(bodies=pl.col("body").n_unique())
        .filter(pl.col("bodies") >= USUAL_BODIES)
    )
    ended = ended.join(learnt, on="ending", how="semi")
    return frame.with_columns(frame["bare"].scatter(ended["row"], ended["shorter"]))


def _seats(units: pl.Series) -> pl.DataFrame:
    """Where units are, told by their names: `same` (plain name), `seat` (code), where it names one division only."""
    if units.is_null().all():
        return pl.DataFrame(schema={"same": pl.String, "seat": pl.String})
    alone = normalize.lexicon_of_names().places.filter(pl.len().over("mark") == 1)
    return (
        units.unique()
        .drop_nulls()
        .to_frame("same")
        .with_columns(mark=normalize.words(pl.col("same")).str.extract(f"({normalize.A_PLACE})"))
        .join(alone, on="mark")
        .select("same", seat="code")
    )


def _located(named: pl.DataFrame) -> pl.DataFrame:
    """`named` (spot, place, doubt, near) with `where` (see `Keyed`), `in_doubt` and `astray`.

    A name means the smallest of the divisions of that name that hold `near`, the account's region; else of those
    that it holds the one that holds the others; else the place is `astray`. A word that is a place in doubt is one
    only where it holds the region.
    """
    near = pl.col("near")
    codes = normalize.lexicon_of_names().places.with_columns(stem=normalize.stem_of(pl.col("code")))
    found = named.with_row_index("row").with_columns(mark=pl.coalesce("place", "doubt")).join(codes, on="mark")
    above = near.str.starts_with(pl.col("stem"))
    beneath = pl.col("code").str.starts_with(normalize.stem_of(near)) | near.is_null()
    reach = pl.when(above).then(pl.col("stem").str.len_chars()).when(beneath).then(1).otherwise(0)
    largest = pl.col("stem").sort_by(pl.col("stem").str.len_chars(), "stem").first()
    judged = (
        found.with_columns(reach=reach)
        .filter(pl.col("reach") == pl.col("reach").max().over("row"))
        .group_by("row")
        .agg(
            pl.col("reach").first(),
            where=pl.when(pl.col("code").str.starts_with(largest).all())
            .then(largest)
            .otherwise(pl.col("mark").first()),
        )
    )
    placed, doubted = pl.col("place").is_not_null(), pl.col("doubt").is_not_null() & (pl.col("reach") > 1)
    return (
        named.with_row_index("row")
        .join(judged, on="row", how="left")
        .select(
            "spot",
            where=pl.when(placed | doubted).then(pl.col("where").hash()),
            in_doubt=doubted.fill_null(False),
            astray=(placed & (pl.col("reach") == 0)).fill_null(False),
        )
    )


def confusable(one: str = "", other: str = "_other") -> pl.Expr:
    """Two accounts whose likeness counts: of different units, or of one unit on one platform for one purpose."""
    return (pl.col(f"owner{one}") != pl.col(f"owner{other}")) | (pl.col(f"slot{one}") == pl.col(f"slot{other}"))


def members(known: Keyed) -> pl.DataFrame:
    """Which accounts meet: `group` (a hash), its `kind` (a place in KINDS, or ONE_CHARACTER), `i`."""
    # The two halves take about as long: side by side they keep two cores at work.
    with ThreadPoolExecutor(1) as beside:
        near = beside.submit(lambda: [_one_character(known, form) for form in ("plain", "core")])
        met = [_same_key(known, kind) for kind in range(len(KINDS))] + near.result()
    return _without_contained(pl.concat(met).unique().with_columns(group=pl.struct("group", "kind").hash()))


def _same_key(known: Keyed, kind: int) -> pl.DataFrame:
    """Groups of accounts with the same key of one kind, taken apart where places or bodies disagree."""
    _, column, stricter = KINDS[kind]
    key = known.names[column]
    if stricter is not None:
        spread = {"least": pl.col(stricter).min(), "most": pl.col(stricter).max()}
        wider = known.names.group_by(key=column).agg(**spread).filter(pl.col("least") != pl.col("most"))
        key = key.set(~key.is_in(wider["key"].implode()), None)
    frame = known.accounts.drop("region").with_columns(key=key.gather(known.accounts["n"]))
    frame = frame.filter(pl.col("key").is_not_null() & pl.col("key").is_duplicated())
    frame = frame.filter(_several("owner", "key") | pl.col("slot").is_duplicated())
    # What is written alike is alike wherever it is; names of one core have one meaning.
    if stricter is None:
        frame = frame.with_columns(where=pl.lit(0, pl.UInt64), meaning=pl.lit(0, pl.UInt64))
    elif column == "same_core":
        frame = frame.with_columns(meaning=pl.lit(0, pl.UInt64))
    else:
        core = known.names["same_core"].gather(frame["n"])
        frame = frame.with_columns(meaning=pl.col("meaning").min().over("key", core))
    frame = frame.with_columns(disagree=pl.any_horizontal(_several(guard, "key").fill_null(False) for guard in GUARDS))
    whole = frame.filter(~pl.col("disagree")).select("i", "key")
    met = pl.concat([whole, _taken_apart(frame.filter("disagree"))])
    return met.select(group="key", kind=pl.lit(kind), i="i")


def _several(column: str, key: str) -> pl.Expr:
    """Whether rows of one `key` differ in a column, nulls aside (null where all are null)."""
    return pl.col(column).min().over(key) != pl.col(column).max().over(key)


def _taken_apart(frame: pl.DataFrame) -> pl.DataFrame:
    """Groups of one key, one for each place, meaning and language that occurs in it; names without them are in all."""
    rows = frame.select("i", "key", *GUARDS)
    for guard in GUARDS:
        every = rows.select("key", each=guard).drop_nulls().unique()
        missing = rows.filter(pl.col(guard).is_null()).join(every, on="key", how="left")
        filled = missing.with_columns(pl.col("each").fill_null(0).alias(guard)).drop("each")
        rows = pl.concat([rows.filter(pl.col(guard).is_not_null()), filled])
    return rows.select("i", key=pl.struct("key", *GUARDS).hash()).unique()


def _one_character(known: Keyed, form: str) -> pl.DataFrame:
    """Groups around two names (`form` plain or core) one character apart, in one region, whose places agree."""
    slips = known.accounts.filter(pl.col("meaning").is_null())["n"].unique()
    texts = (
        known.names.select(key=f"same_{form}")
        .with_row_index("n")
        .with_columns(slip=pl.col("n").is_in(slips.implode()))
        .group_by("key")
        .agg(pl.col("n").min(), pl.col("slip").any())
    )
    forms = known.forms[form].picked(texts["n"].to_numpy())
    pairs = one_apart(forms, texts["slip"].to_numpy(), shortest=SHORTEST[form])
    pairs = pairs.select("counted", text=texts["key"].gather(pairs["t"]), other=texts["key"].gather(pairs["u"]))
    looser = ("sound_core", "sound_plain", "order_core", "order_plain")
    reached = pl.concat([pairs["text"], pairs["other"]]).unique()
    side = known.accounts.with_columns(text=known.names[f"same_{form}"].gather(known.accounts["n"]))
    side = side.join(reached.to_frame("text"), on="text", how="semi")
    side = side.with_columns(known.names[key].gather(side["n"]) for key in looser)
    both = pairs.join(side, on="text").join(side.rename({"text": "other"}), on="other", suffix="_other")
    one_region = pl.col("region").str.starts_with(normalize.stem_of(pl.col("region_other"))) | pl.col(
        "region_other"
    ).str.starts_with(normalize.stem_of(pl.col("region")))
    both = both.filter(
        confusable(),
        pl.col("meaning").is_null() | pl.col("meaning_other").is_null(),
        one_region.fill_null(True),
        *((pl.col(guard) == pl.col(f"{guard}_other")).fill_null(True) for guard in ("where", "tongue")),
        *(pl.col(key) != pl.col(f"{key}_other") for key in looser),
    )
    # A number lost or overwritten may be that of several bodies; then the name is taken for none of them.
    both = both.filter(~pl.col("counted") | (pl.col("other").n_unique().over("text", "region", "counted") == 1))
    # Without a region, a slip in the name of a place may be a slip of many: then it is taken for none of them.
    lone = one_region.is_null()
    for one, other in (("", "_other"), ("_other", "")):
        text, met = ("text", "other") if one == "" else ("other", "text")
        several = pl.coalesce(f"where{other}", met).n_unique().over(text) > 1
        both = both.with_columns(several=lone & pl.col(f"where{one}").is_null() & several).filter(~pl.col("several"))
    pair = (pl.min_horizontal("text", "other").alias("one"), pl.max_horizontal("text", "other").alias("two"))
    tongue = pl.coalesce("tongue", "tongue_other").fill_null(0).alias("language")
    group = pl.struct(*pair, tongue, pl.max_horizontal("region", "region_other").fill_null("").alias("in")).hash()
    both = both.with_columns(group=group, kind=pl.lit(ONE_CHARACTER))
    return pl.concat([both.select("group", "kind", "i"), both.select("group", "kind", i="i_other")])


def _without_contained(met: pl.DataFrame) -> pl.DataFrame:
    """`met` without the groups that lie within another one."""
    sized = met.with_columns(size=pl.len().over("group"))
    larger = pl.col("size_other") > pl.col("size")
    later = (pl.col("kind_other") < pl.col("kind")) | (
        (pl.col("kind_other") == pl.col("kind")) & (pl.col("group_other") < pl.col("group"))
    )
    within = (
        sized.join(sized, on="i", suffix="_other")
        .filter(larger | ((pl.col("size_other") == pl.col("size")) & later))
        .group_by("group", "group_other")
        .agg(shared=pl.len(), size=pl.col("size").first())
        .filter(pl.col("shared") == pl.col("size"))
    )
    return met.join(within, on="group", how="anti")
