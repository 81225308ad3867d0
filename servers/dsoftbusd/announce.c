/* SPDX-License-Identifier: BSD-2-Clause */
#include "announce.h"

#include <assert.h>
#include <string.h>

#include <base/bytes.h>

enum {
    US_PER_MS = 1000,
    MAGIC_BYTES = 4,
    PORT_BYTES = 2,
};

static_assert(ANNOUNCE_BYTES_MAX == 1145, "the format fixes it");

static const uint8_t magic[MAGIC_BYTES] = {'N', 'X', 'S', 'B'};

/* What is left to read. */
struct cursor {
    const uint8_t *at;
    size_t left;
};

/* The next `len` bytes, or NULL. */
static const uint8_t *take(struct cursor *from, size_t len)
{
    if (len > from->left) {
        return NULL;
    }
    const uint8_t *at = from->at;
    from->at += len;
    from->left -= len;
    return at;
}

/* A byte of length and a name. BUS_announce_new: it is there; else what is wrong with it. */
static enum bus_counter take_name(struct cursor *from, struct bus_name *name,
                                  enum bus_counter bad_length, enum bus_counter bad_text)
{
    const uint8_t *len = take(from, 1);
    if (len == NULL) {
        return BUS_announce_short;
    }
    if (*len == 0 || *len > BUS_NAME_MAX) {
        return bad_length;
    }
    const uint8_t *text = take(from, *len);
    if (text == NULL) {
        return BUS_announce_short;
    }
    return bus_name_set(name, text, *len) ? BUS_announce_new : bad_text;
}

static enum bus_counter read_services(struct cursor *from, struct announce *announce)
{
    const uint8_t *count = take(from, 1);
    if (count == NULL) {
        return BUS_announce_short;
    }
    if (*count > ANNOUNCE_SERVICES_MAX) {
        return BUS_announce_services;
    }
    announce->service_count = *count;
    for (size_t i = 0; i < *count; i++) {
        enum bus_counter verdict = take_name(
            from, &announce->services[i], BUS_announce_service_length, BUS_announce_service_text);
        if (verdict != BUS_announce_new) {
            return verdict;
        }
    }
    return from->left == 0 ? BUS_announce_new : BUS_announce_trailing;
}

enum bus_counter announce_read(const uint8_t *bytes, size_t len, struct announce *announce)
{
    struct cursor from = {bytes, len};
    if (len > ANNOUNCE_BYTES_MAX) {
        return BUS_announce_long;
    }
    const uint8_t *start = take(&from, MAGIC_BYTES + 1);
    if (start == NULL) {
        return BUS_announce_short;
    }
    if (memcmp(start, magic, MAGIC_BYTES) != 0) {
        return BUS_announce_magic;
    }
    if (start[MAGIC_BYTES] != ANNOUNCE_VERSION) {
        return BUS_announce_version;
    }
    enum bus_counter verdict =
        take_name(&from, &announce->id, BUS_announce_id_length, BUS_announce_id_text);
    if (verdict != BUS_announce_new) {
        return verdict;
    }
    const uint8_t *fixed = take(&from, PORT_BYTES + CRYPTO_KEY_BYTES);
    if (fixed == NULL) {
        return BUS_announce_short;
    }
    announce->port = bytes_get_be16(fixed);
    if (announce->port == 0) {
        return BUS_announce_port;
    }
    memcpy(announce->key, fixed + PORT_BYTES, CRYPTO_KEY_BYTES);
    return read_services(&from, announce);
}

static uint8_t *put_name(uint8_t *at, const struct bus_name *name)
{
    *at = name->len;
    memcpy(at + 1, name->text, name->len);
    return at + 1 + name->len;
}

size_t announce_write(const struct announce *announce, uint8_t *bytes)
{
    uint8_t *at = bytes;
    memcpy(at, magic, MAGIC_BYTES);
    at[MAGIC_BYTES] = ANNOUNCE_VERSION;
    at = put_name(at + MAGIC_BYTES + 1, &announce->id);
    bytes_put_be16(at, announce->port);
    memcpy(at + PORT_BYTES, announce->key, CRYPTO_KEY_BYTES);
    at += PORT_BYTES + CRYPTO_KEY_BYTES;
    *at++ = announce->service_count;
    for (size_t i = 0; i < announce->service_count; i++) {
        at = put_name(at, &announce->services[i]);
    }
    return (size_t)(at - bytes); /* <= ANNOUNCE_BYTES_MAX */
}

uint64_t announce_pause_us(const struct bus_name *id, uint32_t count)
{
    uint64_t mean_us = (uint64_t)US_PER_MS *
                       (count < ANNOUNCE_FIRST_COUNT ? ANNOUNCE_FIRST_MS : ANNOUNCE_PERIOD_MS);
    uint64_t number = (bus_name_hash(id) + count) * 0x9e3779b97f4a7c15;
    uint64_t range_us = mean_us / 5 * 2;                                    /* both sides */
    return mean_us - range_us / 2 + (number >> 32) * range_us / UINT32_MAX; /* < 2^53 */
}
