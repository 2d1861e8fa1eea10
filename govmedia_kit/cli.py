"""The command `govmedia`. Every user's mistake is a sentence and exit code 2; a traceback needs `--debug`."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from govmedia_kit.errors import GovmediaError, InputError, Problem
from govmedia_kit.render.formats import FORMATS

__all__ = ["app", "main"]

app = typer.Typer(
    name="govmedia",
    help="政务新媒体检查与通报 · Audit government new media and print the bulletin.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# JupyterLab asks nobody for news or for a newer version.
QUIET = ("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
# Problems printed before the rest are only counted.
PRINTED = 50

Folder = Annotated[Path, typer.Argument(metavar="AUDIT", help="审计文件夹 · the audit folder")]
Out = Annotated[Path, typer.Option("--out", help="输出文件夹 · folder to make")]
Region = Annotated[Optional[str], typer.Option("--region", help="区划代码 · division code")]  # noqa: UP045 - typer reads it
AsOf = Annotated[Optional[str], typer.Option("--as-of", help="监测时间点 · monitoring point, 2019-07-15")]  # noqa: UP045
Format = Annotated[Optional[str], typer.Option("--format", help=",".join(FORMATS))]  # noqa: UP045
Language = Annotated[Optional[str], typer.Option("--language", help="zh-Hans | zh-Hant | en")]  # noqa: UP045
Engine = Annotated[Optional[str], typer.Option("--engine", help="polars | duckdb | spark | dask")]  # noqa: UP045
Debug = Annotated[bool, typer.Option("--debug", help="出错时显示调用栈 · show tracebacks")]


def _spoken(language: str | None) -> str:
    """The language of messages: the one asked for, else the system's, Chinese or English."""
    if language:
        return language
    import locale

    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")] + [locale.getlocale()[0] or ""]
    first = next((name for name in names if name), "")
    return "zh-Hans" if first.lower().startswith(("zh", "chinese")) else "en"


def _say(text: str, *, error: bool = False) -> None:
    """Print a line; a console that lacks a character shows a question mark instead of failing."""
    stream = sys.stderr if error else sys.stdout
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)


@contextlib.contextmanager
def _told(language: str, debug: bool) -> Iterator[None]:
    """Turn the kit's errors into sentences and exit code 2, and any other fault into one line that says how to see more."""
    try:
        yield
    except GovmediaError as error:
        if debug:
            raise
        _say(error.say(language), error=True)
        for problem in [p for p in getattr(error, "problems", []) if p.severity == "error"][:PRINTED]:
            _say("  " + problem.say(language), error=True)
        raise typer.Exit(2) from error
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt as error:
        _say("stopped" if language == "en" else "已停止", error=True)
        raise typer.Exit(1) from error
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is left must not be complained of at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except Exception as error:
        if debug:
            raise
        more = "--debug shows more" if language == "en" else "加 --debug 可看详情"
        _say(f"{type(error).__name__}: {error} ({more})", error=True)
        raise typer.Exit(2) from error


def _formats(asked: str | None) -> list[str]:
    """The formats of `--format html,ipynb`; all there are where nothing was asked."""
    return [name.strip().lower() for name in asked.split(",") if name.strip()] if asked else list(FORMATS)


@app.command()
def bulletin(
    audit: Folder,
    out: Out,
    format_: Format = None,
    region: Region = None,
    as_of: AsOf = None,
    language: Language = None,
    layout: Annotated[str, typer.Option("--layout", help="document 文件 | letter 信函")] = "document",
    template: Annotated[Optional[Path], typer.Option("--template", help="本单位的 Word 模板 · an office's own")] = None,  # noqa: UP045
    charts: Annotated[str, typer.Option("--charts", help="static | interactive")] = "static",
    code: Annotated[str, typer.Option("--code", help="hidden | fold")] = "hidden",
    notices: Annotated[bool, typer.Option("--notices", help="整改通知单 · rectification notices")] = False,
    engine: Engine = None,
    debug: Debug = False,
) -> None:
    """做一份通报 · Make one bulletin."""
    speak = _spoken(language)
    with _told(speak, debug):
        from govmedia_kit.run.bulletin import make_bulletin

        given: dict[str, Any] = {"region": region, "as_of": as_of, "language": language, "engine": engine}
        look: Any = {"layout": layout, "template": template, "charts": charts, "code": code, "notices": notices}
        made = make_bulletin(audit, out, formats=_formats(format_), **look, **given)
        _say(("通报已写入 " if speak != "en" else "Bulletin written to ") + str(made))
        wrong, lost = _amiss(made)
        if wrong:
            _say("自查发现数字不合：" if speak != "en" else "Its own numbers do not add up:", error=True)
            for line in wrong:
                _say("  " + line, error=True)
        if lost:
            text = "PDF 的字体没有这些字，印成了〓：{lost}。请用 GOVMEDIA_FONT_DIR 指明有这些字的字体文件夹，再做一次。"
            if speak == "en":
                text = "The PDF's fonts lack these characters and print 〓: {lost}. Name a folder of fonts that hold them in GOVMEDIA_FONT_DIR, and make it again."
            _say(text.format(lost=" ".join(lost)), error=True)
        if wrong or lost:
            raise typer.Exit(1)


def _amiss(folder: Path) -> tuple[list[str], list[str]]:
    """What the bulletin's check of its own arithmetic found, and the characters that its PDF lacks."""
    import json

    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest["arithmetic"]["impossible"], manifest.get("lost_in_pdf", [])


@app.command()
def batch(
    audits: Annotated[list[Path], typer.Argument(metavar="AUDIT...", help="审计文件夹 · audit folders")],
    out: Out,
    by: Annotated[str, typer.Option("--by", help="region")] = "region",
    format_: Format = None,
    as_of: AsOf = None,
    language: Language = None,
    again: Annotated[bool, typer.Option("--again", help="已有的也重做 · make those anew that are there")] = False,
    debug: Debug = False,
) -> None:
    """每个地区做一份通报 · Make one bulletin per region."""
    speak = _spoken(language)
    with _told(speak, debug):
        from govmedia_kit.errors import hint
        from govmedia_kit.run import batch as batches

        if by != "region":
            raise InputError("unknown_choice", name="--by", found=by, hint=hint(by, ["region"]), known=["region"])
        jobs = batches.jobs_of(audits)
        summary = batches.make_batch(
            jobs,
            out,
            again=again,
            told=_progress(speak, len(jobs)),
            formats=_formats(format_),
            as_of=as_of,
            language=language,
        )
        failed = summary.filter(state="failed").height if summary.height else 0
        counts = {
            state: int((summary["state"] == state).sum()) if summary.height else 0
            for state in ("made", "kept", "failed")
        }
        text = "共 {n} 份：新做 {made}，沿用 {kept}，失败 {failed}。汇总见 {path}"
        if speak == "en":
            text = "{n} bulletins: {made} made, {kept} kept, {failed} failed. Summary in {path}"
        _say(text.format(n=len(jobs), path=out / "summary.csv", **counts))
        if failed:
            raise typer.Exit(1)


def _progress(language: str, total: int) -> Callable[[Any, str, str], None]:
    states = {"made": "完成", "kept": "沿用", "failed": "失败"}
    done = iter(range(1, total + 1))

    def tell(job: Any, state: str, why: str) -> None:
        word = state if language == "en" else states[state]
        _say(f"[{next(done)}/{total}] {job.name} {word}" + (f" {why}" if why else ""), error=state == "failed")

    return tell


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="要建的文件夹 · folder to make")],
    language: Language = None,
    debug: Debug = False,
) -> None:
    """建一个空的审计文件夹 · Make an empty audit folder with a ledger to fill in."""
    speak = _spoken(language)
    with _told(speak, debug):
        import datetime as dt

        from govmedia_kit.package_data import resource
        from govmedia_kit.render.ledger_workbook import write_template

        if folder.is_file():
            raise InputError("out_is_a_file", path=folder)
        if (folder / "audit.toml").exists() or any(folder.glob("accounts.*")):
            raise InputError("audit_is_there", path=folder)
        folder.mkdir(parents=True, exist_ok=True)
        template = (resource("templates") / "audit.toml").read_text(encoding="utf-8")
        as_of = dt.date.today()  # noqa: DTZ011 - the clerk's own day
        (folder / "audit.toml").write_text(template.format(as_of=as_of.isoformat()), encoding="utf-8", newline="\n")
        write_template(folder / "accounts.xlsx", language=speak)
        text = (
            "已建 {path}：在 accounts.xlsx 里填台账，在 audit.toml 里写标题和监测时间点，再运行 govmedia check {path}"
        )
        if speak == "en":
            text = "Made {path}: fill in accounts.xlsx, set the monitoring point in audit.toml, then run govmedia check {path}"
        _say(text.format(path=f'"{folder}"' if " " in str(folder) else folder))


@app.command()
def check(
    path: Annotated[
        Path, typer.Argument(metavar="AUDIT-or-FILE", help="审计文件夹或台账文件 · an audit folder or a ledger")
    ],
    language: Language = None,
    annotated: Annotated[bool, typer.Option("--annotate", help="写一份标出问题的副本 · write a marked copy")] = False,
    json_: Annotated[bool, typer.Option("--json", help="机器可读 · machine-readable")] = False,
    debug: Debug = False,
) -> None:
    """列出全部问题 · List every problem with its place."""
    speak = _spoken(language)
    with _told(speak, debug):
        from govmedia_kit.judge.assess import set_aside_problems
        from govmedia_kit.read.audit import read_audit
        from govmedia_kit.read.ledger.read_ledger import read_accounts

        ledger = path
        if path.is_dir():
            audit = read_audit(path, strict=False)
            problems = audit.problems + set_aside_problems(audit)
            ledger = next((p for p in audit.inputs if p.stem == "accounts" or p.suffix in (".xlsx", ".xls")), path)
        else:
            problems = read_accounts(path)[1]
        _print_problems(problems, speak, as_json=json_)
        if annotated:
            from govmedia_kit.render.ledger_workbook import annotate

            if ledger.suffix.lower() not in (".xlsx", ".xlsm"):
                raise InputError("no_workbook", path=ledger)
            target = ledger.with_name(f"{ledger.stem}-checked{ledger.suffix}")
            marked = annotate(ledger, problems, target, language=speak)
            text = "{n} cells marked in {path}" if speak == "en" else "已在副本 {path} 中标出 {n} 个单元格"
            _say(text.format(n=marked, path=target), error=json_)
        if any(p.severity != "note" for p in problems):
            raise typer.Exit(1)


def _print_problems(problems: list[Problem], language: str, *, as_json: bool) -> None:
    """Problems by severity; those that say the same of several cells are one line with their places."""
    if as_json:
        import json

        records = [
            {"severity": p.severity, "kind": p.kind, **p.place._asdict(), "message": p.say(language)} for p in problems
        ]
        _say(json.dumps(records, ensure_ascii=False, indent=1, default=str))
        return
    if not problems:
        _say("没有发现问题。" if language != "en" else "No problem found.")
    heads = {"error": ("必须改", "Errors"), "warning": ("请核对", "Warnings"), "note": ("提示", "Notes")}
    for severity, (zh, en) in heads.items():
        found = [p for p in problems if p.severity == severity]
        if found:
            _say(f"{en if language == 'en' else zh} ({len(found)})")
        alike: dict[tuple[str, ...], list[Problem]] = {}
        for p in found:
            alike.setdefault(
                (p.kind, p.place.file, p.place.sheet, p.place.column, str(p.facts.get("found"))), []
            ).append(p)
        for same in alike.values():
            _say("  " + same[0].say(language))
            if len(same) > 1:
                places = [f"{p.place.letter}{p.place.row}" if p.place.letter else str(p.place.row) for p in same[1:]]
                more = ", ".join(places[:12]) + (" …" if len(places) > 12 else "")
                _say(f"    {'also at' if language == 'en' else '另有'} {len(places)}: {more}")


@app.command(name="import")
def import_(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="工具写的文件或文件夹 · files or folders")],
    to: Annotated[Path, typer.Option("--to", help="审计文件夹 · the audit folder")],
    tool: Annotated[Optional[str], typer.Option("--tool", help="工具名 · the tool that wrote them")] = None,  # noqa: UP045
    account: Annotated[Optional[str], typer.Option("--account", help="文件没有写明的账号 · the account")] = None,  # noqa: UP045
    language: Language = None,
    debug: Debug = False,
) -> None:
    """读入采集工具的文件 · Import the files of crawlers and back offices."""
    speak = _spoken(language)
    with _told(speak, debug):
        from govmedia_kit.read.find_table import find_table
        from govmedia_kit.read.importers.import_files import import_files, report_lines, write_import
        from govmedia_kit.read.ledger.read_ledger import read_accounts

        ledger_path = find_table(to, "accounts")
        ledger = read_accounts(ledger_path)[0] if ledger_path is not None else None
        with _bar(speak) as progress:
            imported = import_files(sources, tool=tool, account=account, ledger=ledger, progress=progress)
        written = write_import(imported, to)
        for line in report_lines(imported, written, speak):
            _say(line)
        if imported.problems or (imported.report["kept"].sum() == 0 and imported.report.height):
            raise typer.Exit(1)


@contextlib.contextmanager
def _bar(language: str) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on a terminal, nothing elsewhere: the lines that follow tell every file."""
    if not sys.stderr.isatty():
        yield lambda done, total, name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("import" if language == "en" else "读入", total=None)
        yield lambda done, total, name: bar.update(task, completed=done, total=total, description=name[-40:])


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="通报（txt、docx、html、pdf）或数目表（csv）· a bulletin or counts")
    ],
    language: Language = None,
    json_: Annotated[bool, typer.Option("--json", help="机器可读 · machine-readable")] = False,
    debug: Debug = False,
) -> None:
    """核对一份通报的数字 · Check the arithmetic of a published bulletin."""
    speak = _spoken(language)
    with _told(speak, debug):
        from govmedia_kit.proofread.verifying import as_records, verify_file

        found = verify_file(file)
        if json_:
            import json

            _say(json.dumps(as_records(found), ensure_ascii=False, indent=1))
        else:
            words = {"consistent": "一致", "impossible": "不可能", "not_checkable": "无法核对"}
            name = "case_id" if "case_id" in found.columns else "sentence"
            for row in found.iter_rows(named=True):
                verdict = row["verdict"] if speak == "en" else words[row["verdict"]]
                _say(f"[{verdict}] {row[name]}\n    {row['message_en' if speak == 'en' else 'message_zh']}")
            counts = ", ".join(f"{v if speak == 'en' else words[v]} {(found['verdict'] == v).sum()}" for v in words)
            _say(counts)
        if (found["verdict"] == "impossible").any():
            raise typer.Exit(1)


@app.command()
def lab(
    folder: Annotated[Path, typer.Argument(help="放笔记副本的文件夹 · folder for the copies")] = Path(
        "govmedia-notebooks"
    ),
    language: Language = None,
    debug: Debug = False,
) -> None:
    """用 JupyterLab 打开笔记的副本 · Open JupyterLab on a copy of the notebooks."""
    with _told(_spoken(language), debug):
        import subprocess

        from govmedia_kit.run.lab import copy_notebooks

        copies = copy_notebooks(folder)
        raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyter", "lab", *QUIET, str(copies)]))


def main() -> None:
    """Run the command; the console script and `python -m govmedia_kit`."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console of another code page must not stop a run for a character.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app()
