/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What musl asks of a kernel [libc/personality.c], with the numbers of the host's own headers: what
 * is supported does what it says, and everything else says that it is not there.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <abi/error.h>
#include <wherry/console.h>
#include <wherry/ipc.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/sys.h>

#include "libc/child.h"
#include "libc/descriptors.h"
#include "libc/personality.h"
#include "libc/process.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static char shown[64];
static size_t shown_bytes;
static uint64_t allocated_pages;
static void *allocated;
static int allocate_error;
static void *released;
static int exit_status;
static jmp_buf exited;

static int start(void **state)
{
    (void)state;
    shown_bytes = 0;
    allocated_pages = 0;
    allocated = (void *)0x30000;
    allocate_error = OK;
    released = NULL;
    return 0;
}

void console_write(const char *text, size_t bytes)
{
    assert_true(bytes <= sizeof(shown) - shown_bytes);
    for (size_t i = 0; i < bytes; i++) {
        shown[shown_bytes++] = text[i];
    }
}

int memory_allocate(uint64_t pages, void **address)
{
    allocated_pages = pages;
    *address = allocated;
    return allocate_error;
}

uint64_t memory_pages_at(const void *address)
{
    return address == (void *)0x30000 ? 3 : 0;
}

int memory_release(void *address)
{
    released = address;
    return OK;
}

int memory_attach(handle_t memory, uint64_t rights, void **address, uint64_t *pages)
{
    (void)memory, (void)rights, (void)address, (void)pages;
    return E_BAD_HANDLE;
}

const struct startup *startup_own(void)
{
    static const struct startup page = {.id = 7};
    return &page;
}

handle_t startup_handle(const char *role)
{
    (void)role;
    return HANDLE_NONE;
}

struct sysret sys_wait(handle64_t notification, ticks_t deadline)
{
    (void)notification, (void)deadline;
    return (struct sysret){E_TIMEOUT, 0};
}

struct sysret sys_timer_set(ticks_t deadline)
{
    (void)deadline;
    return (struct sysret){OK, 0};
}

void ipc_trap(struct ipc_registers *r)
{
    (void)r;
    fail_msg("nobody is asked");
}

struct log_page *console_page(void)
{
    return NULL;
}

bool personality_span_ns(const struct timespec *span, uint64_t *ns)
{
    (void)span;
    *ns = 0;
    return true;
}

ticks_t personality_deadline(uint64_t ns)
{
    return ns;
}

void process_waits(void)
{
}

void process_exit(int status)
{
    exit_status = status;
    longjmp(exited, 1);
}

long personality_clock_gettime(clockid_t clock, struct timespec *time)
{
    *time = (struct timespec){clock, 0};
    return 0;
}

long personality_clock_getres(clockid_t clock, struct timespec *resolution)
{
    return personality_clock_gettime(clock, resolution);
}

long personality_clock_nanosleep(clockid_t clock, int flags, const struct timespec *request)
{
    return clock + flags + request->tv_sec;
}

long personality_futex(const int *word, int operation, int value, const struct timespec *time_out)
{
    return *word + operation + value + (time_out == NULL);
}

long personality_getrandom(void *buffer, size_t bytes)
{
    memset(buffer, 0x5a, bytes);
    return (long)bytes;
}

/* A call with up to five arguments. */
static long ask(long n, long a, long b, long c, long d, long e)
{
    return wherry_syscall(n, a, b, c, d, e, 0);
}

static long map(size_t bytes, int protection, int flags, int descriptor)
{
    return ask(SYS_mmap, 0, (long)bytes, protection, flags, descriptor);
}

TEST(writing_to_the_console_is_shown_and_to_nothing_refused)
{
    const struct iovec parts[] = {{(void *)"ab", 2}, {NULL, 0}, {(void *)"c\n", 2}};
    assert_int_equal(ask(SYS_writev, 1, (long)parts, 3, 0, 0), 4);
    assert_int_equal(ask(SYS_write, 2, (long)"d\n", 2, 0, 0), 2);
    assert_memory_equal(shown, "abc\nd\n", 6);
    assert_int_equal(ask(SYS_write, 3, (long)"x", 1, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_write, -1, (long)"x", 1, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_write, 1, 0, 1, 0, 0), -EFAULT);
    assert_int_equal(ask(SYS_writev, 1, (long)parts, -1, 0, 0), -EINVAL);
    assert_int_equal(shown_bytes, 6);
}

TEST(a_program_without_a_keyboard_has_nothing_to_read)
{
    char byte;
    assert_int_equal(ask(SYS_read, 0, (long)&byte, 1, 0, 0), -EIO);
}

TEST(copies_of_a_descriptor_are_one_file_and_the_lowest_free_number)
{
    static uint64_t table[2 * DESCRIPTORS_MAX];
    allocated = table;
    assert_int_equal(ask(SYS_dup, 1, 0, 0, 0, 0), 3);
    assert_int_equal(ask(SYS_fcntl, 1, F_DUPFD, 3, 0, 0), 4);
    assert_int_equal(ask(SYS_fcntl, 1, F_DUPFD_CLOEXEC, 9, 0, 0), 9);
    assert_int_equal(ask(SYS_fcntl, 9, F_GETFD, 0, 0, 0), FD_CLOEXEC);
    assert_int_equal(ask(SYS_fcntl, 1, F_DUPFD, -1, 0, 0), -EINVAL);
    assert_int_equal(ask(SYS_dup3, 1, 40, O_CLOEXEC, 0, 0), 40);
    assert_int_equal(ask(SYS_dup3, 1, 1, 0, 0, 0), -EINVAL);
    assert_int_equal(ask(SYS_dup3, 1, DESCRIPTORS_MAX, 0, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_dup3, 99, 5, 0, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_fcntl, 3, F_SETFL, O_NONBLOCK, 0, 0), 0);
    assert_int_equal(ask(SYS_fcntl, 1, F_GETFL, 0, 0, 0), O_RDWR | O_NONBLOCK);
    assert_int_equal(ask(SYS_fcntl, 1, F_SETFL, 0, 0, 0), 0);
    static const int open[] = {3, 4, 9, 40};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ask(SYS_close, open[i], 0, 0, 0, 0), 0);
        assert_int_equal(ask(SYS_close, open[i], 0, 0, 0, 0), -EBADF);
    }
    assert_int_equal(ask(SYS_dup, 2, 0, 0, 0, 0), 3);
    assert_int_equal(ask(SYS_close, 3, 0, 0, 0, 0), 0);
}

TEST(memory_is_mapped_in_whole_pages)
{
    assert_int_equal(map(1, PROT_READ | PROT_WRITE, ANONYMOUS, -1), 0x30000);
    assert_int_equal(allocated_pages, 1);
    assert_int_equal(map(3 * PAGE_BYTES, PROT_NONE, ANONYMOUS, -1), 0x30000);
    assert_int_equal(allocated_pages, 3);
    assert_int_equal(map(3 * PAGE_BYTES + 1, PROT_READ, ANONYMOUS | MAP_NORESERVE, -1), 0x30000);
    assert_int_equal(allocated_pages, 4);
}

TEST(only_anonymous_private_memory_is_mapped_and_none_to_execute)
{
    assert_int_equal(map(0, PROT_READ, ANONYMOUS, -1), -EINVAL);
    assert_int_equal(map(SIZE_MAX, PROT_READ, ANONYMOUS, -1), -EINVAL);
    assert_int_equal(map(1, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1), -EINVAL);
    assert_int_equal(map(1, PROT_READ, MAP_PRIVATE, 1), -EINVAL);
    assert_int_equal(map(1, PROT_READ, ANONYMOUS | MAP_FIXED, -1), -EINVAL);
    assert_int_equal(map(1, PROT_READ | PROT_EXEC, ANONYMOUS, -1), -EACCES);
    assert_int_equal(map(1, PROT_READ, ANONYMOUS, 1), -EBADF);
    assert_int_equal(allocated_pages, 0);
}

TEST(memory_that_is_not_there_is_enomem)
{
    static const int errors[] = {E_NO_MEMORY, E_NO_SLOTS, E_LIMIT};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        allocate_error = errors[i];
        assert_int_equal(map(1, PROT_READ, ANONYMOUS, -1), -ENOMEM);
    }
}

TEST(a_mapping_is_released_whole_or_not_at_all)
{
    assert_int_equal(ask(SYS_munmap, 0x30000, 2 * PAGE_BYTES, 0, 0, 0), -EINVAL);
    assert_int_equal(ask(SYS_munmap, 0x31000, PAGE_BYTES, 0, 0, 0), -EINVAL);
    assert_null(released);
    assert_int_equal(ask(SYS_munmap, 0x30000, 3 * PAGE_BYTES, 0, 0, 0), 0);
    assert_ptr_equal(released, (void *)0x30000);
}

TEST(the_console_is_a_terminal_of_unknown_size)
{
    struct winsize size = {1, 2, 3, 4};
    assert_int_equal(ask(SYS_ioctl, 1, TIOCGWINSZ, (long)&size, 0, 0), 0);
    assert_int_equal(size.ws_row, 0);
    assert_int_equal(ask(SYS_ioctl, 3, TIOCGWINSZ, (long)&size, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_ioctl, 1, TIOCSWINSZ, (long)&size, 0, 0), -ENOTTY);
}

TEST(exit_and_abort_end_the_program_with_their_status)
{
    if (setjmp(exited) == 0) {
        ask(SYS_exit_group, 3, 0, 0, 0, 0);
    }
    assert_int_equal(exit_status, 3);
    if (setjmp(exited) == 0) {
        ask(SYS_tkill, 1, SIGABRT, 0, 0, 0);
    }
    assert_int_equal(exit_status, PROCESS_ABORTED);
    if (setjmp(exited) == 0) {
        ask(SYS_exit, PROCESS_ABORTED, 0, 0, 0, 0);
    }
    assert_int_equal(exit_status, SIGABRT); /* what a program says is never taken for it */
    assert_int_equal(ask(SYS_tkill, 1, SIGTERM, 0, 0, 0), -ENOSYS);
}

TEST(what_there_is_not_says_so)
{
    static const long calls[] = {SYS_mkdirat, SYS_clone, SYS_execve,       SYS_mprotect,
                                 SYS_brk,    SYS_mremap, SYS_socket,       SYS_kill,
                                 SYS_sync,   SYS_setuid, SYS_rt_sigaction, SYS_umount2,
                                 -1,         1 << 20};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        assert_int_equal(ask(calls[i], 1, 1, 1, 1, 1), -ENOSYS);
    }
}

TEST(a_child_gets_no_descriptor_that_cannot_be)
{
    static const int impossible[] = {-1, INT_MIN, DESCRIPTORS_MAX, INT_MAX};
    char *const words[] = {NULL};
    for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
        const struct child_action source = {.kind = CHILD_DUP, .source = impossible[i]};
        const struct child_action target = {.kind = CHILD_DUP, .descriptor = impossible[i]};
        assert_int_equal(child_spawn("/bin/errand", &source, 1, words, words), -EBADF);
        assert_int_equal(child_spawn("/bin/errand", &target, 1, words, words), -EBADF);
    }
}

TEST(no_signal_is_blocked)
{
    uint64_t old = 1;
    assert_int_equal(ask(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&old, sizeof(old), 0), 0);
    assert_int_equal(old, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(writing_to_the_console_is_shown_and_to_nothing_refused, start),
        cmocka_unit_test_setup(a_program_without_a_keyboard_has_nothing_to_read, start),
        cmocka_unit_test_setup(copies_of_a_descriptor_are_one_file_and_the_lowest_free_number,
                               start),
        cmocka_unit_test_setup(memory_is_mapped_in_whole_pages, start),
        cmocka_unit_test_setup(only_anonymous_private_memory_is_mapped_and_none_to_execute, start),
        cmocka_unit_test_setup(memory_that_is_not_there_is_enomem, start),
        cmocka_unit_test_setup(a_mapping_is_released_whole_or_not_at_all, start),
        cmocka_unit_test_setup(the_console_is_a_terminal_of_unknown_size, start),
        cmocka_unit_test_setup(exit_and_abort_end_the_program_with_their_status, start),
        cmocka_unit_test_setup(what_there_is_not_says_so, start),
        cmocka_unit_test_setup(a_child_gets_no_descriptor_that_cannot_be, start),
        cmocka_unit_test_setup(no_signal_is_blocked, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
