#include "transact_warm.h"

#include "branch_name.h"
#include "call_track.h"
#include "state_hash.h"

static const struct span magic_cookie = SPAN_LITERAL("z9hG4bK");

/*
 * RFC 3261 17.2.3: branch, sent-by and method; the peers of RFC 2543, whose branch means nothing, by what the RFC has
 * for them. INVITE, its CANCEL and the ACK of its non-2xx have one name. Call-ID is a part of it, by its hash, since it
 * decides about the lcore; keyed, so that nobody can make two transactions meet.
 */
static void make_key(struct state_hash hash, struct packet *packet)
{
	const struct sip_message *message = &packet->message;
	struct span branch = sip_message_text(message, message->via_branch);
	bool of_invite = message->method == SIP_METHOD_ACK || message->method == SIP_METHOD_CANCEL;
	uint64_t method = of_invite ? SIP_METHOD_INVITE : message->method;

	state_hash_add_numbers(&hash, packet->call_id_hash,
			       method << 48 | (uint64_t)message->via_port << 32 | message->cseq);
	state_hash_add(&hash, branch);
	state_hash_add(&hash, sip_message_text(message, message->via_host));
	if (method == SIP_METHOD_OTHER)
		state_hash_add(&hash, sip_message_text(message, message->method_text));
	if (!span_starts_with(branch, magic_cookie)) {
		state_hash_add(&hash, sip_message_text(message, message->request_uri));
		state_hash_add(&hash, sip_message_text(message, message->from_tag));
	}
	state_hash_finish(&hash, packet->key);
}

static bool is_message(const struct packet *packet)
{
	return !packet->verdict && !packet->is_unreachable;
}

static bool is_request(const struct packet *packet)
{
	return is_message(packet) && packet->message.is_request;
}

static bool is_response(const struct packet *packet)
{
	return is_message(packet) && !packet->message.is_request;
}

static void read_branch_name(struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	packet->has_branch_name =
		branch_name_read(&packet->branch_name, sip_message_text(message, message->via_branch));
}

void transact_warm_parsed(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (is_response(&worker->packet[i]))
			read_branch_name(&worker->packet[i]);
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		const struct packet *packet = &worker->packet[i];
		if (is_response(packet) && packet->has_branch_name)
			transaction_table_prefetch_response(&worker->transactions, packet->branch_name.slot);
	}
}

static void prefetch_kept(const struct worker *worker, const struct packet *packet)
{
	const struct transaction_table *table = &worker->transactions;
	uint32_t slot = packet->branch_name.slot;

	if (!packet->has_branch_name)
		return;
	transaction_table_prefetch_kept(table, slot);
	if (slot < table->count)
		call_table_prefetch(&worker->calls, table->transaction[slot].call,
				    packet->message.method == SIP_METHOD_BYE);
}

void transact_warm_screened(struct worker *worker)
{
	const struct secret_keys *keys = worker->snapshot->keys;
	struct state_number call_id;
	struct state_hash key;

	call_track_begin_call_id(&call_id, keys);
	state_hash_begin(&key, keys->steer_key, 'x');
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		struct packet *packet = &worker->packet[i];
		if (!is_message(packet))
			continue;
		const struct sip_message *message = &packet->message;
		packet->call_id_hash = call_track_finish_call_id(call_id, sip_message_text(message, message->call_id));
		if (message->is_request)
			make_key(key, packet);
	}
	for (uint32_t i = 0; i < worker->packet_count; i++) {
		const struct packet *packet = &worker->packet[i];
		if (is_request(packet))
			transaction_table_prefetch_key(&worker->transactions, packet->key);
		else if (is_response(packet))
			prefetch_kept(worker, packet);
	}
}

void transact_warm_named(const struct worker *worker)
{
	for (uint32_t i = 0; i < worker->packet_count; i++)
		if (is_request(&worker->packet[i]))
			transaction_table_prefetch_found(&worker->transactions, worker->packet[i].key);
}
