"""Who may do what: each view of pages and REST, with those who may.

A view is in exactly one line. Where what it is about isn't open, or isn't published yet, the line says so in three
parts: `public / conditional / unpublished`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

AUDIENCES = """
            none reader editor rival reviewer lead above maintainer auditor evaluator
everybody   yes  yes    yes    yes   yes      yes  yes   yes        yes     yes
account     -    yes    yes    yes   yes      yes  yes   yes        yes     yes
acting      -    yes    yes    yes   yes      yes  yes   yes        -       -
staff       -    -      yes    yes   yes      yes  yes   yes        yes     yes
busy        -    -      yes    yes   yes      yes  yes   yes        yes     -
senders     -    -      yes    yes   -        yes  yes   yes        -       -
insiders    -    -      yes    -     yes      yes  yes   yes        yes     -
workers     -    -      yes    -     yes      yes  yes   yes        -       -
editing     -    -      yes    -     -        yes  yes   yes        -       -
form        -    -      yes    -     -        yes  yes   yes        yes     -
reviewing   -    -      -      -     yes      yes  yes   yes        -       -
leading     -    -      -      -     -        yes  yes   yes        -       -
persons     -    -      -      -     -        yes  yes   yes        yes     -
heads       -    -      -      yes   -        yes  yes   yes        yes     -
overseeing  -    -      -      -     -        -    -     yes        yes     -
maintaining -    -      -      -     -        -    -     yes        -       -
figures     -    -      yes    -     yes      yes  yes   yes        yes     yes
"""
"""`rival` leads the road bureau, the others have their role at the water bureau, `above` at the city above it."""

VIEWS: Mapping[str, str] = {
    # What is public, and what its publisher and those who were granted it have alone.
    "everybody": """
        api-docs.* assets.* catalogue.lead_to_* catalogue.list_datasets*
        catalogue.list_publishers* catalogue.list_schemas* catalogue.show_home* catalogue.show_publisher*
        catalogue.show_schema* differences.choose_versions disclosure.* documentation.* feeds.send_catalogue_feed
        guide.* inside.* joining.* mcp.* operations.* problem_pages.* recoveries.* addresses.* search_feeds.*
        sql.* words.* downloads.send_schema exchange.send_library_workbook grants.show_invitation
        api_datasets.list_datasets api_inside.search_* api_publishers.get_* api_publishers.list_* api_schemas.get_*
        api_schemas.list_* api_search.* api_sql.* api_workbench.list_schema_uses sessions.show_sign_in
    """,
    "everybody / insiders / insiders": """
        api_rows.* chart_files.send_chart charts.* differences.send_* differences.show_* downloads.send_package
        downloads.send_table downloads.send_attachment tables.*
    """,
    "everybody / nobody / nobody": "api_inside.list_joins chart_files.show_embedded",
    "everybody / figures / insiders": "api_usage.*",
    "everybody / everybody / insiders": """
        api_datasets.get_dataset api_datasets.list_announcements api_versions.list_versions catalogue.list_versions*
        catalogue.show_dataset* api_versions.get_* api_versions.list_capabilities api_versions.list_resources
        downloads.find_latest downloads.send_citation downloads.send_manifest* downloads.send_report
        downloads.send_resource_schema downloads.send_signature downloads.send_suspension*
        downloads.send_tombstone* exchange.send_published_workbook feeds.send_dataset_feed table_document.*
        version_pages.*
    """,
    # One's own account, and what anybody may do who is signed in.
    "account": """
        account.* api_account.* api_tokens.* factors.add_passkey factors.confirm_factor factors.offer_passkey
        factors.remove_* factors.renew_codes factors.show_factor factors.show_qr openid.connect openid.disconnect
        openid.show_connections reviews.list_waiting
        workspace.show_new_dataset workspace.show_workspace
    """,
    "acting": "grants.accept_invitation reviews.approve_routine api_reviews.approve_routine_drafts",
    # Those who have a role somewhere.
    "staff": "control.*",
    "busy": "api_drafts.list_drafts api_versions.list_stops stops.list_stops api_uploads.get_upload",
    "senders": "api_uploads.create_upload api_uploads.append_to_upload api_uploads.delete_upload",
    # The work on datasets of the water bureau.
    "insiders": """
        answers.show_answers api_drafts.get_draft api_drafts.download_attachment api_events.* api_findings.*
        api_grants.list_grants api_matching.* api_sources.get_source api_workbench.download_bench
        api_workbench.get_bench drafts.confirm_discard drafts.confirm_erasure drafts.list_findings
        drafts.show_changes drafts.show_draft exchange.send_workbook exchange.show_codes grants.show_grants
        meaning.show_meaning personal.show_decisions readings.show_reading steps.show_wrong_cells
        workbench.show_schema workspace.show_metadata
    """,
    "workers": """
        answers.comment_on_draft api_reviews.comment_on_draft api_drafts.publish_draft drafts.publish_draft
    """,
    "editing": """
        answers.submit_draft api_datasets.archive_dataset api_datasets.confirm_archive api_datasets.delete_dataset
        api_datasets.reopen_dataset api_datasets.update_dataset api_datasets.create_dataset api_drafts.change_*
        api_drafts.create_draft api_drafts.discard_draft api_drafts.drop_resource api_drafts.erase_originals
        api_drafts.retry_draft api_drafts.send_files api_drafts.submit_draft api_grants.give_grant
        api_grants.end_grant api_sources.put_source api_sources.delete_source api_sources.run_source
        api_versions.restore_version api_versions.suspend_version api_workbench.keep_bench api_workbench.redo_bench
        api_workbench.undo_bench archiving.archive_dataset archiving.confirm_archive archiving.reopen_dataset
        custody.restore_version drafts.discard_draft drafts.disclose_resource drafts.drop_resource
        drafts.erase_originals drafts.map_columns drafts.retry_draft drafts.switch_edition
        drafts.use_fitting_schema grants.give_grant grants.end_grant meaning.say_* personal.decide
        readings.choose_reading series.* sources.delete_source sources.run_source sources.save_source
        steps.accept_repairs steps.confirm_step steps.drop_rule steps.turn_table steps.undo_step
        stops.stop_version uploads.upload workbench.change_schema workbench.start_schema
        workspace.change_metadata workspace.create_dataset workspace.delete_dataset
    """,
    "form": """
        api_drafts.list_drafts_of_dataset archiving.show_archive sources.show_source stops.show_stop
        uploads.show_upload workspace.confirm_deletion
    """,
    # An empty form tells nobody more than the page that it stands on, which a reviewer may read.
    "empty": """
        api_workbench.count_bench api_workbench.upload_bench drafts.use_proposed_schema exchange.take_workbook
        exchange.take_codes steps.add_step steps.choose_types steps.fix_cells
    """,
    "reviewing": """
        answers.approve_draft answers.return_draft answers.sign_checks api_drafts.return_draft
        api_reviews.approve_draft api_reviews.sign_checks
    """,
    # Persons.
    "leading": """
        api_people.close_person api_people.end_invitation api_people.hand_over api_people.invite_person
        api_people.repeat_invitation api_people.set_roles people.close_account people.end_invitation
        people.end_token people.hand_over people.invite people.repeat_invitation people.set_roles
    """,
    "persons": "api_people.get_person people.show_person",
    "heads": "api_people.list_people api_people.list_invitations people.list_people",
    # The whole portal.
    "overseeing": "api_audit.* audit.* exchange.show_plan mail.* custody.show_withdrawal",
    "maintaining": """
        api_datasets.rename_dataset api_publishers.create_publisher api_schemas.create_schema
        api_workbench.plan_schema
        api_versions.release_version api_versions.tell_erratum api_versions.withdraw_version custody.report_erratum
        people.reset_factor custody.withdraw_version exchange.add_to_library stops.release_version
    """,
    # Signing in and out decides who asks, so it has tests of its own.
    "doors": """
        factors.enter_code factors.offer_sign_in factors.show_code factors.sign_in_with_passkey openid.begin
        openid.finish openid.show_button sessions.sign_in sessions.sign_out
    """,
}


def read_audiences() -> Mapping[str, Mapping[str, bool]]:
    """Name of an audience → who is in it."""
    head, *lines = (line.split() for line in AUDIENCES.strip().splitlines())
    found = {name: {who: mark == "yes" for who, mark in zip(head, marks, strict=True)} for name, *marks in lines}
    return {**found, "nobody": dict.fromkeys(head, False), "empty": found["workers"]}


def find_lines(endpoint: str) -> Iterator[str]:
    """The audiences of a view, by each line that it is in."""
    for audience, patterns in VIEWS.items():
        if any(fnmatchcase(endpoint, pattern) for pattern in patterns.split()):
            yield audience
