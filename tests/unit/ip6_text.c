/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 addresses as text: against the C library of the host, and what is no address.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <abi/error.h>
#include <base/ip6_text.h>

static const char *const good[] = {
    "::",          "::1",        "1::",          "fe80::1",      "fe80::5054:ff:fe12:3456",
    "1:2:3:4:5:6:7:8", "1:0:0:2::3", "1:0:2:0:0:0:3:4", "::ffff:a00:20f", "fd77::1:0:0:1",
    "ff02::1:ff00:1", "1:2:3:4:5:6:0:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::1.2.3.4",
    "64:ff9b::10.0.2.15", "1:2:3:4:5:6:1.2.3.4", "FE80::ABCD",
};

static void good_text_is_read_as_the_host_reads_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint8_t ours[IP6_BYTES], theirs[IP6_BYTES];
        assert_int_equal(inet_pton(AF_INET6, good[i], theirs), 1);
        assert_int_equal(ip6_parse(good[i], strlen(good[i]), ours), OK);
        assert_memory_equal(ours, theirs, IP6_BYTES);
    }
}

static void what_was_written_is_read_back_and_is_the_recommended_form(void **state)
{
    (void)state;
    static const char *const canonical[] = {
        "::", "::1", "1::", "fe80::1", "1:0:0:2::3", "1:0:2::3:4", "fd77::1:0:0:1",
        "ff02::1:ff00:1", "1:2:3:4:5:6:0:8", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    };
    for (size_t i = 0; i < sizeof(canonical) / sizeof(canonical[0]); i++) {
        uint8_t address[IP6_BYTES];
        char text[IP6_TEXT_BYTES];
        int error = ip6_parse(canonical[i], strlen(canonical[i]), address);
        if (error == OK) {
            assert_int_equal(ip6_format(address, text), strlen(canonical[i]));
            assert_string_equal(text, canonical[i]);
        }
        assert_int_equal(error == OK, inet_pton(AF_INET6, canonical[i], address) == 1);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", ":", ":::", "1", "1:", ":1", "1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "12345::", "g::", "::1.2.3", "::1.2.3.4.5", "::1.2.3.256", "1.2.3.4::", "1.2.3.4",
        "fe80::1%2", "fe80::1/64", " ::1", "::1 ", "1:2:3:4:5:6:7:1.2.3.4", "::1:", "1:::2",
    };
    uint8_t address[IP6_BYTES] = {7};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t theirs[IP6_BYTES];
        if (ip6_parse(bad[i], strlen(bad[i]), address) != E_INVALID) {
            fail_msg("%s was taken", bad[i]);
        }
        assert_int_equal(inet_pton(AF_INET6, bad[i], theirs), 0);
        assert_int_equal(address[0], 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_text_is_read_as_the_host_reads_it),
        cmocka_unit_test(what_was_written_is_read_back_and_is_the_recommended_form),
        cmocka_unit_test(what_is_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
