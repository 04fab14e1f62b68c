class Unreadable(Exception):
    """The body lacks what an RMA cannot do without. `reason` is for machines, str() for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
