#include "md5_lanes_eight.h"
#include "md5_lanes_steps.h"

void md5_lanes_avx2_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count,
			 bool has_begun)
{
	md5_lanes_by_hash(hash, text, count, has_begun);
}
