/* SPDX-License-Identifier: BSD-2-Clause */
#include "pages.h"

#include <string.h>

static const char index_html[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<title>Wherry</title>\n"
    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
    "</head>\n"
    "<body>\n"
    "<h1>Wherry</h1>\n"
    "<p>This page came from a process that has sockets and nothing else; the packets went through\n"
    "one that never saw the device, and one that never looked at them.</p>\n"
    "<ul>\n"
    "<li><a href=\"/status.json\">what the system does now</a></li>\n"
    "<li><a href=\"/kib\">one KiB of text</a>, to measure with</li>\n"
    "</ul>\n"
    "</body>\n"
    "</html>\n";

static const char style_css[] =
    "body { font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }\n"
    "h1 { font-weight: 600; }\n";

#define ROW "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-\n"
#define ROWS_4 ROW ROW ROW ROW
_Alignas(8) static const char kib[] = ROWS_4 ROWS_4 ROWS_4 ROWS_4;

_Static_assert(sizeof(kib) - 1 == 1024, "what the benchmark counts on");

static const char html[] = "text/html; charset=utf-8";

static const struct page pages[] = {
    {"/", html, index_html, sizeof(index_html) - 1},
    {"/index.html", html, index_html, sizeof(index_html) - 1},
    {"/style.css", "text/css", style_css, sizeof(style_css) - 1},
    {"/kib", "text/plain", kib, sizeof(kib) - 1},
    {"/status.json", "application/json", NULL, 0},
};

const struct page *pages_find(const char *path, size_t bytes)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strlen(pages[i].path) == bytes && memcmp(pages[i].path, path, bytes) == 0) {
            return &pages[i];
        }
    }
    return NULL;
}
