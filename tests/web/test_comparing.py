"""What the browser is told of two series of a patient."""

import math

import numpy as np
import pytest
from starlette.testclient import TestClient

from lungcore.findings.finding import Candidate
from lungcore.imaging.layers import Layer
from lungcore.imaging.volume import Volume
from lungcore.records import database, detections, studies
from lungcore.records.studies import NewSeries
from lungcore.web.services import Services

SHAPE = (20, 24, 32)
AFFINE = np.diag([2.0, 0.7, 0.7, 1.0])[[2, 1, 0, 3]]
LATER, EARLIER, OTHERS = "1.2.1", "1.2.2", "1.2.3"
VOXEL_MM3 = 2 * 0.7 * 0.7


def add(services: Services, uid: str, diameter_mm: float, voxels: int, **said: str) -> None:
    """A series with one finding, outlined on so many voxels in a row."""
    pixel_hash = services.pixels.write(uid, Volume(np.zeros(SHAPE, np.int16), AFFINE))
    texts = ("patient_sex", "study_time", "study_description", "accession_number", "body_part")
    texts += ("series_description", "manufacturer", "convolution_kernel", "patient_name")
    new = NewSeries(
        series_uid=uid,
        study_uid=uid + ".9",
        series_number=1,
        slice_thickness_mm=2.0,
        verdict="accept",
        reasons=(),
        slices=SHAPE[0],
        rows=SHAPE[1],
        columns=SHAPE[2],
        spacing_mm=(2.0, 0.7, 0.7),
        affine=tuple(AFFINE.ravel()),
        pixel_hash=pixel_hash,
        phantom=False,
        instances=(),
        **dict.fromkeys(texts, "")
        | {"patient_id": "P1", "patient_birth_date": "1960-01-01", "frame_of_reference_uid": "7.7"}
        | said,
    )
    outline = Layer("nodule", np.ones((1, 1, voxels), np.uint8), (5, 6, 7), candidate=0)
    with database.transaction(services.engine) as session:
        studies.add_series(session, new)
        detections.start(session, uid, f"job {uid}", None)
        found = [Candidate((6.0, 5.0, 11.0), diameter_mm, 0.9, 0.4)]
        shown = [(services.layers.add(outline.values), outline)]
        detections.finish(session, f"job {uid}", found, {}, {}, shown)


@pytest.fixture
def patient(services: Services) -> None:
    add(services, LATER, 9.0, 20, study_date="2026-03-01")
    add(services, EARLIER, 8.0, 10, study_date="2025-03-01")
    add(services, OTHERS, 8.0, 10, study_date="2024-03-01", patient_birth_date="1970-01-01")


def test_the_priors_are_the_patients_others(reader: TestClient, patient: None) -> None:
    [prior] = reader.get(f"/api/series/{LATER}/priors").json()["priors"]
    assert (prior["series_uid"], prior["days"]) == (EARLIER, 365)
    # An id alone is not enough: another patient may have it.
    assert reader.get(f"/api/series/{OTHERS}/priors").json()["priors"] == []


def test_the_review_page_is_told_of_the_latest_prior(reader: TestClient, patient: None) -> None:
    prior = reader.get(f"/api/series/{LATER}").json()["prior"]
    assert prior == {"series_uid": EARLIER, "study_date": "2025-03-01"}
    assert reader.get(f"/api/series/{EARLIER}").json()["prior"] is None


@pytest.mark.parametrize(("first", "second"), [(LATER, EARLIER), (EARLIER, LATER)])
def test_growth_is_from_the_earlier_to_the_later_by_the_outlines(
    reader: TestClient, patient: None, first: str, second: str
) -> None:
    answer = reader.get(f"/api/series/{first}/priors/{second}").json()
    assert (answer["prior"]["series_uid"], answer["current"]["series_uid"]) == (EARLIER, LATER)
    assert (answer["days"], answer["frame"]) == (365, True)
    [pair] = answer["pairs"]
    assert pair["growth"]["change"] == pytest.approx(1.0)
    diameter_mm = (6 * 20 * VOXEL_MM3 / math.pi) ** (1 / 3)
    assert pair["sizes"][1]["diameter_mm"] == pytest.approx(diameter_mm)


def test_without_a_common_frame_or_lungs_nothing_is_paired(
    reader: TestClient, services: Services
) -> None:
    add(services, LATER, 9.0, 20, study_date="2026-03-01", frame_of_reference_uid="1.1")
    add(services, EARLIER, 8.0, 10, study_date="2025-03-01", frame_of_reference_uid="1.2")
    answer = reader.get(f"/api/series/{LATER}/priors/{EARLIER}").json()
    assert (answer["frame"], answer["alignment"], answer["pairs"]) == (False, None, None)


@pytest.mark.parametrize("other", [LATER, OTHERS, "9.9"])
def test_only_series_of_one_patient_are_compared(
    reader: TestClient, patient: None, other: str
) -> None:
    assert reader.get(f"/api/series/{LATER}/priors/{other}").status_code == 422


def test_nobody_compares_without_signing_in(anybody: TestClient, patient: None) -> None:
    for path in ("priors", f"priors/{EARLIER}"):
        assert anybody.get(f"/api/series/{LATER}/{path}").status_code == 401


def test_a_series_without_a_patient_id_has_no_priors(reader, services) -> None:
    add(services, LATER, 9.0, 20, study_date="2026-03-01", patient_id="")
    add(services, EARLIER, 8.0, 10, study_date="2025-03-01", patient_id="")
    assert reader.get(f"/api/series/{LATER}/priors").json()["priors"] == []
