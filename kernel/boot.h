/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From power-on to the first instruction of init.
 */
#pragma once

#include <abi/types.h>

struct task;

/* init's task: a fault of it that nobody supervises stops the machine. */
extern const struct task *boot_init_task;

/* The page of struct boot_facts, mapped into every task. */
paddr_t boot_facts_page(void);
