"""`govmedia check` of a ledger of 100,000 rows in XLSX against the bare fastexcel read of the same file: prints ratios.

python tests/benchmarks/bench_ledger.py [--rows 100000]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import fastexcel
import xlsxwriter

import govmedia_kit as gk

HEADER = [
    "主管单位",
    "主办单位",
    "平台类型",
    "账号名称",
    "平台编号",
    "开设时间",
    "最近更新时间",
    "粉丝数",
    "可评论",
    "备案状态",
]
PLATFORMS = ["微信公众号", "新浪微博", "今日头条", "抖音", "快手"]


def ledger(path: Path, rows: int) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("台账")
        sheet.write_row(0, 0, ["某省政务新媒体台账"])
        sheet.write_row(1, 0, HEADER)
        for i in range(rows):
            unit = f"兰州市第{i // 3}局"
            cells = [
                "兰州市人民政府",
                unit,
                PLATFORMS[i % 5],
                f"{unit}发布{i % 3}",
                f"id{i}",
                "2018-03-05",
                "2026.5.19",
                "1.2万",
                "是",
            ]
            sheet.write_row(i + 2, 0, [*cells, "正常"])


def seconds(function, runs: int = 3) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.xlsx"
        ledger(path, rows)
        (path.parent / "audit.toml").write_text("as_of = 2026-05-20\n", encoding="utf-8")
        bare = seconds(lambda: fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_polars())
        read = seconds(lambda: gk.read_accounts(path))
        checked = seconds(lambda: gk.check_audit(folder))
        frame, problems = gk.read_accounts(path)
    print(f"rows {frame.height}, problems {len(problems)}")
    print(f"bare fastexcel read  {bare:6.2f} s")
    print(f"gk.read_accounts    {read:6.2f} s   ratio {read / bare:.2f}")
    print(f"gk.check_audit      {checked:6.2f} s   ratio {checked / bare:.2f}")


if __name__ == "__main__":
    main()
