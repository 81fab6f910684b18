#!/usr/bin/env bash
# A small judge for short word problems: candidates are sampled, a larger model judges pairs of them
# in writing, a program keeps the judgments that are right about both, a small model is trained on
# these, and judged itself on ten families of problems that no step before has seen.
#
#     bash recipes/word_problem_judge.sh                  # as written, on a machine with a GPU
#     OUT=out/try PROBLEMS=12 HELD_OUT=6 EACH=4 MET=2 STEPS=2 bash recipes/word_problem_judge.sh
#
# Every step goes on where it stopped when the script is started again. LAB=echo prints the commands.
set -euo pipefail
lab=${LAB:-pairjudge-lab}
out=${OUT:-out/word-problem-judge}
base=${BASE:-Qwen/Qwen2.5-Coder-0.5B-Instruct}
teacher=${TEACHER:-Qwen/Qwen2.5-7B-Instruct}
# Two sizes, so that the judge sees mistakes of either; with spaces between them.
generators=${GENERATORS:-Qwen/Qwen2.5-Coder-0.5B-Instruct Qwen/Qwen2.5-Coder-1.5B-Instruct}
problems=${PROBLEMS:-2000}
held_out=${HELD_OUT:-300}
each=${EACH:-8}
# Of each generator on the held-out problems: every two of a problem meet, in both orders.
met=${MET:-3}
steps=${STEPS:-}
[ "$lab" = echo ] || mkdir -p "$out"

writers=()
for generator in $generators; do writers+=(--model "$generator"); done
short=(--max-new-tokens "${SOLUTION_TOKENS:-512}")

# 1. Candidates: of families to train on, and of families that are kept out of all training.
$lab sample word-problems-training --limit "$problems" "${writers[@]}" --n "$each" "${short[@]}" \
    --out "$out/training.parquet"
$lab sample word-problems-held-out --limit "$held_out" "${writers[@]}" --n "$met" "${short[@]}" \
    --out "$out/held-out.parquet"

# 2. Judgments: the teacher's, of which the right ones are kept and counted, balanced by position.
$lab annotate "$out/training.parquet" --judge "$teacher" --tournament swiss \
    --max-new-tokens "${JUDGMENT_TOKENS:-1024}" --out "$out/judgments"

# 3. Training. A tenth of the problems is held out of it, to watch it by.
train=(--base "$base" --data "$out/judgments" --preset "${PRESET:-lora}" --out "$out/judge")
if [ -n "$steps" ]; then train+=(--max-steps "$steps" --evaluations 1 --held-out-pairs 4); fi
$lab train "${train[@]}"

# 4. The audit: the model before and after its training, on families that it has never seen.
for which in before after; do
    judge=$base
    if [ "$which" = after ]; then judge=$out/judge; fi
    $lab judge "$out/held-out.parquet" --judge "$judge" --both-orders \
        --max-new-tokens "${JUDGMENT_TOKENS:-1024}" --out "$out/$which.parquet"
    $lab bias "$out/$which.parquet" --picture "$out/$which.svg"
    $lab curve "$out/held-out.parquet" "$out/$which.parquet" \
        --selectors pass,majority,knockout,round-robin --out "$out/curves-$which"
done
