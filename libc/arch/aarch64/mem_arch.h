/* SPDX-License-Identifier: BSD-2-Clause */
/* Where words may lie in memory: anywhere, for user programs copy normal memory only. */
#pragma once

#define MEM_WORD_ALIGNMENT 1
