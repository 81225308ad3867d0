/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU plugin: counts executed instructions into a file that scripts/bench.py reads while the
 * guest runs.
 *
 *   -plugin insn_plugin.so,out=FILE,entry=ADDRESS,user=ADDRESS
 *
 * FILE is struct counts. entry is the kernel's entry, so that the firmware can be told apart. With
 * user (0: not wanted), code below that address is user mode's, and the longest run of instructions
 * outside it in which no interrupt is taken is kept, kernel and the firmware it called together. A
 * run ends where user mode goes on, and where the kernel waits for an interrupt or looks whether
 * one is pending, as it does between the steps of long work. What comes before the first user
 * block is boot and does not count. Likewise with user, the instructions between two looks of user
 * mode at the CPU's counter are kept when they are many: what a benchmark there has measured, by
 * other means. One CPU only: nothing is atomic.
 *
 * A block counts whole even if a trap ends it early, so a run may be a few instructions shorter.
 *
 * Debian has no header for plugins, so the few declarations of API version 1 stand here
 * [qemu-plugin.h of QEMU 7.2]. A QEMU of another API version refuses the plugin; bench.py says so.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
typedef void (*translated_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*executed_t)(unsigned cpu, void *data);

enum { INLINE_ADD_U64 = 0, CALLBACK_NO_REGISTERS = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation,
                                              void *address, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_t callback,
                                            int flags, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, executed_t callback,
                                          int flags, void *data);
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;

enum { SPANS_MAX = 4096, SPAN_MIN = 10000 };

static struct counts {
    uint64_t now;          /* instructions so far */
    uint64_t at_entry;     /* what that was when the kernel was entered; 0 before */
    uint64_t longest;      /* the longest run outside user mode */
    uint64_t longest_from; /* its first and its last block */
    uint64_t longest_to;
    uint64_t span_count;
    uint64_t spans[SPANS_MAX]; /* between two looks at the counter, in order; the rest is lost */
} *counts;

/* What is known of a block when it is translated. */
struct block {
    uint64_t address;
    uint64_t count;
    bool takes_interrupts;
};

static uint64_t entry;
static uint64_t user_end;
static bool has_entered;
static bool has_been_user;

/* The run that goes on. */
static uint64_t run;
static uint64_t run_from;
static uint64_t run_to;

static void end_run(void)
{
    if (run > counts->longest && has_been_user) {
        counts->longest = run;
        counts->longest_from = run_from;
        counts->longest_to = run_to;
    }
    run = 0;
}

static void executed(unsigned cpu, void *data)
{
    (void)cpu;
    const struct block *block = data;
    if (block->address < user_end) {
        end_run();
        has_been_user = has_entered;
        return;
    }
    if (run == 0) {
        run_from = block->address;
    }
    run += block->count;
    run_to = block->address;
    if (block->takes_interrupts) {
        end_run();
    }
}

static void looked_at_counter(unsigned cpu, void *data)
{
    (void)cpu;
    (void)data;
    static uint64_t last;
    if (counts->now - last >= SPAN_MIN && counts->span_count < SPANS_MAX) {
        counts->spans[counts->span_count++] = counts->now - last;
    }
    last = counts->now;
}

/* wfi, or a read of sip or ISR_EL1. What they are on one CPU, no kernel has on the other. */
static bool is_interrupt_point(uint32_t code)
{
    return code == 0x10500073 || (code & 0xfffff07f) == 0x14402073 || code == 0xd503207f ||
           (code & 0xffffffe0) == 0xd538c100;
}

/* rdtime, or a read of CNTVCT_EL0. */
static bool is_look_at_counter(uint32_t code)
{
    return (code & 0xfffff07f) == 0xc0102073 || (code & 0xffffffe0) == 0xd53be040;
}

static uint32_t code_of(const struct qemu_plugin_insn *insn)
{
    uint32_t code = 0;
    if (qemu_plugin_insn_size(insn) == sizeof(code)) {
        memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
    }
    return code;
}

static void watch(struct qemu_plugin_tb *block, uint64_t address, uint64_t count)
{
    struct block *known = malloc(sizeof(*known)); /* QEMU may run it until it ends */
    if (known == NULL) {
        abort();
    }
    *known = (struct block){address, count, false};
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint32_t code = code_of(insn);
        known->takes_interrupts |= is_interrupt_point(code);
        if (address < user_end && is_look_at_counter(code)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, looked_at_counter, CALLBACK_NO_REGISTERS,
                                                   NULL);
        }
    }
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, CALLBACK_NO_REGISTERS, known);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    uint64_t address = qemu_plugin_tb_vaddr(block);
    uint64_t count = qemu_plugin_tb_n_insns(block);
    if (!has_entered && address == entry) {
        has_entered = true;
        counts->at_entry = counts->now;
    }
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &counts->now, count);
    if (user_end != 0) {
        watch(block, address, count);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    if (argc != 3 || strncmp(argv[0], "out=", 4) != 0 || strncmp(argv[1], "entry=", 6) != 0 ||
        strncmp(argv[2], "user=", 5) != 0) {
        fprintf(stderr, "insn_plugin: needs out=FILE,entry=ADDRESS,user=ADDRESS\n");
        return 1;
    }
    int file = open(argv[0] + 4, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ftruncate(file, sizeof(*counts)) != 0) {
        perror(argv[0] + 4);
        return 1;
    }
    counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (counts == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    entry = strtoull(argv[1] + 6, NULL, 0);
    user_end = strtoull(argv[2] + 5, NULL, 0);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
