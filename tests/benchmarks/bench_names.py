"""Look-alike names in lists of known truth: precision, recall by kind, seconds and peak memory, beside two general tools.

    python tests/benchmarks/bench_names.py [--sizes 283 10000 100000 1000000] [--peers-at 100000] [--rounds 3]

The lists are those of `lookalike_truth`, one account per honest unit, so that nearly all names differ. Each run is a
process of its own; the least of the rounds is printed, because other work on the machine only ever adds. The peers
see the names evened out (`normalize.plain`, not timed) and know nothing of places: Splink on DuckDB, trained on the list,
at the threshold where precision and recall together are best; rapidfuzz, one edit, within blocks of the same two
first or two last characters. They come with `pip install govmedia-kit[bench]`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
import lookalike_truth
from memory import peak_mb

from govmedia_kit import measures
from govmedia_kit.measures.lookalikes import normalize

BOTH = ["account_id", "other_account_id"]
PEERS = {"splink": ("splink", "duckdb", "pyarrow", "pandas"), "rapidfuzz": ("rapidfuzz", "numpy")}


def splink(accounts: pl.DataFrame) -> tuple[float, pl.DataFrame]:
    """Splink 5 on DuckDB: four comparison columns, three blocking rules, weights estimated from the list itself."""
    import logging

    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    text = normalize.plain(pl.col("name"))
    frame = accounts.select(unique_id="account_id", text=text).with_columns(
        head=pl.col("text").str.slice(0, 2), tail=pl.col("text").str.slice(-2)
    )
    table = frame.to_arrow()
    start = time.perf_counter()
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on("substr(text, 1, 3)"),
            block_on("head", "tail"),
            block_on("substr(text, 2, 4)"),
        ],
        comparisons=[
            compare.JaroWinklerAtThresholds("text", [0.95, 0.9, 0.8]),
            compare.ExactMatch("head"),
            compare.ExactMatch("tail"),
        ],
    )
    linker = Linker(DuckDBAPI().register(table), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match([block_on("text")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("head", "tail"))
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    seconds = time.perf_counter() - start
    one, other, weight = (
        pl.Series(found[column].tolist()) for column in ("unique_id_l", "unique_id_r", "match_weight")
    )
    return seconds, _sorted(pl.DataFrame({"account_id": one, "other_account_id": other, "weight": weight}))


def rapidfuzz(accounts: pl.DataFrame) -> tuple[float, pl.DataFrame]:
    """rapidfuzz, every pair within a block, one edit apart or the same."""
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    frame = accounts.select("account_id", text=normalize.plain(pl.col("name"))).drop_nulls()
    start = time.perf_counter()
    same = dict(frame.group_by("text").agg("account_id").iter_rows())
    texts, blocks = sorted(same), defaultdict(list)
    for at, text in enumerate(texts):
        blocks[text[:2], ""].append(at)
        blocks["", text[-2:]].append(at)
    near = {(at, at) for at, text in enumerate(texts) if len(same[text]) > 1}
    for block in blocks.values():
        for begin in range(0, len(block), 2_000):
            part = block[begin : begin + 2_000]
            rows = [texts[at] for at in part]
            apart = process.cdist(
                rows, [texts[at] for at in block], scorer=Levenshtein.distance, score_cutoff=1, dtype=np.uint8
            )
            near |= {(part[i], block[j]) for i, j in zip(*np.nonzero(apart <= 1), strict=True) if part[i] < block[j]}
    seconds = time.perf_counter() - start
    pairs = [(a, b) for i, j in near for a in same[texts[i]] for b in same[texts[j]] if a != b]
    return seconds, _sorted(pl.DataFrame(pairs, schema=dict.fromkeys(BOTH, pl.String), orient="row"))


def _sorted(pairs: pl.DataFrame) -> pl.DataFrame:
    low, high = pl.min_horizontal(BOTH), pl.max_horizontal(BOTH)
    return pairs.with_columns(account_id=low, other_account_id=high).unique(BOTH)


def _countable(pairs: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Pairs of different units, or of one unit on one platform: nobody is asked to know a matrix from an imitation."""
    whose = accounts.select("account_id", "unit", "platform")
    other = whose.rename({"account_id": "other_account_id"})
    both = pairs.join(whose, on="account_id").join(other, on="other_account_id", suffix="_other")
    return both.filter((pl.col("unit") != pl.col("unit_other")) | (pl.col("platform") == pl.col("platform_other")))


def run(tool: str, folder: Path) -> None:
    """One contender on one list, as a line of JSON; in a process of its own."""
    accounts = pl.read_parquet(folder / "accounts.parquet")
    before = peak_mb()
    if tool == "kit without region":
        accounts = accounts.drop("region")
    if tool.startswith("kit"):
        measures.lookalike_groups(accounts.head(100))  # imports and word lists, as the peers' imports are not timed
        start = time.perf_counter()
        measures.lookalike_groups(accounts)
        seconds, peak = time.perf_counter() - start, peak_mb()
        found = lookalike_truth.pairs(accounts)
    else:
        seconds, found = {"splink": splink, "rapidfuzz": rapidfuzz}[tool](accounts)
        peak = peak_mb()
        found = _countable(found, accounts)
    truth = pl.read_parquet(folder / "pairs.parquet")
    if "weight" in found.columns:
        # The threshold is chosen with the truth at hand, which flatters the tool.
        cuts = [found.filter(pl.col("weight") >= cut) for cut in range(-5, 21)]
        found = max(cuts, key=lambda cut: _harmonic(*lookalike_truth.score(cut, truth)[:2]))
    precision, recall, kinds = lookalike_truth.score(found, truth)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "megabytes": peak,
                "started": before,
                "precision": precision,
                "recall": recall,
                "kinds": kinds,
            }
        )
    )


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def measure(tool: str, folder: Path, rounds: int) -> dict:
    """The fastest of `rounds` runs."""
    runs = []
    for _ in range(rounds):
        command = [sys.executable, __file__, "--run", tool, "--folder", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode:
            raise SystemExit(f"{tool}: {done.stderr.strip().splitlines()[-1]}")
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return min(runs, key=lambda result: result["seconds"])


def show(size: int, tool: str, result: dict) -> None:
    kinds = " ".join(f"{kind} {recall:.3f}" for kind, recall in result["kinds"].items())
    print(
        f"{size:>9,}  {tool:<19} {result['seconds']:8.2f} s {result['megabytes']:7,.0f} MB  "
        f"precision {result['precision']:.3f}  recall {result['recall']:.3f}  ({kinds})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[283, 10_000, 100_000, 1_000_000])
    parser.add_argument("--peers-at", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run(arguments.run, arguments.folder)
        return
    seconds: dict[tuple[str, int], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes:
            truth = lookalike_truth.first(size, one_each=True)
            here = Path(folder) / str(size)
            here.mkdir()
            truth.accounts.write_parquet(here / "accounts.parquet")
            truth.pairs.write_parquet(here / "pairs.parquet")
            print(
                f"{len(truth.accounts):>9,}  {truth.accounts['name'].n_unique():,} names, {len(truth.pairs):,} pairs to find"
            )
            del truth
            tools = ["kit", "kit without region"]
            for peer, modules in PEERS.items() if size == arguments.peers_at else ():
                if missing := [module for module in modules if importlib.util.find_spec(module) is None]:
                    print(
                        f"{peer} is left out: {', '.join(missing)} not installed. `pip install govmedia-kit[bench]` brings it."
                    )
                else:
                    tools.append(peer)
            for tool in tools:
                result = measure(tool, here, arguments.rounds if tool.startswith("kit") else 1)
                seconds[tool, size] = result["seconds"]
                show(size, tool, result)
    for peer in PEERS:
        if (peer, arguments.peers_at) in seconds:
            ratio = seconds[peer, arguments.peers_at] / seconds["kit", arguments.peers_at]
            print(f"{peer} takes {ratio:.1f} times as long at {arguments.peers_at:,} names (to be at least 5)")
    if {100_000, 1_000_000} <= set(arguments.sizes):
        ratio = seconds["kit", 1_000_000] / seconds["kit", 100_000]
        print(f"ten times the names take {ratio:.1f} times as long (to be at most 12)")


if __name__ == "__main__":
    main()
