/*
 * md5_lanes_sixteen.h - for md5_lanes_steps.h: registers of sixteen lanes.
 */
#ifndef AMITY_MD5_LANES_SIXTEEN_H
#define AMITY_MD5_LANES_SIXTEEN_H

#include <stdint.h>

#define MD5_LANES_PART	 16
#define MD5_LANES_INLINE static inline __attribute__((always_inline)) void

typedef uint32_t md5_lanes_part __attribute__((vector_size(64)));
typedef uint64_t md5_lanes_pairs __attribute__((vector_size(64)));

/* In each quarter: four rows of four words become rows of one word each. */
MD5_LANES_INLINE md5_lanes_turn_quarters(md5_lanes_part row[4])
{
	md5_lanes_pairs pair[4];

	for (uint32_t i = 0; i < 4; i += 2) {
		md5_lanes_part a = row[i], b = row[i + 1];
		pair[i] = (md5_lanes_pairs)__builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12,
								   28, 13, 29);
		pair[i + 1] = (md5_lanes_pairs)__builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27,
								       14, 30, 15, 31);
	}
	for (uint32_t i = 0; i < 2; i++) {
		md5_lanes_pairs a = pair[i], b = pair[i + 2];
		row[2 * i] = (md5_lanes_part)__builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
		row[2 * i + 1] = (md5_lanes_part)__builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
	}
}

/* The even quarters of two rows, and the odd ones. */
MD5_LANES_INLINE md5_lanes_part_quarters(md5_lanes_pairs *even, md5_lanes_pairs *odd, md5_lanes_pairs a,
					 md5_lanes_pairs b)
{
	*even = __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13);
	*odd = __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
}

/* The first quarters of four rows, their second ones, and so on. */
MD5_LANES_INLINE md5_lanes_turn_four(md5_lanes_part *a, md5_lanes_part *b, md5_lanes_part *c, md5_lanes_part *d)
{
	md5_lanes_pairs even[2], odd[2], quarter[4];

	md5_lanes_part_quarters(&even[0], &odd[0], (md5_lanes_pairs)*a, (md5_lanes_pairs)*b);
	md5_lanes_part_quarters(&even[1], &odd[1], (md5_lanes_pairs)*c, (md5_lanes_pairs)*d);
	md5_lanes_part_quarters(&quarter[0], &quarter[2], even[0], even[1]);
	md5_lanes_part_quarters(&quarter[1], &quarter[3], odd[0], odd[1]);
	*a = (md5_lanes_part)quarter[0];
	*b = (md5_lanes_part)quarter[1];
	*c = (md5_lanes_part)quarter[2];
	*d = (md5_lanes_part)quarter[3];
}

/* Rows of sixteen words, one row a text, become rows of one word each. */
MD5_LANES_INLINE md5_lanes_turn(md5_lanes_part row[MD5_LANES_PART])
{
	for (uint32_t i = 0; i < MD5_LANES_PART; i += 4)
		md5_lanes_turn_quarters(row + i);
	for (uint32_t i = 0; i < 4; i++)
		md5_lanes_turn_four(&row[i], &row[i + 4], &row[i + 8], &row[i + 12]);
}

/* Rows of one word each become the four words of each text, one text after the other. */
MD5_LANES_INLINE md5_lanes_turn_state(md5_lanes_part row[4])
{
	md5_lanes_turn_quarters(row);
	md5_lanes_turn_four(&row[0], &row[1], &row[2], &row[3]);
}

/* The other way round. */
MD5_LANES_INLINE md5_lanes_turn_hashes(md5_lanes_part row[4])
{
	md5_lanes_turn_four(&row[0], &row[1], &row[2], &row[3]);
	md5_lanes_turn_quarters(row);
}

#endif
