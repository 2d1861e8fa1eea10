"""The dictionary says what the data files are: their columns, dtypes, hashes; README and data package come from it."""

import csv
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from govmedia_kit import schema

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
TABLES = {
    "gansu-2019/accounts.csv": "accounts",
    "gansu-2019/posts.parquet": "posts",
    "gansu-2019/messages.csv": "messages",
    "bulletins.csv": "bulletins",
    "divisions.csv": "divisions",
}
SHAPES = {
    "int": r"-?\d+",
    "float": r"-?\d+(\.\d+)?",
    "bool": r"true|false",
    "date": r"\d{4}-\d\d-\d\d",
    "datetime": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "str": r"[\s\S]*",
}
PACKAGE = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {resource["path"]: resource for resource in PACKAGE["resources"]}


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


# --- The generated documents -------------------------------------------------------------------------------


def test_readme_and_data_package_are_what_the_dictionary_says(tmp_path):
    subprocess.run([sys.executable, str(DATA / "build_dictionary.py"), "--to", str(tmp_path)], check=True)
    for name in ("README.md", "datapackage.json"):
        again = (tmp_path / name).read_text(encoding="utf-8")
        assert (DATA / name).read_text(encoding="utf-8") == again, f"data/{name}: run data/build_dictionary.py again"


def test_every_table_and_column_is_in_the_readme():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for table in schema.tables():
        head = f"### `{table}`\n"
        assert head in text
        section = text.split(head)[1].split("\n### ")[0].split("\n## ")[0]
        assert section.split("\n")[1].strip(), f"build_dictionary.py does not say what a row of {table} is"
        if table != "filed":
            named = re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
            assert named == list(schema.columns(table))


def test_every_data_file_has_its_resource():
    files = {p.relative_to(DATA).as_posix() for p in DATA.rglob("*") if p.suffix in (".csv", ".parquet")}
    assert set(RESOURCES) == files == set(TABLES)


@pytest.mark.parametrize("path", TABLES)
def test_size_and_hash_are_the_files(path):
    content = (DATA / path).read_bytes()
    assert RESOURCES[path]["bytes"] == len(content)
    assert RESOURCES[path]["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("path", [p for p in TABLES if p.endswith(".csv")])
def test_keys_hold_in_the_files(path):
    schema = RESOURCES[path]["schema"]
    rows = rows_of(DATA / path)
    for key in schema.get("primaryKey", []):
        values = [row[key] for row in rows]
        assert len(set(values)) == len(values)
        assert "" not in values
    names = {r["name"]: r["path"] for r in RESOURCES.values()}
    for foreign in schema.get("foreignKeys", []):
        target = foreign["reference"].get("resource")
        there = rows_of(DATA / (names[target] if target else path))
        known = {row[foreign["reference"]["fields"][0]] for row in there}
        assert {row[foreign["fields"][0]] for row in rows} - {""} <= known


# --- The data files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [p for p in TABLES if p.endswith(".csv")])
def test_every_cell_of_a_csv_has_the_dtype_of_the_dictionary(path):
    table = schema.columns(TABLES[path])
    words = {name: set(schema.vocabulary_of(name) or ()) for name in table}
    rows = rows_of(DATA / path)
    assert set(rows[0]) <= set(table)
    for row in rows:
        for name, cell in row.items():
            if cell == "":
                assert not table[name].required, (path, name, row)
                continue
            assert re.fullmatch(SHAPES[table[name].dtype], cell), (path, name, cell)
            assert not words[name] or cell in words[name], (path, name, cell)


def test_the_posts_have_the_dtypes_of_the_dictionary():
    there = pl.read_parquet_schema(DATA / "gansu-2019" / "posts.parquet")
    known = schema.dtypes("posts")
    assert {name: known[name] for name in there} == dict(there)
    posts = pl.read_parquet(DATA / "gansu-2019" / "posts.parquet")
    needed = [name for name, field in schema.columns("posts").items() if field.required]
    assert posts.select(needed).null_count().row(0) == (0,) * len(needed)
    assert posts["post_id"].n_unique() == posts.height


# --- The dictionary itself ---------------------------------------------------------------------------------


def test_every_field_is_labelled_and_explained_in_both_languages():
    for table in schema.tables():
        for field in schema.columns(table).values():
            texts = [field.labels[c] for c in ("zh", "en")] + [field.meanings[c] for c in ("zh", "en")]
            assert all(texts), f"{table}.{field.name}"
            assert field.dtype in SHAPES, f"{table}.{field.name}"
            assert re.fullmatch(r"[a-z][a-z0-9_]*", field.name)


def test_no_field_or_word_stands_twice():
    package = ROOT / "govmedia_kit" / "resources"
    for name, key in (("fields.csv", ("table", "name")), ("vocabularies.csv", ("vocabulary", "value"))):
        found = [tuple(row[k] for k in key) for row in rows_of(package / name)]
        assert [k for k in found if found.count(k) > 1] == []


@pytest.mark.parametrize("name", ["platform", "unit_level", "filing_status"])
def test_no_spelling_means_two_words(name):
    owner: dict[str, str] = {}
    for word in schema.vocabulary(name).values():
        for spelling in {s.lower().replace(" ", "") for s in word.spellings}:
            assert owner.setdefault(spelling, word.value) == word.value, spelling


def test_labels_follow_the_language():
    assert schema.label("gap_days") == "距今天数"
    assert schema.label("gap_days", "en") == "Gap"
    assert schema.label("no_such_column") == "no_such_column"
    assert schema.word_label("platform", "weibo") == "新浪微博"
    assert schema.word_label("platform", "weibo", "en") == "Weibo"
    assert schema.word_label("platform", "myspace") == "myspace"
    assert schema.word_label("platform", None) == ""
    assert schema.vocabulary_of("name") is None


def test_the_filed_list_has_the_columns_of_the_ledger():
    assert list(schema.columns("filed")) == list(schema.columns("accounts"))
    assert schema.dtypes("filed") == schema.dtypes("accounts")


def test_the_ledger_holds_every_column_that_design_names():
    named = (
        "account_id platform platform_id name unit unit_level region supervisor opened_on closed_on filing_status certified "
        "certified_subject followers channel_comments channel_messages channel_menu last_post_on post_count observed_from observed_to"
    )
    assert set(named.split()) <= set(schema.columns("accounts"))
    named = "account_id post_id published_at title url reads reads_capped likes wow comments shares push_id is_headline captured_at"
    assert set(named.split()) <= set(schema.columns("posts"))
    named = "account_id unit message_id received_at replied_at"
    assert set(named.split()) <= set(schema.columns("messages"))
