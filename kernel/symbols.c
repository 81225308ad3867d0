/* SPDX-License-Identifier: BSD-2-Clause */
#include "symbols.h"

#include <base/bytes.h>
#include <stddef.h>

extern const uint8_t text_start[];
extern const uint8_t text_end[];
extern const uint8_t symtab_start[];
extern const uint8_t symtab_end[];

enum { COUNT_BYTES = 4, PAIR_BYTES = 8 };

static uint32_t pair_offset(uint32_t index)
{
    return bytes_get_le32(symtab_start + COUNT_BYTES + (size_t)index * PAIR_BYTES);
}

static uint32_t pair_name(uint32_t index)
{
    return bytes_get_le32(symtab_start + COUNT_BYTES + (size_t)index * PAIR_BYTES + 4);
}

const char *symbol_find(uint64_t address, uint64_t *offset)
{
    uint64_t start = (uint64_t)text_start;
    uint32_t count = symtab_end - symtab_start < COUNT_BYTES ? 0 : bytes_get_le32(symtab_start);
    uint32_t found = 0;
    *offset = address;
    if (address < start || address >= (uint64_t)text_end || count == 0 ||
        pair_offset(0) > address - start) {
        return "?";
    }
    while (found + 1 < count && pair_offset(found + 1) <= address - start) {
        found++;
    }
    *offset = address - start - pair_offset(found);
    return (const char *)symtab_start + pair_name(found);
}
