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

/* Bytes in front of the first of either kind; all when there is none. Pieces are shorter than what
 * a call of memchr is worth. */
static inline size_t count_until(struct span span, char one, char other)
{
    const char *at = span.text, *end = at + span.bytes;
    while (at != end && *at != one && *at != other) {
        at++;
    }
    return (size_t)(at - span.text);
}

/* Takes what stands before `separator` and, if it stands in this line, the separator. */
static inline struct span take_until(struct span *rest, char separator)
{
    struct span part = {rest->text, count_until(*rest, separator, '\n')};
    size_t used = part.bytes;
    used += used < rest->bytes && rest->text[used] != '\n' ? 1 : 0;
    rest->text += used;
    rest->bytes -= used;
    return part;
}

/* Takes the rest of a line, and its end. False: there is none. */
static bool take_line(struct span *rest, struct span *line)
{
    *line = take_until(rest, '\n');
    if (rest->bytes == 0) {
        return false;
    }
    rest->text++;
    rest->bytes--;
    line->bytes -= line->bytes > 0 && line->text[line->bytes - 1] == '\r' ? 1 : 0;
    return true;
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
static enum request_verdict parse_first(struct span *rest, struct request *request)
{
    struct span method = take_until(rest, ' ');
    struct span target = take_until(rest, ' ');
    struct span version;
    if (!take_line(rest, &version)) {
        return REQUEST_MORE;
    }
    if (method.bytes == 0 || target.bytes == 0 || target.text[0] != '/' ||
        count_until(target, '\0', '\0') != target.bytes) {
        return REQUEST_BAD;
    }
    request->keeps_open = is_text(version, "HTTP/1.1");
    if (!request->keeps_open && !is_text(version, "HTTP/1.0")) {
        return version.bytes > 5 && memcmp(version.text, "HTTP/", 5) == 0 ? REQUEST_VERSION
                                                                           : REQUEST_BAD;
    }
    request->is_head = is_text(method, "HEAD");
    if (!request->is_head && !is_text(method, "GET")) {
        return REQUEST_NO_METHOD;
    }
    request->path = target.text;
    request->path_bytes = count_until(target, '?', '?');
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

static bool is_empty_line(struct span line)
{
    return line.bytes == 0 || (line.bytes == 1 && line.text[0] == '\r');
}

/* A line behind the first; *is_end: the empty one behind the last. */
static enum request_verdict parse_header(struct span *rest, struct request *request, bool *is_end)
{
    struct span name = take_until(rest, ':');
    bool has_colon = rest->text != name.text + name.bytes;
    struct span value;
    if (!take_line(rest, &value)) {
        return REQUEST_MORE;
    }
    *is_end = !has_colon && is_empty_line(name);
    if (*is_end) {
        return REQUEST_WHOLE;
    }
    if (!has_colon || name.bytes == 0 || count_until(name, ' ', ' ') != name.bytes) {
        return REQUEST_BAD;
    }
    value = trim(value);
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
    bool is_end = false;
    *request = (struct request){0};
    enum request_verdict verdict = parse_first(&rest, request);
    while (verdict == REQUEST_WHOLE && !is_end) {
        verdict = parse_header(&rest, request, &is_end);
    }
    request->bytes = bytes - rest.bytes;
    return verdict == REQUEST_MORE && bytes >= REQUEST_BYTES_MAX ? REQUEST_TOO_LONG : verdict;
}
