"""The networks, in Keras layers alone, so that any Keras 3 backend trains them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from keras import KerasTensor, layers, ops

from lungcore.learning.tasks import MALIGNANCY_SCORES, Task

INPUT_MULTIPLE = 16  # the detector's input sides are multiples of this
DETECTOR_CHANNELS = 5  # centre logit, offset (slice, row, column) in cells, log diameter
PRIOR_LOGIT = -5.0  # centres are rare; a network that says so from the start trains at once


def detector(task: Task) -> keras.Model:
    """Anchor-free 3D detector: centre heat map, offset and size, after CenterNet (Zhou 2019).

    Residual encoder to stride 16 and a feature pyramid back to stride 4. The task's widths are the
    filters at strides 2, 4 and 8 (and 16). Fully convolutional:
    input (batch, slices, rows, columns, 1) with sides that are multiples of `INPUT_MULTIPLE`,
    output (batch, slices / 4, rows / 4, columns / 4, `DETECTOR_CHANNELS`).
    """
    inputs = keras.Input((None, None, None, 1), name="volume")
    fine, middle, deep = task.detector.widths
    half = _residual(_convolution(inputs, fine, strides=2), fine)
    quarter = _stage(half, middle, blocks=2)
    eighth = _stage(quarter, deep, blocks=2)
    sixteenth = _stage(eighth, deep, blocks=1)
    eighth = _residual(_merge(sixteenth, eighth, deep), deep)
    quarter = _residual(_merge(eighth, quarter, middle), middle)
    features = _convolution(quarter, middle)
    centre = layers.Conv3D(
        1, 1, bias_initializer=keras.initializers.Constant(PRIOR_LOGIT), name="centre"
    )(features)
    offset = layers.Conv3D(3, 1, name="offset")(features)
    size = layers.Conv3D(
        1, 1, bias_initializer=keras.initializers.Constant(2.0), name="log_diameter"
    )(features)
    outputs = layers.Concatenate(name="detections")([centre, offset, size])
    return keras.Model(inputs, outputs, name="detector")


def _convolution(
    x: KerasTensor, filters: int, strides: int = 1, activate: bool = True
) -> KerasTensor:
    x = layers.Conv3D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x) if activate else x


def _residual(x: KerasTensor, filters: int) -> KerasTensor:
    y = _convolution(_convolution(x, filters), filters, activate=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _stage(x: KerasTensor, filters: int, blocks: int) -> KerasTensor:
    x = _convolution(x, filters, strides=2)
    for _ in range(blocks):
        x = _residual(x, filters)
    return x


def _merge(coarse: KerasTensor, fine: KerasTensor, filters: int) -> KerasTensor:
    coarse = layers.UpSampling3D(2)(layers.Conv3D(filters, 1)(coarse))
    return layers.Add()([coarse, layers.Conv3D(filters, 1)(fine)])


def classifier(task: Task, dropout: float = 0.5) -> keras.Model:
    """Reads one slab, (batch, SIDE, SIDE, planes) of the task's crop, of what lies at its centre.

    A U-Net (Ronneberger 2015) gives `mask`, the logit of each pixel of the middle plane to belong
    to the nodule. Its features, averaged within the mask and over the plane, and the mask's area
    go through two dense layers to the scores of the task's targets. `evidence` (batch, SIDE, SIDE,
    1) is what each pixel adds to the malignancy: the features there times the gradient of its
    scores, so that it adds up to the scores but for what area and biases add (HiResCAM, Draelos and
    Carin 2020, for the averaged features; the mask is held still).
    """
    side, widths, scores = task.crop.side, task.classifier.widths, len(task.targets)
    inputs = keras.Input((side, side, len(task.crop.neighbours)), name="slab")
    levels = []
    x = inputs
    for number, width in enumerate(widths):
        x = layers.MaxPooling2D()(x) if number else x
        x = _plane_convolution(_plane_convolution(x, width), width)
        levels.append(x)
    deep = x
    for width, level in zip(widths[-2::-1], levels[-2::-1], strict=True):
        x = layers.Add()([layers.UpSampling2D()(layers.Conv2D(width, 1)(x)), level])
        x = _plane_convolution(x, width)
        x = _plane_convolution(x, width) if width > widths[0] else x
    mask = layers.Conv2D(1, 1, name="mask")(x)
    inside = layers.Activation("sigmoid")(mask)
    coarse = layers.AveragePooling2D(side // deep.shape[1])(inside)
    parts = [
        layers.GlobalAveragePooling2D()(deep),
        MaskedMean()([deep, coarse]),
        MaskedMean()([x, inside]),
    ]
    features = layers.Concatenate()([*parts, LogArea()(inside)])
    total, slopes = ExplainedHead(scores, dropout, name="scores")(features)
    evidence = Evidence(name="evidence")([deep, coarse, x, inside, slopes])
    return keras.Model(inputs, [mask, total, evidence], name="classifier")


def _plane_convolution(x: KerasTensor, filters: int) -> KerasTensor:
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x)


LEAST_AREA = 0.002  # of the plane; keeps the mean of an empty mask finite


@keras.saving.register_keras_serializable(package="lungcore")
class MaskedMean(layers.Layer):
    """The mean of maps (batch, rows, columns, n) weighted by a mask (batch, rows, columns, 1)."""

    def call(self, inputs: list[KerasTensor]) -> KerasTensor:
        """Shape (batch, n)."""
        maps, mask = inputs
        total = ops.mean(maps * mask, axis=(1, 2))
        return total / (ops.mean(mask, axis=(1, 2)) + LEAST_AREA)


@keras.saving.register_keras_serializable(package="lungcore")
class LogArea(layers.Layer):
    """The logarithm of the share of the plane that a mask (batch, rows, columns, 1) covers."""

    def call(self, mask: KerasTensor) -> KerasTensor:
        """Shape (batch, 1)."""
        return ops.log(ops.mean(mask, axis=(1, 2)) + LEAST_AREA)


@keras.saving.register_keras_serializable(package="lungcore")
class ExplainedHead(layers.Layer):
    """Two dense layers from features (batch, n) to scores, and the slopes of the malignancy.

    The slopes are the gradient of the sum of the scores of malignancy by each feature;
    with one ReLU between two matrices it is a product of these, and runs where no gradients do.
    """

    def __init__(self, scores: int, dropout: float, hidden: int = 64, **options: Any) -> None:
        super().__init__(**options)
        self.scores, self.dropout, self.hidden = scores, dropout, hidden
        self.drop = layers.Dropout(dropout)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the two matrices."""
        self.first = self.add_weight((shape[-1], self.hidden), "glorot_uniform", name="first")
        self.first_bias = self.add_weight((self.hidden,), "zeros", name="first_bias")
        self.last = self.add_weight((self.hidden, self.scores), "glorot_uniform", name="last")
        self.last_bias = self.add_weight((self.scores,), "zeros", name="last_bias")

    def call(
        self, features: KerasTensor, training: bool = False
    ) -> tuple[KerasTensor, KerasTensor]:
        """Scores (batch, scores), logits, and slopes (batch, n)."""
        dropped = self.drop(features, training=training)
        hidden = ops.relu(ops.matmul(dropped, self.first) + self.first_bias)
        dropped = self.drop(hidden, training=training)
        scores = ops.matmul(dropped, self.last) + self.last_bias
        toward = ops.sum(self.last[:, MALIGNANCY_SCORES], axis=1)
        active = ops.cast(hidden > 0, "float32") * toward
        return scores, ops.matmul(active, ops.transpose(self.first))

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        own = {"scores": self.scores, "dropout": self.dropout, "hidden": self.hidden}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="lungcore")
class Evidence(layers.Layer):
    """What each pixel adds to the malignancy, from features, masks and slopes of the averages."""

    def call(self, inputs: list[KerasTensor]) -> KerasTensor:
        """Shape (batch, rows, columns, 1); the sum over the plane is slopes times averages."""
        deep, coarse, fine, inside, slopes = inputs
        count, less = deep.shape[-1], deep.shape[1] * deep.shape[2]
        over_plane, over_mask, within = (
            slopes[:, None, None, start:stop]
            for start, stop in ((0, count), (count, 2 * count), (2 * count, -1))
        )
        area = ops.mean(inside, axis=(1, 2), keepdims=True) + LEAST_AREA
        cells = ops.sum(deep * (over_plane + over_mask * coarse / area), axis=-1, keepdims=True)
        pixels = ops.sum(fine * within, axis=-1, keepdims=True) * inside / area
        factor = fine.shape[1] // deep.shape[1]
        spread = ops.repeat(ops.repeat(cells, factor, axis=1), factor, axis=2) / factor**2
        return spread / less + pixels / (fine.shape[1] * fine.shape[2])


def load(path: Path) -> keras.Model:
    """The network of a `.keras` file; the layers of this module are known by then."""
    return keras.saving.load_model(path, compile=False)


def ensemble(members: Sequence[keras.Model]) -> keras.Model:
    """The members side by side, so that one run gives what each says.

    mask: (batch, SIDE, SIDE, members), logits. scores: (batch, members, scores). evidence: (batch,
    SIDE, SIDE, members).
    """
    inputs = keras.Input(members[0].input_shape[1:], name="slab")
    masks, scores, evidences = [], [], []
    for number, member in enumerate(members):
        member.name = f"member{number}"
        mask, score, evidence = member(inputs)
        masks.append(mask)
        scores.append(score[:, None])
        evidences.append(evidence)
    outputs = [
        layers.Concatenate(name="mask")(masks),
        layers.Concatenate(axis=1, name="scores")(scores),
        layers.Concatenate(name="evidence")(evidences),
    ]
    return keras.Model(inputs, outputs, name="ensemble")
