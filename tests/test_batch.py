"""Many bulletins: each region its own, a failing one stops nobody, what is there already is kept."""

import csv
import datetime as dt
import json
import os
import signal
from pathlib import Path

import pytest
from audits import account, figures_of, post, short_notebook, write_audit

from govmedia_kit.errors import InputError
from govmedia_kit.run.batch import jobs_by_region, jobs_of, make_batch
from govmedia_kit.run.bulletin import make_bulletin


@pytest.fixture(autouse=True)
def warm(kernel, monkeypatch):
    """Every batch of these tests runs on the one kernel."""
    import contextlib

    monkeypatch.setattr("govmedia_kit.run.batch.started_kernel", lambda: contextlib.nullcontext(kernel))


@pytest.fixture
def short(tmp_path) -> Path:
    """The bulletin's notebook without its chapters, where the test is not about them."""
    (tmp_path / "notebook").mkdir()
    return short_notebook(tmp_path / "notebook")


@pytest.fixture
def three_regions(tmp_path) -> Path:
    """兰州 with a stale account, 玉门 whose only account is closed, 临夏州 with a good one, and the province itself."""
    rows = [
        account("甲", region="620102"),
        account("乙", region="620100"),
        account("丙", region="620981", closed_on="2019-05-01"),
        account("丁", region="622901"),
        account("省", region="620000"),
    ]
    return write_audit(tmp_path / "audit", rows, [post("甲", 20), post("乙", 1), post("丁", 2), post("省", 1)])


def made_at(folder: Path) -> dict[str, int]:
    return {p.name: (p / "manifest.json").stat().st_mtime_ns for p in folder.iterdir() if p.is_dir()}


def test_a_job_for_each_region_right_beneath_the_audits_own(three_regions, gansu):
    jobs = jobs_by_region(three_regions)
    assert [job.name for job in jobs] == ["620100-兰州市", "620900-酒泉市", "622900-临夏回族自治州"]
    assert jobs[0].parameters == {"region": "620100"}
    assert len(jobs_by_region(gansu)) == 14


def test_without_a_region_of_its_own_an_audit_has_a_job_for_each_province(tmp_path):
    rows = [account("甲", region="620102"), account("乙", region="110101")]
    assert [j.title for j in jobs_by_region(write_audit(tmp_path, rows, region=None))] == ["北京市", "甘肃省"]


def test_a_ledger_without_regions_has_no_jobs(tmp_path):
    assert jobs_by_region(write_audit(tmp_path, [account("甲", region=None)])) == []


def test_a_bad_ledger_stops_the_batch_before_it_begins(tmp_path):
    with pytest.raises(InputError, match="1 error"):
        jobs_by_region(write_audit(tmp_path, [account("甲", platform="微薄")]))


def test_a_failing_bulletin_does_not_stop_the_rest(three_regions, short, tmp_path):
    told = []
    summary = make_batch(
        jobs_by_region(three_regions), tmp_path / "out", after_each=told.append, formats=["html"], notebook=short
    )
    assert summary["state"].to_list() == ["made", "failed", "made"]
    assert "2019-07-15" in summary["why"][1]
    assert told == summary.rows(named=True)
    assert [(row["title"], row["state"]) for row in told] == [
        ("兰州市", "made"),
        ("酒泉市", "failed"),
        ("临夏回族自治州", "made"),
    ]
    assert summary.select("registered", "checked", "failed", "pass_rate").rows() == [
        (2, 2, 1, 0.5),
        (None, None, None, None),
        (1, 1, 0, 1.0),
    ]
    with (tmp_path / "out" / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["made", "failed", "made"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.is_dir()) == [
        "620100-兰州市",
        "622900-临夏回族自治州",
    ]
    assert [p.name for p in (tmp_path / "out").iterdir() if p.name.startswith(".")] == []


def test_an_audit_folder_is_as_good_as_its_jobs(three_regions, short, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        "govmedia_kit.run.batch.make_bulletin", lambda audit, out, **o: made.append((out.name, o["region"]))
    )
    monkeypatch.setattr("govmedia_kit.run.batch._figures", lambda folder, state: {})
    names = make_batch([str(three_regions)], tmp_path / "out", again=True)["name"].to_list()
    assert names == [job.name for job in jobs_by_region(three_regions)]
    assert made == [(name, name[:6]) for name in names]


def test_a_fault_of_ours_in_one_bulletin_does_not_cost_the_others(three_regions, short, tmp_path, monkeypatch):
    real = make_bulletin

    def sometimes(audit, out, **options):
        if options["region"] == "620100":
            raise ZeroDivisionError("oh")
        return real(audit, out, **options)

    monkeypatch.setattr("govmedia_kit.run.batch.make_bulletin", sometimes)
    summary = make_batch(jobs_by_region(three_regions), tmp_path / "out", formats=["html"], notebook=short)
    assert summary["state"].to_list() == ["failed", "failed", "made"]
    assert summary["why"][0] == "ZeroDivisionError: oh"


@pytest.mark.slow
def test_what_is_up_to_date_is_kept_and_what_changed_is_made_anew(three_regions, short, tmp_path):
    jobs, out = jobs_by_region(three_regions)[:1], tmp_path / "out"

    def state(**options) -> str:
        return make_batch(jobs, out, **{"formats": ["html"], "notebook": short, **options})["state"][0]

    assert state() == "made"
    before = made_at(out)
    assert state() == "kept"
    assert made_at(out) == before
    assert state(as_of="2019-07-01") == "made"
    assert state(as_of="2019-07-01") == "kept"
    assert state() == "made"
    assert state(formats=["html", "ipynb"]) == "made"
    assert state() == "kept"
    assert state(again=True) == "made"
    (out / jobs[0].name / "bulletin.html").unlink()
    assert state() == "made"
    with (three_regions / "posts.csv").open("a", encoding="utf-8") as file:
        file.write("甲,new,2019-07-14 10:00:00\n")
    assert state() == "made"
    assert figures_of(out / jobs[0].name)["updates.stale"]["value"] == 0
    assert state() == "kept"
    # An input that appears, and one that vanishes.
    (three_regions / "messages.csv").write_text("unit,received_at\n甲的主办单位,2019-07-01\n", encoding="utf-8")
    assert [state(), state()] == ["made", "kept"]
    (three_regions / "messages.csv").unlink()
    assert [state(), state()] == ["made", "kept"]


@pytest.mark.slow
def test_a_bulletin_that_would_look_otherwise_or_is_of_another_version_is_made_anew(
    three_regions, short, tmp_path, monkeypatch
):
    jobs, out = jobs_by_region(three_regions)[:1], tmp_path / "out"

    def state(**options) -> str:
        return make_batch(jobs, out, formats=["html"], notebook=short, **options)["state"][0]

    assert [state(), state()] == ["made", "kept"]
    assert [state(code="fold"), state(code="fold")] == ["made", "kept"]
    monkeypatch.setattr("govmedia_kit.run.bulletin.__version__", "0.0.9")
    assert [state(code="fold"), state(code="fold")] == ["made", "kept"]


@pytest.mark.slow
def test_bulletins_inside_the_audit_folder_are_kept_too(three_regions, short, tmp_path):
    def states() -> list[str]:
        jobs = jobs_by_region(three_regions)
        return make_batch(jobs, three_regions / "out", formats=["html"], notebook=short)["state"].to_list()

    assert states() == ["made", "failed", "made"]
    assert states() == ["kept", "failed", "kept"]


def test_a_bulletin_that_fails_now_leaves_the_one_of_before(three_regions, short, tmp_path):
    jobs, out, options = jobs_by_region(three_regions)[:1], tmp_path / "out", {"formats": ["html"], "notebook": short}
    make_batch(jobs, out, **options)
    before = made_at(out)
    assert make_batch(jobs, out, as_of="2019-13-01", **options)["state"].to_list() == ["failed"]
    assert made_at(out) == before


@pytest.mark.slow
def test_a_kernel_that_was_used_before_makes_the_bulletin_that_a_fresh_one_makes(
    gansu, gansu_bulletin, kernel, tmp_path
):
    # Before it, the warm kernel has run a notebook that leaves things behind.
    notebook = json.loads((Path(__file__).parents[1] / "notebooks" / "bulletin.ipynb").read_text(encoding="utf-8"))
    dirt = (
        "import os, polars\npolars.Config.set_tbl_rows(1)\nos.chdir('/')\nnumbers = assessment = region = 'left behind'"
    )
    notebook["cells"][-1]["source"] = [*notebook["cells"][-1]["source"], "\n", dirt]
    (tmp_path / "dirty.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    printed = {"formats": ["html", "ipynb"]}
    audit = write_audit(tmp_path / "audit")
    make_bulletin(audit, tmp_path / "dirty", notebook=tmp_path / "dirty.ipynb", kernel=kernel, **printed)
    warm = make_bulletin(gansu, tmp_path / "warm", kernel=kernel, **printed)
    fresh = make_bulletin(gansu, tmp_path / "fresh", **printed)
    for name in ("bulletin.html", "bulletin.ipynb", "figures.json", "findings.csv", "measured.parquet"):
        assert (warm / name).read_bytes() == (fresh / name).read_bytes(), name


@pytest.mark.slow
def test_the_kernel_comes_back_when_it_died(kernel, short, tmp_path):
    audit = write_audit(tmp_path / "audit")
    os.kill(kernel.manager.provisioner.pid, signal.SIGKILL)
    out = make_bulletin(audit, tmp_path / "out", kernel=kernel, formats=["html"], notebook=short)
    assert figures_of(out)["accounts.checked"]["value"] == 1


def test_the_regions_of_the_founding_case_add_up_to_it(gansu_figures):
    whole = gansu_figures["accounts.registered"].value
    own = gansu_figures["accounts.registered@provincial_department"].value
    parts = [
        f.value for i, f in gansu_figures.items() if i.startswith("accounts.registered@region:") and i.endswith("00")
    ]
    assert sum(parts) + own == whole


def test_the_command_tells_each_and_ends_with_the_count(three_regions, tmp_path, command):
    code, text = command("batch", three_regions, "--out", tmp_path / "out", "--format", "html", "--language", "zh-Hans")
    assert code == 1
    assert "[1/3] 620100-兰州市 完成" in text
    assert "[2/3] 620900-酒泉市 失败" in text
    assert "共 3 份：新做 2，沿用 0，失败 1" in text


def test_a_batch_of_nothing_says_so(tmp_path, command):
    audit = write_audit(tmp_path / "audit", [account("甲", region=None)])
    code, text = command("batch", audit, "--out", tmp_path / "out", "--language", "zh-Hans")
    assert code == 0
    assert "共 0 份" in text
    head = (tmp_path / "out" / "summary.csv").read_text(encoding="utf-8-sig")
    assert head == "name,title,state,why,registered,checked,failed,pass_rate\n"


def test_a_batch_by_something_else_is_refused(three_regions, tmp_path, command):
    code, text = command("batch", three_regions, "--by", "colour", "--out", tmp_path / "out")
    assert code == 2
    assert "colour" in text
    assert not (tmp_path / "out").exists()


def test_audits_of_one_name_have_folders_of_their_own(tmp_path):
    first, second = (
        write_audit(tmp_path / year / "审计", [account("甲", region="620102")]) for year in ("2025", "2026")
    )
    names = [job.name for job in jobs_of([first, second])]
    assert names == ["2025-审计/620100-兰州市", "2026-审计/620100-兰州市"]


def test_an_audit_that_cannot_be_read_does_not_cost_the_others(short, tmp_path):
    good = write_audit(tmp_path / "good", [account("甲", region="620102")])
    bad = write_audit(tmp_path / "bad", [account("甲", platform="微薄")])
    summary = make_batch(jobs_of([bad, good]), tmp_path / "out", formats=["html"], notebook=short)
    assert summary.select("name", "state").rows() == [("bad", "failed"), ("good/620100-兰州市", "made")]


@pytest.mark.slow
def test_what_was_damaged_or_looks_back_to_another_round_is_made_anew(short, tmp_path):
    accounts = [account("甲", region="620102")]
    before = write_audit(tmp_path / "before", accounts, [post("甲", 100)], as_of=dt.date(2019, 4, 30))
    now = write_audit(tmp_path / "now", accounts, [post("甲", 1)], previous="../before")
    out = tmp_path / "out"

    def made() -> list[str]:
        return make_batch(jobs_by_region(now), out, formats=["html"], notebook=short)["state"].to_list()

    assert [made(), made()] == [["made"], ["kept"]]
    (out / "620100-兰州市" / "bulletin.html").write_bytes(b"")
    assert [made(), made()] == [["made"], ["kept"]]
    (before / "accounts.csv").write_bytes((before / "accounts.csv").read_bytes() + b"\n")
    assert made() == ["made"]


@pytest.mark.slow
def test_a_region_without_a_live_account_last_round_has_a_bulletin_with_nothing_before(tmp_path):
    accounts = [account("甲", region="620102"), account("乙", region="620502", opened_on="2019-05-01")]
    write_audit(tmp_path / "before", accounts, [post("甲", 80)], as_of=dt.date(2019, 4, 30))
    now = write_audit(tmp_path / "now", accounts, [post("甲", 1), post("乙", 1)], previous="../before")
    summary = make_batch(jobs_by_region(now), tmp_path / "out", formats=["html"])
    assert summary["state"].to_list() == ["made", "made"]
    found = figures_of(tmp_path / "out" / "620500-天水市")
    assert found["followup.failed_before"]["value"] is None
