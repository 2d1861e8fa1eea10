"""`govmedia verify`: documents and tables of counts."""

import json
import subprocess
import sys

import polars as pl
import pytest

from govmedia_kit.errors import InputError
from govmedia_kit.package_data import resource
from govmedia_kit.proofread.verifying import as_records, verify_file

HEADER = "case_id,region,period,registered,checked,failed,printed_rate,decimals\n"


def cases(tmp_path, rows: str):
    path = tmp_path / "数目.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


def test_a_rate_that_follows_from_its_counts_is_consistent(tmp_path):
    found = verify_file(cases(tmp_path, "A,甘肃,2020Q4,5038,1010,82,91.9,1\nB,甘肃,2020Q4,5038,1010,28,91.9,1\n"))
    assert found["verdict"].to_list() == ["consistent", "impossible"]


def test_records_carry_the_admissible_failures_as_a_pair(tmp_path):
    # 225 to 226 of 283 print as 79.5 to 79.9 %: 58 failures give 79.505.
    record = as_records(verify_file(cases(tmp_path, "A,,,,283,,79.5,1\n")))[0]
    assert (record["case_id"], record["verdict"], record["admissible_failed"]) == ("A", "consistent", [58, 58])


def test_a_case_without_counts_is_not_checkable(tmp_path):
    record = as_records(verify_file(cases(tmp_path, "A,,,,,,79.5,1\n")))[0]
    assert (record["verdict"], record["admissible_failed"]) == ("not_checkable", None)


def test_guizhou_is_recovered_from_its_rates_and_its_total():
    found = verify_file(resource("data") / "bulletins.csv").filter(case_id="GZ2025Q2", group="wechat")
    assert found.select("nearest_checked", "nearest_failed").row(0) == (203, 9)


def test_every_published_case_that_can_be_checked_is_consistent():
    found = verify_file(resource("data") / "bulletins.csv")
    assert found.filter(verdict="impossible")["case_id"].to_list() == []
    assert found.filter(pl.col("verdict") == "consistent").height > 25


def test_a_table_without_rates_says_which_column_is_missing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("case_id,checked\nA,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="printed_rate"):
        verify_file(path)


def test_a_slip_in_a_text_is_pointed_at_and_the_exit_code_is_one(tmp_path):
    path = tmp_path / "通报.txt"
    path.write_text("本次共检查账号283个，不合格58个，合格率为97.5%。\n", encoding="utf-8")
    command = [sys.executable, "-m", "govmedia_kit", "verify", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [r["verdict"] for r in told] == ["impossible"]
    assert "283" in told[0]["sentence"]


def test_a_missing_file_is_a_sentence_and_exit_code_two(tmp_path):
    command = [sys.executable, "-m", "govmedia_kit", "verify", str(tmp_path / "no.docx"), "--language", "en"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "no.docx" in done.stderr
    assert "Traceback" not in done.stderr
