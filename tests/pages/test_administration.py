"""The administration page."""

from lungcore.records import accounts, database


def test_it_is_for_administrators(sign_in, run) -> None:
    sign_in("clinician")
    page = run("administration")
    assert "administrator" in page.error[0].value
    assert not page.dataframe


def test_an_account_is_added(services, sign_in, run) -> None:
    sign_in("administrator")
    page = run("administration")
    page.text_input[0].input("second")
    page.text_input[1].input("Dr Second")
    page.text_input[2].input("a second passphrase")
    page.button[0].click().run()
    with database.transaction(services.engine) as session:
        names = {one.username: one.roles for one in accounts.list_accounts(session)}
    assert names["second"] == frozenset({"clinician"})
    assert "second" in page.dataframe[0].value.to_numpy()


def test_a_weak_password_is_told(sign_in, run) -> None:
    sign_in("administrator")
    page = run("administration")
    page.text_input[0].input("second")
    page.text_input[2].input("short")
    page.button[0].click().run()
    assert page.error


def test_an_account_is_disabled_and_enabled_but_not_the_last_administrator(
    services, sign_in, run
) -> None:
    sign_in("administrator")
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "second", "a second passphrase")
    page = run("administration")
    page.selectbox[0].select("reader").run()
    page.button[1].click().run()
    assert "reader" in page.error[0].value
    for expected in (True, False):
        page.selectbox[0].select("second").run()
        page.button[1].click().run()
        with database.transaction(services.engine) as session:
            disabled = {one.username: one.disabled for one in accounts.list_accounts(session)}
        assert disabled == {"reader": False, "second": expected}


def test_it_tells_that_no_worker_runs(sign_in, run) -> None:
    sign_in("administrator")
    told = [element.value for element in run("administration").markdown]
    assert any("Worker" in line and ":red[" in line for line in told)
