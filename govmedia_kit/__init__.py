"""govmedia-kit: audit government new media accounts and print the bulletin.

>>> import govmedia_kit as gk
>>> assessment = gk.assess(gk.read_audit("data/gansu-2019"))
>>> gk.figures(assessment)["updates.stale"].value
35

What stands here, and `gk.measures`, `gk.statistics`, `gk.charts` and `gk.report`, is what others may build on; everything
else may change without notice. Nothing is loaded before it is asked for.
"""

import lazy_loader

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
