/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program says to init of itself. */
#include "test.h"

#include <abi/error.h>
#include <proto/init.h>
#include <wherry/console.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>

#include "libc/process.h"

static unsigned said;

void console_flush(void)
{
}

handle_t startup_handle(const char *role)
{
    return strcmp(role, ROLE_INIT) == 0 ? 1 : HANDLE_NONE;
}

void ipc_trap(struct ipc_registers *r)
{
    assert_int_equal(r->words[0], INIT_UP);
    said++;
    r->control = OK;
}

TEST(a_server_is_up_when_it_first_waits_with_a_listener)
{
    process_waits();
    assert_int_equal(said, 0);
    process_listens();
    assert_int_equal(said, 0); /* it may open others */
    process_listens();
    process_waits();
    assert_int_equal(said, 1);
    process_waits();
    process_listens();
    process_waits();
    assert_int_equal(said, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_up_when_it_first_waits_with_a_listener),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
