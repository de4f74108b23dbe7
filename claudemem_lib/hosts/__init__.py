"""Agents that can be given a memory: what installing adds to the configuration of each, and how it is taken out."""
