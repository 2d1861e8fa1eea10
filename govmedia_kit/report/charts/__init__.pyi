# What `gk.charts` offers: read by type checkers, and by `__init__.py` to load each module only when it is asked for.
from .accounts import accounts_per_unit as accounts_per_unit
from .accounts import channels as channels
from .accounts import reply_times as reply_times
from .accounts import trend as trend
from .drawing import enable as enable
from .drawing import register_fonts as register_fonts
from .updates import calendar as calendar
from .updates import gaps_by_platform as gaps_by_platform
from .updates import sensitivity as sensitivity
from .updates import silence_calendar as silence_calendar
from .updates import survival as survival
