"""Dataset versions: those that are frozen, a new one by rules, and what two have otherwise."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lungcore.errors import LungcoreError
from lungcore.findings.dataset import CONSENSUS, SOURCES, SPLITS, Rules, difference
from lungcore.jobs import datasets as drafting
from lungcore.records import database, datasets, label_sources
from lungcore.records.datasets import DatasetRecord, Draft
from pages import _balance, _context

MOST_LISTED = 200
MOST_ROWS, MOST_HEIGHT = 6, 220  # of the table of versions, in rows and px; the rest is scrolled to

here = _context.account()
t = _context.texts(here)
_context.require_role(here, "model_owner")
services = _context.services()


def show_versions(known: Sequence[DatasetRecord]) -> None:
    """The versions as a table; of the one that is chosen, what it holds and its manifest."""
    if not known:
        st.info(t("datasets.none_yet"))
        return
    chosen = st.dataframe(
        pd.DataFrame(
            {
                t("datasets.id"): [one.short_id for one in known],
                t("datasets.name"): [one.name for one in known],
                t("datasets.frozen_at"): [f"{one.frozen_at:%Y-%m-%d %H:%M} UTC" for one in known],
                t("datasets.frozen_by"): [one.frozen_by for one in known],
                **{
                    t(f"datasets.split_{split}"): [one.balance[split].series for one in known]
                    for split in SPLITS
                },
                t("datasets.count_nodules"): [
                    sum(share.nodules for share in one.balance.values()) for one in known
                ],
            }
        ),
        hide_index=True,
        height="auto" if len(known) <= MOST_ROWS else MOST_HEIGHT,
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [0]}},
        on_select="rerun",
        key="versions",
    )
    [number] = chosen.selection.rows or [0]
    show_version(known[min(number, len(known) - 1)])


def show_version(one: DatasetRecord) -> None:
    """One version: its whole id, its manifest to download, and what it holds."""
    with database.snapshot(services.engine) as session:
        manifest = datasets.find(session, one.dataset_id)
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(f"**{one.name}** `{one.dataset_id}`" if one.name else f"`{one.dataset_id}`")
    right.download_button(
        t("datasets.download"),
        manifest.canonical(),
        file_name=f"dataset-{one.short_id}.json",
        mime="application/json",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )
    _balance.show(one.balance, t, "version")


def ask_rules() -> Rules | None:
    """The form of the rules; None until somebody asks to see what they choose."""
    with database.snapshot(services.engine) as session:
        readers = label_sources.reader_names(session, here.account_id)
        adjudicators = label_sources.adjudicator_names(session, here.account_id)
        readers += [name for name in adjudicators if name not in readers]
    with st.form("rules"):
        sources = st.pills(
            t("datasets.sources"),
            SOURCES,
            selection_mode="multi",
            default=SOURCES,
            format_func=lambda source: t(f"datasets.source_{source}"),
        )
        chosen = st.multiselect(
            t("datasets.readers"), readers, placeholder=t("datasets.all_readers")
        )
        consensus = st.radio(
            t("datasets.consensus"),
            CONSENSUS,
            format_func=lambda name: t(f"datasets.consensus_{name}"),
        )
        cuts = st.slider(
            t("datasets.shares"), 0, 100, (70, 85), step=5, help=t("datasets.shares_help")
        )
        one, two, three = st.columns(3)
        seed = one.number_input(t("datasets.seed"), 0, 9999, 0, help=t("datasets.seed_help"))
        least = two.number_input(t("datasets.least_readers"), 1, 99, 1)
        thickest = three.number_input(t("datasets.thickest_mm"), 0.1, 20.0, None, 0.5)
        without = st.text_area(t("datasets.without"), height=68)
        phantoms = st.checkbox(t("datasets.phantoms"))
        if not st.form_submit_button(t("datasets.look"), type="primary"):
            return None
    return Rules(
        sources=tuple(sources) or SOURCES,
        readers=tuple(chosen),
        consensus=consensus,
        least_readers=least,
        thickest_mm=thickest,
        phantoms=phantoms,
        without=tuple(without.split()),
        shares=(cuts[0], cuts[1] - cuts[0], 100 - cuts[1]),
        seed=seed,
    )


def show_draft(draft: Draft) -> None:
    """What would be frozen, what leaks, and the button that freezes."""
    for leak in draft.leaks:
        st.error(leak.text(here.language))
    left_out = [t(f"datasets.left_out_{why}", n=n) for why, n in draft.left_out.items()]
    if left_out:
        st.caption("; ".join(left_out))
    _balance.show(draft.balance, t, "draft")
    with st.form("freeze"):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        name = left.text_input(t("datasets.name"), help=t("datasets.name_help"))
        if not right.form_submit_button(
            t("datasets.freeze"), disabled=bool(draft.leaks), type="primary", width="stretch"
        ):
            return
    with database.transaction(services.engine) as session:
        dataset_id, is_new = datasets.freeze(session, draft, name=name, account_id=here.account_id)
    del st.session_state["draft"]
    key = "datasets.frozen_new" if is_new else "datasets.frozen_known"
    st.session_state["told"] = t(key, dataset_id=dataset_id)
    st.rerun()


def make_version() -> None:
    """Rules at the left, what they choose at the right."""
    if told := st.session_state.pop("told", ""):
        st.success(told)
    left, right = st.columns([2, 3], gap="large")
    with left:
        rules = ask_rules()
    with right:
        try:
            if rules is not None:
                st.session_state.pop("draft", None)
                st.session_state["draft"] = drafting.draft(
                    services.engine, services.settings, rules, shown_to=here.account_id
                )
        except LungcoreError as error:
            st.warning(error.text(here.language))
        if draft := st.session_state.get("draft"):
            show_draft(draft)
        elif rules is None:
            st.caption(t("datasets.look_first"))


def compare_versions(known: Sequence[DatasetRecord]) -> None:
    """Two versions, and a table of what the second has otherwise."""
    if len(known) < 2:
        st.info(t("datasets.two_needed"))
        return
    by_id = {one.dataset_id: one for one in known}
    label = {uid: one.short_name for uid, one in by_id.items()}
    left, right = st.columns(2)
    first = left.selectbox(t("datasets.older"), list(by_id), 1, format_func=label.__getitem__)
    second = right.selectbox(t("datasets.newer"), list(by_id), 0, format_func=label.__getitem__)
    with database.snapshot(services.engine) as session:
        found = difference(datasets.find(session, first), datasets.find(session, second))
    moved = {
        uid: " → ".join(t(f"datasets.split_{split}") for split in splits)
        for uid, splits in found.moved.items()
    }
    rows = [
        *((t("datasets.change_rules"), t(f"datasets.{rule}"), "") for rule in found.rules),
        *((t("datasets.change_moved"), uid, where) for uid, where in moved.items()),
        *((t("datasets.change_added"), uid, "") for uid in found.added),
        *((t("datasets.change_removed"), uid, "") for uid in found.removed),
        *((t("datasets.change_relabelled"), uid, "") for uid in found.relabelled),
        *((t("datasets.change_other_pixels"), uid, "") for uid in found.other_pixels),
    ]
    if not rows:
        st.info(t("datasets.diff_none"))
        return
    headings = [t("datasets.change"), t("datasets.what"), t("datasets.where")]
    st.dataframe(pd.DataFrame(rows[:MOST_LISTED], columns=headings), hide_index=True)
    if len(rows) > MOST_LISTED:
        st.caption(t("datasets.more", n=len(rows) - MOST_LISTED))


with database.snapshot(services.engine) as session:
    frozen = datasets.list_datasets(session)
versions, new, comparison = st.tabs(
    [t("datasets.versions"), t("datasets.new"), t("datasets.compare")]
)
with versions:
    show_versions(frozen)
with new:
    make_version()
with comparison:
    compare_versions(frozen)
