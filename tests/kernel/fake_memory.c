/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_memory.h"

#include "arch/arch.h"
#include "fake_cpu.h"
#include "page.h"
#include "tests/fuzz/fuzz.h"

#include <sanitizer/asan_interface.h>
#include <string.h>

struct fake_ledger fake_ledger;

static uint8_t ram[FAKE_PAGES][PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
static uint64_t bitmap[FAKE_PAGES / 32];

/* Nothing here comes from malloc: the ledger counts, and the sanitizer's own search for leaks would
 * only stumble over the poison. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

paddr_t __real_page_alloc(void);
void __real_page_free(paddr_t page);
int __real_page_alloc_run(uint64_t pages, uint64_t *from, paddr_t *base);
int __real_account_take_slot(struct account *account, size_t bytes, void **slot);
void __real_account_give_slot(struct account *account, void *slot, size_t bytes);
int __real_object_create(struct account *account, enum object_type type, struct object **object);

paddr_t __wrap_page_alloc(void);
void __wrap_page_free(paddr_t page);
int __wrap_page_alloc_run(uint64_t pages, uint64_t *from, paddr_t *base);
int __wrap_account_take_slot(struct account *account, size_t bytes, void **slot);
void __wrap_account_give_slot(struct account *account, void *slot, size_t bytes);
int __wrap_object_create(struct account *account, enum object_type type, struct object **object);

void fake_memory_init(uint64_t pages)
{
    REQUIRE(page_bitmap_bytes(pages) <= sizeof(bitmap) && pages <= FAKE_PAGES);
    memset(&fake_ledger, 0, sizeof(fake_ledger));
    ASAN_POISON_MEMORY_REGION(ram, sizeof(ram));
    page_init(fake_ram_base(), pages, bitmap);
}

paddr_t fake_ram_base(void)
{
    return kernel_physical(ram);
}

static uint64_t number_of(paddr_t page)
{
    return (page - fake_ram_base()) >> PAGE_SHIFT;
}

bool fake_page_is_free(paddr_t page)
{
    return number_of(page) < FAKE_PAGES && !fake_ledger.is_taken[number_of(page)];
}

/* --- pages ------------------------------------------------------------------------------------ */

static void take(paddr_t page)
{
    REQUIRE(number_of(page) < FAKE_PAGES && fake_page_is_free(page));
    fake_ledger.is_taken[number_of(page)] = true;
    fake_ledger.pages_taken++;
    ASAN_UNPOISON_MEMORY_REGION(kernel_pointer(page), PAGE_BYTES);
    memset(kernel_pointer(page), 0xa5, PAGE_BYTES); /* it is not zeroed when it is handed out */
}

paddr_t __wrap_page_alloc(void)
{
    paddr_t page = __real_page_alloc();
    if (page != 0) {
        take(page);
    }
    return page;
}

int __wrap_page_alloc_run(uint64_t pages, uint64_t *from, paddr_t *base)
{
    int error = __real_page_alloc_run(pages, from, base);
    for (uint64_t i = 0; error == OK && i < pages; i++) {
        take(*base + (i << PAGE_SHIFT));
    }
    return error;
}

void __wrap_page_free(paddr_t page)
{
    REQUIRE(number_of(page) < FAKE_PAGES && !fake_page_is_free(page));
    REQUIRE(fake_cpu.space / PAGE_BYTES != page / PAGE_BYTES); /* T3 */
    fake_ledger.is_taken[number_of(page)] = false;
    fake_ledger.pages_taken--;
    ASAN_POISON_MEMORY_REGION(kernel_pointer(page), PAGE_BYTES);
    __real_page_free(page);
}

/* --- slots: the first word of a free one is the slab's ---------------------------------------- */

static size_t slot_bytes(size_t bytes)
{
    size_t class = 64;
    while (class < bytes) {
        class *= 2;
    }
    return class;
}

/* All free slots of the slab that the next one of this size comes from become usable, and those
 * that were not taken unusable again. Returns that slab, or NULL. */
static char *next_slab(struct account *account, size_t bytes)
{
    unsigned class = 0;
    while ((64u << class) < bytes) {
        class ++;
    }
    return (char *)list_first(&account->partial[class]);
}

int __wrap_account_take_slot(struct account *account, size_t bytes, void **slot)
{
    char *slab = next_slab(account, bytes);
    if (slab != NULL) {
        void *first_free;
        memcpy(&first_free, slab + sizeof(struct list_node), sizeof(first_free));
        ASAN_UNPOISON_MEMORY_REGION(first_free, slot_bytes(bytes));
    }
    int error = __real_account_take_slot(account, bytes, slot);
    if (error == OK) {
        REQUIRE(fake_ledger.slot_count < FAKE_SLOTS_MAX);
        fake_ledger.slots[fake_ledger.slot_count++] =
            (struct fake_slot){*slot, bytes, account, false};
    }
    return error;
}

static struct fake_slot *find(const void *at)
{
    unsigned i = fake_ledger.slot_count;
    do {
        REQUIRE(i > 0); /* it is taken */
    } while (fake_ledger.slots[--i].at != at);
    return &fake_ledger.slots[i];
}

void __wrap_account_give_slot(struct account *account, void *slot, size_t bytes)
{
    struct fake_slot *known = find(slot);
    REQUIRE(known->account == account && known->bytes == bytes);
    *known = fake_ledger.slots[--fake_ledger.slot_count];
    __real_account_give_slot(account, slot, bytes);
    if (!fake_page_is_free(kernel_physical(slot) & ~(paddr_t)(PAGE_BYTES - 1))) {
        ASAN_POISON_MEMORY_REGION((char *)slot + sizeof(void *),
                                  slot_bytes(bytes) - sizeof(void *));
    }
}

int __wrap_object_create(struct account *account, enum object_type type, struct object **object)
{
    int error = __real_object_create(account, type, object);
    if (error == OK) {
        find(*object)->is_object = true;
    }
    return error;
}
