"""What a check found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One breach of the contract: which part of it, what is wrong, and what to do."""

    area: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.area}: {self.text} {self.remedy}".rstrip()
