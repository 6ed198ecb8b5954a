"""Periods: one grammar for years, half-years, quarters, months and months added up from January, read by the column.

A column's labels are read together, once (`read`), because only together do they say what they mean: ``2001-02`` is
a month beside ``2001-03`` and a fiscal year beside ``2012-13``. The outcome is a `Calendar`: each label's `Period`,
the true order, how far apart two periods lie, and how the user writes them. Nothing else in the package takes a
period apart. By hand: pandas and dateutil read one label at a time, dateutil fills in today's day and month, and
neither knows half-years, fiscal years or months added up from January.
"""

from exportlab.periods.calendar import Calendar, Lag, text
from exportlab.periods.period import ALLOWED, FREQUENCIES, STEPS, WORDS, Period
from exportlab.periods.reading import UnreadPeriods, days, followers, read

__all__ = [
    "ALLOWED",
    "FREQUENCIES",
    "STEPS",
    "WORDS",
    "Calendar",
    "Lag",
    "Period",
    "UnreadPeriods",
    "days",
    "followers",
    "read",
    "text",
]
