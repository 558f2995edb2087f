#include "sdp_parse.h"

#include "lexis.h"

/* Takes one line, its end cut. Result: false at the end. */
static bool take_line(struct span *line, struct span *cursor)
{
	if (cursor->length == 0)
		return false;
	const char *feed = memchr(cursor->at, '\n', cursor->length);
	uint32_t taken = feed ? (uint32_t)(feed - cursor->at) + 1 : cursor->length;
	*line = span_make(cursor->at, taken - (feed != NULL));
	if (line->length && line->at[line->length - 1] == '\r')
		line->length--;
	*cursor = span_skip(*cursor, taken);
	return true;
}

static bool is_type(struct span line, char type)
{
	return line.length >= 2 && line.at[0] == type && line.at[1] == '=';
}

/* Takes one word and the spaces behind it. */
static struct span take_word(struct span *text)
{
	const char *space = memchr(text->at, ' ', text->length);
	struct span word = space ? lexis_span(text->at, space) : *text;
	*text = span_skip(*text, word.length);
	while (text->length && *text->at == ' ')
		*text = span_skip(*text, 1);
	return word;
}

/* "audio 49170/2 RTP/AVP 8 0 101": the count of ports after the slash is not kept. */
static bool parse_media_line(struct sdp_media *media, struct span line)
{
	uint32_t port;
	*media = (struct sdp_media){.line = line};
	media->media = take_word(&line);
	struct span ports = take_word(&line);
	const char *slash = ports.length ? memchr(ports.at, '/', ports.length) : NULL;
	if (slash != NULL)
		ports = lexis_span(ports.at, slash);
	if (!lexis_parse_number(&port, ports, UINT16_MAX))
		return false;
	media->port = (uint16_t)port;
	media->protocol = take_word(&line);
	media->formats = span_trim(line);
	return media->media.length && media->protocol.length && media->formats.length;
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
	end_section(sdp, line.at);
	if (sdp->media_count == SDP_MEDIA_MAX)
		return false;
	struct sdp_media *media = &sdp->media[sdp->media_count++];
	if (!parse_media_line(media, span_skip(line, 2)))
		return false;
	media->section = span_make(line.at, 0);
	return true;
}

bool sdp_parse(struct sdp *sdp, struct span body)
{
	struct span cursor = body, line;
	sdp->origin = sdp->connection = (struct span){0};
	sdp->media_count = 0;
	if (!take_line(&line, &cursor) || !span_equals(line, SPAN_LITERAL("v=0")))
		return false;
	while (take_line(&line, &cursor)) {
		if (is_type(line, 'm')) {
			if (!take_media(sdp, line))
				return false;
		} else if (is_type(line, 'o') && sdp->media_count == 0) {
			sdp->origin = span_skip(line, 2);
		} else if (is_type(line, 'c')) {
			struct span *connection =
				sdp->media_count ? &sdp->media[sdp->media_count - 1].connection : &sdp->connection;
			if (connection->length == 0)
				*connection = span_skip(line, 2);
		}
	}
	end_section(sdp, body.at + body.length);
	return true;
}

bool sdp_next_attribute(struct span *name, struct span *value, struct span *cursor)
{
	struct span line;
	while (take_line(&line, cursor)) {
		if (!is_type(line, 'a'))
			continue;
		line = span_skip(line, 2);
		const char *colon = memchr(line.at, ':', line.length);
		*name = colon ? lexis_span(line.at, colon) : line;
		*value = colon ? lexis_span(colon + 1, line.at + line.length) : span_make(line.at + line.length, 0);
		return true;
	}
	return false;
}
