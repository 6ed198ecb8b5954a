"""Sphinx configuration; pages drawn from the catalogue are written by _ext/generate.py before each build."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import generate
import pandas as pd

import exportlab

pd.set_option("display.max_colwidth", None)

project = "exportlab"
author = "the exportlab authors"
copyright = "2026, the exportlab authors"
release = exportlab.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "bars",
    "mathml",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_ext", "gallery/*.ipynb", "gallery/*.py", "gallery/*.md5"]
templates_path: list[str] = []
html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "show_toc_level": 2,
    "navbar_align": "left",
    "show_prev_next": False,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": {"**": ["page-toc"]},
}
html_sidebars = {"index": []}
html_static_path = ["_static"]
html_extra_path = ["llms.txt"]
html_css_files = ["tables.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_title = "exportlab"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
autodoc_typehints = "none"
add_module_names = False
suppress_warnings = ["config.cache"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "ignore_pattern": r"spark_",
    "ignore_repr_types": r"matplotlib",
    "image_scrapers": ("generate.axes_scraper",),
    "reset_modules": (),
    "show_memory": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "plot_gallery": True,
    "doc_module": ("exportlab",),
    "reference_url": {"exportlab": None},  # names in the examples' code lead to their formula and source
    "min_reported_time": 1e9,
}


def setup(app):
    """Write the generated pages first."""
    app.connect("builder-inited", lambda app: generate.pages(Path(app.srcdir)))
