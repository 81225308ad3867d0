/* SPDX-License-Identifier: BSD-2-Clause */
#include "object.h"

#include "account.h"
#include "endpoint.h"
#include "handle.h"
#include "irq.h"
#include "memory.h"
#include "notification.h"
#include "task.h"
#include "thread.h"

bool object_has_ended;
struct list_node object_reap_list = {&object_reap_list, &object_reap_list};
struct system kernel_system = {
    .object = {.type = OBJECT_SYSTEM,
               .handles = {&kernel_system.object.handles, &kernel_system.object.handles}},
};

/* What the kernel does with the objects of a type. */
struct kind {
    uint16_t bytes;
    uint16_t rights;
    void (*unlink)(struct object *object);    /* afterwards nobody finds or uses it; bounded */
    bool (*reap_step)(struct object *object); /* a step of what takes long; true: nothing is left */
};

#define KIND(name, structure, own_rights, unlink, reap_step)                                       \
    [OBJECT_##name] = {sizeof(struct structure), RIGHT_GRANT | RIGHT_MANAGE | (own_rights),        \
                       unlink, reap_step}

static const struct kind kinds[OBJECT_TYPES] = {
    KIND(ACCOUNT, account, RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_DMA, NULL, account_reap_step),
    KIND(TASK, task, RIGHT_READ | RIGHT_WRITE | RIGHT_MAP, NULL, task_reap_step),
    KIND(THREAD, thread, RIGHT_READ | RIGHT_WRITE, thread_unlink, NULL),
    KIND(ENDPOINT, endpoint, RIGHT_SEND | RIGHT_RECEIVE, endpoint_unlink, endpoint_reap_step),
    KIND(NOTIFICATION, notification, RIGHT_READ | RIGHT_WRITE, notification_unlink, NULL),
    KIND(MEMORY, memory, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_MAP | RIGHT_DMA, NULL,
         memory_reap_step),
    KIND(IRQ, irq, RIGHT_READ | RIGHT_WRITE, irq_unlink, NULL),
    KIND(SYSTEM, system, RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_MAP, NULL, NULL),
};

static_assert(sizeof(struct account) <= SLAB_BYTES_MAX && sizeof(struct task) <= SLAB_BYTES_MAX &&
                  sizeof(struct thread) <= SLAB_BYTES_MAX &&
                  sizeof(struct memory) <= SLAB_BYTES_MAX,
              "objects live in slabs");

unsigned object_rights(enum object_type type)
{
    return kinds[type].rights;
}

int object_create(struct account *account, enum object_type type, struct object **object)
{
    void *slot;
    int error = account_take_slot(account, kinds[type].bytes, &slot);
    if (error != OK) {
        return error;
    }
    struct object *made = slot;
    made->type = (uint8_t)type;
    made->account = account;
    list_append(&account->objects, &made->in_account);
    list_init(&made->handles);
    account->object_count++;
    kernel_system.objects++;
    *object = made;
    return OK;
}

void object_discard(struct object *object)
{
    list_remove(&object->in_account);
    object->account->object_count--;
    kernel_system.objects--;
    account_give_slot(object->account, object, kinds[object->type].bytes);
}

void object_destroy(struct object *object)
{
    if (object->is_dying) {
        return;
    }
    object->is_dying = true;
    if (kinds[object->type].unlink != NULL) {
        kinds[object->type].unlink(object);
    }
    list_remove(&object->in_account);
    list_append(&object_reap_list, &object->in_account);
    object_has_ended = true;
}

void object_park(struct object *object)
{
    object->is_parked = true;
    list_remove(&object->in_account);
    if (object->account != NULL) {
        object->account->parked_count++;
    }
}

void object_unpark(struct object *object)
{
    while (object != NULL && object->is_parked) { /* at most ACCOUNT_DEPTH_MAX + 1 */
        object->is_parked = false;
        list_append(&object_reap_list, &object->in_account);
        object_has_ended = true;
        object->account->parked_count--;
        object = &object->account->object;
    }
}

static bool close_handles_step(struct object *object)
{
    for (unsigned i = 0; i < STEP_HANDLES && !list_is_empty(&object->handles); i++) {
        handle_remove(container_of(list_first(&object->handles), struct handle_entry, link));
    }
    return list_is_empty(&object->handles);
}

void object_reap_step(void)
{
    struct object *object = container_of(list_first(&object_reap_list), struct object, in_account);
    const struct kind *kind = &kinds[object->type];
    if (close_handles_step(object) && (kind->reap_step == NULL || kind->reap_step(object))) {
        object_discard(object);
    } else if (!object->is_parked) { /* the others first: it may wait for one of them */
        list_remove(&object->in_account);
        list_append(&object_reap_list, &object->in_account);
    }
}
