/*
 * sdp_parse.h - where things are in an SDP body (RFC 8866). The one place that reads SDP (DESIGN.md section 10): all of
 * it at once into struct sdp, or line by line, for who needs one pass.
 */
#ifndef AMITY_SDP_PARSE_H
#define AMITY_SDP_PARSE_H

#include "line_read.h"
#include "span.h"

#define SDP_MEDIA_MAX  16
#define SDP_TYPE_COUNT 128 /* payload types of RTP are seven bits (RFC 3550 5.1) */

struct sdp_media {
	struct span line;	/* value of m= without "m=" */
	struct span media;	/* "audio" */
	struct span ports;	/* "49170" or "49170/2" */
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

/* An SDP body on its way through sdp_parse_line(). */
struct sdp_lines {
	struct line_read read; /* read.next: where the next line begins */
	uint32_t media_count;
};

/* Begins with the line behind "v=0". Thread: any. Result: false when that is not the first line. */
bool sdp_parse_begin(struct sdp_lines *lines, struct span body);

/* Takes the next line `x=...`; what is no such line is passed over. Thread: any. Result: its letter, 0 at the end. */
static inline char sdp_parse_line(struct span *line, struct sdp_lines *lines)
{
	while (line_read_take(line, &lines->read))
		if (line->length >= 2 && line->at[1] == '=')
			return line->at[0];
	return 0;
}

/*
 * Reads a line whose letter is 'm', "m=audio 49170/2 RTP/AVP 8 0 101". The section begins at the line and has no length
 * yet; `connection` has none either.
 *
 * Thread: any.   Result: false when it is malformed, or one more than SDP_MEDIA_MAX.
 */
bool sdp_parse_media(struct sdp_media *media, struct sdp_lines *lines, struct span line);

/* Is "RTP" one of the parts of its protocol: RTP/AVP, UDP/TLS/RTP/SAVPF? The formats are payload types then (RFC 8866
 * 5.14). Thread: any. */
bool sdp_parse_is_rtp(struct span protocol);

/* Takes the spaces and the payload type that an m= line's formats go on with. Thread: any. Result: false at the end, or
 * when it is no number of seven bits: *cursor then still has length. */
static inline bool sdp_parse_type(uint32_t *type, struct span *cursor)
{
	const char *at = cursor->at, *end = at + cursor->length;
	uint32_t number = 0;
	while (at < end && *at == ' ')
		at++;
	const char *digits = at;
	for (; at < end && *at >= '0' && *at <= '9' && number < SDP_TYPE_COUNT; at++)
		number = number * 10 + (uint32_t)(*at - '0');
	if (at == digits || number >= SDP_TYPE_COUNT || (at < end && *at != ' '))
		return false;
	*cursor = span_make(at, (size_t)(end - at));
	*type = number;
	return true;
}

/* An attribute that belongs to one payload type. */
struct sdp_type_attribute {
	uint32_t type;
	bool is_map;	   /* a=rtpmap */
	struct span value; /* what stands behind the type; of a map: "PCMA/8000" */
};

/*
 * Reads a line whose letter is 'a'. With white space where RFC 8866 has none, as peers send it: "a=rtpmap: 8  PCMA".
 *
 * Thread: any.   Result: false when it is not rtpmap, fmtp, rtcp-fb or imageattr, or does not begin with a type.
 */
bool sdp_parse_type_attribute(struct sdp_type_attribute *attribute, struct span line);

#endif
