/*
 * md5_lanes.h - MD5 of several texts side by side: each step of RFC 1321 is done for up to 64 texts at once, in the
 * lanes of wide registers. Where the CPU has none, one after the other by OpenSSL.
 *
 * A text comes as whole blocks, already padded, so that the lanes need no care for ends:
 *
 *   text ... 0x80 0 ... 0 length in bits (8, little-endian)
 *
 * Texts of different lengths run together as long as the longest: a lane that has ended keeps its state.
 */
#ifndef AMITY_MD5_LANES_H
#define AMITY_MD5_LANES_H

#include "span.h"

#define MD5_LANES	      64
#define MD5_LANES_FEW	      8 /* that go in shorter registers than more do */
#define MD5_LANES_BLOCK_BYTES 64
#define MD5_LANES_HASH_BYTES  16
#define MD5_LANES_END_BYTES   9 /* of a text, at least: 0x80 and the length */

enum md5_lanes_variant {
	MD5_LANES_SCALAR,
	MD5_LANES_AVX2,
	MD5_LANES_AVX512,
};

struct md5_text {
	const char *block;    /* block_count * MD5_LANES_BLOCK_BYTES */
	uint32_t block_count; /* 0: the hash is that of nothing before its end; a block is readable all the same */
};

/*
 * Chooses the variant for all later hashes. Without a call the scalar one works.
 *
 * Thread: setup, before lcores start; tests.   Result: false when this CPU lacks it; the choice is then unchanged.
 */
bool md5_lanes_select(enum md5_lanes_variant variant);

/* Chooses the fastest variant of this CPU and says which. Thread: setup, before lcores start. */
enum md5_lanes_variant md5_lanes_select_best(void);

/* Blocks that a text of so many bytes takes. */
static inline uint32_t md5_lanes_block_count(uint32_t length)
{
	return (length + MD5_LANES_END_BYTES + MD5_LANES_BLOCK_BYTES - 1) / MD5_LANES_BLOCK_BYTES;
}

/*
 * Writes what follows a text of `length` bytes up to the end of its last block, before the text is written, which
 * covers a part of the zeros: they need no length of their own. They are the last block, and what MD5_LANES_END_BYTES
 * may leave to the one before it.   Thread: any.   Result: the count of blocks.
 */
static inline uint32_t md5_lanes_pad(char *block, uint32_t length)
{
	uint32_t count = md5_lanes_block_count(length);
	char *last = block + (count - 1) * MD5_LANES_BLOCK_BYTES;
	uint64_t bits = (uint64_t)length * 8;

	memset(last, 0, MD5_LANES_BLOCK_BYTES);
	if (count > 1)
		memset(last - (MD5_LANES_END_BYTES - 1), 0, MD5_LANES_END_BYTES - 1);
	block[length] = (char)0x80;
	memcpy(last + MD5_LANES_BLOCK_BYTES - sizeof(bits), &bits, sizeof(bits));
	return count;
}

/*
 * The hash of each text; of whole blocks that are not all of a text: what md5_lanes_hash_on() takes.
 *
 * Thread: any.   Cost: up to eight take about as long as two would alone, sixteen as three; 64 as sixteen by AVX-512.
 */
void md5_lanes_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count);

/* Goes on with blocks that follow those of which `hash` is. Likewise. */
void md5_lanes_hash_on(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count);

/*
 * For md5_lanes.c, as md5_lanes_hash_on() when texts have begun: up to MD5_LANES texts, by AVX2 up to two registers of
 * MD5_LANES_FEW, by AVX-512 in registers as short up to one; built in files of their own with their own compiler
 * options.
 */
void md5_lanes_avx2_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
			 bool has_begun);
void md5_lanes_avx512_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
			   bool has_begun);
void md5_lanes_avx512vl_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
			     bool has_begun);

#endif
