"""Selective scan and causal convolution: one function each, three backends that agree to rounding."""

from __future__ import annotations

from tjepa_estimators.nn.scan.backend import BACKENDS, choose_backend, scan_backend
from tjepa_estimators.nn.scan.functional import causal_conv1d, selective_scan

__all__ = ["BACKENDS", "causal_conv1d", "choose_backend", "scan_backend", "selective_scan"]
