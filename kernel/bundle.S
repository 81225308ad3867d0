/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program bundle, made by scripts/mkbundle.py, as whole read-only pages of the kernel image.
 * The kernel maps init out of it and hands it to init; libc/base/bundle.h says what is inside.
 */
    .section .bundle, "a"
    .balign 4096
    .global bundle_start
bundle_start:
    .incbin BUNDLE_FILE
    .balign 4096
    .global bundle_end
bundle_end:
