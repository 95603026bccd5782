"""stub"""
def export() -> None:
    """stub"""
