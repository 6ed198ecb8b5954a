"""The command line: what is typed becomes calls of the package, and its refusals one clear paragraph."""

from __future__ import annotations

import sys

from exportlab.cli.stopping import listening

__all__ = ["main"]


def main() -> None:
    """Entry point of ``exportlab``: whoever stops it finds no half file, and the exit code that shells expect."""
    with listening() as stopped:
        try:
            from exportlab.cli.commands import run

            code = run(stopped)
        except BaseException:
            if not stopped:
                raise
            code = 1
    if stopped and code:
        sys.stderr.write("exportlab: stopped; no half file is left.\n")
        code = 128 + stopped[0]
    sys.exit(code)
