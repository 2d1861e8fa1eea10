"""Tidy frames to tidy frames: who runs too many accounts, who has gone silent, who does not answer.

In come accounts, posts and messages; out come evidence rows and summaries. Public, as `gk.measures`; a module is loaded when
one of its names is asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
