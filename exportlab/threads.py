"""Linear algebra on one thread, where the products are small: threads that wait for each other cost what they save."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """The function with the libraries of linear algebra kept to one thread while it runs."""

    @wraps(function)
    def kept(*args: P.args, **options: P.kwargs) -> R:
        with _libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
            return function(*args, **options)

    return kept


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """The libraries in use, looked for again once more modules are loaded."""
    return ThreadpoolController()
