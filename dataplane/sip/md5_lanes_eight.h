/*
 * md5_lanes_eight.h - for md5_lanes_steps.h: registers of eight lanes.
 */
#ifndef AMITY_MD5_LANES_EIGHT_H
#define AMITY_MD5_LANES_EIGHT_H

#include <stdint.h>

#define MD5_LANES_PART	 8
#define MD5_LANES_INLINE static inline __attribute__((always_inline)) void

typedef uint32_t md5_lanes_part __attribute__((vector_size(32)));
typedef uint64_t md5_lanes_pairs __attribute__((vector_size(32)));

/* In each half: four rows of four words become rows of one word each. */
MD5_LANES_INLINE md5_lanes_turn_halves(md5_lanes_part row[4])
{
	md5_lanes_pairs pair[4];

	for (uint32_t i = 0; i < 4; i += 2) {
		md5_lanes_part a = row[i], b = row[i + 1];
		pair[i] = (md5_lanes_pairs)__builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
		pair[i + 1] = (md5_lanes_pairs)__builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
	}
	for (uint32_t i = 0; i < 2; i++) {
		row[2 * i] = (md5_lanes_part)__builtin_shufflevector(pair[i], pair[i + 2], 0, 4, 2, 6);
		row[2 * i + 1] = (md5_lanes_part)__builtin_shufflevector(pair[i], pair[i + 2], 1, 5, 3, 7);
	}
}

/* The first halves of two rows, and the second ones. */
MD5_LANES_INLINE md5_lanes_turn_pair(md5_lanes_part *first, md5_lanes_part *second)
{
	md5_lanes_part a = *first, b = *second;

	*first = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
	*second = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}

/* Rows of eight words, one row a text, become rows of one word each. */
MD5_LANES_INLINE md5_lanes_turn(md5_lanes_part row[MD5_LANES_PART])
{
	md5_lanes_turn_halves(row);
	md5_lanes_turn_halves(row + 4);
	for (uint32_t i = 0; i < 4; i++)
		md5_lanes_turn_pair(&row[i], &row[i + 4]);
}

/* Rows of one word each become the four words of each text, one text after the other. */
MD5_LANES_INLINE md5_lanes_turn_state(md5_lanes_part row[4])
{
	md5_lanes_turn_halves(row);
	md5_lanes_turn_pair(&row[0], &row[1]);
	md5_lanes_turn_pair(&row[2], &row[3]);
	md5_lanes_part middle = row[1];
	row[1] = row[2];
	row[2] = middle;
}

/* The other way round. */
MD5_LANES_INLINE md5_lanes_turn_hashes(md5_lanes_part row[4])
{
	md5_lanes_part middle = row[1];

	row[1] = row[2];
	row[2] = middle;
	md5_lanes_turn_pair(&row[0], &row[1]);
	md5_lanes_turn_pair(&row[2], &row[3]);
	md5_lanes_turn_halves(row);
}

#endif
