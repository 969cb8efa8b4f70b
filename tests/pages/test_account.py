"""The account page."""

from lungcore.records import accounts, database


def reader(services):
    with database.transaction(services.engine) as session:
        return accounts.list_accounts(session)[0]


def test_the_language_is_remembered(services, sign_in, run) -> None:
    sign_in("clinician")
    page = run("account")
    page.button_group(key="language").set_value("zh").run()
    assert reader(services).language == "zh"
    assert not page.exception


def test_the_page_speaks_chinese(services, sign_in, run) -> None:
    sign_in("clinician", language="zh")
    assert "临床医师" in run("account").caption[0].value


def test_the_password_changes_only_with_the_present_one(services, sign_in, run) -> None:
    sign_in("clinician")
    page = run("account")
    page.text_input[0].input("not the password")
    page.text_input[1].input("another passphrase")
    page.button[0].click().run()
    assert "not right" in page.error[0].value
    page.text_input[0].input("a long passphrase")
    page.text_input[1].input("another passphrase")
    page.button[0].click().run()
    assert page.success
    assert run("account").error, "the old session has ended"


def test_a_page_shows_nothing_once_the_session_has_ended(services, sign_in, run) -> None:
    token = sign_in("clinician")
    with database.transaction(services.engine) as session:
        accounts.sign_out(session, token)
    page = run("account")
    assert page.error
    assert not page.text_input
