# SPDX-License-Identifier: BSD-2-Clause
# What every program is linked with besides musl, in reading order.
LIBC_SRC :=
