"""exportlab: export-structure econometrics from tables of trade flows.

One door in (`flows`; `facts` for a table that is not published in full), one vocabulary, one catalogue of indicators.
The public names stand once, in ``__init__.pyi``; each loads when first used.
"""

from importlib.util import find_spec

import lazy_loader

__version__ = "0.1.0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
_ELSEWHERE = dict.fromkeys(("read_csv", "read_excel", "read_stata", "read_dta", "read_parquet"), "read_flows")


def __getattr__(name: str) -> object:
    """Load a public name on first use; for a name that is none, say which one is meant."""
    if name in __all__:
        return _load(name)
    raise AttributeError(f"module 'exportlab' has no attribute {name!r}.{_hint(name)}")


def _hint(name: str) -> str:
    """What a name that is not there may have meant: an indicator's other name, or a reader of pandas."""
    if name.startswith("_") or find_spec(f"{__name__}.{name}"):
        return ""  # Python asks this way before it imports a module of the package
    if name in _ELSEWHERE:
        return f" Did you mean {_ELSEWHERE[name]!r}? It reads text, Excel, Stata and Parquet files."
    from exportlab.indices.catalogue import CATALOGUE

    meant = next((i.name for i in CATALOGUE.values() if name in i.aliases), None)
    return f" Did you mean {meant!r}?" if meant else ""
