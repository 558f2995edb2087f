#include "codec.h"

const struct codec_row codec_rows[CODEC_AUDIO_OTHER] = {
#define CODEC(name, text, media) [CODEC_##name] = {SPAN_LITERAL(text), CODEC_MEDIA_##media},
#include "codecs.def"
};

#define CODEC_MEDIA_BIT(name, media, wanted) (CODEC_MEDIA_##media == CODEC_MEDIA_##wanted ? CODEC_BIT(name) : 0)

const uint64_t codec_set_audio =
#define CODEC(name, text, media) CODEC_MEDIA_BIT(name, media, AUDIO) |
#include "codecs.def"
	CODEC_BIT(AUDIO_OTHER);
const uint64_t codec_set_video =
#define CODEC(name, text, media) CODEC_MEDIA_BIT(name, media, VIDEO) |
#include "codecs.def"
	CODEC_BIT(VIDEO_OTHER);
const uint64_t codec_set_event =
#define CODEC(name, text, media) CODEC_MEDIA_BIT(name, media, EVENT) |
#include "codecs.def"
	0;

enum codec codec_find(struct span name)
{
	for (uint32_t i = 0; i < CODEC_AUDIO_OTHER; i++)
		if (span_equals_nocase(name, codec_rows[i].name))
			return (enum codec)i;
	return CODEC_COUNT;
}

uint64_t codec_set_complete(uint64_t named)
{
	return named | codec_set_event | (named & codec_set_video ? 0 : codec_set_video);
}
