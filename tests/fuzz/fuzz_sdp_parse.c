/* SDP bodies and the attributes of their sections. */
#include "fuzz_input.h"

#include "sdp_parse.h"

static void check_attributes(struct span section)
{
	struct span name, value, cursor = section;
	uint32_t left = cursor.length;

	while (sdp_next_attribute(&name, &value, &cursor)) {
		fuzz_input_must_hold(section, name);
		fuzz_input_must_hold(section, value);
		fuzz_input_must_hold(section, cursor);
		must(cursor.length < left);
		must(name.length == 0 || memchr(name.at, '\n', name.length) == NULL);
		left = cursor.length;
	}
}

static void check_media(const struct sdp_media *media, struct span body)
{
	fuzz_input_must_hold(body, media->section);
	fuzz_input_must_hold(media->section, media->line);
	fuzz_input_must_hold(media->line, media->media);
	fuzz_input_must_hold(media->line, media->protocol);
	fuzz_input_must_hold(media->line, media->formats);
	fuzz_input_must_hold(media->section, media->connection);
	must(media->media.length > 0 && media->protocol.length > 0 && media->formats.length > 0);
	must(span_starts_with(media->section, SPAN_LITERAL("m=")));
	check_attributes(media->section);
}

static bool is_same_media(const struct sdp_media *a, const struct sdp_media *b)
{
	return fuzz_input_same(a->line, b->line) && fuzz_input_same(a->media, b->media) &&
	       fuzz_input_same(a->protocol, b->protocol) && fuzz_input_same(a->formats, b->formats) &&
	       fuzz_input_same(a->section, b->section) && fuzz_input_same(a->connection, b->connection) &&
	       a->port == b->port;
}

/* The sections follow one another without a gap, to the end of the body. */
static void check_sdp(const struct sdp *sdp, struct span body)
{
	const char *end = body.at + body.length;

	fuzz_input_must_hold(body, sdp->origin);
	fuzz_input_must_hold(body, sdp->connection);
	must(sdp->media_count <= SDP_MEDIA_MAX);
	for (uint32_t i = 0; i < sdp->media_count; i++) {
		const struct sdp_media *media = &sdp->media[i];
		check_media(media, body);
		must(media->section.at + media->section.length ==
		     (i + 1 < sdp->media_count ? sdp->media[i + 1].section.at : end));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span body = fuzz_input_copy(fuzz_input_span(bytes, length));
	struct sdp sdp, second;

	memset(&sdp, 0xff, sizeof(sdp));
	memset(&second, 0, sizeof(second));
	bool parsed = sdp_parse(&sdp, body);
	must(sdp_parse(&second, body) == parsed);
	if (parsed) {
		check_sdp(&sdp, body);
		must(sdp.media_count == second.media_count && fuzz_input_same(sdp.origin, second.origin) &&
		     fuzz_input_same(sdp.connection, second.connection));
		for (uint32_t i = 0; i < sdp.media_count; i++)
			must(is_same_media(&sdp.media[i], &second.media[i]));
	}
	check_attributes(body);
	fuzz_input_free(body);
	return 0;
}
