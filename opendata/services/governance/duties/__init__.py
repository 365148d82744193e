"""Duties with a clock: the working calendar, rules, obligations, reminders and reports."""
