"""Builds the services of one instance from its settings."""

from opendata.wiring.context import build_context
from opendata.wiring.services import Services, build_services

__all__ = ["Services", "build_context", "build_services"]
