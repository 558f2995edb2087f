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

/* Begins the lines behind "v=0". Thread: any. Result: false when that is not the first line. */
static inline bool sdp_parse_begin(struct line_read *lines, struct span body)
{
	struct span line;
	line_read_begin(lines, body);
	return line_read_take(&line, lines) && span_equals(line, SPAN_LITERAL("v=0"));
}

/* Takes the next line `x=...`, whose letter is its first byte; what is no such line is passed over. Thread: any.
 * Result: false at the end. */
static inline bool sdp_parse_line(struct span *line, struct line_read *lines)
{
	while (line_read_take(line, lines))
		if (line->length >= 2 && line->at[1] == '=')
			return true;
	return false;
}

/* Where the first line begins that has an 'm' there and a line before it; no line is taken apart on the way. Thread:
 * any. Result: the end of the text when there is none. */
static inline const char *sdp_parse_find_media(struct span text)
{
	const char *at = text.at, *end = text.at + text.length;
#if defined(__SSE2__)
	const __m128i feed = _mm_set1_epi8('\n'), letter = _mm_set1_epi8('m');
	for (; end - at > 16; at += 16) {
		__m128i feeds = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at), feed);
		__m128i letters = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(at + 1)), letter);
		uint32_t found = (uint32_t)_mm_movemask_epi8(_mm_and_si128(feeds, letters));
		if (found)
			return at + __builtin_ctz(found) + 1;
	}
#endif
	for (; end - at > 1; at++)
		if (at[0] == '\n' && at[1] == 'm')
			return at + 1;
	return end;
}

/*
 * Reads a line whose letter is 'm', "m=audio 49170/2 RTP/AVP 8 0 101", and counts it. The section begins at the line
 * and has no length yet; `connection` has none either.
 *
 * Thread: any.   Result: false when it is malformed, or *count is SDP_MEDIA_MAX.
 */
bool sdp_parse_media(struct sdp_media *media, uint32_t *count, struct span line);

/* Is "RTP" one of the parts of its protocol: RTP/AVP, UDP/TLS/RTP/SAVPF? The formats are payload types then (RFC 8866
 * 5.14). Thread: any. */
bool sdp_parse_is_rtp(struct span protocol);

static inline bool sdp_parse_digit(uint32_t *number, const char *at, const char *end)
{
	uint32_t digit = at < end ? (uint32_t)(uint8_t)*at - '0' : 10;
	if (digit > 9)
		return false;
	*number = *number * 10 + digit;
	return true;
}

/*
 * Takes a payload type: one to three digits, a number of seven bits, up to a space, a tab or the end.
 *
 * Thread: any.   Result: behind it; NULL when it is none.
 */
static inline const char *sdp_parse_type(uint32_t *type, const char *at, const char *end)
{
	uint32_t number = 0;
	if (!sdp_parse_digit(&number, at, end))
		return NULL;
	if (sdp_parse_digit(&number, ++at, end) && sdp_parse_digit(&number, ++at, end))
		at++;
	*type = number;
	return number < SDP_TYPE_COUNT && (at == end || *at == ' ' || *at == '\t') ? at : NULL;
}

static inline const char *sdp_parse_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* An attribute that belongs to one payload type. */
struct sdp_type_attribute {
	uint32_t type;
	bool is_map;	   /* a=rtpmap */
	struct span value; /* what stands behind the type; of a map: "PCMA/8000" */
};

/* Length of "a=rtpmap:" and the other names of attributes that begin with a payload type; with case (RFC 8866 5).
 * Thread: any. Result: 0: another name. */
static inline uint32_t sdp_parse_type_name(struct span line)
{
	if (line.length < 8)
		return 0;
	if (memcmp(line.at, "a=rtpmap", 8) == 0)
		return line.length > 8 && line.at[8] == ':' ? 9 : 0;
	if (memcmp(line.at, "a=fmtp:", 7) == 0)
		return 7;
	if (memcmp(line.at, "a=rtcp-f", 8) == 0)
		return span_starts_with(span_skip(line, 8), SPAN_LITERAL("b:")) ? 10 : 0;
	if (memcmp(line.at, "a=imagea", 8) == 0)
		return span_starts_with(span_skip(line, 8), SPAN_LITERAL("ttr:")) ? 12 : 0;
	return 0;
}

/* Takes a payload type and the one space behind it, which are four bytes at most: so many can be read. Result: behind
 * them; NULL: it may have another shape. */
static inline const char *sdp_parse_usual_type(uint32_t *type, const char *at)
{
	uint32_t number = 0, length = 0;
	for (; length < 3 && (uint8_t)(at[length] - '0') <= 9; length++)
		number = number * 10 + (uint8_t)(at[length] - '0');
	*type = number;
	return length && at[length] == ' ' && number < SDP_TYPE_COUNT ? at + length + 1 : NULL;
}

/*
 * Reads a line whose letter is 'a'. With white space where RFC 8866 has none, as peers send it: "a=rtpmap: 8  PCMA".
 *
 * Thread: any.   Result: false when it is not rtpmap, fmtp, rtcp-fb or imageattr, or does not begin with a type.
 */
static inline bool sdp_parse_type_attribute(struct sdp_type_attribute *attribute, struct span line)
{
	uint32_t name_length = sdp_parse_type_name(line);
	const char *end = line.at + line.length;
	if (name_length == 0)
		return false;
	const char *at =
		line.length > name_length + 4 ? sdp_parse_usual_type(&attribute->type, line.at + name_length) : NULL;
	if (at == NULL || *at == ' ' || *at == '\t') {
		at = sdp_parse_type(&attribute->type, sdp_parse_blanks(line.at + name_length, end), end);
		if (at == NULL)
			return false;
		at = at < end ? sdp_parse_blanks(at + 1, end) : end;
	}
	attribute->is_map = line.at[4] == 'p';
	attribute->value = span_make(at, (size_t)(end - at));
	return true;
}

#endif
