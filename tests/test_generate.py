"""Made-up audits: the same bytes for the same seed, marked everywhere, read by the importers, and measured as they were made."""

import csv
import datetime as dt
import tomllib
from pathlib import Path

import polars as pl
import pytest
from weibo_ids import bid_from_mid

import govmedia_kit as gk
from govmedia_kit.package_data import rows
from govmedia_kit.read.importers.import_files import import_files
from govmedia_kit.read.importers.post_ids import mid_from_bid, weibo_time
from govmedia_kit.run.generate import generate_audit

AS_OF = dt.date(2026, 6, 30)
# What the measures of the audits' own columns say, whatever the evidence.
OF_LEDGER = ("channel", "unit_accounts", "same_platform_accounts")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Three hundred accounts; not to be written into."""
    return generate_audit(tmp_path_factory.mktemp("generated") / "audit", accounts=300, posts=20_000, seed=1)


def truth_of(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "truth.csv", try_parse_dates=True, infer_schema_length=None)


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def unlike(folder: Path, columns: tuple[str, ...] | list[str]) -> dict[str, list[tuple]]:
    """The cells of these columns in which the kit's measured accounts are not what they were made to be."""
    truth = truth_of(folder).filter("live")
    measured = gk.assess(gk.read_audit(folder)).measured
    assert sorted(measured["account_id"]) == sorted(truth["account_id"])
    both = truth.join(measured, on="account_id", suffix="_measured")
    found = {}
    for name in columns:
        other = pl.col(f"{name}_measured").cast(truth.schema[name])
        wrong = both.filter(~pl.col(name).eq_missing(other)).select("trouble", "account_id", name, f"{name}_measured")
        if wrong.height:
            found[name] = wrong.rows()
    return found


def assert_measured_as_made(folder: Path) -> None:
    described = ("account_id", "platform", "name", "unit", "trouble", "live")
    assert unlike(folder, [name for name in truth_of(folder).columns if name not in described]) == {}
    figures = gk.figures(gk.assess(gk.read_audit(folder)))
    for identifier, value in pl.read_csv(folder / "truth_figures.csv").rows():
        assert figures[identifier].value == pytest.approx(value), identifier


def test_the_command_makes_an_audit_and_says_that_it_is_made_up(tmp_path, command):
    for language, words in (("zh-Hans", "生成数据"), ("en", "nothing is real")):
        folder = tmp_path / language
        numbers = ["--accounts", 300, "--posts", 3000, "--seed", 7]
        code, text = command("generate", folder, *numbers, "--language", language)
        assert (code, words in text, str(folder) in text) == (0, True, True)
    assert files_of(tmp_path / "zh-Hans") == files_of(tmp_path / "en")
    assert truth_of(tmp_path / "en").height == 300


def test_another_seed_makes_another_audit(made, tmp_path):
    same = generate_audit(tmp_path / "same", accounts=300, posts=20_000, seed=1)
    other = generate_audit(tmp_path / "other", accounts=300, posts=20_000, seed=2)
    assert files_of(same) == files_of(made)
    assert files_of(other)["accounts.csv"] != files_of(made)["accounts.csv"]


def test_everything_says_that_it_is_generated(made):
    settings = tomllib.loads((made / "audit.toml").read_text(encoding="utf-8"))
    assert "生成数据" in settings["title"]
    assert "生成数据" in settings["issuer"]
    assert "生成数据" in settings["note"]
    readme = (made / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# 生成数据")
    assert "Nothing here is real" in readme
    assert "--accounts 300 --posts 20000 --seed 1" in readme
    for table in ("accounts.csv", "messages.csv", "posts/backoffice/posts.csv", "posts/hot-list/posts.csv"):
        assert pl.read_csv(made / table, infer_schema_length=0)["source"].unique().to_list() == ["generated"]
    ledger = pl.read_csv(made / "accounts.csv", infer_schema_length=0)
    assert ledger.select(pl.col("name", "unit").str.contains("示例").all()).row(0) == (True, True)
    posts = import_files([made / "posts"]).posts
    assert posts["title"].str.starts_with("【生成数据】").all()


def test_no_unit_bears_a_real_name_and_no_two_names_are_alike(made):
    accounts, _ = gk.read_accounts(made / "accounts.csv", region="510000")
    assert gk.lookalike_groups(accounts).height == 0
    assert accounts["region"].str.starts_with("51").all()
    numbers = accounts["platform_id"].drop_nulls()
    assert numbers.str.contains("^99[0-9]{8}$").all()


@pytest.mark.parametrize(
    ("accounts", "seed"),
    [(100, 0), (100, 1), (300, 1), *(pytest.param(100, seed, marks=pytest.mark.exhaustive) for seed in range(2, 6))],
)
def test_every_kind_of_trouble_stands_among_ordinary_accounts(tmp_path, accounts, seed):
    truth = truth_of(generate_audit(tmp_path / "audit", accounts=accounts, posts=5 * accounts, seed=seed))
    counts = dict(truth["trouble"].value_counts().iter_rows())
    assert set(counts) == {row["trouble"] for row in rows("generated/troubles.csv")}
    assert counts["ordinary"] > accounts / 4
    assert truth["account_id"].is_unique().all()
    assert {"none", "some", "full", None} == set(truth["channel"])
    assert truth.filter("live", pl.col("same_platform_accounts") > 1).height >= 2


def test_every_trouble_has_the_verdict_that_it_was_made_for(made):
    truth = truth_of(made)
    reasons = {row["trouble"]: row["reason"] or None for row in rows("generated/troubles.csv")}
    for trouble, live, checked, reason, stale, channel, verdict in truth.select(
        "trouble", "live", "checked", "not_checked_reason", "stale", "channel", "verdict"
    ).iter_rows():
        assert reason == (reasons[trouble] if live else None), trouble
        assert checked == (reason is None if live else None), trouble
        failed = stale or channel == "none"
        assert verdict == (None if not live else "not_checked" if reason else "failed" if failed else "passed"), trouble
    silent = {"silent_in_run", "silent_captured", "dormant", "just_over", "ninety_days", "note_silent", "after_silent"}
    silent |= {"never_noted", "never_observed", "observed_later", "hole_in_observation"}
    assert set(truth.filter("stale")["trouble"]) - {"rounded_ids", "rounded_digits", "rounded_times"} == silent
    assert set(truth.filter("never")["trouble"]) == {"never_noted", "never_observed"}
    assert set(truth.filter("dormant")["trouble"]) == {"dormant"}
    assert set(truth.filter("borderline")["trouble"]) >= {"borderline"}
    assert truth.filter(trouble="borderline")["gap_days"].unique().to_list() == [14]


def test_every_file_of_posts_is_understood(made):
    ledger, _ = gk.read_accounts(made / "accounts.csv", region="510000")
    found = import_files([made / "posts"], ledger=ledger)
    # What stands in it on purpose: a year that a correction mends, and ids that a spreadsheet rounded.
    assert {p.kind for p in found.problems} == {"date_late", "cell_id_rounded"}
    tools = found.report.group_by("tool").agg(pl.col("set_aside").sum())
    assert dict(tools.iter_rows()) == {"kit": 1, "MediaCrawler": 0, "weibo-crawler": 0, "weibo-search": 0}
    files = list((made / "posts").rglob("*.csv"))
    assert found.report.height == len(files)
    assert set(found.posts["account_id"]) <= set(ledger["account_id"])
    assert found.posts["published_at"].dt.date().min() > dt.date(2025, 1, 1)


def test_posts_are_as_many_as_asked_and_show_the_last_day_of_every_timeline(made):
    ledger, _ = gk.read_accounts(made / "accounts.csv", region="510000")
    found = import_files([made / "posts"], ledger=ledger)
    truth = truth_of(made)
    # What spreadsheets damaged and corrections mend is for the audit's reader.
    damaged = ["rounded_ids", "rounded_digits", "rounded_times", "corrected_post", "hole_in_observation"]
    whole = truth.filter(~pl.col("trouble").is_in(damaged))
    by_then = found.posts.filter(pl.col("published_at").dt.date() <= AS_OF)
    inside = pl.col("published_at").dt.date() > AS_OF - dt.timedelta(days=90)
    seen = by_then.group_by("account_id").agg(
        last=pl.col("published_at").max().dt.date(),
        inside=inside.sum().cast(pl.Int64),
        likes=pl.col("likes").filter(inside).sum(),
        reads=pl.col("reads").filter(inside).sum(),
    )
    both = whole.join(seen, on="account_id")
    assert both.height > 200
    assert both["last"].to_list() == both["last_post"].to_list()
    assert both["inside"].to_list() == both["posts_in_window"].to_list()
    assert both["likes"].to_list() == both["likes_in_window"].fill_null(0).to_list()
    assert both["reads"].to_list() == both["reads_in_window"].fill_null(0).to_list()
    rounded = truth.filter(pl.col("trouble").is_in(damaged[:2]))["account_id"].implode()
    others = found.posts.filter(~pl.col("account_id").is_in(rounded))
    in_own = pl.read_csv(made / "posts" / "excel" / "posts.csv", infer_schema_length=0).unique()
    # One is of the year 2062 until a correction mends it.
    assert others.height + in_own.height + 1 == 20_000


def test_weibos_ids_name_the_second_and_the_letters_of_their_posts(made):
    for path in sorted((made / "posts").rglob("weibo/*/99*.csv")):
        for row in list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))[:3]:
            mid = int(row["id"].strip())
            assert row["bid"] == bid_from_mid(mid)
            assert str(weibo_time(mid_from_bid(pl.Series([row["bid"]])))[0]) == row["完整日期"]


def test_corrections_find_one_cell_each(made):
    table = pl.read_csv(made / "corrections.csv", infer_schema_length=0)
    assert set(table["table"]) == {"accounts", "posts"}
    ledger = pl.read_csv(made / "accounts.csv", infer_schema_length=0)
    posts = pl.read_csv(made / "posts" / "backoffice" / "posts.csv", infer_schema_length=0)
    posts = posts.with_columns(key=pl.format("{}/{}", "account_id", "post_id"))
    for name, key, column, found, becomes, _ in table.iter_rows():
        cells = ledger.filter(account_id=key) if name == "accounts" else posts.filter(key=key)
        assert cells[column].to_list() == [found]
        assert becomes.startswith("2026-06-")


def test_the_run_of_june_goes_on_and_that_of_may_ended(made):
    days = {}
    for month in ("2026-05", "2026-06"):
        found = import_files([made / "posts" / month]).posts["published_at"].dt.date()
        days[month] = found.max()
        if month == "2026-06":
            assert (found == AS_OF).sum() >= 2
    assert days["2026-05"] <= dt.date(2026, 5, 31)
    assert days["2026-06"] >= AS_OF
    assert any(p.read_text(encoding="utf-8-sig").count("\n") == 1 for p in (made / "posts" / "2026-06").rglob("*.csv"))


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        ({"accounts": 40}, "accounts"),
        ({"accounts": -1}, "accounts"),
        ({"posts": 400}, "posts"),
        ({"seed": -1}, "seed"),
    ],
)
def test_numbers_that_are_too_small_are_refused(tmp_path, command, numbers, name):
    given = {"accounts": 100, "posts": 1000, "seed": 0} | numbers
    options = [word for option, number in given.items() for word in (f"--{option}", number)]
    code, text = command("generate", tmp_path / "audit", *options, "--language", "en")
    assert (code, text.startswith(f"{name} is {numbers[name]}")) == (2, True)
    code, text = command("generate", tmp_path / "audit", *options, "--language", "zh-Hans")
    assert (code, "至少要" in text) == (2, True)
    assert not (tmp_path / "audit").exists()


def test_a_folder_that_holds_anything_is_not_written_into(tmp_path, command):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    code, text = command("generate", tmp_path, "--language", "en")
    assert (code, "not empty" in text) == (2, True)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    assert command("generate", tmp_path / "notes.txt", "--language", "en")[0] == 2
    (tmp_path / "empty").mkdir()
    assert command("generate", tmp_path / "empty", "--accounts", 100, "--posts", 1000)[0] == 0


def test_what_hangs_on_the_ledger_alone_is_measured_as_it_was_made(made):
    assert unlike(made, OF_LEDGER) == {}


@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.exhaustive)]
)
def test_three_hundred_accounts_are_measured_as_they_were_made(tmp_path, seed):
    assert_measured_as_made(generate_audit(tmp_path / "audit", accounts=300, posts=20_000, seed=seed))


@pytest.mark.slow
def test_five_thousand_accounts_are_measured_as_they_were_made(tmp_path):
    assert_measured_as_made(generate_audit(tmp_path / "audit", accounts=5000, posts=250_000, seed=11))
