"""The nine characteristics that LIDC readers rate, and what they say of a nodule in words.

Scales and meanings: McNitt-Gray et al., Acad Radiol 14:1464-1474 (2007).
"""

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
GROUND_GLASS_TO, PART_SOLID_TO = 2.0, 3.75
CALCIFIED_TO = 5.0
MARKED_FROM = 2.5
POOR_TO = 2.5
LINEAR_TO = 2.5


def words(attributes: Mapping[str, float]) -> tuple[str, ...]:
    """What is notable in `attributes` (value by name, on `SCALES`): keys of words.

    The texture always; then calcification, spiculation, lobulation, a poorly defined margin and
    a linear shape where they are marked.
    """
    texture = attributes["texture"]
    if texture <= GROUND_GLASS_TO:
        said = ["ground_glass"]
    else:
        said = ["part_solid"] if texture <= PART_SOLID_TO else ["solid"]
    notable = {
        "calcified": attributes["calcification"] <= CALCIFIED_TO,
        "spiculated": attributes["spiculation"] >= MARKED_FROM,
        "lobulated": attributes["lobulation"] >= MARKED_FROM,
        "poorly_defined": attributes["margin"] <= POOR_TO,
        "linear": attributes["sphericity"] <= LINEAR_TO,
    }
    return (*said, *(word for word, present in notable.items() if present))
