/*
 * md5_lanes_sixteen.h - for md5_lanes_steps.h: registers of sixteen lanes.
 */
#ifndef AMITY_MD5_LANES_SIXTEEN_H
#define AMITY_MD5_LANES_SIXTEEN_H

#include <immintrin.h>
#include <stdint.h>

#define MD5_LANES_PART	 16
#define MD5_LANES_INLINE static inline __attribute__((always_inline)) void

typedef uint32_t md5_lanes_part __attribute__((vector_size(64)));

/* In each quarter: four rows of four words become rows of one word each. */
MD5_LANES_INLINE md5_lanes_turn_quarters(md5_lanes_part row[4])
{
	__m512i pair[4];

	for (uint32_t i = 0; i < 4; i += 2) {
		pair[i] = _mm512_unpacklo_epi32((__m512i)row[i], (__m512i)row[i + 1]);
		pair[i + 1] = _mm512_unpackhi_epi32((__m512i)row[i], (__m512i)row[i + 1]);
	}
	for (uint32_t i = 0; i < 2; i++) {
		row[2 * i] = (md5_lanes_part)_mm512_unpacklo_epi64(pair[i], pair[i + 2]);
		row[2 * i + 1] = (md5_lanes_part)_mm512_unpackhi_epi64(pair[i], pair[i + 2]);
	}
}

/* The first quarters of four rows, their second ones, and so on. */
MD5_LANES_INLINE md5_lanes_turn_four(md5_lanes_part *a, md5_lanes_part *b, md5_lanes_part *c, md5_lanes_part *d)
{
	__m512i even_ab = _mm512_shuffle_i32x4((__m512i)*a, (__m512i)*b, 0x88);
	__m512i even_cd = _mm512_shuffle_i32x4((__m512i)*c, (__m512i)*d, 0x88);
	__m512i odd_ab = _mm512_shuffle_i32x4((__m512i)*a, (__m512i)*b, 0xdd);
	__m512i odd_cd = _mm512_shuffle_i32x4((__m512i)*c, (__m512i)*d, 0xdd);

	*a = (md5_lanes_part)_mm512_shuffle_i32x4(even_ab, even_cd, 0x88);
	*b = (md5_lanes_part)_mm512_shuffle_i32x4(odd_ab, odd_cd, 0x88);
	*c = (md5_lanes_part)_mm512_shuffle_i32x4(even_ab, even_cd, 0xdd);
	*d = (md5_lanes_part)_mm512_shuffle_i32x4(odd_ab, odd_cd, 0xdd);
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

#endif
