"""Imports of course results: the run is the decision, each batch is one transaction."""
