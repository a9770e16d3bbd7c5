"""Conversion 学分置换: applied for with credit held, decided by a person, posted and reversed whole."""
