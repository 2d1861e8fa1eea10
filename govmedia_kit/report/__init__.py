"""Judged accounts to blocks: the sentences, annexes, charts and notes of a bulletin, in its language.

In comes an assessment with its figures; out come blocks that any format prints. Public, as `gk.report` and `gk.charts`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
