/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a program begins, and the page that tells it what it was given.
 *
 * Whoever starts a program (init) maps its segments, the start-up page read-only at STARTUP_VADDR
 * and its log page at LOG_VADDR [proto/log.h], sets the program counter to the entry and a0 / x0 to
 * STARTUP_VADDR, and starts the thread. sp is not needed: the stack is a segment of the program
 * (the last one, without bytes in the file, zero at the start). init itself is started by the
 * kernel with a0 / x0 zero and gets a page that libc makes for it, with the boot handles.
 *
 * The page is written once, before the program runs, and believed: its writer is init.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

#define STARTUP_VADDR 0x2000ull
#define LOG_VADDR 0x3000ull
#define STARTUP_MAGIC 0x5452415453524857ull /* "WHRSTART" */

enum {
    STARTUP_VERSION = 2,
    STARTUP_NAME_BYTES = 32,
    STARTUP_ROLE_BYTES = 16,
    STARTUP_RANDOM_BYTES = 16,
    STARTUP_HANDLES_MAX = 48,
    STARTUP_WORDS_MAX = 64, /* of the text */
    STARTUP_TEXT_BYTES = 2848,
};

/* Roles that libc itself looks for. Programs and init agree on others in the manifest. */
#define ROLE_ACCOUNT "account"           /* pays for what the program makes: memory */
#define ROLE_TASK "task"                 /* its own task: where its memory is mapped */
#define ROLE_NOTIFICATION "notification" /* its own, bound to its thread [wherry/event.h] */
#define ROLE_INIT "init"                 /* init's endpoint: told of the end [proto/init.h] */
#define ROLE_SERIAL "serial"             /* serial's notification: signalled for the log */
#define ROLE_NETD "netd"                 /* netd's endpoint [proto/netd.h] */
#define ROLE_RNG "rng"                   /* rng's endpoint [proto/rng.h] */
#define ROLE_SYSTEM "system"             /* init alone */

/* A name shorter than its field, the rest zero, and what it stands for. */
struct startup_handle {
    char role[STARTUP_ROLE_BYTES];
    handle_t handle;
    uint32_t zero;
};

struct startup {
    uint64_t magic;
    uint32_t version;
    uint32_t handle_count;
    uint32_t argument_count; /* without the program's name, but of a child with it */
    uint32_t setting_count;
    uint32_t text_bytes;
    uint32_t has_log; /* 0 or 1: there is a log page */
    uint32_t id;           /* of the process; above 0 */
    uint32_t action_count; /* of a child: what is done with descriptors first [child.h] */
    uint32_t is_child;     /* 0 or 1: another process had it started */
    uint32_t zero;
    char program[STARTUP_NAME_BYTES];
    uint8_t random[STARTUP_RANDOM_BYTES]; /* hardens malloc; secret, or zero where there is none */
    struct startup_handle handles[STARTUP_HANDLES_MAX];
    char text[STARTUP_TEXT_BYTES]; /* actions, arguments, then settings key=value, each ended by a
                                    * zero */
};

static_assert(sizeof(struct startup) == PAGE_BYTES, "exactly a page");

/* --- for whoever makes a page ---------------------------------------------------------------- */

/* An empty page for `program`. E_RANGE: the name is empty or too long. */
MUST_CHECK int startup_page_init(struct startup *page, const char *program);

/* E_RANGE: the role's name is empty or too long. E_LIMIT: no room. E_EXISTS: it has one. */
MUST_CHECK int startup_page_add_handle(struct startup *page, const char *role, handle_t handle);

/* Adds a word; all arguments come before the first setting. E_LIMIT: no room. E_STATE: order. */
MUST_CHECK int startup_page_add_argument(struct startup *page, const char *word);
MUST_CHECK int startup_page_add_setting(struct startup *page, const char *key, const char *value);

/*
 * The words of a child's page: `bytes` more of their text, then how many there are. E_LIMIT: no
 * room. E_INVALID: the text does not end behind so many words.
 */
MUST_CHECK int startup_page_add_text(struct startup *page, const void *text, size_t bytes);
MUST_CHECK int startup_page_count_words(struct startup *page, uint32_t actions, uint32_t arguments,
                                        uint32_t settings);

/* What stands behind a role, or HANDLE_NONE. */
handle_t startup_page_handle(const struct startup *page, const char *role);

/* --- for the program itself ------------------------------------------------------------------ */

/*
 * The page this program was started with. Arguments are main's, behind the program's name;
 * settings are the environment, so getenv finds them.
 */
const struct startup *startup_own(void);

/* What stands behind a role of this program, or HANDLE_NONE. */
handle_t startup_handle(const char *role);
