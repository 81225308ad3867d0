/* SPDX-License-Identifier: BSD-2-Clause */
#include "line.h"

#include <base/fmt.h>
#include <string.h>

static bool is_word_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
}

bool line_is_own(const struct serial_source *source, const char *text, size_t bytes)
{
    size_t start = 0;
    while (start < bytes && (text[start] == ' ' || text[start] == '\t')) {
        start++;
    }
    size_t end = start;
    while (end < bytes && is_word_letter(text[end])) {
        end++;
    }
    if (end == start || end == bytes || text[end] != ':') {
        return true; /* claims nothing */
    }
    for (int i = 0; i < SERIAL_PREFIXES_MAX; i++) {
        size_t length = strnlen(source->prefixes[i], SERIAL_NAME_BYTES);
        if (length == end - start && memcmp(source->prefixes[i], text + start, length) == 0) {
            return true;
        }
    }
    return false;
}

size_t line_show(const struct serial_source *source, const char *text, size_t bytes,
                 char shown[LINE_SHOWN_BYTES], bool *is_finished)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 0;

    *is_finished = bytes > 0 && text[bytes - 1] == '\n';
    bytes -= *is_finished ? 1 : 0;
    if (!line_is_own(source, text, bytes)) {
        length = fmt_format(shown, LINE_SHOWN_BYTES, "%.*s| ", SERIAL_NAME_BYTES - 1, source->name);
    }
    for (size_t i = 0; i < bytes; i++) { /* <= LOG_RECORD_BYTES times 4, behind a name and "| " */
        uint8_t byte = (uint8_t)text[i];
        if (byte >= ' ' && byte <= '~') {
            shown[length++] = (char)byte;
        } else {
            shown[length++] = '\\';
            shown[length++] = 'x';
            shown[length++] = digits[byte >> 4];
            shown[length++] = digits[byte & 15];
        }
    }
    return length;
}
