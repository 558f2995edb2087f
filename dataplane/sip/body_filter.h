/*
 * body_filter.h - the codecs that a call may use, applied to the SDP in a message (R25).
 *
 * Offers and answers alike: every m= line of a restricted kind keeps the payload types of allowed codecs in its order,
 * with telephone-event and CN beside them; attribute lines of the removed ones go (rtpmap, fmtp, rtcp-fb, imageattr). A
 * line that keeps no codec is refused as RFC 3264 says: port 0, its formats as they were. The SDP may be the body or a
 * part of a multipart one; everything else stays, to the byte. Content-Length follows.
 */
#ifndef AMITY_BODY_FILTER_H
#define AMITY_BODY_FILTER_H

#include "edit_list.h"
#include "sdp_memory.h"
#include "sip_message.h"

enum body_filter_result {
	BODY_FILTER_PASSED,	  /* nothing to change, also when there is no SDP; no edits */
	BODY_FILTER_CHANGED,	  /* edits were added */
	BODY_FILTER_NOTHING_LEFT, /* some m= line had a port, and none has one now; the edits that say so were added */
	BODY_FILTER_MALFORMED,	  /* Content-Type says SDP or multipart, the body is not; no edits */
};

/*
 * Adds the edits that leave the codecs of `allowed` (include/codec.h). With CODEC_SET_ALL the body is not looked at.
 * `memory` is of what was filtered before; NULL: none.
 *
 * Thread: lcore.   Cost: one pass, about 300 ns for a phone's offer; a third of that when its m= sections are
 * remembered.
 */
enum body_filter_result body_filter(struct edit_list *edits, const struct sip_message *message, uint64_t allowed,
				    struct sdp_memory *memory);

#endif
