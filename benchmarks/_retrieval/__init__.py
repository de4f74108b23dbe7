"""The retrieval scorecard: loaders for public data sets, the systems compared, the measures."""
