/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of a step, and the two ends of an echo: the raw PCB that sends requests and sees every
 * ICMP message first.
 */
#include "stack.h"

#include <string.h>

#include <lwip/igmp.h>
#include <lwip/init.h>
#include <lwip/icmp6.h>
#include <lwip/ip.h>
#include <lwip/raw.h>

#include <base/bytes.h>
#include <base/fmt.h>

#include "checksum.h"
#include "flow.h"
#include "timers.h"

static bool is_lwip_running; /* lwIP can be started once in a program */

static const char *driver_name(const struct link *link)
{
    return link->name[0] == 0 ? "virtio-net" : "virtio-en1";
}

static void say_up(const struct stack *stack, const struct link *link)
{
    char text[LINE_BYTES_MAX];
    const uint8_t *mac = link->interface.rules.mac;
    size_t len = fmt_format(text, sizeof(text),
                            "net: %s up mac=%02x:%02x:%02x:%02x:%02x:%02x mtu=%u",
                            driver_name(link), mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
                            link->interface.rules.mtu);
    stack->lines.write(stack->lines.context, text, len);
}

static void say_failed(const struct stack *stack, const struct link *link)
{
    char text[LINE_BYTES_MAX];
    size_t len = fmt_format(text, sizeof(text), "net: %s failed", driver_name(link));
    stack->lines.write(stack->lines.context, text, len);
}

/* --- echo ---------------------------------------------------------------------------------- */

/* lwIP's raw receive function: 1 when the message was for a ping and needs nobody else. */
static u8_t receive_icmp(void *context, struct raw_pcb *pcb, struct pbuf *pbuf,
                         const ip_addr_t *source)
{
    struct stack *stack = context;
    struct ping_message message = {.bytes = stack->message};
    u16_t header_bytes = ip_current_header_tot_len();
    (void)pcb;
    message.len = (size_t)pbuf->tot_len - header_bytes; /* whole: lwIP has checked the headers */
    if (message.len > sizeof(stack->message)) {
        return 0;
    }
    (void)pbuf_copy_partial(pbuf, stack->message, (u16_t)message.len, header_bytes);
    if (IP_IS_V6(source)) {
        uint8_t addresses[32];
        memcpy(addresses, ip6_current_src_addr()->addr, 16);
        memcpy(addresses + 16, ip6_current_dest_addr()->addr, 16);
        message.source =
            (struct ping_host){bytes_get_be64(addresses), bytes_get_be64(addresses + 8)};
        message.hop_limit = IP6H_HOPLIM(ip6_current_header());
        uint16_t sum = checksum_add(checksum_partial(addresses, sizeof(addresses)),
                                    checksum_wire16(IP6_NEXTH_ICMP6));
        message.pseudo_sum = checksum_add(sum, checksum_wire16((uint16_t)message.len));
        sum = checksum_add(message.pseudo_sum, checksum_partial(stack->message, message.len));
        if (checksum_is_good(sum)) {
            sockets_unreachable6(&stack->sockets, stack->message, message.len);
        }
    } else {
        sockets_unreachable(&stack->sockets, stack->message, (uint16_t)message.len);
        message.source = ping_host_ip4(lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(source))));
        message.hop_limit = IPH_TTL(ip4_current_header());
    }
    if (!ping_input(&stack->pings, &message, port_now_us())) {
        return 0;
    }
    pbuf_free(pbuf);
    return 1;
}

/* Who may mean several links gets the interface that was asked for, else the first but loopback. */
static void put_zone(ip6_addr_t *address, uint8_t interface)
{
    ip6_addr_clear_zone(address);
    if (ip6_addr_has_scope(address, IP6_UNICAST)) {
        struct netif *netif = interface == 0 ? netif_default : netif_get_by_index(interface);
        if (netif != NULL) {
            ip6_addr_assign_zone(address, IP6_UNICAST, netif);
        }
    }
}

static ip_addr_t destination_of(const struct ping *ping)
{
    ip_addr_t address;
    if (ping_host_is_ip6(ping->destination)) {
        uint8_t bytes[16];
        bytes_put_be64(bytes, ping->destination.high);
        bytes_put_be64(bytes + 8, ping->destination.low);
        memcpy(ip_2_ip6(&address)->addr, bytes, sizeof(bytes));
        IP_SET_TYPE_VAL(address, IPADDR_TYPE_V6);
        put_zone(ip_2_ip6(&address), ping->interface);
    } else {
        ip_addr_set_ip4_u32_val(address, lwip_htonl((uint32_t)ping->destination.low));
    }
    return address;
}

static err_t send_echo(struct stack *stack, const struct ping *ping)
{
    size_t bytes = ping_build(&stack->pings, ping, stack->message);
    struct pbuf *pbuf = pbuf_alloc(PBUF_IP, (u16_t)bytes, PBUF_RAM); /* <= PING_MESSAGE_MAX */
    if (pbuf == NULL) {
        return ERR_MEM;
    }
    ip_addr_t destination = destination_of(ping);
    struct raw_pcb *pcb = IP_IS_V6(&destination) ? stack->icmp6 : stack->icmp;
    err_t error = pbuf_take(pbuf, stack->message, (u16_t)bytes);
    if (error == ERR_OK) {
        pcb->netif_idx = ping->interface;
        error = raw_sendto(pcb, pbuf, &destination);
    }
    pbuf_free(pbuf);
    return error;
}

int stack_ping(struct stack *stack, const struct ping_request *request, uint32_t *token)
{
    struct ping *ping;
    int error = ping_start(&stack->pings, request, port_now_us(), &ping);
    if (error != OK) {
        return error;
    }
    *token = ping->token;
    err_t sent = send_echo(stack, ping);
    if (sent != ERR_OK) {
        int result = sent == ERR_MEM ? E_NO_MEMORY : E_UNREACHABLE;
        ping_fail(&stack->pings, ping, result, port_now_us());
    }
    return OK;
}

/* --- steps --------------------------------------------------------------------------------- */

/* Apart, so that the usual way saves no registers. False: nothing has changed. */
static __attribute__((noinline)) bool follow_driver(struct stack *stack, struct link *link)
{
    enum interface_event event = interface_poll(&link->interface);
    flows_forget();
    switch (event) {
    case INTERFACE_UP:
        say_up(stack, link);
        if (link->interface.rules.takes_ip6) {
            addr6_start(&link->addr6, &link->interface.netif, &stack->stats, &stack->lines,
                        link->name);
            info6_start(&link->info6, &link->interface.netif, &stack->stats);
        }
        if (link->addr.mode == ADDR_OFF) {
            addr_start(&link->addr, &link->interface.netif, &link->fallback, &stack->stats,
                       &stack->lines, link->name);
        }
        break;
    case INTERFACE_FAILED:
        say_failed(stack, link);
        break;
    case INTERFACE_SAME:
        break;
    }
    return event != INTERFACE_SAME;
}

/* What somebody here has sent to somebody here. */
static void poll_loops(void)
{
    struct netif *netif;
    NETIF_FOREACH(netif)
    {
        if (netif->loop_first != NULL) {
            timers_note_tcp();
            netif_poll(netif);
        }
    }
}

/* Apart, so that the usual way saves no registers. */
static __attribute__((noinline)) void look_at_all(struct stack *stack)
{
    flows_forget();
    timers_note_all();
    for (uint32_t i = 0; i < stack->link_count; i++) {
        addr_update(&stack->link[i].addr);
        addr6_update(&stack->link[i].addr6);
        info6_update(&stack->link[i].info6);
    }
    if (stack->link_count > 1) {
        routes_update(); /* which is the best may have changed */
    }
}

/* Addresses come and go with packets and with time, but not with the data of sockets. */
static void follow_news(struct stack *stack)
{
    for (uint32_t i = 0; stack->is_due && i < stack->link_count; i++) {
        stack->has_news |= port_now_us() >= addr_next_us(&stack->link[i].addr) ||
                           port_now_us() >= info6_next_us(&stack->link[i].info6);
    }
    if (stack->has_news) {
        look_at_all(stack);
    }
}

bool stack_input(struct stack *stack, uint64_t now_us)
{
    bool has_more = false;
    port_set_now(now_us);
    stack->is_due = now_us >= stack->due_us;
    stack->has_news |= timers_run(); /* before anything comes in */
    for (uint32_t i = 0; i < stack->link_count; i++) {
        struct link *link = &stack->link[i];
        if (interface_has_changed(&link->interface)) {
            stack->has_news |= follow_driver(stack, link);
        }
        if (interface_has_frames(&link->interface)) {
            has_more |= interface_input(&link->interface);
        }
        stack->has_news |= interface_take_news(&link->interface);
    }
    follow_news(stack);
    poll_loops();
    return has_more;
}

static void sooner(uint64_t *next_us, uint64_t other_us)
{
    *next_us = other_us < *next_us ? other_us : *next_us;
}

/* Apart, so that the usual way saves no registers. */
static __attribute__((noinline)) void find_due(struct stack *stack)
{
    stack->due_us = pings_next_us(&stack->pings);
    sooner(&stack->due_us, resolver_next_us(&stack->resolver));
    for (uint32_t i = 0; i < stack->link_count; i++) {
        sooner(&stack->due_us, addr_next_us(&stack->link[i].addr));
        sooner(&stack->due_us, info6_next_us(&stack->link[i].info6));
    }
}

uint32_t stack_finish(struct stack *stack, uint64_t now_us, uint64_t *next_us)
{
    uint32_t must_signal = 0;
    port_set_now(now_us);
    stack->has_news |= timers_run();
    if (stack->is_due) {
        pings_expire(&stack->pings, now_us);
        resolver_expire(&stack->resolver);
    }
    stack->has_more = sockets_turn(&stack->sockets);
    poll_loops(); /* what requests, time and clients sent to ourselves */
    follow_news(stack);
    if (stack->has_news || stack->is_due || (stack->pings.used | stack->resolver.used) != 0) {
        find_due(stack);
    }
    stack->has_news = false;
    *next_us = stack->due_us;
    for (uint32_t i = 0; i < stack->link_count; i++) {
        must_signal |= interface_flush(&stack->link[i].interface) ? 1u << i : 0;
    }
    sooner(next_us, sockets_next_us(&stack->sockets, now_us));
    sooner(next_us, timers_next_us());
    return must_signal;
}

/* Whether there is a frame for who waits for one. */
static bool has_frames(const struct stack *stack)
{
    for (uint32_t i = 0; i < stack->link_count; i++) {
        if (stack->link[i].interface.free_count == 0) {
            return false;
        }
    }
    return stack->link_count != 0;
}

bool stack_prepare_sleep(struct stack *stack)
{
    if (stack->has_more || (stack->sockets.waits_for_frames && has_frames(stack)) ||
        !sockets_prepare_sleep(&stack->sockets)) {
        return false;
    }
    for (uint32_t i = 0; i < stack->link_count; i++) {
        if (!interface_prepare_sleep(&stack->link[i].interface)) {
            return false;
        }
    }
    return true;
}

/* --- life ---------------------------------------------------------------------------------- */

int stack_init(struct stack *stack, const struct stack_config *config, uint64_t now_us)
{
    memset(stack, 0, sizeof(*stack)); /* too large for an assignment by way of the stack */
    stack->lines = config->lines;
    for (uint32_t i = 0; i < STACK_LINKS; i++) {
        stack->link[i].fallback = config->fallback[i];
    }
    routes_use(&stack->routes);
    port_set_now(now_us);
    port_seed(config->seed);
    flows_init((uint16_t)netd_random_u32());
    timers_init();
    if (!is_lwip_running) {
        lwip_init();
        is_lwip_running = true;
        netif_list->rs_count = 0; /* no router is behind loopback */
        /* Loopback never leaves memory, but a raw receiver of ICMP checks sums. */
        NETIF_SET_CHECKSUM_CTRL(netif_list, NETIF_CHECKSUM_GEN_IP | NETIF_CHECKSUM_GEN_ICMP |
                                                NETIF_CHECKSUM_GEN_ICMP6);
    }
    netif_set_flags(netif_list, NETIF_FLAG_IGMP); /* of loopback: no other is there yet */
    if (igmp_start(netif_list) != ERR_OK) {
        return E_NO_MEMORY;
    }
    sockets_init(&stack->sockets, &stack->stats);
    pings_init(&stack->pings, (uint16_t)netd_random_u32(), &stack->stats);
    stack->icmp = raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP);
    stack->icmp6 = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6);
    if (stack->icmp == NULL || stack->icmp6 == NULL) {
        return E_NO_MEMORY;
    }
    raw_recv(stack->icmp, receive_icmp, stack);
    raw_recv(stack->icmp6, receive_icmp, stack);
    stack->icmp6->chksum_reqd = 1; /* lwIP knows which source it takes */
    stack->icmp6->chksum_offset = offsetof(struct icmp6_echo_hdr, chksum);
    return resolver_open(&stack->resolver, &stack->stats);
}

int stack_attach(struct stack *stack, struct frames_area *area)
{
    uint32_t index = stack->link_count;
    struct link *link = &stack->link[index];
    int error = interface_open(&link->interface, area, &stack->stats);
    if (error == OK) {
        if (index != 0) {
            (void)fmt_format(link->name, sizeof(link->name), "en%u ", index);
        }
        stack->link_count++;
        routes_set_metric(&stack->routes, netif_get_index(&link->interface.netif),
                          (uint16_t)(ROUTES_METRIC_STEP * (index + 1)));
        routes_update();
    }
    return error;
}

void stack_close(struct stack *stack)
{
    sockets_close(&stack->sockets);
    netif_poll_all();
    for (; stack->link_count != 0; stack->link_count--) {
        struct link *link = &stack->link[stack->link_count - 1];
        addr_stop(&link->addr);
        info6_stop(&link->info6);
        interface_close(&link->interface);
    }
    routes_use(NULL);
    (void)igmp_stop(netif_list);
    resolver_close(&stack->resolver);
    raw_remove(stack->icmp);
    raw_remove(stack->icmp6);
}
