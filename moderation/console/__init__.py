"""The console's pages around the review page: dashboard, queues, runs, subjects."""
