/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flattened device tree as tokens, nodes and properties; what they mean is fdt_devices.c.
 *
 * F1  read_token is the only function that interprets the structure block, and it takes nothing
 *     that does not fit in what is left of it.
 * F2  After fdt_open every token up to the end of the root is good, nodes are closed in pairs, and
 *     properties stand before children: a walk may rely on it.
 * F3  The strings block ends in 0, so a name that begins in it ends in it.
 *
 * [Devicetree Specification 0.4 §2, §5]
 */
#include <base/fdt.h>

#include <abi/error.h>
#include <base/bytes.h>

#define FDT_MAGIC 0xd00dfeedu /* [Devicetree Specification 0.4 §5.2] */

enum {
    FDT_VERSION = 17,
    FDT_HEADER_BYTES = 40,
    FDT_RESERVATION_BYTES = 16,
    FDT_CELL_BYTES = 4,
};

/* [Devicetree Specification 0.4 §5.4.1] */
enum token_kind {
    TOKEN_BEGIN_NODE = 1,
    TOKEN_END_NODE = 2,
    TOKEN_PROPERTY = 3,
    TOKEN_NOP = 4,
    TOKEN_END = 9,
};

struct token {
    uint32_t kind;
    uint32_t start;       /* its offset in the structure block */
    const char *name;     /* of a node or property, else not set */
    const uint8_t *value; /* of a property, else not set */
    uint32_t length;      /* of the value */
};

/* --- text ---------------------------------------------------------------------------------- */

static bool is_equal(const char *left, const char *right)
{
    while (*left != 0 && *left == *right) {
        left++;
        right++;
    }
    return *left == *right;
}

/* How many bytes stand before the first 0; `limit` when there is none. */
static uint32_t text_length(const uint8_t *bytes, uint32_t limit)
{
    uint32_t length = 0;
    while (length < limit && bytes[length] != 0) {
        length++;
    }
    return length;
}

/* --- tokens -------------------------------------------------------------------------------- */

/*
 * Reads the token at `*at` and moves behind it and its padding; false when there is none.
 * Requires *at <= structure_bytes, both multiples of 4, and keeps that.
 */
static MUST_CHECK bool read_token(const struct fdt *fdt, uint32_t *at, struct token *token)
{
    const uint8_t *bytes = fdt->structure + *at;
    uint32_t left = fdt->structure_bytes - *at;
    uint32_t used = FDT_CELL_BYTES;

    if (left < FDT_CELL_BYTES) {
        return false;
    }
    token->kind = bytes_get_be32(bytes);
    token->start = *at;
    switch (token->kind) {
    case TOKEN_BEGIN_NODE: {
        uint32_t length = text_length(bytes + used, left - used);
        if (length == left - used) {
            return false;
        }
        token->name = (const char *)bytes + used;
        used += length + 1; /* <= left */
        break;
    }
    case TOKEN_PROPERTY: {
        if (left < 3 * FDT_CELL_BYTES) {
            return false;
        }
        used = 3 * FDT_CELL_BYTES;
        uint32_t name = bytes_get_be32(bytes + 8);
        token->length = bytes_get_be32(bytes + 4);
        if (token->length > left - used || name >= fdt->strings_bytes) {
            return false;
        }
        token->name = (const char *)fdt->strings + name;
        token->value = bytes + used;
        used += token->length; /* <= left */
        break;
    }
    case TOKEN_END_NODE:
    case TOKEN_NOP:
    case TOKEN_END:
        break;
    default:
        return false;
    }
    *at += (uint32_t)align_up(used, FDT_CELL_BYTES); /* <= left, a multiple of 4 */
    return true;
}

/* Walks all tokens once and establishes F2. */
static MUST_CHECK int check_structure(const struct fdt *fdt)
{
    uint32_t at = 0;
    uint32_t open = 0; /* nodes begun and not ended */
    bool may_have_properties = false;
    struct token token;

    do {
        if (!read_token(fdt, &at, &token)) {
            return E_CORRUPT;
        }
        if (token.kind == TOKEN_BEGIN_NODE) {
            if (open == FDT_DEPTH_MAX) {
                return E_LIMIT;
            }
            open++;
            may_have_properties = true;
        } else if (token.kind == TOKEN_END_NODE && open > 0) {
            open--;
            may_have_properties = false;
        } else if (token.kind != TOKEN_NOP &&
                   (token.kind != TOKEN_PROPERTY || !may_have_properties)) {
            return E_CORRUPT;
        }
    } while (open > 0);

    do {
        if (!read_token(fdt, &at, &token)) {
            return E_CORRUPT;
        }
    } while (token.kind == TOKEN_NOP);
    return token.kind == TOKEN_END ? OK : E_CORRUPT;
}

/* --- the header ---------------------------------------------------------------------------- */

/* Counts the entries of the reservation block up to the one of zeros. */
static MUST_CHECK int check_reservations(const uint8_t *bytes, uint32_t left, uint32_t *count)
{
    for (uint32_t i = 0; i < left / FDT_RESERVATION_BYTES; i++) {
        uint64_t base = bytes_get_be64(bytes + i * FDT_RESERVATION_BYTES);
        uint64_t length = bytes_get_be64(bytes + i * FDT_RESERVATION_BYTES + 8);
        if (base == 0 && length == 0) {
            *count = i;
            return OK;
        }
        if (length > UINT64_MAX - base) {
            return E_CORRUPT;
        }
    }
    return E_CORRUPT;
}

int fdt_open(const void *blob, size_t size, struct fdt *fdt)
{
    const uint8_t *bytes = blob;
    struct fdt opened = {0};

    if (size < FDT_HEADER_BYTES || bytes_get_be32(bytes) != FDT_MAGIC) {
        return E_CORRUPT;
    }
    uint32_t total = bytes_get_be32(bytes + 4);
    uint32_t structure = bytes_get_be32(bytes + 8);
    uint32_t strings = bytes_get_be32(bytes + 12);
    uint32_t reservations = bytes_get_be32(bytes + 16);
    if (bytes_get_be32(bytes + 20) < FDT_VERSION || bytes_get_be32(bytes + 24) > FDT_VERSION) {
        return E_UNSUPPORTED;
    }
    opened.strings_bytes = bytes_get_be32(bytes + 32);
    opened.structure_bytes = bytes_get_be32(bytes + 36);
    if (total > size || total < FDT_HEADER_BYTES || reservations < FDT_HEADER_BYTES ||
        structure < FDT_HEADER_BYTES || strings < FDT_HEADER_BYTES ||
        !is_inside(structure, opened.structure_bytes, total) ||
        !is_inside(strings, opened.strings_bytes, total) || reservations > total ||
        !is_aligned(opened.structure_bytes, FDT_CELL_BYTES)) {
        return E_CORRUPT;
    }
    opened.structure = bytes + structure;
    opened.strings = bytes + strings;
    opened.reservations = bytes + reservations;
    opened.total_bytes = total;
    if (opened.strings_bytes > 0 && opened.strings[opened.strings_bytes - 1] != 0) {
        return E_CORRUPT;
    }
    int error =
        check_reservations(opened.reservations, total - reservations, &opened.reservation_count);
    error = error == OK ? check_structure(&opened) : error;
    if (error == OK) {
        *fdt = opened;
    }
    return error;
}

/* --- nodes --------------------------------------------------------------------------------- */

struct fdt_node fdt_root(const struct fdt *fdt)
{
    struct fdt_node root = {0};
    uint32_t at = 0;
    struct token token;

    while (read_token(fdt, &at, &token) && token.kind == TOKEN_NOP) {
    }
    root.path[0] = token.start;
    return root;
}

bool fdt_next(const struct fdt *fdt, struct fdt_node *node)
{
    uint32_t at = node->path[node->depth];
    uint32_t depth = node->depth + 1; /* of a node that would begin here */
    struct token token;

    if (!read_token(fdt, &at, &token)) {
        return false;
    }
    while (read_token(fdt, &at, &token)) {
        if (token.kind == TOKEN_BEGIN_NODE && depth < FDT_DEPTH_MAX) {
            node->path[depth] = token.start;
            node->depth = depth;
            return true;
        }
        if (token.kind == TOKEN_END_NODE && --depth == 0) {
            return false;
        }
    }
    return false;
}

bool fdt_next_with(const struct fdt *fdt, struct fdt_node *node, const char *name, const char *text)
{
    struct fdt_node next = *node;
    while (fdt_next(fdt, &next)) {
        if (fdt_has_text(fdt, &next, name, text)) {
            *node = next;
            return true;
        }
    }
    return false;
}

bool fdt_parent(const struct fdt_node *node, struct fdt_node *parent)
{
    if (node->depth == 0) {
        return false;
    }
    *parent = *node;
    parent->depth--;
    return true;
}

const char *fdt_name(const struct fdt *fdt, const struct fdt_node *node)
{
    uint32_t at = node->path[node->depth];
    struct token token;
    return read_token(fdt, &at, &token) && token.kind == TOKEN_BEGIN_NODE ? token.name : "";
}

/* Whether the first part of a path names this node; `*length` is how long the part is. */
static bool is_named(const char *name, const char *part, size_t *length)
{
    bool has_address = false;
    size_t at = 0;
    bool is_same = true;

    for (; part[at] != 0 && part[at] != '/' && part[at] != ':'; at++) {
        has_address |= part[at] == '@';
        is_same = is_same && part[at] == name[at];
    }
    *length = at;
    return is_same && at > 0 && (name[at] == 0 || (name[at] == '@' && !has_address));
}

bool fdt_find_path(const struct fdt *fdt, const char *path, struct fdt_node *node)
{
    struct fdt_node found = fdt_root(fdt);
    if (*path++ != '/') {
        return false;
    }
    while (*path != 0 && *path != ':') {
        struct fdt_node child = found;
        size_t length;
        do {
            if (!fdt_next(fdt, &child) || child.depth <= found.depth) {
                return false;
            }
        } while (child.depth != found.depth + 1 || !is_named(fdt_name(fdt, &child), path, &length));
        found = child;
        path += length;
        path += *path == '/' ? 1 : 0;
    }
    *node = found;
    return true;
}

bool fdt_find_phandle(const struct fdt *fdt, uint32_t phandle, struct fdt_node *node)
{
    struct fdt_node last = fdt_root(fdt); /* the node begun last: a property is its own [F2] */
    uint32_t at = last.path[0];
    uint32_t open = 0; /* nodes begun and not ended */
    struct token token;

    while (read_token(fdt, &at, &token)) {
        if (token.kind == TOKEN_BEGIN_NODE) {
            last.depth = open++; /* < FDT_DEPTH_MAX [F2] */
            last.path[last.depth] = token.start;
        } else if (token.kind == TOKEN_END_NODE && --open == 0) {
            return false;
        } else if (token.kind == TOKEN_PROPERTY && token.length == FDT_CELL_BYTES &&
                   is_equal(token.name, "phandle") && bytes_get_be32(token.value) == phandle) {
            *node = last;
            return true;
        }
    }
    return false;
}

bool fdt_is_enabled(const struct fdt *fdt, const struct fdt_node *node)
{
    struct fdt_property status;
    return !fdt_find_property(fdt, node, "status", &status) ||
           fdt_has_text(fdt, node, "status", "okay") || fdt_has_text(fdt, node, "status", "ok");
}

/* --- properties ---------------------------------------------------------------------------- */

bool fdt_next_property(const struct fdt *fdt, const struct fdt_node *node,
                       struct fdt_property *property)
{
    uint32_t at = property->next;
    struct token token;

    if (at == 0) { /* no property stands at 0, where the root begins */
        at = node->path[node->depth];
        if (!read_token(fdt, &at, &token)) {
            return false;
        }
    }
    do {
        if (!read_token(fdt, &at, &token)) {
            return false;
        }
    } while (token.kind == TOKEN_NOP);
    if (token.kind != TOKEN_PROPERTY) {
        return false;
    }
    *property = (struct fdt_property){token.name, token.value, token.length, at};
    return true;
}

bool fdt_find_property(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                       struct fdt_property *property)
{
    struct fdt_property next = {0};
    while (fdt_next_property(fdt, node, &next)) {
        if (is_equal(next.name, name)) {
            *property = next;
            return true;
        }
    }
    return false;
}

int fdt_get_u32(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                uint32_t *value)
{
    struct fdt_property property;
    if (!fdt_find_property(fdt, node, name, &property)) {
        return E_NOT_FOUND;
    }
    if (property.length != FDT_CELL_BYTES) {
        return E_CORRUPT;
    }
    *value = bytes_get_be32(property.value);
    return OK;
}

const char *fdt_get_text(const struct fdt *fdt, const struct fdt_node *node, const char *name)
{
    struct fdt_property property;
    if (!fdt_find_property(fdt, node, name, &property) ||
        text_length(property.value, property.length) == property.length) {
        return NULL;
    }
    return (const char *)property.value;
}

bool fdt_property_has_text(const struct fdt_property *property, const char *text)
{
    uint32_t at = 0;
    while (at < property->length) {
        uint32_t length = text_length(property->value + at, property->length - at);
        if (length == property->length - at) {
            return false; /* the last string does not end */
        }
        if (is_equal((const char *)property->value + at, text)) {
            return true;
        }
        at += length + 1; /* <= property->length */
    }
    return false;
}

bool fdt_has_one_of(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                    const char *const *texts, size_t count)
{
    struct fdt_property property;
    if (!fdt_find_property(fdt, node, name, &property)) {
        return false;
    }
    size_t at = 0;
    while (at < count && !fdt_property_has_text(&property, texts[at])) {
        at++;
    }
    return at < count;
}

bool fdt_has_text(const struct fdt *fdt, const struct fdt_node *node, const char *name,
                  const char *text)
{
    return fdt_has_one_of(fdt, node, name, &text, 1);
}
