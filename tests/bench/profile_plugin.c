/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU plugin: how often each block of code ran, into a file that scripts/profile.py reads while
 * the guest runs.
 *
 *   -plugin profile_plugin.so,out=FILE
 *
 * FILE is struct profile. All programs are linked at one address, so a block has its first bytes
 * with it, and the page of memory it lies in: whose the page is can be looked up in the programs.
 * One CPU only: nothing is atomic. A block counts whole even if a trap ends it early.
 *
 * The declarations are those of API version 1, as in insn_plugin.c.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
typedef void (*translated_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);

enum { INLINE_ADD_U64 = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation,
                                              void *address, uint64_t value);
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;

enum { BLOCKS_MAX = 1 << 17, CODE_BYTES = 96, PAGE_BYTES = 4096 };

static struct profile {
    uint64_t count; /* of `block`; those that find no room are lost */
    struct {
        uint64_t address;
        uint64_t insns;
        uint64_t runs;
        uint64_t page; /* of QEMU's memory */
        uint64_t code_bytes;
        uint8_t code[CODE_BYTES];
    } block[BLOCKS_MAX];
} *profile;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    if (profile->count == BLOCKS_MAX) {
        return;
    }
    size_t at = profile->count++;
    size_t insns = qemu_plugin_tb_n_insns(block);
    size_t bytes = 0;
    for (size_t i = 0; i < insns; i++) {
        const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        size_t size = qemu_plugin_insn_size(insn);
        if (size > CODE_BYTES - bytes) {
            break;
        }
        memcpy(profile->block[at].code + bytes, qemu_plugin_insn_data(insn), size);
        bytes += size;
    }
    profile->block[at].address = qemu_plugin_tb_vaddr(block);
    profile->block[at].insns = insns;
    profile->block[at].page =
        (uintptr_t)qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(block, 0)) / PAGE_BYTES;
    profile->block[at].code_bytes = bytes;
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &profile->block[at].runs, 1);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fprintf(stderr, "profile_plugin: needs out=FILE\n");
        return 1;
    }
    int file = open(argv[0] + 4, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ftruncate(file, sizeof(*profile)) != 0) {
        perror(argv[0] + 4);
        return 1;
    }
    profile = mmap(NULL, sizeof(*profile), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (profile == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
