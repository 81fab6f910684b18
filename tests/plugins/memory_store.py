"""A storage back end written outside the package: everything in dictionaries."""

from pairjudge_lab.records import Status
from pairjudge_lab.verdicts.table import table_row, to_table


class MemoryStore:
    """What ``pairjudge_lab.store.contract`` asks of a back end, and nothing else."""

    def __init__(self):
        self.damaged = 0
        self._verdicts, self._completions, self._sources = {}, {}, {}

    def get(self, keys):
        return {key: self._verdicts[key][2] for key in keys if key in self._verdicts}

    def put(self, identity, rows):
        for key, match, verdict in rows:
            if verdict.status is not Status.FAILED:
                self._verdicts.setdefault(key, (identity["name"], match, verdict))

    def remove(self, keys):
        there = [key for key in keys if key in self._verdicts]
        for key in there:
            del self._verdicts[key]
            for source in self._sources.pop(key, ()):
                self._completions.pop(source, None)
        return len(there)

    def forget(self, *statuses):
        return self.remove([k for k, row in self._verdicts.items() if row[2].status in statuses])

    def completions(self, keys):
        return {key: self._completions[key] for key in keys if key in self._completions}

    def keep_completions(self, producer, rows):
        for key, _, completion in rows:
            if completion.finish != "error":
                self._completions.setdefault(key, completion)

    def link(self, ticket, keys):
        self._sources[ticket] = tuple(keys)

    def table(self):
        return to_table(
            table_row(name, m.repetition, m.pool.problem.id, m.a, m.b, verdict)
            for name, m, verdict in self._verdicts.values()
        )

    def close(self):
        pass
