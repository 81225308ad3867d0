/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs every case and says the verdict of each in a line, the counts in the last; with `--list`
 * says which cases there are.
 *
 *     conform: ok CASE
 *     conform: skip CASE: WHY
 *     conform: deviates CASE: WHAT (FILE:LINE)     as deviations.c foretells for the target
 *     conform: FAIL CASE: WHAT (FILE:LINE)
 *     conform: missing ERROR of CALL               and so a case fails [documented.c]
 *     conform: end cases=N passed=N deviating=N skipped=N failed=N
 */
#include "conformance.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "deviations.h"
#include "documented.h"
#include "kept.h"

static const struct conform_subject *const subjects[] = {
    &make_subject,    &name_subject,   &bind_subject,       &listen_subject,   &connect_subject,
    &stream_subject,  &vector_subject, &end_subject,        &reset_subject,    &datagram_subject,
    &message_subject, &option_subject, &value_subject,      &time_out_subject, &poll_subject,
    &select_subject,  &epoll_subject,  &descriptor_subject, &address_subject,  &resolve_subject,
    &group_subject,   &raw_subject,    &random_subject,     &child_end_subject,
    &child_gift_subject, &child_step_subject, &child_wait_subject, &wire_subject,
    &failing_subject, &path_subject, &documented_subject,
};

enum { DESCRIPTORS_LOOKED_AT = 256, NAME_BYTES = 96 };

static char running[NAME_BYTES]; /* the case */
static bool is_broken;           /* it has failed */
static bool is_skipped;          /* or cannot be run here */
static bool has_ip6;
static unsigned passed, deviating, failed, skipped;

/* --- checks ----------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* How a broken case is told. */
static const char *verdict(void)
{
    return deviates_here(running) ? "deviates" : "FAIL";
}

bool conform_check(bool holds, const char *condition, const char *file, int line)
{
    if (!holds && !is_broken) {
        printf("conform: %s %s: %s, errno %d (%s:%d)\n", verdict(), running, condition, errno,
               base_name(file), line);
        is_broken = true;
    }
    return holds;
}

bool conform_error(long result, int error, int other, const char *call, const char *file, int line)
{
    if (result == -1 && (errno == error || errno == other)) {
        const char *wrong = documented_error(call, errno);
        return conform_check(wrong == NULL, wrong, file, line);
    }
    if (!is_broken) {
        printf("conform: %s %s: %s gives %ld, errno %d and not %d (%s:%d)\n", verdict(), running,
               call, result, errno, error, base_name(file), line);
        is_broken = true;
    }
    return false;
}

void conform_skip(const char *why)
{
    printf("conform: skip %s: %s\n", running, why);
    is_skipped = true;
}

bool is_whole(void)
{
    return has_wire() || (is_alone() && has_ip6);
}

/* --- running ---------------------------------------------------------------------------------- */

/* A bit for each open descriptor. */
struct open_set {
    uint8_t bits[DESCRIPTORS_LOOKED_AT / 8];
};

static struct open_set open_now(void)
{
    struct open_set set = {{0}};
    for (int i = 0; i < DESCRIPTORS_LOOKED_AT; i++) {
        if (fcntl(i, F_GETFD) >= 0) {
            set.bits[i / 8] |= (uint8_t)(1 << i % 8);
        }
    }
    return set;
}

/* What a case left open is a failure, and must not break the next. */
static void close_others(const struct open_set *before)
{
    for (int i = 0; i < DESCRIPTORS_LOOKED_AT; i++) {
        if ((before->bits[i / 8] >> i % 8 & 1) == 0) {
            (void)close(i);
        }
    }
}

static void run_case(const struct conform_case *test, int over)
{
    (void)snprintf(running, sizeof(running), "%s%s", test->name,
                   over == AF_INET6 && (test->flags & BOTH_FAMILIES) != 0 ? "_ip6" : "");
    is_broken = false;
    is_skipped = false;
    family = over;
    if (over == AF_INET6 && !has_ip6) {
        conform_skip("no ::1 here");
    } else {
        struct open_set before = open_now();
        test->run();
        kept_close();
        struct open_set after = open_now();
        (void)conform_check(memcmp(&before, &after, sizeof(before)) == 0,
                            "the open descriptors are those of before", __FILE__, __LINE__);
        close_others(&before);
    }
    if (is_broken) {
        failed += deviates_here(running) ? 0 : 1;
        deviating += deviates_here(running) ? 1 : 0;
    } else if (is_skipped) {
        skipped++;
    } else if (deviates_here(running)) {
        failed++;
        printf("conform: FAIL %s: does not deviate any more\n", running);
    } else {
        passed++;
        printf("conform: ok %s\n", running);
    }
}

static void run_subject(const struct conform_subject *subject)
{
    for (unsigned i = 0; i < subject->count; i++) {
        const struct conform_case *test = &subject->cases[i];
        if ((test->flags & IP6_ALONE) == 0) {
            run_case(test, AF_INET);
        }
        if ((test->flags & (IP6_ALONE | BOTH_FAMILIES)) != 0) {
            run_case(test, AF_INET6);
        }
    }
}

/* A line for a case, of fields with tabs between them: what it is about, its name, and why the
 * target does otherwise. */
static void list_case(const struct conform_case *test, const char *suffix)
{
    (void)snprintf(running, sizeof(running), "%s%s", test->name, suffix);
    const char *why = deviation_of(running);
    printf("case\t%s\t%s\t%s\n", test->about, running, why == NULL ? "" : why);
}

static void list_subject(const struct conform_subject *subject)
{
    for (unsigned i = 0; i < subject->count; i++) {
        const struct conform_case *test = &subject->cases[i];
        list_case(test, "");
        if ((test->flags & BOTH_FAMILIES) != 0) {
            list_case(test, "_ip6");
        }
    }
}

/* Whether ::1 is an address of this machine. */
static bool find_ip6(void)
{
    family = AF_INET6;
    bool is_found = make_bound(SOCK_DGRAM) >= 0;
    kept_close();
    return is_found;
}

/* A peer that has gone, and a file that is full, are errors of the call that finds it so, not the
 * end of the program. */
static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    sigaddset(&signals, SIGXFSZ);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
}

int main(int argc, char **argv)
{
    bool lists = argc > 1 && strcmp(argv[1], "--list") == 0;
    block_signals();
    has_ip6 = !lists && find_ip6();
    for (unsigned i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (lists) {
            list_subject(subjects[i]);
        } else {
            run_subject(subjects[i]);
        }
    }
    if (lists) {
        documented_print();
    } else {
        printf("conform: end cases=%u passed=%u deviating=%u skipped=%u failed=%u\n",
               passed + deviating + skipped + failed, passed, deviating, skipped, failed);
    }
    return failed == 0 ? 0 : 1;
}
