"""``tjepa demo --domain world``: a point learns a maze from random walks, and plans its way."""

from __future__ import annotations

from collections.abc import Sequence

from tjepa_estimators.commands.options import build_parser, parse
from tjepa_estimators.commands.tables import say
from tjepa_world.demo import demo

__all__ = ["run"]

_EXAMPLES = """\
  tjepa demo --domain world
  tjepa demo-world --world pendulum --output swing
"""


def run(options: Sequence[str]) -> None:
    """Collect at random, pretrain, learn what actions do, plan, and draw the way that was taken."""
    parser = build_parser("demo-world", "Learn a world from random actions, and plan in it.", _EXAMPLES)
    parser.add_argument("--output", default="demo_output", metavar="FOLDER", help="folder for model and figure")
    parser.add_argument("--world", default="maze", help="maze or pendulum")
    parser.add_argument("--steps", type=int, help="steps of learning what actions do; 2000 by default")
    parser.add_argument("--seed", type=int, default=0, help="everything random follows from it")
    parser.add_argument("--fast", action="store_true", help="a few steps only, to see that it runs")
    given = parse(parser, options)
    demo(given.world, given.output, seed=given.seed, fast=given.fast, steps=given.steps, say=say)
