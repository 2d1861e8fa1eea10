"""The keys of names: what is evened out, what is known, what stays apart, and what odd names come to."""

import csv
import random
import string
from itertools import permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govmedia_kit.divisions import divisions
from govmedia_kit.measures.lookalikes import normalize
from govmedia_kit.package_data import resource

WORDS = resource("words")


def key(expression, *texts):
    return (
        pl.DataFrame({"name": list(texts)}, schema={"name": pl.String})
        .select(expression(pl.col("name")))
        .to_series()
        .to_list()
    )


def core(text):
    return key(normalize.core, text)[0]


def where(text):
    """The codes of the divisions that the name may mean, by its first place."""
    marked = key(normalize.words, text)[0]
    places = normalize.lexicon_of_names().places
    marks = [mark for mark in marked if normalize.PLACE <= ord(mark) < normalize.BODY]
    return sorted(places.filter(pl.col("mark") == marks[0])["code"]) if marks else []


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("玉門發布", "玉门发布"),
        ("玉门 · 发布", "玉门发布"),
        ("【玉门发布】✔", "玉门发布"),
        ("玉门发布🇨🇳", "玉门发布"),
        ("ＦＭ９６．８重庆之声", "fm968重庆之声"),
        ("@Health_Canada", "healthcanada"),
        ("玉门\u200b发布", "玉门发布"),
        ("①中", "1中"),
        ("臺灣", "台湾"),
        ("乾县发布", "乾县发布"),
        ("Santé Canada", "santécanada"),
        ("Sante\u0301 Canada", "santécanada"),
    ],
)
def test_width_case_signs_and_traditional_characters_do_not_matter(written, seen):
    assert key(normalize.plain, written) == [seen]


def test_a_blank_name_has_no_key():
    assert key(normalize.plain, "", "  ", "\t\n", None) == [None] * 4
    assert key(normalize.core, "", None) == [None, None]


def test_a_name_of_signs_only_is_the_same_only_as_itself():
    star, party, dots, private, plane15 = key(normalize.plain, "🌟🌟", "🎉", "……", "\ue000", "\U000f0001")
    assert star == "🌟🌟"
    assert len({star, party, dots, private, plane15}) == 5
    assert plane15 == "<f0001>"  # no character that could be taken for a word


def test_private_characters_cannot_pass_for_words():
    place = next(iter(normalize.lexicon_of_names().marks.values()))
    assert key(normalize.plain, f"玉门{place}发布") == ["玉门发布"]
    assert not any(ord(sign) >= normalize.PLACE for sign in key(normalize.plain, place)[0])


def test_one_character_and_two_hundred_are_names_too():
    assert key(normalize.core, "甘", "我" * 200) == ["甘", "我" * 200]
    assert key(normalize.core, "发布") == ["发布"]  # nothing else is left
    assert key(normalize.core, "玉门", "玉门市") == ["玉门", "玉门"]


def test_mixed_scripts_keep_all_their_letters():
    assert core("i自然 Ωmega ひら 한글") == "i自然ωmegaひら한글"


@pytest.mark.parametrize(
    ("longer", "shorter"),
    [
        ("玉门市卫生健康委员会", "玉门卫健委"),
        ("玉门市卫生健康局", "玉门卫健"),
        ("甘肃省酒泉市玉门市公安局", "玉门公安"),
        ("甘肃省人力资源和社会保障厅", "甘肃人社"),
        ("官方玉门公安", "玉门公安官方微博"),
        ("玉门公安头条号", "玉门公安V"),
        ("张家川回族自治县公安局", "张家川县公安"),
        ("临夏回族自治州税务局", "临夏州税务"),
        ("玉门市第三中学", "玉门三中"),
        ("玉门市第三人民医院", "玉门三院"),
        ("兰州市公安局交通警察支队", "兰州交警"),
        ("玉门市委宣传部", "玉门市委宣传"),
        ("中国广州发布", "广州发布"),
        ("广西壮族自治区应急管理厅", "广西应急"),
    ],
)
def test_long_and_short_forms_have_one_core(longer, shorter):
    assert core(longer) == core(shorter)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("玉门发布", "厦门发布"),
        ("玉门财政", "玉门民政"),
        ("玉门一中", "玉门二中"),
        ("平安甘肃", "甘肃公安"),
        ("玉门公安", "公安"),
        ("玉门市委", "玉门市"),
        ("卫健", "卫生"),
    ],
)
def test_different_places_bodies_and_numbers_have_different_cores(one, other):
    assert core(one) != core(other)


def test_a_place_is_read_from_the_left_and_as_long_as_it_goes():
    assert where("静宁县公安") == ["620826"]
    assert where("正宁县公安") == ["621025"]
    assert where("宁县公安") == ["621026"]
    assert where("和政县公安") == ["622925"]
    assert where("西和县公安") == ["621225"]


def test_the_type_of_a_place_tells_divisions_of_one_stem_apart():
    assert where("临夏州公安") == ["622900"]
    assert where("临夏市公安") == ["622901"]
    assert where("临夏县公安") == ["622921"]
    assert where("临夏公安") == ["622900", "622901", "622921"]


def test_a_larger_place_before_a_smaller_one_says_which_it_is():
    assert where("长春市朝阳区公安") == where("长春朝阳公安") == ["220104"]
    assert where("北京市朝阳区公安") == ["110105"]
    assert core("长春市朝阳区公安局") == "朝阳公安"


def test_a_common_word_is_a_place_only_with_its_type():
    assert where("公安在线") == []
    assert where("公安县发布") == ["421022"]
    assert where("平安甘肃") == ["620000"]


def test_every_division_is_found_by_its_full_name():
    table = divisions().filter(pl.col("level") != "zone")
    marked = table.with_columns(mark=normalize.words(normalize.plain(pl.col("name"))))
    lost = marked.filter(pl.col("mark").str.len_chars() != 1)
    # The numbered districts do not exist; what remains are names in which a number was taken for one.
    assert lost["name"].to_list() == []
    codes = normalize.lexicon_of_names().places
    right = marked.join(codes, on="mark", suffix="_meant").filter(pl.col("code") == pl.col("code_meant"))
    assert right["code"].n_unique() == len(table)


def test_homophones_sound_alike_and_others_do_not():
    assert key(normalize.sound, "玉门公安", "育门公安", "玉门gongan", "玉门公交") == [
        "yumengongan", "yumengongan", "yumengongan", "yumengongjiao",
    ]  # fmt: skip


def test_order_does_not_change_the_characters_and_anything_else_does():
    orders = ["".join(order) for order in permutations("平安甘肃")]
    assert len(set(key(normalize.characters, *orders))) == 1
    others = ["平安甘", "平安甘肃肃", "平安甘南", "平平甘肃", "安甘肃"]
    assert len(set(key(normalize.characters, *others, "平安甘肃"))) == 6


def test_latin_words_and_numbers_count_as_a_whole():
    one, other, third, moved = key(normalize.characters, "tbs加拿大", "tsb加拿大", "12加34", "加拿大tbs")
    assert one == moved
    assert one != other
    assert key(normalize.characters, "12加34") != key(normalize.characters, "34加21")
    assert third == key(normalize.characters, "34加12")[0]


def test_characters_of_many_names_are_those_of_each_alone():
    rng = random.Random(5)
    texts = ["".join(rng.choices("甘肃公安ab12", k=rng.randrange(6))) for _ in range(300)]
    assert key(normalize.characters, *texts) == [key(normalize.characters, text)[0] for text in texts]


def test_converters_are_asked_once_per_character_not_per_name(monkeypatch):
    asked = []

    class Converter:
        def convert(self, text):
            asked.append(text)
            return text

    monkeypatch.setattr(normalize, "converter", lambda way: Converter())
    normalize._even.cache_clear()
    key(normalize.plain, *(["甘肃公安"] * 500 + ["甘肃司法"] * 500))
    normalize._even.cache_clear()
    assert sorted(asked) == sorted("甘肃公安司法")


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("玉门市公安局发布官方甘肃省ＡＢ ·🌟")),
        max_size=30,
    )
)
def test_keys_of_any_text_are_stable(text):
    [plain] = key(normalize.plain, text)
    if plain is None:
        assert text.strip() == "" or not text.isprintable()
        return
    assert plain
    assert key(normalize.core, text)[0]
    if any(sign.isalnum() for sign in plain) and "<" not in plain:
        assert key(normalize.plain, plain) == [plain]


def test_every_word_has_a_reason_and_stands_once():
    for path in sorted(WORDS.glob("name_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows, path.name
        assert all(row["reason"].strip() and row["word"].strip() for row in rows), path.name
        keys = [row["word"] for row in rows]
        assert len(keys) == len(set(keys)), path.name


def test_common_words_are_stems_of_divisions_and_short_forms_are_words():
    with (WORDS / "name_common_words.csv").open(encoding="utf-8", newline="") as file:
        common = {row["word"] for row in csv.DictReader(file)}
    assert common <= set(divisions()["short_name"])
    with (WORDS / "name_bodies.csv").open(encoding="utf-8", newline="") as file:
        bodies = {row["word"]: row["stands_for"] for row in csv.DictReader(file)}
    assert {short for short in bodies.values() if bodies.get(short) != short} == set()
    assert not {word for word in bodies if not set(word) - set(string.ascii_letters)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("兰州市场监管", "兰州市市场监督管理局"),
        ("兰州公安", "兰州公安❤️"),
        ("国家税务总局兰州市税务局", "兰州市税务局"),
        ("兰州共青团", "兰州团市委"),
        ("兰州市委发布", "中共兰州市委"),
    ],
)
def test_two_spellings_of_one_body_have_one_core(one, other):
    cores = pl.DataFrame({"name": [one, other]}).select(normalize.core(pl.col("name"))).to_series().to_list()
    assert cores[0] == cores[1]


@pytest.mark.parametrize(
    ("name", "core"), [("玉林市容县", "容县"), ("兰州市容", "兰州市容"), ("兰州市政府", "兰州政府")]
)
def test_a_word_that_begins_like_a_places_type_is_read_where_it_stands(name, core):
    assert pl.DataFrame({"name": [name]}).select(normalize.core(pl.col("name"))).item() == core


def test_only_variation_selectors_do_not_make_two_emoji_the_same():
    plain = pl.DataFrame({"name": ["✔️", "❤️"]}).select(normalize.plain(pl.col("name"))).to_series().to_list()
    assert plain[0] != plain[1]


def test_every_character_is_read_as_pypinyin_reads_it():
    from pypinyin import lazy_pinyin

    characters = [chr(code) for code in range(0x4E00, 0xA000, 7)]
    assert [normalize.reading(c) for c in characters] == ["".join(lazy_pinyin(c)) for c in characters]
