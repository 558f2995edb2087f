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

/* Is the SDP of the message an offer? PRACK and ACK may carry answers (RFC 3261 13.2.1, RFC 3262 5), others nothing
 * that counts. */
static bool rewrite_body_is_offer(const struct sip_message *message)
{
	return message->is_request && (message->method == SIP_METHOD_INVITE || message->method == SIP_METHOD_UPDATE);
}

enum reason rewrite_body(struct worker *worker, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	uint64_t *counter = worker->counters->value;

	switch (body_filter(&worker->edits, message, rewrite_body_codecs(packet))) {
	case BODY_FILTER_NOTHING_LEFT:
		if (rewrite_body_is_offer(message))
			return REASON_NO_COMMON_CODEC;
		counter[COUNTER_ANSWERS_WITHOUT_CODEC]++;
		return REASON_NONE;
	case BODY_FILTER_MALFORMED:
		if (rewrite_body_is_offer(message))
			return REASON_MALFORMED_SDP;
		counter[COUNTER_SDP_UNREAD]++;
		return REASON_NONE;
	default:
		return REASON_NONE;
	}
}
