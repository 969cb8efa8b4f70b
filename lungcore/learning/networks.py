"""The networks, in Keras layers alone, so that any Keras 3 backend trains them."""

import keras
from keras import KerasTensor, layers

from lungcore.learning.crops import SIDE

INPUT_MULTIPLE = 16  # the detector's input sides are multiples of this
DETECTOR_CHANNELS = 5  # centre logit, offset (slice, row, column) in cells, log diameter
PRIOR_LOGIT = -5.0  # centres are rare; a network that says so from the start trains at once


def detector(widths: tuple[int, int, int] = (16, 40, 80)) -> keras.Model:
    """Anchor-free 3D detector: centre heat map, offset and size, after CenterNet (Zhou 2019).

    Residual encoder to stride 16 and a feature pyramid back to stride 4. `widths` are the filters
    at strides 2, 4 and 8 (and 16). Fully convolutional:
    input (batch, slices, rows, columns, 1) with sides that are multiples of `INPUT_MULTIPLE`,
    output (batch, slices / 4, rows / 4, columns / 4, `DETECTOR_CHANNELS`).
    """
    inputs = keras.Input((None, None, None, 1), name="volume")
    fine, middle, deep = widths
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


def malignancy(widths: tuple[int, ...] = (12, 24, 48, 96)) -> keras.Model:
    """Rates one axial crop (batch, `crops.SIDE`, `crops.SIDE`, 1): a logit (batch, 1).

    The crop has a fixed physical size and no depth, so no padding can tell it the nodule's size.
    """
    inputs = keras.Input((SIDE, SIDE, 1), name="crop")
    x = inputs
    for width in widths:
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(1, name="logit")(x), name="malignancy")
