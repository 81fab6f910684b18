"""How a judge like PairJudge RM is made, in the small."""
