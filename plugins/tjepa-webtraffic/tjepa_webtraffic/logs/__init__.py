"""Server and analytics logs as sessions and page views per step."""
