"""The catalogue as other systems see it: its entries, and where each thing of it is."""
