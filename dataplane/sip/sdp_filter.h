/*
 * sdp_filter.h - one SDP text of a message, and the edits that leave the allowed codecs in it (R25). body_filter.h says
 * what they are; this knows m= lines and their payload types, and nothing of SIP.
 *
 * One pass: what a payload type is has mostly been said when its attributes come. A section where a later a=rtpmap
 * changed what had been decided by then is walked once more, with all of them known. A section that is remembered
 * (sdp_memory.h) is not walked at all.
 */
#ifndef AMITY_SDP_FILTER_H
#define AMITY_SDP_FILTER_H

#include "edit_list.h"
#include "span.h"

struct sdp_memory;

struct sdp_filter {
	struct edit_list *edits;
	const char *message;	   /* offsets of edits count from here */
	uint64_t allowed;	   /* enum codec of include/codec.h */
	struct sdp_memory *memory; /* NULL: none */
	uint32_t left_count;	   /* m= lines that have a port and keep it, over all texts */
};

/*
 * Adds the edits for the SDP `text`, a part of the message, and counts its m= lines.
 *
 * Thread: lcore.   Cost: one pass, linear.
 * Result: false when it is not SDP, or an m= line to be filtered has a payload type that is none (RFC 8866 5.14). The
 * edits so far are still in the list then.
 */
bool sdp_filter(struct sdp_filter *filter, struct span text);

#endif
