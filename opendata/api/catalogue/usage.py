"""How often the files of a dataset were downloaded."""

from __future__ import annotations

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.shapes import UsageShape
from opendata.errors import N_, NotPublicError
from opendata.metering import cost_class
from opendata.services.delivery.downloads import DetailedUsage

blueprint = ApiBlueprint("usage", N_("How often data was downloaded."))


class DailyDownloadsShape(Schema):
    """The downloads of a day of the portal's time zone."""

    day = fields.Date(required=True)
    downloads = fields.Integer(required=True)


class FileDownloadsShape(Schema):
    """The downloads of a format of a table, in all versions together."""

    resource = fields.String(required=True, metadata={"description": "Empty for packages and attachments."})
    format = fields.String(
        required=True, metadata={"description": "Such as `csv`; `zip` for packages, `attachment` for attachments."}
    )
    downloads = fields.Integer(required=True)


class DetailedUsageShape(UsageShape):
    """The downloads of a dataset, by day and by file."""

    days = fields.List(
        fields.Nested(DailyDownloadsShape),
        required=True,
        metadata={"description": "The days of the last 30 that have any, oldest first."},
    )
    files = fields.List(
        fields.Nested(FileDownloadsShape), required=True, metadata={"description": "Most downloaded first."}
    )


@blueprint.operation("GET", "/datasets/<identifier:dataset>/usage", shape=DetailedUsageShape, problems=(404,))
@cost_class("light")
def get_usage(dataset: str) -> DetailedUsage:
    """Get how often the files of a dataset were downloaded.

    A download is a table, package or attachment of which the first bytes were sent. Figures of datasets that aren't
    open are for those who may edit them.
    """
    found = services().downloads.describe(services().datasets.get(dataset, caller()), caller())
    if found is None:
        raise NotPublicError(N_("The downloads of this dataset aren't public, because its data isn't open"))
    return found
