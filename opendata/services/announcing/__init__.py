"""Telling those who follow the catalogue what happened: a list that anybody reads on, and webhooks."""
