"""The linear algebra underneath: absorbed effects, covariances, bootstrap weights, assignments."""
