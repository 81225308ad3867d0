/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arenas: who has which slot, what the client's indexes are worth, who is to be woken.
 *
 * Knows nothing of protocols. The words a client writes are read in this file alone.
 */
#include "socket.h"

#include <errno.h>
#include <string.h>

#include <lwip/priv/tcp_priv.h>

#include "lwip/port.h"
#include "resolver.h"

enum {
    US_PER_MS = 1000,
    WAITING_RETRY_MS = 50,
    DEFAULT_HOPS = 64,
    KEEPALIVE_IDLE_S = 7200,
    KEEPALIVE_INTERVAL_S = 75,
    KEEPALIVE_COUNT = 9,
};

enum {
    OWN_UDP_PCBS = RESOLVER_QUERIES + 1 + 2, /* with its service; DHCP, DHCPv6 */
    OWN_RAW_PCBS = 2, /* of echoes */
};

/* Who has a slot can use it for anything, whatever the others do. */
static_assert(MEMP_NUM_TCP_PCB >= SOCKETS_MAX && MEMP_NUM_TCP_PCB_LISTEN >= SOCKETS_MAX &&
                  MEMP_NUM_UDP_PCB >= SOCKETS_MAX + OWN_UDP_PCBS &&
                  MEMP_NUM_RAW_PCB >= SOCKETS_MAX + OWN_RAW_PCBS,
              "a PCB of each kind for every slot");

/* Two clients that may join any group, the few that others have listed, and lwIP's own. */
static_assert(MEMP_NUM_IGMP_GROUP >= 2 * SOCKET_CLIENT_GROUPS_MAX + 8 &&
                  MEMP_NUM_MLD6_GROUP >= 2 * SOCKET_CLIENT_GROUPS_MAX + 12,
              "who joins all it can leaves the others theirs");

/* The rings of the arena are being used: at the end of the turn they are seen to. */
static void touch(struct socket_client *client)
{
    struct sockets *sockets = client->sockets;
    if (!client->is_touched) {
        client->is_touched = true;
        sockets->touched[sockets->touched_count] = client;
        sockets->touched_count++; /* <= attached_count: each client once */
    }
}

/* --- slots --------------------------------------------------------------------------------- */

static void reset_shared(struct socket_slot *shared, uint32_t rx_tail, uint32_t tx_head)
{
    atomic_store_explicit(&shared->state, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->error, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->drops, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->wants_room, 0, memory_order_relaxed);
    atomic_store_explicit(&shared->rx_tail, rx_tail, memory_order_relaxed);
    atomic_store_explicit(&shared->tx_head, tx_head, memory_order_relaxed);
    memset(&shared->local, 0, sizeof(shared->local));
    memset(&shared->peer, 0, sizeof(shared->peer));
    atomic_store_explicit(&shared->named, 0, memory_order_release);
}

/* The state that every new socket starts from; it goes on where the client's indexes stand. */
static void reset_socket(struct socket *socket, enum socket_life life)
{
    struct socket_slot *shared = socket->shared;
    socket->life = life;
    socket->state = 0;
    socket->errors = 0;
    socket->rx_head_before = atomic_load_explicit(&shared->rx_head, memory_order_acquire);
    socket->tx_tail_before = atomic_load_explicit(&shared->tx_tail, memory_order_acquire);
    socket->rx_head = socket_index_begin(socket->rx_head_before);
    socket->tx_tail = socket_index_begin(socket->tx_tail_before);
    socket->rx_tail = socket->rx_head;
    socket->tx_head = socket->tx_tail;
    socket->tx_next = socket->tx_tail;
    socket->tcp = NULL;
    socket->is_broken = false;
    socket->is_bound = false;
    socket->wants_end = false;
    socket->has_ended = false;
    socket->is_rx_shut = false;
    socket->backlog = 0;
    socket->half_open = 0;
    socket->listener = NULL;
    memset(socket->group, 0, sizeof(socket->group));
    socket->options = (struct socket_options){
        .group_loop = true,
        .hops = DEFAULT_HOPS,
        .group_hops = 1,
        .keepalive_count = KEEPALIVE_COUNT,
        .keepalive_idle_s = KEEPALIVE_IDLE_S,
        .keepalive_interval_s = KEEPALIVE_INTERVAL_S,
        .rx_limit = socket->client->facts.shape.rx_bytes,
    };
    reset_shared(shared, socket->rx_tail, socket->tx_head);
}

struct socket *socket_take_slot(struct socket_client *client, enum socket_life life)
{
    for (uint32_t slot = 0; slot < client->facts.shape.slots; slot++) {
        struct socket *socket = &client->first[slot];
        if (socket->life == LIFE_FREE) {
            reset_socket(socket, life);
            return socket;
        }
    }
    stats_count(client->sockets->stats, COUNTER_socket_no_slot);
    return NULL;
}

void socket_give_slot(struct socket *socket)
{
    socket->life = LIFE_FREE;
    list_remove(&socket->todo);
}

void socket_defer(struct socket *socket)
{
    if (!list_is_linked(&socket->todo)) {
        list_append(&socket->client->sockets->todo, &socket->todo);
    }
}

void socket_wait(struct socket *socket)
{
    list_remove(&socket->todo);
    list_append(&socket->client->sockets->waiting, &socket->todo);
}

/* --- news ---------------------------------------------------------------------------------- */

void socket_tell(struct socket *socket)
{
    struct socket_client *client = socket->client;
    if (socket->life != LIFE_OWNED || !socket_flag_raise(&socket->shared->is_queued)) {
        return;
    }
    touch(client);
    int error = ring_producer_push(&client->ready, socket->slot);
    if (error == E_CORRUPT) {
        client->is_broken = true;
    } else if (error != OK) {
        /* The client has cleared flags without taking the numbers. */
        stats_count(client->sockets->stats, COUNTER_socket_ready_full);
    }
}

void socket_set_state(struct socket *socket, uint32_t set, uint32_t clear)
{
    uint32_t state = (socket->state & ~clear) | set;
    if (state != socket->state) {
        socket->state = state;
        atomic_store_explicit(&socket->shared->state, state, memory_order_release);
        socket_tell(socket);
    }
}

void socket_set_error(struct socket *socket, int error)
{
    socket->errors++;
    atomic_store_explicit(&socket->shared->error, socket->errors << 16 | (uint32_t)error,
                          memory_order_release);
    socket_tell(socket);
}

void socket_set_names(struct socket *socket, const struct socket_name *local,
                      const struct socket_name *peer)
{
    struct socket_slot *shared = socket->shared;
    uint32_t named = atomic_load_explicit(&shared->named, memory_order_relaxed);
    atomic_store_explicit(&shared->named, named + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    if (local != NULL) {
        shared->local = *local;
    }
    if (peer != NULL) {
        shared->peer = *peer;
    }
    atomic_store_explicit(&shared->named, named + 2, memory_order_release);
}

/* --- indexes ------------------------------------------------------------------------------- */

void socket_break(struct socket *socket)
{
    if (!socket->is_broken) {
        stats_count(socket->client->sockets->stats, COUNTER_socket_corrupt);
        socket->is_broken = true;
        socket_defer(socket);
    }
}

/* Whether an index is still that of the slot's last socket, and none was seen of this one. */
static bool is_not_begun(uint32_t index, uint32_t before, uint32_t believed)
{
    return index == before && believed == socket_index_begin(before);
}

bool socket_read_rx_head(struct socket *socket)
{
    uint32_t head = atomic_load_explicit(&socket->shared->rx_head, memory_order_acquire);
    if (socket->is_broken || head - socket->rx_head > socket->rx_tail - socket->rx_head) {
        if (!socket->is_broken && is_not_begun(head, socket->rx_head_before, socket->rx_head)) {
            return true;
        }
        socket_break(socket);
        return false;
    }
    socket->rx_head = head;
    return true;
}

bool socket_read_tx_tail(struct socket *socket)
{
    uint32_t size = socket->client->facts.shape.tx_bytes;
    uint32_t tail = atomic_load_explicit(&socket->shared->tx_tail, memory_order_acquire);
    uint32_t filled = socket->tx_tail - socket->tx_head; /* <= size */
    if (socket->is_broken || tail - socket->tx_tail > size - filled) {
        if (!socket->is_broken && is_not_begun(tail, socket->tx_tail_before, socket->tx_tail)) {
            return true;
        }
        socket_break(socket);
        return false;
    }
    socket->tx_tail = tail;
    return true;
}

void socket_put_rx(struct socket *socket, uint32_t at, const struct pbuf *pbuf, uint16_t offset,
                   uint16_t bytes)
{
    uint32_t size = socket->client->facts.shape.rx_bytes;
    uint32_t place = at & (size - 1);
    uint16_t first = bytes < size - place ? bytes : (uint16_t)(size - place);
    (void)pbuf_copy_partial(pbuf, socket->rx + place, first, offset);
    if (first < bytes) {
        (void)pbuf_copy_partial(pbuf, socket->rx, (uint16_t)(bytes - first),
                                (uint16_t)(offset + first));
    }
}

void socket_publish_rx(struct socket *socket)
{
    atomic_store_explicit(&socket->shared->rx_tail, socket->rx_tail, memory_order_release);
    socket_tell(socket);
}

/*
 * Either this sees that the client waits, or the client sees the index:
 *     netd    tx_head = new, fence, read wants_space
 *     client  wants_space = 1, fence, read tx_head
 */
void socket_publish_tx(struct socket *socket)
{
    atomic_store_explicit(&socket->shared->tx_head, socket->tx_head, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&socket->shared->wants_space, memory_order_relaxed) != 0) {
        socket_tell(socket);
    }
}

/* --- arenas -------------------------------------------------------------------------------- */

void socket_client_open(struct socket_client *client)
{
    struct socket_arena *arena = client->arena;
    ring_init(&arena->ready.shared, 0);
    ring_init(&arena->kicks.shared, 0);
    (void)!ring_producer_bind(&client->ready, &arena->ready.shared, SOCKET_SLOTS_MAX);
    (void)!ring_consumer_bind(&client->kicks, &arena->kicks.shared, SOCKET_SLOTS_MAX);
    for (uint32_t slot = 0; slot < client->facts.shape.slots; slot++) {
        struct socket_slot *shared = client->first[slot].shared;
        reset_shared(shared, 0, 0);
        atomic_store_explicit(&shared->rx_head, 0, memory_order_relaxed);
        atomic_store_explicit(&shared->tx_tail, 0, memory_order_relaxed);
        atomic_store_explicit(&shared->wants_space, 0, memory_order_relaxed);
        atomic_store_explicit(&shared->is_queued, 0, memory_order_relaxed);
        atomic_store_explicit(&shared->is_kicked, 0, memory_order_relaxed);
    }
    client->is_broken = false;
    client->last_epoch = client->last_epoch == UINT32_MAX ? 1 : client->last_epoch + 1;
    client->epoch = client->last_epoch;
    atomic_store_explicit(&arena->epoch, client->epoch, memory_order_release);
    touch(client);
}

static void end_socket(struct socket *socket)
{
    if (socket->type == SOCKET_STREAM) {
        stream_abort(socket);
        socket_give_slot(socket);
    } else {
        datagram_end(socket);
    }
}

void socket_client_end(struct socket_client *client)
{
    /* Those that listen first: they end what comes from them. */
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t slot = 0; slot < client->facts.shape.slots; slot++) {
            struct socket *socket = &client->first[slot];
            if (socket->life != LIFE_FREE &&
                (pass == 1 || (socket->state & SOCKET_LISTENING) != 0)) {
                end_socket(socket);
            }
        }
    }
    client->epoch = 0;
    atomic_store_explicit(&client->arena->epoch, 0, memory_order_release);
}

void sockets_init(struct sockets *sockets, struct stats *stats)
{
    sockets->stats = stats;
    list_init(&sockets->todo);
    list_init(&sockets->waiting);
}

/*
 * Whether the arena's client has to hear of a new netd: it has an epoch that ends now, or sleeps on
 * one that a netd before us has ended without living to tell.
 */
static bool was_in_use(const struct socket_arena *arena)
{
    return atomic_load_explicit(&arena->epoch, memory_order_relaxed) != 0 ||
           atomic_load_explicit(&arena->ready.shared.wake_consumer, memory_order_relaxed) != 0;
}

int sockets_attach(struct sockets *sockets, uint32_t index, const struct init_client *facts,
                   void *arena)
{
    if (index >= SOCKET_CLIENTS_MAX || !socket_is_shape(facts->shape) ||
        sockets->client[index].facts.shape.slots != 0) {
        return E_INVALID;
    }
    if (facts->shape.slots > SOCKETS_MAX - sockets->used) {
        return E_LIMIT;
    }
    /* --- committed --- */
    struct socket_client *client = &sockets->client[index];
    *client = (struct socket_client){
        .sockets = sockets,
        .facts = *facts,
        .arena = arena,
        .first = &sockets->socket[sockets->used],
        .next = sockets->group[index % SOCKET_KICK_GROUPS],
        .index = index,
        .last_epoch = netd_random_u32() >> 1,
        .must_tell = was_in_use(arena),
    };
    sockets->used += facts->shape.slots;
    sockets->group[index % SOCKET_KICK_GROUPS] = client;
    sockets->attached[sockets->attached_count] = client;
    sockets->attached_count++; /* <= SOCKET_CLIENTS_MAX: each index once */
    for (uint32_t slot = 0; slot < facts->shape.slots; slot++) {
        struct socket *socket = &client->first[slot];
        socket->client = client;
        socket->shared = socket_slot_at(arena, slot);
        socket->rx = socket_rx_data(arena, facts->shape, slot);
        socket->tx = socket_tx_data(arena, facts->shape, slot);
        socket->slot = (uint16_t)slot;
        socket->life = LIFE_FREE;
        list_init(&socket->todo);
    }
    atomic_store_explicit(&client->arena->epoch, 0, memory_order_release);
    touch(client);
    return OK;
}

void sockets_gone(struct sockets *sockets, uint32_t index)
{
    if (index < SOCKET_CLIENTS_MAX && sockets->client[index].facts.shape.slots != 0) {
        stats_count(sockets->stats, COUNTER_socket_client_gone);
        socket_client_end(&sockets->client[index]);
    }
}

void sockets_close(struct sockets *sockets)
{
    for (uint32_t i = 0; i < sockets->attached_count; i++) {
        socket_client_end(sockets->attached[i]);
    }
    while (tcp_active_pcbs != NULL) {
        tcp_abort(tcp_active_pcbs);
    }
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
}

/* --- turns --------------------------------------------------------------------------------- */

static void look_at(struct socket *socket)
{
    if (socket->type == SOCKET_STREAM) {
        stream_kicked(socket);
    } else {
        datagram_kicked(socket);
    }
}

static void take_kick(struct socket_client *client, uint64_t slot)
{
    if (slot >= client->facts.shape.slots) {
        stats_count(client->sockets->stats, COUNTER_socket_bad_kick);
        return;
    }
    struct socket *socket = &client->first[slot];
    socket_flag_take(&socket->shared->is_kicked);
    if (socket->life == LIFE_OWNED) { /* else it was closed since */
        look_at(socket);
    }
}

/* True: there are more. */
static bool take_kicks(struct socket_client *client)
{
    for (int count = 0; count < SOCKET_KICKS_PER_TURN; count++) {
        uint64_t slot;
        if (!ring_consumer_has_news(&client->kicks)) {
            return false;
        }
        int error = ring_consumer_pop(&client->kicks, &slot);
        if (error != OK) {
            client->is_broken |= error == E_CORRUPT;
            return false;
        }
        take_kick(client, slot);
    }
    return true;
}

/* A client broke one of its indexes. The slot stays its own until it closes it. */
static void end_broken(struct socket *socket)
{
    if (socket->life != LIFE_OWNED) {
        end_socket(socket);
        return;
    }
    if (socket->type == SOCKET_STREAM) {
        stream_abort(socket);
    }
    socket->has_ended = true;
    socket_set_state(socket, SOCKET_FAILED | SOCKET_EOF, SOCKET_CONNECTED | SOCKET_CONNECTING);
    socket_set_error(socket, EIO);
}

/* What was deferred before this turn, and who waits for memory or frames, each once. */
static void work_off(struct sockets *sockets)
{
    struct list_node now;
    struct list_node *node;
    if (list_is_empty(&sockets->todo) && list_is_empty(&sockets->waiting)) {
        return;
    }
    list_init(&now);
    while ((node = list_first(&sockets->todo)) != NULL ||
           (node = list_first(&sockets->waiting)) != NULL) {
        list_remove(node);
        list_append(&now, node);
    }
    while ((node = list_first(&now)) != NULL) {
        struct socket *socket = container_of(node, struct socket, todo);
        list_remove(node);
        if (socket->is_broken) {
            end_broken(socket);
        } else if (socket->life != LIFE_PENDING) {
            look_at(socket);
        }
    }
}

/*
 * Who kicked: netd sleeps only when each ring that is not touched is armed. A request for a signal
 * may have been taken without news:
 *     client  tail = new, read wake: 1                             wake = 0, signal
 *     netd                              takes it, wake = 1, sleeps                  must arm again
 */
static void find_kicked(struct sockets *sockets)
{
    uint32_t groups = sockets->kicked;
    sockets->kicked = 0;
    for (uint32_t group = 0; groups >> group != 0; group++) {
        struct socket_client *client = (groups >> group & 1) != 0 ? sockets->group[group] : NULL;
        for (; client != NULL; client = client->next) {
            if (client->epoch != 0 && (ring_consumer_has_news(&client->kicks) ||
                                       !ring_consumer_is_armed(&client->kicks))) {
                touch(client);
            }
        }
    }
}

bool sockets_turn(struct sockets *sockets)
{
    bool has_more = false;
    if (sockets->waits_for_frames) {
        tcp_txnow();
    }
    if (sockets->kicked != 0) {
        find_kicked(sockets);
    }
    for (uint32_t i = 0; i < sockets->touched_count; i++) {
        struct socket_client *client = sockets->touched[i];
        if (client->epoch == 0) {
            continue;
        }
        has_more |= take_kicks(client);
        if (client->is_broken) {
            stats_count(sockets->stats, COUNTER_socket_ring_corrupt);
            socket_client_end(client);
            client->must_tell = true;
        }
    }
    work_off(sockets);
    uint64_t without_frame = sockets->stats->value[COUNTER_tx_no_frame];
    sockets->waits_for_frames = sockets->without_frame != without_frame;
    sockets->without_frame = without_frame;
    return has_more;
}

const struct socket_client *sockets_next_wakeup(struct sockets *sockets, uint32_t *place)
{
    while (*place < sockets->touched_count) {
        struct socket_client *client = sockets->touched[*place];
        (*place)++;
        bool must_tell = client->must_tell;
        client->must_tell = false;
        if (client->epoch != 0) {
            (void)!ring_consumer_commit(&client->kicks);
            must_tell |= ring_producer_commit(&client->ready);
        }
        if (must_tell) {
            return client;
        }
    }
    return NULL;
}

bool sockets_prepare_sleep(struct sockets *sockets)
{
    if (!list_is_empty(&sockets->todo)) {
        return false;
    }
    while (sockets->touched_count != 0) {
        struct socket_client *client = sockets->touched[sockets->touched_count - 1];
        if (client->epoch != 0 &&
            (client->is_broken || !ring_consumer_prepare_sleep(&client->kicks))) {
            return false;
        }
        client->is_touched = false;
        sockets->touched_count--;
    }
    return true;
}

uint64_t sockets_next_us(const struct sockets *sockets, uint64_t now_us)
{
    return list_is_empty(&sockets->waiting) ? UINT64_MAX : now_us + WAITING_RETRY_MS * US_PER_MS;
}
