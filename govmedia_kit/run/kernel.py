"""One Jupyter kernel that runs one notebook after another: its start costs more than a bulletin.

Between two notebooks the namespace is emptied and the working folder and what libraries keep as settings are set anew.
A kernel that has died is started again. An error of the kit that a cell raises comes over whole, with its facts.
"""

from __future__ import annotations

import base64
import contextlib
import os
import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_core.utils import run_sync

from govmedia_kit.errors import GovmediaError, NotebookError

__all__ = ["Kernel", "error_of", "hand_over", "started_kernel"]

# `reset -f` empties the namespace; modules stay, and with them the settings that libraries keep.
RESET = """
get_ipython().run_line_magic("reset", "-f")
import os, polars
os.chdir({folder!r})
polars.Config.restore_defaults()
del os, polars
"""

# What every bulletin imports, loaded while this process still imports papermill; the reset forgets the names.
PRELOAD = (
    "import altair, scipy.stats, govmedia_kit.report.charts.updates, govmedia_kit.report.annexes, govmedia_kit.run.kernel",
    "govmedia_kit.errors.GovmediaError._render_traceback_ = govmedia_kit.run.kernel.hand_over",
)


def hand_over(error: GovmediaError) -> list[str]:
    """In the kernel: an error of the kit as the traceback of its cell, since a cell hands over only text."""
    for name, fact in error.facts.items():
        if isinstance(fact, Exception):  # a library's own may not be sent
            error.facts[name] = str(fact)
        elif isinstance(fact, Path):  # seen from here, where nobody else stands
            error.facts[name] = fact.resolve()
    with contextlib.suppress(Exception):  # what cannot be sent is told in its own words
        return [base64.b64encode(pickle.dumps(error)).decode("ascii")]
    return [str(error)]


def error_of(failed: Any, notebook: str) -> GovmediaError:
    """What stopped a notebook: the kit's own error where a cell raised one, else a NotebookError that names the cell."""
    with contextlib.suppress(Exception):
        error = pickle.loads(base64.b64decode(failed.traceback[0], validate=True))
        if isinstance(error, GovmediaError):
            return error
    found = f"{failed.ename}: {failed.evalue}"
    return NotebookError("notebook_failed", path=notebook, row=failed.cell_index, found=found)


class Kernel:
    """A running kernel: `manager` is what papermill takes, `ready` makes it as good as new."""

    def __init__(self) -> None:
        from jupyter_client.manager import AsyncKernelManager

        # Encrypted where the kernel can: its channels are open to every user of the machine else.
        self.manager = AsyncKernelManager(kernel_name="python3", transport_encryption="auto")
        self._clients: list[Any] = []
        self.manager.client = self._client  # type: ignore[method-assign]
        env = {**os.environ, "PYTHONWARNINGS": "ignore"}
        lines = [f"--IPKernelApp.exec_lines={line}" for line in PRELOAD]
        with warnings.catch_warnings():
            # A home that may not be written to is no matter: nothing of a bulletin is kept there.
            warnings.filterwarnings("ignore", "IPython (parent|dir)")
            run_sync(self.manager.start_kernel)(env=env, extra_arguments=lines)

    def ready(self, folder: Path) -> Any:
        """The kernel's manager, with an empty namespace and `folder` as the working folder; started again if it died."""
        reset = RESET.format(folder=str(folder))
        try:
            if run_sync(self.manager.is_alive)():
                self._execute(reset)
                return self.manager
        except (RuntimeError, TimeoutError):  # it is dying, or busy without end
            pass
        self._disconnect()
        run_sync(self.manager.restart_kernel)(now=True)
        self._execute(reset)
        return self.manager

    def leave(self, folder: Path) -> None:
        """Step out of a working folder, which Windows would not let be renamed while a kernel stands in it."""
        if run_sync(self.manager.is_alive)():
            # A kernel that is still busy with a cell that was interrupted is not waited for.
            with contextlib.suppress(TimeoutError, RuntimeError):
                self._execute(f"import os; os.chdir({str(folder)!r})", timeout=10)
        self._disconnect()

    def stop(self) -> None:
        """End the kernel."""
        self._disconnect()
        with contextlib.suppress(Exception):
            run_sync(self.manager.shutdown_kernel)(now=True)

    def _client(self, **options: Any) -> Any:
        """A client as the manager makes it, remembered: the one that runs a notebook is never closed by its maker."""
        self._clients.append(type(self.manager).client(self.manager, **options))
        return self._clients[-1]

    def _disconnect(self) -> None:
        while self._clients:
            self._clients.pop().stop_channels()

    def _execute(self, code: str, timeout: float = 60) -> None:
        client = self._client()
        client.start_channels()
        run_sync(client.wait_for_ready)(timeout=timeout)
        # The client is asynchronous: not awaited, the reset would silently not happen.
        quiet: Any = {"store_history": False, "silent": True, "output_hook": lambda message: None}
        reply = run_sync(client.execute_interactive)(code, timeout=timeout, **quiet)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the kernel could not be made ready: {reply['content'].get('evalue')}")


@contextlib.contextmanager
def started_kernel() -> Iterator[Kernel]:
    """A kernel for as long as the block runs."""
    kernel = Kernel()
    try:
        yield kernel
    finally:
        kernel.stop()
