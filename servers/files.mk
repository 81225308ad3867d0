# SPDX-License-Identifier: BSD-2-Clause
# Servers: one program each.  PROGRAMS names it, NAME_SRC its sources in reading order.
PROGRAMS +=
