"""What the recipes of both frameworks need of one store's own client."""
