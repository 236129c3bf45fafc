#!/bin/sh
# The demo: a running guest moves to another process, proven per page; then a real image is explained and judged, and a
# damaged copy of it that Xen's own verifier lets pass. Exits 0 when the move and both verdicts are what they must be.
set -eu
cd "$(dirname "$0")/.."
godwit=build/godwit
image=tests/images/tiny64.xl.xz
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

say() {
    printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi
}
show() {
    printf '$ %s\n' "$*"
    "$@"
}

say "1. A running guest moves from one process to another, over TCP."
show $godwit demo

say "2. What is in this file? xl save wrote it, on a real Xen 4.17 (PV guest, 8 MiB)."
show $godwit info $image

say "3. Is it whole and right?"
show $godwit verify $image

say "4. A damaged copy: two whole records are taken out of it."
python3 tools/demo-damage.py $image "$tmp/damaged.xl"

say "5. What does Xen's own verifier say of the copy?"
if xen=$(tools/fetch-xen 2>"$tmp/why"); then
    printf '$ verify-stream-v2 -f xl -i damaged.xl\n'
    if PYTHONPATH=$xen/usr/lib/xen-4.17/lib/python python3 "$xen/usr/lib/xen-4.17/bin/verify-stream-v2" -q -f xl \
        -i "$tmp/damaged.xl" >"$tmp/xen" 2>&1; then
        echo "nothing: it passes"
    else
        cat "$tmp/xen"
    fi
else
    echo "(left out: $(tail -n 1 "$tmp/why"))"
fi

say "6. And godwit?"
status=0
(cd "$tmp" && printf '$ godwit verify damaged.xl\n' && "$OLDPWD/$godwit" verify damaged.xl) || status=$?
echo "exit status $status"

say "7. Why does that matter?"
show $godwit verify --explain shinfo-missing

say "Your own image: $godwit verify FILE (packed with gzip, xz, zstd or lz4 or not; - is standard input)"
[ "$status" = 1 ]
