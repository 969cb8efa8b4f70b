"""A small phantom and its files, and slices with headers made by hand."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from lungcore.dicom.header import Frame, Header, PixelFormat, Slice
from lungcore.dicom.write import SeriesText, write_series
from lungcore.imaging.phantom import Phantom, thorax

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """24 slices of 5 mm, 128 x 128."""
    return thorax(slices=24, spacing_mm=(5.0, 2.8125, 2.8125))


@pytest.fixture(scope="session")
def text() -> SeriesText:
    return SeriesText(
        uid_seed="test",
        patient_id="PHANTOM",
        patient_name="PHANTOM^Thorax",
        study_description="PHANTOM",
        series_description="PHANTOM thorax",
        study_date="20260102",
        study_time="101112",
        phantom=True,
    )


@pytest.fixture(scope="session")
def series(phantom: Phantom, text: SeriesText, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom's files; not to be changed."""
    folder = tmp_path_factory.mktemp("series")
    write_series(phantom.volume, folder, text)
    return folder


@pytest.fixture(scope="session")
def make_slice() -> Callable[..., Slice]:
    """Makes a slice whose header says what a test wants it to."""
    numbers = itertools.count(1)

    def make(
        position_mm: tuple[float, ...] | None = (0.0, 0.0, 0.0),
        orientation: tuple[float, ...] | None = AXIAL,
        **values: object,
    ) -> Slice:
        made = next(numbers)
        frame = {
            "index": 0,
            "image_type": ("ORIGINAL", "PRIMARY", "AXIAL"),
            "position_mm": position_mm,
            "orientation": orientation,
            "pixel_spacing_mm": (0.7, 0.8),
            "slice_thickness_mm": 1.0,
            "slope": 1.0,
            "intercept": -1024.0,
            "rescale_type": "HU",
        }
        pixels = {
            "transfer_syntax_uid": "1.2.840.10008.1.2.1",
            "rows": 512,
            "columns": 512,
            "frames": 1,
            "samples": 1,
            "photometric": "MONOCHROME2",
            "bits_allocated": 16,
            "bits_stored": 12,
            "high_bit": 11,
            "signed": False,
            "padding": None,
            "offset": 0,
            "length": 1,
        }
        header = {
            "path": Path("none"),
            "file_name": f"{made}.dcm",
            "size_bytes": 1,
            "sop_uid": f"1.2.{made}",
            "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
            "series_uid": "1.2",
            "modality": "CT",
            "frame_of_reference_uid": "1.3",
            "gantry_tilt_deg": 0.0,
        }
        for name, value in values.items():
            next(group for group in (frame, pixels, header) if name in group)[name] = value
        made_frame = Frame(**frame)
        whole = Header(**header, pixels=PixelFormat(**pixels), frames=(made_frame,))
        return Slice(whole, made_frame)

    return make
