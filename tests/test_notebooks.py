"""Every notebook can be read as a form, holds no output and no machine's paths, and runs from top to bottom."""

import json
import re
import warnings
from pathlib import Path

import pandas as pd
import pytest

from govmedia_kit.package_data import resource
from govmedia_kit.render.notebook import VEGALITE
from govmedia_kit.run.lab import copy_notebooks

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
PARAMETER = re.compile(r"[a-z_]+: (str|int|float|bool|list\[str\]) = .+  # .+")
ELSEWHERE = re.compile(r"https?://|file:|/(?:home|work|root|Users|tmp)/|[A-Z]:\\\\|^\s*[%!]", re.MULTILINE)


def cells_of(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def tagged(path: Path, tag: str) -> list[dict]:
    return [cell for cell in cells_of(path) if tag in cell["metadata"].get("tags", [])]


def executed(path: Path, kernel, **parameters):
    """The notebook as it runs where it lies, on the warm kernel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import papermill

        try:
            return papermill.execute_notebook(
                str(path),
                None,
                parameters=parameters,
                cwd=str(path.parent),
                progress_bar=False,
                km=kernel.ready(path.parent),
            )
        finally:
            kernel.leave(path.parent)


def test_there_are_the_first_lesson_and_the_bulletin():
    assert {"00_start_here.ipynb", "bulletin.ipynb"} <= {p.name for p in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_parameters_cell_is_a_signature(path):
    (cell,) = tagged(path, "parameters")
    lines = "".join(cell["source"]).splitlines()
    assert lines
    assert [line for line in lines if not PARAMETER.fullmatch(line)] == []
    names = [line.split(":")[0] for line in lines]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_nothing_of_a_run_is_in_it(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info", "title", "authors"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_names_no_other_place_and_no_magic(path):
    for cell in cells_of(path):
        assert not ELSEWHERE.search("".join(cell["source"])), "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_begins_with_what_it_does_and_its_cells_are_short(path):
    cells = cells_of(path)
    assert cells[0]["cell_type"] == "markdown"
    assert "".join(cells[0]["source"]).startswith("# ")
    lengths = [len("".join(c["source"]).splitlines()) for c in cells if c["cell_type"] == "code"]
    assert max(lengths) <= 15


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs_from_top_to_bottom(path, kernel):
    before = {p for p in path.parent.iterdir() if p.suffix != ".pyc"}
    notebook = executed(path, kernel)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [o for o in shown if o.output_type == "error" or o.get("name") == "stderr"] == []
    charts = [o for o in shown if VEGALITE in o.get("data", {})]
    # A notebook that switches charts on shows one at least.
    assert bool(charts) == any("charts.enable()" in cell.source for cell in notebook.cells)
    assert all("<svg" in o.data["image/svg+xml"] and len(o.data["text/plain"]) > 20 for o in charts)
    assert {p for p in path.parent.iterdir() if p.suffix != ".pyc"} == before


def test_the_first_lesson_says_what_it_finds(kernel, gansu):
    path = resource("notebooks") / "00_start_here.ipynb"
    notebook = executed(path, kernel)
    numbers = [o.data["text/plain"] for c in notebook.cells for o in c.get("outputs", []) if "data" in o]
    assert [n for n in numbers if n.isdigit()] == ["283", "35", "32"]
    # The answer of the exercise.
    posts = pd.read_parquet(gansu / "posts.parquet", columns=["account_id", "published_at"])
    gap = (pd.Timestamp(2019, 7, 15) - posts.groupby("account_id")["published_at"].max().dt.normalize()).dt.days
    answer = int((gap > 7).sum()) + 283 - len(gap)
    assert numbers[-1] == f"{{14: 35, 7: {answer}}}"


@pytest.mark.slow
def test_an_executed_bulletin_can_be_run_again_where_it_stands(gansu_bulletin, kernel):
    before = (gansu_bulletin / "figures.json").read_bytes()
    executed(gansu_bulletin / "bulletin.ipynb", kernel)
    assert (gansu_bulletin / "figures.json").read_bytes() == before


def test_the_lab_works_on_copies_and_never_replaces_one(tmp_path):
    copies = copy_notebooks(tmp_path)
    assert {p.name for p in copies.glob("*.ipynb")} == {p.name for p in NOTEBOOKS}
    assert (tmp_path / "data" / "gansu-2019" / "accounts.csv").is_file()
    (copies / "bulletin.ipynb").write_text("mine", encoding="utf-8")
    (copies / "00_start_here.ipynb").unlink()
    copy_notebooks(tmp_path)
    assert (copies / "bulletin.ipynb").read_text(encoding="utf-8") == "mine"
    assert (copies / "00_start_here.ipynb").is_file()
