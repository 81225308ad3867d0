/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops of memcpy and its kin against the simplest loops, for every alignment and for lengths
 * around each step. Buffers are exactly as long as they must be, so the address sanitizer sees W1.
 */
#include "test.h"

#include <stdlib.h>

#ifndef MEM_WORD_ALIGNMENT
#define MEM_WORD_ALIGNMENT 8
#endif
#include "libc/musl/string/words.h"

enum { LENGTH_MAX = 300, SHIFTS = 8 };

/* Exactly `bytes` behind `shift` bytes that nobody may touch; release with give_back. */
static uint8_t *take(size_t shift, size_t bytes, uint8_t first)
{
    uint8_t *buffer = malloc(shift + bytes + (shift + bytes == 0));
    assert_non_null(buffer);
    for (size_t i = 0; i < shift; i++) {
        buffer[i] = 0xee;
    }
    for (size_t i = 0; i < bytes; i++) {
        buffer[shift + i] = (uint8_t)(first + i * 7);
    }
    return buffer + shift;
}

static void give_back(uint8_t *bytes, size_t shift)
{
    for (size_t i = 1; i <= shift; i++) {
        assert_int_equal(bytes[-(ptrdiff_t)i], 0xee);
    }
    free(bytes - shift);
}

TEST(copying_gives_the_bytes_at_every_alignment)
{
    for (size_t length = 0; length <= LENGTH_MAX; length++) {
        for (size_t shifts = 0; shifts < SHIFTS * SHIFTS; shifts++) {
            size_t to_shift = shifts / SHIFTS, from_shift = shifts % SHIFTS;
            uint8_t *to = take(to_shift, length, 1), *from = take(from_shift, length, 100);
            copy_forward(to, from, length);
            assert_memory_equal(to, from, length);
            copy_forward(to, to, length);
            assert_memory_equal(to, from, length);
            give_back(to, to_shift);
            give_back(from, from_shift);
        }
    }
}

/* Moves inside one buffer by `distance` in either direction. */
static void move_and_look(size_t shift, size_t length, size_t distance)
{
    uint8_t *up = take(shift, length + distance, 3), *down = take(shift, length + distance, 3);
    copy_backward(up + distance, up, length);
    copy_forward(down, down + distance, length);
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(up[distance + i], (uint8_t)(3 + i * 7));
        assert_int_equal(down[i], (uint8_t)(3 + (i + distance) * 7));
    }
    give_back(up, shift);
    give_back(down, shift);
}

TEST(moving_survives_every_overlap)
{
    for (size_t length = 0; length <= LENGTH_MAX; length += length < 40 ? 1 : 13) {
        for (size_t distance = 0; distance <= 40; distance++) {
            for (size_t shift = 0; shift < SHIFTS; shift++) {
                move_and_look(shift, length, distance);
            }
        }
    }
}

TEST(filling_stays_inside)
{
    for (size_t length = 0; length <= LENGTH_MAX; length++) {
        for (size_t shift = 0; shift < SHIFTS; shift++) {
            uint8_t *to = take(shift, length, 1);
            fill(to, 0xa5, length);
            for (size_t i = 0; i < length; i++) {
                assert_int_equal(to[i], 0xa5);
            }
            give_back(to, shift);
        }
    }
}

TEST(comparing_finds_the_first_difference)
{
    for (size_t length = 1; length <= LENGTH_MAX; length += length < 40 ? 1 : 29) {
        for (size_t shifts = 0; shifts < SHIFTS * SHIFTS; shifts++) {
            size_t one_shift = shifts / SHIFTS, other_shift = shifts % SHIFTS;
            uint8_t *one = take(one_shift, length, 9), *other = take(other_shift, length, 9);
            assert_int_equal(compare(one, other, length), 0);
            for (size_t at = 0; at < length; at++) {
                one[at] ^= 0x80;
                int sign = one[at] < other[at] ? -1 : 1;
                assert_true(compare(one, other, length) * sign > 0);
                assert_true(compare(other, one, length) * sign < 0);
                assert_int_equal(compare(one, other, at), 0);
                one[at] ^= 0x80;
            }
            give_back(one, one_shift);
            give_back(other, other_shift);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copying_gives_the_bytes_at_every_alignment),
        cmocka_unit_test(moving_survives_every_overlap),
        cmocka_unit_test(filling_stays_inside),
        cmocka_unit_test(comparing_finds_the_first_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
