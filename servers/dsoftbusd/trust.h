/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which key is whose, and which are let in. Nobody who is not in here gets a session.
 *
 * A pin says that an id has this key and no other. An allowed key is let in under whatever id it
 * announces. A denied id or key is refused, whatever else is said about it. With trust on first
 * use, which is off unless somebody turns it on, a key that has proved itself is pinned to the id
 * it announced, if both are new.
 *
 * The store is bytes for whoever keeps it across restarts. Pure.
 *
 * I1  An id has at most one pin, and a key at most one.
 * I2  No request fails half way: the store is as before, or as asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/error.h>
#include <base/attributes.h>

#include "bus_name.h"
#include "crypto.h"

enum {
    TRUST_MAX = 32,
    TRUST_VERSION = 1,
    TRUST_BYTES_MAX = 4 + 1 + 1 + TRUST_MAX * (1 + 1 + BUS_NAME_MAX + CRYPTO_KEY_BYTES),
};

enum trust_kind {
    TRUST_FREE,
    TRUST_PIN,      /* id and key */
    TRUST_ALLOW,    /* key */
    TRUST_DENY_KEY, /* key */
    TRUST_DENY_ID,  /* id */
};

enum trust_verdict {
    TRUST_YES,
    TRUST_NEW,       /* nothing is known of either, and trust on first use is on */
    TRUST_UNKNOWN,   /* nothing is known of either */
    TRUST_WRONG_KEY, /* the id is pinned to another key, or the key to another id */
    TRUST_DENIED,
};

struct trust_entry {
    enum trust_kind kind;
    struct bus_name id;
    uint8_t key[CRYPTO_KEY_BYTES];
};

struct trust {
    struct trust_entry slot[TRUST_MAX];
    bool is_first_use;
    uint32_t changes; /* grows with each; whoever stores it compares */
};

/* What is to be thought of a key under this id. An empty id: of the key alone. */
MUST_CHECK enum trust_verdict trust_judge(const struct trust *trust, const struct bus_name *id,
                                          const uint8_t *key);

/* The id this key is pinned to, or NULL. */
const struct bus_name *trust_find_id(const struct trust *trust, const uint8_t *key);
/* The key this id is pinned to, or NULL. */
const uint8_t *trust_find_key(const struct trust *trust, const struct bus_name *id);

/*
 * OK, also if it is so already. E_INVALID: no id. E_EXISTS: the id has another key, or the key
 * another id: to forget that, or trust_rotate, is a decision of its own. E_LIMIT: full.
 */
MUST_CHECK int trust_pin(struct trust *trust, const struct bus_name *id, const uint8_t *key);
/* Gives a pinned id another key. E_NOT_FOUND: it has no pin. E_EXISTS: the key is another's. */
MUST_CHECK int trust_rotate(struct trust *trust, const struct bus_name *id, const uint8_t *key);
/* E_LIMIT: full. E_INVALID: no id. */
MUST_CHECK int trust_allow(struct trust *trust, const uint8_t *key);
MUST_CHECK int trust_deny_key(struct trust *trust, const uint8_t *key);
MUST_CHECK int trust_deny_id(struct trust *trust, const struct bus_name *id);
/* All that is said about this id, or this key. E_NOT_FOUND: nothing. */
MUST_CHECK int trust_forget_id(struct trust *trust, const struct bus_name *id);
MUST_CHECK int trust_forget_key(struct trust *trust, const uint8_t *key);

/*
 * The store as bytes: "WTRS", version 1, number of entries; for each its kind, a byte of length
 * and id (length 0: none), and the key unless the kind is TRUST_DENY_ID. Room for
 * TRUST_BYTES_MAX; gives how many.
 */
size_t trust_save(const struct trust *trust, uint8_t *bytes);
/* The reverse. E_CORRUPT: it breaks the format or I1; the store is as before. */
MUST_CHECK int trust_load(struct trust *trust, const uint8_t *bytes, size_t len);
