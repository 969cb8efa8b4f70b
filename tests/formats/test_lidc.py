"""The XML of LIDC-IDRI's readers, made here and real."""

import csv

import numpy as np
import pytest

from lungcore.dicom.read import read_header
from lungcore.dicom.segmentation import read_segmentation
from lungcore.errors import LungcoreError
from lungcore.findings.agreement import dice
from lungcore.findings.attributes import SCALES
from lungcore.findings.labels import Grid
from lungcore.findings.placing import place
from lungcore.formats import lidc

UID = "1.2.3"
SCANS = {
    "LIDC-IDRI-0001": "069.xml",
    "LIDC-IDRI-0003_slab11": "72.xml",
    "LIDC-IDRI-0023_partial101of137": "111.xml",
}
RADIOGRAPHS = {"087.xml", "189.xml", "222.xml"}
NODULE = """<unblindedReadNodule><noduleID>N1</noduleID>
<characteristics><subtlety>5</subtlety><internalStructure>1</internalStructure>
<calcification>6</calcification><sphericity>3</sphericity><margin>0</margin>
<lobulation>x</lobulation><malignancy>6</malignancy></characteristics>
<roi><imageZposition>-10.5 </imageZposition><inclusion>TRUE</inclusion>
<edgeMap><xCoord>3</xCoord><yCoord>4</yCoord></edgeMap>
<edgeMap><xCoord>4</xCoord><yCoord>4</yCoord></edgeMap></roi>
<roi><imageZposition>-10.5</imageZposition><inclusion>FALSE</inclusion>
<edgeMap><xCoord>3</xCoord><yCoord>4</yCoord></edgeMap></roi></unblindedReadNodule>"""
SMALL = """<unblindedReadNodule><noduleID>S1</noduleID><roi><imageZposition>7</imageZposition>
<inclusion>TRUE</inclusion><edgeMap><xCoord>9</xCoord><yCoord>8</yCoord></edgeMap></roi>
</unblindedReadNodule>"""
NONE = """<nonNodule><nonNoduleID>X1</nonNoduleID><imageZposition>1.5</imageZposition>
<locus><xCoord>5</xCoord><yCoord>6</yCoord></locus></nonNodule>"""


def message(*sessions, tag="LidcReadMessage"):
    parts = "".join(
        f"<readingSession><servicingRadiologistID>{reader}</servicingRadiologistID>{marks}"
        "</readingSession>"
        for reader, marks in sessions
    )
    return (
        f'<{tag} xmlns="http://www.nih.gov"><ResponseHeader><SeriesInstanceUid>{UID}'
        f"</SeriesInstanceUid></ResponseHeader>{parts}</{tag}>"
    )


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "read.xml"
        path.write_text(text)
        return path

    return write


def test_marks_of_each_kind(written):
    [ann, bob] = lidc.read(written(message(("ann", NODULE + SMALL + NONE), ("bob", ""))))
    assert (ann.series_uid, ann.reader, bob.reader, bob.marks) == (UID, "ann", "bob", ())
    nodule, small, none = ann.marks
    assert [mark.kind for mark in ann.marks] == ["nodule", "small_nodule", "non_nodule"]
    assert [mark.name for mark in ann.marks] == ["N1", "S1", "X1"]
    assert (small.center, none.center) == ((9, 8, 7), (5, 6, 1.5))
    assert [outline.how for outline in nodule.shape] == ["add", "hole"]
    np.testing.assert_array_equal(nodule.shape[0].points, [(3, 4, -10.5), (4, 4, -10.5)])
    assert all(mark.in_pixels for mark in ann.marks)


def test_values_off_their_scale_are_no_ratings(written):
    [ann] = lidc.read(written(message(("ann", NODULE))))
    assert ann.marks[0].attributes == {
        "subtlety": 5,
        "internal_structure": 1,
        "calcification": 6,
        "sphericity": 3,
    }


def test_readers_of_one_name_are_told_apart(written):
    found = lidc.read(written(message(("anon", SMALL), ("anon", NONE))))
    assert [labels.reader for labels in found] == ["anon-1", "anon-2"]


def test_a_radiograph_is_refused_with_the_reason(written):
    with pytest.raises(LungcoreError, match="radiograph"):
        lidc.read(written(message(tag="IdriReadMessage")))


def test_other_xml_is_refused(written):
    with pytest.raises(LungcoreError, match="another kind"):
        lidc.read(written("<html/>"))


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ("<xCoord>9</xCoord>", "", "no xCoord"),
        ("<xCoord>9</xCoord>", "<xCoord>many</xCoord>", "many"),
        ("<xCoord>9</xCoord>", "<xCoord>inf</xCoord>", "inf"),
        ("<inclusion>TRUE</inclusion>", "", "no inclusion"),
        ("<edgeMap><xCoord>9</xCoord><yCoord>8</yCoord></edgeMap>", "", "no edgeMap"),
        ("<noduleID>S1</noduleID>", "", "no noduleID"),
        (UID, "", "SeriesInstanceUid"),
    ],
)
def test_what_a_mark_lacks_is_told(written, change, to, told):
    with pytest.raises(LungcoreError, match=told):
        lidc.read(written(message(("ann", SMALL)).replace(change, to)))


def test_every_ct_read_of_the_sample_is_read_and_every_radiograph_refused(shared):
    refused, readers = set(), 0
    for path in sorted((shared / "lidc_xml_sample").glob("*.xml")):
        try:
            sets = lidc.read(path)
        except LungcoreError as error:
            assert error.key == "labels.lidc_radiograph"
            refused.add(path.name)
            continue
        assert len(sets) == len({labels.reader for labels in sets}) == 4
        text = path.read_text()
        counted = sum(len(labels.marks) for labels in sets)
        assert counted == text.count("<noduleID>") + text.count("<nonNoduleID>")
        rated = [mark for labels in sets for mark in labels.marks if mark.attributes]
        assert len(rated) == text.count("<characteristics>")
        assert all(set(mark.attributes) == set(SCALES) for mark in rated)
        readers += len(sets)
    assert (refused, readers) == (RADIOGRAPHS, 17 * 4)


def grid_of(folder):
    headers = [read_header(path, path.name) for path in folder.iterdir()]
    headers.sort(key=lambda header: header.frames[0].position_mm[2])
    first, second = headers[0].frames[0], headers[1].frames[0]
    row_mm, column_mm = first.pixel_spacing_mm
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0, column_mm], [0, row_mm, 0], [1, 0, 0]]
    affine[2, 0] = second.position_mm[2] - first.position_mm[2]
    affine[:3, 3] = first.position_mm
    pixels = headers[0].pixels
    return Grid((len(headers), pixels.rows, pixels.columns), affine)


@pytest.mark.parametrize("scan", SCANS)
def test_the_readers_marks_are_where_their_rows_say(shared, scan):
    """Within 0.5 mm in place and diameter, as the reference standard beside the scans has them."""
    folder = shared / "lidc_scans" / scan
    grid = grid_of(folder / "dicom")
    nodules = [
        mark
        for labels in lidc.read(folder / SCANS[scan])
        for mark in place(labels, grid).labels.nodules
    ]
    with (shared / "lidc_scans" / "annotations_per_reader.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["scan"] == scan]
    assert len(nodules) == len(rows) == 4
    for mark, row in zip(nodules, rows, strict=True):
        there = [float(row[name]) for name in ("x_mm", "y_mm", "z_mm")]
        assert np.linalg.norm(np.subtract(mark.center_mm, there)) < 0.5
        assert mark.diameter_mm == pytest.approx(float(row["equiv_diam_mm"]), abs=0.5)
        assert mark.mask.voxels.shape[0] == int(row["n_slices"])
        for name in SCALES:
            column = "internalStructure" if name == "internal_structure" else name
            assert mark.attributes[name] == int(row[column])


def test_the_readers_masks_are_those_of_the_dicom_segmentation(shared):
    folder = shared / "lidc_scans" / "LIDC-IDRI-0001"
    grid = grid_of(folder / "dicom")
    drawn = lidc.read(folder / "069.xml")
    name = "LIDC-IDRI-0001_Combined_SEG.dcm"
    segmented = read_segmentation(folder / name, name, "seg")
    assert len(drawn) == len(segmented) == 4
    for one, other in zip(drawn, segmented, strict=True):
        [mine], [theirs] = (place(labels, grid).labels.nodules for labels in (one, other))
        assert dice(mine.mask, theirs.mask) > 0.95
