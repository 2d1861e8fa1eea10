"""Working days of China: the State Council's calendar of holidays and of weekends that are worked (调休).

The calendar is that of the `holidays` package; no clock and no network. A year that it does not know yet has
its weekends and fixed holidays, so that a count into the far future is a guess.
"""

from __future__ import annotations

import functools
from datetime import date, timedelta

import polars as pl

__all__ = ["working_days_between"]


@functools.cache
def _working(year: int) -> tuple[bool, ...]:
    """For each day of a year, whether it is worked."""
    import holidays

    calendar = holidays.country_holidays("CN", years=year)
    days = (date(year, 12, 31) - date(year, 1, 1)).days + 1
    return tuple(calendar.is_working_day(date(year, 1, 1) + timedelta(days=i)) for i in range(days))


def working_days_between(start: pl.Series, end: pl.Series) -> pl.Series:
    """Working days after the day `start`, up to and with the day `end`: one number per row (Int64).

    The day of `start` itself is not counted, as a time limit begins on the day after receipt; negative where
    `end` is before `start`; null where either is. Saturday 2018-09-29 was worked, the week after it was not:

    >>> working_days_between(pl.Series([date(2018, 9, 28)]), pl.Series([date(2018, 10, 8)])).to_list()
    [3]
    """
    ends = pl.concat([start.cast(pl.Date), end.cast(pl.Date)]).drop_nulls()
    if ends.is_empty():
        return pl.Series("working_days", [None] * len(start), pl.Int64)
    years = ends.dt.year().unique().sort()
    first, last = years[0], years[-1]
    flags = pl.Series([day for year in range(first, last + 1) for day in _working(year)], dtype=pl.Int64)
    worked, origin = flags.cum_sum(), (date(first, 1, 1) - date(1970, 1, 1)).days

    def until(day: pl.Series) -> pl.Series:
        return worked.gather(day.cast(pl.Date).cast(pl.Int32).cast(pl.Int64) - origin)

    return (until(end) - until(start)).alias("working_days")
