"""The pure core: values, events and the one place where a site's state changes. Standard library only."""
