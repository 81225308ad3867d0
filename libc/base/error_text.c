/* SPDX-License-Identifier: BSD-2-Clause */
#include <base/error_text.h>

#include <abi/error.h>

const char *error_text(int error)
{
    switch (error) {
    case OK:
        return "no error";
#define ERROR_CASE(number, name, sentence)                                                         \
    case name:                                                                                     \
        return sentence;
        ERRORS(ERROR_CASE)
#undef ERROR_CASE
    default:
        return "no such error";
    }
}
