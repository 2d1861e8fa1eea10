"""One Jupyter kernel that runs one notebook after another: its start costs more than a bulletin.

Between two notebooks the namespace is emptied and the working folder and what libraries keep as settings are set anew.
A kernel that has died is started again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Kernel", "started_kernel"]

# `reset -f` empties the namespace; modules stay, and with them the settings that libraries keep.
RESET = """
get_ipython().run_line_magic("reset", "-f")
import os, polars
os.chdir({folder!r})
polars.Config.restore_defaults()
del os, polars
"""


class Kernel:
    """A running kernel: `manager` is what papermill takes, `ready` makes it as good as new."""

    def __init__(self) -> None:
        from jupyter_client.manager import AsyncKernelManager

        # Encrypted where the kernel can: its channels are open to every user of the machine else.
        self.manager = AsyncKernelManager(kernel_name="python3", transport_encryption="auto")
        self._run(self.manager.start_kernel(env={**os.environ, "PYTHONWARNINGS": "ignore"}))

    def ready(self, folder: Path) -> Any:
        """The kernel's manager, with an empty namespace and `folder` as the working folder; started again if it died."""
        if not self._run(self.manager.is_alive()):
            self._run(self.manager.restart_kernel(now=True))
        self._execute(RESET.format(folder=str(folder)))
        return self.manager

    def leave(self, folder: Path) -> None:
        """Step out of a working folder, which Windows would not let be renamed while a kernel stands in it."""
        if self._run(self.manager.is_alive()):
            self._execute(f"import os; os.chdir({str(folder)!r})")

    def stop(self) -> None:
        """End the kernel."""
        with contextlib.suppress(Exception):
            self._run(self.manager.shutdown_kernel(now=True))

    def _execute(self, code: str) -> None:
        client = self.manager.client()
        client.start_channels()
        try:
            self._run(client.wait_for_ready(timeout=60))
            # The client is asynchronous: not awaited, the reset would silently not happen.
            reply = self._run(
                client.execute_interactive(code, store_history=False, silent=True, output_hook=lambda m: None)
            )
        finally:
            client.stop_channels()
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the kernel could not be made ready: {reply['content'].get('evalue')}")

    @staticmethod
    def _run(awaitable: Any) -> Any:
        from jupyter_core.utils import run_sync

        async def wait() -> Any:
            return await awaitable

        return run_sync(wait)()


@contextlib.contextmanager
def started_kernel() -> Iterator[Kernel]:
    """A kernel for as long as the block runs."""
    kernel = Kernel()
    try:
        yield kernel
    finally:
        kernel.stop()
