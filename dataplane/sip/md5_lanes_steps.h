/*
 * md5_lanes_steps.h - for the variants of md5_lanes.h: MD5 of texts in the lanes of one register, or of two, whose
 * chains of steps hide each other's latency. How many lanes a register has says what is included before:
 * md5_lanes_eight.h or md5_lanes_sixteen.h. Written in the compiler's vectors, which each variant's file has translated
 * for its CPU.
 */
#ifndef AMITY_MD5_LANES_STEPS_H
#define AMITY_MD5_LANES_STEPS_H

#include "md5_lanes.h"

#define MD5_LANES_PARTS	      2
#define MD5_LANES_BLOCK_WORDS 16

/* The same word of all texts; the second part is unused when the first one has lanes for all of them. */
struct md5_lanes_word {
	md5_lanes_part part[MD5_LANES_PARTS];
};

/* What the steps of a block read. The count of parts in use is a constant wherever this is put in place. */
struct md5_lanes_input {
	const struct md5_lanes_word *word; /* MD5_LANES_BLOCK_WORDS */
	const uint32_t *constants;
	uint32_t parts;
};

/* The texts by lane. A lane without a text has the first one's. */
struct md5_lanes_texts {
	const char *at[MD5_LANES_PARTS * MD5_LANES_PART]; /* the block that is next is `done` bytes behind */
	uint32_t end[MD5_LANES_PARTS * MD5_LANES_PART];	  /* count of blocks */
	size_t done;
	uint32_t shortest, longest;
};

static const uint32_t md5_lanes_constants[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

MD5_LANES_INLINE md5_lanes_begin(struct md5_lanes_texts *texts, const struct md5_text *text, uint32_t count,
				 uint32_t lanes)
{
	texts->done = 0;
	texts->shortest = UINT32_MAX;
	texts->longest = 0;
	for (uint32_t i = 0; i < lanes; i++) {
		const struct md5_text *from = &text[i < count ? i : 0];
		uint32_t end = from->block_count;
		texts->at[i] = from->block;
		texts->end[i] = end;
		texts->shortest = end < texts->shortest ? end : texts->shortest;
		texts->longest = end > texts->longest ? end : texts->longest;
	}
}

/* The words of the next block of each of the part's texts. A function of its own: its rows take half a frame. */
static __attribute__((noinline)) void md5_lanes_load(struct md5_lanes_word *word, const struct md5_lanes_texts *texts,
						     uint32_t part)
{
	const char *const *at = &texts->at[part * MD5_LANES_PART];
	md5_lanes_part row[MD5_LANES_PART];

	for (uint32_t first = 0; first < MD5_LANES_BLOCK_WORDS; first += MD5_LANES_PART) {
		for (uint32_t i = 0; i < MD5_LANES_PART; i++)
			memcpy(&row[i], at[i] + texts->done + first * sizeof(uint32_t), sizeof(row[i]));
		md5_lanes_turn(row);
		for (uint32_t i = 0; i < MD5_LANES_PART; i++)
			word[first + i].part[part] = row[i];
	}
}

/* A text that has ended keeps its last block. */
MD5_LANES_INLINE md5_lanes_advance(struct md5_lanes_texts *texts, uint32_t block, uint32_t lanes)
{
	texts->done += MD5_LANES_BLOCK_BYTES;
	for (uint32_t i = 0; block >= texts->shortest && i < lanes; i++)
		texts->at[i] -= block < texts->end[i] ? 0 : MD5_LANES_BLOCK_BYTES;
}

/* Step `i` of the 64 of a block; a constant, so that what depends on it is decided by the compiler. */
MD5_LANES_INLINE md5_lanes_step(struct md5_lanes_word *a, const struct md5_lanes_word *b,
				const struct md5_lanes_word *c, const struct md5_lanes_word *d,
				const struct md5_lanes_input *input, uint32_t i)
{
	static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	static const uint8_t factors[4] = {1, 5, 3, 7}, firsts[4] = {0, 1, 5, 0};
	const uint32_t round = i / 16, shift = shifts[round][i % 4];
	const struct md5_lanes_word *taken = &input->word[(factors[round] * i + firsts[round]) % MD5_LANES_BLOCK_WORDS];

	for (uint32_t p = 0; p < input->parts; p++) {
		md5_lanes_part x = b->part[p], y = c->part[p], z = d->part[p];
		md5_lanes_part mixed = round == 0   ? z ^ (x & (y ^ z))
				       : round == 1 ? y ^ (z & (x ^ y))
				       : round == 2 ? x ^ y ^ z
						    : y ^ (x | ~z);
		md5_lanes_part sum = (taken->part[p] + input->constants[i] + a->part[p]) + mixed;
		a->part[p] = x + (sum << shift | sum >> (32 - shift));
	}
}

MD5_LANES_INLINE md5_lanes_four(struct md5_lanes_word state[4], const struct md5_lanes_input *input, uint32_t i)
{
	md5_lanes_step(&state[0], &state[1], &state[2], &state[3], input, i);
	md5_lanes_step(&state[3], &state[0], &state[1], &state[2], input, i + 1);
	md5_lanes_step(&state[2], &state[3], &state[0], &state[1], input, i + 2);
	md5_lanes_step(&state[1], &state[2], &state[3], &state[0], input, i + 3);
}

MD5_LANES_INLINE md5_lanes_sixteen(struct md5_lanes_word state[4], const struct md5_lanes_input *input, uint32_t i)
{
	md5_lanes_four(state, input, i);
	md5_lanes_four(state, input, i + 4);
	md5_lanes_four(state, input, i + 8);
	md5_lanes_four(state, input, i + 12);
}

MD5_LANES_INLINE md5_lanes_block(struct md5_lanes_word state[4], const struct md5_lanes_word *word,
				 const struct md5_lanes_word *ended, uint32_t parts)
{
	struct md5_lanes_input input = {word, md5_lanes_constants, parts};
	struct md5_lanes_word next[4] = {state[0], state[1], state[2], state[3]};

	/* What the compiler does not know it cannot keep: else it spreads all 64 over lanes, on the stack. */
	__asm__("" : "+r"(input.constants));
	md5_lanes_sixteen(next, &input, 0);
	md5_lanes_sixteen(next, &input, 16);
	md5_lanes_sixteen(next, &input, 32);
	md5_lanes_sixteen(next, &input, 48);
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t p = 0; p < parts; p++)
			state[i].part[p] += next[i].part[p] & ~ended->part[p];
}

/* One block of each text; the lanes of `ended` stay as they are. A function of its own, for its frame. */
static __attribute__((noinline)) void md5_lanes_block_of_one(struct md5_lanes_word state[4],
							     const struct md5_lanes_word *word,
							     const struct md5_lanes_word *ended)
{
	md5_lanes_block(state, word, ended, 1);
}

static __attribute__((noinline)) void md5_lanes_block_of_both(struct md5_lanes_word state[4],
							      const struct md5_lanes_word *word,
							      const struct md5_lanes_word *ended)
{
	md5_lanes_block(state, word, ended, 2);
}

/* The hashes of one part's texts. Likewise a function of its own. */
static __attribute__((noinline)) void md5_lanes_write(uint8_t (*hash)[MD5_LANES_HASH_BYTES],
						      const struct md5_lanes_word state[4], uint32_t count,
						      uint32_t part)
{
	md5_lanes_part row[4] = {state[0].part[part], state[1].part[part], state[2].part[part], state[3].part[part]};

	md5_lanes_turn_state(row);
	if (count >= MD5_LANES_PART) {
		memcpy(hash, row, sizeof(row));
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		memcpy(hash[i], (const char *)row + i * MD5_LANES_HASH_BYTES, MD5_LANES_HASH_BYTES);
}

/* As many texts as both parts have lanes at most. */
MD5_LANES_INLINE md5_lanes_by_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count)
{
	static const uint32_t begin[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	const uint32_t parts = count > MD5_LANES_PART ? 2 : 1, lanes = parts * MD5_LANES_PART;
	struct md5_lanes_word word[MD5_LANES_BLOCK_WORDS], state[4], ends, ended;
	struct md5_lanes_texts texts;

	md5_lanes_begin(&texts, text, count, lanes);
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t p = 0; p < MD5_LANES_PARTS; p++)
			state[i].part[p] = (md5_lanes_part){0} + begin[i];
	for (uint32_t p = 0; p < parts; p++)
		memcpy(&ends.part[p], &texts.end[p * MD5_LANES_PART], sizeof(ends.part[p]));
	for (uint32_t block = 0;;) {
		for (uint32_t p = 0; p < parts; p++) {
			ended.part[p] = (md5_lanes_part)(ends.part[p] <= block);
			md5_lanes_load(word, &texts, p);
		}
		if (parts == 1)
			md5_lanes_block_of_one(state, word, &ended);
		else
			md5_lanes_block_of_both(state, word, &ended);
		if (++block == texts.longest)
			break;
		md5_lanes_advance(&texts, block, lanes);
	}
	for (uint32_t p = 0; p < parts; p++)
		md5_lanes_write(hash + p * MD5_LANES_PART, state, count - p * MD5_LANES_PART, p);
}

#endif
