"""What documents that speak to a judge can do."""
