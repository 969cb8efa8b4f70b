import numpy as np
import pytest

from lungcore.dicom.header import Slice
from lungcore.dicom.pixels import PADDING_HU, read_hu
from lungcore.dicom.read import read_header
from lungcore.dicom.verdict import content_remarks, judge
from lungcore.imaging.volume import Volume


def keys(judgement):
    return [remark.key for remark in judgement.remarks]


def never(one, other):
    raise AssertionError("no two images lie at one position")


@pytest.fixture
def straight(make_slice):
    def make(count=12, **values):
        return [make_slice((0.0, 0.0, 2.0 * n), **values) for n in range(count)]

    return make


def test_a_sound_series_is_accepted_in_order(straight):
    images = straight()
    judgement = judge(images[::-1], never)
    assert (judgement.verdict, judgement.remarks) == ("accept", ())
    assert list(judgement.stack.slices) == images


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("dicom.not_ct", {"modality": "MR"}),
        ("dicom.not_ct", {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.128"}),
        ("dicom.secondary_capture", {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.7"}),
        ("dicom.secondary_capture", {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.7.4"}),
        ("dicom.not_grey", {"photometric": "RGB", "samples": 3}),
        ("dicom.not_grey", {"bits_allocated": 32, "bits_stored": 32, "high_bit": 31}),
        ("dicom.localiser", {"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER")}),
        ("dicom.rescale_absent", {"intercept": None}),
        ("dicom.rescale_absent", {"slope": None}),
        ("dicom.rescale_wrong", {"slope": 0.0}),
        ("dicom.rescale_wrong", {"intercept": float("inf")}),
        ("dicom.rescale_type", {"rescale_type": "OD"}),
    ],
)
def test_what_is_no_ct_in_hu_is_refused(straight, key, values):
    judgement = judge(straight(**values), never)
    assert judgement.verdict == "refuse"
    assert keys(judgement) == [key]


def test_fewer_than_ten_slices_are_refused(straight):
    assert judge(straight(10), never).verdict == "accept"
    judgement = judge(straight(9), never)
    assert (judgement.verdict, keys(judgement)) == ("refuse", ["dicom.too_few"])
    assert judgement.remarks[0].values == {"n": 9, "fewest": 10}


def test_localisers_beside_slices_are_left_out(straight, make_slice):
    scout = make_slice(
        orientation=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0), image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")
    )
    judgement = judge([scout, *straight()], never)
    assert (judgement.verdict, keys(judgement)) == ("warn", ["dicom.localisers_dropped"])
    assert scout not in judgement.stack.slices


def test_equal_duplicates_are_dropped_with_a_warning(straight):
    images = straight()
    judgement = judge([*images, straight()[5]], lambda one, other: True)
    assert (judgement.verdict, keys(judgement)) == ("warn", ["dicom.duplicates_dropped"])
    assert len(judgement.stack.slices) == 12


def test_differing_duplicates_are_refused(straight):
    judgement = judge([*straight(), straight()[5]], lambda one, other: False)
    assert (judgement.verdict, keys(judgement)) == ("refuse", ["dicom.duplicates_differ"])
    assert judgement.remarks[0].values == {"n": 1, "positions_mm": "10.0"}


def test_phases_of_one_place_are_refused_as_such(straight):
    judgement = judge([*straight(), *straight(), *straight()], lambda one, other: False)
    assert keys(judgement) == ["dicom.several_acquisitions"]
    assert judgement.remarks[0].values == {"n": 3}


def test_all_reasons_are_told_together(straight, make_slice):
    odd = make_slice(pixel_spacing_mm=(1.0, 1.0), rows=256, frame_of_reference_uid="9")
    assert keys(judge([*straight(), odd], never)) == [
        "dicom.mixed_spacing",
        "dicom.mixed_sizes",
        "dicom.mixed_frames_of_reference",
    ]


def test_the_phantom_is_a_chest_cut_at_both_ends(phantom):
    remarks = content_remarks(phantom.volume)
    assert [remark.key for remark in remarks] == ["dicom.bases_cut", "dicom.apices_cut"]
    ends = sorted(phantom.volume.to_mm([[0, 0, 0], [phantom.volume.shape[0] - 1, 0, 0]])[:, 2])
    assert [remark.values["z_mm"] for remark in remarks] == pytest.approx(ends, abs=0.05)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda hu: hu + 1024, id="no intercept"),
        pytest.param(lambda hu: hu - 1024, id="intercept twice"),
        pytest.param(lambda hu: (hu + 1024) * 2 - 1024, id="slope twice"),
        pytest.param(lambda hu: np.full_like(hu, 40), id="no air"),
        pytest.param(lambda hu: np.full_like(hu, -1000), id="air alone"),
    ],
)
def test_values_that_cannot_be_hu_are_refused(phantom, change):
    volume = Volume(change(phantom.volume.hu).astype(np.int16), phantom.volume.affine)
    (remark,) = content_remarks(volume)
    assert (remark.key, remark.refuses) == ("dicom.hu_wrong", True)


def test_padding_hides_no_wrong_rescale(phantom):
    """Padding is set to the HU of air whatever the rescale says."""
    hu = (phantom.volume.hu + 1024).astype(np.int16)
    hu[:, :20] = PADDING_HU
    (remark,) = content_remarks(Volume(hu, phantom.volume.affine))
    assert remark.key == "dicom.hu_wrong"


def test_a_body_without_lung_is_refused(phantom):
    hu = phantom.volume.hu.copy()
    hu[:, 32:96, 16:112][hu[:, 32:96, 16:112] < -200] = 40
    (remark,) = content_remarks(Volume(hu, phantom.volume.affine))
    assert remark.key == "dicom.no_lung"


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("unlabelled/LungFCP-01-0006_no_lung", ["dicom.no_lung"]),
        ("lidc_scans/LIDC-IDRI-0001/dicom", []),
        ("lidc_scans/LIDC-IDRI-0003_slab11/dicom", ["dicom.bases_cut", "dicom.apices_cut"]),
        ("lidc_scans/LIDC-IDRI-0023_partial101of137/dicom", ["dicom.bases_cut"]),
        ("unlabelled/LungFCP-01-0001_upper", ["dicom.bases_cut"]),
    ],
)
def test_real_series(shared, series, expected):
    headers = [read_header(path, path.name) for path in (shared / series).iterdir()]
    judgement = judge([Slice(header, header.frames[0]) for header in headers], never)
    assert judgement.verdict == "accept"
    hu = np.stack([read_hu(image) for image in judgement.stack.slices])
    remarks = content_remarks(Volume(hu, judgement.stack.affine))
    assert [remark.key for remark in remarks] == expected
