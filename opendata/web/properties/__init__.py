"""The properties that the profile has, as fields of a form and as text on a page."""
