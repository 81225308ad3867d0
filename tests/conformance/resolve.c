/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and numbers: inet_*, getaddrinfo, getnameinfo, gethostbyname, if_*.
 */
#include "conformance.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>

/* --- numbers ---------------------------------------------------------------------------------- */

static void inet_pton_reads_ip4(void)
{
    static const struct {
        const char *text;
        uint32_t address;
    } good[] = {{"127.0.0.1", 0x7f000001}, {"0.0.0.0", 0}, {"255.255.255.255", 0xffffffff}};
    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct in_addr address;
        CHECK(inet_pton(AF_INET, good[i].text, &address) == 1);
        CHECK(address.s_addr == htonl(good[i].address));
    }
}

static void inet_pton_refuses_what_is_no_ip4(void)
{
    static const char *const bad[] = {"",        "1.2.3",    "1.2.3.256", "1.2.3.4.5", "1.2.3.",
                                      "a.b.c.d", "1.2.3.4 ", " 1.2.3.4",  "::1",       "1..2.3"};
    struct in_addr address;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(inet_pton(AF_INET, bad[i], &address) == 0);
    }
}

static void inet_pton_reads_ip6(void)
{
    struct in6_addr address;
    CHECK(inet_pton(AF_INET6, "::1", &address) == 1);
    CHECK(IN6_IS_ADDR_LOOPBACK(&address));
    CHECK(inet_pton(AF_INET6, "::", &address) == 1);
    CHECK(IN6_IS_ADDR_UNSPECIFIED(&address));
    CHECK(inet_pton(AF_INET6, "2001:db8::1:0:2", &address) == 1);
    CHECK(memcmp(&address, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\1\0\0\0\2", 16) == 0);
    CHECK(inet_pton(AF_INET6, "::ffff:10.0.2.15", &address) == 1);
    CHECK(memcmp(&address, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\x02\x0f", 16) == 0);
}

static void inet_pton_refuses_what_is_no_ip6(void)
{
    static const char *const bad[] = {
        "",    ":",         ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "g::", "127.0.0.1", "::1 "};
    struct in6_addr address;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(inet_pton(AF_INET6, bad[i], &address) == 0);
    }
}

static void inet_pton_of_an_unknown_family_is_eafnosupport(void)
{
    struct in6_addr address;
    CHECK_ERROR(inet_pton(99, "1.2.3.4", &address), EAFNOSUPPORT);
}

static void inet_ntop_writes_what_inet_pton_reads(void)
{
    static const char *const texts[] = {"::", "::1", "fe80::1", "2001:db8::2:1", "ff02::1:ff00:1"};
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK(inet_pton(AF_INET6, texts[i], &address) == 1);
        CHECK(inet_ntop(AF_INET6, &address, text, sizeof(text)) == text);
        CHECK(strcmp(text, texts[i]) == 0);
    }
    struct in_addr ip4 = {.s_addr = htonl(0x0a00020f)};
    CHECK(inet_ntop(AF_INET, &ip4, text, sizeof(text)) == text);
    CHECK(strcmp(text, "10.0.2.15") == 0);
}

static void inet_ntop_without_room_is_enospc(void)
{
    char text[8];
    struct in_addr address = {.s_addr = htonl(0x0a00020f)};
    CHECK_ERROR(inet_ntop(AF_INET, &address, text, sizeof(text)) == NULL ? -1 : 0, ENOSPC);
}

static void inet_ntop_of_an_unknown_family_is_eafnosupport(void)
{
    char text[32];
    struct in_addr address = {.s_addr = 0};
    CHECK_ERROR(inet_ntop(99, &address, text, sizeof(text)) == NULL ? -1 : 0, EAFNOSUPPORT);
}

static void inet_aton_reads_all_its_forms(void)
{
    struct in_addr address;
    CHECK(inet_aton("127.0.0.1", &address) != 0 && address.s_addr == htonl(0x7f000001));
    CHECK(inet_aton("127.1", &address) != 0 && address.s_addr == htonl(0x7f000001));
    CHECK(inet_aton("0x7f.1", &address) != 0 && address.s_addr == htonl(0x7f000001));
    CHECK(inet_aton("1.2.3.400", &address) == 0);
    CHECK(inet_aton("nothing", &address) == 0);
}

static void inet_addr_of_nonsense_is_inaddr_none(void)
{
    CHECK(inet_addr("10.0.2.15") == htonl(0x0a00020f));
    CHECK(inet_addr("ten") == INADDR_NONE);
}

static void inet_ntoa_writes_a_dotted_quad(void)
{
    struct in_addr address = {.s_addr = htonl(0xc0a80102)};
    CHECK(strcmp(inet_ntoa(address), "192.168.1.2") == 0);
}

static void the_byte_order_is_the_network_s(void)
{
    const uint8_t bytes[] = {0x12, 0x34, 0x56, 0x78};
    uint32_t four;
    uint16_t two;
    memcpy(&four, bytes, sizeof(four));
    memcpy(&two, bytes, sizeof(two));
    CHECK(ntohl(four) == 0x12345678 && htonl(0x12345678) == four);
    CHECK(ntohs(two) == 0x1234 && htons(0x1234) == two);
}

static const struct conform_case addresses[] = {
    CASE("inet_pton", inet_pton_reads_ip4),
    CASE("inet_pton", inet_pton_refuses_what_is_no_ip4),
    CASE("inet_pton", inet_pton_reads_ip6),
    CASE("inet_pton", inet_pton_refuses_what_is_no_ip6),
    CASE("inet_pton", inet_pton_of_an_unknown_family_is_eafnosupport),
    CASE("inet_ntop", inet_ntop_writes_what_inet_pton_reads),
    CASE("inet_ntop", inet_ntop_without_room_is_enospc),
    CASE("inet_ntop", inet_ntop_of_an_unknown_family_is_eafnosupport),
    CASE("inet_aton", inet_aton_reads_all_its_forms),
    CASE("inet_addr", inet_addr_of_nonsense_is_inaddr_none),
    CASE("inet_ntoa", inet_ntoa_writes_a_dotted_quad),
    CASE("htonl, htons", the_byte_order_is_the_network_s),
};
const struct conform_subject address_subject = SUBJECT(addresses);

/* --- names ------------------------------------------------------------------------------------ */

/* What getaddrinfo gives for numbers alone. */
static int numeric(const char *host, const char *service, int type, struct addrinfo **found)
{
    struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST, .ai_family = AF_UNSPEC, .ai_socktype = type};
    *found = NULL;
    return getaddrinfo(host, service, &hints, found);
}

static void getaddrinfo_reads_an_ip4_address(void)
{
    struct addrinfo *found;
    union address expected = ip4_address(0x0a00020f, 80), got;
    CHECK(numeric("10.0.2.15", "80", SOCK_STREAM, &found) == 0);
    bool is_one = found->ai_family == AF_INET && found->ai_socktype == SOCK_STREAM &&
                  found->ai_protocol == IPPROTO_TCP && found->ai_next == NULL &&
                  found->ai_addrlen == sizeof(struct sockaddr_in);
    memcpy(&got, found->ai_addr, sizeof(struct sockaddr_in));
    freeaddrinfo(found);
    CHECK(is_one);
    CHECK(is_same_address(&got, &expected));
}

static void getaddrinfo_reads_an_ip6_address(void)
{
    struct addrinfo *found;
    union address got;
    CHECK(numeric("2001:db8::7", "443", SOCK_DGRAM, &found) == 0);
    bool is_one = found->ai_family == AF_INET6 && found->ai_socktype == SOCK_DGRAM &&
                  found->ai_protocol == IPPROTO_UDP &&
                  found->ai_addrlen == sizeof(struct sockaddr_in6);
    memcpy(&got, found->ai_addr, sizeof(struct sockaddr_in6));
    freeaddrinfo(found);
    CHECK(is_one);
    CHECK(port_of(&got) == 443 && got.ip6.sin6_addr.s6_addr[15] == 7);
}

static void getaddrinfo_without_host_gives_the_loopback(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    union address got;
    CHECK(getaddrinfo(NULL, "8080", &hints, &found) == 0);
    memcpy(&got, found->ai_addr, sizeof(struct sockaddr_in));
    freeaddrinfo(found);
    CHECK(got.ip4.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && port_of(&got) == 8080);
}

static void getaddrinfo_of_ai_passive_gives_the_wildcard(void)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE,
                             .ai_family = AF_INET,
                             .ai_socktype = SOCK_STREAM},
                    *found = NULL;
    union address got;
    CHECK(getaddrinfo(NULL, "8080", &hints, &found) == 0);
    memcpy(&got, found->ai_addr, sizeof(struct sockaddr_in));
    freeaddrinfo(found);
    CHECK(got.ip4.sin_addr.s_addr == htonl(INADDR_ANY));
}

static void getaddrinfo_without_type_gives_each(void)
{
    struct addrinfo *found;
    unsigned types = 0;
    CHECK(numeric("127.0.0.1", "80", 0, &found) == 0);
    for (struct addrinfo *entry = found; entry != NULL; entry = entry->ai_next) {
        types |= 1u << entry->ai_socktype;
    }
    freeaddrinfo(found);
    CHECK((types & 1u << SOCK_STREAM) != 0 && (types & 1u << SOCK_DGRAM) != 0);
}

static void getaddrinfo_of_a_name_as_number_is_eai_noname(void)
{
    struct addrinfo *found;
    CHECK(numeric("not-a-number", "80", SOCK_STREAM, &found) == EAI_NONAME);
}

static void getaddrinfo_of_nothing_is_eai_noname(void)
{
    struct addrinfo *found = NULL;
    CHECK_GIVES(getaddrinfo(NULL, NULL, NULL, &found), EAI_NONAME);
}

static void getaddrinfo_refuses_bad_hints(void)
{
    struct addrinfo hints = {.ai_family = 99}, *found = NULL;
    CHECK_GIVES(getaddrinfo("127.0.0.1", "80", &hints, &found), EAI_FAMILY);
    hints = (struct addrinfo){.ai_flags = 1 << 20};
    CHECK_GIVES(getaddrinfo("127.0.0.1", "80", &hints, &found), EAI_BADFLAGS);
}

static void getaddrinfo_of_a_bad_numeric_service_is_eai_noname(void)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    CHECK_GIVES(getaddrinfo("127.0.0.1", "http", &hints, &found), EAI_NONAME);
}

static void localhost_is_the_loopback(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    union address got;
    int hosts = open("/etc/hosts", O_RDONLY);
    if (hosts < 0) { /* a system that was unpacked and not installed */
        conform_skip("no /etc/hosts");
        return;
    }
    CHECK(close(hosts) == 0);
    CHECK(getaddrinfo("localhost", "80", &hints, &found) == 0);
    memcpy(&got, found->ai_addr, sizeof(struct sockaddr_in));
    freeaddrinfo(found);
    CHECK(got.ip4.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && port_of(&got) == 80);
}

static void what_getaddrinfo_gives_can_be_connected_to(void)
{
    char service[8] = {0};
    int listener = make_listener(1), digits = 0;
    union address name = name_of(listener);
    for (int divisor = 10000; divisor > 0; divisor /= 10) {
        service[digits++] = (char)('0' + port_of(&name) / divisor % 10);
    }
    struct addrinfo *found;
    CHECK(numeric("127.0.0.1", service, SOCK_STREAM, &found) == 0);
    int client = keep(socket(found->ai_family, found->ai_socktype, found->ai_protocol));
    int error = connect(client, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    CHECK(error == 0);
}

static void getnameinfo_writes_numbers(void)
{
    union address name = ip4_address(0x0a00020f, 8080);
    char host[64], service[16];
    CHECK(getnameinfo(&name.any, sizeof(name.ip4), host, sizeof(host), service, sizeof(service),
                      NI_NUMERICHOST | NI_NUMERICSERV) == 0);
    CHECK(strcmp(host, "10.0.2.15") == 0 && strcmp(service, "8080") == 0);
}

static void getnameinfo_writes_ip6(void)
{
    char host[64];
    union address name;
    memset(&name, 0, sizeof(name));
    name.ip6.sin6_family = AF_INET6;
    name.ip6.sin6_addr = in6addr_loopback;
    CHECK(getnameinfo(&name.any, sizeof(name.ip6), host, sizeof(host), NULL, 0, NI_NUMERICHOST) ==
          0);
    CHECK(strcmp(host, "::1") == 0);
}

static void getnameinfo_without_room_is_eai_overflow(void)
{
    union address name = ip4_address(0x0a00020f, 8080);
    socklen_t bytes = sizeof(name.ip4);
    char host[4];
    CHECK_GIVES(getnameinfo(&name.any, bytes, host, sizeof(host), NULL, 0, NI_NUMERICHOST),
                EAI_OVERFLOW);
}

static void getnameinfo_of_an_unknown_family_is_eai_family(void)
{
    union address name = {.any = {.sa_family = 99}};
    char host[16];
    CHECK_GIVES(getnameinfo(&name.any, sizeof(name), host, sizeof(host), NULL, 0, NI_NUMERICHOST),
                EAI_FAMILY);
}

static void getnameinfo_of_a_short_address_is_eai_family(void)
{
    union address name = ip4_address(INADDR_LOOPBACK, 80);
    char host[16];
    CHECK_GIVES(getnameinfo(&name.any, 4, host, sizeof(host), NULL, 0, NI_NUMERICHOST), EAI_FAMILY);
}

static void gethostbyname_reads_numbers(void)
{
    struct hostent *entry = gethostbyname("10.0.2.15");
    uint32_t address;
    CHECK(entry != NULL && entry->h_addrtype == AF_INET && entry->h_length == 4);
    memcpy(&address, entry->h_addr_list[0], sizeof(address));
    CHECK(address == htonl(0x0a00020f));
    CHECK(entry->h_addr_list[1] == NULL);
}

static void every_gai_error_has_a_text(void)
{
    static const int errors[] = {EAI_AGAIN,  EAI_BADFLAGS, EAI_FAIL,     EAI_FAMILY,  EAI_MEMORY,
                                 EAI_NONAME, EAI_SERVICE,  EAI_SOCKTYPE, EAI_OVERFLOW};
    for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        CHECK(gai_strerror(errors[i]) != NULL && gai_strerror(errors[i])[0] != '\0');
    }
}

static void lo_has_a_number_and_the_number_its_name(void)
{
    char name[IF_NAMESIZE];
    unsigned number = if_nametoindex("lo");
    CHECK(number > 0);
    CHECK(if_indextoname(number, name) == name);
    CHECK(strcmp(name, "lo") == 0);
}

static void an_unknown_interface_has_no_number(void)
{
    CHECK_ERROR(if_nametoindex("nothere0") == 0 ? -1 : 0, ENODEV);
}

static void an_unknown_number_has_no_name(void)
{
    char name[IF_NAMESIZE];
    CHECK_ERROR(if_indextoname(9999, name) == NULL ? -1 : 0, ENXIO);
}

static void if_nameindex_lists_lo(void)
{
    struct if_nameindex *list = if_nameindex();
    bool is_there = false, is_right = true;
    CHECK(list != NULL);
    for (struct if_nameindex *entry = list; entry->if_index != 0; entry++) {
        is_there |= strcmp(entry->if_name, "lo") == 0;
        is_right &= if_nametoindex(entry->if_name) == entry->if_index;
    }
    if_freenameindex(list);
    CHECK(is_there && is_right);
}

static const struct conform_case resolving[] = {
    CASE("getaddrinfo", getaddrinfo_reads_an_ip4_address),
    CASE("getaddrinfo", getaddrinfo_reads_an_ip6_address),
    CASE("getaddrinfo", getaddrinfo_without_host_gives_the_loopback),
    CASE("getaddrinfo", getaddrinfo_of_ai_passive_gives_the_wildcard),
    CASE("getaddrinfo", getaddrinfo_without_type_gives_each),
    CASE("getaddrinfo", getaddrinfo_of_a_name_as_number_is_eai_noname),
    CASE("getaddrinfo", getaddrinfo_of_nothing_is_eai_noname),
    CASE("getaddrinfo", getaddrinfo_refuses_bad_hints),
    CASE("getaddrinfo", getaddrinfo_of_a_bad_numeric_service_is_eai_noname),
    CASE("getaddrinfo", localhost_is_the_loopback),
    CASE("getaddrinfo", what_getaddrinfo_gives_can_be_connected_to),
    CASE("getnameinfo", getnameinfo_writes_numbers),
    CASE("getnameinfo", getnameinfo_writes_ip6),
    CASE("getnameinfo", getnameinfo_without_room_is_eai_overflow),
    CASE("getnameinfo", getnameinfo_of_an_unknown_family_is_eai_family),
    CASE("getnameinfo", getnameinfo_of_a_short_address_is_eai_family),
    CASE("gethostbyname", gethostbyname_reads_numbers),
    CASE("gai_strerror", every_gai_error_has_a_text),
    CASE("if_nametoindex", lo_has_a_number_and_the_number_its_name),
    CASE("if_nametoindex", an_unknown_interface_has_no_number),
    CASE("if_indextoname", an_unknown_number_has_no_name),
    CASE("if_nameindex", if_nameindex_lists_lo),
};
const struct conform_subject resolve_subject = SUBJECT(resolving);
