"""Work that outlives a page: import and detect jobs on a durable queue (DBOS Transact)."""
