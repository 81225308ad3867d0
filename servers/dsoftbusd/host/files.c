/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEX_BYTES = 2 * CRYPTO_KEY_BYTES,
    PATH_BYTES = 4096,
    OTHERS = S_IRWXG | S_IRWXO,
};

static bool refuse(const char *path, const char *why)
{
    fprintf(stderr, "dsoftbus-node: %s: %s\n", path, why);
    return false;
}

static int digit(char c)
{
    const char *at = c == '\0' ? NULL : strchr("0123456789abcdef0123456789ABCDEF", c);
    return at == NULL ? -1 : (int)((at - "0123456789abcdef0123456789ABCDEF") % 16);
}

bool files_read_hex(const char *text, uint8_t *key)
{
    if (strlen(text) != HEX_BYTES) {
        return false;
    }
    for (int i = 0; i < CRYPTO_KEY_BYTES; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void write_hex(char *text, const uint8_t *key)
{
    for (int i = 0; i < CRYPTO_KEY_BYTES; i++) {
        text[2 * i] = "0123456789abcdef"[key[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[key[i] & 15];
    }
    text[HEX_BYTES] = '\0';
}

void files_print_key(const char *before, const uint8_t *key)
{
    char text[HEX_BYTES + 1];
    write_hex(text, key);
    printf("%s%s\n", before, text);
}

static bool write_all(int fd, const void *bytes, size_t len)
{
    return write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
}

bool files_make_key(const char *path, uint8_t *secret)
{
    char text[HEX_BYTES + 2];
    if (getrandom(secret, CRYPTO_KEY_BYTES, 0) != CRYPTO_KEY_BYTES) {
        return refuse(path, "no random bytes");
    }
    write_hex(text, secret);
    text[HEX_BYTES] = '\n';
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool is_written = fd >= 0 && write_all(fd, text, HEX_BYTES + 1);
    int error = errno;
    crypto_wipe(text, sizeof(text));
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_written || refuse(path, strerror(error));
}

bool files_read_key(const char *path, uint8_t *secret)
{
    char text[HEX_BYTES + 2] = "";
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        return refuse(path, strerror(errno));
    }
    ssize_t len = read(fd, text, HEX_BYTES + 1);
    (void)close(fd);
    if ((status.st_mode & OTHERS) != 0) {
        return refuse(path, "others may read this secret; chmod 600");
    }
    text[strcspn(text, "\n")] = '\0';
    bool is_good = len >= HEX_BYTES && files_read_hex(text, secret);
    crypto_wipe(text, sizeof(text));
    return is_good || refuse(path, "is not 64 hex digits");
}

bool files_read_trust(const char *path, struct trust *trust)
{
    uint8_t bytes[TRUST_BYTES_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || refuse(path, strerror(errno));
    }
    ssize_t len = read(fd, bytes, sizeof(bytes));
    (void)close(fd);
    if (len < 0 || trust_load(trust, bytes, (size_t)len) != OK) {
        return refuse(path, "is damaged");
    }
    return true;
}

bool files_write_trust(const char *path, const struct trust *trust)
{
    uint8_t bytes[TRUST_BYTES_MAX];
    char part[PATH_BYTES];
    int part_len = snprintf(part, sizeof(part), "%s.part", path);
    if (part_len < 0 || (size_t)part_len >= sizeof(part)) {
        return refuse(path, "too long a name");
    }
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool is_written = fd >= 0 && write_all(fd, bytes, trust_save(trust, bytes));
    if (fd >= 0) {
        (void)close(fd);
    }
    return (is_written && rename(part, path) == 0) || refuse(path, strerror(errno));
}
