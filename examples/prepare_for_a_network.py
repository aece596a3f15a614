"""Prepare a scan as a published network expects it, and bring the network's answer home."""

from napari_medssl.volume.phantom import abdomen_ct
from napari_medssl.volume.presets import preparation


def main() -> None:
    """Prepare the synthetic abdomen as SMIT was fine-tuned, 'segment' it, and go back."""
    volume, _ = abdomen_ct()
    prepared, back = preparation("smit_finetune").pipeline(volume)
    print(volume.geometry.axis_codes, volume.geometry.shape, "->", end=" ")
    print(prepared.geometry.axis_codes, prepared.geometry.shape)
    answer = (prepared.array > 0.9).astype("uint8")  # a network would stand here
    print("on the scan again:", back.labels(answer).shape)


if __name__ == "__main__":
    main()
