"""COCO: what is written says of each pixel what the marks say."""

import json

import numpy as np

from lungcore.findings.voxels import on_grid
from lungcore.formats import coco
from lungcore.formats.label_images import label_map


def decoded(segmentation):
    """A mask of uncompressed run lengths, down the columns, as pycocotools decodes it."""
    rows, columns = segmentation["size"]
    flat, value, at = np.zeros(rows * columns, bool), False, 0
    for count in segmentation["counts"]:
        flat[at : at + count] = value
        at, value = at + count, not value
    assert at == flat.size
    return flat.reshape((rows, columns), order="F")


def test_slices_and_masks_are_those_of_the_marks(tmp_path, sets, grid):
    path = tmp_path / "coco.json"
    coco.write([(labels, grid) for labels in sets], path)
    content = json.loads(path.read_text())
    slices = {image["id"]: image["slice"] for image in content["images"]}
    assert len(slices) == len({image["file_name"] for image in content["images"]})
    found = {}
    for annotation in content["annotations"]:
        pixels = decoded(annotation["segmentation"])
        rows, columns = np.nonzero(pixels)
        left, top, width, height = annotation["bbox"]
        assert (columns.min(), rows.min()) == (left, top)
        assert (columns.max() - left + 1, rows.max() - top + 1) == (width, height)
        assert annotation["area"] == pixels.sum()
        said = annotation["attributes"]
        volume = found.setdefault((said["reader"], said["nodule"]), np.zeros(grid.shape, bool))
        volume[slices[annotation["image_id"]]] = pixels
    for labels in sets:
        for mark in labels.nodules:
            wanted = on_grid(mark.mask, grid) if mark.mask else label_map([mark], grid).astype(bool)
            np.testing.assert_array_equal(found.pop((labels.reader, mark.name)), wanted)
    assert not found
    ids = [annotation["id"] for annotation in content["annotations"]]
    assert len(ids) == len(set(ids))
    ratings = [a["attributes"].get("malignancy") for a in content["annotations"]]
    assert set(ratings) == {4, None}
