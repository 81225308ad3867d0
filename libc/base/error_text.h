/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An error as words, for lines that people read.
 */
#pragma once

/* The sentence of abi/error.h; "no such error" for anything else. */
const char *error_text(int error);
