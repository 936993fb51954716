#!/usr/bin/env bash
# The whole recipe: corpus, training, export, model card. See README.md beside this file.
set -euo pipefail
cd "$(dirname "$0")/.."
out=training/out
mkdir -p "$out"
# Large tensors come and go with every operation: keep their memory instead of returning it to the kernel each time.
export MALLOC_MMAP_THRESHOLD_=34359738368 MALLOC_TRIM_THRESHOLD_=34359738368 MALLOC_TOP_PAD_=268435456
# One thread a core, and there it stays: two that spin on one core wait for each other.
export OMP_PROC_BIND=true OMP_PLACES=cores
run() { node --conditions=rain-source --import tsx "$@"; }
run training/corpus.ts "$out/even.jsonl" 160000 1 even
run training/corpus.ts "$out/truth.jsonl" 80000 2 truth
train() { "${PYTHON:-/usr/bin/python3}" training/train.py "$out/$1.jsonl" "$out/trained" "${@:2}"; }
# A long schedule, left while it still learns fast, then a short one down to nothing.
train even --steps 2400 --stop 1000 --seed 1
train even --resume --steps 600 --rate 1.5e-3 --seed 2
# Truth comes late: first the world has to be known.
train truth --resume --steps 600 --rate 2e-3 --seed 3
run training/corpus.ts "$out/last.jsonl" 30000 3 even
train last --resume --steps 240 --rate 8e-4 --seed 4
run training/export.ts "$out/trained" models/rain-tiny.gguf
run training/measure.ts --write
