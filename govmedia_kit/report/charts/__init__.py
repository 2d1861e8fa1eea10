"""Summary frames to Altair charts, offline.

In come an assessment and its figures; out come charts with title, alt text and words of its language. Public, as `gk.charts`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
