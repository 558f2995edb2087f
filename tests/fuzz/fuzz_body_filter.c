/*
 * Bodies under the codecs of a call. The first byte chooses the codecs and how deep the input gets: an SDP body, which
 * the slow model filters too; the value of a Content-Type, a line, and a body of it; or a message as it comes.
 */
#include "fuzz_input.h"

#include "filtered_body.h"
#include "sdp_model.h"

enum depth { DEPTH_SDP, DEPTH_TYPED, DEPTH_MESSAGE, DEPTH_COUNT };

#define HEAD                                                                                                           \
	"INVITE sip:2001@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"                  \
	"From: <sip:1001@acme.example.net>;tag=1\r\nTo: <sip:2001@acme.example.net>\r\nCall-ID: r25\r\n"               \
	"CSeq: 1 INVITE\r\n"

static struct filtered_body filtered, again;
static char room[SIP_MESSAGE_BYTES_MAX + 1];

static uint64_t choose_codecs(uint8_t choice)
{
	switch (choice % 5) {
	case 0:
		return codec_set_complete(CODEC_BIT(PCMA));
	case 1:
		return codec_set_complete(CODEC_BIT(PCMA) | CODEC_BIT(OPUS) | CODEC_BIT(H264));
	case 2:
		return codec_set_complete(CODEC_BIT(G729) | CODEC_BIT(ILBC));
	case 3:
		return codec_set_audio | CODEC_BIT(VP8);
	default:
		return CODEC_SET_ALL & ~CODEC_BIT(PCMU) & ~CODEC_BIT(VP8);
	}
}

/* filtered_body_make() sees that what leaves parses and has the right length; here, that nothing is left to be done. */
static void filter(struct span message, uint64_t allowed)
{
	struct span copy = fuzz_input_copy(message);

	filtered_body_make(&filtered, copy, allowed);
	fuzz_input_free(copy);
	if (filtered.is_too_large)
		return;
	filtered_body_make(&again, filtered.sent.bytes, allowed);
	must(again.result == (filtered.result == BODY_FILTER_MALFORMED ? BODY_FILTER_MALFORMED : BODY_FILTER_PASSED));
}

static struct span make_message(struct span type, struct span body)
{
	int length = snprintf(room, sizeof(room), HEAD "c: " SPAN_FORMAT "\r\nl: %u\r\n\r\n", SPAN_ARGUMENTS(type),
			      body.length);

	must(length > 0 && (size_t)length + body.length <= SIP_MESSAGE_BYTES_MAX);
	memcpy(room + length, body.at, body.length);
	return span_make(room, (size_t)length + body.length);
}

static void try_sdp(struct span body, uint64_t allowed)
{
	static char expected[2 * SIP_MESSAGE_BYTES_MAX];
	uint32_t length;

	if (body.length == 0)
		return;
	filter(make_message(SPAN_LITERAL("application/sdp"), body), allowed);
	enum body_filter_result result = sdp_model_filter(expected, &length, body, allowed);
	must(filtered.result == result || filtered.is_too_large);
	must(filtered.is_too_large || span_equals(filtered_body_text(&filtered), span_make(expected, length)));
}

static bool is_value(struct span type)
{
	for (uint32_t i = 0; i < type.length; i++)
		if (type.at[i] == '\0' || type.at[i] == '\r')
			return false;
	return true;
}

static void try_message(struct span message, uint64_t allowed)
{
	static struct sip_message parsed;

	if (message_parse(&parsed, message) == REASON_NONE)
		filter(message, allowed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length), type;
	uint8_t choice = fuzz_input_byte(&input);
	uint64_t allowed = choose_codecs(choice / DEPTH_COUNT);

	switch ((enum depth)(choice % DEPTH_COUNT)) {
	case DEPTH_SDP:
		try_sdp(input, allowed);
		break;
	case DEPTH_TYPED:
		type = fuzz_input_line(&input);
		if (is_value(type))
			filter(make_message(type, input), allowed);
		break;
	default:
		try_message(input, allowed);
	}
	return 0;
}
