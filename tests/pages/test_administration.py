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
