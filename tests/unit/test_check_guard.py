#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/check_guard.py finds every way to lift the guard, in code assembled for it, and nothing in sound code."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import check_guard  # noqa: E402

TARGETS = {"riscv64": ["--target=riscv64-unknown-elf", "-march=rv64gch", "-mno-relax"],
           "aarch64": ["--target=aarch64-none-elf", "-march=armv8.5-a"]}


class Guard(unittest.TestCase):
    def findings(self, arch, source, read=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.o")
            text = "f:\n" + "\n".join(source.split(";")) + "\n"
            subprocess.run(["clang-19", *TARGETS[arch], "-x", "assembler", "-c", "-o", path, "-"], check=True,
                           input=text.encode())
            code = check_guard.Code(check_guard.disassemble(arch, path))
        self.assertGreater(len(code.instructions), 0)
        return [text for _, text in check_guard.CHECKS[arch](code, read)]

    def sound(self, arch, source, read=None):
        self.assertEqual(self.findings(arch, source, read), [], source)

    def guilty(self, arch, source, read=None):
        self.assertEqual(len(self.findings(arch, source, read)), 1, source)

    def test_sstatus_may_get_a_constant_without_sum_and_mxr(self):
        self.sound("riscv64", "li t0, 0x6000; csrs sstatus, t0")
        self.sound("riscv64", "li t0, 0x40000; csrc sstatus, t0")
        self.sound("riscv64", "csrci sstatus, 2; csrsi sstatus, 31; csrw sstatus, zero")
        self.sound("riscv64", "csrr t0, sstatus; sd t0, 0(sp); beqz t1, 1f; csrw sstatus, t0; 1: ret")
        self.sound("riscv64", "csrr t0, sstatus; lui t1, 6; and t0, t0, t1; csrs sstatus, t0")
        self.sound("riscv64", "ld t0, 0(a0); lui t1, 6; and t0, t1, t0; csrw sstatus, t0")

    def test_sum_and_mxr_are_found(self):
        for source in ("li t0, 0x40000; csrs sstatus, t0", "li t0, 0x80000; csrw sstatus, t0",
                       "li t0, 0xc6722; csrrs t1, sstatus, t0", "lui a0, 0x40; csrrw zero, sstatus, a0",
                       "li t0, 0x3f000; addi t0, t0, 0x700; lui t0, 0x40; csrs 0x100, t0"):
            self.guilty("riscv64", source)

    def test_what_cannot_be_followed_is_found(self):
        for source in ("ld t0, 0(a0); csrw sstatus, t0", "csrs sstatus, a0", "li t0, 1; call f; csrs sstatus, t0",
                       "li t0, 1; slli t0, t0, 18; csrs sstatus, t0",
                       "lui t1, 0x40; and t0, t0, t1; csrs sstatus, t0", "and t0, t0, t1; csrs sstatus, t0",
                       "beqz a0, 1f; li t0, 2; 1: csrs sstatus, t0",
                       "csrr t0, sstatus; or t0, t0, t1; csrw sstatus, t0"):
            self.guilty("riscv64", source)

    def test_hypervisor_loads_and_stores_are_found(self):
        self.guilty("riscv64", "hlv.d a0, (a1)")
        self.guilty("riscv64", "hsv.w a0, (a1)")

    def test_an_instruction_that_is_not_known_is_found(self):
        self.guilty("riscv64", ".insn 4, 0x0000007b")

    def test_pan_may_only_be_set(self):
        self.sound("aarch64", "msr pan, #1")
        self.guilty("aarch64", "msr pan, #0")
        self.guilty("aarch64", "msr pan, x0")

    def test_memory_as_user_mode_is_found(self):
        for source in ("ldtr x0, [x1]", "sttr w0, [x1]", "ldtrb w0, [x1]", "sttrh w0, [x1]", "ldtrsw x0, [x1]",
                       "msr uao, #1", "msr uao, x3"):
            self.guilty("aarch64", source)
        self.sound("aarch64", "ldr x0, [x1]; stlr x0, [x1]; ldur x0, [x1]; stur w0, [x1]")

    def test_span_is_set_with_the_mmu_off_or_without_pan_only(self):
        write = "ldr x1, =0x1234567812345678; msr sctlr_el1, x1"
        self.sound("aarch64", write, lambda _: 0x30500801)
        self.sound("aarch64", write, lambda _: 0x30d00800)
        self.guilty("aarch64", write, lambda _: 0x30d00801)
        unless_pan = "ldr x1, =0x1234567812345678; mrs x2, id_aa64mmfr1_el1; tst x2, %s; %s 1f; " \
                     "orr x1, x1, #0x800000; 1: msr sctlr_el1, x1"
        self.sound("aarch64", unless_pan % ("#0xf00000", "b.ne"), lambda _: 0x30500801)
        self.guilty("aarch64", unless_pan % ("#0xf00000", "b.eq"), lambda _: 0x30500801)
        self.guilty("aarch64", unless_pan % ("#0xf0000", "b.ne"), lambda _: 0x30500801)
        self.guilty("aarch64", "mrs x0, sctlr_el1; orr x0, x0, #1; msr sctlr_el1, x0")


if __name__ == "__main__":
    unittest.main()
