#!/usr/bin/env bash
# Runs every target for so many seconds, one after the other, and stops at the
# first finding: `fuzz/all.sh 400` takes about two hours.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?expected the seconds for each target}

for target in $(cargo +nightly fuzz list); do
  printf '\n=== %s\n' "$target"
  # New inputs go into a folder of their own; the corpus in the repository is
  # kept small.
  mkdir -p "target/found/$target"
  cargo +nightly fuzz run --features libfuzzer "$target" \
    "target/found/$target" "corpus/$target" \
    -- -max_total_time="$seconds" -print_final_stats=1
done
