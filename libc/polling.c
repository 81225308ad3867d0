/* SPDX-License-Identifier: BSD-2-Clause */
#include "polling.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <abi/error.h>
#include <wherry/poll_serve.h>
#include <wherry/time.h>

#include "descriptors.h"
#include "news.h"
#include "personality.h"

enum {
    WRITE_EVENTS = POLLOUT | POLLWRNORM,
    ALWAYS = POLLERR | POLLHUP | POLLNVAL,
    SELECT_READ = POLLIN | POLLRDNORM | POLLHUP | POLLERR,
    SELECT_WRITE = POLLOUT | POLLWRNORM | POLLERR,
    SELECT_EXCEPTION = POLLPRI,
};

/* What holds now of `events`. */
static MUST_CHECK uint32_t look(struct file *file, uint32_t events)
{
    uint32_t ready = file->kind->ready != NULL ? file->kind->ready(file, events)
                                               : POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
    return ready & (events | ALWAYS);
}

/* The same, and news of what does not hold are wanted. */
static MUST_CHECK uint32_t look_and_arm(struct file *file, uint32_t events)
{
    uint32_t ready = look(file, events);
    if (ready == 0 && (events & WRITE_EVENTS) != 0 && file->kind->arm != NULL) {
        file->kind->arm(file, events);
        ready = look(file, events); /* it may have come true meanwhile */
    }
    return ready;
}

/* The deadline of a call. False: malformed. */
static MUST_CHECK bool find_deadline(const struct timespec *time_out, ticks_t *deadline)
{
    uint64_t ns;
    *deadline = DEADLINE_FOREVER;
    if (time_out == NULL) {
        return true;
    }
    if (!personality_span_ns(time_out, &ns)) {
        return false;
    }
    *deadline = personality_deadline(ns);
    return true;
}

/* Goes over all entries; gives how many are ready. `arms`: who finds none will wait for news. */
static MUST_CHECK long scan(struct pollfd *entries, nfds_t count, bool arms)
{
    long found = 0;
    for (nfds_t i = 0; i < count; i++) {
        struct file *file = descriptors_find(entries[i].fd);
        uint32_t events = (uint16_t)entries[i].events;
        uint32_t ready = 0;
        if (file == NULL) {
            ready = entries[i].fd < 0 ? 0 : POLLNVAL;
        } else if (arms && found == 0) {
            file->has_news = false;
            ready = look_and_arm(file, events);
        } else {
            ready = look(file, events);
        }
        entries[i].revents = (short)ready;
        found += ready != 0;
    }
    return found;
}

/* The same after a wait that began with a scan which armed all and found none: what was not told
 * of since is as it was. */
static MUST_CHECK long scan_news(struct pollfd *entries, nfds_t count)
{
    long found = 0;
    for (nfds_t i = 0; i < count; i++) {
        struct file *file = descriptors_find(entries[i].fd); /* NULL: still none, fd is negative */
        if (file != NULL && file->has_news) {
            uint32_t ready = look(file, (uint16_t)entries[i].events);
            entries[i].revents = (short)ready;
            found += ready != 0;
        }
    }
    return found;
}

long polling_poll(struct pollfd *entries, nfds_t count, const struct timespec *time_out)
{
    ticks_t deadline;
    return find_deadline(time_out, &deadline) ? polling_wait(entries, count, deadline) : -EINVAL;
}

long polling_wait(struct pollfd *entries, nfds_t count, ticks_t deadline)
{
    if (count > DESCRIPTORS_MAX) {
        return -EINVAL;
    }
    if (entries == NULL && count > 0) {
        return -EFAULT;
    }
    for (;;) {
        long found = scan(entries, count, deadline != 0);
        if (found > 0 || deadline == 0) {
            return found;
        }
        int error = news_wait(deadline);
        if (error != OK) {
            return error == E_TIMEOUT ? scan(entries, count, false) : personality_errno(error);
        }
        found = scan_news(entries, count);
        if (found > 0) {
            return found;
        }
    }
}

int poll_serve(struct pollfd *entries, nfds_t count, int time_out_ms, handle_t endpoint,
               struct message *message, bool *is_request)
{
    ticks_t deadline = personality_deadline((uint64_t)time_out_ms * NS_PER_MS);
    bool is_ready = scan(entries, count, true) > 0;
    int error = news_serve(endpoint, message, is_ready ? 0 : deadline, is_request);
    (void)!scan(entries, count, false);
    return error;
}

/* The events that the three sets ask of one descriptor. */
static MUST_CHECK uint32_t asked(int descriptor, const fd_set sets[3])
{
    return (FD_ISSET(descriptor, &sets[0]) ? SELECT_READ : 0u) |
           (FD_ISSET(descriptor, &sets[1]) ? SELECT_WRITE : 0u) |
           (FD_ISSET(descriptor, &sets[2]) ? SELECT_EXCEPTION : 0u);
}

/* As scan, of sets; fills `found`. -EBADF: one is not open. */
static MUST_CHECK long scan_sets(int count, const fd_set sets[3], fd_set found[3], bool arms)
{
    static const uint32_t masks[3] = {SELECT_READ, SELECT_WRITE, SELECT_EXCEPTION};
    long total = 0;
    memset(found, 0, 3 * sizeof(*found));
    for (int i = 0; i < count; i++) {
        uint32_t events = asked(i, sets);
        if (events == 0) {
            continue;
        }
        struct file *file = descriptors_find(i);
        if (file == NULL) {
            return -EBADF;
        }
        uint32_t ready = arms && total == 0 ? look_and_arm(file, events) : look(file, events);
        for (int j = 0; j < 3; j++) {
            if (FD_ISSET(i, &sets[j]) && (ready & masks[j]) != 0) {
                FD_SET(i, &found[j]);
                total++;
            }
        }
    }
    return total;
}

/* Waits until something of the sets is ready. */
static MUST_CHECK long wait_for_sets(int count, const fd_set sets[3], fd_set found[3],
                                     ticks_t deadline)
{
    for (;;) {
        long total = scan_sets(count, sets, found, deadline != 0);
        if (total != 0 || deadline == 0) {
            return total;
        }
        int error = news_wait(deadline);
        if (error != OK) {
            return error == E_TIMEOUT ? scan_sets(count, sets, found, false)
                                      : personality_errno(error);
        }
    }
}

long polling_select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                    const struct timespec *time_out)
{
    fd_set *given[3] = {readable, writable, exceptional};
    fd_set sets[3], found[3];
    ticks_t deadline;
    if (count < 0 || count > FD_SETSIZE || !find_deadline(time_out, &deadline)) {
        return -EINVAL;
    }
    for (int j = 0; j < 3; j++) {
        FD_ZERO(&sets[j]);
        if (given[j] != NULL) {
            sets[j] = *given[j];
        }
    }
    long total = wait_for_sets(count, sets, found, deadline);
    for (int j = 0; j < 3 && total >= 0; j++) {
        if (given[j] != NULL) {
            *given[j] = found[j];
        }
    }
    return total;
}
