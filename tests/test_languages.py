"""A language is a file: every phrase is there in each, printed somewhere, and asked for under one name."""

import ast
import itertools
import re
from pathlib import Path

import polars as pl
import pytest
from audits import write_audit

import govmedia_kit as gk
from govmedia_kit import package_data, schema
from govmedia_kit.catalogue import LANGUAGES, catalogue, in_script, localized, phrase
from govmedia_kit.divisions import divisions
from govmedia_kit.errors import InputError
from govmedia_kit.judge import rules
from govmedia_kit.languages import language_of

PACKAGE = Path(gk.__file__).parent
CATALOGUES = {name: package_data.words(f"words/{name}.toml") for name in ("zh", "en")}
KEYS = {f"{chapter}.{name}": text for chapter, phrases in CATALOGUES["zh"].items() for name, text in phrases.items()}

# --- Which language is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", ["en", "EN", "en-US", "en_GB", "en_US.UTF-8", " en ", "English_United States.1252"]),
        ("zh-Hans", ["zh", "zh-CN", "zh_CN.UTF-8", "zh-Hans", "ZH-hans-CN", "zh_SG", "Chinese (Simplified)_China.936"]),
        ("zh-Hant", ["zh-Hant", "zh-TW", "zh_HK", "zh-MO", "zh-hant-hk", "Chinese (Traditional)_Taiwan.950"]),
    ],
)
def test_a_language_is_known_however_it_is_written(language, written):
    assert {language_of(text) for text in written} == {language}


def test_simplified_characters_can_be_asked_for_where_traditional_ones_are_usual():
    assert language_of("zh-Hans-HK") == "zh-Hans"


@pytest.mark.parametrize("text", ["fr", "englisch", "zhong", "", "中文", "e n"])
def test_any_other_language_is_an_error_that_names_those_that_there_are(text):
    with pytest.raises(InputError) as caught:
        language_of(text)
    assert caught.value.kind == "unknown_language"
    assert all(known in caught.value.say("en") and known in caught.value.say("zh-Hans") for known in LANGUAGES)


@pytest.mark.parametrize(("asked", "label"), [("EN", "Pass rate"), ("zh-TW", "合格率"), ("zh_CN.UTF-8", "合格率")])
def test_the_figures_of_an_audit_speak_the_language_that_is_asked_for(tmp_path, asked, label):
    audit = gk.read_audit(write_audit(tmp_path / "audit"), language=asked)
    assert audit.settings.language == language_of(asked)
    assert gk.figures(gk.assess(audit))["pass_rate"].label == label


def test_an_audits_own_setting_may_be_written_in_any_way_too(tmp_path):
    assert gk.read_audit(write_audit(tmp_path / "audit", language="en-US")).settings.language == "en"


def test_an_audit_in_a_language_that_the_kit_does_not_speak_is_refused(tmp_path):
    with pytest.raises(InputError, match="`fr`"):
        gk.read_audit(write_audit(tmp_path / "audit"), language="fr")


def test_findings_speak_the_language_that_is_asked_for():
    table = gk.read_rules("gansu-2019").filter(column="never", rule="stale")
    measured = pl.DataFrame({"account_id": ["a"], "never": [True]})
    assert gk.flag(measured, table, language="en_GB")["sentence"].to_list() == ["Never updated since it was opened"]
    with pytest.raises(InputError, match="`fr`"):
        gk.flag(measured, table, language="fr")


# --- What a language is made of ----------------------------------------------------------------------------


def test_every_language_has_its_catalogue():
    assert {catalogue(language) for language in LANGUAGES} == set(CATALOGUES)


def test_no_code_asks_for_one_language():
    # The command has its own words, and speaks before anything else is loaded.
    asking = re.compile(r"is_english|[!=]= ?\"en\"|startswith\(\"en\"\)")
    found = {p.name for p in PACKAGE.rglob("*.py") if asking.search(p.read_text(encoding="utf-8"))}
    assert found == set()


def test_only_what_is_no_name_is_converted():
    assert in_script({"a": ["{简称}的简称"]}, "zh-Hant") == {"a": ["{简称}的簡稱"]}
    assert in_script("简称", "zh-Hans") == "简称"


def test_a_cell_that_a_language_lacks_is_taken_from_the_chinese():
    row = {"sentence_zh": "很久", "sentence_en": "", "basis": "办法"}
    assert localized(row, "sentence", "en") == "很久"
    assert localized(row, "basis", "en") == "办法"
    assert localized(row, "basis", "zh-Hant") == "辦法"


def test_a_phrase_that_no_catalogue_has_is_an_error():
    with pytest.raises(KeyError, match=r"words/en\.toml has no phrase updates\.longst"):
        phrase("updates.longst", "en")
    assert phrase("updates.longst", "en", "as it is") == "as it is"


PLURAL = {"number_value"}


def braces(text: str) -> set[str]:
    return {name.split("|")[0] for name in re.findall(r"\{([^{}]*)\}", text)}


def test_catalogues_have_the_same_phrases_with_the_same_braces():
    english = {f"{c}.{name}": text for c, phrases in CATALOGUES["en"].items() for name, text in phrases.items()}
    assert set(english) == set(KEYS)
    # The number by which English chooses between one and many, where it is not printed itself.
    unequal = {k for k in KEYS if isinstance(KEYS[k], str) and braces(KEYS[k]) - PLURAL != braces(english[k]) - PLURAL}
    assert unequal == set()
    assert {k for k in KEYS if type(KEYS[k]) is not type(english[k])} == set()


# --- Every phrase is printed, and every phrase that is printed is there -----------------------------------

WILD = "\0"


class Strings(ast.NodeVisitor):
    """What the strings of a function may be, as far as it says so itself; `WILD` stands for any part that comes from elsewhere."""

    def __init__(self, function: ast.AST) -> None:
        self.names: dict[str, set[str]] = {}
        for _ in "12":  # a name may be made of itself
            self.visit(function)

    def name(self, target: ast.AST, value: ast.AST) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = self.names.get(target.id, set()) | self.of(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for part, its in zip(target.elts, value.elts, strict=True):
                self.name(part, its)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.name(node.targets[0], node.value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.comprehension) -> None:
        for value in node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else []:
            self.name(node.target, value)
        self.generic_visit(node)

    visit_comprehension = visit_For

    def of(self, node: ast.AST) -> set[str]:
        if isinstance(node, ast.Constant):
            return {str(node.value)}
        if isinstance(node, ast.FormattedValue):
            return self.of(node.value)
        if isinstance(node, ast.Name):
            return self.names.get(node.id) or {WILD}
        if isinstance(node, ast.IfExp):
            return self.of(node.body) | self.of(node.orelse)
        if isinstance(node, ast.JoinedStr):
            return {"".join(parts) for parts in itertools.product(*map(self.of, node.values))}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return {a + b for a in self.of(node.left) for b in self.of(node.right)}
        return {WILD}


def asked_for() -> list[tuple[str, str, bool]]:
    """Every phrase that the code asks for: the folder of the code, its key, and whether it can do without."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        folder = path.relative_to(PACKAGE).parts[0]
        functions = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.FunctionDef)]
        for function, call in ((f, n) for f in functions for n in ast.walk(f) if isinstance(n, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if function.name == "chart_phrase":
                continue  # the keys that it is given are found where it is called
            if name in ("phrase", "runs", "text", "heading", "paragraph", "chart_phrase") and call.args:
                keys = Strings(function).of(call.args[-1] if name == "heading" else call.args[0])
                prefix = "charts." if name == "chart_phrase" else ""
                found += [(folder, prefix + key, len(call.args) == 3) for key in keys if "." in prefix + key]
    return found


def matches(key: str) -> dict[str, tuple[str, ...]]:
    """The phrases that a key may mean, each with what stands for the parts that come from elsewhere."""
    pattern = re.compile("".join(r"(\w+)" if part == WILD else re.escape(part) for part in re.split(f"({WILD})", key)))
    return {known: found.groups() for known in KEYS if (found := pattern.fullmatch(known))}


def words_of(folder: str) -> set[str]:
    """Every word that the code of a folder writes, and every word of the kit's tables."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (PACKAGE / folder).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    words = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    words |= {n.arg for n in nodes if isinstance(n, ast.keyword) and n.arg}
    words |= {*rules.COMPARE, *divisions()["level"]}
    words |= {row["value"] for row in package_data.rows("vocabularies.csv")}
    words |= {name for table in schema.tables() for name in schema.columns(table)}
    return words | {rule for name in ("gansu-2019", "state-council-2019") for rule in gk.read_rules(name)["rule"]}


def test_every_phrase_that_the_code_asks_for_is_in_the_catalogue():
    asked = asked_for()
    assert len(asked) > 150
    assert sorted({key.replace(WILD, "*") for _, key, optional in asked if not optional and not matches(key)}) == []


def test_every_phrase_of_the_catalogue_is_asked_for():
    words = {
        folder: words_of(folder) for folder in {folder for folder, _, _ in asked_for()} if (PACKAGE / folder).is_dir()
    }
    used = {key for found in words.values() for key in found & set(KEYS)}
    for folder, key, _ in asked_for():
        used |= {known for known, parts in matches(key).items() if set(parts) <= words.get(folder, set())}
    assert sorted(set(KEYS) - used) == []
