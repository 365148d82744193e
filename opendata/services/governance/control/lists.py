"""All gauges of the control room, in the order of the page within each group."""

from __future__ import annotations

from opendata.services.governance.control.answers import ANSWER_GAUGES
from opendata.services.governance.control.datasets import DATASET_GAUGES
from opendata.services.governance.control.drafts import DRAFT_GAUGES
from opendata.services.governance.control.registers import REGISTER_GAUGES
from opendata.services.governance.control.storage import STORAGE_GAUGES
from opendata.services.governance.control.tables import TABLE_GAUGES

GAUGES = (*ANSWER_GAUGES, *DRAFT_GAUGES, *DATASET_GAUGES, *REGISTER_GAUGES, *TABLE_GAUGES, *STORAGE_GAUGES)
