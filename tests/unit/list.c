/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The intrusive list, against an array that holds the same order.
 */
#include "test.h"

#include <base/list.h>

struct item {
    int value;
    struct list_node node;
};

static struct item *item_of(struct list_node *node)
{
    return container_of(node, struct item, node);
}

TEST(an_empty_list_has_no_first)
{
    struct list_node list;
    list_init(&list);
    assert_true(list_is_empty(&list));
    assert_null(list_first(&list));
    assert_null(list_take_first(&list));
}

TEST(members_come_in_the_order_of_their_places)
{
    struct list_node list;
    struct item items[4] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
    int expected = 0;

    list_init(&list);
    list_append(&list, &items[2].node);
    list_append(&list, &items[3].node);
    list_prepend(&list, &items[0].node);
    list_insert_before(&items[2].node, &items[1].node);
    LIST_EACH (node, &list) {
        assert_int_equal(item_of(node)->value, expected++);
    }
    assert_int_equal(expected, 4);
}

TEST(a_node_that_was_removed_is_in_no_list_and_may_be_removed_again)
{
    struct list_node list;
    struct item item = {.value = 7};

    list_init(&list);
    list_append(&list, &item.node);
    assert_true(list_is_linked(&item.node));
    list_remove(&item.node);
    assert_false(list_is_linked(&item.node));
    assert_true(list_is_empty(&list));
    list_remove(&item.node);
    assert_true(list_is_empty(&list));
}

/* The same random steps on the list and on an array. */
TEST(any_sequence_of_steps_keeps_the_order_of_a_model)
{
    enum { ITEMS = 16 };
    struct item items[ITEMS];
    struct item *model[ITEMS];
    struct list_node list;
    size_t count = 0;
    uint64_t seed = 2;

    list_init(&list);
    for (int i = 0; i < ITEMS; i++) {
        items[i].value = i;
        list_init(&items[i].node);
    }
    for (int round = 0; round < 5000; round++) {
        struct item *item = &items[test_random(&seed) % ITEMS];
        if (!list_is_linked(&item->node)) {
            list_append(&list, &item->node);
            model[count++] = item;
        } else {
            size_t at = 0;
            while (model[at] != item) {
                at++;
            }
            memmove(&model[at], &model[at + 1], (count - at - 1) * sizeof(model[0]));
            count--;
            list_remove(&item->node);
        }
        size_t seen = 0;
        LIST_EACH (node, &list) {
            assert_ptr_equal(item_of(node), model[seen++]);
        }
        assert_int_equal(seen, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_has_no_first),
        cmocka_unit_test(members_come_in_the_order_of_their_places),
        cmocka_unit_test(a_node_that_was_removed_is_in_no_list_and_may_be_removed_again),
        cmocka_unit_test(any_sequence_of_steps_keeps_the_order_of_a_model),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
