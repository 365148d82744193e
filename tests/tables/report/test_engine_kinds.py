"""The words read from frictionless' sources are those its classes have."""

from frictionless import errors

from opendata.tables.report.engine_kinds import read_engine_kinds


def test_all_types_have_the_words_of_their_classes():
    classes = {item.type: item for item in vars(errors).values() if getattr(item, "type", None)}
    found = read_engine_kinds()
    assert set(classes) <= set(found)
    for name, words in found.items():
        kind = classes[name]
        assert words == {
            "type": kind.type,
            "title": kind.title,
            "description": kind.description,
            "template": kind.template,
            "tags": kind.tags,
        }
