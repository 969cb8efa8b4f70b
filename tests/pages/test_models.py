"""The pages of models and trainings: for model owners; promotion, roll-back, a plan that starts."""

import pytest

from lungcore.jobs import models
from lungcore.records import database, trainings
from lungcore.records import models as registry


@pytest.fixture
def house(services):
    models.adopt_house(services.settings)


@pytest.mark.parametrize("page", ["models", "training"])
def test_it_is_for_model_owners(sign_in, run, page) -> None:
    sign_in("clinician")
    found = run(page)
    assert "model owner" in found.error[0].value
    assert not found.selectbox


def test_without_models_it_says_so(sign_in, run) -> None:
    sign_in("model_owner")
    assert "worker" in run("models").info[0].value


def test_the_card_and_the_history_of_the_house(sign_in, run, house) -> None:
    sign_in("model_owner", language="zh")
    page = run("models")
    assert not page.exception
    assert any("LIDC" in element.value for element in page.markdown)
    assert any("启用" in str(frame.value.to_numpy()) for frame in page.dataframe)


def test_nothing_before_to_roll_back_to_is_told(sign_in, run, house) -> None:
    sign_in("model_owner")
    page = run("models")
    reasons = [one for one in page.text_input if one.label == "Reason"]
    reasons[0].input("worse")
    buttons = [one for one in page.button if one.label == "Roll back to the one before"]
    buttons[0].click().run()
    assert "nothing to go back to" in page.error[0].value


def test_a_training_is_asked_for_and_refused_without_data(services, sign_in, run, house) -> None:
    sign_in("model_owner")
    page = run("training")
    assert not page.exception
    [start] = [one for one in page.button if one.label == "Start"]
    start.click().run()
    assert "training data" in page.error[0].value.lower()
    with database.snapshot(services.engine) as session:
        assert trainings.list_trainings(session) == []


def test_a_training_starts_from_a_registered_model_with_chosen_layers(
    services, sign_in, run, house, tmp_path
) -> None:
    sign_in("model_owner")
    page = run("training")
    with database.snapshot(services.engine) as session:
        detector = registry.in_use(session)["detector"]
    [parent] = [one for one in page.selectbox if one.label == "Begin with"]
    parent.select(detector.name).run()
    [thaw] = [one for one in page.multiselect if one.label == "Layers that learn"]
    assert len(thaw.options) == len(detector.layers) == 49
    thaw.select(thaw.options[48]).run()
    [folder] = [one for one in page.text_input if one.label == "Folder on the server"]
    folder.input(str(tmp_path)).run()
    [start] = [one for one in page.button if one.label == "Start"]
    start.click().run()
    assert not page.exception
    with database.snapshot(services.engine) as session:
        [one] = trainings.list_trainings(session)
    assert one.plan["recipe"]["thaw"] == [48]
    assert one.plan["parent_name"] == detector.name
    [pause] = [button for button in page.button if button.label == "Pause"]
    pause.click().run()
    with database.snapshot(services.engine) as session:
        assert trainings.list_trainings(session)[0].state == "paused"
