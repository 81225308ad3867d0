/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include <string.h>
#include <strings.h>

/* A piece of the head. */
struct span {
    const char *text;
    size_t bytes;
};

static inline bool is_text(struct span span, const char *text)
{
    return span.bytes == strlen(text) && memcmp(span.text, text, span.bytes) == 0;
}

static inline bool is_word(struct span span, const char *word)
{
    return span.bytes == strlen(word) && strncasecmp(span.text, word, span.bytes) == 0;
}

/* Takes the next line off `rest`, without its end. False: there is no whole one. */
static bool take_line(struct span *rest, struct span *line)
{
    const char *end = memchr(rest->text, '\n', rest->bytes);
    if (end == NULL) {
        return false;
    }
    size_t bytes = (size_t)(end - rest->text);
    *line = (struct span){rest->text, bytes > 0 && end[-1] == '\r' ? bytes - 1 : bytes};
    rest->text += bytes + 1;
    rest->bytes -= bytes + 1;
    return true;
}

/* Takes what stands before `separator`; all of it when there is none. */
static struct span take_until(struct span *rest, char separator)
{
    const char *end = memchr(rest->text, separator, rest->bytes);
    struct span part = {rest->text, end == NULL ? rest->bytes : (size_t)(end - rest->text)};
    size_t used = end == NULL ? part.bytes : part.bytes + 1;
    rest->text += used;
    rest->bytes -= used;
    return part;
}

static struct span trim(struct span span)
{
    while (span.bytes > 0 && (span.text[0] == ' ' || span.text[0] == '\t')) {
        span.text++;
        span.bytes--;
    }
    while (span.bytes > 0 &&
           (span.text[span.bytes - 1] == ' ' || span.text[span.bytes - 1] == '\t')) {
        span.bytes--;
    }
    return span;
}

/* "GET /path?query HTTP/1.1" */
static enum request_verdict parse_first(struct span line, struct request *request)
{
    struct span method = take_until(&line, ' ');
    struct span target = take_until(&line, ' ');
    if (method.bytes == 0 || target.bytes == 0 || target.text[0] != '/' ||
        memchr(target.text, '\0', target.bytes) != NULL) {
        return REQUEST_BAD;
    }
    if (!is_text(line, "HTTP/1.1") && !is_text(line, "HTTP/1.0")) {
        return line.bytes > 5 && memcmp(line.text, "HTTP/", 5) == 0 ? REQUEST_VERSION
                                                                     : REQUEST_BAD;
    }
    request->keeps_open = is_text(line, "HTTP/1.1");
    request->is_head = is_text(method, "HEAD");
    if (!request->is_head && !is_text(method, "GET")) {
        return REQUEST_NO_METHOD;
    }
    struct span path = take_until(&target, '?');
    request->path = path.text;
    request->path_bytes = path.bytes;
    return REQUEST_WHOLE;
}

/* The options of a Connection header: names between commas. */
static void parse_connection(struct span value, struct request *request)
{
    while (value.bytes > 0) {
        struct span option = trim(take_until(&value, ','));
        if (is_word(option, "close")) {
            request->keeps_open = false;
        } else if (is_word(option, "keep-alive")) {
            request->keeps_open = true;
        }
    }
}

static enum request_verdict parse_header(struct span line, struct request *request)
{
    const char *colon = memchr(line.text, ':', line.bytes);
    struct span name = take_until(&line, ':');
    if (colon == NULL || name.bytes == 0 || memchr(name.text, ' ', name.bytes) != NULL) {
        return REQUEST_BAD;
    }
    struct span value = trim(line);
    if (is_word(name, "Connection")) {
        parse_connection(value, request);
    }
    bool has_body = is_word(name, "Transfer-Encoding") ||
                    (is_word(name, "Content-Length") && !is_text(value, "0"));
    return has_body ? REQUEST_BODY : REQUEST_WHOLE;
}

enum request_verdict request_parse(const char *text, size_t bytes, struct request *request)
{
    struct span rest = {text, bytes};
    struct span line;
    *request = (struct request){0};
    bool has_line = take_line(&rest, &line);
    enum request_verdict verdict = REQUEST_WHOLE;
    if (has_line) {
        verdict = parse_first(line, request);
    }
    while (has_line && verdict == REQUEST_WHOLE) {
        has_line = take_line(&rest, &line);
        if (has_line && line.bytes == 0) {
            request->bytes = bytes - rest.bytes;
            return REQUEST_WHOLE;
        }
        if (has_line) {
            verdict = parse_header(line, request);
        }
    }
    if (verdict != REQUEST_WHOLE) {
        return verdict;
    }
    return bytes >= REQUEST_BYTES_MAX ? REQUEST_TOO_LONG : REQUEST_MORE;
}
