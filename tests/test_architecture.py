"""The package holds its shape: imports go downwards, `__all__` is the public names, nothing heavy or hidden happens."""

import ast
import csv
import importlib
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "govmedia_kit"

# Downwards only; a row may import the rows above it. Families of one row never import each other.
ORDER = [
    ("languages",),
    ("errors",),
    ("fields",),
    ("frames", "workdays"),
    ("blocks",),
    ("read",),
    ("spelling",),
    ("names",),
    ("estimates",),
    ("posting_days",),
    ("duplication", "gaps", "interaction"),
    ("rules",),
    ("rounds",),
    ("followup",),
    ("arithmetic",),
    ("statements",),
    ("figures",),
    ("telling",),
    ("prose",),
    ("method",),
    ("charts",),
    ("gap_charts",),
    ("tables",),
    ("render",),
    ("verifying",),
    ("kernel",),
    ("bulletin",),
    ("batch",),
    ("lab",),
    ("cli",),
    ("__main__",),
]
# A measure may be several modules; the first of a family offers the others' names too.
FAMILIES = {
    **dict.fromkeys(("likeness", "lookalikes", "reconcile"), "duplication"),
    **dict.fromkeys(("gap_tables", "posting_bits", "rhythm"), "gaps"),
    **dict.fromkeys(("engagement", "indices"), "interaction"),
    **dict.fromkeys(("telling",), "prose"),
    **dict.fromkeys(("gap_charts",), "charts"),
    **dict.fromkeys(("breakdowns", "claims", "clauses", "quantities", "wording"), "statements"),
}
HEAVY = {
    *("altair", "dask", "docx", "duckdb", "fastexcel", "holidays", "jupyter_client", "nbclient", "nbformat", "numpy"),
    *("opencc", "openpyxl", "pandas", "papermill", "pyarrow", "pypinyin", "pyspark", "rapidfuzz", "scipy", "typst"),
    *("vl_convert", "xlsxwriter", "markdown_it"),
}
# Outside `read`, what opens a file and why: the tables and words that the package itself consists of, and its own outputs.
OWN_FILES = {
    "errors": "messages.csv",
    "fields": "fields.csv, vocabularies.csv",
    "figures": "figures.csv",
    "names": "words/name_*.csv",
    "lookalikes": "words/name_*.csv",
    "telling": "words/*.toml",
    "bulletin": "hashes for the manifest",
    "batch": "manifests and figures of bulletins made before",
    "followup": "measured.parquet of a bulletin made before",
    "lab": "notebooks",
    "wording": "statements.toml",
    "cli": "the template of audit.toml, the manifest of a bulletin made just now",
}
OPENERS = {
    "open",
    "read_text",
    "read_bytes",
    "read_csv",
    "read_parquet",
    "read_excel",
    "scan_csv",
    "scan_parquet",
    "read_json",
}


def modules() -> dict[str, Path]:
    """Dotted names inside the package, with their files."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if not {"notebooks", "data"} & set(parts):
            found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


MODULES = modules()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def top(module: str) -> str:
    return module.split(".")[0]


def rank(module: str) -> int:
    place = FAMILIES.get(top(module), top(module))
    return next(i for i, row in enumerate(ORDER) if place in row)


def imported(module: str) -> set[str]:
    """Modules of the package that a module imports anywhere, inside functions too."""
    found = set()
    package = MODULES[module].name == "__init__.py"
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = ["govmedia_kit", *([] if module == "__init__" else module.split("."))]
            base = parts[: len(parts) - node.level + package] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{source}.{alias.name}" for alias in node.names}
    inside = {name.removeprefix("govmedia_kit.") for name in found if name.startswith("govmedia_kit.")}
    # `from govmedia_kit.read import read_audit` names a function: what is imported is the module that holds it.
    known = {n if n in MODULES else n.rpartition(".")[0] for n in inside}
    return {n for n in known if n in MODULES}


def test_every_module_has_its_place():
    homeless = [
        m for m in MODULES if m != "__init__" and top(m) not in FAMILIES and not any(top(m) in r for r in ORDER)
    ]
    assert homeless == []


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__init__"])
def test_imports_go_downwards(module):
    family = FAMILIES.get(top(module), top(module))
    upwards = {
        other
        for other in imported(module)
        if FAMILIES.get(top(other), top(other)) != family and rank(other) >= rank(module)
    }
    assert upwards == set()


def test_no_module_imports_itself_by_a_detour():
    def reached(module: str) -> set[str]:
        seen, todo = set(), [module]
        while todo:
            for other in imported(todo.pop()) - seen:
                seen.add(other)
                todo.append(other)
        return seen

    # A package and its parts are one thing here: `read` offers the names of `read.audit`.
    assert [m for m in MODULES if m in reached(m) and MODULES[m].name != "__init__.py"] == []


def exported(module: str) -> list[str] | None:
    for node in TREES[module].body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if getattr(target, "id", "") == "__all__":
            return ast.literal_eval(node.value)  # type: ignore[union-attr]
    return None


def is_command(node: ast.AST) -> bool:
    """Decorated with `@app.command()`: public on the command line, not in Python."""
    return any("app." in ast.unparse(d) for d in getattr(node, "decorator_list", []))


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__main__"])
def test_all_is_the_public_names(module):
    names = exported(module)
    assert names is not None
    public = {
        node.name
        for node in TREES[module].body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not is_command(node)
    }
    assert public - set(names) == set()
    # Beyond its own functions and classes a module may export constants and names of its parts, if they are there.
    loaded = importlib.import_module("govmedia_kit" if module == "__init__" else f"govmedia_kit.{module}")
    assert [name for name in names if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__main__"])
def test_all_is_sorted(module):
    """Constants, then classes, then functions, as ruff sorts them."""
    names = exported(module) or []
    assert names == sorted(names, key=lambda n: (0 if n.isupper() else 1 if n[0].isupper() else 2, n))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("module", list(MODULES))
def test_a_module_says_what_it_is_and_can_be_read_in_one_sitting(module):
    assert ast.get_docstring(TREES[module])
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("module", list(MODULES))
def test_public_functions_say_what_they_do(module):
    names = exported(module) or []
    bare = [
        node.name
        for node in TREES[module].body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names and not ast.get_docstring(node)
    ]
    assert bare == []


def calls(module: str) -> list[ast.Call]:
    return [node for node in ast.walk(TREES[module]) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_only_read_opens_data_files():
    openers = {top(m) for m in MODULES for call in calls(m) if called(call) in OPENERS}
    assert openers - {"read", "render"} - set(OWN_FILES) == set()


def is_text_mode(call: ast.Call) -> bool:
    modes = [a.value for a in [*call.args, *(k.value for k in call.keywords)] if isinstance(a, ast.Constant)]
    return not any(isinstance(m, str) and re.fullmatch(r"[rwax+]*b[rwax+]*", m) for m in modes)


def test_every_text_is_opened_with_its_encoding():
    bare = [
        f"{m}:{call.lineno}"
        for m in MODULES
        for call in calls(m)
        if (called(call) in ("read_text", "write_text") or (called(call) == "open" and is_text_mode(call)))
        and not any(k.arg == "encoding" for k in call.keywords)
        # A part of a zip archive is opened as bytes, without a mode.
        and not (
            called(call) == "open" and ast.unparse(call.func) in ("book.open", "archive.open", "zipped.open", "os.open")
        )
    ]
    assert bare == []


def test_the_clock_is_read_for_the_manifest_and_a_new_audits_day_only():
    clock = {"now", "today", "utcnow", "time", "monotonic", "perf_counter"}
    hands = [
        (m, called(call))
        for m in MODULES
        for call in calls(m)
        if called(call) in clock and re.match(r"(dt\.)?(datetime|date|time)\.", ast.unparse(call.func))
    ]
    assert {m for m, _ in hands} <= {"bulletin", "cli"}


def test_nothing_reaches_for_the_network():
    network = {"requests", "httpx", "urllib3", "aiohttp", "http", "socket", "ftplib"}
    found = {
        (m, name)
        for m, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        if top(name) in network or name == "urllib.request"
    }
    assert found == set()


# --- Sentences ---------------------------------------------------------------------------------------------

MESSAGES = {
    row["kind"]: row for row in csv.DictReader((PACKAGE / "messages.csv").read_text(encoding="utf-8").splitlines())
}
SPEAKERS = ("GovmediaError", "InputError", "RuleError", "NotebookError", "Problem", "sentence", "_problem")


def braces(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def kinds_used() -> set[str]:
    """Every text of the package that is a kind, and the beginning of every text that is made with braces."""
    found = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} & set(MESSAGES)
            elif isinstance(node, ast.JoinedStr):
                pattern = "".join(re.escape(p.value) if isinstance(p, ast.Constant) else r"\w*" for p in node.values)
                if re.match(r"[a-z]+_", pattern):
                    found |= {kind for kind in MESSAGES if re.fullmatch(pattern, kind)}
    return found


def test_every_sentence_is_said_somewhere():
    assert set(MESSAGES) - kinds_used() == set()


def test_a_sentence_has_the_same_facts_in_both_languages():
    unequal = {
        k
        for k, row in MESSAGES.items()
        if braces(row["zh"]) - {"label", "hint"} != braces(row["en"]) - {"label", "hint"}
    }
    assert unequal == set()
    assert {row["severity"] for row in MESSAGES.values()} <= {"error", "warning", "note"}


def test_every_error_raised_has_its_sentence_and_the_facts_that_it_needs():
    missing, poor = [], []
    for m in MODULES:
        for call in calls(m):
            if called(call) not in SPEAKERS or not call.args or not isinstance(call.args[0], ast.Constant):
                continue
            kind = call.args[0].value
            if kind not in MESSAGES:
                missing.append((m, kind))
                continue
            if called(call) == "Problem" or any(k.arg is None for k in call.keywords):
                facts = call.args[2] if len(call.args) == 3 else None
                if not isinstance(facts, ast.Dict) or None in facts.keys:
                    continue
                given = {ast.literal_eval(key) for key in facts.keys} | {"place"}
            else:
                given = {k.arg for k in call.keywords}
            needed = braces(MESSAGES[kind]["zh"]) | braces(MESSAGES[kind]["en"])
            if needed - given:
                poor.append((m, call.lineno, kind, needed - given))
    assert (missing, poor) == ([], [])


# --- Import ------------------------------------------------------------------------------------------------


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    return set(run.stdout.split())


def test_import_pulls_in_nothing_heavy():
    assert loaded_by("import govmedia_kit") & (HEAVY | {"polars", "narwhals", "pydantic", "typer"}) == set()


def test_no_module_pulls_in_anything_heavy():
    names = [m for m in MODULES if m not in ("__init__", "__main__")]
    assert loaded_by("\n".join(f"import govmedia_kit.{m}" for m in names)) & HEAVY == set()


def test_import_takes_no_longer_than_polars():
    """Seconds are printed, not held: the machine may be busy. What is held is that importing it is less than polars."""
    seconds = {}
    for name in ("polars", "govmedia_kit"):
        code = f"import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
        runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in "12"]
        seconds[name] = min(float(run.stdout) for run in runs)
    print({name: round(s, 3) for name, s in seconds.items()})
    assert len(loaded_by("import govmedia_kit")) < len(loaded_by("import polars"))
