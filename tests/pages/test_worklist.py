"""The worklist page."""

from types import SimpleNamespace

import streamlit as st


def test_the_empty_worklist_mounts(sign_in, run) -> None:
    sign_in("clinician")
    assert not run("worklist").exception


def test_who_may_not_bring_studies_is_not_asked_to(sign_in, run, monkeypatch) -> None:
    mounted: list[dict] = []

    def component(name: str, **_) -> object:
        def mount(*, data: dict, **_) -> SimpleNamespace:
            mounted.append(data)
            return SimpleNamespace(open=None)

        return mount

    monkeypatch.setattr(st.components.v2, "component", component)
    sign_in("model_owner")
    run("worklist")
    assert [data["may_bring"] for data in mounted] == [False]
