/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles: what a copy may do, how authority is given, moved and taken back.
 */
#include "actors.h"

enum { BADGE_ONE = 1, BADGE_TWO = 2, SLOTS_MIN = 8 };

/* A task without threads, to hold handles. */
static handle_t new_task(void)
{
    return (handle_t)sys_task_create(own_account(), SLOTS_MIN).value;
}

static handle_t copy(handle_t source, uint64_t rights, uint64_t badge)
{
    return (handle_t)sys_handle_copy(source, rights, badge).value;
}

static bool is_gone(handle_t handle)
{
    return sys_object_info(handle, INFO_TYPE).status == E_BAD_HANDLE;
}

static void a_copy_has_no_right_that_its_source_lacks(void)
{
    handle_t owner = new_endpoint();
    handle_t first = copy(owner, RIGHT_SEND | RIGHT_GRANT, 0);
    handle_t second = copy(first, RIGHTS_ALL, 0);
    CHECK(info(first, INFO_RIGHTS) == (RIGHT_SEND | RIGHT_GRANT));
    CHECK(info(second, INFO_RIGHTS) == (RIGHT_SEND | RIGHT_GRANT));
    CHECK(info(copy(second, RIGHT_GRANT, 0), INFO_RIGHTS) == RIGHT_GRANT);
    sys_handle_close(owner);
}

static void an_owner_is_never_copied(void)
{
    handle_t owner = new_endpoint();
    CHECK((info(owner, INFO_RIGHTS) & RIGHT_MANAGE) != 0);
    CHECK((info(copy(owner, RIGHTS_ALL, 0), INFO_RIGHTS) & RIGHT_MANAGE) == 0);
    sys_handle_close(owner);
}

static void send_and_receive_mean_nothing_beside_endpoints(void)
{
    handle_t memory = new_memory(1);
    CHECK((info(memory, INFO_RIGHTS) & (RIGHT_SEND | RIGHT_RECEIVE)) == 0);
    sys_handle_close(memory);
}

static void a_grant_needs_the_right_to_grant(void)
{
    handle_t task = new_task();
    handle_t owner = new_notification();
    handle_t bound = copy(owner, RIGHT_WRITE, 0);
    CHECK(sys_handle_grant(task, bound, RIGHT_WRITE, 0).status == E_NO_RIGHT);
    CHECK(sys_handle_grant(task, owner, RIGHT_WRITE, 0).status == OK);
    CHECK(info(task, INFO_TASK_HANDLES) == 1);
    sys_handle_close(owner);
    CHECK(info(task, INFO_TASK_HANDLES) == 0); /* its end empties every table */
    sys_handle_close(task);
}

static void a_closed_handle_names_nothing_even_when_its_slot_is_used_again(void)
{
    handle_t old = new_notification();
    CHECK(sys_handle_close(old).status == OK);
    CHECK(sys_handle_close(old).status == E_BAD_HANDLE);
    handle_t new = new_notification();
    CHECK((new &HANDLE_INDEX_MASK) == (old & HANDLE_INDEX_MASK) && new != old);
    CHECK(sys_signal(old, 1).status == E_BAD_HANDLE);
    CHECK(sys_signal(new, 1).status == OK);
    sys_handle_close(new);
}

/* A compiler may pass the whole word on where 32 bits of it are asked for. */
static void a_handle_out_of_a_pair_names_its_object_and_the_pair_names_none(void)
{
    handle_t owner = new_notification();
    volatile uint64_t in_memory = (uint64_t)own_account() << 32 | owner;
    uint64_t pair = in_memory;
    CHECK(sys_signal((handle_t)pair, 1).status == OK);
    CHECK(sys_object_info((handle_t)pair, INFO_NOTIFICATION_BITS).value == 1);
    CHECK(sys_signal(pair, 1).status == E_BAD_HANDLE);
    CHECK(sys_object_info(pair, INFO_TYPE).status == E_BAD_HANDLE);
    sys_handle_close(owner);
}

static void closing_a_copy_leaves_the_object(void)
{
    handle_t owner = new_notification();
    handle_t one = copy(owner, RIGHT_WRITE, 0);
    CHECK(sys_handle_close(one).status == OK);
    CHECK(is_gone(one) && sys_signal(owner, 1).status == OK);
    sys_handle_close(owner);
}

static void closing_the_owner_ends_every_copy(void)
{
    handle_t owner = new_notification();
    handle_t one = copy(owner, RIGHT_WRITE, 0);
    handle_t other = copy(one, RIGHT_WRITE, 0);
    CHECK(sys_handle_close(owner).status == OK);
    CHECK(is_gone(one) && is_gone(other));
}

static void revoking_all_leaves_the_owner_alone(void)
{
    handle_t task = new_task();
    handle_t owner = new_notification();
    handle_t one = copy(owner, RIGHT_WRITE, 0);
    CHECK(sys_handle_grant(task, owner, RIGHT_WRITE, BADGE_ONE).status == OK);
    CHECK(sys_revoke(owner, BADGE_ALL).status == OK);
    CHECK(is_gone(one) && info(task, INFO_TASK_HANDLES) == 0);
    CHECK(sys_signal(owner, 1).status == OK);
    sys_handle_close(owner);
    sys_handle_close(task);
}

static void revoking_a_badge_leaves_the_others(void)
{
    enum { COPIES = 100 }; /* more than one step of the kernel */
    static handle_t ones[COPIES];
    handle_t owner = new_endpoint();
    handle_t two = copy(owner, RIGHT_SEND, BADGE_TWO);
    for (unsigned i = 0; i < COPIES; i++) {
        ones[i] = copy(owner, RIGHT_SEND, BADGE_ONE);
    }
    CHECK(sys_revoke(owner, BADGE_ONE).status == OK);
    for (unsigned i = 0; i < COPIES; i++) {
        CHECK(is_gone(ones[i]));
    }
    CHECK(info(two, INFO_BADGE) == BADGE_TWO);
    sys_handle_close(owner);
}

static void revoking_unmaps_what_was_mapped_through_the_badge(void)
{
    handle_t owner = new_memory(1);
    handle_t lent = copy(owner, RIGHT_MAP | RIGHT_READ, BADGE_ONE);
    CHECK(sys_memory_map(own_task(), owner, TEST_VADDR, 0, 1, RIGHT_READ).status == OK);
    CHECK(sys_memory_map(own_task(), lent, TEST_VADDR + PAGE_BYTES, 0, 1, RIGHT_READ).status == OK);
    CHECK(sys_revoke(owner, BADGE_TWO).status == OK);
    CHECK(info(owner, INFO_MEMORY_MAPPINGS) == 2);
    CHECK(sys_revoke(owner, BADGE_ONE).status == OK);
    CHECK(info(owner, INFO_MEMORY_MAPPINGS) == 1 && is_gone(lent));
    CHECK(sys_memory_unmap(own_task(), TEST_VADDR + PAGE_BYTES).status == E_NOT_FOUND);
    CHECK(sys_memory_unmap(own_task(), TEST_VADDR).status == OK);
    sys_handle_close(owner);
}

/* Runs in a child: takes one handle, tells its rights, keeps it. */
static void keep_a_handle(uint64_t endpoint, uint64_t unused)
{
    struct message m = {.accept_count = 1};
    (void)unused;
    while (ipc_reply_wait((handle_t)endpoint, &m, DEADLINE_FOREVER) == OK) {
        m.words[0] = info(m.handles[0], INFO_RIGHTS);
        m.handle_count = 0;
    }
    child_rest();
}

static void an_owner_in_a_message_moves_and_dies_with_its_new_task(void)
{
    struct child child;
    handle_t endpoint = new_endpoint();
    handle_t owner = new_notification();
    handle_t mine = copy(owner, RIGHT_WRITE, 0);
    CHECK(child_create(&child, PRIORITY_SELFTEST + 1));
    CHECK(child_start(&child, keep_a_handle, child_give(&child, endpoint, RIGHT_RECEIVE, 0), 0));
    struct message m = {.handles = {owner}, .handle_count = 1};
    CHECK(ipc_call(endpoint, &m, in_ms(1000)) == OK);
    CHECK((m.words[0] & RIGHT_MANAGE) != 0);
    CHECK(is_gone(owner) && sys_signal(mine, 1).status == OK);
    child_end(&child);
    CHECK(is_gone(mine));
    sys_handle_close(endpoint);
}

static void a_handle_tells_what_it_names(void)
{
    handle_t task = new_task();
    handle_t memory = new_memory(3);
    CHECK(info(task, INFO_TYPE) == OBJECT_TASK && info(memory, INFO_TYPE) == OBJECT_MEMORY);
    CHECK(info(copy(memory, RIGHT_READ, BADGE_TWO), INFO_BADGE) == BADGE_TWO);
    CHECK(info(memory, INFO_MEMORY_PAGES) == 3 && info(memory, INFO_MEMORY_MAPPINGS) == 0);
    CHECK(sys_object_info(memory, INFO_TASK_PAGES).status == E_WRONG_TYPE);
    sys_handle_close(memory);
    sys_handle_close(task);
}

static void numbers_that_were_never_handed_out_name_nothing(void)
{
    static const uint64_t guesses[] = {
        0, 1, HANDLE_INDEX_MASK, 1ull << HANDLE_INDEX_BITS, UINT32_MAX, 0xfffff000,
    };
    for (unsigned i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
        CHECK(is_gone((handle_t)guesses[i]));
    }
}

static const struct test tests[] = {
    {"a copy has no right that its source lacks", a_copy_has_no_right_that_its_source_lacks},
    {"an owner is never copied", an_owner_is_never_copied},
    {"send and receive mean nothing beside endpoints",
     send_and_receive_mean_nothing_beside_endpoints},
    {"a grant needs the right to grant", a_grant_needs_the_right_to_grant},
    {"a closed handle names nothing even when its slot is used again",
     a_closed_handle_names_nothing_even_when_its_slot_is_used_again},
    {"a handle out of a pair names its object and the pair names none",
     a_handle_out_of_a_pair_names_its_object_and_the_pair_names_none},
    {"closing a copy leaves the object", closing_a_copy_leaves_the_object},
    {"closing the owner ends every copy", closing_the_owner_ends_every_copy},
    {"revoking all leaves the owner alone", revoking_all_leaves_the_owner_alone},
    {"revoking a badge leaves the others", revoking_a_badge_leaves_the_others},
    {"revoking unmaps what was mapped through the badge",
     revoking_unmaps_what_was_mapped_through_the_badge},
    {"an owner in a message moves and dies with its new task",
     an_owner_in_a_message_moves_and_dies_with_its_new_task},
    {"a handle tells what it names", a_handle_tells_what_it_names},
    {"numbers that were never handed out name nothing",
     numbers_that_were_never_handed_out_name_nothing},
};

const struct group handle_group = GROUP("handle", tests);
