/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that libc itself brings [files.h]. */
#pragma once

#include "files.h"

extern const struct image_file image_text[];
