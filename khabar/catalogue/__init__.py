"""The catalogue: sources, topics and the gazetteer, as YAML data with errors that say file, line and column."""

from khabar.catalogue.compiled import Compiled
from khabar.catalogue.entity import Gazetteer, GazetteerEntity
from khabar.catalogue.folders import SHIPPED, Catalogue, load
from khabar.catalogue.problems import CatalogueError, Problem
from khabar.catalogue.signal import Signal
from khabar.catalogue.topic import DigestPlan, Topic, Veto, load_topic

__all__ = [
    "SHIPPED",
    "Catalogue",
    "CatalogueError",
    "Compiled",
    "DigestPlan",
    "Gazetteer",
    "GazetteerEntity",
    "Problem",
    "Signal",
    "Topic",
    "Veto",
    "load",
    "load_topic",
]
