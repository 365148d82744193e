"""Second factors: codes that count once, in their half minute, for a bounded number of attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select

from opendata.db.models import Event, RecoveryCode, SecondFactor
from opendata.domain.access.origin import NOWHERE
from opendata.errors import InvalidMetadataError, NotPermittedError, NotSignedInError, StateError, TooManyAttemptsError
from opendata.services.access.pending import CodeNeededError
from opendata.services.core.actors import Actor
from opendata.wiring import Services, build_services
from tests.instances import make_actor, make_services

PASSWORD = "a long password"


class Clock:
    now = datetime(2026, 11, 30, 6, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[Services]:
    first = make_services(tmp_path / "instance")
    first.database.dispose()
    services = build_services(first.settings, clock=clock)
    make_actor(services, "mei")
    make_actor(services, "boss", role="maintainer")
    yield services
    services.database.dispose()


def sign_in(services: Services) -> tuple[Actor | None, str]:
    """Sign in with the password: the actor, or what stands for a sign-in whose code is missing."""
    try:
        return services.accounts.sign_in("mei", PASSWORD)[0], ""
    except CodeNeededError as error:
        return None, error.pending


def test_a_code_is_needed_once_it_was_confirmed_and_counts_once(house: Services, clock: Clock) -> None:
    mei, _ = sign_in(house)
    assert mei is not None
    secret, address = house.second_factors.begin(mei)
    assert house.second_factors.begin(mei)[0] == secret
    assert address.startswith("otpauth://totp/")
    assert house.second_factors.draw(mei).startswith("<svg")
    totp = pyotp.TOTP(secret)
    assert sign_in(house)[0] is not None  # nothing is confirmed
    with pytest.raises(NotPermittedError):  # where the portal wants a second factor, a token isn't the way round it
        house.accounts.create_token("mei", actor=replace(mei, lacks_factor=True))
    with pytest.raises(InvalidMetadataError):
        house.second_factors.confirm(mei, PASSWORD, "000000")
    codes = house.second_factors.confirm(mei, PASSWORD, totp.at(clock.now))
    assert len({*codes}) == 10
    with pytest.raises(StateError):
        house.second_factors.begin(mei)

    actor, pending = sign_in(house)
    assert actor is None
    with pytest.raises(NotSignedInError):  # it was used to confirm
        house.second_factors.sign_in(pending, totp.at(clock.now), NOWHERE)
    clock.now += timedelta(seconds=30)
    code = totp.at(clock.now)
    assert house.second_factors.sign_in(pending, f"{code[:3]} {code[3:]}", NOWHERE)[0].name == "mei"
    with pytest.raises(NotSignedInError):
        house.second_factors.sign_in(pending, code, NOWHERE)
    clock.now += timedelta(minutes=5)
    assert house.second_factors.sign_in(pending, codes[0].lower(), NOWHERE)[0].name == "mei"
    with pytest.raises(NotSignedInError):
        house.second_factors.sign_in(pending, codes[0], NOWHERE)
    assert house.second_factors.get(mei).codes == 9
    for wrong in ("", "x", pending[:-1], pending + "x"):
        with pytest.raises(NotSignedInError):
            house.second_factors.sign_in(wrong, codes[1], NOWHERE)
    with house.database.unit() as session:
        kept = session.scalars(select(SecondFactor.secret)).one() + "".join(
            session.scalars(select(RecoveryCode.digest))
        )
        assert secret not in kept
        assert not [text for text in codes if text.replace("-", "") in kept]
        told = [row for row in session.scalars(select(Event)) if secret in str(row.details)]
        assert told == []


@pytest.mark.slow
def test_guessing_codes_ends_soon_and_a_new_password_does_not_skip_them(house: Services, clock: Clock) -> None:
    mei, _ = sign_in(house)
    totp = pyotp.TOTP(house.second_factors.begin(mei)[0])
    house.second_factors.confirm(mei, PASSWORD, totp.at(clock.now))
    _, pending = sign_in(house)
    for _ in range(5):
        with pytest.raises(NotSignedInError):
            house.second_factors.sign_in(pending, "123456", NOWHERE)
    with pytest.raises(TooManyAttemptsError):
        house.second_factors.sign_in(pending, totp.at(clock.now + timedelta(seconds=30)), NOWHERE)
    boss = house.accounts.get_actor("boss")
    house.recoveries.accept(house.recoveries.issue(boss, "mei"), PASSWORD + " more", NOWHERE)
    with pytest.raises(NotSignedInError):  # the password that was entered is no longer the one
        house.second_factors.sign_in(pending, totp.at(clock.now + timedelta(seconds=30)), NOWHERE)
    with pytest.raises(CodeNeededError):
        house.accounts.sign_in("mei", PASSWORD + " more")
    with pytest.raises(NotPermittedError):
        house.second_factors.reset(mei, "mei")
    assert house.persons.get(boss, "mei").has_factor
    house.second_factors.reset(boss, "mei")
    assert house.accounts.sign_in("mei", PASSWORD + " more")[0].name == "mei"
    with house.database.unit() as session:
        assert session.scalars(select(Event.verb).where(Event.verb == "reset-factor")).all() == ["reset-factor"]
