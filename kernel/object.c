/* SPDX-License-Identifier: BSD-2-Clause */
#include "object.h"

#include "account.h"
#include "endpoint.h"
#include "handle.h"
#include "irq.h"
#include "memory.h"
#include "notification.h"
#include "print.h"
#include "task.h"
#include "thread.h"

bool object_has_ended;
struct list_node object_reap_list = {&object_reap_list, &object_reap_list};
static uint64_t alive;

uint64_t object_count(void)
{
    return alive;
}

int object_create(struct account *account, enum object_type type, size_t bytes,
                  struct object **object)
{
    void *slot;
    int error = account_take_slot(account, bytes, &slot);
    if (error != OK) {
        return error;
    }
    struct object *made = slot;
    made->type = (uint8_t)type;
    made->bytes = (uint32_t)bytes; /* <= SLAB_BYTES_MAX */
    made->account = account;
    list_append(&account->objects, &made->in_account);
    list_init(&made->handles);
    account->object_count++;
    alive++;
    *object = made;
    return OK;
}

/* Nobody may find or use the object after this; bounded. */
static void unlink_object(struct object *object)
{
    switch (object->type) {
    case OBJECT_THREAD: thread_unlink(container_of(object, struct thread, object)); break;
    case OBJECT_ENDPOINT: endpoint_unlink(container_of(object, struct endpoint, object)); break;
    case OBJECT_NOTIFICATION:
        notification_unlink(container_of(object, struct notification, object));
        break;
    case OBJECT_IRQ: irq_unlink(container_of(object, struct irq, object)); break;
    default: break; /* tasks, memory and accounts end in the steps */
    }
}

void object_destroy(struct object *object)
{
    if (object->is_dying) {
        return;
    }
    object->is_dying = true;
    unlink_object(object);
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

/* One step of what the type has to undo; true when nothing is left. */
static bool reap_type(struct object *object)
{
    switch (object->type) {
    case OBJECT_ACCOUNT: return account_reap_step(container_of(object, struct account, object));
    case OBJECT_TASK: return task_reap_step(container_of(object, struct task, object));
    case OBJECT_THREAD: return thread_reap_step(container_of(object, struct thread, object));
    case OBJECT_ENDPOINT: return endpoint_reap_step(container_of(object, struct endpoint, object));
    case OBJECT_MEMORY: return memory_reap_step(container_of(object, struct memory, object));
    default: return true;
    }
}

static bool close_handles_step(struct object *object)
{
    for (unsigned i = 0; i < STEP_HANDLES; i++) {
        struct list_node *node = list_first(&object->handles);
        if (node == NULL) {
            return true;
        }
        handle_remove(container_of(node, struct handle_entry, link));
    }
    return list_is_empty(&object->handles);
}

void object_reap_step(void)
{
    struct object *object = container_of(list_first(&object_reap_list), struct object, in_account);
    if (!close_handles_step(object) || !reap_type(object)) {
        if (!object->is_parked) { /* the others first: it may wait for one of them */
            list_remove(&object->in_account);
            list_append(&object_reap_list, &object->in_account);
        }
        return;
    }
    list_remove(&object->in_account);
    struct account *account = object->account;
    account->object_count--;
    alive--;
    account_give_slot(account, object, object->bytes);
}
