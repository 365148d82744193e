"""The inventory of what publishers hold, and the plan of what opens when: views of the same rows as the catalogue."""
