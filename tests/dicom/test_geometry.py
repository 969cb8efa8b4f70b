import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from lungcore.dicom.geometry import (
    in_order,
    normal,
    plane_remarks,
    same_place,
    spacing_remarks,
    stack,
)
from lungcore.dicom.header import Slice
from lungcore.dicom.read import read_header

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
FAST = settings(max_examples=30, deadline=None)


def keys(remarks):
    return [(remark.key, remark.refuses) for remark in remarks]


@pytest.fixture(scope="module")
def straight(make_slice):
    """Makes a stack of slices at the given places along z."""

    def make(*along, **values):
        return [make_slice((-100.0, -120.0, 30.0 + z), **values) for z in along]

    return make


@pytest.mark.parametrize(
    "series", ["lidc_scans/LIDC-IDRI-0001/dicom", "unlabelled/CPTAC-LSCC_C3N-00247"]
)
def test_order_and_affine_are_those_of_simpleitk(shared, series):
    folder = shared / series
    headers = [read_header(path, path.name) for path in sorted(folder.iterdir())]
    images = [Slice(header, header.frames[0]) for header in headers]
    made = stack(in_order(images))
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    rng = np.random.default_rng(0)
    for column, row, slice_ in rng.uniform(0, np.array(image.GetSize()) - 1, (20, 3)):
        expected = image.TransformContinuousIndexToPhysicalPoint((column, row, slice_))
        found = made.affine @ (slice_, row, column, 1)
        assert np.allclose(found[:3], expected, atol=1e-3)
    assert np.allclose(made.spacing_mm, image.GetSpacing()[::-1], atol=1e-4)


@FAST
@given(data=st.data())
def test_the_affine_puts_every_voxel_where_the_standard_does(make_slice, data):
    """PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1, written out for one voxel."""
    number = st.floats(-400, 400)
    angles = data.draw(st.tuples(*[st.floats(-25, 25)] * 3))
    along_row, along_column, along_slice = Rotation.from_euler("xyz", angles, True).as_matrix().T
    start = np.array(data.draw(st.tuples(number, number, number)))
    step_mm = data.draw(st.floats(0.3, 8))
    between_rows, between_columns = data.draw(st.tuples(*[st.floats(0.3, 2)] * 2))
    images = [
        make_slice(
            tuple(start + n * step_mm * along_slice),
            (*along_row, *along_column),
            pixel_spacing_mm=(between_rows, between_columns),
        )
        for n in range(12)
    ]
    shuffled = data.draw(st.permutations(images))
    made = stack(in_order(shuffled))
    assert list(made.slices) == images
    n, row, column = 7, 100, 300
    expected = images[n].frame.position_mm + (
        along_row * between_columns * column + along_column * between_rows * row
    )
    assert np.allclose((made.affine @ (n, row, column, 1))[:3], expected, atol=1e-6)
    assert plane_remarks(shuffled) == []
    assert spacing_remarks(made) == []


@FAST
@given(missing=st.sets(st.integers(1, 28), min_size=1, max_size=9), step_mm=st.floats(0.5, 5))
def test_missing_slices_are_counted_and_placed(straight, missing, step_mm):
    images = straight(*(n * step_mm for n in range(30) if n not in missing))
    (remark,) = spacing_remarks(stack(in_order(images)))
    assert (remark.key, remark.refuses) == ("dicom.slices_missing", True)
    assert remark.values["n"] == len(missing)
    told = remark.values["positions_mm"].removesuffix(", …").split(", ")
    expected = [f"{30 + n * step_mm:.1f}" for n in sorted(missing)][:8]
    assert np.allclose([float(z) for z in told], [float(z) for z in expected], atol=0.11)


@FAST
@given(degrees=st.floats(1, 30), sign=st.sampled_from((-1, 1)))
def test_gantry_tilt_is_told_and_the_affine_stays_true(make_slice, degrees, sign):
    angle = sign * np.radians(degrees)
    orientation = (1.0, 0.0, 0.0, 0.0, np.cos(angle), -np.sin(angle))
    images = [make_slice((0.0, 0.0, 3.0 * n), orientation) for n in range(12)]
    made = stack(in_order(images))
    (remark,) = spacing_remarks(made)
    assert (remark.key, remark.refuses) == ("dicom.gantry_tilt", False)
    assert remark.values["degrees"] == pytest.approx(degrees, abs=0.06)
    for n in (0, 5, 11):  # every slice starts where its header says
        assert np.allclose((made.affine @ (n, 0, 0, 1))[:3], images[n].frame.position_mm)


def test_a_tilt_that_only_the_header_tells_is_told(straight):
    images = straight(*range(12), gantry_tilt_deg=-12.5)
    (remark,) = spacing_remarks(stack(in_order(images)))
    assert remark.key == "dicom.gantry_tilt"
    assert remark.values == {"degrees": 12.5}


@pytest.mark.parametrize(
    ("off_mm", "expected"),
    [
        (0.005, []),
        (0.1, [("dicom.uneven_spacing", False)]),
        (0.6, [("dicom.uneven_spacing", True)]),
    ],
)
def test_uneven_spacing_warns_and_then_refuses(straight, off_mm, expected):
    along = [2.0 * n for n in range(20)]
    along[9] += off_mm
    assert keys(spacing_remarks(stack(in_order(straight(*along))))) == expected


def test_a_change_of_spacing_on_the_way_is_not_taken_for_missing_slices(straight):
    along = [1.0 * n for n in range(12)] + [11 + 2.4 * n for n in range(1, 12)]
    (remark,) = spacing_remarks(stack(in_order(straight(*along))))
    assert (remark.key, remark.refuses) == ("dicom.uneven_spacing", True)


def test_slices_that_do_not_lie_on_one_line_are_refused(make_slice):
    images = [make_slice((5.0 * (n > 6), 0.0, 2.0 * n)) for n in range(14)]
    assert ("dicom.slices_shifted", True) in keys(spacing_remarks(stack(in_order(images))))


def test_slices_of_one_place_come_together(straight):
    images = straight(0, 1, 1.004, 2, 0)
    places = same_place(in_order(images))
    assert [len(place) for place in places] == [2, 2, 1]


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("dicom.position_absent", {"position_mm": None}),
        ("dicom.position_absent", {"orientation": None}),
        ("dicom.position_absent", {"pixel_spacing_mm": None}),
        ("dicom.position_absent", {"pixel_spacing_mm": (0.0, 0.7)}),
        ("dicom.position_absent", {"position_mm": (0.0, float("nan"), 0.0)}),
        ("dicom.mixed_orientations", {"orientation": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)}),
        ("dicom.mixed_spacing", {"pixel_spacing_mm": (0.7, 0.81)}),
        ("dicom.mixed_sizes", {"rows": 256}),
        ("dicom.mixed_frames_of_reference", {"frame_of_reference_uid": "1.4"}),
    ],
)
def test_one_image_that_is_unlike_the_others_refuses_the_series(straight, make_slice, key, values):
    odd = make_slice(**values)
    assert keys(plane_remarks([*straight(*range(12)), odd])) == [(key, True)]


@pytest.mark.parametrize(
    ("key", "orientation"),
    [
        ("dicom.not_axial", (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)),
        ("dicom.orientation_impossible", (1.0, 0.0, 0.0, 0.5, 1.0, 0.0)),
        ("dicom.orientation_impossible", (2.0, 0.0, 0.0, 0.0, 1.0, 0.0)),
        ("dicom.orientation_impossible", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_an_orientation_that_cannot_serve_is_refused(straight, key, orientation):
    images = straight(*range(12), orientation=orientation)
    assert keys(plane_remarks(images)) == [(key, True)]


def test_the_normal_is_row_direction_cross_column_direction(make_slice):
    feet_first = make_slice(orientation=(-1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    assert np.allclose(normal(feet_first), (0, 0, -1))
