"""Questions about stored snapshots, and the job that answers them in another process."""
