"""The blueprint, access control, pages and API."""
