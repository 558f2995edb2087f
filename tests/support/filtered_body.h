/*
 * filtered_body.h - a message through body_filter() and the edits applied, for its tests: what leaves, parsed again.
 */
#ifndef AMITY_TESTS_FILTERED_BODY_H
#define AMITY_TESTS_FILTERED_BODY_H

#include "body_filter.h"
#include "codec.h"
#include "message_parse.h"
#include "must.h"

struct filtered_body {
	enum body_filter_result result;
	bool is_too_large; /* more edits than a list holds */
	struct sip_message received, sent;
	struct edit_list edits;
	struct sdp_memory memory; /* of all that was filtered before */
	char bytes[2 * SIP_MESSAGE_BYTES_MAX], bytes_again[2 * SIP_MESSAGE_BYTES_MAX];
};

/* Does what is remembered of earlier messages come to the same? */
static inline void filtered_body_make_again(struct filtered_body *filtered, uint32_t received_length, struct span sent,
					    uint64_t allowed)
{
	const struct sip_message *received = &filtered->received;
	edit_list_init(&filtered->edits);
	must(body_filter(&filtered->edits, received, allowed, &filtered->memory) == filtered->result);
	int length = edit_list_apply(&filtered->edits, filtered->bytes_again, sizeof(filtered->bytes_again),
				     span_make(received->bytes.at, received_length));
	must(length < 0 ? filtered->is_too_large : span_equals(span_make(filtered->bytes_again, (size_t)length), sent));
}

/* Filters the message `bytes`, which must parse, and sees that without edits it stays, with them parses again and that
 * its Content-Length, if it has one, is right. */
static inline void filtered_body_make(struct filtered_body *filtered, struct span bytes, uint64_t allowed)
{
	must(message_parse(&filtered->received, bytes) == REASON_NONE);
	const struct sip_message *received = &filtered->received;
	uint32_t length = received->body.offset + received->body.length;
	edit_list_init(&filtered->edits);
	filtered->result = body_filter(&filtered->edits, received, allowed, NULL);
	filtered->is_too_large = filtered->edits.overflowed;
	if (filtered->result == BODY_FILTER_PASSED || filtered->result == BODY_FILTER_MALFORMED)
		must(filtered->edits.count == 0 && !filtered->is_too_large);
	else
		must(filtered->edits.count > 0);
	int sent = edit_list_apply(&filtered->edits, filtered->bytes, sizeof(filtered->bytes),
				   span_make(bytes.at, length));
	must(sent >= 0 ? !filtered->is_too_large : filtered->is_too_large);
	/* Once to be remembered, or by what was; once by what is remembered now. */
	for (int i = 0; i < 2; i++)
		filtered_body_make_again(filtered, length, span_make(filtered->bytes, sent < 0 ? 0 : (size_t)sent),
					 allowed);
	if (sent < 0)
		return;
	must(message_parse(&filtered->sent, span_make(filtered->bytes, (size_t)sent)) == REASON_NONE);
	must(filtered->sent.body.offset + filtered->sent.body.length == (uint32_t)sent);
}

static inline struct span filtered_body_text(const struct filtered_body *filtered)
{
	return sip_message_text(&filtered->sent, filtered->sent.body);
}

#endif
