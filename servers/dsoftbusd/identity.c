/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity.h"

#include <string.h>
#include <sys/random.h>

#include <proto/init.h>
#include <wherry/console.h>
#include <wherry/memory.h>
#include <wherry/startup.h>

#include "keys.h"
#include "kept.h"

extern const char key_file_begin[], key_file_end[];
extern const uint8_t key_file_takes_tests[];

static uint8_t *area; /* NULL: nothing is kept */
static struct kept kept;
static bool is_found; /* `kept` is from a dsoftbusd before */
static bool is_written;
static uint32_t changes; /* of the trust that was written last */

int identity_open(void)
{
    handle_t memory = startup_handle(ROLE_KEPT);
    void *pages;
    uint64_t page_count;
    if (memory == HANDLE_NONE) {
        return OK;
    }
    int error = memory_attach(memory, RIGHT_READ | RIGHT_WRITE, &pages, &page_count);
    if (error != OK) {
        return error;
    }
    if (page_count * PAGE_BYTES < KEPT_BYTES) {
        return E_RANGE;
    }
    area = pages;
    error = kept_read(area, &kept);
    is_found = error == OK;
    if (is_found) {
        console_print("dsoftbusd: found what was kept");
    } else if (error == E_CORRUPT) {
        console_print("dsoftbusd: what was kept is corrupt, and forgotten");
    }
    return OK;
}

/* Reads the key file; what it says of others goes to `trust`. */
static void read_file(const struct bus_name *id, struct keys *keys, struct trust *trust)
{
    const struct keys_file file = {
        .text = key_file_begin,
        .len = (size_t)(key_file_end - key_file_begin),
        .takes_tests = *key_file_takes_tests == 1,
    };
    unsigned line;
    int error = keys_read(&file, id, keys, trust, &line);
    if (error == E_DENIED) {
        console_print("dsoftbusd: keys of tests refused");
    } else if (error != OK) {
        console_print("dsoftbusd: key file not taken: line %u", line);
    }
}

int identity_find(int which, const struct bus_name *id, uint8_t secret[CRYPTO_KEY_BYTES],
                  struct trust *trust)
{
    static const uint8_t zero[CRYPTO_KEY_BYTES];
    struct keys keys;
    read_file(id, &keys, trust);
    if (is_found && which == 0) {
        *trust = kept.trust; /* the file's pins are in it, as far as nobody changed them */
    }
    if (keys.has_secret) {
        memcpy(secret, keys.secret, CRYPTO_KEY_BYTES);
        crypto_wipe(&keys, sizeof(keys));
        console_print("dsoftbusd: identity stored");
        return OK;
    }
    uint8_t *own = kept.secret[which];
    if (crypto_is_equal(own, zero, CRYPTO_KEY_BYTES) &&
        getrandom(own, CRYPTO_KEY_BYTES, GRND_NONBLOCK) != CRYPTO_KEY_BYTES) {
        crypto_wipe(own, CRYPTO_KEY_BYTES);
        return E_AGAIN;
    }
    memcpy(secret, own, CRYPTO_KEY_BYTES);
    console_print("dsoftbusd: identity ephemeral");
    return OK;
}

void identity_keep(const struct trust *trust)
{
    if (area != NULL && (!is_written || trust->changes != changes)) {
        kept.trust = *trust;
        changes = trust->changes;
        is_written = true;
        kept_write(area, &kept);
    }
}
