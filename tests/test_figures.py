"""Every figure of the founding case is counted again, from the files by pandas; every figure's rows can be found.

Nothing of the kit takes part in the count: `witness` reads accounts.csv and messages.csv with pandas and the posts'
last days from the parquet file, and applies the definitions in plain pandas.
"""

import csv
import datetime as dt
import json
import math
import re

import holidays
import pandas as pd
import polars as pl
import pytest
from audits import account, figures_of, post, write_audit

from govmedia_kit.judge.assess import assess
from govmedia_kit.judge.figures import figures, rounded
from govmedia_kit.read.audit import read_audit

AS_OF = pd.Timestamp(2019, 7, 15)
ALWAYS = [
    "units",
    "accounts.registered",
    "accounts.checked",
    "accounts.not_checked",
    "accounts.passed",
    "accounts.failed",
    "pass_rate",
    "pass_rate.stratified",
    "duplication.units_same_platform",
    "duplication.redundant_accounts",
    "duplication.units_with_three",
    "duplication.units_over_three",
    "duplication.most_accounts",
    "duplication.lookalike_groups",
    "duplication.lookalike_accounts",
    "duplication.largest_lookalike_group",
    "updates.stale",
    "updates.never",
    "updates.borderline",
    "updates.warned",
    "updates.dormant",
    "updates.longest_gap_days",
    "updates.median_gap_days",
    "interaction.no_channel",
    "interaction.full",
    "interaction.messages",
    "interaction.reply_rate",
    "interaction.median_reply_days",
    "followup.failed_before",
    "followup.fixed",
    "followup.persisting",
    "followup.new",
]


# --- The witness -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def witness(gansu) -> pd.DataFrame:
    """The ledger with gap, longest silence and channel of each account, by pandas."""
    accounts = pd.read_csv(gansu / "accounts.csv", dtype=str, keep_default_na=False)
    posts = pl.read_parquet(gansu / "posts.parquet", columns=["account_id", "published_at"]).to_dicts()
    days = pd.DataFrame(posts).assign(day=lambda f: f["published_at"].dt.normalize())
    days = days[days["day"] <= AS_OF]
    last = days.groupby("account_id")["day"].max()
    accounts["gap"] = (AS_OF - accounts["account_id"].map(last)).dt.days
    accounts["never"] = accounts["gap"].isna()
    accounts["stale"] = accounts["never"] | (accounts["gap"] > 14)
    accounts["longest"] = [longest_silence(row, days) for _, row in accounts.iterrows()]
    known = accounts[["channel_comments", "channel_messages", "channel_menu"]]
    accounts["none"] = (known != "true").all(axis=1) & (known == "false").any(axis=1)
    accounts["full"] = (known == "true").all(axis=1)
    accounts["failed"] = accounts["stale"] | accounts["none"]
    accounts["prefecture"] = accounts["region"].str[:4] + "00"
    return accounts


def longest_silence(row: pd.Series, days: pd.DataFrame) -> int:
    """The longest run of days without a post in the 90 days, day by day."""
    posted = set(days.loc[days["account_id"] == row["account_id"], "day"])
    start = max(
        [AS_OF - pd.Timedelta(days=89), *(pd.Timestamp(d) for d in (row["opened_on"], row["observed_from"]) if d)]
    )
    longest = run = 0
    for day in pd.date_range(start, AS_OF):
        run = 0 if day in posted else run + 1
        longest = max(longest, run)
    return longest


def counted(rows: pd.DataFrame) -> dict[str, float]:
    """The definitions, applied to some accounts."""
    per_unit = rows.groupby("unit").size()
    pairs = rows.groupby(["unit", "platform"]).size()
    gaps = rows["gap"].dropna()
    return {
        "units": rows["unit"].nunique(),
        "accounts.registered": len(rows),
        "accounts.checked": len(rows),
        "accounts.not_checked": 0,
        "accounts.passed": int((~rows["failed"]).sum()),
        "accounts.failed": int(rows["failed"].sum()),
        "pass_rate": float((~rows["failed"]).mean()),
        "duplication.units_same_platform": pairs[pairs > 1].reset_index()["unit"].nunique(),
        "duplication.redundant_accounts": int((pairs - 1).sum()),
        "duplication.units_with_three": int((per_unit == 3).sum()),
        "duplication.units_over_three": int((per_unit > 3).sum()),
        "duplication.most_accounts": int(per_unit.max()),
        "updates.stale": int(rows["stale"].sum()),
        "updates.never": int(rows["never"].sum()),
        "updates.borderline": int((gaps == 14).sum()),
        "updates.warned": int((gaps > 7).sum() + rows["never"].sum()),
        "updates.dormant": int((gaps > 90).sum()),
        "updates.longest_gap_days": int(rows["longest"].max()),
        "updates.median_gap_days": float(gaps.median()) if len(gaps) else None,
        "interaction.no_channel": int(rows["none"].sum()),
        "interaction.full": int(rows["full"].sum()),
    }


def groups_of(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The accounts of each breakdown by the suffix of its figures."""
    found = {"": rows}
    found |= {f"@{level}": part for level, part in rows.groupby("unit_level")}
    found |= {f"@platform:{platform}": part for platform, part in rows.groupby("platform")}
    found |= {f"@region:{code}": part for code, part in rows.groupby("prefecture") if code != "620000"}
    counties = rows[~rows["region"].str.endswith("00")]
    found |= {f"@region:{code}": part for code, part in counties.groupby("region")}
    return found


# --- The founding document ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identifier", "published"),
    [
        ("units", 137),
        ("units@provincial_department", 36),
        ("units@prefecture", 11),
        ("units@prefecture_department", 20),
        ("units@county", 70),
        ("accounts.registered", 283),
        ("duplication.units_with_three@provincial_department", 5),
        ("duplication.units_over_three@provincial_department", 10),
        ("duplication.most_accounts", 10),
        ("duplication.units_same_platform.wechat", 8),
        ("updates.stale", 35),
        ("updates.never", 3),
        ("interaction.full", 3),
    ],
)
def test_the_published_figure_is_met(gansu_figures, identifier, published):
    assert gansu_figures[identifier].value == published


def test_the_published_sums_and_bounds_are_met(gansu_figures, gansu_assessment):
    levels = {n: gansu_figures[f"accounts.registered@{n}"].value for n in ("provincial_department", "prefecture")}
    assert sum(levels.values()) == 128
    rest = {n: gansu_figures[f"accounts.registered@{n}"].value for n in ("prefecture_department", "county")}
    assert sum(rest.values()) == 155
    assert gansu_figures["pass_rate"].value < 0.8
    measured = gansu_assessment.measured
    most = set(measured.filter(pl.col("unit_accounts") == 10)["unit"])
    assert most == {"甘肃省司法厅", "甘肃省卫生健康委员会"}
    full = set(measured.filter(channel="full").select("name", "platform").rows())
    assert full == {("甘肃公安", "wechat"), ("甘肃公安", "weibo"), ("平安甘肃", "toutiao")}
    never = set(measured.filter("never").select("unit", "platform").rows())
    assert never == {("玉门市人民政府", "wechat"), ("静宁县人民政府", "yidian"), ("西和县人民政府", "weibo")}


# --- All of them, again by pandas --------------------------------------------------------------------------


def test_every_figure_agrees_with_pandas_whole_and_by_group(gansu_figures, witness):
    compared = 0
    for suffix, rows in groups_of(witness).items():
        for identifier, expected in counted(rows).items():
            found = gansu_figures.get(identifier + suffix)
            value = None if found is None else found.value
            assert value == pytest.approx(expected), identifier + suffix
            compared += 1
    assert compared > 1500


def test_no_breakdown_is_there_that_pandas_does_not_know(gansu_figures, witness):
    suffixes = {i[i.index("@") :] for i in gansu_figures if "@" in i}
    assert suffixes == set(groups_of(witness)) - {""}


def test_same_platform_units_agree_with_pandas_for_every_platform(gansu_figures, witness):
    for platform, rows in witness.groupby("platform"):
        sizes = rows.groupby("unit").size()
        assert gansu_figures[f"duplication.units_same_platform.{platform}"].value == (sizes > 1).sum()


def test_replies_agree_with_a_plain_count(gansu, gansu_figures):
    start, end = dt.datetime(2019, 4, 17), dt.datetime(2019, 7, 16)
    with (gansu / "messages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    waits = []
    for row in rows:
        received = dt.datetime.fromisoformat(row["received_at"])
        replied = dt.datetime.fromisoformat(row["replied_at"]) if row["replied_at"] else None
        if start <= received < end:
            answered = replied is not None and replied < end
            waits.append((((replied if answered else end) - received) / dt.timedelta(days=1), answered))
    answered = sum(a for _, a in waits)
    assert gansu_figures["interaction.messages"].value == len(waits)
    assert gansu_figures["interaction.reply_rate"].value == pytest.approx(answered / len(waits))
    assert gansu_figures["interaction.replied"].value == answered
    assert gansu_figures["interaction.median_reply_days"].value == pytest.approx(kaplan_meier_median(waits))


def kaplan_meier_median(waits: list[tuple[float, bool]]) -> float | None:
    """The first time at which half or fewer still wait, by the textbook's product."""
    survival, left = 1.0, len(waits)
    for time in sorted({t for t, _ in waits}):
        here = [answered for t, answered in waits if t == time]
        survival *= 1 - sum(here) / left
        left -= len(here)
        if survival <= 0.5:
            return time
    return None


def test_the_interval_of_the_pass_rate_is_wilsons(gansu_figures):
    rate = gansu_figures["pass_rate"]
    z, n, p = 1.959963984540054, rate.of, rate.value
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    assert (rate.low, rate.high) == pytest.approx((middle - half, middle + half))
    assert (rate.count, rate.of) == (223, 283)


# --- What every figure promises ----------------------------------------------------------------------------


def test_every_promised_id_is_there(gansu_figures):
    assert [i for i in ALWAYS if i not in gansu_figures] == []


def test_what_is_not_known_is_null_and_said_so(gansu_figures):
    for identifier in ("pass_rate.stratified", "followup.fixed", "followup.new"):
        figure = gansu_figures[identifier]
        assert (figure.value, figure.text) == (None, "未知")


def test_rates_are_fractions_inside_their_intervals(gansu_figures):
    rates = [
        f for f in gansu_figures.values() if re.match(r"pass_rate|.*reply_rate|.*_share", f.id) and f.value is not None
    ]
    assert len(rates) > 100
    for figure in rates:
        assert 0 <= figure.value <= 1
        assert figure.value == pytest.approx(figure.count / figure.of)
        assert figure.text.endswith("%")
        if figure.low is not None:
            assert 0 <= figure.low <= figure.value <= figure.high + 1e-12 <= 1 + 1e-12


def found_rows(assessment, figure) -> pl.DataFrame:
    """The rows that a figure's evidence names, by SQL."""
    tables = {name: getattr(assessment, name) for name in assessment.__dataclass_fields__}
    tables = {name: table for name, table in tables.items() if isinstance(table, pl.DataFrame)}
    tables |= {
        "search": assessment.searches,
        **({} if assessment.followed is None else {"followup": assessment.followed}),
    }
    with pl.SQLContext(tables) as context:
        query = f"SELECT * FROM {figure.evidence['table']} WHERE {figure.evidence['where']}"
        return context.execute(query, eager=True)


def counts_of(assessment, figure, rows: pl.DataFrame) -> object:
    """What the rows of a figure's evidence say its value is."""
    name = figure.id.partition("@")[0]
    if name in ("duplication.lookalike_groups", "duplication.largest_lookalike_group"):
        # An account may be in several groups; the row shows the first.
        sizes = assessment.lookalikes.join(rows, on="account_id", how="semi").group_by("group_id").len()["len"]
        return (sizes > 1).sum() if name.endswith("groups") else sizes.max() or 0
    if name.startswith("duplication.units_") or name in ("units", "interaction.no_channel_units"):
        return rows["unit"].n_unique()
    if name == "duplication.redundant_accounts":
        return rows.height - rows.select("unit", "platform", "purpose").n_unique()
    if name == "duplication.most_accounts":
        return rows.group_by("unit").len()["len"].max()
    if name in ("interaction.messages", "interaction.replied"):
        return rows["messages" if name == "interaction.messages" else "replied"].sum()
    if name == "interaction.reply_rate":
        return rows["replied"].sum() / rows["messages"].sum()
    if name == "pass_rate":
        return (rows["verdict"] == "passed").mean()
    if name == "updates.stale_share":
        return rows.height / figure.of
    if name == "updates.longest_gap_days":
        return rows["longest_gap_days"].max()
    if name == "updates.longest_current_gap_days":
        return rows["gap_days"].max()
    if name == "updates.median_gap_days":
        return rows["gap_days"].median()
    return rows.height


def evident(figure) -> bool:
    """Whether the rows alone say the value; a curve's median and a share of the whole need more than its rows."""
    more = (
        "interaction.median",
        "interaction.answered",
        "set_aside",
        "accounts.checked_share",
        "duplication.search",
        "followup.rate",
    )
    return figure.value is not None and not figure.id.startswith(more)


def test_every_figures_rows_can_be_found_and_count_to_it(gansu_assessment, gansu_figures):
    checked = 0
    for figure in filter(evident, gansu_figures.values()):
        rows = found_rows(gansu_assessment, figure)
        assert counts_of(gansu_assessment, figure, rows) == pytest.approx(figure.value), (figure.id, figure.evidence)
        checked += 1
    assert checked > 2000


def test_every_figures_rows_can_be_found_where_units_lie_in_two_places_and_have_purposes(tmp_path):
    rows = [
        account("甲", unit="省厅", region="620102", purpose="zh", unit_level="provincial_department"),
        account("乙", unit="省厅", region="620102", purpose="en"),
        account("丙", unit="省厅", region="620902", purpose="zh", channel_comments="false"),
        account("丁", unit="省厅", region="620902", platform="weibo"),
        account("戊", unit="市局", region="620902", platform="weibo", observed_from=None, observed_to=None),
        account("己", unit="市局", region="620902", platform="weibo", channel_comments=None),
    ]
    posts = [post("甲", 1), post("乙", 20), post("丙", 3), post("丁", 14), post("己", 8), post("外", 2)]
    assessment = assess(read_audit(write_audit(tmp_path / "a", rows, posts)))
    made = figures(assessment)
    assert made["duplication.units_same_platform"].value == 2
    for figure in made.values():
        if evident(figure):
            assert counts_of(assessment, figure, found_rows(assessment, figure)) == pytest.approx(figure.value), (
                figure.id,
                figure.evidence,
            )
    assert made["set_aside.accounts"].value == found_rows(assessment, made["set_aside.accounts"]).height == 1


def test_figures_json_is_the_figures(gansu_bulletin, gansu_figures):
    written = figures_of(gansu_bulletin)
    assert list(written) == list(gansu_figures)
    for identifier, record in written.items():
        figure = gansu_figures[identifier]
        assert (record["value"], record["text"], record["evidence"]) == (figure.value, figure.text, figure.evidence)
        assert set(record) == {"id", "value", "low", "high", "count", "of", "label", "text", "evidence"}
    assert "NaN" not in (gansu_bulletin / "figures.json").read_text(encoding="utf-8")


def test_evidence_is_found_in_the_files_of_the_bulletin(gansu_bulletin):
    figures_ = json.loads((gansu_bulletin / "figures.json").read_text(encoding="utf-8"))
    tables = {
        "measured": pl.read_parquet(gansu_bulletin / "measured.parquet"),
        "findings": pl.read_csv(gansu_bulletin / "findings.csv"),
    }
    assert tables["findings"].columns[0] == "account_id"
    stale = next(f for f in figures_ if f["id"] == "updates.stale")
    with pl.SQLContext(tables) as context:
        rows = context.execute(
            f"SELECT * FROM {stale['evidence']['table']} WHERE {stale['evidence']['where']}", eager=True
        )
    assert rows.height == stale["value"] == 35
    assert tables["findings"].filter(rule="stale").height == 35


# --- Small cases -------------------------------------------------------------------------------------------


def small(tmp_path, rows, posts, **more):
    return figures(assess(read_audit(write_audit(tmp_path / "small", rows, posts, **more))))


def test_nothing_checked_is_not_a_rate_of_zero(tmp_path):
    rows = [account("甲", observed_from=None, observed_to=None)]
    found = small(tmp_path, rows, [])
    assert found["accounts.registered"].value == 1
    assert (found["accounts.checked"].value, found["accounts.not_checked"].value) == (0, 1)
    for identifier in ("pass_rate", "accounts.passed", "accounts.failed", "updates.stale", "updates.median_gap_days"):
        assert found[identifier].value is None
        assert found[identifier].text == "未知"


def test_a_ledger_without_channels_has_no_count_of_closed_ones(tmp_path):
    found = small(tmp_path, [account("甲", channel_comments=None)], [post("甲", 1)])
    assert (found["interaction.no_channel"].value, found["interaction.full"].value) == (None, None)


def test_without_a_table_of_messages_nothing_is_said_of_them(tmp_path):
    found = small(tmp_path, [account("甲")], [post("甲", 1)])
    assert found["interaction.messages"].value is None
    assert found["interaction.reply_rate"].value is None


def test_a_table_without_replies_has_messages_and_no_reply_rate(tmp_path):
    messages = [{"account_id": "甲", "message_id": "1", "received_at": "2019-07-01 08:00:00"}]
    found = small(tmp_path, [account("甲")], [post("甲", 1)], messages=messages)
    assert found["interaction.messages"].value == 1
    assert found["interaction.reply_rate"].value is None
    assert found["interaction.median_reply_days"].value is None


def test_messages_to_a_unit_count_in_the_whole_and_in_no_accounts_group(tmp_path):
    messages = [
        {"account_id": "甲", "unit": None, "received_at": "2019-07-01 08:00:00", "replied_at": "2019-07-03 08:00:00"},
        {"account_id": None, "unit": "甲的主办单位", "received_at": "2019-07-02 08:00:00", "replied_at": None},
    ]
    found = small(tmp_path, [account("甲")], [post("甲", 1)], messages=messages)
    assert found["interaction.messages"].value == 2
    assert found["interaction.reply_rate"].value == 0.5
    assert found["interaction.messages@platform:wechat"].value == 1


def test_a_sample_gives_the_rate_of_all_registered(tmp_path):
    levels = ["county"] * 4 + ["prefecture"] * 2
    rows = [account(n, unit_level=level) for n, level in zip("甲乙丙丁戊己", levels, strict=True)]
    posts = [post(n, 1) for n in "甲乙丙戊"] + [post("丁", 30), post("己", 30)]
    found = small(tmp_path, rows, posts, sampling={"by": "unit_level", "registered": {"county": 40, "prefecture": 10}})
    # 40/50 of the weight at 3/4, 10/50 at 1/2.
    assert found["pass_rate.stratified"].value == pytest.approx(0.8 * 0.75 + 0.2 * 0.5)
    assert found["pass_rate.stratified"].low < 0.7 < found["pass_rate.stratified"].high
    assert found["pass_rate"].value == pytest.approx(4 / 6)


def test_accounts_that_are_not_live_are_in_no_figure(tmp_path):
    rows = [
        account("甲"),
        account("乙", opened_on="2019-07-16"),
        account("丙", closed_on="2019-07-15"),
        account("丁", filing_status="closed"),
    ]
    found = small(tmp_path, rows, [post(n, 1) for n in "甲丙丁"])
    assert found["accounts.registered"].value == 1
    assert found["set_aside.accounts"].value == 0


def test_posts_after_the_monitoring_point_do_not_exist(tmp_path):
    found = small(tmp_path, [account("甲")], [post("甲", 20), post("甲", -1)])
    assert found["updates.stale"].value == 1
    assert found["updates.median_gap_days"].value == 20


def test_labels_and_texts_are_english_where_asked(tmp_path):
    folder = write_audit(tmp_path / "en", language="en")
    found = figures(assess(read_audit(folder)))
    assert found["updates.stale@platform:wechat"].label == "Stale accounts (WeChat)"
    assert found["followup.new"].text == "not known"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (91.25, 1, "91.3"),
        (2.675, 2, "2.68"),
        (0.05, 1, "0.1"),
        (70 / 0.7 * 0.788, 1, "78.8"),
        (100.0, 1, "100.0"),
        (-2.5, 0, "-3"),
    ],
)
def test_halves_are_rounded_up_as_offices_do(value, digits, text):
    assert rounded(value, digits) == text


def test_order_of_rows_does_not_matter(gansu, gansu_figures, tmp_path):
    audit = read_audit(gansu)
    shuffled = type(audit)(
        **{
            **{name: getattr(audit, name) for name in audit.__dataclass_fields__},
            "accounts": audit.accounts.sample(fraction=1, shuffle=True, seed=3),
            "posts": audit.posts.collect().sample(fraction=1, shuffle=True, seed=4).lazy(),
            "messages": audit.messages.sample(fraction=1, shuffle=True, seed=5),
        }
    )
    assert figures(assess(shuffled)) == gansu_figures


def test_answered_in_time_agrees_with_a_loop_over_messages_and_days(gansu, gansu_figures):
    calendar = holidays.country_holidays("CN", years=2019)
    as_of = dt.date(2019, 7, 15)
    waits = []
    with (gansu / "messages.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            received = dt.date.fromisoformat(row["received_at"][:10])
            replied = dt.date.fromisoformat(row["replied_at"][:10]) if row["replied_at"] else None
            until = replied or as_of
            days = [received + dt.timedelta(days=n) for n in range(1, (until - received).days + 1)]
            waits.append((sum(map(calendar.is_working_day, days)), replied is not None))
    waiting = 1.0
    for day in range(6):  # the deadline is five working days
        at_risk = sum(wait >= day for wait, _ in waits)
        waiting *= 1 - sum(wait == day and replied for wait, replied in waits) / at_risk
    assert gansu_figures["interaction.answered_in_time"].value == pytest.approx(1 - waiting)


def test_the_share_answered_in_time_is_not_known_where_no_message_has_waited_so_long(tmp_path):
    messages = [{"account_id": "甲", "received_at": "2019-07-14 09:00:00", "replied_at": None}]
    folder = write_audit(tmp_path / "audit", messages=messages, deadlines={"reply_days": 5, "calendar": "working"})
    assert figures(assess(read_audit(folder)))["interaction.answered_in_time"].value is None


def test_silences_of_accounts_that_were_not_checked_are_in_no_share(tmp_path):
    ended = {"observed_to": "2019-07-05"}
    accounts = [account("甲"), account("乙", **ended), account("丙", **ended)]
    posts = [post("甲", 1), post("乙", 16), post("乙", 40), post("丙", 17), post("丙", 60)]
    found = figures(assess(read_audit(write_audit(tmp_path / "audit", accounts, posts))))
    assert found["accounts.checked"].value == 1
    assert found["updates.silent_in_window"].count <= found["updates.silent_in_window"].of == 1
