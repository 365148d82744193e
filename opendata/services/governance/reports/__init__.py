"""The annual report on disclosure: prefilled, completed by people, published."""
