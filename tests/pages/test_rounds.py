"""Making rounds, and the queue of who reads in them."""

from datetime import UTC, datetime

import pytest

from lungcore.records import accounts, database, rounds, studies
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
                affine=tuple(float(n) for n in range(16)),
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
    page.button[0].click().run()
    assert not page.exception
    assert "Second reads" in page.success[0].value
    [part] = parts(services)
    assert (part.round.name, part.round.machine_hidden, part.left) == ("Second reads", True, 3)
    assert "Dr Reader" in page.dataframe[0].value.to_numpy()
    page.selectbox[1].select(part.round.round_id).run()
    page.button[1].click().run()
    assert parts(services)[0].round.closed_at is not None


def test_what_cannot_be_is_told(services, stored, sign_in, run) -> None:
    sign_in("administrator", "annotator")
    page = run("rounds")
    page.button[0].click().run()
    assert page.error
    assert not parts(services)


@pytest.mark.parametrize(("language", "word"), [("en", "1 left"), ("zh", "剩余 1 例")])
def test_the_queue_tells_what_is_left(services, stored, sign_in, run, language, word) -> None:
    sign_in("annotator", language=language)
    assert run("queue").info
    with database.transaction(services.engine) as session:
        [account] = accounts.list_accounts(session)
        rounds.make(
            session,
            name="First",
            series_uids=UIDS[:1],
            account_ids=[account.account_id],
            blinded=True,
            machine_hidden=True,
            strategy="random",
            reads=1,
            made_by=account.account_id,
            now=datetime.now(UTC),
        )
    page = run("queue")
    assert not page.exception
    assert any(word in one.value for one in page.markdown)
    assert page.button[0].label
