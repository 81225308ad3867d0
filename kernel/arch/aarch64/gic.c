/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GIC version 2 (CPU interface in memory) and 3 (in system registers, with a redistributor).
 *
 * Shared lines go to the boot CPU, all level-triggered: a device holds its line until its driver
 * has acknowledged it, and irq_ack unmasks after that. Device lines are more urgent than the timer,
 * so when the timer shows up in arch_irq_take no line is left.
 *
 * [Arm IHI 0048B GICv2 §4] [Arm IHI 0069 GICv3 §12]
 */
#include "gic.h"

#include "arch/arch.h"
#include "gtimer.h"
#include "sysreg.h"

enum {
    INTID_SHARED = 32,      /* the first line that is not a CPU's own */
    INTID_LINES_MAX = 1020, /* from here on: none pending */
    PRIORITY_DEVICE = 0x80,
    PRIORITY_TIMER = 0xc0,
    PRIORITY_MASK_NONE = 0xff,

    GICD_CTLR = 0x000,
    GICD_CTLR_ENABLE_V2 = 1,
    GICD_CTLR_ENABLE_V3 = 0x12, /* ARE, EnableGrp1 */
    GICD_TYPER = 0x004,
    GICD_IGROUPR = 0x080,
    GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180,
    GICD_ICACTIVER = 0x380,
    GICD_IPRIORITYR = 0x400,
    GICD_ITARGETSR = 0x800,
    GICD_ICFGR = 0xc00,
    GICD_IROUTER = 0x6000,
    GICD_BYTES = 0x10000,

    GICC_CTLR = 0x00,
    GICC_PMR = 0x04,
    GICC_IAR = 0x0c,
    GICC_EOIR = 0x10,
    GICC_BYTES = 0x1000,

    GICR_TYPER = 0x08,
    GICR_TYPER_VLPIS = 1 << 1,
    GICR_TYPER_LAST = 1 << 4,
    GICR_WAKER = 0x14,
    GICR_WAKER_SLEEP = 1 << 1,
    GICR_WAKER_ASLEEP = 1 << 2,
    GICR_SGI = 0x10000, /* the frame with this CPU's own lines, laid out as the distributor */
    GICR_BYTES = 0x20000,
};

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7

static struct {
    bool is_v3;
    paddr_t distributor;
    paddr_t local; /* CPU interface or redistributor */
    unsigned count;
} gic;

static uint64_t distributor(unsigned offset)
{
    return KERNEL_BASE + gic.distributor + offset;
}

static uint64_t local(unsigned offset)
{
    return KERNEL_BASE + gic.local + offset;
}

/* Registers of the CPU's own lines: banked in version 2, in the redistributor in version 3. */
static uint64_t own_lines(unsigned offset)
{
    return gic.is_v3 ? local(GICR_SGI + offset) : distributor(offset);
}

/* --- finding it ----------------------------------------------------------------------------- */

static uint32_t own_affinity(void)
{
    uint64_t mpidr = SYSREG_READ(mpidr_el1);
    return (uint32_t)((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff));
}

/* The redistributor of this CPU inside `region`. */
static int find_redistributor(const struct fdt_range *region)
{
    for (uint64_t at = 0; at < region->bytes && region->bytes - at >= GICR_BYTES;) {
        uint64_t typer = KERNEL_BASE + region->base + at + GICR_TYPER;
        uint32_t flags = mmio_read32(typer);
        if (mmio_read32(typer + 4) == own_affinity()) {
            gic.local = region->base + at;
            return OK;
        }
        if ((flags & GICR_TYPER_LAST) != 0) {
            break;
        }
        at += (flags & GICR_TYPER_VLPIS) != 0 ? 2 * GICR_BYTES : GICR_BYTES;
    }
    return E_UNSUPPORTED;
}

static bool find_node(const struct fdt *tree, struct fdt_node *node)
{
    for (*node = fdt_root(tree); fdt_next(tree, node);) {
        gic.is_v3 = fdt_has_text(tree, node, "compatible", "arm,gic-v3");
        if (gic.is_v3 || fdt_has_text(tree, node, "compatible", "arm,cortex-a15-gic") ||
            fdt_has_text(tree, node, "compatible", "arm,gic-400")) {
            return true;
        }
    }
    return false;
}

static bool is_in_boot_map(const struct fdt_range *range)
{
    return range->base < BOOT_DEVICE_END && range->bytes <= BOOT_DEVICE_END - range->base;
}

int gic_find(const struct fdt *tree)
{
    struct fdt_node node;
    struct fdt_range shared;
    struct fdt_range second;
    if (!find_node(tree, &node) || fdt_get_window(tree, &node, 0, &shared) != OK ||
        fdt_get_window(tree, &node, 1, &second) != OK || !is_in_boot_map(&shared) ||
        !is_in_boot_map(&second)) {
        return E_UNSUPPORTED;
    }
    gic.distributor = shared.base;
    gic.local = second.base;
    unsigned lines = ((mmio_read32(distributor(GICD_TYPER)) & 0x1f) + 1) * 32;
    gic.count = lines < INTID_LINES_MAX ? lines : INTID_LINES_MAX;
    return gic.is_v3 ? find_redistributor(&second) : OK;
}

struct fdt_range gic_window(unsigned index)
{
    uint64_t shared_bytes = gic.is_v3 ? GICD_BYTES : PAGE_BYTES;
    uint64_t local_bytes = gic.is_v3 ? GICR_BYTES : GICC_BYTES;
    return index == 0 ? (struct fdt_range){gic.distributor, shared_bytes}
                      : (struct fdt_range){gic.local, local_bytes};
}

/* --- setting it up -------------------------------------------------------------------------- */

/* One register for every `per_register` shared lines. */
static void write_shared(unsigned offset, unsigned per_register, uint32_t value)
{
    for (unsigned line = INTID_SHARED; line < gic.count; line += per_register) {
        mmio_write32(distributor(offset + line / per_register * 4), value);
    }
}

static uint32_t in_each_byte(uint32_t value)
{
    return value * 0x01010101;
}

static void init_shared(void)
{
    mmio_write32(distributor(GICD_CTLR), 0);
    write_shared(GICD_ICENABLER, 32, UINT32_MAX);
    write_shared(GICD_ICACTIVER, 32, UINT32_MAX);
    write_shared(GICD_IPRIORITYR, 4, in_each_byte(PRIORITY_DEVICE));
    write_shared(GICD_ICFGR, 16, 0);
    if (!gic.is_v3) {
        uint32_t own = mmio_read32(distributor(GICD_ITARGETSR)) & 0xff;
        write_shared(GICD_ITARGETSR, 4, in_each_byte(own));
        mmio_write32(distributor(GICD_CTLR), GICD_CTLR_ENABLE_V2);
        return;
    }
    write_shared(GICD_IGROUPR, 32, UINT32_MAX);
    mmio_write32(distributor(GICD_CTLR), GICD_CTLR_ENABLE_V3);
    uint64_t mpidr = SYSREG_READ(mpidr_el1);
    for (unsigned line = INTID_SHARED; line < gic.count; line++) {
        mmio_write64(distributor(GICD_IROUTER + line * 8), mpidr & 0xff00ffffff);
    }
}

static void init_own(void)
{
    if (gic.is_v3) {
        mmio_write32(local(GICR_WAKER),
                     mmio_read32(local(GICR_WAKER)) & ~(uint32_t)GICR_WAKER_SLEEP);
        while ((mmio_read32(local(GICR_WAKER)) & GICR_WAKER_ASLEEP) != 0) {
        }
        mmio_write32(own_lines(GICD_IGROUPR), UINT32_MAX);
    }
    mmio_write32(own_lines(GICD_ICENABLER), UINT32_MAX);
    mmio_write8(own_lines(GICD_IPRIORITYR + GTIMER_INTID), PRIORITY_TIMER);
    mmio_write32(own_lines(GICD_ISENABLER), 1u << GTIMER_INTID);
}

static void init_cpu_interface(void)
{
    if (!gic.is_v3) {
        mmio_write32(local(GICC_PMR), PRIORITY_MASK_NONE);
        mmio_write32(local(GICC_CTLR), 1);
        return;
    }
    SYSREG_WRITE(ICC_SRE_EL1, SYSREG_READ(ICC_SRE_EL1) | 1);
    CPU_DO("isb");
    SYSREG_WRITE(ICC_CTLR_EL1, 0); /* EOImode 0: one write drops the priority and deactivates */
    SYSREG_WRITE(ICC_PMR_EL1, PRIORITY_MASK_NONE);
    SYSREG_WRITE(ICC_IGRPEN1_EL1, 1);
    CPU_DO("isb");
}

void arch_irq_init(void)
{
    init_shared();
    init_own();
    init_cpu_interface();
    gtimer_init();
}

/* --- lines ---------------------------------------------------------------------------------- */

unsigned arch_irq_count(void)
{
    return gic.count;
}

bool arch_irq_is_valid(unsigned line)
{
    return line >= INTID_SHARED && line < gic.count;
}

void arch_irq_mask(unsigned line)
{
    mmio_write32(distributor(GICD_ICENABLER + line / 32 * 4), 1u << line % 32);
}

void arch_irq_unmask(unsigned line)
{
    mmio_write32(distributor(GICD_ISENABLER + line / 32 * 4), 1u << line % 32);
}

static void complete(uint64_t intid)
{
    CPU_DO("dsb sy"); /* after a mask */
    if (gic.is_v3) {
        SYSREG_WRITE(ICC_EOIR1_EL1, intid);
        CPU_DO("isb");
    } else {
        mmio_write32(local(GICC_EOIR), (uint32_t)intid); /* < 1,024 */
    }
}

unsigned arch_irq_take(void)
{
    uint64_t intid = gic.is_v3 ? SYSREG_READ(ICC_IAR1_EL1) : mmio_read32(local(GICC_IAR));
    CPU_DO("dsb sy");
    if (intid >= INTID_LINES_MAX) {
        return 0;
    }
    unsigned line = intid < INTID_SHARED ? 0 : (unsigned)intid; /* the timer's trap comes next */
    if (line != 0) {
        arch_irq_mask(line);
    }
    complete(intid);
    return line;
}

void arch_idle(void)
{
    CPU_DO("dsb sy\n\twfi");
}
