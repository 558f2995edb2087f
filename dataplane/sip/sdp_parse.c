#include "sdp_parse.h"

#include "lexis.h"

/* Takes one word and the spaces behind it. */
static struct span take_word(struct span *text)
{
	const char *at = text->at, *end = at + text->length;
	while (at < end && *at != ' ')
		at++;
	struct span word = lexis_span(text->at, at);
	while (at < end && *at == ' ')
		at++;
	*text = lexis_span(at, end);
	return word;
}

/* "49170/2": the count of ports after the slash is not kept. */
static bool parse_port(uint16_t *port, struct span ports)
{
	uint32_t number = 0, length = 0;
	while (length < ports.length && (uint8_t)(ports.at[length] - '0') < 10 && number <= UINT16_MAX)
		number = number * 10 + (uint8_t)(ports.at[length++] - '0');
	if (length == 0 || number > UINT16_MAX || (length < ports.length && ports.at[length] != '/'))
		return false;
	*port = (uint16_t)number;
	return true;
}

#define USUAL_BYTES_LEAST 19 /* "m=audio 0 RTP/AVP 0" */

static inline bool is_word(const char *at, const char word[9])
{
	return memcmp(at, word, 8) == 0;
}

/*
 * What nearly every line is, "m=audio 49170 RTP/AVP 8 0 101", with a space each: in the places where its words are
 * then. Result: false when it may be another shape.
 */
static inline bool read_usual_media(struct sdp_media *media, struct span line)
{
	const char *ports = line.at + 8, *end = line.at + line.length, *at = ports;
	uint32_t port = 0;
	if (line.length < USUAL_BYTES_LEAST || (!is_word(line.at, "m=audio ") && !is_word(line.at, "m=video ")))
		return false;
	while (at - ports < 5 && (uint8_t)(*at - '0') < 10)
		port = port * 10 + (uint8_t)(*at++ - '0');
	if (at == ports || *at != ' ' || port > UINT16_MAX || end - at < 10 || !is_word(at + 1, "RTP/AVP ") ||
	    at[9] <= ' ' || end[-1] <= ' ')
		return false;
	media->media = span_make(line.at + 2, 5);
	media->ports = lexis_span(ports, at);
	media->protocol = span_make(at + 1, 7);
	media->formats = lexis_span(at + 9, end);
	media->port = (uint16_t)port;
	return true;
}

bool sdp_parse_media(struct sdp_media *media, uint32_t *count, struct span line)
{
	struct span rest = span_skip(line, 2);
	if (*count == SDP_MEDIA_MAX)
		return false;
	++*count;
	media->line = rest;
	media->section = span_make(line.at, 0);
	media->connection = (struct span){0};
	if (read_usual_media(media, line))
		return true;
	media->media = take_word(&rest);
	media->ports = take_word(&rest);
	media->protocol = take_word(&rest);
	media->formats = span_trim(rest);
	return parse_port(&media->port, media->ports) && media->media.length && media->protocol.length &&
	       media->formats.length;
}

bool sdp_parse_is_rtp(struct span protocol)
{
	const char *end = protocol.at + protocol.length;
	if (span_starts_with(protocol, SPAN_LITERAL("RTP/"))) /* mostly */
		return true;
	for (const char *part = protocol.at; part < end;) {
		const char *slash = memchr(part, '/', (size_t)(end - part)), *part_end = slash ? slash : end;
		if (span_equals_nocase(lexis_span(part, part_end), SPAN_LITERAL("RTP")))
			return true;
		part = part_end + 1;
	}
	return false;
}

/* Ends the section of the last media at `end`. */
static void end_section(struct sdp *sdp, const char *end)
{
	if (sdp->media_count == 0)
		return;
	struct sdp_media *media = &sdp->media[sdp->media_count - 1];
	media->section = lexis_span(media->section.at, end);
}

static bool take_media(struct sdp *sdp, struct span line)
{
	struct sdp_media media;
	end_section(sdp, line.at);
	if (!sdp_parse_media(&media, &sdp->media_count, line))
		return false;
	sdp->media[sdp->media_count - 1] = media;
	return true;
}

/* The first c= of a section counts. */
static void take_connection(struct sdp *sdp, struct span value)
{
	struct span *connection = sdp->media_count ? &sdp->media[sdp->media_count - 1].connection : &sdp->connection;
	if (connection->length == 0)
		*connection = value;
}

bool sdp_parse(struct sdp *sdp, struct span body)
{
	struct line_read lines;
	struct span line;
	sdp->origin = sdp->connection = (struct span){0};
	sdp->media_count = 0;
	if (!sdp_parse_begin(&lines, body))
		return false;
	while (sdp_parse_line(&line, &lines)) {
		char letter = *line.at;
		if (letter == 'm' && !take_media(sdp, line))
			return false;
		if (letter == 'o' && sdp->media_count == 0)
			sdp->origin = span_skip(line, 2);
		if (letter == 'c')
			take_connection(sdp, span_skip(line, 2));
	}
	end_section(sdp, body.at + body.length);
	return true;
}

bool sdp_next_attribute(struct span *name, struct span *value, struct span *cursor)
{
	struct line_read lines;
	struct span line;
	line_read_begin(&lines, *cursor);
	while (line_read_take(&line, &lines)) {
		*cursor = lexis_span(lines.next, lines.end);
		if (line.length < 2 || line.at[0] != 'a' || line.at[1] != '=')
			continue;
		line = span_skip(line, 2);
		const char *colon = memchr(line.at, ':', line.length);
		*name = colon ? lexis_span(line.at, colon) : line;
		*value = colon ? lexis_span(colon + 1, line.at + line.length) : span_make(line.at + line.length, 0);
		return true;
	}
	return false;
}
