"""Files that tests read: samples of every tool's layout, written for this kit, and real files, which lie elsewhere."""

import os
from pathlib import Path

__all__ = ["REALDATA", "SAMPLES"]

SAMPLES = Path(__file__).parent / "samples"
# The real files are other people's, and never part of the repository: tests on them carry the marker `realdata`.
REALDATA = Path(os.environ.get("GOVMEDIA_REALDATA") or "GOVMEDIA_REALDATA is not set")
