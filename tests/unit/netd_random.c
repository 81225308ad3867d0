/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a peer must not guess: first sequence numbers and ports of a thousand connections, as they
 * stand in the frames that leave, with several seeds.
 */
#include <stdlib.h>

#include "test.h"

#include <base/bytes.h>

#include "servers/netd/lwip/port.h"
#include "tests/sim/arena.h"

enum {
    CONNECTIONS = 1000,
    SEEDS = 4,
    PORT = 7,
    TCP_AT = 34, /* behind the headers of Ethernet and IP without options */
    SEQUENCE_AT = TCP_AT + 4,
    FLAGS_AT = TCP_AT + 13,
    PROTOCOL_AT = 23,
    TCP = 6,
    SYN = 2,
    LOW = CONNECTIONS / 2 - 100, /* of ones in a random bit: six times the deviation away */
    HIGH = CONNECTIONS / 2 + 100,
};

struct values {
    uint32_t sequence[CONNECTIONS];
    uint32_t port[CONNECTIONS];
};

static struct values values[SEEDS];

static void take_first_segment(struct sim *sim, struct values *taken, int index)
{
    int found = 0;
    for (uint32_t i = 0; i < sim->sent_count; i++) {
        const uint8_t *head = sim->sent[i].head;
        if (head[PROTOCOL_AT] == TCP && head[FLAGS_AT] == SYN) {
            taken->port[index] = bytes_get_be16(head + TCP_AT);
            taken->sequence[index] = bytes_get_be32(head + SEQUENCE_AT);
            found++;
        }
    }
    assert_int_equal(found, 1);
    sim->sent_count = 0;
}

static void collect(uint64_t seed, struct values *taken)
{
    struct arena client;
    struct init_client facts = arena_facts();
    struct sim *sim = sim_start();
    sim_run(sim, 1 * SIM_S);
    arena_start(&client, sim, 0, &facts);
    port_seed((const uint64_t[PORT_SEED_WORDS]){seed, 0, 0, seed});
    sim->sent_count = 0;
    for (int i = 0; i < CONNECTIONS; i++) {
        int slot = arena_make(&client, SOCKET_STREAM);
        assert_true(slot >= 0);
        assert_int_equal(arena_connect(&client, (uint32_t)slot, SIM_GATEWAY, PORT), 0);
        sim_run(sim, 1000);
        take_first_segment(sim, taken, i);
        assert_int_equal(arena_close(&client, (uint32_t)slot), 0);
        sim_run(sim, 1000);
        sim->sent_count = 0;
    }
    sim_stop(sim);
    arena_free(&client);
}

static int collect_all(void **state)
{
    (void)state;
    for (int i = 0; i < SEEDS; i++) {
        collect((uint64_t)i * 0x9e3779b97f4a7c15u + 1, &values[i]);
    }
    return 0;
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static int count_distinct(const uint32_t *list)
{
    static uint32_t sorted[CONNECTIONS];
    int distinct = 1;
    memcpy(sorted, list, sizeof(sorted));
    qsort(sorted, CONNECTIONS, sizeof(sorted[0]), compare);
    for (int i = 1; i < CONNECTIONS; i++) {
        distinct += sorted[i] != sorted[i - 1] ? 1 : 0;
    }
    return distinct;
}

/* Steps from one to the next that are the step before, or small. */
static int count_regular(const uint32_t *list)
{
    enum { SMALL = 1 << 16 };
    int regular = 0;
    for (int i = 2; i < CONNECTIONS; i++) {
        uint32_t step = list[i] - list[i - 1];
        regular += step == list[i - 1] - list[i - 2] || step + SMALL < 2 * SMALL ? 1 : 0;
    }
    return regular;
}

static void check_bits(const uint32_t *list, int bits)
{
    for (int bit = 0; bit < bits; bit++) {
        int ones = 0;
        for (int i = 0; i < CONNECTIONS; i++) {
            ones += (int)(list[i] >> bit & 1);
        }
        assert_in_range(ones, LOW, HIGH);
    }
}

TEST(no_first_sequence_number_comes_twice)
{
    for (int i = 0; i < SEEDS; i++) {
        assert_int_equal(count_distinct(values[i].sequence), CONNECTIONS);
    }
}

TEST(first_sequence_numbers_have_no_step)
{
    for (int i = 0; i < SEEDS; i++) {
        assert_true(count_regular(values[i].sequence) < 3);
    }
}

TEST(every_bit_of_a_first_sequence_number_changes)
{
    for (int i = 0; i < SEEDS; i++) {
        check_bits(values[i].sequence, 32);
    }
}

/* Of 16,384 in free order, a thousand meet about thirty times. */
TEST(ports_are_spread_over_the_ephemeral_range)
{
    for (int i = 0; i < SEEDS; i++) {
        assert_true(count_distinct(values[i].port) > CONNECTIONS - 60);
        for (int j = 0; j < CONNECTIONS; j++) {
            assert_true(values[i].port[j] >= SOCKET_EPHEMERAL_FIRST);
        }
        check_bits(values[i].port, 14);
    }
}

TEST(another_seed_gives_other_numbers)
{
    for (int i = 1; i < SEEDS; i++) {
        int same_sequence = 0, same_port = 0;
        for (int j = 0; j < CONNECTIONS; j++) {
            same_sequence += values[i].sequence[j] == values[0].sequence[j] ? 1 : 0;
            same_port += values[i].port[j] == values[0].port[j] ? 1 : 0;
        }
        assert_true(same_sequence == 0 && same_port < 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_first_sequence_number_comes_twice),
        cmocka_unit_test(first_sequence_numbers_have_no_step),
        cmocka_unit_test(every_bit_of_a_first_sequence_number_changes),
        cmocka_unit_test(ports_are_spread_over_the_ephemeral_range),
        cmocka_unit_test(another_seed_gives_other_numbers),
    };
    return cmocka_run_group_tests(tests, collect_all, NULL);
}
