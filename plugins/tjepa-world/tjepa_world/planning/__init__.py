"""Planning: the actions that a model expects to reach a goal, or to cost least."""

from __future__ import annotations

from tjepa_world.planning.config import PlannerConfig
from tjepa_world.planning.controller import Controller
from tjepa_world.planning.goal import GoalCost
from tjepa_world.planning.learned import LearnedCost, learn_cost
from tjepa_world.planning.plan import Plan, plan

__all__ = ["Controller", "GoalCost", "LearnedCost", "Plan", "PlannerConfig", "learn_cost", "plan"]
