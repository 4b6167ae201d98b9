"""The blocking client, generated from `xai_dual._async`."""
