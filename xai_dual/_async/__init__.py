"""The asyncio client: the source from which `xai_dual._sync` is generated."""
