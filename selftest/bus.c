/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus.h"

#include <stdlib.h>
#include <string.h>

#include <base/error_text.h>
#include <proto/init.h>
#include <wherry/bus.h>
#include <wherry/console.h>
#include <wherry/startup.h>

#include "selftest.h"

enum {
    SESSION_WAIT_MS = 30000,
    PING_WAIT_MS = 6000,
    POLL_MS = 20,
    DSOFTBUSD_KIB_MAX = 1024,
};

/* The first peer that dsoftbusd has a session with, once its two nodes have met. */
static int find_peer(struct bus_peer *peer)
{
    ticks_t end = in_ms(SESSION_WAIT_MS);
    while (time_now() < end) {
        struct bus_node node;
        uint64_t index = 0;
        int error = bus_get_node(&index, &node);
        for (index = 0; error == OK && node.has_met;) {
            error = bus_get_peer(&index, peer);
            if (error == OK && (peer->flags & BUS_PEER_SESSION) != 0) {
                return OK;
            }
        }
        if (error != OK && error != E_NOT_FOUND) {
            return error;
        }
        sleep_ms(POLL_MS);
    }
    return E_TIMEOUT;
}

/* Why there is nobody to ping; NULL: there should be. */
static const char *why_nobody(void)
{
    struct bus_node node;
    const char *dual = getenv("dual");
    uint64_t index = 0;
    if (dual == NULL || strcmp(dual, "1") != 0) {
        return "one node";
    }
    int error = bus_get_node(&index, &node);
    if (error == E_UNSUPPORTED) {
        return "no identity";
    }
    return error == OK && node.mode == BUS_MODE_NONE ? "no discovery" : NULL;
}

/* Both services of the peer, over the session; what is not offered to peers is refused. */
static bool call_services(const char *peer)
{
    static const char text[] = "what was asked comes back";
    static struct bus_call call;
    call = (struct bus_call){.peer = peer, .service = "echo", .request = text};
    call.request_len = sizeof(text) - 1;
    int error = bus_call(&call, in_ms(PING_WAIT_MS));
    if (error != OK || call.result != BUS_DONE || call.answer_len != call.request_len ||
        memcmp(call.answer, text, call.request_len) != 0) {
        console_print("SELFTEST: dsoftbus echo FAIL %s, %s", error_text(error),
                      bus_result_text(call.result));
        return false;
    }
    call = (struct bus_call){.peer = peer, .service = "status"};
    error = bus_call(&call, in_ms(PING_WAIT_MS));
    if (error != OK || call.result != BUS_DONE || call.answer_len < 7 ||
        memcmp(call.answer, "uptime ", 7) != 0) {
        console_print("SELFTEST: dsoftbus status FAIL %s, %s", error_text(error),
                      bus_result_text(call.result));
        return false;
    }
    call = (struct bus_call){.peer = peer, .service = "nothing"};
    error = bus_call(&call, in_ms(PING_WAIT_MS));
    if (error != OK || call.result != BUS_NO_SERVICE) {
        console_print("SELFTEST: dsoftbus refusal FAIL %s, %s", error_text(error),
                      bus_result_text(call.result));
        return false;
    }
    return true;
}

/* What the manifest does not let this program do at dsoftbusd. */
static bool is_denied(void)
{
    static const uint8_t key[BUS_KEY_BYTES] = {1};
    bool is = bus_set_trust(BUS_TRUST_ALLOW, NULL, key) == E_DENIED &&
              bus_serve("status", BUS_FOR_PEERS, 0) == E_DENIED;
    if (!is) {
        console_print("SELFTEST: dsoftbus deny FAIL");
    }
    return is;
}

/* All that dsoftbusd uses: program, data, stack, arena, page tables. */
static bool is_small(void)
{
    struct init_process process;
    for (uint64_t index = 0;; index++) {
        struct message m = {.words = {INIT_LIST, index}};
        if (ipc_call(startup_handle(ROLE_INIT), &m, DEADLINE_FOREVER) != OK || m.words[0] != OK) {
            console_print("SELFTEST: dsoftbus memory FAIL: not in the list");
            return false;
        }
        init_process_unpack(m.words, &process);
        if (strcmp(process.name, "dsoftbusd") == 0) {
            break;
        }
    }
    unsigned kib = process.pages_used * (PAGE_BYTES / 1024);
    bool is = kib < DSOFTBUSD_KIB_MAX;
    console_print("SELFTEST: dsoftbus memory %s KiB=%u", is ? "ok" : "FAIL", kib);
    return is;
}

bool bus_run(void)
{
    static struct bus_peer peer;
    const char *nobody = why_nobody();
    uint64_t rtt_us;
    if (nobody != NULL) {
        console_print("SELFTEST: dsoftbus ping skipped: %s", nobody);
        return true;
    }
    int error = find_peer(&peer);
    if (error == OK) {
        error = bus_ping(peer.id, in_ms(PING_WAIT_MS), &rtt_us);
    }
    if (error != OK) {
        console_print("SELFTEST: dsoftbus ping FAIL %s", error_text(error));
        return false;
    }
    console_print("SELFTEST: dsoftbus ping ok");
    return call_services(peer.id) && is_denied() && is_small();
}
