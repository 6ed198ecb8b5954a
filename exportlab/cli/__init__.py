"""The command line: what is typed becomes calls of the package, and its refusals one clear paragraph."""

from exportlab.cli.commands import app, main

__all__ = ["app", "main"]
