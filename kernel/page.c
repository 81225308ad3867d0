/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical pages: bit i of `free_words` is set while page i is free; bit j of `summary` while word
 * j is not zero, so that one page is found in a few steps whatever the size of RAM.
 */
#include "page.h"

#include "print.h"
#include <base/bits.h>

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
    uint64_t free_count;
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

void page_init(paddr_t base, uint64_t pages, void *bitmap)
{
    ram.base = base;
    ram.pages = pages;
    ram.words = words_for(pages);
    ram.summary_words = words_for(ram.words);
    ram.free_words = bitmap;
    ram.summary = ram.free_words + ram.words;
    ram.free_count = 0;
    ram.first_summary = 0;
    for (uint64_t i = 0; i < ram.words + ram.summary_words; i++) {
        ram.free_words[i] = 0;
    }
}

static bool is_free(uint64_t number)
{
    return (ram.free_words[number / PAGES_PER_WORD] >> number % PAGES_PER_WORD & 1) != 0;
}

static void set_free(uint64_t number)
{
    uint64_t word = number / PAGES_PER_WORD;
    ram.free_words[word] |= 1ull << number % PAGES_PER_WORD;
    ram.summary[word / PAGES_PER_WORD] |= 1ull << word % PAGES_PER_WORD;
    if (word / PAGES_PER_WORD < ram.first_summary) {
        ram.first_summary = word / PAGES_PER_WORD;
    }
    ram.free_count++;
}

static void set_used(uint64_t number)
{
    uint64_t word = number / PAGES_PER_WORD;
    ram.free_words[word] &= ~(1ull << number % PAGES_PER_WORD);
    if (ram.free_words[word] == 0) {
        ram.summary[word / PAGES_PER_WORD] &= ~(1ull << word % PAGES_PER_WORD);
    }
    ram.free_count--;
}

/* All of a word at once: 4 GiB is a million pages, and boot is counted in instructions. */
static void set_word_free(uint64_t word)
{
    ram.free_count += PAGES_PER_WORD - bits_count(ram.free_words[word]);
    ram.free_words[word] = ~0ull;
    ram.summary[word / PAGES_PER_WORD] |= 1ull << word % PAGES_PER_WORD;
}

void page_give_range(paddr_t base, uint64_t pages)
{
    uint64_t number = (base - ram.base) >> PAGE_SHIFT;
    uint64_t end = number + pages < ram.pages ? number + pages : ram.pages;
    while (number < end) {
        if (number % PAGES_PER_WORD == 0 && end - number >= PAGES_PER_WORD) {
            set_word_free(number / PAGES_PER_WORD);
            number += PAGES_PER_WORD;
        } else {
            if (!is_free(number)) {
                set_free(number);
            }
            number++;
        }
    }
    ram.first_summary = 0;
}

paddr_t page_alloc(void)
{
    while (ram.first_summary < ram.summary_words && ram.summary[ram.first_summary] == 0) {
        ram.first_summary++; /* <= 64 words for 1 GiB; pays back what set_free took */
    }
    if (ram.first_summary == ram.summary_words) {
        return 0;
    }
    uint64_t word =
        ram.first_summary * PAGES_PER_WORD + (uint64_t)bits_lowest(ram.summary[ram.first_summary]);
    uint64_t number = word * PAGES_PER_WORD + (uint64_t)bits_lowest(ram.free_words[word]);
    set_used(number);
    return ram.base + (number << PAGE_SHIFT);
}

void page_free(paddr_t page)
{
    uint64_t number = (page - ram.base) >> PAGE_SHIFT;
    KASSERT(number < ram.pages && !is_free(number));
    set_free(number);
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
        if (word == 0) { /* skip what is left of the word */
            number = (number / PAGES_PER_WORD + 1) * PAGES_PER_WORD;
            start = number;
        } else if ((word & 1) == 0) {
            number++;
            start = number;
        } else {
            number++;
        }
        if (++looked == pages + RUN_EXTRA_LOOKS) {
            *from = start;
            return E_AGAIN;
        }
    }
    for (uint64_t i = start; i < start + pages; i++) {
        set_used(i);
    }
    *base = ram.base + (start << PAGE_SHIFT);
    return OK;
}

uint64_t page_count_free(void)
{
    return ram.free_count;
}
