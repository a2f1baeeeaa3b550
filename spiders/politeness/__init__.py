"""How hosts are treated: one object for the whole process, asked before each request and told what came."""

from archiver.spiders.politeness.budget import Budget
from archiver.spiders.politeness.clock import Clock, LoopClock
from archiver.spiders.politeness.manners import Counts, Manners, Turn
from archiver.spiders.politeness.outcome import Outcome, Trouble, outcome_of
from archiver.spiders.politeness.rules import DEFAULT_PACE, HostRules, Pace

__all__ = [
    "DEFAULT_PACE",
    "Budget",
    "Clock",
    "Counts",
    "HostRules",
    "LoopClock",
    "Manners",
    "Outcome",
    "Pace",
    "Trouble",
    "Turn",
    "outcome_of",
]
