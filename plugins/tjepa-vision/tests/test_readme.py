"""The examples of the README run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", EXAMPLES, ids=[f"example{number}" for number in range(len(EXAMPLES))])
@pytest.mark.filterwarnings("ignore::tjepa_estimators.errors.CollapseWarning")  # five steps are no training
def test_the_example_runs(code, capsys):
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own README
    assert capsys.readouterr().out == "True\n"
