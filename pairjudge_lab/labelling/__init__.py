"""Labels by hand: people judge pairs, and are kept and counted as judges are."""

from pairjudge_lab.labelling.annotator import AnnotatorQueue
from pairjudge_lab.labelling.choices import annotator_identity, choices_of
from pairjudge_lab.labelling.label_studio import (
    from_label_studio,
    import_label_studio,
    label_config,
    save_label_studio,
    to_label_studio,
)
from pairjudge_lab.labelling.labelling import label_pairs
from pairjudge_lab.labelling.ordering import ordered_matches, pairs_of

__all__ = [
    "AnnotatorQueue",
    "annotator_identity",
    "choices_of",
    "from_label_studio",
    "import_label_studio",
    "label_config",
    "label_pairs",
    "ordered_matches",
    "pairs_of",
    "save_label_studio",
    "to_label_studio",
]
