/*
 * sdp_codec.h - the codec that an a=rtpmap names. For sdp_filter.c.
 */
#ifndef AMITY_SDP_CODEC_H
#define AMITY_SDP_CODEC_H

#include "token_name.h"

#define SDP_CODEC_EACH_BYTE(byte) (0x0101010101010101ull * (byte))

/* Up to the slash, eight bytes at a time. The lowest bit found is right, whatever the borrows are. */
static inline uint32_t sdp_codec_name_length(struct span value)
{
	uint32_t length = 0;
	for (; value.length - length >= 8; length += 8) {
		uint64_t word = token_name_load(value.at + length) ^ SDP_CODEC_EACH_BYTE('/');
		uint64_t found = (word - SDP_CODEC_EACH_BYTE(1)) & ~word & SDP_CODEC_EACH_BYTE(0x80);
		if (found)
			return length + (uint32_t)__builtin_ctzll(found) / 8;
	}
	while (length < value.length && value.at[length] != '/')
		length++;
	return length;
}

/* A name and the slash behind it, as they are in a word; when they are longer its bits are all spare. */
struct sdp_codec_map {
	char text[24];
	uint8_t spare_bits;
};

#define SDP_CODEC_SPARE_BITS(text) (sizeof(text) <= 8 ? 64 - 8 * sizeof(text) : 64)

/* "PCMA/8000" of type 8 says what is known anyway: is it so, to the letter? With eight bytes to read in `value`. */
static inline bool sdp_codec_is_static(enum codec codec, struct span value)
{
	/* clang-format off */
	static const struct sdp_codec_map maps[CODEC_ROW_COUNT] = {
#define CODEC(name, text, media) [CODEC_##name] = {text "/", SDP_CODEC_SPARE_BITS(text)},
#include "codecs.def"
	};
	/* clang-format on */
	const struct sdp_codec_map *map = &maps[codec];

	return value.length >= sizeof(uint64_t) && map->spare_bits < 64 &&
	       (token_name_load(value.at) ^ token_name_load(map->text)) << map->spare_bits == 0;
}

/* "PCMA/8000/1" of a payload type, with at least "a=rtpmap:8 " before it. */
static inline enum codec sdp_codec_of_map(uint32_t type, struct span value)
{
	enum codec codec = codec_of_static_type(type);

	if (codec != CODEC_COUNT && sdp_codec_is_static(codec, value))
		return codec;
	return token_name_find_codec_behind(value.at, sdp_codec_name_length(value));
}

#endif
