"""Snapshots on disk, shared by the workers of one app."""
