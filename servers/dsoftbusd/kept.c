/* SPDX-License-Identifier: BSD-2-Clause */
#include "kept.h"

#include <stdatomic.h>
#include <string.h>

enum {
    NUMBER_BYTES = 8,
    HEAD_BYTES = 16, /* number, length, zero */
    BODY_AT = HEAD_BYTES + CRYPTO_HASH_BYTES,
    SECRETS_BYTES = KEPT_NODES * CRYPTO_KEY_BYTES,
    BODY_MAX = SECRETS_BYTES + TRUST_BYTES_MAX,
};

static_assert(BODY_AT + BODY_MAX <= KEPT_PAGE_BYTES, "a page holds all");

static uint64_t number_of(const uint8_t *page)
{
    uint64_t number = 0;
    for (int i = NUMBER_BYTES - 1; i >= 0; i--) {
        number = number << 8 | page[i];
    }
    return number;
}

static void hash(const uint8_t *page, size_t len, uint8_t digest[CRYPTO_HASH_BYTES])
{
    const struct crypto_span spans[] = {{page, HEAD_BYTES}, {page + BODY_AT, len}};
    crypto_blake2s.digest(spans, 2, digest);
}

/* Bytes of the body; 0: the page is not good. */
static size_t check(const uint8_t *page)
{
    uint8_t digest[CRYPTO_HASH_BYTES];
    size_t len = (size_t)page[8] | (size_t)page[9] << 8;
    if (number_of(page) == 0 || len < SECRETS_BYTES || len > BODY_MAX) {
        return 0;
    }
    hash(page, len, digest);
    return crypto_is_equal(digest, page + HEAD_BYTES, CRYPTO_HASH_BYTES) ? len : 0;
}

/* The good page with the greater number; -1: none. */
static int find(const uint8_t *area)
{
    int found = -1;
    for (int i = 0; i < 2; i++) {
        const uint8_t *page = area + (size_t)i * KEPT_PAGE_BYTES;
        if (check(page) != 0 &&
            (found < 0 || number_of(page) > number_of(area + (size_t)found * KEPT_PAGE_BYTES))) {
            found = i;
        }
    }
    return found;
}

int kept_read(const uint8_t area[KEPT_BYTES], struct kept *kept)
{
    int found = find(area);
    if (found < 0) {
        bool was_written = number_of(area) != 0 || number_of(area + KEPT_PAGE_BYTES) != 0;
        return was_written ? E_CORRUPT : E_NOT_FOUND;
    }
    const uint8_t *page = area + (size_t)found * KEPT_PAGE_BYTES;
    const uint8_t *body = page + BODY_AT;
    int error = trust_load(&kept->trust, body + SECRETS_BYTES, check(page) - SECRETS_BYTES);
    if (error == OK) {
        memcpy(kept->secret, body, SECRETS_BYTES);
    }
    return error;
}

void kept_write(uint8_t area[KEPT_BYTES], const struct kept *kept)
{
    int found = find(area);
    uint8_t *page = area + (found == 0 ? KEPT_PAGE_BYTES : 0);
    uint64_t number = found < 0 ? 1 : number_of(area + (size_t)found * KEPT_PAGE_BYTES) + 1;
    memset(page, 0, BODY_AT); /* from here on it is not good */
    atomic_signal_fence(memory_order_seq_cst);
    memcpy(page + BODY_AT, kept->secret, SECRETS_BYTES);
    size_t len = SECRETS_BYTES + trust_save(&kept->trust, page + BODY_AT + SECRETS_BYTES);
    page[8] = (uint8_t)len;
    page[9] = (uint8_t)(len >> 8); /* <= KEPT_PAGE_BYTES */
    for (int i = 0; i < NUMBER_BYTES; i++) {
        page[i] = (uint8_t)(number >> 8 * i);
    }
    hash(page, len, page + HEAD_BYTES);
}
