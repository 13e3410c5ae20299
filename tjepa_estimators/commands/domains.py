"""What pretraining over several domains tells of each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tjepa_estimators.commands.tables import show_table

if TYPE_CHECKING:
    from tjepa_estimators.artifact import Provenance

__all__ = ["show_domains"]

_MEASURES = {
    "loss": "latent loss",
    "lift_over_copy": "lift over copy",
    "quantiles.loss": "quantile loss",
}


def show_domains(provenance: Provenance) -> None:
    """Show each domain's share of the batches and its errors on held-out windows; nothing of a single domain."""
    if not provenance.shares:
        return
    measured = provenance.domains.values()
    measures = {name: title for name, title in _MEASURES.items() if any(name in health for health in measured)}
    drawn = provenance.train["steps"] * provenance.train["batch_size"]
    rows = [
        (domain, share, round(share * drawn), *(provenance.domains.get(domain, {}).get(name) for name in measures))
        for domain, share in provenance.shares.items()
    ]
    columns = ("domain", "share", "drawn", *measures.values())
    show_table(
        "Domains: share of the batches, windows drawn, and errors on windows kept from training",
        columns,
        rows,
        number=".3g",
    )
