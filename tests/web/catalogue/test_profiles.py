"""What a version's page tells of the values in each column."""

from __future__ import annotations

from tests.instances import upload
from tests.web.conftest import Portal


def test_the_dictionary_tells_what_is_in_each_column(portal: Portal) -> None:
    page = portal.client("en").get("/datasets/reservoirs/1.1.0/").text
    assert "1 empty" in page
    assert "distinct" in page
    assert '<svg class="bars"' in page


def test_of_a_column_that_may_tell_of_persons_only_counts_are_shown(desk: Portal) -> None:
    numbers = [f"1380000{number:04}" for number in range(20)]
    services = desk.services
    editor, _ = services.accounts.sign_in("clerk", "a long password")
    services.datasets.create(editor, {"id": "phones", "title": "电话", "publisher": "water-bureau"})
    text = "id,phone\n" + "".join(f"{place},{number}\n" for place, number in enumerate(numbers))
    schema = {"fields": [{"name": "id", "type": "integer"}, {"name": "phone", "type": "integer"}]}
    draft = upload(services, editor, text, dataset="phones", schema=schema).id
    said = {"field": "phone", "treatment": "not-personal", "reason": "official-contact"}
    services.drafts.change_resource(editor, draft, "levels", {"decisions": {"columns": [said]}})
    services.work.run_to_end(draft)
    services.drafts.submit(editor, draft)
    services.work.run_to_end(draft)
    assert services.drafts.get(editor, draft).status == "published"
    ids, phones = services.versions.get_profile("phones", "1.0.0", "levels")
    assert ids["greatest"] == 19
    assert phones["count"] == 20
    assert "least" not in phones
    assert "histogram" not in phones
    page = desk.client("en").get("/datasets/phones/1.0.0/").text
    assert "20 distinct" in page
    assert f"{numbers[0]} – {numbers[-1]}" not in page
