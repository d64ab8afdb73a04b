"""Finding names by any part of them, by an index: of every letter and every two neighbours.

`pg_trgm` would need three letters, and Chinese names are searched by one or two.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, Q, QuerySet, TextField, Value

# Of longer words the beginning is looked for in the index; all of them are compared.
MOST = 64
# What more rows hold is found sooner by reading them in the order that is wanted.
FEW = 10_000


class Grams(Func):
    """The letters of a text in upper case, and its pairs of neighbours; see core's migration.

    `GinIndex(Grams("name"), name=…)` is the index that `named` needs.
    """

    function = "gatehouse_grams"
    arity = 1
    output_field: ArrayField = ArrayField(TextField())  # type: ignore[type-arg]


def named(rows: QuerySet[Any], column: str, words: str, *, key: str = "pk") -> Q:
    """Just what `column__icontains` finds, for rows whose `pk` is the `key` of one of `rows`.

    One query. The ids are a list because the planner takes a rare word for more common than it is.
    """
    lettered = rows.alias(letters=Grams(column)).order_by()
    by_index = {"letters__contains": Grams(Value(words[:MOST]))}
    holding = lettered.filter(**by_index, **{f"{column}__icontains": words})
    found = list(holding.values_list(key, flat=True)[: FEW + 1])
    return Q(pk__in=set(found)) if len(found) <= FEW else Q()
