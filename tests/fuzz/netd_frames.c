/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any frames into the whole stack, behind a driver of plain memory. An assertion of lwIP ends the
 * process, so does a frame that is lost.
 *
 * Input: records of a byte with flags, a byte with the length in units of 8, then that many bytes.
 * Bit 0 makes the sums right, and the transaction of a DHCPv6 reply, so that the fuzzer gets past
 * them; bit 1 lets a second pass.
 */
#include <string.h>

#include <lwip/dhcp6.h>

#include <base/bytes.h>

#include "servers/netd/checksum.h"
#include "servers/netd/stack.h"
#include "fuzz.h"

enum {
    IP_AT = 14,
    SEGMENT_AT = IP_AT + 20,
    ETHERTYPE_IP6 = 0x86dd,
    SEGMENT6_AT = IP_AT + 40,
    ICMP6 = 58,
    DHCP6_CLIENT = 546,
    ICMP = 1,
    TCP = 6,
    UDP = 17,
    FIX_SUMS = 1 << 0,
    PASS_TIME = 1 << 1,
};

static struct stack stack;
static struct frames_area area;
static struct ring_consumer rx_free, tx_ready;
static struct ring_producer rx_full, tx_done;

static void drop_line(void *context, const char *text, size_t len)
{
    (void)context;
    (void)text;
    (void)len;
}

static void step(uint64_t now_us)
{
    uint64_t next_us;
    uint64_t entry;
    while (stack_input(&stack, now_us)) {
    }
    (void)!stack_finish(&stack, now_us, &next_us);
    while (ring_consumer_pop(&tx_ready, &entry) == OK) {
        REQUIRE(ring_producer_push(&tx_done, entry) == OK);
    }
    (void)!ring_consumer_commit(&tx_ready);
    (void)!ring_producer_commit(&tx_done);
}

static void open_driver(void)
{
    memset(&area, 0, sizeof(area));
    REQUIRE(stack_attach(&stack, &area) == OK);
    atomic_store(&area.info.mac, 0x010000000002);
    atomic_store(&area.info.mtu, 1500);
    atomic_store(&area.info.is_link_up, 1);
    (void)frames_open(&area.info, frames_requested(&area.info));
    (void)!stack_input(&stack, 0);
    REQUIRE(ring_consumer_bind(&rx_free, &area.rx_free.shared, FRAMES_COUNT) == OK);
    REQUIRE(ring_producer_bind(&rx_full, &area.rx_full.shared, FRAMES_COUNT) == OK);
    REQUIRE(ring_consumer_bind(&tx_ready, &area.tx_ready.shared, FRAMES_COUNT) == OK);
    REQUIRE(ring_producer_bind(&tx_done, &area.tx_done.shared, FRAMES_COUNT) == OK);
    atomic_store(&area.info.state, FRAMES_UP);
    (void)!stack_input(&stack, 0);
    /* An address at once: the fallback, without waiting for it. */
    step((ADDR_FALLBACK_AFTER_S + 1) * 1000000ull);
}

static void put_sum(uint8_t *at, uint16_t sum)
{
    bytes_put_be16(at, checksum_wire16((uint16_t)~sum));
}

/* Makes the sums of an IPv4 packet without options right. */
static void fix_sums(uint8_t *frame, size_t len)
{
    uint8_t *segment = frame + SEGMENT_AT;
    size_t sum_at = frame[IP_AT + 9] == TCP ? 16 : frame[IP_AT + 9] == UDP ? 6 : 2;
    if (len < SEGMENT_AT + 20) {
        return;
    }
    size_t bytes = len - SEGMENT_AT;
    bytes_put_be16(frame + IP_AT + 2, (uint16_t)(len - IP_AT));
    bytes_put_be16(frame + IP_AT + 10, 0);
    put_sum(frame + IP_AT + 10, checksum_partial(frame + IP_AT, 20));
    bytes_put_be16(segment + sum_at, 0);
    uint16_t sum = checksum_partial(segment, bytes);
    if (frame[IP_AT + 9] != ICMP) {
        sum = checksum_add(sum, checksum_partial(frame + IP_AT + 12, 8));
        sum = checksum_add(sum, checksum_wire16(frame[IP_AT + 9]));
        sum = checksum_add(sum, checksum_wire16((uint16_t)bytes));
    }
    put_sum(segment + sum_at, sum);
}

static void fix_transaction(uint8_t *message)
{
    const struct dhcp6 *client = netif_dhcp6_data(&stack.link[0].interface.netif);
    if (client != NULL) {
        bytes_put_be32(message, (uint32_t)message[0] << 24 | client->xid);
    }
}

/* The same of an IPv6 packet without extension headers, of the length that it says. */
static void fix_sums6(uint8_t *frame, size_t len)
{
    uint8_t *segment = frame + SEGMENT6_AT;
    uint8_t protocol = frame[IP_AT + 6];
    size_t sum_at = protocol == UDP ? 6 : 2;
    if (len < SEGMENT6_AT + 12 || (protocol != UDP && protocol != ICMP6)) {
        return;
    }
    size_t bytes = bytes_get_be16(frame + IP_AT + 4);
    if (bytes < 12 || bytes > len - SEGMENT6_AT) {
        return;
    }
    if (protocol == UDP && bytes_get_be16(segment + 2) == DHCP6_CLIENT) {
        fix_transaction(segment + 8);
    }
    bytes_put_be16(segment + sum_at, 0);
    uint16_t sum = checksum_partial(segment, bytes);
    sum = checksum_add(sum, checksum_partial(frame + IP_AT + 8, 32));
    sum = checksum_add(sum, checksum_wire16(protocol));
    sum = checksum_add(sum, checksum_wire16((uint16_t)bytes));
    put_sum(segment + sum_at, sum);
}

static void receive(const uint8_t *bytes, size_t len, uint8_t flags)
{
    uint64_t entry = 0;
    struct frames_span span = {0};
    REQUIRE(ring_consumer_pop(&rx_free, &entry) == OK);
    (void)!ring_consumer_commit(&rx_free);
    REQUIRE(frames_locate(entry, FRAMES_RX_BYTES_MIN, &span) == OK);
    uint8_t *frame = (uint8_t *)&area + frames_area_offset(span);
    memcpy(frame, bytes, len);
    if ((flags & FIX_SUMS) != 0 && len > IP_AT && bytes_get_be16(frame + 12) == ETHERTYPE_IP6) {
        fix_sums6(frame, len);
    } else if ((flags & FIX_SUMS) != 0) {
        fix_sums(frame, len);
    }
    span.bytes = (uint16_t)len;
    REQUIRE(ring_producer_push(&rx_full, frames_entry(span)) == OK);
    (void)!ring_producer_commit(&rx_full);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct stack_config config = {
        .fallback = {{.address = 0x0a00020f, .gateway = 0x0a000202, .prefix = 24}},
        .lines = {drop_line, NULL},
    };
    uint64_t now_us = 0;
    REQUIRE(stack_init(&stack, &config, now_us) == OK);
    open_driver();
    now_us = (ADDR_FALLBACK_AFTER_S + 1) * 1000000ull;
    while (size >= 2) {
        size_t len = (size_t)data[1] * 8;
        len = len < size - 2 ? len : size - 2;
        receive(data + 2, len, data[0]);
        now_us += (data[0] & PASS_TIME) != 0 ? 1000000 : 10;
        step(now_us);
        data += 2 + len;
        size -= 2 + len;
    }
    for (int i = 0; i < 70; i++) { /* until every reassembly was given up */
        now_us += 1000000;
        step(now_us);
    }
    REQUIRE(stack.link[0].interface.held_count == 0);
    REQUIRE(stack.link[0].interface.rx_count == INTERFACE_RX_FRAMES);
    stack_close(&stack);
    return 0;
}
