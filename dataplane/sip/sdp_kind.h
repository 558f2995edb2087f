/*
 * sdp_kind.h - what the codecs of a call mean for one m= line: which may stay in it, and what a codec without a row in
 * codecs.def counts as (R25). For sdp_filter.c.
 */
#ifndef AMITY_SDP_KIND_H
#define AMITY_SDP_KIND_H

#include "codec.h"

struct sdp_kind {
	uint64_t allowed; /* codecs that may stay in the line */
	enum codec other; /* what a codec without a row counts as */
};

/* Do they restrict lines of the kind whose codecs are `set`? */
static inline bool sdp_kind_is_restricted(uint64_t allowed, uint64_t set)
{
	return (allowed & set) != set;
}

/* A codec of the other kind is one without a row: "red" of a video line. */
static inline struct sdp_kind sdp_kind_make(uint64_t allowed, uint64_t set, enum codec other)
{
	return (struct sdp_kind){(allowed & set) | codec_set_event | (allowed >> other & 1 ? ~set : 0), other};
}

static inline bool sdp_kind_keeps(const struct sdp_kind *kind, enum codec codec)
{
	return kind->allowed >> (codec == CODEC_COUNT ? kind->other : codec) & 1;
}

/* Is it more than an event, which stands beside a codec? */
static inline bool sdp_kind_is_choice(const struct sdp_kind *kind, enum codec codec)
{
	return ~codec_set_event >> (codec == CODEC_COUNT ? kind->other : codec) & 1;
}

#endif
