"""Everything outside: time, ids, keys, files, database server, solver."""
