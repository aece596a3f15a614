"""What self-supervised methods minimise: one file a loss, each a function of whole batches.

They are our own rather than lightly's or monai's. lightly would bring pytorch-lightning, hydra,
aiohttp and torchmetrics for some ten lines a loss, its modules move their centres while they are
asked for a loss, and importing it warns. monai's Barlow Twins divides unbiased deviations by the
batch, and its contrastive loss keeps (2 batch)^2 x channels numbers.

Where a batch is shared among processes, its vectors are first brought together with
``Team.rows``.
"""
