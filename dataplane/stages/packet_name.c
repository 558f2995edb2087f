#include "packet_name.h"

#include <sodium.h>

#include "call_track.h"

uint64_t packet_name_shown(const struct worker *worker, const struct packet *packet)
{
	uint64_t shown;

	crypto_shorthash((uint8_t *)&shown, packet->key, sizeof(packet->key), worker->snapshot->keys->steer_key);
	return shown;
}

uint64_t packet_name_call_id(const struct worker *worker, const struct packet *packet)
{
	const struct sip_message *message = &packet->message;

	return packet->call_id_hash ? packet->call_id_hash
				    : call_track_hash_call_id(worker, sip_message_text(message, message->call_id));
}
