"""Which patients' folds each member of the classifier never saw.

The folds are left out in pairs, so that every nodule has members that never saw its patient: the
figures out of fold are of the very networks that ship.
"""

LEFT_OUT = ((0, 1), (2, 3), (4, 5), (6, 7))
ROUNDS = 1  # members a part, of other seeds
MEMBERS = len(LEFT_OUT) * ROUNDS


def parts() -> int:
    """How many parts the folds are left out in; member n belongs to part n modulo this."""
    return len(LEFT_OUT)


def left_out(member: int) -> tuple[int, ...]:
    """The folds that this member, or part, never saw."""
    return LEFT_OUT[member % len(LEFT_OUT)]
