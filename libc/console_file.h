/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console as an open file: what is written are the lines of this program; what is read are the
 * keyboard's, if the manifest gives them to it. It is never closed.
 */
#pragma once

#include "descriptors.h"

extern struct file console_file;
