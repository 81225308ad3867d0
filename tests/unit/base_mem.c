/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's memcpy and its kin against the host's, under names of their own: every alignment of
 * both sides and every length up to a few words, in buffers that the sanitizer guards.
 */
#include "test.h"

#include <stdlib.h>

#define memcpy  base_memcpy
#define memmove base_memmove
#define memset  base_memset
#define memcmp  base_memcmp
#include "libc/base/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

enum { LENGTH_MAX = 40, SHIFTS = 8 };

struct buffers {
    uint8_t *bytes; /* shift + length, not one more */
    uint8_t expected[SHIFTS + LENGTH_MAX];
    size_t size;
};

static struct buffers open_buffers(size_t size, uint64_t *seed)
{
    struct buffers buffers = {.bytes = malloc(size + (size == 0)), .size = size};
    assert_non_null(buffers.bytes);
    for (size_t i = 0; i < size; i++) {
        buffers.bytes[i] = (uint8_t)test_random(seed);
    }
    memcpy(buffers.expected, buffers.bytes, size);
    return buffers;
}

static void close_buffers(struct buffers *buffers)
{
    assert_memory_equal(buffers->bytes, buffers->expected, buffers->size);
    free(buffers->bytes);
}

TEST(memcpy_copies_exactly_the_bytes_asked_for)
{
    uint64_t seed = 8;
    for (size_t at = 0; at < SHIFTS * SHIFTS * (LENGTH_MAX + 1); at++) {
        size_t length = at / (SHIFTS * SHIFTS);
        size_t to = at % SHIFTS;
        size_t from = at / SHIFTS % SHIFTS;
        struct buffers out = open_buffers(to + length, &seed);
        struct buffers in = open_buffers(from + length, &seed);
        memcpy(out.expected + to, in.bytes + from, length);
        assert_ptr_equal(base_memcpy(out.bytes + to, in.bytes + from, length), out.bytes + to);
        close_buffers(&out);
        close_buffers(&in);
    }
}

TEST(memmove_keeps_the_source_intact_until_it_is_read)
{
    uint64_t seed = 9;
    for (size_t at = 0; at < SHIFTS * SHIFTS * (LENGTH_MAX + 1); at++) {
        size_t length = at / (SHIFTS * SHIFTS);
        size_t to = at % SHIFTS;
        size_t from = at / SHIFTS % SHIFTS;
        struct buffers both = open_buffers((to > from ? to : from) + length, &seed);
        memmove(both.expected + to, both.expected + from, length);
        assert_ptr_equal(base_memmove(both.bytes + to, both.bytes + from, length), both.bytes + to);
        close_buffers(&both);
    }
}

TEST(memset_writes_the_low_byte_of_its_value)
{
    uint64_t seed = 10;
    for (size_t at = 0; at < SHIFTS * (LENGTH_MAX + 1); at++) {
        size_t length = at / SHIFTS;
        size_t to = at % SHIFTS;
        int value = (int)(test_random(&seed) & 0xffff);
        struct buffers out = open_buffers(to + length, &seed);
        memset(out.expected + to, value, length);
        assert_ptr_equal(base_memset(out.bytes + to, value, length), out.bytes + to);
        close_buffers(&out);
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

TEST(memcmp_tells_the_first_difference_as_unsigned_bytes)
{
    uint64_t seed = 11;
    for (size_t at = 0; at < SHIFTS * SHIFTS * (LENGTH_MAX + 1); at++) {
        size_t length = at / (SHIFTS * SHIFTS);
        size_t left = at % SHIFTS;
        size_t right = at / SHIFTS % SHIFTS;
        struct buffers a = open_buffers(left + length, &seed);
        struct buffers b = open_buffers(right + length, &seed);
        memcpy(b.bytes + right, a.bytes + left, length);
        assert_int_equal(base_memcmp(a.bytes + left, b.bytes + right, length), 0);
        if (length > 0) {
            b.bytes[right + test_random(&seed) % length] ^= (uint8_t)(1 + test_random(&seed) % 255);
            assert_int_equal(sign(base_memcmp(a.bytes + left, b.bytes + right, length)),
                             sign(memcmp(a.bytes + left, b.bytes + right, length)));
        }
        memcpy(b.expected + right, b.bytes + right, length);
        close_buffers(&a);
        close_buffers(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memcpy_copies_exactly_the_bytes_asked_for),
        cmocka_unit_test(memmove_keeps_the_source_intact_until_it_is_read),
        cmocka_unit_test(memset_writes_the_low_byte_of_its_value),
        cmocka_unit_test(memcmp_tells_the_first_difference_as_unsigned_bytes),
    };
    return cmocka_run_group_tests_name("base_mem", tests, NULL, NULL);
}
