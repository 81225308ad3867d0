/* SPDX-License-Identifier: BSD-2-Clause */
#include "keys.h"

#include <string.h>

enum { WORDS_MAX = 4 }; /* one more than any line has */

struct word {
    const char *text;
    size_t len;
};

static bool is_word(const struct word *word, const char *text)
{
    return word->len == strlen(text) && memcmp(word->text, text, word->len) == 0;
}

/* Words of one line, at most WORDS_MAX. */
static int split(const char *text, size_t len, struct word words[WORDS_MAX])
{
    int count = 0;
    for (size_t at = 0; at < len && text[at] != '#' && count < WORDS_MAX;) {
        if (text[at] == ' ') {
            at++;
            continue;
        }
        words[count] = (struct word){text + at, 0};
        while (at < len && text[at] != ' ' && text[at] != '#') {
            words[count].len++;
            at++;
        }
        count++;
    }
    return count;
}

static int digit(char letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool read_key(const struct word *word, uint8_t key[CRYPTO_KEY_BYTES])
{
    bool is_good = word->len == 2 * (size_t)CRYPTO_KEY_BYTES;
    for (size_t i = 0; is_good && i < CRYPTO_KEY_BYTES; i++) {
        int high = digit(word->text[2 * i]);
        int low = digit(word->text[2 * i + 1]);
        is_good = high >= 0 && low >= 0;
        key[i] = (uint8_t)(is_good ? high << 4 | low : 0);
    }
    return is_good;
}

struct reader {
    const struct bus_name *id;
    bool is_test;
    struct keys keys;
    struct trust trust;
};

/* `secret` or `pin`, id, key. */
static int take_key(struct reader *reader, const struct word words[WORDS_MAX])
{
    struct bus_name id;
    uint8_t key[CRYPTO_KEY_BYTES];
    uint8_t public_key[CRYPTO_KEY_BYTES];
    bool is_secret = is_word(&words[0], "secret");
    if ((!is_secret && !is_word(&words[0], "pin")) ||
        !bus_name_set(&id, words[1].text, words[1].len) || !read_key(&words[2], key)) {
        return E_CORRUPT;
    }
    if (is_secret && bus_name_is_equal(&id, reader->id)) {
        if (reader->keys.has_secret) {
            return E_CORRUPT;
        }
        reader->keys.has_secret = true;
        memcpy(reader->keys.secret, key, CRYPTO_KEY_BYTES);
        crypto_wipe(key, sizeof(key));
        return OK;
    }
    if (bus_name_is_equal(&id, reader->id)) {
        return OK; /* a pin of its own: it knows itself */
    }
    if (is_secret) {
        crypto_x25519_public(key, public_key);
        crypto_wipe(key, sizeof(key));
    } else {
        memcpy(public_key, key, CRYPTO_KEY_BYTES);
    }
    int error = trust_pin(&reader->trust, &id, public_key);
    return error == E_EXISTS ? E_CORRUPT : error;
}

static int take_line(struct reader *reader, const char *text, size_t len)
{
    struct word words[WORDS_MAX];
    int count = split(text, len, words);
    if (count == 0) {
        return OK;
    }
    if (count == 1 && is_word(&words[0], "TEST")) {
        reader->is_test = true;
        return OK;
    }
    return count == 3 ? take_key(reader, words) : E_CORRUPT;
}

int keys_read(const struct keys_file *file, const struct bus_name *id, struct keys *keys,
              struct trust *trust, unsigned *line)
{
    struct reader reader = {.id = id, .trust = *trust};
    int error = OK;
    *line = 0;
    for (size_t at = 0; at < file->len && error == OK;) {
        size_t len = 0;
        while (at + len < file->len && file->text[at + len] != '\n') {
            len++;
        }
        ++*line;
        error = take_line(&reader, file->text + at, len);
        at += len + 1;
    }
    if (error == OK && reader.is_test && !file->takes_tests) {
        error = E_DENIED;
    }
    *keys = (struct keys){.has_secret = false};
    if (error == OK) {
        *keys = reader.keys;
        *trust = reader.trust;
    }
    crypto_wipe(&reader.keys, sizeof(reader.keys));
    return error;
}
