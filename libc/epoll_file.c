/* SPDX-License-Identifier: BSD-2-Clause */
#include "epoll_file.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include <abi/error.h>
#include <base/list.h>

#include "descriptors.h"
#include "news.h"
#include "personality.h"
#include "pool.h"

enum { NS_PER_MS_INT = 1000000 };

/* What a watch may ask for; the numbers are poll's. */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLRDNORM | EPOLLWRNORM)
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR &&
                  EPOLLHUP == POLLHUP && EPOLLRDHUP == POLLRDHUP,
              "one set of numbers");

struct epoll {
    struct file file; /* first, so that the file is the epoll */
    struct list_node ready;
    struct list_node all;
};

struct watch {
    struct file_watch of_file; /* first */
    struct list_node ready;    /* in its epoll's list, when it may be ready */
    struct list_node all;
    struct epoll *epoll;
    struct file *file;
    int descriptor;
    uint32_t events;
    epoll_data_t data;
    bool is_spent; /* has fired its one shot */
};

static struct pool epolls = {.bytes = sizeof(struct epoll)};
static struct pool watches = {.bytes = sizeof(struct watch)};

static const struct file_kind epoll_kind;

static struct watch *watch_of(struct list_node *node)
{
    return container_of(node, struct watch, ready);
}

/* The watch may be ready. */
static void tell(struct file_watch *of_file)
{
    struct watch *watch = (struct watch *)of_file;
    if (!watch->is_spent && !list_is_linked(&watch->ready)) {
        list_append(&watch->epoll->ready, &watch->ready);
        file_tell(&watch->epoll->file);
    }
}

/* Takes a watch out of everything. */
static void leave(struct file_watch *of_file)
{
    struct watch *watch = (struct watch *)of_file;
    struct file_watch **link = &watch->file->watches;
    while (*link != of_file) {
        link = &(*link)->next;
    }
    *link = of_file->next;
    list_remove(&watch->ready);
    list_remove(&watch->all);
    pool_give(&watches, watch);
}

/* What holds of what the watch asks for; when nothing does, its file will tell. */
static MUST_CHECK uint32_t look(struct watch *watch)
{
    uint32_t asked = (watch->events & EVENTS) | EPOLLERR | EPOLLHUP;
    const struct file_kind *kind = watch->file->kind;
    uint32_t ready = kind->ready(watch->file, asked) & asked;
    if (ready == 0 && kind->arm != NULL && (asked & (EPOLLOUT | EPOLLWRNORM)) != 0) {
        kind->arm(watch->file, asked);
        ready = kind->ready(watch->file, asked) & asked;
    }
    return ready;
}

/* Fills in up to `count` events; gives how many. */
static MUST_CHECK int collect(struct epoll *epoll, struct epoll_event *events, int count)
{
    struct list_node reported, *node;
    int found = 0;
    list_init(&reported);
    while (found < count && (node = list_first(&epoll->ready)) != NULL) {
        struct watch *watch = watch_of(node);
        list_remove(node);
        uint32_t ready = look(watch);
        if (ready == 0) {
            continue;
        }
        events[found++] = (struct epoll_event){.events = ready, .data = watch->data};
        if ((watch->events & EPOLLONESHOT) != 0) {
            watch->is_spent = true;
            list_remove(node);
        } else if ((watch->events & EPOLLET) == 0) {
            list_remove(node); /* looking may have brought it back */
            list_append(&reported, node);
        }
    }
    while ((node = list_first(&reported)) != NULL) {
        list_remove(node);
        list_append(&epoll->ready, node);
    }
    return found;
}

/* --- as a file -------------------------------------------------------------------------------- */

static uint32_t ready(struct file *file, uint32_t asked)
{
    (void)asked;
    struct epoll *epoll = (struct epoll *)file;
    struct list_node *node;
    while ((node = list_first(&epoll->ready)) != NULL) {
        if (look(watch_of(node)) != 0) {
            return POLLIN | POLLRDNORM;
        }
        list_remove(node);
    }
    return 0;
}

static void close_epoll(struct file *file)
{
    struct epoll *epoll = (struct epoll *)file;
    struct list_node *node;
    while ((node = list_first(&epoll->all)) != NULL) {
        leave(&container_of(node, struct watch, all)->of_file);
    }
    pool_give(&epolls, epoll);
}

static const struct file_kind epoll_kind = {
    .ready = ready,
    .close = close_epoll,
    .mode = S_IRUSR | S_IWUSR,
};

/* --- calls ------------------------------------------------------------------------------------ */

long epoll_make(int flags)
{
    if ((flags & ~EPOLL_CLOEXEC) != 0) {
        return -EINVAL;
    }
    struct epoll *epoll = pool_take(&epolls);
    if (epoll == NULL) {
        return -ENOMEM;
    }
    epoll->file = (struct file){.kind = &epoll_kind, .flags = O_RDWR};
    list_init(&epoll->ready);
    list_init(&epoll->all);
    long descriptor = descriptors_add(&epoll->file, flags, 0);
    if (descriptor < 0) {
        pool_give(&epolls, epoll);
    }
    return descriptor;
}

/* The watch of that descriptor, or NULL. Few epolls watch one file. */
static MUST_CHECK struct watch *find(const struct epoll *epoll, const struct file *file,
                                     int descriptor)
{
    for (struct file_watch *at = file->watches; at != NULL; at = at->next) {
        struct watch *watch = (struct watch *)at;
        if (watch->epoll == epoll && watch->descriptor == descriptor) {
            return watch;
        }
    }
    return NULL;
}

static MUST_CHECK long add(struct epoll *epoll, struct file *file, int descriptor,
                           const struct epoll_event *event)
{
    struct watch *watch = pool_take(&watches);
    if (watch == NULL) {
        return -ENOSPC;
    }
    *watch = (struct watch){
        .of_file = {.next = file->watches, .tell = tell, .leave = leave},
        .epoll = epoll,
        .file = file,
        .descriptor = descriptor,
        .events = event->events,
        .data = event->data,
    };
    list_init(&watch->ready);
    list_init(&watch->all);
    list_append(&epoll->all, &watch->all);
    file->watches = &watch->of_file;
    tell(&watch->of_file); /* what holds already is found by the first wait */
    return 0;
}

long epoll_change(int descriptor, int operation, int other, const struct epoll_event *event)
{
    struct file *file = descriptors_find(descriptor), *watched = descriptors_find(other);
    if (file == NULL || watched == NULL) {
        return -EBADF;
    }
    if (file->kind != &epoll_kind || watched->kind == &epoll_kind) {
        return -EINVAL;
    }
    if (watched->kind->ready == NULL) {
        return -EPERM; /* a plain file is always ready */
    }
    if (event == NULL && operation != EPOLL_CTL_DEL) {
        return -EFAULT;
    }
    struct epoll *epoll = (struct epoll *)file;
    struct watch *watch = find(epoll, watched, other);
    switch (operation) {
    case EPOLL_CTL_ADD: return watch != NULL ? -EEXIST : add(epoll, watched, other, event);
    case EPOLL_CTL_MOD:
        if (watch == NULL) {
            return -ENOENT;
        }
        watch->events = event->events;
        watch->data = event->data;
        watch->is_spent = false;
        tell(&watch->of_file);
        return 0;
    case EPOLL_CTL_DEL:
        if (watch == NULL) {
            return -ENOENT;
        }
        leave(&watch->of_file);
        return 0;
    default: return -EINVAL;
    }
}

long epoll_look(int descriptor, struct epoll_event *events, int count, int time_out_ms)
{
    struct file *file = descriptors_find(descriptor);
    ticks_t deadline = time_out_ms < 0
                           ? DEADLINE_FOREVER
                           : personality_deadline((uint64_t)time_out_ms * NS_PER_MS_INT);
    int error = OK;
    if (file == NULL) {
        return -EBADF;
    }
    if (file->kind != &epoll_kind || count <= 0) {
        return -EINVAL;
    }
    if (events == NULL) {
        return -EFAULT;
    }
    news_collect();
    for (;;) {
        int found = collect((struct epoll *)file, events, count);
        if (found > 0 || deadline == 0 || error == E_TIMEOUT) {
            return found;
        }
        error = news_wait(deadline);
        if (error != OK && error != E_TIMEOUT) {
            return personality_errno(error);
        }
    }
}
