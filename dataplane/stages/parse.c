#include "message_parse.h"
#include "prefetch.h"
#include "stages.h"
#include "transact_warm.h"

static bool parse_is_keepalive(struct span bytes)
{
	for (uint32_t i = 0; i < bytes.length; i++)
		if (bytes.at[i] != '\r' && bytes.at[i] != '\n' && bytes.at[i] != '\0')
			return false;
	return true;
}

static void parse_packet(const struct worker *worker, struct packet *packet)
{
	struct sip_message *message = &packet->message;

	if (parse_is_keepalive(packet->bytes)) {
		packet_end(packet, VERDICT_DROP, REASON_KEEPALIVE);
		return;
	}
	enum reason reason = message_parse(message, packet->bytes);
	if (reason == REASON_NONE && packet->bytes.length > worker->message_bytes_max)
		reason = REASON_TOO_LARGE;
	/* The received bytes are ours to write: no later stage sees a fold, and no second buffer is needed. */
	if (reason == REASON_NONE && message_unfold(message, (char *)(uintptr_t)packet->bytes.at))
		reason = message_parse(message, packet->bytes);
	if (reason == REASON_NONE)
		return;
	if (message->is_request && message->method != SIP_METHOD_ACK && message->via_host.length == 0)
		reason = REASON_MALFORMED_UNANSWERABLE;
	packet_refuse(packet, reason);
}

void parse_burst(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		if (i + 1 < worker->packet_count)
			prefetch_line(worker->packet[i + 1].bytes.at);
		if (!worker->packet[i].verdict && !worker->packet[i].is_unreachable)
			parse_packet(worker, &worker->packet[i]);
	}
	transact_warm_parsed(worker);
}
