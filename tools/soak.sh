#!/bin/sh
# What is too long for every run of the tests.
#
# First all moves of guests in full numbers: one line for each case, with what its runs came to; all of it stands in
# build/moves.log. Then legacy images, cut at every octet and often behind each checkpoint (build/legacy.log). Then for
# so many seconds each: godwit and a second reader over mutated images, where an image over which they disagree stays in
# build-fuzz/; and each fuzz target, on its stored inputs and what it finds from there. A crash leaves its input in
# build-fuzz/. Any failure ends the soak with 1.
#
#   tools/soak.sh [SECONDS]     (make soak SECONDS=...; 600 unless said)
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-600}
status=0

echo "moves: in full numbers"
GODWIT=$PWD/build/godwit GODWIT_BUILD=$PWD/build tests/moves/run.py --size full >build/moves.log 2>&1 || status=1
grep -E '^(ok|not ok|# states|# FAILED)' build/moves.log

echo "legacy images: cut everywhere"
GODWIT=$PWD/build/godwit tests/legacy/run.py --full cuts remus >build/legacy.log 2>&1 || status=1
grep -E '^not ok|^1\.\.' build/legacy.log

echo "two readers: $seconds s"
GODWIT=$PWD/build/godwit tests/differential/run.py --seconds "$seconds" --keep build-fuzz || status=1

for target in build-fuzz/tests/fuzz-*; do
    if [ ! -f "$target" ] || [ ! -x "$target" ]; then
        continue # a folder of objects
    fi
    name=${target##*/fuzz-}
    work=build-fuzz/corpus-$name
    mkdir -p "$work"
    echo "fuzz-$name: $seconds s"
    "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/$name-" "$work" "tests/fuzz/corpus/$name" >"build-fuzz/$name.log" 2>&1 || status=1
    grep -E 'stat::number_of_executed_units|cov:|ERROR|SUMMARY' "build-fuzz/$name.log" | tail -n 3
done
exit $status
