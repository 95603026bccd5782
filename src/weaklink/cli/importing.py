"""stub"""
def import_file() -> None:
    """stub"""
