"""An import taken out again: the folder is as if it had never been, and what somebody did since is not lost."""

import csv
import datetime as dt
import io
import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomli_w
from polars.testing import assert_frame_equal
from typer.testing import CliRunner
from weibo_ids import bid_from_mid

from govmedia_kit.cli import app
from govmedia_kit.errors import InputError
from govmedia_kit.judge.assess import assess
from govmedia_kit.read.audit import read_audit
from govmedia_kit.read.importers.import_files import import_files, write_import
from govmedia_kit.read.importers.write_import import undo_import

AS_OF = dt.date(2026, 9, 30)
LEDGER = '账号编号,平台,账号名称,主办单位,备注\r\nwechat:w0,微信,甲发布,甲局,"手写，勿动"\r\nwechat:w1,微信,乙发布,乙局,\r\n'.encode(
    "gb18030"
)
TABLES = ("posts.parquet", "messages.parquet", "messages-no-replies.parquet", "comments.parquet")


def govmedia(*arguments: object) -> tuple[int, str]:
    """The command: its exit code, and what it said, in Chinese."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--language", "zh-Hans"])
    return result.exit_code, result.output


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def imported(folder: Path, *sources: Path, **how: Any) -> str:
    """The name of the run that the sources became."""
    written = write_import(import_files(list(sources), **how), folder)
    return written.filter(table="run")["file"].item()


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def state(folder: Path) -> dict[str, Any]:
    """What an audit reads of a folder: rows of its tables, observations and ledger, in no order."""
    found: dict[str, Any] = {}
    for name in TABLES:
        if (folder / name).exists():
            frame = pl.read_parquet(folder / name)
            found[name] = sorted(frame.select(sorted(frame.columns)).rows(), key=repr)
    for name in ("observations.csv", "accounts.csv"):
        if (folder / name).exists():
            content = (folder / name).read_bytes()
            text = content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "gb18030")
            rows = csv.DictReader(io.StringIO(text, newline=""))
            found[name] = sorted((sorted(row.items()) for row in rows), key=repr)
    return found


def post(account: str, post_id: str, published_at: str, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "post_id": post_id, "published_at": published_at} | more


# --- Any two imports ---------------------------------------------------------------------------------------


def drawn(rng: random.Random, folder: Path) -> Path:
    """A source of a few posts and messages, some of which other sources of the same dice hold too."""
    captured = rng.random() < 0.5
    posts = []
    for _ in range(rng.randint(1, 7)):
        account, number = f"wechat:w{rng.randrange(3)}", rng.randrange(6)
        row = post(account, rng.choice(["", f"{account[-2:]}-{number}"]), f"2026-09-{20 + number} 09:30:00")
        row |= {"title": f"第{number}条", "likes": rng.choice(["", "1", "2", "30"])}
        posts.append(row | ({"captured_at": f"2026-09-{rng.randint(26, 30)} 08:00:00"} if captured else {}))
    table(folder / "posts.csv", posts)
    if rng.random() < 0.7:
        replies = rng.random() < 0.7
        rows = [
            {"message_id": f"m{n}", "account_id": f"wechat:w{n % 3}", "received_at": f"2026-09-{10 + n} 08:00:00"}
            | ({"replied_at": rng.choice(["", f"2026-09-{15 + n} 08:00:00"])} if replies else {"title": "咨询"})
            for n in rng.sample(range(6), rng.randint(1, 4))
        ]
        table(folder / "messages.csv", rows)
    return folder


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("ledger", [False, True])
def test_what_is_undone_has_never_been(tmp_path, seed, ledger):
    rng = random.Random(seed)
    sources = {name: drawn(rng, tmp_path / f"src{name}") for name in "abc"[: 2 + seed % 2]}
    every = tmp_path / "every"
    every.mkdir()
    if ledger:
        (every / "accounts.csv").write_bytes(LEDGER)
    before = bytes_of(every)
    runs = {name: imported(every, source) for name, source in sources.items()}
    gone = rng.sample(list(sources), len(sources) - 1)
    for name in gone:
        undo_import(runs[name], every)
        without = tmp_path / f"without{name}"
        without.mkdir()
        if ledger:
            (without / "accounts.csv").write_bytes(LEDGER)
        for other in [other for other in sources if other not in gone[: gone.index(name) + 1]]:
            imported(without, sources[other])
        assert state(every) == state(without)
    for name in set(sources) - set(gone):
        undo_import(runs[name], every)
    assert bytes_of(every) == before


@pytest.mark.parametrize("first", ["old", "new"])
@pytest.mark.parametrize("undone", ["old", "new"])
def test_of_two_captures_of_a_post_the_one_that_is_left_stands(tmp_path, first, undone):
    for name, captured, likes in (("old", "2026-09-28", 3), ("new", "2026-09-30", 40)):
        row = post("wechat:w0", "1", "2026-09-20 09:00", likes=likes, title="" if name == "new" else "防汛")
        table(tmp_path / name / "posts.csv", [row | {"captured_at": f"{captured} 08:00"}])
    out = tmp_path / "out"
    runs = {name: imported(out, tmp_path / name) for name in sorted(["old", "new"], key=first.__ne__)}
    posts = pl.read_parquet(out / "posts.parquet")
    assert posts["likes"].to_list() == [40]
    undo_import(runs[undone], out)
    posts = pl.read_parquet(out / "posts.parquet")
    assert posts.select("likes", "title").rows() == [(40, None) if undone == "old" else (3, "防汛")]
    observed = state(out)["observations.csv"]
    assert [dict(row)["to"] for row in observed] == ["2026-09-30" if undone == "old" else "2026-09-28"]


def test_the_order_in_which_imports_are_undone_does_not_matter(tmp_path):
    states = []
    for order in ("abc", "bca", "cab"):
        out = tmp_path / order
        rng = random.Random(5)
        runs = {name: imported(out, drawn(rng, tmp_path / f"src-{order}" / name)) for name in "abc"}
        for name in order[:2]:
            undo_import(runs[name], out)
        for name in order[2]:
            states.append((name, state(out)))
    for name, found in states:
        alone = tmp_path / f"alone{name}"
        imported(alone, tmp_path / "src-abc" / name)
        assert found == state(alone)


# --- What was there before ---------------------------------------------------------------------------------


def test_undoing_all_leaves_an_offices_own_files_as_they_were(tmp_path):
    own = pl.DataFrame(
        {
            "account_id": ["wechat:w0", "wechat:w0", "wechat:w1"],
            "post_id": ["1", "2", "9"],
            "published_at": [dt.datetime(2026, 9, 1, 9), dt.datetime(2026, 9, 28, 9), dt.datetime(2026, 9, 10)],
            "likes": [3, None, 4],
        }
    )
    folder = tmp_path / "a"
    folder.mkdir()
    own.write_parquet(folder / "posts.parquet")
    (folder / "accounts.csv").write_bytes(LEDGER)
    (folder / "notes.txt").write_text("我的", encoding="utf-8")
    with (folder / "audit.toml").open("wb") as file:
        tomli_w.dump({"as_of": AS_OF, "collected_to": AS_OF, "rules": "gansu-2019"}, file)
    before, measured = bytes_of(folder), assess(read_audit(folder)).measured
    table(
        tmp_path / "src/posts.csv",
        [post("wechat:w0", "2", "2026-09-28 09:00", likes=50), post("wechat:w7", "1", "2026-09-29 09:00")],
    )
    run = imported(folder, tmp_path / "src")
    assert pl.read_parquet(folder / "posts.parquet").height == 4
    undo_import(run, folder)
    assert_frame_equal(pl.read_parquet(folder / "posts.parquet"), own)
    after = bytes_of(folder)
    assert set(after) == set(before)
    assert {name for name in after if after[name] != before[name]} <= {"posts.parquet"}
    assert_frame_equal(assess(read_audit(folder)).measured, measured)


@pytest.mark.parametrize("headings", ["english", "chinese"])
def test_an_import_keeps_what_an_offices_own_parquet_holds(tmp_path, headings):
    """Under whatever headings: the posts are there, and prove what they proved."""
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "accounts.csv").write_bytes(LEDGER)
    with (folder / "audit.toml").open("wb") as file:
        tomli_w.dump({"as_of": AS_OF, "rules": "gansu-2019"}, file)
    own = pl.DataFrame(
        {
            "account_id": ["wechat:w0", "wechat:w1"],
            "published_at": [dt.datetime(2026, 9, 28, 9), dt.datetime(2026, 9, 10)],
            "likes": [3, 4],
            "captured_at": [dt.datetime(2026, 9, 30, 20)] * 2,
        }
    )
    names = {"account_id": "账号编号", "published_at": "发布时间", "likes": "点赞数", "captured_at": "采集时间"}
    (own.rename(names) if headings == "chinese" else own).write_parquet(folder / "posts.parquet")
    columns = ("account_id", "verdict", "checked_by", "last_post", "posts_in_window", "likes_in_window")
    measured = assess(read_audit(folder)).measured.select(columns)
    assert measured["verdict"].to_list() == ["passed", "failed"]
    table(tmp_path / "src/posts.csv", [post("wechat:w7", "1", "2026-09-29 09:00")])
    run = imported(folder, tmp_path / "src")
    assert pl.read_parquet(folder / "posts.parquet").height == 3
    assert_frame_equal(
        assess(read_audit(folder, strict=False)).measured.select(columns).filter(pl.col("account_id") != "wechat:w7"),
        measured,
    )
    undo_import(run, folder)
    assert_frame_equal(assess(read_audit(folder)).measured.select(columns), measured)


def test_own_posts_that_stand_twice_are_not_lost_by_an_import(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    at = dt.datetime(2026, 9, 1, 9)
    rows = [("wechat:w0", "1", at, 3), ("wechat:w0", "1", at, 5), ("wechat:w0", None, at, 7)]
    own = pl.DataFrame(rows, schema=["account_id", "post_id", "published_at", "likes"], orient="row")
    own.write_parquet(folder / "posts.parquet")
    table(tmp_path / "src/posts.csv", [post("wechat:w7", "1", "2026-09-29 09:00")])
    run = imported(folder, tmp_path / "src")
    posts = pl.read_parquet(folder / "posts.parquet").filter(account_id="wechat:w0")
    assert posts["likes"].sort().to_list() == [5, 7]
    undo_import(run, folder)
    assert_frame_equal(pl.read_parquet(folder / "posts.parquet"), own)


def test_observations_that_were_there_stay(tmp_path):
    folder = tmp_path / "a"
    own = {
        "account_id": "wechat:w0",
        "run": "手工",
        "from": "2026-07-01",
        "to": "2026-09-30",
        "complete": "true",
        "basis": "stated",
    }
    table(folder / "observations.csv", [own])
    before = bytes_of(folder)
    table(tmp_path / "src/posts.csv", [post("wechat:w7", "1", "2026-09-29 09:00", captured_at="2026-09-30 08:00")])
    run = imported(folder, tmp_path / "src")
    assert {dict(row)["run"] for row in state(folder)["observations.csv"]} >= {"手工"}
    undo_import(run, folder)
    assert bytes_of(folder) == before


# --- The ledger --------------------------------------------------------------------------------------------


def of_accounts(folder: Path, *numbers: int, name: str = "users") -> Path:
    rows = [{"用户id": f"79{n:08}", "昵称": f"澜川{n}", "微博数": 9, "粉丝数": 100, "关注数": 1} for n in numbers]
    return table(folder / f"{name}.csv", rows).parent


def test_rows_of_the_ledger_that_somebody_changed_stay_and_are_told(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "accounts.csv").write_bytes(LEDGER)
    run = imported(folder, of_accounts(tmp_path / "src", 1, 2, 3))
    text = (folder / "accounts.csv").read_bytes().decode("gb18030")
    assert text.count("澜川") == 3
    changed = text.replace("澜川2,,", "澜川2,丙局,").encode("gb18030")
    assert changed != text.encode("gb18030")
    (folder / "accounts.csv").write_bytes(changed)
    code, output = govmedia("import", "--undo", run, "--to", folder)
    assert code in (0, 1), output
    left = (folder / "accounts.csv").read_bytes()
    assert left.startswith(LEDGER)
    rows = left.decode("gb18030")[len(LEDGER.decode("gb18030")) :]
    assert "澜川2,丙局" in rows
    assert "澜川1" not in rows
    assert "澜川3" not in rows
    assert "accounts.csv 里有 1 行" in output


@pytest.mark.parametrize("name", ["users", "名单"])
def test_accounts_that_another_import_holds_too_stay_until_it_goes(tmp_path, name):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "accounts.csv").write_bytes(LEDGER)
    first, second = (
        imported(folder, of_accounts(tmp_path / "s1", 1, 2)),
        imported(folder, of_accounts(tmp_path / "s2", 2, 3, name=name)),
    )
    undo_import(first, folder)
    text = (folder / "accounts.csv").read_bytes().decode("gb18030")
    assert ["澜川1" in text, "澜川2" in text, "澜川3" in text] == [False, True, True]
    undo_import(second, folder)
    assert bytes_of(folder) == {"accounts.csv": LEDGER}


def test_a_workbook_is_no_part_of_an_import(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    pl.DataFrame({"平台": ["微信"], "账号名称": ["甲发布"], "主办单位": ["甲局"]}).write_excel(folder / "accounts.xlsx")
    before = bytes_of(folder)
    run = imported(folder, of_accounts(tmp_path / "src", 1))
    assert (folder / "accounts-imported.csv").exists()
    undo_import(run, folder)
    assert bytes_of(folder) == before


# --- What is refused ---------------------------------------------------------------------------------------


def with_two_runs(tmp_path: Path) -> tuple[Path, list[str]]:
    folder = tmp_path / "a"
    sources = [
        table(tmp_path / name / "posts.csv", [post("wechat:w0", name, "2026-09-28 09:00", likes=3)]).parent
        for name in ("first", "second")
    ]
    return folder, [imported(folder, source) for source in sources]


@pytest.mark.parametrize("how", ["a row more", "a cell changed", "a row less", "gone", "no table"])
def test_posts_that_something_else_changed_are_refused_and_nothing_is_lost(tmp_path, how):
    folder, (first, _) = with_two_runs(tmp_path)
    path = folder / "posts.parquet"
    posts = pl.read_parquet(path)
    if how == "gone":
        path.unlink()
    elif how == "no table":
        path.write_bytes(b"PAR1 broken")
    else:
        changed = {
            "a row more": pl.concat([posts, posts.head(1).with_columns(post_id=pl.lit("x"))]),
            "a cell changed": posts.with_columns(likes=pl.lit(9, pl.Int64)),
            "a row less": posts.head(1),
        }
        changed[how].write_parquet(path)
    before = bytes_of(folder)
    code, output = govmedia("import", "--undo", first, "--to", folder)
    assert code == 2
    assert "posts.parquet" in output
    assert "Traceback" not in output
    assert bytes_of(folder) == before
    with pytest.raises(InputError):
        undo_import(first, folder)


def test_an_unknown_run_is_a_sentence_with_those_that_are_known(tmp_path):
    folder, runs = with_two_runs(tmp_path)
    before = bytes_of(folder)
    code, output = govmedia("import", "--undo", "frist", "--to", folder)
    assert code == 2
    assert "frist" in output
    assert all(run in output for run in runs)
    assert bytes_of(folder) == before
    with pytest.raises(InputError, match="frist"):
        undo_import("frist", folder)


@pytest.mark.parametrize("name", ["before", "..", "../a", "first/", ""])
def test_what_is_no_name_of_a_run_undoes_nothing(tmp_path, name):
    folder, _ = with_two_runs(tmp_path)
    before = bytes_of(folder)
    assert govmedia("import", "--undo", name, "--to", folder)[0] == 2
    assert bytes_of(folder) == before


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_without_imports_is_a_sentence(tmp_path, there):
    folder = tmp_path / "a"
    if there:
        folder.mkdir()
    code, output = govmedia("import", "--undo", "first", "--to", folder)
    assert (code, "first" in output) == (2, True)
    assert folder.exists() == there


# --- The command -------------------------------------------------------------------------------------------


def test_the_command_says_how_an_import_is_undone_and_undoes_it(tmp_path):
    source = table(tmp_path / "九月/posts.csv", [post("wechat:w0", "1", "2026-09-28 09:00")]).parent
    folder = tmp_path / "a"
    code, output = govmedia("import", source, "--to", folder)
    assert code == 0, output
    assert "govmedia import --undo 九月" in output
    code, output = govmedia("import", "--undo", "九月", "--to", folder)
    assert code == 0, output
    assert "九月" in output
    assert "posts.parquet" in output
    assert bytes_of(folder) == {}
    assert govmedia("import", "--undo", "九月", "--to", folder)[0] == 2


def test_undo_needs_to_be_told_the_folder(tmp_path):
    assert govmedia("import", "--undo", "九月")[0] == 2
    code, output = govmedia("import", "--to", tmp_path / "a")
    assert code == 2
    assert "--undo" in output
    assert not (tmp_path / "a").exists()


def test_sources_beside_undo_are_not_silently_left_out(tmp_path):
    folder, (first, _) = with_two_runs(tmp_path)
    third = table(tmp_path / "third/posts.csv", [post("wechat:w0", "third", "2026-09-28 09:00")]).parent
    before = bytes_of(folder)
    code, _ = govmedia("import", third, "--undo", first, "--to", folder)
    ids = pl.read_parquet(folder / "posts.parquet")["post_id"].to_list()
    assert (code, bytes_of(folder) == before) == (2, True) or sorted(ids) == ["second", "third"]


# --- Once more ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("ledger", [False, True])
def test_the_same_files_again_change_no_byte_and_are_no_new_run(tmp_path, later, ledger):
    folder, rng = tmp_path / "a", random.Random(3)
    folder.mkdir()
    if ledger:
        (folder / "accounts.csv").write_bytes(LEDGER)
    first, second = drawn(rng, tmp_path / "first"), drawn(rng, tmp_path / "second")
    run = imported(folder, first)
    if later:
        imported(folder, second)
    before = bytes_of(folder)
    assert imported(folder, first) == run
    assert bytes_of(folder) == before


def test_other_files_of_the_same_name_are_a_run_of_their_own(tmp_path):
    folder = tmp_path / "a"
    source = tmp_path / "src"
    runs = []
    for number in ("1", "2"):
        table(source / "posts.csv", [post("wechat:w0", number, "2026-09-28 09:00")])
        runs.append(imported(folder, source))
    assert len(set(runs)) == 2
    undo_import(runs[0], folder)
    assert pl.read_parquet(folder / "posts.parquet")["post_id"].to_list() == ["2"]


def test_an_import_that_was_undone_can_be_made_again(tmp_path):
    folder, (first, _) = with_two_runs(tmp_path)
    before = state(folder)
    undo_import(first, folder)
    assert imported(folder, tmp_path / "first") == first
    assert state(folder) == before


# --- What is never stored ----------------------------------------------------------------------------------

CITIZEN = ["王小明", "张大妈", "路灯坏了三个月", "停水没人管", "已转住建局处理", "13900001111"]


def test_no_citizens_name_or_words_are_in_any_file(tmp_path):
    mid = (int((dt.datetime(2026, 9, 28, 9, 30, 7) - dt.datetime(1970, 1, 1, 8)).total_seconds()) - 515_483_463) << 22
    head = "id,bid,正文,头条文章url,原始图片url,视频url,位置,日期,工具,点赞数,评论数,转发数,话题,@用户,完整日期"
    cells = {
        "id": f"{mid}\t",
        "bid": bid_from_mid(mid),
        "正文": "防汛提示",
        "日期": "2026-09-28T09:30:07",
        "点赞数": "1",
    }
    cells |= {"评论数": "1", "转发数": "1", "工具": "微博", "完整日期": "2026-09-28 09:30:07"}
    folder = tmp_path / "src/weibo/澜川发布"
    table(folder / "7900000001.csv", [{name: cells.get(name, "") for name in head.split(",")}])
    comment = {
        "id": "51",
        "weibo_id": str(mid),
        "created_at": "Mon Sep 28 18:30:00 +0800 2026",
        "user_screen_name": CITIZEN[1],
    }
    table(folder / "澜川发布_comments.csv", [comment | {"text": CITIZEN[3], "pic_url": "", "like_count": "0"}])
    message = {
        "留言编号": "1",
        "留言时间": "2026-09-20 08:00",
        "答复时间": "2026-09-22 09:00",
        "单位": "甲局",
        "留言人": CITIZEN[0],
    }
    message |= {"联系电话": CITIZEN[5], "标题": CITIZEN[2], "留言内容": CITIZEN[2], "答复内容": CITIZEN[4]}
    table(tmp_path / "src/messages.csv", [message])
    without = {"留言编号": "2", "留言时间": "2026-09-20 08:00", "单位": "甲局", "姓名": CITIZEN[0], "内容": CITIZEN[3]}
    table(tmp_path / "src/旧留言.csv", [without])
    out = tmp_path / "a"
    code, output = govmedia("import", tmp_path / "src", "--to", out)
    assert code in (0, 1), output
    assert "不保存：留言人和评论人的姓名，留言、答复和评论的正文" in output
    files = [p for p in out.rglob("*") if p.is_file()]
    assert {"posts.parquet", "messages.parquet", "comments.parquet"} <= {p.name for p in files}
    for path in files:
        text = path.name + path.read_bytes().decode("utf-8", "ignore")
        if path.suffix == ".parquet":
            text += json.dumps(pl.read_parquet(path).to_dicts(), ensure_ascii=False, default=str)
        assert [said for said in CITIZEN if said in text] == [], path
