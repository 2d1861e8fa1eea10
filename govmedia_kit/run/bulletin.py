"""One notebook, one region, one period: one folder of documents. Runs and prints; computes nothing.

Everything is made in a folder beside the one asked for, which takes its place only when all of it is there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from govmedia_kit import __version__
from govmedia_kit.catalogue import catalogue
from govmedia_kit.errors import InputError, NotebookError, hint
from govmedia_kit.judge.assessment import TOLD
from govmedia_kit.judge.published import FILES as PUBLISHED
from govmedia_kit.judge.published import is_published
from govmedia_kit.package_data import resource
from govmedia_kit.read.audit import inputs_of
from govmedia_kit.read.settings import Settings, read_settings
from govmedia_kit.render.formats import FORMATS, NOTICES, Bulletin, Look
from govmedia_kit.run.kernel import Kernel, error_of, started_kernel

__all__ = ["check_parameters", "make_bulletin", "recipe", "replace_folder", "sha256"]

CHOICES = {"layout": ("document", "letter"), "charts": ("static", "interactive"), "code": ("hidden", "fold")}
FIXED = ("figures.json", "measured.parquet", "findings.csv", "manifest.json")
LIBRARIES = (
    *("altair", "narwhals", "nbclient", "papermill", "polars", "python-docx"),
    *("scipy", "typst", "vl-convert-python", "xlsxwriter"),
)


def make_bulletin(
    audit: Path | str,
    out: Path | str,
    *,
    formats: Iterable[str] = tuple(FORMATS),
    notebook: Path | str | None = None,
    kernel: Kernel | None = None,
    layout: str = "document",
    template: Path | str | None = None,
    charts: str = "static",
    code: str = "hidden",
    notices: bool = False,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    **parameters: Any,
) -> Path:
    """Make one bulletin of an audit folder and return the folder `out`, which then holds

    - the document in the `formats` asked for: bulletin.html, .docx, .pdf, .ipynb, annexes.xlsx; notices/ with `notices`, one
      rectification notice per unit with a failed account
    - figures.json, measured.parquet, findings.csv: every number, and the rows that it was counted from
    - manifest.json: versions, parameters, and the sha256 of every file that was read and written

    `layout` is `document` (文件) or `letter` (信函), `template` an office's own Word file, `charts` `static` or `interactive` in
    the HTML page, `code` `hidden` or `fold` there. `parameters` go to the notebook's parameters cell (region, as_of, language,
    engine); None means the notebook's own. `notebook` is another notebook than the kit's, `kernel` a running kernel to be
    used again; without it one is started and stopped. `progress` is called with steps done, steps in all, and the next one.

    The same input gives the same bytes, the manifest's clock aside. Raises InputError for a folder, table, setting, region or
    format that cannot be used, RuleError for a rule table, NotebookError for a parameter that the notebook does not take or a
    cell that fails; `out` is as it was then. An `out` with files that no bulletin made is refused.
    """
    audit, out = Path(audit).resolve(), Path(out).resolve()
    formats = list(dict.fromkeys(formats))
    for name in formats:
        if name not in FORMATS:
            raise InputError("unknown_format", found=name, hint=hint(name, FORMATS), known=list(FORMATS))
    look = Look(layout, Path(template) if template is not None else None, charts, code, notices)
    for option, known in CHOICES.items():
        if (value := getattr(look, option)) not in known:
            raise InputError("unknown_choice", name=f"--{option}", found=value, hint=hint(value, known), known=known)
    source = _source(notebook)
    chosen = {name: parameters.get(name) or None for name in ("as_of", "language", "region")}
    settings = read_settings(audit, **chosen)
    made_from = recipe(audit, notebook=notebook, **look._asdict(), **parameters)
    given = made_from["parameters"]
    _may_replace(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    steps = itertools.count()

    def begin(step: str) -> None:
        progress(next(steps), 1 + len(formats) + notices, step)

    try:
        # The kernel starts while papermill is imported to look at the parameters: both take their time.
        with contextlib.nullcontext(kernel) if kernel is not None else started_kernel() as running:
            check_parameters(source, given)
            begin(source.name)
            executed = _execute(source, staging, audit, given, running)
        assessed = _told(staging)
        if assessed:
            settings = settings.model_copy(update={"as_of": dt.date.fromisoformat(assessed["as_of"])})
        told = _print(formats, executed, staging, settings, look, begin)
        _write_manifest(staging, made_from, formats, assessed | told)
        replace_folder(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return out


def recipe(audit: Path, *, notebook: Path | str | None = None, formats: Any = None, **options: Any) -> dict[str, Any]:
    """What a bulletin of these arguments of `make_bulletin` is made from: while that is the same, the bulletin is too."""
    source = _source(notebook)
    look = {name: options.pop(name, default) for name, default in Look._field_defaults.items()}
    if look["template"] is not None:
        look["template"] = sha256(Path(look["template"]))
    return {
        "kit": __version__,
        "parameters": {name: value for name, value in options.items() if value is not None},
        "look": look,
        "notebook": {source.name: sha256(source)},
        "inputs": _inputs(audit),
    }


def _source(notebook: Path | str | None) -> Path:
    return Path(notebook) if notebook is not None else resource("notebooks") / "bulletin.ipynb"


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
            near = hint(name, known)
            raise NotebookError("unknown_parameter", path=notebook.name, found=name, hint=near, known=sorted(known))
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
    ours = {format_.file.partition("/")[0] for format_ in [*FORMATS.values(), NOTICES]} | set(FIXED)
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
            raise error_of(error, source.name) from error
        finally:
            kernel.leave(folder.parent)
    _forget_the_run(executed)
    return executed


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


def _told(folder: Path) -> dict[str, Any]:
    """What the assessment has to say to the manifest; nothing where an office's own notebook saves none."""
    path = folder / TOLD
    if not path.exists():
        return {}
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return told


def _print(
    formats: list[str], executed: Any, folder: Path, settings: Settings, look: Look, progress: Callable[[str], None]
) -> dict[str, Any]:
    """The documents, and what there is to say of them: statements that do not add up, departures from the standard."""
    from govmedia_kit.render.notebook import blocks_of

    printed = Bulletin(executed, blocks_of(executed), folder, settings, look)
    told: dict[str, Any] = {"arithmetic": _verified(printed.blocks, settings.language), "layout": look.layout}
    chosen = {name: FORMATS[name] for name in formats} | ({"notices": NOTICES} if look.notices else {})
    for name, format_ in chosen.items():
        progress(name)
        told |= format_.write(printed, folder / format_.file)
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


def _write_manifest(folder: Path, made_from: dict[str, Any], formats: list[str], told: dict[str, Any]) -> None:
    """Versions, parameters and the sha256 of every input and output; the clock stands here and nowhere else."""
    from importlib.metadata import version

    manifest = {
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "formats": formats,
        **made_from,
        **told,
        "outputs": {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="\n")


def _inputs(audit: Path) -> dict[str, str]:
    """The sha256 of every file that an audit and the earlier rounds that it looks back to are read from, by its path there."""
    found: dict[str, str] = {}
    folder: Path | None = audit
    while folder is not None and _relative(folder / "audit.toml", audit) not in found:
        if is_published(folder):
            return found | {_relative(folder / name, audit): sha256(folder / name) for name in PUBLISHED}
        settings = read_settings(folder)
        found |= {_relative(path, audit): sha256(path) for path in inputs_of(folder, settings)}
        folder = (folder / settings.previous).resolve() if settings.previous else None
    return found


def sha256(path: Path) -> str:
    """The SHA-256 of a file; an empty text where it is not there."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
