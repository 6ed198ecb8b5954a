"""A bar in a docstring is an absolute value, never a substitution of reStructuredText."""

from __future__ import annotations

import re
from typing import Any

LITERAL = re.compile(r"(``.*?``|:\w+:`.*?`|`.*?`)")


def escape(*event: Any) -> None:
    lines: list[str] = event[-1]
    depth = None
    for at, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if depth is not None and (not line.strip() or indent > depth):
            continue
        depth = indent if line.lstrip().startswith((".. math::", ".. code-block::", ">>>")) else None
        if depth is None and not line.lstrip().startswith("+"):
            parts = LITERAL.split(line)
            lines[at] = "".join(p if k % 2 else re.sub(r"(?<!\\)\|", r"\\|", p) for k, p in enumerate(parts))


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", escape, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
