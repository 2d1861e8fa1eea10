"""How fast `govmedia import` reads other tools' files, as ratios of what the bare reader needs for a clean file of the same bytes.

`import` is `gk.import_files`, `import_and_write` also merges the posts into posts.parquet, as the command does.

Run: python tests/benchmarks/bench_reading.py [rows]
"""

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADER = [
    "id",
    "bid",
    "正文",
    "头条文章url",
    "原始图片url",
    "视频url",
    "Live Photo视频url",
    "位置",
    "日期",
    "工具",
    "点赞数",
    "评论数",
    "转发数",
    "话题",
    "@用户",
    "完整日期",
    "是否编辑过",
    "编辑次数",
    "是否原创",
    "源用户id",
    "源用户昵称",
    "源微博id",
    "源微博bid",
    "源微博正文",
    "源微博头条文章url",
    "源微博原始图片url",
    "源微博视频url",
    "源微博Live Photo视频url",
    "源微博位置",
    "源微博日期",
    "源微博工具",
    "源微博点赞数",
    "源微博评论数",
    "源微博转发数",
    "源微博话题",
    "源微博@用户",
    "源微博完整日期",
    "源微博是否编辑过",
    "源微博编辑次数",
]
TEXT = "【停水公告】因管网检修，5月20日8:00至18:00，城南片区停水。\n咨询电话：0000-12345，请提前储水，不便之处敬请谅解"


def ragged(path: Path, rows: int) -> None:
    """A file of weibo-crawler's: rows of 19 and 37 cells below a header of 39, ids with a TAB, texts with line breaks."""
    import datetime as dt

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from weibo_ids import bid_from_mid

    start = dt.datetime(2026, 5, 19, 9, 30)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for i in range(rows):
            when = start - dt.timedelta(seconds=97 * i)
            mid = (int(when.timestamp()) - 515483463 << 22) + i % 4_000_000
            row = [
                f"{mid}\t",
                bid_from_mid(mid),
                f"{TEXT}{i}",
                "",
                "",
                "",
                "",
                "",
                f"{when:%Y-%m-%dT%H:%M:%S}",
                "微博视频号",
            ]
            row += [i % 977, i % 31, i % 53, "", "", f"{when:%Y-%m-%d %H:%M:%S}", "False", 0, "True"]
            if i % 10 == 0:
                row[-1] = "False"
                row += [
                    "7900000001",
                    "澜川发布",
                    f"{mid - 9}\t",
                    "QFX5xg9AG",
                    TEXT,
                    "",
                    "",
                    "",
                    "",
                    "",
                    row[8],
                    "",
                    1,
                    2,
                    3,
                    "",
                    "",
                    row[15],
                ]
            writer.writerow(row)


def clean(path: Path, size: int) -> None:
    """The same posts as a clean file of the same bytes: rectangular, without TABs and line breaks."""
    text = TEXT.replace("\n", " ").replace(",", "，")
    row = ["5300219279930202", "R05HFFFiy", text, "", "", "", "", "", "2026-05-19T09:30:12", "微博视频号"]
    line = ",".join([*row, "12", "3", "5", "", "", "2026-05-19 09:30:12", "False", "0", "True"]) + "\n"
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(HEADER[:19]) + "\n")
        file.write(line * (size // len(line.encode())))


def run(code: str) -> tuple[float, float]:
    """Seconds and peak megabytes of a piece of code in a process of its own, imports not counted."""
    script = (
        "import time, resource, polars as pl, govmedia_kit as gk\n"
        "from govmedia_kit.read.importers.write_import import write_import\n"
        f"start = time.perf_counter()\n{code}\n"
        "print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    seconds, memory = out.split()[-2:]
    return float(seconds), float(memory)


def ratios(rows: int) -> dict[str, float]:
    """Seconds, megabytes and their ratios for a ragged file of so many posts; the best of five runs each."""
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = Path(folder) / "7900000001.csv", Path(folder) / "clean.csv"
        ragged(ours, rows)
        size = ours.stat().st_size
        clean(plain, size)
        import_code = f"read = gk.import_files([{str(ours)!r}]); assert read.posts.height == {rows}, read.posts.height"
        write_code = f"write_import(gk.import_files([{str(ours)!r}]), {str(Path(folder) / 'audit')!r})"
        # In turns, so that what else the machine does falls on both.
        read_code = f"frame = pl.read_csv({str(plain)!r})"
        runs = [(run(import_code), run(write_code), run(read_code)) for _ in range(5)]
        imported, written, bare = (min(results) for results in zip(*runs, strict=True))
        idle = run("pass")[1]
    return {
        "rows": rows,
        "file_mb": size / 2**20,
        "import_s": imported[0],
        "import_and_write_s": written[0],
        "read_csv_s": bare[0],
        "times_read_csv": imported[0] / bare[0],
        "written_times_read_csv": written[0] / bare[0],
        "import_mb": imported[1] - idle,
        "times_file": (imported[1] - idle) / (size / 2**20),
    }


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("rows", type=int, nargs="?", default=1_000_000)
    began = time.perf_counter()
    for name, value in ratios(options.parse_args().rows).items():
        print(f"{name:24} {value:,.2f}")
    print(
        f"({time.perf_counter() - began:.0f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:,.0f} MB at most)"
    )
