"""One notebook, one region, one period: one folder of documents. Runs and prints; computes nothing.

Everything is made in a folder beside the one asked for, which takes its place only when all of it is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from govmedia_kit import __version__
from govmedia_kit.catalogue import catalogue
from govmedia_kit.errors import GovmediaError, InputError, NotebookError, hint
from govmedia_kit.package_data import resource
from govmedia_kit.read.settings import Settings, read_settings
from govmedia_kit.run.kernel import Kernel, started_kernel

__all__ = ["FORMATS", "check_parameters", "fingerprint", "make_bulletin", "replace_folder", "sha256"]

FORMATS = ("html", "docx", "pdf", "xlsx", "ipynb")
LAYOUTS = ("document", "letter")
CHARTS = ("static", "interactive")
CODE = ("hidden", "fold")
FIXED = ("figures.json", "measured.parquet", "findings.csv", "manifest.json")
LIBRARIES = (
    "altair",
    "narwhals",
    "nbclient",
    "papermill",
    "polars",
    "python-docx",
    "scipy",
    "typst",
    "vl-convert-python",
    "xlsxwriter",
)


def make_bulletin(
    audit: Path | str,
    out: Path | str,
    *,
    formats: Iterable[str] = FORMATS,
    notebook: Path | str | None = None,
    kernel: Kernel | None = None,
    layout: str = "document",
    template: Path | str | None = None,
    charts: str = "static",
    code: str = "hidden",
    notices: bool = False,
    progress: Callable[[str], None] = lambda step: None,
    **parameters: Any,
) -> Path:
    """Make one bulletin of an audit folder and return the folder `out`, with everything that DESIGN lists in it.

    `layout` is `document` (文件) or `letter` (信函); `template` an office's own Word file; `charts` `static` or `interactive`
    in the HTML page, `code` `hidden` or `fold` there; `notices` adds a rectification notice per unit with a failed account.

    `parameters` go to the notebook's parameters cell (region, as_of, language, ...); None means the notebook's own.
    `kernel` is a running kernel, to be used again; without it one is started and stopped.
    Raises InputError before anything runs for a folder, setting, region or format that cannot be used, NotebookError for a
    parameter that the notebook does not take or a cell that fails. `out` is untouched then.
    """
    audit, out = Path(audit).resolve(), Path(out).resolve()
    formats = list(dict.fromkeys(formats))
    for name in formats:
        if name not in FORMATS:
            raise InputError("unknown_format", found=name, hint=hint(name, FORMATS), known=FORMATS)
    for option, value, known in (("layout", layout, LAYOUTS), ("charts", charts, CHARTS), ("code", code, CODE)):
        if value not in known:
            raise InputError("unknown_choice", name=f"--{option}", found=value, hint=hint(value, known), known=known)
    source = Path(notebook) if notebook is not None else resource("notebooks") / "bulletin.ipynb"
    chosen = {name: parameters.get(name) or None for name in ("as_of", "language", "region")}
    settings = read_settings(audit, **chosen)
    look = _Look(layout, Path(template) if template is not None else None, charts, code, notices)
    given = {name: value for name, value in parameters.items() if value is not None}
    _may_replace(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        # The kernel starts while papermill is imported to look at the parameters: both take their time.
        with contextlib.nullcontext(kernel) if kernel is not None else started_kernel() as running:
            check_parameters(source, given)
            progress("notebook")
            executed = _execute(source, staging, audit, given, running)
        told = _print(formats, executed, staging, settings, look, progress)
        _manifest(staging, source, audit, given, formats, told)
        replace_folder(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out


def check_parameters(notebook: Path, given: dict[str, Any]) -> None:
    """Hold parameters against the notebook's parameters cell: an unknown name or a wrong type is a NotebookError."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import papermill

        known = papermill.inspect_notebook(str(notebook))
    types: dict[str, Any] = {"str": str, "int": int, "float": (int, float), "bool": bool}
    for name, value in given.items():
        if name not in known:
            raise NotebookError(
                "unknown_parameter",
                path=notebook.name,
                found=name,
                hint=hint(name, known),
                known=sorted(known),
            )
        wanted = known[name]["inferred_type_name"]
        if wanted in types and (not isinstance(value, types[wanted]) or (isinstance(value, bool) and wanted != "bool")):
            raise NotebookError("bad_parameter", path=notebook.name, name=name, wanted=wanted, found=repr(value))


def _relative(audit: Path, start: Path) -> str:
    """The audit seen from the folder in which the notebook runs and stays, so that it can be run there again."""
    try:
        return Path(os.path.relpath(audit, start)).as_posix()
    except ValueError:  # another drive on Windows
        return audit.as_posix()


def _may_replace(out: Path) -> None:
    """Only a folder that a bulletin made, or an empty one, is replaced: a user's files are never lost."""
    if out.is_file():
        raise InputError("out_is_a_file", path=out)
    if not out.is_dir():
        return
    ours = {f"bulletin.{name}" for name in ("ipynb", "html", "docx", "pdf")} | {
        "annexes.xlsx",
        "notices",
        *FIXED,
    }
    if foreign := sorted({p.name for p in out.iterdir()} - ours):
        raise InputError("out_is_not_ours", path=out, found=foreign[:3])


def replace_folder(made: Path, out: Path) -> None:
    """Put a finished folder in the place of another, which is only removed once the new one stands."""
    made.chmod(0o755)
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    made.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _execute(source: Path, folder: Path, audit: Path, given: dict[str, Any], kernel: Kernel) -> Any:
    """The notebook run with its parameters in `folder`, its figures and tables written there by its last cell."""
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nbformat
        import papermill
        from papermill.exceptions import PapermillExecutionError

        logging.getLogger("papermill").setLevel(logging.ERROR)
        try:
            executed = papermill.execute_notebook(
                str(source),
                None,
                parameters={**given, "audit": _relative(audit, folder), "out": "."},
                cwd=str(folder),
                progress_bar=False,
                log_output=False,
                kernel_name="python3",
                km=kernel.ready(folder),
            )
        except PapermillExecutionError as error:
            raise _told(error, source, audit, given) from error
        finally:
            kernel.leave(folder.parent)
    _forget_the_run(executed)
    nbformat.write(executed, folder / "bulletin.ipynb")
    return executed


def _told(error: Any, source: Path, audit: Path, given: dict[str, Any]) -> Exception:
    """The kit's own error where a cell raised one.

    A kernel hands over only text, so what the cell did is done again here, where the error keeps its facts.
    """
    from govmedia_kit.judge.assess import assess
    from govmedia_kit.read.audit import read_audit

    try:
        assess(read_audit(audit, **{n: v for n, v in given.items() if n in ("region", "as_of", "language", "engine")}))
    except GovmediaError as told:
        return told
    return NotebookError(
        "notebook_failed", path=source.name, row=error.cell_index, found=f"{error.ename}: {error.evalue}"
    )


def _forget_the_run(executed: Any) -> None:
    """Take out what differs from one run to the next: times, ids of the run, the path of the source.

    Cells are numbered from 1: a warm kernel counts on from the bulletin before.
    """
    executed.metadata.pop("papermill", None)
    count = 0
    for i, cell in enumerate(executed.cells):
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        cell["id"] = f"cell-{i}"
        if cell.get("execution_count") is not None:
            count += 1
            cell["execution_count"] = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output["execution_count"] = count


class _Look(NamedTuple):
    """How the documents look: see `make_bulletin`."""

    layout: str
    template: Path | None
    charts: str
    code: str
    notices: bool


def _print(
    formats: list[str], executed: Any, folder: Path, settings: Settings, look: _Look, progress: Callable[[str], None]
) -> dict[str, Any]:
    """The documents, and what there is to say of them: statements that do not add up, departures from the standard."""
    from govmedia_kit.judge.figures import load_assessment
    from govmedia_kit.render import docx, html, notices, pdf, xlsx
    from govmedia_kit.render.notebook import blocks_of

    blocks, language = blocks_of(executed), settings.language
    told: dict[str, Any] = {"arithmetic": _verified(blocks, language), "layout": look.layout}
    paper: dict[str, Any] = {"settings": settings, "language": language, "layout": look.layout}
    for name in formats:
        progress(name)
        path = folder / f"bulletin.{name}"
        if name == "html":
            shown = blocks_of(executed, code=look.code == "fold")
            page = html.page(shown, language=language, interactive=look.charts == "interactive")
            path.write_text(page, encoding="utf-8", newline="\n")
        elif name == "docx":
            told["departures_of_word"] = docx.write(blocks, path, template=look.template, **paper)
        elif name == "pdf":
            told["departures_of_pdf"] = pdf.write(blocks, path, missing="mark", **paper)
            told["lost_in_pdf"] = pdf.lost_characters(blocks, **paper)
        elif name == "xlsx":
            xlsx.write(
                folder / "annexes.xlsx", settings=settings, **load_assessment(folder), blocks=blocks, language=language
            )
    if look.notices:
        saved = load_assessment(folder)
        (folder / "notices").mkdir()
        count = notices.write(
            folder / "notices" / "notices.docx",
            settings=settings,
            measured=saved["measured"],
            findings=saved["findings"],
            language=language,
        )
        told["notices"] = count
    return told


def _verified(blocks: list[Any], language: str) -> dict[str, Any]:
    """The bulletin's own arithmetic: how many statements were checked, and those that cannot be."""
    from govmedia_kit.proofread.statements import verify_text
    from govmedia_kit.report.blocks import plain

    text = "\n".join(plain(block["runs"]) for block in blocks if block["type"] == "paragraph")
    found = verify_text(text)
    wrong = found.filter(verdict="impossible")
    message = f"message_{catalogue(language)}"
    return {
        "checked": found.filter(verdict="consistent").height + wrong.height,
        "impossible": [f"{row['sentence']} {row[message]}" for row in wrong.iter_rows(named=True)],
    }


def _manifest(
    folder: Path, source: Path, audit: Path, given: dict[str, Any], formats: list[str], told: dict[str, Any]
) -> None:
    """Versions, parameters and the sha256 of every input and output; the clock stands here and nowhere else."""
    import datetime as dt
    from importlib.metadata import version

    if "ipynb" not in formats:
        (folder / "bulletin.ipynb").unlink()
    manifest = {
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "kit": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "parameters": given,
        "formats": formats,
        **told,
        "notebook": {source.name: sha256(source)},
        "inputs": fingerprint(audit),
        "outputs": {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="\n")


def fingerprint(audit: Path) -> dict[str, str]:
    """The sha256 of every file of an audit folder by its path there, and of the earlier rounds that it looks back to.

    Scripts and hidden files are left out.
    """
    found: dict[str, str] = {}
    for folder in _rounds(audit):
        files = (p for p in folder.rglob("*") if p.is_file() and p.suffix != ".py")
        for path in sorted(p for p in files if not p.name.startswith((".", "~$"))):
            found[_relative(path, audit)] = sha256(path)
    return found


def _rounds(audit: Path) -> list[Path]:
    """The folder of an audit, and those that `previous` leads back to."""
    folders = [audit]
    while True:
        try:
            previous = read_settings(folders[-1]).previous
        except InputError:
            return folders
        if previous is None or not (folder := (folders[-1] / previous).resolve()).is_dir() or folder in folders:
            return folders
        folders.append(folder)


def sha256(path: Path) -> str:
    """The SHA-256 of a file; an empty text where it is not there."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
