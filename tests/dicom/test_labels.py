"""Segmentations and structure sets: our own, and real ones."""

import dataclasses

import highdicom
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage

from lungcore.dicom.labels import read_labels
from lungcore.dicom.problems import FileError
from lungcore.dicom.write_segmentation import write_segmentation
from lungcore.errors import LungcoreError
from lungcore.findings.labels import Grid, LabelSet, Mark
from lungcore.findings.mask import Mask
from lungcore.findings.placing import place
from lungcore.findings.voxels import ball, center_mm, diameter_mm, on_grid, to_index

LIDC_SEG = "lidc_scans/LIDC-IDRI-0001/LIDC-IDRI-0001_Combined_SEG.dcm"
RTSTRUCT = "unlabelled/4D-Lung_113_HM10395_rtstruct/1-1.dcm"


@pytest.fixture
def grid(phantom):
    return Grid(phantom.volume.shape, phantom.volume.affine)


@pytest.fixture
def sources(series, grid):
    found = {}
    for path in series.iterdir():
        position = dcmread(path, stop_before_pixels=True).ImagePositionPatient
        found[round(float(to_index(grid, position)[0]))] = path
    return found


@pytest.fixture
def sets(grid, series):
    """Two readers whose nodules overlap, one with a nodule of two parts and a gap between."""
    uid = str(dcmread(next(series.iterdir())).SeriesInstanceUID)
    parts = np.zeros((4, 3, 5), bool)
    parts[0, 0, :2] = parts[3, 2, 4] = True
    masks = [Mask((5, 40, 50), parts), ball(center_of(grid, (8, 44, 54)), 25, grid)]
    marks = [nodule(str(n), mask, grid) for n, mask in enumerate(masks, start=1)]
    bob = LabelSet(series_uid=uid, reader="bob", marks=(nodule("B_1", masks[1], grid),))
    return [LabelSet(series_uid=uid, reader="-750896469", marks=tuple(marks)), bob]


def center_of(grid, index):
    return tuple(grid.affine[:3, :3] @ np.array(index, float) + grid.affine[:3, 3])


def nodule(name, mask, grid):
    return Mark(
        name=name,
        kind="nodule",
        center_mm=center_mm(mask, grid),
        diameter_mm=diameter_mm(mask, grid),
        attributes={},
        mask=mask,
    )


def test_a_segmentation_comes_back_voxel_by_voxel(tmp_path, sets, grid, sources):
    path = tmp_path / "seg.dcm"
    write_segmentation(sets, grid, sources, path)
    kind, found = read_labels(path, path.name, "nobody")
    assert kind == "seg"
    assert [labels.reader for labels in found] == ["-750896469", "bob"]
    for labels, drawn in zip(sets, found, strict=True):
        back = place(drawn, grid)
        assert (back.outside, back.labels.series_uid) == ((), labels.series_uid)
        for mark, read in zip(labels.marks, back.labels.marks, strict=True):
            assert read.name == mark.name.replace("_", "-")
            np.testing.assert_array_equal(on_grid(read.mask, grid), on_grid(mark.mask, grid))


def test_highdicom_reads_what_was_written(tmp_path, sets, grid, sources):
    path = tmp_path / "seg.dcm"
    write_segmentation(sets, grid, sources, path)
    seg = highdicom.seg.segread(path)
    assert seg.number_of_segments == 3
    volume = seg.get_volume(segment_numbers=[2], combine_segments=False)
    voxels = on_grid(sets[0].marks[1].mask, grid)
    assert np.asarray(volume.array).sum() == voxels.sum()
    # Its affine is of LPS too: the middle of the voxels is the mark's centre.
    index = np.argwhere(np.asarray(volume.array)[..., 0]).mean(axis=0)
    there = volume.affine[:3, :3] @ index + volume.affine[:3, 3]
    assert there == pytest.approx(sets[0].marks[1].center_mm, abs=1e-3)


def test_a_nodule_without_a_mask_is_written_as_a_ball(tmp_path, sets, grid, sources):
    bob = sets[1]
    plain = dataclasses.replace(bob.marks[0], mask=None)
    path = tmp_path / "seg.dcm"
    labels = dataclasses.replace(bob, marks=(plain,))
    write_segmentation([labels], grid, sources, path)
    [drawn] = read_labels(path, path.name, "x")[1]
    [read] = place(drawn, grid).labels.marks
    wanted = ball(plain.center_mm, plain.diameter_mm, grid)
    np.testing.assert_array_equal(on_grid(read.mask, grid), on_grid(wanted, grid))


def test_nothing_outlined_is_told(tmp_path, sets, grid, sources):
    empty = dataclasses.replace(sets[0], marks=())
    with pytest.raises(LungcoreError, match="nothing to write"):
        write_segmentation([empty], grid, sources, tmp_path / "seg.dcm")


def test_a_fractional_segmentation_counts_from_half(tmp_path, sets, grid, sources):
    seg = highdicom.seg.Segmentation(
        source_images=[dcmread(sources[n]) for n in range(3)],
        pixel_array=np.linspace(0, 1, 3 * 128 * 128).reshape(3, 128, 128),
        segmentation_type="FRACTIONAL",
        segment_descriptions=[
            highdicom.seg.SegmentDescription(
                1,
                "Mass",
                highdicom.sr.CodedConcept("49755003", "SCT", "Morphologically abnormal structure"),
                highdicom.sr.CodedConcept("4147007", "SCT", "Mass"),
                "MANUAL",
            )
        ],
        series_instance_uid=highdicom.UID(),
        series_number=1,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="m",
        manufacturer_model_name="m",
        software_versions="1",
        device_serial_number="1",
    )
    path = tmp_path / "fractional.dcm"
    seg.save_as(path)
    [drawn] = read_labels(path, path.name, "ann")[1]
    [mark] = place(drawn, grid).labels.marks
    assert (drawn.reader, mark.name, mark.kind) == ("ann", "Mass", "nodule")
    assert mark.mask.voxels.sum() == pytest.approx(3 * 128 * 128 / 2, rel=0.01)


@pytest.mark.parametrize("tag", ["PerFrameFunctionalGroupsSequence", "ReferencedSeriesSequence"])
def test_a_segmentation_without_its_frame_is_told(tmp_path, sets, grid, sources, tag):
    path = tmp_path / "seg.dcm"
    write_segmentation(sets, grid, sources, path)
    data = dcmread(path)
    del data[tag]
    data.save_as(path)
    with pytest.raises(FileError, match=r"seg\.dcm"):
        read_labels(path, path.name, "x")


def test_a_segmentation_cut_short_is_told(tmp_path, sets, grid, sources):
    path = tmp_path / "seg.dcm"
    write_segmentation(sets, grid, sources, path)
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(FileError, match=r"seg\.dcm"):
            read_labels(path, path.name, "x")


def test_images_are_no_labels(series):
    path = next(series.iterdir())
    with pytest.raises(FileError, match="modality CT"):
        read_labels(path, path.name, "x")


def structure_set(lines):
    """A structure set of one structure, `lines` of points in LPS mm."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = RTStructureSetStorage, highdicom.UID()
    data.Modality = "RTSTRUCT"
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = "1.2.3"
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence = [study]
    data.ReferencedFrameOfReferenceSequence = [frame]
    structure, contours = Dataset(), Dataset()
    structure.ROINumber, structure.ROIName = 7, "GTV 1"
    contours.ReferencedROINumber = 7
    contours.ContourSequence = []
    for points in lines:
        contour = Dataset()
        contour.ContourGeometricType = "CLOSED_PLANAR"
        contour.ContourData = [f"{mm:.4f}" for mm in np.ravel(points)]
        contours.ContourSequence.append(contour)
    data.StructureSetROISequence, data.ROIContourSequence = [structure], [contours]
    return data


def save(data, path):
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)


def ring(grid, slice_index, low, high):
    corners = [
        (slice_index, low, low),
        (slice_index, low, high),
        (slice_index, high, high),
        (slice_index, high, low),
    ]
    return [center_of(grid, corner) for corner in corners]


def test_a_line_within_another_is_a_hole(tmp_path, grid):
    path = tmp_path / "rt.dcm"
    lines = [ring(grid, 3, 39.6, 50.4), ring(grid, 3, 42.6, 45.4), ring(grid, 4, 39.6, 41.4)]
    save(structure_set(lines), path)
    kind, [drawn] = read_labels(path, path.name, "ann")
    [mark] = place(drawn, grid).labels.marks
    assert (kind, drawn.series_uid, drawn.reader) == ("rtstruct", "1.2.3", "ann")
    assert (mark.name, mark.kind) == ("GTV 1", "nodule")
    wanted = np.zeros(grid.shape, bool)
    wanted[3, 40:51, 40:51] = True
    wanted[3, 43:46, 43:46] = False
    wanted[4, 40:42, 40:42] = True
    np.testing.assert_array_equal(on_grid(mark.mask, grid), wanted)


def test_a_structure_set_that_names_no_series_is_told(tmp_path, grid):
    path = tmp_path / "rt.dcm"
    data = structure_set([ring(grid, 3, 40, 50)])
    data.ReferencedFrameOfReferenceSequence = []
    save(data, path)
    with pytest.raises(FileError, match="RTReferencedSeriesSequence"):
        read_labels(path, path.name, "x")


def test_the_combined_segmentation_of_lidc_has_its_four_readers(shared):
    path = shared / LIDC_SEG
    _, found = read_labels(path, path.name, "x")
    kinds = {
        labels.reader: [mark.kind for mark in labels.marks].count("small_nodule")
        for labels in found
    }
    assert kinds == {"ann1": 4, "ann2": 1, "ann3": 8, "ann4": 0}
    assert all([m.kind for m in labels.marks].count("nodule") == 1 for labels in found)


def test_the_4d_lung_structure_set_outlines_its_tumour(shared):
    path = shared / RTSTRUCT
    _, [drawn] = read_labels(path, path.name, "x")
    kinds = {mark.name: mark.kind for mark in drawn.marks}
    assert kinds == {
        "Tumor_c40": "nodule",
        "LN_c40": "structure",
        "Carina_c40": "structure",
        "Vertebra_c40": "structure",
    }
    headers = [
        dcmread(file, stop_before_pixels=True)
        for file in (shared / "unlabelled" / "4D-Lung_113_HM10395").iterdir()
    ]
    headers.sort(key=lambda header: float(header.ImagePositionPatient[2]))
    first = headers[0]
    assert drawn.series_uid == first.SeriesInstanceUID
    mm = float(first.PixelSpacing[0])
    affine = np.array([[0, 0, mm, 0], [0, mm, 0, 0], [3, 0, 0, 0], [0, 0, 0, 1]], float)
    affine[:3, 3] = first.ImagePositionPatient
    grid = Grid((len(headers), first.Rows, first.Columns), affine)
    back = place(drawn, grid)
    assert back.outside == ()
    tumour = back.labels.nodules[0]
    # The volume by the shoelace formula over its lines, half a pixel of border left out.
    area = 0.0
    for outline in drawn.marks[0].shape:
        x, y, _ = outline.points.T
        area += abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    by_lines = (6 * area * 3 / np.pi) ** (1 / 3)
    assert by_lines < tumour.diameter_mm < by_lines + 1.5 * mm
    points = np.concatenate([outline.points for outline in drawn.marks[0].shape])
    low, high = points.min(axis=0), points.max(axis=0)
    assert (np.array(tumour.center_mm) > low).all()
    assert (np.array(tumour.center_mm) < high).all()
