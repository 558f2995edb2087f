#include "md5_lanes_sixteen.h"
#include "md5_lanes_steps.h"

void md5_lanes_avx512_hash(uint8_t (*hash)[MD5_LANES_HASH_BYTES], const struct md5_text *text, uint32_t count)
{
	if (count <= MD5_LANES_FEW)
		md5_lanes_avx512vl_hash(hash, text, count);
	else
		md5_lanes_by_hash(hash, text, count);
}
