"""What a request costs: the seats it takes while it runs, and those it takes for a while afterwards."""

from dataclasses import dataclass

# Source: queueset.go: estimatedServiceDuration.
SERVICE_SECONDS = 0.003


@dataclass(frozen=True, slots=True)
class Work:
    """Seats while it is executed; those held `lingering_seconds` longer, for what comes of it."""

    initial_seats: int = 1
    final_seats: int = 0
    lingering_seconds: float = 0.0

    @property
    def seats(self) -> int:
        """The seats it needs to begin: the most it will ever hold."""
        return max(self.initial_seats, self.final_seats)

    @property
    def seat_seconds(self) -> float:
        """What is expected of it in all."""
        return self.initial_seats * SERVICE_SECONDS + self.final_seats * self.lingering_seconds


ONE_SEAT = Work()
