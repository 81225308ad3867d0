/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key file that the build names, if any, as bytes of the program [keys.h]; and whether keys of
 * tests are taken.
 */
    .section .rodata.keyfile, "a"
    .global key_file_begin
    .global key_file_end
    .global key_file_takes_tests
key_file_begin:
#ifdef KEY_FILE
    .incbin KEY_FILE
#endif
key_file_end:
key_file_takes_tests:
#ifdef TAKES_TEST_KEYS
    .byte 1
#else
    .byte 0
#endif
