"""The history of a reading at `/history?series=UID`: every change, and any past state."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Finding
from lungcore.findings.reading import ReadingState
from lungcore.findings.said import NoduleLabel, ScanAnswer
from lungcore.records import database, history, studies
from lungcore.records.history import Entry, History
from lungcore.records.readings import ReadingSummary
from pages import _context

REASONS = ("vessel", "scar", "lymph_node", "artefact", "other")
FREE = ("comment", "excluded")

here = _context.account()
t = _context.texts(here)


def row_of(entry: Entry, numbers: dict[str, int]) -> tuple[object, ...]:
    """A change in words: when, who, what, about what, from, to."""
    event, about = entry.event, entry.after or entry.before
    subject = ""
    if isinstance(about, Finding):
        subject = t("history.finding", number=numbers[about.finding_uid])
    elif isinstance(about, ScanAnswer):
        subject = t("history.scan")
    before, after = (changed(one, event.kind) for one in (entry.before, entry.after))
    if event.kind == "reopen":
        after = t("history.reason", reason=event.payload["reason"])
    when = event.at.strftime("%Y-%m-%d %H:%M:%S")
    return event.seq, when, entry.reader_name, what(event.kind), subject, before, after


def what(kind: str) -> str:
    """What was done, in a word."""
    return t(f"history.kind_{kind}")


def changed(about: Finding | ScanAnswer | None, kind: str) -> str:
    """What a kind of change is about: the label alone, all but the label, or both."""
    if not isinstance(about, Finding):
        return words(about)
    if kind == "label":
        return label_words(about.label) or t("history.nothing")
    return words(about if kind in ("undo", "redo") else replace(about, label=None))


def words(about: Finding | ScanAnswer | None) -> str:
    """A finding or what is said of the scan, in words."""
    if about is None:
        return ""
    if isinstance(about, ScanAnswer):
        return said(about, ("no_nodules", "quality", "excluded")) or t("history.nothing")
    x, y, z = (f"{value:.1f}" for value in about.center_mm)
    place = t("history.place", mm=f"{about.diameter_mm:.1f}", x=x, y=y, z=z)
    parts = [t(f"viewer.state_{about.state}"), place]
    if about.mask:
        parts.append(t("history.outlined"))
    if about.reason:
        parts.append(t("history.reason", reason=reason(about.reason)))
    return "; ".join([*parts, *filter(None, [label_words(about.label)])])


def reason(given: str) -> str:
    """A reason that was chosen, in words; one that was written, as it is."""
    return t(f"viewer.reason_{given}") if given in REASONS else given


def label_words(label: NoduleLabel | None) -> str:
    """All that is said of a nodule."""
    if label is None:
        return ""
    ratings = [
        t("history.said", name=t(f"viewer.ask_{name}"), value=t(f"viewer.value_{name}_{value}"))
        for name, value in label.attributes.items()
    ]
    rest = said(label, ("nodule_type", "lobe", "confidence", "comment"))
    return "; ".join(filter(None, [*ratings, rest]))


def said(about: NoduleLabel | ScanAnswer, names: tuple[str, ...]) -> str:
    """Those of the fields that say something."""
    parts = []
    for name in names:
        value = getattr(about, name)
        asked = t(f"viewer.ask_{name}")
        if value is True:
            parts.append(asked)
        elif value not in (None, "", False):
            shown = value if name in FREE else t(f"viewer.value_{name}_{value}")
            parts.append(t("history.said", name=asked, value=shown))
    return "; ".join(parts)


def finding_numbers(found: History) -> dict[str, int]:
    """A number for each finding that there ever was, in the order of the cards."""
    numbers: dict[str, int] = {}
    for state in found.states:
        for one in state.findings:
            numbers.setdefault(one.finding_uid, len(numbers) + 1)
    return numbers


def show_entries(found: History, numbers: dict[str, int]) -> None:
    """Every change in its order."""
    names = ("number", "when", "who", "what", "about", "from", "to")
    columns = [t(f"history.column_{name}") for name in names]
    rows = [row_of(entry, numbers) for entry in found.entries]
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True)


def show_state(state: ReadingState, numbers: dict[str, int]) -> None:
    """The reading as it stood."""
    signed = t("history.signed" if state.signed else "history.unsigned")
    st.caption(f"{signed} · {t('history.said', name=t('history.scan'), value=words(state.scan))}")
    rows = [(numbers[one.finding_uid], words(one)) for one in state.findings]
    columns = [t("history.column_about"), t("history.column_state")]
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True)


def name_of(one: ReadingSummary) -> str:
    """Whose reading it is, and when it was last saved."""
    when = one.last_saved_at.strftime("%Y-%m-%d %H:%M") if one.last_saved_at else ""
    return t("history.reading_of", reader=one.reader_name, when=when)


series_uid = st.query_params.get("series", "")
try:
    with database.snapshot(_context.services().engine) as session:
        series = studies.series(session, series_uid)
        open_to = history.visible(
            session, series_uid, here.account_id, adjudicates="adjudicator" in here.roles
        )
except LungcoreError as problem:
    st.error(problem.text(here.language))
    st.page_link("worklist.py", label=t("pages.worklist"), icon=":material/list:")
    st.stop()
st.subheader(t("history.of", patient=series.patient_id or series.series_uid))
if st.button(t("history.to_review"), icon=":material/radiology:"):
    st.switch_page("review.py", query_params={"series": series.series_uid})
if not open_to:
    st.info(t("history.empty"))
    st.stop()
own_first = sorted(open_to, key=lambda one: one.account_id != here.account_id)
reading = st.selectbox(t("history.reading"), own_first, format_func=name_of)
with database.snapshot(_context.services().engine) as session:
    shown = history.of_reading(session, reading.reading_id)
numbered = finding_numbers(shown)
show_entries(shown, numbered)
last = len(shown.entries)
chosen = st.slider(t("history.after"), 0, last, last, key=f"after {reading.reading_id}")
show_state(shown.states[chosen], numbered)
