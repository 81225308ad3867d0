/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the first instruction to main: gives musl's start code the stack image that it expects,
 * made from the start-up page. musl then sets the thread pointer and calls main and exit.
 */
#include <elf.h>

#include <abi/types.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/startup.h>

#include "child.h"
#include "process.h"

enum {
    AUXILIARY_WORDS = 2 * 6,
    VECTOR_WORDS = 1 + STARTUP_WORDS_MAX + 1 + 1 + AUXILIARY_WORDS, /* name, words, two ends */
    STATUS_NO_START = 127, /* of a child whose descriptors could not be as its parent wants */
};

int main(int argc, char **argv, char **environment);
int __libc_start_main(int (*entry)(int, char **, char **), int argc, char **argv,
                      void (*unused_init)(void), void (*unused_fini)(void),
                      void (*unused_loader)(void));
NO_RETURN void start_program(const struct startup *page);

extern const Elf64_Ehdr __ehdr_start[]; /* the linker's: the headers at the start of the text */

static const struct startup *own;
static uintptr_t vector[VECTOR_WORDS]; /* lives as long as the program: argv and environ */

/* What init would find in its page if somebody had made one for it. */
static const struct startup first_page = {
    .magic = STARTUP_MAGIC,
    .version = STARTUP_VERSION,
    .program = "init",
    .id = 1,
    .handle_count = 3,
    .handles = {{ROLE_ACCOUNT, 1u << HANDLE_INDEX_BITS | BOOT_HANDLE_ACCOUNT, 0},
                {ROLE_TASK, 1u << HANDLE_INDEX_BITS | BOOT_HANDLE_TASK, 0},
                {ROLE_SYSTEM, 1u << HANDLE_INDEX_BITS | BOOT_HANDLE_SYSTEM, 0}},
};

const struct startup *startup_own(void)
{
    return own;
}

handle_t startup_handle(const char *role)
{
    return startup_page_handle(own, role);
}

/* Puts `count` words of text behind each other; returns what follows the last. */
static const char *put_words(uintptr_t *at, const char *text, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        at[i] = (uintptr_t)text;
        while (*text++ != 0) {
        }
    }
    return text;
}

static void put_auxiliary(uintptr_t *at)
{
    const uintptr_t words[AUXILIARY_WORDS] = {
        AT_PHDR,   (uintptr_t)__ehdr_start + __ehdr_start->e_phoff,
        AT_PHENT,  __ehdr_start->e_phentsize,
        AT_PHNUM,  __ehdr_start->e_phnum,
        AT_PAGESZ, PAGE_BYTES,
        AT_RANDOM, (uintptr_t)own->random,
        AT_NULL,   0,
    };
    for (int i = 0; i < AUXILIARY_WORDS; i++) {
        at[i] = words[i];
    }
}

/* What musl calls for main. */
static int begin(int argc, char **argv, char **environment)
{
    if (!child_begin(own)) {
        process_exit(STATUS_NO_START);
    }
    return main(argc, argv, environment);
}

/* Called by _start alone, on an empty stack. */
void start_program(const struct startup *page)
{
    own = page == NULL ? &first_page : page;
    if (own->magic != STARTUP_MAGIC || own->version != STARTUP_VERSION ||
        own->action_count + own->argument_count + own->setting_count > STARTUP_WORDS_MAX) {
        process_crash(); /* not started by our init */
    }
    event_open(startup_handle(ROLE_NOTIFICATION));
    if (own->has_log != 0 &&
        console_open((struct log_page *)LOG_VADDR, startup_handle(ROLE_SERIAL)) != OK) {
        process_crash(); /* the page is init's own making */
    }
    uint32_t names = own->is_child != 0 ? 0 : 1; /* a child's name is its first argument */
    const char *arguments = put_words(vector, own->text, own->action_count); /* to be overwritten */
    vector[0] = (uintptr_t)own->program;
    const char *settings = put_words(vector + names, arguments, own->argument_count);
    uint32_t count = names + own->argument_count;
    uintptr_t *environment = vector + count + 1;
    vector[count] = 0;
    put_words(environment, settings, own->setting_count);
    environment[own->setting_count] = 0;
    put_auxiliary(environment + own->setting_count + 1);
    __libc_start_main(begin, (int)count, (char **)vector, NULL, NULL, NULL);
    process_crash(); /* musl's exit does not return */
}
