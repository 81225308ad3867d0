/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP asks of its platform: clock, random numbers, checksum, the end after an assertion.
 */
#include "port.h"

#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>

#include "../checksum.h"

static struct {
    uint64_t now_us;
    uint64_t random;
    bool is_ooseq_refused;
    void (*report)(const char *text, const char *file, int line);
} port;

void port_set_now(uint64_t now_us)
{
    port.now_us = now_us;
}

uint64_t port_now_us(void)
{
    return port.now_us;
}

void port_seed(uint64_t seed)
{
    port.random = seed;
}

void port_on_assert(void (*report)(const char *text, const char *file, int line))
{
    port.report = report;
}

u32_t sys_now(void)
{
    return (u32_t)(port.now_us / 1000);
}

/* SplitMix64: every value once per period of 2^64, every bit mixed. */
uint32_t netd_random_u32(void)
{
    port.random += 0x9e3779b97f4a7c15;
    uint64_t mixed = port.random;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return (uint32_t)(mixed >> 32);
}

void port_allow_ooseq(bool is_allowed)
{
    port.is_ooseq_refused = !is_allowed;
}

uint16_t netd_ooseq_limit(void)
{
    return port.is_ooseq_refused ? 0 : UINT16_MAX; /* the window bounds it */
}

/*
 * lwIP asserts that a window has its default size when a peer that began without window scaling
 * begins again with it. Windows here are the rings', so such a segment is dropped.
 */
int netd_check_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *header)
{
    bool is_late_syn = pcb->state == SYN_RCVD && (TCPH_FLAGS(header) & TCP_SYN) != 0;
    return !is_late_syn || (pcb->flags & TF_WND_SCALE) != 0;
}

uint16_t netd_checksum_partial(const void *data, int len)
{
    return checksum_partial(data, (size_t)len); /* lwIP's lengths are u16 */
}

_Noreturn void netd_lwip_assert(const char *text, const char *file, int line)
{
    if (port.report != NULL) {
        port.report(text, file, line);
    }
    __builtin_trap();
}
