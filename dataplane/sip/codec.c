#include "codec.h"

#include "token_name.h"

#define CODEC_BYTES_BEFORE   8
#define CODEC_NAME_BYTES_MAX 24 /* token_table.py refuses longer ones */

const struct codec_row codec_rows[CODEC_ROW_COUNT] = {
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

/* One more than the codec, so that a type without one is 0. */
const uint8_t codec_static_types[CODEC_TYPE_COUNT] = {
#define CODEC_PAYLOAD_TYPE(type, name) [type] = CODEC_##name + 1,
#include "codecs.def"
};

enum codec codec_find(struct span name)
{
	char copy[CODEC_BYTES_BEFORE + CODEC_NAME_BYTES_MAX] = {0};
	if (name.length == 0 || name.length > CODEC_NAME_BYTES_MAX)
		return CODEC_COUNT;
	memcpy(copy + CODEC_BYTES_BEFORE, name.at, name.length);
	return token_name_find_codec_behind(copy + CODEC_BYTES_BEFORE, name.length);
}

uint64_t codec_set_complete(uint64_t named)
{
	return named | codec_set_event | (named & codec_set_video ? 0 : codec_set_video);
}
