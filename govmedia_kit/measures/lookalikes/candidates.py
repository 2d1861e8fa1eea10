"""How accounts with confusable names are found: keys that are grouped, never names compared pairwise.

Two facts of government account names decide how. Very many differ in one character because they are different places
(玉门发布, 厦门发布) or bodies (玉门财政, 玉门民政): where the words of both names are known, they must agree, and only a name
that is not made of known words can be a slip of another. And chains of one-character steps run through a whole
country: `one_character` is a relation of two names and is never followed further.

Sameness, sound and order are hash keys; names one character apart meet under the same text with that character blotted
out or left out. `keyed` makes the keys (see the module `keys`), `members` says who meets whom, `groups` turns that into
a table.
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

# The keys under which names meet, the strictest first.
KINDS = ("same_plain", "same_core", "sound_core", "sound_plain", "order_core", "order_plain")
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

    `names` has a row per distinct plain name: the keys of its plain form and its core (numbers, see `keys`), and
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
    # Units differ by more than case and punctuation; without one an account is its own.
    odd = accounts.select("unit").filter(pl.col("unit").str.contains(normalize.NOT_PLAIN)).unique()
    odd = odd.with_columns(same=normalize.plain(pl.col("unit")))
    # Names are long and many: they are joined by their hashes.
    name = pl.col("name").hash().alias("name")
    frame = (
        accounts.drop_nulls("name")
        .select("i", name, "unit", "platform", "region", "purpose")
        .join(odd, on="unit", how="left", maintain_order="left")
        .with_columns(unit=pl.coalesce("same", "unit"))
    )
    unit, platform, alone = pl.col("unit"), pl.col("platform"), pl.col("i")
    owner = pl.when(unit.is_not_null()).then(unit.hash()).otherwise(alone.hash(1))
    stage = pl.when(platform.is_not_null()).then(platform.hash()).otherwise(alone.hash(2))
    seats = _seats(frame.filter(pl.col("region").is_null())["unit"])
    frame = frame.join(seats, on="unit", how="left", maintain_order="left").select(
        *("i", "name", "region"),
        near=pl.coalesce("region", "seat"),
        owner=owner,
        slot=pl.struct(owner.alias("owner"), stage.alias("stage"), pl.col("purpose").fill_null("").hash()).hash(),
        tongue=normalize.language(pl.col("purpose")),
    )
    named = accounts.select("name").unique().select(name, plain=normalize.plain(pl.col("name"))).drop_nulls()
    distinct = named.select("plain").unique().with_row_index("n")
    frame = frame.join(named.join(distinct, on="plain").select("name", "n"), on="name").sort("i")
    names, forms = _names(distinct["plain"])
    frame = _placed(frame, names).select("i", "n", "owner", "slot", "region", "where", "meaning", "tongue")
    return Keyed(frame, names.drop("place", "doubt", "meaning", "meaning_placed"), forms)


def _placed(frame: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`frame` with `where` its name says that it is and what its name means, see `Keyed`."""
    columns = ("place", "doubt", "meaning", "meaning_placed")
    spot = pl.struct("place", "doubt", "near").hash()
    frame = frame.with_columns(names[column].gather(frame["n"]) for column in columns).with_columns(spot=spot)
    spots = _located(frame.select("spot", "place", "doubt", "near").unique("spot"))
    frame = frame.join(spots, on="spot", how="left", maintain_order="left")
    meaning = pl.when("in_doubt").then("meaning_placed").otherwise("meaning")
    # A place that the region does not know, in a name with unknown parts, is no place but part of a slip (双和政协).
    sure = ~pl.col("astray") | pl.col("meaning").is_not_null()
    return frame.with_columns(meaning=meaning).with_columns(where=pl.when(sure).then("where"))


def _names(distinct: pl.Series) -> tuple[pl.DataFrame, dict[str, Characters]]:
    """Plain names, a row for each: keys, `place` and `doubt` (marks, see `normalize.words`), meanings; and both forms."""
    doubts = f"[{normalize.lexicon_of_names().doubts}]"
    words = pl.col("words")
    makers = {"same": same_keys, "sound": lambda texts: sound_keys(texts, normalize.reading), "order": order_keys}
    # The keys are arithmetic of one core; beside them Polars reads the words.
    with ThreadPoolExecutor(1) as beside:
        forms = {"plain": characters_of(distinct)}
        made = {f"{what}_plain": beside.submit(make, forms["plain"]) for what, make in makers.items()}
        frame = (
            distinct.to_frame("plain")
            .with_columns(words=normalize.words(pl.col("plain")))
            .with_columns(bare=normalize.bare(words), place=words.str.extract(f"({normalize.A_PLACE})"))
            .with_columns(doubt=pl.when(pl.col("place").is_null()).then(words.str.extract(f"({doubts})")))
            .drop("words")
            .pipe(_without_learnt_endings, doubts)
            .with_columns(rest=pl.col("bare").str.replace_all(normalize.A_PLACE, ""))
        )
        marked = frame.select(pl.when(pl.col("bare") != "").then("bare").otherwise("plain")).to_series()
        forms["core"] = respelt(characters_of(marked), normalize.spelling_of)
        made |= {f"{what}_core": beside.submit(make, forms["core"]) for what, make in makers.items()}
        known = _with_meaning(frame.select("place", "doubt", "rest"), doubts)
    return known.with_columns(**{name: pl.Series(key.result(), dtype=pl.UInt64) for name, key in made.items()}), forms


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
    """Where units are, told by their names: `unit` (plain name), `seat` (code), where it names one division only."""
    units = units.unique().drop_nulls()
    mark = normalize.words(pl.col("unit")).str.extract(f"({normalize.A_PLACE})")
    alone = normalize.lexicon_of_names().places.filter(pl.len().over("mark") == 1)
    return units.to_frame("unit").with_columns(mark=mark).join(alone, on="mark").select("unit", seat="code")


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


def confusable() -> pl.Expr:
    """Two accounts whose likeness counts: of different units, or of one unit on one platform for one purpose."""
    return (pl.col("owner") != pl.col("owner_other")) | (pl.col("slot") == pl.col("slot_other"))


def members(known: Keyed) -> pl.DataFrame:
    """Which accounts meet: a row per group (a hash) of one `kind` (a place in KINDS, or ONE_CHARACTER) and account `i`.

    With the account's `owner`, `slot`, `same_plain` and `same_core`; every account of a group is confusable with another.
    """
    # The two halves take about as long: side by side they keep two cores at work.
    with ThreadPoolExecutor(1) as beside:
        near = beside.submit(lambda: [_one_character(known, form) for form in ("plain", "core")])
        met = [_same_key(known, kind) for kind in range(len(KINDS))] + near.result()
    accounts = known.with_names("same_plain", "same_core").select("i", "owner", "slot", "same_plain", "same_core")
    several_owners = pl.col("owner").min().over("group") != pl.col("owner").max().over("group")
    return (
        pl.concat(met)
        .unique()
        .with_columns(group=pl.struct("group", "kind").hash())
        .pipe(_without_repeated)
        .join(accounts, on="i")
        .filter(several_owners | pl.struct("group", "slot").is_duplicated())
        .pipe(_without_contained)
    )


def _same_key(known: Keyed, kind: int) -> pl.DataFrame:
    """Groups of accounts with the same key of one kind, taken apart where places or bodies disagree."""
    key, core = (known.names[column].gather(known.accounts["n"]) for column in (KINDS[kind], "same_core"))
    rows = known.accounts.select("i", *GUARDS, key=key, core=core).filter(pl.col("key").is_duplicated())
    # What is written alike is alike wherever it is; names of one core have one meaning.
    unknown = pl.lit(None, pl.UInt64)
    if KINDS[kind] == "same_plain":
        rows = rows.with_columns(where=unknown, meaning=unknown)
    elif KINDS[kind] == "same_core":
        rows = rows.with_columns(meaning=unknown)
    else:
        rows = rows.with_columns(meaning=pl.col("meaning").min().over("key", "core"))
    for guard in GUARDS:
        # Who names no place (body, language) is in the group of each that occurs.
        every = rows.select("key", each=guard).drop_nulls().unique()
        unnamed = rows.filter(pl.col(guard).is_null()).drop(guard).join(every, on="key", how="left")
        rows = pl.concat([rows.drop_nulls(guard), unnamed.rename({"each": guard})], how="diagonal")
    return rows.select(group=pl.struct("key", *GUARDS).hash(), kind=pl.lit(kind), i="i").unique()


def _one_character(known: Keyed, form: str) -> pl.DataFrame:
    """Groups around two names (`form` plain or core) one character apart, in one region, whose places agree."""
    accounts = known.with_names(*KINDS).with_columns(text=f"same_{form}")
    texts = accounts.group_by("text").agg(pl.col("n").first(), slip=pl.col("meaning").is_null().any())
    characters = known.forms[form].picked(texts["n"].to_numpy())
    pairs = one_apart(characters, texts["slip"].to_numpy(), shortest=SHORTEST[form])
    pairs = pairs.select("counted", text=texts["text"].gather(pairs["t"]), other=texts["text"].gather(pairs["u"]))
    reached = pl.concat([pairs["text"], pairs["other"]]).to_frame()
    accounts = accounts.join(reached, on="text", how="semi")
    met = pairs.join(accounts, on="text").join(accounts.rename({"text": "other"}), on="other", suffix="_other")
    stem, stem_other = normalize.stem_of(pl.col("region")), normalize.stem_of(pl.col("region_other"))
    one_region = pl.col("region").str.starts_with(stem_other) | pl.col("region_other").str.starts_with(stem)
    met = met.filter(
        confusable(),
        pl.col("meaning").is_null() | pl.col("meaning_other").is_null(),
        one_region.fill_null(True),
        *((pl.col(guard) == pl.col(f"{guard}_other")).fill_null(True) for guard in ("where", "tongue")),
        # What sounds alike or is reordered is alike in another way.
        *(pl.col(key) != pl.col(f"{key}_other") for key in KINDS[2:]),
    )
    # A number lost or overwritten may be that of several bodies; then the name is taken for none of them.
    met = met.filter(~pl.col("counted") | (pl.col("other").n_unique().over("text", "region", "counted") == 1))
    # Without a region, a slip in the name of a place may be a slip of many: then it is taken for none of them.
    for text, where, other, where_other in (
        ("text", "where", "other", "where_other"),
        ("other", "where_other", "text", "where"),
    ):
        several = pl.coalesce(where_other, other).n_unique().over(text) > 1
        met = met.filter(~(one_region.is_null() & pl.col(where).is_null() & several))
    group = pl.struct(
        pl.min_horizontal("text", "other").alias("one"),
        pl.max_horizontal("text", "other").alias("two"),
        pl.coalesce("tongue", "tongue_other").fill_null(0).alias("language"),
        pl.max_horizontal("region", "region_other").fill_null("").alias("in"),
    ).hash()
    met = met.select("i", "i_other", group=group, kind=pl.lit(ONE_CHARACTER))
    return pl.concat([met.select("group", "kind", "i"), met.select("group", "kind", i="i_other")])


def _without_repeated(met: pl.DataFrame) -> pl.DataFrame:
    """`met` without the groups that are those of a stricter kind again, as most are."""
    groups = met.group_by("group").agg(pl.col("kind").first(), everyone=pl.col("i").hash().sum())
    return met.join(groups.sort("kind", "group").unique("everyone", keep="first"), on="group", how="semi")


def _without_contained(met: pl.DataFrame) -> pl.DataFrame:
    """`met` without the groups that lie within a larger one, or are that of a stricter kind again."""
    groups = (
        met.group_by("group", "kind").agg(size=pl.len()).sort("size", "kind", "group", descending=[True, False, False])
    )
    ranked = met.select("group", "i").join(groups.select("group", "size").with_row_index("rank"), on="group")
    within = (
        ranked.join(ranked, on="i", suffix="_other")
        .filter(pl.col("rank_other") < pl.col("rank"))
        .group_by("group", "rank_other")
        .agg(pl.col("size").first(), shared=pl.len())
        .filter(pl.col("shared") == pl.col("size"))
    )
    return met.join(within, on="group", how="anti")
