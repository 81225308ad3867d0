/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU plugin: counts executed instructions into a file that scripts/bench.py reads while the
 * guest runs.
 *
 *   -plugin insn_plugin.so,out=FILE,entry=ADDRESS
 *
 * FILE is two 64-bit numbers: instructions so far, and what that was when the code at ADDRESS was
 * first reached (the kernel's entry, so that the firmware can be told apart; 0 until then). One CPU
 * only: the count is not atomic.
 *
 * Debian has no header for plugins, so the few declarations of API version 1 stand here
 * [qemu-plugin.h of QEMU 7.2]. A QEMU of another API version refuses the plugin; bench.py says so.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_info;
typedef void (*translated_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);

enum { INLINE_ADD_U64 = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation,
                                              void *address, uint64_t value);
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;

static struct counts {
    uint64_t now;
    uint64_t at_entry;
} *counts;

static uint64_t entry;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    if (counts->at_entry == 0 && qemu_plugin_tb_vaddr(block) == entry) {
        counts->at_entry = counts->now;
    }
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &counts->now,
                                             qemu_plugin_tb_n_insns(block));
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    if (argc != 2 || strncmp(argv[0], "out=", 4) != 0 || strncmp(argv[1], "entry=", 6) != 0) {
        fprintf(stderr, "insn_plugin: needs out=FILE,entry=ADDRESS\n");
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
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
