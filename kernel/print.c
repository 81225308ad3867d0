/* SPDX-License-Identifier: BSD-2-Clause */
#include "print.h"

#include "machine.h"
#include "symbols.h"
#include <base/fmt.h>

enum { LINE_BYTES = 160, BACKTRACE_MAX = 16, EXIT_PANIC = 70 };

static void put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        arch_console_putc(*text);
    }
}

void print_line(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    fmt_format_list(line, sizeof(line), format, arguments);
    va_end(arguments);
    put_text("kernel: ");
    put_text(line);
    put_text("\r\n");
}

void print_bytes(const char *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count && bytes[i] != '\0'; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        if (byte == '\n') {
            put_text("\r\n");
        } else if (byte >= ' ' && byte <= '~') {
            arch_console_putc((char)byte);
        } else {
            put_text("\\x");
            arch_console_putc(digits[byte >> 4]);
            arch_console_putc(digits[byte & 15]);
        }
    }
}

/* --- panic ---------------------------------------------------------------------------------- */

static bool is_panicking;

static void print_backtrace(const struct kernel_trap *trap)
{
    uint64_t addresses[BACKTRACE_MAX];
    unsigned count = arch_backtrace(trap, addresses, BACKTRACE_MAX);
    for (unsigned i = 0; i < count; i++) {
        uint64_t offset;
        const char *name = symbol_find(addresses[i], &offset);
        print_line("  %016lx %s+0x%lx", addresses[i], name, offset);
    }
}

static _Noreturn void stop(void)
{
    switch (boot_machine.panic_action) {
    case PANIC_EXIT:
        arch_power_off(EXIT_PANIC);
    case PANIC_RESET:
        arch_reset();
    case PANIC_HALT:
        break;
    }
    for (;;) {
        arch_timer_set(DEADLINE_FOREVER);
        arch_idle();
    }
}

_Noreturn void panic(const struct kernel_trap *trap, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    if (is_panicking) { /* a panic of the panic: the first has said what matters */
        put_text("\r\nKERNEL PANIC: again, while printing the first\r\n");
        stop();
    }
    is_panicking = true;
    va_start(arguments, format);
    fmt_format_list(line, sizeof(line), format, arguments);
    va_end(arguments);
    put_text("\r\nKERNEL PANIC: ");
    put_text(line);
    put_text("\r\n");
    arch_print_registers(trap);
    print_backtrace(trap);
    print_line("stopped");
    stop();
}

_Noreturn void kernel_trap_panic(const struct kernel_trap *trap, const char *what)
{
    panic(trap, "trap in the kernel: %s", what);
}
