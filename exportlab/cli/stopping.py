"""Being stopped: by Ctrl-C, by the system that shuts down, by a terminal that closes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def listening() -> Iterator[list[int]]:
    """The numbers of the signals that came; each ends the work as an exception, so that what was begun is undone.

    An engine may turn the exception into an error of its own: only the list says why the work ended.
    """
    came: list[int] = []

    def stop(number: int, frame: Any) -> None:
        came.append(number)
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in SIGNALS}
    heard = {n: handler for n, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for number in heard:
        signal.signal(number, stop)
    try:
        yield came
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)
