/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 64-bit checksum against the definition, at every offset and length that takes a path of
 * its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"

enum { BYTES = 2048 };

/* [RFC 1071 §1], as it is written, in the order of memory. */
static uint16_t by_definition(const uint8_t *at, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < len; i += 2) {
        sum += bytes_get_be16(at + i);
    }
    if (len % 2 != 0) {
        sum += (uint32_t)at[len - 1] << 8;
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return checksum_wire16((uint16_t)sum);
}

static void fill(uint8_t *bytes, uint32_t seed)
{
    for (size_t i = 0; i < BYTES; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

static void the_sum_is_that_of_the_definition_at_every_offset_and_length(void **state)
{
    (void)state;
    for (size_t offset = 0; offset < 16; offset++) {
        for (size_t len = 0; len < 300; len++) {
            uint8_t *bytes = malloc(BYTES);
            uint8_t *exact = malloc(offset + len + 1);
            fill(bytes, (uint32_t)(offset * 1000 + len));
            memcpy(exact, bytes, offset + len);
            assert_int_equal(checksum_partial(exact + offset, len),
                             by_definition(bytes + offset, len));
            free(exact);
            free(bytes);
        }
    }
}

static void a_copy_is_a_copy_and_its_sum_the_same(void **state)
{
    (void)state;
    static _Alignas(8) uint8_t from[BYTES], to[BYTES];
    fill(from, 7);
    for (size_t offset = 0; offset < 16; offset++) {
        for (size_t len = 0; len < 300; len++) {
            memset(to, 0xee, sizeof(to));
            assert_int_equal(checksum_copy(to + offset % 4 * 2, from + offset, len),
                             checksum_partial(from + offset, len));
            assert_memory_equal(to + offset % 4 * 2, from + offset, len);
            assert_int_equal(to[offset % 4 * 2 + len], 0xee);
        }
    }
    memset(from, 0xff, sizeof(from));
    assert_int_equal(checksum_copy(to, from, 1460), 0xffff);
}

static void all_ones_carry_through_every_fold(void **state)
{
    (void)state;
    static uint8_t bytes[65536];
    memset(bytes, 0xff, sizeof(bytes));
    for (size_t len = sizeof(bytes) - 9; len <= sizeof(bytes); len++) {
        assert_int_equal(checksum_partial(bytes, len), by_definition(bytes, len));
    }
}

static void no_bytes_sum_to_zero(void **state)
{
    (void)state;
    assert_int_equal(checksum_partial("", 0), 0);
}

static void sums_of_pieces_at_even_offsets_add_up(void **state)
{
    (void)state;
    uint8_t bytes[BYTES];
    fill(bytes, 7);
    for (size_t cut = 0; cut <= BYTES; cut += 2) {
        uint16_t whole = checksum_add(checksum_partial(bytes, cut),
                                      checksum_partial(bytes + cut, BYTES - cut));
        assert_int_equal(whole, by_definition(bytes, BYTES));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_that_of_the_definition_at_every_offset_and_length),
        cmocka_unit_test(a_copy_is_a_copy_and_its_sum_the_same),
        cmocka_unit_test(all_ones_carry_through_every_fold),
        cmocka_unit_test(no_bytes_sum_to_zero),
        cmocka_unit_test(sums_of_pieces_at_even_offsets_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
