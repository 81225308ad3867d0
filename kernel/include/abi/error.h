/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table of errors, for the kernel, every program and every document.
 *
 * X(number, name, sentence). A function that can fail returns 0 (or a count) or the negative
 * number: `return -E_INVALID` never appears, because the constants are negative themselves.
 * Numbers are ABI: they are never reused.
 */
#pragma once

#define ERRORS(X)                                                                                  \
    X(1, E_INVALID, "an argument is malformed")                                                    \
    X(2, E_BAD_HANDLE, "the handle names nothing, or what it named is gone")                       \
    X(3, E_WRONG_TYPE, "the handle names an object of another type")                               \
    X(4, E_NO_RIGHT, "the handle lacks the right this needs")                                      \
    X(5, E_NO_MEMORY, "the account that pays has no pages left")                                   \
    X(6, E_NO_SLOTS, "the handle table is full")                                                   \
    X(7, E_BUSY, "somebody else holds it")                                                         \
    X(8, E_TIMEOUT, "the deadline passed")                                                         \
    X(9, E_CLOSED, "the owner closed it")                                                          \
    X(10, E_PEER_DIED, "the server died while it served this call")                                \
    X(11, E_RESTARTED, "the server is a new incarnation and does not know this epoch")             \
    X(12, E_RANGE, "outside the object, the address space or the permitted window")                \
    X(13, E_EXISTS, "something is there already")                                                  \
    X(14, E_NOT_FOUND, "nothing is there")                                                         \
    X(15, E_DENIED, "policy forbids it, whatever the handle says")                                 \
    X(16, E_TOO_MANY_HANDLES, "the receiver takes fewer handles than were sent")                   \
    X(17, E_STATE, "the object is in a state in which this makes no sense")                        \
    X(18, E_BAD_CALL, "there is no such call or selector")                                         \
    X(19, E_AGAIN, "not now; later it may work")                                                   \
    X(20, E_CORRUPT, "data from outside breaks its format")                                        \
    X(21, E_UNSUPPORTED, "this machine or build cannot do it")                                     \
    X(22, E_UNREACHABLE, "no route or no answer from the neighbour")                               \
    X(23, E_LIMIT, "a fixed limit of the system is reached")

enum error {
    OK = 0,
#define ERROR_ENUM(number, name, sentence) name = -(number),
    ERRORS(ERROR_ENUM)
#undef ERROR_ENUM
};
