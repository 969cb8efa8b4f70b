import hashlib

import numpy as np
import pytest
from numcodecs import zstd

from lungcore.errors import LungcoreError
from lungcore.imaging.layers import Layer
from lungcore.records import detections, layers, readings, studies
from lungcore.records.database import transaction
from lungcore.records.layers import LayerStore

VALUES = np.random.default_rng(1).integers(0, 256, (3, 4, 5), np.uint8)
SHA256 = hashlib.sha256(VALUES.tobytes()).hexdigest()


@pytest.fixture
def store(tmp_path):
    return LayerStore(tmp_path)


def test_values_are_kept_under_their_hash_and_once(store, tmp_path):
    assert store.add(VALUES) == SHA256
    assert store.add(np.asfortranarray(VALUES)) == SHA256
    assert zstd.decompress(store.coded(SHA256)) == VALUES.tobytes()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [SHA256]


def test_clean_removes_the_unknown_and_the_half_written(store, tmp_path):
    store.add(VALUES)
    other = store.add(VALUES[:1])
    (tmp_path / "layers" / "a").mkdir(exist_ok=True)
    (tmp_path / "layers" / "a" / "half.incoming").write_bytes(b"x")
    assert sorted(store.clean({SHA256})) == sorted([other, "half.incoming"])
    assert store.coded(SHA256)
    with pytest.raises(LungcoreError, match=other):
        store.coded(other)


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", SHA256.upper(), SHA256 + "0"])
def test_a_hash_never_names_another_file(store, sha256):
    with pytest.raises(ValueError, match="sha256"):
        store.coded(sha256)


def test_layers_follow_their_findings_however_candidates_are_sorted(
    engine, stored_series, readers, candidates
):
    """The most probable candidate is the second of three."""
    found = [("0" * 64, Layer("lungs", VALUES, (0, 0, 0), (1, 2, 2)))]
    found += [
        (f"{n:064x}", Layer("nodule", VALUES, (n, 0, 0), candidate=n))
        for n in range(len(candidates))
    ]
    with transaction(engine) as session:
        detections.start(session, stored_series, "job-1", None)
        detections.finish(session, "job-1", candidates, {}, {}, found)
        reading = readings.open_reading(session, stored_series, readers[0])
        told = layers.of_detection(session, reading.detection_id)
        findings = {finding.finding_uid: finding for finding in reading.state.findings}
        known = studies.known_files(session).layers
    assert [layer.finding_uid for layer in told[:1]] == [None]
    assert [findings[layer.finding_uid].center_mm for layer in told[1:]] == [
        candidate.center_mm for candidate in candidates
    ]
    assert [layer.origin for layer in told[1:]] == [(0, 0, 0), (1, 0, 0), (2, 0, 0)]
    assert known == {sha256 for sha256, _ in found}


def test_layers_go_with_the_detections_of_a_series_that_grew(engine, new_series, stored_series):
    with transaction(engine) as session:
        detections.start(session, stored_series, "job-1", None)
        lungs = [(SHA256, Layer("lungs", VALUES, (0, 0, 0)))]
        detections.finish(session, "job-1", [], {}, {}, lungs)
        layers.check_of_series(session, stored_series, SHA256)
    with transaction(engine) as session:
        studies.add_series(session, new_series(slices=4, pixel_hash="cd" * 32))
        assert studies.known_files(session).layers == frozenset()
        with pytest.raises(LungcoreError, match=SHA256):
            layers.check_of_series(session, stored_series, SHA256)
