"""The worklist's view, as it comes from the browser."""

from hypothesis import given
from hypothesis import strategies as st

from lungcore.web.worklist import SORTS, STATES, VERDICTS, View


def test_a_view_is_read() -> None:
    sent = {"search": "x", "states": ["ready"], "sort": "findings", "descending": False, "page": 3}
    assert View.from_browser(sent) == View("x", ("ready",), (), "findings", False, 3)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*View.__slots__, "other"]), json))
def test_whatever_the_browser_sends_is_a_choice_on_the_page(sent: dict) -> None:
    view = View.from_browser(sent)
    assert set(view.states) <= set(STATES)
    assert set(view.verdicts) <= set(VERDICTS)
    assert view.sort in SORTS
    assert 1 <= view.page <= 1_000_000
    assert isinstance(view.search, str)
    assert len(view.search) <= 200
