"""Settings: read once, each from its variable, the instance file or its default."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from opendata.domain.review.checklist import REQUIRED, Check
from opendata.errors import UsageError
from opendata.instance_file import INSTANCE_FILE, read_instance_file, write_instance_file
from opendata.setting_values import REVIEW_CHECKS
from opendata.settings import Settings, list_settings, read_settings, variable_of


def read(home: Path, **values: str) -> Settings:
    return read_settings({"OPENDATA_HOME": str(home), **{variable_of(name): text for name, text in values.items()}})


def test_without_anything_said_the_defaults_hold(tmp_path: Path) -> None:
    assert read(tmp_path) == Settings(home=tmp_path)


def test_without_a_home_the_instance_lies_in_the_checkout() -> None:
    assert read_settings({}).home == Path(__file__).resolve().parent.parent / "var"


def test_a_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/clerk")
    assert read_settings({"OPENDATA_HOME": "portal"}).home == tmp_path / "portal"
    assert read_settings({"OPENDATA_HOME": "~/portal"}).home == Path("/home/clerk/portal")


def test_the_environment_wins_over_the_instance_file_and_that_over_the_default(tmp_path: Path) -> None:
    write_instance_file(tmp_path, {"OPENDATA_REVIEW": "none", "OPENDATA_MAX_ATTEMPTS": "7"})
    assert read(tmp_path).review == "none"
    assert read(tmp_path).max_attempts == 7
    assert read(tmp_path, review="two-person").review == "two-person"
    assert read(tmp_path, review="two-person").max_attempts == 7


MAIL = {"mail_url": "smtps://portal:p%40ss@mail.example.org", "mail_from": "noreply@example.org"}


def test_mail_needs_a_sender_and_the_public_address(tmp_path: Path) -> None:
    assert read(tmp_path, **MAIL, base_url="https://data.example.org").sends_mail
    assert not read(tmp_path).sends_mail
    with pytest.raises(UsageError, match="OPENDATA_MAIL_URL is set, so OPENDATA_BASE_URL must be set too"):
        read(tmp_path, **MAIL)
    with pytest.raises(UsageError, match="OPENDATA_MAIL_FROM must be set too"):
        read(tmp_path, mail_url=MAIL["mail_url"], base_url="https://data.example.org")


@pytest.mark.parametrize(
    "text",
    [
        *("mail.example.org", "http://portal:s3cret@mail.example.org", "smtp://portal:s3cret@mail.example.org:0"),
        *("smtp://portal:s3cret@@mail.example.org", "smtps://portal:s3cret/x@mail.example.org:25", "smtp://s3cret@m"),
        *("smtp://portal:s3cret@mail.example.org:65536", "smtp://portal:s3cret@mail.example.org/?x"),
    ],
)
def test_a_mail_server_that_is_none_is_refused_without_its_password(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="OPENDATA_MAIL_URL must be an address such as smtps:") as caught:
        read(tmp_path, mail_url=text, mail_from="a@example.org", base_url="https://data.example.org")
    assert "s3cret" not in str(caught.value)


def test_another_system_for_signing_in_needs_a_client_and_the_public_address(tmp_path: Path) -> None:
    whole = {"oidc_client_id": "portal", "base_url": "https://data.example.org"}
    for issuer in ("https://login.example.org/realms/gov/", "http://127.0.0.1:8080", "http://localhost/x"):
        assert read(tmp_path, oidc_issuer=issuer, **whole).oidc_issuer == issuer
        for missing in whole:
            with pytest.raises(UsageError, match=f"so {variable_of(missing)} must be set too"):
                read(tmp_path, oidc_issuer=issuer, **{name: text for name, text in whole.items() if name != missing})


def test_no_secret_is_in_what_python_shows_of_the_settings(tmp_path: Path) -> None:
    places = {"database_url": "postgresql://u:s3cret@db/x", "queue_url": "redis://:s3cret@q:6379/0"}
    places["oidc_client_secret"] = "s3cret"
    settings = read(
        tmp_path, **places, mail_url="smtp://u:s3cret@m", mail_from="a@b", base_url="https://c", secret_key="s3cret"
    )
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("languages", " en , zh,en", ("en", "zh")),
        ("secure_cookies", "TRUE", True),
        ("secure_cookies", "off", False),
        ("lease_seconds", "007", 7),
        ("fsck_days", "0", 0),
        ("fsck_days", "7", 7),
        ("base_url", "https://data.example.org/portal/", "https://data.example.org/portal"),
        ("timezone", "Europe/Berlin", "Europe/Berlin"),
        ("title", "开放数据", "开放数据"),
        ("scanner", "unix:/run/clamav/clamd.ctl", "unix:/run/clamav/clamd.ctl"),
        ("scanner", "tcp://[::1]:3310", "tcp://[::1]:3310"),
    ],
)
def test_a_value_is_read_as_what_it_is(tmp_path: Path, name: str, text: str, value: object) -> None:
    assert getattr(read(tmp_path, **{name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("review", "maybe"),
        ("languages", "zh,fr"),
        ("languages", ","),
        ("secure_cookies", "perhaps"),
        ("lease_seconds", "0"),
        ("fsck_days", "-1"),
        ("lease_seconds", "-1"),
        ("lease_seconds", "1.5"),
        ("lease_seconds", "²"),
        ("lease_seconds", "9" * 5000),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("base_url", "data.example.org"),
        ("base_url", "javascript:alert(1)"),
        ("base_url", "https://"),
        ("oidc_issuer", "http://login.example.org"),
        ("oidc_issuer", "http://localhost.example.org"),
        ("oidc_issuer", "https://u:p@login.example.org"),
        ("oidc_issuer", "https://login.example.org/?x"),
        ("base_url", "https://data.example.org/?a=b"),
        ("scanner", "clamav:3310"),
        ("scanner", "unix:clamd.ctl"),
        ("scanner", "tcp://clamav"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_its_variable(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, **{name: text})
    assert variable_of(name) in caught.value.text


def test_an_empty_value_means_the_default(tmp_path: Path) -> None:
    assert read(tmp_path, review="", max_attempts="").max_attempts == Settings().max_attempts


def test_stores_lie_in_the_instance_folder_unless_said_otherwise(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.public_folder, found.private_folder) == (tmp_path / "store", tmp_path / "private")
    assert found.key_folder.parent == found.queue_file.parent == tmp_path
    moved = read(tmp_path, store="/data/store", private_store="elsewhere/private")
    assert (moved.public_folder, moved.private_folder) == (Path("/data/store"), tmp_path / "elsewhere" / "private")


def test_the_database_is_the_one_named_or_a_file_of_the_instance(tmp_path: Path) -> None:
    assert read(tmp_path).database == f"sqlite:///{tmp_path}/opendata.sqlite"
    assert read(tmp_path, database_url="postgresql://x/y").database == "postgresql://x/y"


def test_the_instance_file_is_read_line_by_line(tmp_path: Path) -> None:
    text = "# a note = no setting\n\n OPENDATA_TITLE = 数据 = 公开 \r\nnot a setting\nOPENDATA_REVIEW=none"
    (tmp_path / INSTANCE_FILE).write_text(text, encoding="utf-8")
    assert read_instance_file(tmp_path) == {"OPENDATA_TITLE": "数据 = 公开", "OPENDATA_REVIEW": "none"}


def test_an_instance_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / INSTANCE_FILE).write_bytes(b"OPENDATA_TITLE=\xff\n")
    with pytest.raises(UsageError, match=INSTANCE_FILE):
        read(tmp_path)


def test_writing_the_instance_file_keeps_the_other_settings_and_is_its_owners_alone(tmp_path: Path) -> None:
    write_instance_file(tmp_path, {"OPENDATA_TITLE": "数据", "OPENDATA_REVIEW": "none"})
    write_instance_file(tmp_path, {"OPENDATA_REVIEW": "two-person"})
    assert read_instance_file(tmp_path) == {"OPENDATA_TITLE": "数据", "OPENDATA_REVIEW": "two-person"}
    assert [path.name for path in tmp_path.iterdir()] == [INSTANCE_FILE]
    assert (tmp_path / INSTANCE_FILE).stat().st_mode & 0o777 == 0o600


def test_every_setting_is_listed_with_its_variable_and_a_sentence() -> None:
    found = {item.name: item for item in list_settings()}
    assert sorted(found) == sorted(item.name for item in fields(Settings))
    assert all(
        item.variable == f"OPENDATA_{item.name.upper()}" and item.about.endswith((".", ")")) for item in found.values()
    )
    assert {name for name, item in found.items() if item.secret} == {
        "secret_key",
        "oidc_client_secret",
        "metrics_token",
        "s3_secret",
    }
    assert (found["home"].default, found["languages"].default, found["secure_cookies"].default) == (
        "./var",
        "zh,en",
        "false",
    )


def test_the_checks_of_a_review_are_set_but_two_of_them_stay(tmp_path: Path) -> None:
    assert read(tmp_path).review_checks == ("secrecy", "privacy", "wording", "timing", "method")
    assert read(tmp_path, review_checks="privacy, secrecy").review_checks == ("privacy", "secrecy")
    with pytest.raises(UsageError, match=r"must include secrecy, privacy\. These checks can't be switched off"):
        read(tmp_path, review_checks="wording,timing")
    with pytest.raises(UsageError, match="taste"):
        read(tmp_path, review_checks="secrecy,privacy,taste")


def test_the_checks_that_can_be_set_are_those_that_there_are() -> None:
    assert [str(check) for check in Check] == list(REVIEW_CHECKS)
    assert [str(check) for check in REQUIRED] == list(REVIEW_CHECKS[:2])


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("OPENDATA_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8", ("127.0.0.1", "10.0.0.0/8")),
        ("OPENDATA_TRUSTED_PROXIES", "proxy", None),
        ("OPENDATA_OTHER_HOSTS", "Data.example.org, [::1]:8000", ("data.example.org", "[::1]:8000")),
        ("OPENDATA_OTHER_HOSTS", "https://data.example.org", None),
        ("OPENDATA_SECURITY_CONTACT", "mailto:a@example.org", ("mailto:a@example.org",)),
        ("OPENDATA_SECURITY_CONTACT", "a@example.org", None),
        ("OPENDATA_AUDIT_ADDRESSES", "full", "full"),
        ("OPENDATA_AUDIT_ADDRESSES", "some", None),
    ],
)
def test_lists_of_addresses_are_checked(tmp_path: Path, variable: str, text: str, value: object) -> None:
    environ = {"OPENDATA_HOME": str(tmp_path), variable: text}
    if value is None:
        with pytest.raises(UsageError, match=variable):
            read_settings(environ)
    else:
        assert getattr(read_settings(environ), variable.removeprefix("OPENDATA_").lower()) == value
