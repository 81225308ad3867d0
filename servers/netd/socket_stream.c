/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP connections: lwIP's raw interface on one side, the two rings of a slot on the other.
 *
 * What is sent stays in the send ring until the peer acknowledged it, and lwIP refers to it there.
 * What comes is copied into the receive ring in lwIP's callback. lwIP frees PCBs on its own terms,
 * so each PCB that is a socket's tells of its end by the callback for extra arguments, and
 * nothing here trusts a PCB longer than that.
 */
#include "socket.h"

#include <errno.h>

#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <lwip/tcp.h>

#include "timers.h"

enum {
    MS_PER_S = 1000,
    PORT_TRIES = 64,
    SEGMENTS_PER_WRITE = 8,
    WORD_BYTES = 8,
    /* Segments kept back for those who have nothing in flight. */
    SEGMENTS_KEPT = MEMP_NUM_TCP_SEG / 2,
    EXTRA = 0, /* our place among the extra arguments; netd has no other */
};

/* --- the end of a PCB ---------------------------------------------------------------------- */

/* lwIP frees the PCB. What it meant was told before, or is a normal end. */
static void forget_pcb(u8_t id, void *data)
{
    struct socket *socket = data;
    (void)id;
    if (socket != NULL) {
        socket->tcp = NULL;
    }
}

static const struct tcp_ext_arg_callbacks extra_callbacks = {.destroy = forget_pcb};

/* Lets go of a PCB that goes on by itself: nothing in it refers to the slot any more (S2). */
static void detach(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_ext_arg_set(pcb, EXTRA, NULL);
    tcp_setprio(pcb, TCP_PRIO_MIN);
    socket->tcp = NULL;
}

void stream_abort(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    if ((socket->state & SOCKET_LISTENING) != 0) {
        stream_stop_listening(socket);
    } else if (socket->life == LIFE_PENDING) {
        stream_forget_pending(socket);
    }
    if (pcb != NULL && socket->tcp != NULL) {
        tcp_err(pcb, NULL);
        tcp_abort(pcb); /* ends in forget_pcb */
    }
}

static void fail(struct socket *socket, int error)
{
    stats_count(socket->client->sockets->stats, COUNTER_stream_failed);
    socket->has_ended = true;
    socket_set_error(socket, error);
    socket_set_state(socket, SOCKET_FAILED | SOCKET_EOF, SOCKET_CONNECTED | SOCKET_CONNECTING);
}

/* lwIP has ended the connection; the PCB is gone or will be when this returns. */
static void handle_error(void *context, err_t error)
{
    struct socket *socket = context;
    bool is_connecting = (socket->state & SOCKET_CONNECTING) != 0;
    socket->has_ended = true;
    socket->tcp = NULL;
    if (socket->life == LIFE_PENDING) {
        stream_forget_pending(socket);
        socket_give_slot(socket);
    } else if (socket->life == LIFE_CLOSING) {
        socket_give_slot(socket);
    } else if (error != ERR_CLSD) { /* both sides have ended: nothing more will come */
        fail(socket, error == ERR_RST && is_connecting ? ECONNREFUSED : socket_errno(error));
    }
}

/* --- receiving ----------------------------------------------------------------------------- */

/* Room in the receive ring, as far as the client lets it be used. Requires a checked rx_head. */
static uint32_t room(const struct socket *socket)
{
    uint32_t used = socket->rx_tail - socket->rx_head;
    return used < socket->options.rx_limit ? socket->options.rx_limit - used : 0;
}

/*
 * Asks for a kick while the ring is more than half full, so that the window is opened again.
 * Either this sees what the client took, or the client sees that it is asked:
 *     netd    wants_room = 1, fence, read rx_head
 *     client  rx_head = new, fence, read wants_room
 */
static bool ask_for_room(struct socket *socket)
{
    bool is_low = room(socket) < socket->options.rx_limit / 2;
    atomic_store_explicit(&socket->shared->wants_room, is_low, memory_order_relaxed);
    if (is_low) {
        atomic_thread_fence(memory_order_seq_cst);
        return socket_read_rx_head(socket);
    }
    return true;
}

/* Gives the peer the room that there is (S3). */
static void open_window(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    uint32_t window = room(socket);
    if (window > TCP_WND_MAX(pcb)) {
        window = TCP_WND_MAX(pcb);
    }
    if (window > pcb->rcv_wnd) {
        pcb->rcv_wnd = window;
        (void)tcp_update_rcv_ann_wnd(pcb);
    }
}

/* Tells the peer of the window if it grew by half, or from less than a segment. */
static void announce(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    uint32_t left = pcb->rcv_ann_right_edge - pcb->rcv_nxt;
    if (TCP_SEQ_LT(pcb->rcv_ann_right_edge, pcb->rcv_nxt)) {
        left = 0; /* more came than was announced */
    }
    uint32_t gain = left < pcb->rcv_wnd ? pcb->rcv_wnd - left : 0;
    if (gain >= socket->options.rx_limit / 2 || (left < pcb->mss && gain >= pcb->mss)) {
        pcb->rcv_ann_wnd = pcb->rcv_wnd;
        tcp_ack_now(pcb);
    }
}

static void take_bytes(struct socket *socket, struct pbuf *pbuf)
{
    if (socket->is_rx_shut || !socket_read_rx_head(socket)) {
        return;
    }
    if (pbuf->tot_len >
        socket->client->facts.shape.rx_bytes - (socket->rx_tail - socket->rx_head)) {
        stats_count(socket->client->sockets->stats, COUNTER_stream_overrun);
        socket_break(socket); /* S3 does not hold: a bug, and only this socket pays */
        return;
    }
    socket_put_rx(socket, socket->rx_tail, pbuf, 0, pbuf->tot_len);
    socket->rx_tail += pbuf->tot_len;
    socket_publish_rx(socket);
    (void)ask_for_room(socket);
}

static err_t receive(void *context, struct tcp_pcb *pcb, struct pbuf *pbuf, err_t error)
{
    struct socket *socket = context;
    (void)error;
    if (pbuf == NULL) {
        socket_set_state(socket, SOCKET_EOF, 0);
        return ERR_OK;
    }
    if (pbuf->next != NULL) {
        tcp_ack_now(pcb); /* lwIP counts a group of segments as one [RFC 9293 §3.8.6.3] */
    }
    take_bytes(socket, pbuf);
    open_window(socket);
    announce(socket);
    pbuf_free(pbuf);
    return ERR_OK;
}

/* --- sending ------------------------------------------------------------------------------- */

static bool may_write(const struct socket *socket)
{
    return socket->tcp != NULL && !socket->has_ended &&
           (socket->life == LIFE_CLOSING || (socket->state & SOCKET_CONNECTED) != 0);
}

/* Whether the pools have that many segments for a stream that has some in flight already. */
static bool have_segments(uint32_t segments)
{
    uint32_t used = lwip_stats.memp[MEMP_TCP_SEG]->used;
    return used + segments <= MEMP_NUM_TCP_SEG - SEGMENTS_KEPT;
}

/* The first segment ends with a word, as all behind it then do: they are copied in words. */
static bool is_cut(const struct socket *socket)
{
    return socket->tcp->snd_queuelen == 0 && socket->tcp->mss > WORD_BYTES &&
           socket->tx_next % WORD_BYTES != 0;
}

/* Gives lwIP a piece of the ring, at most up to its end. ERR_MEM: not now. */
static err_t write_piece(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    uint32_t size = socket->client->facts.shape.tx_bytes;
    uint32_t place = socket->tx_next & (size - 1);
    uint32_t left = socket->tx_tail - socket->tx_next;
    uint32_t bytes = left < size - place ? left : size - place;
    uint32_t segments = pcb->snd_queuelen == 0 ? 1 : SEGMENTS_PER_WRITE;
    uint32_t most = segments * pcb->mss - (is_cut(socket) ? place % WORD_BYTES : 0);
    if (bytes > most) {
        bytes = most;
    }
    if (pcb->snd_queuelen != 0 && !have_segments(segments)) {
        return ERR_MEM;
    }
    u8_t flags = bytes < left ? TCP_WRITE_FLAG_MORE : 0;
    err_t error = tcp_write(pcb, socket->tx + place, (u16_t)bytes, flags); /* <= 8 * 1460 */
    if (error == ERR_MEM && bytes > pcb->mss) {
        bytes = pcb->mss;
        error = tcp_write(pcb, socket->tx + place, (u16_t)bytes, TCP_WRITE_FLAG_MORE);
    }
    if (error == ERR_OK) {
        socket->tx_next += bytes;
    }
    return error;
}

/* What was queued since lwIP last sent; what does not leave now, it tries again. */
static void output(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    if (pcb != NULL &&
        (pcb->unsent != NULL || (pcb->flags & (TF_ACK_NOW | TF_NAGLEMEMERR)) != 0)) {
        (void)tcp_output(pcb);
    }
}

/*
 * Whether the end may be queued: not while bytes wait for the peer's window. lwIP puts the end on
 * the last segment, and when it splits that for a small window it leaves it on the first part
 * (tcp_split_unsent_seg of 2.2.1): the peer would see the end before the bytes.
 */
static bool may_end(const struct tcp_pcb *pcb)
{
    return pcb->snd_lbb - pcb->lastack <= pcb->snd_wnd;
}

/* Gives lwIP what is in the ring and then the end, as far as it takes it. */
static void push(struct socket *socket)
{
    while (may_write(socket) && socket->tx_next != socket->tx_tail) {
        bool has_cut = is_cut(socket);
        err_t error = write_piece(socket);
        if (has_cut && error == ERR_OK) {
            (void)tcp_output(socket->tcp); /* so that nothing is put behind it */
        }
        if (error != ERR_OK) {
            if (error == ERR_MEM && socket->tcp->snd_queuelen == 0) {
                stats_count(socket->client->sockets->stats, COUNTER_stream_starved);
                socket_wait(socket);
            }
            return; /* with bytes in flight handle_sent goes on */
        }
    }
    if (may_write(socket) && socket->wants_end && may_end(socket->tcp)) {
        socket->has_ended = true;
        (void)tcp_shutdown(socket->tcp, 0, 1); /* without memory lwIP tries again by itself */
    }
}

/* A closed socket whose bytes have all arrived is lwIP's alone. */
static void leave_if_done(struct socket *socket)
{
    if (socket->life == LIFE_CLOSING && socket->has_ended && socket->tx_head == socket->tx_tail) {
        if (socket->tcp != NULL) {
            detach(socket);
        }
        socket_give_slot(socket);
    }
}

static err_t handle_sent(void *context, struct tcp_pcb *pcb, u16_t bytes)
{
    struct socket *socket = context;
    (void)pcb;
    socket->tx_head += bytes; /* <= tx_next: lwIP counts what it was given */
    socket_publish_tx(socket);
    if (socket->tx_next != socket->tx_tail || socket->wants_end) {
        push(socket);
        leave_if_done(socket);
    }
    return ERR_OK;
}

/* --- kicks --------------------------------------------------------------------------------- */

static void refresh_window(struct socket *socket)
{
    if (!socket_read_rx_head(socket) || !ask_for_room(socket)) {
        return;
    }
    open_window(socket);
    announce(socket);
}

void stream_kicked(struct socket *socket)
{
    bool is_connected = socket->tcp != NULL && (socket->state & SOCKET_LISTENING) == 0 &&
                        (socket->life == LIFE_CLOSING || (socket->state & SOCKET_CONNECTED) != 0);
    if (!is_connected) {
        return;
    }
    timers_note_tcp();
    if (socket->life == LIFE_OWNED) {
        refresh_window(socket);
        if (!socket->wants_end && !socket_read_tx_tail(socket)) {
            return;
        }
    }
    push(socket);
    output(socket);
    leave_if_done(socket);
}

/* --- connections --------------------------------------------------------------------------- */

void stream_apply_options(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    const struct socket_options *options = &socket->options;
    if (pcb == NULL) {
        return;
    }
    pcb->so_options =
        (u8_t)((options->reuse ? SOF_REUSEADDR : 0) | (options->keepalive ? SOF_KEEPALIVE : 0));
    pcb->ttl = options->hops;
    pcb->tos = options->traffic_class;
    pcb->netif_idx = options->device;
    if ((socket->state & SOCKET_LISTENING) != 0) {
        return; /* a smaller PCB ends here */
    }
    pcb->keep_idle = options->keepalive_idle_s * (u32_t)MS_PER_S;
    pcb->keep_intvl = options->keepalive_interval_s * (u32_t)MS_PER_S;
    pcb->keep_cnt = options->keepalive_count;
    if (options->nodelay) {
        tcp_nagle_disable(pcb);
    } else {
        tcp_nagle_enable(pcb);
    }
}

void stream_adopt(struct socket *socket, struct tcp_pcb *pcb)
{
    socket->tcp = pcb;
    tcp_arg(pcb, socket);
    tcp_recv(pcb, receive);
    tcp_sent(pcb, handle_sent);
    tcp_err(pcb, handle_error);
    tcp_ext_arg_set_callbacks(pcb, EXTRA, &extra_callbacks);
    tcp_ext_arg_set(pcb, EXTRA, socket);
    stream_apply_options(socket);
}

void stream_set_window(struct socket *socket)
{
    struct tcp_pcb *pcb = socket->tcp;
    uint32_t window = socket->options.rx_limit;
    window = window < TCP_WND_MAX(pcb) ? window : TCP_WND_MAX(pcb);
    pcb->rcv_wnd = window;
    pcb->rcv_ann_wnd = window;
    if (pcb->mss >= WORD_BYTES) {
        pcb->mss &= (u16_t) ~(WORD_BYTES - 1); /* so segments begin where egress.c sums fastest */
    }
}

void stream_set_names(struct socket *socket)
{
    const struct tcp_pcb *pcb = socket->tcp;
    struct socket_name local = socket_name_of(&pcb->local_ip, pcb->local_port);
    if ((socket->state & SOCKET_LISTENING) != 0) {
        socket_set_names(socket, &local, NULL);
        return;
    }
    struct socket_name peer = socket_name_of(&pcb->remote_ip, pcb->remote_port);
    socket_set_names(socket, &local, pcb->remote_port != 0 ? &peer : NULL);
}

static MUST_CHECK int make_pcb(struct socket *socket)
{
    if (socket->tcp != NULL) {
        return 0;
    }
    u8_t type = socket->family == SOCKET_IP4 ? IPADDR_TYPE_V4
                : socket->options.v6only     ? IPADDR_TYPE_V6
                                             : IPADDR_TYPE_ANY;
    struct tcp_pcb *pcb = tcp_new_ip_type(type);
    if (pcb == NULL) {
        stats_count(socket->client->sockets->stats, COUNTER_socket_no_memory);
        return -ENOBUFS;
    }
    stream_adopt(socket, pcb);
    return 0;
}

/* Takes a port nobody has, by chance. */
static err_t bind_somewhere(struct tcp_pcb *pcb, const ip_addr_t *address)
{
    err_t error = ERR_USE;
    for (int i = 0; i < PORT_TRIES && error == ERR_USE; i++) {
        error = tcp_bind(pcb, address, socket_random_port());
    }
    return error;
}

/* Whether somebody listens on that port at an address that may be the same. */
static bool is_listened_to(const struct socket *socket, const ip_addr_t *address, uint16_t port)
{
    const struct sockets *sockets = socket->client->sockets;
    for (uint32_t i = 0; i < sockets->used; i++) {
        const struct socket *other = &sockets->socket[i];
        if (other->life == LIFE_OWNED && other->type == SOCKET_STREAM && other->tcp != NULL &&
            (other->state & SOCKET_LISTENING) != 0 && other->tcp->local_port == port &&
            (ip_addr_isany(address) || ip_addr_isany(&other->tcp->local_ip) ||
             ip_addr_eq(&other->tcp->local_ip, address))) {
            return true;
        }
    }
    return false;
}

int stream_bind(struct socket *socket, const ip_addr_t *address, uint16_t port)
{
    if (socket->is_bound || socket->has_ended || socket->state != 0) {
        return -EINVAL;
    }
    if (port != 0 && is_listened_to(socket, address, port)) {
        return -EADDRINUSE; /* whatever SO_REUSEADDR says */
    }
    int error = make_pcb(socket);
    if (error != 0) {
        return error;
    }
    err_t bound =
        port != 0 ? tcp_bind(socket->tcp, address, port) : bind_somewhere(socket->tcp, address);
    if (bound != ERR_OK) {
        return -socket_errno(bound);
    }
    socket->is_bound = true;
    stream_set_names(socket);
    return 0;
}

static err_t handle_connected(void *context, struct tcp_pcb *pcb, err_t error)
{
    struct socket *socket = context;
    (void)pcb;
    (void)error;
    stream_set_window(socket);
    stream_set_names(socket);
    socket_set_state(socket, SOCKET_CONNECTED, SOCKET_CONNECTING);
    socket_defer(socket); /* the client may have filled the ring already */
    return ERR_OK;
}

/* A connection that failed before a byte was moved may be tried again. */
static void start_over(struct socket *socket)
{
    socket->has_ended = false;
    socket->is_bound = false;
    socket_set_state(socket, 0, socket->state);
}

int stream_connect(struct socket *socket, const ip_addr_t *address, uint16_t port)
{
    if ((socket->state & SOCKET_CONNECTING) != 0) {
        return -EALREADY;
    }
    if ((socket->state & (SOCKET_CONNECTED | SOCKET_LISTENING)) != 0) {
        return -EISCONN;
    }
    if (socket->tcp == NULL && (socket->state & SOCKET_FAILED) != 0 && !socket->is_broken &&
        socket->rx_head == socket->rx_tail && socket->tx_head == socket->tx_tail) {
        start_over(socket);
    }
    if (socket->state != 0 || socket->has_ended) {
        return -EINVAL;
    }
    if (port == 0) {
        return -EADDRNOTAVAIL;
    }
    struct netif *netif =
        ip_route(socket->is_bound ? &socket->tcp->local_ip : IP4_ADDR_ANY, address);
    if (ip_addr_isany(address) || ip_addr_ismulticast(address) ||
        !socket_is_on_route(netif, address)) {
        return -ENETUNREACH;
    }
    ip_addr_t any = *address;
    ip_addr_set_any(IP_IS_V6(address), &any);
    int error = socket->is_bound ? 0 : stream_bind(socket, &any, 0);
    if (error != 0) {
        return error;
    }
    err_t begun = tcp_connect(socket->tcp, address, port, handle_connected);
    if (begun != ERR_OK) {
        return -socket_errno(begun);
    }
    stream_set_names(socket);
    socket_set_state(socket, SOCKET_CONNECTING, 0);
    return 0;
}

int stream_shutdown(struct socket *socket, uint32_t sides)
{
    if ((socket->state & (SOCKET_CONNECTED | SOCKET_EOF | SOCKET_SHUT)) == 0 ||
        (socket->state & SOCKET_FAILED) != 0) {
        return -ENOTCONN;
    }
    if ((sides & SOCKET_SIDE_TX) != 0 && !socket->wants_end && socket_read_tx_tail(socket)) {
        socket->wants_end = true;
        socket_set_state(socket, SOCKET_SHUT, 0);
        socket_defer(socket);
    }
    if ((sides & SOCKET_SIDE_RX) != 0) {
        socket->is_rx_shut = true;
        socket_set_state(socket, SOCKET_EOF, 0);
    }
    return 0;
}

/* Sends what is left and the end; what the peer sends from now on is answered with a reset. */
static void close_gently(struct socket *socket)
{
    socket->life = LIFE_CLOSING;
    socket->wants_end = true;
    tcp_set_flags(socket->tcp, TF_RXCLOSED);
    socket_defer(socket);
}

void stream_close(struct socket *socket, bool is_reset)
{
    bool is_whole =
        socket_read_rx_head(socket) && (socket->wants_end || socket_read_tx_tail(socket));
    bool has_unread = socket->rx_head != socket->rx_tail;
    if (socket->tcp != NULL && (socket->state & SOCKET_CONNECTED) != 0 && is_whole && !is_reset &&
        (!has_unread || socket->is_rx_shut)) {
        close_gently(socket);
        return;
    }
    if (socket->tcp != NULL && (socket->state & SOCKET_CONNECTING) != 0) {
        (void)tcp_close(socket->tcp); /* of a request that was never answered: nothing is sent */
    }
    stream_abort(socket);
    socket_give_slot(socket);
}

void stream_unreachable(struct socket *socket, int error)
{
    tcp_err(socket->tcp, NULL);
    (void)tcp_close(socket->tcp); /* the PCB is gone: nothing was established */
    fail(socket, error);
}
