/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that musl's network functions read, the same in every program.
 *
 * netd answers names on port 53 of the loopback interface, so that nobody else knows servers.
 */
#include "image_text.h"

#define HOSTS                                                                                      \
    "127.0.0.1 localhost\n"                                                                        \
    "::1 localhost\n"
#define RESOLVER "nameserver 127.0.0.1\n"
#define SERVICES                                                                                   \
    "echo 7/tcp\necho 7/udp\ndiscard 9/tcp\ndiscard 9/udp\nchargen 19/tcp\nchargen 19/udp\n"       \
    "ftp 21/tcp\nssh 22/tcp\ntelnet 23/tcp\nsmtp 25/tcp\ndomain 53/tcp\ndomain 53/udp\n"           \
    "bootps 67/udp\nbootpc 68/udp\ntftp 69/udp\nhttp 80/tcp\nntp 123/udp\nhttps 443/tcp\n"         \
    "syslog 514/udp\nmdns 5353/udp\nhttp-alt 8080/tcp\n"

const struct image_file image_text[] = {
    {"/etc/hosts", HOSTS, sizeof(HOSTS) - 1},
    {"/etc/resolv.conf", RESOLVER, sizeof(RESOLVER) - 1},
    {"/etc/services", SERVICES, sizeof(SERVICES) - 1},
    {NULL, NULL, 0},
};
