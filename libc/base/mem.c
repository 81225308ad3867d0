/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy, memmove, memset and memcmp in words of eight bytes; correct everywhere, fast enough for
 * a kernel that moves little. Words are loaded and stored only where both sides are aligned.
 *
 * Compile with -ffreestanding, or the compiler turns a loop here into a call of itself.
 */
#include <base/mem.h>

#include <stdint.h>

enum { WORD_BYTES = 8 };

/* May stand for any object: the caller's bytes have types of their own. */
typedef uint64_t __attribute__((may_alias)) word_t;

static int is_word_aligned(const void *left, const void *right)
{
    return (((uintptr_t)left | (uintptr_t)right) & (WORD_BYTES - 1)) == 0;
}

/* From the first byte to the last: right for ranges that overlap, too, when `out` is below `in`. */
static void copy_upwards(uint8_t *out, const uint8_t *in, size_t bytes)
{
    if (is_word_aligned(out, in)) {
        for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
            *(word_t *)(void *)out = *(const word_t *)(const void *)in;
            out += WORD_BYTES;
            in += WORD_BYTES;
        }
    }
    while (bytes-- > 0) {
        *out++ = *in++;
    }
}

static void copy_downwards(uint8_t *out, const uint8_t *in, size_t bytes)
{
    out += bytes;
    in += bytes;
    if (is_word_aligned(out, in)) {
        for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
            out -= WORD_BYTES;
            in -= WORD_BYTES;
            *(word_t *)(void *)out = *(const word_t *)(const void *)in;
        }
    }
    while (bytes-- > 0) {
        *--out = *--in;
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    copy_upwards(to, from, bytes);
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    if ((uintptr_t)to - (uintptr_t)from >= bytes) { /* `to` is below or behind all of `from` */
        copy_upwards(to, from, bytes);
    } else {
        copy_downwards(to, from, bytes);
    }
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    uint8_t *out = to;
    uint64_t word = (uint8_t)value * 0x0101010101010101u;

    while (bytes > 0 && !is_word_aligned(out, out)) {
        *out++ = (uint8_t)value;
        bytes--;
    }
    for (; bytes >= WORD_BYTES; bytes -= WORD_BYTES) {
        *(word_t *)(void *)out = word;
        out += WORD_BYTES;
    }
    while (bytes-- > 0) {
        *out++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const uint8_t *a = left;
    const uint8_t *b = right;

    if (is_word_aligned(a, b)) {
        while (bytes >= WORD_BYTES &&
               *(const word_t *)(const void *)a == *(const word_t *)(const void *)b) {
            a += WORD_BYTES;
            b += WORD_BYTES;
            bytes -= WORD_BYTES;
        }
    }
    for (; bytes > 0; bytes--, a++, b++) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}
