"""What a bulletin costs: the notebook on a warm kernel against the four formats, and a large province. Prints ratios.

python tests/benchmarks/bench_bulletin.py [--failing 3000]
"""

import argparse
import csv
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from govmedia_kit.render.formats import FORMATS
from govmedia_kit.run.bulletin import make_bulletin
from govmedia_kit.run.kernel import started_kernel

GANSU = Path(__file__).parents[2] / "data" / "gansu-2019"
DEPARTMENTS = [
    "公安",
    "教育",
    "民政",
    "司法",
    "财政",
    "水务",
    "农业农村",
    "文旅",
    "卫健",
    "应急",
    "审计",
    "统计",
    "医保",
    "林草",
    "交通",
    "住建",
    "商务",
    "税务",
    "气象",
    "信访",
    "档案",
]


def province(folder: Path, failing: int, *, passing: int = 500) -> Path:
    """An audit of hand-noted dates: `failing` accounts silent for a year, `passing` that posted the day before."""
    folder.mkdir()
    with (GANSU.parent / "divisions.csv").open(encoding="utf-8", newline="") as file:
        counties = [d for d in csv.DictReader(file) if d["code"].startswith("62") and d["level"] == "county"]
    rows = [["platform", "name", "unit", "unit_level", "region", "last_post_on", "channel_comments"]]
    for i, (again, county, department) in zip(range(failing + passing), bodies(counties), strict=False):
        name = f"{county['short_name']}{department}{again}"
        day = "2018-07-01" if i < failing else "2019-07-14"
        unit = f"{county['name']}{department}局{again}"
        rows.append([("wechat", "weibo")[i % 2], name, unit, "county_department", county["code"], day, "true"])
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    (folder / "audit.toml").write_text(
        'as_of = 2019-07-15\nregion = "620000"\nissuer = "某省政府办公厅"\n', encoding="utf-8"
    )
    return folder


def bodies(counties: list[dict]) -> Iterator[tuple[str, dict, str]]:
    """Each county's departments, twice for two platforms; once all are there, again with a number."""
    for again in itertools.count():
        for county, department in itertools.product(counties, DEPARTMENTS):
            yield from ((str(again or ""), county, department),) * 2


def timed(audit: Path, out: Path, kernel) -> dict[str, float]:
    marks: list[tuple[str, float]] = [("start", time.perf_counter())]
    make_bulletin(audit, out, kernel=kernel, progress=lambda done, of, step: marks.append((step, time.perf_counter())))
    marks.append(("end", time.perf_counter()))
    return {name: later - at for (name, at), (_, later) in itertools.pairwise(marks)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--failing", type=int, default=3000)
    failing = parser.parse_args().failing
    with tempfile.TemporaryDirectory() as folder, started_kernel() as kernel:
        root = Path(folder)
        timed(GANSU, root / "warm", kernel)
        audits = {
            "Gansu": GANSU,
            f"{failing} failing": province(root / "many", failing),
            "none failing": province(root / "none", 0),
        }
        for name, audit in audits.items():
            steps = timed(audit, root / f"out {name}", kernel)
            formats = sum(steps.get(f, 0) for f in FORMATS)
            each = "  ".join(f"{f} {steps.get(f, 0):.2f}" for f in FORMATS)
            print(
                f"{name:14s} notebook {steps['bulletin.ipynb']:5.2f} s  formats {formats:5.2f} s  ratio {formats / steps['bulletin.ipynb']:.2f}  ({each})"
            )


if __name__ == "__main__":
    main()
