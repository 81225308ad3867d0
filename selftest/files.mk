# SPDX-License-Identifier: BSD-2-Clause
# The program that tests the running system: PROGRAMS names it, NAME_SRC its sources in reading order.
PROGRAMS +=
