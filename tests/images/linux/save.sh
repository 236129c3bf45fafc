#!/bin/sh
# Makes linux64.xl in dom0 of a Xen host: save.sh VMLINUX OUT. xenconsoled must log its guests' consoles.
# The guest is saved, restored from what was saved, and its lines must go on without a gap. Exit status 0: they did.
set -eu
log=/var/log/xen/guest-linux64.log
cp "$1" /tmp/vmlinux
out=$2/linux64.xl
cat >/tmp/linux64.cfg <<'EOF'
name="linux64"
type="pv"
kernel="/tmp/vmlinux"
memory=32
vcpus=2
extra="console=hvc0"
on_crash="preserve"
EOF

# Waits until the guest's console has that many lines of ticks.
ticks() {
    tries=0
    until [ "$(grep -c '^tick ' "$log" 2>/dev/null)" -ge "$1" ] 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ]; then
            cat "$log" >&2
            exit 1
        fi
        sleep 0.2
    done
}

xl create -q /tmp/linux64.cfg
ticks 20
xl vcpu-list linux64
xl save linux64 /tmp/linux64.xl 2>/tmp/save.log
before=$(grep -c '^tick ' "$log")
xl restore /tmp/linux64.xl 2>/tmp/restore.log
ticks $((before + 20))
xl vcpu-list linux64
xl destroy linux64
tr -d '\r' <"$log" | sed -n 's/^tick //p' | awk '$1 != sprintf("%08x", NR - 1) { exit 1 }'
if grep 'BAD' "$log"; then exit 1; fi
mv /tmp/linux64.xl "$out"
