/* SPDX-License-Identifier: BSD-2-Clause */
#include "services.h"

#include <string.h>

#include "call.h"

const struct service *services_find(const struct services *services, const struct bus_name *name)
{
    for (int i = 0; i < SERVICES_MAX; i++) {
        const struct service *service = &services->slot[i];
        if (service->is_used && bus_name_is_equal(&service->name, name)) {
            return service;
        }
    }
    return NULL;
}

int services_add(struct services *services, const struct service *service)
{
    if (service->name.len == 0 || service->serve == NULL || service->request_max > CALL_BYTES_MAX ||
        service->peer_count > SERVICE_PEERS_MAX) {
        return E_INVALID;
    }
    if (services_find(services, &service->name) != NULL) {
        return E_EXISTS;
    }
    for (int i = 0; i < SERVICES_MAX; i++) {
        if (!services->slot[i].is_used) {
            services->slot[i] = *service;
            services->slot[i].is_used = true;
            services->changes++;
            return OK;
        }
    }
    return E_LIMIT;
}

int services_remove(struct services *services, const struct bus_name *name)
{
    const struct service *service = services_find(services, name);
    if (service == NULL) {
        return E_NOT_FOUND;
    }
    services->slot[service - services->slot].is_used = false;
    services->changes++;
    return OK;
}

bool service_admits(const struct service *service, const struct bus_name *peer)
{
    if (service->policy != SERVICE_FOR_LISTED) {
        return service->policy == SERVICE_FOR_PEERS;
    }
    for (size_t i = 0; i < service->peer_count; i++) {
        if (bus_name_is_equal(&service->peers[i], peer)) {
            return true;
        }
    }
    return false;
}

int service_echo(void *context, struct service_call *call)
{
    (void)context;
    call->answer_len = call->request.len;
    if (call->request.len != 0) {
        memcpy(call->answer, call->request.bytes, call->request.len);
    }
    return OK;
}
