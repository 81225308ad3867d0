/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child: does what its first argument says, one small thing; its end says how it went.
 *
 * A program of its own, so that it is small; of either system, like the suite.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawning.h"

enum { BAD = 1, UNKNOWN = 99, PID_MASK = 0x7f };

static bool is_open(int descriptor)
{
    return fcntl(descriptor, F_GETFD) >= 0;
}

static bool is_null(int descriptor)
{
    struct stat status;
    char byte;
    return fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode) &&
           read(descriptor, &byte, 1) == 0;
}

static bool is_socket(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

static bool is_text(const char *name, const char *value)
{
    const char *found = getenv(name);
    return found != NULL && strcmp(found, value) == 0;
}

/* The name, the errand, and then odd words. */
static bool has_odd_arguments(int argc, char **argv)
{
    return argc == 5 && strcmp(argv[0], ODD_NAME) == 0 && argv[2][0] == '\0' &&
           strcmp(argv[3], ODD_WORD) == 0 && strlen(argv[4]) == LONG_WORD_BYTES &&
           strspn(argv[4], "x") == LONG_WORD_BYTES && argv[5] == NULL;
}

static bool has_odd_environment(void)
{
    return is_text("FIRST", "1") && is_text("EMPTY", "") && is_text("TWICE", "a=b") &&
           getenv("PATH") == NULL && getenv("lane") == NULL;
}

/* Whether the words of AT_RANDOM are others than the parent's, and not zero. */
static bool has_own_random(const char *parents)
{
    char text[RANDOM_TEXT_BYTES];
    return random_text(text) && strcmp(text, parents) != 0;
}

static int fault(void)
{
    *(volatile int *)(uintptr_t)strtoul(getenv("FAULT_AT"), NULL, 10) = 1;
    return BAD;
}

/* Ends and leaves a child of its own behind. */
static int leave(char *program)
{
    char *words[] = {program, "sleep", "1000000", NULL}, *none[] = {NULL};
    return posix_spawn(NULL, program, NULL, NULL, words, none);
}

int main(int argc, char **argv)
{
    const char *errand = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(errand, "exit") == 0) {
        return number;
    } else if (strcmp(errand, "sleep") == 0) {
        return usleep((useconds_t)number * 1000) != 0;
    } else if (strcmp(errand, "fault") == 0) {
        return fault();
    } else if (strcmp(errand, "abort") == 0) {
        abort();
    } else if (strcmp(errand, "trap") == 0) {
        __builtin_trap();
    } else if (strcmp(errand, "pid") == 0) {
        return getpid() & PID_MASK;
    } else if (strcmp(errand, "arguments") == 0) {
        return has_odd_arguments(argc, argv) ? 0 : BAD;
    } else if (strcmp(errand, "environment") == 0) {
        return has_odd_environment() ? 0 : BAD;
    } else if (strcmp(errand, "open") == 0) {
        return is_open(number) ? 0 : BAD;
    } else if (strcmp(errand, "closed") == 0) {
        return is_open(number) ? BAD : 0;
    } else if (strcmp(errand, "null") == 0) {
        return is_null(number) ? 0 : BAD;
    } else if (strcmp(errand, "socket") == 0) {
        return is_socket(number) ? 0 : BAD;
    } else if (strcmp(errand, "random") == 0) {
        return argc == 3 && has_own_random(argv[2]) ? 0 : BAD;
    } else if (strcmp(errand, "leave") == 0) {
        return leave(argv[0]);
    }
    return UNKNOWN;
}
