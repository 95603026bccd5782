"""The pages: each takes what it shows and gives HTML; none reads the store."""
