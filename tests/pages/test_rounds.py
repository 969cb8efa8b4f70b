"""Making rounds, and the queue of who reads in them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from lungcore.findings.labels import Drawn, DrawnSet
from lungcore.records import accounts, database, label_files, label_layers, rounds, studies
from lungcore.records.label_files import LabelFile
from lungcore.records.studies import NewSeries

UIDS = ("1.2.1", "1.2.2", "1.2.3")


@pytest.fixture
def stored(services) -> None:
    texts = ("patient_birth_date", "patient_sex", "study_time", "accession_number", "body_part")
    texts += ("study_description", "series_description", "manufacturer", "convolution_kernel")
    with database.transaction(services.engine) as session:
        for uid in UIDS:
            new = NewSeries(
                series_uid=uid,
                study_uid=uid + ".9",
                patient_id=f"P{uid}",
                patient_name="Doe^Jane",
                study_date=f"2026-01-0{uid[-1]}",
                series_number=1,
                slice_thickness_mm=2.0,
                verdict="accept",
                reasons=(),
                slices=3,
                rows=4,
                columns=5,
                spacing_mm=(2.0, 0.7, 0.7),
                affine=tuple(np.eye(4).ravel()),
                frame_of_reference_uid="1.2.4",
                pixel_hash="ab" * 32,
                phantom=False,
                instances=(),
                **dict.fromkeys(texts, ""),
            )
            studies.add_series(session, new)


def parts(services) -> list[rounds.Progress]:
    with database.snapshot(services.engine) as session:
        return rounds.progress(session)


def labelled(widgets, label: str):
    """The widget with that label."""
    [found] = [one for one in widgets if one.label == label]
    return found


def account_ids(services) -> list[int]:
    """The first account first."""
    with database.snapshot(services.engine) as session:
        return sorted(one.account_id for one in accounts.list_accounts(session))


def add_reader(services, username: str) -> int:
    with database.transaction(services.engine) as session:
        account = accounts.add_account(
            session,
            username,
            "a long passphrase",
            display_name=f"Dr {username}",
            roles=("annotator",),
        )
        return account.account_id


def make(services, **given) -> rounds.RoundRecord:
    """A blinded round of all series, made by the first account."""
    wanted = {"name": "First", "series_uids": UIDS, "blinded": True, "machine_hidden": True}
    wanted |= {"strategy": "random", "reads": 1, "made_by": account_ids(services)[0]}
    with database.transaction(services.engine) as session:
        return rounds.make(session, now=datetime.now(UTC), **(wanted | given))


def label(services, uid: str, reader: str) -> int:
    """A layer of labels of the series; its id."""
    file = LabelFile(sha256=f"{uid}{reader}".encode().hex(), file_name="a.json", format="json")
    mark = Drawn(name="1", center=(0.0, 0.0, 0.0), diameter_mm=8.0)
    with database.transaction(services.engine) as session:
        label_files.keep_file(session, file, None)
        one = DrawnSet(series_uid=uid, reader=reader, marks=(mark,))
        label_layers.add(session, file, uid, [one], services.masks)
        return label_layers.of_series(session, uid)[-1].layer_id


def test_rounds_are_made_by_who_may(sign_in, run) -> None:
    sign_in("annotator", "clinician")
    page = run("rounds")
    assert "model owner, administrator" in page.error[0].value
    assert not page.button


def test_the_queue_is_for_readers(sign_in, run) -> None:
    sign_in("model_owner")
    assert run("queue").error


def test_a_round_is_made_and_closed(services, stored, sign_in, run) -> None:
    sign_in("model_owner", "annotator")
    page = run("rounds")
    page.text_input[0].input("p1.2.3").run()
    assert "One series" in page.caption[0].value
    page.text_input[0].input("").run()
    page.text_input[1].input("Second reads")
    page.multiselect[0].set_value([1]).run()
    page.checkbox[1].check()
    labelled(page.button, "Make a round").click().run()
    assert not page.exception
    assert "Second reads" in page.success[0].value
    [part] = parts(services)
    assert (part.round.name, part.round.machine_hidden, part.left) == ("Second reads", True, 3)
    assert "Dr Reader" in page.dataframe[0].value.to_numpy()
    labelled(page.selectbox, "Round").select(part.round.round_id).run()
    labelled(page.button, "Close the round").click().run()
    assert parts(services)[0].round.closed_at is not None


def test_the_priority_is_set_for_all_readers_or_for_one(services, stored, sign_in, run) -> None:
    sign_in("model_owner")
    ann, bob = (add_reader(services, name) for name in ("ann", "bob"))
    made = make(services, account_ids=[ann, bob], reads=2)

    def set_priority(priority: int, reader: int = 0) -> list[int]:
        page = run("rounds")
        labelled(page.selectbox, "Round").select(made.round_id).run()
        labelled(page.selectbox, "To whom").select(reader)
        page.segmented_control(key="changed-priority").set_value(priority).run()
        labelled(page.button, "Set the priority").click().run()
        assert not page.exception
        told = page.dataframe[0].value["Priority"].to_list()
        wanted = [part.priority for part in parts(services)]
        assert told == [("urgent", "usual", "when there is time")[one - 1] for one in wanted]
        return wanted

    assert set_priority(1) == [1, 1]
    assert set_priority(3, bob) == [1, 3]


def test_a_blinded_reader_is_shown_no_part_of_the_others(services, stored, sign_in, run) -> None:
    sign_in("model_owner", "annotator")
    [own] = account_ids(services)
    bob = add_reader(services, "bob")
    made = make(services, account_ids=[own, bob], reads=2)
    page = run("rounds")
    assert page.dataframe[0].value["Reader"].to_list() == ["Dr Reader"]
    assert any("only your own part" in one.value for one in page.caption)
    with database.transaction(services.engine) as session:
        rounds.close(session, made.round_id, closed_by=own, now=datetime.now(UTC))
    page = run("rounds")
    assert page.dataframe[0].value["Reader"].to_list() == ["Dr Reader", "Dr bob"]
    assert not any("only your own part" in one.value for one in page.caption)


def test_reference_cases_are_mixed_in(services, stored, sign_in, run) -> None:
    sign_in("model_owner")
    bob = add_reader(services, "bob")
    [layer] = [label(services, uid, "consensus") for uid in UIDS[2:]]
    page = run("rounds")
    page.text_input[0].input("p1.2.1").run()
    page.text_input[1].input("With references")
    page.multiselect[0].set_value([bob]).run()
    page.checkbox[0].uncheck().run()
    labelled(page.selectbox, "Hidden reference cases: answers of").select("consensus").run()
    cases = labelled(page.multiselect, "Reference cases")
    assert cases.options == ["P1.2.3, 2026-01-03: one nodule"]
    cases.set_value([layer]).run()
    labelled(page.button, "Make a round").click().run()
    assert not page.exception and not page.error
    [part] = parts(services)
    assert (part.round.blinded, part.left) == (True, 2)
    assert "1.2.3" not in page.dataframe[0].value.to_string()


def test_layers_of_what_is_hidden_are_not_offered_as_answers(
    services, stored, sign_in, run
) -> None:
    sign_in("model_owner", "annotator")
    [own] = account_ids(services)
    label(services, UIDS[0], "consensus")
    make(services, account_ids=[own], series_uids=UIDS[:1])
    page = run("rounds")
    assert labelled(page.selectbox, "Hidden reference cases: answers of").options == []


def test_a_maker_among_the_readers_of_references_is_told(services, stored, sign_in, run) -> None:
    sign_in("model_owner", "annotator")
    layer = label(services, UIDS[0], "consensus")
    page = run("rounds")
    page.text_input[1].input("Mine")
    page.multiselect[0].set_value(account_ids(services)).run()
    labelled(page.selectbox, "Hidden reference cases: answers of").select("consensus").run()
    labelled(page.multiselect, "Reference cases").set_value([layer]).run()
    labelled(page.button, "Make a round").click().run()
    assert "Leave yourself out" in page.error[0].value
    assert not parts(services)


def test_what_cannot_be_is_told(services, stored, sign_in, run) -> None:
    sign_in("administrator", "annotator")
    page = run("rounds")
    labelled(page.button, "Make a round").click().run()
    assert page.error
    assert not parts(services)


@pytest.mark.parametrize(("language", "word"), [("en", "1 left"), ("zh", "剩余 1 例")])
def test_the_queue_tells_what_is_left(services, stored, sign_in, run, language, word) -> None:
    sign_in("annotator", language=language)
    assert run("queue").info
    make(services, series_uids=UIDS[:1], account_ids=account_ids(services))
    page = run("queue")
    assert not page.exception
    assert any(word in one.value for one in page.markdown)
    assert page.button[0].label
