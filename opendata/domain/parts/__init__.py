"""Files of tables, and their parts."""

from opendata.domain.parts.files import PARTS_FOLDER, Part, StoredFile, name_part
from opendata.domain.parts.tables import PartedTable

__all__ = ["PARTS_FOLDER", "Part", "PartedTable", "StoredFile", "name_part"]
