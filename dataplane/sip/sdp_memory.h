/*
 * sdp_memory.h - m= sections that were filtered lately, and what had to be cut out of them: phones of one make send the
 * same lines again and again, and but for the port nothing in a section changes. For sdp_filter.c.
 *
 *   m=audio 49170 RTP/AVP 8 0 101 CRLF a=rtpmap:8 ... CRLF      text: from behind the port to the end of the section
 *                ^text
 *
 * What a section comes to depends on its bytes, the kind of media and the allowed codecs, which are all compared: what
 * is remembered stays true for ever, and makes room for what comes later.
 */
#ifndef AMITY_SDP_MEMORY_H
#define AMITY_SDP_MEMORY_H

#include "edit_list.h"

/* Of a handful of makes; longer ones have candidates and keys in them, which never come again. */
#define SDP_MEMORY_SECTIONS   16
#define SDP_MEMORY_TEXT_BYTES 480
#define SDP_MEMORY_CUTS_MAX   12

struct sdp_memory_section {
	uint64_t allowed;
	uint16_t length; /* of the text; 0: none is remembered */
	char media;	 /* 'a' or 'v' */
	uint8_t cut_count;
	struct slice cut[SDP_MEMORY_CUTS_MAX]; /* offsets from the start of the text */
	char text[SDP_MEMORY_TEXT_BYTES];
};

/* All zero: nothing is remembered. Of one lcore. */
struct sdp_memory {
	struct sdp_memory_section section[SDP_MEMORY_SECTIONS];
};

/* What a section is known by. */
struct sdp_memory_key {
	struct span text;
	uint64_t allowed;
	char media;
};

/*
 * `section` begins with its m= line, and may go on behind its end: what follows does not count.
 *
 * Thread: any.   Result: false when it has not the usual beginning, a port that is not 0 and one space around it.
 */
bool sdp_memory_key_make(struct sdp_memory_key *key, struct span section, uint64_t allowed);

/*
 * Finds the section that `key` begins with, and that ends there: the end of the SDP or another m= line follows.
 *
 * Thread: lcore.   Result: NULL when it is not remembered.
 */
const struct sdp_memory_section *sdp_memory_find(const struct sdp_memory *memory, const struct sdp_memory_key *key);

/* Begins to remember the section, whose text is all of the key's. Thread: lcore. Result: NULL when it is too long; else
 * one without a cut. */
struct sdp_memory_section *sdp_memory_begin(struct sdp_memory *memory, const struct sdp_memory_key *key);

/* Thread: lcore. With one cut too many the section is forgotten. */
void sdp_memory_add_cut(struct sdp_memory_section *section, struct slice cut);

#endif
