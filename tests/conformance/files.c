/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What descriptors of sockets have in common with others: fcntl, ioctl, dup.
 */
#include "conformance.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static void f_setfl_changes_o_nonblock_alone(void)
{
    int made = make(SOCK_STREAM);
    CHECK((fcntl(made, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(fcntl(made, F_SETFL, O_NONBLOCK) == 0);
    CHECK(fcntl(made, F_GETFL) == (O_RDWR | O_NONBLOCK));
    CHECK(fcntl(made, F_SETFL, O_WRONLY) == 0);
    CHECK(fcntl(made, F_GETFL) == O_RDWR);
}

static void f_setfd_sets_the_flag_of_the_descriptor(void)
{
    int made = make(SOCK_STREAM);
    CHECK(fcntl(made, F_GETFD) == 0);
    CHECK(fcntl(made, F_SETFD, FD_CLOEXEC) == 0);
    CHECK(fcntl(made, F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(made, F_SETFD, 0) == 0);
    CHECK(fcntl(made, F_GETFD) == 0);
}

static void an_unknown_command_is_einval(void)
{
    CHECK_ERROR(fcntl(make(SOCK_STREAM), 9999, 0), EINVAL);
}

static void f_dupfd_gives_a_number_from_there_on(void)
{
    int made = make(SOCK_STREAM), copy = keep(fcntl(made, F_DUPFD, 40));
    CHECK(copy >= 40);
    CHECK(fcntl(copy, F_GETFD) == 0);
    int other = keep(fcntl(made, F_DUPFD_CLOEXEC, 40));
    CHECK(other > 40);
    CHECK(fcntl(other, F_GETFD) == FD_CLOEXEC);
}

static void f_dupfd_refuses_a_negative_number(void)
{
    CHECK_ERROR(fcntl(make(SOCK_STREAM), F_DUPFD, -1), EINVAL);
}

static void fionbio_sets_and_clears_o_nonblock(void)
{
    int made = make(SOCK_STREAM), on = 1, off = 0;
    CHECK(ioctl(made, FIONBIO, &on) == 0);
    CHECK((fcntl(made, F_GETFL) & O_NONBLOCK) != 0);
    CHECK(ioctl(made, FIONBIO, &off) == 0);
    CHECK((fcntl(made, F_GETFL) & O_NONBLOCK) == 0);
}

static void an_unknown_request_is_refused(void)
{
    int value = 0;
    CHECK_EITHER(ioctl(make(SOCK_STREAM), 0x12345678, &value), ENOTTY, EINVAL);
}

static void o_nonblock_is_of_the_socket_and_not_of_the_descriptor(void)
{
    int made = make(SOCK_STREAM), copy = keep(dup(made));
    CHECK(set_nonblocking(copy));
    CHECK((fcntl(made, F_GETFL) & O_NONBLOCK) != 0);
}

static void dup_gives_the_lowest_number_for_the_same_socket(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    int copy = keep(dup(pair.client));
    CHECK(copy >= 0 && copy != pair.client);
    CHECK(fcntl(copy, F_GETFD) == 0);
    union address a = name_of(pair.client), b = name_of(copy);
    CHECK(is_same_address(&a, &b));
    CHECK(send_text(copy, "copied") && takes_text(pair.server, "copied"));
}

static void dup2_closes_what_had_the_number(void)
{
    struct pair pair;
    CHECK(make_pair(&pair));
    int other = make(SOCK_DGRAM);
    CHECK(dup2(pair.client, other) == other);
    CHECK(get_int(other, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
    CHECK(send_text(other, "dup2") && takes_text(pair.server, "dup2"));
}

static void dup2_of_itself_changes_nothing(void)
{
    int made = make(SOCK_STREAM);
    CHECK(fcntl(made, F_SETFD, FD_CLOEXEC) == 0);
    CHECK(dup2(made, made) == made);
    CHECK(fcntl(made, F_GETFD) == FD_CLOEXEC);
}

static void dup3_sets_the_flag(void)
{
    int made = make(SOCK_STREAM), other = make(SOCK_DGRAM);
    CHECK(dup3(made, other, O_CLOEXEC) == other);
    CHECK(fcntl(other, F_GETFD) == FD_CLOEXEC);
    CHECK_ERROR(dup3(made, made, 0), EINVAL);
}

static void dup2_to_a_bad_number_is_ebadf(void)
{
    CHECK_ERROR(dup2(make(SOCK_STREAM), -1), EBADF);
    CHECK_ERROR(dup2(closed_descriptor(), 50), EBADF);
}

static void fstat_says_that_it_is_a_socket(void)
{
    struct stat status;
    CHECK(fstat(make(SOCK_STREAM), &status) == 0);
    CHECK(S_ISSOCK(status.st_mode));
}

static void a_socket_cannot_be_sought(void)
{
    CHECK_ERROR(lseek(make(SOCK_STREAM), 0, SEEK_SET), ESPIPE);
}

static void a_socket_is_no_terminal(void)
{
    CHECK(isatty(make(SOCK_STREAM)) == 0);
}

static void siocgifaddr_tells_the_address_of_lo(void)
{
    struct ifreq request;
    memset(&request, 0, sizeof(request));
    memcpy(request.ifr_name, "lo", 3);
    CHECK(ioctl(make(SOCK_DGRAM), SIOCGIFADDR, &request) == 0);
    union address name;
    memcpy(&name, &request.ifr_addr, sizeof(request.ifr_addr));
    CHECK(name.any.sa_family == AF_INET);
    CHECK(name.ip4.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
}

static void siocgifflags_tells_that_lo_is_up(void)
{
    struct ifreq request;
    memset(&request, 0, sizeof(request));
    memcpy(request.ifr_name, "lo", 3);
    CHECK(ioctl(make(SOCK_DGRAM), SIOCGIFFLAGS, &request) == 0);
    CHECK((request.ifr_flags & (IFF_UP | IFF_LOOPBACK)) == (IFF_UP | IFF_LOOPBACK));
}

static void siocgifindex_of_an_unknown_interface_is_enodev(void)
{
    struct ifreq request;
    memset(&request, 0, sizeof(request));
    memcpy(request.ifr_name, "nothere0", 9);
    CHECK_ERROR(ioctl(make(SOCK_DGRAM), SIOCGIFINDEX, &request), ENODEV);
}

static const struct conform_case descriptors[] = {
    CASE("fcntl", f_setfl_changes_o_nonblock_alone),
    CASE("fcntl", f_setfd_sets_the_flag_of_the_descriptor),
    CASE("fcntl", an_unknown_command_is_einval),
    CASE("fcntl", f_dupfd_gives_a_number_from_there_on),
    CASE("fcntl", f_dupfd_refuses_a_negative_number),
    CASE("O_NONBLOCK", o_nonblock_is_of_the_socket_and_not_of_the_descriptor),
    CASE("ioctl", fionbio_sets_and_clears_o_nonblock),
    CASE("ioctl", an_unknown_request_is_refused),
    CASE("SIOCGIF...", siocgifaddr_tells_the_address_of_lo),
    CASE("SIOCGIF...", siocgifflags_tells_that_lo_is_up),
    CASE("SIOCGIF...", siocgifindex_of_an_unknown_interface_is_enodev),
    CASE("dup", dup_gives_the_lowest_number_for_the_same_socket),
    CASE("dup2", dup2_closes_what_had_the_number),
    CASE("dup2", dup2_of_itself_changes_nothing),
    CASE("dup2", dup2_to_a_bad_number_is_ebadf),
    CASE("dup3", dup3_sets_the_flag),
    CASE("fstat", fstat_says_that_it_is_a_socket),
    CASE("lseek", a_socket_cannot_be_sought),
    CASE("isatty", a_socket_is_no_terminal),
};
const struct conform_subject descriptor_subject = SUBJECT(descriptors);
