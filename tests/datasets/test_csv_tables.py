"""CSV files of others: no field and no column is left out in silence."""

import pytest

from pairjudge_lab import UserError, load_pools, load_problems, load_verdicts
from pairjudge_lab.datasets.samples import load_groups
from pairjudge_lab.files.csv_tables import read_csv


def written(tmp_path, text):
    file = tmp_path / "t.csv"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (load_problems, "problem_id,problem,answer\np1,What is 1, 2 or 3?,2\np2,plain 1, 2?,7\n"),
        (load_pools, "problem_id,problem,text\np1,q,a, b and c\n"),
        (load_groups, "problem_id,answer,correct\np1,1,2,True\n"),
        (load_verdicts, "problem_id,response_a,response_b,verdict\np,0,1,A,A\n"),
    ],
)
def test_more_fields_than_names(tmp_path, read, text):
    with pytest.raises(UserError, match="more fields than the header has names"):
        list(read(written(tmp_path, text)))


def test_a_name_twice(tmp_path):
    with pytest.raises(UserError, match="two columns 'problem'; rename"):
        list(load_problems(written(tmp_path, "problem,problem,answer\na,b,c\n")))


def test_what_is_quoted_is_read(tmp_path):
    file = written(tmp_path, '\ufeffproblem,answer\n"1, 2 or\n3?","""2"""\nplain,\n')
    assert read_csv(file).values.tolist() == [["1, 2 or\n3?", '"2"'], ["plain", ""]]
