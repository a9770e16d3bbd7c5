"""The list Django needs of every module that declares models."""

from creditbank.records import (  # noqa: F401 - importing registers the models
    accounts,
    appeals,
    catalogue,
    conversions,
    editions,
    education_resources,
    frameworks,
    institutions,
    masterdata,
    opening_lots,
    operations,
    people,
    programmes,
    recognition,
    results,
    reversals,
    rules,
)
