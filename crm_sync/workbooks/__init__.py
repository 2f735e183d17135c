"""XLSX workbooks: read in a process of their own, written without a library."""
