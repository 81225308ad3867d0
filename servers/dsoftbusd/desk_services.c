/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services of local processes [desk.h]: what they offer, and the requests of peers on their way
 * to them and back.
 */
#include "desk.h"

#include <string.h>

enum { US_PER_MS = 1000 };

/* --- from peers --- */

/* How many requests of this peer are there; *free gets a place for another, or NULL. */
static int count_errands(struct desk *desk, int node, const struct bus_name *peer,
                         struct desk_errand **free)
{
    int count = 0;
    *free = NULL;
    for (int i = 0; i < DESK_ERRANDS; i++) {
        struct desk_errand *errand = &desk->errand[i];
        if (!errand->is_used) {
            *free = errand;
        } else if (errand->node == node && bus_name_is_equal(&errand->peer, peer)) {
            count++;
        }
    }
    return count;
}

/* The service a request is for is known to the node, which finds the channel's by its name. */
static int take_errand(void *context, struct service_call *call)
{
    const struct desk_door *door = context;
    struct desk *desk = door->desk;
    struct desk_errand *errand;
    int count = count_errands(desk, door->node, call->peer, &errand);
    if (count >= DESK_ERRANDS_EACH || errand == NULL) {
        return E_LIMIT;
    }
    /* --- committed --- */
    *errand = (struct desk_errand){
        .is_used = true,
        .client = door->client,
        .node = door->node,
        .number = ++desk->next_errand,
        .call = call->call,
        .until_us = call->now_us + (uint64_t)NODE_CALL_MS * US_PER_MS,
        .peer = *call->peer,
        .service = *call->service,
        .len = (uint16_t)call->request.len, /* <= CALL_BYTES_MAX */
    };
    if (call->request.len != 0) {
        memcpy(errand->bytes, call->request.bytes, call->request.len);
    }
    desk->client[door->client].bell_rings = true;
    return E_AGAIN;
}

static void fail(struct desk *desk, struct desk_errand *errand, uint64_t now_us)
{
    const struct crypto_span nothing = {NULL, 0};
    (void)!node_answer(desk->node[errand->node], errand->call, CALL_FAILED, nothing, now_us);
    errand->is_used = false;
}

void desk_expire_errands(struct desk *desk, uint64_t now_us)
{
    for (int i = 0; i < DESK_ERRANDS; i++) {
        struct desk_errand *errand = &desk->errand[i];
        if (errand->is_used && errand->until_us <= now_us) {
            fail(desk, errand, now_us);
        }
    }
}

uint64_t desk_next_us(const struct desk *desk)
{
    uint64_t next_us = UINT64_MAX;
    for (int i = 0; i < DESK_ERRANDS; i++) {
        const struct desk_errand *errand = &desk->errand[i];
        next_us = errand->is_used && errand->until_us < next_us ? errand->until_us : next_us;
    }
    return next_us;
}

/* --- from the process --- */

/* Whether the manifest lets it offer this. */
static bool may_offer(const struct desk_client *client, const struct bus_name *name)
{
    for (int i = 0; i < INIT_BUS_SERVICES; i++) {
        const char *allowed = client->rights.services[i];
        if (name->len != 0 && strnlen(allowed, INIT_NAME_BYTES) == name->len &&
            memcmp(allowed, name->text, name->len) == 0) {
            return true;
        }
    }
    return false;
}

/* Puts it into every node, in place of what this process had under the name. */
static int offer(struct desk *desk, int client, struct service *service)
{
    for (int i = 0; i < desk->nodes; i++) {
        const struct service *known = services_find(&desk->node[i]->services, &service->name);
        struct desk_door *door = &desk->door[client][i];
        if (known != NULL && known->context != door) {
            return E_EXISTS;
        }
        *door = (struct desk_door){desk, (uint8_t)client, (uint8_t)i};
        service->context = door;
        if (known != NULL) {
            (void)!services_remove(&desk->node[i]->services, &service->name);
        }
        int error = services_add(&desk->node[i]->services, service);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

int desk_serve(struct desk *desk, int index, const struct desk_request *request,
               struct crypto_span in, handle_t *dropped)
{
    struct desk_client *client = &desk->client[index];
    struct service service = {.serve = take_errand};
    if (!desk_take_name(&in, &service.name) || request->notification == HANDLE_NONE ||
        request->words[2] > BUS_FOR_PEERS || request->words[3] > CALL_BYTES_MAX) {
        return E_INVALID;
    }
    if (!may_offer(client, &service.name)) {
        return E_DENIED;
    }
    if (request->words[4] != 0 && request->words[4] != desk->epoch) {
        return E_RESTARTED;
    }
    service.policy = (enum service_policy)request->words[2];
    service.request_max = (uint16_t)request->words[3];
    while (in.len != 0) {
        if (service.peer_count == SERVICE_PEERS_MAX || service.policy != SERVICE_FOR_LISTED ||
            !desk_take_name(&in, &service.peers[service.peer_count])) {
            return E_INVALID;
        }
        service.peer_count++;
    }
    int error = offer(desk, index, &service);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    *dropped = client->bell;
    client->bell = request->notification;
    client->bell_bits = request->words[1];
    return OK;
}

/* Takes one service of this process out of every node. */
static int withdraw(struct desk *desk, int client, const struct bus_name *name)
{
    int error = E_NOT_FOUND;
    for (int i = 0; i < desk->nodes; i++) {
        const struct service *known = services_find(&desk->node[i]->services, name);
        if (known != NULL && known->context == &desk->door[client][i]) {
            error = services_remove(&desk->node[i]->services, name);
        }
    }
    return error;
}

int desk_unserve(struct desk *desk, int client, struct crypto_span in)
{
    struct bus_name name;
    return desk_take_name(&in, &name) ? withdraw(desk, client, &name) : E_INVALID;
}

int desk_next(struct desk *desk, int index, uint64_t reply[IPC_WORDS])
{
    struct desk_client *client = &desk->client[index];
    struct desk_errand *first = NULL;
    for (int i = 0; i < DESK_ERRANDS; i++) {
        struct desk_errand *errand = &desk->errand[i];
        if (errand->is_used && !errand->is_taken && errand->client == index &&
            (first == NULL || errand->number < first->number)) {
            first = errand;
        }
    }
    if (first == NULL) {
        return client->bell == HANDLE_NONE ? E_NOT_FOUND : E_AGAIN;
    }
    /* --- committed --- */
    first->is_taken = true;
    reply[1] = first->number;
    desk_put_name(client, &first->peer);
    desk_put_name(client, &first->service);
    desk_put(client, first->bytes, first->len);
    return OK;
}

int desk_take_reply(struct desk *desk, int client, const uint64_t words[IPC_WORDS],
                    struct crypto_span in, uint64_t now_us)
{
    if (words[2] > 1 || in.len > CALL_BYTES_MAX) {
        return E_INVALID;
    }
    for (int i = 0; i < DESK_ERRANDS; i++) {
        struct desk_errand *errand = &desk->errand[i];
        if (errand->is_used && errand->is_taken && errand->client == client &&
            errand->number == words[1]) {
            errand->is_used = false;
            return node_answer(desk->node[errand->node], errand->call,
                               words[2] == 0 ? CALL_OK : CALL_FAILED, in, now_us);
        }
    }
    return E_NOT_FOUND;
}

void desk_remove_services(struct desk *desk, int index, uint64_t now_us)
{
    struct desk_client *client = &desk->client[index];
    for (int i = 0; i < INIT_BUS_SERVICES; i++) {
        struct bus_name name;
        const char *allowed = client->rights.services[i];
        if (bus_name_set(&name, allowed, strnlen(allowed, INIT_NAME_BYTES))) {
            (void)!withdraw(desk, index, &name);
        }
    }
    for (int i = 0; i < DESK_ERRANDS; i++) {
        struct desk_errand *errand = &desk->errand[i];
        if (errand->is_used && errand->client == index) {
            fail(desk, errand, now_us);
        }
    }
    client->bell_rings = false;
}
