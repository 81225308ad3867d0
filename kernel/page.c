/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical pages: bit i of `free_words` is set while page i is free; bit j of `summary` while word
 * j is not zero, so that one page is found in a few steps whatever the size of RAM.
 */
#include "page.h"

#include "object.h"
#include "print.h"
#include <base/bits.h>
#include <base/bytes.h>
#include <base/mem.h>

enum {
    PAGES_PER_WORD = 64,
    RUN_EXTRA_LOOKS = 128, /* pages or words looked at before E_AGAIN, besides those of the run */
};

static struct {
    paddr_t base;
    uint64_t pages;
    uint64_t words;
    uint64_t summary_words;
    uint64_t *free_words;
    uint64_t *summary;
    uint64_t first_summary; /* no summary word below it has a bit set */
} ram;

static uint64_t words_for(uint64_t bits)
{
    return (bits + PAGES_PER_WORD - 1) / PAGES_PER_WORD;
}

uint64_t page_bitmap_bytes(uint64_t pages)
{
    uint64_t words = words_for(pages);
    return (words + words_for(words)) * sizeof(uint64_t);
}

/* The first `count` bits set, the others of the last word not. */
static void fill(uint64_t *words, uint64_t count)
{
    memset(words, 0xff, words_for(count) * sizeof(uint64_t));
    if (count % PAGES_PER_WORD != 0) {
        words[count / PAGES_PER_WORD] = (1ull << count % PAGES_PER_WORD) - 1;
    }
}

void page_init(paddr_t base, uint64_t pages, void *bitmap)
{
    ram.base = base;
    ram.pages = pages;
    ram.words = words_for(pages);
    ram.summary_words = words_for(ram.words);
    ram.free_words = bitmap;
    ram.summary = ram.free_words + ram.words;
    ram.first_summary = 0;
    fill(ram.free_words, pages);
    fill(ram.summary, ram.words);
    kernel_system.free_pages = pages;
    kernel_system.used_pages = 0;
}

static bool is_free(uint64_t number)
{
    return (ram.free_words[number / PAGES_PER_WORD] >> number % PAGES_PER_WORD & 1) != 0;
}

static void set_used(uint64_t number)
{
    uint64_t word = number / PAGES_PER_WORD;
    ram.free_words[word] &= ~(1ull << number % PAGES_PER_WORD);
    if (ram.free_words[word] == 0) {
        ram.summary[word / PAGES_PER_WORD] &= ~(1ull << word % PAGES_PER_WORD);
    }
    kernel_system.free_pages--;
}

void page_keep_range(paddr_t base, uint64_t bytes)
{
    uint64_t end = base + bytes < ram.base ? 0 : align_up(base + bytes - ram.base, PAGE_BYTES);
    uint64_t at = base < ram.base ? 0 : align_down(base - ram.base, PAGE_BYTES);
    for (; at < end && at < ram.pages << PAGE_SHIFT; at += PAGE_BYTES) {
        if (is_free(at >> PAGE_SHIFT)) {
            set_used(at >> PAGE_SHIFT);
        }
    }
}

paddr_t page_alloc(void)
{
    while (ram.first_summary < ram.summary_words && ram.summary[ram.first_summary] == 0) {
        ram.first_summary++; /* <= 64 words for 1 GiB; pays back what page_free took */
    }
    if (ram.first_summary == ram.summary_words) {
        return 0;
    }
    uint64_t word =
        ram.first_summary * PAGES_PER_WORD + bits_lowest(ram.summary[ram.first_summary]);
    uint64_t number = word * PAGES_PER_WORD + bits_lowest(ram.free_words[word]);
    set_used(number);
    kernel_system.used_pages++;
    return ram.base + (number << PAGE_SHIFT);
}

void page_free(paddr_t page)
{
    uint64_t number = (page - ram.base) >> PAGE_SHIFT;
    KASSERT(number < ram.pages && !is_free(number));
    uint64_t word = number / PAGES_PER_WORD;
    ram.free_words[word] |= 1ull << number % PAGES_PER_WORD;
    ram.summary[word / PAGES_PER_WORD] |= 1ull << word % PAGES_PER_WORD;
    if (word / PAGES_PER_WORD < ram.first_summary) {
        ram.first_summary = word / PAGES_PER_WORD;
    }
    kernel_system.free_pages++;
    kernel_system.used_pages--;
}

int page_alloc_run(uint64_t pages, uint64_t *from, paddr_t *base)
{
    uint64_t start = *from;
    uint64_t number = start;
    uint64_t looked = 0;
    while (number - start < pages) {
        if (number >= ram.pages) {
            return E_NO_MEMORY;
        }
        uint64_t word = ram.free_words[number / PAGES_PER_WORD] >> number % PAGES_PER_WORD;
        number = word == 0 ? (number / PAGES_PER_WORD + 1) * PAGES_PER_WORD : number + 1;
        if ((word & 1) == 0) {
            start = number;
        }
        if (++looked == pages + RUN_EXTRA_LOOKS) {
            *from = start;
            return E_AGAIN;
        }
    }
    for (uint64_t i = start; i < start + pages; i++) {
        set_used(i);
    }
    kernel_system.used_pages += pages;
    *base = ram.base + (start << PAGE_SHIFT);
    return OK;
}
