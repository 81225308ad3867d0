/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets of TCP: a queue of connections that are ready, in the receive ring.
 *
 * A connection has its slot from the first segment on, so one that was answered can always be
 * handed out. Connections that are half open and those in the queue together are at most the
 * backlog; a segment that would begin one more is not answered, and the peer tries again.
 */
#include "socket.h"

#include <errno.h>

#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

enum {
    EXTRA = 0,
    HALF_OPEN_TICKS_MIN = 3, /* of half a second */
};

static_assert(SOCKET_BACKLOG_MAX * sizeof(struct socket_accepted) <= SOCKET_RING_BYTES_MIN,
              "the smallest ring holds the longest queue");

/* Connections in the queue. Requires a checked rx_head. */
static uint32_t queued(const struct socket *listener)
{
    return (listener->rx_tail - listener->rx_head) / (uint32_t)sizeof(struct socket_accepted);
}

static void refuse(struct socket *listener, enum counter why)
{
    stats_count(listener->client->sockets->stats, why);
    atomic_fetch_add_explicit(&listener->shared->drops, 1, memory_order_relaxed);
}

/*
 * Ends the connection that has been half open for the longest time, if that is longer than an
 * answer takes: so a flood of beginnings keeps nobody out who goes on. False: there is none.
 */
static bool drop_oldest(struct socket *listener)
{
    const struct socket_client *client = listener->client;
    struct socket *oldest = NULL;
    uint32_t most = 0;
    for (uint32_t slot = 0; slot < client->facts.shape.slots && listener->half_open != 0; slot++) {
        struct socket *socket = &client->first[slot];
        if (socket->life == LIFE_PENDING && socket->listener == listener &&
            tcp_ticks - socket->tcp->tmr >= most + HALF_OPEN_TICKS_MIN) {
            oldest = socket;
            most = tcp_ticks - socket->tcp->tmr - HALF_OPEN_TICKS_MIN;
        }
    }
    if (oldest == NULL) {
        return false;
    }
    tcp_abandon(oldest->tcp, 0); /* ends in the callback for errors, which gives the slot back */
    return true;
}

/* The slot of a connection that begins, or NULL. */
static struct socket *take_pending(struct socket *listener)
{
    if (!socket_read_rx_head(listener)) {
        return NULL;
    }
    if (listener->half_open + queued(listener) >= listener->backlog && !drop_oldest(listener)) {
        refuse(listener, COUNTER_stream_backlog);
        return NULL;
    }
    struct socket *socket = socket_take_slot(listener->client, LIFE_PENDING);
    if (socket == NULL && drop_oldest(listener)) {
        socket = socket_take_slot(listener->client, LIFE_PENDING);
    }
    if (socket == NULL) {
        refuse(listener, COUNTER_stream_no_slot);
        return NULL;
    }
    return socket;
}

/* lwIP has made a PCB for the first segment and not answered it yet. */
static err_t open_passively(u8_t id, struct tcp_pcb_listen *listening, struct tcp_pcb *pcb)
{
    struct socket *listener = tcp_ext_arg_get((struct tcp_pcb *)listening, id);
    struct socket *socket = listener == NULL ? NULL : take_pending(listener);
    if (socket == NULL) {
        return ERR_MEM;
    }
    listener->half_open++;
    socket->family = listener->family;
    socket->type = SOCKET_STREAM;
    socket->protocol = listener->protocol;
    socket->options = listener->options;
    socket->is_bound = true;
    socket->listener = listener;
    stream_adopt(socket, pcb);
    stream_set_window(socket);
    return ERR_OK;
}

static void forget_listening(u8_t id, void *data)
{
    struct socket *socket = data;
    (void)id;
    socket->tcp = NULL;
}

static const struct tcp_ext_arg_callbacks listen_callbacks = {
    .destroy = forget_listening,
    .passive_open = open_passively,
};

/* The handshake is complete: the slot becomes the client's. */
static err_t accept(void *context, struct tcp_pcb *pcb, err_t error)
{
    struct socket *socket = context;
    if (pcb == NULL || error != ERR_OK) {
        return ERR_VAL; /* lwIP had no PCB for a segment */
    }
    struct socket *listener = socket->listener;
    struct socket_accepted entry = {.slot = socket->slot};
    listener->half_open--;
    socket->life = LIFE_OWNED;
    socket->accept_index = listener->rx_tail;
    stream_set_names(socket);
    socket_set_state(socket, SOCKET_CONNECTED, 0);
    socket_ring_put(listener->rx, listener->client->facts.shape.rx_bytes, listener->rx_tail, &entry,
                    sizeof(entry));
    listener->rx_tail += (uint32_t)sizeof(entry); /* there is room: see take_pending */
    socket_publish_rx(listener);
    return ERR_OK;
}

void stream_forget_pending(struct socket *socket)
{
    if (socket->listener != NULL) {
        socket->listener->half_open--;
        socket->listener = NULL;
    }
}

/* Whether the client has not taken it out of the queue. Requires a checked rx_head. */
static bool is_waiting(const struct socket *socket, const struct socket *listener)
{
    uint32_t waiting = listener->rx_tail - listener->rx_head;
    return socket->life == LIFE_PENDING || socket->accept_index - listener->rx_head < waiting;
}

void stream_stop_listening(struct socket *listener)
{
    struct socket_client *client = listener->client;
    (void)!socket_read_rx_head(listener);
    for (uint32_t slot = 0; slot < client->facts.shape.slots; slot++) {
        struct socket *socket = &client->first[slot];
        if (socket->life == LIFE_FREE || socket->listener != listener) {
            continue;
        }
        if (is_waiting(socket, listener)) {
            stream_abort(socket);
            socket_give_slot(socket);
        }
        socket->listener = NULL;
    }
    listener->state &= ~(uint32_t)SOCKET_LISTENING;
    if (listener->tcp != NULL) {
        (void)tcp_close(listener->tcp); /* frees it at once */
    }
}

int stream_listen(struct socket *socket, uint32_t backlog)
{
    err_t error;
    backlog = backlog < 1 ? 1 : backlog < SOCKET_BACKLOG_MAX ? backlog : SOCKET_BACKLOG_MAX;
    if ((socket->state & SOCKET_LISTENING) != 0) {
        socket->backlog = (uint16_t)backlog;
        return 0;
    }
    if (socket->state != 0 || socket->has_ended) {
        return -EINVAL;
    }
    int bound = socket_check_listen(socket, socket->is_bound ? socket->tcp->local_port : 0);
    if (bound != 0) {
        return bound;
    }
    if (!socket->is_bound) {
        bound = stream_bind(socket,
                            socket->family == SOCKET_IP4 ? IP4_ADDR_ANY
                            : socket->options.v6only     ? IP6_ADDR_ANY
                                                         : IP_ANY_TYPE,
                            0);
        if (bound != 0) {
            return bound;
        }
    }
    struct tcp_pcb *pcb = tcp_listen_with_backlog_and_err(socket->tcp, 0, &error);
    if (pcb == NULL) {
        return -socket_errno(error);
    }
    /* --- committed --- lwIP has freed the PCB it was given */
    socket->tcp = pcb;
    socket->backlog = (uint16_t)backlog;
    tcp_accept(pcb, accept);
    tcp_ext_arg_set_callbacks(pcb, EXTRA, &listen_callbacks);
    tcp_ext_arg_set(pcb, EXTRA, socket);
    socket_set_state(socket, SOCKET_LISTENING, 0);
    return 0;
}
