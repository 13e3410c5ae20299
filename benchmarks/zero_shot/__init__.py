"""Forecasts with no training on the target: bundled weights beside classical models and another pretrained one."""
