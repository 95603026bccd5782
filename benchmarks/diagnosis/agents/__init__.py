"""Agents that failed: is the step that we name the one that people named?"""
