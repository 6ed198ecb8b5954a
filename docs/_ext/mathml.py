"""Formulae as MathML, which browsers draw by themselves: the manual reads the same without a network."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml


def to_mathml(tex: str, *, block: bool) -> str:
    """One formula; several lines (``\\\\``) are aligned."""
    if block and "\\\\" in tex:
        tex = f"\\begin{{align*}}{tex}\\end{{align*}}"
    return latex2mathml.tex2mathml(tex, as_block=block)


def inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(drawn(translator, node.astext(), block=False))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{drawn(translator, node.astext(), block=True)}</div>\n')
    raise nodes.SkipNode


def drawn(translator: Any, tex: str, *, block: bool) -> str:
    """MathML, or the formula as it is written where it uses what docutils cannot translate."""
    try:
        return to_mathml(tex, block=block)
    except MathError:
        return f"<code>{translator.encode(tex)}</code>"


def setup(app: Any) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
