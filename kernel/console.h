/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot console: for boot, panic and lines before serial is up.
 */
#pragma once

struct fdt;

/* Learn where it is; from then on there may be none. */
void console_init(const struct fdt *tree);

/* Write one byte. Polls. */
void console_putc(char c);
