"""The command: quick to answer, in the language of its user, with exit codes that a script can use."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from audits import account, post, short_notebook, write_audit

from govmedia_kit import cli
from govmedia_kit.judge.assess import assess
from govmedia_kit.read.audit import read_audit
from govmedia_kit.read.find_table import SUFFIXES
from govmedia_kit.read.ledger.read_ledger import read_accounts


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
    for command in ("bulletin", "batch", "check", "generate", "lab"):
        assert command in run.stdout
    heavy = {"polars", "altair", "pandas", "papermill", "scipy", "pydantic", "nbclient", "jupyter_client", "narwhals"}
    assert loaded_by_help() & heavy == set()


@pytest.mark.parametrize("command", ["bulletin", "batch", "check", "generate", "lab"])
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


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("EN", "Errors (1)"),
        ("en-US", "Errors (1)"),
        ("en_GB", "Errors (1)"),
        ("zh", "必须改 (1)"),
        ("zh-CN", "必须改 (1)"),
        ("zh-TW", "必須改 (1)"),
    ],
)
def test_a_language_may_be_written_as_systems_write_it(tmp_path, command, language, words):
    audit = write_audit(tmp_path, [account("甲", platform="微薄")])
    code, text = command("check", audit, "--language", language)
    assert (code, text.splitlines()[0]) == (1, words)


def test_a_language_that_the_kit_does_not_speak_is_refused_in_the_systems(tmp_path, command, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    for arguments in (["check", tmp_path], ["bulletin", tmp_path, "--out", tmp_path / "out"], ["verify", tmp_path]):
        code, text = command(*arguments, "--language", "fr")
        assert (code, text) == (2, "语言（language）不能是“fr”。可用：zh-Hans、zh-Hant、en。\n")


@pytest.mark.parametrize(("language", "words"), [("zh-Hans", "本工具没有料到的错误"), ("en", "did not foresee")])
def test_a_fault_of_ours_is_a_line_in_the_language_asked_for(tmp_path, command, monkeypatch, language, words):
    def fail(path, today):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("govmedia_kit.judge.check.check_audit", fail)
    code, text = command("check", tmp_path, "--language", language)
    assert code == 2
    assert text.startswith("ZeroDivisionError")
    assert words in text
    assert "--debug" in text
    assert text.count("\n") == 1


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


def test_what_must_be_mended_is_exit_code_1_and_what_is_only_to_be_looked_at_0(tmp_path, command):
    wrong = write_audit(tmp_path / "wrong", [account("甲", platform="微薄")])
    warned = write_audit(tmp_path / "warned", [account("甲", followers="很多")])
    noted = write_audit(tmp_path / "noted", [account("甲", colour="红")])
    assert command("check", wrong)[0] == 1
    assert command("check", warned)[0] == 0
    assert command("check", noted)[0] == 0


def test_units_spelled_twice_are_told_beside_an_error_and_rows_of_unknown_accounts_too(tmp_path, command):
    accounts = [account("甲", unit="酒泉市卫健委"), account("乙", unit="酒泉市卫生健康委员会", platform="微薄")]
    audit = write_audit(tmp_path, accounts, [post("外", 1)], rules="nowhere.csv")
    kinds = [p["kind"] for p in json.loads(command("check", audit, "--json")[1])]
    assert sorted(kinds) == ["posts_without_account", "unit_spelled_twice", "unknown_rules", "unknown_word"]


def test_a_problem_of_an_earlier_round_stands_with_its_folder(tmp_path, command):
    posts = [post("甲", 300)]
    write_audit(tmp_path / "first", [account("甲", opened_on="去年")], posts, as_of="2019-01-15")
    write_audit(tmp_path / "second", posts=posts, previous="../first", as_of="2019-04-15")
    third = write_audit(tmp_path / "third", previous="../second")
    code, text = command("check", third, "--json", "--language", "zh-Hans")
    (problem,) = json.loads(text)
    assert code == 1
    assert (problem["kind"], problem["row"]) == ("bad_date", 2)
    assert problem["file"] == "../second/../first/accounts.csv"


def test_the_ledger_that_the_settings_name_is_the_one_that_is_marked(tmp_path, command):
    audit = write_audit(tmp_path / "audit", tables={"accounts": "台账.xlsx"})
    (audit / "accounts.csv").unlink()
    pd.DataFrame([account("甲", followers="很多")]).to_excel(audit / "台账.xlsx", index=False)
    pd.DataFrame([{"unit": "甲的主办单位", "received_at": "2019-07-01"}]).to_excel(audit / "messages.xlsx", index=False)
    assert command("check", audit, "--annotate")[0] == 0
    assert (audit / "台账-checked.xlsx").is_file()


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
    assert code == 0
    assert "请核对" in text
    assert "酒泉市卫健委、酒泉市卫生健康委员会" in text
    assert "1 条留言的单位不在台账里（酒泉市卫健局）" in text


# --- import ------------------------------------------------------------------------------------------------

ROW = {
    "账号编号": "lanchuan",
    "平台": "微博",
    "账号名称": "澜川发布",
    "主办单位": "澜川市政府办",
    "平台编号": "7900000001",
}
LEDGERS = Path(__file__).parent / "scenarios" / "ledgers"


def write_ledger(path: Path) -> None:
    """A ledger of one account, whose id is the office's own, in the kind of file that the suffix says."""
    frame = pl.DataFrame([ROW])
    if path.suffix in (".xls", ".ods"):
        shutil.copy(LEDGERS / f"accounts{path.suffix}", path)
    elif path.suffix in (".xlsx", ".xlsm"):
        frame.write_excel(path)
    elif path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".json":
        frame.write_json(path)
    elif path.suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")


def crawled(folder: Path) -> Path:
    """One post of 澜川发布 as weibo-crawler writes it, whose file is called by the account's number."""
    path = folder / "7900000001.csv"
    head = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户,完整日期"
    cells = "5300219279930202,R05HFFFiy,停水公告,,,,,2026-05-19T09:30:12,微博,12,3,5,,,2026-05-19 09:30:12"
    path.write_text(f"{head}\n{cells}\n", encoding="utf-8")
    return path


def audit_of(folder: Path, ledger: str, settings: str = "") -> Path:
    audit = folder / "audit"
    audit.mkdir()
    write_ledger(audit / ledger)
    (audit / "audit.toml").write_text(f'title = "测"\nas_of = 2026-05-20\n{settings}', encoding="utf-8")
    return audit


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_import_and_check_know_a_ledger_by_whatever_suffix(tmp_path, command, suffix):
    audit = audit_of(tmp_path, f"accounts{suffix}")
    code, text = command("import", crawled(tmp_path), "--to", audit, "--collected-on", "2026-05-20")
    assert code == 0, text
    assert pl.read_parquet(audit / "posts.parquet")["account_id"].to_list() == ["lanchuan"]
    assert read_accounts(audit / f"accounts{suffix}")[0]["account_id"].to_list() == ["lanchuan"]
    code, text = command("check", audit, "--json")
    assert (code, [p for p in json.loads(text) if p["severity"] != "note"]) == (0, [])
    assert assess(read_audit(audit)).measured.select("account_id", "checked", "posts_in_window").rows() == [
        ("lanchuan", True, 1)
    ]


def test_import_knows_the_ledger_that_the_settings_name(tmp_path, command):
    audit = audit_of(tmp_path, "台账.tsv", '[tables]\naccounts = "台账.tsv"\n')
    assert command("import", crawled(tmp_path), "--to", audit)[0] == 0
    assert pl.read_parquet(audit / "posts.parquet")["account_id"].to_list() == ["lanchuan"]
    assert not (audit / "accounts.csv").exists()


def test_import_refuses_two_ledgers_as_check_does(tmp_path, command):
    audit = audit_of(tmp_path, "accounts.tsv")
    write_ledger(audit / "accounts.xlsx")
    for arguments in (("import", crawled(tmp_path), "--to", audit), ("check", audit)):
        code, text = command(*arguments, "--language", "en")
        assert code == 2
        assert "accounts.tsv" in text
        assert "accounts.xlsx" in text


# --- How far it is -----------------------------------------------------------------------------------------


def on_a_terminal(*arguments: object) -> str:
    """What the command writes on a terminal as its standard error."""
    import pty

    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    run = subprocess.Popen(
        [sys.executable, "-m", "govmedia_kit", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=its,
        env=environment,
    )
    os.close(its)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert run.wait(timeout=120) == 0
    return written.decode("utf-8", "replace")


@pytest.mark.terminal
def test_a_check_and_an_import_draw_a_bar_on_a_terminal(tmp_path, gansu):
    audit = write_audit(tmp_path / "audit")
    shown = on_a_terminal("check", audit, "--language", "zh-Hans")
    assert "正在检查" in shown
    assert "━" in shown
    shown = on_a_terminal("import", gansu / "messages.csv", "--to", tmp_path / "to", "--language", "en")
    assert "Importing" in shown
    assert "━" in shown


def test_a_pipe_gets_plain_lines_and_only_where_it_takes_long(tmp_path, command, monkeypatch):
    audit = write_audit(tmp_path / "audit")
    monkeypatch.setattr("govmedia_kit.judge.check.check_audit", lambda path, today: time.sleep(0.5) or [])
    assert command("check", audit, "--language", "en") == (0, "No problem found.\n")
    monkeypatch.setattr(cli, "LONG", 0.1)
    lines = command("check", audit, "--language", "en")[1].splitlines()
    assert len(lines) > 2
    assert set(lines[:-1]) == {"Checking"}


def test_a_bulletin_tells_each_of_its_steps_in_order(tmp_path, kernel):
    from govmedia_kit import make_bulletin

    steps = []
    make_bulletin(
        write_audit(tmp_path / "audit"),
        tmp_path / "out",
        notebook=short_notebook(tmp_path),
        kernel=kernel,
        formats=["html", "xlsx"],
        progress=lambda *step: steps.append(step),
    )
    assert steps == [(0, 3, "short.ipynb"), (1, 3, "html"), (2, 3, "xlsx")]


def test_the_command_passes_the_steps_of_a_bulletin_on(tmp_path, command, monkeypatch):
    def make(audit, out, *, progress, **options):
        progress(2, 6, "docx")
        time.sleep(0.5)
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "LONG", 0.1)
    monkeypatch.setattr("govmedia_kit.run.bulletin.make_bulletin", make)
    code, text = command("bulletin", tmp_path, "--out", tmp_path / "out", "--language", "zh-Hans")
    assert code == 1
    assert "正在做通报 2/6 docx" in text
    assert text.splitlines()[-1] == "已停止"


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


@pytest.mark.slow
def test_the_real_command_makes_a_bulletin_with_its_own_kernel(tmp_path):
    audit = write_audit(tmp_path / "审计 甲", [account("甲"), account("乙")], [post("甲", 1), post("乙", 40)])
    start = time.perf_counter()
    run = govmedia("bulletin", audit, "--out", tmp_path / "通报 乙", "--language", "zh-Hans", PYTHONWARNINGS="default")
    print(f"govmedia bulletin of two accounts: {time.perf_counter() - start:.2f} s")
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"通报已写入 {tmp_path / '通报 乙'}\n"
    # On a busy machine it says that it is still at work, and nothing else.
    assert [line for line in run.stderr.splitlines() if not line.startswith("正在做通报 ")] == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["审计 甲", "通报 乙"]
