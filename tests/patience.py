"""The one bound of time in the tests: a last resort for what hangs, and no measure of what works on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from subprocess import Popen
from typing import Any

SECONDS = 3_600


def wait_until(holds: Callable[[], bool], process: Popen[Any], what: str) -> None:
    """Look again and again whether something holds, as long as the process that makes it so is alive."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert process.poll() is None, f"the process ended with {process.returncode} before {what}"
        assert time.monotonic() < end, f"{what} did not come in {SECONDS:,} s"
        time.sleep(0.1)
