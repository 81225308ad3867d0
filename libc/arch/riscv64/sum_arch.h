/* SPDX-License-Identifier: BSD-2-Clause */
/* How to add up many words: there is no carry flag. */
#pragma once

#define SUM_HAS_CARRY 0
