"""What a careful person says of each real file: its tables, counted without this project's code.

Delimited text by Python's csv with the encodings of MANIFEST.tsv, JSON by Python's json, workbooks by openpyxl and
python-calamine, the page of HTML by lxml; where a table has to be understood (titles, headers of two rows, notes,
headings of groups), by eye, with the stories in the README beside the files.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

LEFT_OUT = "reported"
"""The folder of what goes wrong today: each input there has a story of its own instead of counts, and is taken up one
by one, so that none of them is read as a careful person would until then."""


def list_real_files(realdata: Path, *suffixes: str, among: Iterable[Path] | None = None) -> list[Path]:
    """The files that tests of all real files walk, by name: those with such a suffix (of `among` or all there are)."""
    paths = realdata.rglob("*") if among is None else among
    return sorted(
        path
        for path in paths
        if path.is_file()
        and path.relative_to(realdata).parts[0] != LEFT_OUT
        and (not suffixes or path.suffix in suffixes)
    )


LONG_FROM = 300_000
"""Files of so many bytes are walked by slow tests only, but for `test_real_files`, where each file has its turn."""


def list_short_and_long(realdata: Path, *suffixes: str) -> tuple[list[Path], list[Path]]:
    """The same files in two parts."""
    paths = list_real_files(realdata, *suffixes)
    parts: tuple[list[Path], list[Path]] = ([], [])
    for path in paths:
        parts[path.stat().st_size >= LONG_FROM].append(path)
    return parts


class Counted(NamedTuple):
    """One table: `rows` of data, `columns`, the `first` and the `last` name, empty where that column has none.

    `header` are the rows of the source that hold the names. `errors` is how much is wrong with the structure.
    """

    form: str
    encoding: str | None
    sheet: str | None
    header: tuple[int, ...]
    rows: int
    columns: int
    first: str
    last: str
    errors: int = 0


def read_plain(text: str) -> dict[str, list[Counted]]:
    """Tables of delimited text whose first row names the columns: file, encoding, rows, columns, first, last name."""
    found = {}
    for line in text.strip().splitlines():
        path, encoding, rows, columns, first, last = (cell.strip() for cell in line.split("|"))
        found[path] = [Counted("csv", encoding, None, (1,), int(rows), int(columns), first, last)]
    return found


PLAIN = read_plain("""
chinese/admin-divisions/areas.csv | utf-8 | 2978 | 4 | code | provinceCode
chinese/admin-divisions/cities.csv | utf-8 | 342 | 3 | code | provinceCode
chinese/admin-divisions/ok_data_level3.bom.csv | utf-8 | 3639 | 8 | id | ext_name
chinese/admin-divisions/ok_data_level4.bom.csv.gz | utf-8 | 43118 | 8 | id | ext_name
chinese/admin-divisions/provinces.csv | utf-8 | 31 | 2 | code | name
chinese/admin-divisions/streets.csv.gz | utf-8 | 41352 | 5 | code | cityCode
chinese/admin-divisions/villages.csv.gz | utf-8 | 620573 | 6 | code | areaCode
chinese/air-quality/new_CN-Reanalysis-daily-2018120100.gbk.csv | gb18030 | 339 | 12 | 城市 | PSFC(Pa)
chinese/code-lists/GB-2260.csv | utf-8 | 6564 | 13 | id | dest
chinese/code-lists/GB-3304-1991.csv | utf-8 | 56 | 8 | id | dest
chinese/code-lists/GB-4754-2017.csv | utf-8 | 1970 | 6 | id | dest
chinese/covid/2020-02-10.csv | utf-8 | 543 | 11 | date | dead
chinese/covid/DXYArea-2020-02-05.bom.csv.gz | utf-8 | 17496 | 11 | provinceName | updateTime
chinese/covid/Wuhan-2019-nCoV.csv.gz | utf-8 | 67815 | 11 | date | dead
chinese/nbs-gbk/cpi/全国月度数据.csv | gb18030 | 48 | 12 | 时间 | 其他用品及服务类居民消费价格指数（上年同月=100）
chinese/nbs-gbk/gdp-1993-2017/gdp.utf8-hand-cleaned.csv | utf-8 | 31 | 26 | 地区 | 1993年
chinese/rail-stations/stations.bom.csv | utf-8 | 279 | 5 | station_id | longitude
datapackages/acordo-reparacao-vale-mg/data/iniciativas_acordo_judicial_reparacao_vale.csv | utf-8 | 63 | 4 | codigo_iniciativa | valor_iniciativa
datapackages/co2-ppm/data/co2-annmean-gl.csv | utf-8 | 47 | 3 | Year | Uncertainty
datapackages/co2-ppm/data/co2-annmean-mlo.csv | utf-8 | 67 | 3 | Year | Uncertainty
datapackages/co2-ppm/data/co2-gr-gl.csv | utf-8 | 67 | 3 | Year | Uncertainty
datapackages/country-codes/data/country-codes.csv | utf-8 | 249 | 56 | FIFA | wikidata_id
datapackages/covid-19-large/data/countries-aggregated.csv | utf-8 | 122460 | 5 | Date | Deaths
datapackages/covid-19-large/data/key-countries-pivoted.csv | utf-8 | 628 | 9 | Date | Iran
datapackages/covid-19-large/data/reference.csv | utf-8 | 4213 | 12 | UID | Population
datapackages/covid-19-large/data/worldwide-aggregate.csv | utf-8 | 628 | 5 | Date | Increase rate
datapackages/cpi/data/cpi.csv | utf-8 | 11182 | 4 | Country | CPI
datapackages/currency-codes/data/codes-all.csv | utf-8 | 449 | 6 | Entity | WithdrawalDate
datapackages/doacoes-covid-19-mg/data/doacoes-entrada.csv | utf-8 | 205 | 14 | ITEM | VALOR_TOTAL
datapackages/doacoes-covid-19-mg/data/doacoes-saida.csv | utf-8 | 2032 | 10 | ITEM | VALOR_TOTAL
datapackages/gdp/data/gdp.csv | utf-8 | 13979 | 4 | Country Name | Value
datapackages/gdp/data/top-economies.csv | utf-8 | 230 | 3 | country | gdp_trillion
datapackages/language-codes/data/ietf-language-tags.csv | utf-8 | 1122 | 7 | lang | file
datapackages/language-codes/data/language-codes-3b2.csv | utf-8 | 183 | 3 | alpha3-b | English
datapackages/language-codes/data/language-codes-full.csv | utf-8 | 487 | 5 | alpha3-b | French
datapackages/language-codes/data/language-codes.csv | utf-8 | 183 | 2 | alpha2 | English
datapackages/population/data/population.csv | utf-8 | 17195 | 4 | Country Name | Value
datapackages/world-cities/data/world-cities.csv | utf-8 | 34032 | 4 | name | geonameid
messy/adur-public-toilets.mixed-dates.csv | utf-8 | 15 | 32 | ExtractDate | GeoAreaLabel
schemas/cerema-arrete-circulation/exemple-valide.csv | utf-8 | 2 | 36 | ID | GEOM_SOURCE
schemas/cerema-arrete-circulation/exemples/carros.csv | utf-8 | 13 | 36 | ID | GEOM_SOURCE
schemas/cerema-arrete-circulation/exemples/fuveau.csv | utf-8 | 3 | 36 | ID | GEOM_SOURCE
schemas/cerema-arrete-circulation/exemples/gignac.csv | utf-8 | 1 | 36 | ID | GEOM_SOURCE
schemas/cerema-arrete-circulation/exemples/le-rove.csv | utf-8 | 3 | 36 | ID | GEOM_SOURCE
schemas/cerema-arrete-circulation/exemples/septemes-les-vallons.csv | utf-8 | 4 | 36 | ID | GEOM_SOURCE
schemas/cerema-arrete-circulation/exemples/st-victoret.csv | utf-8 | 1 | 36 | ID | GEOM_SOURCE
schemas/cerema-arrete-circulation/exemples/vence.csv | utf-8 | 9 | 36 | ID | GEOM_SOURCE
schemas/etalab-schema-comptage-mobilites/channel/exemple-invalide.csv | utf-8 | 4 | 19 | channel_id | provider_portal_url
schemas/etalab-schema-comptage-mobilites/channel/exemple-valide-eco-compteur.csv | utf-8 | 10 | 19 | channel_id | provider_portal_url
schemas/etalab-schema-comptage-mobilites/channel/exemple-valide.csv | utf-8 | 1 | 19 | channel_id | provider_portal_url
schemas/etalab-schema-comptage-mobilites/measure/exemple-valide-eco-compteur.csv | utf-8 | 3650 | 5 | channel_id | count
schemas/etalab-schema-comptage-mobilites/measure/exemple-valide.csv | utf-8 | 9 | 5 | channel_id | count
schemas/etalab-schema-comptage-mobilites/site/exemple-valide-eco-compteur.csv | utf-8 | 3 | 8 | site_id | infrastructure_type
schemas/etalab-schema-comptage-mobilites/site/exemple-valide.csv | utf-8 | 1 | 8 | site_id | infrastructure_type
schemas/etalab-schema-irve/dynamique/exemple-valide-dynamique.csv | utf-8 | 2 | 8 | id_pdc_itinerance | etat_prise_type_ef
schemas/etalab-schema-irve/statique/exemple-valide-statique.csv | utf-8 | 2 | 40 | nom_amenageur | cable_t2_attache
schemas/etalab-schema-lieux-covoiturage/exemple-invalide.csv | utf-8 | 2 | 18 | id_lieu | comm
schemas/etalab-schema-lieux-covoiturage/exemple-valide.csv | utf-8 | 1 | 18 | id_lieu | comm
schemas/etalab-schema-stationnement/exemple-invalide.csv | utf-8 | 1 | 30 | id | info
schemas/etalab-schema-stationnement/exemple-valide.csv | utf-8 | 2 | 30 | id | info
schemas/etalab-schema-stationnement-cyclable/exemple-valide.csv | utf-8 | 1 | 21 | id_local | commentaires
schemas/mtes-acceslibre/base/exemple.csv | utf-8 | 6 | 92 | id | conformite
schemas/mtes-acceslibre/bureau_de_vote/exemple.csv | utf-8 | 6 | 63 | id | conformite
schemas/mtes-acceslibre/etablissements_scolaires/exemple.csv | utf-8 | 6 | 76 | id | conformite
schemas/mtes-acceslibre/grands_etablissements/exemple.csv | utf-8 | 6 | 80 | id | conformite
schemas/mtes-acceslibre/hebergement/exemple.csv | utf-8 | 6 | 81 | id | conformite
schemas/mtes-acceslibre/sante/exemple.csv | utf-8 | 6 | 75 | id | conformite
schemas/openmaraude-schema-stationstaxi/exemple-non-valide.csv | utf-8 | 17 | 10 | id | Code administratif
schemas/openmaraude-schema-stationstaxi/exemple-valide.csv | utf-8 | 17 | 8 | id | info
""")  # noqa: E501

TEXTS = {
    # Three title lines above the header, notes below the last region.
    "chinese/nbs-gbk/cpi/分省月度数据.csv": [Counted("csv", "gb18030", None, (4,), 31, 4, "地区", "2020年1月")],
    "chinese/nbs-gbk/gdp-1993-2017/分省年度数据.csv": [Counted("csv", "gb18030", None, (4,), 31, 26, "地区", "1993年")],
    "chinese/nbs-gbk/分省年度数据 (1).csv": [Counted("csv", "gb18030", None, (4,), 31, 21, "地区", "2006年")],
    "chinese/nbs-gbk/分省年度数据 (5).csv": [Counted("csv", "gb18030", None, (4,), 31, 21, "地区", "2006年")],
    "chinese/nbs-gbk/分省年度数据.csv": [Counted("csv", "gb18030", None, (4,), 31, 20, "地区", "2006年")],
    # A comma at the end of each line makes a 50th column without name and values.
    "chinese/nbs-gbk/cpi/各省份数据-医疗保健.csv": [Counted("csv", "gb18030", None, (1,), 31, 49, "省份", "2019.12")],
    # The index that pandas writes has no name: a mistake to be told, not to be hidden.
    "chinese/nbs-gbk/gdp-1993-2017/gdp_last.long.bom.csv": [
        Counted("csv", "utf-8", None, (1,), 775, 5, "", "date", errors=1)
    ],
    "chinese/taiwan-land/filter_a.big5.csv": [Counted("csv", "big5hkscs", None, (1,), 939, 29, "", "編號", errors=1)],
    # The names in Chinese, and below them in English.
    "chinese/taiwan-land/a_lvr_land_a.bom-two-headers.csv": [
        Counted(
            *("csv", "utf-8", None, (1, 2), 366, 28),
            *("鄉鎮市區 The villages and towns urban district", "編號 serial number"),
        )
    ],
    # The second line is blank; in the two others each row has one or two cells more than there are names.
    "datapackages/co2-ppm/data/co2-gr-mlo.csv": [
        Counted("csv", "utf-8", None, (1,), 68, 3, "Year", "Uncertainty", errors=1)
    ],
    "datapackages/co2-ppm/data/co2-mm-gl.csv": [
        Counted("csv", "utf-8", None, (1,), 568, 4, "Date", "Trend", errors=2 * 568)
    ],
    "datapackages/co2-ppm/data/co2-mm-mlo.csv": [
        Counted("csv", "utf-8", None, (1,), 820, 6, "Date", "Number of Days", errors=820)
    ],
    # A list without a name; the commas in its 37th line belong to a sentence.
    "schemas/cerema-arrete-circulation/referentiels/VEH_USAGES.csv": [
        Counted("csv", "cp1252", None, (), 44, 1, "", "")
    ],
}

CULTURE = "文化旅游体育 与传媒支出 Expenditure for Culture, Tourism,Sport and Media"
COMMERCE = "商业服务业 等支出 Expenditure for Commerce and Services"
INDEX = "CPI_翘尾因素_全年平均(%)_CPI_Hike_AnnAver"

WORKBOOKS = {
    # Totals are rows of data, the report mentions them.
    "chinese/admin-divisions/summary.xlsx": [
        Counted("xlsx", None, "总统计", (1, 2), 6, 15, "级别", "2017 数量"),
        Counted("xlsx", None, "分省统计", (1,), 32, 6, "code", "社区/村"),
    ],
    # Two tables, one below the other, on the first sheet.
    "chinese/budget/7-6-分地区一般公共预算支出-2019.encrypted.xls": [
        Counted("xls", None, "1-2", (5,), 32, 10, "地 区", CULTURE),
        Counted("xls", None, "1-2#2", (43,), 32, 10, "地 区", COMMERCE),
        Counted("xls", None, "3", (4,), 32, 11, "地 区", "其他支出 Other Expendi- ture"),
    ],
    "chinese/budget/7-6-分地区一般公共预算支出-2020.xls": [
        Counted("xls", None, "raw-2020-base", (3,), 32, 26, "地区", "其他支出")
    ],
    # Blank rows part the regions: 32 rows, not 38.
    "chinese/budget/7-6-分地区一般公共预算支出-2021.xlsx": [
        Counted("xlsx", None, "Sheet1", (4,), 32, 26, "地 区", "其他支出")
    ],
    "chinese/covid/StatsWJW.xlsx": [
        Counted("xlsx", None, "WebSite", (1,), 34, 3, "地区", "有专门页面吗？"),
        Counted("xlsx", None, "Guangdong", (1,), 20, 25, "Month", "河源"),
        Counted("xlsx", None, "GdDetail", (1,), 18, 24, "Month", "河源"),
        Counted("xlsx", None, "AhDetail", (1,), 12, 20, "Month", "黄山"),
        Counted("xlsx", None, "Hainan", (1,), 10, 5, "Month", "Infected"),
    ],
    "chinese/hospitals/苏州医院信息.xlsx": [Counted("xlsx", None, "Sheet1", (1,), 60, 8, "序号", "纬度")],
    # Four columns without a name; Sheet2 and Sheet3 are empty.
    "chinese/nbs-gbk/一般公共预算等.xls": [Counted("xls", None, "Sheet1", (1,), 62, 24, "", "2024", errors=4)],
    "chinese/prices/CPI-date-serials.xls": [Counted("xls", None, "MACHINACPI", (1,), 456, 8, "截止日期_EndDt", INDEX)],
    # Between the schools stand headings, one for each province: 北京市（92所）.
    "chinese/schools/全国普通高等学校名单-2025.xls": [
        Counted("xls", None, "全国普通高等学校名单", (3,), 2919, 7, "序号", "备注")
    ],
    "chinese/schools/全国成人高等学校名单-2025.xls": [
        Counted("xls", None, "全国成人高等学校名单", (3,), 248, 5, "序号", "备注")
    ],
    "chinese/xlsx-traps/html-saved-as-xls-2019.xls": [
        Counted("html", "utf-8", "2", (1, 2), 36, 5, "地区", "R&D人员折合全时当量 研究人员")
    ],
    "chinese/xlsx-traps/openxlsx-wrong-dimension-RD人员全时当量-2018.xlsx": [
        Counted("xlsx", None, "1", (5, 6), 36, 7, "地 区", "试验发展 Experimental Development")
    ],
    "chinese/xlsx-traps/openxlsx-wrong-dimension-农业科技园区-第1批.xlsx": [
        Counted("xlsx", None, "Sheet 1", (1,), 21, 4, "index", "province")
    ],
    "datapackages/acordo-reparacao-vale-mg/upload/iniciativas_acordo_judicial_reparacao_vale.xlsx": [
        Counted("xlsx", None, "iniciativas", (1,), 63, 4, "codigo_iniciativa", "valor_iniciativa")
    ],
    "datapackages/doacoes-covid-19-mg/data-raw/doacoes-covid-19.xls": [
        Counted("xls", None, "ENTRADA", (1,), 205, 14, "ITEM", "VALOR_TOTAL"),
        Counted("xls", None, "SAIDA", (1,), 2032, 10, "ITEM", "VALOR_TOTAL"),
    ],
    "schemas/etalab-schema-lieux-covoiturage/exemple-valide.xls": [
        Counted("xls", None, "Worksheet", (1,), 1, 18, "id_lieu", "comm")
    ],
    "schemas/openmaraude-schema-stationstaxi/exemple-valide.xlsx": [
        Counted("xlsx", None, "exemple-valide", (1,), 17, 8, "id", "info")
    ],
}

DAYS = {2019: 31, 2020: 37, 2021: 38, 2022: 38, 2023: 34, 2024: 36, 2025: 33, 2026: 39}

JSON = {
    "chinese/covid/2020-02-10.json": [Counted("json", "utf-8", None, (1,), 543, 11, "date", "dead")],
    **{
        f"chinese/holidays/{year}.json": [Counted("json", "utf-8", "/days", (1,), days, 3, "name", "isOffDay")]
        for year, days in DAYS.items()
    },
    "chinese/schools/全国普通高等学校名单-2025.expected.json": [
        Counted("json", "utf-8", None, (1,), 2919, 7, "index", "remark")
    ],
    "chinese/schools/全国成人高等学校名单-2025.expected.json": [
        Counted("json", "utf-8", None, (1,), 248, 5, "index", "remark")
    ],
    # Districts by region and by territory, without names of their own for the three columns.
    "chinese/admin-divisions/HK-MO-TW.json": [Counted("json", "utf-8", None, (1,), 383, 3, "level_1", "value")],
}

COUNTED: dict[str, list[Counted]] = {**PLAIN, **TEXTS, **WORKBOOKS, **JSON}

REFUSED = {"chinese/holidays/2027.json": "The list at “/days” is empty"}

NOT_YET = {
    "schemas/cerema-arrete-circulation/referentiels/VEH_USAGES.csv": "the doubt about its first row is told",
}
"""Where our reading is another than a careful person's, and known to be."""
