#include "body_filter.h"

#include "codec.h"
#include "lexis.h"
#include "multipart_read.h"
#include "sdp_filter.h"

/* Parts that are looked at, of all levels: an offer beside a few documents (RFC 5621). With more it is malformed. */
#define PARTS_MAX 16
/* A multipart body in a multipart body; what is deeper stays as it is. */
#define LEVELS_MAX 2

enum content { CONTENT_OTHER, CONTENT_SDP, CONTENT_MULTIPART };

struct body_filter {
	struct sdp_filter sdp;
	uint32_t part_count;
};

/* Mostly in the usual case. */
static bool is_word(struct span text, struct span word)
{
	return span_equals(text, word) || span_equals_nocase(text, word);
}

/* "application/sdp;charset=utf-8". *parameters: from the first ';' on. */
static enum content read_content_type(struct span *parameters, struct span value)
{
	if (value.length == 0)
		return CONTENT_OTHER;
	if (span_equals(value, SPAN_LITERAL("application/sdp"))) /* nearly always */
		return CONTENT_SDP;
	const char *end = value.at + value.length, *type_end = lexis_skip(value.at, end, LEXIS_TOKEN);
	const char *slash = lexis_skip_white(type_end, end);
	if (slash == end || *slash != '/')
		return CONTENT_OTHER;
	const char *subtype = lexis_skip_white(slash + 1, end), *subtype_end = lexis_skip(subtype, end, LEXIS_TOKEN);
	struct span type = lexis_span(value.at, type_end);
	*parameters = lexis_span(subtype_end, end);
	if (is_word(type, SPAN_LITERAL("multipart")))
		return CONTENT_MULTIPART;
	return is_word(type, SPAN_LITERAL("application")) &&
			       is_word(lexis_span(subtype, subtype_end), SPAN_LITERAL("sdp"))
		       ? CONTENT_SDP
		       : CONTENT_OTHER;
}

static bool is_identity(struct span encoding)
{
	return encoding.length == 0 || span_equals_nocase(encoding, SPAN_LITERAL("identity"));
}

/* Base64 and quoted-printable are not: no SIP peer needs them (RFC 3261 7.4). */
static bool is_plain(struct span encoding)
{
	return encoding.length == 0 || span_equals_nocase(encoding, SPAN_LITERAL("binary")) ||
	       span_equals_nocase(encoding, SPAN_LITERAL("8bit")) || span_equals_nocase(encoding, SPAN_LITERAL("7bit"));
}

static bool filter_multipart(struct body_filter *filter, struct span parameters, struct span body, uint32_t level);

/* Result: false when it is not what its type says. */
static bool filter_content(struct body_filter *filter, struct span type, struct span body, uint32_t level)
{
	struct span parameters;
	switch (read_content_type(&parameters, type)) {
	case CONTENT_SDP:
		return sdp_filter(&filter->sdp, body);
	case CONTENT_MULTIPART:
		return level == LEVELS_MAX || filter_multipart(filter, parameters, body, level + 1);
	default:
		return true;
	}
}

static bool filter_multipart(struct body_filter *filter, struct span parameters, struct span body, uint32_t level)
{
	struct multipart multipart;
	struct multipart_part part;
	if (!multipart_read_begin(&multipart, parameters, body))
		return false;
	while (multipart_read_part(&part, &multipart)) {
		if (filter->part_count++ == PARTS_MAX)
			return false;
		if (part.body.length == 0 || !is_identity(part.content_encoding) || !is_plain(part.transfer_encoding))
			continue;
		if (!filter_content(filter, part.content_type, part.body, level))
			return false;
	}
	return true;
}

/* To what the edits since `first` make of the body. */
static void set_content_length(struct edit_list *edits, uint32_t first, const struct sip_message *message)
{
	uint8_t index = message->first[SIP_HEADER_CONTENT_LENGTH];
	uint32_t length = message->body.length;
	if (index == SIP_HEADER_NONE)
		return;
	for (uint32_t i = first; i < edits->count; i++)
		length += edits->edit[i].text_length - (uint32_t)edits->edit[i].removed;
	if (length == message->body.length)
		return;
	const struct sip_header *header = &message->header[index];
	text_write_number(&edits->writer, length);
	edit_list_replace(edits, (struct slice){header->value, header->value_length}, edit_list_take(edits));
}

enum body_filter_result body_filter(struct edit_list *edits, const struct sip_message *message, uint64_t allowed,
				    struct sdp_memory *memory)
{
	struct edit_list_mark mark = edit_list_mark(edits);
	struct body_filter filter = {.sdp = {.edits = edits,
					     .message = message->bytes.at,
					     .allowed = allowed | codec_set_event,
					     .memory = memory}};
	if (allowed == CODEC_SET_ALL || message->body.length == 0 ||
	    !is_identity(sip_message_first(message, SIP_HEADER_CONTENT_ENCODING)))
		return BODY_FILTER_PASSED;
	if (!filter_content(&filter, sip_message_first(message, SIP_HEADER_CONTENT_TYPE),
			    sip_message_text(message, message->body), 0)) {
		edit_list_withdraw(edits, mark);
		return BODY_FILTER_MALFORMED;
	}
	if (edits->count == mark.count && edits->overflowed == mark.overflowed)
		return BODY_FILTER_PASSED;
	set_content_length(edits, mark.count, message);
	return filter.sdp.left_count ? BODY_FILTER_CHANGED : BODY_FILTER_NOTHING_LEFT;
}
