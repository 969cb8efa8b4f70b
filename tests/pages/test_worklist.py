"""The worklist page."""


def test_the_empty_worklist_mounts(sign_in, run) -> None:
    sign_in("clinician")
    assert not run("worklist").exception
