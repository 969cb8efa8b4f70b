"""Losses in keras.ops, so that any Keras 3 backend trains with them."""

from collections.abc import Callable

from keras import KerasTensor, ops

FOCUS = {"focal": 2.0, "cross_entropy": 0.0}  # how much less what is right already counts
REGRESSION_FROM = 0.5  # cells with at least this heat learn offset and size
OFFSET_WEIGHT = 0.5
SIZE_WEIGHT = 0.5
DICE_PIXELS = 5.0  # steadies the Dice of small masks
ENTROPY_WEIGHT = 10.0  # most pixels are easy


Loss = Callable[[KerasTensor, KerasTensor], KerasTensor]


def detection_loss(kind: str = "focal") -> Loss:
    """Penalty-reduced focal loss of the centres (CornerNet, Law 2018) and L1 of offset and size.

    kind: of `FOCUS`; `cross_entropy` counts easy cells as much as others. The loss takes
    truth (batch, slices, rows, columns, 6): heat, offset (3), log diameter, weight; and
    predicted (batch, slices, rows, columns, 5): centre logit, offset (3), log diameter.
    It gives one number for the batch.
    """
    focus = FOCUS[kind]

    def loss(truth: KerasTensor, predicted: KerasTensor) -> KerasTensor:
        heat, weight = truth[..., 0], truth[..., 5]
        centres = ops.cast(heat >= 1.0, "float32") * weight
        logit = predicted[..., 0]
        probability = ops.sigmoid(logit)
        missed = centres * (1 - probability) ** focus * ops.softplus(-logit)
        shade = weight * (1 - centres) * (1 - heat) ** 4
        false = shade * probability**focus * ops.softplus(logit)
        focal = ops.sum(missed + false) / ops.maximum(ops.sum(centres), 1.0)

        near = ops.cast(heat >= REGRESSION_FROM, "float32") * weight
        count = ops.maximum(ops.sum(near), 1.0)
        offset = ops.sum(ops.abs(truth[..., 1:4] - predicted[..., 1:4]) * near[..., None]) / count
        size = ops.sum(ops.abs(truth[..., 4] - predicted[..., 4]) * near) / count
        return focal + OFFSET_WEIGHT * offset + SIZE_WEIGHT * size

    return loss


def mask_loss(truth: KerasTensor, predicted: KerasTensor) -> KerasTensor:
    """Cross-entropy and soft Dice (Milletari 2016) of a mask.

    truth: (batch, rows, columns, 2): mask and weight. predicted: (batch, rows, columns, 1), logit.
    """
    mask, weight = truth[..., :1], truth[..., 1:]
    axes = (1, 2, 3)
    entropy = ops.mean((ops.softplus(predicted) - mask * predicted) * weight, axis=axes)
    inside = ops.sigmoid(predicted) * weight
    both = ops.sum(inside * mask, axis=axes)
    all_ = ops.sum(inside, axis=axes) + ops.sum(mask * weight, axis=axes)
    dice = (2 * both + DICE_PIXELS) / (all_ + DICE_PIXELS)
    return ops.mean(ENTROPY_WEIGHT * entropy + 1 - dice)


def score_loss(kind: str = "cross_entropy") -> Loss:
    """Weighted cross-entropy of shares, summed over the scores.

    kind: of `FOCUS`; `focal` counts what is right already less (Lin 2017, for shares as in Li
    2020). The loss takes truth (batch, 2, scores): targets 0 to 1, and weights; and predicted
    (batch, scores), logits.
    """
    focus = FOCUS[kind]

    def loss(truth: KerasTensor, predicted: KerasTensor) -> KerasTensor:
        targets, weights = truth[:, 0], truth[:, 1]
        entropy = (ops.softplus(predicted) - targets * predicted) * weights
        if focus:
            entropy *= ops.abs(targets - ops.sigmoid(predicted)) ** focus
        return ops.sum(entropy) / ops.shape(predicted)[0]

    return loss
