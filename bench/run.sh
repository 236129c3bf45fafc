#!/bin/sh
# run.sh - all benches: Markdown on stdout. Options go to each of them, such as --runs 1 --scale 16 for a quick look.
set -eu
here=$(dirname "$0")
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
python3 "$here/verify.py" "$@"
echo
python3 "$here/convert.py" "$@"
echo
exec python3 "$here/move.py" "$@"
