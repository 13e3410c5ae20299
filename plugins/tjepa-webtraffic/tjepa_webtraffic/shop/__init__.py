"""Tables of transactions as a shop's figures per day."""
