"""The series of which readers disagree, to be adjudicated one by one."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

import streamlit as st

from lungcore.findings.disagreement import DIAMETER_SHARE, DISPUTES, MALIGNANCY_STEPS
from lungcore.records import agreeing, database, disputes
from lungcore.records.disputes import SORTS, STANDINGS, Case, Disputed
from lungcore.web.answers import ADJUDICATORS
from pages import _context

PAGE = 25
TEXTS = (
    "adjudication.patient",
    "adjudication.patient_id",
    "adjudication.study_date",
    "adjudication.description",
)
TABLE = """
<style>
  .cases { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
  .cases :is(th, td) { padding: 5px 10px; text-align: left; border-bottom: 1px solid #8884; }
  .cases .number { text-align: right; }
</style>
"""

here = _context.account()
t = _context.texts(here)
_context.require_role(here, *ADJUDICATORS)
engine = _context.services().engine


@st.cache_data(max_entries=4, show_spinner=False)
def disputed_of(fingerprint: str) -> list[Disputed]:
    """All disputed series; of the same labels they are compared once."""
    with database.snapshot(_context.services().engine) as session:
        return disputes.found(session)


def row(case: Case) -> str:
    """A row of the table; the patient leads to the case."""
    one = case.disputed
    address = escape(f"adjudicate?{urlencode({'series': one.series_uid})}")
    name = escape(case.patient_name or case.patient_id or one.series_uid)
    patient = f'<td><a href="{address}">{name}</a></td>'
    texts = (case.patient_id, case.study_date, case.series_description)
    numbers = (one.readers, one.nodules, *(one.disputes.get(kind, 0) for kind in DISPUTES))
    said_at = f"{case.said_at:%Y-%m-%d %H:%M} UTC"
    return "".join(
        [
            f'<tr data-series="{escape(one.series_uid)}" data-standing="{case.standing}">{patient}',
            *(f"<td>{escape(text)}</td>" for text in texts),
            *(f'<td class="number">{number}</td>' for number in numbers),
            f"<td>{said_at}</td>",
            f"<td>{escape(t(f'adjudication.standing_{case.standing}'))}</td></tr>",
        ]
    )


def show(cases: Sequence[Case]) -> None:
    """The table of one page."""
    disputed = [f"adjudication.dispute_{kind}" for kind in DISPUTES]
    numbers = ("adjudication.readers", "adjudication.nodules", *disputed)
    heads = [
        *(f"<th>{escape(t(key))}</th>" for key in TEXTS),
        *(f'<th class="number">{escape(t(key))}</th>' for key in numbers),
        *(
            f"<th>{escape(t(key))}</th>"
            for key in ("adjudication.said_at", "adjudication.standing")
        ),
    ]
    rows = "".join(map(row, cases))
    head = "".join(heads)
    st.html(f'{TABLE}<table class="cases"><thead><tr>{head}</tr></thead>{rows}</table>')


st.subheader(t("adjudication.title"))
with database.snapshot(engine) as session_now:
    now = agreeing.fingerprint(session_now)
disputed = disputed_of(now)
if not disputed:
    st.info(t("adjudication.none"))
    st.stop()
left, middle, right = st.columns([3, 3, 2], vertical_alignment="bottom")
search = left.text_input(t("adjudication.search"))
standings = middle.pills(
    t("adjudication.standings"),
    STANDINGS,
    selection_mode="multi",
    default=["open", "begun"],
    format_func=lambda name: t(f"adjudication.standing_{name}"),
)
sort = right.segmented_control(
    t("adjudication.sort"),
    SORTS,
    default="worst",
    required=True,
    format_func=lambda name: t(f"adjudication.sort_{name}"),
)
asked = {"search": search, "standings": standings, "sort": sort, "page_size": PAGE}
with database.snapshot(engine) as session_now:
    found, total = disputes.cases(session_now, disputed, here.account_id, **asked)
    pages = -(-total // PAGE)
    if pages > 1:
        number = st.number_input(t("adjudication.page", n=pages), 1, pages, 1)
        found, _ = disputes.cases(session_now, disputed, here.account_id, page=number, **asked)
if found:
    show(found)
st.caption(
    t("adjudication.shown", n=total)
    + " "
    + t("adjudication.meaning", steps=MALIGNANCY_STEPS, percent=round(100 * DIAMETER_SHARE))
)
