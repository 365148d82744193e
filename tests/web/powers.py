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
asking      yes  yes    yes    yes   yes      yes  yes   yes        -       -
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
supervising -    -      -      -     -        -    -     yes        yes     yes
"""
"""`rival` leads the road bureau, the others have their role at the water bureau, `above` at the city above it."""

VIEWS: Mapping[str, str] = {
    # What is public, and what its publisher and those who were granted it have alone.
    "everybody": """
        crawling.* data_json.* dcat.send_catalogue ckan.* ckan_actions.*
        api-docs.* assets.* catalogue.lead_to_* catalogue.list_datasets* basics.* catalogue.list_publishers*
        catalogue.list_schemas* catalogue.send_publishers catalogue.show_home* catalogue.show_publisher*
        catalogue.show_schema* differences.choose_versions disclosure.* documentation.* feeds.send_catalogue_feed*
        feeds.send_schema_feed*
        guide.* inside.* joining.* mcp.* operations.* problem_pages.* recoveries.* addresses.* search_feeds.* sql.*
        iceberg.get_* iceberg.list_* iceberg.load_table iceberg.miss
        oai.* harvests.* api_harvests.get_harvest api_harvests.list_harvests
        words.* duty_feeds.* feeds.send_publisher_feed* inventory.* negative_list.* on_time.* request_following.show_*
        published_operation.*
        published_reports.* requests.* self_check_reports.* site_disclosure.* site_public.* site_status.*
        site_topics.* site_reuses.l* site_reuses.send_feed site_reuses.show_* api_basics.get_basic_changes
        api_basics.get_basic_coverage
        api_annual_reports.get_published_* api_annual_reports.list_annual_reports
        api_operation_reports.get_published_* api_operation_reports.list_operation_reports
        api_basics.get_basic_entry api_basics.list_basic_entries api_basics.list_basic_versions
        api_clocks.get_* api_clocks.list_* api_inventory.download_* api_inventory.list_* api_negative_list.compare_*
        api_negative_list.get_negative_list api_negative_list.get_negative_list_version
        api_negative_list.list_negative_lists api_requests.list_requests api_self_checks.get_self_check_report
        api_self_checks.list_self_check_reports api_site.get_* api_site.list_* downloads.send_schema
        exchange.send_library_workbook grants.show_invitation api_datasets.list_datasets api_inside.search_*
        catalogue_tables.* guide_metadata.send_workbook guide_metadata.stream_*
        api_publishers.get_* api_publishers.list_* api_schemas.get_* api_schemas.list_* api_search.* api_sql.*
        api_webhooks.list_public_events conformance.show_overview api_conformance.list_conformance
        subscriptions.* subscription_ending.*
        api_workbench.list_schema_uses sessions.show_sign_in
    """,
    "everybody / insiders / insiders": """
        api_rows.* chart_files.send_chart charts.* differences.send_* differences.show_* downloads.send_package
        downloads.send_table downloads.send_attachment downloads.send_part tables.*
    """,
    "everybody / nobody / nobody": """
        api_inside.list_joins chart_files.show_embedded iceberg.send_avro iceberg.send_metadata
    """,
    "everybody / figures / insiders": "api_usage.*",
    "everybody / everybody / nobody": """
        conformance.show_dataset conformance.send_badge api_conformance.get_conformance dcat.send_dataset
        dcat.send_version
    """,
    "everybody / everybody / insiders": """
        api_datasets.get_dataset api_datasets.list_announcements api_versions.list_versions catalogue.list_versions*
        catalogue.show_dataset* api_versions.get_* api_versions.list_capabilities api_versions.list_resources
        api_inventory.get_item downloads.find_latest downloads.send_citation downloads.send_manifest*
        downloads.send_report downloads.send_resource_schema downloads.send_signature downloads.send_suspension*
        downloads.send_tombstone* exchange.send_published_workbook feeds.send_dataset_feed* table_document.*
        version_pages.* signposts.* contracts.* croissant.* csvw.* guide_metadata.send_core
    """,
    # What people ask and send, signed in or not. Who only watches sends nothing.
    "asking": """
        api_requests.send_request request_following.confirm_address request_following.leave_request
        request_following.send_request
        site_reuses.send_reuse
    """,
    # One's own account, and what anybody may do who is signed in.
    "account": """
        account.* webhooks.* api_webhooks.*_webhook*
        api_account.* api_tokens.* factors.add_passkey factors.confirm_factor factors.offer_passkey
        factors.remove_* factors.renew_codes factors.show_factor factors.show_qr openid.connect openid.disconnect
        openid.show_connections reviews.list_waiting
        workspace.show_new_dataset workspace.show_workspace
    """,
    "acting": """
        api_reviews.approve_routine_drafts grants.accept_invitation request_following.open_own reviews.approve_routine
    """,
    # Those who have a role somewhere.
    "staff": "control.* api_control.* goals.*",
    "busy": """
        annual_reports.list_reports api_registrations.list_registration_forms api_registrations.list_registrations
        registrations.list_registrations registrations.send_forms registrations.send_template
        registrations.show_results operation_reports.list_reports
        api_basics.list_basic_draft api_negative_list.list_ungrounded api_obligations.list_obligations
        api_self_checks.get_self_check api_self_checks.list_self_check_items api_self_checks.list_self_checks
        basic_drafts.list_entries basic_drafts.send_draft basic_drafts.show_in_force basic_drafts.show_new
        basic_imports.list_guides basic_imports.show_* duties.export_duties duties.list_duties duties.show_new_duty
        inventory_staff.list_items inventory_staff.send_template inventory_staff.show_import
        inventory_staff.show_upload preparing.list_ungrounded preparing.export_ungrounded request_inbox.list_inbox
        request_inbox.send_inbox self_checks.export_items self_checks.list_checks self_checks.show_check
        api_drafts.list_drafts api_versions.list_stops stops.list_stops api_uploads.get_upload
    """,
    "senders": """
        api_registrations.take_registration_results registrations.take_results
        api_inventory.import_items api_uploads.create_upload api_uploads.append_to_upload api_uploads.delete_upload
        basic_imports.send_file basic_imports.take_import duties.renew_feed inventory_staff.take_*
    """,
    # The work on datasets of the water bureau.
    "insiders": """
        annual_reports.show_report api_annual_reports.get_publisher_report
        api_registrations.get_* api_registrations.list_registration_steps registrations.send_form
        registrations.show_registration api_operation_reports.get_operation_report
        operation_reports.send_tables operation_reports.show_report
        api_obligations.get_obligation api_obligations.list_obligation_steps duties.show_duty duties.show_step
        answers.show_answers api_drafts.get_draft api_drafts.download_attachment api_events.* api_findings.*
        api_grants.list_grants api_matching.* api_sources.get_source api_workbench.download_bench
        api_workbench.get_bench drafts.confirm_discard drafts.confirm_erasure drafts.list_findings
        drafts.show_changes drafts.show_draft exchange.send_workbook exchange.show_codes grants.show_grants
        meaning.show_meaning personal.show_decisions readings.show_reading steps.show_wrong_cells
        workbench.show_schema workspace.show_metadata
    """,
    "busy / busy / insiders": "inventory_staff.show_item",
    "workers": """
        answers.comment_on_draft api_reviews.comment_on_draft api_drafts.publish_draft drafts.publish_draft
    """,
    "editing": """
        annual_reports.save_report api_annual_reports.save_publisher_report
        api_registrations.begin_registration api_registrations.change_registration
        api_registrations.take_registration_step registrations.begin_registration registrations.save_application
        registrations.take_step api_operation_reports.save_operation_report operation_reports.save_report
        operation_reports.take_tables
        api_basics.link_basic_entry api_basics.unlink_basic_entry api_inventory.plan_opening
        api_inventory.register_item api_inventory.replace_item api_obligations.finish_obligation
        api_obligations.pause_obligation api_obligations.resume_obligation api_obligations.start_obligation
        api_requests.take_request_step api_self_checks.decide_self_check_items basic_drafts.change_dataset
        basic_drafts.change_link duties.take_step inventory_staff.number_items inventory_staff.publish_entry
        inventory_staff.set_day request_inbox.take_step self_checks.decide_items
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
        registrations.show_new
        api_requests.get_request basic_drafts.show_dataset request_inbox.show_*
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
        api_annual_reports.publish_publisher_report api_operation_reports.publish_operation_report
        api_basics.change_basic_draft api_basics.create_basic_draft api_basics.remove_basic_draft
        api_obligations.add_obligation api_obligations.assign_obligation api_obligations.extend_obligation
        api_publishers.update_publisher api_self_checks.confirm_self_check_items basic_drafts.change_entry
        basic_drafts.create_entry basic_drafts.remove_entry duties.add_duty offices.update_publisher
        api_people.close_person api_people.end_invitation api_people.hand_over api_people.invite_person
        api_people.repeat_invitation api_people.set_roles people.close_account people.end_invitation
        people.end_token people.hand_over people.invite people.repeat_invitation people.set_roles
    """,
    "persons": """
        api_basics.get_basic_draft api_people.get_person basic_drafts.show_entry offices.show_form people.show_person
    """,
    "heads": "offices.list_publishers api_people.list_people api_people.list_invitations people.list_people",
    # The whole portal.
    "overseeing": """
        annual_reports.show_whole api_annual_reports.get_annual_report
        api_audit.* audit.* exchange.show_plan mail.* custody.show_withdrawal
        api_negative_list.get_negative_list_draft api_negative_list.list_lapses clocks.list_* clocks.show_new_rule
        harvest_staff.show_* api_higher_platforms.get_* api_higher_platforms.list_* api_senders.get_*
        api_senders.list_* api_exchange.list_*
        higher_platforms.list_* higher_platforms.send_records higher_platforms.show_* senders.list_* senders.show_*
        clocks.show_rule clocks.show_year offices.send_* offices.show_import offices.show_new preparing.send_form
        preparing.show_* publisher_fate.show_future site_staff.list_* site_staff.show_*
    """,
    "supervising": "clocks.send_supervision clocks.show_supervision",
    "maintaining": """
        annual_reports.save_whole api_annual_reports.publish_annual_report api_annual_reports.save_annual_report
        api_basics.put_basics_in_force api_clocks.add_rule api_clocks.enter_calendar_year api_clocks.use_rule
        api_negative_list.change_* api_negative_list.discard_* api_negative_list.enforce_*
        api_obligations.rectify_obligation api_obligations.waive_obligation api_publishers.close_publisher
        api_publishers.merge_publishers api_publishers.move_dataset api_publishers.reopen_publisher
        api_publishers.split_publisher api_self_checks.begin_self_check api_self_checks.close_self_check
        api_site.add_reuse api_site.decide_reuse api_site.delete_site_page api_site.put_site_page
        basic_drafts.put_in_force basic_imports.adopt_guide clocks.add_rule clocks.save_year clocks.use_rule
        offices.create_publisher offices.take_list preparing.begin_draft preparing.discard_draft
        preparing.drop_entry preparing.enforce preparing.put_entry preparing.take_form publisher_fate.close_publisher
        publisher_fate.hand_over publisher_fate.merge_publisher publisher_fate.reopen_publisher
        self_checks.begin_check self_checks.close_check site_staff.add_reuse site_staff.decide_reuse
        site_staff.delete_page site_staff.save_page
        api_higher_platforms.compare_* api_higher_platforms.delete_* api_higher_platforms.put_*
        api_higher_platforms.send_again api_senders.put_* api_senders.renew_*
        api_exchange.delete_* api_exchange.put_* higher_platforms.add_* higher_platforms.compare_*
        higher_platforms.delete_* higher_platforms.save_* higher_platforms.send_again higher_platforms.switch_*
        senders.add_* senders.renew_* senders.save_*
        api_harvests.delete_harvest api_harvests.put_harvest api_harvests.run_harvest api_harvests.stop_harvest
        harvest_staff.add_* harvest_staff.delete_* harvest_staff.run_* harvest_staff.save_* harvest_staff.stop_*
        harvest_staff.try_*
        api_datasets.rename_dataset api_publishers.create_publisher api_schemas.create_schema
        api_workbench.plan_schema
        api_versions.release_version api_versions.tell_erratum api_versions.withdraw_version custody.report_erratum
        people.reset_factor custody.withdraw_version exchange.add_to_library stops.release_version
    """,
    "nobody": "iceberg.refuse_change",
    # Signing in and out decides who asks, so it has tests of its own.
    "doors": """
        request_following.open_request request_following.take_step
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
