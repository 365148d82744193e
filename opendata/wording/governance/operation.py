"""Names of the tables and columns of the disclosure of authorised operation."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.domain.registers.operation import Mode, Part, Product, Role
from opendata.errors import N_

ROLES: Mapping[Role, str] = {
    Role.IMPLEMENTING: N_("Implementing body"),
    Role.OPERATOR: N_("Operator of the data"),
}

PARTS: Mapping[Part, str] = {
    Part.BODY: N_("Details of the implementing body"),
    Part.AUTHORISATIONS: N_("What is authorised"),
    Part.CEILINGS: N_("Ceilings of fees for operation services"),
    Part.OPERATOR: N_("Details of the operator"),
    Part.RESOURCES: N_("Public data resources that the operator was given"),
    Part.PRODUCTS: N_("Products and services"),
    Part.FEES: N_("Fees of products and services"),
}

COLUMNS: Mapping[str, str] = {
    "name": N_("Full name"),
    "creditCode": N_("Unified social credit code"),
    "telephone": N_("Office telephone"),
    "address": N_("Office address"),
    "url": N_("Web address"),
    "plan": N_("Implementation plan and its document number"),
    "operator": N_("Operator of the data"),
    "operatorCode": N_("Credit code of the operator"),
    "scope": N_("What data for what use"),
    "mode": N_("Mode of authorised operation"),
    "begins": N_("First day of the authorisation"),
    "ends": N_("Last day of the authorisation"),
    "procedure": N_("How the operator was chosen"),
    "agreement": N_("Name or number of the agreement"),
    "service": N_("Service of operation"),
    "ceiling": N_("Highest fee"),
    "unit": N_("Unit of the fee"),
    "basis": N_("Document that sets it"),
    "authority": N_("Who set it"),
    "title": N_("Name of the resource"),
    "provider": N_("Who provides the data"),
    "dataset": N_("Dataset on this portal (id)"),
    "registration": N_("Registration code"),
    "cycle": N_("How often it is updated"),
    "product": N_("Name of the product or service"),
    "kind": N_("Product or service"),
    "description": N_("What it does"),
    "resources": N_("Data that it uses"),
    "users": N_("Whom it is for"),
    "fee": N_("Fee charged"),
}
"""Column → its name."""

CHOICES: Mapping[str, str] = {
    Mode.WHOLE: N_("As a whole"),
    Mode.DOMAIN: N_("By domain"),
    Mode.SCENARIO: N_("By scenario"),
    Product.PRODUCT: N_("Data product"),
    Product.SERVICE: N_("Data service"),
}
"""What a cell with choices may be → its name."""
