#!/bin/sh
# Makes the kernel of linux64.xl: build.sh SOURCE OUT. SOURCE is the unpacked tree of Debian's linux-source-6.1, OUT an
# empty folder. Needs what any kernel needs (gcc make flex bison bc libelf-dev). The kernel is OUT/vmlinux.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)

cp "$here/kernel.config" "$here/initramfs.list" "$out/"
gcc -Os -ffreestanding -fno-pic -no-pie -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
    -mgeneral-regs-only -Wall -Wextra -static -nostdlib -Wl,--build-id=none,-s -o "$out/tick" "$here/tick.c"
touch -d @1795310962 "$out/tick" # the initramfs holds this time: that of the stored image's

# The same octets whoever makes it, and when.
export KBUILD_BUILD_USER=godwit KBUILD_BUILD_HOST=tests KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_TIMESTAMP='2026-01-01 00:00:00 UTC'
make -s -C "$source" O="$out" KCONFIG_ALLCONFIG="$out/kernel.config" allnoconfig
make -s -C "$source" O="$out" -j"$(nproc)" vmlinux
