"""stub"""
def score() -> None:
    """stub"""
