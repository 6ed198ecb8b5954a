"""What each indicator is, stated once: the declaration from which docs, tests, CLI and report are drawn."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from narwhals.exceptions import DuplicateError

from exportlab.errors import EngineError, OptionError, UnknownName
from exportlab.frames import engine_speaks
from exportlab.indices.residual import Thin, gated
from exportlab.options import check, hints_of, validated
from exportlab.words import in_all_languages, said

F = TypeVar("F", bound=Callable[..., Any])

LAWS = {
    "bounds": "stays between its bounds and comes as near to them as one likes; where it has none, exceeds any number",
    "scale": "does not change when every value is multiplied by one number",
    "permutation": "does not depend on the order of the rows or the names of the members",
    "replication": "does not change when every member is split into m equal ones, in a universe m times as large",
    "transfer": "never moves against `rises_with` when value moves from a smaller to a larger member",
    "empty": "does not change when a category with nothing in it is added to the table",
    "additive": "adds up over the members to its value for the whole",
}
_PER_MEMBER = (
    "rca",
    "location_quotient",
    "trade_intensity",
    "vollrath",
    "lafay",
    "michaely",
    "relative_unit_value",
    "prody",
    "prody_quality",
    "share",
    "contributions",
    "hhi_change",
    "bloc_share_change",
    "class_shares",
    "lall_shares",
    "bec_shares",
    "rauch_shares",
    "spells",
    "export_potential",
    "diversification_potential",
)
_NO_SPREAD = "it has a figure for each member, and none for how value is spread over them"
NOT_APPLICABLE = {(name, "transfer"): _NO_SPREAD for name in _PER_MEMBER} | {
    ("survival", "transfer"): "it is a curve over the length of spells; the size of trade does not enter",
    ("spells", "additive"): "it lists spells, whose lengths are not parts of a whole",
    (
        "diversification_potential",
        "additive",
    ): "all products taken as one are no option: the whole has no figure",
}


@dataclass(frozen=True)
class Indicator:
    """One indicator: its title, formula, source, bounds and laws, and the function that computes it.

    Attributes
    ----------
    name, title, family : str
    formula : str
        In LaTeX; s_k is the share of member k, n the active members, N the universe.
    low, high : str
        The bounds, as formulae in n and N ("" where there is none).
    rises_with : str
        What a larger value means.
    source : str
        Where the form is defined.
    laws : frozenset of str
        The names from `LAWS` that hold; the others have a counter-example in the tests or are `NOT_APPLICABLE`.
    unit : str
    aliases : tuple of str
    uses_universe : bool
        Whether the result depends on which categories could have been exported to.
    column : str
        The column of the result that holds the figure; "" where it is the name.
    term, finish : callable, optional
        For indices of a distribution: the member term that is summed, and what is made of the sum.
    of : Indicator, optional
        The index from which `finish` goes on, where it does not start from the sum.
    options : mapping of str to default value
    undefined : str
        When the result is NaN.
    declares : tuple of callables
        The functions whose annotations say what the options may be.
    thin : str or callable, optional
        For indices that have sharp ends over the ways to split what is left over: what they are at its thin end.
    """

    name: str
    title: str
    formula: str
    source: str
    family: str
    low: str = ""
    high: str = ""
    rises_with: str = ""
    unit: str = "1"
    aliases: tuple[str, ...] = ()
    laws: frozenset[str] = frozenset()
    uses_universe: bool = False
    column: str = ""
    term: Callable[..., Any] | None = None
    finish: Callable[..., Any] | None = None
    of: Indicator | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    undefined: str = "the group's total is zero"
    function: Callable[..., Any] | None = None
    declares: tuple[Callable[..., Any], ...] = ()
    thin: Thin | Callable[..., Thin] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute it: the same as the public function of that name."""
        assert self.function is not None
        return self.function(*args, **kwargs)

    def finished(self, total: Any, group: Any, options: Mapping[str, Any]) -> Any:
        """The index from the sum of its term. Another index that it is made of is taken as it is by default."""
        return self.end(total if self.of is None else self.of.finished(total, group, {}), group, options)

    def end(self, start: Any, group: Any, options: Mapping[str, Any]) -> Any:
        """What `finish` makes of the sum, or of the index that this one is made of."""
        return (
            start if self.finish is None else self.finish(start, group, **own_options(self.finish, options))
        )

    def at_thin_end(self, options: Mapping[str, Any]) -> Thin | None:
        """What the index is where a part of the total is spread infinitely thin; None where it has no sharp ends."""
        return self.thin(**own_options(self.thin, options)) if callable(self.thin) else self.thin

    @property
    def figure(self) -> str:
        """The column of the result that the bounds and the direction speak of."""
        return self.column or self.name

    @property
    def is_distribution(self) -> bool:
        """Whether it is a sum over the members of a group, which `measure` computes in one pass."""
        return self.term is not None


class Catalogue(Mapping[str, Indicator]):
    """The indicators by name. Also finds aliases, Chinese names among them, and a number at the end of a name.

    'cr4' is cr with k=4; '区位熵' is location_quotient, and so is its title in any of the languages.
    """

    def __init__(self) -> None:
        self._known: dict[str, Indicator] = {}
        self._called: dict[str, Indicator] = {}  # by name and alias, in small letters

    def add(self, indicator: Indicator) -> None:
        """Enter an indicator; a name stands for one thing only."""
        taken = {alias for known in self._known.values() for alias in (known.name, *known.aliases)}
        twice = taken.intersection({indicator.name, *indicator.aliases})
        if twice:
            raise ValueError(f"{sorted(twice)[0]!r} is in the catalogue already")
        self._known[indicator.name] = indicator
        self._called |= {a.lower(): indicator for a in (indicator.name, *indicator.aliases)}

    def find(self, name: str) -> tuple[Indicator, dict[str, Any]]:
        """The indicator of that name or alias, and the options its name carries."""
        aliases = self._called
        key = str(name).strip().lower()
        if key in aliases:
            return aliases[key], {}
        stem = re.fullmatch(r"([a-z_]+?)_?(\d+(?:\.\d+)?)", key)
        if stem and stem[1] in aliases and aliases[stem[1]].options:
            found = aliases[stem[1]]
            option, default = next(iter(found.options.items()))
            if isinstance(default, int | float):
                return found, {option: type(default)(stem[2])}
        titled = {title.lower(): i for i in self._known.values() for title in in_all_languages(i.title)}
        if key in titled:
            return titled[key], {}
        raise UnknownName(said("indicator"), name, aliases)

    def family(self, name: str) -> list[Indicator]:
        """The indicators of one family, in the order of their declaration."""
        chosen = [i for i in self._known.values() if i.family == name]
        if not chosen:
            raise UnknownName(said("family of indicators"), name, {i.family for i in self._known.values()})
        return chosen

    def table(self) -> Any:
        """The catalogue as a pandas DataFrame, one row an indicator."""
        import pandas as pd

        facts = ("name", "title", "family", "low", "high", "unit", "rises_with", "source")
        return pd.DataFrame([{f: getattr(i, f) for f in facts} for i in self._known.values()])

    def __getitem__(self, name: str) -> Indicator:
        return self.find(name)[0]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"Catalogue of {len(self)} indicators: {', '.join(self)}"


CATALOGUE = Catalogue()


def check_options(indicator: Indicator, options: Mapping[str, Any]) -> dict[str, Any]:
    """The indicator's options with their defaults; unknown ones, and those beyond their annotation, are refused."""
    unknown = [o for o in options if o not in indicator.options]
    if unknown:
        allowed = ", ".join(f"{k}={v!r}" for k, v in indicator.options.items()) or said("none")
        raise OptionError(
            said(
                "{name} has no option {unknown}. Its options: {allowed}.",
                name=indicator.name,
                unknown=repr(unknown[0]),
                allowed=allowed,
            )
        )
    hints = {name: hint for function in indicator.declares for name, hint in hints_of(function).items()}
    for name, value in options.items():
        if name in hints:
            check(name, value, hints[name])
    return {**indicator.options, **options}


def declared(function: Callable[..., Any]) -> dict[str, Any]:
    """The keyword-only defaults of an indicator's function: its options."""
    return dict(function.__kwdefaults__ or {})


def own_options(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that the function takes."""
    return {k: v for k, v in options.items() if k in declared(function)}


def family_of(function: Callable[..., Any]) -> str:
    """An indicator's family is the module it stands in."""
    return function.__module__.rpartition(".")[2].lstrip("_")


def indicator(
    *,
    laws: str = "",
    aliases: Iterable[str] = (),
    uses_universe: bool = False,
    rows: bool = False,
    **facts: Any,
) -> Callable[[F], F]:
    """Declare a function from flows to a table as an indicator; it stays the function it is.

    `rows` is for those that give each member a row of its own, of which what is left over may be one.
    """

    def declare(function: F) -> F:
        public = guarded(gated(function, rows=rows))
        entry = Indicator(
            name=function.__name__,
            family=family_of(function),
            aliases=tuple(aliases),
            laws=frozenset(laws.split()),
            uses_universe=uses_universe,
            options=declared(function),
            function=public,
            declares=(function,),
            **facts,
        )
        CATALOGUE.add(entry)
        more = GATED if "residual" not in inspect.signature(function).parameters and not rows else ""
        public.__doc__ = docstring(entry, inspect.cleandoc(function.__doc__ or "") + more)
        return public

    return declare


GATED = """

What the door was told is left over (``xl.flows(..., residual=[...])``) is no member here: flows that have any are
refused, unless ``residual="leave_out"`` takes it out first."""


def guarded(function: F) -> F:
    """The function, its options held to their annotations, and an engine's own refusal told in one voice.

    Further tables' periods are keyed as the first's. The refusal says which engine, what for, and what to use instead.
    """
    called = validated(function)

    @wraps(called)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with engine_speaks():
                further = (_alike(args, a) for a in args[1:])
                return called(*args[:1], *further, **{k: _alike(args, a) for k, a in kwargs.items()})
        except EngineError:
            raise
        except DuplicateError as error:
            twice = re.search(r"'([^']+)'", str(error))
            named = repr(twice[1]) if twice else said("one")
            raise OptionError(
                said(
                    "{name}: a column of the table, {named}, has the name of a column of the result. "
                    "Rename it before xl.flows.",
                    name=function.__name__,
                    named=named,
                )
            ) from None
        except NotImplementedError as error:
            flows = args[0] if args else kwargs.get("flows")
            engine = getattr(getattr(flows, "frame", None), "implementation", said("this engine"))
            raise EngineError(
                said(
                    "{name}: {engine} cannot do an operation it needs ({error}) Bring the table, or "
                    "its cells (xl.cells), into pandas, Polars, PyArrow, DuckDB or Spark first.",
                    name=function.__name__,
                    engine=engine,
                    error=str(error).splitlines()[0],
                )
            ) from error

    return run  # type: ignore[return-value]


def _alike(args: tuple[Any, ...], further: Any) -> Any:
    """A further table of flows as the first one sees it; anything else as it is."""
    both = args and hasattr(args[0], "alike") and hasattr(further, "alike")
    return args[0].alike(further) if both else further


REFUSED = """

Raises
------
DataError
    The flows lack a role that it needs, or the tables do not fit together.
UnknownName, OptionError
    A role, column, option or value that does not exist."""


def docstring(indicator: Indicator, body: str) -> str:
    """The public docstring drawn from the declaration, numpydoc-shaped, around the function's own sentences."""
    reach = f"{indicator.low or '-inf'} to {indicator.high or 'inf'}"
    more = f" Rises with {indicator.rises_with}." if indicator.rises_with else ""
    said = inspect.cleandoc(body)
    raises = "" if "\nRaises\n" in said else REFUSED
    return (
        f"{indicator.title}.\n\n{said}{raises}\n\nNotes\n-----\n.. math:: {indicator.formula}\n\n"
        f"Bounds: {reach}.{more} Unit: {indicator.unit}. NaN where {indicator.undefined}.\n\n"
        f"References\n----------\n.. [1] {indicator.source}\n"
    )
