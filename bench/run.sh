#!/bin/sh
# run.sh - all benches: Markdown on stdout. Options go to verify.py, such as --runs 1 --scale 16 for a quick look.
set -eu
here=$(dirname "$0")
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
exec python3 "$here/verify.py" "$@"
