/* SPDX-License-Identifier: BSD-2-Clause */
/* Where words may lie in memory: loads and stores off their size may trap into firmware. */
#pragma once

#define MEM_WORD_ALIGNMENT 8
