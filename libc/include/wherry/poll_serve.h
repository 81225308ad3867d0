/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait of a server that has sockets as well: poll and event_serve in one.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <wherry/ipc.h>

/*
 * Answers the current caller with `message`, if there is one, then waits until a descriptor is
 * ready, a request comes, or `time_out_ms` has passed. `revents` are set whatever ended it;
 * *is_request says that the message is a request. message->bits are those of the notification
 * that belong to no descriptor, 0 with a request. Before an answer, as for event_serve,
 * message->handle_count is the number of handles to send. Errors as the kernel's wait.
 */
MUST_CHECK int poll_serve(struct pollfd *entries, nfds_t count, int time_out_ms, handle_t endpoint,
                          struct message *message, bool *is_request);
