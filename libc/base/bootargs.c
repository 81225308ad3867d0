/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot arguments: a table of keys, each with the function that takes its value.
 */
#include <base/bootargs.h>

#include <base/parse.h>

/* A piece of the text; not terminated. */
struct piece {
    const char *text;
    size_t length;
};

static bool is_equal(struct piece piece, const char *text)
{
    for (size_t i = 0; i < piece.length; i++) {
        if (text[i] == 0 || text[i] != piece.text[i]) {
            return false;
        }
    }
    return text[piece.length] == 0;
}

/* --- values: each function stores the value and gives NULL, or gives why it did not -------- */

static bool is_name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
}

/* Copies a name into an array of `limit` letters and a 0. */
static const char *take_name(struct piece value, char *name, size_t limit)
{
    if (value.length == 0 || value.length > limit) {
        return "the name is empty or too long";
    }
    for (size_t i = 0; i < value.length; i++) {
        if (!is_name_letter(value.text[i])) {
            return "a name has letters a-z, digits and '-'";
        }
    }
    for (size_t i = 0; i < value.length; i++) {
        name[i] = value.text[i];
    }
    name[value.length] = 0;
    return NULL;
}

static const char *take_node(struct piece value, struct bootargs *bootargs)
{
    return take_name(value, bootargs->node, BOOTARGS_NODE_MAX);
}

static const char *take_lane(struct piece value, struct bootargs *bootargs)
{
    return take_name(value, bootargs->lane, BOOTARGS_LANE_MAX);
}

/* Neither "this network", loopback, multicast, nor reserved. [RFC 6890 §2.2.2] */
static bool is_host_address(uint32_t address)
{
    uint32_t first = address >> 24;
    return first != 0 && first != 127 && first < 224;
}

static const char *take_address(struct piece value, struct bootargs_address *fixed)
{
    uint32_t address;
    uint32_t bits;
    if (parse_ipv4_prefix(value.text, value.length, &address, &bits) != 0) {
        return "not an address of the form a.b.c.d/bits";
    }
    uint32_t host_mask = bits == 0 ? UINT32_MAX : UINT32_MAX >> bits % 32; /* of the host part */
    if (bits < 1 || bits > 30) {
        return "the network part has 1 to 30 bits";
    }
    if (!is_host_address(address) || (address & host_mask) == 0 ||
        (address & host_mask) == host_mask) {
        return "not the address of a host";
    }
    fixed->ip = address;
    fixed->prefix_bits = bits;
    return NULL;
}

static const char *take_router(struct piece value, struct bootargs_address *fixed)
{
    uint32_t address;
    if (parse_ipv4(value.text, value.length, &address) != 0) {
        return "not an address of the form a.b.c.d";
    }
    if (!is_host_address(address)) {
        return "not the address of a host";
    }
    fixed->gateway = address;
    return NULL;
}

static const char *take_ip(struct piece value, struct bootargs *bootargs)
{
    return take_address(value, &bootargs->address[0]);
}

static const char *take_gateway(struct piece value, struct bootargs *bootargs)
{
    return take_router(value, &bootargs->address[0]);
}

static const char *take_second_ip(struct piece value, struct bootargs *bootargs)
{
    return take_address(value, &bootargs->address[1]);
}

static const char *take_second_gateway(struct piece value, struct bootargs *bootargs)
{
    return take_router(value, &bootargs->address[1]);
}

static const char *take_dual(struct piece value, struct bootargs *bootargs)
{
    if (!is_equal(value, "0") && !is_equal(value, "1")) {
        return "neither 0 nor 1";
    }
    bootargs->is_dual = is_equal(value, "1");
    return NULL;
}

static const char *take_panic(struct piece value, struct bootargs *bootargs)
{
    if (is_equal(value, "halt")) {
        bootargs->panic = BOOTARGS_PANIC_HALT;
    } else if (is_equal(value, "reset")) {
        bootargs->panic = BOOTARGS_PANIC_RESET;
    } else if (is_equal(value, "exit")) {
        bootargs->panic = BOOTARGS_PANIC_EXIT;
    } else {
        return "neither halt, reset nor exit";
    }
    return NULL;
}

static const char *take_profile(struct piece value, struct bootargs *bootargs)
{
    if (is_equal(value, "full")) {
        bootargs->profile = BOOTARGS_PROFILE_FULL;
    } else if (is_equal(value, "minimal")) {
        bootargs->profile = BOOTARGS_PROFILE_MINIMAL;
    } else {
        return "neither full nor minimal";
    }
    return NULL;
}

static const char *take_seed(struct piece value, struct bootargs *bootargs)
{
    if (!is_equal(value, "tree") && !is_equal(value, "none")) {
        return "neither tree nor none";
    }
    bootargs->is_without_seed = is_equal(value, "none");
    return NULL;
}

static const char *take_discovery(struct piece value, struct bootargs *bootargs)
{
    if (!is_equal(value, "on") && !is_equal(value, "off")) {
        return "neither on nor off";
    }
    bootargs->is_without_discovery = is_equal(value, "off");
    return NULL;
}

/* --- words --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *(*take)(struct piece value, struct bootargs *bootargs);
} keys[] = {
    {"node", take_node}, {"ip", take_ip},       {"gw", take_gateway},      {"dual", take_dual},
    {"lane", take_lane}, {"panic", take_panic}, {"profile", take_profile}, {"ip1", take_second_ip},
    {"gw1", take_second_gateway}, {"seed", take_seed},  {"discovery", take_discovery},
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

/* Takes one word; `*seen` has a bit for each key met before. NULL, or why not. */
static const char *take_word(struct piece word, uint32_t *seen, struct bootargs *bootargs)
{
    struct piece key = {word.text, 0};
    while (key.length < word.length && word.text[key.length] != '=') {
        key.length++;
    }
    if (key.length == word.length) {
        return "not of the form key=value";
    }
    struct piece value = {word.text + key.length + 1, word.length - key.length - 1};
    for (uint32_t i = 0; i < KEYS; i++) {
        if (!is_equal(key, keys[i].name)) {
            continue;
        }
        if ((*seen >> i & 1) != 0) {
            return "given before";
        }
        *seen |= 1u << i;
        return keys[i].take(value, bootargs);
    }
    return "unknown key";
}

static bool is_space(char letter)
{
    return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

void bootargs_parse(const char *text, size_t length, const struct bootargs_reporter *reporter,
                    struct bootargs *bootargs)
{
    uint32_t seen = 0;
    size_t at = 0;

    *bootargs = (struct bootargs){.panic = BOOTARGS_PANIC_HALT, .profile = BOOTARGS_PROFILE_FULL};
    while (at < length) {
        struct piece word = {text + at, 0};
        while (at < length && !is_space(text[at])) {
            word.length++;
            at++;
        }
        at += at < length ? 1 : 0;
        const char *reason = word.length > 0 ? take_word(word, &seen, bootargs) : NULL;
        if (reason != NULL && reporter != NULL) {
            reporter->report(reporter->context, word.text, word.length, reason);
        }
    }
}
