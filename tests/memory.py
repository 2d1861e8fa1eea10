"""The peak memory of a process."""

import resource
from pathlib import Path

__all__ = ["peak_mb"]


def peak_mb() -> float:
    """The most memory that this process has held, in MB; `getrusage` would count what its parent held at its birth, too."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = status.read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
