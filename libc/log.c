/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the log ring; pure, for the process, for serial and for host tests. */
#include <proto/log.h>

#include <base/bytes.h>

enum { ENTRY_BYTES = 8 };

/* Entries that `bytes` of text take, without the one that counts them. */
static uint32_t entries_for(uint64_t bytes)
{
    return (uint32_t)((bytes + (ENTRY_BYTES - 1)) / ENTRY_BYTES);
}

bool log_write(struct ring_producer *log, const char *text, size_t bytes)
{
    uint32_t room;
    int error = ring_producer_room(log, &room);
    if (error == E_CORRUPT) {
        ring_producer_restart(log, log->shared, log->capacity);
    }
    if (bytes == 0 || bytes > LOG_RECORD_BYTES || error != OK || room < 1 + entries_for(bytes)) {
        ring_producer_count_drop(log);
        return false;
    }
    /* --- committed: there is room, so no push can fail --- */
    error = ring_producer_push(log, bytes);
    for (size_t at = 0; at < bytes; at += ENTRY_BYTES) {
        uint8_t word[ENTRY_BYTES] = {0};
        for (size_t i = 0; i < ENTRY_BYTES && at + i < bytes; i++) {
            word[i] = (uint8_t)text[at + i];
        }
        error |= ring_producer_push(log, bytes_get_le64(word));
    }
    (void)error;
    return ring_producer_commit(log);
}

int log_read(struct ring_consumer *log, char text[LOG_RECORD_BYTES], size_t *bytes)
{
    uint32_t filled;
    uint64_t length, entry;
    int error = ring_consumer_filled(log, &filled);
    if (error == OK) {
        error = ring_consumer_pop(log, &length);
    }
    if (error != OK) {
        return error;
    }
    if (length == 0 || length > LOG_RECORD_BYTES || entries_for(length) > filled - 1) {
        return E_CORRUPT;
    }
    for (size_t at = 0; at < length; at += ENTRY_BYTES) {
        uint8_t word[ENTRY_BYTES];
        if (ring_consumer_pop(log, &entry) != OK) {
            return E_CORRUPT;
        }
        bytes_put_le64(word, entry);
        for (size_t i = 0; i < ENTRY_BYTES && at + i < length; i++) {
            text[at + i] = (char)word[i];
        }
    }
    *bytes = length;
    return OK;
}
