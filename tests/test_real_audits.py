"""Two real audits: the Canadian government's accounts, and sixteen accounts with 61,951 posts, held against pandas.

The files are read where they lie (`GOVMEDIA_REALDATA`); nothing of them is in the repository.
"""

from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from audits import figures_of, write_audit
from realdata import REALDATA

CANADA = REALDATA / "registry" / "canada_gc_socials.csv"
TWITTER = REALDATA / "posts" / "twitter_gov_post_times_2019-12_2021-02.csv"
PLATFORMS = {"x": "x", "facebook": "facebook", "instagram": "instagram", "intagram": "instagram"}
PLATFORMS |= {"youtube": "youtube", "linkedin": "linkedin", "threads": "threads"}
AS_OF = pd.Timestamp(2026, 3, 1)
LAST = pd.Timestamp(2021, 2, 28)
WINDOW = 90


# --- The ledger: 1,865 accounts, no posts ------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    """The Canadian list as it is, with a number for each row: seven addresses stand in it twice."""
    rows = pd.read_csv(CANADA, dtype=str, keep_default_na=False)
    rows.insert(0, "account_id", [f"ca{i:04}" for i in range(len(rows))])
    return rows


@pytest.fixture(scope="module")
def canada(ledger, kernel, tmp_path_factory) -> Path:
    from govmedia_kit.run.bulletin import make_bulletin

    folder = tmp_path_factory.mktemp("canada")
    audit = write_audit(folder / "audit", posts=[], as_of=AS_OF.date(), region=None, rules="state-council-2019")
    ledger.to_csv(audit / "accounts.csv", index=False, encoding="utf-8")
    return make_bulletin(audit, folder / "out", kernel=kernel)


@pytest.fixture(scope="module")
def live(ledger) -> pd.DataFrame:
    """The accounts that were listed by the day, by pandas."""
    added = pd.to_datetime(ledger["Date Added"], errors="coerce")
    rows = ledger[added.isna() | (added <= AS_OF)]
    platform = rows["Platform"].str.strip().str.lower().map(PLATFORMS).fillna("other")
    return rows.assign(platform=platform, unit=rows["Department"].str.strip(), purpose=rows["Language"].str.strip())


@pytest.mark.realdata
def test_every_account_of_the_ledger_is_read(ledger, live, canada):
    assert len(ledger) == 1865
    assert 100 < len(live) < 1865
    found = figures_of(canada)
    assert found["accounts.registered"]["value"] == len(live)
    assert found["units"]["value"] == live["unit"].nunique()
    for platform, rows in live.groupby("platform"):
        assert found[f"accounts.registered@platform:{platform}"]["value"] == len(rows)


@pytest.mark.realdata
def test_duplicates_agree_with_pandas(live, canada):
    found = figures_of(canada)
    groups = live.groupby(["unit", "platform", "purpose"]).size()
    several = groups[groups > 1].reset_index()
    assert len(several) > 50
    assert found["duplication.units_same_platform"]["value"] == several["unit"].nunique()
    assert found["duplication.redundant_accounts"]["value"] == int((groups - 1).sum())
    for platform, rows in several.groupby("platform"):
        assert found[f"duplication.units_same_platform.{platform}"]["value"] == rows["unit"].nunique()
    sizes = live.groupby("unit").size()
    assert found["duplication.most_accounts"]["value"] == sizes.max()
    assert found["duplication.units_with_three"]["value"] == (sizes == 3).sum()
    assert found["duplication.units_over_three"]["value"] == (sizes > 3).sum()


@pytest.mark.realdata
def test_accounts_without_posts_are_not_checked_and_not_failed(live, canada):
    found = figures_of(canada)
    assert found["accounts.not_checked"]["value"] == len(live)
    assert found["accounts.checked"]["value"] == 0
    for identifier in ("accounts.failed", "pass_rate", "updates.stale", "updates.never", "updates.median_gap_days"):
        assert found[identifier]["value"] is None
    measured = pl.read_parquet(canada / "measured.parquet")
    assert set(measured["verdict"]) == {"not_checked"}
    assert set(measured["not_checked_reason"]) == {"not_observed"}
    assert "veto" not in (canada / "findings.csv").read_text(encoding="utf-8-sig")


@pytest.mark.realdata
def test_the_page_prints_no_number_that_is_not_known(canada):
    text = (canada / "bulletin.html").read_text(encoding="utf-8")
    assert "未知%" not in text
    assert "None" not in text.split("<body>")[1].split('<section class="annex"')[0]
    assert "Canadian Space Agency" in text


@pytest.mark.realdata
def test_addresses_that_stand_twice_stop_the_ledger_as_it_is(command, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    audit = write_audit(tmp_path / "audit", posts=[], as_of=AS_OF.date(), region=None)
    (audit / "accounts.csv").write_bytes(CANADA.read_bytes())
    code, text = command("bulletin", audit, "--out", tmp_path / "out")
    assert code == 2
    assert text.count("is also in row") == 7
    assert not (tmp_path / "out").exists()


# --- The posts: 16 accounts, 61,951 times ------------------------------------------------------------------


@pytest.fixture(scope="module")
def posts() -> pd.DataFrame:
    """The posts with their day in Shanghai, by pandas."""
    rows = pd.read_csv(TWITTER, dtype=str)
    local = pd.to_datetime(rows["created_at_utc"], utc=True, format="ISO8601").dt.tz_convert("Asia/Shanghai")
    return rows.assign(day=local.dt.tz_localize(None).dt.normalize())


@pytest.fixture(scope="module")
def twitter(posts, kernel, tmp_path_factory) -> Path:
    from govmedia_kit.run.bulletin import make_bulletin

    folder = tmp_path_factory.mktemp("twitter")
    names = sorted(posts["account"].unique())
    rows = [{"account_id": name, "platform": "Twitter", "name": name, "unit": name} for name in [*names, "nobody"]]
    # The set says until when it was collected; of each account by itself nothing would tell.
    settings = {"as_of": LAST.date(), "collected_to": LAST.date(), "region": None, "rules": "gansu-2019"}
    audit = write_audit(folder / "audit", rows, [], **settings)
    own = posts.rename(columns={"account": "account_id", "tweet_id": "post_id", "created_at_utc": "published_at"})
    own[["account_id", "post_id", "published_at"]].to_csv(audit / "posts.csv", index=False)
    return make_bulletin(audit, folder / "out", kernel=kernel)


@pytest.mark.realdata
def test_every_post_is_read(posts, twitter):
    assert len(posts) == 61_951
    measured = pl.read_parquet(twitter / "measured.parquet")
    inside = posts[(posts["day"] > LAST - pd.Timedelta(days=WINDOW)) & (posts["day"] <= LAST)].groupby("account").size()
    counts = dict(
        measured.filter(pl.col("posts_in_window").is_not_null()).select("account_id", "posts_in_window").rows()
    )
    assert counts == {name: int(inside.get(name, 0)) for name in posts["account"].unique()}


@pytest.mark.realdata
def test_gaps_agree_with_pandas(posts, twitter):
    posts = posts[posts["day"] <= LAST]
    gap = (LAST - posts.groupby("account")["day"].max()).dt.days
    measured = pl.read_parquet(twitter / "measured.parquet")
    checked = measured.filter("checked")
    assert dict(checked.select("account_id", "gap_days").rows()) == gap.to_dict()
    found = {identifier: figure["value"] for identifier, figure in figures_of(twitter).items()}
    assert found["accounts.checked"] == 16
    assert found["updates.stale"] == (gap > 14).sum()
    assert found["updates.borderline"] == (gap == 14).sum()
    assert found["updates.warned"] == (gap > 7).sum()
    assert found["updates.dormant"] == (gap > 90).sum()
    assert found["updates.never"] == 0
    assert found["updates.median_gap_days"] == gap.median()
    assert found["updates.longest_current_gap_days"] == gap.max()


@pytest.mark.realdata
def test_the_longest_silence_agrees_with_a_walk_through_the_days(posts, twitter):
    measured = pl.read_parquet(twitter / "measured.parquet")
    for name, longest in measured.filter("checked").select("account_id", "longest_gap_days").rows():
        posted = set(posts.loc[posts["account"] == name, "day"])
        most = run = 0
        for day in pd.date_range(LAST - pd.Timedelta(days=WINDOW - 1), LAST):
            run = 0 if day in posted else run + 1
            most = max(most, run)
        assert longest == most, name
    assert figures_of(twitter)["updates.longest_gap_days"]["value"] == measured["longest_gap_days"].max()


@pytest.mark.realdata
def test_accounts_that_were_renamed_are_found_silent(twitter):
    measured = pl.read_parquet(twitter / "measured.parquet")
    stale = set(measured.filter("stale")["account_id"])
    assert {"foreignoffice", "MinSoliSante"} <= stale
    assert measured.filter(account_id="foreignoffice")["last_post"][0].isoformat() in ("2020-08-26", "2020-08-27")


@pytest.mark.realdata
def test_the_account_without_a_post_is_not_checked(twitter):
    measured = pl.read_parquet(twitter / "measured.parquet")
    assert measured.filter(~pl.col("checked")).select("account_id", "verdict").rows() == [("nobody", "not_checked")]
    assert figures_of(twitter)["accounts.not_checked"]["value"] == 1
