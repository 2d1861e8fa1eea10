"""The package holds its shape: imports go downwards, `__all__` is the public names, nothing heavy or hidden happens."""

import ast
import csv
import importlib
import json
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "govmedia_kit"

# The floors of the house: what each folder may import. Modules at the root are the ground.
MAY_IMPORT = {
    "ground": {"ground"},
    "read": {"ground", "read"},
    "measures": {"ground", "measures"},
    "judge": {"ground", "read", "measures", "judge"},
    "proofread": {"ground", "read", "proofread"},
    "report": {"ground", "read", "measures", "judge", "report"},
    "render": {"ground", "read", "judge", "report", "render"},
    "run": {"ground", "read", "measures", "judge", "proofread", "report", "render", "run"},
    "cli": {"ground", "read", "measures", "judge", "proofread", "report", "render", "run"},
}
HEAVY = {
    *("altair", "dask", "docx", "duckdb", "fastexcel", "holidays", "jupyter_client", "nbclient", "nbformat", "numpy"),
    *("opencc", "openpyxl", "pandas", "papermill", "pyarrow", "pypinyin", "pyspark", "rapidfuzz", "scipy", "typst"),
    *("vl_convert", "xlsxwriter", "markdown_it"),
}
# Outside `read` and `render`, what opens a file and why.
OPENS_FILES = {
    "package_data": "what the kit carries",
    "divisions": "what the kit carries",
    "judge.figures": "what a bulletin keeps of its assessment",
    "judge.published": "a bulletin made before, in place of its audit",
    "report.charts.drawing": "fonts",
    "run.bulletin": "hashes for the manifest",
    "run.generate": "what the kit carries",
    "run.batch": "manifests and figures of bulletins made before",
    "cli": "the manifest of a bulletin made just now",
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


def floor(module: str) -> str:
    if top(module) in ("cli", "__main__"):
        return "cli"
    return top(module) if (PACKAGE / top(module)).is_dir() else "ground"


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


def test_there_are_eight_folders_and_the_ground():
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders == set(MAY_IMPORT) - {"ground", "cli"} | {"resources"}
    assert [p.name for p in (PACKAGE / "resources").rglob("*.py")] == []


@pytest.mark.parametrize("module", [m for m in MODULES if m not in ("__init__", "__main__")])
def test_a_folder_imports_only_the_floors_beneath_it(module):
    assert {floor(other) for other in imported(module)} - MAY_IMPORT[floor(module)] == set()


@pytest.mark.parametrize("folder", sorted(p.parent for p in PACKAGE.rglob("*/__init__.py")), ids=lambda p: p.name)
def test_a_folder_says_what_comes_in_and_what_goes_out(folder):
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    assert re.search(r"\bIn comes? .+; out comes? .+\.", said or "", re.DOTALL)


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


# Folders whose `__init__` offers names of the modules beneath, each loaded when it is asked for.
DOORS = [m for m in MODULES if MODULES[m].with_suffix(".pyi").is_file()]


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__main__" and m not in DOORS])
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
    # Beyond its own functions and classes a module may export constants, if they are there.
    loaded = importlib.import_module("govmedia_kit" if module == "__init__" else f"govmedia_kit.{module}")
    assert [name for name in names if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__main__" and m not in DOORS])
def test_all_is_sorted(module):
    """Constants, then classes, then functions, as ruff sorts them."""
    names = exported(module) or []
    assert names == sorted(names, key=lambda n: (0 if n.isupper() else 1 if n[0].isupper() else 2, n))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("module", list(MODULES))
def test_a_module_says_what_it_is(module):
    assert ast.get_docstring(TREES[module])


@pytest.mark.parametrize("module", list(MODULES))
def test_public_functions_say_what_they_do(module):
    names = exported(module) or []
    bare = [
        node.name
        for node in TREES[module].body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names and not ast.get_docstring(node)
    ]
    assert bare == []


@pytest.mark.parametrize("door", DOORS)
def test_a_door_offers_what_its_list_says(door):
    loaded = importlib.import_module("govmedia_kit" if door == "__init__" else f"govmedia_kit.{door}")
    listed = [
        alias.name
        for node in ast.parse(MODULES[door].with_suffix(".pyi").read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(set(listed)) == sorted(listed)
    assert set(dir(loaded)) >= set(listed)
    assert [name for name in listed if not (getattr(loaded, name).__doc__ or "").strip()] == []


def test_the_front_door_is_short_and_readme_and_notebooks_use_no_other():
    import govmedia_kit

    assert len(govmedia_kit.__all__) < 32
    root = PACKAGE.parent
    notebooks = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((root / "notebooks").glob("**/*.ipynb"))]
    texts = ["".join(c["source"]) for n in notebooks for c in n["cells"]] + [
        (root / "README.md").read_text(encoding="utf-8")
    ]
    inner = {line for text in texts for line in re.findall(r"(?:from|import) govmedia_kit\.[^\n]+", text)}
    assert inner == set()
    taken = {
        name
        for text in texts
        for line in re.findall(r"from govmedia_kit import ([^\n]+)", text)
        for name in line.split(", ")
    }
    taken |= {name for text in texts for name in re.findall(r"\bgk\.(\w+)", text)}
    assert taken - set(govmedia_kit.__all__) == set()
    assert len(taken) > 5


def calls(module: str) -> list[ast.Call]:
    return [node for node in ast.walk(TREES[module]) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_only_read_opens_data_files():
    openers = {m for m in MODULES for call in calls(m) if called(call) in OPENERS}
    assert {m for m in openers if top(m) not in ("read", "render")} - set(OPENS_FILES) == set()


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
    assert {m for m, _ in hands} <= {"run.bulletin", "cli"}


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
    row["kind"]: row
    for row in csv.DictReader((PACKAGE / "resources" / "messages.csv").read_text(encoding="utf-8").splitlines())
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
