/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start-up page: filling it in and looking things up. Pure; init, libc and host tests link it.
 */
#include <wherry/startup.h>

#include <string.h>

#include <abi/error.h>

/* Copies a name of 1 to `size` - 1 letters into a field and fills the rest with zeros. */
static MUST_CHECK int put_name(char *field, size_t size, const char *name)
{
    size_t length = strnlen(name, size);
    if (length == 0 || length == size) {
        return E_RANGE;
    }
    memset(field, 0, size);
    memcpy(field, name, length);
    return OK;
}

int startup_page_init(struct startup *page, const char *program)
{
    memset(page, 0, sizeof(*page));
    page->magic = STARTUP_MAGIC;
    page->version = STARTUP_VERSION;
    return put_name(page->program, sizeof(page->program), program);
}

int startup_page_add_handle(struct startup *page, const char *role, handle_t handle)
{
    if (page->handle_count == STARTUP_HANDLES_MAX) {
        return E_LIMIT;
    }
    if (startup_page_handle(page, role) != HANDLE_NONE) {
        return E_EXISTS;
    }
    struct startup_handle *entry = &page->handles[page->handle_count];
    int error = put_name(entry->role, sizeof(entry->role), role);
    if (error == OK) {
        entry->handle = handle;
        page->handle_count++;
    }
    return error;
}

/* Appends `bytes` of text without an end. E_LIMIT: no room for them and an end. */
static MUST_CHECK int add_text(struct startup *page, const char *text)
{
    size_t bytes = strlen(text);
    if (bytes >= sizeof(page->text) - page->text_bytes) {
        return E_LIMIT;
    }
    memcpy(page->text + page->text_bytes, text, bytes);
    page->text_bytes += (uint32_t)bytes; /* < STARTUP_TEXT_BYTES */
    return OK;
}

/* Appends the parts as one word; on an error the page is as before. */
static MUST_CHECK int add_word(struct startup *page, const char *parts[], int count)
{
    uint32_t start = page->text_bytes;
    if (page->argument_count + page->setting_count == STARTUP_WORDS_MAX) {
        return E_LIMIT;
    }
    for (int i = 0; i < count; i++) {
        int error = add_text(page, parts[i]);
        if (error != OK) {
            page->text_bytes = start;
            return error;
        }
    }
    page->text[page->text_bytes++] = 0;
    return OK;
}

int startup_page_add_argument(struct startup *page, const char *word)
{
    if (page->setting_count != 0) {
        return E_STATE;
    }
    int error = add_word(page, (const char *[]){word}, 1);
    page->argument_count += error == OK;
    return error;
}

int startup_page_add_setting(struct startup *page, const char *key, const char *value)
{
    int error = add_word(page, (const char *[]){key, "=", value}, 3);
    page->setting_count += error == OK;
    return error;
}

int startup_page_add_text(struct startup *page, const void *text, size_t bytes)
{
    if (bytes > sizeof(page->text) - page->text_bytes) {
        return E_LIMIT;
    }
    memcpy(page->text + page->text_bytes, text, bytes);
    page->text_bytes += (uint32_t)bytes; /* <= STARTUP_TEXT_BYTES */
    return OK;
}

int startup_page_count_words(struct startup *page, uint32_t actions, uint32_t arguments,
                             uint32_t settings)
{
    uint64_t ends = 0;
    for (uint32_t i = 0; i < page->text_bytes; i++) {
        ends += page->text[i] == '\0';
    }
    if (ends != (uint64_t)actions + arguments + settings || arguments == 0 ||
        ends > STARTUP_WORDS_MAX || page->text[page->text_bytes - 1] != '\0') {
        return ends > STARTUP_WORDS_MAX ? E_LIMIT : E_INVALID;
    }
    page->action_count = actions;
    page->argument_count = arguments;
    page->setting_count = settings;
    page->is_child = 1;
    return OK;
}

handle_t startup_page_handle(const struct startup *page, const char *role)
{
    for (uint32_t i = 0; i < page->handle_count; i++) {
        if (strncmp(page->handles[i].role, role, STARTUP_ROLE_BYTES) == 0) {
            return page->handles[i].handle;
        }
    }
    return HANDLE_NONE;
}
