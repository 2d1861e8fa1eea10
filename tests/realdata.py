"""Where the real files lie that some tests read; they are never part of the repository."""

import os
from pathlib import Path

REALDATA = Path(os.environ.get("GOVMEDIA_REALDATA", Path(__file__).parents[2] / "shared" / "realdata"))
