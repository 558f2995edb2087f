/*
 * sdp_parse.h - where things are in an SDP body (RFC 4566), on demand. The one place that reads SDP (DESIGN.md section
 * 10).
 */
#ifndef AMITY_SDP_PARSE_H
#define AMITY_SDP_PARSE_H

#include "span.h"

#define SDP_MEDIA_MAX 16

struct sdp_media {
	struct span line;	/* value of m= without "m=" */
	struct span media;	/* "audio" */
	struct span protocol;	/* "RTP/AVP" */
	struct span formats;	/* "8 0 101", positions for edits */
	struct span section;	/* from m= to before the next m= or the end */
	struct span connection; /* value of its own c=, length 0: the session's */
	uint16_t port;
};

struct sdp {
	struct span origin;	/* value of o= */
	struct span connection; /* value of the session's c= */
	uint32_t media_count;
	struct sdp_media media[SDP_MEDIA_MAX];
};

/* Parses `body`; lines may end with CRLF or LF. Thread: any. Result: false when it is not SDP or has over SDP_MEDIA_MAX
 * m= lines. */
bool sdp_parse(struct sdp *sdp, struct span body);

/*
 * Finds the next `a=rtpmap:` or other attribute of a media section. *cursor starts as media->section and moves behind
 * the line.
 *
 * Result: false at the end. *name "rtpmap", *value the text after the colon (length 0: a flag).
 */
bool sdp_next_attribute(struct span *name, struct span *value, struct span *cursor);

#endif
