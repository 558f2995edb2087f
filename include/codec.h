/*
 * codec.h - codecs, and which of them an endpoint or carrier allows (R25).
 *
 * A set of codecs is a word with a bit for each row of codecs.def and one for each kind of media: codecs of that kind
 * that no row names. What a call may use is the intersection of its two sides' sets, which is why a set that names no
 * video codec holds all of them (codec_set_complete): the kind is not restricted then. CODEC_SET_ALL restricts nothing.
 */
#ifndef AMITY_CODEC_H
#define AMITY_CODEC_H

#include "span.h"

enum codec {
#define CODEC(name, text, media) CODEC_##name,
#include "codecs.def"
	CODEC_ROW_COUNT,
	CODEC_AUDIO_OTHER = 62, /* no row has this name */
	CODEC_VIDEO_OTHER,
	CODEC_COUNT
};
_Static_assert(CODEC_ROW_COUNT <= CODEC_AUDIO_OTHER && CODEC_COUNT == 64, "a codec is a bit of a word");

enum codec_media {
	CODEC_MEDIA_AUDIO,
	CODEC_MEDIA_VIDEO,
	CODEC_MEDIA_EVENT, /* telephone-event, CN: beside an audio codec, never instead of one */
};

struct codec_row {
	struct span name;
	uint8_t media; /* enum codec_media */
};

/* In the order of codecs.def. */
extern const struct codec_row codec_rows[CODEC_ROW_COUNT];

#define CODEC_SET_ALL	UINT64_MAX
#define CODEC_BIT(name) (UINT64_C(1) << CODEC_##name)

/* All of one kind, the unnamed ones too. */
extern const uint64_t codec_set_audio, codec_set_video, codec_set_event;

#define CODEC_TYPE_COUNT 128 /* RTP payload types are seven bits (RFC 3550 5.1) */

extern const uint8_t codec_static_types[CODEC_TYPE_COUNT];

/* Of a static payload type below CODEC_TYPE_COUNT (RFC 3551 6). Thread: any. Result: CODEC_COUNT: it has none. */
static inline enum codec codec_of_static_type(uint32_t type)
{
	return codec_static_types[type] ? (enum codec)(codec_static_types[type] - 1) : CODEC_COUNT;
}

/* By its encoding name, without case. Thread: any. Result: CODEC_COUNT: no row has it. */
enum codec codec_find(struct span name);

/* What a list of named codecs allows: those, the events, and all video if no video codec is among them. Thread: any. */
uint64_t codec_set_complete(uint64_t named);

#endif
