"""The OpenAPI document, and the page that browses it."""
