/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files by name, as far as sockets share the table of descriptors with them: /tmp.
 */
#include "conformance.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { NAME_BYTES = 64, FAR = 1 << 30 /* beyond the longest file */ };

static char byte = 'x';

/* A name that is this run's alone. */
static const char *name_in_tmp(void)
{
    static char name[NAME_BYTES];
    (void)snprintf(name, sizeof(name), "/tmp/conform-%ld", (long)getpid());
    return name;
}

/* A new file without a name, which is gone when it is closed. */
static int make_file(int access)
{
    int made = keep(open(name_in_tmp(), access | O_CREAT | O_EXCL, 0600));
    return made >= 0 && unlink(name_in_tmp()) == 0 ? made : -1;
}

/* Longer than any path. */
static const char *long_name(void)
{
    static char name[5000];
    memset(name, 'x', sizeof(name) - 1);
    return name;
}

static void a_file_keeps_what_was_written(void)
{
    char text[6];
    int made = make_file(O_RDWR);
    CHECK(write(made, "abcdef", 6) == 6);
    CHECK(lseek(made, 2, SEEK_SET) == 2);
    CHECK(read(made, text, sizeof(text)) == 4 && memcmp(text, "cdef", 4) == 0);
    CHECK(pread(made, text, 2, 1) == 2 && memcmp(text, "bc", 2) == 0);
    CHECK(pwrite(made, "X", 1, 0) == 1);
    CHECK(lseek(made, 0, SEEK_CUR) == 6);
}

static void a_file_that_is_there_is_not_made_anew(void)
{
    int made = keep(open(name_in_tmp(), O_RDWR | O_CREAT | O_EXCL, 0600));
    CHECK(made >= 0);
    CHECK_ERROR(open(name_in_tmp(), O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_ERROR(open(name_in_tmp(), O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK(unlink(name_in_tmp()) == 0);
}

static void a_name_of_nothing_is_enoent(void)
{
    CHECK_ERROR(open(name_in_tmp(), O_RDONLY), ENOENT);
    CHECK_ERROR(open("", O_RDONLY), ENOENT);
    CHECK_ERROR(unlink(name_in_tmp()), ENOENT);
}

/* A sanitizer knows, too, what must not be NULL. */
static __attribute__((no_sanitize("nonnull-attribute"))) void a_name_that_cannot_be_is_refused(void)
{
    CHECK_ERROR(open(nowhere(), O_RDONLY), EFAULT);
    CHECK_ERROR(unlink(nowhere()), EFAULT);
    CHECK_ERROR(open(long_name(), O_RDONLY), ENAMETOOLONG);
    CHECK_ERROR(unlink(long_name()), ENAMETOOLONG);
}

static void a_directory_is_not_written(void)
{
    CHECK_ERROR(open("/tmp/", O_WRONLY | O_CREAT, 0600), EISDIR);
}

static void without_a_free_descriptor_nothing_is_opened(void)
{
    CHECK(take_all_descriptors());
    CHECK_ERROR(open("/dev/null", O_RDONLY), EMFILE);
}

static void files_of_the_image_are_not_written(void)
{
    if (!has_wire()) {
        conform_skip("here programs are files like others");
        return;
    }
    CHECK_ERROR(open("/made-here", O_WRONLY | O_CREAT, 0600), EROFS);
    CHECK_ERROR(open("/etc/hosts", O_WRONLY), EROFS);
}

/* Makes files until there are that many, or no more can be; gives how many. */
static int make_files(int most)
{
    char name[NAME_BYTES];
    int made = 0;
    for (; made < most; made++) {
        (void)snprintf(name, sizeof(name), "/tmp/conform-many-%d", made);
        int file = open(name, O_WRONLY | O_CREAT, 0600);
        if (file < 0 || close(file) != 0) {
            break;
        }
    }
    return made;
}

static void more_files_than_there_may_be_are_enospc(void)
{
    enum { MANY = 64 };
    char name[NAME_BYTES];
    if (!has_wire()) {
        conform_skip("here /tmp is as large as the disk");
        return;
    }
    int made = make_files(MANY);
    CHECK(made < MANY);
    CHECK_ERROR(open(name_in_tmp(), O_WRONLY | O_CREAT, 0600), ENOSPC);
    while (made-- > 0) {
        (void)snprintf(name, sizeof(name), "/tmp/conform-many-%d", made);
        CHECK(unlink(name) == 0);
    }
}

static void a_file_is_read_and_written_as_it_was_opened(void)
{
    int reader = make_file(O_RDONLY), writer = make_file(O_WRONLY);
    CHECK(reader >= 0 && writer >= 0);
    CHECK_ERROR(write(reader, &byte, 1), EBADF);
    CHECK_ERROR(pwrite(reader, &byte, 1, 0), EBADF);
    CHECK_ERROR(read(writer, &byte, 1), EBADF);
    CHECK_ERROR(pread(writer, &byte, 1, 0), EBADF);
    CHECK_ERROR(pread(closed_descriptor(), &byte, 1, 0), EBADF);
}

static void bytes_of_a_file_come_from_somewhere(void)
{
    int made = make_file(O_RDWR);
    CHECK(write(made, "abc", 3) == 3);
    CHECK_ERROR(pwrite(made, nowhere(), 1, 0), EFAULT);
    CHECK_ERROR(pread(made, nowhere(), 1, 0), EFAULT);
}

static void a_place_before_the_file_is_einval(void)
{
    int made = make_file(O_RDWR);
    CHECK_ERROR(lseek(made, -1, SEEK_SET), EINVAL);
    CHECK_ERROR(lseek(made, 0, 99), EINVAL);
    CHECK_ERROR(pread(made, &byte, 1, -1), EINVAL);
    CHECK_ERROR(pwrite(made, &byte, 1, -1), EINVAL);
}

static void a_place_that_no_file_reaches_is_efbig(void)
{
    int made = make_file(O_RDWR);
    CHECK(lseek(made, FAR, SEEK_SET) == FAR);
    CHECK_ERROR(write(made, &byte, 1), EFBIG);
    CHECK_ERROR(writev(made, &(struct iovec){&byte, 1}, 1), EFBIG);
    CHECK_ERROR(pwrite(made, &byte, 1, FAR), EFBIG);
    CHECK(lseek(made, 0, SEEK_END) == 0);
}

static void a_socket_has_no_places(void)
{
    int made = make(SOCK_STREAM);
    CHECK_ERROR(pread(made, &byte, 1, 0), ESPIPE);
    CHECK_ERROR(pwrite(made, &byte, 1, 0), ESPIPE);
}

static void a_file_is_always_ready_and_not_watched(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int made = make_file(O_RDWR), epoll = keep(epoll_create1(0));
    CHECK(made >= 0);
    CHECK_ERROR(epoll_ctl(epoll, EPOLL_CTL_ADD, made, &event), EPERM);
}

static const struct conform_case paths[] = {
    CASE("open", a_file_that_is_there_is_not_made_anew),
    CASE("open", a_name_of_nothing_is_enoent),
    CASE("open", a_name_that_cannot_be_is_refused),
    CASE("open", a_directory_is_not_written),
    CASE("open", without_a_free_descriptor_nothing_is_opened),
    CASE("open", files_of_the_image_are_not_written),
    CASE("open", more_files_than_there_may_be_are_enospc),
    CASE("write", a_file_keeps_what_was_written),
    CASE("write", a_file_is_read_and_written_as_it_was_opened),
    CASE("write", a_place_that_no_file_reaches_is_efbig),
    CASE("pread", bytes_of_a_file_come_from_somewhere),
    CASE("pread", a_socket_has_no_places),
    CASE("lseek", a_place_before_the_file_is_einval),
    CASE("epoll_ctl", a_file_is_always_ready_and_not_watched),
};
const struct conform_subject path_subject = SUBJECT(paths);
