"""What pyproject.toml declares is what the package imports, and the other way round."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Declared, and started or loaded by something else than an import of ours.
NOT_IMPORTED = {
    "ipykernel": "papermill's notebooks run on it",
    "jupyterlab": "`govmedia lab` starts it",
    "jupyterlab-language-pack-zh-cn": "JupyterLab speaks Chinese by it",
    "pyarrow": "DuckDB hands its rows over by it",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {normal(re.match(r"[A-Za-z0-9._-]+", requirement)[0]) for requirement in requirements}


def imported() -> set[str]:
    """The distributions of everything that a module of the package imports, inside functions too."""
    names = set()
    for path in (ROOT / "govmedia_kit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).split(".")[0])
    names -= {"govmedia_kit", *sys.stdlib_module_names}
    known = packages_distributions()
    return {normal(known[name][0]) for name in names}


def test_what_is_declared_is_imported_and_what_is_imported_is_declared():
    extras = set().union(*(declared(PROJECT["optional-dependencies"][name]) for name in ("duckdb", "spark", "dask")))
    core = declared(PROJECT["dependencies"])
    assert core & extras == set()
    assert (core | extras) - set(NOT_IMPORTED) == imported()
    assert set(NOT_IMPORTED) <= core | extras


def test_every_dependency_of_the_kit_has_a_pin():
    pinned = declared((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    wanted = declared(PROJECT["dependencies"])
    for requirements in PROJECT["optional-dependencies"].values():
        wanted |= declared(requirements)
    assert wanted - pinned - {"govmedia-kit"} == set()
