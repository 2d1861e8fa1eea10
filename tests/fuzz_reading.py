"""Damaged copies of the sample files, each of which must end in rows or in a sentence.

Run: python tests/fuzz_reading.py [number] [seed]; prints what failed, and the slowest.
"""

from __future__ import annotations

import io
import random
import resource
import sqlite3
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from realdata import REALDATA, SAMPLES

from govmedia_kit.errors import InputError
from govmedia_kit.read.importers.import_files import import_files, report_lines

SECONDS = 10
JUNK = [
    b"\x00",
    b"\x00" * 50,
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r\n",
    b"\t",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x98\x80",
    b"{",
    b"[",
    b"]",
    b"}",
    b"<",
    b">",
]
JUNK += [
    b"1e308",
    b"-1",
    b"99999999999999999999",
    b"NaN",
    b"null",
    "无".encode(),
    "10万+".encode(),
    b"\xe4\xb8",
    b"\\ud800",
    b"%s",
    b"=1+1",
    b"0000-00-00 00:00:00",
]
JUNK += [
    b"9999-12-31T23:59:59",
    b"20260230",
    b"&amp;",
    b"&x;",
    b"]]>",
    b"<!--",
    b"'; DROP TABLE weibo; --",
    b"../../etc/passwd",
]
SUFFIXES = [".csv", ".json", ".jsonl", ".xml", ".xls", ".xlsx", ".txt", ".yaml", ".db", ".parquet", ".opml", ".html"]


def seeds() -> list[tuple[str, bytes]]:
    """Names and contents of the samples, the small real files, and a database."""
    paths = [p for p in sorted(SAMPLES.rglob("*")) if p.is_file()]
    found = [(p.name, p.read_bytes()) for p in paths]
    if REALDATA.is_dir():
        paths = [p for p in sorted((REALDATA / "posts").iterdir()) if p.stat().st_size < 130_000]
        paths += [
            REALDATA / "registry" / name
            for name in ("us_digital_registry_import_sample.csv", "cn_weibo_gov_provincial.csv")
        ]
        found += [(p.name, p.read_bytes()) for p in paths]
        found.append(("congress.yaml", (REALDATA / "registry" / "us_congress_social_media.yaml").read_bytes()[:4000]))
    return [*found, ("weibodata.db", _database())]


def _database() -> bytes:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE user (id, nick_name, follower_count INT, follow_count INT)")
    base.execute(
        "CREATE TABLE weibo (id, bid, user_id, text, created_at, attitudes_count, comments_count, reposts_count, retweet_id)"
    )
    base.executemany(
        "INSERT INTO weibo VALUES (?,?,?,?,?,?,?,?,?)",
        [
            (str(5300219279930202 + i), "", "7900000001", "x" * 40, "2026-05-19 09:30:12", i, 1, 2, "")
            for i in range(80)
        ],
    )
    base.commit()
    content = base.serialize()
    base.close()
    return content


def mutated(content: bytes, random_: random.Random, others: list[bytes]) -> bytes:
    """A damaged copy: bytes flipped, cut, doubled, inserted, moved, spliced or written in another encoding."""
    if content.startswith(b"PK") and random_.random() < 0.6:
        return _rezipped(content, random_, others)
    for _ in range(random_.choice([1, 1, 2, 4, 16])):
        size = max(len(content), 1)
        at, length = random_.randrange(size), random_.choice([1, 2, 8, 64, 1024])
        match random_.randrange(9):
            case 0:
                flipped = bytearray(content[at : at + length])
                for i in range(len(flipped)):
                    flipped[i] ^= 1 << random_.randrange(8)
                content = content[:at] + bytes(flipped) + content[at + length :]
            case 1:
                content = content[:at]
            case 2:
                content = (
                    content[:at] + content[at : at + length] * random_.choice([2, 3, 200]) + content[at + length :]
                )
            case 3:
                content = content[:at] + content[at + length :]
            case 4 | 5:
                content = content[:at] + random_.choice(JUNK) * random_.choice([1, 1, 1, 500]) + content[at:]
            case 6:
                encoding = random_.choice(["gb18030", "utf-16", "utf-16-le", "latin-1", "utf-8-sig", "big5"])
                content = content.decode("utf-8", "replace").encode(encoding, "replace")
            case 7:
                other = random_.choice(others)
                content = content[:at] + other[random_.randrange(max(len(other), 1)) :][:20_000]
            case 8:
                content = content.replace(b"\n", random_.choice([b"\r", b"\r\n", b"", b"\n\n"]))
        content = content[:2_000_000]
    return content


def _rezipped(content: bytes, random_: random.Random, others: list[bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        victim = random_.choice(names)
        for name in names:
            inner = old.read(name)
            new.writestr(name, mutated(inner, random_, others) if name == victim else inner)
    return out.getvalue()


def outcome(path: Path) -> str | None:
    """None where reading a file ends as it should; else what went wrong."""
    began = time.process_time()
    try:
        imported = import_files([path])
        report = imported.report
        whole = (report["rows_read"] == report["kept"] + report["merged"] + report["set_aside"]).all()
        if not whole or min(report["merged"].min() or 0, report["kept"].min() or 0) < 0:
            return f"rows are lost: {report.to_dicts()}"
        lines = [*report_lines(imported, None, "zh-Hans"), *report_lines(imported, None, "en")]
        if any(not line for line in lines):
            return "an empty line is printed"
    except InputError as error:
        if len(error.say("zh-Hans")) < 10 or len(error.say("en")) < 10:
            return f"no sentence: {error.say('en')!r}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "".join(traceback.format_exception(error)[-3:])
    took = time.process_time() - began
    return f"took {took:.0f} s" if took > SECONDS else None


def run(number: int, seed: int = 0) -> tuple[list[str], float]:
    """Reads so many damaged files; what failed, each with its number (to be made again from the seed), and the slowest's seconds."""
    found, slowest = [], 0.0
    originals = seeds()
    others = [content for _, content in originals]
    with tempfile.TemporaryDirectory() as folder:
        for i in range(number):
            random_ = random.Random(f"{seed}-{i}")
            name, content = originals[i % len(originals)]
            if random_.random() < 0.1:
                name = Path(name).stem + random_.choice(SUFFIXES)
            path = Path(folder) / name
            path.write_bytes(mutated(content, random_, others))
            began = time.perf_counter()
            if wrong := outcome(path):
                found.append(f"{seed}-{i} {name}: {wrong}")
                print(found[-1], flush=True)
            if time.perf_counter() - began > 3:
                print(f"{seed}-{i} {name}: {time.perf_counter() - began:.1f} s", flush=True)
            slowest = max(slowest, time.perf_counter() - began)
            path.unlink()
    return found, slowest


if __name__ == "__main__":
    began = time.perf_counter()
    failures, longest = run(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, int(sys.argv[2]) if len(sys.argv) > 2 else 0
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(failures)} failures in {time.perf_counter() - began:.0f} s, the slowest {longest:.1f} s, at most {peak:,.0f} MB"
    )
    sys.exit(bool(failures))
