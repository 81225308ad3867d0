/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netd's private side of the sockets of its clients. [proto/socket.h]
 *
 * A socket is a slot of a client's arena. What netd decides on stands here; what it tells the
 * client is written into the slot, and what the client says is read from there once, checked and
 * kept here. socket_arena.c has arenas, slots, indexes and news; socket_stream.c and
 * socket_listen.c TCP; socket_datagram.c the rest; socket_requests.c the calls.
 *
 * S1  A slot is in one life. Only a socket that is OWNED is reached by requests and kicks.
 * S2  lwIP holds on to bytes of a send ring only through the PCB of its socket, and that PCB
 *     never outlives the slot as its owner.
 * S3  The window a peer was given is never larger than the room in the receive ring.
 * S4  A client whose indexes are impossible loses the socket, or the arena if it was a ring of
 *     the arena. That is done between turns, never inside of lwIP.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>

#include <base/list.h>
#include <proto/init.h>
#include <proto/socket.h>

#include "stats.h"

struct netif;
struct raw_pcb;
struct tcp_pcb;
struct udp_pcb;

enum {
    SOCKET_KICKS_PER_TURN = 64,     /* of one client */
    SOCKET_DATAGRAMS_PER_TURN = 32, /* of one socket */
    SOCKET_GROUPS_MAX = 8,          /* of one socket */
    SOCKET_CLIENT_GROUPS_MAX = 24,  /* of one client: two that may join any leave room */
    SOCKET_RX_LIMIT_MIN = 2048,
    SOCKET_EPHEMERAL_FIRST = 49152,
    SOCKET_EPHEMERAL_COUNT = 16384,
};

static_assert((int)SOCKET_RX_LIMIT_MIN <= (int)SOCKET_RING_BYTES_MIN, "every ring can be limited");
static_assert(SOCKET_EPHEMERAL_FIRST + SOCKET_EPHEMERAL_COUNT == 1 << 16, "up to the last port");

enum socket_life {
    LIFE_FREE,
    LIFE_PENDING, /* a peer's handshake is under way; no client knows */
    LIFE_OWNED,   /* the client's, from SOCKET_MAKE or from its place in an accept queue */
    LIFE_CLOSING, /* the client closed it; netd still sends what is in the ring */
};

struct socket_group {
    ip_addr_t address; /* any: no entry */
    uint8_t interface;
};

struct socket_options {
    bool reuse;
    bool keepalive;
    bool nodelay;
    bool broadcast;
    bool group_loop;
    bool v6only;
    uint8_t hops;
    uint8_t group_hops;
    uint8_t traffic_class;
    uint8_t group_device; /* interface; 0: by route */
    uint8_t device;
    uint8_t keepalive_count;
    uint16_t keepalive_idle_s;
    uint16_t keepalive_interval_s;
    uint32_t rx_limit;
};

struct socket_client;

struct socket {
    /* For good. */
    struct socket_client *client;
    struct socket_slot *shared;
    uint8_t *rx;
    uint8_t *tx;
    uint16_t slot;

    enum socket_life life;
    uint8_t family;   /* enum socket_family */
    uint8_t type;     /* enum socket_type */
    uint8_t protocol; /* SOCKET_RAW: of the IP header */
    struct socket_options options;

    uint32_t state;  /* enum socket_state, as published */
    uint32_t errors; /* told so far */
    uint32_t rx_tail;
    uint32_t rx_head; /* the client's, as last believed */
    uint32_t tx_head;
    uint32_t tx_next; /* of a stream: given to lwIP up to here */
    uint32_t tx_tail; /* the client's, as last believed */
    uint32_t rx_head_before; /* as the client left them; it may not have begun the new socket */
    uint32_t tx_tail_before;

    union {
        struct tcp_pcb *tcp; /* of a listening socket a struct tcp_pcb_listen */
        struct udp_pcb *udp;
        struct raw_pcb *raw;
    };
    struct list_node todo; /* in sockets.todo or .waiting */
    bool is_broken;        /* the client broke an index: to be ended */
    bool is_bound;
    bool wants_end; /* of a stream: its end is sent behind what is in the ring */
    bool has_ended; /* lwIP has it */
    bool is_rx_shut;

    /* Of a listening socket. */
    uint16_t backlog;
    uint16_t half_open;
    /* Of one that came from it, until the client took it. */
    struct socket *listener;
    uint32_t accept_index; /* of its entry in the listener's ring */

    struct socket_group group[SOCKET_GROUPS_MAX];
};

/* A process that may have sockets: what init said, and its arena. */
struct socket_client {
    struct sockets *sockets;
    struct init_client facts; /* shape.slots 0: no such client */
    struct socket_arena *arena;
    struct socket *first; /* of shape.slots */
    struct socket_client *next; /* in its group of sockets.group */
    uint32_t index;
    uint32_t epoch; /* 0: not open */
    uint32_t last_epoch;
    bool is_broken; /* the client broke a ring of the arena: to be closed */
    bool must_tell; /* signal it whatever its ring says */
    bool is_touched; /* in sockets.touched */
    uint32_t groups; /* that its sockets have joined */
    struct ring_producer ready;
    struct ring_consumer kicks;
};

struct sockets {
    struct stats *stats;
    struct list_node todo;    /* to be looked at in the next turn, which comes at once */
    struct list_node waiting; /* to be looked at when there is another turn, or soon */
    uint32_t used;            /* of `socket`, given to clients for good */
    uint64_t without_frame;   /* COUNTER_tx_no_frame at the end of the last turn */
    bool waits_for_frames;    /* something was not sent because the interface had no frame */
    struct socket_client *attached[SOCKET_CLIENTS_MAX];
    uint32_t attached_count;
    /* Whose rings were used since netd last slept; those of the others are as it left them. */
    struct socket_client *touched[SOCKET_CLIENTS_MAX];
    uint32_t touched_count;
    uint32_t kicked; /* a bit for each group of `group` whose clients may have news untouched */
    struct socket_client *group[SOCKET_KICK_GROUPS];
    struct socket_client client[SOCKET_CLIENTS_MAX]; /* by index */
    struct socket socket[SOCKETS_MAX];
};

/* --- socket_arena.c: for stack.c and main.c --------------------------------------------------- */

void sockets_init(struct sockets *sockets, struct stats *stats);

/*
 * Takes a client in: `arena` is mapped for good and holds socket_arena_bytes of the shape. A client
 * that had opened it in an earlier life of netd is told to do so again. E_INVALID: index or shape.
 * E_LIMIT: SOCKETS_MAX are given away.
 */
MUST_CHECK int sockets_attach(struct sockets *sockets, uint32_t index,
                              const struct init_client *facts, void *arena);

/* The client has died: every socket is ended at once. */
void sockets_gone(struct sockets *sockets, uint32_t index);

/* Takes kicks, a bounded number of each client, and does what is due. True: there is more. */
MUST_CHECK bool sockets_turn(struct sockets *sockets);

/*
 * Publishes the news of the turn. The next client to signal with SOCKET_EVENT; NULL: no more.
 * *place is 0 at first, and the caller's to keep.
 */
const struct socket_client *sockets_next_wakeup(struct sockets *sockets, uint32_t *place);

/* True: no kick came in meanwhile, whoever kicks will signal. */
MUST_CHECK bool sockets_prepare_sleep(struct sockets *sockets);

/* When to look again without any event; UINT64_MAX: never. */
uint64_t sockets_next_us(const struct sockets *sockets, uint64_t now_us);

/* Ends all sockets of all clients, and what lwIP still has of earlier ones. */
void sockets_close(struct sockets *sockets);

/* --- socket_icmp.c: for stack.c --------------------------------------------------------------- */

/* An ICMP message came; an error about something that a socket sent is told to it. */
void sockets_unreachable(struct sockets *sockets, const uint8_t *message, size_t len);
/* The same of ICMPv6, whose sum, with that of the addresses, was checked. */
void sockets_unreachable6(struct sockets *sockets, const uint8_t *message, size_t len);

/* --- socket_requests.c: for service.c --------------------------------------------------------- */

/* Answers a request with a label from SOCKET_OPEN on; reply[0] is 0 or a negative errno. */
void sockets_answer(struct sockets *sockets, uint64_t badge, const uint64_t words[IPC_WORDS],
                    uint64_t reply[IPC_WORDS]);

/* --- socket_arena.c: for the other socket files ----------------------------------------------- */

/* Empties the arena and gives it a new epoch. Everything in it has ended. */
void socket_client_open(struct socket_client *client);

/* Ends every socket of the client. */
void socket_client_end(struct socket_client *client);

/* A free slot in that life with default options; NULL: none. Its shared part is new and empty. */
MUST_CHECK struct socket *socket_take_slot(struct socket_client *client, enum socket_life life);

/* Gives the slot back. Requires that it has no PCB. */
void socket_give_slot(struct socket *socket);

/* The client should look at the slot. */
void socket_tell(struct socket *socket);

/* Publishes bits of enum socket_state, and tells. */
void socket_set_state(struct socket *socket, uint32_t set, uint32_t clear);

/* Publishes an errno, and tells. */
void socket_set_error(struct socket *socket, int error);

/* Publishes where the socket is and who its peer is; NULL leaves a name as it is. */
void socket_set_names(struct socket *socket, const struct socket_name *local,
                      const struct socket_name *peer);

/* To be looked at in the next turn, which comes at once. */
void socket_defer(struct socket *socket);

/* Memory or frames are missing: to be looked at when something has happened, or soon. */
void socket_wait(struct socket *socket);

/*
 * Reads the client's index, once. False: it is impossible, and the socket broken.
 */
MUST_CHECK bool socket_read_rx_head(struct socket *socket);
MUST_CHECK bool socket_read_tx_tail(struct socket *socket);

/* The client broke the socket: it is ended in the next turn, with EIO. */
void socket_break(struct socket *socket);

/* Copies `bytes` of a chain from `offset` behind `at` of the receive ring. */
void socket_put_rx(struct socket *socket, uint32_t at, const struct pbuf *pbuf, uint16_t offset,
                   uint16_t bytes);

/* Publishes rx_tail, and tells. */
void socket_publish_rx(struct socket *socket);

/* Publishes tx_head, and tells if the client waits for space. */
void socket_publish_tx(struct socket *socket);

/*
 * All functions below that return int return 0 or a negative errno.
 */

/* --- socket_address.c ------------------------------------------------------------------------- */

/*
 * An address as the contract has it, and as lwIP has it. `interface` is that of an address which
 * means something on one link only; 0: as it is routed. False: no such family, or interface.
 */
MUST_CHECK bool socket_address_decode(const uint8_t bytes[SOCKET_ADDRESS_BYTES],
                                      uint32_t interface, ip_addr_t *address);
void socket_address_encode(const ip_addr_t *address, uint8_t bytes[SOCKET_ADDRESS_BYTES]);

struct socket_name socket_name_of(const ip_addr_t *address, uint16_t port);

/* Whether a socket of that family can use an address of this one. 0, EAFNOSUPPORT or EINVAL. */
MUST_CHECK int socket_check_family(const struct socket *socket, const ip_addr_t *address);

/* Whether a socket may be bound there: 0 or EADDRNOTAVAIL. */
MUST_CHECK int socket_check_local(const struct socket *socket, const ip_addr_t *address);

/* Whether the interface, which the route gave, has somebody to send a packet for there to. */
MUST_CHECK bool socket_is_on_route(struct netif *netif, const ip_addr_t *address);

/* The policy of the manifest: 0 or EACCES, counted. */
MUST_CHECK int socket_check_port(struct socket *socket, uint16_t port);
/* The same of a port to listen at; 0: one that nobody chose. */
MUST_CHECK int socket_check_listen(struct socket *socket, uint16_t port);
MUST_CHECK int socket_check_connect(struct socket *socket);
MUST_CHECK int socket_check_group(struct socket *socket, const ip_addr_t *group);
MUST_CHECK int socket_check_raw(struct socket_client *client);
MUST_CHECK int socket_check_broadcast(struct socket_client *client);

/* A random port of the ephemeral range. */
uint16_t socket_random_port(void);

/* The errno of an error of lwIP, positive. */
int socket_errno(int lwip_error);

/* --- socket_stream.c -------------------------------------------------------------------------- */

int stream_bind(struct socket *socket, const ip_addr_t *address, uint16_t port);
int stream_connect(struct socket *socket, const ip_addr_t *address, uint16_t port);
int stream_shutdown(struct socket *socket, uint32_t sides);
/* The client closes it. The slot is CLOSING or FREE afterwards. */
void stream_close(struct socket *socket, bool is_reset);
/* Ends it now, with a reset if there is a peer. The PCB is gone afterwards, the slot stays. */
void stream_abort(struct socket *socket);
/* Its options were changed. */
void stream_apply_options(struct socket *socket);
/* The client has put bytes in or taken some out. */
void stream_kicked(struct socket *socket);
/* Makes a PCB this socket's. */
void stream_adopt(struct socket *socket, struct tcp_pcb *pcb);
/* Publishes the addresses of its PCB. */
void stream_set_names(struct socket *socket);
/* The window of a connection whose options are known. */
void stream_set_window(struct socket *socket);
/* What it wants to connect to cannot be reached. Requires SOCKET_CONNECTING. */
void stream_unreachable(struct socket *socket, int error);

/* --- socket_listen.c -------------------------------------------------------------------------- */

int stream_listen(struct socket *socket, uint32_t backlog);
/* Ends what waits in the queue or is half open, and the listening itself. */
void stream_stop_listening(struct socket *socket);
/* A connection that was not established has ended. */
void stream_forget_pending(struct socket *socket);

/* --- socket_options.c ------------------------------------------------------------------------- */

/* `words` as of SOCKET_SET: 0 or a negative errno. */
int socket_set_option(struct socket *socket, const uint64_t *words);
/* The value goes to reply[1]. */
int socket_get_option(const struct socket *socket, uint64_t name, uint64_t *reply);

/* --- socket_datagram.c ------------------------------------------------------------------------ */

int datagram_bind(struct socket *socket, const ip_addr_t *address, uint16_t port);
/* Where it can be reached and answered, whatever the family. */
MUST_CHECK int datagram_bind_anywhere(struct socket *socket);
/* NULL: takes the peer away. */
int datagram_connect(struct socket *socket, const ip_addr_t *address, uint16_t port);
/* Whether a datagram may and can go there. Gives the interface it leaves by. */
int datagram_check(struct socket *socket, const ip_addr_t *address, struct netif **netif);
int datagram_shutdown(struct socket *socket, uint32_t sides);
/* The client closes it: what is in the ring is still sent. The slot is CLOSING or FREE. */
void datagram_close(struct socket *socket);
/* Ends it now and gives the slot back. */
void datagram_end(struct socket *socket);
void datagram_apply_options(struct socket *socket);
/* The interface a datagram to that address would leave by; NULL: none. */
struct netif *datagram_route(const struct socket *socket, const ip_addr_t *address);

/* --- socket_send.c ---------------------------------------------------------------------------- */

/* The client has put records in. */
void datagram_kicked(struct socket *socket);

/* --- socket_receive.c: lwIP's callbacks, and what needs no lwIP ------------------------------- */

/*
 * A datagram of the socket's flow [flow.h] came by that interface: its IPv4 header and the rest, so
 * many bytes. The driver may write there even now, so what bounds a copy is checked again.
 */
void datagram_receive(struct socket *socket, const uint8_t *ip, uint32_t ip_bytes,
                      uint8_t interface);

void datagram_receive_udp(void *context, struct udp_pcb *pcb, struct pbuf *pbuf,
                          const ip_addr_t *source, uint16_t port);
/* Nobody eats a message, all may see it. */
uint8_t datagram_receive_raw(void *context, struct raw_pcb *pcb, struct pbuf *pbuf,
                             const ip_addr_t *source);

/* --- socket_groups.c -------------------------------------------------------------------------- */

int datagram_join(struct socket *socket, const ip_addr_t *group, uint32_t interface);
int datagram_leave(struct socket *socket, const ip_addr_t *group, uint32_t interface);
void datagram_leave_all(struct socket *socket);
bool datagram_has_joined(const struct socket *socket, const ip_addr_t *group, uint8_t interface);
