"""What an option may be is what its annotation says: checked in one place, for every public function."""

from __future__ import annotations

import builtins
import inspect
import math
import types
from collections.abc import Callable, Hashable, Iterable, Mapping, Sized
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, reduce, wraps
from operator import eq
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from exportlab.errors import OptionError, short
from exportlab.words import N_, Said, Text, either, in_turn, row, said

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Within:
    """The range of a number. `ends` says which of its two ends belong to it, as in [0, 1)."""

    low: float = -math.inf
    high: float = math.inf
    ends: str = "[]"

    def holds(self, value: float) -> bool:
        """Whether the number lies in it."""
        above = value >= self.low if self.ends[0] == "[" else value > self.low
        return above and (value <= self.high if self.ends[1] == "]" else value < self.high)

    def of(self, kind: Text) -> Text:
        """What a number of a kind and of this range is called: "a number between 0 and 1"."""
        low, high = _plain(self.low), _plain(self.high)
        if not math.isinf(self.high):
            return said(_RANGES[self.ends], kind=kind, low=low, high=high)
        if not math.isinf(self.low):
            kind = said(_LOWER[self.ends[0]], kind=kind, low=low)
        return said("{kind}, finite", kind=kind) if self.ends[1] == ")" else kind


_RANGES = {
    "()": N_("{kind} between {low} and {high}"),
    "[]": N_("{kind} from {low} to {high}"),
    "[)": N_("{kind} from {low} to below {high}"),
    "(]": N_("{kind} above {low} to {high}"),
}
_LOWER = {"[": N_("{kind}, {low} or more"), "(": N_("{kind} above {low}")}


def _plain(number: float) -> str:
    """A number as one writes it: 0.5, 10,000,000."""
    return f"{int(number):,}" if math.isfinite(number) and number == int(number) else f"{number:g}"


Level: TypeAlias = Annotated[float, Within(0, 1, "()")]
Upper: TypeAlias = Annotated[float, Within(0.5, 1, "()")]  # a level of which each tail is below a quarter
Share: TypeAlias = Annotated[float, Within(0, 1)]
Positive: TypeAlias = Annotated[float, Within(0, math.inf, "()")]
NotNegative: TypeAlias = Annotated[float, Within(0, math.inf, "[)")]
Order: TypeAlias = Annotated[float, Within(0)]  # of a Hill number; infinity too
Finite: TypeAlias = Annotated[float, Within(-math.inf, math.inf, "()")]
Freedom: TypeAlias = Annotated[float, Within(0, math.inf, "(]")]  # of a t distribution; inf is the normal
Count: TypeAlias = Annotated[int, Within(1)]
Places: TypeAlias = Annotated[int, Within(0)]  # a whole number that may be zero
Label: TypeAlias = Hashable  # of a member or a period; what is missing names none


def validated(function: F) -> F:
    """The function, which refuses an argument that its annotation does not allow; classes and `Any` allow all."""
    parameters = inspect.signature(function).parameters.values()
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        hints = hints_of(function)
        for name, value in (*zip(named, args, strict=False), *kwargs.items()):
            if name in hints:
                check(name, value, hints[name])
        return function(*args, **kwargs)

    run.__dict__["validated"] = True
    return run  # type: ignore[return-value]


def check_fields(record: object) -> None:
    """Refuse a record one of whose fields is not what its annotation says."""
    owner: Any = type(record)
    for name, hint in hints_of(owner).items():
        check(name, getattr(record, name), hint)


def check(name: str, value: object, hint: Any) -> None:
    """Raise `OptionError` unless the value is what the annotation says."""
    if not admits(value, hint):
        near = get_close_matches(str(value)[:100], _choices(hint), n=1, cutoff=0.5)
        wrong = said(
            "{option}={value} is not allowed. Allowed: {allowed}.",
            option=name,
            value=short(repr(value), 200),
            allowed=words(hint),
        )
        raise OptionError(in_turn(wrong, *(said("Did you mean {names}?", names=repr(n)) for n in near)))


def _choices(hint: Any) -> list[str]:
    """The words among which one is chosen."""
    args = get_args(hint)
    if get_origin(hint) is Literal:
        return [choice for choice in args if isinstance(choice, str)]
    return [choice for arm in args for choice in _choices(arm)] if get_origin(hint) else []


@cache
def hints_of(owner: Any) -> Mapping[str, Any]:
    """The annotations of a function or a class that can be checked: those that are no single class of objects."""
    space = _Names(vars(inspect.getmodule(owner)))
    found = {}
    for name, text in inspect.get_annotations(owner).items():
        if name == "return":
            continue
        try:
            one = types.SimpleNamespace(__annotations__={name: text})
            hint = get_type_hints(one, globalns=dict(space), localns=space, include_extras=True)[name]
        except (NameError, TypeError, AttributeError, SyntaxError):  # names that only a type checker imports
            continue
        # NumPy's own alias for "anything that makes an array" and single classes are left to the function.
        if hint in _PLAIN or not (isinstance(hint, type) or "numpy._typing" in repr(hint)):
            found[name] = hint
    return found


class _Names(dict[str, Any]):
    """A module's names; those that only a type checker imports stand for anything."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, Any)


def admits(value: object, hint: Any) -> bool:
    """Whether the value is what the annotation says. Nothing is converted: 2.0 is no whole number, 1 no truth."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return admits(value, args[0]) and all(limit.holds(value) for limit in hint.__metadata__)
    if origin in (Union, types.UnionType):
        return any(admits(value, arm) for arm in args)
    if origin is Literal:
        return any(isinstance(value, type(choice)) and value == choice for choice in args)
    if hint is Any or hint is None or hint is type(None):
        return hint is Any or value is None
    if hint in _PLAIN:
        return _PLAIN[hint][1](value)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        pairs: Any = value.items() if hasattr(value, "items") and hasattr(value, "keys") else None
        return pairs is not None and all(admits(k, args[0]) and admits(v, args[1]) for k, v in pairs)
    if isinstance(origin, type) and issubclass(origin, tuple) and args[-1] is not ...:
        listed = isinstance(value, Sized) and _listed(value) and len(value) == len(args)
        return listed and all(map(admits, list(value), args))  # type: ignore[call-overload]
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return _listed(value) and _each(value, args[:1])
    return not isinstance(hint, type) or isinstance(value, hint)


def _listed(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def _each(values: Any, hint: tuple[Any, ...]) -> bool:
    """Whether every member is what the annotation says; what can be read only once is not read."""
    skipped = not hint or hint == (Any,) or not hasattr(values, "__len__")
    return skipped or all(admits(value, hint[0]) for value in values)


def _truth(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def _whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not _truth(value)


def _number(value: object) -> bool:
    return _whole(value) or (isinstance(value, float | np.floating) and not math.isnan(value))


def _label(value: object) -> bool:
    """Whether the value may name a member or a period: no list, and nothing that is missing, which equals nothing."""
    if value is None or not isinstance(value, Hashable):
        return value is None
    same = eq(value, value)
    return _truth(same) and bool(same)


_PLAIN: dict[Any, tuple[Said, Callable[[object], bool]]] = {
    bool: (said("True or False"), _truth),
    int: (said("a whole number"), _whole),
    float: (said("a number"), _number),
    str: (said("text"), lambda value: isinstance(value, str)),
    Hashable: (said("a label"), _label),
}
_ANYTHING = said("anything")


def words(hint: Any) -> Text:
    """What an annotation allows, in a sentence."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        limited = reduce(lambda kind, limit: limit.of(kind), hint.__metadata__, words(args[0]))
        infinite = args[0] is float and admits(math.inf, hint)
        return said("{kind} (infinity too)", kind=limited) if infinite else limited
    if origin in (Union, types.UnionType):
        arms = list(dict.fromkeys(words(arm) for arm in args))
        return _ANYTHING if _ANYTHING in arms else either(arms)
    if origin is Literal:
        return ", ".join(map(repr, args))
    if hint is None or hint is type(None):
        return "None"
    if hint in _PLAIN:
        return _PLAIN[hint][0]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return said("a mapping of {keys} to {values}", keys=words(args[0]), values=words(args[1]))
    if isinstance(origin, type) and issubclass(origin, Iterable):
        if issubclass(origin, tuple) and args[-1] is not ...:
            return said("({members})", members=row(map(words, args)))
        return (
            said("a list (of {kind})", kind=words(args[0])) if args and args[0] is not Any else said("a list")
        )
    return _ANYTHING if hint is Any else str(getattr(hint, "__name__", hint))
