"""A mark of all in the bank that decides how a sheet of master data is judged."""

from __future__ import annotations

from creditbank.domain.masterdata.declaration import DataSet
from creditbank.records.scope import Scope

# Facts and editions are only added; runs are only finished or reverted, editions only published or withdrawn.
_STANDING = """
SELECT concat_ws('|',
  (SELECT concat_ws(',', count(*), max(recorded_at), max(fact_id::text)) FROM data_fact
   WHERE institution_id = %(institution)s AND data_set = ANY(%(sets)s)),
  (SELECT concat_ws(',', count(reverted_at), max(reverted_at)) FROM import_run
   WHERE institution_id = %(institution)s AND kind = ANY(%(sets)s)),
  (SELECT recorded_at FROM sheet_mapping WHERE institution_id = %(institution)s AND data_set = %(data_set)s),
  (SELECT concat_ws(',', count(published_at), max(published_at), count(withdrawn_at), max(withdrawn_at)) FROM edition
   WHERE institution_id = %(institution)s OR institution_id IN (SELECT institutions_above(%(institution)s))),
  (SELECT string_agg(code || rule_set_code || name || is_open::text, ',' ORDER BY institution_id, code)
   FROM outcome_type WHERE %(data_set)s = 'outcome_types'))
"""


def standing_of_data(scope: Scope, data_set: DataSet) -> str:
    """The mark of a data set of the scope's institution: its facts, its mapping, and what is handed down to it."""
    sets = [data_set.code, *(["changes"] if data_set.code == "students" else [])]
    values = {"institution": scope.institution, "data_set": data_set.code, "sets": sets}
    return str(scope.fetch(_STANDING, values)[0][0])
