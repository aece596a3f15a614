"""How the papers teach with masks what they taught without: their protocols, as data.

What a paper leaves open is said in `unprinted`, in words that a plan repeats. None of them averages
weights. Some stop early where nothing is gained any more; here a run takes the time it is given,
and what was best on held-out cases is kept.
"""

from __future__ import annotations

from dataclasses import replace

from napari_medssl.finetune.volumes.protocol import UNCHANGED, Changes, DiceForm, Protocol
from napari_medssl.finetune.volumes.schedules import Cosine, Plateau

BTUNET = Protocol(
    "btunet",
    title="As BT-UNet",
    about="As Punn (BT-UNet): the mean of entropy and Dice, Adam with a rate of 0.001 that falls "
    "to a tenth when the training loss has not fallen for 10 looks, nothing changed in the crops.",
    unprinted="The entropy is over all classes, which for one organ is the paper's binary one.",
    networks=("btunet", "unet_literal"),
    first=(0.5, 0.5),
    last=(0.5, 0.5),
    optimiser="adam",
    rate=1e-3,
    decay=0.0,
    schedule=Plateau(0.1, patience=10, watches="training", epochs=200),
    batch=8,
    changes=UNCHANGED,
    averaged=False,
)

#: of the first release; 50 of the paper's 1,000 epochs are warm-up (its code allows 10,000)
SMIT = Protocol(
    "smit",
    title="As SMIT",
    about="As Jiang (SMIT): entropy and a Dice with squares of each crop, AdamW with a rate of "
    "0.0001 that rises for a twentieth of the steps and falls to 0, crops on organs and beside "
    "them alike, turned by right angles, and slightly changed in grey.",
    unprinted="A rate of 0.0001 is the authors' code's; the paper's is 0.0002.",
    networks=("smit", "smit_12"),
    dice=DiceForm(above=0.0, below=1e-6, squared=True, background=True, apiece=True),
    rate=1e-4,
    decay=1e-5,
    schedule=Cosine(warm=50 / 1000),
    batch=4,
    changes=Changes(quarter_turns=0.2, scaled=(0.1, 0.1), shifted=(0.1, 0.1)),
    averaged=False,
)

SIMSIAM = Protocol(
    "simsiam",
    title="As the thesis on SimSiam",
    about="As the thesis on SimSiam with overlapping crops: entropy and the Dice of each crop, "
    "AdamW with a rate of 0.001 that rises for 10 of 225 parts of the steps and falls to 0.00005, "
    "no decay of biases and norms, crops mirrored, turned by right angles, blurred and noisy.",
    unprinted="It mirrors front and back, as printed; the authors' code mirrors all axes.",
    networks=("swin_unetr",),
    dice=DiceForm(above=1e-5, below=1e-5, background=True, apiece=True),
    rate=1e-3,
    decay=1e-5,
    decays_all=False,
    schedule=Cosine(warm=10 / 225, least=0.05),
    batch=64,
    changes=Changes(
        quarter_turns=0.25,
        flips=((1, 0.25),),
        blurred=(0.15, 0.25, 1.5),
        scaled=(0.15, 0.1),
        shifted=(0.15, 0.1),
        noisy=(0.15, 0.01),
    ),
    averaged=False,
)

MRI = Protocol(
    "mri",
    title="As the MRI paper",
    about="As Umapathy (regression and contrast in MRI): Dice alone, Adam with a rate of 0.001 "
    "that is halved when the held-out loss has not fallen, crops moved, cut and bent.",
    unprinted="How long it waits, 10 looks, and how far crops are cut and bent is not printed: "
    "that is ours.",
    networks=("mri_unet",),
    first=(0.0, 1.0),
    last=(0.0, 1.0),
    optimiser="adam",
    rate=1e-3,
    decay=0.0,
    schedule=Plateau(0.5, patience=10, watches="held-out", epochs=500),
    changes=Changes(on_a_label=0.67, moved=0.25, sized=(0.8, 1.25), bent=0.04),
    averaged=False,
)

#: the authors' code is patient with 3 looks, and lowers the rate at the next
KIDNEY = Protocol(
    "kidney",
    title="As the kidney paper",
    about="As Dhere and Sivaswamy: from entropy, each class counted alike, to Dice, and a tenth "
    "for an image drawn from the deepest map; Adam with a rate of 0.001 and a decay of 0.01, a "
    "crop a step, unchanged.",
    unprinted="The weights of the last step, 0.2 and 0.8, are ours; that the rate is halved when "
    "the held-out loss has not fallen for 4 looks is from the authors' code.",
    networks=("kidney_dense",),
    first=(0.6, 0.4),
    last=(0.2, 0.8),
    balanced=True,
    reconstruction=0.1,
    optimiser="adam",
    rate=1e-3,
    decay=1e-2,
    schedule=Plateau(0.5, patience=4, watches="held-out", epochs=200),
    batch=1,
    changes=UNCHANGED,
    averaged=False,
)

_MEDSASS_NETWORKS = ("medsass_resnet50", "medsass_vit_s")
_FROM_ELSEWHERE = (
    "The paper teaches nothing with masks: Adam with a rate of 0.00036 to 0.00034 is from the "
    "authors' earlier U-Net, loss and slight changes of the crops are ours."
)
_MEDSASS_CHANGES = Changes(
    on_a_label=0.67,
    moved=0.25,
    flips=((1, 0.5), (2, 0.5)),
    scaled=(0.5, 0.1),
    shifted=(0.5, 0.1),
)

MEDSASS_LITERAL = Protocol(
    "medsass-literal",
    title="As MedSASS, nothing learns",
    about="As Singh and Cirrone (MedSASS) print it: nothing learns, whatever the time. What it "
    "begins with is judged as it is; with the weights of an encoder alone, the decoder is random.",
    networks=_MEDSASS_NETWORKS,
    learns="nothing",
    changes=UNCHANGED,
    averaged=False,
)

MEDSASS_DECODER = Protocol(
    "medsass-decoder",
    title="As MedSASS, only the decoder learns",
    about="MedSASS's encoder (Singh and Cirrone) stays as it was and only the decoder learns.",
    unprinted=_FROM_ELSEWHERE,
    networks=_MEDSASS_NETWORKS,
    learns="decoder",
    optimiser="adam",
    rate=3.6e-4,
    decay=1e-5,
    schedule=Cosine(warm=0.0, least=3.4 / 3.6),
    batch=16,
    changes=_MEDSASS_CHANGES,
    averaged=False,
)

MEDSASS_FULL = replace(
    MEDSASS_DECODER,
    name="medsass-full",
    title="As MedSASS, all learns",
    about="MedSASS's network (Singh and Cirrone) learns from end to end.",
    learns="everything",
)

PRINTED = (BTUNET, SMIT, SIMSIAM, MRI, KIDNEY, MEDSASS_LITERAL, MEDSASS_DECODER, MEDSASS_FULL)
