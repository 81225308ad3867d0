#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Build both CPUs in two folders and compare every byte of what comes out.  Called by `make repro`.
# Exit status: 0 the same, 1 different, otherwise that of the build.
set -eu
case ${1:-} in -h | --help) sed -n '4,/^set /{s/^# \{0,1\}//p;}' "$0"; exit ;; esac
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

for folder in "$work/a" "$work/another-folder/b"; do
    mkdir -p "$folder"
    (cd "$root" && git ls-files -z | xargs -0 tar -cf - --) | tar -xf - -C "$folder"
    for arch in riscv64 aarch64; do
        DEPS_DIR=$root/.deps BUILD=build make -s -C "$folder" ARCH=$arch all
    done
done
for arch in riscv64 aarch64; do
    (cd "$work/a/build/$arch" && ls -- kernel.elf kernel.img opensbi.bin bundle.bin bin/*.elf 2>/dev/null) |
    while read -r file; do
        if cmp "$work/a/build/$arch/$file" "$work/another-folder/b/build/$arch/$file"; then
            printf '  SAME   %s %s\n' "$arch" "$file"
        else
            echo different >"$work/different"
        fi
    done
done
[ ! -e "$work/different" ]
