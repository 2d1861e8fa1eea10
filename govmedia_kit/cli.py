"""The command `govmedia`. Every user's mistake is a sentence and exit code 2; a traceback needs `--debug`."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from govmedia_kit.catalogue import catalogue, system_language
from govmedia_kit.errors import GovmediaError, InputError, Problem, hint, sentence
from govmedia_kit.languages import language_of
from govmedia_kit.render.formats import FORMATS

__all__ = ["app", "main"]


def _both(kind: str) -> str:
    """A text of the help, in Chinese and English: nobody has been asked for a language yet."""
    return f"{sentence(kind)} · {sentence(kind, 'en')}"


def _argument(name: str, metavar: str) -> Any:
    return typer.Argument(metavar=metavar, help=_both(f"argument_{name}"))


def _option(name: str) -> Any:
    return typer.Option(f"--{name}", help=_both(f"option_{name.replace('-', '_')}"))


app = typer.Typer(
    name="govmedia",
    help=_both("command_govmedia"),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# JupyterLab asks nobody for news or for a newer version.
QUIET = ("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
# Problems printed before the rest are only counted.
PRINTED = 50
# Seconds after which a command says that it is still at work, where there is no terminal to draw a bar on.
LONG = 30.0

Out = Annotated[Path, _option("out")]
AsOf = Annotated[str | None, _option("as-of")]
Format = Annotated[str | None, _option("format")]
Language = Annotated[str | None, _option("language")]
Json = Annotated[bool, _option("json")]
Debug = Annotated[bool, _option("debug")]


def _print(text: str, *, error: bool = False) -> None:
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


@contextlib.contextmanager
def _in_words(asked: str | None, debug: bool) -> Iterator[str]:
    """The language to speak; within, the kit's errors are sentences and exit code 2, any other fault one line."""
    language = system_language()
    try:
        if asked:
            language = language_of(asked)
        yield language
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt as error:
        _print(sentence("stopped", language), error=True)
        raise typer.Exit(1) from error
    except BrokenPipeError:
        # Whoever read the output has seen enough; what is left must not be complained of at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except Exception as error:
        if debug:
            raise
        fault = {"name": type(error).__name__, "found": error}
        said = error.say(language) if isinstance(error, GovmediaError) else sentence("fault", language, **fault)
        _print(said, error=True)
        for problem in [p for p in getattr(error, "problems", []) if p.severity == "error"][:PRINTED]:
            _print("  " + problem.say(language), error=True)
        raise typer.Exit(2) from error


@contextlib.contextmanager
def _progress(kind: str, language: str) -> Iterator[Callable[[int, int, str], None]]:
    """How far a command is: a bar on a terminal; elsewhere a line now and then where it takes long.

    What it yields is told how many steps are done, how many there are, and the name of the next.
    """
    at = sentence(kind, language)
    if not sys.stderr.isatty():
        ended = threading.Event()

        def tell(done: int, total: int, name: str) -> None:
            nonlocal at
            at = f"{sentence(kind, language)} {done}/{total} {name}"

        def repeat() -> None:
            while not ended.wait(LONG):
                _print(at, error=True)

        threading.Thread(target=repeat, daemon=True).start()
        try:
            yield tell
        finally:
            ended.set()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(at, total=None)
        yield lambda done, total, name: bar.update(task, completed=done, total=total, description=f"{at} {name[-40:]}")


def _formats(asked: str | None) -> list[str]:
    """The formats of `--format html,ipynb`; all there are where nothing was asked."""
    return [name.strip().lower() for name in asked.split(",") if name.strip()] if asked else list(FORMATS)


@app.command(help=_both("command_bulletin"))
def bulletin(
    audit: Annotated[Path, _argument("audit", "AUDIT")],
    out: Out,
    format_: Format = None,
    region: Annotated[str | None, _option("region")] = None,
    as_of: AsOf = None,
    language: Language = None,
    layout: Annotated[str, _option("layout")] = "document",
    template: Annotated[Path | None, _option("template")] = None,
    charts: Annotated[str, _option("charts")] = "static",
    code: Annotated[str, _option("code")] = "hidden",
    notices: Annotated[bool, _option("notices")] = False,
    engine: Annotated[str | None, _option("engine")] = None,
    debug: Debug = False,
) -> None:
    """Make one bulletin."""
    with _in_words(language, debug) as speak:
        from govmedia_kit.run.bulletin import make_bulletin

        look: Any = {"layout": layout, "template": template, "charts": charts, "code": code, "notices": notices}
        given: Any = {"region": region, "as_of": as_of, "language": language and speak, "engine": engine}
        with _progress("progress_bulletin", speak) as progress:
            made = make_bulletin(audit, out, formats=_formats(format_), progress=progress, **look, **given)
        _print(sentence("bulletin_made", speak, path=made))
        manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
        wrong, lost = manifest["arithmetic"]["impossible"], manifest.get("lost_in_pdf", [])
        if wrong:
            _print("\n  ".join([sentence("bulletin_wrong", speak), *wrong]), error=True)
        if lost:
            _print(sentence("bulletin_lost", speak, found=" ".join(lost)), error=True)
        if wrong or lost:
            raise typer.Exit(1)


@app.command(help=_both("command_batch"))
def batch(
    audits: Annotated[list[Path], _argument("audits", "AUDIT...")],
    out: Out,
    by: Annotated[str, _option("by")] = "region",
    format_: Format = None,
    as_of: AsOf = None,
    language: Language = None,
    again: Annotated[bool, _option("again")] = False,
    debug: Debug = False,
) -> None:
    """Make one bulletin per region."""
    with _in_words(language, debug) as speak:
        from govmedia_kit.run.batch import jobs_of, make_batch

        if by != "region":
            raise InputError("unknown_choice", name="--by", found=by, hint=hint(by, ["region"]), known=["region"])
        jobs, count = jobs_of(audits), itertools.count(1)

        def after_each(row: dict[str, Any]) -> None:
            line = sentence(f"batch_{row['state']}", speak, done=next(count), total=len(jobs), **row)
            _print(line, error=row["state"] == "failed")

        given: Any = {"formats": _formats(format_), "as_of": as_of, "language": language and speak}
        states = make_batch(jobs, out, again=again, after_each=after_each, **given)["state"].to_list()
        counts = {state: states.count(state) for state in ("made", "kept", "failed")}
        _print(sentence("batch_summary", speak, count=len(jobs), path=out / "summary.csv", **counts))
        if counts["failed"]:
            raise typer.Exit(1)


@app.command(help=_both("command_new"))
def new(
    folder: Annotated[Path, _argument("new", "DIR")],
    language: Language = None,
    debug: Debug = False,
) -> None:
    """Make an empty audit folder with a ledger to fill in."""
    with _in_words(language, debug) as speak:
        from govmedia_kit.package_data import resource
        from govmedia_kit.render.ledger_workbook import write_template

        if folder.is_file():
            raise InputError("out_is_a_file", path=folder)
        if (folder / "audit.toml").exists() or any(folder.glob("accounts.*")):
            raise InputError("audit_is_there", path=folder)
        folder.mkdir(parents=True, exist_ok=True)
        template = (resource("templates") / "audit.toml").read_text(encoding="utf-8")
        (folder / "audit.toml").write_text(template, encoding="utf-8", newline="\n")
        write_template(folder / "accounts.xlsx", language=speak)
        _print(sentence("audit_made", speak, path=f'"{folder}"' if " " in str(folder) else folder))


@app.command(help=_both("command_check"))
def check(
    path: Annotated[Path, _argument("check", "AUDIT-or-FILE")],
    language: Language = None,
    annotated: Annotated[bool, _option("annotate")] = False,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """List every problem with its place."""
    with _in_words(language, debug) as speak:
        import datetime as dt

        from govmedia_kit.judge.check import check_audit

        with _progress("progress_check", speak):
            problems = check_audit(path, today=dt.date.today())  # noqa: DTZ011 - the clerk's own day
        if json_:
            said = [
                {"severity": p.severity, "kind": p.kind, **p.place._asdict(), "message": p.say(speak)} for p in problems
            ]
            _print(json.dumps(said, ensure_ascii=False, indent=1, default=str))
        else:
            _print_problems(problems, speak)
        if annotated:
            from govmedia_kit.read.audit import inputs_of
            from govmedia_kit.read.settings import read_settings
            from govmedia_kit.render.ledger_workbook import annotate

            ledger = inputs_of(path, read_settings(path))[1] if path.is_dir() else path
            if ledger.suffix.lower() not in (".xlsx", ".xlsm"):
                raise InputError("no_workbook", path=ledger)
            target = ledger.with_name(f"{ledger.stem}-checked{ledger.suffix}")
            marked = annotate(ledger, problems, target, language=speak)
            _print(sentence("cells_marked", speak, count=marked, path=target), error=json_)
        if any(problem.severity == "error" for problem in problems):
            raise typer.Exit(1)


def _print_problems(problems: list[Problem], language: str) -> None:
    """Problems by severity; those that say the same of several cells are one line with their places."""
    if not problems:
        _print(sentence("no_problem", language))
    for severity in ("error", "warning", "note"):
        alike: dict[tuple[str, ...], list[Problem]] = {}
        for p in problems:
            if p.severity == severity:
                key = (p.kind, p.place.file, p.place.sheet, p.place.column, str(p.facts.get("found")))
                alike.setdefault(key, []).append(p)
        if alike:
            _print(sentence(f"severity_{severity}", language, count=sum(map(len, alike.values()))))
        for first, *others in alike.values():
            _print("  " + first.say(language))
            if others:
                places = [f"{p.place.letter}{p.place.row}" if p.place.letter else str(p.place.row) for p in others]
                found = ", ".join(places[:12]) + (" …" if len(places) > 12 else "")
                _print("    " + sentence("also_at", language, count=len(places), found=found))


@app.command(name="import", help=_both("command_import"))
def import_(
    sources: Annotated[list[Path] | None, _argument("sources", "SOURCE...")] = None,
    *,
    to: Annotated[Path, _option("to")],
    tool: Annotated[str | None, _option("tool")] = None,
    account: Annotated[str | None, _option("account")] = None,
    collected_on: Annotated[str | None, _option("collected-on")] = None,
    undo: Annotated[str | None, _option("undo")] = None,
    language: Language = None,
    debug: Debug = False,
) -> None:
    """Import the files of crawlers and back offices."""
    with _in_words(language, debug) as speak:
        from govmedia_kit.parse_cells import day_of
        from govmedia_kit.read.find_table import find_table, tables_in
        from govmedia_kit.read.importers.import_files import import_files, report_lines, write_import
        from govmedia_kit.read.importers.write_import import undo_import, written_lines
        from govmedia_kit.read.ledger.read_ledger import read_accounts
        from govmedia_kit.read.settings import NOT_GIVEN, read_settings

        if undo is not None and sources:
            raise InputError("source_beside_undo", found=sources)
        if undo is not None:
            for line in [sentence("import_undone", speak, run=undo), *written_lines(undo_import(undo, to), speak)]:
                _print(line)
            return
        if not sources:
            raise InputError("no_source")
        until = None
        if collected_on is not None and (until := day_of(collected_on)) is None:
            raise InputError("bad_day_given", name="--collected-on", found=collected_on)
        as_of = read_settings(to).as_of if (to / "audit.toml").is_file() else NOT_GIVEN
        ledger_path = find_table(to, "accounts")
        ledger = read_accounts(ledger_path)[0] if ledger_path is not None else None
        with _progress("progress_import", speak) as progress:
            how: Any = {"tool": tool, "account": account, "ledger": ledger, "collected_to": until}
            how["as_of"] = as_of if as_of != NOT_GIVEN else None
            imported = import_files(sources, progress=progress, **how)
        written = write_import(imported, to)
        for line in report_lines(imported, written, speak):
            _print(line)
        several = [name for name in ("posts", "messages") if len(tables_in(to, name)) > 1]
        for name in several:
            _print(sentence("import_two_tables", speak, path=to, found=[path.name for path in tables_in(to, name)]))
        if several or imported.problems or (imported.report["kept"].sum() == 0 and imported.report.height):
            raise typer.Exit(1)


@app.command(help=_both("command_verify"))
def verify(
    file: Annotated[Path, _argument("verify", "FILE")],
    language: Language = None,
    json_: Json = False,
    debug: Debug = False,
) -> None:
    """Check the arithmetic of a published bulletin."""
    with _in_words(language, debug) as speak:
        from govmedia_kit.proofread.verifying import as_records, verify_file

        found = verify_file(file)
        if json_:
            _print(json.dumps(as_records(found), ensure_ascii=False, indent=1))
        else:
            words = {v: sentence(f"verify_{v}", speak) for v in ("consistent", "impossible", "not_checkable")}
            name = "case_id" if "case_id" in found.columns else "sentence"
            message = f"message_{catalogue(speak)}"
            for row in found.iter_rows(named=True):
                _print(f"[{words[row['verdict']]}] {row[name]}\n    {row[message]}")
            _print(", ".join(f"{word} {(found['verdict'] == verdict).sum()}" for verdict, word in words.items()))
        if (found["verdict"] == "impossible").any():
            raise typer.Exit(1)


@app.command(help=_both("command_generate"))
def generate(
    folder: Annotated[Path, _argument("new", "DIR")],
    accounts: Annotated[int, _option("accounts")] = 300,
    posts: Annotated[int, _option("posts")] = 20_000,
    seed: Annotated[int, _option("seed")] = 1,
    language: Language = None,
    debug: Debug = False,
) -> None:
    """Make up an audit of any size whose truth is known."""
    with _in_words(language, debug) as speak:
        from govmedia_kit.run.generate import generate_audit

        with _progress("progress_generate", speak):
            made = generate_audit(folder, accounts=accounts, posts=posts, seed=seed)
        _print(sentence("audit_generated", speak, path=made, accounts=accounts, posts=posts, seed=seed))


@app.command(help=_both("command_lab"))
def lab(
    folder: Annotated[Path, _argument("lab", "DIR")] = Path("govmedia-notebooks"),
    language: Language = None,
    debug: Debug = False,
) -> None:
    """Open JupyterLab on a copy of the notebooks."""
    with _in_words(language, debug):
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
