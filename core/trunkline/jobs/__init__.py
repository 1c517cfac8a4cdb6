"""Durable jobs: a frozen plan of steps, leased, stepped, undone in reverse, resumed after a death. The database is the truth."""

from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.jobs.steps import StepContext, StepFailed, TryAgain

__all__ = ["PlannedStep", "StepContext", "StepFailed", "TryAgain", "enqueue"]
