"""Images and video; this module describes what there is and imports no torch."""

from __future__ import annotations

from tjepa_estimators.plugins import CommandSpec, DomainSpec, MaskerSpec, PresetSpec, TokenizerSpec, hookimpl

__all__ = ["tjepa_commands", "tjepa_domains", "tjepa_maskers", "tjepa_presets", "tjepa_tokenizers"]


@hookimpl
def tjepa_tokenizers() -> list[TokenizerSpec]:
    """Return patches of images and tubelets of clips."""
    return [
        TokenizerSpec(
            name="image-patches",
            target="tjepa_vision.images.tokenizer:ImagePatches",
            config="tjepa_vision.images.settings:ImagePatchesConfig",
            summary="Square patches of images of any size and any number of channels",
        ),
        TokenizerSpec(
            name="video-tubelets",
            target="tjepa_vision.videos.tokenizer:VideoTubelets",
            config="tjepa_vision.videos.settings:VideoTubeletsConfig",
            summary="Square patches over a few frames of clips",
        ),
    ]


@hookimpl
def tjepa_maskers() -> list[MaskerSpec]:
    """Return masks on two and on three axes."""
    return [
        MaskerSpec(
            name="image-block",
            target="tjepa_vision.masks.blocks:ImageBlockMasker",
            summary="A few rectangles of an image (I-JEPA)",
        ),
        MaskerSpec(
            name="tube",
            target="tjepa_vision.masks.tubes:TubeMasker",
            summary="The same rectangles in every frame of a clip (V-JEPA)",
        ),
        MaskerSpec(
            name="future-frames",
            target="tjepa_vision.masks.future:FutureFramesMasker",
            summary="The last frames of a clip",
        ),
    ]


@hookimpl
def tjepa_presets() -> list[PresetSpec]:
    """Return the recipes of the published description, and small ones."""
    module = "tjepa_vision.presets"
    return [
        PresetSpec(name="image-jepa", target=f"{module}:IMAGE_JEPA", summary="Images of 224 x 224, 12 layers 768 wide"),
        PresetSpec(
            name="video-jepa", target=f"{module}:VIDEO_JEPA", summary="The same network predicts frames to come"
        ),
        PresetSpec(name="image-tiny", target=f"{module}:IMAGE_TINY", summary="Small images, minutes on a CPU"),
        PresetSpec(name="video-tiny", target=f"{module}:VIDEO_TINY", summary="Small clips, minutes on a CPU"),
    ]


@hookimpl
def tjepa_domains() -> list[DomainSpec]:
    """Return the samples that come with this package or with scikit-learn."""
    return [
        DomainSpec(
            name="digits",
            target="tjepa_vision.domains.digits:Digits",
            summary="1,797 written digits of 8 x 8, from scikit-learn",
        ),
        DomainSpec(
            name="air_temperature",
            target="tjepa_vision.domains.air:AirTemperature",
            summary="Air temperature over North America, 20 frames of 25 x 53, six hours apart",
        ),
    ]


@hookimpl
def tjepa_commands() -> list[CommandSpec]:
    """Return the demonstration."""
    return [
        CommandSpec(
            name="demo-vision",
            target="tjepa_vision.demo:run",
            summary="learn from written digits, and see what it is worth",
        )
    ]
