/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The head of an HTTP request: what is taken, what is refused with which status, and that bytes
 * may come in any pieces.
 */
#include "test.h"

#include <stdlib.h>

#include <servers/httpd/request.h>

static enum request_verdict parse(const char *text, struct request *request)
{
    return request_parse(text, strlen(text), request);
}

static void expect(const char *text, enum request_verdict verdict)
{
    struct request request;
    assert_int_equal(parse(text, &request), verdict);
}

TEST(a_request_names_a_path_and_how_the_connection_goes_on)
{
    struct request request;
    const char *text = "GET /kib?x=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /";
    assert_int_equal(parse(text, &request), REQUEST_WHOLE);
    assert_int_equal(request.path_bytes, 4);
    assert_memory_equal(request.path, "/kib", 4);
    assert_true(request.keeps_open);
    assert_false(request.is_head);
    assert_int_equal(request.bytes, strlen(text) - strlen("GET /"));
    assert_int_equal(parse("HEAD / HTTP/1.0\n\n", &request), REQUEST_WHOLE);
    assert_true(request.is_head);
    assert_false(request.keeps_open);
}

TEST(the_connection_header_decides_whatever_its_case)
{
    struct request request;
    assert_int_equal(parse("GET / HTTP/1.1\r\nconnection: foo, CLOSE\r\n\r\n", &request),
                     REQUEST_WHOLE);
    assert_false(request.keeps_open);
    assert_int_equal(parse("GET / HTTP/1.0\r\nConnection:\tKeep-Alive \r\n\r\n", &request),
                     REQUEST_WHOLE);
    assert_true(request.keeps_open);
}

TEST(a_request_in_pieces_is_not_whole_until_its_last_byte)
{
    struct request request;
    const char *text = "GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
    for (size_t bytes = 0; bytes < strlen(text); bytes++) {
        char *copy = malloc(bytes == 0 ? 1 : bytes); /* its end is where the sanitizer looks */
        assert_non_null(copy);
        memcpy(copy, text, bytes);
        assert_int_equal(request_parse(copy, bytes, &request), REQUEST_MORE);
        free(copy);
    }
    expect(text, REQUEST_WHOLE);
}

TEST(what_no_page_server_needs_is_refused_by_name)
{
    expect("POST / HTTP/1.1\r\n\r\n", REQUEST_NO_METHOD);
    expect("get / HTTP/1.1\r\n\r\n", REQUEST_NO_METHOD);
    expect("GET / HTTP/2.0\r\n\r\n", REQUEST_VERSION);
    expect("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", REQUEST_BODY);
    expect("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", REQUEST_WHOLE);
    expect("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", REQUEST_BODY);
}

TEST(what_is_no_request_is_bad)
{
    expect("\r\n", REQUEST_BAD);
    expect("GET\r\n", REQUEST_BAD);
    expect("GET /\r\n", REQUEST_BAD);
    expect("GET kib HTTP/1.1\r\n\r\n", REQUEST_BAD);
    expect("GET / FTP/1.1\r\n\r\n", REQUEST_BAD);
    expect("GET / HTTP/1.1 \r\n\r\n", REQUEST_VERSION);
    expect("GET / HTTP/1.1\r\nno colon\r\n\r\n", REQUEST_BAD);
    expect("GET / HTTP/1.1\r\nbad name: x\r\n\r\n", REQUEST_BAD);
    expect("GET / HTTP/1.1\r\n: x\r\n\r\n", REQUEST_BAD);
}

TEST(a_head_that_fills_the_buffer_is_too_long)
{
    struct request request;
    char text[REQUEST_BYTES_MAX];
    memset(text, 'a', sizeof(text));
    assert_int_equal(request_parse(text, sizeof(text) - 1, &request), REQUEST_MORE);
    assert_int_equal(request_parse(text, sizeof(text), &request), REQUEST_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_names_a_path_and_how_the_connection_goes_on),
        cmocka_unit_test(the_connection_header_decides_whatever_its_case),
        cmocka_unit_test(a_request_in_pieces_is_not_whole_until_its_last_byte),
        cmocka_unit_test(what_no_page_server_needs_is_refused_by_name),
        cmocka_unit_test(what_is_no_request_is_bad),
        cmocka_unit_test(a_head_that_fills_the_buffer_is_too_long),
    };
    return cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
