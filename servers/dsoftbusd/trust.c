/* SPDX-License-Identifier: BSD-2-Clause */
#include "trust.h"

#include <string.h>

enum {
    MAGIC_BYTES = 4,
    HEADER_BYTES = MAGIC_BYTES + 2,
};

static const uint8_t magic[MAGIC_BYTES] = {'W', 'T', 'R', 'S'};
static const struct bus_name no_id;

static bool has_id(const struct trust_entry *entry)
{
    return entry->kind == TRUST_PIN || entry->kind == TRUST_DENY_ID;
}

static bool has_key(const struct trust_entry *entry)
{
    return entry->kind != TRUST_FREE && entry->kind != TRUST_DENY_ID;
}

static bool is_of_id(const struct trust_entry *entry, const struct bus_name *id)
{
    return has_id(entry) && bus_name_is_equal(&entry->id, id);
}

static bool is_of_key(const struct trust_entry *entry, const uint8_t *key)
{
    return has_key(entry) && crypto_is_equal(entry->key, key, CRYPTO_KEY_BYTES);
}

/* The slot of this kind with this id and this key, each as far as it is not NULL; -1: none. */
static int find(const struct trust *trust, enum trust_kind kind, const struct bus_name *id,
                const uint8_t *key)
{
    for (int i = 0; i < TRUST_MAX; i++) {
        const struct trust_entry *entry = &trust->slot[i];
        if (entry->kind == kind && (id == NULL || is_of_id(entry, id)) &&
            (key == NULL || is_of_key(entry, key))) {
            return i;
        }
    }
    return -1;
}

enum trust_verdict trust_judge(const struct trust *trust, const struct bus_name *id,
                               const uint8_t *key)
{
    int by_id = find(trust, TRUST_PIN, id, NULL);
    int by_key = find(trust, TRUST_PIN, NULL, key);
    const struct bus_name *known_as = by_key >= 0 ? &trust->slot[by_key].id : id;
    if (find(trust, TRUST_DENY_KEY, NULL, key) >= 0 || find(trust, TRUST_DENY_ID, id, NULL) >= 0 ||
        find(trust, TRUST_DENY_ID, known_as, NULL) >= 0) {
        return TRUST_DENIED;
    }
    if (by_id != by_key && id->len != 0) {
        return TRUST_WRONG_KEY;
    }
    if (by_key >= 0 || find(trust, TRUST_ALLOW, NULL, key) >= 0) {
        return TRUST_YES;
    }
    return trust->is_first_use && id->len != 0 ? TRUST_NEW : TRUST_UNKNOWN;
}

const struct bus_name *trust_find_id(const struct trust *trust, const uint8_t *key)
{
    int found = find(trust, TRUST_PIN, NULL, key);
    return found < 0 ? NULL : &trust->slot[found].id;
}

const uint8_t *trust_find_key(const struct trust *trust, const struct bus_name *id)
{
    int found = find(trust, TRUST_PIN, id, NULL);
    return found < 0 ? NULL : trust->slot[found].key;
}

/* An entry that is not there yet. */
static int add(struct trust *trust, enum trust_kind kind, const struct bus_name *id,
               const uint8_t *key)
{
    int found = find(trust, TRUST_FREE, NULL, NULL);
    if (found < 0) {
        return E_LIMIT;
    }
    /* --- committed --- */
    struct trust_entry *entry = &trust->slot[found];
    *entry = (struct trust_entry){.kind = kind, .id = *id};
    if (key != NULL) {
        memcpy(entry->key, key, CRYPTO_KEY_BYTES);
    }
    trust->changes++;
    return OK;
}

int trust_pin(struct trust *trust, const struct bus_name *id, const uint8_t *key)
{
    int by_id = find(trust, TRUST_PIN, id, NULL);
    if (id->len == 0) {
        return E_INVALID;
    }
    if (by_id != find(trust, TRUST_PIN, NULL, key)) {
        return E_EXISTS;
    }
    return by_id >= 0 ? OK : add(trust, TRUST_PIN, id, key);
}

int trust_rotate(struct trust *trust, const struct bus_name *id, const uint8_t *key)
{
    int by_id = find(trust, TRUST_PIN, id, NULL);
    int by_key = find(trust, TRUST_PIN, NULL, key);
    if (by_id < 0) {
        return E_NOT_FOUND;
    }
    if (by_key >= 0 && by_key != by_id) {
        return E_EXISTS;
    }
    /* --- committed --- */
    memcpy(trust->slot[by_id].key, key, CRYPTO_KEY_BYTES);
    trust->changes++;
    return OK;
}

int trust_allow(struct trust *trust, const uint8_t *key)
{
    bool is_there = find(trust, TRUST_ALLOW, NULL, key) >= 0;
    return is_there ? OK : add(trust, TRUST_ALLOW, &no_id, key);
}

int trust_deny_key(struct trust *trust, const uint8_t *key)
{
    bool is_there = find(trust, TRUST_DENY_KEY, NULL, key) >= 0;
    return is_there ? OK : add(trust, TRUST_DENY_KEY, &no_id, key);
}

int trust_deny_id(struct trust *trust, const struct bus_name *id)
{
    bool is_there = find(trust, TRUST_DENY_ID, id, NULL) >= 0;
    if (id->len == 0) {
        return E_INVALID;
    }
    return is_there ? OK : add(trust, TRUST_DENY_ID, id, NULL);
}

/* Takes out what the id or the key names; one of both is NULL. */
static int forget(struct trust *trust, const struct bus_name *id, const uint8_t *key)
{
    int error = E_NOT_FOUND;
    for (int i = 0; i < TRUST_MAX; i++) {
        struct trust_entry *entry = &trust->slot[i];
        if (id != NULL ? is_of_id(entry, id) : is_of_key(entry, key)) {
            *entry = (struct trust_entry){.kind = TRUST_FREE};
            trust->changes++;
            error = OK;
        }
    }
    return error;
}

int trust_forget_id(struct trust *trust, const struct bus_name *id)
{
    return forget(trust, id, NULL);
}

int trust_forget_key(struct trust *trust, const uint8_t *key)
{
    return forget(trust, NULL, key);
}

size_t trust_save(const struct trust *trust, uint8_t *bytes)
{
    uint8_t *at = bytes + HEADER_BYTES;
    uint8_t count = 0;
    for (int i = 0; i < TRUST_MAX; i++) {
        const struct trust_entry *entry = &trust->slot[i];
        if (entry->kind == TRUST_FREE) {
            continue;
        }
        *at++ = (uint8_t)entry->kind;
        *at++ = entry->id.len;
        memcpy(at, entry->id.text, entry->id.len);
        at += entry->id.len;
        if (has_key(entry)) {
            memcpy(at, entry->key, CRYPTO_KEY_BYTES);
            at += CRYPTO_KEY_BYTES;
        }
        count++;
    }
    memcpy(bytes, magic, MAGIC_BYTES);
    bytes[MAGIC_BYTES] = TRUST_VERSION;
    bytes[MAGIC_BYTES + 1] = count;
    return (size_t)(at - bytes); /* <= TRUST_BYTES_MAX */
}

/* One entry from the bytes; gives how many it has, 0 if it breaks the format. */
static size_t load_entry(const uint8_t *bytes, size_t len, struct trust_entry *entry)
{
    if (len < 2 || bytes[0] < TRUST_PIN || bytes[0] > TRUST_DENY_ID) {
        return 0;
    }
    *entry = (struct trust_entry){.kind = (enum trust_kind)bytes[0]};
    size_t id_len = bytes[1];
    size_t key_len = has_key(entry) ? CRYPTO_KEY_BYTES : 0;
    if ((id_len != 0) != has_id(entry) || len - 2 < id_len + key_len) {
        return 0;
    }
    if (id_len != 0 && !bus_name_set(&entry->id, bytes + 2, id_len)) {
        return 0;
    }
    memcpy(entry->key, bytes + 2 + id_len, key_len);
    return 2 + id_len + key_len;
}

/* Puts a loaded entry in by the rules of a request; E_CORRUPT: it is there twice. */
static int put(struct trust *trust, const struct trust_entry *entry)
{
    uint32_t changes = trust->changes;
    int error = E_CORRUPT;
    switch (entry->kind) {
    case TRUST_PIN: error = trust_pin(trust, &entry->id, entry->key); break;
    case TRUST_ALLOW: error = trust_allow(trust, entry->key); break;
    case TRUST_DENY_KEY: error = trust_deny_key(trust, entry->key); break;
    case TRUST_DENY_ID: error = trust_deny_id(trust, &entry->id); break;
    case TRUST_FREE: break;
    }
    return error == OK && trust->changes == changes ? E_CORRUPT : error;
}

int trust_load(struct trust *trust, const uint8_t *bytes, size_t len)
{
    struct trust loaded = {.is_first_use = trust->is_first_use, .changes = trust->changes};
    if (len < HEADER_BYTES || memcmp(bytes, magic, MAGIC_BYTES) != 0 ||
        bytes[MAGIC_BYTES] != TRUST_VERSION || bytes[MAGIC_BYTES + 1] > TRUST_MAX) {
        return E_CORRUPT;
    }
    size_t at = HEADER_BYTES;
    for (int i = 0; i < bytes[MAGIC_BYTES + 1]; i++) {
        struct trust_entry entry;
        size_t used = load_entry(bytes + at, len - at, &entry);
        if (used == 0 || put(&loaded, &entry) != OK) {
            return E_CORRUPT;
        }
        at += used;
    }
    if (at != len) {
        return E_CORRUPT;
    }
    /* --- committed --- */
    *trust = loaded;
    return OK;
}
