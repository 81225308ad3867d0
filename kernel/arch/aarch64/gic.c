/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GIC version 2 (CPU interface in memory) and 3 (in system registers, with a redistributor), and
 * the virtual timer, told apart from a line by CNTV_CTL_EL0.ISTATUS [vectors.S].
 *
 * Shared lines go to the boot CPU, all level-triggered: a device holds its line until its driver
 * has acknowledged it, and irq_ack unmasks after that. Device lines are more urgent than the timer,
 * so when the timer shows up in arch_irq_take no line is left.
 *
 * [Arm IHI 0048B GICv2 §4] [Arm IHI 0069 GICv3 §12] [Arm ARM D11.2]
 */
#include "aarch64.h"

#include "machine.h"
#include "print.h"

enum {
    INTID_SHARED = 32,      /* the first line that is not a CPU's own */
    INTID_LINES_MAX = 1020, /* from here on: none pending */
    PRIORITY_DEVICE = 0x80,
    PRIORITY_TIMER = 0xc0,
    PRIORITY_MASK_NONE = 0xff,
    EACH_BYTE = 0x01010101,
    CNTV_CTL_ENABLE = 1,
};

/* Registers of the distributor, of a CPU interface of version 2, of a redistributor. The second
 * frame of the last, at GICR_SGI, has this CPU's own lines, laid out as the distributor's. */
enum { GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_BYTES = 0x10000 };
enum { GICD_CTLR_ENABLE_V2 = 1, GICD_CTLR_ENABLE_V3 = 0x12 /* ARE, EnableGrp1 */ };
enum { GICD_IGROUPR = 0x080, GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180 };
enum { GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400, GICD_ICFGR = 0xc00 };
enum { GICD_ITARGETSR = 0x800, GICD_IROUTER = 0x6000 }; /* of version 2, of version 3 */
enum { GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_IAR = 0x0c, GICC_EOIR = 0x10 };
enum { GICR_TYPER = 0x08, GICR_WAKER = 0x14, GICR_SGI = 0x10000, GICR_BYTES = 0x20000 };
enum { GICR_TYPER_VLPIS = 1 << 1, GICR_WAKER_SLEEP = 1 << 1, GICR_WAKER_ASLEEP = 1 << 2 };

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_CTLR_EL1    S3_0_C12_C12_4
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7

static bool is_v3;
static unsigned line_count;
static uint64_t distributor;
static uint64_t local; /* CPU interface, or this CPU's redistributor */
static uint64_t own;   /* the CPU's own lines: banked in version 2, in the redistributor in 3 */

/* --- finding it ----------------------------------------------------------------------------- */

int gic_init(const struct fdt *tree)
{
    struct fdt_node node;
    is_v3 = device_find(tree, "arm,gic-v3", &node);
    if (!is_v3 && !device_find(tree, "arm,cortex-a15-gic", &node) &&
        !device_find(tree, "arm,gic-400", &node)) {
        return E_UNSUPPORTED;
    }
    int error = device_keep(tree, &node, 0, is_v3 ? GICD_BYTES : PAGE_BYTES, &distributor);
    if (error == OK) { /* every CPU's redistributor, or the CPU interface */
        error = device_keep(tree, &node, 1, is_v3 ? 0 : PAGE_BYTES, &local);
    }
    return error;
}

/* Move `local` from the first redistributor to this CPU's. */
static void find_redistributor(uint64_t mpidr)
{
    uint32_t affinity = (uint32_t)((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff));
    struct fdt_range window = boot_machine.kept.at[boot_machine.kept.count - 1];
    uint64_t end = KERNEL_BASE + window.base + window.bytes;
    while (local + GICR_BYTES <= end) {
        bool has_vlpis = (mmio_read32(local + GICR_TYPER) & GICR_TYPER_VLPIS) != 0;
        if (mmio_read32(local + GICR_TYPER + 4) == affinity) {
            return;
        }
        local += has_vlpis ? 2 * GICR_BYTES : GICR_BYTES;
    }
    panic(NULL, "no interrupt redistributor of this CPU");
}

/* --- setting it up -------------------------------------------------------------------------- */

/* One register for every `per_register` shared lines. */
static void write_shared(unsigned offset, unsigned per_register, uint32_t value)
{
    for (unsigned line = INTID_SHARED; line < line_count; line += per_register) {
        mmio_write32(distributor + offset + line / per_register * 4, value);
    }
}

static void init_v2(void)
{
    uint32_t target = mmio_read32(distributor + GICD_ITARGETSR) & 0xff;
    own = distributor;
    write_shared(GICD_ITARGETSR, 4, target * EACH_BYTE);
    mmio_write32(distributor + GICD_CTLR, GICD_CTLR_ENABLE_V2);
    mmio_write32(local + GICC_PMR, PRIORITY_MASK_NONE);
    mmio_write32(local + GICC_CTLR, 1);
}

static void init_v3(void)
{
    uint64_t mpidr = SYSREG_READ(mpidr_el1);
    find_redistributor(mpidr);
    own = local + GICR_SGI;
    write_shared(GICD_IGROUPR, 32, UINT32_MAX);
    mmio_write32(distributor + GICD_CTLR, GICD_CTLR_ENABLE_V3);
    for (unsigned line = INTID_SHARED; line < line_count; line++) {
        mmio_write32(distributor + GICD_IROUTER + line * 8, mpidr & 0xffffff);
        mmio_write32(distributor + GICD_IROUTER + line * 8 + 4, mpidr >> 32 & 0xff);
    }
    mmio_write32(local + GICR_WAKER, mmio_read32(local + GICR_WAKER) & ~(uint32_t)GICR_WAKER_SLEEP);
    while ((mmio_read32(local + GICR_WAKER) & GICR_WAKER_ASLEEP) != 0) {
    }
    mmio_write32(own + GICD_IGROUPR, UINT32_MAX);
    SYSREG_WRITE(ICC_SRE_EL1, SYSREG_READ(ICC_SRE_EL1) | 1);
    CPU_DO("isb");
    SYSREG_WRITE(ICC_CTLR_EL1, 0); /* EOImode 0: one write drops the priority and deactivates */
    SYSREG_WRITE(ICC_PMR_EL1, PRIORITY_MASK_NONE);
    SYSREG_WRITE(ICC_IGRPEN1_EL1, 1);
    CPU_DO("isb");
}

void arch_irq_init(void)
{
    unsigned lines = ((mmio_read32(distributor + GICD_TYPER) & 0x1f) + 1) * 32;
    line_count = lines < INTID_LINES_MAX ? lines : INTID_LINES_MAX;
    mmio_write32(distributor + GICD_CTLR, 0);
    write_shared(GICD_ICENABLER, 32, UINT32_MAX);
    write_shared(GICD_ICACTIVER, 32, UINT32_MAX);
    write_shared(GICD_IPRIORITYR, 4, (uint32_t)PRIORITY_DEVICE * EACH_BYTE);
    write_shared(GICD_ICFGR, 16, 0);
    if (is_v3) {
        init_v3();
    } else {
        init_v2();
    }
    mmio_write32(own + GICD_ICENABLER, UINT32_MAX);
    mmio_write32(own + GICD_IPRIORITYR + TIMER_INTID / 4 * 4, (uint32_t)PRIORITY_TIMER * EACH_BYTE);
    mmio_write32(own + GICD_ISENABLER, 1u << TIMER_INTID);
    arch_timer_set(DEADLINE_FOREVER);
    SYSREG_WRITE(cntv_ctl_el0, CNTV_CTL_ENABLE);
}

/* --- the timer: always enabled, FOREVER is a comparator that the counter does not reach ------- */

uint64_t arch_counter_hz(void)
{
    return SYSREG_READ(cntfrq_el0);
}

void arch_timer_set(ticks_t deadline)
{
    SYSREG_WRITE(cntv_cval_el0, deadline);
}

/* --- lines ---------------------------------------------------------------------------------- */

bool arch_irq_is_valid(unsigned line)
{
    return line >= INTID_SHARED && line < line_count;
}

void arch_irq_mask(unsigned line)
{
    mmio_write32(distributor + GICD_ICENABLER + line / 32 * 4, 1u << line % 32);
}

void arch_irq_unmask(unsigned line)
{
    mmio_write32(distributor + GICD_ISENABLER + line / 32 * 4, 1u << line % 32);
}

/* The barriers order what goes through system registers with what goes through memory; all of
 * version 2 is one device, whose accesses stay in order. */
unsigned arch_irq_take(void)
{
    uint64_t intid;
    if (is_v3) {
        intid = SYSREG_READ(ICC_IAR1_EL1);
        CPU_DO("dsb sy");
    } else {
        intid = mmio_read32(local + GICC_IAR);
    }
    if (intid >= INTID_LINES_MAX) {
        return 0;
    }
    unsigned line = intid < INTID_SHARED ? 0 : (unsigned)intid; /* the timer's trap comes next */
    if (line != 0) {
        arch_irq_mask(line);
    }
    if (is_v3) {
        CPU_DO("dsb sy");
        SYSREG_WRITE(ICC_EOIR1_EL1, intid);
        CPU_DO("isb");
    } else {
        mmio_write32(local + GICC_EOIR, (uint32_t)intid); /* < 1,024 */
    }
    return line;
}

void arch_idle(void)
{
    CPU_DO("dsb sy\n\twfi");
}

int arch_machine_init(const struct fdt *tree)
{
    trap_init();
    psci_init(tree);
    return gic_init(tree);
}
