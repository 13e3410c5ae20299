"""Stock indices and coins as data domains; this module describes them and imports nothing heavy."""

from __future__ import annotations

from tjepa_estimators.plugins import DomainSpec, hookimpl

__all__ = ["tjepa_domains"]


@hookimpl
def tjepa_domains() -> list[DomainSpec]:
    """Return ``indices`` and ``coins``."""
    return [
        DomainSpec(
            name="indices",
            target="tjepa_finance.indices:Indices",
            summary="Stock indices and any ticker, open to close and volume, fetched from Yahoo",
        ),
        DomainSpec(
            name="coins",
            target="tjepa_finance.coins:Coins",
            summary="Bitcoin, Ether and other coins, open to close and volume, fetched from an exchange",
        ),
    ]
