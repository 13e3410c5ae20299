"""How Sphinx builds the documentation; ``make docs`` runs it with warnings as errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import tjepa_estimators

HERE = Path(__file__).parent

project = "tjepa_estimators"
author = "The tjepa_estimators developers"
copyright = author
release = version = tjepa_estimators.__version__

extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "jupyter_execute", "_templates"]
templates_path = ["_templates"]

# the tutorials are made from the scripts in notebooks/ and executed once; the results are kept until the cells change
for notebook in (HERE.parent / "notebooks").glob("*.ipynb"):
    shutil.copy(notebook, HERE / "tutorials" / notebook.name)
nb_execution_mode = "cache"
nb_execution_timeout = 240
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
numpydoc_show_class_members = False  # the templates say which members a page shows
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "tjepa_estimators"
html_static_path = ["_static"]
html_css_files = ["page.css"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
