"""D-Tale with one table of its own."""

import pandas
from dtale import global_state
from dtale.app import build_app
from dtale.views import startup

app = build_app(reaper_on=False)
table = pandas.DataFrame({"a": range(2000), "b": [n % 7 for n in range(2000)]})
startup("", data=table, name="table", ignore_duplicate=True)


def deep():
    return global_state.get_data("1").columns
