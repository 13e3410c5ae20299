"""World models: errors of rollouts, and what planning with them gains in Pendulum and in a maze.

From states and from pictures; each number beside copy-last, a linear model, random actions, the same search on the true
dynamics, and the same search with a predictor of the raw observations. "Own episodes": a part of the steps was
collected by the model's own plans, in place of random actions.
"""
