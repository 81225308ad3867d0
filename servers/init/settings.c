/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <abi/error.h>
#include <base/fmt.h>
#include <string.h>

static_assert((int)BOOTARGS_NODE_MAX < (int)SETTINGS_VALUE_BYTES, "every value fits");
static_assert((int)BOOTARGS_LANE_MAX < (int)SETTINGS_VALUE_BYTES, "every value fits");

enum { IPV4_BYTES = 16 };

static const char *format_ipv4(uint32_t address, char text[IPV4_BYTES])
{
    (void)fmt_format(text, IPV4_BYTES, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                     address >> 8 & 255, address & 255);
    return text;
}

int settings_format(const struct bootargs *bootargs, const char *key,
                    char value[SETTINGS_VALUE_BYTES])
{
    static const char *const panic[] = {"halt", "reset", "exit"};
    static const char *const profile[] = {"full", "minimal"};
    char address[IPV4_BYTES];

    value[0] = '\0';
    if (strcmp(key, "node") == 0) {
        (void)fmt_format(value, SETTINGS_VALUE_BYTES, "%s", bootargs->node);
    } else if (strcmp(key, "lane") == 0) {
        (void)fmt_format(value, SETTINGS_VALUE_BYTES, "%s", bootargs->lane);
    } else if (strcmp(key, "dual") == 0) {
        (void)fmt_format(value, SETTINGS_VALUE_BYTES, "%d", bootargs->is_dual);
    } else if (strcmp(key, "panic") == 0) {
        (void)fmt_format(value, SETTINGS_VALUE_BYTES, "%s", panic[bootargs->panic]);
    } else if (strcmp(key, "profile") == 0) {
        (void)fmt_format(value, SETTINGS_VALUE_BYTES, "%s", profile[bootargs->profile]);
    } else if (strcmp(key, "ip") == 0) {
        if (bootargs->ip != 0) {
            (void)fmt_format(value, SETTINGS_VALUE_BYTES, "%s/%u",
                             format_ipv4(bootargs->ip, address), bootargs->prefix_bits);
        }
    } else if (strcmp(key, "gw") == 0) {
        if (bootargs->gateway != 0) {
            (void)format_ipv4(bootargs->gateway, value);
        }
    } else {
        return E_NOT_FOUND;
    }
    return OK;
}
