/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What joins a group of segments, what ends it, and that no frame is lost on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <base/bytes.h>

#include "servers/netd/merge.h"

enum {
    FRAMES = 40,
    PAD = 2,
    IP_AT = PAD + 14,
    TCP_AT = IP_AT + 20,
    DATA_AT = TCP_AT + 20,
    FRAME_BYTES_MIN = 60, /* a link pads what is shorter */
    BYTES = 100,
    ACK = 16,
    PSH = 8,
    FIN = 1,
};

struct frame {
    struct pbuf_custom pbuf; /* first */
    _Alignas(8) uint8_t bytes[256];
    bool is_free;
};

static struct frame frame[FRAMES];
static int used;
static struct merge merge;

static void free_frame(struct pbuf *pbuf)
{
    struct frame *freed = (struct frame *)(void *)pbuf;
    assert_false(freed->is_free);
    freed->is_free = true;
}

static int reset(void **state)
{
    (void)state;
    memset(frame, 0, sizeof(frame));
    merge = (struct merge){0};
    used = 0;
    return 0;
}

/* A segment whose bytes are those of the stream at that sequence number. */
static struct pbuf *make(uint32_t sequence, uint32_t acknowledged, uint16_t len)
{
    struct frame *made = &frame[used++];
    uint8_t *bytes = made->bytes;
    uint16_t whole = (uint16_t)(DATA_AT + len);
    bytes_put_be16(bytes + PAD + 12, 0x0800);
    bytes[IP_AT] = 0x45;
    bytes_put_be16(bytes + IP_AT + 2, (uint16_t)(40 + len));
    bytes_put_be16(bytes + IP_AT + 4, (uint16_t)used); /* identification: another each time */
    bytes[IP_AT + 8] = 64;
    bytes[IP_AT + 9] = 6;
    bytes_put_be32(bytes + IP_AT + 12, 0x0a000202);
    bytes_put_be32(bytes + IP_AT + 16, 0x0a00020f);
    bytes_put_be32(bytes + TCP_AT, 40000u << 16 | 7);
    bytes_put_be32(bytes + TCP_AT + 4, sequence);
    bytes_put_be32(bytes + TCP_AT + 8, acknowledged);
    bytes[TCP_AT + 12] = 0x50;
    bytes[TCP_AT + 13] = ACK;
    bytes_put_be16(bytes + TCP_AT + 14, 8192);
    for (uint32_t i = 0; i < len; i++) {
        bytes[DATA_AT + i] = (uint8_t)(sequence + i);
    }
    if (whole < FRAME_BYTES_MIN + PAD) {
        memset(bytes + whole, 0xee, (size_t)(FRAME_BYTES_MIN + PAD - whole));
        whole = FRAME_BYTES_MIN + PAD;
    }
    made->pbuf.custom_free_function = free_frame;
    return pbuf_alloced_custom(PBUF_RAW, whole, PBUF_REF, &made->pbuf, bytes, whole);
}

static uint8_t *header(struct pbuf *pbuf)
{
    return pbuf->payload;
}

static void begin(uint32_t sequence, uint32_t acknowledged, uint16_t len)
{
    assert_true(merge_begin(&merge, make(sequence, acknowledged, len)));
}

/* Ends the group and looks at all of it: `count` frames with `len` bytes from `sequence` on. */
static void assert_group(uint32_t sequence, uint16_t len, int count)
{
    struct pbuf *group = merge_end(&merge);
    uint8_t bytes[FRAMES * BYTES];
    assert_non_null(group);
    assert_null(merge_end(&merge));
    assert_int_equal(pbuf_clen(group), count);
    assert_int_equal(bytes_get_be16(header(group) + IP_AT + 2), 40 + len);
    assert_int_equal(group->tot_len, DATA_AT + len);
    assert_int_equal(pbuf_copy_partial(group, bytes, len, DATA_AT), len);
    for (uint32_t i = 0; i < len; i++) {
        assert_int_equal(bytes[i], (uint8_t)(sequence + i));
    }
    pbuf_free(group);
    for (int i = 0; i < count; i++) {
        assert_true(frame[i].is_free);
    }
}

static void bytes_that_follow_each_other_are_one_segment(void **state)
{
    (void)state;
    begin(1000, 7, BYTES);
    for (uint32_t i = 1; i < 5; i++) {
        assert_true(merge_join(&merge, make(1000 + i * BYTES, 7, BYTES)));
    }
    assert_int_equal(merge.joined, 4);
    assert_group(1000, 5 * BYTES, 5);
}

static void sequence_numbers_wrap(void **state)
{
    (void)state;
    begin(UINT32_MAX - 10, 7, BYTES);
    assert_true(merge_join(&merge, make(UINT32_MAX - 10 + BYTES, 7, BYTES)));
    assert_group(UINT32_MAX - 10, 2 * BYTES, 2);
}

static void padding_of_the_link_is_left_out(void **state)
{
    (void)state;
    begin(1000, 7, 3);
    assert_true(merge_join(&merge, make(1003, 7, 2)));
    assert_true(merge_join(&merge, make(1005, 7, BYTES)));
    assert_group(1000, 5 + BYTES, 3);
}

static void a_push_is_kept(void **state)
{
    (void)state;
    begin(1000, 7, BYTES);
    struct pbuf *last = make(1000 + BYTES, 7, BYTES);
    header(last)[TCP_AT + 13] |= PSH;
    assert_true(merge_join(&merge, last));
    assert_int_equal(header(merge.held)[TCP_AT + 13], ACK | PSH);
    assert_group(1000, 2 * BYTES, 2);
}

static void a_group_has_an_end(void **state)
{
    (void)state;
    begin(0, 7, 1);
    for (uint32_t i = 1; i < MERGE_FRAMES_MAX; i++) {
        assert_true(merge_join(&merge, make(i, 7, 1)));
    }
    assert_false(merge_join(&merge, make(MERGE_FRAMES_MAX, 7, 1)));
    assert_group(0, MERGE_FRAMES_MAX, MERGE_FRAMES_MAX);
}

/* Makes the segment that would follow, changes a byte of it, and expects it to stay alone. */
static void assert_does_not_join(int at, uint8_t change)
{
    reset(NULL);
    begin(1000, 7, BYTES);
    struct pbuf *next = make(1000 + BYTES, 7, BYTES);
    header(next)[at] ^= change;
    if (merge_join(&merge, next)) {
        fail_msg("joined with byte %d changed", at);
    }
    assert_group(1000, BYTES, 1);
}

static void another_header_ends_the_group(void **state)
{
    (void)state;
    static const int at[] = {
        PAD + 12,    IP_AT,       IP_AT + 1,  IP_AT + 8,  IP_AT + 9,  IP_AT + 12,
        IP_AT + 15,  IP_AT + 16,  IP_AT + 19, TCP_AT,     TCP_AT + 1, TCP_AT + 2,
        TCP_AT + 3,  TCP_AT + 4,  TCP_AT + 7, TCP_AT + 8, TCP_AT + 11, TCP_AT + 14,
        TCP_AT + 15,
    };
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        assert_does_not_join(at[i], 1);
    }
    assert_does_not_join(TCP_AT + 12, 0x10); /* another length of the header */
    for (int flag = 0; flag < 8; flag++) {
        if (1 << flag != PSH) {
            assert_does_not_join(TCP_AT + 13, (uint8_t)(1 << flag));
        }
    }
}

static void other_options_end_the_group(void **state)
{
    (void)state;
    struct pbuf *first = make(1000, 7, BYTES);
    struct pbuf *same = make(1000 + BYTES - 4, 7, BYTES);
    struct pbuf *other = make(1000 + 2 * BYTES - 8, 7, BYTES);
    header(first)[TCP_AT + 12] = 0x60; /* the first four bytes are options now */
    header(same)[TCP_AT + 12] = 0x60;
    header(other)[TCP_AT + 12] = 0x60;
    memset(header(first) + DATA_AT, 1, 4);
    memset(header(same) + DATA_AT, 1, 4);
    memset(header(other) + DATA_AT, 1, 4);
    header(other)[DATA_AT + 3] = 0;
    assert_true(merge_begin(&merge, first));
    assert_true(merge_join(&merge, same));
    assert_false(merge_join(&merge, other));
    pbuf_free(merge_end(&merge));
}

static void what_is_not_plain_begins_no_group(void **state)
{
    (void)state;
    struct pbuf *last = make(1000, 7, BYTES);
    header(last)[TCP_AT + 13] |= FIN;
    assert_false(merge_begin(&merge, last));
    struct pbuf *datagram = make(1000, 7, BYTES);
    header(datagram)[IP_AT + 9] = 17;
    assert_false(merge_begin(&merge, datagram));
    assert_null(merge_end(&merge));
}

static void of_acknowledgments_the_last_counts(void **state)
{
    (void)state;
    begin(1000, UINT32_MAX - 50, 0);
    assert_true(merge_join(&merge, make(1000, 49, 0)));
    assert_true(merge_join(&merge, make(1000, 149, 0)));
    assert_true(frame[0].is_free && frame[1].is_free);
    struct pbuf *group = merge_end(&merge);
    assert_int_equal(bytes_get_be32(header(group) + TCP_AT + 8), 149);
    assert_int_equal(group->tot_len, DATA_AT);
    pbuf_free(group);
}

static void an_acknowledgment_that_repeats_itself_stays(void **state)
{
    (void)state;
    begin(1000, 49, 0);
    assert_false(merge_join(&merge, make(1000, 49, 0)));
    assert_false(merge_join(&merge, make(1000, 48, 0)));
    assert_false(merge_join(&merge, make(1001, 50, 0)));
    assert_false(frame[0].is_free);
}

static void an_acknowledgment_with_options_stays(void **state)
{
    (void)state;
    struct pbuf *first = make(1000, 49, 0);
    struct pbuf *next = make(1000, 149, 0);
    header(first)[TCP_AT + 12] = header(next)[TCP_AT + 12] = 0x60;
    bytes_put_be16(header(first) + IP_AT + 2, 44);
    bytes_put_be16(header(next) + IP_AT + 2, 44);
    assert_true(merge_begin(&merge, first));
    assert_false(merge_join(&merge, next));
}

static void bytes_and_acknowledgments_do_not_mix(void **state)
{
    (void)state;
    begin(1000, 7, BYTES);
    assert_false(merge_join(&merge, make(1000 + BYTES, 8, 0)));
    assert_group(1000, BYTES, 1);
    reset(NULL);
    begin(1000, 7, 0);
    assert_false(merge_join(&merge, make(1000, 8, BYTES)));
}

/* --- a driver that writes into a frame once it was checked ----------------------------------- */

static void lengths_that_do_not_lie_in_the_frame_are_not_taken(void **state)
{
    (void)state;
    static const uint16_t wrong[] = {0, 39, 40 + BYTES + 1, 0xffff};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        reset(NULL);
        struct pbuf *changed = make(1000, 7, BYTES);
        bytes_put_be16(header(changed) + IP_AT + 2, wrong[i]);
        assert_false(merge_begin(&merge, changed));
        begin(1000, 7, BYTES);
        changed = make(1000 + BYTES, 7, BYTES);
        bytes_put_be16(header(changed) + IP_AT + 2, wrong[i]);
        assert_false(merge_join(&merge, changed));
    }
    for (uint8_t words = 0; words < 5; words++) {
        reset(NULL);
        struct pbuf *changed = make(1000, 7, BYTES);
        header(changed)[TCP_AT + 12] = (uint8_t)(words << 4);
        assert_false(merge_begin(&merge, changed));
    }
}

static void lengths_that_change_while_frames_are_held_are_those_that_were_read(void **state)
{
    (void)state;
    begin(1000, 7, BYTES);
    uint8_t *first = header(merge.held);
    for (uint32_t i = 1; i < 3; i++) {
        bytes_put_be16(first + IP_AT + 2, 0xffff);
        assert_true(merge_join(&merge, make(1000 + i * BYTES, 7, BYTES)));
        assert_int_equal(bytes_get_be16(first + IP_AT + 2), 40 + (i + 1) * BYTES);
    }
    bytes_put_be16(first + IP_AT + 2, 50);
    struct pbuf *group = merge_end(&merge);
    assert_int_equal(group->tot_len, DATA_AT + 3 * BYTES);
    assert_int_equal(group->len, DATA_AT + BYTES);
    assert_int_equal(group->next->tot_len, 2 * BYTES);
    assert_int_equal(group->next->next->tot_len, BYTES);
    pbuf_free(group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(bytes_that_follow_each_other_are_one_segment, reset),
        cmocka_unit_test_setup(sequence_numbers_wrap, reset),
        cmocka_unit_test_setup(padding_of_the_link_is_left_out, reset),
        cmocka_unit_test_setup(a_push_is_kept, reset),
        cmocka_unit_test_setup(a_group_has_an_end, reset),
        cmocka_unit_test_setup(another_header_ends_the_group, reset),
        cmocka_unit_test_setup(other_options_end_the_group, reset),
        cmocka_unit_test_setup(what_is_not_plain_begins_no_group, reset),
        cmocka_unit_test_setup(of_acknowledgments_the_last_counts, reset),
        cmocka_unit_test_setup(an_acknowledgment_that_repeats_itself_stays, reset),
        cmocka_unit_test_setup(an_acknowledgment_with_options_stays, reset),
        cmocka_unit_test_setup(bytes_and_acknowledgments_do_not_mix, reset),
        cmocka_unit_test_setup(lengths_that_do_not_lie_in_the_frame_are_not_taken, reset),
        cmocka_unit_test_setup(lengths_that_change_while_frames_are_held_are_those_that_were_read,
                               reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
