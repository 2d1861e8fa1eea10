"""One bulletin, end to end: the same figures from the same audit however it is written, and nothing half-made, ever."""

import copy
import hashlib
import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from audits import account, figures_of, post, short_notebook, write_audit

from govmedia_kit.errors import InputError, NotebookError
from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.figures import figures
from govmedia_kit.package_data import resource
from govmedia_kit.read.audit import read_audit
from govmedia_kit.render.formats import FORMATS
from govmedia_kit.run import bulletin
from govmedia_kit.run.bulletin import check_parameters, make_bulletin, replace_folder

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "甲 & 乙 &amp; &lt;丙",
    "\"双引号\" '单引号' “中文引号”",
    "**粗体** _斜体_ [链接](javascript:alert(1)) `代码` # 井号 | 竖线",
    r"\frac{1}{2} $x^2$ \input{/etc/passwd} 100% ~ ^",
    "{units} {0} %s %(name)s ${HOME}",
    "第一行\n第二行",
    "=cmd()|'/C calc'!A0",
    "+1-2@SUM(A1:A9)",
    '#import "x"; #text(red)[红]',
    "长" * 200,
    "]]> --> </td></table></svg>",
]


# Without an id of its own, a cell with one of these may hold several accounts.
SEPARATORS = re.compile(r"[|;；、\n]")
NAMES = [SEPARATORS.sub(" ", name) for name in HOSTILE]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


class Page(html.parser.HTMLParser):
    """The texts and tags of a page."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


# --- What is there -----------------------------------------------------------------------------------------


def test_the_folder_holds_everything(gansu_bulletin):
    named = {"bulletin.html", "bulletin.ipynb", "figures.json", "measured.parquet", "findings.csv", "manifest.json"}
    assert named <= set(bytes_of(gansu_bulletin))
    assert [p.name for p in gansu_bulletin.parent.iterdir()] == ["gansu-2019"]


def test_the_manifest_has_the_hash_of_every_input_and_output(gansu, gansu_bulletin):
    manifest = json.loads((gansu_bulletin / "manifest.json").read_text(encoding="utf-8"))

    def hashes(folder: Path) -> dict[str, str]:
        return {name: hashlib.sha256(content).hexdigest() for name, content in bytes_of(folder).items()}

    outputs = hashes(gansu_bulletin)
    del outputs["manifest.json"]
    assert manifest["outputs"] == outputs
    inputs = hashes(gansu)
    for name in ("audit.toml", "accounts.csv", "posts.parquet", "messages.csv"):
        assert manifest["inputs"][name] == inputs[name]
    assert set(manifest["libraries"]) >= {"polars", "altair", "papermill"}
    assert manifest["parameters"] == {}


def inputs_in(folder: Path) -> set[str]:
    return set(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"])


def test_the_inputs_are_what_was_read_and_not_what_lies_in_the_folder(tmp_path, kernel):
    rules = (resource("rules") / "gansu-2019.csv").read_text(encoding="utf-8")
    before = write_audit(tmp_path / "before", posts=[post("甲", 100)], as_of="2019-04-15", rules="ours.csv")
    audit = write_audit(tmp_path / "audit", previous="../before", tables={"accounts": "台账.csv"})
    (before / "ours.csv").write_text(rules, encoding="utf-8")
    (audit / "accounts.csv").rename(audit / "台账.csv")
    (audit / "observed.csv").write_text("account_id,observed_from,observed_to\n", encoding="utf-8")
    (audit / "posts").mkdir()
    (audit / "posts.csv").rename(audit / "posts" / "七月.csv")
    beside = ("notes.txt", ".git/HEAD", ".ipynb_checkpoints/audit.toml", "posts/.七月.csv.swp", "posts/.old/六月.csv")
    for name in beside:
        (audit / name).parent.mkdir(exist_ok=True)
        (audit / name).write_text("nothing that was read", encoding="utf-8")
    out = make_bulletin(audit, audit / "out", notebook=short_notebook(tmp_path), formats=["html"], kernel=kernel)
    own = {"audit.toml", "台账.csv", "posts/七月.csv", "observed.csv"}
    assert inputs_in(out) == own | {
        f"../before/{name}" for name in ("audit.toml", "accounts.csv", "posts.csv", "ours.csv")
    }


def test_the_bulletin_names_no_path_of_the_machine(gansu_bulletin):
    # The notebook's own audit aside: it is named relative to the notebook, which stands far from it here.
    for name, content in bytes_of(gansu_bulletin).items():
        if not name.endswith((".parquet", ".docx", ".pdf", ".xlsx")):
            lines = [line for line in content.splitlines() if b"audit = " not in line]
            assert not re.search(rb"/(?:work|home|root|Users|tmp)/", b"\n".join(lines)), name


def test_the_page_has_the_order_of_a_real_bulletin(gansu_bulletin):
    text = (gansu_bulletin / "bulletin.html").read_text(encoding="utf-8")
    heads = [re.sub("<.*?>", "", h) for h in re.findall(r"<h[12].*?</h[12]>", text)]
    order = ["检查情况的通报", "总体情况", "主要问题", "工作要求", "说明"]
    places = [next(i for i, head in enumerate(heads) if word in head) for word in order]
    assert places == sorted(places)
    assert "按公布数字重建" in text


def test_every_number_of_the_prose_is_a_figure(gansu_bulletin, gansu_figures):
    text = (gansu_bulletin / "bulletin.html").read_text(encoding="utf-8")
    linked = re.findall(r'<a class="number" href="#figure-([^"]+)">([^<]+)</a>', text)
    assert len(linked) > 40
    assert [(i, t) for i, t in linked if gansu_figures[i].text not in (t, t.rstrip("%"))] == []


def test_numbers_without_a_breakdown_link_to_a_row_of_the_page(gansu_bulletin):
    page = Page((gansu_bulletin / "bulletin.html").read_text(encoding="utf-8"))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = {a["href"] for t, a in page.tags if t == "a"}
    assert {link for link in links if link.startswith("#figure-") and "@" not in link} <= {f"#{i}" for i in ids}
    assert {link for link in links if not link.startswith("#")} == set()


def test_the_page_asks_for_nothing(gansu_bulletin):
    source = (gansu_bulletin / "bulletin.html").read_text(encoding="utf-8")
    # The page's own font is in it, as text; what that text happens to spell is no address.
    source, fonts = re.subn(r"url\(data:font/otf;base64,[A-Za-z0-9+/=]+\)", "", source)
    assert fonts == 1
    page = Page(source)
    assert {t for t, _ in page.tags} & {"script", "link", "iframe", "object", "img", "base"} == set()
    assert [a for _, a in page.tags if {"src", "srcset", "action", "data"} & set(a)] == []
    assert re.findall(r"(?:https?:)?//[a-z]", source) == []
    assert "url(" not in source.replace("url(#", "")
    assert 'lang="zh-Hans"' in source


def test_every_chart_has_a_picture_and_words(gansu_bulletin):
    page = Page((gansu_bulletin / "bulletin.html").read_text(encoding="utf-8"))
    figures_ = [a for t, a in page.tags if t == "figure"]
    assert len(figures_) >= 4
    assert len([t for t, _ in page.tags if t == "svg"]) == len(figures_)
    described = [a["aria-label"] for t, a in page.tags if t in ("figure", "svg", "div") and a.get("role") == "img"]
    assert len(described) == len(figures_)
    assert all(len(words) > 20 for words in described)
    notebook = json.loads((gansu_bulletin / "bulletin.ipynb").read_text(encoding="utf-8"))
    kinds = [set(o.get("data", {})) for c in notebook["cells"] for o in c.get("outputs", [])]
    interactive = [k for k in kinds if "application/vnd.vegalite.v5+json" in k]
    assert len(interactive) == len(figures_)
    assert all("image/svg+xml" in k for k in interactive)


# --- The same audit, written otherwise ---------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes(gansu, gansu_bulletin, kernel, tmp_path):
    again = make_bulletin(gansu, tmp_path / "elsewhere" / "gansu-2019", kernel=kernel)
    first, second = bytes_of(gansu_bulletin), bytes_of(again)
    clocks = [json.loads(side.pop("manifest.json")) for side in (first, second)]
    notebooks = [side.pop("bulletin.ipynb") for side in (first, second)]
    assert first == second
    # The notebook names its audit relative to itself, and the manifest has the notebook's hash; nothing else differs.
    lines = [set(n.decode().splitlines()) for n in notebooks]
    assert all("gansu-2019" in line for line in lines[0] ^ lines[1])
    for manifest in clocks:
        del manifest["made_at"], manifest["outputs"]["bulletin.ipynb"]
    assert clocks[0] == clocks[1]


@pytest.mark.slow
def test_run_again_in_place_every_byte_is_the_same(tmp_path, kernel):
    audit = write_audit(tmp_path / "audit")
    first = bytes_of(make_bulletin(audit, tmp_path / "out", kernel=kernel))
    second = bytes_of(make_bulletin(audit, tmp_path / "out", kernel=kernel))
    for side in (first, second):
        manifest = json.loads(side["manifest.json"])
        side["manifest.json"] = json.dumps({k: v for k, v in manifest.items() if k != "made_at"}).encode()
    assert first == second


def test_order_of_rows_does_not_change_a_figure(gansu, gansu_bulletin, kernel, tmp_path):
    audit = tmp_path / "audit"
    audit.mkdir()
    shutil.copy(gansu / "audit.toml", audit)
    for name in ("accounts", "messages"):
        lines = (gansu / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (audit / f"{name}.csv").write_text("".join([lines[0], *reversed(lines[1:])]), encoding="utf-8")
    posts = pl.read_parquet(gansu / "posts.parquet")
    posts.sample(fraction=1, shuffle=True, seed=1).write_parquet(audit / "posts.parquet")
    out = make_bulletin(audit, tmp_path / "out", kernel=kernel, formats=["html"], notebook=short_notebook(tmp_path))
    assert (out / "figures.json").read_bytes() == (gansu_bulletin / "figures.json").read_bytes()


def test_workbooks_and_csv_of_pandas_give_the_same_figures(gansu, gansu_bulletin, kernel, tmp_path):
    audit = tmp_path / "audit"
    audit.mkdir()
    shutil.copy(gansu / "audit.toml", audit)
    accounts = pd.read_csv(gansu / "accounts.csv", parse_dates=["opened_on", "observed_from", "observed_to"])
    accounts["region"] = accounts["region"].astype("Int64")
    accounts.to_excel(audit / "accounts.xlsx", index=False)
    messages = pd.read_csv(gansu / "messages.csv", parse_dates=["received_at", "replied_at"])
    messages.to_excel(audit / "messages.xlsx", index=False)
    posts = pd.DataFrame(pl.read_parquet(gansu / "posts.parquet").to_dicts())
    posts.to_csv(audit / "posts.csv", index=False, encoding="gb18030")
    out = make_bulletin(audit, tmp_path / "out", kernel=kernel, formats=["ipynb"], notebook=short_notebook(tmp_path))
    assert figures_of(out) == figures_of(gansu_bulletin)


def test_a_region_is_the_bulletin_of_its_accounts(gansu, gansu_bulletin, kernel, tmp_path):
    out = make_bulletin(gansu, tmp_path / "out", kernel=kernel, region="620900", formats=["html"])
    whole, part = figures_of(gansu_bulletin), figures_of(out)
    for identifier in ("units", "accounts.registered", "accounts.failed", "updates.stale", "updates.median_gap_days"):
        assert part[identifier]["value"] == whole[f"{identifier}@region:620900"]["value"]
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["parameters"] == {"region": "620900"}
    assert not (out / "bulletin.ipynb").exists()


def test_an_earlier_monitoring_point_can_be_asked_for(gansu, kernel, tmp_path):
    printed = {"formats": ["html"], "notebook": short_notebook(tmp_path)}
    out = make_bulletin(gansu, tmp_path / "out", kernel=kernel, as_of="2019-07-01", **printed)
    posts = pd.DataFrame(pl.read_parquet(gansu / "posts.parquet", columns=["account_id", "published_at"]).to_dicts())
    last = posts[posts["published_at"] < "2019-07-02"].groupby("account_id")["published_at"].max().dt.normalize()
    accounts = pd.read_csv(gansu / "accounts.csv")
    gaps = [(pd.Timestamp(2019, 7, 1) - last[a]).days if a in last else None for a in accounts["account_id"]]
    assert figures_of(out)["updates.stale"]["value"] == sum(g is None or g > 14 for g in gaps)


# --- Hostile cells -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(kernel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        account(
            f"a{i}",
            name=NAMES[i],
            unit=f"{text}的主办单位",
            unit_level="county",
            supervisor=text,
            channel_comments="false",
        )
        for i, text in enumerate(HOSTILE)
    ]
    rows += [account(f"b{i}", name=NAMES[i], unit=f"{text}的主办单位") for i, text in enumerate(HOSTILE)]
    posts = [post(f"a{i}", 20 + i, title=name) for i, name in enumerate(HOSTILE)]
    posts += [post(HOSTILE[0], 1, title="台账外的账号")]
    said = {
        "title": f"通报 {HOSTILE[0]} {HOSTILE[2]}",
        "issuer": HOSTILE[3],
        "note": " ".join(HOSTILE[:7]),
        "recipients": HOSTILE[4],
    }
    audit = write_audit(folder / "audit", rows, posts, **said)
    return make_bulletin(audit, folder / "out", kernel=kernel)


def test_hostile_names_come_out_as_text(hostile):
    page = Page((hostile / "bulletin.html").read_text(encoding="utf-8"))
    text = squeezed("".join(page.texts))
    assert [name for name in [*HOSTILE, *NAMES] if squeezed(name) not in text] == []
    assert {t for t, _ in page.tags} & {"script", "img"} == set()
    assert [a for _, a in page.tags for name in a if name.startswith("on")] == []
    assert [a for t, a in page.tags if t == "a" and not a["href"].startswith("#")] == []


def test_hostile_names_leave_the_page_whole(hostile):
    source = (hostile / "bulletin.html").read_text(encoding="utf-8")
    for tag in ("main", "table", "figure", "svg", "h1"):
        assert len(re.findall(rf"<{tag}[\s>]", source)) == source.count(f"</{tag}>")
    assert 'onerror="' not in source
    assert source.count("<title>") == 1


def test_hostile_names_are_kept_in_the_tables(hostile):
    measured = pl.read_parquet(hostile / "measured.parquet")
    assert set(measured.filter(pl.col("account_id").str.starts_with("a"))["name"]) == set(NAMES)
    assert set(measured["unit"]) == {f"{text}的主办单位" for text in HOSTILE}
    findings = pd.read_csv(hostile / "findings.csv", encoding="utf-8-sig")
    assert set(findings["account_id"]) >= {f"a{i}" for i in range(len(HOSTILE))}


def test_the_notebook_shows_hostile_names_as_text(hostile):
    notebook = json.loads((hostile / "bulletin.ipynb").read_text(encoding="utf-8"))
    shown = [
        "".join(o["data"]["text/html"])
        for c in notebook["cells"]
        for o in c.get("outputs", [])
        if "text/html" in o.get("data", {})
    ]
    tags = {t for source in shown for t, _ in Page(source).tags}
    assert tags & {"script", "img"} == set()
    text = squeezed("".join("".join(Page(s).texts) for s in shown))
    assert [name for name in HOSTILE if squeezed(name) not in text] == []


def test_posts_of_unknown_accounts_are_set_aside_and_listed(hostile):
    found = figures_of(hostile)
    assert (found["set_aside.accounts"]["value"], found["set_aside.rows"]["value"]) == (1, 1)
    text = squeezed("".join(Page((hostile / "bulletin.html").read_text(encoding="utf-8")).texts))
    assert "台账外" in text or "台账没有" in text


# --- Bad input ---------------------------------------------------------------------------------------------

A, B = account("甲"), account("乙")
RULE = "rule,column,compare,threshold,severity,points,sentence_zh,sentence_en,basis\n"
BAD = {
    "missing account_id": (
        {"accounts": [A, B | {"account_id": None, "name": None}]},
        {},
        ["accounts.csv", "第3行", "账号编号"],
    ),
    "doubled account_id": ({"accounts": [A, B, A]}, {}, ["accounts.csv", "第4行", "甲", "第2行"]),
    "unknown platform": ({"accounts": [A | {"platform": "微薄"}]}, {}, ["accounts.csv", "第2行", "微薄", "微博"]),
    "a date that is none": (
        {"accounts": [A | {"opened_on": "去年"}]},
        {},
        ["accounts.csv", "第2行", "去年", "2019-07-05"],
    ),
    "as_of before the posts": ({"as_of": "2018-01-01"}, {}, ["2018-01-01", "2019-07-14", "as_of"]),
    "an empty ledger": ({"ledger": "account_id,platform,name,unit\n"}, {}, ["accounts.csv", "没有数据行"]),
    "no audit.toml": ({"remove": "audit.toml"}, {}, ["audit.toml", "govmedia new"]),
    "no ledger": ({"remove": "accounts.csv"}, {}, ["台账", "accounts.csv"]),
    "no posts column of times": (
        {"posts": [{"account_id": "甲", "when": "2019-07-01"}]},
        {},
        ["posts.csv", "发布时间"],
    ),
    "misspelt setting": ({"rulez": "gansu-2019"}, {}, ["audit.toml", "rulez", "rules"]),
    "misspelt rule table": ({"rules": "gansu-2091"}, {}, ["gansu-2091", "gansu-2019"]),
    "rule without its column": (
        {"rules": "ours.csv", "table": RULE + "r,gap_dais,gt,14,veto,,,,\n"},
        {},
        ["ours.csv", "第2行", "gap_dais", "gap_days"],
    ),
    "rule with a wrong comparison": (
        {"rules": "ours.csv", "table": RULE + "r,gap_days,above,14,veto,,,,\n"},
        {},
        ["ours.csv", "above", "gt"],
    ),
    "nobody is live": ({"accounts": [A | {"closed_on": "2019-01-01"}]}, {}, ["2019-07-15"]),
    "unknown region": ({}, {"--region": "629999"}, ["629999", "divisions.csv"]),
    "impossible --as-of": ({}, {"--as-of": "2019-13-01"}, ["2019-13-01", "--as-of"]),
    "unknown format": ({}, {"--format": "html,doc"}, ["doc", "html"]),
    "unknown language": ({}, {"--language": "fr"}, ["语言", "fr", "zh-Hans"]),
    "not TOML": ({"toml": "title = 甘肃\n"}, {}, ["audit.toml", "line 1"]),
    "an earlier round that is not there": ({"previous": "../2018"}, {}, ["找不到审计文件夹", "2018"]),
    "an earlier round that is later": ({"previous": "."}, {}, ["上一轮", "2019-07-15", "previous"]),
    "a sample without registered numbers": (
        {"accounts": [A | {"unit_level": "county"}], "sampling": {"registered": {"prefecture": 3}}},
        {},
        ["county", "[sampling]", "prefecture"],
    ),
    "a sample of more than all": (
        {"accounts": [A | {"unit_level": "county"}], "sampling": {"registered": {"county": 0}}},
        {},
        ["county", "0", "[sampling]"],
    ),
    "a sample by no column": (
        {"sampling": {"by": "unit_lvl", "registered": {"county": 3}}},
        {},
        ["unit_lvl", "unit_level"],
    ),
    "a rule table without rules": ({"rules": "ours.csv", "table": RULE}, {}, ["ours.csv", "没有规则"]),
    "a threshold that is no number": (
        {"rules": "ours.csv", "table": RULE + "r,gap_days,gt,两周,veto,,,,\n"},
        {},
        ["ours.csv", "第2行", "两周"],
    ),
    "a doubled column": (
        {"ledger": "platform,name,unit,unit\nwechat,甲,乙,丙\n"},
        {},
        ["accounts.csv", "unit", "请只留一列"],
    ),
    "an empty workbook": ({"remove": "accounts.csv", "workbook": "accounts.xlsx"}, {}, ["accounts.xlsx", "没有数据行"]),
}


def bad_audit(folder: Path, changes: dict) -> Path:
    special = {name: changes[name] for name in ("ledger", "remove", "table", "toml", "workbook") if name in changes}
    write_audit(folder, **{name: value for name, value in changes.items() if name not in special})
    if "ledger" in special:
        (folder / "accounts.csv").write_text(special["ledger"], encoding="utf-8")
    if "remove" in special:
        (folder / special["remove"]).unlink()
    if "table" in special:
        (folder / "ours.csv").write_text(special["table"], encoding="utf-8")
    if "toml" in special:
        (folder / "audit.toml").write_text(special["toml"], encoding="utf-8")
    if "workbook" in special:
        pd.DataFrame().to_excel(folder / special["workbook"], index=False)
    return folder


@pytest.fixture
def measured_here(monkeypatch):
    """What a notebook reads and judges, done in this process: what stops there needs no kernel."""

    def execute(source, folder, audit, given, kernel):
        figures(assess(read_audit(audit, **given)))
        raise AssertionError("nothing stopped it")

    monkeypatch.setattr(bulletin, "_execute", execute)


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_a_sentence_and_leaves_nothing(command, tmp_path, monkeypatch, measured_here, case):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    changes, options, said = BAD[case]
    audit = bad_audit(tmp_path / "audit", changes)
    code, text = command(
        "bulletin", audit, "--out", tmp_path / "made" / "out", *[x for o in options.items() for x in o]
    )
    assert code == 2
    assert [word for word in said if word not in text] == [], text
    assert "Traceback" not in text
    assert not list((tmp_path / "made").glob("*")) if (tmp_path / "made").exists() else True


@pytest.mark.parametrize("case", [name for name, (_, options, _) in BAD.items() if not options])
def test_what_stops_a_bulletin_does_not_pass_check(command, tmp_path, monkeypatch, case):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    changes, _, said = BAD[case]
    code, text = command("check", bad_audit(tmp_path / "audit", changes))
    assert code in (1, 2)
    assert [word for word in said if word not in text] == [], text
    # 2 where there is nothing to list problems of.
    assert code == 2 or "必须改 (1)" in text


def test_an_error_of_a_cell_comes_over_whole_and_nothing_is_measured_again(command, tmp_path, monkeypatch):
    def measure(*_: object, **__: object) -> None:
        raise AssertionError("the kernel has read and judged it")

    monkeypatch.setattr("govmedia_kit.read.audit.read_audit", measure)
    monkeypatch.setattr("govmedia_kit.judge.assess.assess", measure)
    audit = write_audit(tmp_path / "audit", rules="gansu-2091")
    said = "There is no rule table `gansu-2091`. Did you mean gansu-2019? The kit has gansu-2019, state-council-2019;"
    code, text = command("bulletin", audit, "--out", tmp_path / "out", "--language", "en")
    assert code == 2
    assert text.startswith(said)
    # The library's own error within one, and a problem whose label is a word of the language.
    write_audit(audit, [account("甲", unit=None)])
    code, text = command("bulletin", audit, "--out", tmp_path / "out", "--language", "en")
    assert (code, text.splitlines()[1]) == (2, "  Unit is empty at accounts.csv › line 2 › unit. Fill it in.")
    write_audit(audit)
    (audit / "accounts.csv").unlink()
    (audit / "accounts.xlsx").write_text("no workbook", encoding="utf-8")
    code, text = command("bulletin", audit, "--out", tmp_path / "out", "--language", "en")
    assert code == 2
    assert "accounts.xlsx cannot be read" in text or "accounts.xlsx is not known" in text


def test_each_round_is_measured_once(tmp_path, kernel):
    write_audit(tmp_path / "first", posts=[post("甲", 300)], as_of="2019-01-15")
    write_audit(tmp_path / "second", posts=[post("甲", 200)], as_of="2019-04-15", previous="../first")
    audit = write_audit(tmp_path / "third", previous="../second")
    notebook = json.loads((resource("notebooks") / "bulletin.ipynb").read_text(encoding="utf-8"))
    measuring = next(c for c in notebook["cells"] if "gk.assess(" in "".join(c["source"]))
    count = [
        "from govmedia_kit.measures.updates import status\n",
        "measure, measured = status.update_status, []\n",
        "status.update_status = lambda *a, **k: (measured.append(k['as_of'].isoformat()), measure(*a, **k))[1]\n",
    ]
    measuring["source"] = [*count, *measuring["source"]]
    notebook["cells"][-1]["source"] += ["\nstatus.update_status = measure\nprint('measured', *measured)"]
    (tmp_path / "counting.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    out = make_bulletin(audit, tmp_path / "out", notebook=tmp_path / "counting.ipynb", formats=["ipynb"], kernel=kernel)
    assert "measured 2019-07-15 2019-04-15 2019-01-15\\n" in (out / "bulletin.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("where", [{"engine": "duckdb"}, {"tables": {"engine": "duckdb"}}])
def test_the_engine_of_audit_toml_reads_the_posts_of_a_bulletin(tmp_path, kernel, where):
    audit = write_audit(tmp_path / "audit", **where)
    pl.read_csv(audit / "posts.csv", try_parse_dates=True).write_parquet(audit / "posts.parquet")
    (audit / "posts.csv").unlink()
    notebook = short_notebook(tmp_path, "print(type(assessment.audit.posts).__module__)")
    out = make_bulletin(audit, tmp_path / "out", notebook=notebook, formats=["ipynb"], kernel=kernel)
    assert "duckdb" in (out / "bulletin.ipynb").read_text(encoding="utf-8")
    assert "polars" in type(read_audit(audit, engine="polars").posts).__module__


def test_a_failed_run_leaves_the_bulletin_that_is_there(command, tmp_path):
    audit = write_audit(tmp_path / "audit")
    assert command("bulletin", audit, "--out", tmp_path / "out", "--format", "html")[0] == 0
    before = bytes_of(tmp_path / "out")
    write_audit(audit, [account("甲", platform="微薄")])
    assert command("bulletin", audit, "--out", tmp_path / "out")[0] == 2
    assert bytes_of(tmp_path / "out") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audit", "out"]


def test_all_problems_of_a_ledger_are_told_at_once(command, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    rows = [account("甲", platform="微薄"), account("甲"), account("丙", opened_on="去年")]
    code, text = command("bulletin", write_audit(tmp_path / "audit", rows), "--out", tmp_path / "out")
    assert code == 2
    for words in ("line 2", "line 3", "line 4", "3 errors"):
        assert words in text


def test_a_missing_folder_is_named(command, tmp_path):
    code, text = command("bulletin", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert code == 2
    assert "nowhere" in text


def test_a_users_own_files_are_never_replaced(command, tmp_path):
    audit = write_audit(tmp_path / "audit")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "论文.docx").write_text("十年心血", encoding="utf-8")
    code, text = command("bulletin", audit, "--out", tmp_path / "out")
    assert code == 2
    assert "论文.docx" in text
    assert (tmp_path / "out" / "论文.docx").read_text(encoding="utf-8") == "十年心血"
    code, text = command("bulletin", audit, "--out", tmp_path / "out" / "论文.docx")
    assert code == 2
    assert (tmp_path / "out" / "论文.docx").read_text(encoding="utf-8") == "十年心血"


def test_the_audit_folder_itself_is_no_output_folder(command, tmp_path):
    audit = write_audit(tmp_path / "audit")
    before = bytes_of(audit)
    assert command("bulletin", audit, "--out", audit)[0] == 2
    assert bytes_of(audit) == before


def test_unknown_parameter_is_an_error(tmp_path, kernel):
    audit = write_audit(tmp_path / "audit")
    with pytest.raises(NotebookError) as caught:
        make_bulletin(audit, tmp_path / "out", kernel=kernel, regoin="620000")
    assert caught.value.kind == "unknown_parameter"
    assert "region" in caught.value.say("zh-Hans")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "value"), [("region", 620000), ("as_of", True), ("language", ["zh"])])
def test_a_parameter_of_the_wrong_type_is_an_error(name, value):
    with pytest.raises(NotebookError) as caught:
        check_parameters(resource("notebooks") / "bulletin.ipynb", {name: value})
    assert caught.value.kind == "bad_parameter"
    assert name in caught.value.say("en")


def test_a_cell_that_fails_is_named(tmp_path, kernel):
    notebook = json.loads((resource("notebooks") / "bulletin.ipynb").read_text(encoding="utf-8"))
    notebook["cells"][4]["source"] = ["1 / 0"]
    (tmp_path / "ours.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(NotebookError) as caught:
        make_bulletin(
            write_audit(tmp_path / "audit"), tmp_path / "out", notebook=tmp_path / "ours.ipynb", kernel=kernel
        )
    assert "ZeroDivisionError" in caught.value.say("zh-Hans")
    assert "ours.ipynb" in caught.value.say("en")
    assert not (tmp_path / "out").exists()


# --- Interrupted -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
def test_a_run_that_stops_leaves_no_folder(tmp_path, kernel, monkeypatch, error):
    def stop(*_: object) -> None:
        raise error

    audit = write_audit(tmp_path / "audit")
    monkeypatch.setattr(bulletin, "_write_manifest", stop)
    notebook = short_notebook(audit)
    with pytest.raises(error):
        make_bulletin(audit, tmp_path / "out", notebook=notebook, formats=["html", "docx"], kernel=kernel)
    assert [p.name for p in tmp_path.iterdir()] == ["audit"]


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path):
    made, out = tmp_path / "made", tmp_path / "out"
    for folder in (made, out):
        folder.mkdir()
        (folder / "figures.json").write_text(folder.name, encoding="utf-8")
    replace_folder(made, out)
    assert bytes_of(out) == {"figures.json": b"made"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_command_that_is_interrupted_leaves_nothing(tmp_path):
    audit = write_audit(tmp_path / "audit")
    made = tmp_path / "made"
    made.mkdir()
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "govmedia_kit",
            "bulletin",
            str(audit),
            "--out",
            str(made / "out"),
            "--language",
            "zh-Hans",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    end = time.monotonic() + 60
    while not list(made.iterdir()) and time.monotonic() < end and run.poll() is None:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "已停止" in said
    assert "Traceback" not in said
    assert list(made.iterdir()) == []


def test_every_format_that_there_is_can_be_asked_for_alone(tmp_path, kernel, monkeypatch):
    """The notebook runs once; each format is printed from that run."""
    audit = write_audit(tmp_path / "audit")
    execute, runs = bulletin._execute, []

    def once(source, folder, *arguments):
        if not runs:
            executed = execute(source, folder, *arguments)
            runs.append((executed, shutil.copytree(folder, tmp_path / "run")))
        executed, run = runs[0]
        shutil.copytree(run, folder, dirs_exist_ok=True)
        return copy.deepcopy(executed)

    monkeypatch.setattr(bulletin, "_execute", once)
    for name in FORMATS:
        out = make_bulletin(audit, tmp_path / name, formats=[name], kernel=kernel)
        there = set(bytes_of(out)) - {"figures.json", "measured.parquet", "findings.csv", "manifest.json"}
        assert len([n for n in there if n.endswith(f".{name}")]) == 1
        assert len(there) == 1
    with pytest.raises(InputError, match="docxx"):
        make_bulletin(audit, tmp_path / "out", formats=["docxx"], kernel=kernel)
