/*
 * md5_lanes_steps.h - for the variants of md5_lanes.h: MD5 of a group of texts, or of two, whose chains of steps hide
 * each other's latency. Written in the compiler's vectors, which each variant's file has translated for its CPU. What
 * is a function of its own is one for its frame.
 */
#ifndef AMITY_MD5_LANES_STEPS_H
#define AMITY_MD5_LANES_STEPS_H

#include "md5_lanes_group.h"

/* The steps of a block of a group. The count of parts in use is a constant wherever this is put in place. */
struct md5_lanes_chain {
	struct md5_lanes_word state[4];
	const struct md5_lanes_word *word; /* MD5_LANES_BLOCK_WORDS */
	const uint32_t *constants;
	uint32_t parts;
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

/* Step `i` of the 64 of a block; a constant, so that what depends on it is decided by the compiler. */
MD5_LANES_INLINE md5_lanes_step(struct md5_lanes_chain *chain, uint32_t i)
{
	static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
	static const uint8_t factors[4] = {1, 5, 3, 7}, firsts[4] = {0, 1, 5, 0};
	const uint32_t round = i / 16, shift = shifts[round][i % 4], a = (64 - i) % 4;
	const struct md5_lanes_word *taken = &chain->word[(factors[round] * i + firsts[round]) % MD5_LANES_BLOCK_WORDS];
	struct md5_lanes_word *changed = &chain->state[a];

	for (uint32_t p = 0; p < chain->parts; p++) {
		md5_lanes_part x = chain->state[(a + 1) % 4].part[p], y = chain->state[(a + 2) % 4].part[p];
		md5_lanes_part z = chain->state[(a + 3) % 4].part[p];
		md5_lanes_part mixed = round == 0   ? z ^ (x & (y ^ z))
				       : round == 1 ? y ^ (z & (x ^ y))
				       : round == 2 ? x ^ y ^ z
						    : y ^ (x | ~z);
		md5_lanes_part sum = (taken->part[p] + chain->constants[i] + changed->part[p]) + mixed;
		changed->part[p] = x + (sum << shift | sum >> (32 - shift));
	}
}

/* Of both chains in turn. `second`: NULL when there is none, as ever where this is put in place. */
MD5_LANES_INLINE md5_lanes_step_both(struct md5_lanes_chain *first, struct md5_lanes_chain *second, uint32_t i)
{
	md5_lanes_step(first, i);
	if (second)
		md5_lanes_step(second, i);
}

MD5_LANES_INLINE md5_lanes_four(struct md5_lanes_chain *first, struct md5_lanes_chain *second, uint32_t i)
{
	md5_lanes_step_both(first, second, i);
	md5_lanes_step_both(first, second, i + 1);
	md5_lanes_step_both(first, second, i + 2);
	md5_lanes_step_both(first, second, i + 3);
}

MD5_LANES_INLINE md5_lanes_sixteen(struct md5_lanes_chain *first, struct md5_lanes_chain *second, uint32_t i)
{
	md5_lanes_four(first, second, i);
	md5_lanes_four(first, second, i + 4);
	md5_lanes_four(first, second, i + 8);
	md5_lanes_four(first, second, i + 12);
}

MD5_LANES_INLINE md5_lanes_begin_chain(struct md5_lanes_chain *chain, const struct md5_lanes_group *group,
				       const uint32_t *constants, uint32_t parts)
{
	chain->word = group->word;
	chain->constants = constants;
	chain->parts = parts;
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t p = 0; p < parts; p++)
			chain->state[i].part[p] = group->state[i].part[p];
}

MD5_LANES_INLINE md5_lanes_end_chain(const struct md5_lanes_chain *chain, struct md5_lanes_group *group)
{
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t p = 0; p < chain->parts; p++)
			group->state[i].part[p] += chain->state[i].part[p] & ~group->ended.part[p];
}

/* The block that was loaded. `second`: as above. */
MD5_LANES_INLINE md5_lanes_block(struct md5_lanes_group *first, struct md5_lanes_group *second, uint32_t parts)
{
	const uint32_t *constants = md5_lanes_constants;
	struct md5_lanes_chain of_first, of_second;

	/* What the compiler does not know it cannot keep: else it spreads all 64 over lanes, on the stack. */
	__asm__("" : "+r"(constants));
	md5_lanes_begin_chain(&of_first, first, constants, parts);
	if (second)
		md5_lanes_begin_chain(&of_second, second, constants, parts);
	md5_lanes_sixteen(&of_first, second ? &of_second : NULL, 0);
	md5_lanes_sixteen(&of_first, second ? &of_second : NULL, 16);
	md5_lanes_sixteen(&of_first, second ? &of_second : NULL, 32);
	md5_lanes_sixteen(&of_first, second ? &of_second : NULL, 48);
	md5_lanes_end_chain(&of_first, first);
	if (second)
		md5_lanes_end_chain(&of_second, second);
}

static __attribute__((noinline)) void md5_lanes_block_of_one(struct md5_lanes_group *group)
{
	md5_lanes_block(group, NULL, 1);
}

static __attribute__((noinline)) void md5_lanes_block_of_both(struct md5_lanes_group *group)
{
	md5_lanes_block(group, NULL, 2);
}

/* The blocks that are left. */
MD5_LANES_INLINE md5_lanes_finish(uint8_t (*hash)[MD5_LANES_HASH_BYTES], struct md5_lanes_group *group)
{
	while (group->block < group->longest) {
		md5_lanes_advance(group);
		if (group->parts == 1)
			md5_lanes_block_of_one(group);
		else
			md5_lanes_block_of_both(group);
	}
	md5_lanes_end(hash, group);
}

/* As many texts as both parts have lanes at most. */
MD5_LANES_INLINE md5_lanes_by_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
				   bool has_begun)
{
	struct md5_lanes_group group;

	md5_lanes_begin(&group, has_begun ? (const uint8_t(*)[MD5_LANES_HASH_BYTES])hash : NULL, text, count,
			count > MD5_LANES_PART ? 2 : 1);
	md5_lanes_finish(hash, &group);
}

#endif
