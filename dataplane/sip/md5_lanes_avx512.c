#include "md5_lanes_sixteen.h"
#include "md5_lanes_steps.h"

/* Four chains of steps take hardly longer than two: each step waits for the one before. */
static __attribute__((noinline)) void hash_blocks_of_two(struct md5_lanes_group *first, struct md5_lanes_group *second)
{
	md5_lanes_block(first, second, MD5_LANES_PARTS);
}

/* More texts, as long as the first group has blocks, too. The second group has a frame of its own. */
static __attribute__((noinline)) void hash_second(uint8_t (*hash)[MD5_LANES_HASH_BYTES], struct md5_lanes_group *first,
						  const struct md5_text *text, uint32_t count, bool has_begun)
{
	struct md5_lanes_group second;

	md5_lanes_begin(&second, has_begun ? (const uint8_t(*)[MD5_LANES_HASH_BYTES])hash : NULL, text, count,
			MD5_LANES_PARTS);
	while (first->block < first->longest && second.block < second.longest) {
		md5_lanes_advance(first);
		md5_lanes_advance(&second);
		hash_blocks_of_two(first, &second);
	}
	md5_lanes_finish(hash, &second);
}

static __attribute__((noinline)) void hash_many(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text,
						uint32_t count, bool has_begun)
{
	struct md5_lanes_group first;

	md5_lanes_begin(&first, has_begun ? (const uint8_t(*)[MD5_LANES_HASH_BYTES])hash : NULL, text, MD5_LANES_GROUP,
			MD5_LANES_PARTS);
	hash_second(hash + MD5_LANES_GROUP, &first, text + MD5_LANES_GROUP, count - MD5_LANES_GROUP, has_begun);
	md5_lanes_finish(hash, &first);
}

void md5_lanes_avx512_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
			   bool has_begun)
{
	if (count <= MD5_LANES_FEW)
		md5_lanes_avx512vl_hash(hash, text, count, has_begun);
	else if (count <= MD5_LANES_GROUP)
		md5_lanes_by_hash(hash, text, count, has_begun);
	else
		hash_many(hash, text, count, has_begun);
}
