/*
 * key_index.h - which slot of a table a key is in: hashing into lines of the cache with eight entries each.
 *
 * An entry carries 32 bits of the key. What is not there is not found, and what goes is taken out, without a look at
 * the slots themselves, which are in no cache when the table is large; only who finds something compares the whole key.
 * An entry is in the line that its bits say, its home, or in the first line after it that had room. A search ends with
 * the first line that is not full; whoever takes an entry out of a full line fills its place from the lines after it.
 *
 * The bits are those of a keyed hash: nobody can choose keys that meet. Equal ones fill lines as they are many: who has
 * several slots with the same key enters one and links the others.
 *
 * Thread: the lcore that owns the table.
 */
#ifndef AMITY_KEY_INDEX_H
#define AMITY_KEY_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "prefetch.h"

#define KEY_INDEX_NONE UINT32_MAX

#define KEY_LINE_ENTRIES 8 /* sixteen bits say which of a line match, and which are free */

struct key_line {
	_Alignas(64) uint32_t bits[KEY_LINE_ENTRIES];
	uint32_t slot[KEY_LINE_ENTRIES]; /* KEY_INDEX_NONE: free */
};

struct key_index {
	struct key_line *line; /* [line_count] */
	uint32_t line_count;   /* 12 entries for 8 slots: four lines in five have room when all are used */
};

/* The entries with these bits that were not seen yet. */
struct key_search {
	uint32_t line;
	uint32_t matches; /* bit n: entry n */
	bool is_last;	  /* the line has room */
};

/* Of an index of so many slots, 1 to 2^31: whole cache lines. */
uint64_t key_index_bytes(uint32_t count);

/* `memory`: key_index_bytes(count) bytes, on a cache line. */
void key_index_init(struct key_index *index, void *memory, uint32_t count);

static inline uint32_t key_index_home(const struct key_index *index, uint32_t bits)
{
	return (uint32_t)((uint64_t)bits * index->line_count >> 32);
}

static inline uint32_t key_index_after(const struct key_index *index, uint32_t line)
{
	return line + 1 == index->line_count ? 0 : line + 1;
}

/* Asks for what a search looks at. */
static inline void key_index_prefetch(const struct key_index *index, uint32_t bits)
{
	prefetch_line(&index->line[key_index_home(index, bits)]);
}

#if defined(__SSE2__)
/* 16 bits each: all of them set where number n of a row is `wanted`. */
static inline __m128i key_line_compare(const uint32_t row[KEY_LINE_ENTRIES], uint32_t wanted)
{
	__m128i all = _mm_set1_epi32((int)wanted);

	return _mm_packs_epi32(_mm_cmpeq_epi32(_mm_load_si128((const __m128i *)row), all),
			       _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)row + 1), all));
}
#else
/* Bit n: number n of a row is `wanted`. */
static inline uint32_t key_line_compare(const uint32_t row[KEY_LINE_ENTRIES], uint32_t wanted)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < KEY_LINE_ENTRIES; i++)
		found |= (uint32_t)(row[i] == wanted) << i;
	return found;
}
#endif

/* Bit n: number n of `row` is `wanted`; bit 8 + n: that of `other_row` is `other`. */
static inline uint32_t key_line_find_both(const uint32_t row[KEY_LINE_ENTRIES], uint32_t wanted,
					  const uint32_t other_row[KEY_LINE_ENTRIES], uint32_t other)
{
#if defined(__SSE2__)
	return (uint32_t)_mm_movemask_epi8(
		_mm_packs_epi16(key_line_compare(row, wanted), key_line_compare(other_row, other)));
#else
	return key_line_compare(row, wanted) | key_line_compare(other_row, other) << KEY_LINE_ENTRIES;
#endif
}

/* Bit n: number n of a row is `wanted`. */
static inline uint32_t key_line_find(const uint32_t row[KEY_LINE_ENTRIES], uint32_t wanted)
{
#if defined(__SSE2__)
	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(key_line_compare(row, wanted), _mm_setzero_si128()));
#else
	return key_line_compare(row, wanted);
#endif
}

static inline uint32_t key_line_free(const struct key_line *line)
{
	return key_line_find(line->slot, KEY_INDEX_NONE);
}

static inline struct key_search key_search_in(const struct key_index *index, uint32_t bits, uint32_t at)
{
	const struct key_line *line = &index->line[at];
	uint32_t found = key_line_find_both(line->bits, bits, line->slot, KEY_INDEX_NONE);
	uint32_t room = found >> KEY_LINE_ENTRIES;

	return (struct key_search){at, found & ~room & ((1u << KEY_LINE_ENTRIES) - 1), room != 0};
}

/* Begins to look for the slots whose key has these bits. */
static inline struct key_search key_index_search(const struct key_index *index, uint32_t bits)
{
	return key_search_in(index, bits, key_index_home(index, bits));
}

/* The next of them. Result: KEY_INDEX_NONE: no more. */
static inline uint32_t key_index_next(const struct key_index *index, uint32_t bits, struct key_search *search)
{
	while (search->matches == 0) {
		if (search->is_last)
			return KEY_INDEX_NONE;
		*search = key_search_in(index, bits, key_index_after(index, search->line));
	}
	uint32_t entry = (uint32_t)__builtin_ctz(search->matches);
	search->matches &= search->matches - 1;
	return index->line[search->line].slot[entry];
}

/* There are fewer entries than slots. */
void key_index_add(struct key_index *index, uint32_t bits, uint32_t slot);

/* The entry of `slot`, which there is with these bits, is that of `other` from now on; it is no more. */
void key_index_replace(struct key_index *index, uint32_t bits, uint32_t slot, uint32_t other);
void key_index_remove(struct key_index *index, uint32_t bits, uint32_t slot);

#endif
