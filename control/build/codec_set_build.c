#include "codec_set_build.h"

#include "codec.h"

uint64_t codec_set_build_one(struct span name)
{
	enum codec codec = codec_find(name);
	return codec == CODEC_COUNT ? 0 : UINT64_C(1) << codec;
}

uint64_t codec_set_build(const struct model_texts *names)
{
	uint64_t named = 0;
	for (uint32_t i = 0; i < names->count; i++)
		named |= codec_set_build_one(model_span(&names->item[i]));
	return names->count > 0 ? codec_set_complete(named) : CODEC_SET_ALL;
}
