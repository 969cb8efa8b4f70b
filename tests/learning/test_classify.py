import numpy as np
import pytest

from lungcore.findings.attributes import SCALES
from lungcore.imaging.volume import Volume
from lungcore.learning import classify, explain, out_of_fold, shape
from lungcore.learning.classify import INPUTS, assess, look, rate
from lungcore.learning.crops import stack_at
from lungcore.learning.tasks import LUNGS

AFFINE = np.diag([0.7, 0.7, 1.25, 1.0])[:, [2, 1, 0, 3]]


class Bright:
    """Takes for the nodule what is bright, and scores it. Two members, the second unsure."""

    task = LUNGS

    class card:  # noqa: N801
        settings = out_of_fold.unfitted() | {"rating malignancy_above_3": 1.0, "above 3 slope": 2.0}

    def outputs(self, slabs):
        middle = slabs[..., slabs.shape[-1] // 2]
        logits = np.stack([40 * middle, 20 * middle], axis=-1)
        inside = middle > 0
        score = inside.mean(axis=(1, 2))[:, None, None] * np.ones((1, 2, len(LUNGS.targets)))
        score[:, 1] *= 3
        evidence = inside / np.maximum(inside.sum(axis=(1, 2), keepdims=True), 1)
        return logits, score, np.stack([evidence, evidence], axis=-1)


@pytest.fixture
def ball():
    """A ball of 12 mm, a little off the middle, so that turns show."""
    places = np.stack(np.meshgrid(*(np.arange(n) for n in (40, 90, 90)), indexing="ij"), -1)
    away = np.linalg.norm((places - (20, 44, 46)) * (1.25, 0.7, 0.7), axis=-1)
    return Volume(np.where(away <= 6, 60, -850).astype(np.int16), AFFINE)


def test_a_ball_is_outlined_and_measured(ball):
    (said,) = assess(ball, [ball.to_mm((20, 44, 44))], Bright())
    assert said.diameter_mm == pytest.approx(12, rel=0.04)
    assert set(said.attributes) == set(SCALES)
    assert all(1 <= value <= SCALES[name] for name, value in said.attributes.items())
    assert said.mask.shape == said.measured.hu.shape


def test_turned_views_are_turned_back(ball):
    stack = stack_at(ball, (20, 44, 41), 8, LUNGS)
    (once,), (often,) = look([stack], Bright()), look([stack], Bright(), views=8)
    np.testing.assert_allclose(often.logits, once.logits, atol=1e-4)
    np.testing.assert_allclose(often.evidence, once.evidence, atol=1e-6)


def test_members_are_averaged(ball):
    stack = stack_at(ball, (20, 44, 44), 8, LUNGS)
    _, scores, _ = Bright().outputs(stack.slabs())
    (said,) = look([stack], Bright())
    np.testing.assert_allclose(said.scores, scores.mean(axis=1))
    np.testing.assert_allclose(said.scores, 2 * scores[:, 0])


def test_a_mass_is_measured_at_a_coarser_scale():
    places = np.stack(np.meshgrid(*(np.arange(n) for n in (70, 150, 150)), indexing="ij"), -1)
    away = np.linalg.norm((places - (35, 75, 75)) * (1.25, 0.7, 0.7), axis=-1)
    mass = Volume(np.where(away <= 24, 60, -850).astype(np.int16), AFFINE)
    (said,) = assess(mass, [mass.to_mm((35, 75, 75))], Bright(), diameters_mm=[10.0])
    assert said.diameter_mm == pytest.approx(48, rel=0.05)
    assert said.measured.zoom > 1
    assert said.look.stack.zoom == 1


class Bordered(Bright):
    """Outlines only what has a border on the planes, as a network does that never saw a mass."""

    def outputs(self, slabs):
        logits, score, evidence = super().outputs(slabs)
        logits[(slabs[..., 0] > 0).mean(axis=(1, 2)) > 0.6] = -9
        return logits, score, evidence


@pytest.mark.parametrize("diameters_mm", [[48.0], None])
def test_a_mass_without_a_border_is_looked_for_at_a_coarser_scale(diameters_mm):
    places = np.stack(np.meshgrid(*(np.arange(n) for n in (70, 150, 150)), indexing="ij"), -1)
    away = np.linalg.norm((places - (35, 75, 75)) * (1.25, 0.7, 0.7), axis=-1)
    mass = Volume(np.where(away <= 24, 60, -850).astype(np.int16), AFFINE)
    cut = Volume(mass.hu[20:51], AFFINE)  # shows no plane with a border but at a coarser scale
    said = assess(cut, [cut.to_mm((15, 75, 75))], Bordered(), diameters_mm=diameters_mm)[0]
    assert said.look.stack.zoom > 1
    assert said.diameter_mm > 36


def test_the_end_of_a_crop_does_not_change_what_is_said(ball):
    """A crop of the nodule and one slice more, as lidc_nodule_voi3d has them."""
    (whole,) = assess(ball, [ball.to_mm((20, 44, 46))], Bright())
    cut = Volume(ball.hu[14:27], AFFINE)
    (said,) = assess(cut, [cut.to_mm((6, 44, 46))], Bright())
    assert said.diameter_mm == pytest.approx(whole.diameter_mm)
    assert said.malignancy == pytest.approx(whole.malignancy)


def test_nothing_to_assess(ball):
    assert assess(ball, np.empty((0, 3)), Bright()) == []


def test_the_rating_is_a_linear_model():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(5, len(INPUTS)))
    weights = rng.normal(size=len(INPUTS)) / 10
    settings = {f"rating {name}": w for name, w in zip(INPUTS, weights, strict=True)}
    settings |= {"rating intercept": 3.0, "above 3 slope": 2.0, "above 3 intercept": -6.5}
    rating, above = rate(inputs, settings)
    np.testing.assert_allclose(rating, inputs @ weights + 3)
    np.testing.assert_allclose(above, 1 / (1 + np.exp(6.5 - 2 * (inputs @ weights + 3))))


def test_fit_finds_the_ridge_and_the_logistic_model():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(300, len(INPUTS))) * rng.uniform(0.5, 20, len(INPUTS))
    ratings = np.clip(3 + inputs[:, 0] / inputs[:, 0].std() + rng.normal(0, 0.3, 300), 1, 5)
    shares = (ratings > 3).astype(float)

    class Judged:
        def __init__(self, number):
            self.rating, self.share_above_3 = ratings[number], shares[number]
            self.said = type("Said", (), {"features": inputs[number]})

    settings = out_of_fold.fit([Judged(number) for number in range(300)])
    normal = (inputs - inputs.mean(0)) / inputs.std(0)
    rows = np.vstack([normal, np.sqrt(out_of_fold.RIDGE) * np.eye(len(INPUTS))])
    known = np.concatenate([ratings - ratings.mean(), np.zeros(len(INPUTS))])
    expected = normal @ np.linalg.lstsq(rows, known, rcond=None)[0] + ratings.mean()
    rating, above = rate(inputs, settings)
    np.testing.assert_allclose(rating, np.clip(expected, 1, 5), atol=1e-6)
    # What maximum likelihood must fulfil.
    assert above.mean() == pytest.approx(shares.mean(), abs=1e-4)
    assert (above * expected).mean() == pytest.approx((shares * expected).mean(), abs=1e-3)


def test_the_map_lies_in_the_nodule_and_adds_up(ball):
    (said,) = assess(ball, [ball.to_mm((20, 44, 46))], Bright())
    found = explain.attribution(said.look)
    assert found.shape == said.look.stack.hu.shape
    inside = shape.component(said.look.logits, said.look.stack)
    assert found[inside].sum() > 0.9 * found.sum()
    assert found.sum() == pytest.approx(1)  # each plane's evidence adds up to 1


def test_occluding_the_hottest_lowers_the_score(ball):
    stack = stack_at(ball, (20, 44, 46), 12, LUNGS)
    (before,) = look([stack], Bright())
    region = explain.hottest(explain.attribution(before), 60)
    assert region.sum() == 60
    (after,) = look([explain.occluded(stack, region)], Bright())
    assert explain.malignancy_score(after) < explain.malignancy_score(before)


def test_a_score_is_weighted_by_the_area_of_its_planes(ball):
    (said,) = look([stack_at(ball, (20, 44, 46), 12, LUNGS)], Bright())
    areas = (said.logits > 0).sum(axis=(1, 2))
    expected = (said.scores * areas[:, None]).sum(axis=0) / areas.sum()
    np.testing.assert_allclose(classify.pooled(said), expected)
