"""What every test may use: the folder of the rebuilt audit of 2019, its assessment and figures, a warm kernel and its bulletin."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent))
# This checkout is what is tested, by every process that a test starts, wherever the package is installed from.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])

# Errors speak the language of the system: here all the same one.
os.environ["LC_ALL"] = "C.UTF-8"

import parts  # noqa: E402 - found by the path above

LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_collection_modifyitems(config, items):
    config.stash[LEFT_OUT] = dict(parts.leave_out(config, items))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Under xdist the workers collect; each has left out the same."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", {})


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, {})


def pytest_terminal_summary(terminalreporter, config):
    for marker, count in config.stash.get(LEFT_OUT, {}).items():
        terminalreporter.write_line(f"left out: {count} tests marked {marker} ({parts.missing()[marker]})")


@pytest.fixture(scope="session")
def gansu() -> Path:
    """The audit folder of the founding case."""
    return ROOT / "data" / "gansu-2019"


@pytest.fixture(scope="session")
def gansu_assessment(gansu):
    """The founding case, measured."""
    from govmedia_kit.judge.assess import assess
    from govmedia_kit.read.audit import read_audit

    return assess(read_audit(gansu))


@pytest.fixture(scope="session")
def gansu_figures(gansu_assessment):
    """The figures of the founding case by id."""
    from govmedia_kit.judge.figures import figures

    return figures(gansu_assessment)


@pytest.fixture(scope="session")
def kernel() -> Iterator:
    """One running kernel for every test that makes a bulletin: its start costs more than the bulletin."""
    from govmedia_kit.run.kernel import started_kernel

    with started_kernel() as running:
        yield running


@pytest.fixture(scope="session")
def gansu_bulletin(gansu, kernel, tmp_path_factory) -> Path:
    """The folder of the founding case's bulletin; not to be written into."""
    from govmedia_kit.run.bulletin import make_bulletin

    return make_bulletin(gansu, tmp_path_factory.mktemp("bulletin") / "gansu-2019", kernel=kernel)


@pytest.fixture
def command(kernel, monkeypatch):
    """The command in this process, on the warm kernel: (exit code, what it said)."""
    import contextlib

    from typer.testing import CliRunner

    from govmedia_kit.cli import app

    monkeypatch.setattr("govmedia_kit.run.batch.started_kernel", lambda: contextlib.nullcontext(kernel))
    monkeypatch.setattr("govmedia_kit.run.bulletin.started_kernel", lambda: contextlib.nullcontext(kernel))

    def run(*arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        return result.exit_code, result.output

    return run
