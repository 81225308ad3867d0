/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files by name [libc/files.c, memory_file.c] and the console as a file [libc/console_file.c].
 */
#include "socket_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <kstat.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libc/files.h"
#include "libc/memory_file.h"
#include "libc/pipe_file.h"

const struct image_file image_files[] = {{"/index.html", "<p>hello", 8}, {NULL, NULL, 0}};

static long open_file(const char *path, int flags)
{
    return ask(SYS_openat, AT_FDCWD, (long)path, flags, 0600, 0, 0);
}

static long read_file(long fd, void *bytes, size_t count)
{
    return ask(SYS_read, fd, (long)bytes, (long)count, 0, 0, 0);
}

static long write_file(long fd, const void *bytes, size_t count)
{
    return ask(SYS_write, fd, (long)bytes, (long)count, 0, 0, 0);
}

static long seek_file(long fd, long offset, int whence)
{
    return ask(SYS_lseek, fd, offset, whence, 0, 0, 0);
}

TEST(files_of_the_image_are_read_and_nothing_else)
{
    char bytes[64];
    struct kstat status;
    long fd = open_file("/index.html", O_RDONLY);
    assert_true(fd > 2);
    assert_int_equal(read_file(fd, bytes, 3), 3);
    assert_int_equal(read_file(fd, bytes, sizeof(bytes)), 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal(read_file(fd, bytes, sizeof(bytes)), 0);
    assert_int_equal(write_file(fd, "x", 1), -EBADF);
    assert_int_equal(ask(SYS_fstat, fd, (long)&status, 0, 0, 0, 0), 0);
    assert_int_equal(status.st_size, 8);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(open_file("index.html", O_RDONLY), fd + 1);
    assert_int_equal(open_file("/index.html", O_RDWR), -EROFS);
    assert_int_equal(ask(SYS_unlinkat, AT_FDCWD, (long)"/index.html", 0, 0, 0, 0), -EROFS);
    assert_int_equal(open_file("/none", O_RDONLY), -ENOENT);
    assert_int_equal(open_file("/none", O_WRONLY | O_CREAT), -EROFS);
    assert_int_equal(open_file("", O_RDONLY), -ENOENT);
    assert_int_equal(open_file(NULL, O_RDONLY), -EFAULT);
    char path[300];
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = 0;
    assert_int_equal(open_file(path, O_RDONLY), -ENAMETOOLONG);
}

TEST(the_resolver_finds_its_files)
{
    char bytes[64] = {0};
    long fd = open_file("/etc/resolv.conf", O_RDONLY | O_CLOEXEC);
    assert_true(read_file(fd, bytes, sizeof(bytes) - 1) > 0);
    assert_string_equal(bytes, "nameserver 127.0.0.1\n");
    assert_true(open_file("/etc/hosts", O_RDONLY) > 0);
    assert_true(open_file("/etc/services", O_RDONLY) > 0);
}

TEST(a_place_in_a_file_is_moved_and_kept)
{
    char bytes[8];
    long fd = open_file("/index.html", O_RDONLY);
    assert_int_equal(seek_file(fd, -5, SEEK_END), 3);
    assert_int_equal(seek_file(fd, 1, SEEK_CUR), 4);
    assert_int_equal(ask(SYS_pread64, fd, (long)bytes, 2, 0, 0, 0), 2);
    assert_memory_equal(bytes, "<p", 2);
    assert_int_equal(read_file(fd, bytes, 8), 4);
    assert_memory_equal(bytes, "ello", 4);
    assert_int_equal(seek_file(fd, -1, SEEK_SET), -EINVAL);
    assert_int_equal(seek_file(fd, 0, 9), -EINVAL);
    assert_int_equal(seek_file(fd, INT64_MAX, SEEK_CUR), -EINVAL);
    assert_int_equal(seek_file(fd, 100, SEEK_SET), 100);
    assert_int_equal(read_file(fd, bytes, 8), 0);
    assert_int_equal(seek_file(1, 0, SEEK_CUR), -ESPIPE);
    assert_int_equal(ask(SYS_pread64, 1, (long)bytes, 1, 0, 0, 0), -ESPIPE);
    assert_int_equal(ask(SYS_pread64, fd, (long)bytes, 1, -1, 0, 0), -EINVAL);
}

TEST(a_file_of_tmp_holds_what_was_written)
{
    static uint8_t out[20000], in[20001];
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof(out); i++) {
        out[i] = (uint8_t)test_random(&seed);
    }
    long fd = open_file("/tmp/data", O_RDWR | O_CREAT | O_EXCL);
    assert_int_equal(write_file(fd, out, sizeof(out)), sizeof(out));
    assert_int_equal(seek_file(fd, 0, SEEK_SET), 0);
    assert_int_equal(read_file(fd, in, sizeof(in)), sizeof(out));
    assert_memory_equal(in, out, sizeof(out));
    assert_int_equal(open_file("/tmp/data", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    long again = open_file("/tmp/data", O_WRONLY | O_APPEND);
    assert_int_equal(write_file(again, "end", 3), 3);
    assert_int_equal(ask(SYS_pread64, fd, (long)in, 3, sizeof(out), 0, 0), 3);
    assert_memory_equal(in, "end", 3);
    assert_true(open_file("/tmp/data", O_RDWR | O_TRUNC) > 0);
    assert_int_equal(seek_file(fd, 0, SEEK_END), 0);
    assert_int_equal(ask(SYS_unlinkat, AT_FDCWD, (long)"/tmp/data", 0, 0, 0, 0), 0);
}

TEST(a_hole_reads_as_zeros_also_where_something_was_cut_off)
{
    char in[100];
    long fd = open_file("/tmp/hole", O_RDWR | O_CREAT);
    assert_int_equal(ask(SYS_pwrite64, fd, (long)"x", 1, 30000, 0, 0), 1);
    assert_int_equal(ask(SYS_pread64, fd, (long)in, 100, 10, 0, 0), 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(in[i], 0);
    }
    assert_int_equal(ask(SYS_pwrite64, fd, (long)"secret", 6, 0, 0, 0), 6);
    assert_true(open_file("/tmp/hole", O_RDWR | O_TRUNC) > 0);
    assert_int_equal(ask(SYS_pwrite64, fd, (long)"x", 1, 20, 0, 0), 1);
    assert_int_equal(ask(SYS_pread64, fd, (long)in, 6, 0, 0, 0), 6);
    assert_memory_equal(in, "\0\0\0\0\0\0", 6);
    assert_int_equal(ask(SYS_unlinkat, AT_FDCWD, (long)"/tmp/hole", 0, 0, 0, 0), 0);
}

TEST(what_would_lie_beyond_the_longest_file_is_efbig)
{
    long fd = open_file("/tmp/long", O_RDWR | O_CREAT);
    assert_int_equal(ask(SYS_pwrite64, fd, (long)"xy", 2, MEMORY_FILE_BYTES_MAX - 1, 0, 0), 1);
    assert_int_equal(ask(SYS_pwrite64, fd, (long)"x", 1, MEMORY_FILE_BYTES_MAX, 0, 0), -EFBIG);
    assert_int_equal(ask(SYS_pwrite64, fd, (long)"x", 1, 1 << 30, 0, 0), -EFBIG);
    assert_int_equal(ask(SYS_unlinkat, AT_FDCWD, (long)"/tmp/long", 0, 0, 0, 0), 0);
}

TEST(a_file_without_a_name_lives_until_it_is_closed)
{
    char in[4];
    long fd = open_file("/tmp/gone", O_RDWR | O_CREAT);
    assert_int_equal(write_file(fd, "abc", 3), 3);
    assert_int_equal(ask(SYS_unlinkat, AT_FDCWD, (long)"/tmp/gone", 0, 0, 0, 0), 0);
    assert_int_equal(ask(SYS_unlinkat, AT_FDCWD, (long)"/tmp/gone", 0, 0, 0, 0), -ENOENT);
    assert_int_equal(open_file("/tmp/gone", O_RDONLY), -ENOENT);
    assert_int_equal(ask(SYS_pread64, fd, (long)in, 3, 0, 0, 0), 3);
    assert_memory_equal(in, "abc", 3);
    assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
}

TEST(tmp_has_an_end)
{
    char path[80];
    int made = 0;
    for (; made < 100; made++) {
        snprintf(path, sizeof(path), "/tmp/file%d", made);
        long fd = open_file(path, O_RDWR | O_CREAT);
        if (fd < 0) {
            assert_int_equal(fd, -ENOSPC);
            break;
        }
        assert_int_equal(ask(SYS_close, fd, 0, 0, 0, 0, 0), 0);
    }
    assert_int_equal(made, MEMORY_FILES_MAX);
    for (int i = 0; i < made; i++) {
        snprintf(path, sizeof(path), "/tmp/file%d", i);
        assert_int_equal(ask(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0), 0);
    }
    assert_int_equal(open_file("/tmp/a/b", O_RDWR | O_CREAT), -ENOENT);
    assert_int_equal(open_file("/tmp/", O_RDWR | O_CREAT), -EISDIR);
    memset(path, 'a', sizeof(path) - 1);
    memcpy(path, "/tmp/", 5);
    path[sizeof(path) - 1] = 0;
    assert_int_equal(open_file(path, O_RDWR | O_CREAT), -ENAMETOOLONG);
}

TEST(devices_are_there)
{
    char in[3];
    struct kstat status;
    long fd = open_file("/dev/null", O_RDWR);
    assert_int_equal(write_file(fd, "abc", 3), 3);
    assert_int_equal(read_file(fd, in, 3), 0);
    fd = open_file("/dev/urandom", O_RDONLY);
    assert_int_equal(read_file(fd, in, 3), 3);
    assert_memory_equal(in, "\x5a\x5a\x5a", 3);
    long n = SYS_newfstatat;
    assert_int_equal(ask(n, AT_FDCWD, (long)"/dev/null", (long)&status, 0, 0, 0), 0);
    assert_true(S_ISCHR(status.st_mode));
    assert_int_equal(ask(n, AT_FDCWD, (long)"/nowhere", (long)&status, 0, 0, 0), -ENOENT);
    assert_int_equal(ask(SYS_fstat, 99, (long)&status, 0, 0, 0, 0), -EBADF);
    assert_int_equal(ask(SYS_fstat, fd, 0, 0, 0, 0, 0), -EFAULT);
}

/* --- the console ------------------------------------------------------------------------------ */

static void type_a_line(void)
{
    fake_type("hello\n");
}

TEST(lines_of_the_keyboard_are_read_and_polled)
{
    char in[64];
    short found;
    assert_int_equal(poll_one(0, POLLIN, 0, &found), 0);
    fake_at_sleep(type_a_line);
    assert_int_equal(poll_one(0, POLLIN, -1, &found), 1);
    assert_int_equal(found, POLLIN);
    assert_int_equal(read_file(0, in, 2), 2);
    assert_int_equal(read_file(0, in, sizeof(in)), 4);
    assert_memory_equal(in, "llo\n", 4);
    fake_at_sleep(type_a_line);
    assert_int_equal(read_file(0, in, sizeof(in)), 6);
    assert_int_equal(ask(SYS_fcntl, 0, F_SETFL, O_NONBLOCK, 0, 0, 0), 0);
    assert_int_equal(read_file(0, in, sizeof(in)), -EAGAIN);
    assert_int_equal(ask(SYS_fcntl, 0, F_SETFL, 0, 0, 0, 0), 0);
    assert_int_equal(write_file(1, "out", 3), 3);
    assert_string_equal(fake_shown(), "out");
}

TEST(a_line_behind_one_that_is_not_read_lets_a_program_sleep)
{
    char in[64];
    int ends[2];
    short found;
    fake_type("hello\n");
    assert_int_equal(read_file(0, in, 2), 2);
    fake_type("next\n");
    assert_int_equal(pipe_make(ends, 0), 0);
    assert_int_equal(poll_one(ends[0], POLLIN, 10, &found), 0);
    assert_true(fake.slept_until != 0);
    assert_int_equal(read_file(0, in, sizeof(in)), 4);
    assert_int_equal(read_file(0, in, sizeof(in)), 5);
    assert_memory_equal(in, "next\n", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(files_of_the_image_are_read_and_nothing_else, start),
        cmocka_unit_test_setup(the_resolver_finds_its_files, start),
        cmocka_unit_test_setup(a_place_in_a_file_is_moved_and_kept, start),
        cmocka_unit_test_setup(a_file_of_tmp_holds_what_was_written, start),
        cmocka_unit_test_setup(a_hole_reads_as_zeros_also_where_something_was_cut_off, start),
        cmocka_unit_test_setup(what_would_lie_beyond_the_longest_file_is_efbig, start),
        cmocka_unit_test_setup(a_file_without_a_name_lives_until_it_is_closed, start),
        cmocka_unit_test_setup(tmp_has_an_end, start),
        cmocka_unit_test_setup(devices_are_there, start),
        cmocka_unit_test_setup(lines_of_the_keyboard_are_read_and_polled, start),
        cmocka_unit_test_setup(a_line_behind_one_that_is_not_read_lets_a_program_sleep, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
