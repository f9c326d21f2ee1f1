"""The compiler: from a schema and the steps of all plugins to one function per event type."""
