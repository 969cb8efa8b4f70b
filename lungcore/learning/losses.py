"""Losses in keras.ops, so that any Keras 3 backend trains with them."""

import keras
from keras import KerasTensor, ops

REGRESSION_FROM = 0.5  # cells with at least this heat learn offset and size
OFFSET_WEIGHT = 0.5
SIZE_WEIGHT = 0.5


@keras.saving.register_keras_serializable(package="lungcore")
def detection_loss(truth: KerasTensor, predicted: KerasTensor) -> KerasTensor:
    """Penalty-reduced focal loss of the centres (CornerNet, Law 2018) and L1 of offset and size.

    truth: (batch, slices, rows, columns, 6): heat, offset (3), log diameter, weight.
    predicted: (batch, slices, rows, columns, 5): centre logit, offset (3), log diameter.
    Returns one number for the batch.
    """
    heat, weight = truth[..., 0], truth[..., 5]
    centres = ops.cast(heat >= 1.0, "float32") * weight
    logit = predicted[..., 0]
    probability = ops.sigmoid(logit)
    missed = centres * (1 - probability) ** 2 * ops.softplus(-logit)
    shade = weight * (1 - centres) * (1 - heat) ** 4
    false = shade * probability**2 * ops.softplus(logit)
    focal = ops.sum(missed + false) / ops.maximum(ops.sum(centres), 1.0)

    near = ops.cast(heat >= REGRESSION_FROM, "float32") * weight
    count = ops.maximum(ops.sum(near), 1.0)
    offset = ops.sum(ops.abs(truth[..., 1:4] - predicted[..., 1:4]) * near[..., None]) / count
    size = ops.sum(ops.abs(truth[..., 4] - predicted[..., 4]) * near) / count
    return focal + OFFSET_WEIGHT * offset + SIZE_WEIGHT * size
