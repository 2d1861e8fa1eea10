"""Rule tables: what they hold, what they find, what is said when one cannot be applied."""

import datetime as dt
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from audits import write_audit

import govmedia_kit as gk
from govmedia_kit import schema
from govmedia_kit.errors import RuleError
from govmedia_kit.judge.rules import COMPARE, basis, flag, known_rules, read_rules, stale_after, threshold, verdicts
from govmedia_kit.report.blocks import plain
from govmedia_kit.report.method import method_note

HEAD = "rule,column,compare,threshold,severity,points,sentence_zh,sentence_en,basis\n"


def table(folder: Path, *lines: str) -> pl.DataFrame:
    (folder / "ours.csv").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return read_rules("ours.csv", folder=folder)


def measured(**columns: list) -> pl.DataFrame:
    size = len(next(iter(columns.values())))
    return pl.DataFrame({"account_id": [f"a{i}" for i in range(size)], "checked": [True] * size} | columns)


# --- The kit's own tables ----------------------------------------------------------------------------------


def test_the_kit_has_both_rule_tables():
    assert known_rules() == ["gansu-2019", "state-council-2019"]


@pytest.mark.parametrize("name", ["gansu-2019", "state-council-2019"])
def test_thresholds_are_those_of_the_definitions(name):
    rules = read_rules(name)
    assert [threshold(rules, rule) for rule in ("stale", "warned", "dormant")] == [14, 7, 90]
    assert rules.filter(rule="borderline").select("compare", "threshold").row(0) == ("eq", "14")
    assert rules["severity"].is_in(["veto", "deduct", "warn", "note"]).all()
    assert rules.select("sentence_zh", "sentence_en", "basis").null_count().row(0) == (0, 0, 0)


def test_gansu_warns_after_a_week_and_the_state_council_only_notes_it():
    severity = {name: read_rules(name).filter(rule="warned")["severity"][0] for name in known_rules()}
    assert severity == {"gansu-2019": "warn", "state-council-2019": "note"}


def test_never_counts_as_stale_and_as_warned_but_not_as_dormant():
    rules = read_rules("gansu-2019")
    assert rules.filter(column="never")["rule"].to_list() == ["stale", "warned"]


# --- Finding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compare", "hit"),
    [("gt", [15]), ("ge", [14, 15]), ("lt", [13]), ("le", [13, 14]), ("eq", [14]), ("ne", [13, 15])],
)
def test_each_comparison_means_what_it_says(tmp_path, compare, hit):
    rules = table(tmp_path, f"r,gap_days,{compare},14,veto,,,,")
    found = flag(measured(gap_days=[13, 14, 15, None]), rules)
    assert [int(v) for v in found["value"]] == hit


def test_every_comparison_is_tested():
    assert set(COMPARE) == {"gt", "ge", "lt", "le", "eq", "ne"}


def test_an_unknown_value_meets_no_rule(tmp_path):
    rules = table(tmp_path, "r,gap_days,lt,9999,veto,,,,", "s,channel,ne,full,veto,,,,")
    frame = measured(gap_days=[None, 1], channel=[None, "none"])
    assert flag(frame, rules).select("account_id", "rule").rows() == [("a1", "r"), ("a1", "s")]


def test_an_account_meets_a_rule_of_two_rows_once(tmp_path):
    rules = table(tmp_path, "stale,gap_days,gt,14,veto,,很久,long,x", "stale,gap_days,gt,7,veto,,久,while,y")
    found = flag(measured(gap_days=[20, 8, 1]), rules)
    assert found.select("account_id", "sentence").rows() == [("a0", "很久"), ("a1", "久")]


def test_true_and_false_can_be_compared_as_words_or_numbers(tmp_path):
    frame = measured(never=[True, False, None])
    for value in ("1", "true", "TRUE"):
        assert flag(frame, table(tmp_path, f"r,never,eq,{value},veto,,,,"))["account_id"].to_list() == ["a0"]
    assert flag(frame, table(tmp_path, "r,never,eq,false,veto,,,,"))["account_id"].to_list() == ["a1"]


def test_a_finding_carries_its_sentence_with_the_accounts_own_values(tmp_path):
    rules = table(
        tmp_path,
        "r,gap_days,gt,14,deduct,2.5,停更{gap_days}天（{last_post}，{nothing}）,silent {gap_days} d,办法第三条",
    )
    frame = measured(gap_days=[20, 30], last_post=[dt.date(2019, 6, 25), None])
    assert flag(frame, rules).rows(named=True)[0] == {
        "account_id": "a0",
        "rule": "r",
        "severity": "deduct",
        "points": 2.5,
        "column": "gap_days",
        "value": "20",
        "sentence": "停更20天（2019-06-25，{nothing}）",
        "basis": "办法第三条",
    }
    assert flag(frame, rules, language="en")["sentence"].to_list() == ["silent 20 d", "silent 30 d"]
    assert flag(frame, rules)["sentence"][1] == "停更30天（?，{nothing}）"


def test_findings_follow_the_accounts_and_then_the_rules(tmp_path):
    rules = table(tmp_path, "b,gap_days,gt,14,veto,,,,", "a,never,eq,0,note,,,,")
    found = flag(measured(gap_days=[20, 30], never=[False, False]), rules)
    assert found.select("account_id", "rule").rows() == [("a0", "b"), ("a0", "a"), ("a1", "b"), ("a1", "a")]


def test_no_account_no_finding(tmp_path):
    rules = table(tmp_path, "r,gap_days,gt,14,veto,,,,")
    assert flag(measured(gap_days=[1]).clear(), rules).height == 0


def test_a_pandas_frame_comes_back_as_pandas(tmp_path):
    rules = table(tmp_path, "r,gap_days,gt,14,veto,,,,")
    found = flag(pd.DataFrame({"account_id": ["a", "b"], "gap_days": [20.0, None]}), rules)
    assert isinstance(found, pd.DataFrame)
    assert found["account_id"].tolist() == ["a"]


def test_a_rule_table_may_be_a_spreadsheet(tmp_path):
    row = ["r", "gap_days", "gt", 14, "veto", None, "停更", "silent", "x"]
    pd.DataFrame([row], columns=HEAD.strip().split(",")).to_excel(tmp_path / "ours.xlsx", index=False)
    rules = read_rules("ours.xlsx", folder=tmp_path)
    assert flag(measured(gap_days=[14, 15]), rules)["account_id"].to_list() == ["a1"]


# --- Verdicts ----------------------------------------------------------------------------------------------


def test_a_veto_fails_an_account_and_nothing_else_does(tmp_path):
    lines = [
        f"{severity},gap_days,eq,{i},{severity},,,," for i, severity in enumerate(("veto", "deduct", "warn", "note"))
    ]
    frame = measured(gap_days=[0, 1, 2, 3])
    judged = verdicts(frame, flag(frame, table(tmp_path, *lines)))
    assert judged["verdict"].to_list() == ["failed", "passed", "passed", "passed"]


def test_an_account_that_was_not_checked_never_fails(tmp_path):
    rules = table(tmp_path, "no_channel,channel,eq,none,veto,,,,", "stale,gap_days,gt,14,veto,,,,")
    frame = measured(channel=["none", "none"], gap_days=[None, 1]).with_columns(checked=pl.Series([False, True]))
    judged = verdicts(frame, flag(frame, rules))
    assert judged["verdict"].to_list() == ["not_checked", "failed"]
    assert judged["stale"].to_list() == [None, False]


def test_marks_are_the_rules_of_their_names():
    rules = read_rules("gansu-2019")
    frame = measured(gap_days=[0, 7, 8, 14, 15, 90, 91, None], never=[False] * 7 + [True])
    unknown = {name: pl.lit(None, pl.Int64) for name in rules["column"] if name not in frame.columns}
    unknown["channel"] = pl.lit("full")
    frame = frame.with_columns(last_post=None, **unknown)
    judged = verdicts(frame, flag(frame, read_rules("gansu-2019")))
    marks = {name: [int(v) for v in judged[name]] for name in ("warned", "borderline", "stale", "dormant")}
    assert marks == {
        "warned": [0, 0, 1, 1, 1, 1, 1, 1],
        "borderline": [0, 0, 0, 1, 0, 0, 0, 0],
        "stale": [0, 0, 0, 0, 1, 1, 1, 1],
        "dormant": [0, 0, 0, 0, 0, 0, 1, 0],
    }


# --- Tables that cannot be applied -------------------------------------------------------------------------


def test_a_misspelt_rule_table_is_named_with_those_that_there_are():
    with pytest.raises(RuleError) as caught:
        read_rules("gansu-2091")
    assert caught.value.kind == "unknown_rules"
    assert "gansu-2019" in caught.value.say("zh-Hans")
    assert "state-council-2019" in caught.value.say("en")


def test_a_rule_table_that_is_not_in_the_audit_folder_is_unknown(tmp_path):
    with pytest.raises(RuleError, match=r"ours\.csv"):
        read_rules("ours.csv", folder=tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("r,gap_days,above,14,veto,,,,", "above"),
        ("r,gap_days,gt,14,fatal,,,,", "fatal"),
        ("r,gap_days,gt,,veto,,,,", "threshold"),
        ("r,,gt,14,veto,,,,", "column"),
        ("r,gap_days,gt,14,deduct,两分,,,", "points"),
        ("r,gap_days,gt,14,veto,,停更{gap_days天,,", "sentence_zh"),
        ("r,gap_days,gt,14,veto,,,silent } days,", "sentence_en"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path, line, said):
    with pytest.raises(RuleError) as caught:
        table(tmp_path, "good,never,eq,1,veto,,,,", line)
    for language in ("zh-Hans", "en"):
        text = caught.value.say(language)
        assert said in text
        assert "ours.csv" in text
        assert "3" in text


def test_spaces_around_a_cell_do_not_matter(tmp_path):
    rules = table(tmp_path, " r , gap_days ,gt , 14, veto ,,,,")
    assert flag(measured(gap_days=[14, 15]), rules)["rule"].to_list() == ["r"]


def test_a_missing_column_of_the_table_is_named(tmp_path):
    (tmp_path / "ours.csv").write_text("rule,column,compare,threshold\nr,gap_days,gt,14\n", encoding="utf-8")
    with pytest.raises(RuleError, match="severity"):
        read_rules("ours.csv", folder=tmp_path)


def test_an_empty_rule_table_is_refused(tmp_path):
    with pytest.raises(RuleError, match="no rule"):
        table(tmp_path)


def test_a_rule_about_a_column_that_is_not_there_names_its_line_and_the_nearest(tmp_path):
    rules = table(tmp_path, "good,gap_days,gt,14,veto,,,,", "r,gap_dais,gt,14,veto,,,,")
    with pytest.raises(RuleError) as caught:
        flag(measured(gap_days=[1]), rules)
    text = caught.value.say("en")
    assert "line 3 of ours.csv" in text
    assert "`gap_dais`" in text
    assert "Did you mean gap_days?" in text


def test_a_threshold_that_is_no_number_is_named_with_its_line(tmp_path):
    with pytest.raises(RuleError, match="line 2"):
        flag(measured(gap_days=[1]), table(tmp_path, "r,gap_days,gt,两周,veto,,,,"))


# --- Edges -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("compare", "days"), [("gt", 14), ("ge", 13), ("eq", 14)])
def test_a_limit_is_the_days_that_an_account_may_be_silent_before_it_meets_the_rule(tmp_path, compare, days):
    rules = table(tmp_path, f"stale,gap_days,{compare},14,veto,,,,")
    assert threshold(rules, "stale") == stale_after(rules) == days
    first = min(int(value) for value in flag(measured(gap_days=[12, 13, 14, 15]), rules)["value"])
    assert first == (days if compare == "eq" else days + 1)


@pytest.mark.parametrize(
    "line", ["stale,gap_days,lt,14,veto,,,,", "stale,never,eq,1,veto,,,,", "r,gap_days,gt,9,veto,,,,"]
)
def test_what_is_no_limit_of_silence_leaves_the_nations_two_weeks(tmp_path, line):
    rules = table(tmp_path, line)
    assert threshold(rules, "stale") is None
    assert stale_after(rules) == 14


ROW = "stale,gap_days,gt,14,veto,,很久,long,办法\n"
UNFIT = {
    "no line at all": ("", "rules_empty"),
    "a head and no rule": (HEAD, "rules_empty"),
    "lines of commas only": (HEAD + ",,,,,,,,\n", "rules_empty"),
    "a doubled column": (
        HEAD.replace("basis", "basis,basis") + ROW.replace("办法", "办法,规定"),
        "rules_doubled_column",
    ),
    "a threshold that is no number": (HEAD + ROW.replace("14", "nan"), "bad_rule_number"),
    "a threshold without end": (HEAD + ROW.replace("14", "-Infinity"), "bad_rule_number"),
    "a word for a number of days": (HEAD + ROW.replace("14", "两周"), "bad_rule_number"),
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_rule_table_that_cannot_be_applied_is_a_sentence_of_ours(tmp_path, unfit):
    text, kind = UNFIT[unfit]
    folder = write_audit(tmp_path / "audit", rules="ours.csv")
    (folder / "ours.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        gk.assess(gk.read_audit(folder))
    assert caught.value.kind == kind
    assert all("ours.csv" in caught.value.say(language) for language in ("zh-Hans", "zh-Hant", "en"))


def test_an_empty_workbook_holds_no_rule(tmp_path):
    pd.DataFrame().to_excel(tmp_path / "ours.xlsx", index=False)
    with pytest.raises(RuleError, match="holds no rule"):
        read_rules("ours.xlsx", folder=tmp_path)


def test_a_column_of_the_offices_own_may_have_any_name(tmp_path):
    head = HEAD.replace("basis", "basis,path,line,备注,备注")
    (tmp_path / "ours.csv").write_text(head + ROW.replace("办法", "办法,a,b,c,d"), encoding="utf-8")
    assert read_rules("ours.csv", folder=tmp_path).select("path", "line", "basis").row(0) == ("ours.csv", 2, "办法")


def test_a_basis_in_another_language_is_printed_in_that_language_only(tmp_path):
    (tmp_path / "ours.csv").write_text(
        HEAD.replace("basis", "basis,basis_en") + ROW.replace("办法", "办法,our rules"), encoding="utf-8"
    )
    row = read_rules("ours.csv", folder=tmp_path).row(0, named=True)
    assert [basis(row, language) for language in ("zh-Hans", "zh-Hant", "en")] == ["办法", "辦法", "our rules"]


@pytest.mark.parametrize(("value", "word"), [("true", "是"), ("TRUE", "是"), ("1", "是"), ("false", "否"), ("0", "否")])
def test_a_fact_of_the_rule_table_is_told_as_yes_or_no(tmp_path, value, word):
    folder = write_audit(tmp_path / "audit", rules="ours.csv")
    lines = HEAD + f"甲,never,ne,{value},note,,,,办法\n乙,never,eq,{value},note,,,,办法\n"
    (folder / "ours.csv").write_text(lines, encoding="utf-8")
    told = [plain(block["runs"]) for block in method_note(gk.assess(gk.read_audit(folder))).blocks[-2:]]
    never = schema.label("never")
    assert told[0].startswith(f"甲：{never}不为{word}，")
    # A fact that holds is told by its name alone.
    assert told[1].startswith(f"乙：{never}，" if word == "是" else f"乙：{never}为否，")
