"""SQL that makes a store, one numbered file a step; never changed once released."""
