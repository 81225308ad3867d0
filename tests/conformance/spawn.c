/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * posix_spawn and waitpid. The child is errand.c, which does one small thing.
 */
#include "conformance.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "spawning.h"

enum { CHILDREN_MAX = 2 /* on the target */, SLEEP_MS = 500 };

static char sleep_text[] = "500";

/* A runtime that catches faults to tell of them would hide how the child ends. */
static char *fault_environment[] = {"FAULT_AT=16",
                                    "ASAN_OPTIONS=handle_segv=0:handle_abort=0:handle_sigill=0",
                                    NULL};

static char *empty_environment[] = {NULL};

/* Where errand is. */
static char *program(void)
{
    char *path = getenv("CONFORM_ERRAND");
    return path != NULL ? path : "/bin/errand";
}

/* Starts an errand; 0 or the error. */
static int start(pid_t *child, char *errand, char *argument,
                 const posix_spawn_file_actions_t *steps)
{
    char *words[] = {program(), errand, argument, NULL};
    return posix_spawn(child, program(), steps, NULL, words, empty_environment);
}

/* How it ended; -1: it did not. */
static int end_of(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* Runs an errand to its end; the exit status, -1: it did not end by itself. */
static int run(char *errand, char *argument, const posix_spawn_file_actions_t *steps)
{
    pid_t child;
    if (start(&child, errand, argument, steps) != 0) {
        return -1;
    }
    int status = end_of(child);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- how it ends ------------------------------------------------------------------------------ */

static void a_child_ends_with_its_status(void)
{
    CHECK(run("exit", "0", NULL) == 0);
    CHECK(run("exit", "7", NULL) == 7);
    CHECK(run("exit", "255", NULL) == 255);
}

static void eight_bits_of_the_status_are_kept(void)
{
    CHECK(run("exit", "513", NULL) == 1);
    CHECK(run("exit", "-1", NULL) == 255);
}

static void a_fault_ends_a_child_with_sigsegv(void)
{
    pid_t child;
    char *words[] = {program(), "fault", NULL};
    CHECK(posix_spawn(&child, program(), NULL, NULL, words, fault_environment) == 0);
    int status = end_of(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void a_trap_ends_a_child_with_its_signal(void)
{
    pid_t child;
    char *words[] = {program(), "trap", NULL};
    CHECK(posix_spawn(&child, program(), NULL, NULL, words, fault_environment) == 0);
    int status = end_of(child);
    CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP));
}

static void abort_ends_a_child_with_sigabrt(void)
{
    pid_t child;
    char *words[] = {program(), "abort", NULL};
    CHECK(posix_spawn(&child, program(), NULL, NULL, words, fault_environment) == 0);
    int status = end_of(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void sixty_children_come_and_go(void)
{
    for (int i = 0; i < 60; i++) {
        CHECK(run("exit", "3", NULL) == 3);
    }
}

static const struct conform_case ends[] = {
    CASE("posix_spawn", a_child_ends_with_its_status),
    CASE("posix_spawn", eight_bits_of_the_status_are_kept),
    CASE("posix_spawn", a_fault_ends_a_child_with_sigsegv),
    CASE("posix_spawn", a_trap_ends_a_child_with_its_signal),
    CASE("posix_spawn", abort_ends_a_child_with_sigabrt),
    CASE("posix_spawn", sixty_children_come_and_go),
};
const struct conform_subject child_end_subject = SUBJECT(ends);

/* --- what it is given ------------------------------------------------------------------------- */

static void arguments_come_as_they_were_given(void)
{
    pid_t child;
    static char word[LONG_WORD_BYTES + 1];
    memset(word, 'x', LONG_WORD_BYTES);
    char *words[] = {ODD_NAME, "arguments", "", ODD_WORD, word, NULL};
    CHECK(posix_spawn(&child, program(), NULL, NULL, words, empty_environment) == 0);
    CHECK(end_of(child) == 0);
}

static void the_environment_is_the_one_that_was_given(void)
{
    pid_t child;
    char *words[] = {program(), "environment", NULL};
    char *environment[] = {"FIRST=1", "EMPTY=", "TWICE=a=b", NULL};
    CHECK(posix_spawn(&child, program(), NULL, NULL, words, environment) == 0);
    CHECK(end_of(child) == 0);
}

static void the_id_is_the_childs_own(void)
{
    enum { MASK = 0x7f };
    pid_t child;
    CHECK(start(&child, "pid", NULL, NULL) == 0);
    CHECK(child > 0 && child != getpid());
    CHECK(end_of(child) == (child & MASK) << 8);
}

static void every_process_has_random_bytes_of_its_own(void)
{
    char text[RANDOM_TEXT_BYTES];
    CHECK(random_text(text));
    CHECK(run("random", text, NULL) == 0);
    CHECK(run("random", text, NULL) == 0);
}

static void too_many_words_are_e2big(void)
{
    enum { WORD_BYTES = 256 * 1024 };
    static char word[WORD_BYTES];
    char *words[] = {program(), "exit", word, NULL};
    pid_t child;
    memset(word, 'x', WORD_BYTES - 1);
    CHECK_GIVES(posix_spawn(&child, program(), NULL, NULL, words, empty_environment), E2BIG);
}

static void a_path_that_names_nothing_is_enoent(void)
{
    char *words[] = {"nobody", NULL};
    pid_t child = 5;
    CHECK_GIVES(posix_spawn(&child, "/bin/nobody-at-all", NULL, NULL, words, empty_environment),
                ENOENT);
    CHECK_GIVES(posix_spawn(&child, "", NULL, NULL, words, empty_environment), ENOENT);
    CHECK_GIVES(posix_spawnp(&child, "nobody-at-all", NULL, NULL, words, empty_environment),
                ENOENT);
}

static void no_path_is_efault(void)
{
    char *words[] = {"nobody", NULL};
    pid_t child;
    if (!has_wire()) {
        conform_skip("here a sanitizer looks at the path first");
        return;
    }
    CHECK_GIVES(posix_spawn(&child, nowhere(), NULL, NULL, words, empty_environment), EFAULT);
}

static void what_may_not_be_run_is_eacces(void)
{
    char *words[] = {"netd", NULL};
    pid_t child;
    const char *path = has_wire() ? "/bin/netd" : "/" /* a directory */;
    CHECK_GIVES(posix_spawn(&child, path, NULL, NULL, words, empty_environment), EACCES);
}

static void posix_spawnp_finds_a_name_alone(void)
{
    static char path[1024], *name;
    pid_t child;
    (void)strncpy(path, program(), sizeof(path) - 1);
    name = strrchr(path, '/');
    CHECK(name != NULL);
    *name++ = '\0';
    char *words[] = {name, "exit", "9", NULL};
    char *before = getenv("PATH");
    CHECK(setenv("PATH", path, 1) == 0);
    int error = posix_spawnp(&child, name, NULL, NULL, words, empty_environment);
    CHECK(before == NULL || setenv("PATH", before, 1) == 0);
    CHECK(error == 0 && end_of(child) == 9 << 8);
}

static void attributes_of_signals_are_taken(void)
{
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t child;
    char *words[] = {program(), "exit", "4", NULL};
    sigemptyset(&none);
    CHECK(posix_spawnattr_init(&attributes) == 0);
    CHECK(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ==
          0);
    CHECK(posix_spawnattr_setsigmask(&attributes, &none) == 0);
    CHECK(posix_spawnattr_setsigdefault(&attributes, &none) == 0);
    CHECK(posix_spawn(&child, program(), NULL, &attributes, words, empty_environment) == 0);
    CHECK(end_of(child) == 4 << 8);
    CHECK_GIVES(posix_spawnattr_setflags(&attributes, 0x4000), EINVAL);
    CHECK(posix_spawnattr_destroy(&attributes) == 0);
}

static void there_are_no_groups_of_processes(void)
{
    posix_spawnattr_t attributes;
    char *words[] = {program(), "exit", "0", NULL};
    pid_t child;
    if (!has_wire()) {
        conform_skip("here there are");
        return;
    }
    CHECK(posix_spawnattr_init(&attributes) == 0);
    CHECK(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP) == 0);
    CHECK_GIVES(posix_spawn(&child, program(), NULL, &attributes, words, empty_environment),
                ENOTSUP);
    CHECK(posix_spawnattr_destroy(&attributes) == 0);
}

static void more_than_may_run_are_eagain(void)
{
    pid_t children[CHILDREN_MAX], other;
    if (!has_wire()) {
        conform_skip("the limit of this machine is too high to reach");
        return;
    }
    for (int i = 0; i < CHILDREN_MAX; i++) {
        CHECK(start(&children[i], "sleep", sleep_text, NULL) == 0);
    }
    char *words[] = {program(), "exit", "0", NULL};
    CHECK_GIVES(posix_spawn(&other, program(), NULL, NULL, words, empty_environment), EAGAIN);
    for (int i = 0; i < CHILDREN_MAX; i++) {
        CHECK(end_of(children[i]) == 0);
    }
    CHECK(run("exit", "0", NULL) == 0);
}

static const struct conform_case gifts[] = {
    CASE("posix_spawn", arguments_come_as_they_were_given),
    CASE("posix_spawn", the_environment_is_the_one_that_was_given),
    CASE("posix_spawn", the_id_is_the_childs_own),
    CASE("getauxval", every_process_has_random_bytes_of_its_own),
    CASE("posix_spawn", too_many_words_are_e2big),
    CASE("posix_spawn", a_path_that_names_nothing_is_enoent),
    CASE("posix_spawn", no_path_is_efault),
    CASE("posix_spawn", what_may_not_be_run_is_eacces),
    CASE("posix_spawn", more_than_may_run_are_eagain),
    CASE("posix_spawnp", posix_spawnp_finds_a_name_alone),
    CASE("posix_spawnattr_...", attributes_of_signals_are_taken),
    CASE("posix_spawnattr_...", there_are_no_groups_of_processes),
};
const struct conform_subject child_gift_subject = SUBJECT(gifts);

/* --- its descriptors -------------------------------------------------------------------------- */

/* What the errand says after one step was done with the child's descriptors. */
static int after_close(int closed, char *errand, char *argument)
{
    posix_spawn_file_actions_t steps;
    int status = -1;
    if (posix_spawn_file_actions_init(&steps) == 0 &&
        posix_spawn_file_actions_addclose(&steps, closed) == 0) {
        status = run(errand, argument, &steps);
    }
    (void)posix_spawn_file_actions_destroy(&steps);
    return status;
}

static int after_dup(int source, int descriptor, char *errand, char *argument)
{
    posix_spawn_file_actions_t steps;
    int status = -1;
    if (posix_spawn_file_actions_init(&steps) == 0 &&
        posix_spawn_file_actions_adddup2(&steps, source, descriptor) == 0) {
        status = run(errand, argument, &steps);
    }
    (void)posix_spawn_file_actions_destroy(&steps);
    return status;
}

static int after_open(int descriptor, const char *path, char *errand, char *argument)
{
    posix_spawn_file_actions_t steps;
    int status = -1;
    if (posix_spawn_file_actions_init(&steps) == 0 &&
        posix_spawn_file_actions_addopen(&steps, descriptor, path, O_RDWR, 0) == 0) {
        status = run(errand, argument, &steps);
    }
    (void)posix_spawn_file_actions_destroy(&steps);
    return status;
}

static void the_three_first_are_open(void)
{
    CHECK(run("open", "0", NULL) == 0);
    CHECK(run("open", "1", NULL) == 0);
    CHECK(run("open", "2", NULL) == 0);
    CHECK(run("closed", "77", NULL) == 0);
}

static void a_copy_of_the_console_is_passed(void)
{
    CHECK(keep(fcntl(1, F_DUPFD, 30)) >= 30);
    int copy = keep(dup2(1, 31)), private = keep(fcntl(1, F_DUPFD_CLOEXEC, 32));
    CHECK(copy == 31 && private == 32);
    CHECK(run("open", "31", NULL) == 0);
    CHECK(run("closed", "32", NULL) == 0);
}

static void close_closes_in_the_child_alone(void)
{
    CHECK(after_close(1, "closed", "1") == 0);
    CHECK(fcntl(1, F_GETFD) >= 0);
    CHECK(after_close(0, "open", "1") == 0);
}

static void close_of_what_is_not_open_is_no_error(void)
{
    CHECK(after_close(66, "exit", "3") == 3);
}

static void dup2_copies_in_the_child(void)
{
    CHECK(after_dup(1, 20, "open", "20") == 0);
    CHECK(fcntl(20, F_GETFD) < 0);
}

static void dup2_onto_itself_clears_the_flag(void)
{
    int private = keep(fcntl(1, F_DUPFD_CLOEXEC, 40));
    char number[3] = {(char)('0' + private / 10), (char)('0' + private % 10), '\0'};
    CHECK(private >= 40 && private < 100);
    CHECK(after_dup(private, private, "open", number) == 0);
    CHECK(fcntl(private, F_GETFD) == FD_CLOEXEC);
}

static void open_opens_in_the_child(void)
{
    CHECK(after_open(21, "/dev/null", "null", "21") == 0);
    CHECK(after_open(0, "/dev/null", "null", "0") == 0);
    CHECK(fcntl(21, F_GETFD) < 0);
}

static void steps_are_taken_in_their_order(void)
{
    posix_spawn_file_actions_t steps;
    CHECK(posix_spawn_file_actions_init(&steps) == 0);
    CHECK(posix_spawn_file_actions_addopen(&steps, 22, "/dev/null", O_RDWR, 0) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&steps, 22, 23) == 0);
    CHECK(posix_spawn_file_actions_addclose(&steps, 22) == 0);
    int copied = run("null", "23", &steps), closed = run("closed", "22", &steps);
    CHECK(posix_spawn_file_actions_destroy(&steps) == 0);
    CHECK(copied == 0 && closed == 0);
}

static void a_negative_descriptor_is_ebadf(void)
{
    posix_spawn_file_actions_t steps;
    CHECK(posix_spawn_file_actions_init(&steps) == 0);
    CHECK_GIVES(posix_spawn_file_actions_addclose(&steps, -1), EBADF);
    CHECK_GIVES(posix_spawn_file_actions_adddup2(&steps, -1, 3), EBADF);
    CHECK_GIVES(posix_spawn_file_actions_addopen(&steps, -1, "/dev/null", O_RDONLY, 0), EBADF);
    CHECK(posix_spawn_file_actions_destroy(&steps) == 0);
}

static void dup2_of_what_is_not_open_is_ebadf(void)
{
    posix_spawn_file_actions_t steps;
    pid_t child;
    CHECK(posix_spawn_file_actions_init(&steps) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&steps, 88, 3) == 0);
    char *words[] = {program(), "exit", "0", NULL};
    CHECK_GIVES(posix_spawn(&child, program(), &steps, NULL, words, empty_environment), EBADF);
    CHECK(posix_spawn_file_actions_destroy(&steps) == 0);
}

/* The parent learns it, or the child ends with 127 before it begins. */
static void a_step_that_fails_is_told(void)
{
    posix_spawn_file_actions_t steps;
    pid_t child;
    CHECK(posix_spawn_file_actions_init(&steps) == 0);
    CHECK(posix_spawn_file_actions_addopen(&steps, 3, "/not/there", O_RDONLY, 0) == 0);
    int error = start(&child, "exit", "0", &steps);
    CHECK(posix_spawn_file_actions_destroy(&steps) == 0);
    CHECK(error == ENOENT || (error == 0 && end_of(child) == 127 << 8));
}

/* The error of a child that gets a socket as its 24, or how it ended. */
static int pass_socket(void)
{
    posix_spawn_file_actions_t steps;
    pid_t child;
    int made = make(SOCK_STREAM), error = -1;
    if (posix_spawn_file_actions_init(&steps) == 0 &&
        posix_spawn_file_actions_adddup2(&steps, made, 24) == 0) {
        error = start(&child, "socket", "24", &steps);
    }
    (void)posix_spawn_file_actions_destroy(&steps);
    return error != 0 ? error : end_of(child);
}

static void a_socket_can_be_passed(void)
{
    CHECK(pass_socket() == 0);
}

static void a_socket_with_o_cloexec_is_not_passed(void)
{
    int made = make(SOCK_STREAM), private = keep(fcntl(made, F_DUPFD_CLOEXEC, 45));
    CHECK(private == 45);
    CHECK(run("closed", "45", NULL) == 0);
    int error = pass_socket(); /* nor is one that cannot be: no child begins without it */
    CHECK(error == 0 || error == ENOTSUP);
}

static const struct conform_case steps[] = {
    CASE("posix_spawn", the_three_first_are_open),
    CASE("posix_spawn", a_copy_of_the_console_is_passed),
    CASE("posix_spawn", a_socket_with_o_cloexec_is_not_passed),
    CASE("posix_spawn_file_actions_...", close_closes_in_the_child_alone),
    CASE("posix_spawn_file_actions_...", close_of_what_is_not_open_is_no_error),
    CASE("posix_spawn_file_actions_...", dup2_copies_in_the_child),
    CASE("posix_spawn_file_actions_...", dup2_onto_itself_clears_the_flag),
    CASE("posix_spawn_file_actions_...", open_opens_in_the_child),
    CASE("posix_spawn_file_actions_...", steps_are_taken_in_their_order),
    CASE("posix_spawn_file_actions_...", a_negative_descriptor_is_ebadf),
    CASE("posix_spawn_file_actions_...", dup2_of_what_is_not_open_is_ebadf),
    CASE("posix_spawn_file_actions_...", a_step_that_fails_is_told),
    CASE("posix_spawn_file_actions_...", a_socket_can_be_passed),
};
const struct conform_subject child_step_subject = SUBJECT(steps);

/* --- waiting ---------------------------------------------------------------------------------- */

static void wnohang_does_not_wait(void)
{
    pid_t child;
    int status = 5;
    CHECK(start(&child, "sleep", sleep_text, NULL) == 0);
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    CHECK(waitpid(-1, &status, WNOHANG) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_ERROR(waitpid(child, &status, WNOHANG), ECHILD);
}

static void a_child_is_collected_once(void)
{
    pid_t child;
    int status;
    CHECK(start(&child, "exit", "0", NULL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_ERROR(waitpid(child, &status, 0), ECHILD);
}

static void without_children_it_is_echild(void)
{
    int status;
    CHECK_ERROR(waitpid(-1, &status, 0), ECHILD);
    CHECK_ERROR(waitpid(0, &status, 0), ECHILD);
    CHECK_ERROR(wait(&status), ECHILD);
    CHECK_ERROR(waitpid(getpid(), &status, WNOHANG), ECHILD);
    CHECK_ERROR(waitpid(999999, &status, WNOHANG), ECHILD);
}

static void any_child_is_collected_in_turn(void)
{
    pid_t children[CHILDREN_MAX], first, second;
    int status;
    for (int i = 0; i < CHILDREN_MAX; i++) {
        CHECK(start(&children[i], "exit", "6", NULL) == 0);
    }
    first = wait(&status);
    CHECK((first == children[0] || first == children[1]) && status == 6 << 8);
    second = waitpid(-1, &status, 0);
    CHECK((second == children[0] || second == children[1]) && second != first);
    CHECK_ERROR(wait(&status), ECHILD);
}

static void the_one_that_was_named_is_waited_for(void)
{
    pid_t slow, quick;
    int status;
    CHECK(start(&slow, "sleep", sleep_text, NULL) == 0);
    CHECK(start(&quick, "exit", "2", NULL) == 0);
    CHECK(waitpid(slow, &status, 0) == slow && status == 0);
    CHECK(waitpid(quick, &status, 0) == quick && status == 2 << 8);
}

static void the_status_need_not_be_asked_for(void)
{
    pid_t child;
    CHECK(start(&child, "exit", "1", NULL) == 0);
    CHECK(waitpid(child, NULL, 0) == child);
}

static void an_option_that_is_none_is_einval(void)
{
    int status;
    CHECK_ERROR(waitpid(-1, &status, 0x100), EINVAL);
}

static const struct conform_case waits[] = {
    CASE("waitpid", wnohang_does_not_wait),
    CASE("waitpid", a_child_is_collected_once),
    CASE("waitpid", without_children_it_is_echild),
    CASE("waitpid", any_child_is_collected_in_turn),
    CASE("waitpid", the_one_that_was_named_is_waited_for),
    CASE("waitpid", the_status_need_not_be_asked_for),
    CASE("waitpid", an_option_that_is_none_is_einval),
};
const struct conform_subject child_wait_subject = SUBJECT(waits);
