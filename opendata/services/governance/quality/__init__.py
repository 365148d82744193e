"""The quality of published tables: measured by the worker, shown in the control room and on pages."""
