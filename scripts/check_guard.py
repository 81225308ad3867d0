#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Find instructions of the kernel that could lift the guard between it and user memory.

  check_guard.py ARCH KERNEL.elf

riscv64: sstatus.SUM and MXR are never set: what is written to or set in sstatus is a constant without these bits,
loaded right before, or what sstatus itself held; no hypervisor load or store.  aarch64: PAN is only ever set; no load
or store as user mode (ldtr, sttr), no UAO; SCTLR_EL1.SPAN, which would leave PAN clear on entry, is set only while the
MMU is off or where the CPU has no PAN.  What the checker cannot follow is a finding.

Exit status: 0 none, 1 findings, or an instruction that is not known.
"""

import re
import struct
import subprocess
import sys

OBJDUMP = "llvm-objdump-19"
FEATURES = {"riscv64": "+d,+c,+a,+m,+h", "aarch64": "+all"}
SSTATUS_SUM, SSTATUS_MXR = 1 << 18, 1 << 19
SCTLR_M, SCTLR_SPAN = 1 << 0, 1 << 23
MMFR1_PAN = 0xf << 20
LOOK_BACK = 48  # instructions before the use in which its operand must be made
READS_FIRST = ("sd", "sw", "sh", "sb", "beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "blez", "bgez",
               "bltz", "bgtz")  # the first operand is not written


class Code:
    """The instructions of an ELF file in order: (address, mnemonic, [operands]); and where branches go."""

    def __init__(self, listing):
        self.instructions, self.targets, self.starts = [], set(), set()
        for line in listing.split("\n"):
            found = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)", line)
            label = re.match(r"([0-9a-f]+) <([^.].*)>:$", line)
            if label:
                self.starts.add(int(label.group(1), 16))
            if found:
                text = re.sub(r"\s*(//|#\s).*", "", found.group(3))
                target = re.search(r"(?:0x)?([0-9a-f]+) <", text)
                if target and not found.group(2).startswith(("ldr", "adr", "auipc")):
                    self.targets.add(int(target.group(1), 16))
                operands = [o.strip() for o in re.sub(r"\s*<.*>", "", text).split(",")] if text else []
                self.instructions.append((int(found.group(1), 16), found.group(2), operands))

    def before(self, index):
        """Backwards from the instruction before this one, as long as only falling through leads there."""
        for step in range(index, max(0, index - LOOK_BACK), -1):
            if self.instructions[step][0] in self.targets | self.starts:
                return
            address, name, operands = self.instructions[step - 1]
            if name in ("j", "jal", "jalr", "jr", "ret", "sret", "call", "tail", "b", "bl", "br", "blr", "eret"):
                return
            yield step - 1, name, operands


def number(text):
    return int(text.lstrip("#"), 0)


def constant_riscv(code, index, register):
    """The bits the register can have at the instruction, or "sstatus" for those that has; None: cannot be told."""
    added = 0
    for at, name, operands in code.before(index):
        if not operands or operands[0] != register or name in READS_FIRST:
            continue
        if name == "li":
            return number(operands[1]) + added
        if name == "lui":
            return (number(operands[1]) << 12) + added
        if name in ("addi", "addiw") and operands[1] == register:
            added += number(operands[2])
            continue
        if name in ("csrr", "csrrs", "csrrc") and operands[1] == "sstatus":
            return "sstatus" if added == 0 else None
        if name == "and" and added == 0:
            masks = [constant_riscv(code, at, operand) for operand in operands[1:]]
            return next((mask for mask in masks if isinstance(mask, int)), "sstatus" if "sstatus" in masks else None)
        return None
    return None


def check_riscv64(code, _read):
    for index, (address, name, operands) in enumerate(code.instructions):
        if name == "<unknown>":
            yield address, "an instruction that is not known"
        if re.match(r"h[ls]v(x)?\.", name):
            yield address, "%s reaches user memory" % name
        if not name.startswith("csr") or "sstatus" not in operands or name in ("csrr", "csrc", "csrci", "csrrc",
                                                                                 "csrrci"):
            continue
        source = operands[-1]
        if name.endswith("i"):
            continue  # five bits: neither SUM nor MXR
        value = 0 if source == "zero" else constant_riscv(code, index, source)
        if value is None:
            yield address, "%s %s: what it sets is not a constant" % (name, ", ".join(operands))
        elif value != "sstatus" and value & (SSTATUS_SUM | SSTATUS_MXR):
            yield address, "%s sets SUM or MXR: %#x" % (name, value)


def sctlr_aarch64(code, index, register, read):
    """Why this write of SCTLR_EL1 could leave PAN clear; None if it does not."""
    for at, name, operands in before_skipping_one(code, index):
        if not operands or operands[0] != register:
            continue
        if name == "orr" and number(operands[2]) & SCTLR_SPAN:
            if not is_without_pan(code, at):
                return "sets SPAN where the CPU may have PAN"
            continue
        if name == "orr":
            continue
        if name == "ldr" and re.fullmatch(r"0x[0-9a-f]+", operands[1]):
            value = read(number(operands[1]))
            return "sets SPAN with the MMU on" if value & SCTLR_SPAN and value & SCTLR_M else None
        return "its value is not a constant"
    return "its value is not a constant"


def before_skipping_one(code, index):
    """As Code.before, across the branch target at the instruction itself (the end of an `if`)."""
    if index > 0 and code.instructions[index][0] in code.targets:
        yield (index - 1,) + code.instructions[index - 1][1:]
        yield from code.before(index - 1)
    else:
        yield from code.before(index)


def is_without_pan(code, at):
    """Is the instruction jumped over when ID_AA64MMFR1_EL1.PAN is not 0?"""
    names = [(name, operands) for _, name, operands in code.before(at)][:3]
    if len(names) < 3 or names[0][0] != "b.ne" or names[1][0] != "tst" or names[2][0] != "mrs":
        return False
    return number(names[1][1][1]) == MMFR1_PAN and names[2][1] == [names[1][1][0], "ID_AA64MMFR1_EL1"]


def check_aarch64(code, read):
    for index, (address, name, operands) in enumerate(code.instructions):
        if re.match(r"ld(t|xt)r|st(t|xt)r|ldtp|sttp|ldtnp|sttnp", name):
            yield address, "%s reaches memory as user mode does" % name
        if name != "msr":
            continue
        if operands[0] == "PAN" and operands[1] != "#0x1":
            yield address, "msr PAN, %s" % operands[1]
        if operands[0] == "UAO":
            yield address, "msr UAO, %s" % operands[1]
        if operands[0] == "SCTLR_EL1":
            why = sctlr_aarch64(code, index, operands[1], read)
            if why:
                yield address, "msr SCTLR_EL1: " + why


CHECKS = {"riscv64": check_riscv64, "aarch64": check_aarch64}


def reader(path):
    """A function that reads a 64-bit word of the ELF file at a virtual address."""
    with open(path, "rb") as file:
        elf = file.read()
    table, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    segments = [struct.unpack_from("<IIQQQQ", elf, table + size * i) for i in range(count)]

    def read(address):
        for kind, _, offset, start, _, length in segments:
            if kind == 1 and start <= address <= start + length - 8:
                return struct.unpack_from("<Q", elf, offset + address - start)[0]
        return SCTLR_SPAN | SCTLR_M  # nowhere: a finding
    return read


def disassemble(arch, path):
    return subprocess.run([OBJDUMP, "-d", "--no-show-raw-insn", "--mattr=" + FEATURES[arch], path], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True).stdout


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit("usage: check_guard.py %s KERNEL.elf" % "|".join(CHECKS))
    arch, path = sys.argv[1:]
    code = Code(disassemble(arch, path))
    findings = list(CHECKS[arch](code, reader(path)))
    for address, text in findings:
        print("%s: %#x: %s" % (path, address, text))
    print("%s: %d instructions, %d findings" % (path, len(code.instructions), len(findings)))
    return 1 if findings or not code.instructions else 0


if __name__ == "__main__":
    sys.exit(main())
