"""The web skin put together: languages, blueprints, what templates may call, error pages."""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_babel import Babel

from opendata.metadata.codes import DISCLOSURES, LICENSES, SCOPES, UPDATE_CYCLES
from opendata.metadata.properties.code_lists import find_codes
from opendata.metadata.properties.publishers import PUBLISHER_KINDS
from opendata.settings import TRANSLATIONS
from opendata.web.access import (
    account,
    addresses,
    factors,
    grants,
    joining,
    openid,
    people,
    recoveries,
    sessions,
    subscriptions,
    webhooks,
)
from opendata.web.catalogue import catalogue, differences, feeds, inside, search_feeds, tables, version_pages
from opendata.web.charts import files as chart_files
from opendata.web.charts import pages as chart_pages
from opendata.web.core import assets, formats, languages, markdown, problem_pages, security, slashes, watching
from opendata.web.core.instance import absolute_url, rest_path, services
from opendata.web.core.skin import care, identity, leaving
from opendata.web.delivery import downloads, offering, texts
from opendata.web.drafts import choices, drafts, meaning, next_version, personal, readings, statuses, uploads, workspace
from opendata.web.drafts.fixing import cells
from opendata.web.drafts.series import series
from opendata.web.exchange import heads
from opendata.web.exchange.rooms import BLUEPRINTS
from opendata.web.governance import hub
from opendata.web.governance.basics import drafts as basic_drafts
from opendata.web.governance.basics import imports as basic_imports
from opendata.web.governance.basics import public as basics
from opendata.web.governance.control import control
from opendata.web.governance.duties import clocks, ledger
from opendata.web.governance.duties import public as duties_public
from opendata.web.governance.goals import goals
from opendata.web.governance.grounds import negative_list, preparing, self_checks
from opendata.web.governance.inventory import public as inventory
from opendata.web.governance.inventory import staff as inventory_staff
from opendata.web.governance.offices import fate
from opendata.web.governance.offices import pages as office_pages
from opendata.web.governance.registers import operation as operation_reports
from opendata.web.governance.registers import operation_public, registrations
from opendata.web.governance.reports import annual as annual_reports
from opendata.web.governance.reports import public as published_reports
from opendata.web.governance.requests import asking as request_asking
from opendata.web.governance.requests import board as request_board
from opendata.web.governance.requests import inbox as request_inbox
from opendata.web.governance.site import disclosure, reuses, status, topics
from opendata.web.governance.site import public as site_public
from opendata.web.governance.site import staff as site_staff
from opendata.web.harvest import keeping as harvest_keeping
from opendata.web.harvest import platforms, senders
from opendata.web.harvest import reports as harvest_reports
from opendata.web.help import documentation, guide, words
from opendata.web.operations import archiving, audit, custody, mail, operations, seen, stops
from opendata.web.properties import fields, shown
from opendata.web.review import answers, reviews
from opendata.web.sources import sources
from opendata.web.tables import sql
from opendata.web.tables import tables as table_pages
from opendata.web.workbench import exchange, workbench
from opendata.wording.findings import LESSER


def register_web(app: Flask) -> None:
    """Add pages, downloads, sessions and error pages to the application."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # as long as the session: a form may be filled in slowly
    Babel(
        app,
        default_translation_directories=str(TRANSLATIONS),
        timezone_selector=lambda: services().settings.timezone,
        locale_selector=languages.choose_locale,
    )
    security.csrf.init_app(app)
    app.before_request(seen.note_route)
    app.after_request(seen.note_user)
    app.after_request(offering.offer)
    app.before_request(security.refuse_unknown_host)
    app.before_request(slashes.drop_slash)
    app.before_request(sessions.load_actor)
    app.before_request(security.count_request)
    app.after_request(security.add_headers)
    app.after_request(languages.keep_choice)
    app.after_request(care.keep_care)
    app.url_defaults(care.carry_care)
    app.after_request(watching.hide_changes)
    for module in (
        assets,
        catalogue,
        inside,
        version_pages,
        chart_pages,
        chart_files,
        table_pages,
        sql,
        custody,
        archiving,
        stops,
        differences,
        downloads,
        feeds,
        search_feeds,
        sessions,
        account,
        recoveries,
        addresses,
        joining,
        factors,
        openid,
        people,
        grants,
        webhooks,
        subscriptions,
        workspace,
        uploads,
        sources,
        harvest_reports,
        harvest_keeping,
        senders,
        platforms,
        drafts,
        meaning,
        cells,
        series,
        answers,
        reviews,
        readings,
        personal,
        workbench,
        exchange,
        hub,
        control,
        goals,
        problem_pages,
        operations,
        audit,
        mail,
        negative_list,
        preparing,
        self_checks,
        documentation,
        guide,
        words,
        office_pages,
        fate,
        inventory,
        inventory_staff,
        basics,
        basic_drafts,
        basic_imports,
        ledger,
        clocks,
        registrations,
        operation_reports,
        operation_public,
        annual_reports,
        published_reports,
        request_board,
        request_asking,
        request_inbox,
        site_public,
        disclosure,
        topics,
        status,
        reuses,
        site_staff,
    ):
        app.register_blueprint(module.blueprint)
    for blueprint in (
        self_checks.public,
        duties_public.blueprint,
        duties_public.feeds,
        subscriptions.ending,
        *BLUEPRINTS,
    ):
        app.register_blueprint(blueprint)
    formats.register_formats(app)
    markdown.register_markdown(app)
    app.jinja_env.globals.update(_GLOBALS)
    texts.keep_texts(app)
    app.context_processor(_offer)
    app.extensions["opendata_error_page"] = problem_pages.render_problem


def _offer() -> dict[str, Any]:
    """What every page shows whatever its view."""
    language = languages.choose_language()
    return {
        "actor": g.get("actor"),
        "language": language,
        "language_tag": languages.TAGS[language],
        "other_languages": [found for found in languages.list_languages() if found != language],
        "portal_title": identity.name_portal(),
        "site": services().identity.read(),
        "care": care.choose_care(),
    }


_GLOBALS: dict[str, Any] = {
    "absolute_url": absolute_url,
    "asset": assets.asset,
    "choices": choices,
    "bump_names": next_version.BUMP_NAMES,
    "change_names": differences.CHANGES,
    "describe_home": heads.describe_home,
    "describe_page": heads.describe_page,
    "disclosures": DISCLOSURES,
    "scopes": SCOPES,
    "language_names": languages.NAMES,
    "language_of": languages.language_of,
    "leave": leaving.leave,
    "lesser_strengths": LESSER,
    "link_file": identity.link_file,
    "list_carried": care.list_carried,
    "licences": LICENSES,
    "link_markdown": markdown.link_markdown,
    "list_property_names": shown.list_property_names,
    "list_meanings": meaning.list_cards,
    "list_series_parts": series.list_parts,
    "list_rules": tables.list_rules,
    "name_code": languages.name_code,
    "name_property": shown.name_property,
    "name_type": tables.name_type,
    "offer_property_codes": fields.offer_codes,
    "publisher_kinds": PUBLISHER_KINDS,
    "rest_path": rest_path,
    "say": languages.say,
    "say_list": languages.say_list,
    "say_plain": languages.say_plain,
    "say_property": shown.say_property,
    "say_series_difference": series.say_difference,
    "say_series_reason": series.say_reason,
    "say_reason": languages.say_reason,
    "separator": languages.choose_separator,
    "statuses": statuses.STATUSES,
    "switch_care": care.switch_care,
    "switch_language": languages.switch_language,
    "theme_codes": find_codes("themes"),
    "update_cycles": UPDATE_CYCLES,
}
"""What every template may call, imported ones included."""
