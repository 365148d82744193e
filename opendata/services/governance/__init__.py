"""What those who answer for the catalogue do: grounds, duties, requests, the inventory."""
