/* SPDX-License-Identifier: BSD-2-Clause */
#include "print.h"

#include "console.h"
#include "machine.h"
#include <base/fmt.h>

enum { LINE_BYTES = 160, BACKTRACE_MAX = 16, EXIT_PANIC = 70 };

static void put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        console_putc(*text);
    }
}

static void put_line(const char *prefix, const char *format, va_list arguments)
{
    char line[LINE_BYTES];
    fmt_format_list(line, sizeof(line), format, arguments);
    put_text(prefix);
    put_text(line);
    put_text("\r\n");
}

void print_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_line("kernel: ", format, arguments);
    va_end(arguments);
}

void print_bytes(const char *bytes, size_t count)
{
    char text[8];
    for (size_t i = 0; i < count && bytes[i] != '\0'; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        if (byte == '\n') {
            put_text("\r\n");
        } else if (byte >= ' ' && byte <= '~') {
            console_putc((char)byte);
        } else {
            fmt_format(text, sizeof(text), "\\x%02x", byte);
            put_text(text);
        }
    }
}

/* --- panic ---------------------------------------------------------------------------------- */

/* [boot.S, linker.ld] */
extern const uint8_t stack_guard[], panic_stack_top[], text_start[], text_end[];

/* Names of kernel functions, which scripts/symtab writes in a second link: a count, then pairs
 * (offset from the start of the text, rising; offset of the name in the table), then the names,
 * each ended by 0. Empty in the first link. */
extern const uint32_t symtab_start[], symtab_end[];

static bool is_panicking;
static unsigned traps; /* in the kernel so far */

static void print_registers(const struct kernel_trap *trap)
{
    char text[32];
    for (unsigned i = 0; i < TRAP_REGISTERS; i++) {
        fmt_format(text, sizeof(text), "%-7s %016lx  ", arch_trap_names[i], trap->x[i]);
        put_text(text);
        put_text(i % 3 == 2 ? "\r\n" : "");
    }
    put_text("\r\n");
}

/* With the function that holds it, "?" when that is not known. */
static void print_address(uint64_t address)
{
    bool is_text = address >= (uint64_t)text_start && address < (uint64_t)text_end;
    uint32_t count = is_text && symtab_end - symtab_start > 0 ? symtab_start[0] : 0;
    const char *name = "?";
    uint64_t offset = address;
    for (const uint32_t *pair = symtab_start + 1; count > 0; pair += 2, count--) {
        uint64_t start = (uint64_t)text_start + pair[0];
        if (start <= address) {
            name = (const char *)symtab_start + pair[1];
            offset = address - start;
        }
    }
    print_line("  %016lx %s+0x%lx", address, name, offset);
}

static bool is_on_stack(uint64_t address)
{
    return address % 8 == 0 && address >= (uint64_t)stack_guard + PAGE_BYTES + 16 &&
           address <= (uint64_t)panic_stack_top - 16;
}

/* Frame pointers lead up from record to record: the caller's frame pointer, the return address. */
static void print_backtrace(uint64_t frame)
{
    for (unsigned i = 0; i < BACKTRACE_MAX && is_on_stack(frame); i++) {
        const uint64_t *record = (const uint64_t *)(frame + FRAME_RECORD);
        /* A function that calls nothing may save the frame pointer alone, in the second place. */
        uint64_t next = is_on_stack(record[1]) ? record[1] : record[0];
        if (next == record[0]) {
            print_address(record[1]);
        }
        frame = next > frame ? next : 0;
    }
}

static _Noreturn void stop(void)
{
    switch (boot_machine.panic_action) {
    case PANIC_EXIT: arch_power_off(EXIT_PANIC);
    case PANIC_RESET: arch_reset();
    case PANIC_HALT: break;
    }
    for (;;) {
        arch_timer_set(DEADLINE_FOREVER);
        arch_idle();
    }
}

_Noreturn void panic(const struct kernel_trap *trap, const char *format, ...)
{
    va_list arguments;
    if (is_panicking) { /* a panic of the panic: the first has said what matters */
        put_text("\r\nKERNEL PANIC: again, while printing the first\r\n");
        stop();
    }
    is_panicking = true;
    va_start(arguments, format);
    put_line("\r\nKERNEL PANIC: ", format, arguments);
    va_end(arguments);
    if (trap == NULL) {
        print_backtrace((uint64_t)__builtin_frame_address(0));
    } else {
        print_registers(trap);
        print_address(trap->x[REG_PC]);
        print_address(trap->x[REG_RA]);
        print_backtrace(trap->x[REG_FP]);
    }
    print_line("stopped");
    stop();
}

_Noreturn void panic_assert(const char *file, int line)
{
    panic(NULL, "assertion failed at %s:%d", file, line);
}

/* The panic that a trap begins may trap itself, and so may what it says of that. */
_Noreturn void kernel_trap_panic(const struct kernel_trap *trap, const char *what)
{
    if (++traps > 2) {
        arch_power_off(EXIT_PANIC);
    }
    bool is_overflow = trap->x[TRAP_ADDRESS] - (uint64_t)stack_guard < PAGE_BYTES;
    panic(trap, "trap in the kernel: %s", is_overflow ? "stack overflow" : what);
}
