/*
 * md5_lanes_group.h - for md5_lanes_steps.h: texts in the lanes of one register, or of two: their blocks become words
 * by lane, and what the steps made of them hashes by text. How many lanes a register has says what is included before:
 * md5_lanes_eight.h or md5_lanes_sixteen.h; without either it is eight. What is a function of its own is one for its
 * frame.
 */
#ifndef AMITY_MD5_LANES_GROUP_H
#define AMITY_MD5_LANES_GROUP_H

#include "md5_lanes.h"

#if !defined(MD5_LANES_PART)
#include "md5_lanes_eight.h"
#endif

#define MD5_LANES_PARTS	      2
#define MD5_LANES_GROUP	      (MD5_LANES_PARTS * MD5_LANES_PART)
#define MD5_LANES_BLOCK_WORDS 16

/* The same word of all texts; the second part is unused when the first one has lanes for all of them. */
struct md5_lanes_word {
	md5_lanes_part part[MD5_LANES_PARTS];
};

/* Texts by lane. A lane without a text has the first one's. */
struct md5_lanes_group {
	struct md5_lanes_word word[MD5_LANES_BLOCK_WORDS]; /* of the block that is next */
	struct md5_lanes_word state[4];
	struct md5_lanes_word ended; /* all bits: the lane stays as it is */
	const struct md5_text *text;
	uint32_t count, parts;	    /* of texts; in use */
	uint32_t block;		    /* the next one */
	uint32_t shortest, longest; /* counts of blocks */
};

static const uint32_t md5_lanes_start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

/* What the texts' blocks so far made of them. */
static __attribute__((noinline)) void md5_lanes_read(struct md5_lanes_group *group,
						     const uint8_t (*hash)[MD5_LANES_HASH_BYTES], uint32_t part)
{
	const uint32_t first = part * MD5_LANES_PART;
	md5_lanes_part row[4] = {{0}, {0}, {0}, {0}};

	if (group->count >= first + MD5_LANES_PART)
		memcpy(row, hash + first, sizeof(row));
	else
		for (uint32_t i = first; i < group->count; i++)
			memcpy((char *)row + (i - first) * MD5_LANES_HASH_BYTES, hash[i], MD5_LANES_HASH_BYTES);
	md5_lanes_turn_hashes(row);
	for (uint32_t i = 0; i < 4; i++)
		group->state[i].part[part] = row[i];
}

/* The hashes of one part's texts. */
static __attribute__((noinline)) void md5_lanes_write(uint8_t (*hash)[MD5_LANES_HASH_BYTES],
						      const struct md5_lanes_group *group, uint32_t part)
{
	const uint32_t first = part * MD5_LANES_PART;
	md5_lanes_part row[4];

	for (uint32_t i = 0; i < 4; i++)
		row[i] = group->state[i].part[part];
	md5_lanes_turn_state(row);
	if (group->count >= first + MD5_LANES_PART)
		memcpy(hash + first, row, sizeof(row));
	else
		for (uint32_t i = first; i < group->count; i++)
			memcpy(hash[i], (const char *)row + (i - first) * MD5_LANES_HASH_BYTES, MD5_LANES_HASH_BYTES);
}

MD5_LANES_INLINE md5_lanes_find_ends(struct md5_lanes_group *group)
{
	const struct md5_text *text = group->text;
	uint32_t different = 0;

	for (uint32_t i = 0; i < group->count; i++)
		different |= text[i].block_count ^ text[0].block_count;
	group->shortest = group->longest = text[0].block_count;
	for (uint32_t i = 0; different && i < group->count; i++) {
		uint32_t end = text[i].block_count;
		group->shortest = end < group->shortest ? end : group->shortest;
		group->longest = end > group->longest ? end : group->longest;
	}
}

/* `count`: as many at most as the parts have lanes. `hash`: NULL when none of the texts has begun. */
MD5_LANES_INLINE md5_lanes_begin(struct md5_lanes_group *group, const uint8_t (*hash)[MD5_LANES_HASH_BYTES],
				 const struct md5_text *text, uint32_t count, uint32_t parts)
{
	group->text = text;
	group->count = count;
	group->parts = parts;
	group->block = 0;
	md5_lanes_find_ends(group);
	for (uint32_t p = 0; p < parts; p++)
		if (hash)
			md5_lanes_read(group, hash, p);
		else
			for (uint32_t i = 0; i < 4; i++)
				group->state[i].part[p] = (md5_lanes_part){0} + md5_lanes_start[i];
}

/* Where the next blocks of a part's texts are when some have ended, or lanes have none. What ended keeps its last. */
static __attribute__((noinline)) void md5_lanes_find_blocks(const char *at[MD5_LANES_PART],
							    struct md5_lanes_group *group, uint32_t part)
{
	uint32_t ends[MD5_LANES_PART];
	md5_lanes_part end;

	for (uint32_t i = 0; i < MD5_LANES_PART; i++) {
		uint32_t lane = part * MD5_LANES_PART + i;
		const struct md5_text *from = &group->text[lane < group->count ? lane : 0];
		uint32_t last = from->block_count ? from->block_count - 1 : 0;
		ends[i] = from->block_count;
		at[i] = from->block + (size_t)(group->block < last ? group->block : last) * MD5_LANES_BLOCK_BYTES;
	}
	memcpy(&end, ends, sizeof(end));
	group->ended.part[part] = (md5_lanes_part)(end <= group->block);
}

MD5_LANES_INLINE md5_lanes_take_words(struct md5_lanes_group *group, md5_lanes_part row[MD5_LANES_PART], uint32_t first,
				      uint32_t part)
{
	md5_lanes_turn(row);
	for (uint32_t i = 0; i < MD5_LANES_PART; i++)
		group->word[first + i].part[part] = row[i];
}

/* The words of the next block of each of the part's texts, of which none has ended. */
static __attribute__((noinline)) void md5_lanes_load_all(struct md5_lanes_group *group, uint32_t part)
{
	const struct md5_text *text = &group->text[part * MD5_LANES_PART];
	const size_t done = (size_t)group->block * MD5_LANES_BLOCK_BYTES;
	md5_lanes_part row[MD5_LANES_PART];

	group->ended.part[part] = (md5_lanes_part){0};
	for (uint32_t first = 0; first < MD5_LANES_BLOCK_WORDS; first += MD5_LANES_PART) {
		for (uint32_t i = 0; i < MD5_LANES_PART; i++)
			memcpy(&row[i], text[i].block + done + first * sizeof(uint32_t), sizeof(row[i]));
		md5_lanes_take_words(group, row, first, part);
	}
}

static __attribute__((noinline)) void md5_lanes_load_some(struct md5_lanes_group *group, uint32_t part)
{
	const char *at[MD5_LANES_PART];
	md5_lanes_part row[MD5_LANES_PART];

	md5_lanes_find_blocks(at, group, part);
	for (uint32_t first = 0; first < MD5_LANES_BLOCK_WORDS; first += MD5_LANES_PART) {
		for (uint32_t i = 0; i < MD5_LANES_PART; i++)
			memcpy(&row[i], at[i] + first * sizeof(uint32_t), sizeof(row[i]));
		md5_lanes_take_words(group, row, first, part);
	}
}

/* Goes on to the next block. */
MD5_LANES_INLINE md5_lanes_advance(struct md5_lanes_group *group)
{
	for (uint32_t p = 0; p < group->parts; p++)
		if (group->block < group->shortest && (p + 1) * MD5_LANES_PART <= group->count)
			md5_lanes_load_all(group, p);
		else
			md5_lanes_load_some(group, p);
	group->block++;
}

MD5_LANES_INLINE md5_lanes_end(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_lanes_group *group)
{
	for (uint32_t p = 0; p < group->parts; p++)
		md5_lanes_write(hash, group, p);
}

#endif
