"""What choosing the next patients to label is worth, by replaying LIDC's labels.

    python -m benchmarks.active_learning [--data ../shared/data] [--models models] [--seeds 20]

Labelling begins with 50 patients; each round adds 25 more by a strategy, and a model of malignancy
is fitted anew to all labels so far. AUC (vote 4-5 against 1-2) is measured on a quarter of the
patients, which no strategy may choose from.

The model is a ridge regression of the vote on the nineteen measures of size, shape and density that
are taken inside the shipped classifier's own outline. Its scores of malignancy are left out: that
network has seen the labels of patients that are called unlabelled here. The outline has not been
fitted to any rating.

uncertainty: the patients whose nodules are rated nearest to the middle. diversity: the patients
farthest from those already labelled, in the space of the measures (k-centre, Sener and Savarese
2018). random: at random. Same seed, same test patients and same first 50.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import parser
from lungcore.learning import out_of_fold, roc, shape
from lungcore.learning.classify import INPUTS
from lungcore.learning.tasks import LUNGS

FIRST, MORE, TEST_SHARE = 50, 25, 0.25
RIDGE = 30.0
MIDDLE = 3.0

Values = NDArray[np.float64]


class Pool:
    """All nodules: measures, votes, and which patient each is of."""

    def __init__(self, data: Path, models: Path) -> None:
        judged = out_of_fold.judge(LUNGS, data, models / "classifier")
        chosen = [INPUTS.index(name) for name in shape.FEATURES]
        self.measures = np.array([one.said.features for one in judged])[:, chosen]
        self.votes = np.array([one.rated.vote for one in judged])
        names = [one.rated.patient_id for one in judged]
        self.patients, self.of = np.unique(names, return_inverse=True)


def fit(measures: Values, votes: Values) -> Callable[[Values], Values]:
    """A function that rates measures, by ridge regression on those of unit variance."""
    mean, deviation = measures.mean(axis=0), measures.std(axis=0) + 1e-9
    normal = (measures - mean) / deviation
    kernel = normal.T @ normal + RIDGE * np.eye(normal.shape[1])
    weights = np.linalg.solve(kernel, normal.T @ (votes - votes.mean()))
    return lambda some: (some - mean) / deviation @ weights + votes.mean()


def uncertainty(pool: Pool, labelled: Values, open_: Values, rng: np.random.Generator) -> Values:
    """The patients whose nodules are rated nearest to the middle, on average."""
    here = np.isin(pool.of, labelled)
    away = np.abs(fit(pool.measures[here], pool.votes[here])(pool.measures) - MIDDLE)
    mean = [away[pool.of == patient].mean() for patient in open_]
    return open_[np.argsort(mean)[:MORE]]


def diversity(pool: Pool, labelled: Values, open_: Values, rng: np.random.Generator) -> Values:
    """One after the other, the patient with the nodule farthest from all labelled ones."""
    normal = (pool.measures - pool.measures.mean(axis=0)) / (pool.measures.std(axis=0) + 1e-9)
    nearest = np.full(len(normal), np.inf)
    for patient in labelled:
        for nodule in normal[pool.of == patient]:
            nearest = np.minimum(nearest, np.linalg.norm(normal - nodule, axis=1))
    chosen: list[int] = []
    rest = set(open_.tolist())
    while rest and len(chosen) < MORE:
        far = max(rest, key=lambda patient: nearest[pool.of == patient].max())
        rest.remove(far)
        chosen.append(far)
        for nodule in normal[pool.of == far]:
            nearest = np.minimum(nearest, np.linalg.norm(normal - nodule, axis=1))
    return np.array(chosen)


def at_random(pool: Pool, labelled: Values, open_: Values, rng: np.random.Generator) -> Values:
    """Patients at random."""
    return rng.permutation(open_)[:MORE]


STRATEGIES = {"uncertainty": uncertainty, "diversity": diversity, "random": at_random}


def replay(pool: Pool, name: str, seed: int) -> dict[int, float]:
    """AUC on the test patients by the number of patients labelled."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pool.patients))
    held_out = round(TEST_SHARE * len(order))
    test, labelled, open_ = order[:held_out], order[held_out:][:FIRST], order[held_out:][FIRST:]
    told = np.isin(pool.of, test) & (pool.votes != MIDDLE)
    found: dict[int, float] = {}
    while True:
        here = np.isin(pool.of, labelled)
        rated = fit(pool.measures[here], pool.votes[here])(pool.measures[told])
        found[len(labelled)] = roc.auc(rated, pool.votes[told] > MIDDLE)
        if len(open_) < MORE:
            return found
        chosen = STRATEGIES[name](pool, labelled, open_, rng)
        labelled = np.concatenate([labelled, chosen])
        open_ = np.setdiff1d(open_, chosen)


def tell(found: dict[str, list[dict[int, float]]]) -> None:
    """AUC by patients labelled, and what each strategy gains on choosing at random."""
    counts = sorted(found["random"][0])
    print(f"AUC of the vote, mean and 95 % interval over {len(found['random'])} seeds\n")
    print("patients  " + "".join(f"{name:>30}" for name in found))
    for count in counts:
        cells = [spread([one[count] for one in runs]) for runs in found.values()]
        print(f"{count:8d}  " + "".join(f"{cell:>30}" for cell in cells))
    print("\ngained on random, paired by seed, mean over all rounds but first and last")
    for name in ("uncertainty", "diversity"):
        gains = [
            np.mean([own[count] - other[count] for count in counts[1:-1]])
            for own, other in zip(found[name], found["random"], strict=True)
        ]
        wins = np.mean(np.array(gains) > 0)
        print(f"  {name:12} {spread(gains)}, better with {wins:.0%} of the seeds")


def spread(values: list[float]) -> str:
    """Mean, and the interval that holds 95 % of the values."""
    low, high = np.percentile(values, [2.5, 97.5])
    return f"{np.mean(values):.4f} ({low:.4f}, {high:.4f})"


def main() -> None:
    """Replay every strategy with every seed."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--seeds", type=int, default=20)
    given = arguments.parse_args()
    pool = Pool(given.data, given.models)
    print(f"{len(pool.votes)} nodules of {len(pool.patients)} patients\n")
    tell({name: [replay(pool, name, seed) for seed in range(given.seeds)] for name in STRATEGIES})


if __name__ == "__main__":
    main()
