"""Master data of a school: data sets declared as data, how their cells are read, how facts make rows."""
