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

static void format_static(const struct bootargs_address *fixed, char *value)
{
    char address[IPV4_BYTES];
    if (fixed->ip != 0) {
        (void)fmt_format(value, SETTINGS_VALUE_BYTES, "%s/%u", format_ipv4(fixed->ip, address),
                         fixed->prefix_bits);
    }
}

static void format_gateway(const struct bootargs_address *fixed, char *value)
{
    if (fixed->gateway != 0) {
        (void)format_ipv4(fixed->gateway, value);
    }
}

int settings_format(const struct bootargs *bootargs, const char *key,
                    char value[SETTINGS_VALUE_BYTES])
{
    static const char *const panic[] = {"halt", "reset", "exit"};
    static const char *const profile[] = {"full", "minimal"};

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
        format_static(&bootargs->address[0], value);
    } else if (strcmp(key, "gw") == 0) {
        format_gateway(&bootargs->address[0], value);
    } else if (strcmp(key, "ip1") == 0) {
        format_static(&bootargs->address[1], value);
    } else if (strcmp(key, "gw1") == 0) {
        format_gateway(&bootargs->address[1], value);
    } else {
        return E_NOT_FOUND;
    }
    return OK;
}
