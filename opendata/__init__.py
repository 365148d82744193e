"""The open-data publishing platform: layers, their order and their words are in docs/."""

__version__ = "0.1.0"
