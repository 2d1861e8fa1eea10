"""The command: quick to answer, in the language of its user, with exit codes that a script can use."""

import json
import os
import subprocess
import sys
import time

import pandas as pd
import pytest
from audits import account, post, write_audit


def govmedia(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    base = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    return subprocess.run(
        [sys.executable, "-m", "govmedia_kit", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env={**base, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error", **environment},
        timeout=120,
    )


def loaded_by_help() -> set[str]:
    code = (
        "import sys\nfrom govmedia_kit.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    return set(run.stderr.split())


def test_help_names_every_command_and_waits_for_nothing_heavy():
    start = time.perf_counter()
    run = govmedia("--help")
    print(f"govmedia --help: {time.perf_counter() - start:.2f} s")
    assert run.returncode == 0
    for command in ("bulletin", "batch", "check", "lab"):
        assert command in run.stdout
    heavy = {"polars", "altair", "pandas", "papermill", "scipy", "pydantic", "nbclient", "jupyter_client", "narwhals"}
    assert loaded_by_help() & heavy == set()


@pytest.mark.parametrize("command", ["bulletin", "batch", "check", "lab"])
def test_every_command_explains_itself_in_both_languages(command):
    run = govmedia(command, "--help")
    assert run.returncode == 0
    assert "·" in run.stdout
    assert "--language" in run.stdout


def test_without_a_command_help_is_shown():
    assert "bulletin" in govmedia().stdout + govmedia().stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"LC_ALL": "zh_CN.UTF-8"}, "找不到审计文件夹"),
        ({"LANG": "zh_TW.UTF-8"}, "找不到审计文件夹"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "There is no audit folder"),
        ({"LANG": "C"}, "There is no audit folder"),
    ],
)
def test_messages_follow_the_system(tmp_path, environment, words):
    run = govmedia("check", tmp_path / "nowhere.d" / "", **environment)
    assert run.returncode == 2
    assert words in run.stderr or "nowhere.d" in run.stderr


@pytest.mark.parametrize(("language", "words"), [("zh-Hans", "没有 audit.toml"), ("en", "holds no audit.toml")])
def test_a_language_that_is_asked_for_wins(tmp_path, language, words):
    run = govmedia("bulletin", tmp_path, "--out", tmp_path / "out", "--language", language, LC_ALL="fr_FR.UTF-8")
    assert run.returncode == 2
    assert words in run.stderr
    assert run.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_traceback_needs_debug(tmp_path):
    plain = govmedia("bulletin", tmp_path, "--out", tmp_path / "out")
    debug = govmedia("bulletin", tmp_path, "--out", tmp_path / "out", "--debug")
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr


def test_an_unknown_option_is_refused():
    run = govmedia("bulletin", "x", "--out", "y", "--regoin", "620000")
    assert run.returncode == 2
    assert "--region" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_console_of_another_code_page_stops_nothing(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "govmedia_kit", "check", str(write_audit(tmp_path)), "--language", "zh-Hans"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert run.returncode == 0
    assert b"?" in run.stdout


# --- check -------------------------------------------------------------------------------------------------


def test_a_good_audit_has_no_problem(gansu, command):
    assert command("check", gansu, "--language", "zh-Hans") == (0, "没有发现问题。\n")
    assert command("check", gansu, "--language", "en")[0] == 0


def test_check_lists_errors_warnings_and_notes_with_their_places(tmp_path, command):
    rows = [account("甲", platform="微薄"), account("乙", followers="很多"), account("丙", colour="红")]
    audit = write_audit(tmp_path, rows, [post("外", 1)])
    code, text = command("check", audit, "--language", "zh-Hans")
    assert code == 1
    for words in ("必须改 (1)", "请核对 (2)", "提示 (1)", "第2行", "第3行", "posts", "（外）"):
        assert words in text
    code, text = command("check", audit, "--language", "en")
    assert "Errors (1)" in text


def test_findings_are_exit_code_1_and_notes_alone_0(tmp_path, command):
    warned = write_audit(tmp_path / "warned", [account("甲", followers="很多")])
    noted = write_audit(tmp_path / "noted", [account("甲", colour="红")])
    assert command("check", warned)[0] == 1
    assert command("check", noted)[0] == 0


def test_check_takes_a_ledger_alone(tmp_path, command):
    pd.DataFrame([account("甲"), account("甲")]).to_excel(tmp_path / "台账.xlsx", index=False)
    code, text = command("check", tmp_path / "台账.xlsx", "--language", "zh-Hans")
    assert code == 1
    assert "台账.xlsx › Sheet1 › A3" in text


def test_check_speaks_json(tmp_path, command):
    audit = write_audit(tmp_path, [account("甲", platform="微薄")])
    code, text = command("check", audit, "--json", "--language", "en")
    (problem,) = json.loads(text)
    assert code == 1
    assert problem["kind"] == "unknown_word"
    assert (problem["file"], problem["row"], problem["severity"]) == ("accounts.csv", 2, "error")
    assert "微薄" in problem["message"]


def test_check_of_nothing_is_exit_code_2(tmp_path, command):
    code, text = command("check", tmp_path / "nowhere.csv")
    assert code == 2
    assert "nowhere.csv" in text


def test_units_spelled_in_two_ways_and_messages_to_unknown_ones_are_told(tmp_path, command):
    accounts = [
        account("甲", unit="酒泉市卫健委", region="620900"),
        account("乙", unit="酒泉市卫生健康委员会", region="620900"),
    ]
    messages = [{"unit": "酒泉市卫健局", "message_id": "1", "received_at": "2019-07-01 09:00:00", "replied_at": None}]
    audit = write_audit(tmp_path / "audit", accounts, [post("甲", 1), post("乙", 1)], messages)
    code, text = command("check", audit, "--language", "zh-Hans")
    assert code == 1
    assert "酒泉市卫健委、酒泉市卫生健康委员会" in text
    assert "1 条留言的单位不在台账里（酒泉市卫健局）" in text


# --- bulletin ----------------------------------------------------------------------------------------------


def test_the_command_says_where_the_bulletin_is(tmp_path, command):
    code, text = command(
        "bulletin", write_audit(tmp_path / "audit"), "--out", tmp_path / "out", "--format", " HTML ,ipynb"
    )
    assert code == 0
    assert str(tmp_path / "out") in text
    assert (tmp_path / "out" / "bulletin.html").exists()


def test_characters_that_the_pdf_lacks_are_told_and_the_bulletin_is_done_in_part(tmp_path, command):
    audit = write_audit(tmp_path / "audit", [account("甲😀")], [post("甲😀", 30)])
    code, text = command("bulletin", audit, "--out", tmp_path / "out", "--format", "pdf", "--language", "zh-Hans")
    assert code == 1
    assert "印成了〓：😀" in text
    assert (tmp_path / "out" / "bulletin.pdf").exists()


def test_the_real_command_makes_a_bulletin_with_its_own_kernel(tmp_path):
    audit = write_audit(tmp_path / "审计 甲", [account("甲"), account("乙")], [post("甲", 1), post("乙", 40)])
    start = time.perf_counter()
    run = govmedia("bulletin", audit, "--out", tmp_path / "通报 乙", "--language", "zh-Hans", PYTHONWARNINGS="default")
    print(f"govmedia bulletin of two accounts: {time.perf_counter() - start:.2f} s")
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"通报已写入 {tmp_path / '通报 乙'}\n"
    assert run.stderr == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["审计 甲", "通报 乙"]
