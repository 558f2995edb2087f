#include "rewrite_body.h"

#include "body_filter.h"

/* Responses that end nothing with a session carry none; what a failed one tells of codecs is for the eyes of the
 * caller. */
static uint64_t rewrite_body_codecs(const struct packet *packet)
{
	if (packet->kind == PACKET_RESPONSE && packet->message.status_code >= 300)
		return CODEC_SET_ALL;
	if (packet->branch)
		return packet->branch->codecs;
	return packet->kind == PACKET_IN_DIALOG ? packet->dialog.codecs : CODEC_SET_ALL; /* an ACK has no branch */
}

/* Is the SDP of the message an offer that can be refused? PRACK and ACK may carry answers (RFC 3261 13.2.1, RFC 3262
 * 5). */
static bool rewrite_body_is_offer(const struct sip_message *message)
{
	return message->is_request && (message->method == SIP_METHOD_INVITE || message->method == SIP_METHOD_UPDATE);
}

enum reason rewrite_body(struct worker *worker, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct edit_list_mark mark = edit_list_mark(&worker->edits);
	enum body_filter_result result =
		body_filter(&worker->edits, message, rewrite_body_codecs(packet), &worker->sdp_memory);

	if (rewrite_body_is_offer(message))
		return result == BODY_FILTER_NOTHING_LEFT ? REASON_NO_COMMON_CODEC
		       : result == BODY_FILTER_MALFORMED  ? REASON_MALFORMED_SDP
							  : REASON_NONE;
	/* Or more to take out than there are edits for, in what cannot be refused. */
	bool is_unread = result == BODY_FILTER_MALFORMED || (worker->edits.overflowed && !mark.overflowed);
	if (is_unread)
		edit_list_withdraw(&worker->edits, mark);
	worker->counters->value[COUNTER_SDP_UNREAD] += is_unread;
	worker->counters->value[COUNTER_ANSWERS_WITHOUT_CODEC] += !is_unread && result == BODY_FILTER_NOTHING_LEFT;
	return REASON_NONE;
}
