"""What a formula may say of a member and of its group: on frames of any engine, and on arrays, alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Group:
    """What an indicator's finish may use: n active members, N the universe, the total, and functions."""

    def __init__(self, column: Callable[[str], Any], where: Callable[..., Any], f: Mapping[str, Any]):
        self._column, self.where, self.log, self.exp = column, where, f["log"], f["exp"]

    @property
    def n(self) -> Any:
        """How many members are above zero."""
        return self._column("n")

    @property
    def N(self) -> Any:  # noqa: N802
        """How many categories there could be."""
        return self._column("N")

    @property
    def total(self) -> Any:
        """The group's total."""
        return self._column("total")


class Member:
    """What a member term may use: share, value, total, n, rank (1 is the largest; ties in any order)."""

    def __init__(self, column: Callable[[str], Any], where: Callable[..., Any], log: Callable[[Any], Any]):
        self._column, self.where, self._log = column, where, log

    @property
    def share(self) -> Any:
        """Value over the group's total."""
        return self._column("share")

    @property
    def value(self) -> Any:
        """The member's value."""
        return self._column("value")

    @property
    def active(self) -> Any:
        """1.0 where the value is above zero, else 0.0."""
        return self._column("active")

    @property
    def rank(self) -> Any:
        """1 for the largest member, 2 for the next."""
        return self._column("rank")

    def xlogx(self, x: Any) -> Any:
        """x ln x, with 0 ln 0 = 0."""
        return x * self._log(self.where(x > 0, x, 1.0))
