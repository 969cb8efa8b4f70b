"""The nine characteristics that LIDC readers rate, and what they say of a nodule in words.

Scales and meanings: McNitt-Gray et al., Acad Radiol 14:1464-1474 (2007).
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

# Each from 1 to its highest value.
SCALES: Mapping[str, int] = MappingProxyType(
    {
        "subtlety": 5,  # 1 extremely subtle, 5 obvious
        "internal_structure": 4,  # 1 soft tissue, 2 fluid, 3 fat, 4 air
        "calcification": 6,  # 1 popcorn to 5 central, 6 absent
        "sphericity": 5,  # 1 linear, 3 ovoid, 5 round
        "margin": 5,  # 1 poorly defined, 5 sharp
        "lobulation": 5,  # 1 none, 5 marked
        "spiculation": 5,  # 1 none, 5 marked
        "texture": 5,  # 1 ground glass, 3 part-solid, 5 solid
        "malignancy": 5,  # 1 highly unlikely, 3 indeterminate, 5 highly suspicious
    }
)
# The machine's estimates lie nearer the middle than the readers' ratings. A word is said of as many
# nodules as the readers' means ask for it (texture up to 2.5, calcification up to 5, spiculation
# and lobulation from 2.5), out of fold on lidc_nodule_voi3d: right for 0.43, 0.62, 0.55 and 0.54
# of those that it is said of.
SUBSOLID_TO = 4.11
CALCIFIED_TO = 5.36
SPICULATED_FROM = 2.30
LOBULATED_FROM = 2.29


def words(attributes: Mapping[str, float]) -> tuple[str, ...]:
    """What is notable in the machine's `attributes` (value by name, on `SCALES`): keys of words.

    The texture always, solid or subsolid; then calcification, spiculation and lobulation where
    they are marked. Margin and sphericity are not told well enough to be said. Nothing is said of
    what is not rated, as in a task of another organ.
    """
    rated = attributes.get
    notable = {
        "subsolid": rated("texture", math.inf) <= SUBSOLID_TO,
        "solid": rated("texture", -math.inf) > SUBSOLID_TO,
        "calcified": rated("calcification", math.inf) <= CALCIFIED_TO,
        "spiculated": rated("spiculation", -math.inf) >= SPICULATED_FROM,
        "lobulated": rated("lobulation", -math.inf) >= LOBULATED_FROM,
    }
    return tuple(word for word, present in notable.items() if present)
