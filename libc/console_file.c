/* SPDX-License-Identifier: BSD-2-Clause */
#include "console_file.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <abi/error.h>
#include <proto/init.h>
#include <proto/serial.h>
#include <wherry/console.h>
#include <wherry/memory.h>
#include <wherry/startup.h>

#include "news.h"

/* The keyboard's side; without its memory there is nothing to read. */
static struct {
    bool is_bound;
    struct serial_console *shared; /* NULL: not this program's */
    struct ring_consumer lines;
    char line[LOG_RECORD_BYTES];
    size_t begin, end; /* of what was not read yet */
} keyboard;

/* A line behind one that was not read yet is no news: it is taken once that one was read. */
static bool prepare(void)
{
    return keyboard.begin < keyboard.end || ring_consumer_prepare_sleep(&keyboard.lines);
}

/* Takes the next line once the last was read. */
static void take_line(void)
{
    if (keyboard.shared == NULL || keyboard.begin < keyboard.end) {
        return;
    }
    size_t bytes;
    int error = log_read(&keyboard.lines, keyboard.line, &bytes);
    if (error == E_CORRUPT) {
        log_reader_skip(&keyboard.lines, &keyboard.shared->lines);
    } else if (error == OK) {
        keyboard.begin = 0;
        keyboard.end = bytes;
        bool must_signal = ring_consumer_commit(&keyboard.lines);
        (void)must_signal; /* serial drops what finds no room, it does not wait */
    }
}

static void collect(void)
{
    bool had_line = keyboard.begin < keyboard.end;
    take_line();
    if (!had_line && keyboard.begin < keyboard.end) {
        file_tell(&console_file);
    }
}

static struct news_source source = {
    .bit = SERIAL_WAKE_INPUT, .prepare = prepare, .collect = collect};

/* True: there is a keyboard for this program. */
static bool has_keyboard(void)
{
    void *memory;
    uint64_t pages;
    handle_t handle = startup_handle(ROLE_CONSOLE);
    if (!keyboard.is_bound) {
        keyboard.is_bound = true;
        if (handle != HANDLE_NONE &&
            memory_attach(handle, RIGHT_READ | RIGHT_WRITE, &memory, &pages) == OK) {
            keyboard.shared = memory;
            if (log_reader_bind(&keyboard.lines, &keyboard.shared->lines) == OK) {
                news_join(&source);
            }
        }
    }
    return keyboard.shared != NULL;
}

static long read_parts(struct file *file, const struct transfer *to)
{
    if (!has_keyboard()) {
        return -EIO; /* as a terminal that belongs to others */
    }
    for (take_line(); keyboard.begin == keyboard.end; take_line()) {
        if (file_is_nonblocking(file)) {
            return -EAGAIN;
        }
        if (news_wait(DEADLINE_FOREVER) != OK) {
            return -EIO;
        }
    }
    size_t bytes = keyboard.end - keyboard.begin;
    bytes = bytes < to->bytes ? bytes : to->bytes;
    transfer_put(to, 0, keyboard.line + keyboard.begin, bytes);
    keyboard.begin += bytes;
    return (long)bytes;
}

static long write_parts(struct file *file, const struct transfer *from)
{
    (void)file;
    for (int i = 0; i < from->count; i++) {
        console_write(from->parts[i].iov_base, from->parts[i].iov_len);
    }
    return (long)from->bytes;
}

/* musl ends a line of stdout at '\n' when this succeeds; the size is unknown, which is 0. */
static long control(struct file *file, unsigned long request, void *argument)
{
    (void)file;
    switch (request) {
    case TIOCGWINSZ: memset(argument, 0, sizeof(struct winsize)); return 0;
    case FIONREAD: *(int *)argument = (int)(keyboard.end - keyboard.begin); return 0;
    default: return -ENOTTY;
    }
}

static uint32_t ready(struct file *file, uint32_t asked)
{
    (void)file;
    (void)asked;
    if (has_keyboard()) {
        take_line();
    }
    return POLLOUT | POLLWRNORM | (keyboard.begin < keyboard.end ? POLLIN | POLLRDNORM : 0);
}

static const struct file_kind console_kind = {
    .read = read_parts,
    .write = write_parts,
    .control = control,
    .ready = ready,
    .mode = S_IFCHR | S_IRUSR | S_IWUSR,
};

struct file console_file = {.kind = &console_kind, .descriptors = 3, .flags = O_RDWR};
