/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolver.h"

#include <string.h>

#include <lwip/dns.h>
#include <lwip/pbuf.h>

#include <abi/error.h>
#include <base/bytes.h>

#include "lwip/port.h"

enum {
    US_PER_MS = 1000,
    US_PER_S = 1000 * 1000,
    FLAGS_AT = 2,
    QUESTIONS_AT = 4,
    PORTS_FROM = 16384,
    PORTS_END = 65536,
    PORT_TRIES = 16,
};

static const uint8_t failed_flags[2] = {0x81, 0x80 | DNS_SERVER_FAILED}; /* response, recursion */

static err_t send(struct udp_pcb *pcb, const uint8_t *message, size_t bytes,
                  const ip_addr_t *address, uint16_t port)
{
    struct pbuf *pbuf = pbuf_alloc(PBUF_TRANSPORT, (u16_t)bytes, PBUF_RAM);
    if (pbuf == NULL) {
        return ERR_MEM;
    }
    err_t error = pbuf_take(pbuf, message, (u16_t)bytes); /* <= DNS_MESSAGE_MAX */
    if (error == ERR_OK) {
        error = udp_sendto(pcb, pbuf, address, port);
    }
    pbuf_free(pbuf);
    return error;
}

/* --- the cache ----------------------------------------------------------------------------- */

static struct resolver_answer *find_cached(struct resolver *resolver, const uint8_t *question,
                                           size_t bytes)
{
    for (int i = 0; i < RESOLVER_CACHED; i++) {
        struct resolver_answer *answer = &resolver->cache[i];
        if (answer->bytes != 0 && answer->question_bytes == bytes &&
            answer->until_us > port_now_us() &&
            dns_is_same_question(answer->message + DNS_HEADER_BYTES, question, bytes)) {
            return answer;
        }
    }
    return NULL;
}

/* A place for an answer: that of the same question, of none, or of the one unused for longest. */
static struct resolver_answer *find_place(struct resolver *resolver, const uint8_t *question,
                                          size_t bytes)
{
    struct resolver_answer *place = find_cached(resolver, question, bytes);
    for (int i = 0; place == NULL && i < RESOLVER_CACHED; i++) {
        struct resolver_answer *answer = &resolver->cache[i];
        place = answer->bytes == 0 || answer->until_us <= port_now_us() ? answer : NULL;
    }
    if (place == NULL) {
        place = &resolver->cache[0];
        for (int i = 1; i < RESOLVER_CACHED; i++) {
            place = resolver->cache[i].used_us < place->used_us ? &resolver->cache[i] : place;
        }
    }
    return place;
}

static void keep(struct resolver *resolver, const uint8_t *message, size_t bytes,
                 size_t question_bytes)
{
    uint32_t keep_s = dns_keep_s(message, bytes);
    if (keep_s == 0) {
        return;
    }
    struct resolver_answer *answer =
        find_place(resolver, message + DNS_HEADER_BYTES, question_bytes);
    answer->bytes = (uint16_t)bytes; /* <= DNS_MESSAGE_MAX */
    answer->question_bytes = (uint16_t)question_bytes;
    answer->from_us = port_now_us();
    answer->used_us = answer->from_us;
    answer->until_us = answer->from_us + (uint64_t)keep_s * US_PER_S;
    memcpy(answer->message, message, bytes);
}

/* --- answers to programs ------------------------------------------------------------------- */

/* The message in the scratch, with the number and the very question the program sent. */
static void reply(struct resolver *resolver, const struct resolver_query *query, size_t bytes)
{
    bytes_put_be16(resolver->message, query->client_id);
    memcpy(resolver->message + DNS_HEADER_BYTES, query->message + DNS_HEADER_BYTES,
           query->bytes - (size_t)DNS_HEADER_BYTES);
    if (send(resolver->service, resolver->message, bytes, &query->client, query->client_port) !=
        ERR_OK) {
        stats_count(resolver->stats, COUNTER_dns_no_memory);
    }
}

static void reply_failure(struct resolver *resolver, const struct resolver_query *query)
{
    memcpy(resolver->message, query->message, query->bytes);
    memcpy(resolver->message + FLAGS_AT, failed_flags, sizeof(failed_flags));
    stats_count(resolver->stats, COUNTER_dns_failed);
    reply(resolver, query, query->bytes);
}

static bool reply_cached(struct resolver *resolver, const struct resolver_query *query)
{
    size_t question_bytes = query->bytes - (size_t)DNS_HEADER_BYTES;
    struct resolver_answer *answer =
        find_cached(resolver, query->message + DNS_HEADER_BYTES, question_bytes);
    if (answer == NULL) {
        return false;
    }
    answer->used_us = port_now_us();
    memcpy(resolver->message, answer->message, answer->bytes);
    dns_age(resolver->message, answer->bytes,
            (uint32_t)((port_now_us() - answer->from_us) / US_PER_S)); /* <= DNS_TTL_MAX_S */
    stats_count(resolver->stats, COUNTER_dns_cached);
    reply(resolver, query, answer->bytes);
    return true;
}

/* --- questions to servers ------------------------------------------------------------------ */

static void end_query(struct resolver_query *query)
{
    udp_remove(query->pcb);
    query->pcb = NULL;
    query->resolver->used--;
}

static void receive_answer(void *context, struct udp_pcb *pcb, struct pbuf *pbuf,
                           const ip_addr_t *source, u16_t port)
{
    struct resolver_query *query = context;
    struct resolver *resolver = query->resolver;
    size_t bytes = pbuf->tot_len;
    size_t question_bytes = query->bytes - (size_t)DNS_HEADER_BYTES;
    (void)source, (void)port; /* the PCB is connected: lwIP has compared them */
    (void)pcb;
    bool fits = bytes >= DNS_HEADER_BYTES && bytes <= DNS_MESSAGE_MAX;
    if (fits) {
        (void)pbuf_copy_partial(pbuf, resolver->message, (u16_t)bytes, 0);
    }
    pbuf_free(pbuf);
    if (!fits || bytes_get_be16(resolver->message) != query->id ||
        !dns_answers(resolver->message, bytes, query->message + DNS_HEADER_BYTES,
                     question_bytes)) {
        stats_count(resolver->stats, COUNTER_dns_unmatched);
        return;
    }
    if (dns_code(resolver->message) == DNS_SERVER_FAILED && query->tries < RESOLVER_TRIES) {
        query->until_us = port_now_us(); /* perhaps another server can */
        return;
    }
    stats_count(resolver->stats, COUNTER_dns_answered);
    keep(resolver, resolver->message, bytes, question_bytes);
    reply(resolver, query, bytes);
    end_query(query);
}

/* The server for the next try; NULL: there is none at all. */
static const ip_addr_t *choose_server(uint8_t tries)
{
    uint8_t count = 0;
    while (count < RESOLVER_TRIES && !ip_addr_isany(dns_getserver(count))) {
        count++;
    }
    return count == 0 ? NULL : dns_getserver(tries % count);
}

/* lwIP's own choice goes up by one each time. */
static bool bind_random_port(struct udp_pcb *pcb)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        uint16_t port = (uint16_t)(PORTS_FROM + netd_random_u32() % (PORTS_END - PORTS_FROM));
        if (udp_bind(pcb, IP_ANY_TYPE, port) == ERR_OK) {
            return true;
        }
    }
    return false;
}

/* Another number and port for each try. False: it cannot be sent. */
static bool ask(struct resolver_query *query)
{
    const ip_addr_t *server = choose_server(query->tries);
    if (server == NULL) {
        return false;
    }
    udp_disconnect(query->pcb);
    query->id = (uint16_t)netd_random_u32();
    query->until_us = port_now_us() + (uint64_t)US_PER_MS * (RESOLVER_FIRST_MS +
                                                            RESOLVER_STEP_MS * query->tries);
    query->tries++;
    bytes_put_be16(query->message, query->id);
    if (!bind_random_port(query->pcb) ||
        udp_connect(query->pcb, server, RESOLVER_PORT) != ERR_OK) {
        return false;
    }
    stats_count(query->resolver->stats, COUNTER_dns_asked);
    return send(query->pcb, query->message, query->bytes, server, RESOLVER_PORT) == ERR_OK;
}

static struct resolver_query *find_free(struct resolver *resolver)
{
    for (int i = 0; i < RESOLVER_QUERIES; i++) {
        if (resolver->query[i].pcb == NULL) {
            return &resolver->query[i];
        }
    }
    return NULL;
}

/* A question of a program that the cache cannot answer. */
static void begin_query(struct resolver *resolver, const struct resolver_query *asked)
{
    struct resolver_query *query = find_free(resolver);
    struct udp_pcb *pcb = query == NULL ? NULL : udp_new_ip_type(IPADDR_TYPE_ANY);
    if (pcb == NULL) {
        stats_count(resolver->stats, COUNTER_dns_full);
        reply_failure(resolver, asked);
        return;
    }
    *query = *asked;
    query->resolver = resolver;
    query->pcb = pcb;
    resolver->used++; /* <= RESOLVER_QUERIES */
    udp_recv(pcb, receive_answer, query);
    if (!ask(query)) {
        reply_failure(resolver, query);
        end_query(query);
    }
}

static void receive_question(void *context, struct udp_pcb *pcb, struct pbuf *pbuf,
                             const ip_addr_t *source, u16_t port)
{
    struct resolver *resolver = context;
    struct resolver_query query = {.client = *source, .client_port = port};
    size_t bytes = pbuf->tot_len <= DNS_MESSAGE_MAX ? pbuf->tot_len : 0;
    (void)pcb;
    (void)pbuf_copy_partial(pbuf, resolver->message, (u16_t)bytes, 0);
    pbuf_free(pbuf);
    size_t question_bytes = dns_query_question(resolver->message, bytes);
    if (question_bytes == 0) {
        stats_count(resolver->stats, COUNTER_dns_bad_query);
        return;
    }
    /* What comes behind the question, if anything, is not passed on. */
    query.client_id = bytes_get_be16(resolver->message);
    query.bytes = (uint16_t)(DNS_HEADER_BYTES + question_bytes); /* <= sizeof(message) */
    memcpy(query.message, resolver->message, query.bytes);
    memset(query.message + QUESTIONS_AT + 2, 0, 6);
    stats_count(resolver->stats, COUNTER_dns_questions);
    if (!reply_cached(resolver, &query)) {
        begin_query(resolver, &query);
    }
}

/* --- time and life ------------------------------------------------------------------------- */

void resolver_expire(struct resolver *resolver)
{
    for (int i = 0; resolver->used != 0 && i < RESOLVER_QUERIES; i++) {
        struct resolver_query *query = &resolver->query[i];
        if (query->pcb == NULL || port_now_us() < query->until_us) {
            continue;
        }
        stats_count(resolver->stats, COUNTER_dns_timeout);
        if (query->tries == RESOLVER_TRIES || !ask(query)) {
            reply_failure(resolver, query);
            end_query(query);
        }
    }
}

uint64_t resolver_next_us(const struct resolver *resolver)
{
    uint64_t next_us = UINT64_MAX;
    for (int i = 0; resolver->used != 0 && i < RESOLVER_QUERIES; i++) {
        const struct resolver_query *query = &resolver->query[i];
        if (query->pcb != NULL && query->until_us < next_us) {
            next_us = query->until_us;
        }
    }
    return next_us;
}

int resolver_open(struct resolver *resolver, struct stats *stats)
{
    ip_addr_t loopback = IPADDR4_INIT(PP_HTONL(IPADDR_LOOPBACK));
    memset(resolver, 0, sizeof(*resolver));
    resolver->stats = stats;
    resolver->service = udp_new_ip_type(IPADDR_TYPE_V4);
    if (resolver->service == NULL ||
        udp_bind(resolver->service, &loopback, RESOLVER_PORT) != ERR_OK) {
        return E_NO_MEMORY;
    }
    udp_recv(resolver->service, receive_question, resolver);
    return OK;
}

void resolver_close(struct resolver *resolver)
{
    for (int i = 0; i < RESOLVER_QUERIES; i++) {
        if (resolver->query[i].pcb != NULL) {
            end_query(&resolver->query[i]);
        }
    }
    udp_remove(resolver->service);
}
