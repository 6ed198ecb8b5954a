"""The period column of a table of flows: read at the door, keyed so that it sorts as time does, and written back.

In memory, labels that do not sort in the order of time are replaced by keys that do (ISO forms), and put back on the
way out. Lazy tables are left as they are: their dates become text, and what does not sort is refused with the line
of code that brings it to ISO forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import narwhals.stable.v2 as nw

from exportlab import suggest
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Frame, adopt, collect, fractional, values_of
from exportlab.options import validated
from exportlab.periods import Calendar, UnreadPeriods, read
from exportlab.words import Said, said

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUNCATED = {"month": "1mo", "quarter": "1q", "year": "1y"}


@dataclass(frozen=True, eq=False)
class Spelling:
    """How the periods of one table are written.

    Attributes
    ----------
    column : str
        The user's name of the column.
    frequency : str or None
        As said at the door.
    keys : tuple
        For tables in memory whose labels were replaced: what stands for them.
    own : Series or None
        The labels of the keys, in the column's own type.
    dtype : type or None
        For lazy tables whose dates became text: their type.
    """

    column: str
    frequency: str | None = None
    keys: tuple[Any, ...] = ()
    own: nw.Series[Any] | None = None
    dtype: Any = None
    _known: dict[str, Calendar] = field(default_factory=dict)

    @property
    def name(self) -> Said:
        """The column, as errors call it."""
        return said("period {column}", column=repr(self.column))

    def calendar(self, frame: Frame) -> Calendar:
        """What the periods mean; a lazy table is asked for them once."""
        if "calendar" not in self._known:
            self.learn(frame, values_of(frame, "period"))
        return self._known["calendar"]

    def learn(self, frame: Frame, labels: Iterable[Any]) -> None:
        """Read the labels of a lazy table; refuse those that do not sort in the order of time."""
        known = [x for x in labels if x is not None]
        try:
            found = read(known, frequency=None if self.dtype else self.frequency, name=self.name)
        except UnreadPeriods as error:
            raise _at_row(frame, self.column, error) from None
        if not found.sorts:
            wrong = next(
                a for a, b in zip(sorted(found.labels, key=str), found.labels, strict=True) if a != b
            )
            raise DataError(
                said(
                    "{name} does not sort in the order of time as it is written, and a plan cannot rewrite it",
                    name=self.name,
                ),
                said(
                    "Bring it to ISO forms in its engine: {iso}.",
                    iso=suggest.iso(frame, self.column, self.frequency),
                ),
                first=said("{wrong}, which is {iso}", wrong=repr(wrong), iso=found.period(wrong).iso),
            )
        self._known["calendar"] = found

    def turned(self, calendar: Calendar, frame: Frame) -> Spelling:
        """How other periods of the same column are written, whose keys stand in `frame`."""
        made = Spelling(self.column, _known={"calendar": calendar})
        if isinstance(frame, nw.LazyFrame):
            days = all(_DAY.fullmatch(str(label)) for label in calendar.labels)
            return replace(made, dtype=self.dtype if days else None)
        if calendar.sorts:
            return made
        own = nw.new_series("period", list(calendar.labels), backend=frame.implementation)
        if self.own is not None and self.own.dtype.is_temporal():
            own = own.cast(self.own.dtype)
        return replace(made, keys=tuple(calendar.keys[label] for label in calendar.labels), own=own)

    def written(self, frame: Frame) -> Frame:
        """The frame with the user's labels in place of the keys."""
        if self.dtype is not None and frame.collect_schema()["period"] == nw.String:
            day = nw.col("period").str.to_date("%Y-%m-%d")
            return frame.with_columns(day if self.dtype == nw.Date else day.cast(self.dtype))
        if self.own is None or not isinstance(frame, nw.DataFrame):
            return frame
        place = {key: i for i, key in enumerate(self.keys)}
        keys = frame["period"].to_list()
        if all(key in place for key in keys):
            return frame.with_columns(_like(frame, self.own[[place[key] for key in keys]]))
        shown = [self._known["calendar"].label(key) for key in keys]  # periods that the table has not
        return frame.with_columns(_like(frame, nw.new_series("period", shown, backend=frame.implementation)))


def taken_in(frame: Frame, column: str, frequency: str | None) -> tuple[Frame, Spelling]:
    """The frame with its periods keyed, and how they are written."""
    spelling = Spelling(column, frequency)
    if isinstance(frame, nw.LazyFrame):
        return _dates_as_text(frame, spelling)
    own = _distinct(frame)
    if own is None or fractional(own.dtype):  # cells that cannot be told apart, decimals: the schema says so
        return frame, spelling
    labels = own.to_list()
    try:
        calendar = read(labels, frequency=frequency, name=spelling.name)
    except UnreadPeriods as error:
        raise _at_row(frame, column, error) from None
    known = {"calendar": calendar}
    if not calendar.ordered or (calendar.sorts and _categories_fit(own, calendar)):
        return frame, replace(spelling, _known=known)
    keys = [str(calendar.keys[label]) for label in labels]
    if calendar.inside:
        shown = [calendar.label(label) for label in labels]
        own = nw.new_series("period", shown, backend=frame.implementation).cast(own.dtype)
    return _keyed(frame, labels, keys), replace(spelling, keys=tuple(keys), own=own, _known=known)


def _dates_as_text(frame: nw.LazyFrame[Any], spelling: Spelling) -> tuple[Frame, Spelling]:
    """A plan's dates as text that sorts; taken to the frequency that was said, where it was."""
    dtype = frame.collect_schema()["period"]
    if not dtype.is_temporal():
        return frame, spelling
    day = nw.col("period")
    if spelling.frequency is not None:
        if spelling.frequency not in _TRUNCATED:
            raise OptionError(
                said(
                    "frequency={frequency} is not allowed for dates of a lazy table. Allowed: {names}.",
                    frequency=repr(spelling.frequency),
                    names=", ".join(map(repr, _TRUNCATED)),
                )
            )
        day = day.dt.truncate(_TRUNCATED[spelling.frequency])
    text = day.dt.to_string("%Y-%m-%d")
    kept = nw.Date if getattr(dtype, "time_zone", None) else dtype
    return frame.with_columns(text.alias("period")), replace(spelling, dtype=kept)


def _distinct(frame: nw.DataFrame[Any]) -> nw.Series[Any] | None:
    """The labels, each once and none missing, in the column's own type; None where they cannot be told apart."""
    column = frame["period"]
    try:
        if column.implementation.is_pandas():
            import pandas as pd

            native: Any = (
                pd.Series(column.to_native().unique(), name="period").dropna().reset_index(drop=True)
            )
            own: nw.Series[Any] = nw.from_native(native, series_only=True)
        else:
            own = column.unique().drop_nulls()
        set(own.to_list())
        return own
    except (TypeError, ValueError, NotImplementedError, nw.exceptions.NarwhalsError):
        return None


def _categories_fit(own: nw.Series[Any], calendar: Calendar) -> bool:
    """Whether labels that are categories are sorted as their texts are."""
    if own.dtype not in (nw.Categorical, nw.Enum):
        return True
    return [c for c in own.cat.get_categories().to_list() if c in calendar.keys] == list(calendar.labels)


def _keyed(frame: nw.DataFrame[Any], labels: Sequence[Any], keys: Sequence[str]) -> nw.DataFrame[Any]:
    """The frame with keys in place of labels; what is missing stays missing."""
    column = frame["period"]
    if column.implementation.is_pandas():
        import pandas as pd

        native: Any = column.to_native()
        known = dict(zip(labels, keys, strict=True))
        codes, found = pd.factorize(native)
        text = pd.array([known[label] for label in found.tolist()], dtype="str").take(codes, allow_fill=True)
        return frame.with_columns(
            nw.from_native(pd.Series(text, index=native.index, name="period"), series_only=True)
        )
    if column.dtype in (nw.Categorical, nw.Enum):
        column = column.cast(nw.String)
    keyed = column.replace_strict(labels, keys, default=None, return_dtype=nw.String)
    return frame.with_columns(keyed.alias("period"))


def rekeyed(frame: Frame, moved: Mapping[Any, Any], like: Frame) -> Frame:
    """The frame with its periods' keys moved to those of another; itself where they are the same."""
    if not all(type(k) is type(v) and k == v for k, v in moved.items()):
        kind = nw.String if all(isinstance(v, str) for v in moved.values()) else nw.Int64
        keyed = nw.col("period").replace_strict(
            list(moved), list(moved.values()), default=None, return_dtype=kind
        )
        frame = frame.with_columns(keyed.alias("period"))
    if not (frame.implementation.is_pyarrow() and like.implementation.is_pyarrow()):
        return frame
    # Arrow has two types of text, which do not meet.
    native, kind = frame.to_native(), like.to_native().schema.field("period").type
    at = native.schema.get_field_index("period")
    if native.schema.field(at).type == kind:
        return frame
    made: Frame = nw.from_native(native.set_column(at, "period", native["period"].cast(kind)))
    return made


def _at_row(frame: Frame, column: str, error: UnreadPeriods) -> DataError:
    """The same refusal with how many rows are concerned, and the first."""
    wrong = set(error.labels)
    if not wrong:
        return error
    if isinstance(frame, nw.LazyFrame):
        rows = frame.filter(nw.col("period").is_in(list(wrong)))
        count = collect(rows.select(nw.len()))[:, 0].to_list()[0]
        return DataError(*error.messages, rows=count, first=f"{column}={error.labels[0]!r}")
    found = [i for i, label in enumerate(frame["period"].to_list()) if label in wrong]
    label = repr(frame["period"][found[0]])
    first = said("row {n}, {column}={label}", n=found[0] + 1, column=column, label=label)
    return DataError(*error.messages, rows=len(found), first=first)


def _like(frame: nw.DataFrame[Any], column: nw.Series[Any]) -> nw.Series[Any]:
    """A column with the frame's row labels, which only pandas has."""
    if not column.implementation.is_pandas():
        return column.alias("period")
    native: Any = column.to_native()
    return nw.from_native(native.set_axis(frame.to_native().index).rename("period"), series_only=True)


@validated
def iso_periods(table: Any, column: str, *, frequency: str | None = None) -> dict[Any, str]:
    """Each period of a column as ISO writes it: '2023年5月' to '2023-05'.

    For lazy tables (Polars LazyFrame, DuckDB, Spark), whose plans take periods as they are: the refusal of other
    spellings prints the line that puts these in their place.

    Parameters
    ----------
    table : frame of any engine
    column : str
        The periods.
    frequency : {"year", "half", "quarter", "month"}, optional
        As in `flows`.

    Returns
    -------
    dict
        Label to ISO form: 2023, 2023-H1, 2023-Q1, 2023-05, 2023-01/05.

    Raises
    ------
    UnknownName
        A column that the table has not.
    DataError
        Labels that are no periods, or that do not go together.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> xl.iso_periods(pd.DataFrame({"month": ["2023年10月", "2023年2月"]}), "month")
    {'2023年2月': '2023-02', '2023年10月': '2023-10'}
    """
    frame = adopt(table)
    names = frame.collect_schema().names()
    if column not in names:
        raise UnknownName(said("column"), column, names)
    known = [x for x in values_of(frame, column) if x is not None]
    calendar = read(known, frequency=frequency, name=said("period {column}", column=repr(column)))
    calendar.require_order(said("an ISO form"))
    return {label: period.iso for label, period in calendar.periods.items()}
