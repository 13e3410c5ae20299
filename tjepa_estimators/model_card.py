"""The model card of an artifact: what it is, what it learned from and under which licences, how it fared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tjepa_estimators.artifact import ArtifactInfo

__all__ = ["model_card"]


def model_card(info: ArtifactInfo) -> str:
    """The card in markdown, with the header that the Hugging Face hub reads."""
    provenance = info.provenance
    return f"""---
library_name: tjepa-estimators
tags: [{info.jepa.tokenizer.kind if info.jepa.tokenizer else "time-series"}, jepa, self-supervised]
---
# JEPA-pretrained encoder

Encoder `{info.encoder}` with {info.encoder_config or "default settings"}, token width {info.jepa.dim},
{_reads(info)}.
Weights: SHA-256 `{info.weights_sha256}`.

```python
from tjepa_estimators import PretrainedEncoder

encoder = PretrainedEncoder.load("path or hub id of this folder")
```
{_forecasting(info)}
## Training data

{_sources(provenance.data) or "- not stated"}

{provenance.windows} windows, seed {provenance.seed}, settings {provenance.train}.

## Health of the representation

{_numbers(provenance.diagnostics) or "- not measured"}
{_domains(provenance.shares, provenance.domains)}"""


def _reads(info: ArtifactInfo) -> str:
    if info.jepa.tokenizer is not None:
        return f"reads what the tokenizer `{info.jepa.tokenizer.kind}` reads"
    coarser = "".join(f", and of averages of {factor} steps" for factor in info.jepa.resolutions[1:])
    return f"context of {info.jepa.context_length} steps in patches of {info.jepa.patch_length}{coarser}"


def _forecasting(info: ArtifactInfo) -> str:
    if info.jepa.quantiles is None:
        return ""
    return f"""
It decodes the quantiles {", ".join(f"{level:g}" for level in info.jepa.quantiles.levels)} of what comes next, so it
forecasts without being fitted:

```python
from tjepa_estimators import JEPAForecaster

forecaster = JEPAForecaster(pretrained=encoder, strategy="zero_shot")
```
"""


def _sources(data: tuple[dict[str, str], ...]) -> str:
    lines = []
    for one in data:
        origin = f" ({one['source']})" if one.get("source") else ""
        lines.append(f"- {one.get('name', '?')}: {one.get('licence', 'licence not stated')}{origin}")
    return "\n".join(lines)


def _numbers(measured: Mapping[str, float]) -> str:
    return "\n".join(f"- {name}: {value:.4g}" for name, value in measured.items())


def _domains(shares: Mapping[str, float], domains: Mapping[str, Mapping[str, float]]) -> str:
    """Each domain on windows that were kept from training."""
    if not shares:
        return ""
    measures = [
        name for name in ("loss", "lift_over_copy", "quantiles.loss") if any(name in d for d in domains.values())
    ]
    header = ["domain", "share of batches", *measures]
    rows = [
        [name, f"{share:.3g}", *(f"{domains.get(name, {}).get(measure, float('nan')):.4g}" for measure in measures)]
        for name, share in shares.items()
    ]
    lines = [header, ["---"] * len(header), *rows]
    return "\n## Domains, on windows kept from training\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in lines)
