"""Every write of an objection or an appeal: raised, answered, filed, heard by a panel and decided."""
