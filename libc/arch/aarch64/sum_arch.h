/* SPDX-License-Identifier: BSD-2-Clause */
/* How to add up many words: with the carry flag. */
#pragma once

#define SUM_HAS_CARRY 1
