/* SPDX-License-Identifier: BSD-2-Clause */
#include "lent.h"

#include "selftest.h"

#include <proto/init.h>
#include <wherry/startup.h>

static int ask_init(uint64_t label, struct message *m)
{
    *m = (struct message){.words = {label}};
    int error = ipc_call(startup_handle(ROLE_INIT), m, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)m->words[0] : error;
}

int lent_take(struct lent_device *device)
{
    struct message m;
    int error = ask_init(INIT_LEND, &m);
    *device = (struct lent_device){
        .window = (handle_t)m.words[1],
        .irq = (handle_t)m.words[4],
        .offset = m.words[2],
        .pages = m.words[3] >> PAGE_SHIFT,
    };
    return error;
}

int64_t lent_map(const struct lent_device *device, vaddr_t vaddr)
{
    return sys_memory_map(own_task(), device->window, vaddr, 0, device->pages,
                          RIGHT_READ | RIGHT_WRITE)
        .status;
}

int lent_return(void)
{
    struct message m;
    return ask_init(INIT_RETURN, &m);
}
